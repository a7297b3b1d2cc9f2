"""What was invoiced and what came back of order lines and charges: added to, never set."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx

_ADD_BILLED = """
update order_line l set qty_invoiced = l.qty_invoiced + w.qty, net_invoiced = l.net_invoiced + w.net
from (
  select order_id, line_no, sum(qty) as qty, sum(net) as net
  from unnest(%(order)s::uuid[], %(line)s::int[], %(qty)s::numeric[], %(net)s::numeric[]) as u(order_id, line_no, qty, net)
  group by 1, 2
) w
where l.order_id = w.order_id and l.line_no = w.line_no
"""
_ADD_CHARGED = """
update order_charge c set invoiced = c.invoiced + w.amount
from (select order_id, charge_no, sum(amount) as amount from unnest(%(order)s::uuid[], %(no)s::int[], %(amount)s::numeric[])
        as u(order_id, charge_no, amount) group by 1, 2) w
where c.order_id = w.order_id and c.charge_no = w.charge_no
"""
_ADD_RETURNED = """
update order_line l set qty_returned = l.qty_returned + w.qty
from (
  select order_id, line_no, sum(qty) as qty
  from unnest(%(order)s::uuid[], %(line)s::int[], %(qty)s::numeric[]) as u(order_id, line_no, qty) group by 1, 2
) w
where l.order_id = w.order_id and l.line_no = w.line_no
"""


def add_billed(tx: Tx, lines: Sequence[tuple[UUID, int, Decimal, Decimal]]) -> None:
    """Add to what was invoiced of lines: (order, line, base units, net)."""
    _add(tx, _ADD_BILLED, lines, names=("line", "qty", "net"))


def add_charged(tx: Tx, charges: Sequence[tuple[UUID, int, Decimal]]) -> None:
    """Add to what was invoiced of charges: (order, charge, amount)."""
    _add(tx, _ADD_CHARGED, charges, names=("no", "amount"))


def add_returned(tx: Tx, lines: Sequence[tuple[UUID, int, Decimal]]) -> None:
    """Add to what came back of lines: (order, line, base units)."""
    _add(tx, _ADD_RETURNED, lines, names=("line", "qty"))


def _add(tx: Tx, sql: str, rows: Sequence[tuple[Any, ...]], *, names: tuple[str, ...]) -> None:
    if rows:
        columns = {name: numbers(row[place] for row in rows) for place, name in enumerate(names, 1)}
        tx.run(sql, {"order": [row[0] for row in rows], **columns})
