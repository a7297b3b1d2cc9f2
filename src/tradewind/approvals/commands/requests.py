"""Writes of requests and decisions. Decisions and seats are never changed; a request only ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from tradewind.approvals.decide import standing, tier_json
from tradewind.approvals.model import Request, RequestStatus, Vote
from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx, dumps

_VOID = """
update approval_request set status = 'void', ended_at = %(now)s, ended_reason = 'changed'
where order_id = any(%(orders)s::uuid[]) and status = 'waiting'
"""
_OPEN = """
insert into approval_request (id, order_id, account_id, request_no, content_hash, status, tiers, snapshot, waiting_roles,
  waiting_people, on_expiry, pending, opened_at, remind_at, escalate_at, expires_at, ended_at, ended_reason)
select w.id, w.order_id, w.account_id, w.request_no, w.hash, w.status, w.tiers::jsonb, w.snapshot::jsonb, w.roles::text[],
  w.people::uuid[], w.on_expiry, w.pending, %(now)s, w.remind_at, w.escalate_at, w.expires_at, w.ended_at, w.ended_reason
from unnest(%(id)s::uuid[], %(order)s::uuid[], %(account)s::uuid[], %(no)s::int[], %(hash)s::bytea[], %(status)s::text[],
  %(tiers)s::text[], %(snapshot)s::text[], %(roles)s::text[], %(people)s::text[], %(on_expiry)s::text[], %(pending)s::text[],
  %(remind)s::timestamptz[], %(escalate)s::timestamptz[], %(expires)s::timestamptz[], %(ended)s::timestamptz[], %(reason)s::text[])
  as w(id, order_id, account_id, request_no, hash, status, tiers, snapshot, roles, people, on_expiry, pending, remind_at,
       escalate_at, expires_at, ended_at, ended_reason)
"""
_END = """
update approval_request r set status = w.status, ended_at = %(now)s, ended_reason = w.reason, waiting_roles = '{}', waiting_people = '{}'
from unnest(%(id)s::uuid[], %(status)s::text[], %(reason)s::text[]) as w(id, status, reason)
where r.id = w.id and r.status in ('waiting', 'approved', 'expired')
"""
_END_OF = """
update approval_request set status = 'void', ended_at = %(now)s, ended_reason = %(reason)s, waiting_roles = '{}', waiting_people = '{}'
where order_id = any(%(orders)s::uuid[]) and status = 'waiting'
"""
_WAITING = """
update approval_request r set waiting_roles = w.roles::text[], waiting_people = w.people::uuid[]
from unnest(%(id)s::uuid[], %(roles)s::text[], %(people)s::text[]) as w(id, roles, people) where r.id = w.id
"""
_DECIDE = """
insert into approval (id, order_id, account_id, content_hash, decision, decided_by, reason, decided_at, request_id, tiers,
  on_behalf_of, carried_from, cap, snapshot)
select w.id, w.order_id, w.account_id, w.hash, w.decision, w.by, w.reason, %(now)s, w.request_id, w.tiers::int[], w.behalf,
  w.carried, w.cap, w.snapshot::jsonb
from unnest(%(id)s::uuid[], %(order)s::uuid[], %(account)s::uuid[], %(hash)s::bytea[], %(decision)s::text[], %(by)s::uuid[],
  %(reason)s::text[], %(request)s::uuid[], %(tiers)s::text[], %(behalf)s::uuid[], %(carried)s::uuid[], %(cap)s::numeric[],
  %(snapshot)s::text[]) as w(id, order_id, account_id, hash, decision, by, reason, request_id, tiers, behalf, carried, cap, snapshot)
"""
_SEATS = """
insert into approval_seat (request_id, tier_no, seat_no, approval_id, person_id, policy, counts_once)
select w.* from unnest(%(request)s::uuid[], %(tier)s::int[], %(seat)s::int[], %(approval)s::uuid[], %(person)s::uuid[],
  %(policy)s::text[], %(once)s::boolean[]) as w
"""
Said = Literal["approved", "rejected", "asked", "answered"]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision for a request, as it is kept. `person` acted, `voice` is whose place was taken."""

    id: UUID
    request: Request
    said: Said
    person: UUID
    reason: str
    voice: UUID | None = None
    tiers: tuple[int, ...] = ()
    cap: Any = None
    carried_from: UUID | None = None
    snapshot: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """A request to open, with the approvals that are carried on to it: (the one it goes back to, as it counts here, why)."""

    request: Request
    carried: tuple[tuple[Vote, str], ...] = ()


def open_requests(tx: Tx, openings: Sequence[Opening]) -> None:
    """Store requests of orders; what waited for an earlier content of theirs is void. Complete ones get their seats."""
    if not openings:
        return
    found = [one.request for one in openings]
    again = [one.order_id for one in found if one.request_no > 1]
    if again:
        tx.run(_VOID, {"orders": again, "now": tx.now})
    waiting = [waiting_of(one.request, [vote for vote, _ in one.carried]) for one in openings]
    tx.run(
        _OPEN,
        {
            "now": tx.now,
            "id": [one.id for one in found],
            "order": [one.order_id for one in found],
            "account": [one.account_id for one in found],
            "no": numbers(one.request_no for one in found),
            "hash": [one.content_hash for one in found],
            "status": [one.status for one in found],
            "tiers": [dumps([tier_json(tier) for tier in one.tiers]) for one in found],
            "snapshot": [dumps(one.snapshot) for one in found],
            "roles": [roles for roles, _ in waiting],
            "people": [people for _, people in waiting],
            "on_expiry": [one.on_expiry for one in found],
            "pending": [one.pending for one in found],
            "remind": [one.remind_at for one in found],
            "escalate": [one.escalate_at for one in found],
            "expires": [one.expires_at for one in found],
            "ended": [one.ended_at for one in found],
            "reason": [one.ended_reason for one in found],
        },
    )
    carried = [
        DecisionRow(vote.id, one.request, "approved", vote.person, reason, vote.voice, tuple(sorted(vote.tiers)), vote.cap,
                    vote.carried_from)
        for one in openings
        for vote, reason in one.carried
    ]  # fmt: skip
    record_decisions(tx, carried)
    complete = [one for one in openings if one.request.status == "approved"]
    fill_seats(tx, [(one.request, [vote for vote, _ in one.carried]) for one in complete])


def record_decisions(tx: Tx, rows: Sequence[DecisionRow]) -> None:
    """Keep who decided what about which content, in whose place, and what they saw."""
    if not rows:
        return
    tx.run(
        _DECIDE,
        {
            "now": tx.now,
            "id": [one.id for one in rows],
            "order": [one.request.order_id for one in rows],
            "account": [one.request.account_id for one in rows],
            "hash": [one.request.content_hash for one in rows],
            "decision": [one.said for one in rows],
            "by": [one.person for one in rows],
            "reason": [one.reason for one in rows],
            "request": [one.request.id for one in rows],
            "tiers": [numbers(one.tiers) for one in rows],
            "behalf": [None if one.voice in (None, one.person) else one.voice for one in rows],
            "carried": [one.carried_from for one in rows],
            "cap": numbers(one.cap for one in rows),
            "snapshot": [None if one.snapshot is None else dumps(one.snapshot) for one in rows],
        },
    )


def fill_seats(tx: Tx, complete: Sequence[tuple[Request, Sequence[Vote]]]) -> None:
    """Store who fills which seat of requests that are complete; the table refuses that anybody counts twice."""
    rows = [
        (request.id, tier, place, vote)
        for request, votes in complete
        for filled in [standing(request.tiers, votes).filled]
        for tier in request.tiers
        for place, vote in enumerate(filled[tier.no], 1)
    ]
    if rows:
        tx.run(
            _SEATS,
            {
                "request": [request_id for request_id, _, _, _ in rows],
                "tier": numbers(tier.no for _, tier, _, _ in rows),
                "seat": numbers(place for _, _, place, _ in rows),
                "approval": [vote.id for _, _, _, vote in rows],
                "person": [vote.person for _, _, _, vote in rows],
                "policy": [f"{tier.policy} v{tier.version}" for _, tier, _, _ in rows],
                "once": [tier.distinct_people for _, tier, _, _ in rows],
            },
        )


def end_requests(tx: Tx, ends: Sequence[tuple[UUID, RequestStatus, str]]) -> None:
    """End requests: (request, how, why)."""
    if ends:
        columns = {
            "id": [one[0] for one in ends],
            "status": [one[1] for one in ends],
            "reason": [one[2] for one in ends],
        }
        tx.run(_END, {"now": tx.now, **columns})


def end_requests_of(tx: Tx, orders: Sequence[UUID], *, reason: str) -> None:
    """Nothing waits any more about these orders."""
    if orders:
        tx.run(_END_OF, {"now": tx.now, "orders": list(orders), "reason": reason})


def note_waiting(tx: Tx, requests: Sequence[tuple[Request, Sequence[Vote]]]) -> None:
    """For whom requests wait now."""
    if requests:
        waiting = [waiting_of(request, votes) for request, votes in requests]
        columns = {"roles": [roles for roles, _ in waiting], "people": [people for _, people in waiting]}
        tx.run(_WAITING, {"id": [request.id for request, _ in requests], **columns})


def waiting_of(request: Request, votes: Sequence[Vote]) -> tuple[str, str]:
    """The roles and people of the seats that are open, fallback seats too, as array literals: who finds it in their inbox."""
    if request.status != "waiting":
        return "{}", "{}"
    now = standing(request.tiers, votes)
    seats = [seat for tier in request.tiers if tier.no in now.open for seat in (*tier.seats, *tier.fallback)]
    roles = sorted({seat.role for seat in seats if seat.role is not None})
    return numbers(roles), numbers(sorted({seat.person for seat in seats if seat.person is not None}))
