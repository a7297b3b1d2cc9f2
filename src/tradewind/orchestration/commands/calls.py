"""Call activities: a stream runs as an instance of its own for another one, which is told when it ends.

The end of a called instance is a message, stored in the transaction in which it ends: it wakes the caller like any other.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from tradewind.kernel.arrays import numbers
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.instances import CALL_ENDED, Running
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.decide.play import complete, escalate, fail
from tradewind.orchestration.decide.state_json import values_from_json, values_to_json
from tradewind.orchestration.model import Turn, WaitKind

_CANCEL = """
with recursive gone as (
  select i.id, i.subject_id from unnest(%(instance)s::uuid[], %(token)s::int[], %(subject)s::uuid[]) as w(id, token, subject_id)
  join stream_instance i on i.subject_id = w.subject_id and i.part = 'call:' || w.id || ':' || w.token
    and i.status in ('running', 'incident')
  union
  select c.id, c.subject_id from gone g
  join stream_instance c on c.subject_id = g.subject_id and starts_with(c.part, 'call:' || g.id || ':')
    and c.status in ('running', 'incident')
), waits as (
  delete from stream_wait s using gone g where s.instance_id = g.id
), tasks as (
  update user_task t set status = 'cancelled', done_at = %(now)s from gone g where t.instance_id = g.id and t.status = 'open'
), incidents as (
  update incident n set resolved_at = %(now)s, resolution = 'the caller went on without it' from gone g
  where n.instance_id = g.id and n.resolved_at is null
)
update stream_instance i set status = 'cancelled', wake_at = null, moved_at = %(now)s, ended_at = %(now)s from gone g
where i.id = g.id
"""


def calls_of(instances: Sequence[Running]) -> list[Start]:
    """The instances that the call activities of this turn start: the same subject, a part of its own."""
    return [
        Start(
            wait.name,
            one.subject_type,
            one.subject_id,
            one.account_id,
            wait.variables,
            part=f"call:{one.id}:{wait.token}",
            caller=f"{one.id}:{wait.token}",
        )
        for one in instances
        if one.graph.calls and one.turn
        for wait in one.turn.wait
        if wait.kind is WaitKind.CALL
    ]


def tell_callers(instances: Sequence[Running]) -> Iterator[Message]:
    """What callers must know of these instances: their end, their error, their escalations."""
    for one in instances:
        caller = one.state.caller
        if not caller or one.turn is None:
            continue
        for place, raised in enumerate(one.turn.escalated):
            body = {"escalation": raised.code, "values": values_to_json(raised.variables)}
            yield Message(CALL_ENDED, caller, f"{one.id}:{one.state.last}:{place}", body)
        if one.state.ended:
            error = one.turn.error
            body = {"values": values_to_json(one.state.variables if error is None else error.variables)}
            yield Message(CALL_ENDED, caller, f"{one.id}:end", body if error is None else {**body, "error": error.code})


def answer_call(one: Running, token: int, payload: dict[str, Any], now: datetime) -> Turn | Problem:
    """What the called instance said, as the answer to the token that waits for it."""
    values = values_from_json(json.loads(payload["values"]))
    if "escalation" in payload:
        return escalate(one.graph, one.state, token, payload["escalation"], values, now=now)
    if "error" in payload:
        return fail(one.graph, one.state, token, payload["error"], values, now=now)
    return complete(one.graph, one.state, token, values, now=now)


def cancel_called(tx: Tx, instances: Sequence[Running]) -> int:
    """End what was called by tokens that are gone, with all that it called in turn; gives how many instances."""
    closed = [(one, token) for one in instances if one.graph.calls and one.turn for token in one.turn.closed]
    if not closed:
        return 0
    columns = {
        "now": tx.now,
        "instance": [one.id for one, _ in closed],
        "token": numbers(token for _, token in closed),
        "subject": [one.subject_id for one, _ in closed],
    }
    return tx.run(_CANCEL, columns)
