"""Writes of shipments: whole sets in one statement a table."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from tradewind.fulfilment.model import Booking, NewShipment
from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx, dumps

_NUMBERS = "select 'SH-' || lpad(nextval('shipment_number')::text, 8, '0') from generate_series(1, %(count)s)"
_INSERT = """
insert into shipment (id, number, order_id, group_no, account_id, site_id, status, ship_to, reason, released_at)
select w.id, w.number, w.order_id, w.group_no, w.account_id, w.site_id, 'released', w.ship_to::jsonb, w.reason, %(now)s
from unnest(%(id)s::uuid[], %(number)s::text[], %(order)s::uuid[], %(group)s::int[], %(account)s::uuid[], %(site)s::uuid[],
  %(place)s::text[], %(reason)s::text[]) as w(id, number, order_id, group_no, account_id, site_id, ship_to, reason)
"""
_INSERT_LINES = """
insert into shipment_line (shipment_id, line_no, account_id, order_id, order_line_no, claim_no, qty_released)
select * from unnest(%(shipment)s::uuid[], %(line)s::int[], %(account)s::uuid[], %(order)s::uuid[], %(order_line)s::int[],
  %(claim)s::smallint[], %(qty)s::numeric[])
"""


def next_shipment_numbers(tx: Tx, count: int) -> list[str]:
    """Numbers people can read; they may have gaps."""
    return [row[0] for row in tx.rows(_NUMBERS, {"count": count})] if count else []


def insert_shipments(tx: Tx, shipments: Sequence[NewShipment]) -> None:
    """Store shipments that were released to their warehouses."""
    if not shipments:
        return
    tx.run(
        _INSERT,
        {
            "now": tx.now,
            "id": [one.id for one in shipments],
            "number": [one.number for one in shipments],
            "order": [one.order_id for one in shipments],
            "group": numbers(one.group_no for one in shipments),
            "account": [one.account_id for one in shipments],
            "site": [one.site_id for one in shipments],
            "place": [dumps(one.ship_to.as_json()) for one in shipments],
            "reason": [one.reason for one in shipments],
        },
    )
    lines = [(one, line) for one in shipments for line in one.lines]
    if lines:
        tx.run(
            _INSERT_LINES,
            {
                "shipment": [one.id for one, _ in lines],
                "line": numbers(line.line_no for _, line in lines),
                "account": [one.account_id for one, _ in lines],
                "order": [one.order_id for one, _ in lines],
                "order_line": numbers(line.order_line_no for _, line in lines),
                "claim": numbers(line.claim_no for _, line in lines),
                "qty": numbers(line.qty for _, line in lines),
            },
        )


_ANSWER = """
update shipment s set status = w.status, answered_at = %(now)s, shipped_at = w.shipped_at, tracking = w.tracking,
  answer = w.answer::jsonb
from unnest(%(id)s::uuid[], %(status)s::text[], %(shipped_at)s::timestamptz[], %(tracking)s::text[], %(answer)s::text[])
  as w(id, status, shipped_at, tracking, answer)
where s.id = w.id and s.status = 'released'
"""
_ANSWER_LINES = """
update shipment_line l set qty_shipped = w.shipped, qty_short = w.short, short_reason = w.reason
from unnest(%(id)s::uuid[], %(line)s::int[], %(shipped)s::numeric[], %(short)s::numeric[], %(reason)s::text[])
  as w(shipment_id, line_no, shipped, short, reason)
where l.shipment_id = w.shipment_id and l.line_no = w.line_no
"""


def answer_shipments(tx: Tx, bookings: Sequence[tuple[UUID, Booking]]) -> None:
    """Store what the warehouses answered. LookupError where a shipment was answered before: the caller holds its lock."""
    if not bookings:
        return
    changed = tx.run(
        _ANSWER,
        {
            "now": tx.now,
            "id": [one for one, _ in bookings],
            "status": [booking.status for _, booking in bookings],
            "shipped_at": [
                (booking.answer.shipped_at or tx.now) if booking.status == "shipped" else None
                for _, booking in bookings
            ],
            "tracking": [booking.answer.tracking for _, booking in bookings],
            "answer": [dumps(booking.answer.as_json()) for _, booking in bookings],
        },
    )
    if changed != len(bookings):
        raise LookupError(f"{len(bookings) - changed} shipments were answered before")
    lines = [(one, line) for one, booking in bookings for line in booking.lines]
    if lines:
        tx.run(
            _ANSWER_LINES,
            {
                "id": [one for one, _ in lines],
                "line": numbers(line.line.line_no for _, line in lines),
                "shipped": numbers(line.shipped for _, line in lines),
                "short": numbers(line.short for _, line in lines),
                "reason": [line.reason if line.short else None for _, line in lines],
            },
        )


_CARVE = """
insert into shipment (id, number, order_id, group_no, account_id, site_id, status, ship_to, reason, released_at)
select %(new)s, %(number)s, order_id, group_no, account_id, site_id, 'released', ship_to, reason, released_at
from shipment where id = %(id)s and status = 'released'
"""
_CARVE_WHOLE = """
update shipment_line l set shipment_id = %(new)s
from unnest(%(line)s::int[], %(qty)s::numeric[]) as w(line_no, qty)
where l.shipment_id = %(id)s and l.line_no = w.line_no and l.qty_released = w.qty
"""
_CARVE_PART = """
insert into shipment_line (shipment_id, line_no, account_id, order_id, order_line_no, claim_no, qty_released)
select %(new)s, l.line_no, l.account_id, l.order_id, l.order_line_no, l.claim_no, w.qty
from unnest(%(line)s::int[], %(qty)s::numeric[]) as w(line_no, qty)
join shipment_line l on l.shipment_id = %(id)s and l.line_no = w.line_no and l.qty_released > w.qty
"""
_CARVE_REST = """
update shipment_line l set qty_released = l.qty_released - w.qty
from unnest(%(line)s::int[], %(qty)s::numeric[]) as w(line_no, qty)
where l.shipment_id = %(id)s and l.line_no = w.line_no and l.qty_released > w.qty
"""


def carve_shipment(tx: Tx, shipment_id: UUID, new: UUID, units: Mapping[int, Decimal]) -> str:
    """Put these units, by line, of a shipment without claims that is not answered on a new one of their own; its number.

    Something has to stay. The caller sees to it that nobody else answers the shipment meanwhile.
    """
    number = next_shipment_numbers(tx, 1)[0]
    said = {"id": shipment_id, "new": new, "line": numbers(units), "qty": numbers(units.values())}
    tx.run(_CARVE, {"id": shipment_id, "new": new, "number": number})
    carved = tx.run(_CARVE_WHOLE, said)  # before a rest could come to look like a whole
    carved += tx.run(_CARVE_PART, said)
    tx.run(_CARVE_REST, said)
    if carved != len(units):
        raise LookupError(f"{len(units) - carved} lines of shipment {shipment_id} have not so many units")
    return number
