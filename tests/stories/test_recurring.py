"""Standing orders, end to end: exactly one order a period, however often, late or at once the worker runs, and if it is killed."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from edge_client import EdgeClient
from shop import START, Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.app.worker import Duties
from tradewind.channels.intake import start_combiner
from tradewind.desk.recurring import Wish, change_next, end, pause, resume, retry, set_up, skip_next
from tradewind.desk.recurring_work import work_recurring
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Database, Tx
from tradewind.recurring.model import StandingLine

D = Decimal
CUPS = (StandingLine("CUP", D(2)),)


@pytest.fixture
def shop(shop: Shop) -> Iterator[Shop]:
    yield shop
    shop.verify()


def person(shop: Shop, role: str, account: str | None) -> tuple[UUID, str]:
    """Somebody who sees this account, or all: the id and a key."""
    kind = Kind.STAFF if account is None else Kind.BUYER
    seen = frozenset() if account is None else frozenset({shop.id[account]})

    def make(tx: Tx) -> tuple[UUID, str]:
        (one,) = create_principals(tx, [NewPrincipal(kind, f"{role}-{account}", role, frozenset({role}), seen)])
        assert isinstance(one, UUID)
        return one, create_keys(tx, [NewKey(one, "test")])[0].key

    return shop.database.write(make)


@pytest.fixture
def owner(shop: Shop) -> UUID:
    return person(shop, "buyer", "alma")[0]


def standing(shop: Shop, owner: UUID, rule: str, starts_on: str, **more: Any) -> str:
    """A standing order of Alma, ordered at six in Berlin; its number."""
    values = {"zone": "Europe/Berlin", "place_at": "06:00", "lines": CUPS} | more
    wish = Wish(shop.id["alma"], "Cups", rule, date.fromisoformat(starts_on), **values)
    return shop.database.write(lambda tx: set_up(tx, wish, owner_id=owner)).number


def at(shop: Shop, moment: str) -> int:
    """It is that time; the worker works. Gives how many periods it settled."""
    shop.clock.at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    settled = work_recurring(shop.database)
    shop.turn()
    return settled


def periods(shop: Shop) -> list[tuple[str, str]]:
    rows = shop.all("select day, status from recurring_period order by day")
    return [(day.isoformat(), status) for day, status in rows]


def orders(shop: Shop) -> list[str]:
    """The periods of the orders there are."""
    return [row[0] for row in shop.all("select release_no from sales_order order by release_no")]


def hourly(shop: Shop, start: str, hours: int) -> None:
    """The worker works every hour, and twice each time."""
    shop.clock.at = datetime.fromisoformat(start).replace(tzinfo=UTC)
    for _ in range(hours):
        work_recurring(shop.database)
        work_recurring(shop.database)
        shop.wait(hours=1)


@pytest.mark.parametrize("place_at", ["02:30", "00:00", "23:59"])
def test_over_both_nights_on_which_clocks_change_every_day_has_one_order(
    shop: Shop, owner: UUID, place_at: str
) -> None:
    for first in (date(2026, 3, 28), date(2026, 10, 24)):
        shop.clock.at = datetime.combine(first, datetime.min.time(), UTC) - timedelta(hours=5)
        until = f"FREQ=DAILY;UNTIL={first + timedelta(days=2):%Y%m%d}"
        standing(shop, owner, until, first.isoformat(), place_at=place_at, catch_up="each")
        before = len(orders(shop))

        hourly(shop, shop.clock.at.replace(tzinfo=None).isoformat(), 90)

        days = [(first + timedelta(days=more)).isoformat() for more in range(3)]
        assert orders(shop)[before:] == days
    shop.turn()


def test_at_the_end_of_months_and_round_holidays_every_period_has_one_order(shop: Shop, owner: UUID) -> None:
    def holidays(tx: Tx) -> None:
        tx.run(
            "insert into calendar (id, code, name, time_zone) values (%s, 'DE', 'Germany', 'Europe/Berlin')", [owner]
        )
        for day in ("mon", "tue", "wed", "thu", "fri"):
            tx.run(
                "insert into calendar_day (calendar_id, day, opens, closes) values (%s, %s, '00:00', '23:59')",
                [owner, day],
            )

    shop.database.write(holidays)
    standing(shop, owner, "FREQ=MONTHLY", "2026-03-31", shift="before", calendar="DE", lead_days=2)

    for month in range(4):
        at(shop, f"2026-0{4 + month}-01T12:00:00")

    found = shop.all("select p.day::text, p.wanted_on::text, g.requested_at from recurring_period p "
                     "join delivery_group g on g.order_id = p.order_id order by p.day")  # fmt: skip
    assert [(day, wanted) for day, wanted, _ in found] == [
        ("2026-03-31", "2026-03-31"), ("2026-04-30", "2026-04-30"), ("2026-05-31", "2026-05-29"), ("2026-06-30", "2026-06-30"),
    ]  # fmt: skip
    assert found[2][2] == datetime(2026, 5, 29, 10, tzinfo=UTC)  # noon in Berlin
    assert len(orders(shop)) == 4


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("each", ["placed"] * 4),
        ("latest", ["placed", "missed", "missed", "placed"]),
        ("none", ["placed", "missed", "missed", "placed"]),
    ],
)
def test_after_an_outage_of_two_days_what_was_missed_is_ordered_or_said(
    shop: Shop, owner: UUID, policy: str, expected: list[str]
) -> None:
    standing(shop, owner, "FREQ=DAILY", "2026-03-03", catch_up=policy)
    at(shop, "2026-03-03T06:00:00")

    assert at(shop, "2026-03-06T07:30:00") == 3
    assert at(shop, "2026-03-06T07:31:00") == 0

    assert periods(shop) == list(zip(["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"], expected, strict=True))
    assert len(orders(shop)) == expected.count("placed")
    assert shop.all("select 1 from recurring_period where status = 'missed' and reason is null") == []
    assert at(shop, "2026-03-07T06:00:00") == 1


def test_eight_workers_at_once_make_one_order_of_each_period(shop: Shop, owner: UUID) -> None:
    for _ in range(5):
        standing(shop, owner, "FREQ=DAILY", "2026-03-03", catch_up="each", lines=(StandingLine("TEA", D(1)),))
    shop.clock.at = datetime(2026, 3, 5, 12, tzinfo=UTC)

    def work(_: int) -> int:
        database = Database(shop.url, shop.clock)
        try:
            return work_recurring(database)
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        settled = list(pool.map(work, range(16)))

    assert sum(settled) == 15
    assert shop.one("select count(*), count(distinct order_id), count(*) filter (where status = 'placed') from recurring_period") == (
        15, 15, 15,
    )  # fmt: skip
    assert len(orders(shop)) == 15
    shop.turn()


@pytest.mark.parametrize("moment", ["before commit", "after commit"])
def test_a_worker_that_is_killed_in_the_middle_of_a_period_leaves_one_order_of_it(
    shop: Shop, owner: UUID, moment: str
) -> None:
    standing(shop, owner, "FREQ=DAILY", "2026-03-03")
    shop.clock.at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    shop.database.close()

    child = os.fork()
    if child == 0:  # the child never comes back to the test
        dying = Database(shop.url, shop.clock)
        dying.at = lambda reached, _: os.kill(os.getpid(), signal.SIGKILL) if reached == moment else None
        work_recurring(dying)
        os._exit(1)
    _, status = os.waitpid(child, 0)

    assert os.WTERMSIG(status) == signal.SIGKILL
    assert len(orders(shop)) == (0 if moment == "before commit" else 1)
    assert work_recurring(shop.database) == (1 if moment == "before commit" else 0)
    shop.turn()
    assert periods(shop) == [("2026-03-03", "placed")]
    assert orders(shop) == ["2026-03-03"]


def test_a_period_whose_order_is_refused_says_why_is_tried_again_and_given_up_in_the_end(
    shop: Shop, owner: UUID
) -> None:
    shop.database.write(
        lambda tx: tx.run("update account set delivery_url = 'https://alma.example' where code = 'ALMA'")
    )
    number = standing(shop, owner, "FREQ=WEEKLY", "2026-03-03", lines=(StandingLine("CUPS", D(1)),))
    at(shop, "2026-03-03T06:00:00")

    assert shop.one("select status, code, tries, try_at from recurring_period") == (
        "failed", "catalog.unknown_item", 1, datetime(2026, 3, 3, 6, 5, tzinfo=UTC),
    )  # fmt: skip
    assert at(shop, "2026-03-03T06:04:00") == 0
    for minutes in (5, 20, 80, 320):
        shop.wait(minutes=minutes)
        assert work_recurring(shop.database) == 1

    assert shop.one("select status, tries, try_at from recurring_period") == ("given_up", 5, None)
    assert [row[0] for row in shop.all("select kind from delivery order by created_at")] == ["recurring.failed"] * 4 + [
        "recurring.given_up"
    ]
    assert orders(shop) == []

    shop.database.write(lambda tx: tx.run("insert into cross_reference (id, kind, account_id, number, product_id) values "
                                          "(gen_random_uuid(), 'customer', %s, 'CUPS', %s)", [shop.id["alma"], shop.id["cup"]]))  # fmt: skip
    shop.database.write(lambda tx: retry(tx, number, date(2026, 3, 3)))
    assert work_recurring(shop.database) == 1

    assert periods(shop) == [("2026-03-03", "placed")]
    assert orders(shop) == ["2026-03-03"]
    shop.turn()


def test_who_may_not_order_any_more_orders_nothing(shop: Shop, owner: UUID) -> None:
    standing(shop, owner, "FREQ=WEEKLY", "2026-03-03")
    shop.database.write(lambda tx: tx.run("update principal set active = false where id = %s", [owner]))

    at(shop, "2026-03-03T06:00:00")

    assert shop.one("select status, code from recurring_period") == ("failed", "recurring.owner_may_not")
    assert orders(shop) == []


def test_skipped_changed_once_paused_resumed_and_ended(shop: Shop, owner: UUID) -> None:
    number = standing(shop, owner, "FREQ=DAILY", "2026-03-03")
    shop.database.write(lambda tx: skip_next(tx, number, 2))
    shop.database.write(lambda tx: change_next(tx, number, (StandingLine("TEA", D(7)),)))

    for day in (3, 4, 5, 6):
        at(shop, f"2026-03-0{day}T06:00:00")
    shop.database.write(lambda tx: pause(tx, number, "on holiday"))
    at(shop, "2026-03-09T06:00:00")
    shop.database.write(lambda tx: resume(tx, number))
    at(shop, "2026-03-09T06:01:00")
    shop.database.write(lambda tx: end(tx, number, "moved away"))
    assert at(shop, "2026-03-20T06:00:00") == 0

    assert periods(shop) == [
        ("2026-03-03", "skipped"), ("2026-03-04", "skipped"), ("2026-03-05", "placed"), ("2026-03-06", "placed"), ("2026-03-09", "placed"),
    ]  # fmt: skip
    lines = shop.all("select o.release_no, p.sku, l.qty from sales_order o join order_line l on l.order_id = o.id "
                     "join product p on p.id = l.product_id order by 1")  # fmt: skip
    assert lines == [("2026-03-05", "TEA", D(7)), ("2026-03-06", "CUP", D(2)), ("2026-03-09", "CUP", D(2))]
    with pytest.raises(Refused, match="has ended"):
        shop.database.write(lambda tx: resume(tx, number))


def test_what_failed_of_one_that_ended_is_not_tried_again(shop: Shop, owner: UUID) -> None:
    number = standing(shop, owner, "FREQ=DAILY", "2026-03-03", lines=(StandingLine("CUPS", D(1)),))
    at(shop, "2026-03-03T06:00:00")

    shop.database.write(lambda tx: end(tx, number, "a mistake"))

    assert at(shop, "2026-03-03T07:00:00") == 0
    assert periods(shop) == [("2026-03-03", "given_up")]


def test_the_worker_orders_what_is_due_and_tells_of_blanket_orders(shop: Shop, owner: UUID) -> None:
    standing(shop, owner, "FREQ=DAILY", "2026-03-03")
    shop.clock.at = datetime(2026, 3, 3, 12, tzinfo=UTC)

    done = Duties(shop.database).round()

    assert done["recurring"] == 1
    assert orders(shop) == ["2026-03-03"]
    shop.turn()


def test_after_its_last_period_it_has_ended(shop: Shop, owner: UUID) -> None:
    standing(shop, owner, "FREQ=DAILY;COUNT=2", "2026-03-03", catch_up="each")

    assert at(shop, "2026-03-09T06:00:00") == 2
    assert shop.one("select status, end_reason, next_day from recurring_order") == (
        "ended",
        "Its last period is over.",
        None,
    )


def test_an_order_that_is_held_is_the_one_order_of_its_period(shop: Shop, owner: UUID) -> None:
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    standing(shop, owner, "FREQ=DAILY", "2026-03-03")

    at(shop, "2026-03-03T06:00:00")

    assert shop.one("select o.status, o.channel, o.principal_id from sales_order o join recurring_period p on p.order_id = o.id") == (
        "held", "recurring", owner,
    )  # fmt: skip


@pytest.fixture
def client(shop: Shop) -> Iterator[EdgeClient]:
    combiner = start_combiner(shop.database)
    with EdgeClient(create_app(shop.database, read_settings({}), combiner)) as made:
        yield made
    combiner.close()


def test_by_http_a_buyer_sets_one_up_at_todays_prices_and_nobody_elses(shop: Shop, client: EdgeClient) -> None:
    buyer, stranger = person(shop, "buyer", "alma")[1], person(shop, "buyer", "bela")[1]
    body = {
        "account": "ALMA", "name": "Cups", "rule": "FREQ=MONTHLY;BYMONTHDAY=-1", "starts_on": START.date().isoformat(),
        "zone": "Europe/Berlin", "pricing": "fixed", "lines": [{"item": "CUP", "qty": "3"}],
    }  # fmt: skip

    for wrong, code in (
        ({"rule": "FREQ=SECONDLY"}, "recurring.bad_rule"), ({"zone": "Mars/Base"}, "recurring.unknown_zone"),
        ({"shift": "after"}, "recurring.unknown_calendar"), ({"starts_on": "2026-03-01"}, "recurring.starts_too_early"),
        ({"starts_on": "0001-01-01", "lead_days": 90}, "request.invalid"),
        ({"lines": [{"item": "NOTHING", "qty": "1"}]}, "catalog.unknown_item"), ({"account": "BELA"}, "access.not_found"),
    ):  # fmt: skip
        assert client.post("/api/v1/recurring-orders", json={**body, **wrong}, key=buyer).json()["code"] == code
    made = client.post("/api/v1/recurring-orders", json=body, key=buyer)
    assert made.status_code == 201, made.text
    name = made.json()["number"]
    assert [one["day"] for one in made.json()["planned"]] == ["2026-03-31", "2026-04-30", "2026-05-31"]
    assert made.json()["lines"][0]["unit_price"] == "3.333"

    shop.database.write(
        lambda tx: tx.run("update price set tier_price = '{9}' where product_id = %s", [shop.id["cup"]])
    )
    at(shop, "2026-03-31T06:00:00")
    seen = client.get(f"/api/v1/recurring-orders/{name}", key=buyer).json()
    assert [(one["day"], one["status"]) for one in seen["periods"]] == [("2026-03-31", "placed")]
    assert shop.one("select unit_price, net from order_line") == (D("3.333"), D("10.00"))

    changed = client.request("PUT", f"/api/v1/recurring-orders/{name}", key=buyer, json={
        **{key: value for key, value in body.items() if key != "account"}, "rule": "FREQ=WEEKLY", "pricing": "dynamic",
        "starts_on": "2026-04-01", "expected_version": seen["version"],
    })  # fmt: skip
    assert changed.status_code == 200, changed.text
    assert [one["day"] for one in changed.json()["planned"]] == ["2026-04-01", "2026-04-08", "2026-04-15"]

    paths = [f"/api/v1/recurring-orders/{name}", "/api/v1/recurring-orders"]
    assert client.get(paths[0], key=stranger).status_code == 404
    assert client.get(paths[1], key=stranger).json()["recurring_orders"] == []
    for verb, said in (
        ("pause", {"reason": "x"}),
        ("end", {"reason": "x"}),
        ("skip", {"count": 1}),
        ("retry", {"day": "2026-03-31"}),
    ):
        assert client.post(f"{paths[0]}/{verb}", json=said, key=stranger).status_code == 404
    assert client.post(f"{paths[0]}/skip", json={"count": 1}, key=buyer).json()["planned"][0]["left_out"] == "asked"
