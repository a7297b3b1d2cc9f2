"""Instances that will miss their promise, escalated before they do: one open escalation an instance, closed when it is over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Event, Reader, Tx, dumps
from tradewind.kernel.value import value
from tradewind.orchestration import events
from tradewind.orchestration.queries.instances import Instance

_POLICIES = "select stream, pace, ahead_minutes, role, active from escalation_policy order by stream"
_SET = """
insert into escalation_policy (stream, pace, ahead_minutes, role, active, changed_by, changed_at)
values (%(stream)s, %(pace)s, %(ahead)s, %(role)s, %(active)s, %(by)s, %(now)s)
on conflict (stream) do update set pace = excluded.pace, ahead_minutes = excluded.ahead_minutes, role = excluded.role,
  active = excluded.active, changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""
_OPEN = """
insert into stream_escalation (id, instance_id, stream, role, account_id, promised_at, expected_at, reasons, opened_at)
select w.id, w.instance_id, w.stream, w.role, w.account_id, w.promised_at, w.expected_at, w.reasons::jsonb, %(now)s
from unnest(%(id)s::uuid[], %(instance)s::uuid[], %(stream)s::text[], %(role)s::text[], %(account)s::uuid[],
  %(promised)s::timestamptz[], %(expected)s::timestamptz[], %(reasons)s::text[])
  as w(id, instance_id, stream, role, account_id, promised_at, expected_at, reasons)
on conflict (instance_id) where closed_at is null do update set promised_at = excluded.promised_at,
  expected_at = excluded.expected_at, reasons = excluded.reasons
returning id, instance_id
"""
_CLOSE = """
update stream_escalation e set closed_at = %(now)s,
  outcome = case when i.status not in ('running', 'incident') then
      case when i.ended_at <= e.promised_at then 'ended in time' else 'ended late' end
    else 'in time again' end
from stream_instance i
where e.closed_at is null and e.stream = %(stream)s and i.id = e.instance_id and i.id <> all(%(still)s::uuid[])
"""


@value(frozen=True, slots=True)
class Policy:
    """At which pace of the past (p50, p90) a stream is looked ahead, how many minutes before the promise it must have come to its
    end, and whose inbox says so."""

    stream: str
    pace: str
    ahead_minutes: int
    role: str
    active: bool = True


@value(frozen=True, slots=True)
class Escalation:
    """An instance that will be late, with the reasons as they are shown."""

    instance: Instance
    promised_at: datetime
    expected_at: datetime
    reasons: Sequence[Mapping[str, Any]]


def escalation_policies(reader: Reader) -> list[Policy]:
    """Of every stream that has one."""
    return [Policy(*row) for row in reader.rows(_POLICIES)]


def set_policy(tx: Tx, policy: Policy) -> None:
    """Say anew how a stream is looked ahead."""
    tx.run(
        _SET,
        {
            "stream": policy.stream, "pace": policy.pace, "ahead": policy.ahead_minutes, "role": policy.role,
            "active": policy.active, "by": tx.actor.principal_id, "now": tx.now,
        },
    )  # fmt: skip
    tx.emit(
        events.escalation_policy_set(
            tx.ids.new(), stream=policy.stream, pace=policy.pace, ahead_minutes=policy.ahead_minutes, role=policy.role,
            active=policy.active,
        )
    )  # fmt: skip


def escalate(tx: Tx, policy: Policy, late: Sequence[Escalation]) -> tuple[int, int]:
    """Open an escalation for each instance that has none, and close those whose reason is gone. Gives (opened, closed)."""
    ids = tx.ids.many(len(late))
    closed = tx.run(_CLOSE, {"now": tx.now, "stream": policy.stream, "still": [one.instance.id for one in late]})
    if not late:
        return 0, closed
    rows = tx.rows(
        _OPEN,
        {
            "now": tx.now,
            "id": ids,
            "instance": [one.instance.id for one in late],
            "stream": [policy.stream] * len(late),
            "role": [policy.role] * len(late),
            "account": [one.instance.account_id for one in late],
            "promised": [one.promised_at for one in late],
            "expected": [one.expected_at for one in late],
            "reasons": [dumps(list(one.reasons)) for one in late],
        },
    )
    fresh: set[UUID] = {row[1] for row in rows if row[0] in set(ids)}
    for one in late:
        if one.instance.id in fresh:
            tx.emit(_at_risk(one))
    return len(fresh), closed


def _at_risk(one: Escalation) -> Event:
    about = one.instance
    return events.at_risk(
        instance_id=about.id, stream=about.stream, subject=(about.subject_type, about.subject_id), account_id=about.account_id,
        promised_at=one.promised_at, expected_at=one.expected_at, reasons=[dict(why) for why in one.reasons],
    )  # fmt: skip
