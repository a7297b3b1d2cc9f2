"""What a transaction leaves on the log, and how it is known again when the answer to its commit was lost.

The transaction's number alone is no proof: one whose commit never reached the disk leaves its number to the next transaction
after the crash; its first event is one.
"""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tradewind.kernel.value import value

if TYPE_CHECKING:
    from tradewind.kernel.tx import Tx

_APPEND = """
with e as materialized (
  select u.*, nextval('event_seq_seq') as seq
  from unnest(%(type)s::text[], %(subject_type)s::text[], %(subject_id)s::uuid[], %(actor)s::uuid[], %(channel)s::text[],
              %(behalf)s::uuid[], %(mandate)s::uuid[], %(correlation)s::uuid[], %(account)s::uuid[], %(payload)s::text[])
       with ordinality as u(type, subject_type, subject_id, actor_id, channel, on_behalf_of, mandate_id, correlation,
                            account_id, payload, ord)
), x as (select (pg_current_xact_id()::text)::bigint as xid), stored as (
  insert into event (xid, seq, type, at, subject_type, subject_id, subject_seq, actor_id, channel, on_behalf_of, mandate_id,
                     correlation, account_id, payload)
  overriding system value
  select x.xid, e.seq, e.type, %(at)s, e.subject_type, e.subject_id,
         coalesce((select max(p.subject_seq) from event p where p.subject_id = e.subject_id), 0)
           + row_number() over (partition by e.subject_id order by e.ord),
         e.actor_id, e.channel, e.on_behalf_of, e.mandate_id, e.correlation, e.account_id, e.payload::jsonb
  from e, x
), related as (
  insert into event_object (object_id, event_xid, event_seq, qualifier, object_type)
  select o.object_id, x.xid, e.seq, o.qualifier, o.object_type
  from unnest(%(object_ord)s::bigint[], %(object_type)s::text[], %(object_id)s::uuid[], %(qualifier)s::text[])
       as o(ord, object_type, object_id, qualifier)
  join e on e.ord = o.ord cross join x
  on conflict do nothing
)
select x.xid, (select min(seq) from e) from x
"""
_XID = "select (pg_current_xact_id_if_assigned()::text)::bigint, pg_postmaster_start_time()"
FATE = """
select pg_xact_status(%(xid)s::text::xid8), pg_postmaster_start_time(),
       exists (select from event where xid = %(xid)s and seq = %(seq)s and at = %(at)s and subject_id = %(subject)s)
"""


@value(frozen=True, slots=True)
class Mark:
    """What a transaction leaves by which it is known again: its first event, else its number under one start of the server."""

    xid: int
    seq: int | None = None
    at: datetime | None = None
    subject_id: UUID | None = None
    server_since: datetime | None = None


_encode = json.JSONEncoder(separators=(",", ":"), default=str, ensure_ascii=False).encode


def dumps(value: Any) -> str:
    """Compact JSON; Decimal, UUID and datetime as strings."""
    return _encode(value)


def write_events(tx: "Tx") -> Mark | None:
    """Append the facts that were emitted, in order, in one statement. Gives the transaction's mark, None if it wrote nothing."""
    if not tx.events:
        numbered = tx.row(_XID)
        return Mark(numbered[0], server_since=numbered[1]) if numbered and numbered[0] is not None else None
    facts = tx.events
    relations = [
        (number, kind, object_id, qualifier)
        for number, (event, _) in enumerate(facts, 1)
        for kind, object_id, qualifier in ((event.subject_type, event.subject_id, "subject"), *event.objects)
    ]
    numbered = tx.row(
        _APPEND,
        {
            "at": tx.now,
            "type": [event.type for event, _ in facts],
            "subject_type": [event.subject_type for event, _ in facts],
            "subject_id": [event.subject_id for event, _ in facts],
            "actor": [actor.principal_id for _, actor in facts],
            "channel": [actor.channel for _, actor in facts],
            "behalf": [actor.on_behalf_of for _, actor in facts],
            "mandate": [actor.mandate_id for _, actor in facts],
            "correlation": [actor.correlation for _, actor in facts],
            "account": [event.account_id for event, _ in facts],
            "payload": [dumps(event.payload) for event, _ in facts],
            "object_ord": [number for number, _, _, _ in relations],
            "object_type": [kind for _, kind, _, _ in relations],
            "object_id": [object_id for _, _, object_id, _ in relations],
            "qualifier": [qualifier for _, _, _, qualifier in relations],
        },
    )
    assert numbered is not None
    mark = Mark(numbered[0], numbered[1], tx.now, facts[0][0].subject_id)
    tx.events.clear()
    return mark


def fate(mark: Mark, found: tuple[Any, ...]) -> bool | None:
    """True committed, False not, None not known (yet)."""
    status, server_since, said = found
    if mark.seq is not None:
        return True if said else None if status == "in progress" else False
    if status == "aborted":
        return False
    return True if status == "committed" and server_since == mark.server_since else None
