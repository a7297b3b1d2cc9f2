"""Approvals as people see them: one order's flow, what waits for me, and who would have to approve."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.access.model import Caller
from tradewind.approvals.decide import differences, digest_of, places_for, standing, why_not
from tradewind.approvals.decide.record import seat_json
from tradewind.approvals.decide.votes import open_seats, sits
from tradewind.approvals.model import Case, Flow, Policy, RequiredTier, Requirement, Standing, roles_of_seat
from tradewind.approvals.queries.people import Someone, delegations_to, people
from tradewind.approvals.queries.requests import Said, flows_of, said_about, waiting_for
from tradewind.catalog.queries import products_by_id
from tradewind.credit.queries import credit_paths, nodes_of
from tradewind.desk.approval_cases import NOBODY, Question, load_questions
from tradewind.kernel.money import plain
from tradewind.kernel.tx import Actor, Reader
from tradewind.semantics.model import task_roles
from tradewind.streams.approval_need import hash_of, needs_now
from tradewind.streams.order_work import OrderWork, read_orders

BEGINNING = (datetime(1, 1, 1, tzinfo=UTC), NOBODY)


def flow_json(reader: Reader, order_id: UUID, caller: Caller) -> dict[str, Any]:
    """An order's approval as it stands, for this caller: tiers with their reasons, who filled them, what was said, what changed
    since it was asked. Buyers and their agents see of the seller's side only that it is asked."""
    workset, flows = read_orders(reader, [order_id]), flows_of(reader, [order_id])
    work, flow, inside = workset.orders[order_id], flows.get(order_id), caller.visible is None
    shown: dict[str, Any] = {
        "order": work.id,
        "number": work.header.number,
        "status": work.status,
        "hash": hash_of(work).hex(),
    }
    if flow is None:
        return {**shown, "approval": "none", "tiers": [], "said": []}
    questions = load_questions(reader, workset, flows, roles=_roles(caller), actor=_actor(caller))
    now, question = standing(flow.request.tiers, flow.votes), questions.get(order_id)
    said = said_about(reader, [order_id])
    sides = {tier.no: tier.side for tier in flow.request.tiers}
    names = {one.id: one.name or "" for one in said}
    request = flow.request
    shown |= {
        "approval": request.status,
        "request": request.request_no,
        "opened_at": request.opened_at,
        "remind_at": request.remind_at,
        "escalate_at": request.escalate_at,
        "expires_at": request.expires_at,
        "on_expiry": request.on_expiry,
        "pending": request.pending,
        "ended_at": request.ended_at,
        "ended_reason": request.ended_reason,
        "tiers": [_tier(tier, now, names, inside=inside) for tier in request.tiers],
        "said": [_said(one, sides, request_id=request.id, inside=inside) for one in said],
    }
    return shown if question is None else {**shown, **_now(question, flow)}


def _now(question: Question, flow: Flow) -> dict[str, Any]:
    places = places_for(question.case, question.voices)
    bars = {} if places else why_not(question.case, question.voices)
    return {
        "seen": digest_of(question.picture),
        "picture": question.picture,
        "changed_since_asked": differences(flow.asked_with, question.picture),
        "you_may_decide": [place.tier for place in places],
        "on_behalf_of": _voice(question, places[0].voice) if places else None,
        "why_not": {str(no): bar for no, bar in bars.items()},
    }


def _voice(question: Question, voice: UUID) -> str | None:
    """Whose place it would be, where it is not the own one."""
    own = question.voices[0].person.id
    return next((one.person.name for one in question.voices if one.person.id == voice != own), None)


def _tier(tier: RequiredTier, now: Standing, names: Mapping[UUID, str], *, inside: bool) -> dict[str, Any]:
    state = "complete" if tier.no in now.complete else "open" if tier.no in now.open else "later"
    shown: dict[str, Any] = {
        "no": tier.no,
        "name": tier.name if inside or tier.side == "buyer" else "the seller",
        "side": tier.side,
        "need": tier.need,
        "state": state,
        "given": tier.need - now.left(tier),
    }
    if not inside and tier.side == "seller":
        return shown
    return shown | {
        "policy": tier.policy,
        "version": tier.version,
        "reason": tier.reason,
        "reads": dict(tier.reads),
        "any_of": [seat_json(seat) for seat in tier.seats],
        "fallback": [seat_json(seat) for seat in tier.fallback],
        "after": list(tier.after),
        "by": [names.get(vote.id, "") for vote in now.filled.get(tier.no, ())],
    }


def _said(one: Said, sides: Mapping[int, str], *, request_id: UUID, inside: bool) -> dict[str, Any]:
    seller = one.request_id == request_id and bool(one.tiers) and all(sides.get(no) == "seller" for no in one.tiers)
    hidden = not inside and seller
    return {
        "said": one.decision,
        "by": "the seller" if hidden else one.name,
        "on_behalf_of": None if hidden else one.behalf_name,
        "reason": "" if hidden else one.reason,
        "at": one.at,
        "tiers": one.tiers,
        "carried_on": one.carried_from is not None,
        "of_now": one.request_id == request_id,
        "hash": one.hash,
    }


def my_approvals(
    reader: Reader, caller: Caller, *, after: tuple[datetime, UUID] = BEGINNING, limit: int = 100
) -> tuple[list[dict[str, Any]], tuple[datetime, UUID] | None]:
    """What waits for this caller, in their own place or in one they stand in for, oldest first; and where the next page begins.

    A page looks through at most `limit` requests that could wait for them, and shows those that do.
    """
    delegations = delegations_to(reader, [caller.principal.id])
    givers = people(reader, accounts=(), ids=[one.giver for one in delegations]) if delegations else {}
    roles = {*_roles(caller), *(role for one in givers.values() for role in (*one.roles, *task_roles(one.roles)))}
    found = waiting_for(
        reader,
        roles=roles,
        people=[caller.principal.id, *givers],
        accounts=None if caller.visible is None else sorted(caller.visible),
        after=after,
        limit=limit,
    )
    workset = read_orders(reader, [one.order_id for one in found])
    flows = flows_of(reader, list(workset.orders))
    questions = load_questions(reader, workset, flows, roles=_roles(caller), actor=_actor(caller))
    shown = [
        one
        for request in found
        if request.order_id in questions
        and (one := _mine(workset.orders[request.order_id], flows[request.order_id], questions[request.order_id]))
    ]
    return shown, (found[-1].opened_at, found[-1].id) if len(found) == limit else None


def _mine(work: OrderWork, flow: Flow, question: Question) -> dict[str, Any] | None:
    places = places_for(question.case, question.voices)
    if not places:
        return None
    tiers = {tier.no: tier for tier in flow.request.tiers}
    return {
        "order": work.id,
        "number": work.header.number,
        "account": work.account.code,
        "buyer_po": work.header.buyer_po,
        "total": plain(work.totals.total),
        "currency": work.header.currency,
        "opened_at": flow.request.opened_at,
        "expires_at": flow.request.expires_at,
        "late": question.case.escalated,
        "tiers": [
            {"no": place.tier, "name": tiers[place.tier].name, "reason": tiers[place.tier].reason} for place in places
        ],
        "on_behalf_of": _voice(question, places[0].voice),
        "hash": hash_of(work).hex(),
        "seen": digest_of(question.picture),
        "changed_since_asked": differences(flow.asked_with, question.picture),
    }


def simulate(
    reader: Reader, order_ids: Sequence[UUID], *, extra: Sequence[Policy] = (), inside: bool = True
) -> list[dict[str, Any]]:
    """Who would have to approve these orders by the policies of now, and by drafts (`extra`) that would take the place of the
    versions in force. Nothing is written; what was asked before is not looked at. Who is not `inside` sees the buyer's side and
    its people."""
    workset = read_orders(reader, order_ids)
    works = list(workset.orders.values())
    workset.products.update(products_by_id(reader, {one.line.product_id for work in works for one in work.lines}))
    workset.shelves.paths = credit_paths(reader, {work.account.id for work in works})
    workset.shelves.nodes = nodes_of(reader, {node for path in workset.shelves.paths.values() for node in path})
    needed = needs_now(reader, workset, works, extra=extra)
    there = _everybody(reader, works, needed.values())
    if not inside:
        there = {key: one for key, one in there.items() if one.kind == "buyer"}
    return [_simulated(work, needed[work.id], there, inside=inside) for work in works]


def _everybody(reader: Reader, works: Sequence[OrderWork], needed: Collection[Requirement]) -> dict[UUID, Someone]:
    seats = [seat for one in needed for tier in one.tiers for seat in (*tier.seats, *tier.fallback)]
    ids = {seat.person for seat in seats if seat.person is not None}
    roles = {role for seat in seats if seat.role is not None for role in roles_of_seat(seat.role)}
    return people(reader, accounts={work.account.id for work in works}, ids=ids, roles=roles) if seats else {}


def _simulated(work: OrderWork, needed: Requirement, there: Mapping[UUID, Someone], *, inside: bool) -> dict[str, Any]:
    here = tuple(one.at(work.account.id) for one in there.values())
    by = work.header.principal_id
    requesters = frozenset[UUID]() if by is None else frozenset({by})
    total: Decimal = work.totals.total
    case = Case(needed.tiers, (), here, requesters, total, work.header.currency)
    now = standing(needed.tiers, ())
    return {
        "order": work.id,
        "number": work.header.number,
        "total": plain(total),
        "currency": work.header.currency,
        "needs_approval": bool(needed.tiers),
        "expire_hours": needed.expire_hours,
        "on_expiry": needed.on_expiry,
        "tiers": [
            {
                "no": tier.no,
                "name": tier.name,
                "side": tier.side,
                "policy": tier.policy,
                "version": tier.version,
                "need": tier.need,
                "after": list(tier.after),
                "reason": tier.reason,
                "could": sorted(
                    one.name
                    for one in here
                    if (tier.own_orders or one.id not in requesters)
                    and any(
                        sits(seat, one) and (seat.up_to is None or total <= seat.up_to)
                        for seat in open_seats(case, tier, now=now)
                    )
                ),
            }
            for tier in needed.tiers
            if inside or tier.side == "buyer"
        ],
    }


def _roles(caller: Caller) -> frozenset[str]:
    return caller.roles | task_roles(caller.roles)


def _actor(caller: Caller) -> Actor:
    return Actor(caller.principal.id, caller.principal.name, caller.channel)
