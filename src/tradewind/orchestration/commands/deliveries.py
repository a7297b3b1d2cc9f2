"""Deliveries on their way out: claimed with a lease and a token, sent by the caller outside any transaction, then noted.

A sender whose lease ran out has lost its token: what it notes then changes nothing. Deliveries of another epoch than the
installation's are not sent, and none while the installation is paused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Event, Tx

ATTEMPTS = 12  # then a person must look: about ten hours after the first try
LEASE = timedelta(seconds=150)  # longer than a whole claim takes where every destination is silent
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=2)

_CLAIM = """
with due as (
  select d.id from delivery d, installation i
  where d.status = 'pending' and d.next_at <= %(now)s and (d.lease_until is null or d.lease_until <= %(now)s)
    and d.epoch = i.delivery_epoch and not i.deliveries_paused
  order by d.next_at, d.id limit %(limit)s for no key update of d skip locked
)
update delivery d set lease_until = %(until)s, lease_token = d.lease_token + 1, attempts = d.attempts + 1
from due where d.id = due.id
returning d.id, d.effect_key, d.destination, d.kind, d.account_id, d.subject_type, d.subject_id, d.payload, d.attempts,
  d.lease_token, d.created_at
"""
_SENT = """
update delivery d set status = 'sent', sent_at = %(now)s, lease_until = null, last_error = null
from unnest(%(id)s::uuid[], %(token)s::bigint[]) as w(id, token)
where d.id = w.id and d.lease_token = w.token and d.status = 'pending'
"""
_COLLECTED = """
update delivery set status = 'sent', sent_at = %(now)s, last_error = null
where effect_key = %(key)s and status in ('parked', 'pending') and destination not like '%%://%%'
"""
_FAILED = """
update delivery d set status = w.status, next_at = w.next_at, lease_until = null, last_error = w.error,
  attempts = d.attempts - w.waits::int
from unnest(%(id)s::uuid[], %(token)s::bigint[], %(status)s::text[], %(next)s::timestamptz[], %(error)s::text[],
  %(waits)s::bool[]) as w(id, token, status, next_at, error, waits)
where d.id = w.id and d.lease_token = w.token and d.status = 'pending' returning d.id
"""
_INCIDENT = """
insert into incident (id, kind, code, message, opened_at)
select w.id, 'message', 'orchestration.delivery_dead', w.message, %(now)s
from unnest(%(id)s::uuid[], %(message)s::text[]) as w(id, message)
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery in the hands of a sender."""

    id: UUID
    effect_key: str
    destination: str
    kind: str
    account_id: UUID | None
    subject_type: str
    subject_id: UUID
    payload: dict[str, Any]
    attempts: int
    token: int
    created_at: Any


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a delivery was not taken, and whether trying again can help. `parked`: it waits for somebody to collect it.
    `waits`: it was not tried, because another must go first."""

    delivery: Due
    error: str
    final: bool = False
    parked: bool = False
    waits: bool = False


def claim_deliveries(tx: Tx, *, limit: int = 8) -> list[Due]:
    """Take deliveries that are due, the longest due first; they are ours until the lease runs out."""
    return [Due(*row) for row in tx.rows(_CLAIM, {"now": tx.now, "until": tx.now + LEASE, "limit": limit})]


def note_sent(tx: Tx, sent: Sequence[Due]) -> int:
    """These were taken by their destination; gives how many were still ours to note."""
    if not sent:
        return 0
    return tx.run(_SENT, {"now": tx.now, "id": [one.id for one in sent], "token": [one.token for one in sent]})


def note_failed(tx: Tx, failures: Sequence[Failure]) -> int:
    """These were not taken: they are tried again later, and after too many tries an incident asks for a person."""
    if not failures:
        return 0
    status = [_next_status(one) for one in failures]
    noted = {
        row[0]
        for row in tx.rows(
            _FAILED,
            {
                "id": [one.delivery.id for one in failures],
                "token": [one.delivery.token for one in failures],
                "status": status,
                "next": [
                    tx.now + (FIRST_PAUSE if one.waits else pause_after(one.delivery.attempts)) for one in failures
                ],
                "waits": [one.waits for one in failures],
                "error": [one.error[:500] for one in failures],
            },
        )
    }
    dead = [one for one, now in zip(failures, status, strict=True) if now == "dead" and one.delivery.id in noted]
    if dead:
        texts = [
            f"{one.delivery.kind} to {one.delivery.destination} was given up after {one.delivery.attempts} tries: {one.error[:200]}"
            for one in dead
        ]
        tx.run(_INCIDENT, {"now": tx.now, "id": tx.ids.many(len(dead)), "message": texts})
    for one in dead:
        payload = {"kind": one.delivery.kind, "destination": one.delivery.destination, "error": one.error[:500]}
        tx.emit(Event("delivery.died", "delivery", one.delivery.id, payload, one.delivery.account_id))
    return len(noted)


def note_collected(tx: Tx, effect_key: str) -> int:
    """What waited to be collected was; gives 0 where it did not wait."""
    return tx.run(_COLLECTED, {"now": tx.now, "key": effect_key})


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many tries: twice as long each time, with a bound."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 16)), LONGEST_PAUSE)


def _next_status(one: Failure) -> str:
    if one.parked:
        return "parked"
    if one.waits:
        return "pending"
    return "dead" if one.final or one.delivery.attempts >= ATTEMPTS else "pending"
