"""What answers are made of, as they stand in the house: an order with its lines, a shipment, an invoice."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LineStanding:
    """A line as it stands, in its own unit. `price` is per that unit; None while it has none. `replaces`: the item that was
    ordered, where `sku` is sent instead of it, counted in another unit than theirs where `other_unit`."""

    line_no: int
    sku: str
    uom: str
    qty: Decimal
    cancelled: Decimal
    backordered: Decimal
    price: Decimal | None
    requested_on: date | None
    promised_on: date | None
    held: tuple[str, ...] = ()
    description: str = ""
    replaces: str = ""
    other_unit: bool = False

    @property
    def live(self) -> Decimal:
        """What is not cancelled."""
        return self.qty - self.cancelled


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """An order as it stands. `confirmed`: the house has said yes to it once."""

    id: UUID
    number: str
    buyer_po: str
    release: str
    currency: str
    status: str
    version: int
    confirmed: bool
    account_id: UUID
    lines: tuple[LineStanding, ...]
    ship_to: dict[str, Any]
    held: tuple[str, ...] = ()

    def line(self, line_no: int) -> LineStanding | None:
        return next((one for one in self.lines if one.line_no == line_no), None)
