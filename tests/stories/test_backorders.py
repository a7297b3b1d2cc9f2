"""Goods come in and go to who waits for them: by priority, then promise; dates that move are said (FU3, FU4, IN4)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shop import START, Shop, open_shop
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.desk.stock import Receipt, receive_goods
from tradewind.desk.supply import Expectation, expect_supply
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import SYSTEM, Event
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft
from tradewind.streams.backorders import BackorderCrank, Round

LINES = """
select qty_open, qty_allocated, qty_released, qty_backordered from order_line where order_id = %s order by line_no
"""
SAID = "select payload -> 'lines' from event where subject_id = %s and type = %s order by subject_seq"


@pytest.fixture
def bare(owner_url: str) -> Any:
    """A shop without a single cup."""
    opened = open_shop(owner_url, stock={("cup", "north"): "0", ("cup", "south"): "0", ("tea", "north"): "0"})
    yield opened
    opened.database.close()
    opened.verify()


def serve(shop: Shop) -> Round:
    """The backorder crank reads the log to its end, the streams go on."""
    done = BackorderCrank(shop.database).turn_until_idle()
    shop.turn()
    return done


def receive(shop: Shop, qty: str, *, sku: str = "CUP", site: str = "N", supply: str | None = None) -> Any:
    (answer,) = shop.database.write(lambda tx: receive_goods(tx, [Receipt(site, sku, Decimal(qty), supply=supply)]))
    assert not isinstance(answer, Problem), answer
    return answer


def expect(shop: Shop, qty: str, *, days: int, reference: str = "PO-1", sku: str = "CUP", site: str = "N") -> Any:
    wanted = Expectation(reference, site, sku, Decimal(qty), START + timedelta(days=days))
    (answer,) = shop.database.write(lambda tx: expect_supply(tx, [wanted]))
    assert not isinstance(answer, Problem), answer
    return answer


def prefer(shop: Shop, code: str, priority: int) -> None:
    shop.database.write(lambda tx: tx.run("update account set priority = %s where code = %s", [priority, code]))


def units(shop: Shop, order: UUID) -> list[tuple[str, ...]]:
    """Open, allocated, released and backordered units of each line."""
    return [tuple(f"{qty:f}".rstrip("0").rstrip(".") for qty in row) for row in shop.all(LINES, [order])]


def promised(shop: Shop, order: UUID) -> list[Any]:
    rows = shop.all("select promised_at from order_line where order_id = %s order by line_no", [order])
    return [at and (at - START).days for (at,) in rows]


def test_goods_that_come_in_go_to_the_orders_that_wait_for_them(bare):
    order = bare.order(("CUP", "10"))
    assert (bare.status(order), units(bare, order)) == ("backordered", [("10", "0", "0", "10")])

    came = receive(bare, "12")
    assert (came.on_hand, came.earmarked) == (12, 10)
    serve(bare)

    assert (bare.status(order), units(bare, order)) == ("released", [("0", "0", "10", "0")])
    assert bare.one("select on_hand, allocated, earmarked from stock where on_hand > 0") == (12, 10, 0)


def test_priority_comes_first_then_the_promise_then_age(bare):
    prefer(bare, "BELA", 10)
    first = bare.order(("CUP", "4"))
    expect(bare, "4", days=5)
    promised_later = bare.order(("CUP", "4"))
    preferred = bare.order(("CUP", "4"), account="BELA")

    receive(bare, "4")
    serve(bare)
    assert [units(bare, one)[0][2] for one in (first, promised_later, preferred)] == ["0", "0", "4"]

    receive(bare, "4")
    serve(bare)
    assert [units(bare, one)[0][2] for one in (first, promised_later, preferred)] == ["0", "4", "4"]

    receive(bare, "4")
    serve(bare)
    assert [units(bare, one)[0][2] for one in (first, promised_later, preferred)] == ["4", "4", "4"]


def test_units_that_came_in_for_a_promise_are_not_given_to_somebody_else(bare):
    prefer(bare, "BELA", 10)
    expect(bare, "10", days=5)
    promised_to = bare.order(("CUP", "10"))
    preferred = bare.order(("CUP", "10"), account="BELA")

    receive(bare, "10", supply="PO-1")
    newcomer = bare.order(("CUP", "1"))
    serve(bare)

    assert units(bare, promised_to) == [("0", "0", "10", "0")]
    assert units(bare, preferred) == [("10", "0", "0", "10")]
    assert units(bare, newcomer) == [("1", "0", "0", "1")]
    assert bare.one("select status, received, promised from inbound_supply") == ("received", 10, 0)


def test_a_part_of_a_supply_serves_the_queue_and_the_rest_keeps_its_promise(bare):
    expect(bare, "10", days=5)
    order = bare.order(("CUP", "10"))

    receive(bare, "4", supply="PO-1")
    serve(bare)

    assert units(bare, order) == [("6", "0", "4", "6")]
    assert promised(bare, order) == [5]
    assert bare.one("select status, received, promised from inbound_supply") == ("open", 4, 6)


def test_an_order_that_ships_complete_waits_for_all_of_its_goods(bare):
    order = bare.order(("CUP", "5"), ("TEA", "5"), ship_policy="ship_complete")

    receive(bare, "5")
    serve(bare)
    assert units(bare, order) == [("0", "5", "0", "0"), ("5", "0", "0", "5")]
    assert bare.shipments(order) == []

    receive(bare, "5", sku="TEA")
    serve(bare)
    assert units(bare, order) == [("0", "0", "5", "0"), ("0", "0", "5", "0")]
    assert len(bare.shipments(order)) == 1


def test_an_order_that_ships_whole_lines_sends_each_line_when_it_is_whole(bare):
    order = bare.order(("CUP", "5"), ("TEA", "5"), ship_policy="line_complete")

    receive(bare, "5")
    receive(bare, "3", sku="TEA")
    serve(bare)
    assert units(bare, order) == [("0", "0", "5", "0"), ("2", "3", "0", "2")]

    receive(bare, "2", sku="TEA")
    serve(bare)
    assert units(bare, order) == [("0", "0", "5", "0"), ("0", "0", "5", "0")]


def test_a_supply_that_slips_gives_its_orders_new_dates_and_lists_them(bare):
    expect(bare, "10", days=5)
    one, other = bare.order(("CUP", "6")), bare.order(("CUP", "4"), account="BELA")
    assert (promised(bare, one), promised(bare, other)) == ([5], [5])

    url = "https://alma.example/orders"
    bare.database.write(lambda tx: tx.run("update account set delivery_url = %s where code = 'ALMA'", [url]))

    slipped = expect(bare, "10", days=9)
    serve(bare)

    assert [(line.account, line.qty) for line in slipped.promised_to] == [("ALMA", 6), ("BELA", 4)]
    assert slipped.moved_from == START + timedelta(days=5)
    assert (promised(bare, one), promised(bare, other)) == ([9], [9])
    (moved,) = bare.one(SAID, [one, "order.promise_changed"])
    assert [(line["line"], line["sku"], line["from"][:10], line["to"][:10]) for line in moved] == [
        (1, "CUP", "2026-03-07", "2026-03-11")
    ]
    (listed,) = bare.one("select payload -> 'promised_to' from event where type = 'supply.slipped'")
    assert sorted(line["account"] for line in listed) == ["ALMA", "BELA"]
    assert bare.all("select destination, kind, subject_id from delivery") == [(url, "order.promise_changed", one)]
    assert bare.all(
        "select a.code, m.line_no, m.old_at, m.new_at, m.breaks_wish, m.why, m.supplies from promise_move m "
        "join account a on a.id = m.account_id order by a.code"
    ) == [
        (code, 1, START + timedelta(days=5), START + timedelta(days=9), False, "supply", ["PO-1"])
        for code in ("ALMA", "BELA")
    ]


def test_a_date_that_moves_past_the_wish_says_so_and_one_past_its_window_is_held(bare):
    expect(bare, "10", days=5)
    wished = bare.order(("CUP", "6"), requested=START + timedelta(days=6))
    window = DraftGroup(arrive_by=START + timedelta(days=7))
    draft = OrderDraft("BELA", (DraftLine(1, "CUP", Decimal(4)),), (window,))
    bound = bare.database.write(lambda tx: place(tx, [Submission(draft, SYSTEM)]))[0].order_id
    bare.turn()
    held = "select count(*) from order_hold where order_id = %s and released_at is null and code = 'calendars.arrives_too_late'"
    assert bare.one(held, [bound]) == (0,)

    expect(bare, "10", days=9)
    serve(bare)

    assert bare.all("select order_id, breaks_wish from promise_move order by line_no, wished_at") == [
        (wished, True),
        (bound, True),
    ]
    assert bare.one(held, [bound]) == (1,)

    expect(bare, "10", days=6)
    serve(bare)
    assert bare.one(held, [bound]) == (0,)


def test_a_slip_moves_an_order_to_a_supply_that_comes_earlier(bare):
    expect(bare, "10", days=5)
    order = bare.order(("CUP", "6"))
    expect(bare, "6", days=7, reference="PO-2")

    expect(bare, "10", days=30)
    serve(bare)

    assert promised(bare, order) == [7]
    assert bare.all("select reference, promised from inbound_supply order by 1") == [("PO-1", 0), ("PO-2", 6)]


def test_a_supply_that_is_cut_keeps_no_promise_it_cannot_bring(bare):
    expect(bare, "10", days=5)
    first, second = bare.order(("CUP", "6")), bare.order(("CUP", "4"))

    expect(bare, "6", days=5)
    serve(bare)

    assert sorted([promised(bare, first)[0] or 0, promised(bare, second)[0] or 0]) == [0, 5]
    qty, held, status = bare.one("select qty, promised, status from inbound_supply")
    assert (held <= qty, status) == (True, "open")


def test_a_supply_that_is_cancelled_leaves_its_orders_without_a_date(bare):
    expect(bare, "10", days=5)
    order = bare.order(("CUP", "10"))

    expect(bare, "0", days=5)
    serve(bare)

    assert promised(bare, order) == [None]
    assert bare.one("select promised, status from inbound_supply") == (0, "cancelled")


def test_goods_on_their_way_give_a_date_to_orders_that_had_none(bare):
    order = bare.order(("CUP", "10"))
    assert promised(bare, order) == [None]

    expect(bare, "10", days=6)
    serve(bare)

    assert promised(bare, order) == [6]


def test_an_order_that_is_locked_is_served_by_the_next_sweep(bare):
    order = bare.order(("CUP", "5"))
    receive(bare, "5")
    crank = BackorderCrank(bare.database)

    def held(tx):
        tx.rows("select id from sales_order where id = %s for no key update", [order])
        return crank.turn_until_idle()

    done = bare.database.write(held)
    assert (done.orders, done.skipped) == (0, 1)
    assert bare.one("select sum(earmarked) from stock") == (5,)

    assert crank.sweep().orders == 1
    bare.turn()
    assert units(bare, order) == [("0", "0", "5", "0")]


def test_serving_twice_changes_nothing(bare):
    order = bare.order(("CUP", "5"))
    receive(bare, "8")
    serve(bare)
    before = units(bare, order), bare.all("select on_hand, allocated, earmarked from stock order by 1, 2")
    bare.database.write(lambda tx: tx.run("delete from log_cursor"))

    serve(bare)
    BackorderCrank(bare.database).sweep()

    assert (units(bare, order), bare.all("select on_hand, allocated, earmarked from stock order by 1, 2")) == before


def test_more_orders_than_one_set_are_served_to_the_last_unit(bare):
    orders = [bare.order(("CUP", "1")) for _ in range(70)]

    receive(bare, "69")
    serve(bare)

    assert [units(bare, one)[0][2] for one in orders] == ["1"] * 69 + ["0"]


def test_what_is_short_at_the_warehouse_is_allocated_again_when_goods_come(shop):
    order = shop.order(("CUP", "10"))
    (shipment,) = shop.shipments(order)
    shop.ship(shipment, lines=[{"line": 1, "shipped": "7", "short": "3"}])
    assert units(shop, order) == [("3", "0", "0", "3")]

    shop.wait(hours=1)
    receive(shop, "5")
    serve(shop)

    assert units(shop, order) == [("0", "0", "3", "0")]
    shop.verify()


def test_stock_that_was_imported_in_bulk_is_found_by_the_sweep(bare):
    order = bare.order(("CUP", "5"))

    def imported(tx):
        tx.emit(Event("stock.observed", "import", bare.id["list"], {"counts": 1}))
        tx.run(
            "update stock set on_hand = 9 where product_id = %s and site_id = %s", [bare.id["cup"], bare.id["north"]]
        )
        move = "insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type) "
        values = "values (gen_random_uuid(), %s, %s, 'adjustment', 9, now(), now(), 'import')"
        tx.run(move + values, [bare.id["cup"], bare.id["north"]])

    bare.database.write(imported)
    crank = BackorderCrank(bare.database)
    assert crank.turn_until_idle().unnamed

    assert crank.sweep().orders == 1
    bare.turn()
    assert units(bare, order) == [("0", "0", "5", "0")]
