"""The credit desk, everybody at once over HTTP: parts let through, limits raised and money applied never pass a limit."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from live_server import Answer, Client, LiveServer, together, within
from market import Market, open_market
from tradewind.app.postgres import Server
from tradewind.app.settings import Settings, read_settings

pytestmark = pytest.mark.slow

V1 = "/api/v1"
MANY = 32
TEAS = 30  # 30 teas at 1.99 and 7 % are 63.88
EXPOSURE = """
select n.credit_limit, n.open_orders + n.receivables - n.unapplied from credit_node n join account a on a.id = n.account_id
where a.code = 'buyer-0'
"""


@pytest.fixture
def market(owner_url: str) -> Market:
    return open_market(owner_url, buyers=2, limit="10", stock={("tea", "north"): "100000"})


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


def ask(market: Market, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(market.url, autocommit=True) as owner:
        return owner.execute(sql).fetchall()


def idle(market: Market) -> bool:
    due = "select count(*) from stream_instance where status = 'running' and wake_at <= now() + interval '1 second'"
    return not ask(market, due)[0][0]


def at_once(live: LiveServer, market: Market, asked: list[tuple[str, str, str, dict[str, Any]]]) -> list[Answer]:
    """Each (login, method, path, body) from a connection of its own, all from one moment on, until each has its answer."""
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(Client(live.port, market.keys[login]))) for login, _, _, _ in asked]
        works = [
            lambda client=client, method=method, path=path, body=body: client.insist(method, f"{V1}{path}", body)
            for client, (_, method, path, body) in zip(clients, asked, strict=True)
        ]
        answers = together(*works)
        assert [client.failures for client in clients if client.failures] == []
        return answers


def held_orders(live: LiveServer, market: Market) -> list[str]:
    """So many orders that one limit holds, by number."""
    order = {"account": "buyer-0", "lines": [{"item": "TEA", "qty": str(TEAS)}]}
    placed = at_once(live, market, [("buyer-0", "POST", "/orders", order)] * MANY)
    assert Counter(one.body["status"] for one in placed) == {"held": MANY}
    return [one.body["number"] for one in placed]


def raise_limit(live: LiveServer, market: Market, amount: str) -> Answer:
    with closing(Client(live.port, market.keys["credit_desk"])) as client:
        return client.ask("PUT", f"{V1}/accounts/buyer-0/credit-limit", {"limit": amount, "reason": "reviewed"})


def within_limit(market: Market) -> Decimal:
    ((limit, exposure),) = ask(market, EXPOSURE)
    assert exposure <= limit
    return Decimal(exposure)


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """A process that does nothing for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.usefixtures("deadlocks")
def test_thirty_two_parts_let_through_at_once_never_pass_the_limit(live: LiveServer, market: Market) -> None:
    numbers = held_orders(live, market)
    with psycopg.connect(
        market.url, autocommit=True
    ) as owner:  # as if the limit had been higher: nobody is asked again
        owner.execute("update credit_node set credit_limit = 500")

    release = [("credit_desk", "POST", f"/orders/{number}/credit-release", {"reason": "it fits"}) for number in numbers]
    with standing_still(live.worker()):  # it would let them go by itself
        answers = at_once(live, market, release)

    codes = Counter(one.code or one.status for one in answers)
    assert codes[200] >= 8
    assert set(codes) <= {200, "credit.nothing_fits"}
    through = sum((Decimal(one.body["amount"]) for one in answers if one.status == 200), Decimal(0))
    assert through == within_limit(market)
    # what is left would not take one tea more
    assert 500 - through < Decimal("2.13")
    assert within(30, lambda: idle(market))
    released = ask(market, "select sum(qty_released) from order_line")[0][0]
    assert released == sum(int(line["qty"]) for one in answers if one.status == 200 for line in one.body["released"])
    assert within_limit(market) == through


@pytest.mark.usefixtures("deadlocks")
def test_raises_parts_money_and_new_orders_at_once_stay_exact(live: LiveServer, market: Market) -> None:
    numbers = held_orders(live, market)
    wishes = [
        ("credit_desk", "POST", f"/orders/{number}/credit-release", {"reason": "it fits"}) for number in numbers[:12]
    ]
    temporary = {"kind": "temporary", "amount": "70", "valid_to": "2099-01-01T00:00:00Z", "reason": "fair"}
    wishes += [("credit_desk", "POST", "/accounts/buyer-0/credit-requests", temporary)] * 6
    money = {"account": "buyer-0", "amount": "40.00", "currency": "EUR"}
    wishes += [("accounting", "POST", "/payments", {**money, "key": f"p{number}"}) for number in range(8)]
    order = {"account": "buyer-0", "lines": [{"item": "TEA", "qty": "3"}]}
    wishes += [("buyer-0", "POST", "/orders", order)] * 6

    answers = at_once(live, market, wishes)

    assert {one.status for one in answers} <= {200, 201, 409}
    assert {one.code for one in answers if one.status == 409} <= {"credit.nothing_fits", "credit.not_held"}
    assert within(60, lambda: idle(market))
    ((extra,),) = ask(market, "select sum(amount) from credit_override")
    assert extra == 6 * 70
    assert ask(market, "select count(*) from incident") == [(0,)]

    def nobody_waits_that_would_fit() -> bool:
        ((limit, exposure),) = ask(market, EXPOSURE)
        assert exposure <= limit + extra
        ((least,),) = ask(market, "select min(total - credit_taken) from sales_order where status = 'held'")
        return bool(least > limit + extra - exposure)

    assert within(60, nobody_waits_that_would_fit)


@pytest.mark.usefixtures("deadlocks")
def test_two_people_who_confirm_at_once_raise_the_limit_once(live: LiveServer, market: Market) -> None:
    held_orders(live, market)
    asked = raise_limit(live, market, "60010")
    assert (asked.status, asked.body["status"]) == (202, "open")

    path = f"/credit-requests/{asked.body['request']}/confirm"
    answers = at_once(live, market, [("admin", "POST", path, {"reason": "seen"})] * 8)

    assert Counter(one.code or one.status for one in answers) == {200: 1, "credit.request_decided": 7}
    assert within(30, lambda: idle(market))
    assert ask(market, "select status, count(*) from sales_order group by 1") == [("released", MANY)]
    assert within_limit(market) == MANY * Decimal("63.88")
