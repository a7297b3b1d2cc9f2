from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.problem import Problem
from tradewind.kernel.versions import (
    OPEN,
    Act,
    Lineage,
    Period,
    Stage,
    Standing,
    Verb,
    before,
    changed,
    in_force,
    perform,
    remembered,
    standing,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANN, BEN, CAT = UUID(int=1), UUID(int=2), UUID(int=3)


def at(hour: int) -> datetime:
    return NOON + timedelta(hours=hour)


def done(*acts: Act) -> Lineage:
    lineage = remembered(acts)
    assert isinstance(lineage, Lineage), lineage
    return lineage


def refused(lineage: Lineage, act: Act) -> str:
    found = perform(lineage, act)
    assert isinstance(found, Problem)
    return found.code


def made(no: int, hour: int = 0, effective: datetime | None = None) -> list[Act]:
    """A version from draft to published."""
    return [
        Act(Verb.DRAFT, no, ANN, at(hour)),
        Act(Verb.SUBMIT, no, ANN, at(hour)),
        Act(Verb.REVIEW, no, BEN, at(hour)),
        Act(Verb.PUBLISH, no, ANN, at(hour), "", effective),
    ]


def test_a_version_goes_from_draft_to_in_force_over_a_second_pair_of_eyes() -> None:
    lineage = done(*made(1))

    assert lineage.periods == (Period(1, 1, NOON),)
    assert standing(lineage, 1, NOON) is Standing.IN_FORCE
    assert standing(lineage, 1, at(-1)) is Standing.SCHEDULED
    assert lineage.versions[0].reviewer == BEN


def test_nobody_reviews_what_they_wrote_in() -> None:
    lineage = done(
        Act(Verb.DRAFT, 1, ANN, NOON),
        Act(Verb.EDIT, 1, BEN, NOON),
        Act(Verb.EDIT, 1, ANN, NOON),
        Act(Verb.SUBMIT, 1, ANN, NOON),
    )

    assert refused(lineage, Act(Verb.REVIEW, 1, ANN, NOON)) == "versions.four_eyes"
    assert refused(lineage, Act(Verb.REVIEW, 1, BEN, NOON)) == "versions.four_eyes"
    assert refused(lineage, Act(Verb.REVIEW, 1, None, NOON)) == "versions.four_eyes"
    assert isinstance(perform(lineage, Act(Verb.REVIEW, 1, CAT, NOON)), Lineage)


@pytest.mark.parametrize(
    ("verb", "stages"),
    [
        (Verb.SUBMIT, {Stage.DRAFT}),
        (Verb.REVIEW, {Stage.SUBMITTED}),
        (Verb.SEND_BACK, {Stage.SUBMITTED, Stage.REVIEWED}),
        (Verb.PUBLISH, {Stage.REVIEWED}),
        (Verb.EDIT, OPEN),
        (Verb.WITHDRAW, OPEN),
    ],
)
def test_each_verb_is_for_its_stages(verb: Verb, stages: set[Stage]) -> None:
    steps = made(1)
    ways = {
        Stage.DRAFT: steps[:1],
        Stage.SUBMITTED: steps[:2],
        Stage.REVIEWED: steps[:3],
        Stage.PUBLISHED: steps,
        Stage.WITHDRAWN: [*steps[:1], Act(Verb.WITHDRAW, 1, ANN, NOON, "a slip")],
    }

    for stage, way in ways.items():
        found = perform(done(*way), Act(verb, 1, CAT, NOON, "because"))
        assert isinstance(found, Lineage) is (stage in stages), (stage, found)
        if isinstance(found, Problem):
            assert found.code == "versions.wrong_stage"


def test_an_edit_after_the_review_loses_the_review() -> None:
    lineage = done(*made(1)[:3], Act(Verb.EDIT, 1, CAT, NOON))

    assert (lineage.versions[0].stage, lineage.versions[0].reviewer) == (Stage.DRAFT, None)
    assert refused(lineage, Act(Verb.PUBLISH, 1, ANN, NOON)) == "versions.wrong_stage"


def test_a_later_publication_ends_the_earlier_at_its_instant() -> None:
    lineage = done(*made(1), *made(2, 1, at(24)))

    assert lineage.periods == (Period(1, 1, NOON, at(24)), Period(2, 2, at(24)))
    assert [standing(lineage, no, at(2)) for no in (1, 2)] == [Standing.IN_FORCE, Standing.SCHEDULED]
    assert [standing(lineage, no, at(24)) for no in (1, 2)] == [Standing.SUPERSEDED, Standing.IN_FORCE]


def test_one_that_goes_between_holds_until_what_is_scheduled() -> None:
    lineage = done(*made(1), *made(2, 1, at(24)), *made(3, 2))

    assert lineage.periods == (Period(1, 1, NOON, at(2)), Period(2, 2, at(24)), Period(3, 3, at(2), at(24)))


def test_what_is_scheduled_can_be_withdrawn_and_the_earlier_goes_on() -> None:
    lineage = done(*made(1), *made(2, 1, at(24)), Act(Verb.WITHDRAW, 2, CAT, at(2), "not this year"))

    assert lineage.periods == (Period(1, 1, NOON), Period(2, 2, at(24), at(24)))
    assert standing(lineage, 2, at(30)) is Standing.REVIEWED
    assert in_force(lineage.periods, at(30)) == Period(1, 1, NOON)
    assert refused(lineage, Act(Verb.WITHDRAW, 1, CAT, at(3), "why")) == "versions.wrong_stage"


def test_a_rollback_puts_the_earlier_version_in_force_again() -> None:
    lineage = done(*made(1), *made(2, 5))

    assert before(lineage, at(6)) == 1
    lineage = done(*made(1), *made(2, 5), Act(Verb.ROLL_BACK, 1, CAT, at(6), "too many holds"))

    assert lineage.periods == (Period(1, 1, NOON, at(5)), Period(2, 2, at(5), at(6)), Period(3, 1, at(6)))
    assert before(lineage, at(7)) == 2
    assert refused(lineage, Act(Verb.ROLL_BACK, 1, CAT, at(7), "again")) == "versions.in_force"


def test_a_rollback_goes_only_to_what_was_in_force() -> None:
    lineage = done(*made(1), Act(Verb.DRAFT, 2, ANN, at(1)))

    assert before(lineage, at(2)) is None
    assert refused(lineage, Act(Verb.ROLL_BACK, 2, CAT, at(2), "why")) == "versions.never_in_force"
    assert refused(lineage, Act(Verb.ROLL_BACK, 9, CAT, at(2), "why")) == "versions.unknown_version"


def test_what_is_in_force_can_end_without_another_in_its_place() -> None:
    lineage = done(*made(1), Act(Verb.END, 1, CAT, at(1), "no longer wanted", at(3)))

    assert in_force(lineage.periods, at(2)) == Period(1, 1, NOON, at(3))
    assert in_force(lineage.periods, at(3)) is None
    assert before(lineage, at(4)) == 1
    assert refused(lineage, Act(Verb.END, 1, CAT, at(4), "twice")) == "versions.not_in_force"


@pytest.mark.parametrize("verb", [Verb.SEND_BACK, Verb.WITHDRAW, Verb.ROLL_BACK, Verb.END])
def test_what_takes_away_needs_a_reason(verb: Verb) -> None:
    assert refused(done(*made(1)), Act(verb, 1, CAT, at(1), "  ")) == "versions.no_reason"


def test_instants_are_to_come_and_taken_once() -> None:
    lineage = done(*made(1), *made(2, 1, at(24)), *made(3, 1)[:3])

    assert refused(lineage, Act(Verb.PUBLISH, 3, ANN, at(1), "", at(0))) == "versions.in_the_past"
    assert refused(lineage, Act(Verb.PUBLISH, 3, ANN, at(1), "", at(24))) == "versions.instant_taken"
    assert refused(lineage, Act(Verb.END, 1, ANN, at(1), "why", at(0))) == "versions.in_the_past"
    assert refused(lineage, Act(Verb.DRAFT, 3, ANN, at(1))) == "versions.not_next"


def test_what_there_is_to_write_is_what_changed() -> None:
    old = done(*made(1), *made(2, 1)[:3])
    new = perform(old, Act(Verb.PUBLISH, 2, ANN, at(2)))

    assert isinstance(new, Lineage)
    versions, periods = changed(old, new)
    assert [one.no for one in versions] == [2]
    assert periods == (Period(1, 1, NOON, at(2)), Period(2, 2, at(2)))


acts = st.lists(
    st.tuples(
        st.sampled_from([*Verb, Verb.PUBLISH, Verb.SUBMIT, Verb.REVIEW]),
        st.integers(1, 4),
        st.sampled_from([ANN, BEN, CAT]),
        st.integers(0, 2),
        st.none() | st.integers(0, 8),
    ),
    max_size=60,
)


@given(acts)
def test_whatever_people_do_at_most_one_is_in_force_and_the_past_stands(
    tried: list[tuple[Verb, int, UUID, int, int | None]],
) -> None:
    lineage, kept, hour, reviews = Lineage(), [], 0, {}

    for verb, no, by, later, ahead in tried:
        hour += later
        act = Act(
            verb,
            lineage.next_no if verb is Verb.DRAFT else no,
            by,
            at(hour),
            "because",
            None if ahead is None else at(hour + ahead),
        )
        after = perform(lineage, act)
        if isinstance(after, Problem):
            continue
        kept.append(act)
        if verb is Verb.REVIEW:
            reviews[no] = by
        if verb in (Verb.EDIT, Verb.SEND_BACK):
            reviews.pop(no, None)
        if verb is Verb.ROLL_BACK:
            holding = in_force(after.periods, at(hour))
            assert holding is not None
            assert holding.no == no
        for moment in range(hour + 12):
            holders = [one for one in after.periods if one.holds(at(moment))]
            assert len(holders) <= 1
            if moment < hour:
                then = in_force(lineage.periods, at(moment))
                assert (then and then.no) == (holders[0].no if holders else None)
            for one in holders:
                version = after.version(one.no)
                assert version is not None
                assert version.stage is Stage.PUBLISHED
                assert version.reviewer == reviews[one.no]
                assert version.reviewer not in version.authors
        lineage = after

    assert remembered(kept) == lineage
