"""What is on the shelf."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, moment, number, unit
from tradewind.semantics.decide.rows.schema import Kind


class StockRow(NamedTuple):
    """One row."""

    row: int
    site: str
    sku: str
    qty: Decimal
    uom: str | None
    as_of: datetime | None
    source: str


STOCK = Kind(
    name="stock",
    sentence="Observations of stock on hand, as of a time; movements after that time are kept.",
    row=StockRow,
    fields=(
        code("site", "code of the site", required=True, aliases=("warehouse", "location", "site_code")),
        code("sku", "the product", required=True, aliases=("product", "item"), repeats=False),
        number(
            "qty",
            "on hand: everything on the shelf, also what is promised",
            required=True,
            digits=14,
            aliases=("quantity", "on_hand", "stock"),
        ),
        unit("uom", "the unit counted in; empty means the base unit"),
        moment("as_of", "when it was so; empty means now", needs_time=True, aliases=("counted_at", "timestamp", "at")),
        code("source", "who says so", default="import"),
    ),
    key=("site", "sku"),
    after=("sites", "products"),
)
