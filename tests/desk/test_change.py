"""What a change of a placed order costs, asks and says: prices, credit, approval, promise, warehouse, history, and its revert."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from changing import STAFF, ask, second_place, undo, units, verdict
from shop import Shop
from tradewind.desk.approvals import Decision, decide_orders
from tradewind.desk.change import ChangeRequest, change, preview
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.kernel.tx import SYSTEM, Actor
from tradewind.orders.decide.actions import (
    AddLine,
    CancelLine,
    CancelOrder,
    CorrectPo,
    MoveDate,
    MovePlace,
    OverridePrice,
    PinSite,
    RepriceLine,
    SetQuantity,
    SwapItem,
)
from tradewind.semantics.model import DraftLine, OrderDraft
from tradewind.streams.backorders import BackorderCrank

D = Decimal


def later(shop: Shop, days: int = 5) -> Any:
    return shop.clock.at + timedelta(days=days)


def dearer(shop: Shop) -> None:
    """From an hour from now on a cup costs 3.50, and 3.00 from twenty on."""
    shop.wait(hours=1)
    ids = {"now": shop.clock.at, **shop.id}
    shop.database.write(
        lambda tx: tx.run("update price set valid_to = %(now)s where product_id = %(cup)s and valid_to is null", ids)
    )
    new = """
    insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from)
    values (gen_random_uuid(), %(list)s, %(cup)s, 'EA', '{1,20}', '{3.5,3}', %(now)s)
    """
    shop.database.write(lambda tx: tx.run(new, ids))


def prices(shop: Shop, order: UUID) -> list[tuple[int, Decimal, Decimal]]:
    """Each line with what is wanted of it, its unit price and its net."""
    return shop.all(
        "select (qty_ordered - qty_cancelled)::int, unit_price::float::text::numeric, net from order_line where order_id = %s order by line_no",
        [order],
    )


def policy(shop: Shop, how: str) -> None:
    shop.database.write(lambda tx: tx.run("update account set change_pricing = %s", [how]))


def total(shop: Shop, order: UUID) -> Decimal:
    return Decimal(shop.one("select total from sales_order where id = %s", [order])[0])


def taken(shop: Shop) -> Decimal:
    return Decimal(shop.one("select open_orders from credit_node")[0])


# ---- prices (PR6) ----------------------------------------------------------------------------------------------------


def test_what_is_added_at_the_same_price_grows_the_line(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))

    answer = ask(shop, order, SetQuantity(1, D(15)))

    assert verdict(answer) == "accepted"
    assert prices(shop, order) == [(15, D("3.333"), D("50.00"))]
    # 49.995 is 50.00 and 19 % of it 9.50
    assert (answer.total, taken(shop)) == (D("59.50"), D("59.50"))
    assert answer.consequences["total"] == {"before": "39.66", "after": "59.50"}


def test_what_is_added_at_another_price_is_a_line_of_its_own(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    dearer(shop)

    answer = ask(shop, order, SetQuantity(1, D(15)))

    assert verdict(answer) == "changed orders.priced_anew"
    assert answer.answers[0].lines == (1, 2)
    assert prices(shop, order) == [(10, D("3.333"), D("33.33")), (5, D("3.5"), D("17.50"))]
    assert undo(shop, order, answer).answers[0].verdict == "accepted"
    assert prices(shop, order) == [(10, D("3.333"), D("33.33")), (0, D("3.5"), D("0"))]
    assert total(shop, order) == D("39.66")


def wanted(shop: Shop, order: UUID) -> list[int]:
    return [price[0] for price in prices(shop, order)]


def test_the_same_raise_again_adds_nothing_and_a_higher_one_only_the_difference(shop):
    order = shop.order(("CUP", "1"), requested=later(shop))
    dearer(shop)
    ask(shop, order, SetQuantity(1, D(50)))
    assert wanted(shop, order) == [1, 49]

    again = ask(shop, order, SetQuantity(1, D(50)))
    more = ask(shop, order, SetQuantity(1, D(60)))

    assert (verdict(again), again.change_id) == ("accepted", None)
    assert (verdict(more), more.answers[0].lines) == ("changed orders.priced_anew", (1, 2))
    assert more.answers[0].done == 10
    assert wanted(shop, order) == [1, 59]
    undo(shop, order, more)
    assert wanted(shop, order) == [1, 49]


def test_a_raise_at_a_third_price_is_a_third_line_and_a_cut_goes_through_them_from_the_last(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    dearer(shop)
    ask(shop, order, SetQuantity(1, D(15)))
    ask(shop, order, SetQuantity(1, D(25)))  # from twenty on it costs less
    assert prices(shop, order) == [(10, D("3.333"), D("33.33")), (5, D("3.5"), D("17.50")), (10, D("3"), D("30.00"))]

    cut = ask(shop, order, SetQuantity(1, D(12)))
    assert wanted(shop, order) == [10, 2, 0]
    assert (verdict(cut), cut.answers[0].done, cut.answers[0].lines) == ("accepted", 13, (1, 2, 3))

    deeper = ask(shop, order, SetQuantity(1, D(4)))
    assert wanted(shop, order) == [4, 0, 0]
    assert deeper.answers[0].lines == (1, 2)
    undo(shop, order, deeper)
    undo(shop, order, cut)
    assert wanted(shop, order) == [10, 5, 10]


def test_the_tier_that_the_whole_line_reaches_is_for_what_is_added(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    dearer(shop)

    ask(shop, order, SetQuantity(1, D(25)))

    assert prices(shop, order) == [(10, D("3.333"), D("33.33")), (15, D("3"), D("45.00"))]


def test_an_account_may_keep_the_price_of_the_order_for_what_is_added(shop):
    policy(shop, "frozen")
    order = shop.order(("CUP", "10"), requested=later(shop))
    dearer(shop)

    assert verdict(ask(shop, order, SetQuantity(1, D(15)))) == "accepted"

    assert prices(shop, order) == [(15, D("3.333"), D("50.00"))]


def test_an_account_may_be_priced_as_a_whole_and_lose_a_tier(shop):
    policy(shop, "whole")
    order = shop.order(("CUP", "10"), requested=later(shop))
    dearer(shop)

    raised = ask(shop, order, SetQuantity(1, D(20)))
    assert prices(shop, order) == [(20, D("3"), D("60.00"))]
    cut = ask(shop, order, SetQuantity(1, D(12)))
    assert prices(shop, order) == [(12, D("3.5"), D("42.00"))]

    undo(shop, order, cut)
    assert prices(shop, order) == [(20, D("3"), D("60.00"))]
    undo(shop, order, raised)
    assert prices(shop, order) == [(10, D("3.333"), D("33.33"))]


def test_a_whole_line_is_priced_today_when_asked_and_goes_back(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    dearer(shop)

    answer = ask(shop, order, RepriceLine(1))
    assert prices(shop, order) == [(10, D("3.5"), D("35.00"))]

    undo(shop, order, answer)
    assert prices(shop, order) == [(10, D("3.333"), D("33.33"))]


def test_an_override_needs_a_person_of_ours_and_a_reason(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))

    assert verdict(ask(shop, order, OverridePrice(1, D("2"), "sorry"), may=frozenset())) == "rejected orders.staff_only"
    assert verdict(ask(shop, order, OverridePrice(1, D("2"), " "))) == "rejected orders.no_reason"
    assert verdict(ask(shop, order, OverridePrice(1, D("-1"), "x"))) == "rejected orders.bad_price"
    assert prices(shop, order) == [(10, D("3.333"), D("33.33"))]

    assert verdict(ask(shop, order, OverridePrice(1, D("2"), "sorry"))) == "accepted"
    assert prices(shop, order) == [(10, D("2"), D("20.00"))]
    assert "sorry" in shop.one("select waterfall from order_line")[0]


def test_a_discount_comes_back_to_the_cent(shop):
    shop.database.write(lambda tx: tx.run("update account set discount_percent = 7"))
    order = shop.order(("CUP", "10"), ("TEA", "7"), charges=(("FREIGHT", "4.10"),), requested=later(shop))
    before = shop.all("select net, tax, allowance, price_qty from order_line order by line_no")

    first = ask(shop, order, SetQuantity(1, D(3)), SetQuantity(2, D(9)))
    second = ask(shop, order, SetQuantity(1, D(23)), CancelLine(2, D(4)))
    undo(shop, order, second)
    undo(shop, order, first)

    assert shop.all("select net, tax, allowance, price_qty from order_line order by line_no") == before


# ---- credit (CR4), approval, stock, promise --------------------------------------------------------------------------


def test_more_than_the_limit_has_room_for_holds_the_order_and_less_lets_it_go(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 45"))

    raised = ask(shop, order, SetQuantity(1, D(15)))

    assert (raised.status, units(shop, order), taken(shop)) == ("held", "15: 15 reserved", D("39.66"))
    assert [one["code"] for one in raised.consequences["holds"]["opened"]] == ["credit.over_limit"]
    shop.turn()
    back = undo(shop, order, raised)
    assert (back.status, units(shop, order), taken(shop)) == ("confirmed", "10: 10 allocated", D("39.66"))


def approver(shop: Shop) -> Actor:
    insert = "insert into principal (id, kind, login, name, created_at) values (%s, 'staff', 'anna', 'Anna', now())"
    anna = shop.database.ids.new()
    shop.database.write(lambda tx: tx.run(insert, [anna]))
    return Actor(anna, "anna", "api")


def test_an_approval_counts_for_what_it_was_given_for_and_again_after_a_revert(shop):
    shop.database.write(lambda tx: tx.run("update account set approval_above = 30"))
    order, anna = shop.order(("CUP", "10"), requested=later(shop)), approver(shop)
    shop.database.write(lambda tx: decide_orders(tx, [Decision(order, True, "fine")], roles={"approver"}), actor=anna)
    shop.turn()
    assert shop.status(order) == "confirmed"

    raised = ask(shop, order, SetQuantity(1, D(40)))
    assert (raised.status, units(shop, order)) == ("held", "40: 40 reserved")
    shop.turn()
    assert shop.one("select count(*) from user_task where status = 'open'") == (1,)

    back = undo(shop, order, raised)
    shop.turn()
    assert (back.status, units(shop, order)) == ("confirmed", "10: 10 allocated")
    assert shop.one("select count(*) from user_task where status = 'open'") == (0,)


def test_a_cut_gives_goods_to_whoever_waits_for_them(shop):
    first = shop.order(("CUP", "90"), requested=later(shop))
    second = shop.order(("CUP", "30"), requested=later(shop))
    assert units(shop, second) == "30: 20 open 10 allocated"

    ask(shop, first, SetQuantity(1, D(75)))
    BackorderCrank(shop.database).turn_until_idle()

    assert units(shop, second) == "30: 5 open 25 allocated"


def test_another_date_moves_the_release_and_the_promise(shop):
    order = shop.order(("CUP", "10"), requested=later(shop, 2))

    answer = ask(shop, order, MoveDate(later(shop, 9)))

    wanted = later(shop, 9)
    assert shop.one("select promised_at from order_line") == (wanted,)
    assert shop.one("select requested_at from sales_order") == (wanted,)
    shop.wait(days=8)
    shop.turn()
    assert shop.status(order) == "confirmed"
    shop.wait(days=1)
    shop.turn()
    assert (answer.status, shop.status(order)) == ("confirmed", "released")


def test_a_line_with_another_date_goes_to_a_group_of_its_own_and_back(shop):
    order = shop.order(("CUP", "10"), ("TEA", "4"), requested=later(shop, 2))

    moved = ask(shop, order, MoveDate(later(shop, 9), line_no=2))
    assert shop.all("select line_no, group_no from order_line order by 1") == [(1, 1), (2, 2)]
    shop.wait(days=2)
    shop.turn()
    assert units(shop, order) == "10: 10 released; 4: 4 allocated"

    undo(shop, order, moved)
    shop.turn()
    assert shop.all("select line_no, group_no from order_line order by 1") == [(1, 1), (2, 1)]
    assert units(shop, order) == "10: 10 released; 4: 4 released"


def test_another_place_is_where_the_rest_goes(shop):
    second_place(shop)
    order = shop.order(("CUP", "110"))
    (first,) = shop.shipments(order)

    answer = ask(shop, order, MovePlace("DEPOT"))
    shop.ship(first)
    shop.database.write(
        lambda tx: tx.run("update stock set on_hand = on_hand + 50 where product_id = %s", [shop.id["cup"]])
    )
    shop.database.write(
        lambda tx: tx.run(
            "insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type) "
            "values (gen_random_uuid(), %s, %s, 'opening', 50, %s, %s, 'import')",
            [shop.id["cup"], shop.id["north"], tx.now, tx.now],
        )
    )
    BackorderCrank(shop.database).sweep()
    shop.turn()

    assert verdict(answer) == "changed orders.handed_over"
    assert shop.all("select ship_to ->> 'code' from shipment order by number") == [("HQ",), ("DEPOT",)]


@pytest.mark.parametrize("name", ["NOWHERE", "HQQ"])
def test_an_unknown_place_is_refused_with_what_is_near(shop, name):
    order = shop.order(("CUP", "10"), requested=later(shop))

    answer = ask(shop, order, MovePlace(name))

    assert verdict(answer) == "rejected accounts.unknown_ship_to"
    assert answer.answers[0].problem.detail == ({"did_you_mean": ["HQ"]} if name == "HQQ" else {})


def test_a_pinned_line_waits_for_its_site(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))

    pinned = ask(shop, order, PinSite(1, "S"))
    assert units(shop, order) == "10: 10 open"
    BackorderCrank(shop.database).sweep()
    assert units(shop, order) == "10: 10 open"

    undo(shop, order, pinned)
    assert units(shop, order) == "10: 10 allocated"
    assert verdict(ask(shop, order, PinSite(1, "NOWHERE"))) == "rejected fulfilment.unknown_site"
    assert verdict(ask(shop, order, PinSite(1, "S"), may=frozenset())) == "rejected orders.staff_only"


# ---- the warehouse ---------------------------------------------------------------------------------------------------


def test_a_late_cut_is_asked_of_the_warehouse_and_its_answer_decides(shop):
    order = shop.order(("CUP", "10"))
    (shipment,) = shop.shipments(order)

    late = ask(shop, order, SetQuantity(1, D(7)))
    assert (verdict(late), units(shop, order)) == ("changed orders.asked_back asked 3", "10: 10 released")
    assert shop.one("select kind, payload ->> 'qty' from delivery") == ("shipment.cancel_requested", "3")
    assert verdict(ask(shop, order, SetQuantity(1, D(12)))) == "rejected orders.cancel_pending"

    shop.ship(shipment, lines=[{"line": 1, "shipped": "7", "reason": "kept back"}])
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()

    assert units(shop, order) == "10: 7 shipped 3 cancelled"
    assert shop.all("select kind, from_version, to_version from order_change order by 3") == [
        ("change", 1, 2), ("answer", 2, 3),
    ]  # fmt: skip


def test_a_late_cut_takes_what_is_free_first_and_asks_for_what_was_added_before_the_rest(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    dearer(shop)
    ask(shop, order, SetQuantity(1, D(15)))
    shop.wait(days=6)
    shop.turn()
    assert units(shop, order) == "10: 10 released; 5: 5 released"

    late = ask(shop, order, SetQuantity(1, D(8)))

    assert verdict(late) == "changed orders.asked_back asked 7"
    assert late.answers[0].lines == (1, 2)
    holds = "select line_no, detail ->> 'qty' from order_hold where released_at is null order by 1"
    assert shop.all(holds) == [(1, "2"), (2, "5")]
    assert verdict(ask(shop, order, SetQuantity(1, D(8)))) == "accepted"
    assert verdict(ask(shop, order, SetQuantity(1, D(9)))) == "rejected orders.cancel_pending"


def test_a_late_cut_that_the_warehouse_was_faster_than_is_refused_by_name(shop):
    order = shop.order(("CUP", "10"))
    (shipment,) = shop.shipments(order)
    ask(shop, order, SetQuantity(1, D(7)))

    shop.ship(shipment)
    BackorderCrank(shop.database).turn_until_idle()

    assert units(shop, order) == "10: 10 shipped"
    assert shop.one("select payload ->> 'code' from event where type = 'order.cancel_refused'") == (
        "fulfilment.already_shipped",
    )


def test_what_comes_back_short_while_its_order_waits_is_released_once(shop):
    """A changed order waits for its time of release while a warehouse answers short: one process comes by the group."""
    order = shop.order(("CUP", "10"), ("TEA", "4"))
    (shipment,) = shop.shipments(order)
    ask(shop, order, AddLine("GIFT", D(1)), MoveDate(later(shop, 3)))

    shop.ship(shipment, lines=[{"line": 1, "shipped": "4", "reason": "broken"}])
    shop.database.write(lambda tx: tx.run("update site set closed_at = null"))
    assert shop.all("select stream from stream_instance where subject_id = %s and status = 'running'", [order]) == [
        ("order_to_release",)
    ]


def test_a_shipped_order_takes_more_until_it_is_closed(shop):
    order = shop.order(("CUP", "10"), charges=(("FREIGHT", "5"),))
    shop.ship(shop.shipments(order)[0])
    assert shop.status(order) == "shipped"

    more = ask(shop, order, SetQuantity(1, D(12)))
    shop.turn()
    shop.ship(shop.shipments(order)[0])

    assert (more.status, shop.status(order)) == ("part_shipped", "shipped")
    assert shop.one("select sum(net_total), sum(charge_total) from invoice") == (D("40.00"), D("5"))
    assert taken(shop) == 0
    assert more.consequences["documents"] == [{"kind": "invoice", "number": "INV-2026-000001", "total": "45.61"}]


# ---- who, once, and in which version ---------------------------------------------------------------------------------


def test_another_version_by_now_is_a_conflict_that_names_it(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    ask(shop, order, SetQuantity(1, D(11)))

    answer = ask(shop, order, SetQuantity(1, D(12)), expected_version=1)

    (problem,) = answer.problems
    assert (problem.code, problem.status, problem.detail) == ("orders.changed_since", 409, {"version": 2})
    assert units(shop, order) == "11: 11 allocated"


def test_the_same_message_is_answered_again_and_done_once(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))

    first = ask(shop, order, SetQuantity(1, D(12)), AddLine("NONSENSE", D(1)), source="860/1/0001")
    again = ask(shop, order, SetQuantity(1, D(12)), source="860/1/0001")

    assert (again.duplicate, again.change_id, again.answers) == (True, first.change_id, first.answers)
    assert [one.verdict for one in first.answers] == ["accepted", "rejected"]
    assert shop.one("select version from sales_order") == (2,)


def test_a_preview_says_what_the_change_does_and_leaves_nothing(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    request = ChangeRequest(order, (SetQuantity(1, D(12)), CancelLine(1)), "asked", may=STAFF)
    tables = "select sum(n_live_tup), (select count(*) from event), (select count(*) from order_change) from pg_stat_user_tables where false"
    before = shop.one(tables), shop.one("select xmin::text from sales_order")

    (told,) = shop.database.write(lambda tx: preview(tx, [request]))

    assert (shop.one(tables), shop.one("select xmin::text from sales_order")) == before
    done = ask(shop, order, *request.actions)
    assert (told.answers, told.consequences, told.to_version) == (done.answers, done.consequences, 2)


def test_an_order_comes_once_in_a_batch_and_each_gets_its_own_answer(shop):
    one, two = (shop.order(("CUP", "5"), requested=later(shop)) for _ in range(2))
    nobody = shop.database.ids.new()
    requests = [
        ChangeRequest(one, (SetQuantity(1, D(6)),), "asked"),
        ChangeRequest(two, (SetQuantity(9, D(6)),), "asked"),
        ChangeRequest(one, (SetQuantity(1, D(7)),), "asked"),
        ChangeRequest(nobody, (CancelOrder(),), "asked"),
        ChangeRequest(two, (), "asked"),
    ]

    answers = shop.database.write(lambda tx: change(tx, requests))

    assert [verdict(found) for found in answers] == [
        "accepted", "rejected orders.unknown_line", "orders.named_twice", "orders.unknown_order", "orders.no_actions",
    ]  # fmt: skip
    assert (units(shop, one), units(shop, two)) == ("6: 6 allocated", "5: 5 allocated")


def test_the_number_of_another_order_is_not_taken_and_the_own_one_is_corrected(shop):
    shop.order(("TEA", "1"), buyer_po="PO-1")
    order = shop.order(("CUP", "10"), buyer_po="PO-2", requested=later(shop))

    assert verdict(ask(shop, order, CorrectPo("po 1"))) == "rejected orders.duplicate_po"
    corrected = ask(shop, order, CorrectPo("PO-3"))
    assert verdict(corrected) == "accepted"
    assert shop.one("select buyer_po, buyer_po_normal from sales_order where id = %s", [order]) == ("PO-3", "PO3")

    undo(shop, order, corrected)
    assert shop.one("select buyer_po from sales_order where id = %s", [order]) == ("PO-2",)


def test_the_order_as_it_came_is_still_the_same_order_after_a_change(shop):
    draft = OrderDraft("ALMA", (DraftLine(1, "CUP", D(10)),), buyer_po="PO-9")
    (placed,) = shop.database.write(lambda tx: place(tx, [Submission(draft, SYSTEM)]))
    assert placed.order_id is not None
    ask(shop, placed.order_id, SetQuantity(1, D(12)))

    (again,) = shop.database.write(lambda tx: place(tx, [Submission(draft, SYSTEM)]))

    assert (again.duplicate, again.order_id) == (True, placed.order_id)


# ---- items and quantities --------------------------------------------------------------------------------------------


def test_an_item_is_swapped_for_as_many_of_another(shop):
    shop.database.write(lambda tx: tx.run("update stock set on_hand = 100 where false"))
    order = shop.order(("CUP", "10"), requested=later(shop))

    swapped = ask(shop, order, SwapItem(1, "TEA"))

    assert (verdict(swapped), units(shop, order)) == ("accepted", "10: 10 cancelled; 10: 10 allocated")
    assert swapped.answers[0].lines == (1, 2)
    undo(shop, order, swapped)
    assert units(shop, order) == "10: 10 allocated; 0"
    assert verdict(ask(shop, order, SwapItem(1, "TEE"))) == "rejected catalog.unknown_item"


def test_the_least_quantity_holds_after_a_change_but_a_whole_line_may_go(shop):
    shop.database.write(lambda tx: tx.run("update product set minimum_qty = 6, multiple_qty = 6 where sku = 'CUP'"))
    order = shop.order(("CUP", "12"), requested=later(shop))

    assert verdict(ask(shop, order, SetQuantity(1, D(15)))) == "rejected quantity.not_a_multiple"
    assert verdict(ask(shop, order, SetQuantity(1, D(3)))) == "rejected quantity.below_minimum"
    assert verdict(ask(shop, order, CancelLine(1, D(7)))) == "rejected quantity.below_minimum"
    assert verdict(ask(shop, order, AddLine("CUP", D(7)))) == "rejected quantity.not_a_multiple"
    assert verdict(ask(shop, order, SetQuantity(1, D(6)))) == "accepted"
    assert verdict(ask(shop, order, SetQuantity(1, D(0)))) == "accepted"
    assert shop.status(order) == "cancelled"


@pytest.mark.parametrize(("ordered", "right"), [("4", 6), ("13", 18)])
def test_whoever_takes_the_next_right_quantity_pays_what_that_costs_and_waits_no_longer(shop, ordered, right):
    shop.database.write(lambda tx: tx.run("update product set minimum_qty = 6, multiple_qty = 6 where sku = 'CUP'"))
    order = shop.order(("CUP", ordered))
    assert shop.status(order) == "held"
    dearer(shop)

    assert verdict(ask(shop, order, SetQuantity(1, D(right)))) == "accepted"

    assert prices(shop, order) == [(right, D("3.5"), D("3.5") * right)]
    shop.turn()
    assert shop.status(order) == "released"


def test_what_is_added_counts_with_the_line_it_is_added_to(shop):
    shop.database.write(lambda tx: tx.run("update product set minimum_qty = 12, multiple_qty = 6 where sku = 'CUP'"))
    order = shop.order(("CUP", "12"), requested=later(shop))
    dearer(shop)

    assert verdict(ask(shop, order, SetQuantity(1, D(18)))) == "changed orders.priced_anew"

    assert [price[:2] for price in prices(shop, order)] == [(12, D("3.333")), (6, D("3.5"))]
    assert shop.status(order) == "confirmed"


def test_a_case_is_a_case_after_a_change(shop):
    order = shop.order(("CUP", "2"), requested=later(shop))
    cases = ask(shop, order, SwapItem(1, "CUP", D(2), "CS"))
    assert units(shop, order) == "2: 2 cancelled; 24: 24 allocated"

    ask(shop, order, SetQuantity(2, D("2.5")))
    assert units(shop, order) == "2: 2 cancelled; 30: 30 allocated"
    assert shop.one("select qty, uom from order_line where line_no = 2") == (D("2.5"), "CS")
    assert cases.answers[0].done == 2


def test_a_change_is_reverted_once_and_a_revert_can_be_reverted(shop):
    order = shop.order(("CUP", "10"), requested=later(shop))
    raised = ask(shop, order, SetQuantity(1, D(12)))

    back = undo(shop, order, raised)
    assert undo(shop, order, raised).problems[0].code == "orders.reverted_already"
    again = undo(shop, order, back)

    assert (again.to_version, units(shop, order)) == (4, "12: 12 allocated")


def test_a_revert_answers_what_cannot_come_back(shop):
    order = shop.order(("CUP", "10"), ("TEA", "4"), requested=later(shop))
    both = ask(shop, order, SetQuantity(1, D(12)), SetQuantity(2, D(9)))
    shop.wait(days=6)
    shop.turn()
    (shipment,) = shop.shipments(order)
    shop.ship(shipment, lines=[{"line": 4, "shipped": "3", "reason": "broken"}])

    back = undo(shop, order, both)

    assert [(one.line_no, one.verdict, one.problem and one.problem.code) for one in back.answers] == [
        (1, "rejected", "orders.handed_over"),
        (2, "changed", "orders.handed_over"),
    ]
    assert units(shop, order) == "12: 12 shipped; 7: 7 shipped"
