"""Writes of credit: counters are added to on rows that the caller has locked."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.credit.model import CreditDelta
from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx

_ADD = """
update credit_node n set open_orders = n.open_orders + w.open_orders, receivables = n.receivables + w.receivables,
  unapplied = n.unapplied + w.unapplied
from unnest(%(account)s::uuid[], %(open)s::numeric[], %(receivables)s::numeric[], %(unapplied)s::numeric[])
     as w(account_id, open_orders, receivables, unapplied)
where n.account_id = w.account_id
"""


def add_to_nodes(tx: Tx, deltas: Mapping[UUID, CreditDelta]) -> None:
    """Add to what is taken of each node."""
    wanted = [(key, delta) for key, delta in deltas.items() if delta != CreditDelta()]
    if wanted:
        tx.run(
            _ADD,
            {
                "account": [key for key, _ in wanted],
                "open": numbers(delta.open_orders for _, delta in wanted),
                "receivables": numbers(delta.receivables for _, delta in wanted),
                "unapplied": numbers(delta.unapplied for _, delta in wanted),
            },
        )


_SET_LIMIT = """
update credit_node n set credit_limit = w.amount
from unnest(%(account)s::uuid[], %(amount)s::numeric[]) as w(account_id, amount) where n.account_id = w.account_id
"""
_GRANT = """
insert into credit_override (id, account_id, amount, currency, reason, valid_from, valid_to, requested_by, approved_by,
  approver_limit)
values (%(id)s, %(account)s, %(amount)s, %(currency)s, %(reason)s, %(from)s, %(to)s, %(requested)s, %(approved)s, %(limit)s)
"""


def set_limits(tx: Tx, limits: Mapping[UUID, Decimal]) -> None:
    """Store limits of nodes that the caller has locked. What is taken of them stays taken, even where it is more."""
    wanted = sorted(limits.items())
    if wanted:
        tx.run(_SET_LIMIT, {"account": [key for key, _ in wanted], "amount": numbers(limit for _, limit in wanted)})


def insert_override(
    tx: Tx,
    account_id: UUID,
    *,
    amount: Decimal,
    currency: str,
    reason: str,
    valid: tuple[datetime, datetime],
    requested_by: UUID,
    approved_by: UUID,
    approver_limit: Decimal,
) -> UUID:
    """Store a temporary raise of a limit; the table refuses one person in both roles, and more than the approver may."""
    override_id = tx.ids.new()
    tx.run(
        _GRANT,
        {
            "id": override_id,
            "account": account_id,
            "amount": amount,
            "currency": currency,
            "reason": reason,
            "from": valid[0],
            "to": valid[1],
            "requested": requested_by,
            "approved": approved_by,
            "limit": approver_limit,
        },
    )
    return override_id
