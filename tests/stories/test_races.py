"""Everybody at once, over HTTP, against two processes and a worker: stock, credit and orders stay exact."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from itertools import permutations
from typing import Any

import psycopg
import pytest

from live_server import Answer, Client, LiveServer, together, within
from market import Market, open_market
from tradewind.app.postgres import Server
from tradewind.app.settings import Settings, read_settings

pytestmark = pytest.mark.slow

FEW = 50
BUYERS = 200
LIMIT = "1000"


@pytest.fixture
def market(owner_url: str) -> Market:
    return open_market(
        owner_url, buyers=20, limit=LIMIT, stock={("cup", "north"): str(FEW), ("tea", "north"): "100000"}
    )


@pytest.fixture
def live(market: Market, durable_settings: Settings) -> Iterator[LiveServer]:
    server = LiveServer(read_settings({"TRADEWIND_HOME": str(durable_settings.home)}), database_url=market.url)
    server.start()
    yield server
    server.abandon()


@pytest.fixture
def deadlocks(server: Server, database: str) -> Iterator[None]:
    """Fails where PostgreSQL had to break a circle of waiting transactions."""
    yield
    with psycopg.connect(server.url("postgres"), autocommit=True) as owner:
        owner.execute("select pg_stat_force_next_flush()")
        assert owner.execute("select deadlocks from pg_stat_database where datname = %s", [database]).fetchone() == (0,)


def row(market: Market, sql: str) -> tuple[Any, ...]:
    with psycopg.connect(market.url, autocommit=True) as owner:
        found = owner.execute(sql).fetchone()
    assert found is not None
    return found


def value(market: Market, sql: str) -> Any:
    return row(market, sql)[0]


def expect(market: Market, product: str, site: str, qty: int) -> None:
    """Goods are on their way, to arrive in ten days."""
    supply = """
    insert into inbound_supply (id, reference, product_id, site_id, qty, expected_at)
    values (gen_random_uuid(), 'PO-7', %s, %s, %s, now() + interval '10 days')
    """
    with psycopg.connect(market.url, autocommit=True) as owner:
        owner.execute(supply, [market.ids[product], market.ids[site], qty])


def at_once(live: LiveServer, market: Market, asked: list[tuple[str, dict[str, Any], str]]) -> list[Answer]:
    """Each (login, order, key) from a connection of its own, all from one moment on; one try each."""
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(Client(live.port, market.keys[login]))) for login, _, _ in asked]
        works = [
            lambda client=client, order=order, key=key: client.ask("POST", "/api/v1/orders", order, key=key)
            for client, (_, order, key) in zip(clients, asked, strict=True)
        ]
        return together(*works)


def order_of(login: str, qty: object, *, item: str = "CUP", po: str | None = None) -> dict[str, Any]:
    return {"account": login, "buyer_po": po, "lines": [{"item": item, "qty": str(qty)}]}


def idle(market: Market) -> bool:
    due = "select count(*) from stream_instance where status = 'running' and wake_at <= now() + interval '1 second'"
    return not value(market, due)


@pytest.mark.usefixtures("deadlocks")
def test_two_hundred_buyers_of_the_last_fifty_units_get_fifty(live: LiveServer, market: Market) -> None:
    logins = [f"buyer-{number % 20}" for number in range(BUYERS)]
    expect(market, "cup", "north", 100)

    answers = at_once(live, market, [(login, order_of(login, 1), f"k{place}") for place, login in enumerate(logins)])

    assert Counter(one.status for one in answers) == {201: BUYERS}
    lines = [one.body["lines"][0] for one in answers]
    assert Counter(line["quantities"]["allocated"] for line in lines) == {"1": FEW, "0": BUYERS - FEW}
    # who came too late is told what is on its way and when, until that is promised away, too
    losers = [line for line in lines if line["quantities"]["backordered"] == "1"]
    promised = [piece for line in losers for piece in line["promise"]]
    assert Counter((piece["from"], piece["at"] is None) for piece in promised) == {
        ("inbound", False): 100,
        ("unknown", True): BUYERS - FEW - 100,
    }
    assert within(30, lambda: idle(market))
    assert row(market, "select on_hand, reserved, allocated from stock where on_hand = 50") == (FEW, 0, FEW)
    assert row(market, "select sum(qty_released), sum(qty_open), sum(qty_backordered) from order_line") == (
        FEW,
        BUYERS - FEW,
        BUYERS - FEW,
    )
    assert value(market, "select promised from inbound_supply") == 100
    assert value(market, "select count(*) from incident") == 0


@pytest.mark.usefixtures("deadlocks")
def test_thirty_two_orders_against_one_limit_never_pass_it(live: LiveServer, market: Market) -> None:
    # 30 teas at 1.99 and 7 % are 63.88: fifteen of them fit under 1000, the sixteenth does not
    asked = [("buyer-0", order_of("buyer-0", 30, item="TEA"), f"k{number}") for number in range(32)]

    answers = at_once(live, market, asked)

    assert Counter(one.status for one in answers) == {201: 32}
    assert {one.body["total"] for one in answers} == {"63.88"}
    confirmed = [one for one in answers if not one.body["holds"]]
    held = [one for one in answers if one.body["holds"]]
    assert len(confirmed) == 15
    assert {hold["code"] for one in held for hold in one.body["holds"]} == {"credit.over_limit"}
    assert within(30, lambda: idle(market))
    assert value(market, "select max(open_orders + receivables - unapplied) from credit_node") == 15 * Decimal("63.88")


@pytest.mark.usefixtures("deadlocks")
@pytest.mark.parametrize("same", ["the key", "the buyer's order number"])
def test_the_same_order_eight_times_at_once_is_one(live: LiveServer, market: Market, same: str) -> None:
    order = order_of("buyer-0", 2, po="PO-77")
    keys = ["once"] * 8 if same == "the key" else [f"k{number}" for number in range(8)]

    answers = at_once(live, market, [("buyer-0", order, key) for key in keys])

    assert Counter(one.status for one in answers) == {201: 8}
    assert len({one.body["id"] for one in answers}) == 1
    assert value(market, "select count(*) from sales_order") == 1
    assert value(market, "select count(*) from event where type = 'order.received'") == 1
    assert value(market, "select sum(qty_ordered) from order_line") == 2
    assert within(30, lambda: idle(market))


@pytest.mark.usefixtures("deadlocks")
def test_answer_cancel_and_payment_of_one_order_come_out_consistent_in_every_order(
    live: LiveServer, market: Market
) -> None:
    # all at once, and one after another in every order at distances around the length of a transaction
    plans = [(0.0, order) for order in permutations(range(3))]
    plans += [(apart, order) for apart in (0.002, 0.005, 0.02) for order in permutations(range(3))]

    with ExitStack() as stack:
        clients = {
            login: stack.enter_context(closing(Client(live.port, market.keys[login])))
            for login in ("warehouse", "buyer-0", "accounting")
        }
        for number, (apart, turns) in enumerate(plans):
            shipped, cancelled, paid = three_at_one_order(market, clients, number, [turn * apart for turn in turns])

            assert shipped.status == 200, shipped
            assert cancelled.status in (200, 409, 422), cancelled
            assert paid.status == 201, paid
    assert within(30, lambda: idle(market))
    # goods that the warehouse had were shipped: a cancel could only ask for them, and lost
    assert row(market, "select count(*), sum(qty_shipped), sum(qty_cancelled) from order_line") == (24, 24 * 5, 0)
    assert row(market, "select count(*), sum(total) from invoice") == (24, 24 * Decimal("10.65"))
    # money that came before its invoice may wait for another one
    assert value(market, "select sum(amount) from payment") == 24 * Decimal("10.65")
    assert value(market, "select sum(amount - applied) from payment") == value(
        market, "select sum(total - paid) from invoice"
    )
    assert value(market, "select count(*) from incident") == 0


def three_at_one_order(market: Market, clients: dict[str, Client], number: int, delays: list[float]) -> list[Answer]:
    """A released order is shipped, cancelled and paid at once, each after its delay."""
    order = order_of("buyer-0", 5, item="TEA", po=f"PO-{number}")
    placed = clients["buyer-0"].ask("POST", "/api/v1/orders", order, key=f"k{number}").body["id"]
    shipment = released(market, placed)
    money = {"account": "buyer-0", "amount": "10.65", "currency": "EUR"}
    works = (
        lambda: clients["warehouse"].ask("POST", f"/api/v1/shipments/{shipment}/answer", {"outcome": "shipped"}),
        lambda: clients["buyer-0"].ask("POST", f"/api/v1/orders/{placed}/cancel", {"reason": "no need"}),
        lambda: clients["accounting"].ask("POST", "/api/v1/payments", money, key=f"p{number}"),
    )
    return together(*(after(delay, work) for delay, work in zip(delays, works, strict=True)))


def released(market: Market, order: str) -> str:
    """The order's shipment, once the worker has released it."""
    asked = f"select coalesce(min(id::text), '') from shipment where order_id = '{order}' and status = 'released'"  # noqa: S608
    assert within(20, lambda: value(market, asked))
    return str(value(market, asked))


def after(seconds: float, work: Callable[[], Answer]) -> Callable[[], Answer]:
    def late() -> Answer:
        time.sleep(seconds)
        return work()

    return late
