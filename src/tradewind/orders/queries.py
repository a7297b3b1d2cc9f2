"""Reads of orders, and the statement that locks them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader, Tx
from tradewind.kernel.value import value
from tradewind.orders.commands import HeaderRow, LineRow
from tradewind.orders.model import (
    Charge,
    Group,
    Header,
    Hold,
    Line,
    LineMark,
    LinePrice,
    LineSubstitution,
    LineTax,
    OrderChange,
    OrderWarning,
    Quantities,
    Totals,
)
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
select g.order_id, g.group_no, g.ship_to_id, g.ship_to, g.requested_at, g.release_at, g.not_before, g.arrive_by, g.ship_method
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
select c.order_id, c.charge_no, c.code, c.description, c.amount, c.tax_class, c.tax_category, c.tax_rate, c.tax, c.invoiced,
  c.group_no
from unnest(%(orders)s::uuid[]) as w(id) join order_charge c on c.order_id = w.id order by c.order_id, c.charge_no
"""
_HOLDS = """
select h.order_id, h.id, h.scope, h.kind, h.code, h.reason, h.opened_at, h.group_no, h.line_no, h.detail, h.released_at,
  h.release_reason
from unnest(%(orders)s::uuid[]) as w(id) join order_hold h on h.order_id = w.id
where not %(open_only)s or h.released_at is null order by h.opened_at, h.id
"""
_SAME_PO = """
select w.ord::int, o.id, o.number, o.content_hash, o.status, o.received_hash
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
    for order_id, group_no, address_id, place, *wishes in reader.rows(_GROUPS, {"orders": list(orders)}):
        found.setdefault(order_id, []).append(Group(group_no, Place(**place, address_id=address_id), *wishes))
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
        found.setdefault(row[0], []).append(
            (Charge(row[1], row[2], row[3], row[4], row[5], row[10]), LineTax(row[6], row[7], row[8]), row[9])
        )
    return found


def holds_of(reader: Reader, orders: Sequence[UUID], *, open_only: bool = True) -> dict[UUID, list[Hold]]:
    """Holds by order, oldest first."""
    found: dict[UUID, list[Hold]] = {}
    for row in reader.rows(_HOLDS, {"orders": list(orders), "open_only": open_only}):
        found.setdefault(row[0], []).append(Hold(*row[1:]))
    return found


def same_purchase_orders(
    reader: Reader, keys: Sequence[tuple[UUID, str | None, str, int]]
) -> dict[int, tuple[UUID, str, bytes, str, bytes | None]]:
    """For each (account, normal PO, release, duplicate no), by its place from 0: the live order that has it already, with the
    hash of its content, its status, and the hash it arrived with where its content was changed since."""
    rows = reader.rows(
        _SAME_PO,
        {
            "account": [key[0] for key in keys],
            "po": [key[1] for key in keys],
            "release": [key[2] for key in keys],
            "duplicate": [key[3] for key in keys],
        },
    )
    return {row[0] - 1: (row[1], row[2], bytes(row[3]), row[4], row[5] and bytes(row[5])) for row in rows}


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


@value(frozen=True, slots=True)
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


_BACKORDERED = """
select l.product_id, sum(l.qty_backordered) from order_line l
where l.product_id = any(%(products)s::uuid[]) and l.qty_backordered > 0 group by 1
"""
_WAITING = """
select l.order_id, o.priority, coalesce(min(l.promised_at), 'infinity')::text, coalesce(o.queue_at, o.placed_at)
from order_line l join sales_order o on o.id = l.order_id
where l.product_id = any(%(products)s::uuid[]) and l.qty_backordered > 0
  and (o.confirmed_at is not null
       or exists (select from stock_claim c where c.order_id = l.order_id and c.line_no = l.line_no and c.state = 'promised'))
  and not exists (
    select from order_hold h where h.order_id = l.order_id and h.released_at is null and 'allocate' = any(h.blocks)
      and (h.scope = 'order' or (h.scope = 'group' and h.group_no = l.group_no) or (h.scope = 'line' and h.line_no = l.line_no)))
group by 1, 2, 4
having (o.priority, coalesce(min(l.promised_at), 'infinity'), coalesce(o.queue_at, o.placed_at), l.order_id)
  > (%(priority)s::int, %(promised)s::timestamptz, %(placed)s::timestamptz, %(order)s::uuid)
order by o.priority, coalesce(min(l.promised_at), 'infinity'), coalesce(o.queue_at, o.placed_at), l.order_id limit %(limit)s
"""
_CLAIM_ORDERS = """
select o.id from sales_order o where o.id = any(%(orders)s::uuid[]) for no key update skip locked
"""


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """An order's place in the queue for goods: account priority, then the promise, then when it was placed; an order that takes
    goods from a blanket order counts as old as that."""

    priority: int
    promised: str
    placed_at: datetime
    order_id: UUID


QUEUE_START = Turn(-2_147_483_648, "-infinity", datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))


def backordered_units(reader: Reader, products: Iterable[UUID]) -> dict[UUID, Decimal]:
    """How many units of each product orders wait for."""
    return dict(reader.rows(_BACKORDERED, {"products": sorted(set(products))}))


def waiting_orders(reader: Reader, products: Iterable[UUID], *, after: Turn, limit: int) -> list[Turn]:
    """Who waits for goods of these products, in the order they are served, after a place in the queue."""
    rows = reader.rows(
        _WAITING,
        {
            "products": sorted(set(products)),
            "limit": limit,
            "priority": after.priority,
            "promised": after.promised,
            "placed": after.placed_at,
            "order": after.order_id,
        },
    )
    return [Turn(row[1], row[2], row[3], row[0]) for row in rows]


def claim_orders(tx: Tx, orders: Sequence[UUID]) -> set[UUID]:
    """Lock those of these orders that nobody else holds, without waiting."""
    if not orders:
        return set()
    tx.locked.append(LOCK_ORDERS.rank)
    return {row[0] for row in tx.rows(_CLAIM_ORDERS, {"orders": list(orders)})}


_UNRELEASED = """
select distinct o.id from unnest(%(accounts)s::uuid[]) as w(account_id)
join sales_order o on o.account_id = w.account_id and o.status in ('confirmed', 'backordered', 'released', 'part_shipped')
join order_line l on l.order_id = o.id and l.qty_open + l.qty_reserved + l.qty_allocated > 0
order by o.id limit %(limit)s
"""


def unreleased_orders(reader: Reader, accounts: Iterable[UUID], *, limit: int) -> list[UUID]:
    """Confirmed orders of accounts with units that no warehouse was asked to ship yet, by id; at most `limit`."""
    return [row[0] for row in reader.rows(_UNRELEASED, {"accounts": sorted(set(accounts)), "limit": limit})]


def order_numbers(reader: Reader, orders: Iterable[UUID]) -> dict[UUID, str]:
    """Numbers by order id."""
    return dict(reader.rows("select id, number from sales_order where id = any(%s::uuid[])", [list(orders)]))


_MARKS = """
select m.order_id, m.line_no, m.qty_placed, m.anchor_qty, m.anchor_allowance, m.priced_at, m.site_id, m.origin_line
from unnest(%(orders)s::uuid[]) as w(id) join changed_line m on m.order_id = w.id
"""
_CHANGE_COLUMNS = """c.id, c.order_id, c.account_id, c.from_version, c.to_version, c.kind, c.actions, c.answers, c.consequences,
  c.before, c.after, c.reason, c.channel, c.changed_by, c.on_behalf_of, c.document_id, c.source, c.reverts, c.changed_at"""
_CHANGES = f"""
select {_CHANGE_COLUMNS} from order_change c
where c.order_id = %(order)s and c.to_version < %(before)s order by c.to_version desc limit %(limit)s
"""  # noqa: S608 - columns are ours
_CHANGES_BY_ID = f"""
select {_CHANGE_COLUMNS} from order_change c where c.id = any(%(ids)s::uuid[])
"""  # noqa: S608 - columns are ours
_CHANGES_BY_SOURCE = f"""
select {_CHANGE_COLUMNS} from unnest(%(orders)s::uuid[], %(sources)s::text[]) as w(order_id, source)
join order_change c on c.order_id = w.order_id and c.source = w.source
"""  # noqa: S608 - columns are ours


def marks_of(reader: Reader, orders: Sequence[UUID]) -> dict[tuple[UUID, int], LineMark]:
    """What changes left on the lines of these orders, by order and line."""
    rows = reader.rows(_MARKS, {"orders": list(orders)}) if orders else []
    return {(row[0], row[1]): LineMark(*row[1:]) for row in rows}


def changes_of(reader: Reader, order_id: UUID, *, before: int | None = None, limit: int) -> list[OrderChange]:
    """The steps of an order, the latest first; `before` is the version that the last page ended at."""
    params = {"order": order_id, "before": before or 2_147_483_647, "limit": limit}
    return [OrderChange(*row) for row in reader.rows(_CHANGES, params)]


def changes_by_id(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, OrderChange]:
    """Changes by their id, as far as the reader may see them."""
    return {row[0]: OrderChange(*row) for row in reader.rows(_CHANGES_BY_ID, {"ids": list(ids)})}


def changes_by_source(reader: Reader, wanted: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], OrderChange]:
    """What was done before for each (order, source)."""
    if not wanted:
        return {}
    params = {"orders": [order_id for order_id, _ in wanted], "sources": [source for _, source in wanted]}
    found = [OrderChange(*row) for row in reader.rows(_CHANGES_BY_SOURCE, params)]
    return {(one.order_id, one.source or ""): one for one in found}


_SUBSTITUTIONS = """
select s.order_id, s.line_no, s.ordered_product_id, p.sku, s.ordered_qty, s.ordered_uom, s.ordered_base, s.substitute_id,
  s.substitute_base, s.numerator, s.denominator, s.consent, s.price
from unnest(%(orders)s::uuid[]) as w(id) join line_substitution s on s.order_id = w.id join product p on p.id = s.ordered_product_id
"""


def substitutions_of(reader: Reader, orders: Iterable[UUID]) -> list[tuple[UUID, LineSubstitution]]:
    """What was substituted on the lines of orders, as (order, substitution)."""
    rows = reader.rows(_SUBSTITUTIONS, {"orders": list(orders)})
    return [(row[0], LineSubstitution(*(*row[1:9], (row[9], row[10]), *row[11:]))) for row in rows]


_HELD_FOR_CREDIT = """
select o.id, o.account_id
from (select distinct c.account_id from unnest(%(accounts)s::uuid[]) as w(id) join account_closure c on c.ancestor_id = w.id) t
join order_hold h on h.account_id = t.account_id and h.released_at is null and h.kind = 'credit'
join sales_order o on o.id = h.order_id and o.status not in ('closed', 'cancelled')
group by o.id order by o.placed_at, o.id limit %(limit)s
"""


def held_for_credit(reader: Reader, accounts: Iterable[UUID], *, limit: int) -> list[tuple[UUID, UUID]]:
    """Orders at or below these accounts that a credit hold stops, whole or in part, with their accounts; oldest first."""
    rows = reader.rows(_HELD_FOR_CREDIT, {"accounts": sorted(set(accounts)), "limit": limit})
    return [(row[0], row[1]) for row in rows]


_SHORT_OF_CREDIT = """
select o.account_id, min(o.total - o.credit_taken), count(*)
from order_hold h join sales_order o on o.id = h.order_id and o.status not in ('closed', 'cancelled')
where h.released_at is null and h.kind = 'credit' and h.code = %(code)s and h.scope = 'order'
  and not exists (select from order_hold other where other.order_id = o.id and other.released_at is null
                  and other.kind not in ('credit', 'stock', 'customer', 'dispute'))
group by o.account_id order by min(h.opened_at) limit %(limit)s
"""


def short_of_credit(reader: Reader, code: str, *, limit: int) -> list[tuple[UUID, Decimal, int]]:
    """Accounts whose orders nothing stops but the credit hold `code`: what the smallest of them lacks, and how many they are."""
    return [(row[0], row[1], row[2]) for row in reader.rows(_SHORT_OF_CREDIT, {"code": code, "limit": limit})]


def reverted_by(reader: Reader, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Which of these changes were reverted."""
    sql = "select reverts from order_change where reverts = any(%(ids)s::uuid[])"
    return frozenset(row[0] for row in reader.rows(sql, {"ids": list(ids)}))


_WARNINGS = """
select w.id, w.code, w.line_no, w.message, w.raised_at, w.acknowledged_at, w.acknowledged_by, w.acknowledgement
from order_warning w where w.order_id = %(order)s and w.gone_at is null
order by w.raised_at, w.id
"""


def warnings_of(reader: Reader, order_id: UUID) -> list[OrderWarning]:
    """What an order is warned of now, acknowledged or not."""
    return [OrderWarning(*row) for row in reader.rows(_WARNINGS, {"order": order_id})]


_PROMISED = """
select l.order_id, min(coalesce(l.promised_at, g.arrive_by, g.requested_at)) from order_line l
join delivery_group g on g.order_id = l.order_id and g.group_no = l.group_no
where l.order_id = any(%(orders)s::uuid[]) and l.qty_open + l.qty_reserved + l.qty_allocated + l.qty_released > 0 group by 1
"""


def earliest_promises(reader: Reader, orders: Iterable[UUID]) -> dict[UUID, datetime]:
    """By order, the first date that was promised (else asked for) of what has not left yet; orders without one are left out."""
    rows = reader.rows(_PROMISED, {"orders": sorted(set(orders))})
    return {row[0]: row[1] for row in rows if row[1] is not None}
