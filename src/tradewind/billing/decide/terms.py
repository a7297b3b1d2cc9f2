"""When what of an invoice falls due, and what paying early is worth: pure, on calendar days of the seller.

A due day is found in steps: the day the count starts from, plus days, plus months; the end of the month before or after
that, as the terms say; then the day of the month people pay on; then off the days nobody works.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal

from tradewind.billing import errors
from tradewind.billing.model import DueRule, Instalment, Terms
from tradewind.kernel.money import ZERO, percent_of, round_places, spread
from tradewind.kernel.problem import Problem

IsOpen = Callable[[date], bool]
LATEST_DISCOUNT = 365  # days
LATEST_SHIFT = 31  # days a due day moves off closed days at most; a calendar that is closed longer is not followed


def every_day(_: date) -> bool:
    """A calendar without closed days."""
    return True


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a month that is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_on(rule: DueRule, start: date, *, closed_days: str = "keep", is_open: IsOpen = every_day) -> date:
    """The day on which what counts from `start` falls due.

    `month_end` "first": the end of the month comes before the days and months are added; "last": after.
    """
    day = month_end(start) if rule.month_end == "first" else start
    day = add_months(day + timedelta(days=rule.net_days), rule.months)
    if rule.month_end == "last" or (rule.month_end == "first" and rule.months and not rule.net_days):
        day = month_end(day)
    if rule.pay_day is not None:
        day = _next_pay_day(day, rule.pay_day)
    return off_closed_days(day, closed_days, is_open)


def _next_pay_day(day: date, pay_day: int) -> date:
    """The first pay day on or after a day; in a month that is shorter it is its last day."""
    for months in (0, 1):
        first = add_months(day.replace(day=1), months)
        found = first.replace(day=min(pay_day, month_end(first).day))
        if found >= day:
            return found
    raise AssertionError("unreachable")


def off_closed_days(day: date, closed_days: str, is_open: IsOpen) -> date:
    """The day itself, or the next or previous one on which somebody works."""
    if closed_days == "keep":
        return day
    step = timedelta(days=1 if closed_days == "next" else -1)
    for distance in range(LATEST_SHIFT + 1):
        if is_open(day + distance * step):
            return day + distance * step
    return day


def counts_from(terms: Terms, issued: date, *, shipped: date | None = None, delivered: date | None = None) -> date:
    """The day the terms count from; seasonal dating moves it to the beginning of the season."""
    start = {"ship": shipped, "delivery": delivered}.get(terms.starts_from) or issued
    return max(start, terms.not_before) if terms.not_before is not None else start


def end_of(day: date, zone: tzinfo) -> datetime:
    """The last second of a day where the seller is: what is due that day is late after it."""
    return datetime.combine(day, time(23, 59, 59), zone)


def schedule(
    terms: Terms, total: Decimal, start: date, *, digits: int, zone: tzinfo, is_open: IsOpen = every_day
) -> tuple[Instalment, ...]:
    """The parts of an invoice with their due dates, in order; they sum to `total` exactly.

    One part unless the terms have several. The discount is of the whole invoice, rounded once; a total that is not above
    zero earns none. Terms have parts or a discount, never both.
    """
    if terms.parts:
        amounts = spread(total, [part.percent for part in terms.parts], digits)
        days = [due_on(part.rule, start, closed_days=terms.closed_days, is_open=is_open) for part in terms.parts]
        parts = sorted(zip(days, amounts, strict=True), key=lambda one: one[0])
        return tuple(Instalment(number, end_of(day, zone), amount) for number, (day, amount) in enumerate(parts, 1))
    due = end_of(due_on(terms.rule, start, closed_days=terms.closed_days, is_open=is_open), zone)
    discount = round_places(percent_of(total, terms.discount_percent), digits) if total > 0 else ZERO
    if not discount:
        return (Instalment(1, due, total),)
    last = off_closed_days(start + timedelta(days=terms.discount_days), terms.closed_days, is_open)
    return (Instalment(1, due, total, end_of(last + timedelta(days=terms.grace_days), zone), discount),)


def check_terms(terms: Terms) -> Problem | None:
    """What is wrong with terms: parts that are not the whole, or a discount on parts."""
    shares = sum((part.percent for part in terms.parts), ZERO)
    if terms.parts and shares != 100:
        return errors.parts_not_whole(f"{shares:f}", "/parts")
    if terms.parts and terms.discount_percent:
        return errors.parts_and_discount("/discount_percent")
    if terms.discount_percent and terms.discount_days + terms.grace_days > LATEST_DISCOUNT:
        return errors.discount_too_late("/discount_days")
    return None
