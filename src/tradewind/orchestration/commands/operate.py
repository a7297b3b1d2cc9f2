"""What operators do to standing instances: retry, skip, move, put variables, cancel. Plural; each act answers for itself.

Every act names what its author saw (the token, or the instance's position), so that nothing is done to an instance that has gone
on meanwhile. What an act moves is turned by the crank afterwards: no step runs here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Event, Tx
from tradewind.kernel.value import value
from tradewind.orchestration import errors, events
from tradewind.orchestration.commands.instances import Running
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.repair import WAIT_ANEW, resolve_of_instances
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import finish_turn, read_instances
from tradewind.orchestration.commands.waits import LOCK_INSTANCES
from tradewind.orchestration.decide.play import jump, undo
from tradewind.orchestration.decide.repair import put, skip
from tradewind.orchestration.model import ExpressionReader, Turn

_ANSWERED = "select instance_id, token from user_task where instance_id = any(%(ids)s::uuid[]) and status = 'done'"
_WAKE = "update stream_instance set status = 'running', wake_at = %(now)s where id = any(%(ids)s::uuid[]) and status in ('running', 'incident')"
_STAND = "update stream_instance set status = 'incident' where id = any(%(ids)s::uuid[]) and status = 'running'"
_CANCELLED = "update stream_instance set status = 'cancelled' where id = any(%(ids)s::uuid[]) and status = 'done'"


class Verb(StrEnum):
    RETRY = "retry"
    SKIP = "skip"
    MOVE = "move"
    PUT = "put"
    CANCEL = "cancel"


@value(frozen=True, slots=True)
class Act:
    """What to do to an instance. skip and move: `token`, the one that was seen; move: to element `to`; skip and put: the
    `variables`; put, cancel and retry: `position`, the last id that was seen, where the author wants it held to that."""

    instance_id: UUID
    verb: Verb
    token: int | None = None
    to: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    position: int | None = None


@value(frozen=True, slots=True)
class Acted:
    """Where an instance stands after an act: its status, position and the elements where tokens rest."""

    instance_id: UUID
    status: str
    position: int
    places: tuple[tuple[int, str], ...]


class NoWork:
    """A workset for a turn that runs no step."""

    def __init__(self) -> None:
        self.starts: list[Start] = []
        self.messages: list[Message] = []

    def widen(self) -> None:
        """There is nothing to lock."""

    def flush(self, tx: Tx) -> None:
        """There is nothing to write."""


def operate(tx: Tx, acts: Sequence[Act], *, reason: str, expressions: ExpressionReader) -> list[Acted | Problem]:
    """Do what is asked, in order; an act that is refused changes nothing and holds up no other."""
    ids = {act.instance_id for act in acts}
    rows = lock_set(tx, [(LOCK_INSTANCES, ids)])["instance"]
    status = {row[0]: str(row[7]) for row in rows}
    live = [row[:7] for row in rows if row[7] in ("running", "incident")]
    running = {one.id: one for one in read_instances(tx, live, expressions)}
    answered = set(tx.rows(_ANSWERED, {"ids": list(running)})) if running else set()
    done: dict[UUID, list[Act]] = {}
    problems: dict[int, Problem] = {}
    for place, act in enumerate(acts):
        problem = _act(tx, act, running.get(act.instance_id), status.get(act.instance_id), answered)
        if problem is None:
            done.setdefault(act.instance_id, []).append(act)
        else:
            problems[place] = problem.at(f"/{place}{problem.where if problem.where.startswith('/') else ''}")
    _store(tx, [running[one] for one in done], done, status, reason=reason, expressions=expressions)
    return [
        problems[place] if place in problems else _acted(running[act.instance_id], done[act.instance_id], status)
        for place, act in enumerate(acts)
    ]


def _act(tx: Tx, act: Act, one: Running | None, status: str | None, answered: set[tuple[Any, ...]]) -> Problem | None:
    if status is None:
        return errors.unknown_instance()
    if one is None:
        return errors.instance_over(status)
    if act.position is not None and act.position != one.state.last:
        return errors.moved_meanwhile(one.state.last)
    if act.token is not None and (one.id, act.token) in answered:
        return errors.answered_meanwhile(act.token)
    turn = _turn(act, one, status, tx.now)
    if isinstance(turn, Problem):
        return turn
    if turn is not None:
        one.follow(turn)
    return None


def _turn(act: Act, one: Running, status: str, now: datetime) -> Turn | Problem | None:
    """The move of the token game that an act asks for; None where it only wakes the instance."""
    match act.verb:
        case Verb.RETRY:
            return None if status == "incident" else errors.no_incident()
        case Verb.SKIP:
            return skip(one.graph, one.state, act.token or 0, act.variables, now=now)
        case Verb.MOVE if act.to not in one.graph.nodes:
            return errors.unknown_node(act.to)
        case Verb.MOVE:
            return jump(one.graph, one.state, act.token or 0, act.to, now=now)
        case Verb.PUT:
            return put(one.graph, one.state, act.variables, now=now, token=act.token)
        case Verb.CANCEL:
            return undo(one.graph, one.state, now=now)


def _store(
    tx: Tx,
    instances: Sequence[Running],
    done: Mapping[UUID, Sequence[Act]],
    status: Mapping[UUID, str],
    *,
    reason: str,
    expressions: ExpressionReader,
) -> None:
    """Write where the instances stand, wake them, resolve what is resolved by it, and say on the log who did what and why."""
    if not instances:
        return
    moved = [one for one in instances if one.turn is not None]
    finish_turn(tx, moved, NoWork(), versions=latest_versions(tx), expressions=expressions)
    put_only = [one.id for one in instances if {act.verb for act in done[one.id]} == {Verb.PUT}]
    still = {one for one in put_only if status[one] == "incident"}
    repaired = [one.id for one in instances if one.id not in still]
    tx.run(WAIT_ANEW, {"now": tx.now, "ids": repaired})
    tx.run(_WAKE, {"now": tx.now, "ids": repaired})
    tx.run(_STAND, {"ids": list(still)})
    ended = [one.id for one in instances if one.state.ended and done[one.id][-1].verb is Verb.CANCEL]
    tx.run(_CANCELLED, {"ids": ended})
    resolve_of_instances(tx, {one: _how(done[one]) for one in repaired if status[one] == "incident"}, reason=reason)
    for one in instances:
        for act in done[one.id]:
            tx.emit(_repaired(one, act, reason))


def _how(acts: Sequence[Act]) -> str:
    return {
        Verb.RETRY: "retried",
        Verb.SKIP: "skipped",
        Verb.MOVE: "moved",
        Verb.CANCEL: "cancelled",
        Verb.PUT: "retried",
    }[acts[-1].verb]


def _acted(one: Running, acts: Iterable[Act], status: Mapping[UUID, str]) -> Acted:
    verbs = {act.verb for act in acts}
    now = "running"
    if one.state.ended:
        now = "cancelled" if Verb.CANCEL in verbs else "done"
    elif verbs == {Verb.PUT}:
        now = status[one.id]
    return Acted(one.id, now, one.state.last, tuple((token.id, token.node) for token in one.state.tokens))


def _repaired(one: Running, act: Act, reason: str) -> Event:
    said = {"token": act.token, "to": act.to, "variables": dict(act.variables)}
    return events.repaired(
        instance_id=one.id, stream=one.stream, version=one.version, subject=(one.subject_type, one.subject_id),
        account_id=one.account_id, act=act.verb.value, reason=reason, **{name: value for name, value in said.items() if value},
    )  # fmt: skip
