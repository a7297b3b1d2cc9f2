"""The exceptions inbox: open holds, tasks, incidents and escalations, oldest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader

_INBOX = """
select w.what, w.id, w.opened_at, w.kind, w.code, w.text, w.subject_type, w.subject_id, o.number, a.code as account, w.detail
from (
  select 'hold' as what, h.id, h.opened_at, h.kind, h.code, h.reason as text, 'sales_order' as subject_type,
    h.order_id as subject_id, h.account_id,
    jsonb_strip_nulls(jsonb_build_object('line', h.line_no, 'group', h.group_no, 'blocks', to_jsonb(h.blocks))) as detail
  from order_hold h where h.released_at is null and %(holds)s and (%(kinds)s::text[] is null or h.kind = any(%(kinds)s::text[]))
  union all
  select 'task', t.id, t.opened_at, t.role, coalesce(t.form, ''), t.name, t.subject_type, t.subject_id, t.account_id,
    jsonb_strip_nulls(jsonb_build_object('due_at', t.due_at, 'claimed_by', t.claimed_by, 'escalated_at', t.escalated_at))
  from user_task t where t.status = 'open' and (t.role = any(%(roles)s::text[])
    or t.escalated_at is not null and t.escalate_role = any(%(roles)s::text[]))
  union all
  select 'incident', n.id, n.opened_at, n.kind, n.code, n.message, coalesce(i.subject_type, 'incident'),
    coalesce(i.subject_id, n.id), i.account_id,
    jsonb_strip_nulls(jsonb_build_object('step', n.step, 'instance', n.instance_id, 'stream', i.stream))
  from incident n left join stream_instance i on i.id = n.instance_id where n.resolved_at is null and %(incidents)s
  union all
  select 'escalation', e.id, e.opened_at, e.role, 'promise.at_risk', 'will be late at the pace of the past', i.subject_type, i.subject_id,
    e.account_id, jsonb_build_object('instance', e.instance_id, 'stream', e.stream, 'promised_at', e.promised_at,
      'expected_at', e.expected_at, 'reasons', e.reasons)
  from stream_escalation e join stream_instance i on i.id = e.instance_id where e.closed_at is null and e.role = any(%(people)s::text[])
) w
left join shipment s on w.subject_type = 'shipment' and s.id = w.subject_id
left join sales_order o on o.id = coalesce(s.order_id, w.subject_id)
left join account a on a.id = w.account_id
where (w.opened_at, w.id) > (%(after_at)s, %(after)s)
  and (%(accounts)s::uuid[] is null or w.account_id = any(%(accounts)s::uuid[]))
order by w.opened_at, w.id limit %(limit)s
"""
BEGINNING = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a person. `kind` is the kind of hold, the role of a task, or the kind of incident."""

    what: str
    id: UUID
    opened_at: datetime
    kind: str
    code: str
    text: str
    subject_type: str
    subject_id: UUID
    order: str | None
    account: str | None
    detail: dict[str, Any]


def inbox(
    reader: Reader,
    *,
    roles: Collection[str],
    accounts: Collection[UUID] | None,
    holds: bool = True,
    incidents: bool = True,
    kinds: Collection[str] | None = None,
    people: Collection[str] = (),
    after: tuple[datetime, UUID] = BEGINNING,
    limit: int = 100,
) -> list[Waiting]:
    """What waits for people with these task roles, about these accounts (None: all), after a place, oldest first. Escalations
    wait for roles of the house (`people`)."""
    rows = reader.rows(
        _INBOX,
        {
            "roles": list(roles),
            "people": list(people),
            "accounts": None if accounts is None else list(accounts),
            "holds": holds,
            "incidents": incidents,
            "kinds": None if kinds is None else list(kinds),
            "after_at": after[0],
            "after": after[1],
            "limit": limit,
        },
    )
    return [Waiting(*row) for row in rows]
