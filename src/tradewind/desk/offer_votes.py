"""Agreeing to offers before they go out: the tiers that policies asked, filled as they are for orders, for exactly one content."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tradewind.approvals.decide import places_for, standing, tier_from_json, voices_of
from tradewind.approvals.model import Case, Person, RequiredTier, Vote, roles_of_seat
from tradewind.approvals.queries.people import delegations_to, people
from tradewind.desk.offers import send_out
from tradewind.desk.quotes import hold, move_on, moved
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.quotes import errors
from tradewind.quotes.commands import add_vote, drop_pending, update_quotes
from tradewind.quotes.decide import after
from tradewind.quotes.events import quote_event
from tradewind.quotes.model import Pending, Quote
from tradewind.quotes.queries import pending_of


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was decided about an offer. `complete`: nobody else is asked, it went out or is back on the desk."""

    quote: Quote
    version_no: int
    complete: bool
    waits_for: tuple[str, ...] = ()


def decide_offer(
    tx: Tx, quote_id: UUID, *, approve: bool, reason: str, digest: str | None, roles: Collection[str]
) -> Agreed:
    """Agree to an offer that waits, or send it back, in the name of the actor, who did not make it. Raises `Refused`."""
    quote = hold(tx, quote_id)
    status = after(quote, "approve" if approve else "reject", tx.now)
    pending = pending_of(tx, quote.id)
    if isinstance(status, Problem) or pending is None:
        raise Refused([status if isinstance(status, Problem) else errors.nothing_staged(quote.number)])
    if digest is not None and digest != pending.version.digest.hex():
        raise Refused([errors.other_version(quote.number, pending.version.version_no, pending.version.version_no)])
    tiers = tuple(tier_from_json(one) for one in pending.tiers)
    votes = _votes(pending)
    vote = _vote(tx, quote, pending, tiers, votes, roles)
    row: dict[str, Any] = {"id": vote.id, "decision": "approved" if approve else "rejected", "person": vote.person,
           "voice": vote.voice, "tiers": sorted(vote.tiers), "cap": vote.cap, "reason": reason}  # fmt: skip
    add_vote(tx, pending.version, row)
    if not approve:
        back = moved(tx, quote, "reject")
        update_quotes(tx, [back])
        drop_pending(tx, quote.id)
        tx.emit(quote_event("rejected", back, {"version": pending.version.version_no, "reason": reason}))
        move_on(tx, back, {"approved": False})
        return Agreed(back, pending.version.version_no, complete=True)
    now = standing(tiers, [*votes, vote])
    left = tuple(tier.name for tier in tiers if tier.no not in now.complete)
    kind = "approval_given" if left else "approved"
    payload = {
        "version": pending.version.version_no,
        "tiers": sorted(vote.tiers),
        "waits_for": list(left),
        "reason": reason,
    }
    tx.emit(quote_event(kind, quote, payload))
    if left:
        return Agreed(quote, pending.version.version_no, complete=False, waits_for=left)
    sent = send_out(tx, quote, pending.version, act="approve")
    return Agreed(sent, pending.version.version_no, complete=True)


def _votes(pending: Pending) -> list[Vote]:
    return [
        Vote(one["id"], one["person"], one["voice"], frozenset(one["tiers"]), one["cap"])
        for one in pending.votes
        if one["decision"] == "approved" and one["at"] >= pending.asked_at
    ]


def _vote(
    tx: Tx,
    quote: Quote,
    pending: Pending,
    tiers: tuple[RequiredTier, ...],
    votes: list[Vote],
    roles: Collection[str],
) -> Vote:
    """The actor's vote for every tier they hold a seat in; `Refused` where there is none, or they made the offer."""
    me = tx.actor.principal_id
    if me is None:
        raise Refused([errors.not_a_decider(quote.number)])
    delegations = delegations_to(tx, [me])
    seats = [seat for tier in tiers if tier.fallback for seat in tier.seats]
    ids = {one.giver for one in delegations} | {seat.person for seat in seats if seat.person is not None}
    named = {role for seat in seats if seat.role is not None for role in roles_of_seat(seat.role)}
    known = people(tx, accounts=[quote.account_id], ids=ids, roles=named) if ids or named else {}
    there = {one.id: one.at(quote.account_id) for one in known.values()}
    person = Person(me, tx.actor.name, frozenset(roles))
    made_by = frozenset(one for one in (pending.asked_by, pending.version.offered_by) if one is not None)
    version = pending.version
    most = sum((one.net for one in version.lines), start=version.net - version.net)  # whatever is chosen
    case = Case(tiers, tuple(votes), tuple(there.values()), made_by, most, version.currency)
    places = places_for(case, voices_of(person, delegations, there, order_id=None, now=tx.now))
    if not places:
        raise Refused([errors.not_a_decider(quote.number)])
    caps = [place.cap for place in places if place.cap is not None]
    return Vote(tx.ids.new(), me, places[0].voice, frozenset(place.tier for place in places), min(caps, default=None))
