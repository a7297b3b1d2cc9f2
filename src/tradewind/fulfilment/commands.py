"""Writes of shipments: whole sets in one statement a table."""

from collections.abc import Sequence

from tradewind.fulfilment.model import NewShipment
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
