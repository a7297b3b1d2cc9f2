"""Products as values."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

Factor = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Product:
    """A thing we sell. `units` gives base units in one unit as (numerator, denominator), the base unit included."""

    id: UUID
    sku: str
    name: str
    base_uom: str
    order_uom: str
    status: str
    stocked: bool
    tax_class: str
    minimum_qty: Decimal
    multiple_qty: Decimal
    superseded_by: UUID | None
    units: dict[str, Factor]
