"""Reads of credit nodes, and the statement that locks them, root first."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from tradewind.credit.model import ZERO, Node
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader, Row

_PATHS = """
select c.account_id, n.account_id
from unnest(%(accounts)s::uuid[]) as w(account_id)
join account_closure c on c.account_id = w.account_id
join credit_node n on n.account_id = c.ancestor_id
order by c.account_id, c.depth desc
"""
LOCK_CREDIT = LockKind(
    "credit",
    """
select n.account_id, n.currency, n.credit_limit, n.open_orders, n.receivables, n.unapplied
from unnest(%(keys)s::uuid[]) as w(account_id) join credit_node n on n.account_id = w.account_id
order by (select max(depth) from account_closure u where u.account_id = n.account_id), n.account_id
for no key update of n
""",
)
_OVERRIDES = """
select account_id, sum(amount) from credit_override
where account_id = any(%(accounts)s::uuid[]) and valid_from <= %(now)s and valid_to > %(now)s group by account_id
"""


def credit_paths(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """For each account the nodes above it that carry a limit, root first."""
    paths: dict[UUID, list[UUID]] = {}
    for account_id, node_id in reader.rows(_PATHS, {"accounts": list(set(accounts))}):
        paths.setdefault(account_id, []).append(node_id)
    return {account_id: tuple(nodes) for account_id, nodes in paths.items()}


def nodes_from(reader: Reader, locked: Iterable[Row]) -> dict[UUID, Node]:
    """Locked rows as nodes, with the overrides that are in force."""
    rows = list(locked)
    if not rows:
        return {}
    extra: dict[UUID, Decimal] = dict(
        reader.rows(_OVERRIDES, {"accounts": [row[0] for row in rows], "now": reader.now})
    )
    return {row[0]: Node(row[0], row[1], row[2], row[3], row[4], row[5], extra.get(row[0], ZERO)) for row in rows}


_NODES = """
select n.account_id, n.currency, n.credit_limit, n.open_orders, n.receivables, n.unapplied from credit_node n
where n.account_id = any(%(accounts)s::uuid[])
"""


def nodes_of(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, Node]:
    """Nodes without a lock, with the overrides in force: good for an estimate."""
    return nodes_from(reader, reader.rows(_NODES, {"accounts": list(accounts)}))


_TREES = """
select c.account_id from unnest(%(nodes)s::uuid[]) as w(id) join account_closure c on c.ancestor_id = w.id
"""


def accounts_below(reader: Reader, nodes: Iterable[UUID]) -> list[UUID]:
    """Every account whose exposure counts on these nodes."""
    return [row[0] for row in reader.rows(_TREES, {"nodes": sorted(set(nodes))})]
