"""ISO 8601 durations as an exact value: whole months, or whole microseconds, never both (FEEL has two kinds)."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

MICROS = 1_000_000
_DAY = 86_400 * MICROS
_LARGEST = 10_000 * 366 * _DAY
"""No span is longer than the calendar."""
_PATTERN = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?P<time>T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Duration:
    """`months` of the calendar or `micros` (microseconds) of exact time; the other one is 0."""

    months: int = 0
    micros: int = 0

    @property
    def kind(self) -> str:
        """`months`, `time`, or `none` for the empty span, which compares with either."""
        return "months" if self.months else "time" if self.micros else "none"

    def __neg__(self) -> "Duration":
        return Duration(-self.months, -self.micros)

    def added_to(self, moment: datetime) -> datetime | None:
        """The instant that much later; the 31st plus a month is that month's last day. None outside years 1 to 9999."""
        try:
            if self.months:
                year, month = divmod(moment.year * 12 + moment.month - 1 + self.months, 12)
                moment = moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
            return moment + timedelta(microseconds=self.micros)
        except (ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        """The ISO text: P1Y2M, P3DT4H5.5S."""
        if self.months:
            years, months = divmod(abs(self.months), 12)
            return f"{'-' * (self.months < 0)}P{f'{years}Y' * bool(years)}{f'{months}M' * bool(months)}"
        days, rest = divmod(abs(self.micros), _DAY)
        hours, rest = divmod(rest, 3600 * MICROS)
        minutes, rest = divmod(rest, 60 * MICROS)
        seconds = f"{(Decimal(rest) / MICROS).normalize():f}S" * bool(rest)
        time = f"{f'{hours}H' * bool(hours)}{f'{minutes}M' * bool(minutes)}{seconds}"
        text = f"{f'{days}D' * bool(days)}{'T' * bool(time)}{time}"
        return f"{'-' * (self.micros < 0)}P{text or 'T0S'}"


def read_duration(text: str) -> Duration | None:
    """`PT2H`, `P3D`, `P1M`, `P2W`, `-P1Y6M`; None where it is none, mixes months with days, or is too long."""
    found = _PATTERN.fullmatch(text) if len(text) <= 64 else None
    if found is None or text.endswith(("P", "T")):
        return None
    part = {name: value for name, value in found.groupdict().items() if value is not None}
    months = int(part.get("years", 0)) * 12 + int(part.get("months", 0))
    micros = (int(part.get("weeks", 0)) * 7 + int(part.get("days", 0))) * _DAY
    micros += (int(part.get("hours", 0)) * 60 + int(part.get("minutes", 0))) * 60 * MICROS
    micros += int(Decimal(part.get("seconds", 0)) * MICROS)
    if (months and micros) or months > 120_000 or micros > _LARGEST:
        return None
    span = Duration(months, micros)
    return -span if part["sign"] else span
