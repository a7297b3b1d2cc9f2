"""Where units are, what a cancel takes from where, and what the rest costs."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tradewind.orders.decide import (
    NotSoMany,
    approval_hash,
    move,
    plan_cut,
    price_of_rest,
    take_stock,
    tax_groups,
    taxes_of_rest,
)
from tradewind.orders.model import LinePrice, Quantities

D = Decimal
BUCKETS = ("open", "reserved", "allocated", "released", "shipped", "cancelled")
UNITS = st.integers(0, 30).map(D)

CUTS = """
open  reserved  allocated  released  shipped  cancelled  asked_before  wanted  now  asked  refused
10    0         0          0         0        0          0             4       4    0      0
10    0         0          0         0        0          0             all     10   0      0
0     10        0          0         0        0          0             all     10   0      0
2     3         5          0         0        0          0             7       7    0      0
2     0         0          8         0        0          0             5       2    3      0
2     0         0          8         0        0          4             all     2    4      0
2     0         0          8         0        0          4             8       2    4      2
0     0         0          0         10       0          0             all     0    0      10
4     0         0          3         3        0          0             all     4    3      3
0     0         0          0         0        10         0             all     0    0      0
0     0         0          0         0        10         0             1       0    0      1
"""


def rows(text: str) -> list[tuple[str, ...]]:
    return [tuple(line.split()) for line in text.strip().splitlines()[1:]]


@pytest.mark.parametrize("row", rows(CUTS), ids=" ".join)
def test_a_cancel_takes_what_is_free_asks_for_what_is_released_and_refuses_what_was_shipped(row):
    units = dict(zip(BUCKETS, map(D, row[:6]), strict=True))
    line = Quantities(ordered=sum(units.values(), D(0)), **units)

    cut = plan_cut(line, None if row[7] == "all" else D(row[7]), asked_before=D(row[6]))

    assert (cut.now, cut.asked, cut.refused) == tuple(map(D, row[8:]))


@given(st.tuples(*[UNITS] * 6), st.one_of(st.none(), UNITS), UNITS)
def test_a_cut_is_never_more_than_the_wish_nor_than_there_is(units, wanted, asked_before):
    line = Quantities(sum(units, D(0)), *units)

    cut = plan_cut(line, wanted, asked_before=min(asked_before, line.released))

    if wanted is not None:
        assert cut.now + cut.asked + cut.refused == wanted
    assert 0 <= cut.now <= line.open + line.reserved + line.allocated
    assert 0 <= cut.asked <= line.released
    assert cut.refused >= 0


@given(st.tuples(*[UNITS] * 6), st.sampled_from(BUCKETS), st.sampled_from(BUCKETS), UNITS, st.booleans())
def test_moving_units_keeps_every_unit_in_one_bucket(units, source, target, qty, waiting):
    line = Quantities(sum(units, D(0)), *units, backordered=units[0] if waiting else D(0))
    assume(source != target)

    if qty > getattr(line, source):
        with pytest.raises(NotSoMany):
            move(line, qty, source=source, target=target)
        return
    moved = move(line, qty, source=source, target=target)

    assert moved.adds_up()
    assert getattr(moved, target) == getattr(line, target) + qty


@given(UNITS, UNITS, st.booleans())
def test_taking_stock_leaves_the_rest_waiting(open_, qty, firm):
    assume(qty <= open_)

    taken = take_stock(Quantities(open_, open=open_), qty, firm=firm, backorder=True)

    assert taken.adds_up()
    assert (taken.allocated if firm else taken.reserved) == qty
    assert taken.backordered == open_ - qty


PRICES = """
unit_price  basis  qty   net      allowance  before  after  rest  expected_net  expected_allowance
3.333       1      10    33.33    0          10      4      4     13.33         0
3.333       1      10    33.33    0          10      0      0     0.00          0.00
0.125       100    1000  1.25     0          1000    300    300   0.38          0
12.34       1      10    111.06   12.34      10      5      5     55.53         6.17
12.34       1      10    111.06   12.34      10      3      3     33.32         3.70
10          1      2     25.00    -5.00      24      12     1     12.50         -2.50
"""


@pytest.mark.parametrize("row", rows(PRICES), ids=" ".join)
def test_the_rest_of_a_line_keeps_its_unit_price_and_its_share_of_the_allowance(row):
    unit, basis, qty, net, allowance, before, after, rest, expected, left = map(D, row)
    price = LinePrice(unit, basis, "EA", net, None, "", qty, allowance)

    found = price_of_rest(price, before=before, after=after, qty=rest, digits=2)

    assert (found.net, found.allowance, found.qty, found.unit_price) == (expected, left, rest, unit)


def test_a_line_without_a_price_has_none_afterwards():
    price = LinePrice(D(0), D(1), "", D(0), None, None)

    assert price_of_rest(price, before=D(5), after=D(2), qty=D(2), digits=2) == price


NETS = st.lists(
    st.tuples(
        st.sampled_from(["S", "AE"]),
        st.sampled_from([D(0), D(7), D(19)]),
        st.integers(0, 9999).map(lambda n: D(n) / 100),
    ),
    min_size=1,
    max_size=8,
)


@given(NETS, st.sampled_from(["per_line", "per_tax_group"]))
def test_the_taxes_of_the_rest_follow_the_orders_rounding_rule(parts, rounding):
    taxes = taxes_of_rest(parts, rounding=rounding, digits=2)

    groups = tax_groups(parts, taxes)
    for group in groups:
        of_group = [
            (net, tax)
            for (category, rate, net), tax in zip(parts, taxes, strict=True)
            if (category, str(rate)) == (group["category"], group["rate"])
        ]
        base = sum((net for net, _ in of_group), D(0))
        whole = (base * D(group["rate"]) / 100).quantize(D("0.01"), "ROUND_HALF_UP")
        each = sum(((net * D(group["rate"]) / 100).quantize(D("0.01"), "ROUND_HALF_UP") for net, _ in of_group), D(0))
        assert D(group["base"]) == base
        assert D(group["tax"]) == sum((tax for _, tax in of_group), D(0)) == (each if rounding == "per_line" else whole)


def test_what_an_approval_binds_to_is_what_lives() -> None:
    def hashed(*cut: tuple[int, str]) -> bytes:
        return approval_hash(
            b"says", prices=[D("2.50"), D(1)], terms="NET30", cut=[(no, D(units)) for no, units in cut]
        )

    whole = approval_hash(b"says", prices=[D("2.5"), D("1.00")], terms="NET30")

    assert hashed((1, "0"), (2, "0")) == whole
    assert hashed((1, "10")) == hashed((1, "10.000"))
    assert len({whole, hashed((1, "10")), hashed((1, "1")), hashed((2, "10")), hashed((1, "10"), (2, "10"))}) == 5
