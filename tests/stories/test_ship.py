"""From goods handed over to the posted invoice."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shop import open_shop
from tradewind.desk.shipping import Given, answer_shipments

UNITS = """
select qty_open, qty_backordered, qty_released, qty_shipped, qty_over_shipped, qty_invoiced from order_line
where order_id = %s order by line_no
"""
STOCK = "select on_hand, reserved, allocated from stock where product_id = %s and site_id = %s"


def numbers(*values):
    return tuple(Decimal(value) for value in values)


def codes(answer):
    return [problem.code for problem in answer.problems]


def test_what_is_shipped_is_invoiced_once_and_turns_headroom_into_a_receivable(shop):
    order = shop.order(("CUP", "10"), ("TEA", "3"), charges=(("FREIGHT", "7.50"),))
    (shipment,) = shop.shipments(order)

    shop.ship(shipment, tracking="1Z")

    assert shop.status(order) == "shipped"
    assert shop.one(STOCK, [shop.id["cup"], shop.id["north"]]) == numbers(90, 0, 0)
    # 10 x 3.333 = 33.33, 3 x 1.99 = 5.97, freight 7.50; tax 19 % of 40.83 = 7.76 and 7 % of 5.97 = 0.42
    assert shop.one("select number, net_total, charge_total, tax_total, total, due_at - issued_at from invoice") == (
        "INV-2026-000001",
        *numbers("39.3", "7.5", "8.18", "54.98"),
        shop.clock.at.replace(day=31) - shop.clock.at.replace(day=1),
    )
    assert shop.one("select open_orders, receivables, unapplied from credit_node") == numbers(0, "54.98", 0)
    assert shop.one("select bill_to ->> 'name', bill_to ->> 'street' from invoice") == ("Alma Accounts", "Main 2")
    shop.verify()


def test_an_answer_booked_at_once_shows_its_invoice_to_the_caller(shop):
    (shipment,) = shop.shipments(shop.order(("CUP", "1")))

    def answer(tx):
        answered = answer_shipments(tx, [Given(shipment, {"outcome": "shipped"})], inline=True)
        return answered[0].booked, tx.value("select number from invoice where shipment_id = %s", [shipment])

    assert shop.database.write(answer) == (True, "INV-2026-000001")
    shop.verify()


def test_short_units_wait_for_goods_again_and_what_was_shipped_is_billed(shop):
    order = shop.order(("CUP", "10"))
    (shipment,) = shop.shipments(order)

    shop.ship(shipment, lines=[{"line": 1, "shipped": "7", "short": "3", "reason": "broken"}])

    assert shop.all(UNITS, [order]) == [numbers(3, 3, 0, 7, 0, 7)]
    assert shop.status(order) == "part_shipped"
    assert shop.one("select net_total from invoice") == numbers("23.33")
    assert shop.one("select qty_short, short_reason from shipment_line") == (Decimal(3), "broken")
    assert shop.one("select count(*) from event where type = 'stock.freed'") == (1,)
    assert shop.one(
        "select count(*) from stream_instance where stream = 'goods_to_release' and status = 'running'"
    ) == (1,)
    shop.verify()


def test_a_refused_shipment_bills_nothing_and_its_units_wait_for_goods(shop):
    order = shop.order(("CUP", "10"), ("ENGRAVE", "1"))
    (shipment,) = shop.shipments(order)

    shop.ship(shipment, outcome="refused", reason="site flooded")

    assert shop.all("select status, answered_at is null from shipment where id = %s", [shipment]) == [
        ("refused", False)
    ]
    assert shop.one("select count(*) from invoice") == (0,)
    assert shop.one(STOCK, [shop.id["cup"], shop.id["north"]]) == numbers(100, 0, 0)
    assert shop.one("select qty_open, qty_backordered from order_line where line_no = 1") == numbers(10, 10)
    shop.verify()


@pytest.mark.parametrize("inline", [False, True])
def test_nothing_is_shipped_at_a_time_that_is_yet_to_come(shop, inline):
    (shipment,) = shop.shipments(shop.order(("CUP", "2")))

    ahead = shop.ship(shipment, inline=inline, shipped_at=(shop.clock.at + timedelta(seconds=1)).isoformat())

    assert [(problem.code, problem.where) for problem in ahead.problems] == [
        ("fulfilment.in_the_future", "/shipped_at")
    ]
    assert shop.one("select status from shipment") == ("released",)
    shop.ship(shipment, inline=inline, shipped_at=shop.clock.at.isoformat())
    assert shop.one("select status, shipped_at from shipment") == ("shipped", shop.clock.at)
    assert shop.one("select qty, as_of from stock_move where kind = 'ship'") == (-2, shop.clock.at)
    shop.verify()


def test_an_answer_that_ships_nothing_is_a_refusal(shop):
    order = shop.order(("CUP", "2"))
    (shipment,) = shop.shipments(order)

    shop.ship(shipment, lines=[{"line": 1, "shipped": "0"}])

    assert shop.one("select status from shipment where id = %s", [shipment]) == ("refused",)
    shop.verify()


@pytest.mark.parametrize("inline", [False, True])
def test_a_shipment_is_answered_once_the_same_again_is_a_replay_another_is_refused(shop, inline):
    (shipment,) = shop.shipments(shop.order(("CUP", "4")))
    shop.ship(shipment, inline=inline, lines=[{"line": 1, "shipped": "3"}])

    same = shop.ship(shipment, inline=inline, lines=[{"line": 1, "shipped": "3.0"}])
    other = shop.ship(shipment, inline=inline)

    assert (same.replay, same.booked, same.problems) == (True, True, ())
    assert codes(other) == ["fulfilment.already_answered"]
    assert shop.one("select count(*), sum(net_total) from invoice") == (1, Decimal("10.000"))
    shop.verify()


def test_two_answers_before_the_crank_turns_leave_the_first_one_standing(shop):
    (shipment,) = shop.shipments(shop.order(("CUP", "4")))

    def answer(*outcomes):
        return [
            shop.database.write(lambda tx, one=one: answer_shipments(tx, [Given(shipment, {"outcome": one})]))[0]
            for one in outcomes
        ]

    first, same, other = answer("refused", "refused", "shipped")
    shop.turn()

    assert [first.replay, same.replay, codes(other)] == [False, True, ["fulfilment.already_answered"]]
    assert shop.one("select status from shipment") == ("refused",)
    shop.verify()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"outcome": "lost"}, "fulfilment.unreadable_answer"),
        ({"lines": [{"line": 9, "shipped": "1"}]}, "fulfilment.unknown_line"),
        ({"lines": [{"line": 1, "shipped": "5"}]}, "fulfilment.over_shipped"),
        ({"lines": [{"line": 1, "shipped": "-1"}]}, "fulfilment.unreadable_answer"),
        ({"lines": [{"line": 1, "shipped": 1.5}]}, "money.not_a_decimal"),
        ({"lines": [{"line": 1, "shipped": "1", "short": "1"}]}, "fulfilment.does_not_add_up"),
        ({"lines": [{"line": 1}, {"line": 1}]}, "fulfilment.unreadable_answer"),
        ({"shipped_at": "yesterday"}, "fulfilment.unreadable_answer"),
        ({"shipped_at": "2026-03-02T09:00:00"}, "fulfilment.unreadable_answer"),
    ],
)
def test_a_wrong_answer_is_refused_and_changes_nothing(shop, answer, code):
    (shipment,) = shop.shipments(shop.order(("CUP", "4")))

    refused = shop.ship(shipment, **answer)

    assert codes(refused) == [code]
    assert shop.one("select count(*) from message where name = 'warehouse.answered'") == (0,)
    assert shop.one("select status from shipment") == ("released",)


def test_an_unknown_shipment_falls_out_alone(shop):
    (shipment,) = shop.shipments(shop.order(("CUP", "4")))
    given = [Given(UUID(int=1), {"outcome": "shipped"}), Given(shipment, {"outcome": "shipped"})]

    answers = shop.database.write(lambda tx: answer_shipments(tx, given, inline=True))

    assert [codes(one) for one in answers] == [["fulfilment.unknown_shipment"], []]
    assert shop.one("select status from shipment") == ("shipped",)
    shop.verify()


def test_more_than_ordered_is_shipped_and_billed_within_the_accounts_tolerance(shop):
    shop.database.write(lambda tx: tx.run("update account set over_ship_percent = 10"))
    order = shop.order(("CUP", "10"))
    (shipment,) = shop.shipments(order)

    over = shop.ship(shipment, lines=[{"line": 1, "shipped": "12"}])
    assert codes(over) == ["fulfilment.over_shipped"]
    shop.ship(shipment, lines=[{"line": 1, "shipped": "11"}])

    assert shop.all(UNITS, [order]) == [numbers(0, 0, 0, 11, 1, 11)]
    assert shop.one("select net_total from invoice") == numbers("36.66")
    assert shop.one("select open_orders, receivables from credit_node") == numbers(0, "43.63")
    shop.verify()


def test_goods_that_the_books_did_not_have_are_entered_as_found(shop):
    order = shop.order(("CUP", "10"))
    (shipment,) = shop.shipments(order)
    lost = """
    with moved as (
      insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type)
      select gen_random_uuid(), product_id, site_id, 'adjustment', -96, now(), now(), 'count' from stock where product_id = %s
    ) update stock set on_hand = 4, shortage = 6 where product_id = %s
    """
    shop.database.write(lambda tx: tx.run(lost, [shop.id["cup"], shop.id["cup"]]))

    shop.ship(shipment)

    assert shop.one(STOCK, [shop.id["cup"], shop.id["north"]]) == numbers(0, 0, 0)
    moves = "select kind, qty from stock_move where product_id = %s and reference_type = 'shipment' order by kind"
    assert shop.all(moves, [shop.id["cup"]]) == [("adjustment", Decimal(6)), ("ship", Decimal(-10))]
    shop.verify()


def test_an_order_of_charges_alone_is_billed_without_a_warehouse(shop):
    order = shop.order(charges=(("FEE", "5.00"),))

    assert shop.all("select net_total, charge_total, total from invoice") == [numbers("0", "5", "5.95")]
    assert shop.one("select open_orders, receivables from credit_node") == numbers(0, "5.95")
    assert shop.shipments(order) == []
    shop.verify()


def test_an_order_that_costs_nothing_is_billed_settled_and_closed_at_once(shop):
    shop.database.write(lambda tx: tx.run("update account set discount_percent = 100"))
    order = shop.order(("CUP", "3"))

    shop.ship(shop.shipments(order)[0])

    assert shop.one("select total, closed_at is null from invoice") == (Decimal(0), False)
    assert shop.status(order) == "closed"
    shop.verify()


def test_the_invoices_of_an_order_shipped_from_two_sites_sum_to_it_exactly(owner_url):
    shop = open_shop(owner_url, stock={("cup", "north"): "4", ("cup", "south"): "3"})
    order = shop.order(("CUP", "7"), charges=(("FREIGHT", "5.00"), ("ALLOWANCE", "-2.00")))
    first, second = shop.shipments(order)

    shop.ship(first)
    shop.ship(second)

    # 7 x 3.333 = 23.33: shares of 4 and 3 units; freight with the first, the allowance by share
    assert shop.all("select net_total, charge_total from invoice order by number") == [
        numbers("13.33", "3.86"),
        numbers("10.00", "-0.86"),
    ]
    assert shop.one(
        "select sum(net_total + charge_total) = (select net_total + charge_total from sales_order) from invoice"
    ) == (True,)
    assert shop.one("select open_orders from credit_node") == numbers(0)
    shop.verify()
    shop.database.close()


def test_a_silent_warehouse_becomes_a_task(shop):
    order = shop.order(("CUP", "1"))

    shop.wait(days=3)
    shop.turn()

    assert shop.all("select role, subject_id from user_task where status = 'open'") == [
        ("warehouse", shop.shipments(order)[0])
    ]
    shop.ship(shop.shipments(order)[0])
    assert shop.status(order) == "shipped"
    shop.verify()


def test_a_buyer_with_its_own_system_is_told_of_goods_and_invoice_once(shop):
    shop.database.write(lambda tx: tx.run("update account set delivery_url = 'https://alma.example/in'"))
    order = shop.order(("CUP", "2"), buyer_po="PO-7")

    shop.ship(shop.shipments(order)[0], tracking="1Z")

    told = shop.all("select kind, payload ->> 'buyer_po', payload ->> 'tracking' from delivery order by kind")
    assert told == [
        ("invoice.issued", "PO-7", None),
        ("order.confirmed", None, None),
        ("shipment.shipped", "PO-7", "1Z"),
    ]
    shop.verify()
