"""Cells that hold dates and times: ISO 8601, or what the sender declared; UTC inside."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tradewind.semantics.decide.rows.cells import CellRefused, Converter, Memo, shown
from tradewind.semantics.decide.rows.model import Declared


def moment_converter(*, last_day: bool, needs_time: bool, declared: Declared) -> Converter:
    """A point in time, in UTC. A bare date is the start of that day in the file's zone (UTC where none is declared).

    `last_day`: a bare date is the last day included, so the moment is the start of the next.
    `needs_time`: no bare dates.
    """
    zone = ZoneInfo(declared.time_zone) if declared.time_zone else None

    def convert(text: str) -> datetime:
        day = _day(text, declared.date_order)
        if day is not None:
            if needs_time:
                raise CellRefused(
                    "import.time_wanted", f"{shown(text)} has no time of the day; write {day}T17:00:00Z or the like"
                )
            if last_day:
                day += timedelta(days=1)
            return datetime.combine(day, time(), zone or UTC).astimezone(UTC)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _not_a_date(text, declared.date_order) from None
        if moment.tzinfo is None:
            moment = _in_zone(moment, zone, text)
        return moment.astimezone(UTC)

    def guarded(text: str) -> datetime:
        try:
            return convert(text)
        except OverflowError:
            raise CellRefused("import.not_a_date", f"{shown(text)} is beyond the calendar") from None

    return Memo(guarded).__getitem__


_ISO_DAY = re.compile(r"([12][0-9]{3})-([0-9]{2})-([0-9]{2})", re.ASCII).fullmatch
_OTHER_DAY = re.compile(r"([0-9]{1,4})([./-])([0-9]{1,2})\2([0-9]{1,4})", re.ASCII).fullmatch
_ORDERS = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}


def _day(text: str, order: str | None) -> date | None:
    """A bare date, None where the text is none in ISO 8601 or in the declared order."""
    iso = _ISO_DAY(text)
    if iso is not None:
        try:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        except ValueError:
            raise CellRefused("import.not_a_date", f"there is no day {text}") from None
    other = _OTHER_DAY(text) if order is not None else None
    return None if other is None or order is None else _reading(other, order)


def _reading(match: re.Match[str], order: str) -> date | None:
    parts = (match[1], match[3], match[4])
    year, month, day = (parts[at] for at in _ORDERS[order])
    if len(year) != 4 or len(month) > 2 or len(day) > 2:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _not_a_date(text: str, order: str | None) -> CellRefused:
    match = _OTHER_DAY(text)
    readings = (
        []
        if match is None or order is not None
        else sorted({str(day) for name in _ORDERS if (day := _reading(match, name))})
    )
    if readings:
        return CellRefused(
            "import.ambiguous_date" if len(readings) > 1 else "import.not_a_date",
            f"{shown(text)} can be {' or '.join(readings)}; write it so, or declare the order of day and month",
            readings=readings,
        )
    if re.fullmatch(r"[3-6][0-9]{4}", text, re.ASCII):
        day = date(1899, 12, 30) + timedelta(days=int(text))
        return CellRefused(
            "import.not_a_date",
            f"{shown(text)} looks like a spreadsheet's day number; write {day}",
            readings=[str(day)],
        )
    return CellRefused(
        "import.not_a_date", f"{shown(text)} is no date like 2026-01-31 or time like 2026-01-31T17:00:00Z"
    )


def _in_zone(moment: datetime, zone: ZoneInfo | None, text: str) -> datetime:
    """A wall-clock time where the file's zone is declared; an hour that is skipped or runs twice is refused."""
    if zone is None:
        raise CellRefused(
            "import.no_time_zone", f"{shown(text)} does not say in which zone; write {text}Z, or declare the zone"
        )
    early, late = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early
    what = "runs twice" if late.astimezone(UTC) > early.astimezone(UTC) else "does not exist"
    raise CellRefused(
        "import.clock_change",
        f"{shown(text)} {what} in {zone.key} (the clocks change); write it with its offset",
        readings=[early.isoformat(), late.isoformat()],
    )


def zone_of(text: str) -> str:
    """An IANA time zone."""
    try:
        return ZoneInfo(text).key
    except Exception:  # noqa: BLE001 - the library raises a wild mix for odd keys
        raise CellRefused(
            "import.unknown_time_zone", f"{shown(text)} is no time zone name like Europe/Berlin"
        ) from None


def clock_time_of(text: str) -> str:
    """A time of the day as `HH:MM`."""
    match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00)?", text, re.ASCII)
    if match is None:
        raise CellRefused("import.not_a_time", f"{shown(text)} is no time of the day like 14:30")
    return f"{int(match[1]):02d}:{match[2]}"
