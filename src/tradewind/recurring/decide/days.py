"""The days of a rule, one after the other, and when each is ordered. Days are local dates: neither a night on which clocks change
nor the end of a month loses or doubles one.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from tradewind.calendars.decide import hours_on, instant, working_day
from tradewind.calendars.model import Calendar, every_day
from tradewind.recurring.model import Planned, Rule, Standing

EMPTY_UNITS = 480  # weeks or months in a row without a day of the rule: forty years of months
_DAY = timedelta(days=1)
_LAST = date(2999, 12, 31)


def next_day(rule: Rule, *, starts_on: date, after: date | None) -> date | None:
    """The first day of the rule after a day (from the beginning for None); None where there is none, or not before 3000."""
    for day in _days(rule, starts_on, starts_on if after is None else max(after + _DAY, starts_on)):
        return None if rule.until is not None and day > rule.until else day
    return None


def _days(rule: Rule, starts_on: date, least: date) -> Iterator[date]:
    if rule.frequency == "daily":
        gone = -(-(least - starts_on).days // rule.interval)
        day = starts_on + gone * rule.interval * _DAY
        while day <= _LAST:
            yield day
            day += rule.interval * _DAY
        return
    units = _weeks(rule, starts_on, least) if rule.frequency == "weekly" else _months(rule, starts_on, least)
    empty = 0
    for days in units:
        found = [day for day in days if day >= least]
        empty = 0 if found else empty + 1
        if empty > EMPTY_UNITS:
            return
        yield from found


def _weeks(rule: Rule, starts_on: date, least: date) -> Iterator[list[date]]:
    monday = starts_on - starts_on.weekday() * _DAY
    gone = (least - monday).days // 7 // rule.interval
    week = monday + gone * rule.interval * 7 * _DAY
    while week.year <= _LAST.year:
        yield [week + day * _DAY for day in rule.weekdays]
        week += rule.interval * 7 * _DAY


def _months(rule: Rule, starts_on: date, least: date) -> Iterator[list[date]]:
    first = starts_on.year * 12 + starts_on.month - 1
    gone = (least.year * 12 + least.month - 1 - first) // rule.interval
    month = first + gone * rule.interval
    while month // 12 <= _LAST.year:
        yield _of_month(rule, month // 12, month % 12 + 1)
        month += rule.interval


def _of_month(rule: Rule, year: int, month: int) -> list[date]:
    first = date(year, month, 1)
    length = ((first + 31 * _DAY).replace(day=1) - first).days
    found: set[date] = set()
    for wanted in rule.month_days:
        day = wanted if wanted > 0 else length + 1 + wanted
        if rule.short_months == "last":
            day = max(1, min(day, length))
        if 1 <= day <= length:
            found.add(first + (day - 1) * _DAY)
    for number, weekday in rule.nth:
        if number > 0:
            day = 1 + (weekday - first.weekday()) % 7 + (number - 1) * 7
        else:
            last = first + (length - 1) * _DAY
            day = length - (last.weekday() - weekday) % 7 + (number + 1) * 7
        if 1 <= day <= length:
            found.add(first + (day - 1) * _DAY)
    return sorted(found)


def plan(standing: Standing, calendar: Calendar | None, *, count: int) -> list[Planned]:
    """The next periods from `next_day` on, as far as there are so many."""
    return list(islice(_periods(standing, calendar), count))


def _periods(standing: Standing, calendar: Calendar | None) -> Iterator[Planned]:
    day, number = standing.next_day, standing.periods_done
    while day is not None and (standing.rule.count is None or number < standing.rule.count):
        number += 1
        yield planned(standing, calendar, day=day, period_no=number)
        day = next_day(standing.rule, starts_on=standing.starts_on, after=day)


def first_planned(standing: Standing, calendar: Calendar | None, *, after: date | None) -> Planned | None:
    """The period that comes after a day; None where the standing order is over."""
    day = next_day(standing.rule, starts_on=standing.starts_on, after=after)
    if day is None or (standing.rule.count is not None and standing.periods_done >= standing.rule.count):
        return None
    return planned(standing, calendar, day=day, period_no=standing.periods_done + 1)


def planned(standing: Standing, calendar: Calendar | None, *, day: date, period_no: int) -> Planned:
    """A period: the day it is wanted on after the holiday shift, and the instant at which it is ordered. A time of day that the
    clock skips is the instant it would have been; one that it shows twice is the first of them."""
    wanted: date | None = day
    if calendar is not None and hours_on(calendar, day) is None:
        wanted = None if standing.shift == "skip" else working_day((calendar,), day, back=standing.shift == "before")
    hour, minute = map(int, standing.place_at.split(":"))
    place_on = (wanted or day) - standing.lead_days * _DAY
    due_at = instant(every_day(standing.zone), place_on, time(hour, minute))
    return Planned(period_no, day, wanted, due_at, closed=wanted is None)


def local_today(zone: str, at: datetime) -> date:
    """The day it is where the standing order's days are counted."""
    return at.astimezone(ZoneInfo(zone)).date()
