"""Vendors, their offers and supplier orders as values. Quantities are base units of the product, costs a base unit."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from tradewind.kernel.value import value

ZERO = Decimal(0)

UseWhen = Literal["short", "always"]
Outcome = Literal["acknowledged", "shipped", "refused", "cancelled", "cancel_refused"]
OUTCOMES: tuple[Outcome, ...] = ("acknowledged", "shipped", "refused", "cancelled", "cancel_refused")

# Which counter of a line an answer adds to; the others move no unit.
COUNTED: dict[str, str] = {"shipped": "shipped", "refused": "refused", "cancelled": "cancelled"}


@value(frozen=True, slots=True)
class Vendor:
    """Who ships for us. Without a delivery address what is sent to it waits, parked."""

    id: UUID
    code: str
    name: str
    delivery_url: str | None
    active: bool = True

    @property
    def destination(self) -> str:
        return self.delivery_url or f"vendor:{self.code}"


@value(frozen=True, slots=True)
class Offer:
    """A product that a vendor ships for us. `use_when`: only where own stock is short, or always."""

    vendor: Vendor
    product_id: UUID
    scope_key: str
    vendor_sku: str
    cost: Decimal
    currency: str
    lead_days: int
    pack: Decimal
    use_when: UseWhen
    rank: int


@value(frozen=True, slots=True)
class SupplierLine:
    """Units of an order line that a vendor was asked for, and what it said of them so far."""

    line_no: int
    order_id: UUID
    order_line_no: int
    vendor_sku: str
    qty: Decimal
    cost: Decimal
    shipped: Decimal = ZERO
    refused: Decimal = ZERO
    cancelled: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What the vendor has not answered."""
        return self.qty - self.shipped - self.refused - self.cancelled


@value(frozen=True, slots=True)
class SupplierOrder:
    """What a vendor was asked to ship. `shipment_id`: the shipment of what it has not answered."""

    id: UUID
    number: str
    vendor_id: UUID
    order_id: UUID
    account_id: UUID
    shipment_id: UUID
    currency: str
    status: Literal["open", "closed"]
    sent_at: datetime
    expected_at: datetime
    lines: tuple[SupplierLine, ...] = ()
    acknowledged_at: datetime | None = None


@value(frozen=True, slots=True)
class VendorAnswer:
    """What a vendor says under its own reference; `lines` are (line, base units), none is all that is left."""

    reference: str
    outcome: Outcome
    lines: tuple[tuple[int, Decimal], ...] = ()
    reason: str | None = None
    tracking: str | None = None
    shipped_at: datetime | None = None
    expected_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is kept; two answers that say the same are the same."""
        said: dict[str, Any] = {"outcome": self.outcome}
        if self.lines:
            said["lines"] = [{"line": no, "qty": f"{qty.normalize():f}"} for no, qty in sorted(self.lines)]
        for name, word in (("reason", self.reason), ("tracking", self.tracking)):
            said |= {} if word is None else {name: word}
        for name, at in (("shipped_at", self.shipped_at), ("expected_at", self.expected_at)):
            said |= {} if at is None else {name: at.isoformat()}
        return said
