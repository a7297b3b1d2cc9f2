"""What a count means, what a receipt is kept for, and which goods on their way give a promise."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.inventory.decide import promise_from_inbound, read_arrival, read_count
from tradewind.inventory.model import Inbound, StockRow
from tradewind.semantics.model import Demand

CUP, NORTH, SOUTH = UUID(int=1), UUID(int=11), UUID(int=12)
START = datetime(2026, 3, 2, tzinfo=UTC)
AMOUNTS = st.decimals(0, 1000, places=2)

COUNTS = """
counted  moved_since  on_hand  committed  safety  adjustment  shortage
100      0            100      20         0       0           0
97       0            100      20         0       -3          0
97       -5           92       20         0       0           0
97       10           107      20         0       0           0
10       0            100      20         0       -90         10
20       0            100      20         5       -80         5
0        0            5        5          0       -5          5
3        -10          50       0          0       -50         0
0        0            0        0          10      0           0
"""
ARRIVALS = """
qty  due  waiting  earmarked  kept
10   0    0        0          0
10   0    4        0          4
10   0    40       0          10
10   0    4        4          0
10   0    4        9          0
10   3    4        4          3
10   10   10       10         10
"""


def table(text: str) -> list[tuple[Decimal, ...]]:
    return [tuple(map(Decimal, line.split())) for line in text.strip().splitlines()[1:]]


@pytest.mark.parametrize("row", table(COUNTS), ids=str)
def test_a_count_adjusts_by_what_did_not_move_and_opens_a_shortage(row):
    counted, moved, on_hand, committed, safety, adjustment, shortage = row

    found = read_count(counted, moved_since=moved, on_hand=on_hand, committed=committed, safety=safety)

    assert (found.adjustment, found.shortage) == (adjustment, shortage)


@given(counted=AMOUNTS, moved=st.decimals(-500, 500, places=2), on_hand=AMOUNTS, committed=AMOUNTS, safety=AMOUNTS)
def test_after_a_count_nothing_is_negative_and_every_commitment_is_covered_or_short(
    counted, moved, on_hand, committed, safety
):
    found = read_count(counted, moved_since=moved, on_hand=on_hand, committed=committed, safety=safety)

    after = on_hand + found.adjustment
    assert after >= 0
    assert found.shortage >= 0
    assert committed <= max(after - safety, Decimal(0)) + found.shortage


@pytest.mark.parametrize("row", table(ARRIVALS), ids=str)
def test_goods_that_come_in_are_kept_for_those_who_wait(row):
    qty, due, waiting, earmarked, kept = row

    assert read_arrival(qty, due=due, waiting=waiting, earmarked=earmarked).earmarked == kept


@given(qty=AMOUNTS, due=AMOUNTS, waiting=AMOUNTS, earmarked=AMOUNTS)
def test_never_more_is_kept_than_came_in_and_never_less_than_is_due(qty, due, waiting, earmarked):
    kept = read_arrival(qty, due=due, waiting=waiting, earmarked=earmarked).earmarked

    assert min(qty, due) <= kept <= qty


@pytest.mark.parametrize(
    ("row", "available", "for_backorders"),
    [
        (("100", "10", "20", "0", "5", "15"), "50", "65"),
        (("100", "60", "40", "0", "0", "0"), "0", "0"),
        (("10", "0", "15", "5", "0", "0"), "0", "0"),
        (("3", "0", "0", "0", "5", "0"), "0", "0"),
        (("20", "0", "0", "0", "0", "30"), "0", "20"),
    ],
)
def test_what_is_available_leaves_out_safety_and_what_is_kept_for_waiting_orders(row, available, for_backorders):
    found = StockRow(CUP, NORTH, *map(Decimal, row))

    assert (found.available, found.for_backorders) == (Decimal(available), Decimal(for_backorders))


def supply(number: int, free: str, days: int, site: UUID = NORTH) -> Inbound:
    return Inbound(UUID(int=100 + number), CUP, site, Decimal(free), START + timedelta(days=days))


def demand(number: int, qty: str, *sites: UUID) -> Demand:
    return Demand(UUID(int=number), 1, CUP, Decimal(qty), sites or (NORTH,))


def test_promises_come_from_the_earliest_supply_of_a_site_that_may_ship_each_unit_once():
    inbound = {CUP: [supply(1, "5", 9), supply(2, "4", 3), supply(3, "50", 1, SOUTH), supply(4, "-7", 2)]}

    takes = promise_from_inbound([demand(1, "6"), demand(2, "10"), demand(3, "1", SOUTH)], inbound)

    assert [(take.order_id.int, take.supply_id and take.supply_id.int - 100, take.qty) for take in takes] == [
        (1, 2, 4),
        (1, 1, 2),
        (2, 1, 3),
        (3, 3, 1),
    ]


@given(
    frees=st.lists(st.integers(-5, 20), max_size=6),
    needs=st.lists(st.integers(1, 20), max_size=6),
)
def test_no_unit_is_promised_twice_and_nobody_gets_more_than_asked(frees, needs):
    inbound = {CUP: [supply(number, str(free), number % 3) for number, free in enumerate(frees)]}

    takes = promise_from_inbound([demand(number, str(qty)) for number, qty in enumerate(needs)], inbound)

    for one in inbound[CUP]:
        given_ = sum(take.qty for take in takes if take.supply_id == one.supply_id)
        assert given_ <= max(one.free, 0)
    for number, qty in enumerate(needs):
        assert sum(take.qty for take in takes if take.order_id.int == number) <= qty
