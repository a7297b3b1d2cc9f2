"""Reads of vendors, offers and supplier orders, and the statement that locks supplier orders."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.kept import book, mark_of
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader
from tradewind.purchasing.model import Offer, SupplierLine, SupplierOrder, Vendor

LOCK_SUPPLIER_ORDERS = LockKind(
    "shipment", "select id from supplier_order where id = any(%(keys)s::uuid[]) order by id for no key update"
)
KEPT_PRODUCTS = 20_000
_OFFERS = """
select p.product_id, v.id, v.code, v.name, v.delivery_url, v.active, p.scope_key, p.vendor_sku, p.cost, p.currency, p.lead_days,
  p.pack, p.use_when, p.rank
from vendor_product p join vendor v on v.id = p.vendor_id
where p.product_id = any(%(products)s::uuid[]) and p.active and v.active order by p.product_id, v.code, p.scope_key
"""
_TURNED_DOWN = """
select distinct l.order_id, l.order_line_no, o.vendor_id
from supplier_order_line l join supplier_order o on o.id = l.supplier_order_id
where l.order_id = any(%(orders)s::uuid[]) and l.qty_refused + l.qty_cancelled > 0
"""
_ORDERS = """
select id, number, vendor_id, order_id, account_id, shipment_id, currency, status, sent_at, expected_at, acknowledged_at
from supplier_order where id = any(%(ids)s::uuid[])
"""
_LINES = """
select supplier_order_id, line_no, order_id, order_line_no, vendor_sku, qty, cost, qty_shipped, qty_refused, qty_cancelled
from supplier_order_line where supplier_order_id = any(%(ids)s::uuid[]) order by 1, 2
"""
_VENDORS = "select id, code, name, delivery_url, active from vendor order by code"
_OF_VENDOR = """
select v.id, v.code, v.name, v.delivery_url, v.active, p.product_id, p.scope_key, p.vendor_sku, p.cost, p.currency, p.lead_days,
  p.pack, p.use_when, p.rank
from vendor_product p join vendor v on v.id = p.vendor_id where v.id = %(vendor)s and p.active order by p.product_id, p.scope_key
"""
_OF_SHIPMENTS = """
select s.shipment_id, o.number, l.line_no, l.order_line_no, l.vendor_sku, v.id, v.code, v.name, v.delivery_url, v.active
from supplier_shipment s join supplier_order o on o.id = s.supplier_order_id join vendor v on v.id = o.vendor_id
join supplier_order_line l on l.supplier_order_id = o.id where s.shipment_id = any(%(ids)s::uuid[])
"""
_PAGE = """
select o.id from supplier_order o join vendor v on v.id = o.vendor_id
where (%(status)s::text is null or o.status = %(status)s) and (%(vendor)s::text is null or v.code = %(vendor)s)
  and (%(order)s::uuid is null or o.order_id = %(order)s) and (%(after)s::text is null or o.number < %(after)s)
order by o.number desc limit %(limit)s
"""
_COSTS = """
select l.order_line_no, sum(l.qty_shipped), sum(l.qty_shipped * l.cost), sum(l.qty - l.qty_refused - l.qty_cancelled),
  sum((l.qty - l.qty_refused - l.qty_cancelled) * l.cost), o.currency
from supplier_order_line l join supplier_order o on o.id = l.supplier_order_id where l.order_id = %(order)s
group by l.order_line_no, o.currency order by 1, 6
"""


def anything_offered(reader: Reader) -> bool:
    """Whether a vendor was ever written; costs a statement only where nobody has read the marks of the transaction."""
    return bool(mark_of(reader, "vendor"))


def offers_of(reader: Reader, products: Iterable[UUID]) -> dict[UUID, list[Offer]]:
    """The offers of these products; one statement for those that are not kept, none where no vendor was ever written."""
    if not anything_offered(reader):
        return {}
    wanted, kept = set(products), book(reader, "vendor", most=KEPT_PRODUCTS)
    missing = wanted - kept.rows.keys()
    read: dict[UUID, list[Offer]] = {}
    if missing:
        read = {one: [] for one in missing}
        for row in reader.rows(_OFFERS, {"products": list(missing)}):
            read[row[0]].append(Offer(Vendor(*row[1:6]), row[0], *row[6:]))
        reader.keep(kept, read)
    found = {one: read[one] if one in read else kept.rows[one] for one in wanted}
    return {one: offers for one, offers in found.items() if offers}


def turned_down_by(reader: Reader, orders: Iterable[UUID]) -> dict[tuple[UUID, int], set[UUID]]:
    """The vendors that refused or cancelled units of each line of these orders."""
    found: dict[tuple[UUID, int], set[UUID]] = {}
    for order_id, line_no, vendor_id in reader.rows(_TURNED_DOWN, {"orders": list(orders)}):
        found.setdefault((order_id, line_no), set()).add(vendor_id)
    return found


def supplier_orders(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, SupplierOrder]:
    """Supplier orders with their lines, in two statements."""
    wanted = list(ids)
    lines: dict[UUID, list[SupplierLine]] = {}
    for row in reader.rows(_LINES, {"ids": wanted}):
        lines.setdefault(row[0], []).append(SupplierLine(*row[1:]))
    rows = reader.rows(_ORDERS, {"ids": wanted})
    return {row[0]: SupplierOrder(*(*row[:10], tuple(lines.get(row[0], ())), row[10])) for row in rows}


def supplier_order_id(reader: Reader, name: str) -> UUID | None:
    """The id of a supplier order by its number or its id."""
    row = reader.row("select id from supplier_order where number = %s or id::text = %s", [name, name.lower()])
    return None if row is None else row[0]


def supplier_orders_page(
    reader: Reader, *, status: str | None, vendor: str | None, order: UUID | None, after: str | None, limit: int
) -> list[SupplierOrder]:
    """The latest first."""
    said = {"status": status, "vendor": vendor, "order": order, "after": after, "limit": limit}
    ids = [row[0] for row in reader.rows(_PAGE, said)]
    found = supplier_orders(reader, ids)
    return [found[one] for one in ids]


def vendors(reader: Reader) -> list[Vendor]:
    """Every vendor, by code."""
    return [Vendor(*row) for row in reader.rows(_VENDORS)]


def vendor_by_code(reader: Reader, code: str) -> Vendor | None:
    row = reader.row("select id, code, name, delivery_url, active from vendor where code = %s", [code])
    return None if row is None else Vendor(*row)


def offers_of_vendor(reader: Reader, vendor_id: UUID) -> list[Offer]:
    """What a vendor ships for us now."""
    return [Offer(Vendor(*row[:5]), *row[5:]) for row in reader.rows(_OF_VENDOR, {"vendor": vendor_id})]


def said_before(reader: Reader, supplier_order: UUID, reference: str) -> dict[str, Any] | None:
    """What a vendor said under a reference."""
    sql = "select answer from supplier_answer where supplier_order_id = %s and reference = %s"
    row = reader.row(sql, [supplier_order, reference])
    return None if row is None else row[0]


def vendors_of_shipments(reader: Reader, ids: Iterable[UUID]) -> dict[tuple[UUID, int], tuple[str, int, str, Vendor]]:
    """(number, line, item, vendor) of the supplier order behind each (shipment, order line); of others nothing."""
    rows = reader.rows(_OF_SHIPMENTS, {"ids": list(ids)})
    return {(row[0], row[3]): (row[1], row[2], row[4], Vendor(*row[5:])) for row in rows}


def costs_of_order(reader: Reader, order_id: UUID) -> list[tuple[int, Decimal, Decimal, Decimal, Decimal, str]]:
    """(line, units shipped, their cost, units shipped or to come, their cost, currency) of an order's drop-shipped lines."""
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in reader.rows(_COSTS, {"order": order_id})]
