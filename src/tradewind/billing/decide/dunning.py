"""Dunning decided: which instalments are asked for again, at which level, with which fee and interest, and when next.

Pure, on calendar days. Interest is exact: the days a balance was owed times the balance times the rate, rounded once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from tradewind.billing import errors
from tradewind.billing.decide.terms import IsOpen, every_day
from tradewind.billing.model import DunningPolicy, Overdue, Span
from tradewind.kernel.money import WIDE, ZERO, minor_digits, round_places
from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value

_DAY = timedelta(days=1)
LOOK_AHEAD = 366  # days in which a calendar has to be open once
MOST_LEVELS = 9

Paused = Callable[[Overdue], tuple[bool, date | None]]
"""Whether dunning rests for an instalment, and the last day of it where one is known."""


@value(frozen=True, slots=True)
class Charge:
    """Interest on an instalment: the spans it was counted over, and what it comes to."""

    item: Overdue
    spans: tuple[Span, ...]
    amount: Decimal


@value(frozen=True, slots=True)
class NoticeLine:
    """An instalment in a notice: its new level, and what is claimed on top."""

    item: Overdue
    level: int
    fee: Decimal


@value(frozen=True, slots=True)
class Dunned:
    """What follows for a set of instalments. `next_day` None: nothing of them is owed any more."""

    lines: tuple[NoticeLine, ...]
    fee: Decimal
    charges: tuple[Charge, ...]
    next_day: date | None

    @property
    def level(self) -> int:
        return max((line.level for line in self.lines), default=0)


def check_policy(policy: DunningPolicy) -> Problem | None:
    """Why a policy cannot be: levels count from 1, each later than the one before; days of a year are 360 or 365."""
    numbers = [one.level for one in policy.levels]
    if numbers != list(range(1, len(numbers) + 1)) or not 1 <= len(numbers) <= MOST_LEVELS:
        return errors.bad_levels(f"Levels are numbered from 1 to at most {MOST_LEVELS}.", "/levels")
    days = [one.after_days for one in policy.levels]
    if days[0] < 1 or any(late <= early for early, late in pairwise(days)):
        return errors.bad_levels(
            "Each level comes later than the one before it, the first a day after the due day.", "/levels"
        )
    digits = minor_digits(policy.currency)
    for index, one in enumerate(policy.levels):
        if one.fee != round_places(one.fee, digits):
            return errors.too_fine(f"{one.fee:f}", f"/levels/{index}/fee")
    return None


def policy_for(
    policies: Iterable[DunningPolicy], *, ancestors: Sequence[UUID], segment: str | None, currency: str
) -> DunningPolicy | None:
    """The policy of an account's debts in a currency: its own, that of the nearest account above, its segment's, everybody's."""
    ranks: dict[tuple[int, str], DunningPolicy] = {}
    for policy in policies:
        if policy.currency != currency or policy.ended:
            continue
        if policy.account_id is not None:
            if policy.account_id in ancestors:
                ranks[ancestors.index(policy.account_id), policy.code] = policy
        elif policy.segment is None:
            ranks[len(ancestors) + 1, policy.code] = policy
        elif policy.segment == segment:
            ranks[len(ancestors), policy.code] = policy
    return ranks[min(ranks)] if ranks else None


def balance(item: Overdue, day: date) -> Decimal:
    """What is owed of an instalment at the end of a day."""
    settled = sum((amount for on, amount in item.settled if on <= day), ZERO) - item.before
    return item.amount - min(max(settled, ZERO), item.amount)


def interest_spans(item: Overdue, until: date) -> tuple[Span, ...]:
    """The days for which no interest was claimed yet, up to `until`, split where the balance changed; nothing owed, no span."""
    start = item.charged_to or item.due_day
    if start >= until:
        return ()
    steps = sorted({start, until, *(on for on, _ in item.settled if start < on < until)})
    spans = [Span(begin, end, balance(item, begin)) for begin, end in pairwise(steps)]
    return tuple(span for span in spans if span.base > 0)


def interest_on(spans: Iterable[Span], policy: DunningPolicy) -> Decimal:
    """What the spans come to: sum of balance × days × rate, rounded once to the currency's minor unit."""
    owed = sum((span.base * span.days for span in spans), ZERO)
    exact = WIDE.divide(WIDE.multiply(owed, policy.interest_percent), Decimal(100 * policy.year_days))
    return round_places(exact, minor_digits(policy.currency))


def next_open(day: date, is_open: IsOpen) -> date:
    """The first day from `day` on on which notices go out; the day itself where the calendar is never open."""
    return next((one for one in (day + _DAY * step for step in range(LOOK_AHEAD)) if is_open(one)), day)


def may_go(item: Overdue, policy: DunningPolicy) -> date | None:
    """From which day on the next notice of an instalment may go out; None after the last level."""
    if item.level >= len(policy.levels):
        return None
    day = item.due_day + timedelta(days=policy.levels[item.level].after_days)
    return day if item.noticed_day is None else max(day, item.noticed_day + timedelta(days=policy.gap_days))


def dun(
    policy: DunningPolicy, items: Sequence[Overdue], day: date, *, paused: Paused, is_open: IsOpen = every_day
) -> Dunned:
    """What goes out on a day for the instalments of one debtor in one currency, and the day to look again.

    Of what was asked for and then paid late, the rest of its interest is claimed without a notice.
    """
    owed = [item for item in items if item.open > 0]
    again: list[date] = []
    due: list[Overdue] = []
    rest = day + max(_DAY, timedelta(days=policy.gap_days))
    for item in owed:
        rests, until = paused(item)
        from_day = may_go(item, policy)
        if rests:
            again.append(rest if until is None else until + _DAY)
        elif from_day is None:
            again.append(rest)
        elif from_day > day or not is_open(day):
            again.append(max(from_day, day + _DAY))
        else:
            due.append(item)
    if sum((item.open for item in due), ZERO) < policy.min_amount:
        again += [rest for _ in due]
        due = []
    lines, fee = _lines(policy, due)
    again += [_after(line, policy, day, rest) for line in lines]
    late = [item for item in items if item.open <= 0 and item.level]
    charges = [
        Charge(one, spans, interest_on(spans, policy)) for one in (*due, *late) if (spans := interest_spans(one, day))
    ]
    return Dunned(
        tuple(lines),
        fee,
        tuple(charge for charge in charges if charge.amount > 0),
        next_open(min(again), is_open) if again else None,
    )


def _lines(policy: DunningPolicy, due: Sequence[Overdue]) -> tuple[list[NoticeLine], Decimal]:
    each = policy.fee_per == "instalment"
    lines = [NoticeLine(one, one.level + 1, policy.levels[one.level].fee if each else ZERO) for one in due]
    if each or not lines:
        return lines, sum((line.fee for line in lines), ZERO)
    return lines, policy.levels[max(line.level for line in lines) - 1].fee


def _after(line: NoticeLine, policy: DunningPolicy, day: date, rest: date) -> date:
    if line.level >= len(policy.levels):
        return rest
    due = line.item.due_day + timedelta(days=policy.levels[line.level].after_days)
    return max(due, day + max(_DAY, timedelta(days=policy.gap_days)))


def grouped(items: Iterable[Overdue]) -> Mapping[tuple[UUID, str], list[Overdue]]:
    """Instalments by who is owed and in which currency: each goes into a letter of its own."""
    found: dict[tuple[UUID, str], list[Overdue]] = {}
    for item in items:
        found.setdefault((item.legal_entity_id, item.currency), []).append(item)
    return found
