"""Credit as the desk reads it: what an account may owe and owes, node by node, and the orders that wait for a decision."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.credit.decide import conduct_stops, room_under, suggestion, waterfall
from tradewind.credit.model import Conduct, Node
from tradewind.credit.queries import codes_of, conduct_of, credit_paths, nodes_of, prepaid_of
from tradewind.kernel.money import ZERO, plain
from tradewind.kernel.tx import Reader

_OVERRIDES = """
select v.id, a.code, v.amount, v.currency, v.reason, v.valid_from, v.valid_to, r.login, p.login
from credit_override v join account a on a.id = v.account_id join principal r on r.id = v.requested_by
join principal p on p.id = v.approved_by
where v.account_id = any(%(nodes)s::uuid[]) and v.order_id is null and v.valid_to > %(now)s order by v.valid_from, v.id
"""
_PROMISES = """
select m.id, m.amount, m.currency, m.due_at, m.note from payment_promise m where m.account_id = %(account)s
order by m.due_at desc limit 20
"""
_OPEN_ITEMS = """
select i.number, i.currency, coalesce(p.part_no, 1), coalesce(p.due_at, i.due_at), case when p.part_no is null
    then i.total - i.paid - i.credited else least(p.amount, p.reached - i.paid - i.credited) end
from invoice i left join lateral (
  select y.part_no, y.due_at, y.amount, sum(y.amount) over (order by y.part_no) as reached
  from invoice_instalment y where y.invoice_id = i.id
) p on true
where i.account_id = %(account)s and i.kind = 'invoice' and i.closed_at is null
  and (p.part_no is null or p.reached > i.paid + i.credited)
order by 4, 1, 3 limit 100
"""
_QUEUE = """
select o.id, o.number, o.placed_at, o.account_id, a.code, o.currency, o.total, o.credit_taken, o.status,
  array_agg(distinct h.code), min(h.opened_at), sum(case when h.code = 'credit.part_held' then (h.detail ->> 'amount')::numeric end),
  jsonb_agg(jsonb_build_object('id', h.id, 'code', h.code, 'reason', h.reason, 'scope', h.scope, 'line', h.line_no,
    'group', h.group_no, 'opened_at', h.opened_at, 'detail', h.detail) order by h.opened_at, h.id)
from order_hold h join sales_order o on o.id = h.order_id and o.status not in ('closed', 'cancelled')
join account a on a.id = o.account_id
where h.released_at is null and h.kind = 'credit' and (o.placed_at, o.id) > (%(after_at)s, %(after)s)
group by o.id, a.code order by o.placed_at, o.id limit %(limit)s
"""
_REQUESTS = """
select r.id, a.code, o.number, r.kind, r.amount, r.currency, r.new_limit, r.valid_from, r.valid_to, r.reason, r.status,
  r.alone_up_to, r.figures, b.login, r.proposed_at, d.login, r.decided_at, r.decision_reason
from credit_request r join account a on a.id = r.account_id join principal b on b.id = r.proposed_by
left join principal d on d.id = r.decided_by left join sales_order o on o.id = r.order_id
where r.status = %(status)s and r.id > %(after)s order by r.id limit %(limit)s
"""
_REQUEST = (
    "id account order kind amount currency new_limit valid_from valid_to reason status alone_up_to figures proposed_by "
    "proposed_at decided_by decided_at decision_reason"
)
BEGINNING = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))
_PLACED = "select placed_at from sales_order where id = %s"


def account_credit(reader: Reader, account_id: UUID) -> dict[str, Any]:
    """The waterfall of an account now, node by node from the root, with what is in force, open and promised."""
    path = credit_paths(reader, [account_id]).get(account_id, ())
    nodes = nodes_of(reader, path)
    conduct = conduct_of(reader, nodes.values())
    codes = codes_of(reader, path)
    figures = waterfall(
        path, nodes, asked=ZERO, overdue={one: found.overdue for one, found in conduct.items()}, codes=codes
    )
    shown = []
    for node_id, one in zip(path, figures, strict=True):
        node = nodes[node_id]
        said = {name: text for name, text in one.as_json().items() if name not in ("this_order", "short_by")}
        stops = conduct_stops(node, conduct.get(node_id, Conduct()), reader.now)
        shown.append({**said, "exposure": plain(node.exposure), "policy": _policy(node), "stops_orders": stops})
    room = min((nodes[one].headroom for one in path), default=None)
    return {
        "as_of": reader.now,
        "headroom": None if room is None else plain(room),
        "nodes": shown,
        "temporary_limits": [
            _named("id account amount currency reason valid_from valid_to requested_by approved_by", row)
            for row in reader.rows(_OVERRIDES, {"nodes": list(path), "now": reader.now})
        ],
        "open_items": [
            _named("invoice currency part due_at open", row)
            for row in reader.rows(_OPEN_ITEMS, {"account": account_id})
        ],
        "promises": [
            _named("id amount currency due_at note", row) for row in reader.rows(_PROMISES, {"account": account_id})
        ],
        "paid_before": plain(prepaid_of(reader, [account_id]).get(account_id, ZERO)),
    }


def _policy(node: Node) -> dict[str, Any]:
    return {
        name: plain(found) if isinstance(found := getattr(node.policy, name), Decimal) else found
        for name in type(node.policy).__slots__
    }


def _named(names: str, row: Iterable[Any]) -> dict[str, Any]:
    pairs = zip(names.split(), row, strict=True)
    return {name: plain(one) if isinstance(one, Decimal) else one for name, one in pairs}


def credit_queue(reader: Reader, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Orders that credit holds, whole or in part, oldest first: the amount, how late their accounts are, what is free, and what
    would be the next thing to do."""
    at = reader.value(_PLACED, [after]) if after is not None else None
    rows = reader.rows(_QUEUE, {"after_at": at or BEGINNING[0], "after": after if at else BEGINNING[1], "limit": limit})
    paths = credit_paths(reader, {row[3] for row in rows})
    nodes = nodes_of(reader, {one for path in paths.values() for one in path})
    conduct = conduct_of(reader, nodes.values())
    return [_waiting(reader, row, paths.get(row[3], ()), nodes, conduct) for row in rows]


def _waiting(
    reader: Reader,
    row: tuple[Any, ...],
    path: tuple[UUID, ...],
    nodes: dict[UUID, Node],
    conduct: dict[UUID, Conduct],
) -> dict[str, Any]:
    order_id, number, placed_at, _, account, currency, total, taken, status, codes, since, held, holds = row
    amount = total - taken if held is None else held
    room = room_under(path, nodes, currency)
    late = [conduct[one] for one in path if one in conduct and conduct[one].overdue > 0]
    oldest = min((one.oldest_due for one in late if one.oldest_due is not None), default=None)
    overdue = max((one.overdue for one in late), default=ZERO)
    return {
        "order": number,
        "id": order_id,
        "account": account,
        "status": status,
        "placed_at": placed_at,
        "held_since": since,
        "currency": currency,
        "total": plain(total),
        "amount": plain(amount),
        "headroom": None if room is None else plain(room),
        "overdue": plain(overdue),
        "overdue_days": 0 if oldest is None else (reader.now - oldest).days,
        "codes": codes,
        "suggested": suggestion(codes, amount=amount, room=room, overdue=overdue),
        "holds": holds,
    }


def credit_requests(reader: Reader, *, status: str, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Requests in a state, oldest first, with the figures of the moment they were made."""
    columns = {"status": status, "after": after or UUID(int=0), "limit": limit}
    return [_named(_REQUEST, row) for row in reader.rows(_REQUESTS, columns)]


_SHIPPING = """
select s.number, s.account_id, o.id,
  (select jsonb_agg(distinct h.reason) from order_hold h
   where h.order_id = o.id and h.released_at is null and h.kind = 'credit' and h.code <> 'credit.part_held'),
  exists (select from credit_override v where v.order_id = o.id)
from shipment s join sales_order o on o.id = s.order_id where s.number = %(name)s or s.id::text = %(name)s
"""


def ship_clearance(reader: Reader, name: str) -> dict[str, Any] | None:
    """Whether goods that are with a warehouse may leave it, as far as credit is concerned; None where there is no such shipment.

    Asked only where a policy above the account checks at shipping; what somebody let through above a limit is clear.
    """
    row = reader.row(_SHIPPING, {"name": name})
    if row is None:
        return None
    number, account_id, _, holds, let_through = row
    path = credit_paths(reader, [account_id]).get(account_id, ())
    nodes = nodes_of(reader, path)
    checked = any(node.policy.checks_ship for node in nodes.values())
    reasons: list[str] = []
    if checked and not let_through:
        conduct = conduct_of(reader, nodes.values())
        reasons += holds or []
        reasons += ["over the credit limit" for node in nodes.values() if node.headroom < 0]
        reasons += [
            reason
            for one, node in nodes.items()
            for reason in conduct_stops(node, conduct.get(one, Conduct()), reader.now)
        ]
    return {"shipment": number, "checked": checked, "cleared": not reasons, "reasons": sorted(set(reasons))}
