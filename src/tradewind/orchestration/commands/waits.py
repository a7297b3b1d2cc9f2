"""Who waits for what: asked by those who would otherwise start a second process, or post a message nobody needs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader
from tradewind.orchestration.decide.state_json import from_json
from tradewind.orchestration.model import State

_WAITED_FOR = """
select distinct s.key from unnest(%(keys)s::text[]) as w(key)
join stream_wait s on s.kind = 'message' and s.name = %(name)s and s.key = w.key
"""
_SENT = """
select m.key, m.message_id, m.payload from unnest(%(keys)s::text[]) as w(key)
join message m on m.name = %(name)s and m.key = w.key and m.expired_at is null order by m.received_at, m.id
"""
_UNREAD = """
select distinct m.key from unnest(%(keys)s::text[]) as w(key)
join message m on m.name = %(name)s and m.key = w.key and m.consumed_at is null and m.expired_at is null
"""
_OF_SUBJECTS = """
select i.id, i.subject_id from unnest(%(subjects)s::uuid[]) as w(id)
join stream_instance i on i.subject_id = w.id and i.stream = %(stream)s and i.status in ('running', 'incident')
"""
_STATES = """
select i.subject_id, i.state from unnest(%(subjects)s::uuid[]) as w(id)
join stream_instance i on i.subject_id = w.id and i.stream = %(stream)s and i.status in ('running', 'incident')
"""
LOCK_INSTANCES = LockKind(
    "instance",
    """
select i.id, i.stream, i.version, i.subject_type, i.subject_id, i.account_id, i.state, i.status
from unnest(%(keys)s::uuid[]) as w(id) join stream_instance i on i.id = w.id order by i.id for no key update of i
""",
)


def keys_waited_for(reader: Reader, name: str, keys: Sequence[str]) -> set[str]:
    """The keys of these for which a token waits for the message."""
    if not keys:
        return set()
    return {row[0] for row in reader.rows(_WAITED_FOR, {"name": name, "keys": list(keys)})}


def messages_sent(reader: Reader, name: str, keys: Sequence[str]) -> dict[str, dict[str, object]]:
    """The first message of this name that was stored for each key, consumed or not, by key."""
    found: dict[str, dict[str, object]] = {}
    if keys:
        for key, _, payload in reader.rows(_SENT, {"name": name, "keys": list(keys)}):
            found.setdefault(key, payload)
    return found


def unread_keys(reader: Reader, name: str, keys: Sequence[str]) -> set[str]:
    """The keys of these for which a message waits to be consumed."""
    if not keys:
        return set()
    return {row[0] for row in reader.rows(_UNREAD, {"name": name, "keys": list(keys)})}


def live_instances(reader: Reader, stream: str, subjects: Sequence[UUID]) -> dict[UUID, UUID]:
    """The instances of a stream that are not over, by their subject."""
    if not subjects:
        return {}
    rows = reader.rows(_OF_SUBJECTS, {"stream": stream, "subjects": list(subjects)})
    return {subject_id: instance_id for instance_id, subject_id in rows}


_ABOUT = """
select i.id from unnest(%(subjects)s::uuid[]) as w(id)
join stream_instance i on i.subject_id = w.id and i.status in ('running', 'incident') order by i.id
"""


def instances_about(reader: Reader, subjects: Sequence[UUID]) -> list[UUID]:
    """The instances of every stream that are not over, about these subjects."""
    return [row[0] for row in reader.rows(_ABOUT, {"subjects": list(subjects)})] if subjects else []


def elements_running(reader: Reader, stream: str, element: str, subjects: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """The elements of loops (a stream's `tw:element`) that live instances of a stream still run for, by their subject."""
    found: dict[UUID, list[Any]] = {}
    for subject_id, text in reader.rows(_STATES, {"stream": stream, "subjects": list(subjects)}) if subjects else ():
        state = from_json(text)
        if isinstance(state, State):
            running = [
                scope.variables[element] for scope in state.scopes if scope.variables and element in scope.variables
            ]
            found.setdefault(subject_id, []).extend(running)
    return found
