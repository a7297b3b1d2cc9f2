"""Messages: stored first, once per message id, consumed when a token waits for them, early or late."""

from collections.abc import Sequence
from dataclasses import field
from datetime import timedelta
from typing import Any

from tradewind.kernel.limits import MESSAGE_LIFE_DAYS
from tradewind.kernel.tx import Tx, dumps
from tradewind.kernel.value import value

_STORE = """
insert into message (id, name, key, message_id, payload, received_at, expires_at)
select w.id, w.name, w.key, w.message_id, w.payload::jsonb, %(now)s, %(expires)s
from unnest(%(id)s::uuid[], %(name)s::text[], %(key)s::text[], %(message_id)s::text[], %(payload)s::text[])
  as w(id, name, key, message_id, payload)
on conflict (name, key, message_id) do nothing
returning name, key, message_id
"""
# A crank turn holds its instance while it waits for its subject, and those who post hold subjects: nobody waits here.
# An instance that is held elsewhere is passed over; it finds the message itself, or the next sweep wakes it.
_WAKE = """
update stream_instance i set wake_at = %(now)s
where i.id in (
  select h.id from stream_instance h
  where h.status = 'running' and (h.wake_at is null or h.wake_at > %(now)s) and h.id in (
    select w.instance_id from unnest(%(name)s::text[], %(key)s::text[]) as m(name, key)
    join stream_wait w on w.kind = 'message' and w.name = m.name and w.key = m.key)
  order by h.id for no key update skip locked)
"""
_SWEEP = """
update stream_instance i set wake_at = %(now)s
where i.id in (
  select h.id from stream_instance h
  where h.status = 'running' and (h.wake_at is null or h.wake_at > %(now)s) and h.id in (
    select w.instance_id from message m join stream_wait w on w.kind = 'message' and w.name = m.name and w.key = m.key
    where m.consumed_at is null and m.expired_at is null)
  order by h.id for no key update skip locked)
"""
# What somebody waits for stays, however long that instance stands in an incident or its step is paused.
_EXPIRE = """
update message m set expired_at = %(now)s
where m.consumed_at is null and m.expired_at is null and m.expires_at <= %(now)s
  and not exists (select from stream_wait w where w.kind = 'message' and w.name = m.name and w.key = m.key)
returning m.id, m.name, m.key, m.message_id
"""
_INCIDENTS = """
insert into incident (id, kind, code, message, opened_at)
select w.id, 'message', 'orchestration.message_expired', w.message, %(now)s
from unnest(%(id)s::uuid[], %(message)s::text[]) as w(id, message)
"""


@value(frozen=True, slots=True)
class Message:
    """Something that happened, for whoever waits for `name` with `key`. `message_id` makes a repeat harmless."""

    name: str
    key: str
    message_id: str
    payload: dict[str, Any] = field(default_factory=dict)


def post_messages(tx: Tx, messages: Sequence[Message]) -> list[bool]:
    """Store messages and wake who waits; gives for each whether it was new."""
    if not messages:
        return []
    fresh = {
        (name, key, message_id)
        for name, key, message_id in tx.rows(
            _STORE,
            {
                "now": tx.now,
                "expires": tx.now + timedelta(days=MESSAGE_LIFE_DAYS),
                "id": tx.ids.many(len(messages)),
                "name": [message.name for message in messages],
                "key": [message.key for message in messages],
                "message_id": [message.message_id for message in messages],
                "payload": [dumps(message.payload) for message in messages],
            },
        )
    }
    if fresh:
        pairs = sorted({(name, key) for name, key, _ in fresh})
        tx.run(_WAKE, {"now": tx.now, "name": [name for name, _ in pairs], "key": [key for _, key in pairs]})
    return [(message.name, message.key, message.message_id) in fresh for message in messages]


def sweep_messages(tx: Tx) -> tuple[int, int]:
    """Wake instances whose message came while they were about to wait (neither transaction could see the other), and
    turn messages that nobody waited for into incidents. Gives (woken, expired)."""
    woken = tx.run(_SWEEP, {"now": tx.now})
    expired = tx.rows(_EXPIRE, {"now": tx.now})
    if expired:
        tx.run(
            _INCIDENTS,
            {
                "now": tx.now,
                "id": tx.ids.many(len(expired)),
                "message": [f"nobody waited for {name} {key} ({message_id})" for _, name, key, message_id in expired],
            },
        )
    return woken, len(expired)
