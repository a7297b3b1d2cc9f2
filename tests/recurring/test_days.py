"""The days of standing orders, as a buyer would count them on a wall calendar."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.calendars.model import DAY_END, DAY_START, Calendar
from tradewind.kernel.problem import Problem
from tradewind.recurring.decide import next_day, plan, read_rule, rule_text, settle_due
from tradewind.recurring.model import Rule, Standing, StandingLine

OFFICE = ((DAY_START, DAY_END),) * 5 + (None, None)
ID = UUID(int=1)


def days(text: str, starts_on: str, count: int = 4, **more: str) -> list[str]:
    start = date.fromisoformat(starts_on)
    rule = read_rule(text, starts_on=start, **more)  # type: ignore[arg-type]
    assert isinstance(rule, Rule), rule
    found: list[str] = []
    day = None
    for _ in range(count):
        day = next_day(rule, starts_on=start, after=day)
        if day is None:
            break
        found.append(day.isoformat())
    return found


def standing(text: str, starts_on: str, **more: object) -> Standing:
    start = date.fromisoformat(starts_on)
    rule = read_rule(text, starts_on=start)
    assert isinstance(rule, Rule)
    values: dict[str, object] = {"zone": "Europe/Berlin", "place_at": "02:30", "lead_days": 0, "shift": "none", "calendar": None,
                                 "catch_up": "latest", "next_day": next_day(rule, starts_on=start, after=None)} | more  # fmt: skip
    return Standing(
        id=ID, number="RO-1", account_id=ID, name="", status="active", rule=rule, starts_on=start, pricing="dynamic", ship_to=None,
        lines=(StandingLine("CUP", Decimal(1)),), note=None, buyer_po=None, owner_id=ID, **values,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "starts_on", "expected"),
    [
        ("FREQ=DAILY", "2026-12-30", ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"]),
        ("FREQ=DAILY;INTERVAL=3", "2026-02-27", ["2026-02-27", "2026-03-02", "2026-03-05", "2026-03-08"]),
        ("FREQ=WEEKLY", "2026-03-04", ["2026-03-04", "2026-03-11", "2026-03-18", "2026-03-25"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH", "2026-03-04", ["2026-03-05", "2026-03-09", "2026-03-12", "2026-03-16"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-03-04", ["2026-03-16", "2026-03-30", "2026-04-13", "2026-04-27"]),
        ("FREQ=MONTHLY", "2026-01-31", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("FREQ=MONTHLY", "2028-01-30", ["2028-01-30", "2028-02-29", "2028-03-30", "2028-04-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-15", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-01-02", ["2026-01-15", "2026-02-01", "2026-02-15", "2026-03-01"]),
        ("FREQ=MONTHLY;BYDAY=2TU", "2026-01-01", ["2026-01-13", "2026-02-10", "2026-03-10", "2026-04-14"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-01", ["2026-01-30", "2026-02-27", "2026-03-27", "2026-04-24"]),
        ("FREQ=MONTHLY;BYDAY=5MO", "2026-01-01", ["2026-03-30", "2026-06-29", "2026-08-31", "2026-11-30"]),
        ("FREQ=MONTHLY;INTERVAL=3", "2026-11-30", ["2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30"]),
        ("FREQ=YEARLY", "2024-02-29", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"]),
        ("FREQ=WEEKLY;UNTIL=20260318", "2026-03-04", ["2026-03-04", "2026-03-11", "2026-03-18"]),
    ],
)
def test_a_rule_falls_on_its_days(rule: str, starts_on: str, expected: list[str]) -> None:
    assert days(rule, starts_on) == expected


def test_where_a_month_is_too_short_for_its_day_it_may_be_left_out() -> None:
    assert days("FREQ=MONTHLY", "2026-01-31", short_months="skip") == [
        "2026-01-31",
        "2026-03-31",
        "2026-05-31",
        "2026-07-31",
    ]
    assert days("FREQ=YEARLY", "2024-02-29", 2, short_months="skip") == ["2024-02-29", "2028-02-29"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("FREQ=HOURLY", "FREQ is one of DAILY, WEEKLY, MONTHLY, YEARLY."),
        ("INTERVAL=2", "FREQ is one of DAILY, WEEKLY, MONTHLY, YEARLY."),
        (
            "FREQ=DAILY;BYSETPOS=1",
            "BYSETPOS is not supported; a rule has FREQ, INTERVAL, BYDAY, BYMONTHDAY, COUNT, UNTIL, WKST.",
        ),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is 1 to 1000, COUNT 1 to 100000."),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "A rule has a COUNT or an UNTIL, not both."),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL is a day as YYYYMMDD."),
        ("FREQ=MONTHLY;BYDAY=MO", "In a month a weekday is numbered: 1MO, -1FR."),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "32 is no day of a month; 1 to 31, or -1 for the last."),
        ("FREQ=MONTHLY;BYDAY=1XX", "1XX is no day; MO, or 2MO for the second, -1FR for the last of a month."),
        ("FREQ=WEEKLY;BYDAY=1MO", "1MO counts within a month."),
        ("FREQ", "FREQ is not NAME=VALUE, or comes twice."),
        ("FREQ=WEEKLY;WKST=SU", "Weeks begin on Monday."),
    ],
)
def test_what_a_rule_cannot_say_is_refused_by_name(rule: str, message: str) -> None:
    found = read_rule(rule, starts_on=date(2026, 1, 1))

    assert isinstance(found, Problem)
    assert (found.code, found.message) == ("recurring.bad_rule", message)


def test_a_rule_whose_day_never_comes_has_none() -> None:
    rule = Rule("monthly", 12, month_days=(30,), short_months="skip")

    assert next_day(rule, starts_on=date(2026, 2, 1), after=None) is None


RULES = st.builds(
    Rule,
    st.just("monthly"),
    st.integers(1, 5),
    st.just(()),
    st.lists(st.integers(1, 31) | st.integers(-31, -1), min_size=1, max_size=3, unique=True).map(
        lambda found: tuple(sorted(found))
    ),
) | st.builds(
    Rule,
    st.just("weekly"),
    st.integers(1, 5),
    st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True).map(lambda found: tuple(sorted(found))),
)


@given(RULES, st.dates(date(2020, 1, 1), date(2035, 1, 1)))
def test_days_go_on_strictly_forward_and_are_the_same_from_wherever_one_counts(rule: Rule, starts_on: date) -> None:
    day, found = None, []
    for _ in range(12):
        day = next_day(rule, starts_on=starts_on, after=day)
        assert day is not None
        found.append(day)

    assert found == sorted(set(found))
    assert found[0] >= starts_on
    for before, after in pairwise(found):
        assert next_day(rule, starts_on=starts_on, after=after - timedelta(days=1)) == after
        assert next_day(rule, starts_on=starts_on, after=before) == after
    assert read_rule(rule_text(rule), starts_on=starts_on) == rule


def test_both_nights_on_which_clocks_change_have_one_period_each() -> None:
    spring = plan(standing("FREQ=DAILY", "2026-03-28"), None, count=3)
    autumn = plan(standing("FREQ=DAILY", "2026-10-24"), None, count=3)

    # 02:30 is not there on 29 March: it is when it would have been; on 25 October it comes twice: it is the first
    assert [one.due_at.isoformat() for one in spring] == [
        "2026-03-28T01:30:00+00:00", "2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00",
    ]  # fmt: skip
    assert [one.due_at.isoformat() for one in autumn] == [
        "2026-10-24T00:30:00+00:00", "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shift", "wanted", "closed"),
    [("before", "2026-12-23", False), ("after", "2026-12-28", False), ("skip", None, True)],
)
def test_a_holiday_moves_the_day_or_leaves_it_out(shift: str, wanted: str | None, closed: bool) -> None:
    holidays = {date(2026, 12, 24): None, date(2026, 12, 25): None}
    house = Calendar("HOUSE", "Europe/Berlin", OFFICE, holidays)

    (found,) = plan(standing("FREQ=DAILY", "2026-12-25", shift=shift, calendar="HOUSE", lead_days=1), house, count=1)

    assert found.day == date(2026, 12, 25)
    assert (found.wanted_on and found.wanted_on.isoformat(), found.closed) == (wanted, closed)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("each", [None, None, None]),
        ("latest", ["missed", "missed", None]),
        ("none", ["missed", "missed", None]),
    ],
)
def test_after_an_outage_of_two_days_the_policy_says_what_is_ordered(policy: str, expected: list[str | None]) -> None:
    one = standing("FREQ=DAILY", "2026-03-27", place_at="06:00", catch_up=policy)
    due = plan(one, None, count=3)

    found = settle_due(one, due, now=datetime(2026, 3, 29, 9, tzinfo=UTC))

    assert [each.status for each in found] == expected


def test_what_is_late_is_not_ordered_where_nothing_is_caught_up_and_skips_are_used_first() -> None:
    weekly = standing("FREQ=WEEKLY", "2026-03-27", place_at="06:00", catch_up="none")
    (late,) = settle_due(weekly, plan(weekly, None, count=1), now=datetime(2026, 3, 29, 9, tzinfo=UTC))
    assert (late.status, late.reason) == ("missed", "It was not ordered on its day.")

    daily = standing("FREQ=DAILY", "2026-03-27", place_at="06:00", catch_up="each", skip_next=2)
    found = settle_due(daily, plan(daily, None, count=3), now=datetime(2026, 3, 29, 9, tzinfo=UTC))
    assert [each.code for each in found] == ["recurring.skipped", "recurring.skipped", None]
