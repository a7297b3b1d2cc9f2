"""Who may decide, and when it is enough: AND of ORs, caps, four eyes, delegation, distinct people (A2, AP2, AP4)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.approvals.decide import check_delegation, places_for, standing, voices_of, why_not
from tradewind.approvals.model import Case, Delegation, Person, RequiredTier, Seat, Vote
from tradewind.kernel.problem import Problem

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN, BEN, CEM, DOT, EVE = (UUID(int=number) for number in range(1, 6))
NAMES = {ANN: "Ann", BEN: "Ben", CEM: "Cem", DOT: "Dot", EVE: "Eve"}
PEOPLE = {
    one: Person(one, name, frozenset({"buyer_approver"} if one in (ANN, BEN, CEM) else {"buyer"}))
    for one, name in NAMES.items()
}


def tier(
    no: int, *seats: Seat, need: int = 1, after: tuple[int, ...] = (), distinct: bool = True, **more: Any
) -> RequiredTier:
    return RequiredTier(no, UUID(int=99), more.get("policy", "P"), 1, no, "buyer", f"T{no}", need, seats, more.get("fallback", ()),
                        after, distinct, more.get("own", False), "EUR", Decimal(0), "because", "true")  # fmt: skip


def person(one: UUID, up_to: str | None = None) -> Seat:
    return Seat(person=one, up_to=None if up_to is None else Decimal(up_to))


def vote(who: UUID, *tiers: int, voice: UUID | None = None, number: int = 0) -> Vote:
    return Vote(UUID(int=1000 + number + who.int), who, voice or who, frozenset(tiers))


def case(*tiers: RequiredTier, votes: tuple[Vote, ...] = (), **more: Any) -> Case:
    people = more.get("people", PEOPLE)
    return Case(tiers, votes, tuple(people.values()), frozenset(more.get("requesters", ())), Decimal(more.get("total", "100")),
                more.get("currency", "EUR"), more.get("late", False))  # fmt: skip


def voices(who: UUID, *delegations: Delegation, people: dict[UUID, Person] | None = None) -> list[Any]:
    known = people or PEOPLE
    return voices_of(known[who], delegations, known, order_id=None, now=NOW)


def open_to(asked: Case, who: UUID, *delegations: Delegation) -> list[int]:
    return [
        place.tier
        for place in places_for(asked, voices(who, *delegations, people={one.id: one for one in asked.people}))
    ]


def delegated(
    giver: UUID, taker: UUID, *, cap: str | None = None, start: int = -1, end: int = 1, **more: Any
) -> Delegation:
    return Delegation(UUID(int=500 + giver.int * 10 + taker.int), giver, taker, NOW + timedelta(days=start), NOW + timedelta(days=end),
                      None if cap is None else Decimal(cap), None if cap is None else more.pop("currency", "EUR"),
                      more.pop("order", None))  # fmt: skip


ROLE = Seat(role="buyer_approver")


@pytest.mark.parametrize(("votes", "complete", "open_"), [
    ((),                                                     set(),     {1}),
    ((vote(ANN, 1),),                                        {1},       {2}),
    ((vote(ANN, 1), vote(BEN, 2)),                           {1},       {2}),
    ((vote(ANN, 1), vote(BEN, 2), vote(CEM, 2)),             {1, 2},    set()),
])  # fmt: skip
def test_tiers_in_sequence_open_one_after_the_other(votes, complete, open_):
    found = standing([tier(1, ROLE), tier(2, ROLE, need=2, after=(1,))], votes)

    assert (found.complete, found.open) == (complete, open_)


def test_where_people_are_distinct_each_is_seated_so_that_most_seats_are_filled():
    tiers = [tier(1, person(ANN), person(BEN)), tier(2, person(ANN))]

    found = standing(tiers, [vote(ANN, 1, 2), vote(BEN, 1)])

    assert found.complete == {1, 2}
    assert {no: [one.person for one in filled] for no, filled in found.filled.items()} == {1: [BEN], 2: [ANN]}


def test_where_people_may_repeat_one_approval_fills_both():
    tiers = [tier(1, ROLE, distinct=False), tier(2, ROLE, distinct=False)]

    assert standing(tiers, [vote(ANN, 1, 2)]).complete == {1, 2}


@pytest.mark.parametrize(("who", "more", "tiers"), [
    (ANN, {},                                                [1]),
    (DOT, {},                                                []),
    (BEN, {"requesters": (BEN,)},                            []),
    (ANN, {"total": "500"},                                  [1]),
    (ANN, {"total": "500.01"},                               []),
    (BEN, {"total": "500.01"},                               [1]),
    (ANN, {"currency": "USD"},                               []),
    (BEN, {"currency": "USD"},                               [1]),
])  # fmt: skip
def test_a_seat_is_a_person_s_or_a_role_s_under_its_cap_and_never_the_requester_s(who, more, tiers):
    people = PEOPLE | {ANN: Person(ANN, "Ann", frozenset({"buyer"}))}

    assert open_to(case(tier(1, person(ANN, "500"), ROLE), people=people, **more), who) == tiers


@pytest.mark.parametrize(("asked", "who", "bar"), [
    (case(tier(1, ROLE)),                                               DOT, "no_seat"),
    (case(tier(1, ROLE), requesters=(ANN,)),                            ANN, "own_order"),
    (case(tier(1, person(ANN, "99"))),                                  ANN, "over_cap"),
    (case(tier(1, ROLE, need=2), votes=(vote(ANN, 1),)),                ANN, "counted_already"),
    (case(tier(1, person(BEN)), tier(2, person(ANN), after=(1,))),      ANN, "comes_later"),
    (case(tier(1, ROLE), tier(2, ROLE, after=(1,)), votes=(vote(BEN, 1),)), BEN, "counted_already"),
])  # fmt: skip
def test_who_may_not_decide_is_told_why(asked, who, bar):
    assert open_to(asked, who) == []
    assert bar in why_not(asked, voices(who)).values()


def test_a_policy_can_let_people_approve_their_own_orders():
    assert open_to(case(tier(1, ROLE, own=True), requesters=(ANN,)), ANN) == [1]


def test_nobody_counts_in_two_tiers_where_people_are_distinct_but_may_where_not():
    for distinct, found in ((True, []), (False, [2])):
        tiers = (tier(1, ROLE, distinct=distinct), tier(2, ROLE, after=(1,), distinct=distinct))
        assert open_to(case(*tiers, votes=(vote(ANN, 1),)), ANN) == found


def test_two_policies_ask_separately_and_one_person_may_answer_both():
    assert open_to(case(tier(1, ROLE), tier(2, ROLE, policy="Q")), ANN) == [1, 2]


# ---- delegation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "more", "tiers"), [
    ((),                                                          {}, []),
    ((delegated(ANN, DOT),),                                      {}, [1]),
    ((delegated(ANN, DOT, start=1, end=2),),                      {}, []),
    ((delegated(ANN, DOT, start=-2, end=0),),                     {}, []),
    ((delegated(ANN, DOT, cap="100"),),                           {}, [1]),
    ((delegated(ANN, DOT, cap="99"),),                            {}, []),
    ((delegated(ANN, DOT, cap="100", currency="USD"),),           {}, []),
    ((delegated(ANN, DOT, order=UUID(int=77)),),                  {}, []),
    ((delegated(ANN, EVE), delegated(EVE, DOT)),                  {}, [1]),
    ((delegated(ANN, EVE, cap="99"), delegated(EVE, DOT)),        {}, []),
    ((delegated(ANN, DOT),),                                      {"requesters": (ANN,)}, []),
    ((delegated(ANN, DOT),),                                      {"requesters": (DOT,)}, []),
    ((delegated(ANN, DOT),),                                      {"votes": (vote(ANN, 1),)}, []),
])  # fmt: skip
def test_who_stands_in_decides_as_the_other_could_up_to_the_lowest_cap_and_keeps_four_eyes(given, more, tiers):
    assert open_to(case(tier(1, person(ANN), need=1), **more), DOT, *given) == tiers


def test_standing_in_does_not_count_twice():
    asked = case(tier(1, ROLE, need=2), votes=(vote(DOT, 1, voice=ANN),))

    assert open_to(asked, ANN) == []
    assert open_to(asked, DOT, delegated(BEN, DOT)) == []
    assert open_to(asked, BEN) == [1]


def test_who_has_left_gives_no_voice_and_leaves_the_seat_to_the_fallback():
    gone = PEOPLE | {ANN: Person(ANN, "Ann", frozenset({"buyer_approver"}), active=False)}
    asked = case(tier(1, person(ANN), fallback=(person(EVE),)), people=gone)

    assert open_to(asked, DOT, delegated(ANN, DOT)) == []
    assert open_to(asked, EVE) == [1]
    assert open_to(case(tier(1, person(ANN), fallback=(person(EVE),))), EVE) == []
    assert open_to(case(tier(1, person(ANN), fallback=(person(EVE),)), late=True), EVE) == [1]


def test_a_seat_of_whoever_ordered_is_the_fallback_s():
    assert open_to(case(tier(1, person(ANN), fallback=(person(EVE),)), requesters=(ANN,)), EVE) == [1]


@pytest.mark.parametrize(("wanted", "ahead", "code"), [
    (delegated(ANN, ANN),                 (), "approvals.delegation_to_oneself"),
    (delegated(ANN, BEN, start=2, end=1), (), "approvals.delegation_over"),
    (delegated(ANN, BEN, start=-3, end=-1), (), "approvals.delegation_over"),
    (delegated(ANN, BEN),                 (delegated(BEN, ANN),), "approvals.delegation_circle"),
    (delegated(ANN, BEN),                 (delegated(BEN, CEM), delegated(CEM, ANN)), "approvals.delegation_circle"),
    (delegated(ANN, BEN),                 (delegated(BEN, ANN, start=5, end=9),), None),
    (delegated(CEM, DOT),                 (delegated(ANN, BEN), delegated(BEN, CEM)), None),
    (delegated(DOT, EVE),                 (delegated(ANN, BEN), delegated(BEN, CEM), delegated(CEM, DOT)), "approvals.delegation_chain"),
    (delegated(BEN, CEM),                 (delegated(ANN, BEN), delegated(CEM, DOT), delegated(DOT, EVE)), "approvals.delegation_chain"),
])  # fmt: skip
def test_a_delegation_that_would_go_round_or_too_far_is_refused(wanted, ahead, code):
    found = check_delegation(wanted, ahead, now=NOW)

    assert (found.code if isinstance(found, Problem) else None) == code


# ---- properties --------------------------------------------------------------------------------------------------

ALL = tuple(NAMES)
seats_of = st.lists(st.sampled_from(ALL), min_size=1, max_size=4, unique=True)


@st.composite
def parallel_cases(draw: st.DrawFn) -> tuple[RequiredTier, ...]:
    distinct = draw(st.booleans())
    tiers = draw(st.lists(seats_of, min_size=1, max_size=3))
    return tuple(
        tier(no, *(person(one) for one in seats), need=draw(st.integers(1, min(2, len(seats)))), distinct=distinct)
        for no, seats in enumerate(tiers, 1)
    )


def play(tiers: tuple[RequiredTier, ...], order: tuple[UUID, ...]) -> tuple[Vote, ...]:
    """Everybody approves what they may, in this order."""
    votes: tuple[Vote, ...] = ()
    for number, who in enumerate(order):
        asked = case(*tiers, votes=votes)
        places = places_for(asked, voices(who))
        if places:
            votes = (*votes, vote(who, *(place.tier for place in places), number=number * 100))
    return votes


@given(parallel_cases())
@settings(max_examples=150, deadline=None)
def test_the_order_of_approvals_does_not_matter(tiers):
    ends = {len(standing(tiers, play(tiers, order)).complete) == len(tiers) for order in permutations(ALL)}

    assert len(ends) == 1


@given(parallel_cases(), st.permutations(ALL), st.booleans())
@settings(max_examples=300, deadline=None)
def test_nobody_counts_twice_and_nothing_is_complete_without_enough_people(tiers, order, sequence):
    if sequence:
        tiers = tuple(
            tier(one.no, *one.seats, need=one.need, after=tuple(range(1, one.no)), distinct=one.distinct_people)
            for one in tiers
        )
    votes = play(tiers, tuple([*order, *order]))

    found = standing(tiers, votes)

    for one in tiers:
        people = [seated.person for seated in found.filled[one.no]]
        assert len(people) == len(set(people)) <= one.need
        assert set(people) <= {seat.person for seat in one.seats}
        assert (one.no in found.complete) == (len(people) == one.need)
    if tiers[0].distinct_people:
        everybody = [seated.person for filled in found.filled.values() for seated in filled]
        assert len(everybody) == len(set(everybody))
