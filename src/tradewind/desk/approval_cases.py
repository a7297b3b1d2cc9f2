"""What deciding on an order's request needs to know: the case, whose voices the caller has, and what the order looks like now."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.approvals.decide import voices_of
from tradewind.approvals.decide.delegate import Voice
from tradewind.approvals.model import Case, Delegation, Flow, Person, Request, RequiredTier, Vote, roles_of_seat
from tradewind.approvals.queries.people import Someone, delegations_to, people
from tradewind.approvals.queries.requests import requesters_of
from tradewind.inventory.queries import stock_of
from tradewind.kernel.tx import Actor, Reader
from tradewind.semantics.model import ZERO
from tradewind.streams.approval_facts import picture_of
from tradewind.streams.order_work import OrderWork, OrderWorkset

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Question:
    """A request as one person finds it: the case, their voices (the own one first), and the order's picture now."""

    case: Case
    voices: tuple[Voice, ...]
    picture: dict[str, Any]

    def with_votes(self, votes: Collection[Vote]) -> "Question":
        """The same after one more decision."""
        return replace(self, case=replace(self.case, votes=tuple(votes)))


def load_questions(
    reader: Reader,
    workset: OrderWorkset,
    flows: Mapping[UUID, Flow],
    *,
    roles: Collection[str],
    actor: Actor | None = None,
) -> dict[UUID, Question]:
    """The questions that wait for somebody about these orders, as `actor` (the transaction's, where none is given) finds them."""
    waiting = {order_id: flow for order_id, flow in flows.items() if flow.request.status == "waiting"}
    if not waiting:
        return {}
    who = actor or getattr(reader, "actor", None)
    me = NOBODY if who is None or who.principal_id is None else who.principal_id
    delegations = delegations_to(reader, [me])
    tiers = [tier for flow in waiting.values() for tier in flow.request.tiers]
    known = _people(reader, workset, waiting, tiers, delegations)
    ordered_by = requesters_of(reader, list(waiting))
    available = _available(reader, workset, waiting)
    questions: dict[UUID, Question] = {}
    for order_id, flow in waiting.items():
        work = workset.orders[order_id]
        there = {one.id: one.at(work.account.id) for one in known.values()}
        person = Person(me, who.name if who else "", frozenset(roles))
        voices = voices_of(person, delegations, there, order_id=order_id, now=reader.now)
        requesters = {work.header.principal_id, work.header.on_behalf_of, *ordered_by.get(order_id, ())} - {None}
        if me == NOBODY:
            requesters.add(NOBODY)  # what the house does by itself is nobody's decision
        case = Case(
            flow.request.tiers,
            flow.votes,
            tuple(there.values()),
            frozenset(one for one in requesters if one is not None),
            work.totals.total,
            work.header.currency,
            is_late(flow.request, reader),
        )
        shown = available if flow.request.pending == "recheck" else None
        questions[order_id] = Question(case, tuple(voices), picture_of(work, available=shown))
    return questions


def is_late(request: Request, reader: Reader) -> bool:
    """Whether its fallback seats are open by time."""
    return request.escalate_at is not None and reader.now >= request.escalate_at


def _people(
    reader: Reader,
    workset: OrderWorkset,
    waiting: Mapping[UUID, Flow],
    tiers: Iterable[RequiredTier],
    delegations: Iterable[Delegation],
) -> dict[UUID, Someone]:
    """Those whose voices are delegated, and of tiers with a fallback everybody who could sit there first."""
    seats = [seat for tier in tiers if tier.fallback for seat in tier.seats]
    ids = {one.giver for one in delegations} | {seat.person for seat in seats if seat.person is not None}
    roles = {role for seat in seats if seat.role is not None for role in roles_of_seat(seat.role)}
    if not ids and not roles:
        return {}
    accounts = {workset.orders[order_id].account.id for order_id in waiting}
    return people(reader, accounts=accounts, ids=ids, roles=roles)


def _available(reader: Reader, workset: OrderWorkset, waiting: Mapping[UUID, Flow]) -> dict[UUID, Decimal]:
    """Free stock of the products of orders for which nothing is reserved while they wait."""
    works: list[OrderWork] = [
        workset.orders[order_id] for order_id, flow in waiting.items() if flow.request.pending == "recheck"
    ]
    products = {one.line.product_id for work in works for one in work.lines if one.line.stocked}
    found: dict[UUID, Decimal] = {}
    if products:
        for row in stock_of(reader, products):
            found[row.product_id] = found.get(row.product_id, ZERO) + row.available
    return found
