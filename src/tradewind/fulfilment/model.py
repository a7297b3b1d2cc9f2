"""Shipments as values."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from tradewind.kernel.value import value
from tradewind.semantics.model import Place


@value(frozen=True, slots=True)
class ShipmentLine:
    """What the warehouse is asked to ship of an order line. `claim_no` 0: a service that has no stock behind it."""

    line_no: int
    order_line_no: int
    claim_no: int
    qty: Decimal


@value(frozen=True, slots=True)
class NewShipment:
    """One handing-over to one site's warehouse for one delivery group."""

    id: UUID
    number: str
    order_id: UUID
    group_no: int
    account_id: UUID
    site_id: UUID | None
    ship_to: Place
    reason: str
    lines: tuple[ShipmentLine, ...]


ShipmentStatus = Literal["released", "shipped", "refused", "cancelled"]
OUTCOMES = ("shipped", "refused", "cancelled")

# Only the warehouse's answer ends a release, and it answers once.
SHIPMENT_MOVES: dict[ShipmentStatus, tuple[ShipmentStatus, ...]] = {
    "released": ("shipped", "refused", "cancelled"),
    "shipped": (),
    "refused": (),
    "cancelled": (),
}


@value(frozen=True, slots=True)
class ReleasedLine:
    """A shipment line with the item behind it. `claim_no` 0: a service that has no stock behind it."""

    line_no: int
    order_line_no: int
    claim_no: int
    product_id: UUID
    sku: str
    qty_released: Decimal
    qty_shipped: Decimal
    qty_short: Decimal


@value(frozen=True, slots=True)
class Shipment:
    """A shipment as it stands. `answer` is what the warehouse said, once it was booked."""

    id: UUID
    number: str
    order_id: UUID
    group_no: int
    account_id: UUID
    site_id: UUID | None
    site: str | None
    status: ShipmentStatus
    ship_to: dict[str, Any]
    released_at: datetime
    answered_at: datetime | None
    shipped_at: datetime | None
    tracking: str | None
    answer: dict[str, Any] | None
    lines: tuple[ReleasedLine, ...]


@value(frozen=True, slots=True)
class AnswerLine:
    """What the warehouse says about a line, in base units; one of the two may be left out."""

    line_no: int
    shipped: Decimal | None = None
    short: Decimal | None = None
    reason: str | None = None


@value(frozen=True, slots=True)
class Carton:
    """A carton as it was packed: its SSCC, and base units by shipment line."""

    sscc: str
    lines: tuple[tuple[int, Decimal], ...]

    def as_json(self) -> dict[str, Any]:
        return {"sscc": self.sscc, "lines": [{"line": line_no, "qty": _plain(qty)} for line_no, qty in self.lines]}


@value(frozen=True, slots=True)
class WarehouseAnswer:
    """What the warehouse says about a shipment. Lines that it does not name were shipped in full."""

    outcome: Literal["shipped", "refused", "cancelled"]
    lines: tuple[AnswerLine, ...] = ()
    reason: str | None = None
    tracking: str | None = None
    shipped_at: datetime | None = None
    cartons: tuple[Carton, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The message it travels as; two answers that say the same are the same text."""
        body: dict[str, Any] = {"outcome": self.outcome}
        if self.lines:
            body["lines"] = [
                {
                    name: value
                    for name, value in (
                        ("line", one.line_no),
                        ("shipped", _plain(one.shipped)),
                        ("short", _plain(one.short)),
                        ("reason", one.reason),
                    )
                    if value is not None
                }
                for one in sorted(self.lines, key=lambda one: one.line_no)
            ]
        members = (("reason", self.reason), ("tracking", self.tracking))
        body |= {name: value for name, value in members if value is not None}
        if self.shipped_at is not None:
            body["shipped_at"] = self.shipped_at.isoformat()
        if self.cartons:
            body["cartons"] = [one.as_json() for one in self.cartons]
        return body


@value(frozen=True, slots=True)
class LineBooking:
    """Where the released units of a shipment line go; `shipped` includes what was shipped beyond `qty_released`."""

    line: ReleasedLine
    shipped: Decimal
    short: Decimal
    reason: str | None

    @property
    def over(self) -> Decimal:
        return max(self.shipped - self.line.qty_released, Decimal(0))


@value(frozen=True, slots=True)
class Booking:
    """What an answer does to a shipment."""

    status: ShipmentStatus
    lines: tuple[LineBooking, ...]
    answer: WarehouseAnswer


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
