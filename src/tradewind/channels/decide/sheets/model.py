"""The nouns of an order file: which column is what and how sure we are, and its rows as typed values."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tradewind.kernel.problem import Problem
from tradewind.semantics.decide.rows.model import Limits

# One order file is one transaction; 16 MiB is what a request may hold. An archive of an order form unpacks to far less.
SHEET_LIMITS = Limits(
    bytes_max=16 << 20,
    rows_max=10_000,
    columns_max=200,
    line_chars_max=200_000,
    field_chars_max=4_000,
    archive_members_max=500,
    archive_bytes_max=48 << 20,
    archive_ratio_max=200,
    sheet_cells_max=600_000,
)
ITEM_FIELDS = ("item", "sku", "customer_item", "gtin", "manufacturer_item")
SURE = (
    0.75  # a column of items or quantities that was guessed with less is shown, and placed only when somebody says so
)


class Guess(NamedTuple):
    """A column of the file taken for a field. `confidence` 0 to 1; `why`: name, synonym, words, values, remembered, given."""

    field: str
    column: str
    confidence: float
    why: str

    def as_json(self) -> dict[str, object]:
        return {"field": self.field, "column": self.column, "confidence": f"{self.confidence:.2f}", "why": self.why}


class SheetRow(NamedTuple):
    """One ordered row: its number in the file, and its cells as values."""

    row: int
    item: str | None = None
    sku: str | None = None
    customer_item: str | None = None
    gtin: str | None = None
    manufacturer_item: str | None = None
    qty: Decimal = Decimal(0)
    uom: str | None = None
    unit_price: Decimal | None = None
    ship_to: str | None = None
    requested_at: datetime | None = None
    buyer_po: str | None = None
    release_no: str | None = None
    po_part: int = 0
    description: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read, with every reason at once."""

    row: int
    problems: tuple[Problem, ...]
