"""What is on its way to us."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tradewind.kernel.limits import datable
from tradewind.semantics.decide.rows.fields import code, moment, number, one_of, unit
from tradewind.semantics.decide.rows.schema import Fault, Kind


class InboundSupplyRow(NamedTuple):
    """One row."""

    row: int
    reference: str
    site: str
    sku: str
    qty: Decimal
    uom: str | None
    expected_at: datetime
    status: str


def _check(row: InboundSupplyRow) -> Iterable[Fault]:
    if not datable(row.expected_at):
        yield Fault("expected_at", "import.bad_date", "goods are expected between the years 1900 and 2999")


INBOUND_SUPPLY = Kind(
    name="inbound_supply",
    sentence="Expected receipts: purchase orders and transfers on their way, with their date.",
    row=InboundSupplyRow,
    fields=(
        code(
            "reference",
            "number of the purchase order and line",
            required=True,
            aliases=("purchase_order", "po", "po_number"),
        ),
        code("site", "code of the site that receives", required=True, aliases=("warehouse", "location", "site_code")),
        code("sku", "the product", required=True, aliases=("product", "item")),
        number("qty", "ordered from the supplier", required=True, digits=14, minimum="0.000001", aliases=("quantity",)),
        unit("uom", "the unit of the quantity; empty means the base unit"),
        moment(
            "expected_at",
            "when it is expected",
            required=True,
            aliases=("expected", "eta", "due", "due_date", "expected_date"),
        ),
        one_of("status", "whether it is still coming", "open", "cancelled", default="open"),
    ),
    key=("reference", "site", "sku"),
    after=("sites", "products"),
    check=_check,
)
