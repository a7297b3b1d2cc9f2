"""Receipts, counts and adjustments: what each changes, refuses, and says on the log."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shop import Shop
from tradewind.desk.stock import (
    Adjustment,
    Count,
    Observed,
    Receipt,
    Received,
    adjust_stock,
    observe_stock,
    receive_goods,
)
from tradewind.desk.supply import Expectation, expect_supply
from tradewind.kernel.problem import Problem

D = Decimal


def receive(shop: Shop, *receipts: Receipt) -> list[Any]:
    return shop.database.write(lambda tx: receive_goods(tx, receipts))


def count(shop: Shop, qty: str, *, hours_ago: int = 0, sku: str = "CUP", source: str = "count") -> Any:
    seen = Count("N", sku, D(qty), shop.clock.at - timedelta(hours=hours_ago), source=source)
    (answer,) = shop.database.write(lambda tx: observe_stock(tx, [seen]))
    return answer


def adjust(shop: Shop, qty: str) -> Any:
    (answer,) = shop.database.write(lambda tx: adjust_stock(tx, [Adjustment("N", "CUP", D(qty), "found")]))
    return answer


def row(shop: Shop) -> tuple[Decimal, ...]:
    """On hand, allocated, earmarked and shortage of cups at N."""
    return shop.one(
        "select on_hand, allocated, earmarked, shortage from stock where product_id = %s and site_id = %s",
        [shop.id["cup"], shop.id["north"]],
    )


def codes(answers: list[Any]) -> list[str]:
    return [one.code if isinstance(one, Problem) else "" for one in answers]


def test_what_comes_in_is_on_hand_in_the_ledger_and_on_the_log(shop):
    answers = receive(shop, Receipt("N", "CUP", D(2), "CS"), Receipt("S", "CUP", D(5)), Receipt("N", "CUP", D(1)))

    assert [answer.on_hand for answer in answers] == [124, 5, 125]
    assert shop.all("select qty, reference_type from stock_move where kind = 'receipt' order by qty") == [
        (1, "receipt"),
        (5, "receipt"),
        (24, "receipt"),
    ]
    said = shop.all("select subject_id, payload ->> 'site', payload ->> 'qty' from event where type = 'stock.received'")
    assert sorted((site, qty) for _, site, qty in said) == [("N", "25"), ("S", "5")]
    assert {subject for subject, _, _ in said} == {shop.id["cup"]}


def test_a_receipt_locks_no_order(shop):
    order = shop.order(("CUP", "120"))

    def while_locked(tx):
        tx.rows("select id from sales_order where id = %s for update", [order])
        tx.rows("select id from stream_instance for update")
        return receive(shop, Receipt("N", "CUP", D(30)))

    (answer,) = shop.database.write(while_locked)
    assert isinstance(answer, Received)
    assert answer.earmarked == 20


def test_what_cannot_be_received_falls_out_alone_with_its_place(shop):
    expected = Expectation("PO-1", "N", "CUP", D(5), shop.clock.at)
    shop.database.write(lambda tx: expect_supply(tx, [expected, Expectation("PO-2", "N", "CUP", D(5), shop.clock.at)]))
    receive(shop, Receipt("N", "CUP", D(5), supply="PO-2"))
    later = shop.clock.at + timedelta(seconds=1)

    answers = receive(
        shop,
        Receipt("N", "CUP", D(1)),
        Receipt("X", "CUP", D(1)),
        Receipt("N", "NIX", D(1)),
        Receipt("N", "ENGRAVE", D(1)),
        Receipt("N", "CUP", D(1), "PALLET"),
        Receipt("N", "CUP", D("0.5")),
        Receipt("N", "CUP", D(-1)),
        Receipt("N", "CUP", D("NaN")),
        Receipt("N", "CUP", D(1), supply="PO-9"),
        Receipt("N", "CUP", D(1), supply="PO-2"),
        Receipt("N", "CUP", D(1), as_of=later),
    )

    assert codes(answers) == [
        "",
        "inventory.unknown_site",
        "inventory.unknown_product",
        "inventory.unknown_product",
        "inventory.unknown_unit",
        "quantity.inexact",
        "inventory.bad_quantity",
        "inventory.bad_quantity",
        "inventory.unknown_supply",
        "inventory.supply_closed",
        "inventory.in_the_future",
    ]
    assert answers[5].where == "/5/qty"
    assert row(shop)[0] == 106


def test_goods_are_not_expected_at_the_end_of_time(shop):
    dates = [datetime(9999, 12, 31, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC)]
    wanted = [Expectation(f"PO-{at.year}", "N", "CUP", D(5), at) for at in dates]

    answers = shop.database.write(lambda tx: expect_supply(tx, wanted))

    assert codes(answers) == ["inventory.bad_date", ""]
    assert answers[0].where == "/0/expected_at"


def test_more_than_was_expected_is_received_and_raises_the_supply(shop):
    expected = Expectation("PO-1", "N", "CUP", D(5), shop.clock.at)
    shop.database.write(lambda tx: expect_supply(tx, [expected]))

    receive(shop, Receipt("N", "CUP", D(4), supply="PO-1"))
    assert shop.one("select qty, received, status from inbound_supply") == (5, 4, "open")

    receive(shop, Receipt("N", "CUP", D(4), supply="PO-1"))
    assert shop.one("select qty, received, status from inbound_supply") == (8, 8, "received")


def test_movements_after_a_count_are_kept(shop):
    shop.wait(hours=10)
    receive(shop, Receipt("N", "CUP", D(7)))

    answer = count(shop, "98", hours_ago=2)

    assert (answer.adjusted_by, answer.on_hand, answer.shortage) == (-2, 105, 0)
    assert row(shop) == (105, 0, 0, 0)
    assert shop.one("select qty, adjusted_by from stock_observation") == (98, -2)


def test_a_late_count_is_recorded_and_changes_nothing(shop):
    shop.wait(hours=10)
    count(shop, "90", hours_ago=1)

    late = count(shop, "50", hours_ago=5)

    assert isinstance(late, Observed)
    assert (late.adjusted_by, late.on_hand) == (0, 90)
    assert [problem.code for problem in late.findings] == ["inventory.late_observation"]
    assert shop.all("select qty, adjusted_by from stock_observation order by qty") == [(50, 0), (90, -10)]


def test_the_same_count_again_changes_nothing_and_is_not_recorded_twice(shop):
    shop.wait(hours=10)
    count(shop, "90", hours_ago=1)
    receive(shop, Receipt("N", "CUP", D(3)))

    again = count(shop, "90", hours_ago=1)

    assert (again.adjusted_by, again.on_hand) == (0, 93)
    assert shop.one("select count(*) from stock_observation") == (1,)


def test_a_count_below_what_was_promised_is_an_explicit_shortage_that_heals(shop):
    shop.order(("CUP", "80"))

    assert count(shop, "50").shortage == 30
    assert row(shop) == (50, 80, 0, 30)
    shop.verify()

    receive(shop, Receipt("N", "CUP", D(12)))
    assert row(shop) == (62, 80, 0, 18)
    receive(shop, Receipt("N", "CUP", D(30)))
    assert row(shop) == (92, 80, 0, 0)
    assert shop.one("select payload ->> 'shortage' from event where type = 'stock.observed'") == ("30",)


def test_counts_of_one_batch_are_taken_in_by_their_time(shop):
    shop.wait(hours=10)
    now = shop.clock.at
    seen = [
        Count("N", "CUP", D(70), now - timedelta(hours=1)),
        Count("N", "CUP", D(90), now - timedelta(hours=5)),
        Count("N", "CUP", D(10), now + timedelta(hours=1)),
        Count("N", "CUP", D(-1), now),
    ]

    answers = shop.database.write(lambda tx: observe_stock(tx, seen))

    assert [one.adjusted_by for one in answers[:2]] == [-20, -10]
    assert codes(answers[2:]) == ["inventory.in_the_future", "inventory.bad_quantity"]
    assert row(shop)[0] == 70


def test_an_adjustment_takes_no_more_than_is_there(shop):
    shop.order(("CUP", "60"))

    assert codes([adjust(shop, "-101")]) == ["inventory.not_so_many"]
    assert adjust(shop, "-70").shortage == 30
    assert adjust(shop, "40").shortage == 0
    assert row(shop) == (70, 60, 0, 0)


@pytest.mark.parametrize("change", [receive, count])
def test_goods_that_nobody_waits_for_are_free_at_once(shop, change):
    if change is receive:
        receive(shop, Receipt("N", "CUP", D(20)))
    else:
        count(shop, "120")

    order = shop.order(("CUP", "120"))

    assert row(shop) == (120, 120, 0, 0)
    assert shop.one("select qty_open from order_line where order_id = %s", [order]) == (0,)


def counted_row(shop: Shop) -> tuple[Decimal, Decimal]:
    """On hand of cups at N, and what their moves add up to."""
    moves = shop.one(
        "select sum(qty) from stock_move where product_id = %s and site_id = %s", [shop.id["cup"], shop.id["north"]]
    )
    return row(shop)[0], moves[0]


def test_goods_that_came_before_the_count_and_are_booked_after_it_are_counted_once(shop):
    came = shop.clock.at + timedelta(hours=1)
    shop.wait(hours=2)
    assert count(shop, "110").adjusted_by == 10
    shop.wait(hours=1)

    late, new = receive(shop, Receipt("N", "CUP", D(10), as_of=came), Receipt("N", "CUP", D(3)))

    assert (late.qty, late.on_hand, new.on_hand) == (10, 110, 113)
    assert counted_row(shop) == (113, 113)
    assert shop.all(
        "select kind, qty, as_of = %s, reason from stock_move where as_of = %s order by qty", [came] * 2
    ) == [
        ("adjustment", -10, True, "receipt was in the count of 2026-03-02T11:00:00+00:00"),
        ("receipt", 10, True, None),
    ]
    assert count(shop, "113").adjusted_by == 0


@pytest.mark.parametrize(("minutes", "on_hand"), [(-1, 110), (0, 110), (1, 120)])
def test_only_what_came_after_the_count_is_added_to_it(shop, minutes, on_hand):
    shop.wait(hours=2)
    count(shop, "110", hours_ago=1)
    came = shop.clock.at + timedelta(hours=-1, minutes=minutes)

    (answer,) = receive(shop, Receipt("N", "CUP", D(10), as_of=came))

    assert answer.on_hand == on_hand
    assert counted_row(shop) == (on_hand, on_hand)


def test_a_supply_that_came_before_the_count_is_received_all_the_same(shop):
    wanted = Expectation("PO-1", "N", "CUP", D(10), shop.clock.at + timedelta(hours=1))
    shop.database.write(lambda tx: expect_supply(tx, [wanted]))
    shop.wait(hours=2)
    count(shop, "110")

    receive(shop, Receipt("N", "CUP", D(10), supply="PO-1", as_of=wanted.expected_at))

    assert shop.one("select status, received from inbound_supply") == ("received", 10)
    assert counted_row(shop) == (110, 110)


def test_goods_that_had_gone_before_the_count_and_are_booked_after_it_leave_once(shop):
    (shipment,) = shop.shipments(shop.order(("CUP", "10")))
    went = shop.clock.at + timedelta(hours=1)
    shop.wait(hours=2)
    assert count(shop, "90").adjusted_by == -10
    shop.wait(hours=1)

    shop.ship(shipment, shipped_at=went.isoformat())

    assert row(shop) == (90, 0, 0, 0)
    assert counted_row(shop) == (90, 90)
    assert shop.all("select kind, qty, reason from stock_move where as_of = %s order by qty", [went]) == [
        ("ship", -10, None),
        ("adjustment", 10, "ship was in the count of 2026-03-02T11:00:00+00:00"),
    ]
