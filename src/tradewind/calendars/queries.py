"""Reads of calendars: all of them at once, for the copy a process keeps."""

from datetime import date, time
from typing import Any
from uuid import UUID

from tradewind.calendars.model import WEEKDAYS, Calendar, Calendars, Hours, SiteClock, every_day
from tradewind.kernel.tx import Reader

END_OF_DAY = "23:59"
_CALENDARS = """
select c.id, c.code, c.time_zone, d.day, d.opens, d.closes, d.name
from calendar c left join calendar_day d on d.calendar_id = c.id
"""
_USES = "select use, site_id, coalesce(address_id, account_id), ship_method, calendar_id, cut_off from calendar_use"
_SITES = "select id, time_zone, cut_off from site"


def read_calendars(reader: Reader) -> Calendars:
    """Every site clock and every receiving calendar. A site without a calendar and with the whole day as cut-off has no clock."""
    known = _calendars(reader)
    uses = reader.rows(_USES)
    own = {(site, method): (known.get(calendar), cut_off) for use, site, _, method, calendar, cut_off in uses if site}
    shipping: dict[tuple[UUID, str], SiteClock] = {}
    for site_id, zone, cut_off in reader.rows(_SITES):
        methods = {method for site, method in own if site == site_id} | {""}
        general = own.get((site_id, ""), (None, None))
        for method in methods:
            calendar, until = own.get((site_id, method), general)
            calendar = calendar or general[0]
            until = until or general[1] or cut_off
            if calendar is not None or until != END_OF_DAY:
                shipping[site_id, method] = SiteClock(calendar or every_day(zone), time.fromisoformat(until))
    receiving = {owner: known[calendar] for use, _, owner, _, calendar, _ in uses if use == "receiving"}
    return Calendars(shipping, receiving)


def calendars_by_code(reader: Reader) -> dict[str, Calendar]:
    """Every calendar by its code."""
    return {calendar.code: calendar for calendar in _calendars(reader).values()}


def _calendars(reader: Reader) -> dict[UUID, Calendar]:
    names: dict[UUID, tuple[str, str]] = {}
    days: dict[UUID, list[tuple[Any, ...]]] = {}
    for row in reader.rows(_CALENDARS):
        names[row[0]] = (row[1], row[2])
        days.setdefault(row[0], []).append(row[3:])
    return {key: _calendar(code, zone, days[key]) for key, (code, zone) in names.items()}


def _calendar(code: str, zone: str, rows: list[tuple[Any, ...]]) -> Calendar:
    week: dict[str, Hours | None] = {}
    dates: dict[date, Hours | None] = {}
    names: dict[date, str] = {}
    for day, opens, closes, name in rows:
        if day is None:
            continue
        hours = (time.fromisoformat(opens), time.fromisoformat(closes)) if opens else None
        if day in WEEKDAYS:
            week[day] = hours
            continue
        dates[date.fromisoformat(day)] = hours
        if name:
            names[date.fromisoformat(day)] = name
    return Calendar(code, zone, tuple(week.get(day) for day in WEEKDAYS), dates, names)
