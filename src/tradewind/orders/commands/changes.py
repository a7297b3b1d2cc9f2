"""Writes of what changes do to orders: what lines, groups and headers say now, and the change itself as a row."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx, dumps
from tradewind.orders.model import Group, Line, LineMark, OrderChange

_INSERT_CHANGES = """
insert into order_change (id, order_id, account_id, from_version, to_version, kind, actions, answers, consequences, before, after,
  reason, channel, changed_by, on_behalf_of, document_id, source, reverts, changed_at)
select w.id, w.order_id, w.account_id, w.from_version, w.to_version, w.kind, w.actions::jsonb, w.answers::jsonb,
  w.consequences::jsonb, w.before::jsonb, w.after::jsonb, w.reason, %(channel)s, %(by)s, %(behalf)s, w.document_id, w.source,
  w.reverts, %(now)s
from unnest(%(id)s::uuid[], %(order)s::uuid[], %(account)s::uuid[], %(from)s::int[], %(to)s::int[], %(kind)s::text[],
  %(actions)s::text[], %(answers)s::text[], %(consequences)s::text[], %(before)s::text[], %(after)s::text[], %(reason)s::text[],
  %(document)s::uuid[], %(source)s::text[], %(reverts)s::uuid[])
as w(id, order_id, account_id, from_version, to_version, kind, actions, answers, consequences, before, after, reason, document_id,
  source, reverts)
"""
_RESIZE_LINES = """
update order_line l set qty = w.qty, group_no = w.group_no
from unnest(%(order)s::uuid[], %(line)s::int[], %(group)s::int[], %(qty)s::numeric[]) as w(order_id, line_no, group_no, qty)
where l.order_id = w.order_id and l.line_no = w.line_no
"""
_MARK_LINES = """
insert into changed_line (order_id, line_no, account_id, qty_placed, anchor_qty, anchor_allowance, priced_at, site_id,
  origin_line, changed_at)
select w.order_id, w.line_no, w.account_id, w.placed, w.anchor_qty, w.anchor_allowance, w.priced_at, w.site_id, w.replaces, %(now)s
from unnest(%(order)s::uuid[], %(line)s::int[], %(account)s::uuid[], %(placed)s::numeric[], %(anchor_qty)s::numeric[],
  %(anchor)s::numeric[], %(priced_at)s::timestamptz[], %(site)s::uuid[], %(replaces)s::int[])
as w(order_id, line_no, account_id, placed, anchor_qty, anchor_allowance, priced_at, site_id, replaces)
on conflict (order_id, line_no) do update set anchor_qty = excluded.anchor_qty, anchor_allowance = excluded.anchor_allowance,
  priced_at = excluded.priced_at, site_id = excluded.site_id, changed_at = excluded.changed_at
"""
_MOVE_GROUPS = """
update delivery_group g set ship_to_id = w.address, ship_to = w.place::jsonb, requested_at = w.requested, release_at = w.release,
  not_before = w.not_before, arrive_by = w.arrive_by
from unnest(%(order)s::uuid[], %(no)s::int[], %(address)s::uuid[], %(place)s::text[], %(requested)s::timestamptz[],
  %(release)s::timestamptz[], %(not_before)s::timestamptz[], %(arrive_by)s::timestamptz[])
as w(order_id, group_no, address, place, requested, release, not_before, arrive_by)
where g.order_id = w.order_id and g.group_no = w.group_no
"""
_CORRECT_POS = """
update sales_order o set buyer_po = w.po, buyer_po_normal = w.normal
from unnest(%(order)s::uuid[], %(po)s::text[], %(normal)s::text[]) as w(id, po, normal) where o.id = w.id
"""
_REDATE_HEADERS = """
update sales_order o set requested_at = w.requested
from unnest(%(order)s::uuid[], %(requested)s::timestamptz[]) as w(id, requested)
where o.id = w.id and o.requested_at is distinct from w.requested
"""
_QUEUE_ORDERS = """
update sales_order o set queue_at = w.at from unnest(%(order)s::uuid[], %(at)s::timestamptz[]) as w(id, at) where o.id = w.id
"""


def queue_orders(tx: Tx, dates: Sequence[tuple[UUID, datetime]]) -> None:
    """Orders that count as old as this in the queue for goods, as (order, since)."""
    if dates:
        tx.run(_QUEUE_ORDERS, {"order": [one for one, _ in dates], "at": [at for _, at in dates]})


def insert_changes(tx: Tx, changes: Sequence[OrderChange]) -> None:
    """Keep changes; they are never changed themselves."""
    if changes:
        actor = tx.actor
        tx.run(
            _INSERT_CHANGES,
            {
                "now": tx.now,
                "channel": actor.channel,
                "by": actor.principal_id,
                "behalf": actor.on_behalf_of,
                "id": [one.id for one in changes],
                "order": [one.order_id for one in changes],
                "account": [one.account_id for one in changes],
                "from": numbers(one.from_version for one in changes),
                "to": numbers(one.to_version for one in changes),
                "kind": [one.kind for one in changes],
                "actions": [dumps(one.actions) for one in changes],
                "answers": [dumps(one.answers) for one in changes],
                "consequences": [dumps(one.consequences) for one in changes],
                "before": [dumps(one.before) for one in changes],
                "after": [dumps(one.after) for one in changes],
                "reason": [one.reason for one in changes],
                "document": [one.document_id for one in changes],
                "source": [one.source for one in changes],
                "reverts": [one.reverts for one in changes],
            },
        )


def resize_lines(tx: Tx, lines: Sequence[tuple[UUID, Line]]) -> None:
    """Store how many of their own unit lines count, and their group, as (order, line). Base units are stored by `move_lines`."""
    if lines:
        tx.run(
            _RESIZE_LINES,
            {
                "order": [order_id for order_id, _ in lines],
                "line": numbers(line.line_no for _, line in lines),
                "group": numbers(line.group_no for _, line in lines),
                "qty": numbers(line.qty for _, line in lines),
            },
        )


def mark_lines(tx: Tx, marks: Sequence[tuple[UUID, UUID, LineMark]]) -> None:
    """Store what changes left on lines, as (order, account, mark)."""
    if marks:
        tx.run(
            _MARK_LINES,
            {
                "now": tx.now,
                "order": [order_id for order_id, _, _ in marks],
                "line": numbers(mark.line_no for _, _, mark in marks),
                "account": [account_id for _, account_id, _ in marks],
                "placed": numbers(mark.qty_placed for _, _, mark in marks),
                "anchor_qty": numbers(mark.anchor_qty for _, _, mark in marks),
                "anchor": numbers(mark.anchor_allowance for _, _, mark in marks),
                "priced_at": [mark.priced_at for _, _, mark in marks],
                "site": [mark.site_id for _, _, mark in marks],
                "replaces": numbers(mark.origin_line for _, _, mark in marks),
            },
        )


def move_groups(tx: Tx, groups: Sequence[tuple[UUID, Group]]) -> None:
    """Store another place or date of delivery groups, as (order, group)."""
    if groups:
        tx.run(
            _MOVE_GROUPS,
            {
                "order": [order_id for order_id, _ in groups],
                "no": numbers(group.group_no for _, group in groups),
                "address": [group.ship_to.address_id for _, group in groups],
                "place": [dumps(group.ship_to.as_json()) for _, group in groups],
                "requested": [group.requested_at for _, group in groups],
                "release": [group.release_at for _, group in groups],
                "not_before": [group.not_before for _, group in groups],
                "arrive_by": [group.arrive_by for _, group in groups],
            },
        )


def correct_pos(tx: Tx, numbers_: Sequence[tuple[UUID, str | None, str | None]]) -> None:
    """Store the buyers' order numbers, as (order, number, as it is compared)."""
    if numbers_:
        columns = zip(*numbers_, strict=True)
        tx.run(_CORRECT_POS, dict(zip(("order", "po", "normal"), map(list, columns), strict=True)))


def redate_headers(tx: Tx, dates: Sequence[tuple[UUID, object]]) -> None:
    """Store the earliest requested date of orders."""
    if dates:
        tx.run(_REDATE_HEADERS, {"order": [one for one, _ in dates], "requested": [at for _, at in dates]})
