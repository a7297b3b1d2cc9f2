"""Rules are written as RFC 5545 writes recurrence rules, as far as orders need them; the rest is refused by name."""

import re
from datetime import date
from typing import Literal

from tradewind.kernel.problem import Problem
from tradewind.recurring.errors import bad_rule
from tradewind.recurring.model import Frequency, Rule

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LARGEST_INTERVAL, LARGEST_COUNT = 1_000, 100_000
_PARTS = ("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST")
_FREQUENCIES: dict[str, tuple[Frequency, int]] = {
    "DAILY": ("daily", 1),
    "WEEKLY": ("weekly", 1),
    "MONTHLY": ("monthly", 1),
    "YEARLY": ("monthly", 12),
}
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")


def read_rule(text: str, *, starts_on: date, short_months: Literal["last", "skip"] = "last") -> Rule | Problem:
    """A rule from its text; days that it does not name are those of the day it starts on."""
    parts: dict[str, str] = {}
    for piece in text.upper().removeprefix("RRULE:").split(";"):
        name, sign, said = piece.strip().partition("=")
        if not sign or not said or name in parts:
            return bad_rule(f"{piece or 'Nothing'} is not NAME=VALUE, or comes twice.")
        if name not in _PARTS:
            return bad_rule(f"{name} is not supported; a rule has {', '.join(_PARTS)}.")
        parts[name] = said
    if parts.get("FREQ") not in _FREQUENCIES:
        return bad_rule(f"FREQ is one of {', '.join(_FREQUENCIES)}.")
    if parts.get("WKST", "MO") != "MO":
        return bad_rule("Weeks begin on Monday.")
    if "COUNT" in parts and "UNTIL" in parts:
        return bad_rule("A rule has a COUNT or an UNTIL, not both.")
    frequency, times = _FREQUENCIES[parts["FREQ"]]
    interval = _number(parts.get("INTERVAL", "1"), LARGEST_INTERVAL)
    count = _number(parts["COUNT"], LARGEST_COUNT) if "COUNT" in parts else None
    if interval is None or ("COUNT" in parts and count is None):
        return bad_rule(f"INTERVAL is 1 to {LARGEST_INTERVAL}, COUNT 1 to {LARGEST_COUNT}.")
    until = _until(parts["UNTIL"]) if "UNTIL" in parts else None
    if "UNTIL" in parts and until is None:
        return bad_rule("UNTIL is a day as YYYYMMDD.")
    days = _days(parts, frequency)
    if isinstance(days, Problem):
        return days
    weekdays, nth, month_days = days
    if parts["FREQ"] == "YEARLY" and (nth or month_days):
        return bad_rule("A yearly rule falls on the day and month it starts on.")
    if frequency == "weekly" and not weekdays:
        weekdays = (starts_on.weekday(),)
    if frequency == "monthly" and not nth and not month_days:
        month_days = (starts_on.day,)
    return Rule(frequency, interval * times, weekdays, month_days, nth, count, until, short_months)


def _number(text: str, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= most else None


def _until(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:8]) if re.fullmatch(r"\d{8}(T\d{6}Z?)?", text) else None
    except ValueError:
        return None


Days = tuple[tuple[int, ...], tuple[tuple[int, int], ...], tuple[int, ...]]


def _days(parts: dict[str, str], frequency: Frequency) -> Days | Problem:
    """Weekdays, numbered weekdays and days of the month."""
    weekdays: set[int] = set()
    nth: set[tuple[int, int]] = set()
    for said in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        found = _DAY.fullmatch(said.strip())
        if found is None:
            return bad_rule(f"{said} is no day; MO, or 2MO for the second, -1FR for the last of a month.")
        number, day = found[1], DAYS.index(found[2])
        if number is None:
            weekdays.add(day)
        elif frequency != "monthly" or int(number) == 0:
            return bad_rule(f"{said} counts within a month.")
        else:
            nth.add((int(number), day))
    month_days: set[int] = set()
    for said in parts["BYMONTHDAY"].split(",") if "BYMONTHDAY" in parts else ():
        if not re.fullmatch(r"-?\d{1,2}", said.strip()) or not 1 <= abs(int(said)) <= 31:
            return bad_rule(f"{said} is no day of a month; 1 to 31, or -1 for the last.")
        month_days.add(int(said))
    if weekdays and frequency == "monthly":
        return bad_rule("In a month a weekday is numbered: 1MO, -1FR.")
    if month_days and frequency != "monthly":
        return bad_rule("BYMONTHDAY belongs to a monthly rule.")
    if weekdays and frequency == "daily":
        return bad_rule("BYDAY belongs to a weekly or monthly rule.")
    return tuple(sorted(weekdays)), tuple(sorted(nth)), tuple(sorted(month_days))


def rule_text(rule: Rule) -> str:
    """The rule as text again."""
    parts = [f"FREQ={rule.frequency.upper()}"]
    if rule.interval != 1:
        parts.append(f"INTERVAL={rule.interval}")
    days = [DAYS[day] for day in rule.weekdays] + [f"{number}{DAYS[day]}" for number, day in rule.nth]
    if days:
        parts.append(f"BYDAY={','.join(days)}")
    if rule.month_days:
        parts.append(f"BYMONTHDAY={','.join(map(str, rule.month_days))}")
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    if rule.until is not None:
        parts.append(f"UNTIL={rule.until:%Y%m%d}")
    return ";".join(parts)
