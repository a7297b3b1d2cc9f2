"""Reads of the replay: what waits for a warehouse, and what waits for money."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.tx import Reader

_RELEASED = """
select s.id from unnest(%(orders)s::uuid[]) as w(id) join shipment s on s.order_id = w.id and s.status = 'released'
order by s.number
"""
_TO_PAY = """
select i.number, a.code, i.total - i.paid - i.credited, i.currency
from unnest(%(orders)s::uuid[]) as w(id)
join invoice i on i.order_id = w.id and i.kind = 'invoice' and i.closed_at is null and i.total > i.paid + i.credited
join account a on a.id = i.account_id order by i.number
"""


@dataclass(frozen=True, slots=True)
class ToPay:
    """An invoice that is open."""

    number: str
    account: str
    amount: Decimal
    currency: str


def released_shipments(reader: Reader, orders: Iterable[UUID]) -> list[UUID]:
    """The shipments of these orders that no warehouse has answered yet, in the order they were released."""
    return [row[0] for row in reader.rows(_RELEASED, {"orders": list(orders)})]


def invoices_to_pay(reader: Reader, orders: Iterable[UUID]) -> list[ToPay]:
    """The open invoices of these orders."""
    return [ToPay(*row) for row in reader.rows(_TO_PAY, {"orders": list(orders)})]
