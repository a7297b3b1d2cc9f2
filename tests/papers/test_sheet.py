"""What stands on a paper, before it is set: words, numbers, dates, and parts that sum to the whole."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper_reading import number_of
from tradewind.billing.decide.bill import bill
from tradewind.billing.model import BillableCharge, BillableLine
from tradewind.kernel.ids import Ids
from tradewind.kernel.money import line_net
from tradewind.papers.coverage import covered_characters
from tradewind.papers.decide import sheet_of
from tradewind.papers.decide.lines import discount_of, jurisdiction, priced_qty
from tradewind.papers.decide.parts import MISSING, breakable, place_lines, printable
from tradewind.papers.decide.statement import ages, balances, bucket_of
from tradewind.papers.decide.wording import wording
from tradewind.papers.model import LANGUAGES

D = Decimal
EN, DE = wording("en"), wording("de")
COVERED = covered_characters()
SELLER: dict[str, Any] = {
    "code": "DE01", "name": "House", "street": "Kai 1", "city": "Hamburg", "postal_code": "20457", "region": None, "country": "DE",
    "tax_id": "DE811907980", "registration": None, "phone": None, "email": None, "website": None, "bank_name": "Bank",
    "iban": "DE02120300000000202051", "bic": "BYLADEM1001",
}  # fmt: skip
PLACE = {"name": "Alma", "street": "Main 1", "city": "Bremen", "postal_code": "28195", "country": "DE"}


def line(**said: Any) -> dict[str, Any]:
    """A line of an invoice."""
    return {
        "line": 1, "sku": "CUP", "their_item": None, "description": "Cup", "qty": "10", "uom": "EA", "base_uom": "EA", "order_qty": "10",
        "order_uom": "EA", "order_base_qty": "10", "unit_price": "2.5", "price_basis": "1", "price_uom": "EA", "price_factor": [1, 1],
        "discounted": False, "net": "25", "tax_category": "S", "tax_rate": "19", **said,
    }  # fmt: skip


def invoice(**said: Any) -> dict[str, Any]:
    """The values of an invoice of one line."""
    return {
        "kind": "invoice", "number": "INV-1", "date": "2026-03-02", "due_on": "2026-04-01", "currency": "EUR", "seller": SELLER,
        "account": {"code": "ALMA", "name": "Alma", "vat_id": "DE111"}, "bill_to": PLACE, "ship_to": PLACE, "buyer_po": "4711",
        "order": "SO-1", "order_date": "2026-02-26", "shipment": "SH-1", "tracking": None, "shipped_on": "2026-03-02", "corrects": None,
        "corrects_date": None, "return": None, "terms": {"code": "NET30", "name": "30 days net"}, "certificate": None,
        "net": "25", "charges": "0", "discount": "0", "tax": "4.75", "total": "29.75",
        "tax_groups": [{"category": "S", "rate": "19", "base": "25", "tax": "4.75"}], "lines": [line()], "charge_lines": None, **said,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "currency", "english", "german"),
    [
        ("1234567.5", "EUR", "1,234,567.50", "1.234.567,50"),
        ("-0.05", "EUR", "−0.05", "−0,05"),
        ("0", "EUR", "0.00", "0,00"),
        ("1000", "JPY", "1,000", "1.000"),
        ("1.2345", "KWD", "1.2345", "1,2345"),
        ("12.000", "EUR", "12.00", "12,00"),
    ],
)
def test_money_is_written_as_the_language_writes_it(value, currency, english, german):
    assert (EN.money(D(value), currency), DE.money(D(value), currency)) == (english, german)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=6), st.sampled_from(LANGUAGES))
def test_a_printed_number_reads_back_as_itself(value, language):
    assert number_of(wording(language).number(value), language) == value


def test_days_are_unmistakable():
    assert (EN.day("2026-03-02"), DE.day("2026-03-02"), EN.day(None)) == ("2 Mar 2026", "02.03.2026", "")


def test_both_languages_say_the_same_things():
    def shape(texts: dict[str, Any]) -> dict[str, Any]:
        return {
            key: sorted(value) if isinstance(value, dict) else sorted(part for part in _places(value))
            for key, value in texts.items()
            if key != "months"
        }

    assert shape(EN.texts) == shape(DE.texts)
    assert all(set(map(ord, str(text))) <= COVERED for words in (EN, DE) for text in words.texts.values())


def _places(value: Any) -> list[str]:
    return [part.partition("}")[0] for part in str(value).split("{")[1:]]


def test_an_address_is_written_as_where_it_goes():
    american = {
        "name": "Acme",
        "street": "1 Main St",
        "city": "Portland",
        "region": "OR",
        "postal_code": "97201",
        "country": "US",
    }

    assert place_lines(PLACE, EN, home="DE") == ["Alma", "Main 1", "28195 Bremen"]
    assert place_lines(PLACE, EN, home="GB") == ["Alma", "Main 1", "28195 Bremen", "GERMANY"]
    assert place_lines(american, DE, home="DE") == ["Acme", "1 Main St", "Portland, OR 97201", "VEREINIGTE STAATEN"]
    british = {
        "name": "Mercia",
        "street": "18 Wharf Street",
        "city": "Leeds",
        "postal_code": "LS2 7EQ",
        "country": "GB",
    }
    assert place_lines(british, EN, home="GB") == ["Mercia", "18 Wharf Street", "Leeds LS2 7EQ"]
    assert place_lines({}, DE, home="DE") == place_lines(None, DE, home="DE") == []


@pytest.mark.parametrize(
    ("said", "qty", "unit"),
    [
        ({"qty": "24", "order_qty": "2", "order_uom": "CS", "order_base_qty": "24"}, "2", "CS"),
        ({"qty": "12", "order_qty": "2", "order_uom": "CS", "order_base_qty": "24"}, "1", "CS"),
        ({"qty": "7", "order_qty": "2", "order_uom": "CS", "order_base_qty": "24"}, "7", "EA"),
        ({"qty": "7"}, "7", "EA"),
        ({"qty": "20", "price_qty": "12"}, "12", "EA"),
        ({"qty": "2", "order_qty": None, "order_uom": None, "order_base_qty": None}, "2", "EA"),
    ],
)
def test_a_quantity_is_in_the_unit_that_was_ordered_where_that_comes_out_even(said, qty, unit):
    assert priced_qty(line(**said)) == (D(qty), unit)


def test_a_discount_is_what_was_agreed_off_and_never_a_cent_of_rounding():
    assert discount_of(line(net="22.50", discounted=True), "EUR") == D("2.50")
    assert discount_of(line(net="24.99"), "EUR") == 0
    assert (
        discount_of(
            line(qty="24", unit_price="30", price_uom="CS", price_factor=[12, 1], net="54", discounted=True), "EUR"
        )
        == 6
    )
    assert discount_of(line(discounted=True, price_factor=None), "EUR") == 0
    assert discount_of({"allowance": "1.5"}, "EUR") == D("1.5")


@pytest.mark.parametrize(
    ("seller", "place", "category", "where"),
    [
        ("DE", {"country": "DE", "region": "HH"}, "S", "DE"),
        ("DE", {"country": "FR"}, "S", "DE"),
        ("DE", {"country": "FR"}, "K", "FR"),
        ("DE", {"country": "US", "region": "CA"}, "S", "US-CA"),
        ("US", {"country": "US", "region": "OR"}, "S", "US-OR"),
        ("DE", None, "S", "DE"),
    ],
)
def test_a_tax_is_printed_with_the_place_it_falls_to(seller, place, category, where):
    assert jurisdiction({"seller": {"country": seller}, "ship_to": place}, category) == where


@pytest.mark.parametrize(
    ("category", "certificate", "english", "german"),
    [
        ("AE", None, "Reverse charge: the recipient is liable for the tax.", "Steuerschuldnerschaft des Leistungsempfängers."),
        ("K", None, "Intra-Community supply of goods, exempt from VAT (Article 138 of Directive 2006/112/EC).",
         "Steuerfreie innergemeinschaftliche Lieferung."),
        ("G", None, "Export, exempt from tax.", "Steuerfreie Ausfuhrlieferung."),
        ("E", "FB-1", "Exempt from tax under certificate FB-1.", "Steuerfrei gemäß Bescheinigung FB-1."),
        ("E", None, "Exempt from tax.", "Steuerfreie Lieferung."),
        ("O", None, "Outside the scope of tax.", "Nicht steuerbar."),
    ],
)  # fmt: skip
def test_no_tax_has_its_reason_on_the_paper(category, certificate, english, german):
    values = invoice(
        tax="0",
        total="25",
        tax_groups=[{"category": category, "rate": "0", "base": "25", "tax": "0"}],
        certificate=certificate,
    )

    assert english in sheet_of(values, "en", COVERED)[0]["remarks"]
    assert german in sheet_of(values, "de", COVERED)[0]["remarks"]


def test_what_to_pay_by_when_and_what_for_stand_together():
    terms = {"code": "T", "name": "2/10 net 30", "discount_percent": 2.0, "discount_days": 10, "grace_days": 3}
    early = {"due_on": "2026-04-01", "amount": "29.75", "discount_until": "2026-03-15", "discount": "0.6"}

    sheet, findings = sheet_of(invoice(terms=terms, parts=[early]), "en", COVERED)

    assert findings == ()
    assert sheet["payment"] == {
        "label": "Amount due by 1 Apr 2026",
        "amount": "29.75 EUR",
        "facts": [["IBAN", "DE02 1203 0000 0000 2020 51"], ["BIC", "BYLADEM1001"], ["Reference", "INV-1"]],
    }
    assert sheet["remarks"] == ["Terms: 2/10 net 30", "If you pay by 12 Mar 2026, 2% discount may be taken: 0.60 EUR."]
    at_once, _ = sheet_of(invoice(due_on="2026-03-02", terms={"name": None}), "de", COVERED)
    assert (at_once["payment"]["label"], at_once["remarks"]) == ("Zahlbetrag sofort", [])


NET30 = {"name": "30 days net", "net_days": 30, "month_end": "none", "months": 0, "pay_day": None, "starts_from": "invoice",
         "not_before": None, "discount_percent": 0, "prepay_percent": 0}  # fmt: skip
WHOLE = {"due_on": "2026-04-01", "amount": "29.75", "discount_until": None, "discount": "0"}


@pytest.mark.parametrize(
    ("more", "parts", "said"),
    [
        ({}, [], "30 Tage netto"),
        ({}, [WHOLE], "30 days net"),
        ({"net_days": 0, "name": "at once"}, [], "at once"),
        ({"month_end": "first"}, [], "30 days net"),
        ({"pay_day": 15}, [], "30 days net"),
        ({"starts_from": "ship"}, [], "30 days net"),
        ({"prepay_percent": 50.0}, [], "30 days net"),
    ],
)
def test_terms_of_nothing_but_days_are_said_in_the_language_of_the_paper(more, parts, said):
    sheet, _ = sheet_of(invoice(terms={**NET30, **more}, parts=parts), "de", COVERED)

    assert f"Zahlungsziel: {said}" in sheet["remarks"]


def test_an_invoice_in_parts_says_each_with_its_day():
    parts = [
        {"due_on": f"2026-0{month}-01", "amount": amount, "discount_until": None, "discount": "0"}
        for month, amount in ((4, "14.88"), (5, "14.87"))
    ]

    sheet, _ = sheet_of(invoice(terms={"name": "in two"}, parts=parts), "de", COVERED)

    assert sheet["payment"]["label"] == "Zahlbetrag"
    assert sheet["remarks"] == [
        "Zahlungsziel: in two",
        "Rate bis 01.04.2026: 14,88 EUR",
        "Rate bis 01.05.2026: 14,87 EUR",
    ]


def test_a_character_without_a_glyph_becomes_a_square_and_a_finding():
    sheet, findings = printable({"a": ["x\u4e2d\u4e2dy", "e\u0301", "a\x07b\u200fc", 7]}, COVERED)

    assert sheet == {"a": [f"x{MISSING}{MISSING}y", "é", "a bc", 7]}
    assert [(one["code"], one["detail"]) for one in findings] == [
        ("papers.unprintable_text", {"characters": ["U+4E2D"]})
    ]


def test_an_endless_word_may_break():
    assert breakable("short words stay") == "short words stay"
    assert breakable("A" * 14).split("\u200b") == ["AAAA", "AAAA", "AAAA", "AA"]


def test_ages_count_from_the_due_date():
    assert [bucket_of(days) for days in (-3, 0, 1, 30, 31, 60, 61, 90, 91, 900)] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_a_statement_runs_and_ages_currency_by_currency():
    values = {
        "to": "2026-03-31", "currency": "EUR", "opening": {"EUR": "10"},
        "entries": [{"currency": "EUR", "amount": "5"}, {"currency": "USD", "amount": "7"}, {"currency": "EUR", "amount": "-15"}],
        "open_items": [
            {"currency": "EUR", "kind": "invoice", "open": "3", "due_on": "2026-03-31"},
            {"currency": "EUR", "kind": "invoice", "open": "4", "due_on": "2026-02-28"},
            {"currency": "EUR", "kind": "payment", "open": "-7", "due_on": None},
        ],
    }  # fmt: skip

    assert balances(values, "EUR") == [10, 15, 0]
    assert balances(values, "USD") == [0, 7]
    assert ages(values, "EUR") == ([3, 0, 4, 0, 0], -7)


amounts = st.decimals(min_value=0, max_value=9999, places=2)
pieces = st.tuples(
    st.integers(1, 5000), st.decimals(min_value=0, max_value=999, places=4), st.decimals(min_value=0, max_value=40, places=1),
    st.sampled_from(("19", "7", "0", "20.5")),
)  # fmt: skip


@given(st.lists(pieces, min_size=1, max_size=12), st.lists(st.tuples(amounts, st.sampled_from(("19", "7"))), max_size=3),
       st.sampled_from(("per_line", "per_tax_group")), st.sampled_from(LANGUAGES))  # fmt: skip
def test_the_printed_parts_of_any_invoice_sum_to_its_printed_total(lines, charges, rounding, language):
    ids = Ids(lambda: 0, 1)
    billables = []
    for number, (qty, price, percent, rate) in enumerate(lines, 1):
        gross = line_net(D(qty), price, currency="EUR")
        net = gross - line_net(gross, percent / 100, currency="EUR")
        billables.append(
            BillableLine(
                number, number, ids.new(), "x", D(qty), "EA", D(qty), D(0), net, D(0), price, D(1), "EA", "S", D(rate)
            )
        )
    extras = [
        BillableCharge(number, "Freight", amount, D(0), "S", D(rate))
        for number, (amount, rate) in enumerate(charges, 1)
    ]
    net = sum((one.net for one in billables), D(0))
    made = bill(billables, extras, order_net=net, net_before=D(0), rounding=rounding, digits=2, last=True)
    values = invoice(
        net=str(made.net), charges=str(made.charges), tax=str(made.tax), total=str(made.total),
        tax_groups=[group.as_json() for group in made.groups],
        lines=[
            line(line=one.line_no, qty=str(one.qty), order_qty=str(one.qty), order_base_qty=str(one.qty), unit_price=str(one.unit_price),
                 net=str(one.net), tax_rate=str(one.rate), discounted=True)
            for one in made.lines if one.charge_no is None
        ],
        charge_lines=[{"description": "Freight", "net": str(one.net)} for one in made.lines if one.charge_no is not None],
    )  # fmt: skip

    sheet, _ = sheet_of(values, language, COVERED)

    def read(text: str) -> Decimal:
        return number_of(text, language)

    labels = [column["label"] for column in sheet["columns"]]
    printed = [dict(zip(labels, (cell["text"] for cell in row["cells"]), strict=True)) for row in sheet["rows"]]
    words = wording(language)
    sums = [(row["label"], read(row["value"])) for row in sheet["totals"]]
    goods = sum((read(row[words.say("amount")]) for row in printed), D(0))
    taxes = sum((value for label, value in sums if label.startswith(words.say("tax_name") + " ")), D(0))
    freight = sum((value for label, value in sums if label == "Freight"), D(0))
    assert goods + freight + taxes == sums[-1][1] == made.total
    for row, one in zip(printed, billables, strict=True):
        off = row.get(words.say("discount"))
        exact = line_net(read(row[words.say("quantity")]), read(row[words.say("unit_price")]), currency="EUR")
        assert exact - (read(off) if off else 0) == read(row[words.say("amount")]) == one.net


def test_a_paper_says_when_it_is_from_and_not_when_it_was_printed():
    first, _ = sheet_of(invoice(), "en", COVERED)

    assert first["facts"][0] == ["Invoice date", "2 Mar 2026"]
    assert datetime(2026, 3, 2, tzinfo=UTC).isoformat()[:10] == first["date"]
