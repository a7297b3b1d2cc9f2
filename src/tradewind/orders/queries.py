"""Reads of orders, and the statement that locks them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader
from tradewind.orders.commands import HeaderRow, LineRow
from tradewind.orders.model import Charge, Group, Header, Hold, Line, LinePrice, LineTax, Quantities, Totals
from tradewind.semantics.model import Place

LOCK_ORDERS = LockKind(
    "order",
    """
select o.id from unnest(%(keys)s::uuid[]) as w(id) join sales_order o on o.id = w.id order by o.id for no key update of o
""",
)
_HEADERS = """
select o.id, o.number, o.account_id, o.legal_entity_id, o.channel, o.buyer_po, o.release_no, o.duplicate_no, o.content_hash,
  o.currency, o.placed_at, o.price_at, o.requested_at, o.terms_code, o.ship_policy, o.price_policy, o.tax_rounding, o.priority,
  o.document_id, o.principal_id, o.on_behalf_of, o.note, o.buyer_po_normal, o.status, o.version, o.net_total, o.charge_total,
  o.discount_total, o.tax_total, o.tax_groups, o.credit_taken, o.confirmed_at, o.closed_at
from unnest(%(orders)s::uuid[]) with ordinality as w(id, ord) join sales_order o on o.id = w.id order by w.ord
"""
_GROUPS = """
select g.order_id, g.group_no, g.ship_to_id, g.ship_to, g.requested_at, g.release_at
from unnest(%(orders)s::uuid[]) as w(id) join delivery_group g on g.order_id = w.id order by g.order_id, g.group_no
"""
_LINES = """
select l.order_id, l.account_id, l.line_no, l.group_no, l.product_id, p.sku, l.buyer_sku, l.description, l.qty, l.uom,
  l.factor_num, l.factor_den, l.tax_class, p.kind = 'stocked', l.qty_ordered, l.qty_open, l.qty_reserved, l.qty_allocated,
  l.qty_released, l.qty_shipped, l.qty_cancelled, l.qty_backordered, l.qty_over_shipped, l.unit_price, l.price_basis,
  l.price_uom, l.net, l.price_id, l.waterfall, l.price_qty, l.allowance, l.tax_category, l.tax_rate, l.tax, l.promised_at, l.promise
from unnest(%(orders)s::uuid[]) as w(id) join order_line l on l.order_id = w.id join product p on p.id = l.product_id
order by l.order_id, l.line_no
"""
_CHARGES = """
select c.order_id, c.charge_no, c.code, c.description, c.amount, c.tax_class, c.tax_category, c.tax_rate, c.tax, c.invoiced
from unnest(%(orders)s::uuid[]) as w(id) join order_charge c on c.order_id = w.id order by c.order_id, c.charge_no
"""
_HOLDS = """
select h.order_id, h.id, h.scope, h.kind, h.code, h.reason, h.opened_at, h.group_no, h.line_no, h.detail, h.released_at
from unnest(%(orders)s::uuid[]) as w(id) join order_hold h on h.order_id = w.id
where not %(open_only)s or h.released_at is null order by h.opened_at, h.id
"""
_SAME_PO = """
select w.ord::int, o.id, o.number, o.content_hash, o.status
from unnest(%(account)s::uuid[], %(po)s::text[], %(release)s::text[], %(duplicate)s::int[])
  with ordinality as w(account_id, po, release_no, duplicate_no, ord)
join sales_order o on o.account_id = w.account_id and o.buyer_po_normal = w.po and o.release_no = w.release_no
  and o.duplicate_no = w.duplicate_no and o.status <> 'cancelled'
where w.po is not null
"""


def headers_of(reader: Reader, orders: Sequence[UUID]) -> list[HeaderRow]:
    """Headers in the order asked; missing ones are left out."""
    return [_header(row) for row in reader.rows(_HEADERS, {"orders": list(orders)})]


def _header(row: tuple[Any, ...]) -> HeaderRow:
    totals = Totals(row[25], row[26], row[27], row[28], tuple(row[29]))
    header = Header(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], bytes(row[8]), *row[9:22])
    return HeaderRow(header, row[22], row[23], row[24], totals, row[30], row[31], row[32])


def groups_of(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, list[Group]]:
    """Delivery groups by order."""
    found: dict[UUID, list[Group]] = {}
    for order_id, group_no, address_id, place, requested_at, release_at in reader.rows(
        _GROUPS, {"orders": list(orders)}
    ):
        ship_to = Place(**place, address_id=address_id)
        found.setdefault(order_id, []).append(Group(group_no, ship_to, requested_at, release_at))
    return found


def lines_of(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, list[LineRow]]:
    """Lines by order, each with its quantities, price, tax and promise."""
    found: dict[UUID, list[LineRow]] = {}
    for row in reader.rows(_LINES, {"orders": list(orders)}):
        found.setdefault(row[0], []).append(
            LineRow(
                row[0],
                row[1],
                Line(*row[2:14]),
                Quantities(*row[14:23]),
                LinePrice(*row[23:31]),
                LineTax(row[31], row[32], row[33]),
                row[34],
                row[35],
            )
        )
    return found


def charges_of(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, list[tuple[Charge, LineTax, Decimal]]]:
    """Charges by order, each with its tax and what of it was invoiced."""
    found: dict[UUID, list[tuple[Charge, LineTax, Decimal]]] = {}
    for row in reader.rows(_CHARGES, {"orders": list(orders)}):
        found.setdefault(row[0], []).append((Charge(*row[1:6]), LineTax(row[6], row[7], row[8]), row[9]))
    return found


def holds_of(reader: Reader, orders: Sequence[UUID], *, open_only: bool = True) -> dict[UUID, list[Hold]]:
    """Holds by order, oldest first."""
    found: dict[UUID, list[Hold]] = {}
    for row in reader.rows(_HOLDS, {"orders": list(orders), "open_only": open_only}):
        found.setdefault(row[0], []).append(Hold(*row[1:]))
    return found


def same_purchase_orders(
    reader: Reader, keys: Sequence[tuple[UUID, str | None, str, int]]
) -> dict[int, tuple[UUID, str, bytes, str]]:
    """For each (account, normal PO, release, duplicate no), by its place from 0: the live order that has it already."""
    rows = reader.rows(
        _SAME_PO,
        {
            "account": [key[0] for key in keys],
            "po": [key[1] for key in keys],
            "release": [key[2] for key in keys],
            "duplicate": [key[3] for key in keys],
        },
    )
    return {row[0] - 1: (row[1], row[2], bytes(row[3]), row[4]) for row in rows}


def order_ids(reader: Reader, numbers: Iterable[str]) -> dict[str, UUID]:
    """Ids by order number, as far as the reader may see them."""
    return dict(reader.rows("select number, id from sales_order where number = any(%s::text[])", [list(numbers)]))


_BILLED_LINES = """
select l.order_id, l.line_no, l.qty_invoiced, l.net_invoiced, p.base_uom, l.qty_returned
from unnest(%(orders)s::uuid[]) as w(id) join order_line l on l.order_id = w.id join product p on p.id = l.product_id
"""
_BILLED_CHARGES = """
select c.order_id, c.charge_no, c.invoiced from unnest(%(orders)s::uuid[]) as w(id) join order_charge c on c.order_id = w.id
"""


@dataclass(frozen=True, slots=True)
class Billed:
    """What of a line was invoiced and returned, in base units."""

    qty: Decimal
    net: Decimal
    base_uom: str
    returned: Decimal


def billed_lines(reader: Reader, orders: Sequence[UUID]) -> dict[tuple[UUID, int], Billed]:
    """What was invoiced of the lines of orders, by (order, line)."""
    return {(row[0], row[1]): Billed(*row[2:]) for row in reader.rows(_BILLED_LINES, {"orders": list(orders)})}


def billed_charges(reader: Reader, orders: Sequence[UUID]) -> dict[tuple[UUID, int], Decimal]:
    """What was invoiced of the charges of orders, by (order, charge)."""
    return {(row[0], row[1]): row[2] for row in reader.rows(_BILLED_CHARGES, {"orders": list(orders)})}
