"""Reading a company's past: rows, documents, stock, prices, credit notes, and the real wholesaler file."""

import csv
import gzip
import itertools
import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.channels.decide.history import (
    Document,
    DocumentKind,
    Finding,
    Mapping,
    PriceList,
    Receipt,
    ReturnMatch,
    compare_prices,
    learn_price_lists,
    mapping_from,
    master_data,
    match_returns,
    opening_stock,
    plan_short_stock,
    price_for,
    read_documents,
    run_short,
    summarise,
)

ROOT = Path(__file__).resolve().parents[2]
MAPPING = (ROOT / "demo/mappings/uk_retail_invoices.toml").read_text(encoding="utf-8")
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def mapping() -> Mapping:
    found = mapping_from(MAPPING)
    assert isinstance(found, Mapping), found
    return found


def rows(*lines: str) -> list[str]:
    """`number sku qty price customer [day]` a row; `-` for no customer, `~` for a space in the sku."""
    text = [HEADER]
    for line in lines:
        number, sku, qty, price, customer, *rest = line.split()
        day = rest[0] if rest else "2010-12-01"
        name = "" if customer == "-" else f"{customer}.0"
        sku = sku.replace("~", " ")
        text.append(f"{number},{sku},name of {sku},{qty},{day} 10:00:00,{price},{name},United Kingdom")
    return text


def read(lines: Iterable[str], using: Mapping | None = None) -> list[Document | Finding]:
    return list(read_documents(lines, using or mapping()))


def documents(*lines: str) -> list[Document]:
    found = read(rows(*lines))
    assert all(isinstance(item, Document) for item in found), found
    return [item for item in found if isinstance(item, Document)]


def codes(items: Iterable[Document | Finding]) -> list[tuple[int, str]]:
    return [(item.row, item.problem.code) for item in items if isinstance(item, Finding)]


def matched(*lines: str) -> tuple[ReturnMatch, ...]:
    found = documents(*lines)
    return match_returns(
        [d for d in found if d.kind is DocumentKind.RETURN], [d for d in found if d.kind is DocumentKind.ORDER]
    )


def why(match: ReturnMatch) -> list[str]:
    return ["" if line.problem is None else line.problem.code for line in match.lines]


# the mapping ------------------------------------------------------------------------------------------------------


def test_every_mistake_of_a_mapping_is_reported_with_its_key():
    text = (
        MAPPING.replace('zone = "Europe/London"', 'zone = "Europe/Lundon"')
        .replace('sign = "positive"', 'sgin = "x"')
        .replace('"EIRE" = "IE"', '"EIRE" = "Ireland"')
        .replace("price = 2", "price = 9")
        .replace('"GBP"', '"Pound"')
    )

    found = mapping_from(text)

    assert isinstance(found, tuple)
    assert {problem.code for problem in found} == {"channels.bad_mapping"}
    assert [problem.where for problem in found] == [
        "/countries/EIRE",
        "/currency",
        "/decimals/price",
        "/documents/2/sgin",
        "/times/zone",
    ]


@pytest.mark.parametrize("text", ["", "name = ", "name = 1\ncolumns = 3\ncharges = []", "x" * 200_000, "[columns]"])
def test_a_text_that_is_no_mapping_is_refused_without_a_traceback(text):
    found = mapping_from(text)

    assert isinstance(found, tuple)
    assert found


def test_a_charge_code_named_twice_is_a_mistake():
    found = mapping_from(MAPPING + '\n[[charges]]\ncode = "post"\nname = "Again"\nkind = "freight"\n')

    assert isinstance(found, tuple)
    assert [problem.message for problem in found] == ["/charges/10 POST stands here twice"]


# reading ----------------------------------------------------------------------------------------------------------


def test_a_document_is_an_order_an_adjustment_or_a_return_by_prefix_sign_and_price():
    found = documents("1 A 5 2.50 17", "2 A -5 0.0 -", "C3 A -1 2.50 17", "4 A 3 0.0 -")

    assert [(d.number, d.kind.value) for d in found] == [
        ("1", "order"),
        ("2", "adjustment"),
        ("C3", "return"),
        ("4", "order"),
    ]


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("C9 A 1 2.50 17", "positive quantities and a price"),
        ("9 A -1 2.50 17", "negative quantities and a price"),
    ],
)
def test_a_document_that_fits_no_rule_is_refused_with_what_it_looks_like(line, seen):
    (found,) = read(rows(line))

    assert isinstance(found, Finding)
    assert found.problem.code == "channels.unclassified_document"
    assert found.problem.message.endswith(f"which has {seen}")


def test_a_credit_note_with_both_signs_is_refused_row_by_row():
    found = read(rows("C9 A -2 2.50 17", "C9 B 1 2.50 17"))

    assert codes(found) == [(2, "channels.unclassified_document"), (3, "channels.unclassified_document")]


def test_a_line_is_exact_and_a_charge_is_no_goods():
    (found,) = documents(
        "1 47110a 6 2.55 10001",
        "1 POST 3 18.0 10001",
        "1 m 1 0.4 10001",
        "1 gift_0001_20 1 17.02 10001",
        "1 Bank~Charges 1 15.0 10001",
        "1 DCGS0003 2 1.25 10001",
    )

    assert [(line.row, line.sku, str(line.unit_price), str(line.amount)) for line in found.lines] == [
        (2, "47110A", "2.55", "15.30"),
        (7, "DCGS0003", "1.25", "2.50"),
    ]
    assert [(charge.row, charge.code, charge.kind.value, str(charge.amount)) for charge in found.charges] == [
        (3, "POST", "freight", "54.00"),
        (4, "M", "manual", "0.40"),
        (5, "GIFT_0001_20", "voucher", "17.02"),
        (6, "BANK CHARGES", "fee", "15.00"),
    ]
    assert (found.customer, found.country, found.goods_amount, found.charge_amount) == (
        "10001",
        "GB",
        Decimal("17.80"),
        Decimal("86.42"),
    )


def test_an_amount_is_rounded_half_up_to_the_currency():
    finer = replace(mapping(), price_decimals=4)

    (found,) = read(rows("1 A 5 0.2010 17", "1 B 1 0.0049 17"), finer)

    assert isinstance(found, Document)
    assert [str(line.amount) for line in found.lines] == ["1.01", "0.00"]


def test_a_line_without_a_customer_belongs_to_the_cash_account():
    (found,) = documents("1 A 1 1.00 -")

    assert found.customer == "CASH"


def test_names_of_countries_become_codes_and_an_unknown_name_stops_at_the_door():
    lines = [
        HEADER,
        "1,A,x,1,2010-12-01 10:00:00,1.0,5.0,EIRE",
        "2,A,x,1,2010-12-01 10:00:00,1.0,6.0,Channel Islands",
        "3,A,x,1,2010-12-01 10:00:00,1.0,7.0,Ruritania",
    ]

    first, second, third = read(lines)

    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert isinstance(third, Finding)
    assert (first.country, second.country) == ("IE", "JE")
    assert third.problem.message == "'Ruritania' is not in the mapping's countries"


def test_times_are_local_to_the_zone_and_the_earliest_of_a_document_counts():
    lines = [HEADER, "1,A,x,1,2011-06-01 10:01:00,1.0,5.0,France", "1,B,x,1,2011-06-01 10:00:00,1.0,5.0,France"]

    (found,) = read(lines)

    assert isinstance(found, Document)
    assert found.at == datetime(2011, 6, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ("1,B,x,1,2010-12-01 11:01:00,1.0,5.0,France", "channels.document_times_differ"),
        ("1,B,x,1,2010-12-01 10:00:00,1.0,6.0,France", "channels.document_customers_differ"),
        ("1,B,x,1,2010-12-01 10:00:00,1.0,5.0,Spain", "channels.document_countries_differ"),
        ("1,B,x,1,1st of December,1.0,5.0,France", "channels.bad_time"),
    ],
)
def test_a_document_whose_rows_disagree_is_refused_as_a_whole(second, code):
    found = read([HEADER, "1,A,x,1,2010-12-01 10:00:00,1.0,5.0,France", second])

    assert codes(found) == [(2, code), (3, code)]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("1,A,x,1.5,2010-12-01 10:00:00,1.0,5.0,France", "channels.bad_quantity"),
        ("1,A,x,0,2010-12-01 10:00:00,1.0,5.0,France", "channels.bad_quantity"),
        ("1,A,x,1e3,2010-12-01 10:00:00,1.0,5.0,France", "channels.bad_quantity"),
        ("1,A,x,١,2010-12-01 10:00:00,1.0,5.0,France", "channels.bad_quantity"),
        ("1,A,x,1,2010-12-01 10:00:00,NaN,5.0,France", "channels.bad_price"),
        ("1,A,x,1,2010-12-01 10:00:00,1.005,5.0,France", "channels.bad_price"),
        ("1,A,x,1,2010-12-01 10:00:00,-1.0,5.0,France", "channels.bad_price"),
        ("1, ,x,1,2010-12-01 10:00:00,1.0,5.0,France", "channels.no_item_code"),
        ("1,A,x,1,2010-12-01 10:00:00,1.0,5.0", "channels.wrong_column_count"),
        ("1,A,x,1,2010-12-01 10:00:00,1.0,5.0,France,", "channels.wrong_column_count"),
        (f"1,A,{'x' * 1001},1,2010-12-01 10:00:00,1.0,5.0,France", "channels.field_too_long"),
    ],
)
def test_a_bad_row_refuses_its_document_and_names_row_and_column(bad, code):
    good = "1,B,x,1,2010-12-01 10:00:00,1.0,5.0,France"

    found = read([HEADER, good, bad, "2,B,x,1,2010-12-01 10:00:00,1.0,5.0,France"])

    assert codes(found) == [(2, "channels.document_refused"), (3, code)]
    assert isinstance(found[1], Finding)
    assert found[1].problem.where.startswith("row 3")
    assert isinstance(found[2], Document)


def test_rows_that_belong_to_no_document_are_findings():
    lines = [HEADER, " ,A,x,1,2010-12-01 10:00:00,1.0,5.0,France", "", f"{'9' * 101},A,x,1,2010,1,5,France", '7,"A"B']

    assert codes(read(lines)) == [
        (2, "channels.no_document_number"),
        (4, "channels.field_too_long"),
        (5, "channels.unreadable_row"),
    ]


def test_documents_may_interleave_within_the_window_and_come_in_the_order_of_their_first_row():
    found = documents("1 A 1 1.00 5", "2 A 1 1.00 6", "1 B 1 1.00 5", "3 A 1 1.00 7")

    assert [(d.number, [line.row for line in d.lines]) for d in found] == [("1", [2, 4]), ("2", [3]), ("3", [5])]


def test_a_row_that_comes_after_its_document_was_closed_is_a_finding():
    narrow = replace(mapping(), open_documents=1)

    found = read(rows("1 A 1 1.00 5", "2 A 1 1.00 6", "1 B 1 1.00 5"), narrow)

    assert [item.number for item in found if isinstance(item, Document)] == ["1", "2"]
    assert codes(found) == [(4, "channels.document_scattered")]


def test_a_document_longer_than_its_bound_is_refused_row_by_row():
    short = replace(mapping(), rows_per_document=2)

    found = read(rows(*["1 A 1 1.00 5"] * 5, "2 A 1 1.00 5"), short)

    assert sorted(codes(found)) == [(row, "channels.document_too_long") for row in range(2, 7)]
    assert [item.number for item in found if isinstance(item, Document)] == ["2"]


@pytest.mark.parametrize("lines", [[], ["a,b,c"], [HEADER + ",Country"], [HEADER.replace("Quantity", "Qty"), "1,A"]])
def test_a_file_without_the_columns_is_refused_once(lines):
    assert codes(read(lines)) == [(1, "channels.missing_column")]


CELL = st.sampled_from(
    ["1", "2", "C3", "A", "POST", "-1", "0.0", "2.50", "", "x", "2010-12-01 10:00:00", "United Kingdom"]
)


@settings(max_examples=150, deadline=None)
@given(table=st.lists(st.lists(CELL, min_size=1, max_size=9), max_size=25), window=st.integers(1, 3))
def test_rows_in_are_rows_in_documents_and_rows_in_findings(table, window):
    lines = [HEADER, *(",".join(cells) or '""' for cells in table)]

    found = read(lines, replace(mapping(), open_documents=window, rows_per_document=4))

    seen = [line.row for item in found if isinstance(item, Document) for line in (*item.lines, *item.charges)]
    seen += [item.row for item in found if isinstance(item, Finding)]
    assert sorted(seen) == list(range(2, len(lines) + 1))


# master data ------------------------------------------------------------------------------------------------------


def test_a_product_is_named_by_most_of_its_priced_rows():
    at = "2010-12-01 10:00:00"
    lines = [
        HEADER,
        f"1,a,Old name,1,{at},1.0,5.0,France",
        f"2,A,New  name ,1,{at},1.0,5.0,France",
        f"3,A,New name,1,{at},1.0,6.0,Spain",
        f"4,A,mouldy,-9,{at},0.0,,Spain",
        f"5,B,found,1,{at},0.0,,Spain",
        f"6,A,New name,1,{at},1.0,5.0,Spain",
        f"7,A,New name,1,{at},1.0,5.0,Spain",
        f"7,POST,POSTAGE,1,{at},5.0,5.0,Spain",
    ]

    found = master_data((item for item in read(lines) if isinstance(item, Document)), mapping())

    assert [(p.sku, p.name, p.named_from) for p in found.products] == [("A", "New name", 4), ("B", "B", 0)]
    assert [(a.code, a.country, a.countries, a.cash) for a in found.accounts] == [
        ("5", "ES", ("ES", "FR"), False),
        ("6", "ES", ("ES",), False),
        ("CASH", "ES", ("ES",), True),
    ]
    assert [(c.code, c.name, c.kind.value) for c in found.charges] == [("POST", "Postage", "freight")]


# stock ------------------------------------------------------------------------------------------------------------


def test_opening_stock_covers_orders_and_adjustments_and_counts_only_credited_returns():
    found = documents("1 A 5 1.00 5", "2 A -2 0.0 -", "C3 A -4 1.00 5", "4 A 6 1.00 5", "C5 B -1 1.00 5")

    assert opening_stock(found) == {"A": 13, "B": 0}
    assert opening_stock(found, credited={"C3"}) == {"A": 9, "B": 0}


def test_a_return_cannot_lend_stock_to_what_was_sold_before_it():
    found = documents("1 A 5 1.00 5", "C2 A -5 1.00 5")

    assert opening_stock(found, credited={"C2"}) == {"A": 5}


MOVES = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(1, 9), st.sampled_from(["order", "out", "return"])),
    min_size=1,
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(moves=MOVES)
def test_opening_stock_never_goes_below_zero_and_one_less_would(moves):
    text = {"order": "{n} {sku} {qty} 1.00 5", "out": "{n} {sku} -{qty} 0.0 5", "return": "C{n} {sku} -{qty} 1.00 5"}
    found = documents(*(text[kind].format(n=n, sku=sku, qty=qty) for n, (sku, qty, kind) in enumerate(moves)))
    credited = {d.number for d in found if d.kind is DocumentKind.RETURN}

    stock = opening_stock(found, credited=credited)

    balance = dict(stock)
    lowest = dict(stock)
    for sku, qty, kind in moves:
        balance[sku] += qty if kind == "return" else -qty
        lowest[sku] = min(lowest[sku], balance[sku])
    assert all(least >= 0 for least in lowest.values())
    assert all(least == 0 for sku, least in lowest.items() if stock[sku])


def test_short_lines_take_what_is_there_and_a_receipt_fills_the_oldest_first():
    found = documents(
        "1 A 6 1.00 5 2011-02-01", "2 A 6 1.00 5 2011-02-02", "3 A 2 1.00 5 2011-02-03", "4 A 1 1.00 5 2011-02-05"
    )
    first, second = datetime(2011, 2, 4, 6, tzinfo=UTC), datetime(2011, 2, 6, 6, tzinfo=UTC)

    short = run_short(
        found,
        opening={"A": Decimal(8)},
        receipts=[Receipt("A", first, Decimal(5), first), Receipt("A", second, Decimal(1), second)],
    )

    assert [(line.document, line.ordered, line.missing, line.filled_at) for line in short] == [
        ("2", 6, 4, first),
        ("3", 2, 2, second),
        ("4", 1, 1, None),
    ]


def a_month() -> list[Document]:
    """300 orders over 28 days for 40 items, and one item that is written off."""
    lines = [f"{1000 + n} S{n % 40:02} {1 + n % 7} 1.00 5 2011-02-{1 + n * 28 // 300:02}" for n in range(300)]
    return documents(*lines, "9000 S07 -3 0.0 - 2011-02-28")


def test_a_short_plan_leaves_the_share_of_lines_short_and_fills_them_within_the_month():
    month = a_month()

    plan = plan_short_stock(month, seed=7)

    assert plan.lines == 300
    assert 13 <= len(plan.short) <= 15
    assert plan.short == run_short(month, opening=plan.opening, receipts=plan.receipts)
    assert all(line.filled_at is not None and line.filled_at > line.at for line in plan.short)
    assert max(receipt.at for receipt in plan.receipts) <= datetime(2011, 2, 28, 6, tzinfo=UTC)
    assert "S07" not in {receipt.sku for receipt in plan.receipts}
    enough = opening_stock(month)
    arrived = Counter({receipt.sku: receipt.qty for receipt in plan.receipts})
    assert all(plan.opening[sku] + arrived[sku] == enough[sku] for sku in enough)


def test_a_short_plan_is_the_same_for_the_same_seed_only():
    month = a_month()

    assert plan_short_stock(month, seed=7) == plan_short_stock(month, seed=7)
    assert plan_short_stock(month, seed=7) != plan_short_stock(month, seed=8)


# prices -----------------------------------------------------------------------------------------------------------


def tiers(found: PriceList, sku: str) -> list[tuple[int, str, int, int]]:
    return [(int(t.from_qty), str(t.unit_price), t.lines, t.of) for t in found.tiers[sku]]


def test_tiers_start_at_the_smallest_quantity_charged_the_lower_price():
    trade, cash = learn_price_lists(
        documents(
            "1 A 3 2.95 5",
            "2 A 6 2.95 5",
            "3 A 12 2.55 5",
            "4 A 40 2.55 6",
            "5 A 6 9.99 6",
            "6 A 1 5.06 -",
            "7 A 1 0.0 5",
        ),
        cash_account="CASH",
    )

    assert tiers(trade, "A") == [(1, "2.95", 2, 3), (12, "2.55", 2, 2)]
    assert tiers(cash, "A") == [(1, "5.06", 1, 1)]


def test_recent_prices_outweigh_old_ones():
    trade, _ = learn_price_lists(
        documents(*[f"{n} A 1 2.95 5 2010-12-01" for n in range(10)], "50 A 1 3.25 5 2011-01-31"), cash_account="CASH"
    )

    assert tiers(trade, "A") == [(1, "3.25", 1, 11)]


def test_a_price_never_rises_with_quantity():
    trade, _ = learn_price_lists(documents("1 A 1 2.00 5", "2 A 1 2.00 5", "3 A 9 3.00 5"), cash_account="CASH")

    assert tiers(trade, "A") == [(1, "2.00", 2, 3)]


def test_a_cash_sale_falls_back_to_the_trade_list_and_an_unknown_item_has_no_price():
    lists = learn_price_lists(documents("1 A 1 2.00 5", "1 A 10 1.50 5"), cash_account="CASH")

    found = price_for(lists, customer="CASH", cash_account="CASH", sku="A", qty=Decimal(12))

    assert found is not None
    assert (found[0], str(found[1].unit_price)) == ("TRADE", "1.50")
    assert price_for(lists, customer="5", cash_account="CASH", sku="B", qty=Decimal(1)) is None


def test_derived_prices_are_compared_line_by_line():
    lists = learn_price_lists(documents("1 A 1 2.00 5"), cash_account="CASH")

    found = compare_prices(
        documents("2 A 1 2.00 5", "3 A 1 2.10 5", "4 B 1 2.00 5", "5 A 1 0.0 5"), lists, cash_account="CASH"
    )

    assert (found.lines, found.equal, found.different, found.unlisted, found.unpriced) == (4, 1, 2, 1, 1)


PAIRS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=10)


@settings(max_examples=100, deadline=None)
@given(pairs=PAIRS)
def test_no_falling_ladder_explains_more_lines(pairs):
    trade, _ = learn_price_lists(
        documents(*(f"{n} A {q} {p}.00 5" for n, (q, p) in enumerate(pairs))), cash_account="CASH"
    )
    best = max(
        sum(ladder[qty - 1] == price for qty, price in pairs)
        for ladder in (
            (a, b, c, d) for a in (1, 2, 3) for b in range(1, a + 1) for c in range(1, b + 1) for d in range(1, c + 1)
        )
    )

    ladder = trade.tiers["A"]

    explained = sum(
        price_for((trade, trade), customer="5", cash_account="CASH", sku="A", qty=Decimal(qty))[1].unit_price == price
        for qty, price in pairs
    )
    assert explained == best == sum(tier.lines for tier in ladder)
    assert all(a.unit_price > b.unit_price and a.from_qty < b.from_qty for a, b in itertools.pairwise(ladder))


# credit notes -----------------------------------------------------------------------------------------------------


def test_a_return_is_tied_to_the_latest_sale_first_and_split_over_several():
    (found,) = matched("1 A 5 2.00 5", "2 A 3 2.00 5", "C3 A -4 2.00 5")

    assert found.credited
    assert [(part.sale, part.row, part.qty) for part in found.lines[0].parts] == [("2", 3, 3), ("1", 2, 1)]


def test_what_came_back_cannot_come_back_again():
    first, second = matched("1 A 5 2.00 5", "C2 A -3 2.00 5", "C3 A -3 2.00 5")

    assert first.credited
    assert why(second) == ["channels.more_than_was_sold"]
    assert second.lines[0].problem is not None
    assert second.lines[0].problem.message == (
        "more than was sold: 3 come back, 2 sold to 5 at 2.00 had not come back before"
    )


def test_two_lines_of_one_credit_note_share_what_was_sold():
    (found,) = matched("1 A 5 2.00 5", "C2 A -3 2.00 5", "C2 A -3 2.00 5")

    assert why(found) == ["", "channels.more_than_was_sold"]


def test_a_held_credit_note_takes_nothing():
    held, credited = matched("1 A 5 2.00 5", "C2 A -5 2.00 5", "C2 B -1 1.00 5", "C3 A -5 2.00 5")

    assert why(held) == ["", "channels.no_earlier_sale"]
    assert credited.credited


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["1 A 5 2.00 6", "C2 A -1 2.00 5"], "channels.no_earlier_sale"),
        (["1 B 5 2.00 5", "C2 A -1 2.00 5"], "channels.no_earlier_sale"),
        (["1 A 5 2.10 5", "C2 A -1 2.00 5"], "channels.sold_at_another_price"),
        (["C2 A -1 2.00 5", "3 A 5 2.00 5"], "channels.sold_after_the_return"),
        (["1 A 5 2.00 5", "C2 A -6 2.00 5"], "channels.more_than_was_sold"),
        (["C2 M -1 2.00 5"], "channels.manual_amount_without_invoice_line"),
        (["C2 D -1 27.50 5"], "channels.discount_without_invoice_line"),
        (["1 POST 1 18.00 6", "C2 POST -1 18.00 5"], "channels.freight_without_invoice_line"),
        (["1 POST 3 18.00 5", "C2 POST -1 18.00 5"], "channels.freight_without_invoice_line"),
        (["C2 AMAZONFEE -1 18.00 5"], "channels.fee_without_invoice_line"),
        (["C2 S -1 18.00 -"], "channels.samples_without_invoice_line"),
        (["C2 GIFT_0001_20 -1 18.00 -"], "channels.voucher_without_invoice_line"),
        (["C2 CRUK -1 18.00 -"], "channels.donation_without_invoice_line"),
    ],
)
def test_a_line_without_its_sale_holds_the_credit_note_with_the_reason(lines, code):
    (match,) = matched(*lines)

    assert why(match) == [code]
    assert match.lines[0].parts == ()


def test_a_charge_comes_back_once_as_the_whole_amount_it_was():
    first, second = matched("1 A 1 1.00 5", "1 POST 3 18.00 5", "C2 POST -1 54.00 5", "C3 POST -3 18.00 5")

    assert [(part.sale, part.row, part.qty) for part in first.lines[0].parts] == [("1", 3, 3)]
    assert why(second) == ["channels.freight_without_invoice_line"]


RETURNS = st.lists(
    st.tuples(st.booleans(), st.sampled_from("AB"), st.integers(1, 5), st.sampled_from(["1.00", "2.00"])),
    min_size=1,
    max_size=20,
)


@settings(max_examples=80, deadline=None)
@given(moves=RETURNS)
def test_no_sale_line_returns_more_than_it_sold_and_parts_sum_to_the_line(moves):
    found = documents(
        *(
            f"C{n} {sku} -{qty} {price} 5" if back else f"{n} {sku} {qty} {price} 5"
            for n, (back, sku, qty, price) in enumerate(moves)
        )
    )
    sold = {line.row: line for d in found if d.kind is DocumentKind.ORDER for line in d.lines}

    matches = match_returns(
        [d for d in found if d.kind is DocumentKind.RETURN], [d for d in found if d.kind is DocumentKind.ORDER]
    )

    taken: Counter[int] = Counter()
    for match in matches:
        for line in match.lines:
            if match.credited:
                assert sum(part.qty for part in line.parts) == line.qty
                for part in line.parts:
                    taken[part.row] += int(part.qty)
                    assert part.row < line.row
    assert all(qty <= sold[row].qty for row, qty in taken.items())


# the summary ------------------------------------------------------------------------------------------------------


def test_the_summary_counts_everything_and_sums_to_the_penny():
    items = read([*rows("1 A 5 2.50 5", "1 POST 1 3.00 5", "2 A -2 0.0 -", "C3 A -2 2.50 5", "C4 D -1 0.99 5"), "9,A"])
    found = [item for item in items if isinstance(item, Document)]
    matches = match_returns(
        [d for d in found if d.kind is DocumentKind.RETURN], [d for d in found if d.kind is DocumentKind.ORDER]
    )

    summary = summarise(items, matches, mapping())

    assert json.loads(json.dumps(summary)) == {
        "mapping": {"name": "UK retail invoices", "version": 1},
        "rows": 6, "rows_in_documents": 5, "documents": 4, "orders": 1, "adjustments": 1, "returns": 2, "credited": 1,
        "held": {"documents": 1, "lines": 1, "reasons": {"channels.discount_without_invoice_line": 1},
                 "reasons_by_document": {"channels.discount_without_invoice_line": 1}},
        "refused": {"rows": 1, "documents": 1, "reasons": {"channels.wrong_column_count": 1}},
        "money": {
            "currency": "GBP",
            "in": {"orders": {"documents": 1, "goods": "12.50", "charges": "3.00", "total": "15.50"}},
            "out": {"returns": {"documents": 2, "goods": "5.00", "charges": "0.99", "total": "5.99"},
                    "credited": {"documents": 1, "goods": "5.00", "charges": "0.00", "total": "5.00"},
                    "held": {"documents": 1, "goods": "0.00", "charges": "0.99", "total": "0.99"}},
            "net": "10.50"},
    }  # fmt: skip


# the real wholesaler ----------------------------------------------------------------------------------------------

SHARED = Path(os.environ.get("TRADEWIND_SHARED") or ROOT.parent / "shared")
WHOLESALER = SHARED / "samples/orders/online_retail_2010-12_2011-02.csv.gz"
real_file = pytest.mark.skipif(not WHOLESALER.exists(), reason="the shared samples are not here")


@pytest.fixture(scope="module")
def wholesaler() -> list[Document | Finding]:
    with gzip.open(WHOLESALER, "rt", encoding="utf-8", newline="") as lines:
        return read(lines)


def orders(items: Iterable[Document | Finding], kind: DocumentKind = DocumentKind.ORDER) -> list[Document]:
    return [item for item in items if isinstance(item, Document) and item.kind is kind]


@pytest.mark.samples
@real_file
def test_the_real_file_is_read_whole_and_sums_to_the_penny(wholesaler):
    pence: Counter[str] = Counter()
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    with gzip.open(WHOLESALER, "rt", encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    for row in table:
        pounds, _, part = row["UnitPrice"].partition(".")
        kind = "return" if row["InvoiceNo"][0] == "C" else "order" if int(row["Quantity"]) > 0 else "adjustment"
        numbers[kind].add(row["InvoiceNo"])
        pence[kind] += int(row["Quantity"]) * (int(pounds) * 100 + int(part.ljust(2, "0")))

    matches = match_returns(orders(wholesaler, DocumentKind.RETURN), orders(wholesaler))
    summary = summarise(wholesaler, matches, mapping())

    assert (len(table), pence["order"], pence["return"], pence["adjustment"]) == (105_335, 203_874_259, -23_172_266, 0)
    assert {kind: {d.number for d in orders(wholesaler, DocumentKind(kind))} for kind in numbers} == numbers
    assert (summary["rows"], summary["rows_in_documents"], summary["documents"]) == (105_335, 105_335, 4_894)
    assert (summary["orders"], summary["adjustments"], summary["returns"]) == (3_875, 214, 805)
    assert summary["refused"] == {"rows": 0, "documents": 0, "reasons": {}}
    assert summary["money"]["in"]["orders"]["total"] == "2038742.59"
    assert summary["money"]["out"]["returns"]["total"] == "231722.66"
    assert (summary["credited"], summary["held"]["documents"], summary["held"]["lines"]) == (415, 390, 828)
    assert summary["held"]["reasons"] == {
        "channels.discount_without_invoice_line": 13, "channels.fee_without_invoice_line": 16,
        "channels.freight_without_invoice_line": 17, "channels.manual_amount_without_invoice_line": 29,
        "channels.more_than_was_sold": 20, "channels.no_earlier_sale": 490, "channels.samples_without_invoice_line": 30,
        "channels.sold_after_the_return": 151, "channels.sold_at_another_price": 62}  # fmt: skip


@pytest.mark.samples
@real_file
def test_february_of_the_real_file_can_be_priced_from_lists_and_run_short(wholesaler):
    turn = datetime(2011, 2, 1, tzinfo=UTC)
    past = [d for d in orders(wholesaler) if d.at < turn]
    february = [item for item in wholesaler if isinstance(item, Document) and item.at >= turn]

    lists = learn_price_lists(past, cash_account="CASH")
    plan = plan_short_stock(february, seed=2011)

    compared = compare_prices(february, lists, cash_account="CASH")
    assert (compared.lines, compared.equal, compared.different, compared.unlisted) == (27_043, 23_212, 3_265, 566)
    assert (plan.lines, len(plan.short)) == (27_043, 1_352)
    assert plan.short == run_short(february, opening=plan.opening, receipts=plan.receipts)
    assert all(line.filled_at is not None and line.filled_at - line.at < timedelta(days=28) for line in plan.short)


@pytest.mark.samples
@real_file
def test_the_real_file_names_its_products_accounts_and_charges(wholesaler):
    found = master_data((item for item in wholesaler if isinstance(item, Document)), mapping())

    assert (len(found.products), len(found.accounts)) == (3_068, 1_750)
    assert [charge.code for charge in found.charges] == [
        "AMAZONFEE", "BANK CHARGES", "C2", "D", "DOT", "GIFT_0001_20", "GIFT_0001_30", "GIFT_0001_40", "GIFT_0001_50",
        "M", "POST", "S"]  # fmt: skip
    assert {p.sku: p.name for p in found.products}["DCGS0003"] == "BOXED GLASS ASHTRAY"


@pytest.mark.samples
@real_file
def test_the_real_file_tells_how_much_must_lie_on_the_shelf(wholesaler):
    found = [item for item in wholesaler if isinstance(item, Document)]
    matches = match_returns(orders(wholesaler, DocumentKind.RETURN), orders(wholesaler))

    assert sum(opening_stock(found).values()) == 1_063_355
    assert sum(opening_stock(found, credited={m.document for m in matches if m.credited}).values()) == 1_056_382


@pytest.mark.samples
@pytest.mark.slow
@real_file
def test_the_real_file_is_read_in_under_a_second_and_a_half():
    best = 99.0
    for _ in range(3):
        start = time.process_time()
        with gzip.open(WHOLESALER, "rt", encoding="utf-8", newline="") as lines:
            read(lines)
        best = min(best, time.process_time() - start)

    assert best < 1.5
