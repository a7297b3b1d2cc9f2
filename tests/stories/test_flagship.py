"""One order by three doors, as X12, as a spreadsheet and as JSON: one order, one price, one promise, the same people asked, the same
goods and invoices; and whatever is killed on the way changes nothing of it."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from conftest import Clones
from edge_client import EdgeClient
from flagship import DOORS, PO, Flagship, as_answered_by_file, codes_of, csv_order, json_order, masked, open_flagship
from flagship import x12_order as x12
from invariants import assert_invariants
from live_server import Client, LiveServer, within
from shop import Shop
from stories.test_kills import kill_at, killed
from tradewind.app.http import create_app
from tradewind.app.postgres import Server, ensure_server
from tradewind.app.settings import Settings, read_settings
from tradewind.channels.intake import start_combiner
from tradewind.kernel.clock import system_clock
from trading import interchange, serve_to_the_end, x12_860

Run = dict[str, Any]


def story(house: Flagship, door: str) -> Run:
    """The order from its door to its invoices, with everything people do about it."""
    found: Run = {"answer": house.place(door), "855": [], "placed": house.see()}
    for said in range(1 if door == "x12" else 0, 0, -1):
        house.until(lambda said=said: len(house.sent("855")) == said)
    found["855"].append(house.derived())
    house.mend_quantity("24")
    found["mended"] = house.see()
    for who in ("ann", "kim", "ben", "cem"):
        house.approve(who)
    house.until(lambda: house.held_by() == ["credit.over_limit"])
    found["approved"] = house.see()
    house.raise_limit("1100")
    shipments = house.released(4)
    found["released"] = house.see()
    found["855"].append(house.derived())
    for shipment in shipments:
        house.ship(shipment)
    house.until(lambda: len(house.all("select from invoice")) == 4)
    if door == "x12":
        house.until(lambda: [len(house.sent(type_)) for type_ in ("855", "856", "810")] == [2, 4, 4])
        found["sent"] = {type_: house.sent(type_) for type_ in ("855", "856", "810")}
    return found | {"end": house.outcome()}


# ---- in one process, on a clock that stands still ------------------------------------------------------------------


@contextmanager
def in_process(url: str) -> Iterator[tuple[Flagship, Shop]]:
    """The company; between two acts everything automatic happens."""
    shop, keys = open_flagship(url)
    combiner = start_combiner(shop.database)
    with EdgeClient(create_app(shop.database, read_settings({}), combiner)) as client:

        def send(who: str, method: str, path: str, body: Any, key: str) -> tuple[int, Any]:
            content = {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
            headers = {"Idempotency-Key": key} if key else {}
            found = client.request(method, path, key=keys.get(who, ""), headers=headers, **content)
            turn()
            return found.status_code, found.json()

        def turn() -> None:
            shop.turn()
            serve_to_the_end(shop.database)

        def until(happens: Callable[[], object]) -> None:
            turn()
            assert happens()

        house = Flagship(url, keys, send, until, shop.clock.at)
        house.agree()
        shop.wait(seconds=1)
        yield house, shop
    combiner.close()
    shop.verify()
    shop.database.close()


@pytest.fixture(scope="module")
def runs(server: Server, _clones: Clones) -> dict[str, Run]:
    """The story by each door, each on a fresh database; verified."""
    found: dict[str, Run] = {}
    for door in DOORS:
        name = _clones.take()
        with in_process(server.url(name)) as (house, _):
            found[door] = story(house, door)
        _clones.given_back.append(name)
    return found


@pytest.mark.parametrize("stage", ["placed", "mended", "approved", "released", "end"])
@pytest.mark.parametrize("door", ["x12", "csv"])
def test_order_prices_promise_holds_and_approvals_are_those_of_the_json_order(runs, door, stage):
    assert masked(runs[door][stage]) == masked(runs["json"][stage])


def test_only_the_channel_tells_the_doors_apart(runs):
    assert {door: runs[door]["end"]["order"]["channel"] for door in DOORS} == {
        "x12": "edi",
        "csv": "csv",
        "json": "api",
    }


def test_it_is_held_for_its_quantity_its_credit_and_its_approval_and_says_what_would_be_right(runs):
    order = runs["x12"]["placed"]["order"]

    assert (order["status"], order["net"], order["total"]) == ("held", "473.80", "559.38")
    assert [(hold["code"], hold["line_no"], hold["reason"]) for hold in order["holds"]] == [
        ("quantity.below_minimum", 2, "the least quantity is 24 (EA)"),
        ("quantity.not_a_multiple", 2, "the quantity goes in steps of 6 (EA)"),
        ("credit.over_limit", None, "over the credit limit"),
        ("approvals.needed", None, "needs approval: Budget, Board, the seller"),
    ]
    assert [one.get("suggestion") for one in order["holds"]] == ["24 EA", "24 EA", None, None]
    shown = ("sku", "buyer_sku", "group_no", "qty", "uom", "base_qty", "unit_price", "price_uom", "net")
    assert [tuple(line[name] for name in shown) for line in order["lines"]] == [
        ("CUP", "MUG-9", 1, "10", "CS", "120", "2.8", "EA", "336.00"),
        ("TEA", None, 1, "20", "EA", "20", "1.85", "EA", "37.00"),
        ("ENGRAVE", None, 1, "2", "EA", "2", "12", "EA", "24.00"),
        ("CUP", "MUG-9", 2, "2", "CS", "24", "3.2", "EA", "76.80"),
    ]
    assert [[(one["site"], one["qty"]) for one in line["promise"]] for line in order["lines"]] == [
        [("N", "60"), ("S", "48"), ("W", "12")],
        [],
        [],
        [("W", "24")],
    ]
    assert "ALMA-26" in str(runs["x12"]["placed"]["prices"][0])


def test_four_people_are_asked_two_of_three_of_them_together(runs):
    tiers = runs["csv"]["placed"]["approvals"]["tiers"]

    assert [(one["name"], one["side"], one["need"], len(one["any_of"]), one["after"]) for one in tiers] == [
        ("Credit desk", "seller", 1, 2, []),
        ("Budget", "buyer", 1, 2, []),
        ("Board", "buyer", 2, 3, [2]),
    ]
    assert [who for who, orders in runs["csv"]["placed"]["asked"].items() if orders] == ["ann", "eve", "kim", "ada"]
    assert runs["csv"]["end"]["decisions"] == [
        (1, 1, "kim", "LONG v1"),
        (2, 1, "ann", "ALMA-BIG v1"),
        (3, 1, "ben", "ALMA-BIG v1"),
        (3, 2, "cem", "ALMA-BIG v1"),
    ]


def test_the_next_right_quantity_four_approvals_and_the_limit_end_a_hold_each(runs):
    codes = {
        stage: [hold["code"] for hold in runs["json"][stage]["order"]["holds"]]
        for stage in ("mended", "approved", "released")
    }

    assert codes == {
        "mended": ["credit.over_limit", "approvals.needed"],
        "approved": ["credit.over_limit"],
        "released": [],
    }
    line = runs["json"]["mended"]["order"]["lines"][1]
    assert (line["qty"], line["unit_price"], line["net"]) == ("24", "1.7", "40.80")
    assert len(runs["json"]["mended"]["order"]["lines"]) == 4


def test_the_answer_to_a_file_says_of_each_row_what_the_answer_to_json_says_of_each_line(runs):
    (order,), rows = runs["csv"]["answer"]["orders"], runs["csv"]["answer"]["rows"]
    said = runs["json"]["answer"]

    told = [{name: value for name, value in row.items() if name not in ("row", "order")} for row in rows]
    assert told == as_answered_by_file(said)
    assert [(one["kind"], one["code"], one["reason"]) for one in order["holds"]] == [
        (one["kind"], one["code"], one["reason"]) for one in said["holds"]
    ]
    names = ("buyer_po", "status", "currency", "net", "tax", "total", "number")
    assert {name: order[name] for name in names} == {name: said[name] for name in names}
    assert masked(said)["lines"] == masked(runs["json"]["placed"])["order"]["lines"]


def test_the_855s_say_what_every_door_s_order_would_be_answered(runs):
    sent = codes_of(runs["x12"]["sent"]["855"])

    assert sent == [
        ("HD", ("1", "10", "CA", "33.6", ("IH", "10", "CA")), ("2", "20", "EA", "1.85", ("IH", "20", "EA")),
         ("3", "2", "EA", "12", ("IH", "2", "EA")), ("4", "2", "CA", "38.4", ("IH", "2", "CA"))),
        ("AC", ("1", "10", "CA", "33.6", ("IA", "10", "CA")), ("2", "20", "EA", "1.7", ("IQ", "24", "EA")),
         ("3", "2", "EA", "12", ("IA", "2", "EA")), ("4", "2", "CA", "38.4", ("IA", "2", "CA"))),
    ]  # fmt: skip
    assert {door: runs[door]["855"] for door in DOORS} == dict.fromkeys(DOORS, sent)
    reasons = [segment[3] for segment in runs["x12"]["sent"]["855"][0].segments if segment[0] == "REF"]
    assert reasons[1] == "the least quantity is 24 (EA); the quantity goes in steps of 6 (EA); order 24 EA"


def test_four_shipments_from_three_sites_each_with_its_invoice(runs):
    end = runs["x12"]["end"]

    assert end["shipments"] == [
        ("N", "shipped", 1, "CUP", 60), ("N", "shipped", 3, "ENGRAVE", 2),
        ("S", "shipped", 1, "CUP", 48), ("S", "shipped", 2, "TEA", 24),
        ("W", "shipped", 1, "CUP", 12), ("W", "shipped", 4, "CUP", 24),
    ]  # fmt: skip
    assert [(site, net, tax, total) for site, net, tax, total, _ in end["invoices"]] == [
        ("N", Decimal("192.00"), Decimal("36.48"), Decimal("228.48")),
        ("S", Decimal("175.20"), Decimal("28.40"), Decimal("203.60")),
        ("W", Decimal("33.60"), Decimal("6.38"), Decimal("39.98")),
        ("W", Decimal("76.80"), Decimal("14.59"), Decimal("91.39")),
    ]
    billed = sum((invoice[3] for invoice in end["invoices"]), Decimal(0))
    assert f"{billed:.2f}" == end["order"]["total"] == "563.45"
    assert (end["order"]["status"], end["stock"]) == ("shipped", [
        ("CUP", "N", 0, 0, 0), ("CUP", "S", 0, 0, 0), ("CUP", "W", 0, 0, 0), ("TEA", "S", 76, 0, 0),
    ])  # fmt: skip
    sent = runs["x12"]["sent"]
    totals = [int(segment[1]) for one in sent["810"] for segment in one.segments if segment[0] == "TDS"]
    assert (len(sent["856"]), sorted(totals)) == (4, [3998, 9139, 20360, 22848])


def test_the_same_order_by_another_door_is_the_same_order(owner_url):
    with in_process(owner_url) as (house, shop):
        day = f"{house.today:%Y-%m-%d}"
        first = house.place("json")["id"]

        by_file = house.ask("bea", "POST", "/order-files?account=ALMA", csv_order(day))
        by_edi = house.ask("", "POST", house.door, x12(house.today))
        again = house.ask("bea", "POST", "/orders", json_order(day), key="another")

        assert [(one["outcome"], one["id"]) for one in by_file["orders"]] == [("duplicate", first)]
        assert by_edi["interchanges"][0]["outcomes"] == {"duplicate": 1}
        assert (again["id"], again["duplicate"]) == (first, True)
        assert shop.all("select buyer_po, count(*) from sales_order group by 1") == [(PO, 1)]


def test_an_860_takes_the_next_right_quantity_as_the_screen_does(owner_url, runs):
    with in_process(owner_url) as (house, _):
        house.place("x12")
        change = x12_860(PO, "POC*2*QI*24*4*EA***VP*TEA", change="1")

        house.ask("", "POST", house.door, interchange(change, control=2, group="PC"))

        assert masked(house.see()) == masked(runs["x12"]["mended"])
        assert [one for one in house.sent("865")[0].segments if one[0] == "ACK"] == [("ACK", "IH", "24", "EA")]


# ---- killed on the way ---------------------------------------------------------------------------------------------

KILLS = {  # the fact at whose commit somebody is killed, and who: the process that says it, or PostgreSQL
    "place": ("order.received", "self"),
    "mend": ("order.changed", "postgres"),
    "approve ben": ("order.approval_given", "self"),
    "approve cem": ("order.approved", "postgres"),
    "limit": ("shipment.released", "self"),  # the worker
    "ship 1": ("shipment.shipped", "postgres"),
    "ship 3": ("invoice.issued", "self"),
}


@contextmanager
def live(server: Server, settings: Settings, points: tuple[str, str]) -> Iterator[tuple[Flagship, list[str]]]:
    """The company behind `tradewind serve`: HTTP processes, worker, PostgreSQL; each act has somebody killed at its commit."""
    shop, keys = open_flagship(server.url())
    shop.database.close()
    with psycopg.connect(server.url(), autocommit=True) as owner:
        owner.execute("grant select on alembic_version to tradewind_app")
    serving = LiveServer(settings)
    serving.start()
    armed: list[str] = []
    done: list[str] = []

    def at(act: str) -> None:
        settle()
        if act in KILLS:
            event, victim = KILLS[act]
            kill_at(serving, event, points[list(KILLS).index(act) % 2], victim)
            armed.append(act)

    def settle() -> None:
        if armed and within(30, lambda: killed(serving)):
            done.append(armed.pop())

    def send(who: str, method: str, path: str, body: Any, key: str) -> tuple[int, Any]:
        with closing(Client(serving.port, keys.get(who, ""))) as client:
            found = client.insist(method, path, body, key=key)
        assert client.failures == []
        return found.status, found.body

    def until(happens: Callable[[], object]) -> None:
        assert within(90, happens), serving.said()[-3000:]

    try:
        house = Flagship(server.url(), keys, send, until, system_clock(), at)
        house.agree()
        yield house, done
        settle()
        until(lambda: not house.all("select from stream_instance where status = 'running' and wake_at <= now()"))
        assert house.all("select step, code, message from incident") == []
        serving.stop()
    finally:
        serving.abandon()
    assert_invariants(ensure_server(settings).url(), everything=True)


@pytest.mark.slow
@pytest.mark.durable
@pytest.mark.parametrize("points", [("before commit", "after commit"), ("after commit", "before commit")])
@pytest.mark.parametrize("door", DOORS)
def test_a_kill_in_the_middle_changes_nothing(durable_server, durable_settings, runs, door, points):
    with live(durable_server, durable_settings, points) as (house, done):
        found = story(house, door)

    assert done == list(KILLS)
    for stage in ("placed", "mended", "approved", "released", "end"):
        assert masked(found[stage], times=True) == masked(runs[door][stage], times=True), stage
    assert found["855"] == runs[door]["855"]
    if door == "x12":
        assert codes_of(found["sent"]["855"]) == codes_of(runs["x12"]["sent"]["855"])
