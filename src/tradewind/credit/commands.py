"""Writes of credit: counters are added to on rows that the caller has locked."""

from collections.abc import Mapping
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
