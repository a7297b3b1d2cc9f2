"""Every check can fail: one planted violation each, found by that check alone in a company where all else is right."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from invariants import assert_invariants
from planted_violations import PLANTS, Plant
from small_company import ID, found, sql
from tradewind.analytics.model import Check
from tradewind.analytics.queries import CHECKS
from tradewind.analytics.queries.money import NO_PLACES, THREE_PLACES
from tradewind.analytics.queries.process import APPEND_ONLY, POSTED
from tradewind.analytics.verify import broken_checks, run_verify, verify_command
from tradewind.analytics.verify.snapshot import outcome_of
from tradewind.app.schema import metadata
from tradewind.kernel.money import is_currency, minor_digits
from tradewind.orders.decide import status_of
from tradewind.orders.model import HOLD_BLOCKS, STATUS_MOVES, Hold, Quantities

D = Decimal
BY_CODE = {check.code: check for check in CHECKS}


@pytest.fixture(scope="module")
def company(_clones: Any, server: Any) -> Iterator[psycopg.Connection]:
    """The owner's connection to a database with the company in it."""
    name = _clones.take()
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        with connection.transaction():
            found(connection)
        yield connection
    _clones.given_back.append(name)


@pytest.fixture
def planted(company: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """The same within a transaction in which nothing is checked, and which is rolled back."""
    # short on purpose: a transaction that stays open holds up every reader of a log on this server
    with company.transaction(force_rollback=True):
        company.execute("set local session_replication_role = replica")
        yield company


def codes(connection: psycopg.Connection, checks: tuple[Check, ...] = CHECKS) -> dict[str, int]:
    """What is broken, and in how many rows."""
    outcomes = [outcome_of(connection, check) for check in checks]
    return {outcome.check.code: outcome.count for outcome in outcomes if outcome.count}


def test_nothing_is_broken_in_a_company_where_everything_is_right(planted: psycopg.Connection) -> None:
    assert codes(planted) == {}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.code)
def test_a_planted_violation_is_found_by_its_check_alone(planted: psycopg.Connection, plant: Plant) -> None:
    planted.execute(sql(plant.sql))

    assert list(codes(planted)) == [plant.code]


def test_every_check_has_a_planted_violation_and_its_own_code() -> None:
    assert {plant.code for plant in PLANTS} == set(BY_CODE)
    assert len(BY_CODE) == len(CHECKS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_status_in_sql_is_the_status_of_the_decision(planted: psycopg.Connection, seed: int) -> None:
    dice = random.Random(seed)
    expected: dict[UUID, str] = {}
    for number in range(200):
        order_id = UUID(int=(seed << 100) | (number + 1))
        confirmed, closed = dice.random() < 0.7, dice.random() < 0.05
        lines = [_any_quantities(dice) for _ in range(dice.randint(1, 3))]
        holds = [_any_hold(dice) for _ in range(dice.choice((0, 0, 1, 2)))]
        expected[order_id] = status_of(lines, holds, confirmed=confirmed, closed=closed)
        _store(planted, order_id, lines, holds, confirmed=confirmed, closed=closed, status=expected[order_id])

    right = codes(planted, (BY_CODE["L4"],))
    planted.execute("update sales_order set status = 'x' where channel = 'dice'")
    wrong = planted.execute(BY_CODE["L4"].sql).fetchall()

    assert right == {}
    assert {row[0]: row[3] for row in wrong} == expected
    assert len(set(expected.values())) >= 7


def _any_quantities(dice: random.Random) -> Quantities:
    buckets = [D(0)] * 6
    for _ in range(dice.randint(1, 4)):
        buckets[dice.choice((0, 1, 2, 3, 4, 4, 5, 5))] += dice.randint(1, 3)
    if dice.random() < 0.3:
        keep = dice.choice((4, 5))
        buckets = [D(0)] * keep + [D(2)] + [D(0)] * (5 - keep)
    return Quantities(sum(buckets, D(0)), *buckets)


def _any_hold(dice: random.Random) -> Hold:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    scope = dice.choice(("order", "group", "line"))
    released = at if dice.random() < 0.3 else None
    return Hold(
        UUID(int=dice.getrandbits(128)), scope, dice.choice(list(HOLD_BLOCKS)), "c", "r", at, 1, 1, None, released
    )


def _store(
    connection: psycopg.Connection, order_id: UUID, lines: list[Quantities], holds: list[Hold], *, confirmed: bool,
    closed: bool, status: str,
) -> None:  # fmt: skip
    connection.execute("alter table sales_order drop constraint if exists ck_sales_order_status")
    connection.execute(
        sql("""insert into sales_order (id, number, account_id, legal_entity_id, channel, content_hash, currency, status,
        placed_at, price_at, terms_code, tax_groups, confirmed_at, closed_at) values
        (%s, %s, '{root}', '{entity}', 'dice', 'x', 'EUR', %s, {t}, {t}, 'N', '[]', case when %s then {t} end,
        case when %s then {t} end)"""),
        [order_id, str(order_id), status, confirmed, closed],
    )
    connection.cursor().executemany(
        sql("""insert into order_line (order_id, line_no, group_no, account_id, product_id, uom, price_uom, tax_class, qty,
        qty_ordered, qty_open, qty_reserved, qty_allocated, qty_released, qty_shipped, qty_cancelled)
        values (%s, %s, 1, '{root}', '{product}', 'EA', '', 's', 1, %s, %s, %s, %s, %s, %s, %s)"""),
        [(order_id, number, one.ordered, one.open, one.reserved, one.allocated, one.released, one.shipped, one.cancelled)
         for number, one in enumerate(lines, 1)],
    )  # fmt: skip
    connection.cursor().executemany(
        sql("""insert into order_hold (id, order_id, account_id, scope, kind, code, reason, blocks, opened_at, released_at,
        release_reason) values (%s, %s, '{root}', %s, %s, %s, 'r', '{{}}', {t}, %s, %s)"""),
        [(hold.id, order_id, hold.scope, hold.kind, str(hold.id), hold.released_at, hold.released_at and "r")
         for hold in holds],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"), [(before, after) for before in STATUS_MOVES for after in STATUS_MOVES if before != after]
)
def test_a_move_between_statuses_is_broken_unless_it_is_declared(
    planted: psycopg.Connection, before: str, after: str
) -> None:
    for number, status in enumerate((before, after), 1):
        planted.execute(
            "update event set payload = jsonb_build_object('status', %s::text) where subject_id = %s and subject_seq = %s",
            [status, ID["order2"], number],
        )

    declared = after in STATUS_MOVES[before]  # type: ignore[index]
    assert bool(codes(planted, (BY_CODE["L5"],))) is not declared


def test_the_places_of_every_currency_are_those_of_the_money_module() -> None:
    letters = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    currencies = [code for a in letters for b in letters for c in letters if is_currency(code := a + b + c)]
    places = {code: 0 if code in NO_PLACES else 3 if code in THREE_PLACES else 2 for code in currencies}

    # amounts are stored with three places: a currency with four cannot be kept at all
    assert {code: minor_digits(code) for code in currencies if minor_digits(code) <= 3} == {
        code: digits for code, digits in places.items() if minor_digits(code) <= 3
    }


def test_the_guarded_tables_are_those_that_are_declared_append_only_or_posted() -> None:
    declared = metadata.tables.values()

    assert set(APPEND_ONLY) == {table.name for table in declared if table.info["append_only"]}
    assert set(POSTED) == {table.name for table in declared if table.info["frozen_but"]}


def test_an_empty_database_verifies(owner_url: str, app_url: str) -> None:
    assert_invariants(owner_url, everything=True)

    assert run_verify(app_url).violations == 0


@pytest.mark.breaks_invariants
def test_the_command_prints_the_rows_and_fails(owner_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(owner_url) as connection:
        found(connection)
        connection.execute(sql("update stock set on_hand = on_hand + 1 where site_id = '{north}'"))

    code = verify_command(owner_url)

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert lines[0] == "S1: On hand is the sum of the physical movements. Not so in 1:"
    assert lines[1] == (
        f"  product_id={ID['product']}, site_id={ID['north']}, on_hand=85.000000, moved=84.000000"
    )  # fmt: skip
    assert lines[2].startswith(f"verify: {len(CHECKS)} checks, 1 violation in ")


@pytest.mark.breaks_invariants
def test_the_command_says_it_in_json_too(owner_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(owner_url) as connection:
        found(connection)
        connection.execute(sql("update inbound_document set body = 'rew'"))

    code = verify_command(owner_url, json=True)

    broken, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert code == 1
    assert (broken["code"], broken["violations"], broken["rows"][0]["document_id"]) == ("X5", 1, ID["document"])
    assert (last["checks"], last["violations"]) == (len(CHECKS), 1)


def test_the_command_ends_well_where_nothing_is_broken(owner_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(owner_url) as connection:
        found(connection)

    assert verify_command(owner_url) == 0
    assert capsys.readouterr().out.startswith(f"verify: {len(CHECKS)} checks, 0 violations in ")


@pytest.mark.breaks_invariants
def test_more_rows_than_are_shown_are_counted(owner_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(owner_url) as connection:
        found(connection)
        connection.execute(
            sql("insert into message (id, name, key, message_id, payload, received_at, expires_at, consumed_at) "
                "select gen_random_uuid(), 'n', 'k', n::text, '{{}}', {t}, {t}, {t} from generate_series(1, 130) n")
        )  # fmt: skip

    verify_command(owner_url)

    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[101]) == (103, "  and 30 more")
    assert ", 130 violations in " in lines[102]


def test_a_run_sees_one_snapshot_and_cannot_write(owner_url: str) -> None:
    sneaky = (
        Check("first", "one", "select count(*) from product having count(*) > 0"),
        Check("writes", "two", "with w as (insert into site values (null) returning 1) select * from w"),
    )

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        run_verify(owner_url, checks=sneaky)


@pytest.mark.breaks_invariants
def test_the_quick_way_finds_what_the_whole_run_finds(owner_url: str) -> None:
    with psycopg.connect(owner_url) as connection:
        found(connection)
        connection.execute(sql("update stock set on_hand = on_hand + 1 where site_id = '{north}'; "
                               "insert into account_closure values ('{stranger}', '{branch}', 1)"))  # fmt: skip

    assert [check.code for check in broken_checks(owner_url)] == ["S1", "T2.tree"]
    with pytest.raises(AssertionError, match=r"S1: On hand is the sum(.|\n)*T2\.tree: "):
        assert_invariants(owner_url)
