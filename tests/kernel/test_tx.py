import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tradewind.kernel.ids import Ids
from tradewind.kernel.limits import RETRIES
from tradewind.kernel.problem import Refused, refuse
from tradewind.kernel.tx import Actor, Database, Event, Tx, dumps, on_behalf

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)


class Ticking:
    """A clock that is a second later whenever it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> datetime:
        self.reads += 1
        return NOON + timedelta(seconds=self.reads)


@pytest.fixture
def notes(owner_url: str) -> None:
    """A table to write to: `note(id, n)` with the rows 1 and 2."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("create table note (id int primary key, n int not null)")
        connection.execute("insert into note values (1, 0), (2, 0)")
        connection.execute("grant select, insert, update on note to tradewind_app")


@pytest.fixture
def db(app_url: str, notes: None) -> Iterator[Database]:
    database = Database(app_url, seed=7)
    yield database
    database.close()


def noted(db: Database) -> list[tuple[Any, ...]]:
    return db.read(lambda reader: reader.rows("select id, n from note order by id"))


def test_what_a_command_writes_and_says_commits_together(db: Database) -> None:
    def work(tx: Tx) -> str:
        tx.run("update note set n = 5 where id = 1")
        tx.emit(Event("note.changed", "note", ONE, {"n": 5}, objects=(("note", TWO, "neighbour"),)))
        return "done"

    answer = db.write(work, actor=Actor(TWO, "Anna", "web", correlation=ONE))

    assert answer == "done"
    assert noted(db) == [(1, 5), (2, 0)]
    assert db.read(
        lambda reader: reader.rows("select type, subject_seq, actor_id, channel, correlation, payload from event")
    ) == [("note.changed", 1, TWO, "web", ONE, {"n": 5})]
    assert db.read(lambda reader: reader.rows("select object_id, qualifier from event_object order by 1")) == [
        (ONE, "subject"),
        (TWO, "neighbour"),
    ]


def test_nothing_is_kept_of_a_refusal(db: Database) -> None:
    def work(tx: Tx) -> None:
        tx.run("update note set n = 5 where id = 1")
        tx.emit(Event("note.changed", "note", ONE, {}))
        raise refuse("note.too_late", "It is too late.")

    with pytest.raises(Refused, match=r"note\.too_late"):
        db.write(work)

    assert noted(db) == [(1, 0), (2, 0)]
    assert db.read(lambda reader: reader.value("select count(*) from event")) == 0


def test_nothing_is_kept_of_a_bug_and_it_is_not_tried_again(db: Database) -> None:
    tries: list[int] = []

    def work(tx: Tx) -> None:
        tries.append(1)
        tx.run("update note set n = 5 where id = 1")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        db.write(work)

    assert (noted(db), len(tries)) == ([(1, 0), (2, 0)], 1)


@pytest.mark.parametrize("name", ["deadlock_detected", "serialization_failure", "lock_not_available"])
def test_a_transient_error_repeats_the_whole_function(db: Database, name: str) -> None:
    tries: list[datetime] = []

    def work(tx: Tx) -> None:
        tries.append(tx.now)
        tx.run("update note set n = n + 1 where id = 1")
        if len(tries) < 3:
            tx.run(f"do $$ begin raise {name}; end $$")

    db.write(work)

    assert len(tries) == 3
    assert noted(db)[0] == (1, 1)


def test_a_transient_error_that_stays_is_given_up_in_the_end(db: Database) -> None:
    tries: list[int] = []

    def work(tx: Tx) -> None:
        tries.append(1)
        tx.run("do $$ begin raise serialization_failure; end $$")

    with pytest.raises(errors.SerializationFailure):
        db.write(work)

    assert len(tries) == RETRIES


@pytest.mark.parametrize(
    "statement",
    [
        "insert into note values (1, 0)",
        "select 1/0",
        "do $$ begin raise query_canceled; end $$",
        "select * from nowhere",
    ],
)
def test_any_other_error_is_not_repeated(db: Database, statement: str) -> None:
    tries: list[int] = []

    def work(tx: Tx) -> None:
        tries.append(1)
        tx.run(statement)

    with pytest.raises(psycopg.Error):
        db.write(work)

    assert len(tries) == 1


def test_two_transactions_that_lock_crosswise_both_end_well(db: Database) -> None:
    meet = threading.Barrier(2, timeout=10)
    tries: list[str] = []

    def crossing(first: int, second: int) -> None:
        def work(tx: Tx) -> None:
            tries.append(f"{first}-{second}")
            tx.run("update note set n = n + 1 where id = %s", [first])
            if len(tries) <= 2:
                meet.wait()
            tx.run("update note set n = n + 1 where id = %s", [second])

        db.write(work)

    threads = [threading.Thread(target=crossing, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert noted(db) == [(1, 2), (2, 2)]
    assert len(tries) == 3


def test_facts_about_one_subject_at_once_get_numbers_in_a_row(db: Database) -> None:
    def saying() -> None:
        db.write(lambda tx: tx.emit(Event("note.read", "note", ONE, {})))

    threads = [threading.Thread(target=saying) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    numbers = db.read(lambda reader: reader.rows("select subject_seq from event order by 1"))
    assert numbers == [(1,), (2,), (3,), (4,)]


def test_now_is_read_once_a_try(app_url: str, notes: None) -> None:
    clock = Ticking()
    db = Database(app_url, clock=clock)
    seen: list[datetime] = []

    def work(tx: Tx) -> None:
        seen.extend((tx.now, tx.now))
        tx.emit(Event("note.read", "note", ONE, {}))
        time.sleep(0.01)
        seen.append(tx.acting(Actor(None, "other", "api")).now)

    db.write(work)

    assert seen == [NOON + timedelta(seconds=1)] * 3
    assert clock.reads == 1
    assert db.read(lambda reader: reader.value("select at from event")) == NOON + timedelta(seconds=1)
    db.close()


def test_ids_of_a_database_increase_and_repeat_with_its_seed(app_url: str) -> None:
    def made(seed: int) -> list[UUID]:
        return Database(app_url, clock=lambda: NOON, seed=seed).ids.many(3)

    assert made(1) == made(1) == sorted(made(1))
    assert made(1) != made(2)
    assert isinstance(Database(app_url).ids, Ids)


def test_a_transaction_in_another_name_is_the_same_transaction(db: Database) -> None:
    def work(tx: Tx) -> None:
        tx.acting(Actor(TWO, "Boris", "edi")).emit(Event("note.read", "note", ONE, {}))
        tx.emit(Event("note.read", "note", TWO, {}))

    db.write(work, actor=Actor(ONE, "Anna", "web"))

    said = db.read(lambda reader: reader.rows("select channel, actor_id, subject_id from event order by seq"))
    assert said == [("edi", TWO, ONE), ("web", ONE, TWO)]


def test_a_read_sees_one_snapshot_and_cannot_write(db: Database) -> None:
    def work(reader: Any) -> tuple[Any, Any]:
        before = reader.value("select n from note where id = 1")
        db.write(lambda tx: tx.run("update note set n = 9 where id = 1"))
        return before, reader.value("select n from note where id = 1")

    assert db.read(work) == (0, 0)
    with pytest.raises(errors.ReadOnlySqlTransaction):
        db.read(lambda reader: reader.rows("update note set n = 1 returning n"))


def test_what_broke_a_read_is_said_though_its_connection_is_busy(db: Database) -> None:
    def work(reader: Any) -> None:
        reader.connection.pgconn.send_query(b"select pg_sleep(0.2)")
        raise KeyError("the reason")

    with pytest.raises(KeyError, match="the reason"):
        db.read(work)

    db.write(lambda tx: tx.run("update note set n = 3 where id = 2"))
    assert noted(db) == [(1, 0), (2, 3)]


def test_a_connection_that_died_while_idle_is_replaced(db: Database, owner_url: str) -> None:
    noted(db)
    _end_connections_of("tradewind_app", owner_url)

    db.write(lambda tx: tx.run("update note set n = 3 where id = 2"))

    assert noted(db) == [(1, 0), (2, 3)]


def test_a_connection_that_dies_on_the_way_repeats_the_work_once(db: Database, owner_url: str) -> None:
    tries: list[int] = []

    def work(tx: Tx) -> None:
        tries.append(1)
        tx.run("update note set n = n + 1 where id = 1")
        if len(tries) == 1:
            _end_connections_of("tradewind_app", owner_url)
            tx.run("select 1")

    db.write(work)

    assert (noted(db)[0], len(tries)) == ((1, 1), 2)


@pytest.mark.parametrize("said", [True, False])
def test_a_commit_whose_answer_is_lost_is_not_done_twice(app_url: str, notes: None, tmp_path: Path, said: bool) -> None:
    tries: list[int] = []

    def work(tx: Tx) -> str:
        tries.append(1)
        tx.run("update note set n = n + 1 where id = 1")
        if said:
            tx.emit(Event("note.changed", "note", ONE, {}))
        return f"try {len(tries)}"

    with deaf_to_commits(app_url, tmp_path, deliver=True) as url, closing(Database(url)) as through:
        answer = through.write(work)

    db = Database(app_url)
    assert answer == "try 1"
    assert (noted(db)[0], len(tries)) == ((1, 1), 1)
    assert db.read(lambda reader: reader.value("select count(*) from event")) == int(said)
    db.close()


def test_a_commit_that_never_arrived_is_done_again(app_url: str, notes: None, tmp_path: Path) -> None:
    tries: list[int] = []

    def work(tx: Tx) -> str:
        tries.append(1)
        tx.run("update note set n = n + 1 where id = 1")
        tx.emit(Event("note.changed", "note", ONE, {}))
        return f"try {len(tries)}"

    with deaf_to_commits(app_url, tmp_path, deliver=False) as url, closing(Database(url)) as through:
        answer = through.write(work)

    db = Database(app_url)
    assert answer == "try 2"
    assert (noted(db)[0], len(tries)) == ((1, 1), 2)
    db.close()


def _end_connections_of(role: str, owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s and datname = current_database()",
            [role],
        )


@contextmanager
def deaf_to_commits(url: str, folder: Path, *, deliver: bool) -> Iterator[str]:
    """A way to the server that hangs up on the first COMMIT: after it was carried out, or before it was delivered."""
    parts = conninfo_to_dict(url)
    if not str(parts.get("host", "")).startswith("/"):
        pytest.skip("needs a server behind a socket file")
    behind = f"{parts['host']}/.s.PGSQL.{parts['port']}"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/.s.PGSQL.{parts['port']}")
    listener.listen()
    spent = threading.Event()

    def commit_seen(data: bytes, server: socket.socket) -> bool:
        if b"COMMIT" not in data or spent.is_set():
            return False
        spent.set()
        if deliver:
            server.sendall(data)
            server.recv(65536)
        return True

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(behind)
            threading.Thread(target=_carry, args=(server, client, lambda *_: False), daemon=True).start()
            threading.Thread(target=_carry, args=(client, server, commit_seen), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield make_conninfo(url, host=str(folder))
    finally:
        listener.close()


def _carry(source: socket.socket, target: socket.socket, hang_up: Callable[[bytes, socket.socket], bool]) -> None:
    try:
        while data := source.recv(65536):
            if hang_up(data, target):
                break
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)  # also wakes the thread that listens the other way
        end.close()


def test_json_of_the_log_keeps_decimals_and_ids_as_text() -> None:
    assert dumps({"id": ONE, "at": NOON, "name": "Čas"}) == (
        '{"id":"00000000-0000-0000-0000-000000000001","at":"2026-03-02 12:00:00+00:00","name":"Čas"}'
    )


def test_on_behalf_names_the_account_and_the_request() -> None:
    actor = Actor(ONE, "Anna", "web")

    assert on_behalf(actor, account_id=TWO, correlation=ONE) == Actor(ONE, "Anna", "web", TWO, None, ONE)
