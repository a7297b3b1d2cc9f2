"""A pending decision neither oversells nor sits on stock for ever (IN3), and revived demand asks again (C2)."""

from datetime import timedelta
from decimal import Decimal

from shop import Shop
from tradewind.desk.approvals import Decision, decide_orders
from tradewind.desk.limits import LimitChange, change_limits
from tradewind.desk.stock import Receipt, receive_goods
from tradewind.desk.supply import Expectation, expect_supply
from tradewind.kernel.tx import Actor
from tradewind.streams.backorders import BackorderCrank

PERSON = "insert into principal (id, kind, login, name, created_at) values (%s, 'staff', 'p', 'P', now())"
CUPS = "select reserved, allocated from stock s join product p on p.id = s.product_id where p.sku = 'CUP'"


def limit(shop: Shop, amount: int) -> None:
    change = LimitChange(shop.id["alma"], Decimal(amount), "reviewed")
    shop.database.write(lambda tx: change_limits(tx, [change]))
    shop.turn()


def test_a_reservation_that_runs_out_goes_to_whoever_waits_and_the_order_asks_again_later(shop):
    limit(shop, 1)
    held = shop.order(("CUP", "80"))
    waits = shop.order(("CUP", "50"), account="BELA")
    assert shop.one(CUPS) == (80, 20)
    assert shop.one("select qty_open from order_line where order_id = %s", [waits]) == (30,)

    shop.wait(hours=73)
    shop.turn()
    assert shop.one(CUPS) == (0, 20)
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()

    assert shop.one("select qty_released from order_line where order_id = %s", [waits]) == (50,)
    assert shop.status(held) == "held"
    shop.verify()

    limit(shop, 100_000)
    assert shop.status(held) == "released"
    assert shop.one("select qty_released, qty_backordered from order_line where order_id = %s", [held]) == (50, 30)
    shop.verify()


def test_a_held_order_whose_promise_comes_in_reserves_it(shop):
    expected = Expectation("PO-1", "N", "CUP", Decimal(40), shop.clock.at + timedelta(days=1))
    shop.database.write(lambda tx: expect_supply(tx, [expected]))
    limit(shop, 1)
    held = shop.order(("CUP", "130"))
    assert shop.one("select promised from inbound_supply") == (30,)

    shop.wait(hours=24)
    shop.database.write(lambda tx: receive_goods(tx, [Receipt("N", "CUP", Decimal(40), supply="PO-1")]))
    BackorderCrank(shop.database).turn_until_idle()

    assert shop.one(CUPS) == (130, 0)
    assert shop.one("select status, promised from inbound_supply") == ("received", 0)
    assert shop.status(held) == "held"
    shop.verify()

    shop.wait(hours=49)
    shop.turn()
    assert shop.one(CUPS) == (0, 0)
    shop.verify()


def test_a_held_order_that_was_promised_goods_is_not_promised_them_twice_when_it_is_asked_again(shop):
    expected = Expectation("PO-1", "N", "CUP", Decimal(40), shop.clock.at + timedelta(days=1))
    shop.database.write(lambda tx: expect_supply(tx, [expected]))
    limit(shop, 1)
    shop.order(("CUP", "130"))

    limit(shop, 2)
    limit(shop, 3)
    limit(shop, 100_000)

    assert shop.one("select promised from inbound_supply") == (30,)
    assert shop.one("select qty_released, qty_backordered from order_line") == (100, 30)
    shop.verify()


def test_an_approval_that_takes_too_long_keeps_its_task_and_gives_the_goods_back(shop):
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    asked = shop.order(("CUP", "60"))
    assert (shop.one(CUPS), shop.one("select open_orders > 0 from credit_node")) == ((60, 0), (True,))

    shop.wait(hours=73)
    shop.turn()

    assert (shop.one(CUPS), shop.one("select open_orders from credit_node")) == ((0, 0), (0,))
    assert (shop.status(asked), shop.one("select status from user_task")) == ("held", ("open",))
    shop.verify()

    other = shop.order(("CUP", "70"), account="BELA")
    (person,) = shop.database.ids.many(1)
    shop.database.write(lambda tx: tx.run(PERSON, [person]))
    decision = [Decision(asked, True, "at last")]
    shop.database.write(lambda tx: decide_orders(tx, decision, roles={"approver"}), actor=Actor(person, "x", "api"))
    shop.turn()

    units = "select qty_released, qty_backordered from order_line where order_id = %s"
    assert (shop.one(units, [other]), shop.one(units, [asked])) == ((70, 0), (30, 30))
    shop.verify()
