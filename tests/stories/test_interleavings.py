"""Ship answers, a cancel, payments, a bounce and a return of one order, one after the other in every order and all at once:
the books agree, everything ends, and nobody waits in a circle."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import permutations
from threading import Barrier
from uuid import UUID

import pytest

from shop import Shop, open_shop
from tradewind.billing.model import CreditWish
from tradewind.desk.bounces import Bounce, bounce_payments
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_orders
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.credits import CreditRequest, credit_invoices
from tradewind.desk.returns import WantedLine, WantedReturn, authorise_returns
from tradewind.desk.shipping import Given, answer_shipments
from tradewind.kernel.tx import Tx
from tradewind.streams.backorders import BackorderCrank

Act = Callable[[Tx], object]


@pytest.fixture
def shop(owner_url):
    opened = open_shop(owner_url, stock={("cup", "north"): "9000", ("cup", "south"): "5000"})
    yield opened
    opened.database.close()


def order_from_two_sites(shop: Shop) -> UUID:
    """Ten cups, of which six are free in the north and four in the south: two shipments."""
    held = "update stock set safety = on_hand - reserved - allocated - case site_id when %s then 6 else 4 end"
    shop.database.write(lambda tx: tx.run(held, [shop.id["north"]]))
    order = shop.order(("CUP", "10"), charges=(("FREIGHT", "3.00"),))
    shop.database.write(lambda tx: tx.run("update stock set safety = 0"))
    assert len(shop.shipments(order)) == 2
    return order


def acts(shop: Shop, order: UUID, *, key: str) -> dict[str, Act]:
    """What can happen to an order; each may come at any time, and a refusal is an answer, too."""
    first, second = shop.shipments(order)
    number = shop.one("select number from sales_order where id = %s", [order])[0]
    short = {"outcome": "shipped", "lines": [{"line": 1, "shipped": "4", "reason": "broken"}]}

    def bounce(tx: Tx) -> object:
        paid = tx.value("select number from payment where key = %s", [key])
        return paid and bounce_payments(tx, [Bounce(paid, "no funds")])

    def correct(tx: Tx) -> object:
        invoice = tx.value("select number from invoice where order_id = %s order by number limit 1", [order])
        return invoice and credit_invoices(tx, [CreditRequest(invoice, (CreditWish(1, amount=Decimal("1.00")),))])

    return {
        "short": lambda tx: answer_shipments(tx, [Given(first, short)], inline=True),
        "ship": lambda tx: answer_shipments(tx, [Given(second, {"outcome": "shipped"})], inline=True),
        "refuse": lambda tx: answer_shipments(tx, [Given(second, {"outcome": "refused"})]),
        "cancel": lambda tx: cancel_orders(tx, [CancelRequest(order, "changed my mind", (LineWish(1, Decimal(3)),))]),
        "cancel all": lambda tx: cancel_orders(tx, [CancelRequest(order, "gone")]),
        "pay": lambda tx: record_payments(tx, [Received("ALMA", Decimal("20.00"), "EUR", key=key)]),
        "bounce": bounce,
        "return": lambda tx: authorise_returns(
            tx, [WantedReturn("ALMA", "broken", (WantedLine(Decimal(2), number, 1, disposition="none"),))]
        ),
        "credit": correct,
    }


def settle(shop: Shop, orders: list[UUID]) -> None:
    """Ship what is left, cancel what nobody can ship, and pay everything."""
    backorders = BackorderCrank(shop.database)
    for _ in range(6):
        shop.turn()
        backorders.turn_until_idle()
        shop.turn()
        for order in orders:
            for shipment in shop.shipments(order):
                shop.ship(shipment)
    for order in orders:
        shop.database.write(lambda tx, order=order: cancel_orders(tx, [CancelRequest(order, "the rest")]))
    shop.turn()
    open_ = shop.one("select coalesce(sum(total - paid - credited), 0) from invoice where kind = 'invoice'")[0]
    if open_:
        shop.database.write(lambda tx: record_payments(tx, [Received("ALMA", open_, "EUR")]))
    shop.turn()


LEFT = """
select stream, subject_id from stream_instance where status <> 'done'
  and not (stream = 'return_to_credit' and subject_id in (select id from return_authorisation where status = 'authorised'))
"""


@pytest.mark.parametrize(
    "names",
    [
        ("short", "ship", "cancel", "pay"),
        ("short", "refuse", "cancel all", "pay"),
        ("ship", "pay", "bounce", "credit"),
        ("short", "ship", "return", "cancel all"),
    ],
    ids=" ".join,
)
def test_every_order_of_events_leaves_the_books_clean(shop, names):
    orders = []
    for number, sequence in enumerate(permutations(names)):
        order = order_from_two_sites(shop)
        orders.append(order)
        happening = acts(shop, order, key=f"k{number}")
        for name in sequence:
            shop.database.write(happening[name])
            if number % 2:
                shop.turn()
    shop.turn()
    shop.verify()

    settle(shop, orders)

    assert {shop.status(order) for order in orders} <= {"closed", "cancelled"}
    assert shop.one("select sum(credit_taken) from sales_order") == (Decimal(0),)
    assert shop.all("select name, key, message_id, received_at from message where consumed_at is null") == []
    # a return whose goods nobody sent is waited for
    assert shop.all(LEFT) == []
    assert shop.one("select open_orders, receivables from credit_node") == (0, 0)
    shop.verify()


def test_everything_at_once_neither_deadlocks_nor_breaks_the_books(shop):
    names = ("short", "ship", "cancel", "pay", "bounce", "return", "credit")
    orders = [order_from_two_sites(shop) for _ in range(6)]
    before = shop.one("select deadlocks from pg_stat_database where datname = current_database()")
    todo = [
        happening[name]
        for number, order in enumerate(orders)
        for happening in [acts(shop, order, key=f"k{number}")]
        for name in names
    ]
    start = Barrier(len(todo) + 1)

    def run(act: Act) -> object:
        start.wait()
        return shop.database.write(act)

    def crank() -> int:
        start.wait()
        return sum(shop.crank.turn_once() for _ in range(20))

    with ThreadPoolExecutor(len(todo) + 1) as pool:
        results = [pool.submit(run, act) for act in todo]
        turned = pool.submit(crank)
        for result in results:
            result.result()
        turned.result()
    shop.turn()
    shop.verify()

    settle(shop, orders)

    assert {shop.status(order) for order in orders} <= {"closed", "cancelled"}
    assert shop.one("select deadlocks from pg_stat_database where datname = current_database()") == before
    shop.verify()
