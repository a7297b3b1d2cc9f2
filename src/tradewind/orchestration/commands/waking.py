"""Waking instances from outside a turn: their rows first, before any row of their subjects, and no message that nobody needs.

A crank turn holds an instance while it waits for its subject, so whoever holds a subject must not wait for its instance.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message, post_messages

LOCK_SUBJECTS = LockKind(
    "instance",
    """
select i.id, i.subject_id, i.stream from unnest(%(keys)s::uuid[]) as w(id)
join stream_instance i on i.subject_id = w.id and i.status in ('running', 'incident')
order by i.id for no key update of i
""",
)
_CLAIM = """
with live as (
  select i.id, i.subject_id from unnest(%(subjects)s::uuid[]) as w(id)
  join stream_instance i on i.subject_id = w.id and i.status in ('running', 'incident')
), ours as (
  select i.id from stream_instance i where i.id in (select id from live) for no key update skip locked
)
select w.id from unnest(%(subjects)s::uuid[]) as w(id)
where not exists (select from live l where l.subject_id = w.id and not exists (select from ours o where o.id = l.id))
"""
_NEEDED = """
select w.ord::int from unnest(%(name)s::text[], %(key)s::text[]) with ordinality as w(name, key, ord)
where exists (select from stream_wait s where s.kind = 'message' and s.name = w.name and s.key = w.key)
  and not exists (select from message m where m.name = w.name and m.key = w.key and m.consumed_at is null and m.expired_at is null)
"""


def claim_subjects(tx: Tx, subjects: Sequence[UUID]) -> set[UUID]:
    """Lock the live instances of those subjects whose instances nobody else holds, without waiting; gives these subjects."""
    if not subjects:
        return set()
    tx.locked.append(LOCK_SUBJECTS.rank)
    return {row[0] for row in tx.rows(_CLAIM, {"subjects": list(subjects)})}


def wake_waiting(tx: Tx, messages: Iterable[Message]) -> int:
    """Post those messages that a token waits for and that are not on their way already; gives how many.

    The caller holds the instances: a token that does not wait yet will find what happened by itself.
    """
    wanted = list({(one.name, one.key): one for one in messages}.values())  # one word is enough for a token
    if not wanted:
        return 0
    names = {"name": [one.name for one in wanted], "key": [one.key for one in wanted]}
    needed = [wanted[row[0] - 1] for row in tx.rows(_NEEDED, names)]
    return sum(post_messages(tx, needed))
