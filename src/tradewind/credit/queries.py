"""Reads of credit nodes, and the statement that locks them, root first."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.credit.model import PLAIN, ZERO, Conduct, CreditRequest, Node, Policy
from tradewind.kernel.arrays import numbers
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader, Row

_PATHS = """
select c.account_id, n.account_id
from unnest(%(accounts)s::uuid[]) as w(account_id)
join account_closure c on c.account_id = w.account_id
join credit_node n on n.account_id = c.ancestor_id
order by c.account_id, c.depth desc
"""
_NODE = """n.account_id, n.currency, n.credit_limit, n.open_orders, n.receivables, n.unapplied, n.checks_submit,
n.checks_release, n.checks_ship, n.horizon_days, n.overdue_days, n.overdue_tolerated, n.blocks_returned, n.blocks_promises,
n.blocks_orders, n.blocks_release, n.erp_balance, n.erp_overdue, n.erp_own"""
LOCK_CREDIT = LockKind(
    "credit",
    f"""
select {_NODE}
from unnest(%(keys)s::uuid[]) as w(account_id) join credit_node n on n.account_id = w.account_id
order by (select max(depth) from account_closure u where u.account_id = n.account_id), n.account_id
for no key update of n
""",  # noqa: S608 - columns are ours
)
_OVERRIDES = """
select account_id, sum(amount) from credit_override
where account_id = any(%(accounts)s::uuid[]) and order_id is null and valid_from <= %(now)s and valid_to > %(now)s
group by account_id
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
    return {
        row[0]: Node(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            row[5],
            extra.get(row[0], ZERO),
            _policy(row[6:16]),
            row[16],
            row[17],
            row[18],
        )
        for row in rows
    }


_PLAIN_ROW = (True, False, False, None, None, ZERO, False, False, True, False)


def _policy(row: Row) -> Policy:
    return PLAIN if row == _PLAIN_ROW else Policy(*row)


_NODES = f"""
select {_NODE} from credit_node n where n.account_id = any(%(accounts)s::uuid[])
"""  # noqa: S608 - columns are ours


def nodes_of(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, Node]:
    """Nodes without a lock, with the overrides in force: good for an estimate."""
    return nodes_from(reader, reader.rows(_NODES, {"accounts": list(accounts)}))


_TREES = """
select c.account_id from unnest(%(nodes)s::uuid[]) as w(id) join account_closure c on c.ancestor_id = w.id
"""


def accounts_below(reader: Reader, nodes: Iterable[UUID]) -> list[UUID]:
    """Every account whose exposure counts on these nodes."""
    return [row[0] for row in reader.rows(_TREES, {"nodes": sorted(set(nodes))})]


# What of an invoice is due by an instant: its instalments up to then, or all of it; less what was settled of it.
_CONDUCT = """
with watched as (
  select * from unnest(%(nodes)s::uuid[], %(days)s::int[], %(returned)s::boolean[], %(promises)s::boolean[])
    as w(id, days, returned, promises)
), open_items as (
  select w.id as node, w.days, w.returned, i.id, i.total - i.paid - i.credited as open, i.paid + i.credited as settled,
    i.total, i.due_at
  from watched w join account_closure c on c.ancestor_id = w.id
  join credit_node n on n.account_id = w.id
  join invoice i on i.account_id = c.account_id and i.closed_at is null and i.kind = 'invoice' and i.currency = n.currency
), late as (
  select o.node, o.returned, o.id, o.open,
    greatest(case when p.parts = 0 then case when o.due_at <= %(now)s then o.open else 0 end else p.due - o.settled end, 0) as overdue,
    greatest(case when p.parts = 0 then case when o.due_at < %(now)s - make_interval(days => coalesce(o.days, 0)) then o.open
      else 0 end else p.past - o.settled end, 0) as too_late,
    case when p.parts = 0 then o.due_at else p.first_open end as since
  from open_items o cross join lateral (
    select count(*) as parts, coalesce(sum(x.amount) filter (where x.due_at <= %(now)s), 0) as due,
      coalesce(sum(x.amount) filter (where x.due_at < %(now)s - make_interval(days => coalesce(o.days, 0))), 0) as past,
      min(x.due_at) filter (where x.reached > o.settled) as first_open
    from (select y.amount, y.due_at, sum(y.amount) over (order by y.part_no) as reached
          from invoice_instalment y where y.invoice_id = o.id) x
  ) p
)
select w.id, coalesce(l.overdue, 0), coalesce(l.too_late, 0), l.since, coalesce(l.returned, 0), coalesce(b.broken, 0)
from watched w
left join (
  select node, sum(overdue) as overdue, sum(too_late) as too_late, min(since) filter (where too_late > 0) as since,
    sum(open) filter (where returned and exists (
      select from payment_application a where a.invoice_id = late.id and a.amount < 0)) as returned
  from late group by node
) l on l.node = w.id
left join lateral (
  select sum(m.amount) as broken
  from account_closure c join payment_promise m on m.account_id = c.account_id
  where w.promises and c.ancestor_id = w.id and m.due_at < %(now)s and m.amount > (
    select coalesce(sum(y.amount - y.refunded), 0) from payment y
    where y.account_id = m.account_id and y.currency = m.currency and y.bounced_at is null and y.received_at >= m.made_at)
) b on true
"""


def conduct_of(reader: Reader, nodes: Iterable[Node]) -> dict[UUID, Conduct]:
    """How the trees of these nodes pay, as of now; nodes without anything to say have an empty one."""
    wanted = list(nodes)
    if not wanted:
        return {}
    columns = {
        "now": reader.now,
        "nodes": [node.account_id for node in wanted],
        "days": numbers(node.policy.overdue_days for node in wanted),
        "returned": [node.policy.blocks_returned for node in wanted],
        "promises": [node.policy.blocks_promises for node in wanted],
    }
    return {row[0]: Conduct(*row[1:]) for row in reader.rows(_CONDUCT, columns)}


def codes_of(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, str]:
    """Account codes by id."""
    return dict(reader.rows("select id, code from account where id = any(%s::uuid[])", [sorted(set(accounts))]))


# Money of an account that settles nothing yet, less what of it stands for orders that were let through on prepayment.
_PREPAID = """
select w.id, coalesce(p.free, 0) + coalesce(n.free, 0) - coalesce(o.claimed, 0)
from unnest(%(accounts)s::uuid[]) as w(id)
join account a on a.id = w.id
left join lateral (
  select sum(amount - applied - refunded) as free from payment
  where account_id = w.id and currency = a.currency and bounced_at is null
) p on true
left join lateral (
  select sum(total - paid) as free from invoice
  where account_id = w.id and currency = a.currency and kind = 'credit_note' and closed_at is null
) n on true
left join lateral (
  select sum(s.credit_taken * t.prepay_percent / 100) as claimed
  from sales_order s join payment_terms t on t.code = s.terms_code and t.prepay_percent > 0
  where s.account_id = w.id and s.credit_taken > 0
) o on true
"""


def prepaid_of(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, Decimal]:
    """What is there for orders of accounts that pay before: free money less what stands for orders let through already."""
    return dict(reader.rows(_PREPAID, {"accounts": sorted(set(accounts))}))


_AUTHORITY = "select action, alone_up_to from credit_authority"


def authority(reader: Reader) -> dict[str, Decimal]:
    """Up to which amount one person decides alone, by action."""
    return dict(reader.rows(_AUTHORITY))


_REQUEST = """r.id, r.account_id, r.order_id, r.kind, r.amount, r.currency, r.new_limit, r.valid_from, r.valid_to, r.reason, r.status,
r.alone_up_to, r.figures, r.proposed_by, r.proposed_at, r.decided_by, r.decided_at, r.decision_reason"""
_REQUESTS = f"""
select {_REQUEST} from credit_request r where r.id = any(%(ids)s::uuid[])
"""  # noqa: S608 - columns are ours
_LET_OVER = "select distinct order_id from credit_override where order_id = any(%(orders)s::uuid[])"


def requests_of(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, CreditRequest]:
    """Requests by id."""
    return {row[0]: CreditRequest(*row) for row in reader.rows(_REQUESTS, {"ids": sorted(set(ids))})}


def let_over(reader: Reader, orders: Iterable[UUID]) -> set[UUID]:
    """Those of these orders that somebody let through above a limit."""
    return {row[0] for row in reader.rows(_LET_OVER, {"orders": sorted(set(orders))})}


# What our books of a tree grew by after an instant: invoices less credit notes and payments, each by its own date.
_POSTED_SINCE = """
select coalesce((
    select sum(case i.kind when 'invoice' then i.total else -i.total end)
    from account_closure c join invoice i on i.account_id = c.account_id and i.currency = n.currency
    where c.ancestor_id = n.account_id and i.issued_at > %(at)s), 0)
  - coalesce((
    select sum(p.amount - p.refunded)
    from account_closure c join payment p on p.account_id = c.account_id and p.currency = n.currency
    where c.ancestor_id = n.account_id and p.received_at > %(at)s and p.bounced_at is null), 0)
from credit_node n where n.account_id = %(account)s
"""


def posted_since(reader: Reader, account_id: UUID, at: datetime) -> Decimal:
    """What the receivables of a node's tree grew by in our books after an instant."""
    found: Decimal | None = reader.value(_POSTED_SINCE, {"account": account_id, "at": at})
    return ZERO if found is None else found


_PROMISED = """
select m.account_id, m.currency, max(m.due_at) from unnest(%(accounts)s::uuid[]) as w(id)
join payment_promise m on m.account_id = w.id and m.due_at >= %(now)s group by 1, 2
"""


def promised_until(reader: Reader, accounts: Iterable[UUID]) -> dict[tuple[UUID, str], datetime]:
    """Until when accounts promised to pay, by currency; promises whose time is over are not in it."""
    rows = reader.rows(_PROMISED, {"accounts": sorted(set(accounts)), "now": reader.now})
    return {(row[0], row[1]): row[2] for row in rows}
