"""Standing orders as values: the rule of their days, what is ordered, and what became of each period."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

from tradewind.kernel.value import value

Frequency = Literal["daily", "weekly", "monthly"]
Shift = Literal["none", "before", "after", "skip"]
Pricing = Literal["dynamic", "fixed"]
CatchUp = Literal["each", "latest", "none"]

TRIES = 5
"""How often a period that could not be ordered is tried in all."""
FIRST_WAIT_MINUTES = 5
"""Until the second try; every further wait is four times as long."""
LARGEST_CATCH_UP = 366
"""Periods of one standing order that one turn works off; what is more waits for the next turn."""


class Status(StrEnum):
    """Whether it goes on."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@value(frozen=True, slots=True)
class Rule:
    """The days of a standing order, counted from the day it starts on: every `interval` days, weeks or months.

    `weekdays` (0 is Monday) of a week; of a month `month_days` (31, or -1 for the last) and `nth` (2, 0) for the second Monday,
    (-1, 4) for the last Friday. Where a month is too short for its day it is the month's last (`short_months`), or left out.
    `count`: after so many periods it is over; `until`: the last day it may fall on.
    """

    frequency: Frequency
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    nth: tuple[tuple[int, int], ...] = ()
    count: int | None = None
    until: date | None = None
    short_months: Literal["last", "skip"] = "last"


@value(frozen=True, slots=True)
class StandingLine:
    """What is ordered every time; a fixed price is for `basis` of the ordered unit."""

    item: str
    qty: Decimal
    uom: str | None = None
    unit_price: Decimal | None = None
    basis: Decimal = Decimal(1)


@value(frozen=True, slots=True)
class Standing:
    """A standing order. `next_day` and `due_at`: the period it comes to next, and when that is ordered."""

    id: UUID
    number: str
    account_id: UUID
    name: str
    status: str
    zone: str
    rule: Rule
    starts_on: date
    place_at: str
    lead_days: int
    shift: Shift
    calendar: str | None
    pricing: Pricing
    catch_up: CatchUp
    ship_to: str | None
    lines: tuple[StandingLine, ...]
    note: str | None
    buyer_po: str | None
    owner_id: UUID
    version: int = 1
    periods_done: int = 0
    next_day: date | None = None
    due_at: datetime | None = None
    skip_next: int = 0
    next_lines: tuple[StandingLine, ...] | None = None
    created_at: datetime | None = None
    end_reason: str | None = None


@value(frozen=True, slots=True)
class Planned:
    """A period that is to come. `wanted_on` is its day after the holiday shift; None where it is left out for `closed`."""

    period_no: int
    day: date
    wanted_on: date | None
    due_at: datetime
    closed: bool = False


@value(frozen=True, slots=True)
class Period:
    """What became of a period."""

    recurring_id: UUID
    account_id: UUID
    day: date
    period_no: int
    wanted_on: date
    due_at: datetime
    status: str
    code: str | None = None
    reason: str | None = None
    order_id: UUID | None = None
    tries: int = 0
    try_at: datetime | None = None
    lines: tuple[StandingLine, ...] | None = None
    settled_at: datetime | None = None
