"""A turn: a set of instances run through its consecutive automatic steps to the next wait, in one transaction.

Order of a turn: deliver what came (messages, due timers, done tasks) → look (no locks) → lock everything the steps ahead
may need → step by step load, decide, apply → flush the workset → store positions, waits, tasks → start what the facts start
→ post what the steps sent. The caller commits.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from tradewind.kernel.problem import Problem, Refused, refuse
from tradewind.kernel.tx import Tx
from tradewind.orchestration import events
from tradewind.orchestration.commands.calls import answer_call, calls_of, cancel_called, tell_callers
from tradewind.orchestration.commands.instances import CALL_ENDED, Running, store_instances
from tradewind.orchestration.commands.messages import Message, post_messages
from tradewind.orchestration.commands.signals import Signal, broadcast, take_signals
from tradewind.orchestration.commands.steps import (
    ERROR,
    Call,
    Decisions,
    KeepDecisions,
    Start,
    Step,
    Stream,
    TurnAgain,
    Workset,
)
from tradewind.orchestration.commands.streams import Published, published
from tradewind.orchestration.decide.ahead import steps_ahead
from tradewind.orchestration.decide.play import begin, complete, deliver, fail, fire, signal, standing
from tradewind.orchestration.decide.state_json import from_json, values_read
from tradewind.orchestration.model import ExpressionReader, Run, Turn

T = TypeVar("T")
DECISION = "decision:"
"""How the step of a business rule task is called, before the name of its decision."""
MAX_CALLS = 10
"""Streams that call each other at once, without a wait between."""

_ARRIVED = """
select s.instance_id, s.token, m.id, m.name, m.key, m.payload
from stream_wait s join message m on m.name = s.name and m.key = s.key
where s.instance_id = any(%(instances)s::uuid[]) and s.kind = 'message' and m.consumed_at is null and m.expired_at is null
order by m.received_at, m.id
"""
_DUE = """
select instance_id, token from stream_wait
where instance_id = any(%(instances)s::uuid[]) and kind = 'timer' and due_at <= %(now)s order by due_at, token
"""
_DONE = """
select instance_id, token, outcome from user_task
where instance_id = any(%(instances)s::uuid[]) and status = 'done' order by done_at, id
"""
_CONSUME = """
update message m set consumed_by = w.instance_id, consumed_at = %(now)s
from unnest(%(message)s::uuid[], %(instance)s::uuid[]) as w(id, instance_id) where m.id = w.id
"""


class StepFailed(Exception):  # noqa: N818
    """A step broke for a set; carries its name, so that a step that fails for all can be told from an item."""

    def __init__(self, step: str, cause: BaseException) -> None:
        self.step = step
        super().__init__(f"{step}: {type(cause).__name__}: {cause}")


def value_of(answer: T | Problem) -> T:
    """The answer of the token game, or its refusal as one."""
    if isinstance(answer, Problem):
        raise Refused([answer])
    return answer


def begin_instances(
    tx: Tx, starts: Sequence[Start], *, versions: Mapping[str, int], expressions: ExpressionReader
) -> list[Running]:
    """Fresh instances at their first stop; nothing is stored yet."""
    fresh: list[Running] = []
    for start in starts:
        version = versions[start.stream]
        known = published(tx, start.stream, version, expressions=expressions)
        graph, variables = known.graph, start.variables
        if known.parameters:
            variables = {**known.parameters, **variables}
        turn = value_of(
            begin(
                graph,
                variables,
                now=tx.now,
                message=start.message,
                signal=start.signal,
                at=start.at,
                caller=start.caller,
            )
        )
        running = Running(
            tx.ids.new(),
            start.stream,
            version,
            graph,
            start.subject_type,
            start.subject_id,
            start.account_id,
            turn.state,
            fresh=True,
            part=start.part,
            timeouts=known.timeouts,
        )
        running.follow(turn)
        fresh.append(running)
    return fresh


def read_instances(tx: Tx, rows: Sequence[tuple[Any, ...]], expressions: ExpressionReader) -> list[Running]:
    """Claimed rows (id, stream, version, subject type and id, account, state) as running instances."""
    return [_running(row, published(tx, row[1], row[2], expressions=expressions)) for row in rows]


def _running(row: tuple[Any, ...], known: Published) -> Running:
    state = value_of(from_json(row[6]))
    return Running(row[0], row[1], row[2], known.graph, row[3], row[4], row[5], state, timeouts=known.timeouts)


def deliver_arrivals(tx: Tx, instances: Sequence[Running]) -> None:
    """Hand every instance what came for it: done tasks, then messages in order of arrival, signals, then due timers."""
    by_id = {one.id: one for one in instances}
    ids = list(by_id)
    for instance_id, token, outcome in tx.rows(_DONE, {"instances": ids}):
        one = by_id[instance_id]
        if any(place.id == token for place in one.state.tokens):
            one.follow(value_of(complete(one.graph, one.state, token, values_read(outcome or {}), now=tx.now)))
    used: set[UUID] = set()
    for instance_id, token, message_id, name, key, payload in tx.rows(_ARRIVED, {"instances": ids}):
        one = by_id[instance_id]
        if message_id in used or not _stands(one, token):
            continue
        if name == CALL_ENDED:
            one.follow(value_of(answer_call(one, token, payload, tx.now)))
        else:
            one.follow(value_of(deliver(one.graph, one.state, name, key, payload, now=tx.now, token=token)))
        one.consumed.append(message_id)
        used.add(message_id)
    for instance_id, token, name, payload in take_signals(tx, [one.id for one in instances if one.graph.hears]):
        one = by_id[instance_id]
        if _stands(one, token):
            one.follow(value_of(signal(one.graph, one.state, name, payload, now=tx.now, token=token)))
    for instance_id, token in tx.rows(_DUE, {"instances": ids, "now": tx.now}):
        one = by_id[instance_id]
        if _stands(one, token):
            one.follow(value_of(fire(one.graph, one.state, token, now=tx.now)))


def _stands(one: Running, token: int) -> bool:
    return any(place.id == token for place in one.state.tokens) or any(watch.id == token for watch in one.state.watches)


def _runs(instances: Sequence[Running]) -> list[tuple[Running, Run]]:
    return [(one, run) for one in instances if one.turn for run in one.turn.run]


def needed_locks(stream: Stream, instances: Sequence[Running]) -> frozenset[str]:
    """The kinds of rows that the steps ahead of these instances want held."""
    locks: frozenset[str] = frozenset()
    for graph in {id(one.graph): one.graph for one in instances}.values():
        places = [run.node for one, run in _runs(instances) if one.graph is graph]
        for step in steps_ahead(graph, places):
            locks |= _step(stream, step).locks
    return locks


def _step(stream: Stream, name: str) -> Any:
    step = stream.steps.get(name)
    if step is None and name.startswith(DECISION) and stream.decisions is not None:
        return _decision(stream.decisions, stream.keep_decisions, name)
    if step is None:
        raise refuse("orchestration.unknown_step", f"{stream.code} has no step {name}.", step=name)
    return step


def _decision(ask: Decisions, keep: KeepDecisions | None, name: str) -> Step:
    """A business rule task as a step: what the decision gives becomes the outcome, and is written down."""
    asked = name.removeprefix(DECISION)

    def apply(tx: Tx, _workset: Any, calls: Sequence[Call], outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if keep is not None:
            keep(tx, asked, calls)
        return outcomes

    return Step(
        name,
        decide=lambda _workset, _calls, answers: answers,
        apply=apply,
        load=lambda tx, _workset, calls, _looked: ask(tx, asked, calls),
    )


def run_steps(tx: Tx, stream: Stream, instances: Sequence[Running], workset: Workset) -> None:
    """Look, then run step after step until every instance waits or has ended. What the steps ahead need is locked at once,
    before the first step that needs any of it: what comes before that (checking, pricing) holds nobody up."""
    ready = _runs(instances)
    if not ready:
        return
    looked: dict[str, Any] = {}
    for name in dict.fromkeys(run.step for _, run in ready):
        calls = [Call(one.subject_id, run.variables) for one, run in ready if run.step == name]
        looked[name] = _step(stream, name).look(tx, workset, calls)
    locked = False
    while ready:
        name = ready[0][1].step
        if not locked and _step(stream, name).locks:
            stream.lock(tx, workset, needed_locks(stream, instances))
            locked = True
        chosen = [(one, run) for one, run in ready if run.step == name]
        _run_step(tx, stream, workset, name=name, chosen=chosen, looked=looked.pop(name, None))
        ready = _runs(instances)


def _run_step(
    tx: Tx, stream: Stream, workset: Workset, *, name: str, chosen: list[tuple[Running, Run]], looked: Any
) -> None:
    step = _step(stream, name)
    calls = [Call(one.subject_id, run.variables) for one, run in chosen]
    began = tx.clock()
    try:
        facts = step.load(tx, workset, calls, looked if looked is not None else step.look(tx, workset, calls))
        outcomes = step.apply(tx, workset, calls, step.decide(workset, calls, facts))
    except (psycopg.Error, TurnAgain):
        raise
    except Exception as failure:
        # whatever broke, it broke in this step: one odd item must not stop the engine for everybody
        raise StepFailed(name, failure) from failure
    said = [name, began.isoformat(), tx.clock().isoformat()]
    for (one, run), variables in zip(chosen, outcomes, strict=True):
        one.steps.append(said)
        if ERROR in variables:
            code, values = variables[ERROR], {name: value for name, value in variables.items() if name != ERROR}
            one.follow(value_of(fail(one.graph, one.state, run.token, code, values, now=tx.now)))
        else:
            one.follow(value_of(complete(one.graph, one.state, run.token, variables, now=tx.now)))


def finish_turn(
    tx: Tx,
    instances: Sequence[Running],
    workset: Workset,
    *,
    versions: Mapping[str, int],
    expressions: ExpressionReader,
) -> None:
    """Write everything the turn changed, start what its facts start, and post what it sent."""
    workset.flush(tx)
    store_instances(tx, instances)
    cancel_called(tx, instances)
    used = [(message, one.id) for one in instances for message in one.consumed]
    if used:
        tx.run(
            _CONSUME, {"now": tx.now, "message": [message for message, _ in used], "instance": [one for _, one in used]}
        )
    for one in instances:
        if one.turn is not None and one.turn.trail:
            tx.emit(
                events.advanced(
                    instance_id=one.id,
                    stream=one.stream,
                    version=one.version,
                    subject=(one.subject_type, one.subject_id),
                    account_id=one.account_id,
                    steps=one.steps,
                    ended=one.state.ended,
                    trail=[f"{verb[0]}:{node}" for node, verb, _ in one.turn.trail],
                )
            )
    moved = [*instances, *_spawn(tx, [*workset.starts, *calls_of(instances)], versions, expressions)]
    _tell(tx, moved, workset.messages)
    workset.starts.clear()
    workset.messages.clear()


def start_instances(
    tx: Tx, starts: Sequence[Start], *, versions: Mapping[str, int], expressions: ExpressionReader
) -> list[Running]:
    """Begin instances outside a turn: stored at their first stop, what they call with them; the crank runs their first steps."""
    spawned = _spawn(tx, starts, versions, expressions)
    _tell(tx, spawned, ())
    return spawned


def _tell(tx: Tx, instances: Sequence[Running], messages: Sequence[Message]) -> None:
    """Post what was sent, tell callers, broadcast signals."""
    post_messages(tx, [*messages, *_sent(instances), *tell_callers(instances)])
    broadcast(tx, [Signal(one.name, dict(one.payload)) for made in instances if made.turn for one in made.turn.signals])


def _spawn(
    tx: Tx, starts: Sequence[Start], versions: Mapping[str, int], expressions: ExpressionReader
) -> list[Running]:
    """Begin and store instances, and what they call at once; the crank runs their first steps."""
    spawned: list[Running] = []
    for _ in range(MAX_CALLS):
        if not starts:
            return spawned
        fresh = begin_instances(tx, starts, versions=versions, expressions=expressions)
        store_instances(tx, fresh, wake_now=frozenset(one.id for one in fresh if one.turn and one.turn.run))
        spawned += fresh
        starts = calls_of(fresh)
    raise refuse("orchestration.calls_too_deep", f"Streams call each other more than {MAX_CALLS} deep.")


def _sent(instances: Sequence[Running]) -> list[Message]:
    """What the turns of these instances send, each with an id that a repeat of the turn would give again."""
    return [
        Message(
            one.name,
            one.key,
            f"{running.id}:{one.node}:{running.state.last}{f':{place}' if place else ''}",
            dict(one.payload),
        )
        for running in instances
        if running.turn
        for place, one in enumerate(running.turn.sent)
    ]


def resumed(one: Running) -> None:
    """An instance that was started for the crank to run: its first steps are ready since it was stored."""
    if one.turn is None:
        runs, _ = value_of(standing(one.graph, one.state))
        if runs:
            one.turn = Turn(one.state, run=runs)
