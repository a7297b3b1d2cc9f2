"""What does not move though it should: nothing to wait for, a timer nobody looks at, an answer not taken, or overdue for long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tradewind.kernel.limits import PAGE
from tradewind.kernel.tx import Reader

OVERDUE = timedelta(minutes=5)
"""An instance that was to be turned so long ago is held by somebody, or its worker or step stands still."""

_STUCK = """
select i.id, i.stream, i.version, i.subject_type, i.subject_id, i.account_id, w.why, w.since, w.node
from (
  select i.id, 'nothing_to_wait_for' as why, i.moved_at as since, null as node from stream_instance i
  where i.status = 'running' and i.wake_at is null
    and not exists (select from stream_wait w where w.instance_id = i.id)
    and not exists (select from user_task t where t.instance_id = i.id and t.status = 'open')
  union all
  select i.id, 'timer_overlooked', min(w.due_at), min(w.node) from stream_wait w join stream_instance i on i.id = w.instance_id
  where w.kind = 'timer' and w.due_at <= %(now)s and i.status = 'running' and (i.wake_at is null or i.wake_at > %(now)s) group by i.id
  union all
  select i.id, 'answer_not_taken', min(t.done_at), min(t.node) from stream_instance i
  join user_task t on t.instance_id = i.id and t.status = 'done'
  where i.status = 'running' and (i.wake_at is null or i.wake_at > %(now)s) and t.done_at > i.moved_at group by i.id
  union all
  select i.id, case when exists (select from step_pause) then 'step_paused_or_held' else 'overdue' end, i.wake_at, null
  from stream_instance i where i.status = 'running' and i.wake_at <= %(overdue)s
) w join stream_instance i on i.id = w.id order by w.since, i.id limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Stuck:
    """An instance that does not move: `why` since when; `node` where one is to blame."""

    instance_id: UUID
    stream: str
    version: int
    subject_type: str
    subject_id: UUID
    account_id: UUID | None
    why: str
    since: datetime
    node: str | None


def stuck_instances(reader: Reader, *, overdue: timedelta = OVERDUE, limit: int = PAGE) -> list[Stuck]:
    """The worst first: those that have not moved for longest."""
    params = {"now": reader.now, "overdue": reader.now - overdue, "limit": limit}
    return [Stuck(*row) for row in reader.rows(_STUCK, params)]
