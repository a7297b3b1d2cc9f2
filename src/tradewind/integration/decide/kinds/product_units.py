"""Units a product comes in."""

from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, gtin, unit, whole
from tradewind.semantics.decide.rows.schema import Kind


class ProductUnitRow(NamedTuple):
    """One row."""

    row: int
    sku: str
    uom: str
    numerator: int
    denominator: int
    gtin: str | None


PRODUCT_UNITS = Kind(
    name="product_units",
    sentence="Units and packs: one of the unit is numerator/denominator base units, exactly.",
    row=ProductUnitRow,
    fields=(
        code("sku", "the product", required=True, aliases=("product", "item")),
        unit("uom", "the unit or pack", required=True),
        whole(
            "numerator",
            "base units in it (a case of twelve: 12)",
            required=True,
            minimum=1,
            maximum=1_000_000_000_000,
            aliases=("quantity", "content", "units_per_pack"),
        ),
        whole(
            "denominator",
            "… divided by this, for units smaller than the base unit",
            minimum=1,
            maximum=1_000_000_000_000,
            default=1,
        ),
        gtin("gtin", "the GTIN of this pack"),
    ),
    key=("sku", "uom"),
    after=("products",),
)
