"""Reads of the replay: what waits for a warehouse or for money, and what was booked in the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.tx import Reader

_RELEASED = """
select s.id from shipment s where s.status = 'released' and s.released_at <= %(now)s
order by s.released_at, s.number limit %(limit)s
"""
_TO_PAY = """
select i.number, a.code, i.total - i.paid - i.credited, i.currency
from unnest(%(orders)s::uuid[]) as w(id)
join invoice i on i.order_id = w.id and i.kind = 'invoice' and i.closed_at is null and i.total > i.paid + i.credited
join account a on a.id = i.account_id order by i.number
"""
_INVOICED = """
select i.order_id, sum(i.net_total), sum(i.charge_total)
from unnest(%(orders)s::uuid[]) as w(id) join invoice i on i.order_id = w.id and i.kind = 'invoice' group by 1
"""
_CREDITED = """
select r.outside_number, r.status, coalesce(sum(i.net_total + i.charge_total), 0)
from return_authorisation r left join invoice i on i.return_id = r.id and i.kind = 'credit_note'
where r.outside_number = any(%(numbers)s::text[]) group by 1, 2
"""
_FULFILLED = """
select w.order_id, w.line_no, l.qty_ordered - l.qty_shipped - l.qty_cancelled,
  (select max(h.shipped_at) from shipment_line s join shipment h on h.id = s.shipment_id
   where s.order_id = w.order_id and s.order_line_no = w.line_no and s.qty_shipped > 0)
from unnest(%(orders)s::uuid[], %(lines)s::int[]) as w(order_id, line_no)
join order_line l on l.order_id = w.order_id and l.line_no = w.line_no
"""


@dataclass(frozen=True, slots=True)
class Booked:
    """What was invoiced for an order, net of tax."""

    goods: Decimal = Decimal(0)
    charges: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ToPay:
    """An invoice that is open."""

    number: str
    account: str
    amount: Decimal
    currency: str


def released_shipments(reader: Reader, *, limit: int) -> list[UUID]:
    """The shipments that no warehouse has answered yet, in the order they were released."""
    return [row[0] for row in reader.rows(_RELEASED, {"now": reader.now, "limit": limit})]


def invoices_to_pay(reader: Reader, orders: Iterable[UUID]) -> list[ToPay]:
    """The open invoices of these orders."""
    return [ToPay(*row) for row in reader.rows(_TO_PAY, {"orders": list(orders)})]


def invoiced(reader: Reader, orders: Iterable[UUID]) -> dict[UUID, Booked]:
    """What was invoiced for each of these orders, over all of its invoices."""
    return {row[0]: Booked(row[1], row[2]) for row in reader.rows(_INVOICED, {"orders": list(orders)})}


def sent_back_and_credited(reader: Reader, numbers: Iterable[str]) -> dict[str, tuple[str, Decimal]]:
    """For each credit note of the past by its number: where the return stands, and what was credited for it, net of tax."""
    return {row[0]: (row[1], row[2]) for row in reader.rows(_CREDITED, {"numbers": list(numbers)})}


def fulfilled(
    reader: Reader, lines: Sequence[tuple[UUID, int]]
) -> dict[tuple[UUID, int], tuple[Decimal, datetime | None]]:
    """For each (order, line): the units that are still to be shipped, and when the last ones went out."""
    columns = {"orders": [one for one, _ in lines], "lines": [line_no for _, line_no in lines]}
    return {(row[0], row[1]): (row[2], row[3]) for row in reader.rows(_FULFILLED, columns)}
