"""Things we sell."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, gtin, number, one_of, unit, words
from tradewind.semantics.decide.rows.schema import Fault, Kind


class ProductRow(NamedTuple):
    """One row."""

    row: int
    sku: str
    name: str
    base_uom: str
    order_uom: str | None
    status: str
    kind: str
    tax_class: str
    category: str | None
    gtin: str | None
    weight_kg: Decimal | None
    minimum_qty: Decimal
    multiple_qty: Decimal
    superseded_by: str | None


def _check(row: ProductRow) -> Iterable[Fault]:
    if row.superseded_by == row.sku:
        yield Fault("superseded_by", "import.refers_to_itself", "a product cannot take its own place")
    if row.multiple_qty and row.minimum_qty % row.multiple_qty:
        yield Fault(
            "minimum_qty",
            "import.minimum_no_multiple",
            f"{row.minimum_qty} is no multiple of {row.multiple_qty}, so the true minimum is higher",
            is_warning=True,
        )


PRODUCTS = Kind(
    name="products",
    sentence="Things we sell, in base units.",
    row=ProductRow,
    fields=(
        code(
            "sku",
            "our number of it",
            required=True,
            aliases=("product", "item", "item_number", "article", "stock_code"),
            repeats=False,
        ),
        words("name", "what it is called", required=True, length=500, aliases=("description", "title")),
        unit(
            "base_uom",
            "the unit stock is kept in",
            default="EA",
            aliases=("uom", "unit", "unit_of_measure", "base_unit"),
        ),
        unit(
            "order_uom",
            "the unit it is mostly ordered in; empty means the base unit",
            aliases=("order_unit", "sales_unit"),
        ),
        one_of("status", "whether it is sold", "active", "discontinued", "blocked", default="active"),
        one_of(
            "kind",
            "whether stock is kept of it; a charge is a service",
            "stocked",
            "service",
            default="stocked",
            also={"charge": "service"},
        ),
        code("tax_class", "which tax rate it falls under", default="standard"),
        words("category", "a heading for lists and rules", aliases=("group", "product_group")),
        gtin("gtin", "the GTIN of its base unit"),
        number("weight_kg", "weight of one base unit in kilograms", aliases=("weight",)),
        number(
            "minimum_qty",
            "smallest quantity of an order, in base units; 0 means no rule",
            default="0",
            aliases=("minimum", "moq", "min_qty"),
        ),
        number(
            "multiple_qty",
            "orders come in multiples of it, in base units; 0 means no rule",
            default="0",
            aliases=("multiple", "increment"),
        ),
        code("superseded_by", "the product that takes its place", aliases=("successor",), repeats=False),
    ),
    key=("sku",),
    check=_check,
)
