"""Periods of validity: what a wish does to what is known. Days are days of 2026, `now` is day 100."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.integration.decide.periods import ALWAYS, Period, Wish, plan_periods


def day(number: int | None) -> datetime | None:
    return None if number is None else datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


NOW = day(100)


def read(line: str) -> tuple[int | None, int | None, str]:
    """`10..20 A`, `10.. A`, `.. A`"""
    span, content = line.split()
    start, end = span.split("..")
    return (int(start) if start else None, int(end) if end else None, content)


def known_of(text: str) -> list[Period[str]]:
    found = []
    for number, line in enumerate(filter(None, text.split(";")), 1):
        start, end, content = read(line)
        found.append(Period(ALWAYS if start is None else day(start), day(end), content, UUID(int=number)))
    return found


def number_of(moment: datetime | None) -> str:
    if moment is None or moment == ALWAYS:
        return ""
    return str((moment - datetime(2026, 1, 1, tzinfo=UTC)).days)


def after(known: list[Period[str]], plan) -> str:
    """The line as it stands when the plan is written."""
    line = {period.id: period for period in known}
    for period_id, end in plan.ends.items():
        old = line[period_id]
        line[period_id] = Period(old.start, end, old.content, old.id)
    line |= plan.replaced
    periods = sorted([*line.values(), *plan.inserted], key=lambda period: period.start)
    return ";".join(f"{number_of(period.start)}..{number_of(period.end)} {period.content}" for period in periods)


@pytest.mark.parametrize(
    ("known", "wish", "outcome", "result"),
    [
        # nothing known
        ("", ".. A", "created", ".. A"),
        ("", "10.. A", "created", "10.. A"),
        ("", "120..130 A", "created", "120..130 A"),
        ("", "10..20 A", "created", "10..20 A"),
        # the same again
        ("10.. A", "10.. A", "unchanged", "10.. A"),
        ("10.. A", ".. A", "unchanged", "10.. A"),
        (".. A", "10.. A", "unchanged", ".. A"),
        ("10..50 A;50.. B", "10.. A", "unchanged import.superseded_since", "10..50 A;50.. B"),
        ("10..50 A;50.. B", "10.. B", "unchanged", "10..50 A;50.. B"),
        ("10..120 A;120.. B", "10.. A", "unchanged", "10..120 A;120.. B"),
        # what is in force is superseded, not edited
        ("10.. A", ".. B", "changed", "10..100 A;100.. B"),
        ("10.. A", "10.. B", "changed import.begins_now", "10..100 A;100.. B"),
        ("10.. A", "50.. B", "changed import.begins_now", "10..100 A;100.. B"),
        ("10.. A", "120.. B", "changed", "10..120 A;120.. B"),
        # a period in the middle, the earlier goes on behind it
        ("10.. A", "120..130 B", "changed", "10..120 A;120..130 B;130.. A"),
        ("10..140 A", "120..130 B", "changed", "10..120 A;120..130 B;130..140 A"),
        # what has not begun is replaced
        ("120.. A", "120.. B", "changed", "120.. B"),
        ("120.. A", "120..130 B", "changed", "120..130 B;130.. A"),
        # later ones stay
        ("120.. B", "110.. A", "created", "110..120 A;120.. B"),
        ("120.. B", "110..115 A", "created", "110..115 A;120.. B"),
        ("10..50 A;120.. B", "50.. C", "created", "10..50 A;50..120 C;120.. B"),
        ("120.. B", "110..130 A", "refused import.periods_overlap", "120.. B"),
        # the past stays as it was
        ("10.. A", "20..50 B", "refused import.period_is_over", "10.. A"),
        ("10..50 A", "60..70 B", "created", "10..50 A;60..70 B"),
        ("10..50 A", "20.. B", "created import.begins_now", "10..50 A;100.. B"),
        # ends
        ("10.. A", "10..150 A", "changed", "10..150 A"),
        ("10..150 A", "10.. A", "changed", "10.. A"),
        ("10..150 A", "10..200 A", "changed", "10..200 A"),
        ("10.. A", "10..50 A", "refused import.period_is_over", "10.. A"),
        ("10..50 A", "10..150 A", "refused import.period_is_over", "10..50 A"),
        ("10..150 A;160.. B", "10..170 A", "refused import.periods_overlap", "10..150 A;160.. B"),
    ],
)
def test_a_wish_changes_as_little_as_it_can(known, wish, outcome, result):
    line = known_of(known)
    start, end, content = read(wish)

    plan = plan_periods(line, [Wish(2, day(start), day(end), content)], NOW)

    assert f"{plan.fates[0].outcome} {plan.fates[0].code}".strip() == outcome
    assert after(line, plan) == result


def test_a_history_is_loaded_as_it_was():
    wishes = [
        Wish(2, day(10), None, "A"),
        Wish(3, day(50), None, "B"),
        Wish(4, day(70), None, "A"),
        Wish(5, day(120), None, "C"),
    ]

    plan = plan_periods([], wishes, NOW)

    assert [fate.outcome for fate in plan.fates] == ["created"] * 4
    assert after([], plan) == "10..50 A;50..70 B;70..120 A;120.. C"


spans = st.tuples(st.integers(0, 200) | st.none(), st.integers(1, 60) | st.none(), st.sampled_from("ABC"))


def as_wish(number: int, span) -> Wish[str]:
    start, length, content = span
    end = None if length is None else day((start if start is not None else 100) + length)
    return Wish(number, day(start), end, content)


def settled(known: list[Period[str]], plan) -> list[Period[str]]:
    line = {period.id: period for period in known}
    for period_id, end in plan.ends.items():
        line[period_id] = Period(line[period_id].start, end, line[period_id].content, period_id)
    line |= plan.replaced
    periods = [*line.values(), *plan.inserted]
    return sorted(
        (Period(one.start, one.end, one.content, one.id or UUID(int=1000 + at)) for at, one in enumerate(periods)),
        key=lambda period: period.start,
    )


@given(st.lists(spans, max_size=8), st.lists(spans, max_size=4))
def test_periods_never_overlap_never_rewrite_the_past_and_settle(first, second):
    line: list[Period[str]] = []
    for number, span in enumerate(first):
        line = settled(line, plan_periods(line, [as_wish(number, span)], NOW))
        line = [Period(one.start, one.end, one.content, UUID(int=at + 1)) for at, one in enumerate(line)]
    wishes = [as_wish(number, span) for number, span in enumerate(second)]

    plan = plan_periods(line, wishes, NOW)
    result = settled(line, plan)

    assert len(plan.fates) == len(wishes)
    for one, other in pairwise(result):
        assert one.end is not None
        assert one.end <= other.start
    assert all(one.end is None or one.end > one.start for one in result)
    past = [(one.content, moment) for moment in map(day, range(100)) for one in line if one.holds_at(moment)]
    assert past == [
        (one.content, moment)
        for moment in map(day, range(100))
        for one in result
        if one.holds_at(moment) and in_line(line, moment)
    ]


def in_line(line: list[Period[str]], moment: datetime) -> bool:
    return any(period.holds_at(moment) for period in line)


@given(st.lists(spans, max_size=4), st.lists(spans, max_size=4))
def test_the_same_wish_twice_changes_nothing_the_second_time(first, second):
    line: list[Period[str]] = []
    for number, span in enumerate([*first, *second]):
        wish = as_wish(number, span)
        plan = plan_periods(line, [wish], NOW)
        line = settled(line, plan)

        again = plan_periods(line, [wish], NOW)

        if plan.fates[0].outcome != "refused":
            assert again.fates[0].outcome == "unchanged", (line, wish)
            assert (again.ends, again.replaced, again.inserted) == ({}, {}, [])
        line = [Period(one.start, one.end, one.content, UUID(int=at + 1)) for at, one in enumerate(line)]
