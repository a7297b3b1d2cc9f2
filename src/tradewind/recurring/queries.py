"""Reads of standing orders and their periods; what is due is claimed, so that two workers never work on the same."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader, Row
from tradewind.recurring.model import Period, Rule, Standing, StandingLine

_HEAD = """r.id, r.number, r.account_id, r.name, r.status, r.zone, r.rule, r.starts_on, r.place_at, r.lead_days, r.shift, r.calendar,
  r.pricing, r.catch_up, r.ship_to, r.lines, r.note, r.buyer_po, r.owner_id, r.version, r.periods_done, r.next_day, r.due_at,
  r.skip_next, r.next_change, r.created_at, r.end_reason"""
_PERIOD = """p.recurring_id, p.account_id, p.day, p.period_no, p.wanted_on, p.due_at, p.status, p.code, p.reason, p.order_id, p.tries,
  p.try_at, p.change, p.settled_at"""
_DUE = f"""
select {_HEAD} from recurring_order r
where r.status = 'active' and r.due_at <= %(now)s and r.id = any(%(ids)s::uuid[])
order by r.due_at, r.id for no key update skip locked
"""  # noqa: S608 - columns are ours
_DUE_IDS = """
select r.id from recurring_order r where r.status = 'active' and r.due_at <= %(now)s order by r.due_at, r.id limit %(limit)s
"""
_BY_NAME = f"select {_HEAD} from recurring_order r where r.number = %(name)s or r.id = %(id)s"  # noqa: S608 - ours
_LOCKED = f"select {_HEAD} from recurring_order r where r.id = any(%(ids)s::uuid[]) order by r.id for no key update"  # noqa: S608
_PAGE = f"""
select {_HEAD} from recurring_order r
where (%(account)s::uuid is null or r.account_id = %(account)s) and (%(status)s::text is null or r.status = %(status)s)
  and (%(after)s::text is null or r.number < %(after)s)
order by r.number desc limit %(limit)s
"""  # noqa: S608 - columns are ours
_PERIODS = f"""
select {_PERIOD} from recurring_period p
where p.recurring_id = %(id)s and (%(before)s::date is null or p.day < %(before)s) order by p.day desc limit %(limit)s
"""  # noqa: S608 - columns are ours
_TO_TRY = f"""
select {_PERIOD} from recurring_period p join recurring_order r on r.id = p.recurring_id
where p.status = 'failed' and p.try_at <= %(now)s order by p.try_at, p.recurring_id, p.day limit %(limit)s
for no key update of r, p skip locked
"""  # noqa: S608 - columns are ours
_FAILED = f"""
select r.number, {_PERIOD} from recurring_period p join recurring_order r on r.id = p.recurring_id
where p.status in ('failed', 'given_up') order by p.settled_at desc, p.recurring_id, p.day limit %(limit)s
"""  # noqa: S608 - columns are ours
_LAST = "select max(day) from recurring_period where recurring_id = %s"
_NUMBER = "select 'RO-' || lpad(nextval('recurring_number')::text, 8, '0')"


def due_ids(reader: Reader, *, limit: int) -> list[UUID]:
    """Standing orders whose next period is due, the longest due first."""
    return [row[0] for row in reader.rows(_DUE_IDS, {"now": reader.now, "limit": limit})]


def claim_due(reader: Reader, ids: Sequence[UUID]) -> list[Standing]:
    """Those of these that are still due, locked; what another worker has in hand is left to it."""
    return [standing_of(row) for row in reader.rows(_DUE, {"now": reader.now, "ids": list(ids)})]


def claim_tries(reader: Reader, *, limit: int) -> list[Period]:
    """Periods that failed and are tried again by now, locked with their standing orders."""
    return [period_of(row) for row in reader.rows(_TO_TRY, {"now": reader.now, "limit": limit})]


def standing_by_name(reader: Reader, name: str) -> Standing | None:
    """A standing order by its number or id, as far as the reader may see it."""
    try:
        by_id: UUID | None = UUID(name)
    except ValueError:
        by_id = None
    found = reader.row(_BY_NAME, {"name": name, "id": by_id})
    return None if found is None else standing_of(found)


def lock_standing(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """Standing orders, locked; nobody else works on them meanwhile."""
    return {row[0]: standing_of(row) for row in reader.rows(_LOCKED, {"ids": sorted(set(ids))})}


def standing_page(
    reader: Reader, *, account_id: UUID | None, status: str | None, after: str | None, limit: int
) -> list[Standing]:
    """A page of standing orders, the newest first; `after` is the number of the last one seen."""
    params = {"account": account_id, "status": status, "after": after, "limit": limit}
    return [standing_of(row) for row in reader.rows(_PAGE, params)]


def periods_of(reader: Reader, recurring_id: UUID, *, before: date | None, limit: int) -> list[Period]:
    """What became of the periods of a standing order, the latest first."""
    return [period_of(row) for row in reader.rows(_PERIODS, {"id": recurring_id, "before": before, "limit": limit})]


def failed_periods(reader: Reader, *, limit: int) -> list[tuple[str, Period]]:
    """Periods that got no order because something was wrong, the latest first, with the number of their standing order."""
    return [(row[0], period_of(row[1:])) for row in reader.rows(_FAILED, {"limit": limit})]


def last_day_of(reader: Reader, recurring_id: UUID) -> date | None:
    """The latest day that is settled."""
    found: date | None = reader.value(_LAST, [recurring_id])
    return found


def next_recurring_number(reader: Reader) -> str:
    """A number people can read; there may be gaps."""
    return str(reader.value(_NUMBER))


def standing_of(row: Row) -> Standing:
    """A row of standing order columns."""
    return Standing(
        *(
            *row[:6], _rule(row[6]), *row[7:15], lines_of(row[15]), *row[16:24],
            None if row[24] is None else lines_of(row[24]), *row[25:27],
        )
    )  # fmt: skip


def period_of(row: Row) -> Period:
    """A row of period columns."""
    return Period(*(*row[:12], None if row[12] is None else lines_of(row[12]), row[13]))


def lines_of(stored: Sequence[dict[str, Any]]) -> tuple[StandingLine, ...]:
    """Lines as they are stored."""
    return tuple(
        StandingLine(
            one["item"], Decimal(one["qty"]), one["uom"],
            None if one["unit_price"] is None else Decimal(one["unit_price"]), Decimal(one["basis"]),
        )
        for one in stored
    )  # fmt: skip


def _rule(stored: dict[str, Any]) -> Rule:
    until = stored["until"]
    return Rule(
        stored["frequency"],
        stored["interval"],
        tuple(stored["weekdays"]),
        tuple(stored["month_days"]),
        tuple((number, day) for number, day in stored["nth"]),
        stored["count"],
        None if until is None else date.fromisoformat(until),
        stored["short_months"],
    )
