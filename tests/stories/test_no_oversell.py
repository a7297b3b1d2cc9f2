"""Many at once in one process each with a connection of its own: goods and headroom are given out to the last unit, and everything
that may happen to open orders may happen at the same time."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shop import Shop, open_shop
from tradewind.access.model import PERMISSIONS
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_orders
from tradewind.desk.holds import HoldRelease, NewHold, open_holds, release_holds
from tradewind.desk.limits import LimitChange, change_limits
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.desk.shipping import Given, answer_shipments
from tradewind.desk.stock import Count, Receipt, observe_stock, receive_goods
from tradewind.desk.supply import Expectation, expect_supply
from tradewind.kernel.clock import system_clock
from tradewind.kernel.tx import SYSTEM, Database, Tx
from tradewind.orchestration.commands.crank import Crank
from tradewind.orchestration.commands.messages import sweep_messages
from tradewind.rules.decide.feel import read_expression
from tradewind.semantics.model import DraftLine, OrderDraft
from tradewind.streams.backorders import BackorderCrank
from tradewind.streams.library import STREAMS
from tradewind.streams.sources import StockMoved

pytestmark = pytest.mark.slow
FEW, BUYERS = 50, 200


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    opened = open_shop(owner_url, stock={("cup", "north"): "30", ("cup", "south"): "20", ("tea", "north"): "1000"})
    opened.clock.at = system_clock()
    yield opened
    opened.database.close()
    opened.verify()


@pytest.fixture
def deadlocks(owner_url: str) -> Iterator[None]:
    """Fails where PostgreSQL had to break a circle of waiting transactions."""
    yield
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("select pg_stat_force_next_flush()")
        found = owner.execute("select deadlocks from pg_stat_database where datname = current_database()").fetchone()
    assert found == (0,)


def buy(database: Database, sku: str, qty: str, account: str = "ALMA", **more: Any) -> UUID:
    draft = OrderDraft(account, (DraftLine(1, sku, Decimal(qty)),), **more)
    submissions = [Submission(draft, SYSTEM)]
    try:
        placed = database.write(lambda tx: place(tx, submissions))[0]
    except StockMoved:
        placed = database.write(lambda tx: place(tx, submissions, lock_all_sites=True))[0]
    assert placed.order_id is not None, placed.problems
    return placed.order_id


def at_once(shop: Shop, work: Callable[[Database, int], None], count: int, *, threads: int = 12) -> None:
    """Run `work` for each number, many at the same time, each on a connection of its own."""

    def alone(number: int) -> None:
        database = Database(shop.url)
        try:
            work(database, number)
        finally:
            database.close()

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(alone, number) for number in range(count)]:
            done.result()


def test_two_hundred_buyers_of_the_last_fifty_units_get_exactly_fifty(shop, deadlocks):
    at_once(shop, lambda database, _: buy(database, "CUP", "1") and None, BUYERS)

    assert shop.one("select sum(qty_allocated), sum(qty_backordered) from order_line") == (FEW, BUYERS - FEW)
    assert shop.all("select on_hand, allocated from stock where on_hand < 100 order by on_hand") == [(20, 20), (30, 30)]


def test_thirty_two_orders_against_one_limit_never_pass_it(shop, deadlocks):
    # one tea is 1.99, with 7 % tax 2.13; ten fit into 21.30
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 21.30"))

    at_once(shop, lambda database, _: buy(database, "TEA", "1") and None, 32)

    assert shop.one("select open_orders from credit_node") == (Decimal("21.3"),)
    assert shop.all("select status, count(*) from sales_order group by 1 order by 1") == [
        ("confirmed", 10),
        ("held", 22),
    ]


def test_everything_that_may_happen_to_open_orders_may_happen_at_once(shop, deadlocks):
    """Orders, receipts, slips, counts, cancels, holds, limits, answers, with two workers at it; afterwards all is exact."""
    stop = threading.Event()
    failed: list[Exception] = []
    workers = [threading.Thread(target=keep_working, args=(shop.url, stop, failed)) for _ in range(2)]
    for worker in workers:
        worker.start()

    at_once(shop, one_thing, 240, threads=6)

    stop.set()
    for worker in workers:
        worker.join()
    assert failed == []
    settle(shop)
    assert shop.all("select code, message, trace from incident") == []
    assert shop.one("select coalesce(sum(earmarked), 0) from stock") == (0,)


def keep_working(url: str, stop: threading.Event, failed: list[Exception]) -> None:
    database = Database(url)
    crank, backorders = Crank(database, STREAMS, read_expression), BackorderCrank(database)
    try:
        while not stop.is_set():
            try:
                crank.turn_once()
                backorders.turn_once()
                backorders.sweep()
                database.write(sweep_messages)
            except StockMoved:
                continue
    except Exception as reason:  # noqa: BLE001 - told to the test, which fails with it
        failed.append(reason)
    finally:
        database.close()


def settle(shop: Shop) -> None:
    """Both workers' work to its end."""
    database = Database(shop.url)
    crank, backorders = Crank(database, STREAMS, read_expression), BackorderCrank(database)
    for _ in range(30):
        moved = crank.turn_until_idle(rounds=50)
        read = backorders.turn_until_idle()
        swept = backorders.sweep()
        woken, _ = database.write(sweep_messages)
        if not (moved or read.events or woken) and swept.skipped == 0:
            break
    database.close()


def one_thing(database: Database, number: int) -> None:
    """Something that somebody does, drawn from the number."""
    draw = random.Random(number)
    database.write(THINGS[number % len(THINGS)](database, draw)) if number >= 40 else buy_something(database, draw)


def buy_something(database: Database, draw: random.Random) -> None:
    policy = draw.choice((None, None, "ship_complete"))
    buy(
        database,
        draw.choice(("CUP", "CUP", "TEA")),
        str(draw.randint(1, 12)),
        draw.choice(("ALMA", "BELA")),
        ship_policy=policy,
    )


def some(tx: Tx, sql: str, draw: random.Random) -> Any:
    rows = tx.rows(sql)
    return draw.choice(rows)[0] if rows else None


def _cancel(_: Database, draw: random.Random) -> Callable[[Tx], Any]:
    def work(tx: Tx) -> Any:
        ids = [row[0] for row in tx.rows("select id from sales_order where status not in ('closed', 'cancelled')")]
        chosen = draw.sample(ids, min(3, len(ids)))
        lines = (LineWish(1, Decimal(draw.randint(1, 4))),) if draw.random() < 0.6 else ()
        return cancel_orders(tx, [CancelRequest(one, "no", lines) for one in chosen])

    return work


def _receive(_: Database, draw: random.Random) -> Callable[[Tx], Any]:
    site, qty = draw.choice("NS"), Decimal(draw.randint(1, 30))
    reference = draw.choice((None, "PO-1", "PO-2"))
    return lambda tx: receive_goods(tx, [Receipt(site, "CUP", qty, supply=reference)])


def _expect(database: Database, draw: random.Random) -> Callable[[Tx], Any]:
    wanted = Expectation(
        draw.choice(("PO-1", "PO-2")),
        draw.choice("NS"),
        "CUP",
        Decimal(draw.randint(0, 60)),
        database.clock().replace(year=2030, month=draw.randint(1, 12)),
    )
    return lambda tx: expect_supply(tx, [wanted])


def _count(_: Database, draw: random.Random) -> Callable[[Tx], Any]:
    qty = Decimal(draw.randint(0, 60))
    return lambda tx: observe_stock(tx, [Count(draw.choice("NS"), "CUP", qty, tx.now)])


def _hold(_: Database, draw: random.Random) -> Callable[[Tx], Any]:
    def work(tx: Tx) -> Any:
        order = some(tx, "select id from sales_order", draw)
        return order and open_holds(tx, [NewHold(order, draw.choice(("fraud", "customer", "data")), "look")])

    return work


def _release(_: Database, draw: random.Random) -> Callable[[Tx], Any]:
    def work(tx: Tx) -> Any:
        rows = tx.rows("select order_id, id from order_hold where released_at is null")
        chosen = draw.sample(rows, min(4, len(rows)))
        releases = [HoldRelease(order, hold, "fine") for order, hold in chosen]
        return release_holds(tx, releases, permissions=frozenset(PERMISSIONS))

    return work


def _limit(_: Database, draw: random.Random) -> Callable[[Tx], Any]:
    def work(tx: Tx) -> Any:
        account = tx.value("select account_id from credit_node")
        return change_limits(tx, [LimitChange(account, Decimal(draw.choice((50, 5000))), "reviewed")])

    return work


def _answer(_: Database, draw: random.Random) -> Callable[[Tx], Any]:
    def work(tx: Tx) -> Any:
        shipment = some(tx, "select id from shipment where status = 'released'", draw)
        outcome = draw.choice(("shipped", "shipped", "refused"))
        return shipment and answer_shipments(tx, [Given(shipment, {"outcome": outcome})])

    return work


def _buy(database: Database, draw: random.Random) -> Callable[[Tx], Any]:
    buy_something(database, draw)
    return lambda tx: None


THINGS = (_buy, _cancel, _receive, _buy, _expect, _hold, _release, _answer, _count, _limit, _answer, _release)
