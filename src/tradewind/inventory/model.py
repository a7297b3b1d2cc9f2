"""Stock as values."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from tradewind.kernel.value import value

ZERO = Decimal(0)

ClaimState = Literal["promised", "reserved", "allocated", "released", "shipped", "ended"]
OPEN_STATES: tuple[ClaimState, ...] = ("promised", "reserved", "allocated", "released")

# How a claim may go on. A released claim ends only by the warehouse's answer.
CLAIM_MOVES: dict[ClaimState, tuple[ClaimState, ...]] = {
    "promised": ("ended",),
    "reserved": ("allocated", "ended"),
    "allocated": ("released", "reserved", "ended"),
    "released": ("shipped", "allocated", "ended"),
    "shipped": (),
    "ended": (),
}


@value(frozen=True, slots=True)
class StockRow:
    """The counters of one product at one site, in base units; `observed_as_of`: the time of the last count, where it was read."""

    product_id: UUID
    site_id: UUID
    on_hand: Decimal
    reserved: Decimal
    allocated: Decimal
    shortage: Decimal
    safety: Decimal
    earmarked: Decimal = ZERO
    observed_as_of: datetime | None = None

    def was_counted(self, at: datetime | None) -> bool:
        """What moved then was there, or gone, when the stock was counted last; what nobody gave a time for moves now, after it."""
        return at is not None and self.observed_as_of is not None and at <= self.observed_as_of

    @property
    def available(self) -> Decimal:
        """What may still be taken: on hand less safety stock, less what is reserved, allocated or kept for orders that wait
        for it; never below zero."""
        free = max(self.on_hand - self.safety, ZERO) - self.reserved - self.allocated - self.earmarked
        return max(free, ZERO)

    @property
    def for_backorders(self) -> Decimal:
        """What orders that wait may take: the earmarked part, too."""
        return max(max(self.on_hand - self.safety, ZERO) - self.reserved - self.allocated, ZERO)


@value(frozen=True, slots=True)
class Claim:
    """What a line holds of one site's stock, or of goods on their way."""

    order_id: UUID
    line_no: int
    claim_no: int
    account_id: UUID
    product_id: UUID
    site_id: UUID
    qty: Decimal
    state: ClaimState
    supply_id: UUID | None = None
    expires_at: datetime | None = None


@value(frozen=True, slots=True)
class Delta:
    """What a transaction adds to the counters of one stock row."""

    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    allocated: Decimal = ZERO

    def plus(self, other: "Delta") -> "Delta":
        return Delta(self.on_hand + other.on_hand, self.reserved + other.reserved, self.allocated + other.allocated)


@value(frozen=True, slots=True)
class Move:
    """A physical movement; `qty` is signed, ship is negative. `as_of` is when it happened."""

    product_id: UUID
    site_id: UUID
    kind: Literal["opening", "receipt", "adjustment", "ship", "return", "scrap", "transfer"]
    qty: Decimal
    as_of: datetime
    reference_type: str
    reference_id: UUID | None
    reason: str | None = None

    def taken_out(self, observed_as_of: datetime | None) -> "Move":
        """The opposite of a move that came late to the books: the count has it, and on hand stays what was counted."""
        until = "" if observed_as_of is None else f" of {observed_as_of.isoformat()}"
        reason = f"{self.kind} was in the count{until}"
        return replace(self, kind="adjustment", qty=-self.qty, reason=reason)


@value(frozen=True, slots=True)
class Inbound:
    """Goods on their way that are not promised yet. Below zero: that many promised units have come in and wait for the
    backorder crank."""

    supply_id: UUID
    product_id: UUID
    site_id: UUID
    free: Decimal
    expected_at: datetime


@value(frozen=True, slots=True)
class Observation:
    """Somebody counted, or another system reported, `qty` of a product at a site as of a time."""

    product_id: UUID
    site_id: UUID
    qty: Decimal
    as_of: datetime
    source: str


SupplyStatus = Literal["open", "received", "cancelled"]


@value(frozen=True, slots=True)
class Supply:
    """An inbound purchase order line as it is stored."""

    id: UUID
    reference: str
    product_id: UUID
    site_id: UUID
    qty: Decimal
    received: Decimal
    promised: Decimal
    expected_at: datetime
    status: SupplyStatus
