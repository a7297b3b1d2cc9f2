"""Warnings about orders: kept where somebody may have to acknowledge them, gone where they are no longer the case."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value


@value(frozen=True, slots=True)
class Warned:
    """All that an order is warned of now: (code, line or None, message). `is_new`: nothing was said of it before."""

    order_id: UUID
    account_id: UUID
    warnings: tuple[tuple[str, int | None, str], ...]
    is_new: bool


_KEEP = """
insert into order_warning (id, order_id, account_id, code, line_no, message, raised_at)
select w.id, w.order_id, w.account_id, w.code, w.line_no, w.message, %(now)s
from unnest(%(ids)s::uuid[], %(orders)s::uuid[], %(accounts)s::uuid[], %(codes)s::text[], %(lines)s::int[], %(messages)s::text[])
     as w(id, order_id, account_id, code, line_no, message)
on conflict (order_id, code, coalesce(line_no, 0)) do update set message = excluded.message, gone_at = null
"""
_GONE = """
update order_warning o set gone_at = %(now)s
where o.order_id = any(%(asked)s::uuid[]) and o.gone_at is null and not exists (
  select from unnest(%(orders)s::uuid[], %(codes)s::text[], %(lines)s::int[]) as w(order_id, code, line_no)
  where w.order_id = o.order_id and w.code = o.code and w.line_no is not distinct from o.line_no)
"""
_ACKNOWLEDGE = """
update order_warning o set acknowledged_at = %(now)s, acknowledged_by = %(by)s, acknowledgement = %(reason)s
from unnest(%(ids)s::uuid[]) as w(id) where o.id = w.id and o.gone_at is null and o.acknowledged_at is null
returning o.id
"""


def keep_warnings(tx: Tx, warned: Sequence[Warned]) -> None:
    """Keep what orders are warned of; of those that were there before, what is no longer said is gone."""
    known = [one.order_id for one in warned if not one.is_new]
    rows = [(one, *said) for one in warned for said in one.warnings]
    columns = {
        "now": tx.now,
        "orders": [one.order_id for one, *_ in rows],
        "codes": [code for _, code, _, _ in rows],
        "lines": [line_no for _, _, line_no, _ in rows],
    }
    if known:
        tx.run(_GONE, {**columns, "asked": known})
    if rows:
        ids = {"ids": [tx.ids.new() for _ in rows], "accounts": [one.account_id for one, *_ in rows]}
        tx.run(_KEEP, {**columns, **ids, "messages": [message for *_, message in rows]})


def acknowledge(tx: Tx, warnings: Sequence[UUID], *, reason: str) -> set[UUID]:
    """Note that the actor has seen these and why they may stand; those that were not open are left out."""
    columns = {"now": tx.now, "by": tx.actor.principal_id, "reason": reason, "ids": list(warnings)}
    return {row[0] for row in tx.rows(_ACKNOWLEDGE, columns)}
