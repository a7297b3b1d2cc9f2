"""Standing orders: set up, changed, skipped, paused and ended. What is due is ordered by `desk.recurring_work`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tradewind.accounts.queries import accounts_by_id
from tradewind.calendars.model import Calendar
from tradewind.calendars.queries import calendars_by_code
from tradewind.catalog.queries import products_by_id
from tradewind.desk.preview import preview
from tradewind.desk.resolve import Submission, factor_of, in_unit
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Database, Event, Reader, Tx
from tradewind.kernel.value import value
from tradewind.recurring import commands, errors
from tradewind.recurring.decide import first_planned, local_today, read_rule
from tradewind.recurring.model import CatchUp, Pricing, Shift, Standing, StandingLine, Status
from tradewind.recurring.queries import last_day_of, lock_standing, next_recurring_number, standing_by_name
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft
from tradewind.streams.order_work import OrderWork


@value(frozen=True, slots=True)
class Wish:
    """A standing order as it is asked for. `rule`: RFC 5545 text; `place_at`: the time of day, in `zone`, at which it is ordered,
    `lead_days` before the day it is wanted on."""

    account_id: UUID
    name: str
    rule: str
    starts_on: date
    lines: tuple[StandingLine, ...]
    zone: str = "UTC"
    place_at: str = "06:00"
    lead_days: int = 0
    shift: Shift = "none"
    calendar: str | None = None
    pricing: Pricing = "dynamic"
    catch_up: CatchUp = "latest"
    ship_to: str | None = None
    note: str | None = None
    buyer_po: str | None = None
    short_months: Literal["last", "skip"] = "last"


def set_up(tx: Tx, wish: Wish, *, owner_id: UUID) -> Standing:
    """Keep a standing order in somebody's name. Raises `Refused` with everything that is wrong with it."""
    standing = _standing(tx, wish, owner_id=owner_id, standing_id=tx.ids.new(), number=next_recurring_number(tx))
    if wish.starts_on < local_today(wish.zone, tx.now):
        raise Refused([errors.starts_too_early()])
    commands.insert_standing(tx, standing)
    _say(tx, "recurring.set_up", standing, {"next_day": standing.next_day and standing.next_day.isoformat()})
    return standing


def _standing(tx: Reader, wish: Wish, *, owner_id: UUID, standing_id: UUID, number: str) -> Standing:
    problems: list[Problem] = []
    try:
        ZoneInfo(wish.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused([errors.unknown_zone(wish.zone)]) from None
    rule = read_rule(wish.rule, starts_on=wish.starts_on, short_months=wish.short_months)
    if isinstance(rule, Problem):
        raise Refused([rule])
    calendar = calendar_of(tx, wish.calendar)
    if (wish.shift != "none" and calendar is None) or (wish.shift == "none" and wish.calendar is not None):
        problems.append(errors.unknown_calendar(wish.calendar or ""))
    if problems:
        raise Refused(problems)
    standing = Standing(
        standing_id, number, wish.account_id, wish.name, Status.ACTIVE, wish.zone, rule, wish.starts_on, wish.place_at,
        wish.lead_days, wish.shift, wish.calendar, wish.pricing, wish.catch_up, wish.ship_to, wish.lines, wish.note, wish.buyer_po,
        owner_id,
    )  # fmt: skip
    first = first_planned(standing, calendar, after=None)
    if first is None:
        raise Refused([errors.bad_rule("No day of the rule ever comes.")])
    return replace(standing, next_day=first.day, due_at=first.due_at)


def calendar_of(reader: Reader, code: str | None) -> Calendar | None:
    """The calendar by whose closed days a standing order is shifted."""
    return None if code is None else calendars_by_code(reader).get(code)


def check_lines(database: Database, wish: Wish, submission: Submission) -> Wish:
    """What an order of these lines would come to now, without any effect; with fixed pricing its prices are kept from now on.
    Raises `Refused` with everything that is wrong with them."""
    (found,) = database.write(lambda tx: preview(tx, [submission]))
    if found.problems:
        raise Refused(found.problems)
    if wish.pricing != "fixed" or found.work is None:
        return replace(wish, lines=tuple(replace(line, unit_price=None, basis=Decimal(1)) for line in wish.lines))
    work = found.work
    return database.read(lambda reader: replace(wish, lines=_priced(reader, work, wish.lines)))


def _priced(reader: Reader, work: OrderWork, lines: Sequence[StandingLine]) -> tuple[StandingLine, ...]:
    products = products_by_id(reader, {one.line.product_id for one in work.lines})
    kept: list[StandingLine] = []
    for number, line in enumerate(lines, 1):
        one = work.line(number)
        price, basis = one.price.unit_price, one.price.basis
        if one.price.waterfall is None:
            message = f"{one.line.sku} has no price that could be kept."
            raise Refused([Problem("pricing.no_price", message, f"/lines/{number - 1}/item", 409)])
        if one.price.allowance:  # discounts and bands are kept as what the line came to in all
            price, basis = one.price.net, one.line.qty
        elif one.price.uom != one.line.uom:
            own = (one.line.factor_num, one.line.factor_den)
            price, basis = in_unit(price, basis, factor_of(products[one.line.product_id], one.price.uom) or own, own)
        kept.append(replace(line, uom=one.line.uom, unit_price=price, basis=basis))
    return tuple(kept)


def trial_draft(code: str, wish: Wish, *, channel: str) -> OrderDraft:
    """The order that a standing order would place now."""
    lines = tuple(DraftLine(number, one.item, one.qty, one.uom) for number, one in enumerate(wish.lines, 1))
    return OrderDraft(code, lines, (DraftGroup(ship_to=wish.ship_to),), channel=channel, note=wish.note)


def change_standing(tx: Tx, name: str, wish: Wish, *, owner_id: UUID, expected_version: int | None) -> Standing:
    """Say a standing order anew; what is settled stays settled, and no day comes twice. It runs in the name of who changed it."""
    before = opened(tx, name)
    if expected_version is not None and expected_version != before.version:
        raise Refused([errors.changed_since(before.number, before.version)])
    after = _standing(tx, wish, owner_id=owner_id, standing_id=before.id, number=before.number)
    after = replace(after, status=before.status, periods_done=before.periods_done, skip_next=before.skip_next)
    after = _from_here(tx, replace(after, created_at=before.created_at, version=before.version + 1))
    commands.update_standing(tx, after)
    _say(tx, "recurring.changed", after, {"next_day": after.next_day and after.next_day.isoformat()})
    return after


def _from_here(tx: Tx, standing: Standing) -> Standing:
    """The first period that is neither settled nor before today."""
    last = last_day_of(tx, standing.id)
    yesterday = date.fromordinal(local_today(standing.zone, tx.now).toordinal() - 1)
    after = max(last, yesterday) if last is not None else yesterday
    first = first_planned(standing, calendar_of(tx, standing.calendar), after=after)
    if first is None:
        raise Refused([errors.bad_rule("No day of the rule comes any more.")])
    return replace(standing, next_day=first.day, due_at=first.due_at)


def change_next(tx: Tx, name: str, lines: Sequence[StandingLine]) -> Standing:
    """Other lines for the next period that is ordered, and for that one only."""
    standing = replace(opened(tx, name), next_lines=tuple(lines))
    return _stored(tx, standing, "recurring.next_changed", {"lines": len(lines)})


def skip_next(tx: Tx, name: str, count: int) -> Standing:
    """Leave out so many periods, from the next on; 0 takes it back."""
    standing = replace(opened(tx, name), skip_next=count)
    return _stored(tx, standing, "recurring.skip_asked", {"count": count})


def pause(tx: Tx, name: str, reason: str) -> Standing:
    """Order nothing until it is resumed."""
    standing = opened(tx, name)
    if standing.status != Status.ACTIVE:
        raise Refused([errors.not_active(standing.number, standing.status)])
    return _stored(tx, replace(standing, status=Status.PAUSED), "recurring.paused", {"reason": reason})


def resume(tx: Tx, name: str) -> Standing:
    """Go on with the first period that is not over yet; those of the pause are gone."""
    standing = opened(tx, name)
    if standing.status != Status.PAUSED:
        raise Refused([errors.not_paused(standing.number)])
    on = _from_here(tx, replace(standing, status=Status.ACTIVE))
    return _stored(tx, on, "recurring.resumed", {"next_day": on.next_day and on.next_day.isoformat()})


def end(tx: Tx, name: str, reason: str) -> Standing:
    """Order nothing any more; orders that were placed go on, and what failed is not tried again."""
    standing = replace(opened(tx, name), status=Status.ENDED, end_reason=reason, next_day=None, due_at=None)
    commands.give_up(tx, standing.id)
    return _stored(tx, standing, "recurring.ended", {"reason": reason})


def retry(tx: Tx, name: str, day: date) -> Standing:
    """Try a period that failed, or was given up, once more now; it is ordered by the worker."""
    standing = _locked(tx, name)
    if not commands.try_now(tx, standing.id, day):
        raise Refused([errors.nothing_to_retry(standing.number, day.isoformat())])
    _say(tx, "recurring.retry_asked", standing, {"day": day.isoformat()})
    return standing


def _stored(tx: Tx, standing: Standing, kind: str, payload: dict[str, Any]) -> Standing:
    commands.update_standing(tx, standing)
    _say(tx, kind, standing, payload)
    return replace(standing, version=standing.version + 1)


def opened(tx: Tx, name: str) -> Standing:
    """A standing order that has not ended, locked. Raises `Refused`."""
    standing = _locked(tx, name)
    if standing.status == Status.ENDED:
        raise Refused([errors.ended(standing.number)])
    return standing


def _locked(tx: Tx, name: str) -> Standing:
    found = standing_by_name(tx, name)
    assert found is not None  # the edge has looked, and nothing deletes one
    return lock_standing(tx, [found.id])[found.id]


def code_of(reader: Reader, account_id: UUID) -> str:
    """The code of an account."""
    return accounts_by_id(reader, [account_id])[account_id].code


def _say(tx: Tx, kind: str, standing: Standing, payload: dict[str, Any]) -> None:
    account = ("account", standing.account_id, "sold_to")
    told = {"number": standing.number, **payload}
    tx.emit(Event(kind, "recurring_order", standing.id, told, standing.account_id, (account,)))
