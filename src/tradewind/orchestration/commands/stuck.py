"""What stands still by a fault of ours: woken where that helps, else an incident for a person."""

from tradewind.kernel.tx import Tx
from tradewind.orchestration import events
from tradewind.orchestration.queries.stuck import Stuck, stuck_instances

_WAKE = """
update stream_instance i set wake_at = %(now)s
where i.id in (select h.id from stream_instance h where h.id = any(%(ids)s::uuid[]) and h.status = 'running' order by h.id for no key update skip locked)
"""
_STOP = """
with standing as (
  select i.id from stream_instance i where i.id = any(%(instance)s::uuid[]) and i.status = 'running' and i.wake_at is null
    and not exists (select from stream_wait w where w.instance_id = i.id)
    and not exists (select from user_task t where t.instance_id = i.id and t.status = 'open')
  order by i.id for no key update skip locked
), opened as (
  insert into incident (id, instance_id, kind, code, message, opened_at)
  select w.id, w.instance_id, 'item', 'orchestration.stuck', %(message)s, %(now)s
  from unnest(%(id)s::uuid[], %(instance)s::uuid[]) as w(id, instance_id) join standing s on s.id = w.instance_id
  returning id, instance_id
), stopped as (
  update stream_instance i set status = 'incident' from opened o where i.id = o.instance_id
)
select id, instance_id from opened
"""
_SAID = "nothing is left that this instance could wait for"


def mend_stuck(tx: Tx) -> tuple[int, int]:
    """Wake instances whose timer or answer was overlooked; open an incident for each that waits for nothing. Gives both counts."""
    found = stuck_instances(tx)
    overlooked = [one for one in found if one.why in ("timer_overlooked", "answer_not_taken")]
    woken = 0
    if overlooked:
        woken = tx.run(_WAKE, {"now": tx.now, "ids": [one.instance_id for one in overlooked]})
    for one in overlooked:
        tx.emit(
            events.woken(
                instance_id=one.instance_id, stream=one.stream, version=one.version,
                subject=(one.subject_type, one.subject_id), account_id=one.account_id, why=one.why,
            )
        )  # fmt: skip
    idle: list[Stuck] = [one for one in found if one.why == "nothing_to_wait_for"]
    if not idle:
        return woken, 0
    columns = {"id": tx.ids.many(len(idle)), "instance": [one.instance_id for one in idle]}
    opened = tx.rows(_STOP, {"now": tx.now, "message": _SAID, **columns})
    for incident_id, instance_id in opened:
        tx.emit(
            events.incident_opened(
                incident_id=incident_id, instance_id=instance_id, code="orchestration.stuck", message=_SAID
            )
        )
    return woken, len(opened)
