"""Kinds: headers, rows, ladders, and the documentation made from them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tradewind.integration.decide.describe import describe
from tradewind.integration.decide.kinds import KINDS
from tradewind.integration.decide.kinds.prices import PriceRow, ladders
from tradewind.kernel.problem import Problem
from tradewind.semantics.decide.rows.columns import ColumnMap, map_columns
from tradewind.semantics.decide.rows.model import Chunk, Declared, Findings, TextRow
from tradewind.semantics.decide.rows.schema import parse_row, reader_of


def mapped(kind: str, *header: str, **overrides: str) -> ColumnMap | list[Problem]:
    return map_columns(KINDS[kind], header, overrides=overrides)


def faults(found: object) -> list[tuple[str, str]]:
    assert isinstance(found, list)
    return [(problem.code, problem.where) for problem in found]


def row(_kind: str, **cells: str) -> object:
    return parse_row(KINDS[_kind], cells, number=7)


def test_columns_are_found_by_name_and_alias_whatever_their_spelling():
    found = mapped("payment_terms", "NET DAYS", "Terms-Code", "Description")

    assert isinstance(found, ColumnMap)
    assert found.positions == {"net_days": 0, "code": 1, "name": 2}


def test_an_own_name_wins_over_an_alias():
    found = mapped("accounts", "code", "name", "company", "legal_entity", "currency")

    assert isinstance(found, ColumnMap)
    assert found.positions["name"] == 1
    assert found.unknown == ("company",)


def test_an_override_wins_over_everything():
    found = mapped("payment_terms", "code", "name", "Kurzzeichen", "days", code="Kurzzeichen")

    assert isinstance(found, ColumnMap)
    assert found.positions == {"code": 2, "name": 1, "net_days": 3}
    assert found.unknown == ("code",)


def test_missing_required_columns_are_refused_with_what_was_found():
    found = mapped("payment_terms", "code", "whatever")

    assert faults(found) == [("import.missing_column", "row 1"), ("import.missing_column", "row 1")]
    assert isinstance(found, list)
    assert "'code', 'whatever'" in found[0].message
    assert found[1].detail["aliases"] == ["days", "due_days"]


def test_two_columns_for_one_field_and_bad_overrides_are_refused():
    assert faults(mapped("payment_terms", "code", "Code", "name", "days")) == [("import.column_twice", "row 1")]
    assert faults(mapped("payment_terms", "days", "due days", "code", "name")) == [("import.column_twice", "row 1")]
    wrong = mapped("payment_terms", "code", "name", "days", nme="name", code="Nummer")
    assert [code for code, _ in faults(wrong)] == [
        "import.unknown_field",
        "import.no_such_column",
    ]


def test_unknown_columns_are_told_with_the_nearest_name():
    findings = Findings()

    map_columns(KINDS["payment_terms"], ["code", "name", "days", "coder", ""], findings=findings)

    assert [finding.message for finding in findings] == ["the column 'coder' is not read; did you mean code?"]


def test_a_row_becomes_typed_values_with_defaults():
    account = row(
        "accounts", code="A-1", name=" Müller & Co ", legal_entity="DE1", currency="eur", credit_limit="5000.50"
    )

    assert account.row == 7
    assert (account.name, account.currency, account.credit_limit) == ("Müller & Co", "EUR", Decimal("5000.50"))
    assert (account.ship_policy, account.priority, account.parent) == ("partial", 100, None)


def test_every_fault_of_a_row_is_told_at_once():
    found = row(
        "accounts", code="=A1", name="", legal_entity="DE1", currency="EURO", discount_percent="101", ship_policy="ful"
    )

    assert faults(found) == [
        ("import.formula_like_text", "row 7, column code"),
        ("import.missing_value", "row 7, column name"),
        ("import.unknown_currency", "row 7, column currency"),
        ("import.unknown_choice", "row 7, column ship_policy"),
        ("import.out_of_bounds", "row 7, column discount_percent"),
    ]


def test_missing_fields_are_told_by_name():
    assert faults(row("payment_terms", code="N30")) == [
        ("import.missing_value", "row 7, column name"),
        ("import.missing_value", "row 7, column net_days"),
    ]


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        (
            "accounts",
            {"code": "A", "name": "a", "legal_entity": "L", "currency": "EUR", "parent": "A"},
            "import.refers_to_itself",
        ),
        (
            "accounts",
            {"code": "A", "name": "a", "legal_entity": "L", "currency": "EUR", "delivery_url": "http://a"},
            "import.not_an_https_address",
        ),
        ("products", {"sku": "S", "name": "s", "superseded_by": "S"}, "import.refers_to_itself"),
        ("tax_rates", {"country": "DE", "tax_class": "s", "rate": "19", "category": "Z"}, "import.rate_without_tax"),
        ("price_assignments", {"price_list": "L", "scope": "account"}, "import.missing_value"),
        ("price_assignments", {"price_list": "L", "scope": "all", "value": "x"}, "import.value_not_wanted"),
        ("cross_references", {"kind": "customer", "number": "1", "sku": "S"}, "import.missing_value"),
        ("cross_references", {"kind": "gtin", "number": "1", "sku": "S"}, "import.bad_gtin"),
        (
            "cross_references",
            {"kind": "manufacturer", "number": "1", "sku": "S", "account": "A"},
            "import.value_not_wanted",
        ),
        (
            "agreements",
            {
                "code": "C",
                "account": "A",
                "price_list": "L",
                "name": "c",
                "valid_from": "2026-02-01",
                "valid_to": "2026-01-31",
            },
            "import.ends_before_it_begins",
        ),
        ("stock", {"site": "HAM", "sku": "S", "qty": "-1"}, "import.out_of_bounds"),
        ("product_units", {"sku": "S", "uom": "XCS", "numerator": "0"}, "import.out_of_bounds"),
        ("product_units", {"sku": "S", "uom": "XCS", "numerator": "1.5"}, "import.too_many_places"),
    ],
)
def test_values_that_contradict_each_other_are_refused(kind, cells, expected):
    found = row(kind, **cells)

    assert isinstance(found, list)
    assert [problem.code for problem in found] == [expected]


def test_a_percent_below_one_is_taken_and_told():
    findings = Findings()
    reader = reader_of(KINDS["tax_rates"], {"country": 0, "tax_class": 1, "rate": 2}, findings=findings)

    parsed = reader.parse_chunk(Chunk([TextRow(2, ["DE", "standard", "0.19"])], []))

    assert parsed.rows[0].rate == Decimal("0.19")
    assert [(finding.code, finding.where) for finding in findings] == [
        ("import.percent_below_one", "row 2, column rate")
    ]


def test_fields_without_a_column_take_their_default_and_are_known_as_absent():
    reader = reader_of(KINDS["products"], {"name": 0, "sku": 1})

    product = reader.parse_chunk(Chunk([TextRow(2, ["Screw", "S-1"])], [])).rows[0]

    assert (product.sku, product.name, product.base_uom) == ("S-1", "Screw", "EA")
    assert reader.present == {"sku", "name"}


def test_a_declaration_holds_for_the_whole_file():
    declared = Declared(decimal_mark=",", date_order="dmy", time_zone="Europe/Berlin")

    price = parse_row(
        KINDS["prices"],
        {"price_list": "L", "sku": "S", "price": "1.000,50", "valid_from": "01.02.2026", "valid_to": "28.02.2026"},
        declared=declared,
    )

    assert price.price == Decimal("1000.50")
    assert (price.valid_from, price.valid_to) == (
        datetime(2026, 1, 31, 23, tzinfo=UTC),
        datetime(2026, 2, 28, 23, tzinfo=UTC),
    )


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_kind_describes_itself_and_comes_after_what_it_refers_to(name):
    kind = KINDS[name]
    text = describe(kind)

    assert all(f"| {field.name} | " in text for field in kind.fields)
    assert set(kind.key) <= {field.name for field in kind.fields}
    order = list(KINDS)
    assert all(order.index(other) < order.index(name) for other in kind.after)
    assert len(text.splitlines()) >= len(kind.fields) + 6


@pytest.mark.parametrize("name", sorted(KINDS))
def test_no_two_fields_of_a_kind_answer_to_one_name(name):
    header = [field.name for field in KINDS[name].fields]

    found = map_columns(KINDS[name], header)

    assert isinstance(found, ColumnMap)
    assert found.positions == {field: at for at, field in enumerate(header)}


JAN, FEB, MAR = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))


def tier(number: int, from_qty: str, price: str, **changes: object) -> PriceRow:
    base = PriceRow(number, "L", "S", "EA", Decimal(from_qty), Decimal(price), JAN, None, "volume", Decimal(1))
    return base._replace(**changes)


def test_rows_of_one_price_make_one_ladder_in_any_order():
    found = ladders([tier(4, "100", "8"), tier(2, "0", "10"), tier(3, "10", "9"), tier(5, "0", "7", sku="T")])

    assert [(ladder.sku, ladder.tier_from, ladder.tier_price, ladder.rows) for ladder in found.ladders] == [
        ("S", (Decimal(0), Decimal(10), Decimal(100)), (Decimal(10), Decimal(9), Decimal(8)), (2, 3, 4)),
        ("T", (Decimal(0),), (Decimal(7),), (5,)),
    ]
    assert (found.refused, found.warnings) == ([], [])


def test_a_tier_with_two_prices_refuses_the_whole_ladder():
    found = ladders([tier(2, "0", "10"), tier(3, "10", "9"), tier(4, "10", "8"), tier(5, "0", "7", sku="T")])

    assert [ladder.sku for ladder in found.ladders] == ["T"]
    assert [(refused.number, refused.problems[0].code) for refused in found.refused] == [
        (2, "import.ladder_refused"),
        (3, "import.ladder_refused"),
        (4, "import.tier_twice"),
    ]


def test_a_repeated_tier_is_taken_once_and_told():
    found = ladders([tier(2, "0", "10"), tier(3, "0", "10")])

    assert found.ladders[0].rows == (2,)
    assert [(number, fault.code) for number, fault in found.warnings] == [(3, "import.tier_repeated")]


@pytest.mark.parametrize("changes", [{"kind": "graduated"}, {"price_basis": Decimal(100)}, {"valid_to": MAR}])
def test_tiers_that_disagree_refuse_the_ladder(changes):
    found = ladders([tier(2, "0", "10"), tier(3, "10", "9", **changes)])

    assert found.ladders == []
    assert [refused.problems[0].code for refused in found.refused] == ["import.ladder_refused", "import.tiers_disagree"]


def test_gaps_below_and_rising_prices_are_told():
    found = ladders([tier(2, "5", "9"), tier(3, "10", "10")])

    assert [(number, fault.code) for number, fault in found.warnings] == [
        (2, "import.no_price_below"),
        (3, "import.price_rises_with_quantity"),
    ]


def test_a_price_that_begins_before_a_stated_end_is_refused_and_an_open_one_is_followed():
    overlapping = ladders([tier(2, "0", "10", valid_to=MAR), tier(3, "0", "9", valid_from=FEB)])
    following = ladders([tier(2, "0", "10"), tier(3, "0", "9", valid_from=FEB)])

    assert [ladder.rows for ladder in overlapping.ladders] == [(2,)]
    assert [(refused.number, refused.problems[0].code) for refused in overlapping.refused] == [
        (3, "import.periods_overlap")
    ]
    assert [ladder.rows for ladder in following.ladders] == [(2,), (3,)]


def test_a_ladder_has_at_most_fifty_tiers():
    found = ladders([tier(number, str(number), "1") for number in range(51)])

    assert found.ladders == []
    assert {refused.problems[0].code for refused in found.refused} == {"import.too_many_tiers", "import.ladder_refused"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_row_without_anything_is_refused_for_what_it_lacks(kind: str):
    found = row(kind)

    assert {code for code, _ in faults(found)} == {"import.missing_value"}


def test_goods_that_are_expected_at_the_end_of_time_are_refused():
    found = row("inbound_supply", reference="P", site="N", sku="S", qty="1", expected_at="9999-12-31T00:00:00Z")

    assert faults(found) == [("import.bad_date", "row 7, column expected_at")]
