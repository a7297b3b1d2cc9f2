"""The log under writers that commit out of order: a reader must miss nothing, double nothing, and keep the order."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from small_company import found
from tradewind.analytics.queries.process import APPEND_ONLY, POSTED
from tradewind.kernel.log import Cursor, cursor_of, events_of, fence_age_seconds, move_cursor, read_log
from tradewind.kernel.mark import write_events
from tradewind.kernel.tx import Database, Event, Reader, Tx

SUBJECTS = [UUID(int=number) for number in range(1, 4)]
Follow = Callable[[Reader], list[tuple[int, int]]]
PATIENCE = 20


@pytest.fixture
def db(app_url: str) -> Iterator[Database]:
    database = Database(app_url, seed=3)
    yield database
    database.close()


@dataclass
class Race:
    """What writers said, in the order of their numbers, and what a reader saw: (xid, number) as it came."""

    written: list[int] = field(default_factory=list)
    seen: list[tuple[int, int]] = field(default_factory=list)

    @property
    def lost(self) -> list[int]:
        return sorted(set(self.written) - {number for _, number in self.seen})

    @property
    def doubled(self) -> list[int]:
        numbers = [number for _, number in self.seen]
        return sorted({number for number in numbers if numbers.count(number) > 1})

    @property
    def out_of_order(self) -> bool:
        return self.seen != sorted(self.seen)


def run_race(db: Database, follow: Follow, *, writers: int = 5, rounds: int = 6, seed: int = 1) -> Race:
    """Writers in threads append in one order and commit in another; the reader looks after every commit.

    In each round all transactions are open and have their numbers before the first of them commits.
    """
    dice, race = random.Random(seed), Race()
    for number in range(rounds):
        gates = [threading.Event() for _ in range(writers)]
        threads = []
        for writer, gate in enumerate(gates):
            appended = threading.Event()
            first = 1 + (number * writers + writer) * 2
            race.written += [first, first + 1]
            thread = threading.Thread(target=_write, args=(db, first, appended, gate))
            thread.start()
            assert appended.wait(PATIENCE)
            threads.append(thread)
        for writer in dice.sample(range(writers), writers):
            gates[writer].set()
            threads[writer].join(PATIENCE)
            race.seen += db.read(follow)
    _wait_for_the_fence(db)
    while more := db.read(follow):
        race.seen += more
    return race


def _write(db: Database, first: int, appended: threading.Event, gate: threading.Event) -> None:
    def work(tx: Tx) -> None:
        for number in (first, first + 1):
            tx.emit(Event("number.said", "number", UUID(int=1000 + number), {"n": number}))
            write_events(tx)
        appended.set()
        gate.wait(PATIENCE)

    db.write(work)


def _wait_for_the_fence(db: Database) -> None:
    """Until nothing that could still append below the highest event is running; other databases of a server count too."""
    passed = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint > coalesce(max(xid), 0) from event"
    pause = threading.Event()
    for _ in range(PATIENCE * 100):
        if db.read(lambda reader: reader.value(passed)):
            return
        pause.wait(0.01)
    raise AssertionError("a transaction on this server was open for too long")


def the_log(limit: int = 7) -> Follow:
    """The reader of the house: a cursor of (xid, seq) below the fence."""
    place = Cursor()

    def follow(reader: Reader) -> list[tuple[int, int]]:
        nonlocal place
        entries = read_log(reader, place, limit=limit)
        place = entries[-1].cursor if entries else place
        return [(entry.cursor.xid, entry.payload["n"]) for entry in entries]

    return follow


def by_number_only() -> Follow:
    """The planted mistake: `seq > last`, as an outbox is often read."""
    last = 0

    def follow(reader: Reader) -> list[tuple[int, int]]:
        nonlocal last
        rows = reader.rows("select seq, xid, (payload ->> 'n')::int from event where seq > %s order by seq", [last])
        last = rows[-1][0] if rows else last
        return [(xid, number) for _, xid, number in rows]

    return follow


def without_the_fence() -> Follow:
    """The other planted mistake: the right order, read too early."""
    place = (0, 0)

    def follow(reader: Reader) -> list[tuple[int, int]]:
        nonlocal place
        rows = reader.rows(
            "select xid, seq, (payload ->> 'n')::int from event where (xid, seq) > (%s, %s) order by 1, 2", place
        )
        place = rows[-1][:2] if rows else place  # type: ignore[assignment]
        return [(row[0], row[2]) for row in rows]

    return follow


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_reader_of_the_log_loses_nothing_doubles_nothing_and_keeps_the_order(db: Database, seed: int) -> None:
    race = run_race(db, the_log(), seed=seed)

    assert (race.lost, race.doubled, race.out_of_order) == ([], [], False)
    assert len(race.seen) == 60


@pytest.mark.parametrize("mistake", [by_number_only, without_the_fence])
def test_a_reader_that_follows_numbers_alone_is_caught_losing_events(
    db: Database, mistake: Callable[[], Follow]
) -> None:
    race = run_race(db, mistake())

    assert race.lost


def test_an_event_behind_an_open_transaction_waits_and_is_not_lost(db: Database, app_url: str) -> None:
    follow = the_log()
    with psycopg.connect(app_url) as slow:
        slow.execute("insert into log_cursor (reader) values ('slow')")  # takes its place in the order, says nothing
        db.write(lambda tx: tx.emit(Event("number.said", "number", SUBJECTS[0], {"n": 1})))

        early = db.read(follow)
        age = db.read(fence_age_seconds)
        slow.rollback()
    _wait_for_the_fence(db)

    assert (early, age > 0) == ([], True)
    assert [number for _, number in db.read(follow)] == [1]


def test_events_of_one_transaction_keep_the_order_in_which_they_were_said(db: Database) -> None:
    def work(tx: Tx) -> None:
        for number in range(20):
            tx.emit(Event("number.said", "number", SUBJECTS[number % 3], {"n": number}))

    db.write(work)
    _wait_for_the_fence(db)

    assert [number for _, number in db.read(the_log(limit=100))] == list(range(20))
    assert [entry.payload["n"] for entry in db.read(lambda reader: events_of(reader, SUBJECTS[1]))] == list(
        range(1, 20, 3)
    )
    numbers = db.read(lambda reader: [entry.subject_seq for entry in events_of(reader, SUBJECTS[0])])
    assert numbers == [1, 2, 3, 4, 5, 6, 7]


def test_an_object_has_the_history_of_all_events_that_touched_it(db: Database) -> None:
    def work(tx: Tx) -> None:
        tx.emit(Event("number.said", "number", SUBJECTS[0], {"n": 1}, objects=(("number", SUBJECTS[1], "next"),)))
        tx.emit(Event("number.said", "number", SUBJECTS[1], {"n": 2}))

    db.write(work)

    assert [entry.payload["n"] for entry in db.read(lambda reader: events_of(reader, SUBJECTS[1]))] == [1, 2]


def test_a_cursor_is_remembered_and_never_moves_back(db: Database) -> None:
    db.write(lambda tx: move_cursor(tx, "mailer", Cursor(10, 5)))
    db.write(lambda tx: move_cursor(tx, "mailer", Cursor(10, 4)))

    assert db.read(lambda reader: cursor_of(reader, "mailer")) == Cursor(10, 5)
    assert db.read(lambda reader: cursor_of(reader, "someone else")) == Cursor(0, 0)
    assert Cursor(9, 99) < Cursor(10, 5) < Cursor(10, 6)


def refused(url: str, statement: str) -> str:
    """The SQLSTATE with which a statement is refused."""
    with psycopg.connect(url) as connection, pytest.raises(errors.Error) as caught:
        connection.execute(statement)
    return str(caught.value.sqlstate)


@pytest.fixture
def said(db: Database) -> None:
    db.write(lambda tx: tx.emit(Event("number.said", "number", SUBJECTS[0], {"n": 1})))


@pytest.mark.parametrize("statement", ["update event set at = now()", "delete from event", "truncate event"])
def test_an_event_is_never_changed_by_the_application_nor_by_the_owner(
    said: None, app_url: str, owner_url: str, statement: str
) -> None:
    assert refused(app_url, statement) == "42501"
    assert refused(owner_url, statement) == "TW001"


def test_the_right_to_append_is_all_the_application_has(said: None, app_url: str, owner_url: str) -> None:
    assert refused(app_url, "alter table event disable trigger all") == "42501"
    assert refused(app_url, "set session_replication_role = replica") == "42501"
    assert refused(app_url, "drop table event") == "42501"
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("select count(*) from event").fetchone() == (1,)


@pytest.mark.parametrize("table", [*APPEND_ONLY, *POSTED])
def test_no_guarded_table_can_be_emptied(owner_url: str, table: str) -> None:
    assert refused(owner_url, f"truncate {table} cascade") == "TW001"


@pytest.mark.breaks_invariants
def test_a_posted_document_may_only_be_settled(owner_url: str) -> None:
    with psycopg.connect(owner_url) as connection:
        found(connection)

    assert refused(owner_url, "update invoice set net_total = net_total + 1, total = total + 1") == "TW001"
    assert refused(owner_url, "update invoice_line set qty = qty + 1") == "TW001"
    assert refused(owner_url, "delete from invoice_line") == "TW001"
    with psycopg.connect(owner_url) as connection:
        changed = connection.execute("update invoice set paid = paid + 1 where number = 'INV-1'").rowcount
        credited = connection.execute(
            "update invoice_line set credited_qty = 0, credited_net = 0 where credited_qty > 0"
        )
        assert (changed, credited.rowcount) == (1, 1)
