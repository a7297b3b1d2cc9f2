"""One limit above more orders than a page has: all of them are stopped, and all of them are asked again."""

from decimal import Decimal

import pytest

from shop import Shop
from tradewind.desk import bounces, limits
from tradewind.desk.bounces import Bounce, bounce_payments
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.limits import LimitChange, change_limits
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.desk.stock import Receipt, receive_goods
from tradewind.kernel.limits import BATCH_ORDERS, PAGE
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import SYSTEM
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft


def place_many(shop: Shop, count: int) -> None:
    """Orders of a cup each that nobody ships before the twentieth."""
    draft = OrderDraft(
        "ALMA", (DraftLine(1, "CUP", Decimal(1)),), (DraftGroup(requested_at=shop.clock.at.replace(day=20)),)
    )
    left = count
    while left:
        batch = min(left, BATCH_ORDERS)
        shop.database.write(lambda tx, size=batch: place(tx, [Submission(draft, SYSTEM)] * size))
        left -= batch
    shop.crank.turn_until_idle(rounds=200)


def restock(shop: Shop, qty: int) -> None:
    shop.database.write(lambda tx: receive_goods(tx, [Receipt("N", "CUP", Decimal(qty))]))


def leave_no_headroom(shop: Shop) -> None:
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = open_orders"))


def pay(shop: Shop) -> str:
    """An invoice over 39.66 and the payment that settles it; its number."""
    order = shop.order(("CUP", "10"))
    shop.ship(*shop.shipments(order))
    (paid,) = shop.database.write(lambda tx: record_payments(tx, [Received("ALMA", Decimal("39.66"), "EUR")]))
    assert paid.payment is not None
    shop.turn()
    return paid.payment.number


def bounce(shop: Shop, number: str) -> tuple[str, ...]:
    (back,) = shop.database.write(lambda tx: bounce_payments(tx, [Bounce(number, "no funds")]))
    return back.stopped


def statuses(shop: Shop) -> dict[str, int]:
    return dict(shop.all("select status, count(*) from sales_order where status <> 'closed' group by status"))


def test_a_bounce_stops_every_order_below_the_limit_and_a_raised_limit_asks_every_one_again(shop):
    many = PAGE + 5
    restock(shop, 1000)
    number = pay(shop)
    place_many(shop, many)
    assert statuses(shop) == {"confirmed": many}
    leave_no_headroom(shop)

    assert len(bounce(shop, number)) == many

    assert statuses(shop) == {"held": many}
    change = LimitChange(shop.id["alma"], Decimal(100000), "reviewed")
    (answer,) = shop.database.write(lambda tx: change_limits(tx, [change]))
    assert answer.asked_again == many
    shop.crank.turn_until_idle(rounds=200)


def test_more_orders_than_one_transaction_holds_are_refused_by_name_and_nothing_changes(shop, monkeypatch):
    monkeypatch.setattr(bounces, "TREE_ORDERS", 2)
    monkeypatch.setattr(limits, "TREE_ORDERS", 2)
    number = pay(shop)
    place_many(shop, 3)

    with pytest.raises(Refused) as refused:
        bounce(shop, number)
    assert [(one.code, one.detail) for one in refused.value.problems] == [("credit.too_many_orders", {"bound": 2})]
    assert shop.one("select bounced_at from payment") == (None,)

    monkeypatch.setattr(bounces, "TREE_ORDERS", 3)
    leave_no_headroom(shop)
    assert len(bounce(shop, number)) == 3
    with pytest.raises(Refused) as refused:
        shop.database.write(lambda tx: change_limits(tx, [LimitChange(shop.id["alma"], Decimal(9), "reviewed")]))
    assert [one.code for one in refused.value.problems] == ["credit.too_many_orders"]
    assert shop.one("select credit_limit = open_orders from credit_node") == (True,)
