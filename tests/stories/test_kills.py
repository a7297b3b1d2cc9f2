"""kill -9 of the worker, HTTP processes, the master and PostgreSQL, at random moments under load and at every commit."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from invariants import assert_invariants
from live_server import Answer, Client, LiveServer, within
from market import Market, open_market
from tradewind.app.postgres import Server, ensure_server
from tradewind.app.postgres_place import find_place
from tradewind.app.settings import Settings
from tradewind.kernel.mark import write_events
from tradewind.kernel.tx import Database, Event, Tx

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
    """What the database says, asked as its owner on a connection of the moment; waits for one that is being restarted."""

    url: str

    def all(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        found: list[list[tuple[Any, ...]]] = []

        def ask() -> bool:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url, autocommit=True) as owner:
                found.append(owner.execute(sql, params or None).fetchall())
            return bool(found)

        assert within(30, ask), "PostgreSQL was not started again"
        return found[0]

    def value(self, sql: str, *params: Any) -> Any:
        return self.all(sql, *params)[0][0]

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


SAID = (
    "order.received",
    "order.confirmed",
    "shipment.released",
    "shipment.shipped",
    "invoice.issued",
    "payment.recorded",
)
MOMENTS = [(point, victim) for victim in ("self", "postgres") for point in ("before commit", "after commit")]


@dataclass
class Business:
    """One buyer's orders, taken step by step."""

    live: LiveServer
    market: Market
    ledger: Ledger

    def ask(self, login: str, method: str, path: str, body: Any = None, *, key: str = "") -> Answer:
        with closing(Client(self.live.port, self.market.keys[login])) as client:
            answer = client.insist(method, f"/api/v1/{path}", body, key=key)
            assert (client.failures, answer.status in (200, 201)) == ([], True), (client.failures, answer)
            return answer

    def order(self, number: int) -> str:
        body = {"account": "buyer-0", "buyer_po": f"PO-{number}", "lines": [{"item": "CUP", "qty": 5}]}
        return str(self.ask("buyer-0", "POST", "orders", body, key=f"order-{number}").body["id"])

    def released(self, order: str) -> str:
        """The order's shipment, once the worker has released it."""
        found: list[Any] = []
        asked = "select id::text from shipment where order_id = %s and status = 'released'"
        assert within(30, lambda: found or found.extend(self.ledger.all(asked, order)) or found), self.live.said()[
            -2000:
        ]
        return str(found[0][0])

    def ship(self, shipment: str) -> Answer:
        return self.ask("warehouse", "POST", f"shipments/{shipment}/answer", {"outcome": "shipped"})

    def pay(self, number: int) -> Answer:
        body = {"account": "buyer-0", "amount": "19.84", "currency": "EUR"}
        return self.ask("accounting", "POST", "payments", body, key=f"payment-{number}")


@pytest.fixture
def business(live: LiveServer, market: Market) -> Business:
    return Business(live, market, Ledger(market.url))


@pytest.mark.parametrize(
    ("what", "event"),
    [
        ("a placement", "order.received"),
        ("a crank turn", "shipment.released"),
        ("a warehouse's answer", "shipment.shipped"),
        ("a payment", "payment.recorded"),
    ],
)
def test_what_is_killed_at_its_commit_happens_once(
    business: Business, live: LiveServer, durable_settings: Settings, what: str, event: str
) -> None:
    ledger, orders = business.ledger, []

    for number, (point, victim) in enumerate(MOMENTS, 1):
        if event in ("order.received", "shipment.released"):
            kill_at(live, event, point, victim)
        orders.append(business.order(number))
        shipment = business.released(orders[-1])
        if event in ("shipment.shipped", "payment.recorded"):
            kill_at(live, event, point, victim)
        business.ship(shipment)
        business.pay(number)

        assert killed(live), f"{what} was not killed {point}"
        assert within(30, ledger.idle)
        for said in SAID:
            assert ledger.value("select count(*) from event where type = %s", said) == number, (said, point, victim)

    assert ledger.all("select id::text from sales_order order by 1") == sorted((one,) for one in orders)
    assert ledger.all("select on_hand, allocated + reserved from stock where on_hand < 1000000") == [
        (1_000_000 - 20, 0)
    ]
    assert ledger.value("select sum(amount) from payment") == 4 * Decimal("19.84")
    assert (
        ledger.all("select open_orders, receivables - unapplied from credit_node where open_orders + receivables > 0")
        == []
    )
    settled(live, ledger, durable_settings)


def test_a_commit_is_not_believed_because_another_transaction_got_its_number(
    durable_server: Server, durable_settings: Settings
) -> None:
    """After a crash the numbers of transactions that never reached the disk are given again."""
    note = Event("note.made", "note", UUID(int=1), {})
    with closing(Database(durable_server.url())) as database:
        with suppress(psycopg.OperationalError), database.connection() as connection, connection.transaction():
            tx = Tx(connection, database.clock, database.ids)
            tx.emit(note)
            lost = write_events(tx)
            assert durable_server.pid is not None
            os.kill(durable_server.pid, signal.SIGKILL)
            within(5, lambda: connection.closed or connection.execute("select 1") is None)
        assert lost is not None
        ensure_server(durable_settings)
        database.close()
        numbers: list[int] = []
        while not numbers or numbers[-1] < lost.xid:
            database.write(lambda tx: tx.emit(replace(note, subject_id=database.ids.new())))
            numbers.append(database.read(lambda reader: reader.value("select max(xid) from event")))

        assert lost.xid in numbers
        assert database._committed(lost, psycopg.OperationalError()) is False


def kill_at(live: LiveServer, event: str, point: str, victim: str) -> None:
    """Order the kill at a point of the next transaction that says `event`."""
    order = live.settings.home / "kill.json"
    order.with_suffix(".new").write_text(json.dumps({"event": event, "point": point, "victim": victim}))
    order.with_suffix(".new").rename(order)


def killed(live: LiveServer) -> bool:
    """Whether the last order was carried out; forgets it."""
    done = live.settings.home / "kill.done"
    found = done.exists()
    done.unlink(missing_ok=True)
    return found


def settled(live: LiveServer, ledger: Ledger, settings: Settings) -> None:
    """Nothing is due, nothing broke, every invariant holds."""
    assert within(30, ledger.idle), live.said()[-3000:]
    assert ledger.all("select step, code, message from incident") == []
    assert "deadlock detected" not in logged(settings)
    live.stop()
    assert_invariants(ensure_server(settings).url(), everything=True)
