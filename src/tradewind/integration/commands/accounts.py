"""Accounts: the records, the company trees above them, and the limits they carry."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.credit.queries import LOCK_CREDIT
from tradewind.integration.commands.upsert import (
    Column,
    OwnTree,
    Reference,
    Target,
    as_records,
    count,
    resolve,
    upsert_each,
    within_own_kind,
    without_refused,
    writable,
)
from tradewind.integration.model import Applied, Run
from tradewind.kernel.arrays import numbers
from tradewind.kernel.locks import lock_set
from tradewind.kernel.tx import Event, Tx

DEPTH_MAX = 32

_ACCOUNT = Target(
    "account",
    (Column("code", "code"),),
    (
        *(
            Column(name, name)
            for name in (
                "name",
                "currency",
                "segment",
                "region",
                "status",
                "vat_id",
                "ship_policy",
                "price_policy",
                "price_strategy",
                "duplicate_po",
                "delivery_url",
                "language",
                "unknown_items",
                "change_pricing",
            )
        ),
        Column("terms", "terms_code"),
        Column("legal_entity", "legal_entity_id", "uuid"),
        Column("parent", "parent_id", "uuid"),
        Column("tax_exempt", "tax_exempt", "boolean"),
        Column("vat_verified", "vat_verified", "boolean"),
        Column("over_ship_percent", "over_ship_percent", "numeric"),
        Column("discount_percent", "discount_percent", "numeric"),
        Column("approval_above", "approval_above", "numeric"),
        Column("priority", "priority", "int"),
        Column("reserve_hours", "reserve_hours", "int"),
    ),
)
_KNOWN = """
select a.code, a.id, p.code, n.credit_limit
from unnest(%(codes)s::text[]) as w(code) join account a on a.code = w.code
left join account p on p.id = a.parent_id left join credit_node n on n.account_id = a.id
"""
_CHAINS = """
select a.code, p.code from unnest(%(codes)s::text[]) as w(code)
join account t on t.code = w.code join account_closure c on c.account_id = t.id
join account a on a.id = c.ancestor_id left join account p on p.id = a.parent_id
"""
# An account whose tree has traded: its amounts stand in the counters of the nodes above it.
_LOCK_TREE = """
select a.id from account a
where a.id in (select c.account_id from account_closure c where c.ancestor_id = any(%(ids)s::uuid[]))
order by a.id for update of a
"""
_HAS_TRADED = """
select distinct c.ancestor_id from account_closure c
where c.ancestor_id = any(%(ids)s::uuid[])
  and (exists (select from sales_order o where o.account_id = c.account_id)
       or exists (select from invoice i where i.account_id = c.account_id)
       or exists (select from payment p where p.account_id = c.account_id))
"""
_BELOW = """
select distinct account_id from account_closure where ancestor_id = any(%(ids)s::uuid[])
"""
_FORGET_CLOSURE = "delete from account_closure where account_id = any(%(ids)s::uuid[])"
_CLOSURE = """
with recursive up (account_id, ancestor_id, depth) as (
  select w.id, w.id, 0 from unnest(%(ids)s::uuid[]) as w(id)
  union all
  select up.account_id, a.parent_id, up.depth + 1 from up join account a on a.id = up.ancestor_id
  where a.parent_id is not null and up.depth < %(depth_max)s
)
insert into account_closure (account_id, ancestor_id, depth) select account_id, ancestor_id, depth from up
"""
_NEW_NODES = """
insert into credit_node (account_id, currency, credit_limit)
select * from unnest(%(id)s::uuid[], %(currency)s::text[], %(limit)s::numeric[])
"""
_SET_LIMITS = """
update credit_node n set credit_limit = w.credit_limit
from unnest(%(id)s::uuid[], %(limit)s::numeric[]) as w(account_id, credit_limit)
where n.account_id = w.account_id and n.open_orders + n.receivables - n.unapplied <= w.credit_limit
returning n.account_id
"""
_FORGET_NODES = """
delete from credit_node where account_id = any(%(ids)s::uuid[]) and open_orders = 0 and receivables = 0 and unapplied = 0
returning account_id
"""

Known = tuple[UUID, str | None, Decimal | None]


def apply_accounts(tx: Tx, rows: Sequence[Any], run: Run) -> Applied:
    """Write accounts. Parents may stand in the same set of rows, or come later in the file."""
    applied = Applied()
    references = [Reference("legal_entity", "legal_entity")]
    if "terms" in run.present:
        references.append(Reference("terms", "payment_terms"))
    found = resolve(tx, rows, references, applied)
    good = without_refused(rows, applied)
    tree = within_own_kind(tx, good, noun="account", code="code", reference="parent", run=run, applied=applied)
    fields = writable(tx, "account", run)
    known = {
        code: (account_id, parent, limit)
        for code, account_id, parent, limit in tx.rows(_KNOWN, {"codes": [row.code for row in tree.rows]})
    }
    _refuse_loops(tx, tree, applied, moves="parent" in fields)
    good = _without_impossible(tx, without_refused(tree.rows, applied), known, fields, applied)
    records = as_records(good, {"legal_entity": found["legal_entity"], "parent": dict(tree.ids)})
    for record in records:
        record["id"] = tree.ids[record["code"]]
    written = upsert_each(tx, _ACCOUNT, records, written=fields)
    moved = [row for row in good if row.code not in known or ("parent" in fields and known[row.code][1] != row.parent)]
    _grow_closure(tx, [tree.ids[row.code] for row in moved])
    limited = _set_limits(tx, good, tree.ids, known) if "credit_limit" in fields else set()
    created = sum(written.values())
    count(applied, len(records), (created, len(written.keys() | limited) - created))
    _tell(tx, good, tree, known, run)
    return applied


def _refuse_loops(tx: Tx, tree: OwnTree, applied: Applied, *, moves: bool) -> None:
    """Refuse rows that would stand above themselves, or too deep."""
    named = {row.parent for row in tree.rows if row.parent is not None}
    if not named or not moves:
        return
    parent_of: dict[str, str | None] = dict(tx.rows(_CHAINS, {"codes": sorted(named)}))
    parent_of |= {row.code: row.parent for row in tree.rows}
    for row in tree.rows:
        step, above = 0, row.parent
        while above is not None and above != row.code and step <= DEPTH_MAX:
            step, above = step + 1, parent_of.get(above)
        if above == row.code:
            applied.refuse(row.row, "parent", "import.tree_has_a_loop", f"{row.code} would stand above itself")
        elif step >= DEPTH_MAX:
            applied.refuse(row.row, "parent", "import.tree_too_deep", f"a company tree may have {DEPTH_MAX} levels")
    out = {number for number, _ in applied.refused}
    lost = {row.code for row in tree.rows if row.row in out and row.code in tree.new}
    while lost:  # who stands under a refused new account cannot be written either
        below = [row for row in tree.rows if row.parent in lost and row.row not in out]
        for row in below:
            applied.refuse(row.row, "parent", "import.parent_refused", f"the account above, {row.parent}, was refused")
        out |= {row.row for row in below}
        lost = {row.code for row in below if row.code in tree.new}


def _without_impossible(
    tx: Tx, rows: Sequence[Any], known: Mapping[str, Known], fields: frozenset[str], applied: Applied
) -> list[Any]:
    """Refuse what would break the books: moving an account that has traded, or giving it a first limit or taking its last."""
    asks: dict[UUID, tuple[Any, str, str]] = {}
    for row in rows:
        account_id, parent, limit = known.get(row.code, (None, None, None))
        if account_id is None:
            continue
        if "parent" in fields and parent != row.parent:
            asks[account_id] = (row, "parent", "it has traded, so its amounts count in the tree it stands in")
        elif "credit_limit" in fields and (limit is None) != (row.credit_limit is None):
            asks[account_id] = (
                row,
                "credit_limit",
                "it has traded without or under a limit; give it one in the console",
            )
    if not asks:
        return _without_low_limits(tx, rows, known, fields, applied)
    ids = sorted(asks)
    tx.rows(_LOCK_TREE, {"ids": ids})  # orders that name these accounts wait from here on
    for (account_id,) in tx.rows(_HAS_TRADED, {"ids": ids}):
        row, column, message = asks[account_id]
        applied.refuse(row.row, column, "import.account_has_traded", message)
    return _without_low_limits(tx, without_refused(rows, applied), known, fields, applied)


def _without_low_limits(
    tx: Tx, rows: Sequence[Any], known: Mapping[str, Known], fields: frozenset[str], applied: Applied
) -> list[Any]:
    """Refuse limits below what is already taken, on locked nodes."""
    lowered = {
        known[row.code][0]: row
        for row in rows
        if "credit_limit" in fields
        and row.code in known
        and (limit := known[row.code][2]) is not None
        and row.credit_limit is not None
        and row.credit_limit < limit
    }
    if lowered:
        for node in lock_set(tx, [(LOCK_CREDIT, lowered)])["credit"]:
            row, taken = lowered[node[0]], node[3] + node[4] - node[5]
            if taken > row.credit_limit:
                applied.refuse(
                    row.row,
                    "credit_limit",
                    "import.limit_below_exposure",
                    f"{taken} {node[1]} are taken already",
                    taken=str(taken),
                )
    return without_refused(rows, applied)


def _grow_closure(tx: Tx, ids: Sequence[UUID]) -> None:
    """Write anew who stands above these accounts and all below them."""
    if not ids:
        return
    below = [row[0] for row in tx.rows(_BELOW, {"ids": list(ids)})]
    touched = sorted({*ids, *below})
    if below:
        tx.run(_FORGET_CLOSURE, {"ids": touched})
    tx.run(_CLOSURE, {"ids": touched, "depth_max": DEPTH_MAX})


def _set_limits(tx: Tx, rows: Sequence[Any], ids: Mapping[str, UUID], known: Mapping[str, Known]) -> set[str]:
    """Make, change and remove credit nodes; gives the codes of known accounts whose limit is another now."""
    new, changed, gone = [], [], []
    for row in rows:
        old = known[row.code][2] if row.code in known else None
        if row.credit_limit is None:
            if old is not None:
                gone.append(ids[row.code])
        elif old is None:
            new.append(row)
        elif old != row.credit_limit:
            changed.append(row)
    if new:
        tx.run(
            _NEW_NODES,
            {
                "id": [ids[row.code] for row in new],
                "currency": [row.currency for row in new],
                "limit": numbers(row.credit_limit for row in new),
            },
        )
    if changed:
        tx.rows(
            _SET_LIMITS,
            {"id": [ids[row.code] for row in changed], "limit": numbers(row.credit_limit for row in changed)},
        )
    if gone:
        tx.rows(_FORGET_NODES, {"ids": gone})
    return {row.code for row in rows if row.code in known and known[row.code][2] != row.credit_limit}


def _tell(tx: Tx, rows: Sequence[Any], tree: OwnTree, known: Mapping[str, Known], run: Run) -> None:
    """A fact for each new account, and for each changed limit or place in the tree."""
    for row in rows:
        account_id = tree.ids[row.code]
        if row.code not in known:
            payload: dict[str, Any] = {"code": row.code, "import": run.id}
            tx.emit(Event("account.created", "account", account_id, payload, account_id=account_id))
            continue
        _, parent, limit = known[row.code]
        if "credit_limit" in run.present and limit != row.credit_limit:
            payload = {"from": limit, "to": row.credit_limit, "import": run.id}
            tx.emit(Event("account.credit_limit_changed", "account", account_id, payload, account_id=account_id))
        if "parent" in run.present and parent != row.parent:
            payload = {"from": parent, "to": row.parent, "import": run.id}
            tx.emit(Event("account.moved", "account", account_id, payload, account_id=account_id))
