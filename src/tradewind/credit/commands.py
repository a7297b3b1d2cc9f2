"""Writes of credit: counters are added to on rows that the caller has locked."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from tradewind.credit.model import CreditDelta, CreditRequest, Policy
from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx, dumps
from tradewind.kernel.value import value

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
  approver_limit, alone_up_to, order_id)
values (%(id)s, %(account)s, %(amount)s, %(currency)s, %(reason)s, %(from)s, %(to)s, %(requested)s, %(approved)s, %(limit)s,
  %(alone)s, %(order)s)
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
    alone_up_to: Decimal = Decimal(0),
    order_id: UUID | None = None,
) -> UUID:
    """Store a temporary raise of a limit, or with `order_id` what that order was let through above it.

    The table refuses more than the approver may, and above `alone_up_to` one person in both roles."""
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
            "alone": alone_up_to,
            "order": order_id,
        },
    )
    return override_id


_RULED = """
with w as (
  select * from unnest(%(ids)s::uuid[], %(requests)s::uuid[], %(orders)s::uuid[], %(accounts)s::uuid[], %(nodes)s::uuid[],
    %(amounts)s::numeric[], %(currencies)s::text[], %(most)s::numeric[], %(authors)s::uuid[], %(reviewers)s::uuid[], %(reasons)s::text[])
    as w(id, request_id, order_id, account_id, node_id, amount, currency, most, author, reviewer, reason)
), asked as (
  insert into credit_request (id, account_id, order_id, kind, amount, currency, reason, status, alone_up_to, figures, proposed_by,
    proposed_at, decided_by, decided_at, decision_reason)
  select request_id, account_id, order_id, 'release', amount, currency, reason, 'confirmed', 0, '{}'::jsonb, author, %(now)s,
    reviewer, %(now)s, reason from w
)
insert into credit_override (id, account_id, amount, currency, reason, valid_from, valid_to, requested_by, approved_by,
  approver_limit, order_id)
select id, node_id, amount, currency, reason, %(now)s, %(until)s, author, reviewer, most, order_id from w
"""
KEPT_FOR = timedelta(days=3650)
"""How long what an order was let through above a limit stands on record as in force."""


@value(frozen=True, slots=True)
class RuledOver:
    """By how much a published rule lets an order over a node's limit, by no more than `most`; `author` and `reviewer` of the rule."""

    order_id: UUID
    account_id: UUID
    node_id: UUID
    amount: Decimal
    currency: str
    most: Decimal
    author: UUID
    reviewer: UUID
    reason: str


def let_over_by_rule(tx: Tx, wanted: Sequence[RuledOver]) -> None:
    """Store for each order what a rule let it through above a limit, as decided by those who stand behind the rule."""
    if wanted:
        tx.run(
            _RULED,
            {
                "ids": [tx.ids.new() for _ in wanted],
                "requests": [tx.ids.new() for _ in wanted],
                "orders": [one.order_id for one in wanted],
                "accounts": [one.account_id for one in wanted],
                "nodes": [one.node_id for one in wanted],
                "amounts": numbers(one.amount for one in wanted),
                "currencies": [one.currency for one in wanted],
                "most": numbers(one.most for one in wanted),
                "authors": [one.author for one in wanted],
                "reviewers": [one.reviewer for one in wanted],
                "reasons": [one.reason for one in wanted],
                "now": tx.now,
                "until": tx.now + KEPT_FOR,
            },
        )


_PROPOSE = """
insert into credit_request (id, account_id, order_id, kind, amount, currency, new_limit, valid_from, valid_to, reason, status,
  alone_up_to, figures, proposed_by, proposed_at, decided_by, decided_at, decision_reason)
values (%(id)s, %(account)s, %(order)s, %(kind)s, %(amount)s, %(currency)s, %(new_limit)s, %(from)s, %(to)s, %(reason)s,
  %(status)s, %(alone)s, %(figures)s::jsonb, %(by)s, %(at)s, %(decided_by)s, %(decided_at)s, %(why)s)
"""
_DECIDE = """
update credit_request set status = %(status)s, decided_by = %(by)s, decided_at = %(now)s, decision_reason = %(reason)s
where id = %(id)s and status = 'open' returning id
"""


def insert_request(tx: Tx, request: CreditRequest) -> None:
    """Keep what was proposed; decided at once where one person may do that alone."""
    tx.run(
        _PROPOSE,
        {
            "id": request.id,
            "account": request.account_id,
            "order": request.order_id,
            "kind": request.kind,
            "amount": request.amount,
            "currency": request.currency,
            "new_limit": request.new_limit,
            "from": request.valid_from,
            "to": request.valid_to,
            "reason": request.reason,
            "status": request.status,
            "alone": request.alone_up_to,
            "figures": dumps(request.figures),
            "by": request.proposed_by,
            "at": request.proposed_at,
            "decided_by": request.decided_by,
            "decided_at": request.decided_at,
            "why": request.decision_reason,
        },
    )


def decide_request(tx: Tx, request_id: UUID, *, status: str, reason: str) -> bool:
    """Close an open request in the name of the actor; False where somebody else did so before. Waits for who is at it now."""
    columns = {"id": request_id, "status": status, "by": tx.actor.principal_id, "now": tx.now, "reason": reason}
    return bool(tx.rows(_DECIDE, columns))


_AUTHORITY = """
insert into credit_authority (action, alone_up_to, changed_at) values (%(action)s, %(amount)s, %(now)s)
on conflict (action) do update set alone_up_to = excluded.alone_up_to, changed_at = excluded.changed_at
"""
_POLICY = """
update credit_node set checks_submit = %(checks_submit)s, checks_release = %(checks_release)s, checks_ship = %(checks_ship)s,
  horizon_days = %(horizon_days)s, overdue_days = %(overdue_days)s, overdue_tolerated = %(overdue_tolerated)s,
  blocks_returned = %(blocks_returned)s, blocks_promises = %(blocks_promises)s, blocks_orders = %(blocks_orders)s,
  blocks_release = %(blocks_release)s
where account_id = %(account)s
"""
_ERP = """
update credit_node set erp_balance = %(balance)s, erp_overdue = %(overdue)s, erp_as_of = %(as_of)s, erp_own = %(own)s
where account_id = %(account)s
"""
_PROMISE = """
insert into payment_promise (id, account_id, currency, amount, due_at, note, made_by, made_at)
values (%(id)s, %(account)s, %(currency)s, %(amount)s, %(due)s, %(note)s, %(by)s, %(now)s)
"""


def set_authority(tx: Tx, action: str, amount: Decimal) -> None:
    """Up to which amount one person decides alone from now on."""
    tx.run(_AUTHORITY, {"action": action, "amount": amount, "now": tx.now})


def set_policy(tx: Tx, account_id: UUID, policy: Policy) -> None:
    """Another policy for a node that the caller has locked."""
    tx.run(_POLICY, {"account": account_id, **{name: getattr(policy, name) for name in Policy.__slots__}})


def set_erp(
    tx: Tx, account_id: UUID, *, balance: Decimal | None, overdue: Decimal | None, as_of: datetime | None, own: Decimal
) -> None:
    """What the ERP says of a node's receivables, and what we had in our books then; None: they are our own again."""
    tx.run(_ERP, {"account": account_id, "balance": balance, "overdue": overdue, "as_of": as_of, "own": own})


def insert_promise(
    tx: Tx, account_id: UUID, *, amount: Decimal, currency: str, due_at: datetime, note: str | None
) -> UUID:
    """Keep a buyer's word to pay."""
    promise_id = tx.ids.new()
    tx.run(
        _PROMISE,
        {
            "id": promise_id,
            "account": account_id,
            "currency": currency,
            "amount": amount,
            "due": due_at,
            "note": note,
            "by": tx.actor.principal_id,
            "now": tx.now,
        },
    )
    return promise_id
