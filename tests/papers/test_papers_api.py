"""Papers over HTTP: what stands on them is what the database holds, and what was issued stays."""

from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from paper_reading import cells_of, labelled, lines_of, number_of, table_rows
from tradewind.desk.bounces import Bounce, bounce_payments
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.change import ChangeRequest, change
from tradewind.orders.decide.actions import SetQuantity

D = Decimal
WORDS = {
    "en": {"line": "Line", "goods": "Goods", "net": "Total before tax", "tax": "VAT", "total": "Total EUR"},
    "de": {"line": "Pos.", "goods": "Waren", "net": "Summe ohne Steuer", "tax": "USt", "total": "Gesamtbetrag EUR"},
}


def stored(desk: Any, number: str) -> tuple[Any, ...]:
    return desk.shop.one(
        "select net_total, charge_total, tax_total, total, tax_groups from invoice where number = %s", [number]
    )


def check_invoice(desk: Any, number: str, language: str) -> None:
    """Every number that is printed of an invoice is the row's."""
    words = WORDS[language]
    pdf = desk.pdf(f"invoices/{number}/document.pdf", lang=language)
    net, charges, _, total, groups = stored(desk, number)
    lines = desk.shop.all(
        "select l.line_no, l.qty, l.unit_price, l.tax_rate, l.net from invoice_line l join invoice i on i.id = l.invoice_id "
        "where i.number = %s and l.charge_no is null order by 1", [number])  # fmt: skip

    rows = table_rows(pdf, words["line"])
    printed = [(int(row[0]), number_of(row[-1], language)) for row in rows]
    taxes = [cells_of(line) for line in lines_of(pdf) if line.strip().startswith(words["tax"] + " ")]

    assert printed == [(line[0], line[4]) for line in lines]
    assert sum(amount for _, amount in printed) == net
    if charges:
        assert labelled(pdf, words["goods"], language) == net
    assert labelled(pdf, words["net"], language) == net + charges
    assert [number_of(tax[-1], language) for tax in taxes] == [D(group["tax"]) for group in groups]
    assert [number_of(tax[0].split(" ")[-1], language) for tax in taxes] == [D(group["base"]) for group in groups]
    assert labelled(pdf, words["total"], language) == total
    assert len([line for line in lines_of(pdf) if number in line]) >= 2


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_number_on_an_invoice_is_the_row_s(desk, language):
    desk.change("update account set discount_percent = 7.5 where code = 'ALMA'")
    order = desk.shop.order(
        ("CUP", "1000"), ("TEA", "777"), ("CUP", "3"), ("GIFT", "4"), charges=(("FREIGHT", "1249.90"),)
    )
    first = desk.billed(order)

    for number in first:
        check_invoice(desk, number, language)

    assert first


def test_the_parts_of_an_order_are_printed_invoice_by_invoice(desk):
    order = desk.shop.order(("CUP", "6000"), charges=(("FREIGHT", "7.50"),))
    (first,) = desk.billed(order)
    desk.change("update stock set on_hand = on_hand + 1000 where site_id = %(south)s", desk.shop.id)

    check_invoice(desk, first, "en")
    check_invoice(desk, first, "de")
    slip = desk.pdf("shipments/{}/packing-slip.pdf".format(desk.shop.one("select number from shipment")[0]))
    (row,) = table_rows(slip, "Line")
    assert row[0] == "1"
    assert row[-1] == "1,000"  # to follow


def test_a_confirmation_says_what_the_order_says(desk):
    order = desk.shop.order(("CUP", "12"), ("TEA", "5"), charges=(("FREIGHT", "4.99"),), buyer_po="PO 4711")
    number = desk.number(order)

    pdf = desk.pdf(f"orders/{number}/confirmation.pdf", "alma", lang="en")

    net, charges, total = desk.shop.one("select net_total, charge_total, total from sales_order where id = %s", [order])
    rows = table_rows(pdf, "Line")
    assert [number_of(row[-1], "en") for row in rows] == [D("40.00"), D("9.95")]
    assert labelled(pdf, "Total before tax", "en") == net + charges
    assert labelled(pdf, "Total EUR", "en") == total
    assert any("PO 4711" in line for line in lines_of(pdf))
    assert any("Your item KX77" in line for line in lines_of(pdf))


def test_a_credit_note_gives_back_what_its_row_says(desk):
    order = desk.shop.order(("CUP", "10"))
    (invoice,) = desk.billed(order)
    answer = desk.client.post(
        f"/api/v1/invoices/{invoice}/credits",
        key=desk.keys["accounting"],
        json={"lines": [{"line": 1, "qty": "2"}]},
    )
    assert answer.status_code in (200, 201), answer.text
    note, total = desk.shop.one("select number, total from invoice where kind = 'credit_note'")

    pdf = desk.pdf(f"invoices/{note}/document.pdf", "alma", lang="de")

    assert labelled(pdf, "Gutgeschrieben EUR", "de") == total
    assert any("Zu Rechnung" in line and invoice in line for line in lines_of(pdf))


def test_what_was_issued_stays_whatever_changes(desk):
    (invoice,) = desk.billed(desk.shop.order(("CUP", "10")))
    path = f"invoices/{invoice}/document.pdf"

    first = desk.get(path, "alma")
    desk.change("update legal_entity set name = 'Another house', iban = null")
    second = desk.get(path, "sales")
    other = desk.get(path, "alma", params={"lang": "de"})

    assert first.content == second.content
    assert first.headers["etag"] == f'"{sha256(first.content).hexdigest()}"'
    assert first.headers["content-disposition"] == f'inline; filename="{invoice}.pdf"'
    assert first.headers["content-language"] == "en"
    assert other.content != first.content
    assert any("Another house" in line for line in lines_of(other.content))
    kept = desk.shop.all("select language, version, sha256 = sha256(body) from issued_paper order by language")
    assert kept == [("de", 1, True), ("en", 1, True)]
    assert desk.shop.one("select count(*) from event where type = 'paper.issued'") == (2,)


def test_who_has_it_already_is_told_so(desk):
    (invoice,) = desk.billed(desk.shop.order(("CUP", "10")))
    path = f"invoices/{invoice}/document.pdf"
    tag = desk.get(path).headers["etag"]

    again = desk.get(path, headers={"If-None-Match": f'"other", {tag}'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_first_requests_at_the_same_time_issue_one_paper(desk):
    (invoice,) = desk.billed(desk.shop.order(("CUP", "10")))
    path = f"/api/v1/invoices/{invoice}/document.pdf"

    answers = desk.client.requests([("GET", path, {"key": desk.keys[who]}) for who in ("alma", "sales", "alma")])

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert desk.shop.one("select count(*), max(version) from issued_paper") == (1, 1)
    assert desk.shop.one("select count(*) from event where type = 'paper.issued'") == (1,)


def test_a_changed_order_has_a_next_version_that_names_the_one_before(desk):
    order = desk.shop.order(("CUP", "6000"))
    path = f"orders/{desk.number(order)}/confirmation.pdf"
    first = desk.get(path, "alma")
    asked = ChangeRequest(order, (SetQuantity(1, D(5500)),), "they called")
    (changed,) = desk.shop.database.write(lambda tx: change(tx, [asked]))
    assert changed.problems == ()

    second = desk.get(path, "alma")
    older = desk.get(path, "alma", params={"version": "1"})
    never = desk.get(path, "alma", params={"version": "3"})

    assert (first.headers["x-paper-version"], second.headers["x-paper-version"]) == ("1", "2")
    assert any("Version 2. It replaces version 1 of 2 Mar 2026." in line for line in lines_of(second.content))
    total = desk.shop.one("select total from sales_order where id = %s", [order])[0]
    assert [number_of(row[-1], "en") for row in table_rows(second.content, "Line")] == [D("18331.50")]
    assert labelled(second.content, "Total EUR", "en") == total < labelled(first.content, "Total EUR", "en")
    assert older.content == first.content
    assert never.status_code == 404
    rows = desk.shop.all(
        "select p.version, o.version from issued_paper p left join issued_paper o on o.id = p.replaces_id order by 1"
    )
    assert rows == [(1, None), (2, 1)]


def test_a_slip_is_printed_as_handed_over_and_again_as_shipped(desk):
    order = desk.shop.order(("CUP", "10"), ("TEA", "4"))
    (shipment,) = desk.shop.shipments(order)
    path = f"shipments/{shipment}/packing-slip.pdf"
    before = desk.get(path, "warehouse")
    desk.shop.ship(shipment, lines=[{"line": 1, "shipped": "7", "reason": "broken"}, {"line": 2, "shipped": "4"}])

    after = desk.get(path, "alma")

    assert any("To be picked" in line for line in lines_of(before.content))
    rows = table_rows(after.content, "Line")
    assert [(row[0], row[4].split()[0]) for row in rows] == [("1", "7"), ("2", "4")]
    assert any("3 ea short: broken" in line for line in lines_of(after.content))
    assert after.headers["x-paper-version"] == "2"


def test_the_language_is_the_account_s_else_a_contact_s_else_the_house_s(desk):
    number = desk.number(desk.shop.order(("CUP", "1")))
    path = f"orders/{number}/confirmation.pdf"

    said = [desk.get(path).headers["content-language"]]
    for sql in (
        "update legal_entity set language = 'de'",
        "insert into contact (id, account_id, code, name, language) select gen_random_uuid(), id, 'C1', 'C', 'en' from account where code = 'ALMA'",
        "update account set language = 'de' where code = 'ALMA'",
    ):
        desk.change(sql)
        said.append(desk.get(path).headers["content-language"])

    assert said == ["en", "de", "en", "de"]
    assert desk.get(path, params={"lang": "fr"}).status_code == 422


def test_a_statement_closes_with_what_is_open_and_what_the_ledger_says(desk):
    shop = desk.shop
    for qty in ("100", "2000", "3"):
        desk.billed(shop.order(("CUP", qty)))
        shop.wait(days=20)
    desk.change("select 1")
    paid = shop.database.write(
        lambda tx: record_payments(tx, [Received("ALMA", D("400.00"), "EUR", reference="ref 1")])
    )[0]
    lost = shop.database.write(lambda tx: record_payments(tx, [Received("ALMA", D("50.00"), "EUR")]))[0]
    shop.wait(days=5)
    number = shop.one("select number from payment where amount = 50")[0]
    shop.database.write(lambda tx: bounce_payments(tx, [Bounce(number, "no cover")]))
    shop.wait(days=3)
    assert paid.problems == lost.problems == ()
    ledger = shop.one("select sum(amount) from posting where ledger_account = 'receivables'")[0]

    answers = {
        language: desk.pdf(
            "accounts/ALMA/statement.pdf", "alma", lang=language, **{"from": "2026-03-01", "to": "2026-05-09"}
        )
        for language in ("en", "de")
    }

    for language, pdf in answers.items():
        lines = lines_of(pdf)
        closing = [line for line in lines if line.strip().startswith(("Balance on", "Saldo am"))]
        assert number_of(cells_of(closing[0])[-1], language) == ledger
        items = [line for line in lines if line.strip().startswith(("Balance EUR", "Saldo EUR"))]
        assert number_of(cells_of(items[0])[-1], language) == ledger
        heads = [place for place, line in enumerate(lines) if line.strip().startswith(("Date ", "Datum "))]
        opened = [
            cells_of(line)
            for line in lines[heads[-1] + 1 :]
            if cells_of(line)[0][:1].isdigit() and len(cells_of(line)) >= 4
        ]
        assert sum(number_of(row[-1], language) for row in opened) == ledger
        ages = next(lines[place + 1] for place, line in enumerate(lines) if "61–90" in line)
        amounts = [number_of(one, language) for one in cells_of(ages)]
        assert sum(amounts[:-1]) == amounts[-1] == ledger


def test_a_period_that_is_over_is_printed_once_and_a_running_one_as_it_goes_on(desk):
    shop = desk.shop
    desk.billed(shop.order(("CUP", "100")))
    shop.wait(days=40)
    over = {"from": "2026-03-01", "to": "2026-03-31"}
    running = {"from": "2026-04-01"}

    first = [desk.get("accounts/ALMA/statement.pdf", params=one) for one in (over, running)]
    shop.database.write(lambda tx: record_payments(tx, [Received("ALMA", D("10.00"), "EUR")]))
    again = [desk.get("accounts/ALMA/statement.pdf", params=one) for one in (over, running)]

    assert first[0].content == again[0].content
    assert first[1].content != again[1].content
    assert [one.headers["x-paper-version"] for one in again] == ["1", "2"]
    assert first[0].headers["content-disposition"] == 'inline; filename="ALMA_2026-03-01_2026-03-31.pdf"'


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "papers.period_upside_down"),
        ({"to": "2026-03-03"}, "papers.period_in_future"),
        ({"from": "2025-03-01", "to": "2026-03-02"}, "papers.period_too_long"),
        ({"from": "yesterday"}, "request.invalid"),
    ],
)
def test_a_wrong_period_is_refused_by_name(desk, query, code):
    answer = desk.get("accounts/ALMA/statement.pdf", params=query)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert desk.shop.one("select count(*) from issued_paper") == (0,)


def test_what_is_not_there_or_not_ready_has_no_paper(desk):
    waiting = desk.number(desk.shop.order(("CUP", "1"), account="BELA"))
    desk.change("update sales_order set confirmed_at = null where number = %s", [waiting])

    held = desk.get(f"orders/{waiting}/confirmation.pdf", "bela")
    foreign = desk.get(f"orders/{waiting}/confirmation.pdf", "alma")
    nobodys = desk.get("orders/SO-2026-999999/confirmation.pdf", "alma")
    statement = desk.get("accounts/BELA/statement.pdf", "alma")

    assert (held.status_code, held.json()["code"]) == (409, "papers.not_confirmed")
    assert foreign.status_code == nobodys.status_code == statement.status_code == 404
    assert foreign.content == nobodys.content == statement.content
    desk.change("update sales_order set confirmed_at = placed_at where number = %s", [waiting])


def test_characters_our_typeface_lacks_are_said_and_not_lost(desk):
    desk.change("update product set name = '陶器 cup ☕ Ωmega Чашка' where sku = 'CUP'")
    (invoice,) = desk.billed(desk.shop.order(("CUP", "10")))

    answer = desk.get(f"invoices/{invoice}/document.pdf", "alma")

    text = "\n".join(lines_of(answer.content))
    assert answer.headers["x-paper-findings"] == "papers.unprintable_text"
    assert "□□ cup □ Ωmega Чашка" in text
    assert "Characters that our typeface lacks are printed as □." in text
    ((findings, content),) = desk.shop.all("select findings, content from issued_paper")
    assert findings[0]["detail"]["characters"] == ["U+9676", "U+5668", "U+2615"]
    assert content["lines"][0]["description"] == "陶器 cup ☕ Ωmega Чашка"


def test_a_discount_for_paying_early_is_offered_and_then_taken_on_the_statement(desk):
    desk.change(
        "update payment_terms set discount_percent = 2, discount_days = 10, grace_days = 3 where code = 'NET30'"
    )
    (number,) = desk.billed(desk.shop.order(("CUP", "300")))
    total = desk.shop.one("select total from invoice where number = %s", [number])[0]
    off = (total * 2 / 100).quantize(D("0.01"))

    invoice = lines_of(desk.pdf(f"invoices/{number}/document.pdf", lang="en"))
    desk.shop.wait(days=5)
    paid = Received("ALMA", total - off, "EUR", reference=number)
    desk.shop.database.write(lambda tx: record_payments(tx, [paid]))
    statement = lines_of(desk.pdf("accounts/ALMA/statement.pdf", lang="en"))

    assert any(line.strip() == f"If you pay by 12 Mar 2026, 2% discount may be taken: {off} EUR." for line in invoice)
    taken = [cells_of(line) for line in statement if "Discount for early payment" in line]
    assert [number_of(row[-2], "en") for row in taken] == [off]
    assert [cells_of(line)[-1] for line in statement if line.strip().startswith("Balance")] == ["0.00", "0.00"]
