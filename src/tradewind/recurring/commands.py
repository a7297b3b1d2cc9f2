"""Writes of standing orders and their periods. A period is inserted once: its key is the standing order and the day."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx, dumps
from tradewind.recurring.model import Period, Rule, Standing, StandingLine

_INSERT = """
insert into recurring_order (id, number, account_id, name, status, zone, rule, starts_on, place_at, lead_days, shift, calendar, pricing,
  catch_up, ship_to, lines, note, buyer_po, owner_id, next_day, due_at, created_at, changed_at)
values (%(id)s, %(number)s, %(account)s, %(name)s, %(status)s, %(zone)s, %(rule)s::jsonb, %(starts_on)s, %(place_at)s, %(lead)s,
  %(shift)s, %(calendar)s, %(pricing)s, %(catch_up)s, %(ship_to)s, %(lines)s::jsonb, %(note)s, %(buyer_po)s, %(owner)s, %(next_day)s,
  %(due_at)s, %(now)s, %(now)s)
"""
_UPDATE = """
update recurring_order set name = %(name)s, status = %(status)s, zone = %(zone)s, rule = %(rule)s::jsonb, starts_on = %(starts_on)s,
  place_at = %(place_at)s, lead_days = %(lead)s, shift = %(shift)s, calendar = %(calendar)s, pricing = %(pricing)s,
  catch_up = %(catch_up)s, ship_to = %(ship_to)s, lines = %(lines)s::jsonb, note = %(note)s, buyer_po = %(buyer_po)s,
  owner_id = %(owner)s, version = version + 1, next_day = %(next_day)s, due_at = %(due_at)s, skip_next = %(skip)s,
  next_change = %(next_change)s::jsonb, changed_at = %(now)s, end_reason = %(end_reason)s
where id = %(id)s
"""
_ADVANCE = """
update recurring_order r set next_day = w.next_day, due_at = w.due_at, periods_done = w.done, skip_next = w.skip,
  next_change = case when w.used then null else r.next_change end, status = w.status, end_reason = w.end_reason
from unnest(%(id)s::uuid[], %(next_day)s::date[], %(due_at)s::timestamptz[], %(done)s::int[], %(skip)s::int[], %(used)s::boolean[],
  %(status)s::text[], %(end_reason)s::text[]) as w(id, next_day, due_at, done, skip, used, status, end_reason)
where r.id = w.id
"""
_INSERT_PERIODS = """
insert into recurring_period (recurring_id, day, account_id, period_no, wanted_on, due_at, status, code, reason, order_id, tries,
  try_at, change, settled_at)
select w.recurring_id, w.day, w.account_id, w.period_no, w.wanted_on, w.due_at, w.status, w.code, w.reason, w.order_id, w.tries,
  w.try_at, w.change::jsonb, %(now)s
from unnest(%(id)s::uuid[], %(day)s::date[], %(account)s::uuid[], %(no)s::int[], %(wanted_on)s::date[], %(due_at)s::timestamptz[],
  %(status)s::text[], %(code)s::text[], %(reason)s::text[], %(order)s::uuid[], %(tries)s::int[], %(try_at)s::timestamptz[],
  %(change)s::text[])
as w(recurring_id, day, account_id, period_no, wanted_on, due_at, status, code, reason, order_id, tries, try_at, change)
"""
_SETTLE_AGAIN = """
update recurring_period p set status = w.status, code = w.code, reason = w.reason, order_id = w.order_id, tries = w.tries,
  try_at = w.try_at, settled_at = %(now)s
from unnest(%(id)s::uuid[], %(day)s::date[], %(status)s::text[], %(code)s::text[], %(reason)s::text[], %(order)s::uuid[],
  %(tries)s::int[], %(try_at)s::timestamptz[]) as w(recurring_id, day, status, code, reason, order_id, tries, try_at)
where p.recurring_id = w.recurring_id and p.day = w.day and p.status in ('failed', 'given_up')
"""
_GIVE_UP = """
update recurring_period set status = 'given_up', try_at = null, settled_at = %(now)s where recurring_id = %(id)s and status = 'failed'
"""
_TRY_NOW = """
update recurring_period set status = 'failed', try_at = %(now)s, tries = 0
where recurring_id = %(id)s and day = %(day)s and status in ('failed', 'given_up') returning day
"""


def insert_standing(tx: Tx, standing: Standing) -> None:
    """Keep a new standing order."""
    tx.run(_INSERT, {**_columns(standing), "number": standing.number, "account": standing.account_id, "now": tx.now})


def update_standing(tx: Tx, standing: Standing) -> None:
    """Store what a standing order says now; the caller has locked it."""
    change = None if standing.next_lines is None else lines_json(standing.next_lines)
    more = {"skip": standing.skip_next, "next_change": change, "end_reason": standing.end_reason, "now": tx.now}
    tx.run(_UPDATE, {**_columns(standing), **more})


def _columns(standing: Standing) -> dict[str, Any]:
    return {
        "id": standing.id,
        "name": standing.name,
        "status": str(standing.status),
        "zone": standing.zone,
        "rule": rule_json(standing.rule),
        "starts_on": standing.starts_on,
        "place_at": standing.place_at,
        "lead": standing.lead_days,
        "shift": standing.shift,
        "calendar": standing.calendar,
        "pricing": standing.pricing,
        "catch_up": standing.catch_up,
        "ship_to": standing.ship_to,
        "lines": lines_json(standing.lines),
        "note": standing.note,
        "buyer_po": standing.buyer_po,
        "owner": standing.owner_id,
        "next_day": standing.next_day,
        "due_at": standing.due_at,
    }


def advance(tx: Tx, standings: Sequence[Standing], *, used: Sequence[bool]) -> None:
    """Store where standing orders stand after a turn; `used`: what was changed for one period only has served."""
    if standings:
        tx.run(
            _ADVANCE,
            {
                "id": [one.id for one in standings],
                "next_day": [one.next_day for one in standings],
                "due_at": [one.due_at for one in standings],
                "done": numbers(one.periods_done for one in standings),
                "skip": numbers(one.skip_next for one in standings),
                "used": list(used),
                "status": [str(one.status) for one in standings],
                "end_reason": [one.end_reason for one in standings],
            },
        )


def insert_periods(tx: Tx, periods: Sequence[Period]) -> None:
    """Keep what became of periods. One that is there already breaks its key: it is never settled twice."""
    if periods:
        tx.run(
            _INSERT_PERIODS,
            {
                **_settled(periods),
                "now": tx.now,
                "account": [one.account_id for one in periods],
                "no": numbers(one.period_no for one in periods),
                "wanted_on": [one.wanted_on for one in periods],
                "due_at": [one.due_at for one in periods],
                "change": [None if one.lines is None else lines_json(one.lines) for one in periods],
            },
        )


def settle_again(tx: Tx, periods: Sequence[Period]) -> None:
    """What became of periods that had failed."""
    if periods:
        tx.run(_SETTLE_AGAIN, {**_settled(periods), "now": tx.now})


def _settled(periods: Sequence[Period]) -> dict[str, Any]:
    return {
        "id": [one.recurring_id for one in periods],
        "day": [one.day for one in periods],
        "status": [one.status for one in periods],
        "code": [one.code for one in periods],
        "reason": [one.reason for one in periods],
        "order": [one.order_id for one in periods],
        "tries": numbers(one.tries for one in periods),
        "try_at": [one.try_at for one in periods],
    }


def give_up(tx: Tx, recurring_id: UUID) -> int:
    """What failed of a standing order is not tried again."""
    return tx.run(_GIVE_UP, {"id": recurring_id, "now": tx.now})


def try_now(tx: Tx, recurring_id: UUID, day: Any) -> bool:
    """A period that failed, or was given up, is due again; False where there is no such one."""
    return bool(tx.rows(_TRY_NOW, {"id": recurring_id, "day": day, "now": tx.now}))


def rule_json(rule: Rule) -> str:
    """A rule as it is stored."""
    return dumps({field.name: getattr(rule, field.name) for field in fields(rule)})


def lines_json(lines: Sequence[StandingLine]) -> str:
    """Lines as they are stored."""
    return dumps([{field.name: getattr(line, field.name) for field in fields(line)} for line in lines])
