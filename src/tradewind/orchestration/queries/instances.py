"""Instances as operators look for them, and one seen whole: where its tokens rest, since when, and what for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.limits import PAGE
from tradewind.kernel.tx import Reader

LIVE = ("running", "incident")
_COLUMNS = """i.id, i.stream, i.version, i.subject_type, i.subject_id, i.part, i.account_id, i.status, i.started_at, i.moved_at,
  i.ended_at, i.wake_at, i.attempts, i.state, n.id, n.code, n.message, n.step, n.opened_at"""
_INCIDENT = """
left join lateral (
  select n.id, n.code, n.message, n.step, n.opened_at from incident n
  where n.instance_id = i.id and n.resolved_at is null order by n.opened_at desc limit 1) n on true
"""
# A filter that is not asked for is not in the statement: "or the parameter is null" would keep every index from being used.
_FILTERS = {
    "subjects": "i.subject_id = any(%(subjects)s::uuid[])",
    "stream": "i.stream = %(stream)s",
    "version": "i.version = %(version)s",
    "moved_before": "i.moved_at < %(moved_before)s",
    "started_before": "i.started_at < %(started_before)s",
    "code": "n.code = %(code)s",
    "node": "exists (select from jsonb_array_elements(i.state::jsonb -> 't') t where t ->> 1 = %(node)s)",
}
_BY_ID = f"select {_COLUMNS} from stream_instance i {_INCIDENT} where i.id = any(%(ids)s::uuid[])"  # noqa: S608 - columns are ours
_WAITS = """
select token, node, kind, name, key, due_at, expires_at, since from stream_wait where instance_id = %(id)s
union all
select token, node, 'user', name, role, due_at, null, opened_at from user_task where instance_id = %(id)s and status = 'open'
order by 1
"""
_SINCE = """
select instance_id, token, node, since, due_at from stream_wait where instance_id = any(%(ids)s::uuid[])
union all
select instance_id, token, node, opened_at, null from user_task where instance_id = any(%(ids)s::uuid[]) and status = 'open'
"""
_INCIDENTS = """
select id, kind, code, message, step, opened_at, resolved_at, resolved_by, resolution from incident
where instance_id = %(id)s order by opened_at desc, id limit 100
"""
_MESSAGES = """
select id, name, key, message_id, payload, received_at, consumed_at, expired_at, 'taken' from message where consumed_by = %(id)s
union all
select m.id, m.name, m.key, m.message_id, m.payload, m.received_at, m.consumed_at, m.expired_at, 'waiting'
from stream_wait w join message m on m.name = w.name and m.key = w.key and m.consumed_at is null and m.expired_at is null
where w.instance_id = %(id)s and w.kind = 'message'
order by 6 desc limit 100
"""
_RELATED = """
select r.id, r.stream, r.version, r.part, r.status, r.started_at, r.ended_at from stream_instance r
where r.subject_id = %(subject)s and r.id <> %(id)s order by r.started_at desc limit 100
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which instances are meant; what is not said is not asked. `node`: a token rests there. `code`: of its incident."""

    stream: str | None = None
    version: int | None = None
    status: Sequence[str] = LIVE
    subjects: Sequence[UUID] | None = None
    node: str | None = None
    code: str | None = None
    moved_before: datetime | None = None
    started_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """The newest incident of an instance that is not resolved."""

    id: UUID
    code: str
    message: str
    step: str | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance as it stands; `state` is its stored position."""

    id: UUID
    stream: str
    version: int
    subject_type: str
    subject_id: UUID
    part: str
    account_id: UUID | None
    status: str
    started_at: datetime
    moved_at: datetime
    ended_at: datetime | None
    wake_at: datetime | None
    attempts: int
    state: str
    incident: OpenIncident | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """What belongs to one instance: rows as mappings, ready to be shown."""

    waits: list[dict[str, Any]] = field(default_factory=list)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    related: list[dict[str, Any]] = field(default_factory=list)


def find_instances(reader: Reader, wanted: Filter, *, after: UUID | None = None, limit: int = PAGE) -> list[Instance]:
    """Instances after a place, in the order they began."""
    asked = {name: value for name in _FILTERS if (value := getattr(wanted, name)) is not None}
    if wanted.subjects is not None:
        asked["subjects"] = list(wanted.subjects)
    status = (
        "i.status in ('running', 'incident')"
        if set(wanted.status) == set(LIVE)
        else "i.status = any(%(status)s::text[])"
    )
    where = " and ".join([status, "i.id > %(after)s", *(_FILTERS[name] for name in asked)])
    found = reader.rows(
        f"select {_COLUMNS} from stream_instance i {_INCIDENT} where {where} order by i.id limit %(limit)s",  # noqa: S608 - ours
        {**asked, "status": list(wanted.status), "after": after or UUID(int=0), "limit": limit},
    )
    return [_instance(row) for row in found]


def instances_by_id(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Instance]:
    """Instances, those that ended too."""
    return {row[0]: _instance(row) for row in reader.rows(_BY_ID, {"ids": list(ids)})} if ids else {}


def waiting_since(reader: Reader, ids: Sequence[UUID]) -> dict[tuple[UUID, int], tuple[str, datetime, datetime | None]]:
    """By instance and token: the element at which something is waited for, since when, and a timer's instant."""
    return {(row[0], row[1]): row[2:] for row in reader.rows(_SINCE, {"ids": list(ids)})} if ids else {}


def detail_of(reader: Reader, one: Instance) -> Detail:
    """Waits, incidents, messages and the other instances about the same subject."""
    key = {"id": one.id, "subject": one.subject_id}
    return Detail(
        _named(reader, _WAITS, key, "token element kind name key due_at expires_at since"),
        _named(reader, _INCIDENTS, key, "id kind code message step opened_at resolved_at resolved_by resolution"),
        _named(reader, _MESSAGES, key, "id name key message_id payload received_at consumed_at expired_at standing"),
        _named(reader, _RELATED, key, "id stream version part status started_at ended_at"),
    )


def _named(reader: Reader, sql: str, key: Mapping[str, Any], names: str) -> list[dict[str, Any]]:
    return [dict(zip(names.split(), row, strict=True)) for row in reader.rows(sql, dict(key))]


def _instance(row: tuple[Any, ...]) -> Instance:
    incident = None if row[14] is None else OpenIncident(*row[14:19])
    cells: tuple[Any, ...] = (*row[:14], incident)
    return Instance(*cells)
