"""The worker turns what is due, sends what leaves the house, survives its database, and loses nothing when it is killed."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pytest

from shop import Shop, open_shop
from tradewind.app import worker
from tradewind.app.outbound import NotSent, post_json
from tradewind.app.settings import read_settings
from tradewind.app.worker import run_worker, send_due
from tradewind.desk.stock import Receipt, receive_goods
from tradewind.kernel.clock import system_clock
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.tx import Database
from tradewind.orchestration.commands.deliveries import ATTEMPTS, claim_deliveries, note_sent, pause_after
from tradewind.trials.commands import request_trial

HTTP = frozenset(("http", "https"))
SETTINGS = read_settings({"TRADEWIND_OUTBOUND_SCHEMES": "http,https"})


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    opened = open_shop(owner_url)
    yield opened
    opened.database.close()


class Partner(ThreadingHTTPServer):
    """A buyer's system: remembers what it was sent and answers what it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda request: reply(request, 200)
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    server: Partner

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.headers["Idempotency-Key"], json.loads(body)))
        with suppress(OSError):
            self.server.answer(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def reply(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@pytest.fixture
def partner() -> Iterator[Partner]:
    server = Partner()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def put(shop: Shop, url: str, key: str = "k") -> None:
    wanted = Delivery(key, url, "order.confirmed", shop.id["alma"], "sales_order", shop.id["alma"], {"number": "SO-1"})
    shop.database.write(lambda tx: put_deliveries(tx, [wanted]))


def delivery(shop: Shop) -> tuple[Any, ...]:
    return shop.one("select status, attempts, last_error from delivery")


@contextmanager
def working(url: str) -> Iterator[Database]:
    """A worker at work on the database, with the machine's clock."""
    database, stop = Database(url), threading.Event()
    thread = threading.Thread(target=run_worker, args=(database, SETTINGS, stop))
    thread.start()
    try:
        yield database
    finally:
        stop.set()
        thread.join(timeout=30)
        database.close()
    assert not thread.is_alive()


def wait_until(shop: Shop, sql: str, expected: Any, seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    found: Any = None
    while time.monotonic() < until:
        with suppress(psycopg.Error):
            found = shop.one(sql)[0]
            if found == expected:
                return
        time.sleep(0.05)
    raise AssertionError(f"{sql}: {found} is not {expected}")


def test_a_worker_releases_orders_serves_backorders_and_sends_deliveries(shop, partner):
    shop.clock.at = system_clock()
    shop.database.write(lambda tx: tx.run("update account set delivery_url = %s where code = 'ALMA'", [partner.url]))

    with working(shop.url):
        shop.order(("CUP", "120"))
        wait_until(shop, "select sum(qty_released) from order_line", 100)
        shop.clock.at = system_clock()
        shop.database.write(lambda tx: receive_goods(tx, [Receipt("S", "CUP", Decimal(50))]))
        wait_until(shop, "select sum(qty_released) from order_line", 120)
        wait_until(shop, "select count(*) from delivery where status = 'sent'", 2)

    assert [key.partition(":")[0] for key, _ in partner.seen] == ["order.confirmed", "order.promise_changed"]
    body = partner.seen[0][1]
    assert (body["kind"], body["subject"]["type"], body["payload"]["total"]) == (
        "order.confirmed",
        "sales_order",
        "475.95",
    )
    shop.verify()


def test_a_worker_outlives_the_loss_of_its_connections(shop):
    shop.clock.at = system_clock()

    with working(shop.url):
        shop.order(("CUP", "1"))
        wait_until(shop, "select count(*) from shipment", 1)
        with psycopg.connect(shop.url, autocommit=True) as owner:
            owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            )
        shop.database.close()
        shop.clock.at = system_clock()
        shop.order(("CUP", "1"))
        wait_until(shop, "select count(*) from shipment", 2)


def test_a_bug_in_a_round_ends_neither_the_worker_nor_the_other_duties(shop, monkeypatch, caplog):
    calls = threading.Event()

    def broken(_: Any) -> Any:
        calls.set()
        raise RuntimeError("a bug")

    monkeypatch.setattr(worker.BackorderCrank, "turn_once", broken)
    shop.clock.at = system_clock()
    with working(shop.url):
        shop.order(("CUP", "1"))
        wait_until(shop, "select count(*) from shipment", 1)

    assert calls.is_set()
    assert "a bug" in caplog.text


def test_a_delivery_is_sent_once_and_says_so(shop, partner):
    put(shop, partner.url, "order.confirmed:1")

    assert send_due(shop.database, HTTP) == {"sent": 1}
    assert send_due(shop.database, HTTP) == {}

    assert [key for key, _ in partner.seen] == ["order.confirmed:1"]
    assert shop.one("select status, sent_at, lease_until from delivery") == ("sent", shop.clock.at, None)


def test_what_fails_is_tried_again_later_and_later(shop, partner):
    partner.answer = lambda request: reply(request, 503, b"come back later")
    put(shop, partner.url)

    assert send_due(shop.database, HTTP) == {"failed": 1}
    assert delivery(shop) == ("pending", 1, "503 come back later")
    assert send_due(shop.database, HTTP) == {}

    shop.wait(seconds=5)
    send_due(shop.database, HTTP)
    assert delivery(shop)[1] == 2
    assert shop.one("select next_at from delivery")[0] == shop.clock.at + timedelta(seconds=10)

    partner.answer = lambda request: reply(request, 204)
    shop.wait(seconds=10)
    assert send_due(shop.database, HTTP) == {"sent": 1}


def test_after_too_many_tries_it_is_dead_with_an_incident(shop, partner):
    partner.answer = lambda request: reply(request, 500)
    put(shop, partner.url)

    for _ in range(ATTEMPTS):
        send_due(shop.database, HTTP)
        shop.wait(hours=3)

    assert delivery(shop)[:2] == ("dead", ATTEMPTS)
    assert len(partner.seen) == ATTEMPTS
    assert shop.one("select code from incident") == ("orchestration.delivery_dead",)
    assert shop.one("select type from event where subject_type = 'delivery'") == ("delivery.died",)


@pytest.mark.parametrize(
    ("destination", "status", "error"),
    [
        ("ftp://partner.example/x", "dead", "ftp is not among http, https"),
        ("http://user:secret@partner.example/", "dead", "the address has no host, or names a user"),
        ("http://[broken", "dead", "the address cannot be read: Invalid IPv6 URL"),
        ("warehouse:N", "parked", "warehouse:N is collected, not sent to"),
    ],
)
def test_a_destination_that_can_never_be_reached_is_not_tried_again(shop, destination, status, error):
    put(shop, destination)

    send_due(shop.database, HTTP)

    assert delivery(shop) == (status, 1, error)


def test_an_answer_that_says_never_is_believed(shop, partner):
    partner.answer = lambda request: reply(request, 410, b"gone")
    put(shop, partner.url)

    send_due(shop.database, HTTP)

    assert delivery(shop) == ("dead", 1, "410 gone")


def test_plain_http_leaves_the_house_only_where_the_operator_allows_it(shop, partner):
    put(shop, partner.url)

    send_due(shop.database, frozenset(("https",)))

    assert delivery(shop) == ("dead", 1, "http is not among https")
    assert partner.seen == []


def test_a_redirect_is_not_followed(shop, partner):
    partner.answer = lambda request: reply(request, 302, Location=partner.url + "/elsewhere")
    put(shop, partner.url)

    send_due(shop.database, HTTP)

    assert len(partner.seen) == 1
    assert delivery(shop)[0] == "pending"


def test_a_sender_whose_lease_ran_out_changes_nothing(shop, partner):
    put(shop, partner.url)
    (slow,) = shop.database.write(claim_deliveries)
    assert shop.database.write(claim_deliveries) == []

    shop.wait(minutes=3)
    (other,) = shop.database.write(claim_deliveries)
    assert shop.database.write(lambda tx: note_sent(tx, [slow])) == 0
    assert shop.database.write(lambda tx: note_sent(tx, [other])) == 1

    assert delivery(shop) == ("sent", 2, None)


def test_a_paused_installation_sends_nothing_and_a_restored_one_nothing_old(shop, partner):
    put(shop, partner.url)
    shop.database.write(lambda tx: tx.run("update installation set deliveries_paused = true"))
    assert send_due(shop.database, HTTP) == {}

    shop.database.write(lambda tx: tx.run("update installation set deliveries_paused = false, delivery_epoch = 2"))
    assert send_due(shop.database, HTTP) == {}

    put(shop, partner.url, "new")
    assert send_due(shop.database, HTTP) == {"sent": 1}
    assert [key for key, _ in partner.seen] == ["new"]


def test_a_destination_that_answers_too_slowly_or_too_much_is_left(partner):
    def slow(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.5)
        reply(request, 200)

    partner.answer = slow
    with pytest.raises(NotSent, match=r"no answer within 0.2 s"):
        post_json(partner.url, b"{}", headers={"Idempotency-Key": "k"}, schemes=HTTP, seconds=0.2)

    partner.answer = lambda request: reply(request, 200, b"x" * (2 << 20))
    with pytest.raises(NotSent, match="larger than"):
        post_json(partner.url, b"{}", headers={"Idempotency-Key": "k"}, schemes=HTTP)


def test_a_destination_that_drips_is_left_when_its_time_is_over(partner):
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        for _ in range(20):
            request.wfile.write(b"x")
            request.wfile.flush()
            time.sleep(0.05)

    partner.answer = drip
    begun = time.monotonic()
    with pytest.raises(NotSent):
        post_json(partner.url, b"{}", headers={"Idempotency-Key": "k"}, schemes=HTTP, seconds=0.3)
    assert time.monotonic() - begun < 0.9


def test_nobody_at_the_address_is_a_reason_not_a_traceback():
    with pytest.raises(NotSent, match="ConnectionRefusedError"):
        post_json("http://127.0.0.1:9/", b"{}", headers={}, schemes=HTTP)


def test_pauses_double_up_to_two_hours():
    assert [int(pause_after(tries).total_seconds()) for tries in (1, 2, 3, 11, 12, 99)] == [5, 10, 20, 5120, 7200, 7200]


def test_a_worker_runs_trials_and_what_runs_beside_orders(shop):
    shop.clock.at = system_clock()
    shop.order(("CUP", "1"))
    dearer = {"lanes": [{"site": "N", "country": "DE", "cost": "7"}]}
    shop.database.write(lambda tx: request_trial(tx, "dearer", change=dearer, selection={}))
    shop.database.write(lambda tx: request_trial(tx, "from now on", change=dearer, selection={}, mode="shadow"))

    with working(shop.url):
        wait_until(shop, "select state || ' ' || changed from trial where mode = 'past'", "done 1")
        shop.order(("CUP", "2"))
        wait_until(shop, "select state || ' ' || changed from trial where mode = 'shadow'", "running 1")
