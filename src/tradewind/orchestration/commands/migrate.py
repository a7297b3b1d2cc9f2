"""Moving running instances from one version of their stream to another: by an explicit mapping, never by itself.

A dry run and the real one decide alike; the real one decides again on locked rows and moves only what passes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any
from uuid import UUID

from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader, Tx
from tradewind.kernel.value import value
from tradewind.orchestration import errors, events
from tradewind.orchestration.commands.streams import Published, published
from tradewind.orchestration.commands.waits import LOCK_INSTANCES
from tradewind.orchestration.decide.migrate import Plan, plan, wrong_mapping
from tradewind.orchestration.decide.play import standing
from tradewind.orchestration.decide.settings import expiry
from tradewind.orchestration.decide.state_json import from_json, to_json
from tradewind.orchestration.model import ExpressionReader, State, WaitKind

_STATES = """
select id, stream, version, subject_type, subject_id, account_id, state, status from stream_instance where id = any(%(ids)s::uuid[])
order by id
"""
_MOVE = """
update stream_instance i set version = %(version)s, state = w.state,
  wake_at = case when i.status = 'running' then %(now)s else i.wake_at end
from unnest(%(id)s::uuid[], %(state)s::text[]) as w(id, state) where i.id = w.id
"""
_WAITS = """
update stream_wait s set node = w.node, name = case when s.name is not null then w.name end, expires_at = coalesce(s.expires_at, w.expires)
from unnest(%(id)s::uuid[], %(token)s::int[], %(node)s::text[], %(name)s::text[], %(expires)s::timestamptz[])
  as w(id, token, node, name, expires) where s.instance_id = w.id and s.token = w.token
"""
_TASKS = """
update user_task t set node = w.node, name = w.name, role = w.role, form = w.form
from unnest(%(id)s::uuid[], %(token)s::int[], %(node)s::text[], %(name)s::text[], %(role)s::text[], %(form)s::text[])
  as w(id, token, node, name, role, form) where t.instance_id = w.id and t.token = w.token and t.status = 'open'
"""


@value(frozen=True, slots=True)
class Migration:
    """From which version to which; `mapping` names the new element (or flow into a join) for each old one that is not the same."""

    stream: str
    source: int
    target: int
    mapping: Mapping[str, str] = field(default_factory=dict)


@value(frozen=True, slots=True)
class Outcome:
    """What becomes of one instance; `problem` where it cannot be moved at all."""

    instance_id: UUID
    plan: Plan | None = None
    problem: Problem | None = None

    @property
    def passes(self) -> bool:
        return self.plan is not None and not self.plan.stranded


def rehearse(
    reader: Reader, wanted: Migration, ids: Sequence[UUID], *, expressions: ExpressionReader
) -> list[Outcome] | Problem:
    """What a migration would do to each instance; nothing is written."""
    rows = reader.rows(_STATES, {"ids": list(ids)})
    return _outcomes(reader, wanted, ids, rows, expressions)


def migrate(
    tx: Tx, wanted: Migration, ids: Sequence[UUID], *, reason: str, expressions: ExpressionReader
) -> list[Outcome] | Problem:
    """Move the instances that pass; the others stay where they are, and say why."""
    rows = lock_set(tx, [(LOCK_INSTANCES, ids)])["instance"]
    found = _outcomes(tx, wanted, ids, rows, expressions)
    if isinstance(found, Problem):
        return found
    target = published(tx, wanted.stream, wanted.target, expressions=expressions)
    by_id = {row[0]: row for row in rows}
    passing = [(one.instance_id, one.plan) for one in found if one.plan is not None and one.passes]
    states = {one: _with_parameters(way.state, target) for one, way in passing}
    if not states:
        return found
    tx.run(
        _MOVE,
        {
            "now": tx.now,
            "version": wanted.target,
            "id": list(states),
            "state": [to_json(one) for one in states.values()],
        },
    )
    _rename_waits(tx, target, states)
    for one, way in passing:
        _, stream, _, kind, subject, account, *_ = by_id[one]
        tx.emit(
            events.repaired(
                instance_id=one, stream=stream, version=wanted.target, subject=(kind, subject), account_id=account, act="migrate",
                reason=reason, source=wanted.source, moved=[list(move) for move in way.moved],
            )
        )  # fmt: skip
    return found


def _outcomes(
    reader: Reader,
    wanted: Migration,
    ids: Sequence[UUID],
    rows: Sequence[tuple[Any, ...]],
    expressions: ExpressionReader,
) -> list[Outcome] | Problem:
    source = published(reader, wanted.stream, wanted.source, expressions=expressions)
    target = published(reader, wanted.stream, wanted.target, expressions=expressions)
    for place, what in wrong_mapping(source.graph, target.graph, wanted.mapping):
        return errors.bad_mapping(place, what)
    by_id = {row[0]: row for row in rows}
    return [_outcome(one, by_id.get(one), wanted, source, target) for one in ids]


def _outcome(
    one: UUID, row: tuple[Any, ...] | None, wanted: Migration, source: Published, target: Published
) -> Outcome:
    if row is None:
        return Outcome(one, problem=errors.unknown_instance())
    if row[7] not in ("running", "incident"):
        return Outcome(one, problem=errors.instance_over(row[7]))
    if row[1] != wanted.stream or row[2] != wanted.source:
        return Outcome(one, problem=errors.other_version(row[1], row[2]))
    state = from_json(row[6])
    if isinstance(state, Problem):
        return Outcome(one, problem=state)
    return Outcome(one, plan(source.graph, target.graph, state, wanted.mapping, parameters=target.parameters))


def _with_parameters(state: State, target: Published) -> State:
    """The new version's parameters, where the instance does not have a value of its own."""
    if not target.parameters:
        return state
    return replace(state, variables={**target.parameters, **state.variables})


def _rename_waits(tx: Tx, target: Published, states: Mapping[UUID, State]) -> None:
    waits: list[tuple[Any, ...]] = []
    tasks: list[tuple[Any, ...]] = []
    for one, state in states.items():
        found = standing(target.graph, state)
        for wait in () if isinstance(found, Problem) else found[1]:
            if wait.kind is WaitKind.USER:
                tasks.append((one, wait.token, wait.node, wait.name, wait.role, wait.form or None))
            else:
                waits.append((one, wait.token, wait.node, wait.name, expiry(target.timeouts, wait.node, tx.now)))
    if waits:
        tx.run(
            _WAITS,
            dict(zip(("id", "token", "node", "name", "expires"), map(list, zip(*waits, strict=True)), strict=True)),
        )
    if tasks:
        names = ("id", "token", "node", "name", "role", "form")
        tx.run(_TASKS, dict(zip(names, map(list, zip(*tasks, strict=True)), strict=True)))
