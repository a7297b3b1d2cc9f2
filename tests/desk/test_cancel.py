"""Every place a unit can be in, and what a cancel does there: stock, promise, headroom and money go back exactly."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shop import START, Shop
from tradewind.desk.cancel import Cancelled, CancelRequest, LineWish, cancel_orders
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.stock import Receipt, receive_goods
from tradewind.desk.supply import Expectation, expect_supply
from tradewind.streams.backorders import BackorderCrank

UNITS = """
select qty_open, qty_reserved, qty_allocated, qty_released, qty_shipped, qty_cancelled from order_line
where order_id = %s order by line_no
"""


def cancel(shop: Shop, order: UUID, *lines: tuple[int, str | None], reason: str = "changed their mind") -> Cancelled:
    wishes = tuple(LineWish(line_no, qty and Decimal(qty)) for line_no, qty in lines)
    (answer,) = shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(order, reason, wishes)]))
    shop.turn()
    return answer


def units(shop: Shop, order: UUID) -> list[tuple[int, ...]]:
    """Open, reserved, allocated, released, shipped and cancelled units of each line."""
    return [tuple(int(qty) for qty in row) for row in shop.all(UNITS, [order])]


def codes(answer: Cancelled) -> list[str]:
    return [problem.code for problem in answer.problems]


def expect(shop: Shop, sku: str, qty: str, days: int) -> None:
    wanted = Expectation("PO-1", "N", sku, Decimal(qty), START + timedelta(days=days))
    shop.database.write(lambda tx: expect_supply(tx, [wanted]))


def stock(shop: Shop, sku: str = "cup") -> tuple[int, ...]:
    """On hand, reserved and allocated at N."""
    return tuple(
        int(qty)
        for qty in shop.one(
            "select on_hand, reserved, allocated from stock where product_id = %s and site_id = %s",
            [shop.id[sku], shop.id["north"]],
        )
    )


def credit(shop: Shop) -> Decimal:
    return Decimal(shop.one("select open_orders from credit_node")[0])


def waiting(shop: Shop, order: UUID) -> list[tuple[str, str]]:
    """Live instances of the order."""
    return shop.all(
        "select stream, status from stream_instance where subject_id = %s and status in ('running', 'incident')",
        [order],
    )


def later(shop: Shop) -> Any:
    return shop.clock.at + timedelta(days=3)


def test_allocated_units_go_back_to_the_shelf_and_the_order_ends(shop):
    order = shop.order(("CUP", "10"), ("TEA", "3"), charges=(("FREIGHT", "7.50"),), requested=later(shop))
    assert units(shop, order) == [(0, 0, 10, 0, 0, 0), (0, 0, 3, 0, 0, 0)]

    answer = cancel(shop, order)

    assert (answer.status, answer.total, codes(answer)) == ("cancelled", 0, [])
    assert answer.cancelled == {1: 10, 2: 3}
    assert units(shop, order) == [(0, 0, 0, 0, 0, 10), (0, 0, 0, 0, 0, 3)]
    assert stock(shop) == (100, 0, 0)
    assert credit(shop) == 0
    assert shop.one("select total, credit_taken, version from sales_order") == (0, 0, 2)
    shop.wait(days=4)
    shop.turn()
    assert waiting(shop, order) == []
    assert shop.one("select count(*) from shipment") == (0,)


def test_open_units_are_cancelled_and_nobody_waits_for_them_any_more(shop):
    order = shop.order(("CUP", "120"))
    assert units(shop, order) == [(20, 0, 0, 100, 0, 0)]

    answer = cancel(shop, order, (1, "20"))

    assert (answer.cancelled, answer.asked_back, answer.status) == ({1: 20}, {}, "released")
    assert units(shop, order) == [(0, 0, 0, 100, 0, 20)]
    # 100 x 3.333 = 333.30, tax 63.33
    assert (answer.total, credit(shop)) == (Decimal("396.63"), Decimal("396.63"))
    assert waiting(shop, order) == []


def test_a_promise_goes_back_to_the_supply(shop):
    expect(shop, "CUP", "50", 5)
    order = shop.order(("CUP", "130"))
    assert shop.one("select promised from inbound_supply") == (30,)

    cancel(shop, order, (1, "10"))

    assert shop.one("select promised from inbound_supply") == (20,)
    assert shop.one(
        "select sum((p ->> 'qty')::numeric) from order_line l, jsonb_array_elements(l.promise::jsonb) p"
    ) == (120,)


def test_softly_reserved_units_of_a_held_order_go_back(shop):
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 10"))
    order = shop.order(("CUP", "10"))
    assert (shop.status(order), units(shop, order)) == ("held", [(0, 10, 0, 0, 0, 0)])

    answer = cancel(shop, order)

    assert (answer.status, stock(shop), credit(shop)) == ("cancelled", (100, 0, 0), 0)
    assert shop.one("select count(*) from order_hold where released_at is null") == (0,)
    assert waiting(shop, order) == []


def test_less_of_a_held_order_may_fit_its_limit(shop):
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 20"))
    order = shop.order(("CUP", "10"))
    assert shop.status(order) == "held"

    cancel(shop, order, (1, "6"))

    # 4 x 3.333 = 13.33, tax 2.53
    assert (shop.status(order), credit(shop)) == ("released", Decimal("15.86"))
    assert units(shop, order) == [(0, 0, 0, 4, 0, 6)]


def test_an_order_that_waits_for_approval_is_cancelled_and_its_task_goes(shop):
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    order = shop.order(("CUP", "10"))
    assert shop.one("select count(*) from user_task where status = 'open'") == (1,)

    assert cancel(shop, order).status == "cancelled"

    assert shop.one("select status, outcome from user_task") == ("done", {"cancelled": True})
    assert waiting(shop, order) == []


def test_units_at_the_warehouse_are_asked_back_and_cancelled_when_they_come_back(shop):
    order = shop.order(("CUP", "10"))
    (shipment,) = shop.shipments(order)

    answer = cancel(shop, order, (1, "4"))
    assert (answer.cancelled, answer.asked_back, answer.status) == ({}, {1: 4}, "released")
    assert units(shop, order) == [(0, 0, 0, 10, 0, 0)]
    assert shop.one("select kind, destination, payload ->> 'qty' from delivery") == (
        "shipment.cancel_requested",
        "warehouse:N",
        "4",
    )

    shop.ship(shipment, lines=[{"line": 1, "shipped": "6", "short": "4"}])
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()

    assert units(shop, order) == [(0, 0, 0, 0, 6, 4)]
    assert shop.status(order) == "shipped"
    assert stock(shop) == (94, 0, 0)
    assert shop.one("select total, credit_taken from sales_order") == (Decimal("23.80"), 0)
    assert shop.one("select total from invoice") == (Decimal("23.80"),)
    assert waiting(shop, order) == []


def test_asking_back_more_asks_for_the_total_from_the_latest_shipment_on(shop):
    order = shop.order(("CUP", "105"))
    shop.database.write(lambda tx: receive_goods(tx, [Receipt("N", "CUP", Decimal(5))]))
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()
    first, second = (
        row[0] for row in shop.all("select number from shipment where order_id = %s order by number", [order])
    )
    assert units(shop, order) == [(0, 0, 0, 105, 0, 0)]

    cancel(shop, order, (1, "5"))
    cancel(shop, order, (1, "5"))

    said = shop.all(
        "select payload ->> 'shipment', payload ->> 'qty' from event where type = 'shipment.cancel_requested' order by seq"
    )
    assert said == [(second, "5"), (second, "5"), (first, "5")]
    assert shop.one("select detail ->> 'qty' from order_hold where released_at is null") == ("10",)


def in_two_shipments(shop: Shop) -> tuple[UUID, UUID, UUID]:
    """105 cups: a hundred at the warehouse first, five later."""
    order = shop.order(("CUP", "105"))
    shop.database.write(lambda tx: receive_goods(tx, [Receipt("N", "CUP", Decimal(5))]))
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()
    first, second = (row[0] for row in shop.all("select id from shipment where order_id = %s order by number", [order]))
    return order, first, second


REQUESTS = "select detail ->> 'qty' from order_hold where released_at is null"


def test_a_request_is_over_when_the_shipment_that_was_asked_went_out(shop):
    order, _, second = in_two_shipments(shop)
    cancel(shop, order, (1, "5"))

    shop.ship(second)
    BackorderCrank(shop.database).turn_until_idle()

    assert units(shop, order) == [(0, 0, 0, 100, 5, 0)]
    said = shop.one("select payload from event where type = 'order.cancel_refused'")[0]
    assert (said["code"], said["quantities"]) == ("fulfilment.already_shipped", {"1": "5"})
    assert shop.all(REQUESTS) == []


def test_a_request_goes_on_when_another_shipment_went_out(shop):
    order, first, second = in_two_shipments(shop)
    cancel(shop, order, (1, "5"))

    shop.ship(first)
    BackorderCrank(shop.database).turn_until_idle()
    assert shop.all(REQUESTS) == [("5",)]
    shop.ship(second, outcome="cancelled")
    BackorderCrank(shop.database).turn_until_idle()

    assert units(shop, order) == [(0, 0, 0, 0, 100, 5)]
    assert shop.all(REQUESTS) == []


def test_a_request_of_two_shipments_is_settled_one_by_one(shop):
    order, first, second = in_two_shipments(shop)
    cancel(shop, order, (1, "9"))

    shop.ship(second, outcome="cancelled")
    BackorderCrank(shop.database).turn_until_idle()
    assert units(shop, order) == [(0, 0, 0, 100, 0, 5)]
    assert shop.all(REQUESTS) == [("4",)]
    shop.ship(first)
    BackorderCrank(shop.database).turn_until_idle()

    assert units(shop, order) == [(0, 0, 0, 0, 100, 5)]
    assert shop.all(REQUESTS) == []


def test_a_warehouse_that_ships_first_wins_and_the_loser_is_told(shop):
    order = shop.order(("CUP", "10"))
    (shipment,) = shop.shipments(order)
    cancel(shop, order)

    shop.ship(shipment)
    BackorderCrank(shop.database).turn_until_idle()

    assert units(shop, order) == [(0, 0, 0, 0, 10, 0)]
    said = shop.one("select payload from event where type = 'order.cancel_refused'")[0]
    assert (said["code"], said["quantities"]) == ("fulfilment.already_shipped", {"1": "10"})
    assert shop.one("select count(*) from order_hold where released_at is null") == (0,)


def test_a_shipment_that_is_cancelled_by_the_warehouse_ends_the_order(shop):
    order = shop.order(("CUP", "10"))
    (shipment,) = shop.shipments(order)
    cancel(shop, order)

    shop.ship(shipment, outcome="cancelled")
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()

    assert (shop.status(order), stock(shop), credit(shop)) == ("cancelled", (100, 0, 0), 0)
    assert waiting(shop, order) == []


def test_what_was_shipped_is_refused_with_its_place_and_the_rest_is_cancelled(shop):
    order = shop.order(("CUP", "120"), ("TEA", "2"))
    (shipment,) = shop.shipments(order)
    shop.ship(shipment)
    assert units(shop, order) == [(20, 0, 0, 0, 100, 0), (0, 0, 0, 0, 2, 0)]

    answer = cancel(shop, order)

    assert [(problem.code, problem.where) for problem in answer.problems] == [
        ("fulfilment.already_shipped", "/lines/0"),
        ("fulfilment.already_shipped", "/lines/1"),
    ]
    assert (answer.cancelled, answer.status) == ({1: 20}, "shipped")
    assert answer.total == shop.one("select sum(total) from invoice")[0]
    assert credit(shop) == 0
    assert waiting(shop, order) == []


def test_more_than_is_left_is_refused_and_nothing_changes(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))

    answer = cancel(shop, order, (1, "11"), (7, "1"))

    assert codes(answer) == ["orders.not_so_many", "orders.unknown_line"]
    assert units(shop, order) == [(0, 0, 10, 0, 0, 0)]
    assert shop.one("select version, (select count(*) from event where type = 'order.cancelled') from sales_order") == (
        1,
        0,
    )


def test_a_second_cancel_finds_nothing(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    cancel(shop, order)

    assert codes(cancel(shop, order)) == ["orders.nothing_to_cancel"]
    assert codes(cancel(shop, UUID(int=5))) == ["orders.unknown_order"]


def test_asking_twice_for_units_at_the_warehouse_asks_for_both(shop):
    order = shop.order(("CUP", "10"))

    assert cancel(shop, order, (1, "4")).asked_back == {1: 4}
    assert cancel(shop, order, (1, "3")).asked_back == {1: 3}
    assert codes(cancel(shop, order, (1, "4"))) == ["orders.not_so_many"]

    assert shop.one("select detail ->> 'qty' from order_hold where released_at is null") == ("7",)


def test_cases_are_cancelled_in_cases(shop):
    draft_lines = [("CUP", "24")]
    order = shop.order(*draft_lines, requested=later(shop))
    shop.database.write(lambda tx: tx.run("update order_line set qty = 2, uom = 'CS', factor_num = 12"))

    answer = cancel(shop, order, (1, "1"))

    assert (answer.cancelled, units(shop, order)) == ({1: 12}, [(0, 0, 12, 0, 0, 12)])


def test_an_order_that_ships_complete_goes_when_what_was_missing_is_cancelled(shop):
    order = shop.order(("CUP", "10"), ("TEA", "120"), ship_policy="ship_complete")
    assert shop.shipments(order) == []

    cancel(shop, order, (2, "20"))

    assert len(shop.shipments(order)) == 1
    assert units(shop, order) == [(0, 0, 0, 10, 0, 0), (0, 0, 0, 100, 0, 20)]


def test_freed_goods_go_to_the_next_who_waits(shop):
    first = shop.order(("CUP", "100"), requested=later(shop))
    second = shop.order(("CUP", "30"), account="BELA")

    cancel(shop, first, (1, "40"))
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()

    assert units(shop, second) == [(0, 0, 0, 30, 0, 0)]


def test_the_last_units_cancelled_after_everything_was_paid_close_the_order(shop):
    order = shop.order(("CUP", "120"))
    (shipment,) = shop.shipments(order)
    shop.ship(shipment)
    pay_all(shop)
    assert shop.status(order) == "part_shipped"

    assert cancel(shop, order, (1, None)).status == "closed"


def pay_all(shop: Shop) -> None:
    total = shop.one("select total from invoice")[0]
    shop.database.write(lambda tx: record_payments(tx, [Received("ALMA", total, "EUR")]))
    shop.turn()


def test_an_allowance_is_worth_what_was_billed_of_it_when_the_rest_is_cancelled(shop):
    order = shop.order(("CUP", "120"), charges=(("FREIGHT", "5"), ("BONUS", "-60")))
    (shipment,) = shop.shipments(order)
    shop.ship(shipment)

    answer = cancel(shop, order)

    # 100 of 120 were billed: 333.30 of 399.96, freight, and 50 of the bonus; tax 19 % of 288.30
    assert shop.one("select net_total, charge_total, tax_total, total from invoice") == tuple(
        map(Decimal, ("333.30", "-45", "54.78", "343.08"))
    )
    assert shop.one("select net_total, charge_total, tax_total, total from sales_order") == tuple(
        map(Decimal, ("333.30", "-45", "54.78", "343.08"))
    )
    assert (answer.status, credit(shop)) == ("shipped", 0)


def test_what_is_shipped_after_a_cancel_is_billed_to_the_cent(shop):
    order = shop.order(("CUP", "130"), ("TEA", "7"), charges=(("BONUS", "-10"),))
    (shipment,) = shop.shipments(order)
    shop.ship(shipment, lines=[{"line": 1, "shipped": "33", "short": "67"}])
    cancel(shop, order, (1, "41"))
    shop.wait(hours=1)
    shop.database.write(lambda tx: receive_goods(tx, [Receipt("N", "CUP", Decimal(23))]))
    for _ in range(4):
        BackorderCrank(shop.database).turn_until_idle()
        shop.turn()
        for one in shop.shipments(order):
            shop.ship(one)

    assert units(shop, order) == [(0, 0, 0, 0, 89, 41), (0, 0, 0, 0, 7, 0)]
    assert shop.one("select sum(net_total + charge_total) from invoice") == shop.one(
        "select net_total + charge_total from sales_order"
    )
    assert credit(shop) == 0


@pytest.mark.parametrize("rounding", ["per_tax_group", "per_line"])
def test_totals_stay_exact_whatever_is_cancelled(shop, rounding):
    shop.database.write(lambda tx: tx.run("update legal_entity set tax_rounding = %s", [rounding]))
    order = shop.order(
        ("CUP", "7"),
        ("CUP", "11"),
        ("TEA", "13"),
        charges=(("FREIGHT", "3.33"), ("BONUS", "-1.11")),
        requested=later(shop),
    )

    for line_no, qty in ((1, "2"), (2, "3"), (3, "5"), (1, "5"), (3, "8")):
        cancel(shop, order, (line_no, qty))
        shop.verify()

    assert units(shop, order)[1] == (0, 0, 8, 0, 0, 3)
    # 8 x 3.333 = 26.66, charges 2.22, tax 19 % of 28.88 = 5.49
    assert shop.one("select net_total, charge_total, tax_total from sales_order") == (
        Decimal("26.66"),
        Decimal("2.22"),
        Decimal("5.49"),
    )
