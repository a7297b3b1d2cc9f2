"""Lines get another product: those that nobody could identify, and those that a substitute serves."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx
from tradewind.orders.model import Line

_IDENTIFY = """
update order_line l set product_id = w.product_id, buyer_sku = w.buyer_sku, description = w.description, qty = w.qty, uom = w.uom,
  factor_num = w.num, factor_den = w.den, tax_class = w.tax_class
from unnest(%(order)s::uuid[], %(line)s::int[], %(product)s::uuid[], %(buyer_sku)s::text[], %(description)s::text[], %(qty)s::numeric[],
  %(uom)s::text[], %(num)s::int[], %(den)s::int[], %(tax_class)s::text[])
as w(order_id, line_no, product_id, buyer_sku, description, qty, uom, num, den, tax_class)
where l.order_id = w.order_id and l.line_no = w.line_no
"""
_REHASH = """
update sales_order o set received_hash = coalesce(o.received_hash, o.content_hash), content_hash = w.hash
from unnest(%(order)s::uuid[], %(hash)s::bytea[]) as w(id, hash) where o.id = w.id and o.content_hash <> w.hash
"""


def identify_lines(tx: Tx, lines: Sequence[tuple[UUID, Line]]) -> None:
    """Store what lines are after all, as (order, line). Their quantities in base units are stored by `move_lines`."""
    if lines:
        tx.run(
            _IDENTIFY,
            {
                "order": [order_id for order_id, _ in lines],
                "line": numbers(line.line_no for _, line in lines),
                "product": [line.product_id for _, line in lines],
                "buyer_sku": [line.buyer_sku for _, line in lines],
                "description": [line.description for _, line in lines],
                "qty": numbers(line.qty for _, line in lines),
                "uom": [line.uom for _, line in lines],
                "num": numbers(line.factor_num for _, line in lines),
                "den": numbers(line.factor_den for _, line in lines),
                "tax_class": [line.tax_class for _, line in lines],
            },
        )


def rehash_orders(tx: Tx, hashes: Sequence[tuple[UUID, bytes]]) -> None:
    """Orders say something else than they said when they came, as (order, content hash).

    The hash they arrived with is kept beside it: when the document comes again it is still the same order (X2).
    """
    if hashes:
        tx.run(_REHASH, {"order": [order_id for order_id, _ in hashes], "hash": [one for _, one in hashes]})
