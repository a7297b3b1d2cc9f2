"""Holds are opened and closed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx, dumps
from tradewind.orders.model import Hold

_OPEN_HOLDS = """
insert into order_hold (id, order_id, account_id, scope, group_no, line_no, kind, code, reason, blocks, detail, opened_at, opened_by)
select w.id, w.order_id, w.account_id, w.scope, w.group_no, w.line_no, w.kind, w.code, w.reason,
  string_to_array(w.blocks, ','), w.detail::jsonb, %(now)s, w.opened_by
from unnest(%(id)s::uuid[], %(order)s::uuid[], %(account)s::uuid[], %(scope)s::text[], %(group)s::int[], %(line)s::int[],
  %(kind)s::text[], %(code)s::text[], %(reason)s::text[], %(blocks)s::text[], %(detail)s::text[], %(by)s::uuid[])
as w(id, order_id, account_id, scope, group_no, line_no, kind, code, reason, blocks, detail, opened_by)
on conflict do nothing
"""
_CLOSE_HOLDS = """
update order_hold h set released_at = %(now)s, released_by = %(by)s, release_reason = %(reason)s
where h.id = any(%(ids)s::uuid[]) and h.released_at is null
"""


def open_holds(tx: Tx, holds: Sequence[tuple[UUID, UUID, Hold]]) -> None:
    """Open holds as (order, account, hold). A hold that is already open for the same reason is not opened twice."""
    if holds:
        tx.run(
            _OPEN_HOLDS,
            {
                "now": tx.now,
                "id": [hold.id for _, _, hold in holds],
                "order": [order_id for order_id, _, _ in holds],
                "account": [account_id for _, account_id, _ in holds],
                "scope": [hold.scope for _, _, hold in holds],
                "group": numbers(hold.group_no for _, _, hold in holds),
                "line": numbers(hold.line_no for _, _, hold in holds),
                "kind": [hold.kind for _, _, hold in holds],
                "code": [hold.code for _, _, hold in holds],
                "reason": [hold.reason for _, _, hold in holds],
                "blocks": [",".join(hold.stops) for _, _, hold in holds],
                "detail": [None if hold.detail is None else dumps(hold.detail) for _, _, hold in holds],
                "by": [tx.actor.principal_id for _ in holds],
            },
        )


def close_holds(tx: Tx, hold_ids: Sequence[UUID], *, reason: str) -> int:
    """Release open holds; gives how many were open. A hold that is not there is never created."""
    if not hold_ids:
        return 0
    return tx.run(_CLOSE_HOLDS, {"now": tx.now, "by": tx.actor.principal_id, "reason": reason, "ids": list(hold_ids)})


_DETAIL = """
update order_hold h set detail = w.detail::jsonb
from unnest(%(id)s::uuid[], %(detail)s::text[]) as w(id, detail) where h.id = w.id and h.released_at is null
"""


def detail_holds(tx: Tx, details: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Say anew what open holds are about; the caller holds the locks of their orders."""
    if details:
        tx.run(_DETAIL, {"id": list(details), "detail": [dumps(one) for one in details.values()]})
