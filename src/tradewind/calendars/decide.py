"""Which day follows: picking, shipping, receiving, and the days that could be promised instead. Pure; zones by `zoneinfo`.

Days are local dates of the place that works on them. A cut-off counts to the end of its minute; on a night on which clocks
change it is the first time the clock shows it, and a time that the clock skips is the instant it would have been.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tradewind.calendars.model import DAY_END, DAY_START, Calendar, Hours, SiteClock, Trip

LOOK_AHEAD = 400  # days; a place that does not work once in them never does
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def hours_on(calendar: Calendar, day: date) -> Hours | None:
    """When the place works on a day; None where it does not."""
    if day in calendar.dates:
        return calendar.dates[day]
    return calendar.week[day.weekday()]


def local_day(calendar: Calendar, at: datetime) -> date:
    """The day it is at the place."""
    return at.astimezone(ZoneInfo(calendar.zone)).date()


def instant(calendar: Calendar, day: date, clock: time) -> datetime:
    """The instant at which the place's clock shows a time on a day, in UTC."""
    return datetime.combine(day, clock, ZoneInfo(calendar.zone)).astimezone(UTC)


def working_day(calendars: Sequence[Calendar], day: date, *, back: bool = False) -> date | None:
    """The first day from `day` on (or before it) on which all of these places work; None where there is none in sight."""
    step = -_DAY if back else _DAY
    for _ in range(LOOK_AHEAD):
        if all(hours_on(calendar, day) for calendar in calendars):
            return day
        day += step
    return None


def plus_working_days(calendar: Calendar, day: date, count: int) -> date | None:
    """The working day from `day` on, and so many working days after it."""
    found = working_day((calendar,), day)
    for _ in range(count):
        found = None if found is None else working_day((calendar,), found + _DAY)
    return found


def minus_working_days(calendar: Calendar, day: date, count: int) -> date | None:
    """The working day up to `day`, and so many working days before it."""
    found = working_day((calendar,), day, back=True)
    for _ in range(count):
        found = None if found is None else working_day((calendar,), found - _DAY, back=True)
    return found


def cut_off_on(clock: SiteClock, day: date) -> datetime | None:
    """Until when an order still leaves on a day: the cut-off, or the end of work where that is earlier; None on a closed day."""
    hours = hours_on(clock.calendar, day)
    return hours and instant(clock.calendar, day, min(clock.cut_off, hours[1])) + _MINUTE


def next_pick(clock: SiteClock, at: datetime) -> date | None:
    """The day on which what is released at an instant is picked: today before the cut-off, else the next working day."""
    today = local_day(clock.calendar, at)
    until = cut_off_on(clock, today)
    return today if until is not None and at < until else working_day((clock.calendar,), today + _DAY)


def plan_trip(
    clock: SiteClock, receiving: Calendar | None, at: datetime, *, lead_days: int, transit_days: int
) -> Trip | None:
    """How what is released at an instant travels; lead and transit count working days of the shipping side.

    It arrives on a day on which goods are brought and received, by the end of that day's receiving hours; where nobody said
    when the receiver works, by the time of the site's cut-off. None where one of the places never works.
    """
    shipping = clock.calendar
    pick = next_pick(clock, at)
    ship = None if pick is None else plus_working_days(shipping, pick, lead_days)
    brought = None if ship is None else plus_working_days(shipping, ship, transit_days)
    if pick is None or ship is None or brought is None:
        return None
    leaves = cut_off_on(clock, ship) or at
    if receiving is None:
        return Trip(pick, ship, brought, max(cut_off_on(clock, brought) or at, leaves))
    both = (shipping, receiving)
    arrive = working_day(both, brought)
    while arrive is not None:
        hours = hours_on(receiving, arrive)
        assert hours is not None
        arrives_at = instant(receiving, arrive, hours[1])
        if arrives_at >= leaves:
            return Trip(pick, ship, arrive, arrives_at)
        arrive = working_day(both, arrive + _DAY)
    return None


def release_for(
    clock: SiteClock, receiving: Calendar | None, wanted: date, *, lead_days: int, transit_days: int
) -> datetime | None:
    """When to release so that it is there on the last possible day up to `wanted`: the beginning of work on the pick day."""
    shipping = clock.calendar
    arrive = working_day((shipping,) if receiving is None else (shipping, receiving), wanted, back=True)
    ship = None if arrive is None else minus_working_days(shipping, arrive, transit_days)
    pick = None if ship is None else minus_working_days(shipping, ship, lead_days)
    hours = None if pick is None else hours_on(shipping, pick)
    return instant(shipping, pick, hours[0] if hours else DAY_START) if pick else None


def nearest_days(
    calendars: Sequence[Calendar],
    wanted: date,
    *,
    earliest: date,
    latest: date | None = None,
    count: int = 3,
) -> tuple[date, ...]:
    """The days nearest to the wanted one on which it could be there, in order of time; the earlier one of two as near.

    No day before `earliest` or after `latest`; fewer than `count` where there are no more.
    """
    found: list[date] = []
    after = max(wanted, earliest)
    before = min(wanted - _DAY, latest or wanted)
    for _ in range(LOOK_AHEAD):
        if len(found) >= count or (before < earliest and latest is not None and after > latest):
            break
        forward, backward = after - wanted, wanted - before
        if before >= earliest and backward <= forward:
            day, before = before, before - _DAY
        else:
            day, after = after, after + _DAY
        if day >= earliest and (latest is None or day <= latest) and all(hours_on(one, day) for one in calendars):
            found.append(day)
    return tuple(sorted(found))


def working_time_after(calendar: Calendar, at: datetime, span: timedelta) -> datetime | None:
    """The instant at which the place has worked for `span` since `at`, in UTC; None where it does not work so long in sight.

    Time is counted as it passes: a shift over the night on which clocks change is an hour shorter or longer than its clock says.
    A span of nothing ends when the place works next.
    """
    left, day = span, local_day(calendar, at)
    for _ in range(LOOK_AHEAD):
        shift = _shift(calendar, day)
        if shift is not None and shift[1] > at:
            begins = max(shift[0], at)
            if begins + left <= shift[1]:
                return begins + left
            left -= shift[1] - begins
        day += _DAY
    return None


def working_moment_after(calendar: Calendar, at: datetime, span: timedelta) -> datetime | None:
    """The instant so many working days, and then so much working time, after `at`: whole days of the span count as working days and
    keep the time of day (as the place's clock shows it), the rest counts as it is worked.

    What comes after work is as if it came when work begins again. None where the place does not work so long in sight.
    """
    begins = working_time_after(calendar, at, timedelta())
    if begins is None or not span.days:
        return begins and working_time_after(calendar, begins, span)
    day = plus_working_days(calendar, local_day(calendar, begins), span.days)
    hours = None if day is None else hours_on(calendar, day)
    if day is None or hours is None:
        return None
    clock = begins.astimezone(ZoneInfo(calendar.zone)).time()
    there = instant(calendar, day, min(max(clock, hours[0]), hours[1]))
    rest = timedelta(seconds=span.seconds, microseconds=span.microseconds)
    return working_time_after(calendar, there, rest) if rest else there


def _shift(calendar: Calendar, day: date) -> tuple[datetime, datetime] | None:
    """When the place begins and ends to work on a day; a closing time counts to the end of its minute where it ends the day."""
    hours = hours_on(calendar, day)
    if hours is None:
        return None
    ends = instant(calendar, day + _DAY, DAY_START) if hours[1] == DAY_END else instant(calendar, day, hours[1])
    return instant(calendar, day, hours[0]), ends
