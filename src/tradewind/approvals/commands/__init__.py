"""Writes of approvals."""

from uuid import UUID

from tradewind.kernel.tx import Tx

_INSERT = """
insert into approval (id, order_id, account_id, content_hash, decision, decided_by, reason, decided_at)
values (%(id)s, %(order)s, %(account)s, %(hash)s, %(decision)s, %(by)s, %(reason)s, %(now)s)
"""


def record_decision(
    tx: Tx, order_id: UUID, *, account_id: UUID, content_hash: bytes, approved: bool, reason: str
) -> None:
    """Keep who decided what about which content; the row is never changed."""
    tx.run(
        _INSERT,
        {
            "id": tx.ids.new(),
            "order": order_id,
            "account": account_id,
            "hash": content_hash,
            "decision": "approved" if approved else "rejected",
            "by": tx.actor.principal_id,
            "reason": reason,
            "now": tx.now,
        },
    )
