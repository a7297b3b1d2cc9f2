"""Signals: broadcast to all that wait at that moment, in one statement, and kept until each has taken it.

Nobody waits for anybody here: a signal on its way is a row of its own, inserted beside whatever a crank does with the waits.
"""

from collections.abc import Sequence
from dataclasses import field
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.decide.state_json import values_from_json, values_to_json

_BROADCAST = """
with sent as (
  insert into stream_signal (instance_id, token, signal_id, name, payload, sent_at)
  select s.instance_id, s.token, w.id, w.name, w.payload::jsonb, %(now)s
  from unnest(%(id)s::uuid[], %(name)s::text[], %(payload)s::text[]) as w(id, name, payload)
  join stream_wait s on s.kind = 'signal' and s.name = w.name
  returning instance_id
), woken as (
  update stream_instance i set wake_at = %(now)s
  where i.id in (
    select h.id from stream_instance h
    where h.status = 'running' and (h.wake_at is null or h.wake_at > %(now)s) and h.id in (select instance_id from sent)
    order by h.id for no key update skip locked)
)
select count(*) from sent
"""
_TAKE = """
delete from stream_signal where instance_id = any(%(instances)s::uuid[])
returning instance_id, token, name, payload, sent_at, signal_id
"""
_SWEEP = """
update stream_instance i set wake_at = %(now)s
where i.id in (
  select h.id from stream_instance h
  where h.status = 'running' and (h.wake_at is null or h.wake_at > %(now)s)
    and exists (select from stream_signal s where s.instance_id = h.id)
  order by h.id for no key update skip locked)
"""
_FORGET = """
delete from stream_signal s using stream_instance i where i.id = s.instance_id and i.status in ('done', 'cancelled')
"""


@value(frozen=True, slots=True)
class Signal:
    """Something that happened, for all who wait for `name` now; nobody gets it later."""

    name: str
    payload: dict[str, Any] = field(default_factory=dict)


def broadcast(tx: Tx, signals: Sequence[Signal]) -> int:
    """Send signals to every token that waits for them and wake its instance; gives how many tokens were reached."""
    if not signals:
        return 0
    columns = {
        "now": tx.now,
        "id": tx.ids.many(len(signals)),
        "name": [one.name for one in signals],
        "payload": [values_to_json(one.payload) for one in signals],
    }
    reached: int = tx.value(_BROADCAST, columns)
    return reached


def take_signals(tx: Tx, instances: Sequence[UUID]) -> list[tuple[UUID, int, str, dict[str, Any]]]:
    """The signals on their way to these instances, oldest first, as (instance, token, name, payload); they are used up."""
    rows = tx.rows(_TAKE, {"instances": list(instances)}) if instances else []
    return [
        (instance_id, token, name, values_from_json(payload))
        for instance_id, token, name, payload, _, _ in sorted(rows, key=lambda row: (row[4], row[5], row[1]))
    ]


def sweep_signals(tx: Tx) -> int:
    """Wake instances that were held while a signal was sent to them, and forget what came too late; gives the woken."""
    tx.run(_FORGET)
    return tx.run(_SWEEP, {"now": tx.now})
