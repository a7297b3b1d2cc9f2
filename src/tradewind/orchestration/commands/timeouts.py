"""Messages that did not come in the time a version of the stream gives them: an incident for a person, unless the diagram draws a
way of its own for it (a timer on the border).

A message that comes late is kept, and taken when the instance is tried again; trying again waits as long as the first time.
"""

from tradewind.kernel.tx import Tx
from tradewind.orchestration import events

MANY = 500  # waits of one sweep
_LATE = """
select w.instance_id, w.node, w.name, w.key, w.since from stream_wait w join stream_instance i on i.id = w.instance_id
where w.expires_at <= %(now)s and i.status = 'running'
  and not exists (select from message m where m.name = w.name and m.key = w.key and m.consumed_at is null and m.expired_at is null)
order by w.expires_at limit %(many)s for no key update of i skip locked
"""
_INCIDENTS = """
with opened as (
  insert into incident (id, instance_id, step, kind, code, message, opened_at)
  select w.id, w.instance_id, null, 'item', 'orchestration.wait_timed_out', w.message, %(now)s
  from unnest(%(id)s::uuid[], %(instance)s::uuid[], %(message)s::text[]) as w(id, instance_id, message) returning instance_id
)
update stream_instance i set status = 'incident' from opened o where i.id = o.instance_id
"""


def expire_waits(tx: Tx) -> int:
    """Open an incident for every instance whose message is late; gives how many."""
    late = {row[0]: row for row in tx.rows(_LATE, {"now": tx.now, "many": MANY})}
    if not late:
        return 0
    ids = tx.ids.many(len(late))
    messages = [
        f"{node}: {name} {key} did not come since {since:%Y-%m-%d %H:%M} UTC"
        for _, node, name, key, since in late.values()
    ]
    tx.run(_INCIDENTS, {"now": tx.now, "id": ids, "instance": list(late), "message": messages})
    for incident_id, instance_id, message in zip(ids, late, messages, strict=True):
        code = "orchestration.wait_timed_out"
        tx.emit(events.incident_opened(incident_id=incident_id, instance_id=instance_id, code=code, message=message))
    return len(late)
