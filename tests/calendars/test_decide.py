"""Days that follow: decision tables, nights on which clocks change, and what always holds."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.calendars.decide import (
    cut_off_on,
    hours_on,
    instant,
    local_day,
    minus_working_days,
    nearest_days,
    next_pick,
    plan_trip,
    plus_working_days,
    release_for,
    working_moment_after,
    working_time_after,
)
from tradewind.calendars.model import Calendar, SiteClock, every_day

WORK, SHORT = (time(7), time(17)), (time(7), time(12))
BERLIN = Calendar("DE", "Europe/Berlin", (WORK,) * 5 + (None, None), {date(2026, 4, 3): None, date(2026, 4, 6): None})
SATURDAYS = Calendar("SAT", "Europe/Berlin", (WORK,) * 5 + (SHORT, None))
NEVER = Calendar("NEVER", "Europe/Berlin", (None,) * 7)
TWO_PM = SiteClock(BERLIN, time(14))


def utc(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (utc(2, 12, 59), date(2026, 3, 2)),  # Monday, 13:59 in Berlin
        (utc(2, 13, 0), date(2026, 3, 2)),  # the minute of the cut-off counts
        (utc(2, 13, 1), date(2026, 3, 3)),
        (utc(6, 14), date(2026, 3, 9)),  # Friday afternoon: Monday
        (utc(1, 23, 30), date(2026, 3, 2)),  # still Sunday in UTC, Monday in Berlin
        (
            utc(2, 12, 1, month=4),
            date(2026, 4, 7),
        ),  # Maundy Thursday after the cut-off, summer time: Tuesday after Easter
    ],
)
def test_goods_are_picked_today_until_the_cut_off_and_on_the_next_working_day_after_it(at, day):
    assert next_pick(TWO_PM, at) == day


def test_work_that_ends_before_the_cut_off_ends_the_day():
    clock = SiteClock(SATURDAYS, time(14))

    assert next_pick(clock, utc(7, 10, 59)) == date(2026, 3, 7)
    assert next_pick(clock, utc(7, 11, 1)) == date(2026, 3, 9)


def test_working_days_step_over_weekends_and_holidays_both_ways():
    assert plus_working_days(BERLIN, date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert minus_working_days(BERLIN, date(2026, 4, 7), 1) == date(2026, 4, 2)
    assert plus_working_days(BERLIN, date(2026, 4, 4), 0) == date(2026, 4, 7)
    assert minus_working_days(BERLIN, date(2026, 4, 5), 0) == date(2026, 4, 2)
    assert plus_working_days(NEVER, date(2026, 4, 2), 1) is None


def test_a_trip_is_picked_shipped_and_received_on_working_days_of_each_side():
    tuesdays = Calendar("TUE", "America/New_York", (None, WORK, None, None, None, None, None))

    trip = plan_trip(TWO_PM, tuesdays, utc(5, 14), lead_days=1, transit_days=2)

    assert trip is not None
    assert (trip.pick_day, trip.ship_day, trip.arrive_day) == (date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 17))
    assert trip.arrives_at == datetime(2026, 3, 17, 21, tzinfo=UTC)  # 17:00 in New York, already on summer time


def test_goods_for_a_place_that_never_works_have_no_trip():
    assert plan_trip(TWO_PM, NEVER, utc(2, 9), lead_days=0, transit_days=1) is None
    assert plan_trip(SiteClock(NEVER, time(14)), None, utc(2, 9), lead_days=0, transit_days=1) is None


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (date(2026, 3, 29), time(2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # the hour that is skipped
        (
            date(2026, 10, 25),
            time(2, 30),
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),  # the hour that comes twice: its first
        (date(2026, 3, 28), time(14), datetime(2026, 3, 28, 13, tzinfo=UTC)),
        (date(2026, 3, 29), time(14), datetime(2026, 3, 29, 12, tzinfo=UTC)),
    ],
)
def test_a_time_of_the_clock_is_one_instant_also_when_clocks_change(day, clock, expected):
    assert instant(every_day("Europe/Berlin"), day, clock) == expected


def test_the_cut_off_of_the_day_on_which_clocks_change_is_by_the_clock_on_the_wall():
    clock = SiteClock(every_day("Europe/Berlin"), time(14))

    assert next_pick(clock, datetime(2026, 3, 29, 11, 59, tzinfo=UTC)) == date(2026, 3, 29)
    assert next_pick(clock, datetime(2026, 3, 29, 12, 30, tzinfo=UTC)) == date(2026, 3, 30)
    assert next_pick(clock, datetime(2026, 10, 25, 12, 30, tzinfo=UTC)) == date(2026, 10, 25)


@pytest.mark.parametrize(
    ("wanted", "earliest", "latest", "found"),
    [
        (date(2026, 3, 14), date(2026, 3, 4), None, [13, 16, 12]),  # a Saturday
        (date(2026, 3, 2), date(2026, 3, 5), None, [5, 6, 9]),  # too early
        (date(2026, 3, 11), date(2026, 3, 4), None, [10, 11, 12]),
        (date(2026, 3, 14), date(2026, 3, 13), date(2026, 3, 16), [13, 16]),
        (date(2026, 3, 14), date(2026, 3, 20), date(2026, 3, 16), []),
    ],
)
def test_the_nearest_days_lie_around_the_wanted_one(wanted, earliest, latest, found):
    days = nearest_days((BERLIN,), wanted, earliest=earliest, latest=latest)

    assert list(days) == sorted(date(2026, 3, day) for day in found)


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"])
HOURS = st.sampled_from([None, WORK, SHORT, (time(22), time(23, 59)), (time(0), time(23, 59))])
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@st.composite
def calendars(draw):
    week = draw(st.lists(HOURS, min_size=7, max_size=7).filter(any))
    days = st.dates(date(2026, 1, 1), date(2028, 6, 1))
    return Calendar("C", draw(ZONES), tuple(week), draw(st.dictionaries(days, HOURS, max_size=20)))


@given(calendars(), calendars(), INSTANTS, st.times(), st.integers(0, 5), st.integers(0, 10))
def test_a_promise_is_never_before_a_cut_off_or_on_a_day_somebody_is_closed(ours, theirs, at, cut_off, lead, transit):
    clock = SiteClock(ours, cut_off.replace(second=0, microsecond=0))

    trip = plan_trip(clock, theirs, at, lead_days=lead, transit_days=transit)

    if trip is None:
        return
    assert trip.pick_day >= local_day(ours, at)
    assert trip.pick_day <= trip.ship_day <= trip.arrive_day
    assert all(hours_on(ours, day) for day in (trip.pick_day, trip.ship_day, trip.arrive_day))
    assert hours_on(theirs, trip.arrive_day)
    picked_until = cut_off_on(clock, trip.pick_day)
    assert picked_until is not None
    assert at < picked_until
    assert trip.arrives_at >= cut_off_on(clock, trip.ship_day)
    assert local_day(theirs, trip.arrives_at) == trip.arrive_day


@given(calendars(), calendars(), st.dates(date(2026, 2, 1), date(2027, 12, 1)), st.integers(0, 3), st.integers(0, 5))
def test_what_is_released_in_time_for_a_day_is_there_by_then(ours, theirs, wanted, lead, transit):
    clock = SiteClock(ours, time(23, 59))
    same_zone = Calendar(theirs.code, ours.zone, theirs.week, theirs.dates)

    at = release_for(clock, same_zone, wanted, lead_days=lead, transit_days=transit)

    if at is None:
        return
    trip = plan_trip(clock, same_zone, at, lead_days=lead, transit_days=transit)
    assert trip is not None
    # goods that leave after the receiver has gone home wait for its next day
    assert trip.arrive_day <= wanted or trip.ship_day == wanted or transit == 0


@given(calendars(), st.dates(date(2026, 2, 1), date(2027, 6, 1)), st.integers(-20, 20))
def test_three_days_are_offered_and_all_of_them_work(calendar, wanted, shift):
    earliest = wanted + timedelta(days=shift)

    days = nearest_days((calendar,), wanted, earliest=earliest)

    assert len(set(days)) == len(days) <= 3
    assert all(hours_on(calendar, day) and day >= earliest for day in days)
    assert list(days) == sorted(days)


@pytest.mark.parametrize(
    ("at", "hours", "ends"),
    [
        (utc(2, 9), 2, utc(2, 11)),  # Monday, at work
        (utc(2, 5), 1, utc(2, 7)),  # before work begins at seven, six in UTC
        (utc(6, 15), 2, utc(9, 7)),  # Friday, an hour left
        (utc(7, 12), 10, utc(9, 16)),  # a whole day, from Saturday on
        (utc(27, 15), 2, utc(30, 6)),  # over the night on which clocks go forward
        (utc(2, 14, month=4), 2, utc(7, 6, month=4)),  # over Easter
        (utc(2, 16), 0, utc(3, 6)),  # nothing at all, after work
    ],
)
def test_working_time_is_counted_while_the_place_works(at, hours, ends):
    assert working_time_after(BERLIN, at, timedelta(hours=hours)) == ends


def test_who_works_round_the_clock_works_through_the_change_of_clocks():
    night = datetime(2026, 10, 24, 22, tzinfo=UTC)

    assert working_time_after(every_day("Europe/Berlin"), night, timedelta(hours=30)) == night + timedelta(hours=30)


def test_who_never_works_never_gets_there():
    assert working_time_after(NEVER, utc(2, 9), timedelta(hours=1)) is None


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 6000),
    st.integers(0, 6000),
)
def test_working_time_adds_up(at, first, second):
    whole = working_time_after(BERLIN, at, timedelta(minutes=first + second))
    middle = working_time_after(BERLIN, at, timedelta(minutes=first))
    assert middle is not None

    parts = working_time_after(BERLIN, middle, timedelta(minutes=second))

    assert whole is not None
    assert parts is not None
    # at the very end of a shift "now" and "when work begins again" are the same working time
    assert parts == whole or working_time_after(BERLIN, whole, timedelta()) == working_time_after(
        BERLIN, parts, timedelta()
    )


@pytest.mark.parametrize(
    ("at", "span", "ends"),
    [
        (utc(2, 9), timedelta(days=2), utc(4, 9)),  # the same time of day, two working days on
        (utc(6, 9), timedelta(days=1), utc(9, 9)),  # Friday to Monday
        (utc(27, 9), timedelta(days=1), utc(30, 8)),  # the clock shows the same time after it went forward
        (utc(6, 15), timedelta(hours=2), utc(9, 7)),
        (utc(6, 15), timedelta(days=1, hours=2), utc(10, 7)),
        (utc(7, 12), timedelta(days=1), utc(10, 6)),  # Saturday counts as Monday's beginning
        (utc(7, 12), timedelta(), utc(9, 6)),
    ],
)
def test_days_are_working_days_and_hours_working_hours(at, span, ends):
    assert working_moment_after(BERLIN, at, span) == ends


def test_there_is_no_such_moment_where_nobody_works():
    assert working_moment_after(NEVER, utc(2, 9), timedelta(days=1)) is None
