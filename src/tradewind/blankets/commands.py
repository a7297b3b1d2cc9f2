"""Writes of blanket orders. Counters are added to on rows that the caller has locked, and never pass a limit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.blankets import errors
from tradewind.blankets.model import Blanket, BlanketLine, Calling, Count, Decision
from tradewind.kernel.arrays import flags, numbers
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx, dumps

# What is taken back is always taken back; only what adds must fit.
_ADD = """
update blanket_line l set called_off = l.called_off + w.qty, called_value = l.called_value + w.value
from unnest(%(line)s::uuid[], %(qty)s::numeric[], %(value)s::numeric[]) as w(id, qty, value)
where l.id = w.id
  and (w.qty <= 0 or l.qty_limit is null or l.called_off + w.qty <= l.qty_limit)
  and (w.value <= 0 or l.value_limit is null or l.called_value + w.value <= l.value_limit)
returning l.id
"""
_LEFT = """
select l.id, b.number, l.line_no, l.qty_limit - l.called_off, l.value_limit - l.called_value
from blanket_line l join blanket b on b.id = l.blanket_id where l.id = any(%(lines)s::uuid[]) order by b.number, l.line_no
"""
_PUT_CALLS = """
insert into call_off (order_id, line_no, account_id, blanket_line_id, automatic, qty, value, called_at)
select w.*, %(now)s
from unnest(%(order)s::uuid[], %(no)s::int[], %(account)s::uuid[], %(line)s::uuid[], %(automatic)s::boolean[], %(qty)s::numeric[],
  %(value)s::numeric[]) as w(order_id, line_no, account_id, blanket_line_id, automatic, qty, value)
on conflict (order_id, line_no) do update set qty = excluded.qty, value = excluded.value
"""
_INSERT = """
insert into blanket (id, number, account_id, buyer_po, name, currency, status, valid_from, valid_to, priority_at, consumption,
  overflow, ship_tos, tolerance_percent, note, version, created_by, created_at)
values (%(id)s, %(number)s, %(account)s, %(buyer_po)s, %(name)s, %(currency)s, 'open', %(from)s, %(to)s, %(priority)s,
  %(consumption)s, %(overflow)s, %(ship_tos)s, %(tolerance)s, %(note)s, 1, %(by)s, %(now)s)
"""
_INSERT_LINES = """
insert into blanket_line (id, blanket_id, line_no, account_id, product_id, uom, prices, price_basis, quantity_mode, committed_qty,
  qty_limit, value_mode, committed_value, value_limit, min_release, max_release)
select w.id, w.blanket_id, w.line_no, w.account_id, w.product_id, w.uom, w.prices::jsonb, w.price_basis, w.quantity_mode,
  w.committed_qty, w.qty_limit, w.value_mode, w.committed_value, w.value_limit, w.min_release, w.max_release
from unnest(%(id)s::uuid[], %(blanket)s::uuid[], %(no)s::int[], %(account)s::uuid[], %(product)s::uuid[], %(uom)s::text[],
  %(prices)s::text[], %(basis)s::numeric[], %(quantity_mode)s::text[], %(committed_qty)s::numeric[], %(qty_limit)s::numeric[],
  %(value_mode)s::text[], %(committed_value)s::numeric[], %(value_limit)s::numeric[], %(min)s::numeric[], %(max)s::numeric[])
as w(id, blanket_id, line_no, account_id, product_id, uom, prices, price_basis, quantity_mode, committed_qty, qty_limit, value_mode,
  committed_value, value_limit, min_release, max_release)
"""
_RESIZE = """
update blanket_line l set committed_qty = w.committed_qty, qty_limit = w.qty_limit, committed_value = w.committed_value,
  value_limit = w.value_limit, quantity_mode = w.quantity_mode, value_mode = w.value_mode, prices = w.prices::jsonb,
  nearly_used_at = null
from unnest(%(id)s::uuid[], %(committed_qty)s::numeric[], %(qty_limit)s::numeric[], %(committed_value)s::numeric[],
  %(value_limit)s::numeric[], %(quantity_mode)s::text[], %(value_mode)s::text[], %(prices)s::text[])
as w(id, committed_qty, qty_limit, committed_value, value_limit, quantity_mode, value_mode, prices)
where l.id = w.id
"""
_CHANGE = """
update blanket set valid_to = %(to)s, consumption = %(consumption)s, overflow = %(overflow)s, ship_tos = %(ship_tos)s,
  note = %(note)s, version = version + 1, expired_at = case when %(to)s > %(now)s then null else expired_at end,
  end_noted_at = case when %(to)s = valid_to then end_noted_at end
where id = %(id)s and status = 'open'
"""
_CLOSE = """
update blanket set status = 'closed', decision = %(decision)s, reason = %(reason)s, closed_at = %(now)s, closed_by = %(by)s,
  shortfall_order_id = %(order)s, version = version + 1
where id = %(id)s and status = 'open'
"""
_LOCK = "select id from blanket where id = %s for no key update"
_NOTE_END = """
update blanket b set end_noted_at = coalesce(b.end_noted_at, %(now)s),
  expired_at = case when b.valid_to <= %(now)s then %(now)s else b.expired_at end
where b.id = any(%(ids)s::uuid[])
"""
_NEARLY = """
with found as (
  select l.id from blanket_line l join blanket b on b.id = l.blanket_id and b.status = 'open'
  where l.nearly_used_at is null and (l.committed_qty > 0 and l.called_off >= l.committed_qty * %(share)s
     or l.committed_value > 0 and l.called_value >= l.committed_value * %(share)s)
  order by l.id limit %(limit)s for no key update of l skip locked
)
update blanket_line l set nearly_used_at = %(now)s
from found f, blanket b where l.id = f.id and b.id = l.blanket_id
returning l.id, b.id, b.number, l.account_id, l.line_no, l.committed_qty, l.called_off, l.committed_value, l.called_value, b.valid_to
"""


def add_called(tx: Tx, counts: Mapping[UUID, Count]) -> None:
    """Add to what was called off of lines. Raises `Refused` (`blankets.ceiling_passed`) where a limit would be passed: whoever
    decided did so on rows that they had not locked, or asks for more than is left."""
    wanted = {line_id: count for line_id, count in counts.items() if count != Count()}
    if not wanted:
        return
    ids = sorted(wanted)
    columns = {"qty": numbers(wanted[one].qty for one in ids), "value": numbers(wanted[one].value for one in ids)}
    done = {row[0] for row in tx.rows(_ADD, {"line": ids, **columns})}
    if len(done) < len(ids):
        raise Refused(_passed(tx, {one: wanted[one] for one in ids if one not in done}))


def _passed(tx: Tx, counts: Mapping[UUID, Count]) -> list[Problem]:
    problems = []
    for line_id, number, line_no, qty, value in tx.rows(_LEFT, {"lines": list(counts)}):
        over = qty is not None and counts[line_id].qty > qty
        asked, left = (counts[line_id].qty, qty) if over else (counts[line_id].value, value)
        problems.append(errors.ceiling_passed(number, line_no, asked=asked, left=left or Decimal(0)))
    return problems


def count_callings(
    tx: Tx, orders: Sequence[tuple[UUID, dict[int, Calling], Callable[[int], tuple[Decimal, Decimal]]]]
) -> None:
    """Count what order lines take, as (order, its callings by line, what is left of a line: base units and net). Callings that count
    something else now are replaced, kept, and the difference is added to their blanket orders; raises as `add_called`."""
    moved: list[tuple[UUID, int, Calling]] = []
    counts: dict[UUID, Count] = {}
    for order_id, callings, left_of in orders:
        for line_no, before in callings.items():
            qty, value = left_of(line_no)
            if before.stored and (qty, value) == (before.qty, before.value):
                continue
            callings[line_no] = after = replace(before, qty=qty, value=value, stored=True)
            moved.append((order_id, line_no, after))
            line_id, more = before.line.id, Count(qty - before.qty, value - before.value)
            counts[line_id] = counts.get(line_id, Count()).plus(more)
    _put_callings(tx, moved)
    add_called(tx, counts)


def _put_callings(tx: Tx, callings: Sequence[tuple[UUID, int, Calling]]) -> None:
    if callings:
        lines = [calling.line for _, _, calling in callings]
        tx.run(
            _PUT_CALLS,
            {
                "now": tx.now,
                "order": [order_id for order_id, _, _ in callings],
                "no": numbers(line_no for _, line_no, _ in callings),
                "account": [line.account_id for line in lines],
                "line": [line.id for line in lines],
                "automatic": flags(calling.automatic for _, _, calling in callings),
                "qty": numbers(calling.qty for _, _, calling in callings),
                "value": numbers(calling.value for _, _, calling in callings),
            },
        )


def insert_blanket(tx: Tx, blanket: Blanket, lines: Sequence[BlanketLine]) -> None:
    """Keep a new blanket order with its lines."""
    tx.run(
        _INSERT,
        {
            "id": blanket.id,
            "number": blanket.number,
            "account": blanket.account_id,
            "buyer_po": blanket.buyer_po,
            "name": blanket.name,
            "currency": blanket.currency,
            "from": blanket.valid_from,
            "to": blanket.valid_to,
            "priority": blanket.priority_at,
            "consumption": blanket.consumption,
            "overflow": blanket.overflow,
            "ship_tos": list(blanket.ship_tos),
            "tolerance": blanket.tolerance_percent,
            "note": blanket.note,
            "by": tx.actor.principal_id,
            "now": tx.now,
        },
    )
    tx.run(
        _INSERT_LINES,
        {
            "blanket": [line.blanket_id for line in lines],
            "no": numbers(line.line_no for line in lines),
            "account": [line.account_id for line in lines],
            "product": [line.product_id for line in lines],
            "uom": [line.uom for line in lines],
            "basis": numbers(line.price_basis for line in lines),
            "min": numbers(line.min_release for line in lines),
            "max": numbers(line.max_release for line in lines),
            **_limits(lines),
        },
    )


def _limits(lines: Sequence[BlanketLine]) -> dict[str, object]:
    return {
        "id": [line.id for line in lines],
        "prices": [
            dumps([{"from": step.since.isoformat(), "price": str(step.price)} for step in line.prices])
            for line in lines
        ],
        "quantity_mode": [line.quantity_mode for line in lines],
        "value_mode": [line.value_mode for line in lines],
        "committed_qty": numbers(line.committed_qty for line in lines),
        "qty_limit": numbers(line.qty_limit for line in lines),
        "committed_value": numbers(line.committed_value for line in lines),
        "value_limit": numbers(line.value_limit for line in lines),
    }


def lock_blanket(tx: Tx, blanket_id: UUID) -> None:
    """Wait until nobody else changes the terms."""
    tx.rows(_LOCK, [blanket_id])


def resize_lines(tx: Tx, lines: Sequence[BlanketLine]) -> None:
    """Store other commitments and prices of lines that the caller has locked."""
    if lines:
        tx.run(_RESIZE, _limits(lines))


def change_blanket(tx: Tx, blanket: Blanket) -> None:
    """Store other terms; a later end opens it again and is announced again."""
    tx.run(
        _CHANGE,
        {
            "id": blanket.id,
            "to": blanket.valid_to,
            "consumption": blanket.consumption,
            "overflow": blanket.overflow,
            "ship_tos": list(blanket.ship_tos),
            "note": blanket.note,
            "now": tx.now,
        },
    )


def close_blanket(tx: Tx, blanket_id: UUID, *, decision: Decision, reason: str, order_id: UUID | None = None) -> None:
    """End a blanket order for good. `order_id`: the order that bills what is missing."""
    by, now = tx.actor.principal_id, tx.now
    tx.run(_CLOSE, {"id": blanket_id, "decision": decision, "reason": reason, "order": order_id, "by": by, "now": now})


def note_ends(tx: Tx, blankets: Sequence[UUID]) -> None:
    """Remember that it was said that these end, or are over."""
    tx.run(_NOTE_END, {"ids": list(blankets), "now": tx.now})


def note_nearly_used(tx: Tx, share: Decimal, *, limit: int) -> list[tuple[UUID, UUID, str, UUID, int, Decimal, Decimal, Decimal, Decimal, datetime]]:  # fmt: skip
    """Lines of which so much was called off by now and nobody was told, as (line, blanket, number, account, line number,
    committed units, called off, committed value, called value, end); from now on it was told."""
    return [tuple(row) for row in tx.rows(_NEARLY, {"share": share, "now": tx.now, "limit": limit})]
