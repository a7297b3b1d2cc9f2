"""A server looks after its embedded PostgreSQL: one that crashes is started again, one that was stopped stays stopped."""

import os
import signal
import time
from collections.abc import Iterator

import psycopg
import pytest

from live_server import Client, LiveServer, within
from market import Market, open_market
from tradewind.app.postgres import Server, ensure_server, has_crashed, running_server
from tradewind.app.settings import Settings


@pytest.fixture
def market(durable_server: Server) -> Market:
    return open_market(durable_server.url(), buyers=1)


@pytest.fixture
def live(durable_settings: Settings, market: Market) -> Iterator[LiveServer]:
    server = LiveServer(durable_settings)
    server.start()
    yield server
    server.abandon()


def ready(live: LiveServer) -> int:
    client = Client(live.port, "")
    try:
        return client.ask("GET", "/readyz").status
    finally:
        client.close()


def test_a_killed_postgresql_is_started_again_and_callers_are_told_to_come_back(live: LiveServer) -> None:
    before = live.postgres()

    os.kill(before, signal.SIGKILL)
    seen = {ready(live) for _ in range(20)}

    assert within(20, lambda: ready(live) == 200)
    assert seen <= {200, 503}
    assert live.postgres() not in (0, before)
    assert within(5, lambda: len(live.children()) == 3)


def test_a_stopped_postgresql_stays_stopped_and_is_used_again_once_somebody_starts_it(
    live: LiveServer, durable_settings: Settings
) -> None:
    server = running_server(durable_settings)
    assert server is not None

    server.stop()
    time.sleep(1.5)

    assert running_server(durable_settings) is None
    assert ready(live) == 503
    ensure_server(durable_settings)
    assert within(10, lambda: ready(live) == 200)


def test_who_started_postgresql_stops_the_one_that_came_after_it(
    durable_settings: Settings, durable_server: Server, market: Market
) -> None:
    durable_server.stop()
    live = LiveServer(durable_settings)
    live.start()
    first = live.postgres()
    os.kill(first, signal.SIGKILL)
    assert within(20, lambda: live.postgres() not in (0, first) and ready(live) == 200)

    code = live.stop()

    assert code == 0
    assert live.postgres() == 0
    assert running_server(durable_settings) is None


def test_a_crash_is_told_from_a_stop(durable_settings: Settings, durable_server: Server) -> None:
    assert durable_server.data is not None
    assert durable_server.pid is not None
    running = has_crashed(durable_server.data)
    os.kill(durable_server.pid, signal.SIGKILL)
    assert within(5, lambda: has_crashed(durable_server.data))
    again = ensure_server(durable_settings)
    with psycopg.connect(again.url()) as connection:
        answered = connection.execute("select 1").fetchone()
    again.stop()

    assert (running, answered) == (False, (1,))
    assert not has_crashed(durable_server.data)
