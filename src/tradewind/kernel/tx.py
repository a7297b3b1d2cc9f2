"""The one way to the database: a reader that only reads, and a transaction that writes.

Everything a command does — facts, process positions, events, outbound deliveries, idempotency records — is written through
one `Tx` and commits together. `tx.now` is the only clock; it is read once. Transient errors (deadlock, serialisation
failure, a lost connection, a lock that took too long) repeat the whole function, bounded, with jitter; nothing else does.
A commit whose answer was lost is not repeated: the database is asked what became of it. The transaction's number alone is
no proof: one whose commit never reached the disk leaves its number to the next transaction after the crash.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import psycopg
from psycopg import errors
from psycopg.types.array import ListBinaryDumper

from tradewind.kernel.clock import Clock, milliseconds, system_clock
from tradewind.kernel.ids import Ids
from tradewind.kernel.limits import LOCK_TIMEOUT_MS, RETRIES
from tradewind.kernel.mark import FATE, Mark, fate, write_events
from tradewind.kernel.mark import dumps as dumps
from tradewind.kernel.value import value

Row = tuple[Any, ...]
Params = dict[str, Any] | Sequence[Any] | None
T = TypeVar("T")

TRANSIENT = (
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.LockNotAvailable,
    errors.AdminShutdown,
    errors.CannotConnectNow,
    errors.ConnectionException,
    errors.CrashShutdown,
)
_LOST = ("08", "57P0")  # the first characters of states that say: this connection is gone


@value(frozen=True, slots=True)
class Actor:
    """Who acts, by which channel, under which mandate and in whose name."""

    principal_id: UUID | None
    name: str
    channel: str
    on_behalf_of: UUID | None = None
    mandate_id: UUID | None = None
    correlation: UUID | None = None


SYSTEM = Actor(principal_id=None, name="system", channel="system")


@value(frozen=True, slots=True)
class Event:
    """A fact for the log. `objects` are (type, id, qualifier); the subject is added by itself."""

    type: str
    subject_type: str
    subject_id: UUID
    payload: dict[str, Any]
    account_id: UUID | None = None
    objects: tuple[tuple[str, UUID, str], ...] = ()


class Keeps(Protocol):
    """Takes what may be used by later transactions."""

    def fill(self, found: Mapping[Any, Any]) -> None: ...


class Reader:
    """A handle that reads. Functions that take a `Reader` cannot write by type."""

    def __init__(self, connection: psycopg.Connection[Row], now: datetime, kept: dict[Any, Any] | None = None) -> None:
        self.connection = connection
        self.now = now
        # What never changes once stored (a published version, compiled) may be kept here between transactions, and copies of
        # master data with the marks they were read under (`kernel.kept`).
        self.kept: dict[Any, Any] = {} if kept is None else kept
        self.marks: dict[str, str] | None = None

    def keep(self, book: "Keeps", found: Mapping[Any, Any]) -> None:
        """Keep what was read, for the transactions to come."""
        book.fill(found)

    def rows(self, sql: str, params: Params = None) -> list[Row]:
        """All rows of a statement."""
        return self.connection.execute(sql, params).fetchall()

    def row(self, sql: str, params: Params = None) -> Row | None:
        """The first row, or nothing."""
        return self.connection.execute(sql, params).fetchone()

    def value(self, sql: str, params: Params = None) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, params)
        return None if found is None else found[0]


class Tx(Reader):
    """A transaction: reads, writes, and facts for the log that are written just before the commit."""

    def __init__(
        self,
        connection: psycopg.Connection[Row],
        clock: Clock,
        ids: Ids,
        actor: Actor = SYSTEM,
        role: str | None = None,
        kept: dict[Any, Any] | None = None,
    ) -> None:
        super().__init__(connection, clock(), kept)
        self.clock = clock
        self.ids = ids
        self.actor = actor
        self.role = role
        self.locked: list[int] = []  # ranks of the lock kinds that were taken, ascending
        self.events: list[tuple[Event, Actor]] = []
        self.keeping: list[tuple[Keeps, Mapping[Any, Any]]] = []

    def keep(self, book: Keeps, found: Mapping[Any, Any]) -> None:
        """Keep what was read once this has committed: it may be what this transaction wrote itself."""
        self.keeping.append((book, found))

    def run(self, sql: str, params: Params = None) -> int:
        """A writing statement; gives the number of rows it touched."""
        return self.connection.execute(sql, params).rowcount

    def emit(self, event: Event, actor: Actor | None = None) -> None:
        """Put a fact on the log; it is written with the transaction."""
        self.events.append((event, actor or self.actor))

    def acting(self, actor: Actor) -> "Tx":
        """The same transaction in another name (a batch serves many callers). Events and locks are shared."""
        other = Tx.__new__(Tx)
        other.__dict__ = {**self.__dict__, "actor": actor}
        return other


def connect(url: str, *, role: str | None = None) -> psycopg.Connection[Row]:
    """A connection set up as the house wants it: binary arrays, statements prepared at once, generic plans, time limits.

    A plan made while a table was empty is kept for long; so that it does not read the table from end to end when it has
    grown, sequential scans are the last resort (measured: inserting lines cost ten times as much with such a plan).
    """
    connection = psycopg.connect(
        url,
        autocommit=True,
        prepare_threshold=0,
        options=f"-c lock_timeout={LOCK_TIMEOUT_MS} -c plan_cache_mode=force_generic_plan -c random_page_cost=1.1 "
        f"-c idle_in_transaction_session_timeout=30000 -c timezone=UTC -c jit=off -c enable_seqscan=off",
    )
    connection.adapters.register_dumper(list, ListBinaryDumper)
    if role is not None:
        connection.execute(f'set role "{role}"')
    return connection


@dataclass
class Database:
    """Where the data is, with the injected clock and ids. One `Database` a process; connections are kept per thread of use."""

    url: str
    clock: Clock = system_clock
    seed: int | None = None
    role: str | None = None
    # Told of each transaction's named points, "before commit" and "after commit"; tests end the process there.
    at: Callable[[str, Tx], None] | None = None
    ids: Ids = field(init=False)
    kept: dict[Any, Any] = field(default_factory=dict, init=False)
    _idle: list[psycopg.Connection[Row]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.ids = Ids(lambda: milliseconds(self.clock()), self.seed)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Row]]:
        """A connection from the idle ones or a new one; a broken one is thrown away."""
        conn = self._idle.pop() if self._idle else connect(self.url, role=self.role)
        try:
            yield conn
        finally:
            if not conn.closed and conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                self._idle.append(conn)
            else:
                conn.close()

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def write(self, work: Callable[[Tx], T], *, actor: Actor = SYSTEM) -> T:
        """Run `work` in one transaction with its events, commit, and give its result; repeat on transient errors."""
        for attempt in range(RETRIES):
            written: list[tuple[T, Mark | None]] = []
            try:
                with self.connection() as conn, conn.transaction():
                    tx = Tx(conn, self.clock, self.ids, actor, self.role, self.kept)
                    result = work(tx)
                    written.append((result, write_events(tx)))
                    if self.at is not None:
                        self.at("before commit", tx)
                if self.at is not None:
                    self.at("after commit", tx)
                for book, found in tx.keeping:
                    book.fill(found)
                return result
            except psycopg.Error as error:
                if is_lost(error):
                    self.close()  # the idle ones are of the same server
                    if written and self._committed(written[0][1], error):
                        return written[0][0]
                elif not is_transient(error):
                    raise
                if attempt == RETRIES - 1:
                    raise
                _rest(attempt)
        raise AssertionError("unreachable")

    def _committed(self, mark: Mark | None, lost: psycopg.Error) -> bool:
        """What became of a commit whose answer was lost; the error again where nobody can tell."""
        if mark is None:
            return False
        asked = {"xid": mark.xid, "seq": mark.seq, "at": mark.at, "subject": mark.subject_id}
        for attempt in range(RETRIES):
            try:
                with self.connection() as conn:
                    row = conn.execute(FATE, asked).fetchone()
            except psycopg.OperationalError:
                self.close()
                row = None
            except errors.InvalidParameterValue:  # a number of the future: the crash took the commit with it
                return False
            if row is not None and (known := fate(mark, row)) is not None:
                return known
            _rest(attempt)
        raise lost

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one read-only snapshot."""
        return self._read(work, None)

    def read_as_buyer(self, visible: Sequence[UUID], work: Callable[[Reader], T]) -> T:
        """Run `work` under the buyer role: the database shows it rows of the visible accounts and no others."""
        return self._read(work, visible)

    def _read(self, work: Callable[[Reader], T], visible: Sequence[UUID] | None) -> T:
        try:
            return self._read_once(work, visible)
        except psycopg.OperationalError as error:
            if not is_lost(error):
                raise
            self.close()  # an idle connection of a server that was restarted: once more on a new one
        return self._read_once(work, visible)

    def _read_once(self, work: Callable[[Reader], T], visible: Sequence[UUID] | None) -> T:
        with self.connection() as conn, snapshot(conn):
            if visible is not None:
                become_buyer(conn, visible)
            reader = Reader(conn, self.clock(), self.kept)
            if visible is not None:  # what one buyer may see is not kept for the next, and marks are none of theirs
                reader.kept, reader.marks = {}, {}
            return work(reader)


@contextmanager
def snapshot(conn: psycopg.Connection[Row]) -> Iterator[None]:
    """A transaction that reads one state of the database and cannot write; its kind is said as it begins, in one go."""
    conn.isolation_level, conn.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
    try:
        with conn.transaction():
            yield
    finally:
        if conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:  # one that is not is thrown away
            conn.isolation_level, conn.read_only = None, None


def is_lost(error: psycopg.Error) -> bool:
    """The connection is gone; whether the server did what it was told last is not known from this."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(_LOST)


def is_transient(error: BaseException) -> bool:
    """The same again may succeed. Two facts about one subject at once both took the same number: the later takes the next."""
    numbered_twice = isinstance(error, errors.UniqueViolation) and error.diag.table_name == "event"
    return numbered_twice or isinstance(error, TRANSIENT) or (isinstance(error, psycopg.Error) and is_lost(error))


def _rest(attempt: int) -> None:
    time.sleep(random.uniform(0, 0.02 * 2**attempt))  # jitter between tries


_BECOME = "select set_config('role', %s, true), set_config('tradewind.visible_accounts', %s, true)"


def become_buyer(connection: psycopg.Connection[Row], visible: Sequence[UUID]) -> None:
    """For the rest of this transaction see only rows of these accounts."""
    connection.execute(_BECOME, ["tradewind_buyer", ",".join(map(str, visible))])


def on_behalf(actor: Actor, *, account_id: UUID | None, correlation: UUID | None) -> Actor:
    """The actor with the account it acts for and the id that ties a request together."""
    return replace(actor, on_behalf_of=account_id, correlation=correlation)
