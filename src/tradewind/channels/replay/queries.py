"""Reads of the replay: what waits for a warehouse."""

from collections.abc import Iterable
from uuid import UUID

from tradewind.kernel.tx import Reader

_RELEASED = """
select s.id from unnest(%(orders)s::uuid[]) as w(id) join shipment s on s.order_id = w.id and s.status = 'released'
order by s.number
"""


def released_shipments(reader: Reader, orders: Iterable[UUID]) -> list[UUID]:
    """The shipments of these orders that no warehouse has answered yet, in the order they were released."""
    return [row[0] for row in reader.rows(_RELEASED, {"orders": list(orders)})]
