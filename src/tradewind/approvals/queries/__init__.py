"""Reads of approvals."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.kernel.tx import Reader

_APPROVED = """
select a.order_id, a.content_hash from unnest(%(orders)s::uuid[]) as w(id) join approval a on a.order_id = w.id
where a.decision = 'approved'
"""


def approved_hashes(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, set[bytes]]:
    """For which content each order was approved."""
    found: dict[UUID, set[bytes]] = {}
    if orders:
        for order_id, digest in reader.rows(_APPROVED, {"orders": list(orders)}):
            found.setdefault(order_id, set()).add(bytes(digest))
    return found


_THROUGH = """
select e.subject_id, m.granted_by from unnest(%(orders)s::uuid[]) as w(id)
join event e on e.subject_id = w.id and e.subject_seq = 1 join mandate m on m.id = e.mandate_id
"""


def ordered_through(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """Who gave the mandates under which agents placed these orders: they ordered them, through another."""
    found: dict[UUID, set[UUID]] = {}
    if orders:
        for order_id, principal_id in reader.rows(_THROUGH, {"orders": list(orders)}):
            found.setdefault(order_id, set()).add(principal_id)
    return found
