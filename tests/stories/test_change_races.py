"""Changes of an order against its warehouse, its cancel and its money, over HTTP: nobody fails, nobody waits in a circle, the
books agree; and a change that is killed at its commit happens once or not at all."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from test_kills import MOMENTS, Business, Ledger, kill_at, killed, settled
from test_kills import business as business
from test_kills import live as live
from test_kills import market as market

from live_server import Answer, Client, LiveServer, together, within
from market import Market, open_market
from tradewind.app.postgres import Server
from tradewind.app.settings import Settings, read_settings

pytestmark = [pytest.mark.slow, pytest.mark.durable]

ROUNDS = 12
WHO = ("buyer-0", "sales", "warehouse", "accounting")


@pytest.fixture
def shared_market(owner_url: str) -> Market:
    stock = {("cup", "north"): "400", ("cup", "south"): "200", ("tea", "north"): "400"}
    return open_market(owner_url, buyers=2, limit="100000", stock=stock)


@pytest.fixture
def shared_live(shared_market: Market, durable_settings: Settings) -> Iterator[LiveServer]:
    server = LiveServer(read_settings({"TRADEWIND_HOME": str(durable_settings.home)}), database_url=shared_market.url)
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


def ask(client: Client, method: str, path: str, body: Any, key: str = "") -> Callable[[], Answer]:
    return lambda: client.ask(method, f"/api/v1/{path}", body, key=key, timeout=60)


def change(line: int, qty: int) -> dict[str, Any]:
    return {"reason": "they called", "actions": [{"verb": "set_quantity", "line": line, "qty": str(qty)}]}


@pytest.mark.usefixtures("deadlocks")
def test_changes_answers_cancels_and_money_at_once_never_fail(shared_live: LiveServer, shared_market: Market) -> None:
    dice, seen = random.Random(7), Counter[int]()
    books = Ledger(shared_market.url)

    with ExitStack() as stack:
        clients = [
            {login: stack.enter_context(closing(Client(shared_live.port, shared_market.keys[login]))) for login in WHO}
            for _ in range(4)
        ]
        for number in range(ROUNDS):
            orders = [place(one["buyer-0"], f"{number}-{at}") for at, one in enumerate(clients)]
            for order in orders:
                assert within(30, lambda order=order: books.all(_RELEASED, order))
            works: list[Callable[[], Answer]] = []
            for at, (one, order) in enumerate(zip(clients, orders, strict=True)):
                shipment, key = books.all(_RELEASED, order)[0][0], f"{number}-{at}"
                works += [
                    ask(one["buyer-0"], "POST", f"orders/{order}/changes", change(1, dice.randint(0, 20)), f"c{key}"),
                    ask(one["sales"], "POST", f"orders/{order}/changes", change(2, dice.randint(1, 20)), f"s{key}"),
                    ask(one["warehouse"], "POST", f"shipments/{shipment}/answer", answer(dice)),
                    ask(one["accounting"], "POST", "payments", {"account": "buyer-0", "amount": "7.00", "currency": "EUR"}, f"p{key}"),
                ]  # fmt: skip
            extra = stack.enter_context(closing(Client(shared_live.port, shared_market.keys["buyer-0"])))
            works.append(
                ask(
                    extra,
                    "POST",
                    f"orders/{orders[0]}/cancel",
                    {"reason": "no need", "lines": [{"line": 2, "qty": "1"}]},
                )
            )
            dice.shuffle(works)
            seen.update(one.status for one in together(*works))

    assert set(seen) <= {200, 201, 409}, seen
    assert seen[200] > ROUNDS * 6
    due = "select count(*) from stream_instance where status = 'running' and wake_at <= now() + interval '1 second'"
    assert within(60, lambda: not books.value(due))
    assert books.value("select count(*) from incident") == 0


_RELEASED = "select id::text from shipment where order_id = %s and status = 'released'"


def place(client: Client, po: str) -> str:
    lines = [{"item": "CUP", "qty": "8"}, {"item": "TEA", "qty": "5"}]
    placed = client.ask("POST", "/api/v1/orders", {"account": "buyer-0", "buyer_po": po, "lines": lines}, key=f"o{po}")
    assert placed.status == 201, placed
    return str(placed.body["id"])


def answer(dice: random.Random) -> dict[str, Any]:
    """Shipped, short or refused."""
    return dice.choice(
        (
            {"outcome": "shipped"},
            {"outcome": "refused", "reason": "closed"},
            {"outcome": "shipped", "lines": [{"line": 1, "shipped": "3", "reason": "broken"}]},
        )
    )


def test_a_change_that_is_killed_at_its_commit_happens_once(
    business: Business, live: LiveServer, durable_settings: Settings
) -> None:
    ledger = business.ledger

    for number, (point, victim) in enumerate(MOMENTS, 1):
        order = business.order(number)
        business.released(order)
        kill_at(live, "order.changed", point, victim)
        body = {"reason": "more", "actions": [{"verb": "set_quantity", "line": 1, "qty": "7"}]}
        told = business.ask("buyer-0", "POST", f"orders/{order}/changes", body, key=f"change-{number}")

        assert killed(live), f"a change was not killed {point}"
        assert told.body["version"] == 2
        assert ledger.all("select version, total from sales_order where id = %s", order) == [(2, told_total(told))]
        assert ledger.all("select qty_ordered, qty_cancelled from order_line where order_id = %s", order) == [(7, 0)]
        assert ledger.all("select from_version, to_version from order_change where order_id = %s", order) == [(1, 2)]

    settled(live, ledger, durable_settings)


def told_total(told: Answer) -> Any:
    return Decimal(told.body["total"])
