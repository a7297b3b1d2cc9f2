"""kill -9 of the worker, HTTP processes, the master and PostgreSQL, at random moments under load and at every commit."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from invariants import assert_invariants
from live_server import Answer, Client, LiveServer, within
from market import Market, open_market
from tradewind.app.postgres import Server, ensure_server
from tradewind.app.postgres_place import find_place
from tradewind.app.settings import Settings

KILLS = ["http"] * 12 + ["worker"] * 8 + ["postgres"] * 13 + ["master"] * 8 + ["everything"] * 4
SEED = 20260302

pytestmark = [pytest.mark.slow, pytest.mark.durable]


@pytest.fixture
def market(durable_server: Server) -> Market:
    return open_market(durable_server.url())


@pytest.fixture
def live(durable_settings: Settings, market: Market) -> Iterator[LiveServer]:
    server = LiveServer(durable_settings)
    server.start()
    yield server
    server.abandon()


@dataclass
class Load:
    """Clients that place orders and never give up on one; what they were told is kept."""

    live: LiveServer
    market: Market
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    strange: list[tuple[str, int, Any]] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, *works: Callable[[], None]) -> None:
        self.threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self.threads), "a client waits for ever"

    def client(self, login: str) -> Client:
        return Client(self.live.port, self.market.keys[login])

    def buyer(self, login: str) -> Callable[[], None]:
        """Orders one after another, each repeated under its key until it is acknowledged; some asked for once more."""
        chance = random.Random(login)

        def work() -> None:
            number = 0
            with closing(self.client(login)) as client:
                while not self.over.is_set():
                    number += 1
                    key = f"{login}-{number}"
                    items = chance.sample(["CUP", "TEA", "ENGRAVE"], 2)
                    lines = [{"item": item, "qty": chance.randint(1, 9)} for item in items]
                    order = {"account": login, "buyer_po": f"PO-{number}", "lines": lines}
                    for _ in range(1 if chance.random() < 0.9 else 2):
                        self.note(key, client.insist("POST", "/api/v1/orders", order, key=key))
                self.retries["place"] += client.retries

        return work

    def note(self, key: str, answer: Answer) -> None:
        if answer.status != 201:
            self.strange.append((key, answer.status, answer.body))
        elif self.acknowledged.setdefault(key, answer.body)["id"] != answer.body["id"]:
            self.strange.append((key, 201, f"{answer.body['id']} instead of {self.acknowledged[key]['id']}"))


@dataclass
class Ledger:
    """What the database says, asked as its owner on a connection of the moment."""

    url: str

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as owner:
            return owner.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        return self.all(sql)[0][0]

    def idle(self) -> bool:
        """Whether nothing is due any more."""
        return not self.value(
            "select count(*) from stream_instance where status = 'running' and wake_at <= now() + interval '1 second'"
        )


def end_of(victim: str, live: LiveServer, chance: random.Random) -> None:
    """Kill it; what nobody else would start again is started."""
    if victim in ("http", "worker"):
        assert within(30, lambda: len(live.children()) == 3 and live.children()[-1] == live.worker()), live.said()
        worker = live.worker()
        others = [pid for pid in live.children() if pid != worker]
        live.kill(worker if victim == "worker" else chance.choice(others))
        return
    if victim in ("postgres", "everything"):
        assert within(30, live.postgres), "PostgreSQL was not started again"
        live.kill(live.postgres())
    if victim in ("master", "everything"):
        children = live.children() if victim == "everything" else []
        live.kill_master()
        for pid in children:
            live.kill(pid)
        live.start()


def test_nothing_acknowledged_is_lost_nothing_doubled_nothing_stuck(
    live: LiveServer, market: Market, durable_settings: Settings
) -> None:
    load = Load(live, market)
    chance = random.Random(SEED)
    kills = chance.sample(KILLS, len(KILLS))
    url = ensure_server(durable_settings).url()
    load.begin(*(load.buyer(login) for login in market.accounts))

    for victim in kills:
        before = len(load.acknowledged)
        assert within(60, lambda before=before: len(load.acknowledged) > before + 3), f"before {victim}: {live.said()}"
        time.sleep(chance.uniform(0, 0.3))
        end_of(victim, live, chance)
    load.end()

    ledger = Ledger(url)
    assert within(60, ledger.idle), live.said()[-3000:]
    assert load.strange == []
    assert len(load.acknowledged) > len(kills)
    # exactly those that were acknowledged, each once, under the id and number it was acknowledged with
    placed = ledger.all("select id::text, number from sales_order")
    assert sorted(placed) == sorted((one["id"], one["number"]) for one in load.acknowledged.values())
    assert ledger.value("select count(*) from event where type = 'order.received'") == len(placed)
    assert ledger.all("select step, code, message from incident") == []
    assert ledger.all("select step from step_pause") == []
    assert ledger.all("select number, status from sales_order where status <> 'released'") == []
    assert "deadlock detected" not in logged(durable_settings)
    assert live.stop() == 0
    assert_invariants(ensure_server(durable_settings).url(), everything=True)


def logged(settings: Settings) -> str:
    return "".join(path.read_text(errors="replace") for path in find_place(settings).log.glob("postgresql-*.log"))


@pytest.mark.parametrize("victim", ["self", "postgres"])
@pytest.mark.parametrize("point", ["before commit", "after commit"])
def test_a_placement_that_is_killed_at_its_commit_happens_once(
    live: LiveServer, market: Market, durable_settings: Settings, point: str, victim: str
) -> None:
    order = {"account": "buyer-0", "buyer_po": "PO-1", "lines": [{"item": "CUP", "qty": 5}]}
    kill_at(live, "order.received", point, victim)

    with closing(Client(live.port, market.keys["buyer-0"])) as client:
        answer = client.insist("POST", "/api/v1/orders", order, key="once")

    assert killed(live)
    assert answer.status == 201
    ledger = Ledger(ensure_server(durable_settings).url())
    assert ledger.all("select id::text from sales_order") == [(answer.body["id"],)]
    assert ledger.all("select allocated + reserved from stock where allocated > 0") == [(5,)]
    settled(live, ledger, durable_settings)


def kill_at(live: LiveServer, event: str, point: str, victim: str) -> None:
    """Order the kill at a point of the next transaction that says `event`."""
    order = live.settings.home / "kill.json"
    order.with_suffix(".new").write_text(json.dumps({"event": event, "point": point, "victim": victim}))
    order.with_suffix(".new").rename(order)


def killed(live: LiveServer) -> bool:
    return (live.settings.home / "kill.done").exists()


def settled(live: LiveServer, ledger: Ledger, settings: Settings) -> None:
    """Nothing is due, nothing broke, every invariant holds."""
    assert within(30, ledger.idle), live.said()[-3000:]
    assert ledger.all("select step, code, message from incident") == []
    assert "deadlock detected" not in logged(settings)
    live.stop()
    assert_invariants(ensure_server(settings).url(), everything=True)
