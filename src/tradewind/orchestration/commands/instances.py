"""Instance rows: insert and move whole sets; waits and tasks follow what the token game opened and closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Tx
from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import TIMERS, due_of
from tradewind.orchestration.decide.settings import expiry
from tradewind.orchestration.decide.state_json import to_json
from tradewind.orchestration.model import Expression, Graph, State, Token, Turn, Wait, WaitKind, Watch

_INSERT = """
insert into stream_instance (id, stream, version, subject_type, subject_id, part, account_id, status, state, wake_at, started_at,
  moved_at, ended_at)
select w.id, w.stream, w.version, w.subject_type, w.subject_id, w.part, w.account_id, w.status, w.state, w.wake_at, %(now)s, %(now)s,
  w.ended_at
from unnest(%(id)s::uuid[], %(stream)s::text[], %(version)s::int[], %(subject_type)s::text[], %(subject_id)s::uuid[],
  %(part)s::text[], %(account)s::uuid[], %(status)s::text[], %(state)s::text[], %(wake)s::timestamptz[], %(ended)s::timestamptz[])
  as w(id, stream, version, subject_type, subject_id, part, account_id, status, state, wake_at, ended_at)
"""
_UPDATE = """
update stream_instance i set status = w.status, state = w.state, wake_at = w.wake_at, attempts = 0, moved_at = %(now)s,
  ended_at = w.ended_at
from unnest(%(id)s::uuid[], %(status)s::text[], %(state)s::text[], %(wake)s::timestamptz[], %(ended)s::timestamptz[])
  as w(id, status, state, wake_at, ended_at)
where i.id = w.id
"""
_DELETE_WAITS = """
delete from stream_wait s using unnest(%(instance)s::uuid[], %(token)s::int[]) as w(instance_id, token)
where s.instance_id = w.instance_id and s.token = w.token
"""
_INSERT_WAITS = """
insert into stream_wait (instance_id, token, node, kind, name, key, due_at, expires_at, since)
select w.*, %(now)s from unnest(%(instance)s::uuid[], %(token)s::int[], %(node)s::text[], %(kind)s::text[], %(name)s::text[],
  %(key)s::text[], %(due)s::timestamptz[], %(expires)s::timestamptz[]) as w
"""
_WAKE_FOR_EARLY = """
update stream_instance i set wake_at = %(now)s
from unnest(%(instance)s::uuid[], %(name)s::text[], %(key)s::text[]) as w(id, name, key)
join message m on m.name = w.name and m.key = w.key and m.consumed_at is null and m.expired_at is null
where i.id = w.id
"""
_INSERT_TASKS = """
insert into user_task (id, instance_id, token, node, name, role, form, subject_type, subject_id, account_id, status, opened_at, due_at)
select w.id, w.instance_id, w.token, w.node, w.name, w.role, w.form, w.subject_type, w.subject_id, w.account_id, 'open', %(now)s,
  w.due_at
from unnest(%(id)s::uuid[], %(instance)s::uuid[], %(token)s::int[], %(node)s::text[], %(name)s::text[], %(role)s::text[],
  %(form)s::text[], %(subject_type)s::text[], %(subject_id)s::uuid[], %(account)s::uuid[], %(due)s::timestamptz[])
  as w(id, instance_id, token, node, name, role, form, subject_type, subject_id, account_id, due_at)
"""
_CANCEL_TASKS = """
update user_task t set status = 'cancelled', done_at = %(now)s
from unnest(%(instance)s::uuid[], %(token)s::int[]) as w(instance_id, token)
where t.instance_id = w.instance_id and t.token = w.token and t.status = 'open'
"""

CALL_ENDED = "call.ended"
"""The message that tells a call activity of the end of what it called; its key is the calling instance and token."""


@dataclass(slots=True)
class Running:
    """An instance in the hands of a turn."""

    id: UUID
    stream: str
    version: int
    graph: Graph
    subject_type: str
    subject_id: UUID
    account_id: UUID | None
    state: State
    fresh: bool = False
    part: str = ""
    turn: Turn | None = None
    consumed: list[UUID] = field(default_factory=list)
    steps: list[list[str]] = field(default_factory=list)
    """Each step that was run, with its start and its end (ISO 8601)."""
    timeouts: Mapping[str, Expression] = field(default_factory=dict)

    def follow(self, turn: Turn) -> None:
        """Go on from where the token game is now. A business error that nobody catches is refused: an incident, not an end."""
        if turn.error is not None and not turn.state.caller:
            raise Refused([errors.uncaught_error(turn.error.node, turn.error.code)])
        self.turn = turn if self.turn is None else self.turn.followed_by(turn)
        self.state = turn.state


def next_wake(running: Running) -> datetime | None:
    """When the instance must be looked at next by itself: the earliest timer it has."""
    places: list[Token | Watch] = [*running.state.tokens, *running.state.watches]
    marks = [place.mark for place in places if place.mark and running.graph.nodes[place.node].kind in TIMERS]
    return min((due_of(mark) for mark in marks), default=None)


def store_instances(tx: Tx, instances: Sequence[Running], *, wake_now: frozenset[UUID] = frozenset()) -> None:
    """Write where instances stand, their waits and their tasks. Early messages wake the new waits at once."""
    moved = [one for one in instances if one.turn is not None]
    fresh = [one for one in moved if one.fresh]
    old = [one for one in moved if not one.fresh]
    if fresh:
        tx.run(
            _INSERT,
            _instance_columns(tx, fresh, wake_now)
            | {
                "stream": [one.stream for one in fresh],
                "version": numbers(one.version for one in fresh),
                "subject_type": [one.subject_type for one in fresh],
                "subject_id": [one.subject_id for one in fresh],
                "part": [one.part for one in fresh],
                "account": [one.account_id for one in fresh],
            },
        )
    if old:
        tx.run(_UPDATE, _instance_columns(tx, old, wake_now))
        _close_waits(tx, old)
    _open_waits(tx, moved)


def _instance_columns(tx: Tx, instances: Sequence[Running], wake_now: frozenset[UUID]) -> dict[str, Any]:
    return {
        "now": tx.now,
        "id": [one.id for one in instances],
        "status": ["done" if one.state.ended else "running" for one in instances],
        "state": [to_json(one.state) for one in instances],
        "wake": [tx.now if one.id in wake_now else None if one.state.ended else next_wake(one) for one in instances],
        "ended": [tx.now if one.state.ended else None for one in instances],
    }


def _close_waits(tx: Tx, instances: Sequence[Running]) -> None:
    closed = [(one.id, token) for one in instances if one.turn for token in one.turn.closed]
    if closed:
        columns = {
            "instance": [instance for instance, _ in closed],
            "token": numbers(token for _, token in closed),
            "now": tx.now,
        }
        tx.run(_DELETE_WAITS, columns)
        tx.run(_CANCEL_TASKS, columns)


def _waited_name(wait: Wait) -> str | None:
    if wait.kind is WaitKind.CALL:
        return CALL_ENDED
    return None if wait.kind is WaitKind.TIMER else wait.name


def _waited_key(one: Running, wait: Wait) -> str | None:
    if wait.kind is WaitKind.CALL:
        return f"{one.id}:{wait.token}"
    return wait.key if wait.kind is WaitKind.MESSAGE else None


def _open_waits(tx: Tx, instances: Sequence[Running]) -> None:
    opened = [(one, wait) for one in instances if one.turn for wait in one.turn.wait]
    tasks = [(one, wait) for one, wait in opened if wait.kind is WaitKind.USER]
    waits = [(one, wait) for one, wait in opened if wait.kind is not WaitKind.USER]
    if waits:
        tx.run(
            _INSERT_WAITS,
            {
                "now": tx.now,
                "instance": [one.id for one, _ in waits],
                "token": numbers(wait.token for _, wait in waits),
                "node": [wait.node for _, wait in waits],
                "kind": ["message" if wait.kind is WaitKind.CALL else wait.kind.value for _, wait in waits],
                "name": [_waited_name(wait) for _, wait in waits],
                "key": [_waited_key(one, wait) for one, wait in waits],
                "due": [wait.due if wait.kind is WaitKind.TIMER else None for _, wait in waits],
                "expires": [expiry(one.timeouts, wait.node, tx.now) if one.timeouts else None for one, wait in waits],
            },
        )
        early = [(one, wait) for one, wait in waits if wait.kind is WaitKind.MESSAGE]
        if early:
            tx.run(
                _WAKE_FOR_EARLY,
                {
                    "now": tx.now,
                    "instance": [one.id for one, _ in early],
                    "name": [wait.name for _, wait in early],
                    "key": [wait.key for _, wait in early],
                },
            )
    if tasks:
        tx.run(
            _INSERT_TASKS,
            {
                "now": tx.now,
                "id": tx.ids.many(len(tasks)),
                "instance": [one.id for one, _ in tasks],
                "token": numbers(wait.token for _, wait in tasks),
                "node": [wait.node for _, wait in tasks],
                "name": [wait.name for _, wait in tasks],
                "role": [wait.role for _, wait in tasks],
                "form": [wait.form or None for _, wait in tasks],
                "subject_type": [one.subject_type for one, _ in tasks],
                "subject_id": [one.subject_id for one, _ in tasks],
                "account": [one.account_id for one, _ in tasks],
                "due": [wait.due for _, wait in tasks],
            },
        )
