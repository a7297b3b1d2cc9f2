"""What stands behind a dot on dates, times, durations and ranges: `.year`, `.weekday`, `.days`, `.start`."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tradewind.rules.decide.feel.duration import MICROS, Duration
from tradewind.rules.decide.feel.span import Span

_MICRO = timedelta(microseconds=1)
TWO_WORDS = frozenset({("time", "offset"), ("start", "included"), ("end", "included")})
"""Properties whose names are two words."""


def _second(value: datetime | time) -> Decimal:
    return Decimal(value.second) + Decimal(value.microsecond) / MICROS if value.microsecond else Decimal(value.second)


def offset_of(value: datetime | time) -> Duration | None:
    """How far ahead of UTC the clock of a value is; None for one without a zone."""
    offset = value.utcoffset()
    return None if offset is None else Duration(0, offset // _MICRO)


def _zone(value: datetime | time) -> str | None:
    return value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None


_DATE: dict[str, Callable[[date], object]] = {
    "year": lambda value: Decimal(value.year),
    "month": lambda value: Decimal(value.month),
    "day": lambda value: Decimal(value.day),
    "weekday": lambda value: Decimal(value.isoweekday()),
}
_CLOCK: dict[str, Callable[[datetime | time], object]] = {
    "hour": lambda value: Decimal(value.hour),
    "minute": lambda value: Decimal(value.minute),
    "second": _second,
    "time offset": offset_of,
    "timezone": _zone,
}
_SPAN: dict[str, Callable[[Span], object]] = {
    "start": lambda value: value.low,
    "end": lambda value: value.high,
    "start included": lambda value: value.low_included,
    "end included": lambda value: value.high_included,
}


def _duration_part(value: Duration, name: str) -> object:
    sign = -1 if value.months < 0 or value.micros < 0 else 1
    years, months = divmod(abs(value.months), 12)
    minutes, micros = divmod(abs(value.micros), 60 * MICROS)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    calendar: dict[str, object] = {"years": sign * years, "months": sign * months}
    clock: dict[str, object] = {"days": sign * days, "hours": sign * hours, "minutes": sign * minutes}
    clock["seconds"] = sign * Decimal(micros) / MICROS
    kind = value.kind
    parts = calendar if kind == "months" else clock if kind == "time" else {**calendar, **clock}
    found = parts.get(name)
    return Decimal(found) if isinstance(found, int) else found


def property_of(value: object, name: str) -> object:
    """A property; null where the value has none of this name."""
    if isinstance(value, Duration):
        return _duration_part(value, name)
    if isinstance(value, Span):
        span = _SPAN.get(name)
        return None if span is None else span(value)
    if isinstance(value, datetime | time) and name in _CLOCK:
        return _CLOCK[name](value)
    if isinstance(value, date) and name in _DATE:
        return _DATE[name](value)
    return None
