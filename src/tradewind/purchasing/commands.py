"""Writes of vendors, offers and supplier orders: whole sets in one statement a table."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx, dumps
from tradewind.purchasing.model import COUNTED, Offer, SupplierOrder, Vendor, VendorAnswer

_NUMBERS = "select 'PU-' || lpad(nextval('supplier_order_number')::text, 8, '0') from generate_series(1, %(count)s)"
_INSERT = """
insert into supplier_order (id, number, vendor_id, order_id, account_id, shipment_id, currency, status, sent_at, expected_at)
select w.id, w.number, w.vendor, w.order_id, w.account, w.shipment, w.currency, 'open', %(now)s, w.expected
from unnest(%(id)s::uuid[], %(number)s::text[], %(vendor)s::uuid[], %(order)s::uuid[], %(account)s::uuid[], %(shipment)s::uuid[],
  %(currency)s::text[], %(expected)s::timestamptz[]) as w(id, number, vendor, order_id, account, shipment, currency, expected)
"""
_INSERT_LINES = """
insert into supplier_order_line (supplier_order_id, line_no, order_id, order_line_no, vendor_sku, qty, cost)
select * from unnest(%(id)s::uuid[], %(line)s::int[], %(order)s::uuid[], %(order_line)s::int[], %(sku)s::text[], %(qty)s::numeric[],
  %(cost)s::numeric[])
"""
_LINK = """
insert into supplier_shipment (supplier_order_id, shipment_id) select * from unnest(%(id)s::uuid[], %(shipment)s::uuid[])
"""
_COUNT = """
update supplier_order_line l set qty_shipped = l.qty_shipped + w.qty * (%(what)s = 'shipped')::int,
  qty_refused = l.qty_refused + w.qty * (%(what)s = 'refused')::int,
  qty_cancelled = l.qty_cancelled + w.qty * (%(what)s = 'cancelled')::int
from unnest(%(line)s::int[], %(qty)s::numeric[]) as w(line_no, qty)
where l.supplier_order_id = %(id)s and l.line_no = w.line_no
"""
_NOTE = """
update supplier_order set acknowledged_at = coalesce(acknowledged_at, %(now)s), expected_at = coalesce(%(expected)s, expected_at),
  status = case when %(closed)s then 'closed' else status end, closed_at = case when %(closed)s then %(now)s end
where id = %(id)s
"""
_KEEP = "insert into supplier_answer (supplier_order_id, reference, answer, at) values (%s, %s, %s::jsonb, %s)"
_VENDOR = """
insert into vendor (id, code, name, delivery_url, active) values (%s, %s, %s, %s, %s)
on conflict (code) do update set name = excluded.name, delivery_url = excluded.delivery_url, active = excluded.active
returning id
"""
_OFFER = """
insert into vendor_product (vendor_id, product_id, scope_key, vendor_sku, cost, currency, lead_days, pack, use_when, rank, active)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, true)
on conflict (vendor_id, product_id, scope_key) do update set vendor_sku = excluded.vendor_sku, cost = excluded.cost,
  currency = excluded.currency, lead_days = excluded.lead_days, pack = excluded.pack, use_when = excluded.use_when,
  rank = excluded.rank, active = true
"""
_END_OFFER = """
update vendor_product set active = false where vendor_id = %s and product_id = %s and scope_key = %s and active
"""


def next_supplier_numbers(tx: Tx, count: int) -> list[str]:
    """Numbers people can read; they may have gaps."""
    return [row[0] for row in tx.rows(_NUMBERS, {"count": count})] if count else []


def insert_supplier_orders(tx: Tx, orders: Sequence[SupplierOrder]) -> None:
    """Store supplier orders with their lines and the shipments they begin with."""
    if not orders:
        return
    tx.run(
        _INSERT,
        {
            "now": tx.now,
            "id": [one.id for one in orders],
            "number": [one.number for one in orders],
            "vendor": [one.vendor_id for one in orders],
            "order": [one.order_id for one in orders],
            "account": [one.account_id for one in orders],
            "shipment": [one.shipment_id for one in orders],
            "currency": [one.currency for one in orders],
            "expected": [one.expected_at for one in orders],
        },
    )
    lines = [(one, line) for one in orders for line in one.lines]
    tx.run(
        _INSERT_LINES,
        {
            "id": [one.id for one, _ in lines],
            "line": numbers(line.line_no for _, line in lines),
            "order": [line.order_id for _, line in lines],
            "order_line": numbers(line.order_line_no for _, line in lines),
            "sku": [line.vendor_sku for _, line in lines],
            "qty": numbers(line.qty for _, line in lines),
            "cost": numbers(line.cost for _, line in lines),
        },
    )
    link_shipments(tx, [(one.id, one.shipment_id) for one in orders])


def link_shipments(tx: Tx, links: Sequence[tuple[UUID, UUID]]) -> None:
    """Say which supplier order each shipment is of: (supplier order, shipment)."""
    if links:
        tx.run(_LINK, {"id": [one for one, _ in links], "shipment": [one for _, one in links]})


def count_answer(
    tx: Tx, supplier_order: UUID, answer: VendorAnswer, units: Mapping[int, Decimal], *, closed: bool
) -> None:
    """Keep what a vendor said of units by line; the caller holds the lock of the supplier order."""
    if units:
        what = {"id": supplier_order, "what": COUNTED[answer.outcome]}
        tx.run(_COUNT, {**what, "line": numbers(units), "qty": numbers(units.values())})
    tx.run(_NOTE, {"id": supplier_order, "now": tx.now, "expected": answer.expected_at, "closed": closed})
    tx.run(_KEEP, [supplier_order, answer.reference, dumps(answer.as_json()), tx.now])


def put_vendor(tx: Tx, vendor: Vendor) -> UUID:
    """A new vendor, or a known one (by its code) said anew; its id."""
    columns = [vendor.id, vendor.code, vendor.name, vendor.delivery_url, vendor.active]
    return UUID(str(tx.rows(_VENDOR, columns)[0][0]))


def put_offer(tx: Tx, offer: Offer) -> None:
    """What a vendor ships for us, said anew; supplier orders that were sent keep the cost they were sent with."""
    tx.run(
        _OFFER,
        [offer.vendor.id, offer.product_id, offer.scope_key, offer.vendor_sku, offer.cost, offer.currency, offer.lead_days,
         offer.pack, offer.use_when, offer.rank],
    )  # fmt: skip


def end_offer(tx: Tx, vendor_id: UUID, product_id: UUID, *, scope_key: str) -> bool:
    """The vendor ships it for us no more; False where it did not."""
    return bool(tx.run(_END_OFFER, [vendor_id, product_id, scope_key]))
