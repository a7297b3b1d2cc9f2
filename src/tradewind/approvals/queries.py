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
