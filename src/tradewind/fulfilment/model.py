"""Shipments as values."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tradewind.semantics.model import Place


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """What the warehouse is asked to ship of an order line. `claim_no` 0: a service that has no stock behind it."""

    line_no: int
    order_line_no: int
    claim_no: int
    qty: Decimal


@dataclass(frozen=True, slots=True)
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
