"""Blanket orders as values: terms, lines with what may be and was called off, and what an order line asks of them."""

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from tradewind.kernel.value import value

ZERO = Decimal(0)
Mode = Literal["capped", "open"]
Consumption = Literal["named", "automatic"]
Overflow = Literal["standard", "hold"]
Decision = Literal["cancel", "shortfall"]
Factor = tuple[int, int]

NEARLY_USED = Decimal("0.8")
"""The share of a commitment from which its buyer and we are told."""
END_NOTICE_DAYS = 30
"""Days before the end from which its buyer and we are told."""


@value(frozen=True, slots=True)
class PriceStep:
    """A unit price and since when it holds."""

    since: datetime
    price: Decimal


@value(frozen=True, slots=True)
class BlanketLine:
    """Goods of a blanket order. Quantities are in base units, prices for `price_basis` of `uom`.

    `qty_limit` and `value_limit` are the commitments with the tolerance on top; None only where the mode is open: a limit of 0 is
    a limit. `called_off` and `called_value` are what live order lines took of it.
    """

    id: UUID
    blanket_id: UUID
    line_no: int
    account_id: UUID
    product_id: UUID
    uom: str
    prices: tuple[PriceStep, ...]
    price_basis: Decimal
    committed_qty: Decimal | None
    qty_limit: Decimal | None
    committed_value: Decimal | None
    value_limit: Decimal | None
    min_release: Decimal | None = None
    max_release: Decimal | None = None
    called_off: Decimal = ZERO
    called_value: Decimal = ZERO

    @property
    def quantity_mode(self) -> Mode:
        return "open" if self.qty_limit is None else "capped"

    @property
    def value_mode(self) -> Mode:
        return "open" if self.value_limit is None else "capped"


@value(frozen=True, slots=True)
class Blanket:
    """A blanket order without its lines. `ship_tos`: the places it may go to, none named is all; `valid_to` is the first
    instant at which nothing more may be called off."""

    id: UUID
    number: str
    account_id: UUID
    buyer_po: str | None
    name: str
    currency: str
    status: str
    valid_from: datetime
    valid_to: datetime
    priority_at: datetime
    consumption: Consumption
    overflow: Overflow
    ship_tos: tuple[str, ...]
    tolerance_percent: Decimal
    note: str | None
    version: int
    created_at: datetime
    expired_at: datetime | None = None
    decision: Decision | None = None
    reason: str | None = None
    closed_at: datetime | None = None
    shortfall_order_id: UUID | None = None

    def open_at(self, at: datetime) -> bool:
        """Whether goods may be called off at an instant."""
        return self.status == "open" and self.valid_from <= at < self.valid_to


@value(frozen=True, slots=True)
class Calling:
    """An order line that takes goods from a blanket order. `qty` (base units) and `value` are what is counted of it already;
    `since` is its place in the queue for goods."""

    line: BlanketLine
    number: str
    overflow: Overflow = "hold"
    automatic: bool = False
    qty: Decimal = ZERO
    value: Decimal = ZERO
    stored: bool = False
    since: datetime | None = None


@value(frozen=True, slots=True)
class Count:
    """What is added to a line's counters, or taken back."""

    qty: Decimal = ZERO
    value: Decimal = ZERO

    def plus(self, other: "Count") -> "Count":
        return Count(self.qty + other.qty, self.value + other.value)
