"""Reads of a trial: which past orders, what they owe, how long waits took, and what was found."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql

from tradewind.kernel.tx import Reader, Row
from tradewind.semantics.model import ZERO
from tradewind.trials.model import STREAM, Paces, Selection, TrialRow

_CHOSEN = """
select o.id from sales_order o join account a on a.id = o.account_id
where o.status <> 'cancelled'
  and (%(since)s::timestamptz is null or o.placed_at >= %(since)s) and (%(until)s::timestamptz is null or o.placed_at < %(until)s)
  and (%(accounts)s::text[] is null or a.code = any(%(accounts)s::text[]))
  and (%(segment)s::text is null or a.segment = %(segment)s) and (%(region)s::text is null or a.region = %(region)s)
  and (%(channel)s::text is null or o.channel = %(channel)s)
  and (%(numbers)s::text[] is null or o.number = any(%(numbers)s::text[]))
  and (%(ids)s::uuid[] is null or o.id = any(%(ids)s::uuid[]))
order by o.placed_at desc, o.id desc limit %(last)s
"""
_OWED = """
select i.order_id, sum(i.total - i.paid - i.credited)
from unnest(%(orders)s::uuid[]) as w(id) join invoice i on i.order_id = w.id and i.kind = 'invoice' and i.closed_at is null
group by 1
"""
_ANSWERS = """
select t.subject_id, t.node, (array_agg(t.outcome order by t.done_at desc))[1]
from unnest(%(orders)s::uuid[]) as w(id) join user_task t on t.subject_id = w.id and t.status = 'done' and t.outcome is not null
group by 1, 2
"""
_TASK_PACES = """
select grouping(t.node), case when grouping(t.node) = 0 then t.node else t.role end,
  percentile_cont(0.5) within group (order by extract(epoch from t.done_at - t.opened_at)), count(*)
from user_task t join stream_instance i on i.id = t.instance_id and i.stream = %(stream)s
where t.status = 'done' group by grouping sets ((t.node), (t.role))
"""
_HOLD_PACES = """
select grouping(h.code), case when grouping(h.code) = 0 then h.code else h.kind end,
  percentile_cont(0.5) within group (order by extract(epoch from h.released_at - h.opened_at)), count(*)
from order_hold h where h.released_at is not null group by grouping sets ((h.code), (h.kind))
"""
_TRIAL = """t.id, t.name, t.mode, t.state, t.change, t.selection, t.assumed_hours, t.requested_by, t.requested_at, t.started_at, t.ended_at, t.as_of,
  t.orders, t.done, t.changed, t.seconds, t.summary, t.problem, t.cancel_asked"""
_ONE = f"select {_TRIAL} from trial t where t.id = %s"  # noqa: S608 - columns are ours
_LIST = f"""
select {_TRIAL} from trial t where (%(after)s::uuid is null or t.id < %(after)s) and (%(state)s::text is null or t.state = %(state)s)
order by t.id desc limit %(limit)s
"""  # noqa: S608 - columns are ours
_SHADOWS = "select t.id from trial t where t.mode = 'shadow' and t.state = 'running' order by t.id limit %s"
_FINDINGS = """
select f.place, f.order_id, o.number, a.code, o.currency, f.value, f.kinds, f.differences, f.touches_before, f.touches_after,
  f.hours_before, f.hours_after
from trial_finding f join sales_order o on o.id = f.order_id join account a on a.id = o.account_id
where f.trial_id = %(trial)s and f.place > %(after)s and (%(kind)s::text is null or %(kind)s = any(f.kinds))
order by f.place limit %(limit)s
"""
_LISTS = "select code, id, layer, currency, version from price_list where code = any(%s::text[])"
_SKUS = "select sku, id from product where sku = any(%s::text[])"
_SITES = "select code from site where code = any(%s::text[])"
_DRAFTED = """
select bpmn, parameters from stream_version where stream = %(stream)s and version = %(version)s
union all select bpmn, parameters from stream_draft where stream = %(stream)s and version = %(version)s limit 1
"""
_CANCELLED = "select cancel_asked or state <> 'running' from trial where id = %s"


def chosen_orders(reader: Reader, selection: Selection, *, among: Collection[UUID] | None = None) -> list[UUID]:
    """The orders of a selection, the oldest first; only those `among` these, where some are given. Cancelled orders have nothing
    left to try."""
    params = {
        "last": selection.last,
        "since": selection.since,
        "until": selection.until,
        "accounts": list(selection.accounts) or None,
        "segment": selection.segment,
        "region": selection.region,
        "channel": selection.channel,
        "numbers": list(selection.numbers) or None,
        "ids": None if among is None else list(among),
    }
    return [row[0] for row in reversed(reader.rows(_CHOSEN, params))]


def owed_of(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What is still owed of the invoices of orders: it counts against their own limit now."""
    return dict(reader.rows(_OWED, {"orders": list(orders)}))


def answers_of(reader: Reader, orders: Sequence[UUID]) -> dict[tuple[UUID, str], Mapping[str, Any]]:
    """What people answered to the tasks of orders, by (order, element); the latest where there were several."""
    return {(row[0], row[1]): row[2] for row in reader.rows(_ANSWERS, {"orders": list(orders)})}


def recorded_paces(reader: Reader) -> Paces:
    """How long people took for tasks of the stream and for holds, so far."""
    tasks, roles = _paces(reader.rows(_TASK_PACES, {"stream": STREAM}))
    codes, kinds = _paces(reader.rows(_HOLD_PACES))
    return Paces(tasks, roles, codes, kinds)


def _paces(
    rows: Iterable[tuple[Any, ...]],
) -> tuple[dict[str, tuple[Decimal, int]], dict[str, tuple[Decimal, int]]]:
    fine: dict[str, tuple[Decimal, int]] = {}
    coarse: dict[str, tuple[Decimal, int]] = {}
    for grouped, name, seconds, count in rows:
        hours = Decimal(round(seconds)) / 3600 if seconds is not None else ZERO
        (coarse if grouped else fine)[name] = (hours, count)
    return fine, coarse


class ListRow(NamedTuple):
    """A price list as its rows name it."""

    id: UUID
    layer: str
    currency: str
    version: int


def list_ids(reader: Reader, codes: Iterable[str]) -> dict[str, ListRow]:
    """Price lists by code."""
    return {row[0]: ListRow(*row[1:]) for row in reader.rows(_LISTS, [sorted(set(codes))])}


def product_ids(reader: Reader, skus: Iterable[str]) -> dict[str, UUID]:
    """Products by item number."""
    return dict(reader.rows(_SKUS, [sorted(set(skus))]))


def drafted_stream(reader: Reader, stream: str, version: int) -> tuple[str, Mapping[str, Any]] | None:
    """The diagram of a version with its parameters, published or a draft."""
    row = reader.row(_DRAFTED, {"stream": stream, "version": version})
    return None if row is None else (row[0], row[1])


def site_codes(reader: Reader, codes: Iterable[str]) -> set[str]:
    """Which of these sites there are."""
    return {row[0] for row in reader.rows(_SITES, [sorted(set(codes))])}


def trial_by_id(reader: Reader, trial_id: UUID) -> TrialRow | None:
    """One trial."""
    row = reader.row(_ONE, [trial_id])
    return None if row is None else TrialRow(*row)


def trials_after(reader: Reader, *, after: UUID | None, state: str | None, limit: int) -> list[TrialRow]:
    """A page of trials, the newest first."""
    return [TrialRow(*row) for row in reader.rows(_LIST, {"after": after, "state": state, "limit": limit})]


def shadows(reader: Reader, *, limit: int) -> list[UUID]:
    """The trials that run beside the orders that come."""
    return [row[0] for row in reader.rows(_SHADOWS, [limit])]


def findings_after(reader: Reader, trial_id: UUID, *, kind: str | None, after: int, limit: int) -> list[dict[str, Any]]:
    """A page of what a trial found, in the order the orders came."""
    names = (
        "place", "order", "number", "account", "currency", "value", "kinds", "differences", "touches_before", "touches_after",
        "hours_before", "hours_after",
    )  # fmt: skip
    rows = reader.rows(_FINDINGS, {"trial": trial_id, "kind": kind, "after": after, "limit": limit})
    return [dict(zip(names, row, strict=True)) for row in rows]


def snapshot_name(reader: Reader) -> str:
    """The name under which other processes may read the state of the database that this transaction reads."""
    name: str = reader.value("select pg_export_snapshot()")
    return name


def use_snapshot(connection: psycopg.Connection[Row], name: str) -> None:
    """Read that state; the first thing a transaction does. Names are ours, made of digits, letters and hyphens."""
    connection.execute(sql.SQL("set transaction snapshot {}").format(name))


def is_cancelled(reader: Reader, trial_id: UUID) -> bool:
    """Whether somebody asked to end it, or it is no longer ours to run."""
    return bool(reader.value(_CANCELLED, [trial_id]))
