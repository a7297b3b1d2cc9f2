"""kill -9 of the worker, HTTP processes, the master and PostgreSQL, at random moments under load and at every commit."""

import json
import random
import threading
import time
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
    """Clients that never give up on anything, and what they were told."""

    live: LiveServer
    market: Market
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    shipments: set[str] = field(default_factory=set)
    payments: dict[str, str] = field(default_factory=dict)
    strange: list[Any] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    buyers: list[threading.Thread] = field(default_factory=list)
    clerks: list[threading.Thread] = field(default_factory=list)

    def begin(self) -> None:
        self.buyers = [self._thread(login, self.buy) for login in self.market.accounts]
        self.clerks = [
            self._thread("warehouse", self.answer),
            self._thread("admin", self.answer),
            self._thread("accounting", self.pay),
        ]

    def _thread(self, login: str, work: Callable[[Client, random.Random], None]) -> threading.Thread:
        def run() -> None:
            with closing(Client(self.live.port, self.market.keys[login])) as client:
                work(client, random.Random(login))
                self.failures += client.failures

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def end(self) -> None:
        """No more orders; what has begun is finished."""
        self.over.set()
        self._join(self.buyers)

    def close(self) -> None:
        """The clerks go home."""
        self.closed.set()
        self._join(self.clerks)

    def _join(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in threads), "a client waits for ever"

    def buy(self, client: Client, chance: random.Random) -> None:
        """Orders one after another, each repeated under its key until it is acknowledged; some sent again, some cancelled."""
        login = next(login for login, key in self.market.keys.items() if key == client.key)
        number = 0
        while not self.over.is_set():
            number += 1
            key = f"{login}-{number}"
            lines = [
                {"item": item, "qty": chance.randint(1, 9)} for item in chance.sample(["CUP", "TEA", "ENGRAVE"], 2)
            ]
            order = {"account": login, "buyer_po": f"PO-{number}", "lines": lines}
            for _ in range(1 if chance.random() < 0.9 else 2):
                self.note(key, client.insist("POST", "/api/v1/orders", order, key=key))
            if chance.random() < 0.1:
                answer = client.insist("POST", f"/api/v1/orders/{self.orders[key]['id']}/cancel", {"reason": "no need"})
                if answer.status not in (200, 409, 422):
                    self.strange.append(("cancel", answer))

    def receive(self, *skus: str) -> None:
        """Goods come in, once."""
        receipts = [{"site": "N", "sku": sku, "qty": "1000"} for sku in skus]
        with closing(Client(self.live.port, self.market.keys["warehouse"])) as client:
            answer = client.insist("POST", "/api/v1/stock/receipts", {"receipts": receipts}, key="receipt")
            if answer.status != 200 or any("errors" in one for one in answer.body["results"]):
                self.strange.append(("receive", answer))

    def note(self, key: str, answer: Answer) -> None:
        if answer.status != 201 or self.orders.setdefault(key, answer.body)["id"] != answer.body["id"]:
            self.strange.append((key, answer))

    def answer(self, client: Client, chance: random.Random) -> None:
        """What was released is shipped, now and then with a unit short; asked by the page until nothing is left."""
        while not self.closed.is_set():
            page = client.insist("GET", "/api/v1/shipments?status=released&limit=50").body["shipments"]
            chance.shuffle(page)  # they are two
            for one in page:
                short = chance.random() < 0.1 and not self.over.is_set()
                lines = [{"line": one["lines"][0]["line"], "short": "1"}] if short else []
                answer = client.insist(
                    "POST", f"/api/v1/shipments/{one['id']}/answer", {"outcome": "shipped", "lines": lines}
                )
                if answer.status == 200:
                    self.shipments.add(one["id"])
                elif answer.code != "fulfilment.already_answered":  # cancelled meanwhile
                    self.strange.append(("answer", answer))
            if not page:
                time.sleep(0.05)

    def pay(self, client: Client, chance: random.Random) -> None:
        """Open invoices are paid, in full or in part, each payment under its own key."""
        paid: set[str] = set()
        while not self.closed.is_set():
            page = client.insist("GET", "/api/v1/invoices?open_only=true&limit=50").body["invoices"]
            fresh = [one for one in page if one["id"] not in paid]
            for one in fresh:
                paid.add(one["id"])
                amount = one["total"] if chance.random() < 0.8 else "0.01"
                payment = {"account": one["account"], "amount": amount, "currency": "EUR", "reference": one["number"]}
                answer = client.insist("POST", "/api/v1/payments", payment, key=one["id"])
                if answer.status in (200, 201):
                    self.payments[one["id"]] = answer.body["id"]
                else:
                    self.strange.append(("pay", answer))
            if not fresh:
                time.sleep(0.05)


@dataclass
class Ledger:
    """What the database says, asked as its owner on a connection of the moment."""

    url: str

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as owner:
            return owner.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        return self.all(sql)[0][0]

    def answered(self) -> bool:
        """Whether no warehouse has anything to do."""
        return not self.value("select count(*) from shipment where status = 'released'")

    def shipped(self) -> bool:
        """Whether every order was delivered or cancelled."""
        return not self.value("""
            select count(*) from sales_order o join order_line l on l.order_id = o.id
            where l.qty_open + l.qty_reserved + l.qty_allocated + l.qty_released > 0
        """)

    def left(self) -> dict[str, Any]:
        """What is not done yet, for a failure to show."""
        return {
            "orders": self.all("""
                select o.number, o.status, l.line_no, l.qty_open, l.qty_backordered, l.qty_reserved, l.qty_allocated, l.qty_released
                from sales_order o join order_line l on l.order_id = o.id
                where l.qty_open + l.qty_reserved + l.qty_allocated + l.qty_released > 0 limit 5
            """),
            "shipments": self.all("select status, count(*) from shipment group by 1"),
            "waits": self.all("select s.name, count(*) from stream_wait s group by 1"),
            "due": self.all("select stream, status, wake_at, now() from stream_instance where wake_at < now() limit 5"),
            "incidents": self.all("select step, code, message from incident"),
        }

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
    load.begin()

    for victim in kills:
        before = len(load.orders)
        assert within(60, lambda before=before: len(load.orders) > before + 3), (
            f"before {victim}: {live.said()[-3000:]}"
        )
        time.sleep(chance.uniform(0, 0.3))
        end_of(victim, live, chance)
    load.end()
    ledger = Ledger(ensure_server(durable_settings).url())
    answered = within(90, lambda: ledger.idle() and ledger.answered())
    load.receive("CUP", "TEA")  # where a unit was short, the order waits until goods come in
    drained = answered and within(60, lambda: ledger.idle() and ledger.shipped())
    load.close()

    assert drained, ledger.left()
    assert (load.strange, load.failures) == ([], [])
    # what was acknowledged is there, each once, under the id and number it was acknowledged with; and nothing else is
    assert ledger.all("select id::text, number from sales_order order by 1") == sorted(
        (one["id"], one["number"]) for one in load.orders.values()
    )
    assert ledger.value("select count(*) from event where type = 'order.received'") == len(load.orders)
    assert {row[0] for row in ledger.all("select id::text from shipment where status = 'shipped'")} == load.shipments
    assert ledger.all("select shipment_id, count(*) from invoice group by 1 having count(*) > 1") == []
    assert ledger.value("select count(*) from invoice") == len(load.shipments)
    assert sorted(row[0] for row in ledger.all("select id::text from payment")) == sorted(load.payments.values())
    assert len(load.orders) > 4 * len(kills)
    assert len(load.payments) > len(kills)
    settled(live, ledger, durable_settings)


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
