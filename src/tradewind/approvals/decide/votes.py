"""How far a request has got, and who may decide what of it now.

A tier needs any so many people of its seats. Where a policy wants distinct people nobody counts in two of its tiers: then
approvals are matched to seats so that as many seats as possible are filled, which makes the order of approvals without
meaning. A vote counts for the person who acted and for the one whose place was taken: neither counts again.
"""

from collections.abc import Sequence
from decimal import Decimal

from tradewind.approvals.decide.delegate import Voice
from tradewind.approvals.model import Bar, Case, Person, Place, RequiredTier, Seat, Standing, Vote, roles_of_seat

_NEAREST: tuple[Bar, ...] = ("own_order", "over_cap", "counted_already", "comes_later", "complete", "no_seat")


def standing(tiers: Sequence[RequiredTier], votes: Sequence[Vote]) -> Standing:
    """Which tiers are complete and which are open, by matching approvals to seats."""
    filled: dict[int, tuple[Vote, ...]] = {}
    for group in _policies(tiers):
        if group[0].distinct_people:
            filled |= _match(group, votes)
        else:
            filled |= {tier.no: tuple(vote for vote in votes if tier.no in vote.tiers)[: tier.need] for tier in group}
    complete = frozenset(tier.no for tier in tiers if len(filled[tier.no]) >= tier.need)
    open_ = frozenset(tier.no for tier in tiers if tier.no not in complete and set(tier.after) <= complete)
    return Standing(complete, open_, filled)


def _policies(tiers: Sequence[RequiredTier]) -> list[list[RequiredTier]]:
    groups: dict[tuple[str, int], list[RequiredTier]] = {}
    for tier in tiers:
        groups.setdefault((tier.policy, tier.version), []).append(tier)
    return list(groups.values())


def _match(group: Sequence[RequiredTier], votes: Sequence[Vote]) -> dict[int, tuple[Vote, ...]]:
    """As many seats filled as can be, each vote in one seat at most (augmenting paths; a few dozen votes at most)."""
    needs = {tier.no: tier.need for tier in group}
    filled: dict[int, list[Vote]] = {no: [] for no in needs}

    def seat(vote: Vote, tried: set[int]) -> bool:
        for no in sorted(vote.tiers & needs.keys()):
            if no in tried:
                continue
            tried.add(no)
            if len(filled[no]) < needs[no]:
                filled[no].append(vote)
                return True
            for place, other in enumerate(filled[no]):
                if seat(other, tried):
                    filled[no][place] = vote
                    return True
        return False

    for vote in votes:
        seat(vote, set())
    return {no: tuple(found) for no, found in filled.items()}


def places_for(case: Case, voices: Sequence[Voice]) -> list[Place]:
    """The tiers that the first voice's person may decide now, all in one voice: the own one (it comes first) where that fills
    a seat, else the one that fills most. Empty where none; `why_not` says why."""
    person, now = voices[0].person, standing(case.tiers, case.votes)
    best: list[Place] = []
    for voice in voices:
        judged = [(tier, *_bar(case, tier, person, voice, now=now)) for tier in case.tiers]
        places = [Place(tier.no, voice.person.id, cap, voice.through) for tier, bar, cap in judged if bar is None]
        if len(places) > len(best) and _fills(case, person, places):
            best = places
        if best and voice.person.id == person.id:
            return best
    return best


def why_not(case: Case, voices: Sequence[Voice]) -> dict[int, Bar]:
    """For each tier what bars the first voice's person from deciding it now: the nearest miss over the voices."""
    person, now = voices[0].person, standing(case.tiers, case.votes)
    found: dict[int, Bar] = {}
    for tier in case.tiers:
        bars = [_bar(case, tier, person, voice, now=now)[0] or "complete" for voice in voices]
        found[tier.no] = min(bars, key=_NEAREST.index)
    return found


def _fills(case: Case, person: Person, places: Sequence[Place]) -> bool:
    """Whether one more vote for these tiers fills a seat more than are filled."""
    vote = Vote(person.id, person.id, places[0].voice, frozenset(place.tier for place in places))
    return _filled(case.tiers, [*case.votes, vote]) > _filled(case.tiers, case.votes)


def _filled(tiers: Sequence[RequiredTier], votes: Sequence[Vote]) -> int:
    return sum(map(len, standing(tiers, votes).filled.values()))


def _bar(
    case: Case, tier: RequiredTier, person: Person, voice: Voice, *, now: Standing
) -> tuple[Bar | None, Decimal | None]:
    """What bars a voice from a tier, and the cap it decides under."""
    seats = [seat for seat in open_seats(case, tier, now=now) if sits(seat, voice.person)]
    if not seats:
        return "no_seat", None
    caps = [_lower(_cap(seat.up_to, tier.currency, case.currency), voice.cap_in(case.currency)) for seat in seats]
    cap = None if None in caps else max(one for one in caps if one is not None)
    who = {person.id, voice.person.id}
    if not tier.own_orders and who & case.requesters:
        return "own_order", cap
    if cap is not None and case.total > cap:
        return "over_cap", cap
    numbers = _numbers(case.tiers, tier)
    if any(vote.tiers & numbers and who & {vote.person, vote.voice} for vote in case.votes):
        return "counted_already", cap
    if not set(tier.after) <= now.complete:
        return "comes_later", cap
    # where people are distinct and tiers parallel, one more may free somebody for a tier that only they can fill
    if tier.no in now.complete and (not tier.distinct_people or _in_sequence(case.tiers, tier)):
        return "complete", cap
    return None, cap


def open_seats(case: Case, tier: RequiredTier, *, now: Standing) -> tuple[Seat, ...]:
    """The seats, and the fallback ones once it is late or the others cannot be filled by those who are still there."""
    if not tier.fallback or case.escalated:
        return (*tier.seats, *tier.fallback)
    used = {one for vote in now.filled.get(tier.no, ()) for one in (vote.person, vote.voice)} | case.requesters
    able = [one for one in case.people if one.id not in used and any(sits(seat, one) for seat in tier.seats)]
    return tier.seats if len(able) >= now.left(tier) else (*tier.seats, *tier.fallback)


def sits(seat: Seat, person: Person) -> bool:
    """Whether a seat is one of this person's, who is still there and sees the account."""
    if not person.active or not person.sees:
        return False
    if seat.person is not None:
        return seat.person == person.id
    return seat.role is not None and not roles_of_seat(seat.role).isdisjoint(person.roles)


def _numbers(tiers: Sequence[RequiredTier], tier: RequiredTier) -> frozenset[int]:
    """The tiers in which nobody counts who counts in this one."""
    if not tier.distinct_people:
        return frozenset((tier.no,))
    return frozenset(one.no for one in tiers if (one.policy, one.version) == (tier.policy, tier.version))


def _in_sequence(tiers: Sequence[RequiredTier], tier: RequiredTier) -> bool:
    return any(one.after for one in tiers if (one.policy, one.version) == (tier.policy, tier.version))


def _cap(amount: Decimal | None, kept_in: str | None, currency: str) -> Decimal | None:
    """A cap in another currency than the order's allows nothing: amounts of two currencies are not compared."""
    return amount if amount is None or kept_in in (None, currency) else Decimal(0)


def _lower(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return min((cap for cap in (one, other) if cap is not None), default=None)
