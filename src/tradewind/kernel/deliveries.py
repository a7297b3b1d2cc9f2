"""What leaves the house: a row written with the fact, sent after the commit, once per effect key.

A delivery carries the installation's epoch. A restored copy starts with deliveries paused under a new epoch, so that
yesterday's messages are not sent again.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Tx, dumps
from tradewind.kernel.value import value

_PUT = """
insert into delivery (id, effect_key, epoch, destination, kind, account_id, subject_type, subject_id, payload, status, next_at, created_at)
select w.id, w.effect_key, i.delivery_epoch, w.destination, w.kind, w.account_id, w.subject_type, w.subject_id, w.payload::jsonb,
  'pending', %(now)s, %(now)s
from unnest(%(id)s::uuid[], %(key)s::text[], %(to)s::text[], %(kind)s::text[], %(account)s::uuid[], %(type)s::text[],
  %(subject)s::uuid[], %(payload)s::text[])
  as w(id, effect_key, destination, kind, account_id, subject_type, subject_id, payload), installation i
on conflict (effect_key) do nothing
"""


@value(frozen=True, slots=True)
class Delivery:
    """One thing to be sent. The same `effect_key` is sent at most once, however often it is put."""

    effect_key: str
    destination: str
    kind: str
    account_id: UUID | None
    subject_type: str
    subject_id: UUID
    payload: dict[str, Any]


def put_deliveries(tx: Tx, deliveries: Sequence[Delivery]) -> int:
    """Write deliveries with the fact they are about; gives how many were new."""
    if not deliveries:
        return 0
    return tx.run(
        _PUT,
        {
            "now": tx.now,
            "id": tx.ids.many(len(deliveries)),
            "key": [one.effect_key for one in deliveries],
            "to": [one.destination for one in deliveries],
            "kind": [one.kind for one in deliveries],
            "account": [one.account_id for one in deliveries],
            "type": [one.subject_type for one in deliveries],
            "subject": [one.subject_id for one in deliveries],
            "payload": [dumps(one.payload) for one in deliveries],
        },
    )
