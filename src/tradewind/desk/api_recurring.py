"""`/api/v1/recurring-orders`: set standing orders up, read them with their periods, skip, pause, change and end them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.accounts.queries import account_ids
from tradewind.desk.recurring import (
    Wish,
    calendar_of,
    change_next,
    change_standing,
    check_lines,
    code_of,
    end,
    pause,
    resume,
    retry,
    set_up,
    skip_next,
    trial_draft,
)
from tradewind.desk.resolve import Submission
from tradewind.kernel.limits import ORDER_LINES
from tradewind.kernel.money import plain
from tradewind.kernel.tx import Reader, Tx
from tradewind.recurring.decide import plan, rule_text
from tradewind.recurring.model import Period, Planned, Standing, StandingLine
from tradewind.recurring.queries import failed_periods, periods_of, standing_by_name, standing_page

router = api_router("recurring")
Text = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Page = Annotated[int, Query(ge=1, le=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class LineIn(_Strict):
    """An item, and how much of it each time."""

    item: Text
    qty: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
    uom: Annotated[str, Field(max_length=8)] | None = None


Lines = Annotated[list[LineIn], Field(min_length=1, max_length=ORDER_LINES)]


class TermsIn(_Strict):
    """When and what. `rule` as RFC 5545 writes it (FREQ=MONTHLY;BYDAY=-1FR); days are local days of `zone`.

    It is ordered at `place_at`, `lead_days` before the day it is wanted on; where `calendar` is closed on that day it is wanted
    the working day before or after, or left out. `fixed` keeps today's prices. `catch_up`: what becomes of periods that nobody
    could order in time: each is ordered, only the latest, or none."""

    name: Text
    rule: Annotated[str, Field(min_length=1, max_length=500)]
    starts_on: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]
    lines: Lines
    zone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    place_at: Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "06:00"
    lead_days: Annotated[int, Field(ge=0, le=366)] = 0
    shift: Literal["none", "before", "after", "skip"] = "none"
    calendar: Text | None = None
    pricing: Literal["dynamic", "fixed"] = "dynamic"
    catch_up: Literal["each", "latest", "none"] = "latest"
    short_months: Literal["last", "skip"] = "last"
    ship_to: Text | None = None
    note: Annotated[str, Field(max_length=2_000)] | None = None
    buyer_po: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class RecurringIn(TermsIn):
    """A standing order of an account, in the name of who sets it up."""

    account: Text


class ChangeIn(TermsIn):
    """A standing order said anew. It runs in the name of who changed it last."""

    expected_version: Annotated[int, Field(ge=1)] | None = None


class NextIn(_Strict):
    """Other lines for the next period only."""

    lines: Lines


class SkipIn(_Strict):
    """How many periods are left out, from the next on; 0 takes it back."""

    count: Annotated[int, Field(ge=0, le=1_000)]


class ReasonIn(_Strict):
    """Why."""

    reason: Reason


class DayIn(_Strict):
    """The period that failed."""

    day: date


@router.post("/recurring-orders", status_code=201, openapi_extra=permission("recurring.manage"))
def post_recurring(body: RecurringIn, edge: CallerEdge) -> Response:
    """Set a standing order up. What it orders is tried first, without effect: what is wrong with it is said now."""
    account_id = edge.read(lambda reader: account_ids(reader, [body.account])).get(body.account)
    edge.allow(account_id)
    edge.allow(account_id, action="orders.place")
    assert account_id is not None
    wish = _checked(edge, Wish(account_id, **_said(body)), body.account)
    owner = edge.caller.principal.id
    standing = edge.write(lambda tx: set_up(tx, wish, owner_id=owner), account_id=account_id)
    location = {"Location": f"/api/v1/recurring-orders/{standing.number}"}
    return answer(edge.read(lambda reader: _shown(reader, standing, planned=3)), 201, location)


def _said(body: TermsIn) -> dict[str, Any]:
    names = ("name", "rule", "starts_on", "zone", "place_at", "lead_days", "shift", "calendar", "pricing", "catch_up",
             "ship_to", "note", "buyer_po", "short_months")  # fmt: skip
    return {**{name: getattr(body, name) for name in names}, "lines": _lines(body.lines)}


def _lines(lines: list[LineIn]) -> tuple[StandingLine, ...]:
    return tuple(StandingLine(one.item, one.qty, one.uom) for one in lines)


def _checked(edge: Edge, wish: Wish, code: str) -> Wish:
    visible = None if edge.visible is None else tuple(sorted(edge.visible))
    draft = trial_draft(code, wish, channel=edge.caller.channel)
    return check_lines(edge.database, wish, Submission(draft, edge.actor(wish.account_id), visible))


@router.get("/recurring-orders", openapi_extra=permission("recurring.read"))
def read_all(
    edge: CallerEdge,
    account: str | None = None,
    status: Literal["active", "paused", "ended"] | None = None,
    after: str | None = None,
    limit: Page = 50,
) -> Response:
    """A page of standing orders, the newest first; `after` is the number of the last one seen."""

    def page(reader: Reader) -> list[Standing]:
        wanted = None if account is None else account_ids(reader, [account]).get(account)
        if account is not None and wanted is None:
            return []
        return standing_page(reader, account_id=wanted, status=status, after=after, limit=limit)

    found = edge.read(page)
    more = found[-1].number if len(found) == limit else None
    return answer({"recurring_orders": [_json(one) for one in found], "next": more})


@router.get("/recurring-failures", openapi_extra=permission("recurring.read"))
def read_failures(edge: CallerEdge, limit: Page = 50) -> Response:
    """Periods that got no order because something was wrong with it, the latest first: tried again by themselves, or given up."""
    found = edge.read(lambda reader: failed_periods(reader, limit=limit))
    return answer({"periods": [{"recurring": number, **_period(one)} for number, one in found]})


@router.get("/recurring-orders/{name}", openapi_extra=permission("recurring.read"))
def read_one(
    name: str,
    edge: CallerEdge,
    planned: Annotated[int, Query(ge=0, le=100)] = 3,
    before: date | None = None,
    limit: Page = 50,
) -> Response:
    """One standing order with what became of its periods, the latest first, and those planned next; `before` pages back."""
    standing = named(edge, name)

    def show(reader: Reader) -> dict[str, Any]:
        past = periods_of(reader, standing.id, before=before, limit=limit)
        more = past[-1].day if len(past) == limit else None
        return {**_shown(reader, standing, planned=planned), "periods": [_period(one) for one in past], "next": more}

    return answer(edge.read(show))


@router.put("/recurring-orders/{name}", openapi_extra=permission("recurring.manage"))
def put_recurring(name: str, body: ChangeIn, edge: CallerEdge) -> Response:
    """Say a standing order anew. Periods that are settled stay so, and no day comes twice."""
    standing = named(edge, name)
    edge.allow(standing.account_id, action="orders.place")
    code = edge.read(lambda reader: code_of(reader, standing.account_id))
    wish = _checked(edge, Wish(standing.account_id, **_said(body)), code)
    owner, version = edge.caller.principal.id, body.expected_version
    return _do(edge, standing, lambda tx: change_standing(tx, name, wish, owner_id=owner, expected_version=version))


@router.post("/recurring-orders/{name}/change-next", openapi_extra=permission("recurring.manage"))
def post_next(name: str, body: NextIn, edge: CallerEdge) -> Response:
    """Other lines for the next period that is ordered, and for that one only; at the prices of its day."""
    standing = named(edge, name)
    return _do(edge, standing, lambda tx: change_next(tx, name, _lines(body.lines)))


@router.post("/recurring-orders/{name}/skip", openapi_extra=permission("recurring.manage"))
def post_skip(name: str, body: SkipIn, edge: CallerEdge) -> Response:
    """Leave out so many periods, from the next on."""
    standing = named(edge, name)
    return _do(edge, standing, lambda tx: skip_next(tx, name, body.count))


@router.post("/recurring-orders/{name}/pause", openapi_extra=permission("recurring.manage"))
def post_pause(name: str, body: ReasonIn, edge: CallerEdge) -> Response:
    """Order nothing until it is resumed."""
    standing = named(edge, name)
    return _do(edge, standing, lambda tx: pause(tx, name, body.reason))


@router.post("/recurring-orders/{name}/resume", openapi_extra=permission("recurring.manage"))
def post_resume(name: str, edge: CallerEdge) -> Response:
    """Go on with the first period that is not over yet."""
    standing = named(edge, name)
    return _do(edge, standing, lambda tx: resume(tx, name))


@router.post("/recurring-orders/{name}/end", openapi_extra=permission("recurring.manage"))
def post_end(name: str, body: ReasonIn, edge: CallerEdge) -> Response:
    """Order nothing any more; orders that were placed go on."""
    standing = named(edge, name)
    return _do(edge, standing, lambda tx: end(tx, name, body.reason))


@router.post("/recurring-orders/{name}/retry", openapi_extra=permission("recurring.manage"))
def post_retry(name: str, body: DayIn, edge: CallerEdge) -> Response:
    """Try a period that failed, or was given up, once more."""
    standing = named(edge, name)
    return _do(edge, standing, lambda tx: retry(tx, name, body.day))


def _do(edge: Edge, standing: Standing, work: Callable[[Tx], Standing]) -> Response:
    done = edge.write(work, account_id=standing.account_id)
    return answer(edge.read(lambda reader: _shown(reader, done, planned=3)))


def named(edge: Edge, name: str) -> Standing:
    """The standing order, as far as the caller sees it and may act for its account."""
    found = edge.read(lambda reader: standing_by_name(reader, name))
    if found is None:
        raise not_found()
    edge.allow(found.account_id)
    return found


def _shown(reader: Reader, standing: Standing, *, planned: int) -> dict[str, Any]:
    coming = plan(standing, calendar_of(reader, standing.calendar), count=planned)
    skips = standing.skip_next
    told = [_planned(one, skipped=place < skips) for place, one in enumerate(coming)]
    return {**_json(standing), "planned": told if standing.status != "ended" else []}


def _planned(one: Planned, *, skipped: bool) -> dict[str, Any]:
    left_out = "asked" if skipped else "closed" if one.closed else None
    return {
        "period": one.period_no,
        "day": one.day,
        "wanted_on": one.wanted_on,
        "order_at": one.due_at,
        "left_out": left_out,
    }


def _period(one: Period) -> dict[str, Any]:
    return {
        "period": one.period_no,
        "day": one.day,
        "wanted_on": one.wanted_on,
        "status": one.status,
        "order": one.order_id,
        "code": one.code,
        "reason": one.reason,
        "tries": one.tries,
        "try_at": one.try_at,
        "settled_at": one.settled_at,
    }


def _json(one: Standing) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "name": one.name,
        "status": one.status,
        "rule": rule_text(one.rule),
        "short_months": one.rule.short_months,
        "zone": one.zone,
        "starts_on": one.starts_on,
        "place_at": one.place_at,
        "lead_days": one.lead_days,
        "shift": one.shift,
        "calendar": one.calendar,
        "pricing": one.pricing,
        "catch_up": one.catch_up,
        "ship_to": one.ship_to,
        "note": one.note,
        "buyer_po": one.buyer_po,
        "version": one.version,
        "periods_done": one.periods_done,
        "skip_next": one.skip_next,
        "end_reason": one.end_reason,
        "lines": [_line(line) for line in one.lines],
        "next_lines": None if one.next_lines is None else [_line(line) for line in one.next_lines],
    }


def _line(line: StandingLine) -> dict[str, Any]:
    return {
        "item": line.item,
        "qty": plain(line.qty),
        "uom": line.uom,
        "unit_price": None if line.unit_price is None else plain(line.unit_price),
        "price_basis": plain(line.basis),
    }
