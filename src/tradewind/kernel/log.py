"""Reading the log in commit-safe order.

A sequence number is given before the commit, so a reader that remembers only the highest `seq` it saw loses every event
whose transaction committed later than a higher number (measured). The order is `(xid, seq)`, and only transactions below
the fence, the oldest one still running, are read: nothing can appear behind the cursor any more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.limits import PAGE
from tradewind.kernel.tx import Reader, Tx
from tradewind.kernel.value import value


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the log: everything up to and including it was read."""

    xid: int = 0
    seq: int = 0


@value(frozen=True, slots=True)
class Entry:
    """One event as it stands in the log."""

    cursor: Cursor
    type: str
    at: datetime
    subject_type: str
    subject_id: UUID
    subject_seq: int
    actor_id: UUID | None
    channel: str
    on_behalf_of: UUID | None
    account_id: UUID | None
    correlation: UUID | None
    payload: dict[str, Any]


_COLUMNS = """xid, seq, type, at, subject_type, subject_id, subject_seq, actor_id, channel, on_behalf_of, account_id,
correlation, payload"""
_READ = f"""
select {_COLUMNS} from event
where (xid, seq) > (%(xid)s, %(seq)s) and xid < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
order by xid, seq limit %(limit)s
"""  # noqa: S608 - columns are ours
_OF_OBJECT = f"""
select {", ".join("e." + column.strip() for column in _COLUMNS.split(","))} from event_object o
join event e on e.xid = o.event_xid and e.seq = o.event_seq
where o.object_id = %(object)s order by e.xid, e.seq limit %(limit)s
"""  # noqa: S608 - columns are ours
_MOVE = """
insert into log_cursor (reader, xid, seq, moved_at) values (%(reader)s, %(xid)s, %(seq)s, %(now)s)
on conflict (reader) do update set xid = excluded.xid, seq = excluded.seq, moved_at = excluded.moved_at
where (log_cursor.xid, log_cursor.seq) < (excluded.xid, excluded.seq)
"""
_FENCE_AGE = """
select coalesce(extract(epoch from max(now() - xact_start)), 0)::float from pg_stat_activity
where backend_xid is not null and datname = current_database()
"""


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(Cursor(row[0], row[1]), *row[2:])


def read_log(reader: Reader, after: Cursor, *, limit: int = PAGE) -> list[Entry]:
    """The next events after a cursor, never one that a slower transaction could still slip in front of."""
    return [_entry(row) for row in reader.rows(_READ, {"xid": after.xid, "seq": after.seq, "limit": limit})]


def events_of(reader: Reader, object_id: UUID, *, limit: int = PAGE) -> list[Entry]:
    """The history of one object, oldest first."""
    return [_entry(row) for row in reader.rows(_OF_OBJECT, {"object": object_id, "limit": limit})]


def cursor_of(reader: Reader, name: str) -> Cursor:
    """How far a named reader has come; the beginning for a new one."""
    found = reader.row("select xid, seq from log_cursor where reader = %s", [name])
    return Cursor(*found) if found else Cursor()


def move_cursor(tx: Tx, name: str, to: Cursor) -> None:
    """Remember how far a named reader has come; it never moves back."""
    tx.run(_MOVE, {"reader": name, "xid": to.xid, "seq": to.seq, "now": tx.now})


def end_of_log(reader: Reader) -> Cursor:
    """The last event that is stored, whether the fence lets it be read yet or not."""
    found = reader.row("select xid, seq from event order by xid desc, seq desc limit 1")
    return Cursor(*found) if found else Cursor()


def fence_age_seconds(reader: Reader) -> float:
    """How long the oldest writing transaction has been open: the log's readers lag at least this much."""
    return float(reader.value(_FENCE_AGE))
