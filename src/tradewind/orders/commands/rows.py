"""Writes of orders: whole sets in one statement a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx, dumps
from tradewind.kernel.value import value
from tradewind.orders.model import (
    Charge,
    Group,
    Header,
    Line,
    LinePrice,
    LineTax,
    Quantities,
    Totals,
)

NOTHING = (Decimal(0), Decimal(0))


@value(frozen=True, slots=True)
class HeaderRow:
    """A header as it is stored: what was said, and where the order stands."""

    header: Header
    buyer_po_normal: str | None
    status: str
    version: int
    totals: Totals
    credit_taken: Decimal
    confirmed_at: datetime | None
    closed_at: datetime | None


@value(frozen=True, slots=True)
class LineRow:
    """A line as it is stored. `promise` is the schedule as JSON text: pieces with quantity, date and source."""

    order_id: UUID
    account_id: UUID
    line: Line
    quantities: Quantities
    price: LinePrice
    tax: LineTax
    promised_at: datetime | None
    promise: str | None


_INSERT_HEADERS = """
insert into sales_order (id, number, account_id, legal_entity_id, channel, buyer_po, buyer_po_normal, release_no, duplicate_no,
  content_hash, currency, status, version, placed_at, price_at, requested_at, terms_code, ship_policy, price_policy,
  tax_rounding, priority, net_total, charge_total, discount_total, tax_total, total, tax_groups, credit_taken, document_id,
  principal_id, on_behalf_of, note, confirmed_at, closed_at)
select w.id, w.number, w.account_id, w.legal_entity_id, w.channel, w.buyer_po, w.buyer_po_normal, w.release_no, w.duplicate_no,
  w.content_hash, w.currency, w.status, w.version, w.placed_at, w.price_at, w.requested_at, w.terms_code, w.ship_policy,
  w.price_policy, w.tax_rounding, w.priority, w.net, w.charges, w.discounts, w.tax, w.net + w.charges - w.discounts + w.tax,
  w.tax_groups::jsonb, w.credit_taken, w.document_id, w.principal_id, w.on_behalf_of, w.note, w.confirmed_at, w.closed_at
from unnest(%(id)s::uuid[], %(number)s::text[], %(account)s::uuid[], %(entity)s::uuid[], %(channel)s::text[],
  %(buyer_po)s::text[], %(buyer_po_normal)s::text[], %(release_no)s::text[], %(duplicate_no)s::int[], %(hash)s::bytea[],
  %(currency)s::text[], %(status)s::text[], %(version)s::int[], %(placed_at)s::timestamptz[], %(price_at)s::timestamptz[],
  %(requested_at)s::timestamptz[], %(terms)s::text[], %(ship_policy)s::text[], %(price_policy)s::text[], %(rounding)s::text[],
  %(priority)s::int[], %(net)s::numeric[], %(charges)s::numeric[], %(discounts)s::numeric[], %(tax)s::numeric[],
  %(tax_groups)s::text[], %(credit)s::numeric[], %(document)s::uuid[], %(principal)s::uuid[], %(behalf)s::uuid[],
  %(note)s::text[], %(confirmed_at)s::timestamptz[], %(closed_at)s::timestamptz[])
as w(id, number, account_id, legal_entity_id, channel, buyer_po, buyer_po_normal, release_no, duplicate_no, content_hash,
  currency, status, version, placed_at, price_at, requested_at, terms_code, ship_policy, price_policy, tax_rounding, priority,
  net, charges, discounts, tax, tax_groups, credit_taken, document_id, principal_id, on_behalf_of, note, confirmed_at, closed_at)
"""
_UPDATE_HEADERS = """
update sales_order o set status = w.status, version = w.version, net_total = w.net, charge_total = w.charges,
  discount_total = w.discounts, tax_total = w.tax, total = w.net + w.charges - w.discounts + w.tax,
  tax_groups = w.tax_groups::jsonb, credit_taken = w.credit_taken, confirmed_at = w.confirmed_at, closed_at = w.closed_at
from unnest(%(id)s::uuid[], %(status)s::text[], %(version)s::int[], %(net)s::numeric[], %(charges)s::numeric[],
  %(discounts)s::numeric[], %(tax)s::numeric[], %(tax_groups)s::text[], %(credit)s::numeric[],
  %(confirmed_at)s::timestamptz[], %(closed_at)s::timestamptz[])
as w(id, status, version, net, charges, discounts, tax, tax_groups, credit_taken, confirmed_at, closed_at)
where o.id = w.id
"""
_INSERT_GROUPS = """
insert into delivery_group (order_id, group_no, account_id, ship_to_id, ship_to, requested_at, release_at, not_before, arrive_by,
  ship_method)
select w.order_id, w.group_no, w.account_id, w.ship_to_id, w.ship_to::jsonb, w.requested_at, w.release_at, w.not_before,
  w.arrive_by, w.ship_method
from unnest(%(order)s::uuid[], %(no)s::int[], %(account)s::uuid[], %(address)s::uuid[], %(place)s::text[],
  %(requested)s::timestamptz[], %(release)s::timestamptz[], %(not_before)s::timestamptz[], %(arrive_by)s::timestamptz[],
  %(ship_method)s::text[])
as w(order_id, group_no, account_id, ship_to_id, ship_to, requested_at, release_at, not_before, arrive_by, ship_method)
"""
_INSERT_LINES = """
insert into order_line (order_id, line_no, group_no, account_id, product_id, buyer_sku, description, qty, uom, factor_num,
  factor_den, qty_ordered, qty_open, qty_reserved, qty_allocated, qty_released, qty_shipped, qty_cancelled, qty_backordered,
  unit_price, price_basis, price_uom, price_id, price_qty, allowance, net, tax_class, tax_category, tax_rate, tax, promised_at, promise, waterfall)
select w.order_id, w.line_no, w.group_no, w.account_id, w.product_id, w.buyer_sku, w.description, w.qty, w.uom, w.factor_num,
  w.factor_den, w.ordered, w.open, w.reserved, w.allocated, w.released, w.shipped, w.cancelled, w.backordered, w.unit_price,
  w.basis, w.price_uom, w.price_id, w.price_qty, w.allowance, w.net, w.tax_class, w.tax_category, w.tax_rate, w.tax, w.promised_at, w.promise,
  w.waterfall
from unnest(%(order)s::uuid[], %(line)s::int[], %(group)s::int[], %(account)s::uuid[], %(product)s::uuid[],
  %(buyer_sku)s::text[], %(description)s::text[], %(qty)s::numeric[], %(uom)s::text[], %(num)s::int[], %(den)s::int[],
  %(ordered)s::numeric[], %(open)s::numeric[], %(reserved)s::numeric[], %(allocated)s::numeric[], %(released)s::numeric[],
  %(shipped)s::numeric[], %(cancelled)s::numeric[], %(backordered)s::numeric[], %(unit_price)s::numeric[],
  %(basis)s::numeric[], %(price_uom)s::text[], %(price_id)s::uuid[], %(price_qty)s::numeric[], %(allowance)s::numeric[], %(net)s::numeric[], %(tax_class)s::text[],
  %(tax_category)s::text[], %(tax_rate)s::numeric[], %(tax)s::numeric[], %(promised_at)s::timestamptz[], %(promise)s::text[],
  %(waterfall)s::text[])
as w(order_id, line_no, group_no, account_id, product_id, buyer_sku, description, qty, uom, factor_num, factor_den, ordered,
  open, reserved, allocated, released, shipped, cancelled, backordered, unit_price, basis, price_uom, price_id, price_qty, allowance, net, tax_class,
  tax_category, tax_rate, tax, promised_at, promise, waterfall)
"""
_UPDATE_LINES = """
update order_line l set qty_ordered = w.ordered, qty_over_shipped = w.over_shipped, qty_open = w.open,
  qty_reserved = w.reserved, qty_allocated = w.allocated, qty_released = w.released, qty_shipped = w.shipped,
  qty_cancelled = w.cancelled, qty_backordered = w.backordered, promised_at = w.promised_at, promise = w.promise
from unnest(%(order)s::uuid[], %(line)s::int[], %(ordered)s::numeric[], %(over)s::numeric[], %(open)s::numeric[],
  %(reserved)s::numeric[], %(allocated)s::numeric[], %(released)s::numeric[], %(shipped)s::numeric[], %(cancelled)s::numeric[],
  %(backordered)s::numeric[], %(promised_at)s::timestamptz[], %(promise)s::text[])
as w(order_id, line_no, ordered, over_shipped, open, reserved, allocated, released, shipped, cancelled, backordered,
  promised_at, promise)
where l.order_id = w.order_id and l.line_no = w.line_no
"""
_MOVE_LINES = """
update order_line l set qty_ordered = w.ordered, qty_over_shipped = w.over_shipped, qty_open = w.open,
  qty_reserved = w.reserved, qty_allocated = w.allocated, qty_released = w.released, qty_shipped = w.shipped,
  qty_cancelled = w.cancelled, qty_backordered = w.backordered, qty_invoiced = l.qty_invoiced + w.billed,
  net_invoiced = l.net_invoiced + w.billed_net
from unnest(%(order)s::uuid[], %(line)s::int[], %(ordered)s::numeric[], %(over)s::numeric[], %(open)s::numeric[],
  %(reserved)s::numeric[], %(allocated)s::numeric[], %(released)s::numeric[], %(shipped)s::numeric[], %(cancelled)s::numeric[],
  %(backordered)s::numeric[], %(billed)s::numeric[], %(billed_net)s::numeric[])
as w(order_id, line_no, ordered, over_shipped, open, reserved, allocated, released, shipped, cancelled, backordered,
  billed, billed_net)
where l.order_id = w.order_id and l.line_no = w.line_no
"""
_REPRICE_LINES = """
update order_line l set unit_price = w.unit_price, price_basis = w.basis, price_uom = w.price_uom, price_id = w.price_id,
  price_qty = w.price_qty, allowance = w.allowance, net = w.net, tax_category = w.tax_category, tax_rate = w.tax_rate, tax = w.tax, waterfall = w.waterfall
from unnest(%(order)s::uuid[], %(line)s::int[], %(unit_price)s::numeric[], %(basis)s::numeric[], %(price_uom)s::text[],
  %(price_id)s::uuid[], %(price_qty)s::numeric[], %(allowance)s::numeric[], %(net)s::numeric[], %(tax_category)s::text[], %(tax_rate)s::numeric[], %(tax)s::numeric[],
  %(waterfall)s::text[])
as w(order_id, line_no, unit_price, basis, price_uom, price_id, price_qty, allowance, net, tax_category, tax_rate, tax, waterfall)
where l.order_id = w.order_id and l.line_no = w.line_no
"""
_INSERT_CHARGES = """
insert into order_charge (order_id, charge_no, account_id, code, description, amount, tax_class, tax_category, tax_rate, tax,
  group_no)
select * from unnest(%(order)s::uuid[], %(no)s::int[], %(account)s::uuid[], %(code)s::text[], %(description)s::text[],
  %(amount)s::numeric[], %(tax_class)s::text[], %(tax_category)s::text[], %(tax_rate)s::numeric[], %(tax)s::numeric[],
  %(group)s::int[])
"""
_REPRICE_CHARGES = """
update order_charge c set amount = w.amount, tax_category = w.category, tax_rate = w.rate, tax = w.tax
from unnest(%(order)s::uuid[], %(no)s::int[], %(amount)s::numeric[], %(category)s::text[], %(rate)s::numeric[], %(tax)s::numeric[])
  as w(order_id, charge_no, amount, category, rate, tax)
where c.order_id = w.order_id and c.charge_no = w.charge_no
"""
_NUMBERS = "select 'SO-' || lpad(nextval('order_number')::text, 8, '0') from generate_series(1, %(count)s)"


def next_order_numbers(tx: Tx, count: int) -> list[str]:
    """Numbers people can read. Order numbers may have gaps; only invoices must not."""
    return [row[0] for row in tx.rows(_NUMBERS, {"count": count})]


def _standing(rows: Sequence[HeaderRow]) -> dict[str, Any]:
    return {
        "id": [row.header.id for row in rows],
        "status": [row.status for row in rows],
        "version": numbers(row.version for row in rows),
        "net": numbers(row.totals.net for row in rows),
        "charges": numbers(row.totals.charges for row in rows),
        "discounts": numbers(row.totals.discounts for row in rows),
        "tax": numbers(row.totals.tax for row in rows),
        "tax_groups": [dumps(row.totals.groups) for row in rows],
        "credit": numbers(row.credit_taken for row in rows),
        "confirmed_at": [row.confirmed_at for row in rows],
        "closed_at": [row.closed_at for row in rows],
    }


def insert_headers(tx: Tx, rows: Sequence[HeaderRow]) -> None:
    """Store new orders. A buyer's order number used twice breaks the unique index; the caller decides what that means."""
    if not rows:
        return
    heads = [row.header for row in rows]
    tx.run(
        _INSERT_HEADERS,
        {
            **_standing(rows),
            "number": [head.number for head in heads],
            "account": [head.account_id for head in heads],
            "entity": [head.legal_entity_id for head in heads],
            "channel": [head.channel for head in heads],
            "buyer_po": [head.buyer_po for head in heads],
            "buyer_po_normal": [row.buyer_po_normal for row in rows],
            "release_no": [head.release_no for head in heads],
            "duplicate_no": numbers(head.duplicate_no for head in heads),
            "hash": [head.content_hash for head in heads],
            "currency": [head.currency for head in heads],
            "placed_at": [head.placed_at for head in heads],
            "price_at": [head.price_at for head in heads],
            "requested_at": [head.requested_at for head in heads],
            "terms": [head.terms_code for head in heads],
            "ship_policy": [head.ship_policy for head in heads],
            "price_policy": [head.price_policy for head in heads],
            "rounding": [head.tax_rounding for head in heads],
            "priority": numbers(head.priority for head in heads),
            "document": [head.document_id for head in heads],
            "principal": [head.principal_id for head in heads],
            "behalf": [head.on_behalf_of for head in heads],
            "note": [head.note for head in heads],
        },
    )


def update_headers(tx: Tx, rows: Sequence[HeaderRow]) -> None:
    """Store where orders stand."""
    if rows:
        tx.run(_UPDATE_HEADERS, _standing(rows))


def insert_groups(tx: Tx, groups: Sequence[tuple[UUID, UUID, Group]]) -> None:
    """Store delivery groups as (order, account, group)."""
    if groups:
        tx.run(
            _INSERT_GROUPS,
            {
                "order": [order_id for order_id, _, _ in groups],
                "no": numbers(group.group_no for _, _, group in groups),
                "account": [account_id for _, account_id, _ in groups],
                "address": [group.ship_to.address_id for _, _, group in groups],
                "place": [dumps(group.ship_to.as_json()) for _, _, group in groups],
                "requested": [group.requested_at for _, _, group in groups],
                "release": [group.release_at for _, _, group in groups],
                "not_before": [group.not_before for _, _, group in groups],
                "arrive_by": [group.arrive_by for _, _, group in groups],
                "ship_method": [group.ship_method for _, _, group in groups],
            },
        )


def _quantity_columns(rows: Sequence[LineRow]) -> dict[str, Any]:
    return {
        "order": [row.order_id for row in rows],
        "line": numbers(row.line.line_no for row in rows),
        "ordered": numbers(row.quantities.ordered for row in rows),
        "open": numbers(row.quantities.open for row in rows),
        "reserved": numbers(row.quantities.reserved for row in rows),
        "allocated": numbers(row.quantities.allocated for row in rows),
        "released": numbers(row.quantities.released for row in rows),
        "shipped": numbers(row.quantities.shipped for row in rows),
        "cancelled": numbers(row.quantities.cancelled for row in rows),
        "backordered": numbers(row.quantities.backordered for row in rows),
    }


def _promise_columns(rows: Sequence[LineRow]) -> dict[str, Any]:
    return {
        "promised_at": [row.promised_at for row in rows],
        "promise": [row.promise for row in rows],
    }


def _price_columns(rows: Sequence[LineRow]) -> dict[str, Any]:
    return {
        "unit_price": numbers(row.price.unit_price for row in rows),
        "basis": numbers(row.price.basis for row in rows),
        "price_uom": [row.price.uom for row in rows],
        "price_id": [row.price.price_id for row in rows],
        "price_qty": numbers(row.price.qty for row in rows),
        "allowance": numbers(row.price.allowance for row in rows),
        "net": numbers(row.price.net for row in rows),
        "tax_category": [row.tax.category for row in rows],
        "tax_rate": numbers(row.tax.rate for row in rows),
        "tax": numbers(row.tax.amount for row in rows),
        "waterfall": [row.price.waterfall for row in rows],
    }


def insert_lines(tx: Tx, rows: Sequence[LineRow]) -> None:
    """Store new lines."""
    if not rows:
        return
    lines = [row.line for row in rows]
    tx.run(
        _INSERT_LINES,
        {
            **_quantity_columns(rows),
            **_promise_columns(rows),
            **_price_columns(rows),
            "group": numbers(line.group_no for line in lines),
            "account": [row.account_id for row in rows],
            "product": [line.product_id for line in lines],
            "buyer_sku": [line.buyer_sku for line in lines],
            "description": [line.description for line in lines],
            "qty": numbers(line.qty for line in lines),
            "uom": [line.uom for line in lines],
            "num": numbers(line.factor_num for line in lines),
            "den": numbers(line.factor_den for line in lines),
            "tax_class": [line.tax_class for line in lines],
        },
    )


def update_lines(tx: Tx, rows: Sequence[LineRow]) -> None:
    """Store where the units of lines stand, and their promise."""
    if rows:
        over = numbers(row.quantities.over_shipped for row in rows)
        tx.run(_UPDATE_LINES, {**_quantity_columns(rows), **_promise_columns(rows), "over": over})


def move_lines(tx: Tx, rows: Sequence[LineRow], billed: Mapping[tuple[UUID, int], tuple[Decimal, Decimal]]) -> None:
    """Store where the units of lines stand whose promise is as it was, and add what was billed of them: (units, net)."""
    if rows:
        bills = [billed.get((row.order_id, row.line.line_no), NOTHING) for row in rows]
        tx.run(
            _MOVE_LINES,
            {
                **_quantity_columns(rows),
                "over": numbers(row.quantities.over_shipped for row in rows),
                "billed": numbers(units for units, _ in bills),
                "billed_net": numbers(net for _, net in bills),
            },
        )


def reprice_lines(tx: Tx, rows: Sequence[LineRow]) -> None:
    """Store new prices of lines."""
    if rows:
        tx.run(
            _REPRICE_LINES,
            {
                "order": [row.order_id for row in rows],
                "line": numbers(row.line.line_no for row in rows),
                **_price_columns(rows),
            },
        )


def insert_charges(tx: Tx, charges: Sequence[tuple[UUID, UUID, Charge, LineTax]]) -> None:
    """Store charges as (order, account, charge, its tax)."""
    if charges:
        tx.run(
            _INSERT_CHARGES,
            {
                "order": [order_id for order_id, _, _, _ in charges],
                "no": numbers(charge.charge_no for _, _, charge, _ in charges),
                "account": [account_id for _, account_id, _, _ in charges],
                "code": [charge.code for _, _, charge, _ in charges],
                "description": [charge.description for _, _, charge, _ in charges],
                "amount": numbers(charge.amount for _, _, charge, _ in charges),
                "tax_class": [charge.tax_class for _, _, charge, _ in charges],
                "tax_category": [tax.category for _, _, _, tax in charges],
                "tax_rate": numbers(tax.rate for _, _, _, tax in charges),
                "tax": numbers(tax.amount for _, _, _, tax in charges),
                "group": [charge.group_no for _, _, charge, _ in charges],
            },
        )


def reprice_charges(tx: Tx, charges: Sequence[tuple[UUID, Charge, LineTax]]) -> None:
    """Store amounts and taxes of charges as (order, charge, its tax)."""
    if charges:
        tx.run(
            _REPRICE_CHARGES,
            {
                "order": [order_id for order_id, _, _ in charges],
                "no": numbers(charge.charge_no for _, charge, _ in charges),
                "amount": numbers(charge.amount for _, charge, _ in charges),
                "category": [tax.category for _, _, tax in charges],
                "rate": numbers(tax.rate for _, _, tax in charges),
                "tax": numbers(tax.amount for _, _, tax in charges),
            },
        )
