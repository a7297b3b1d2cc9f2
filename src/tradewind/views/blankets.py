"""What became of blanket orders: their call-offs with what was delivered, invoiced and came back, rolled up from the orders."""

from typing import Any
from uuid import UUID

from tradewind.kernel.money import plain
from tradewind.kernel.tx import Reader

_CALL_OFFS = """
select c.order_id, o.number, c.line_no, b.line_no, p.sku, o.status, c.automatic, c.called_at, c.qty, c.value, l.qty_cancelled, l.qty_shipped,
  l.qty_invoiced, l.net_invoiced, l.qty_returned
from blanket_line b
join call_off c on c.blanket_line_id = b.id
join order_line l on l.order_id = c.order_id and l.line_no = c.line_no
join sales_order o on o.id = c.order_id
join product p on p.id = b.product_id
where b.blanket_id = %(blanket)s and (%(after)s::uuid is null or c.order_id < %(after)s)
order by c.order_id desc, c.line_no limit %(limit)s
"""
_ROLLED_UP = """
select b.line_no, p.sku, b.uom, b.committed_qty, b.committed_value, b.called_off, b.called_value, count(distinct c.order_id),
  coalesce(sum(l.qty_shipped), 0), coalesce(sum(l.qty_invoiced), 0), coalesce(sum(l.net_invoiced), 0), coalesce(sum(l.qty_returned), 0)
from blanket_line b join product p on p.id = b.product_id
left join call_off c on c.blanket_line_id = b.id
left join order_line l on l.order_id = c.order_id and l.line_no = c.line_no
where b.blanket_id = %(blanket)s
group by b.id, p.sku order by b.line_no
"""


def call_offs_of(reader: Reader, blanket_id: UUID, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The call-offs of a blanket order, the latest first; quantities in base units."""
    rows = reader.rows(_CALL_OFFS, {"blanket": blanket_id, "after": after, "limit": limit})
    return [
        {
            "order": row[0],
            "number": row[1],
            "line": row[2],
            "blanket_line": row[3],
            "sku": row[4],
            "status": row[5],
            "automatic": row[6],
            "called_at": row[7],
            "called_off": plain(row[8]),
            "value": plain(row[9]),
            "cancelled": plain(row[10]),
            "delivered": plain(row[11]),
            "invoiced": plain(row[12]),
            "invoiced_value": plain(row[13]),
            "returned": plain(row[14]),
        }
        for row in rows
    ]


def consumption_of(reader: Reader, blanket_id: UUID) -> list[dict[str, Any]]:
    """What of each line of a blanket order was called off, delivered, invoiced and came back; quantities in base units."""
    rows = reader.rows(_ROLLED_UP, {"blanket": blanket_id})
    return [
        {
            "line": row[0],
            "sku": row[1],
            "uom": row[2],
            "committed_qty": None if row[3] is None else plain(row[3]),
            "committed_value": None if row[4] is None else plain(row[4]),
            "called_off": plain(row[5]),
            "called_value": plain(row[6]),
            "orders": row[7],
            "delivered": plain(row[8]),
            "invoiced": plain(row[9]),
            "invoiced_value": plain(row[10]),
            "returned": plain(row[11]),
            "undelivered": None if row[3] is None else plain(max(row[3] - row[8], row[3] * 0)),
        }
        for row in rows
    ]
