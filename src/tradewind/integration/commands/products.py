"""Products. A successor may stand in the same set of rows, or come later in the file."""

from collections.abc import Sequence
from typing import Any

from tradewind.integration.commands.upsert import Column, Target, count, upsert, within_own_kind, writable
from tradewind.integration.model import Applied, Run
from tradewind.kernel.tx import Tx

_PRODUCT = Target(
    "product",
    (Column("sku", "sku"),),
    (
        *(
            Column(name, name)
            for name in ("name", "base_uom", "order_uom", "status", "kind", "tax_class", "category", "gtin")
        ),
        Column("weight_kg", "weight_kg", "numeric"),
        Column("minimum_qty", "minimum_qty", "numeric"),
        Column("multiple_qty", "multiple_qty", "numeric"),
        Column("superseded_by", "superseded_by", "uuid"),
    ),
)
# Quantities and prices in other tables are counted in the base unit: it cannot change under them.
_BASE_IN_USE = """
select p.sku, p.base_uom from unnest(%(sku)s::text[], %(uom)s::text[]) as w(sku, base_uom)
join product p on p.sku = w.sku and p.base_uom <> w.base_uom
where exists (select from stock s where s.product_id = p.id) or exists (select from price r where r.product_id = p.id)
   or exists (select from product_unit u where u.product_id = p.id)
   or exists (select from order_line l where l.product_id = p.id)
"""


def apply_products(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Write products."""
    applied = Applied()
    tree = within_own_kind(tx, rows, noun="product", code="sku", reference="superseded_by", run=run, applied=applied)
    fields = writable(tx, "product", run)
    good = _without_changed_bases(tx, tree.rows, applied) if "base_uom" in fields else tree.rows
    records = [
        {
            **row._asdict(),
            "id": tree.ids[row.sku],
            "order_uom": row.order_uom or row.base_uom,
            "superseded_by": None if row.superseded_by is None else tree.ids[row.superseded_by],
        }
        for row in good
    ]
    count(applied, len(records), upsert(tx, _PRODUCT, records, written=fields))
    return applied


def _without_changed_bases(tx: Tx, rows: Sequence[Any], applied: Applied) -> Sequence[Any]:
    in_use: dict[str, str] = dict(
        tx.rows(_BASE_IN_USE, {"sku": [row.sku for row in rows], "uom": [row.base_uom for row in rows]})
    )
    if not in_use:
        return rows
    for row in rows:
        if row.sku in in_use:
            applied.refuse(
                row.row,
                "base_uom",
                "import.base_unit_in_use",
                f"stock, prices or orders of {row.sku} are counted in {in_use[row.sku]}; its base unit cannot change",
            )
    return [row for row in rows if row.sku not in in_use]
