"""Dates, times, both together, and durations: made from text or parts, and what the calendar says about them."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from tradewind.rules.decide.feel.duration import MICROS, Duration, read_duration
from tradewind.rules.decide.feel.functions.signature import Arguments, Function, function
from tradewind.rules.decide.feel.functions.text import whole
from tradewind.rules.decide.feel.values import instant

_TIME = r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[-+]\d\d:\d\d(?::\d\d)?|@[A-Za-z][-+A-Za-z0-9_/]{0,60})?"
_CLOCK = re.compile(_TIME, re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BOTH = re.compile(rf"(\d{{4}}-\d\d-\d\d)(?:T({_TIME}))?", re.ASCII)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@lru_cache(maxsize=1_000)
def zone_named(name: str) -> tzinfo | None:
    """A zone of the tz database, such as Europe/Berlin; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        return None


def _zone(text: str | None) -> tzinfo | None:
    """`Z`, `+02:00` or `@Europe/Berlin`; None where it is not said. Raises ValueError where it is none."""
    if not text:
        return None
    if text == "Z":
        return UTC
    if text.startswith("@"):
        found = zone_named(text[1:])
        if found is None:
            raise ValueError(text)
        return found
    hours, minutes, *seconds = (int(part) for part in text[1:].split(":"))
    return _fixed(timedelta(hours=hours, minutes=minutes, seconds=sum(seconds)) * (-1 if text[0] == "-" else 1))


def _fixed(offset: timedelta) -> tzinfo:
    if abs(offset) > timedelta(hours=18):
        raise ValueError(offset)
    return UTC if not offset else timezone(offset)


def _date_text(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _time_text(text: str) -> time | None:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute, second, fraction, zone = found.groups()
    micros = int((fraction or "0").ljust(6, "0")[:6])
    try:
        return time(int(hour), int(minute), int(second), micros, _zone(zone))
    except ValueError:
        return None


def _parts(arguments: Arguments, lowest: int = 0) -> list[int] | None:
    """Whole numbers that make up a date or time."""
    found = [whole(part) for part in arguments]
    return (
        [part for part in found if part is not None]
        if all(part is not None and part >= lowest for part in found)
        else None
    )


def _date(arguments: Arguments) -> object:
    value = arguments[0]
    if len(arguments) == 3:
        parts = _parts(arguments, 1)
        try:
            return None if parts is None else date(parts[0], parts[1], parts[2])
        except ValueError:
            return None
    if len(arguments) != 1:
        return None
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else _date_text(value) if isinstance(value, str) else None


def _date_and_time(arguments: Arguments) -> object:
    """What says no zone is in UTC, as all times inside are."""
    if len(arguments) >= 6:
        day, clock = _date(arguments[:3]), _time(arguments[3:])
        return _joined(day, clock)
    if len(arguments) == 2:
        first, second = arguments
        if isinstance(second, str):  # on the clock of another zone
            moment, zone = instant(first), zone_named(second)
            return None if moment is None or zone is None else moment.astimezone(zone)
        return _joined(_date([first]), second)
    value = arguments[0]
    if len(arguments) != 1 or not isinstance(value, str):
        return instant(value) if len(arguments) == 1 and not isinstance(value, datetime) else value if isinstance(value, datetime) else None  # fmt: skip
    found = _BOTH.fullmatch(value)
    if found is None:
        return None
    day, clock = found.group(1), found.group(2)
    return _joined(_date_text(day), time(0) if clock is None else _time_text(clock))


def _joined(day: object, clock: object) -> datetime | None:
    if not isinstance(day, date) or not isinstance(clock, time):
        return None
    made = datetime.combine(day, clock.replace(tzinfo=clock.tzinfo or UTC))
    return None if instant(made) is None else made


def _time(arguments: Arguments) -> object:
    value = arguments[0]
    if len(arguments) == 1:
        if isinstance(value, str):
            return _time_text(value)
        if isinstance(value, datetime):
            return value.timetz()
        if isinstance(value, date):
            return time(0, tzinfo=UTC)
        return value if isinstance(value, time) else None
    if len(arguments) < 3 or not isinstance(arguments[2], Decimal):
        return None
    parts, seconds = _parts(arguments[:2]), arguments[2]
    try:
        zone = _offset(arguments[3] if len(arguments) == 4 else None)
        if parts is None or not 0 <= seconds < 60:
            return None
        micros = int(seconds * MICROS)
        return time(parts[0], parts[1], micros // MICROS, micros % MICROS, zone)
    except ValueError:
        return None


def _offset(given: object) -> tzinfo | None:
    if given is None:
        return None
    if isinstance(given, Duration) and not given.months:
        return _fixed(timedelta(microseconds=given.micros))
    if isinstance(given, str):
        return _zone(f"@{given}")
    raise ValueError(given)


def _duration(arguments: Arguments) -> object:
    value = arguments[0]
    if isinstance(value, str):
        return read_duration(value)
    return value if isinstance(value, Duration) else None


def _years_and_months(arguments: Arguments) -> object:
    """Whole months from one date to another."""
    first, last = arguments
    if not (isinstance(first, date) and isinstance(last, date)):
        return None
    if last < first if type(first) is type(last) is date else (instant(last) or _FIRST) < (instant(first) or _FIRST):
        back = _years_and_months([last, first])
        return -back if isinstance(back, Duration) else None
    months = (last.year - first.year) * 12 + last.month - first.month
    is_short = (last.day, _clock_of(last)) < (first.day, _clock_of(first))
    return Duration(months - is_short)


_FIRST = datetime(1, 1, 1, tzinfo=UTC)


def _clock_of(value: date) -> time:
    return value.time() if isinstance(value, datetime) else time(0)


def _of_date(tell: Callable[[date], object]) -> Callable[[Arguments], object]:
    return lambda arguments: tell(arguments[0]) if isinstance(arguments[0], date) else None


def _today(arguments: Arguments) -> object:
    """The day of the moment that was handed in."""
    return arguments[0].date() if isinstance(arguments[0], datetime) else None


MOMENTS: dict[str, Function] = {
    "date": function(_date, "from", "year, month, day"),
    "time": function(_time, "from", "hour, minute, second, offset?"),
    "date and time": function(
        _date_and_time, "from", "date, time", "date, timezone",
        "year, month, day, hour, minute, second, offset?", "year, month, day, hour, minute, second, timezone?",
    ),
    "duration": function(_duration, "from"),
    "years and months duration": function(_years_and_months, "from, to"),
    "day of week": function(_of_date(lambda value: _DAYS[value.weekday()]), "date"),
    "day of year": function(_of_date(lambda value: Decimal(value.timetuple().tm_yday)), "date"),
    "week of year": function(_of_date(lambda value: Decimal(value.isocalendar().week)), "date"),
    "month of year": function(_of_date(lambda value: _MONTHS[value.month - 1]), "date"),
}  # fmt: skip
NOW: dict[str, Function] = {
    "now": Function(lambda arguments: arguments[0] if isinstance(arguments[0], datetime) else None, 0, 0),
    "today": Function(_today, 0, 0),
}
"""Of the clock: they read the variable `now`, which whoever evaluates hands in."""
