"""`/api/v1/blankets`: agree, read, change and end blanket orders, and call goods off. One is named by its number or its id."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query, Response
from psycopg.errors import UniqueViolation
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.access.decide import within_mandate
from tradewind.accounts.queries import account_ids, accounts_by_id
from tradewind.blankets.model import Blanket, BlanketLine, PriceStep
from tradewind.blankets.queries import blanket_by_name, blankets_page, lines_of_blankets
from tradewind.catalog.queries import products_by_id
from tradewind.desk.blankets import (
    Change,
    LineChange,
    LineTerms,
    Terms,
    call_off,
    change_blanket,
    close_blanket,
    create_blanket,
)
from tradewind.desk.once import once
from tradewind.desk.place import Placed
from tradewind.desk.resolve import Submission
from tradewind.kernel.limits import ORDER_LINES
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Reader, Tx
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft
from tradewind.streams.sources import StockMoved

router = api_router("blankets")
Text = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Qty = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
Cap = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
Places = Annotated[list[Text], Field(max_length=1_000)]
LINES = 1_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class StepIn(_Strict):
    """A unit price, and since when it holds; without a time from the beginning."""

    price: Cap
    since: AwareDatetime | None = None


class LineTermsIn(_Strict):
    """Goods as they are agreed. Whether a quantity or a value is capped is said, never guessed: a commitment of 0 is a cap of 0."""

    item: Text
    uom: Annotated[str, Field(max_length=8)] | None = None
    prices: Annotated[list[StepIn], Field(min_length=1, max_length=100)]
    price_basis: Qty = Decimal(1)
    quantity: Literal["capped", "open"]
    committed_qty: Cap | None = None
    value: Literal["capped", "open"] = "open"
    committed_value: Cap | None = None
    min_release: Qty | None = None
    max_release: Qty | None = None

    @model_validator(mode="after")
    def modes_are_said(self) -> "LineTermsIn":
        """A cap has its number, and what is open has none."""
        for name, mode, found in (
            ("qty", self.quantity, self.committed_qty),
            ("value", self.value, self.committed_value),
        ):
            if (mode == "capped") != (found is not None):
                raise ValueError(f"committed_{name} belongs to a line that is capped, and only to that")
        return self


class BlanketIn(_Strict):
    """A blanket order. `consumption`: whether ordinary orders of the account take from it by themselves, or only those that name
    it; `overflow`: what becomes of units beyond its ceilings. Without `ship_tos` it goes anywhere the account receives."""

    account: Text
    name: Text
    valid_from: AwareDatetime
    valid_to: AwareDatetime
    lines: Annotated[list[LineTermsIn], Field(min_length=1, max_length=LINES)]
    buyer_po: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    consumption: Literal["named", "automatic"] = "named"
    overflow: Literal["standard", "hold"] = "hold"
    ship_tos: Places = []
    tolerance_percent: Annotated[Decimal, Field(ge=0, le=100, decimal_places=6)] = Decimal(0)
    priority_at: AwareDatetime | None = None
    note: Annotated[str, Field(max_length=2_000)] | None = None


class LineChangeIn(_Strict):
    """Another commitment of a line, or another price from some time on."""

    line: Annotated[int, Field(ge=1, le=LINES)]
    committed_qty: Cap | None = None
    committed_value: Cap | None = None
    price: Cap | None = None
    price_from: AwareDatetime | None = None

    @model_validator(mode="after")
    def price_has_a_time(self) -> "LineChangeIn":
        """A price comes with the time from which it holds."""
        if (self.price is None) != (self.price_from is None):
            raise ValueError("a new price says from when it holds")
        return self


class ChangeIn(_Strict):
    """Other terms; what is not named stays. `expected_version` is the version that was looked at. A later end extends it."""

    reason: Reason
    valid_to: AwareDatetime | None = None
    consumption: Literal["named", "automatic"] | None = None
    overflow: Literal["standard", "hold"] | None = None
    ship_tos: Places | None = None
    note: Annotated[str, Field(max_length=2_000)] | None = None
    lines: Annotated[list[LineChangeIn], Field(max_length=LINES)] = []
    expected_version: Annotated[int, Field(ge=1)] | None = None


class CloseIn(_Strict):
    """The end: what was not called off is dropped (cancel), or billed (shortfall) when the time is over."""

    decision: Literal["cancel", "shortfall"]
    reason: Reason


class CallLineIn(_Strict):
    """An item of the blanket order, and how much of it."""

    item: Text
    qty: Qty
    uom: Annotated[str, Field(max_length=8)] | None = None


class CallOffIn(_Strict):
    """A call-off: it is placed whole, or refused with what is left. `release_no` tells the releases of one buyer's number apart."""

    lines: Annotated[list[CallLineIn], Field(min_length=1, max_length=ORDER_LINES)]
    buyer_po: Annotated[str, Field(max_length=100)] | None = None
    release_no: Annotated[str, Field(max_length=50)] = ""
    ship_to: Text | None = None
    requested_at: AwareDatetime | None = None
    note: Annotated[str, Field(max_length=2_000)] | None = None


@router.post("/blankets", status_code=201, openapi_extra=permission("blankets.manage"))
def post_blanket(body: BlanketIn, edge: CallerEdge) -> Response:
    """Agree a blanket order with an account."""
    account_id = edge.read(lambda reader: account_ids(reader, [body.account])).get(body.account)
    edge.allow(account_id)
    assert account_id is not None
    terms = Terms(
        account_id, body.name, body.valid_from, body.valid_to, tuple(_line(one, body) for one in body.lines), body.buyer_po,
        body.consumption, body.overflow, tuple(body.ship_tos), body.tolerance_percent, body.priority_at, body.note,
    )  # fmt: skip
    try:
        blanket, lines = edge.write(lambda tx: create_blanket(tx, terms), account_id=account_id)
    except UniqueViolation:  # the same number of the buyer at the same moment: now it is seen
        blanket, lines = edge.write(lambda tx: create_blanket(tx, terms), account_id=account_id)
    return answer(
        edge.read(lambda reader: _shown(reader, blanket, lines)),
        201,
        {"Location": f"/api/v1/blankets/{blanket.number}"},
    )


def _line(one: LineTermsIn, body: BlanketIn) -> LineTerms:
    steps = tuple(PriceStep(step.since or body.valid_from, step.price) for step in one.prices)
    return LineTerms(
        one.item,
        steps,
        one.committed_qty,
        one.committed_value,
        one.uom,
        one.price_basis,
        one.min_release,
        one.max_release,
    )


@router.get("/blankets", openapi_extra=permission("blankets.read"))
def read_blankets(
    edge: CallerEdge,
    account: str | None = None,
    status: Literal["open", "closed"] | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """A page of blanket orders, the newest first; `after` is the number of the last one seen."""

    def page(reader: Reader) -> list[Blanket]:
        wanted = None if account is None else account_ids(reader, [account]).get(account)
        if account is not None and wanted is None:
            return []
        return blankets_page(reader, account_id=wanted, status=status, after=after, limit=limit)

    found = edge.read(page)
    return answer(
        {"blankets": [_head(one) for one in found], "next": found[-1].number if len(found) == limit else None}
    )


@router.get("/blankets/{name}", openapi_extra=permission("blankets.read"))
def read_blanket(name: str, edge: CallerEdge) -> Response:
    """One blanket order with its lines: what was agreed, called off, and is left."""
    blanket = named_blanket(edge, name)
    lines = edge.read(lambda reader: lines_of_blankets(reader, [blanket.id]).get(blanket.id, []))
    return answer(edge.read(lambda reader: _shown(reader, blanket, lines)))


@router.post("/blankets/{name}/change", openapi_extra=permission("blankets.manage"))
def post_change(name: str, body: ChangeIn, edge: CallerEdge) -> Response:
    """Change what was agreed: its end, commitments, prices from a time on, places, and what becomes of ordinary orders."""
    blanket = named_blanket(edge, name)
    change = Change(
        body.reason, body.valid_to, body.consumption, body.overflow,
        None if body.ship_tos is None else tuple(body.ship_tos), body.note,
        tuple(
            LineChange(
                one.line, one.committed_qty, one.committed_value,
                None if one.price is None or one.price_from is None else PriceStep(one.price_from, one.price),
            )
            for one in body.lines
        ),
        body.expected_version,
    )  # fmt: skip
    changed, lines = edge.write(lambda tx: change_blanket(tx, blanket.number, change), account_id=blanket.account_id)
    return answer(edge.read(lambda reader: _shown(reader, changed, lines)))


@router.post("/blankets/{name}/close", openapi_extra=permission("blankets.manage"))
def post_close(name: str, body: CloseIn, edge: CallerEdge) -> Response:
    """End a blanket order for good; call-offs that are under way go on as orders. To extend one, change its end."""
    blanket = named_blanket(edge, name)
    closed, lines = edge.write(
        lambda tx: close_blanket(tx, blanket.number, decision=body.decision, reason=body.reason),
        account_id=blanket.account_id,
    )
    return answer(edge.read(lambda reader: _shown(reader, closed, lines)))


@router.post("/blankets/{name}/call-offs", status_code=201, openapi_extra=permission("orders.place"))
def post_call_off(name: str, body: CallOffIn, edge: CallerEdge, key: Key = None) -> Response:
    """Call goods off: an ordinary order at the agreed prices. 409 with what is left where it asks for more than that; nothing of
    it is placed then."""
    blanket = named_blanket(edge, name)
    code = edge.read(lambda reader: _code(reader, blanket.account_id))
    draft = OrderDraft(
        account=code,
        lines=tuple(DraftLine(number, one.item, one.qty, one.uom) for number, one in enumerate(body.lines, 1)),
        groups=(DraftGroup(ship_to=body.ship_to, requested_at=body.requested_at),),
        buyer_po=body.buyer_po or None,
        release_no=body.release_no,
        channel=edge.caller.channel,
        note=body.note,
        blanket=blanket.number,
    )
    visible = None if edge.visible is None else tuple(sorted(edge.visible))
    submission = Submission(draft, edge.actor(blanket.account_id), visible)
    said = f"call-off|{blanket.id}|{body.model_dump_json()}".encode()

    def work(*, lock_all_sites: bool) -> Callable[[Tx], Any]:
        def placed(tx: Tx) -> dict[str, Any]:
            return _placed(edge, call_off(tx, submission, lock_all_sites=lock_all_sites))

        return lambda tx: once(tx, placed, principal_id=edge.caller.principal.id, key=key, said=said)

    try:
        found = edge.write(work(lock_all_sites=False), account_id=blanket.account_id)
    except (StockMoved, UniqueViolation):
        found = edge.write(work(lock_all_sites=True), account_id=blanket.account_id)
    return answer(found, 201, {"Location": f"/api/v1/orders/{found['id']}"})


def _placed(edge: Edge, placed: Placed) -> dict[str, Any]:
    work = placed.work
    if work is None:
        return {"id": str(placed.order_id), "duplicate": True}
    total, currency = work.totals.total, work.header.currency
    problem = within_mandate(edge.caller, edge.permission, work.account.id, total=total, currency=currency)
    if problem is not None:
        raise Refused([problem])
    return {
        "id": str(work.id),
        "number": work.header.number,
        "status": work.compute_status(),
        "total": plain(total),
        "currency": currency,
        "lines": [
            {
                "line": one.line.line_no,
                "sku": one.line.sku,
                "qty": plain(one.line.qty),
                "uom": one.line.uom,
                "unit_price": plain(one.price.unit_price),
                "net": plain(one.price.net),
                "promised_at": one.promised_at and one.promised_at.isoformat(),
            }
            for one in work.lines
        ],
        "holds": [
            {"kind": hold.kind, "code": hold.code, "reason": hold.reason}
            for hold in work.holds
            if hold.released_at is None
        ],
    }


def named_blanket(edge: Edge, name: str) -> Blanket:
    """The blanket order, as far as the caller sees it and may act for its account."""
    found = edge.read(lambda reader: blanket_by_name(reader, name))
    if found is None:
        raise not_found()
    edge.allow(found.account_id)
    return found


def _code(reader: Reader, account_id: UUID) -> str:
    return accounts_by_id(reader, [account_id])[account_id].code


def _head(one: Blanket) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "name": one.name,
        "buyer_po": one.buyer_po,
        "currency": one.currency,
        "status": "expired" if one.status == "open" and one.expired_at is not None else one.status,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "priority_at": one.priority_at,
        "consumption": one.consumption,
        "overflow": one.overflow,
        "ship_tos": one.ship_tos,
        "tolerance_percent": plain(one.tolerance_percent),
        "note": one.note,
        "version": one.version,
        "decision": one.decision,
        "reason": one.reason,
        "closed_at": one.closed_at,
        "shortfall_order": one.shortfall_order_id,
    }


def _shown(reader: Reader, blanket: Blanket, lines: list[BlanketLine]) -> dict[str, Any]:
    products = products_by_id(reader, {line.product_id for line in lines})
    return {**_head(blanket), "lines": [_line_json(line, products[line.product_id].sku) for line in lines]}


def _line_json(line: BlanketLine, sku: str) -> dict[str, Any]:
    def text(number: Decimal | None) -> str | None:
        return None if number is None else plain(number)

    return {
        "line": line.line_no,
        "sku": sku,
        "uom": line.uom,
        "prices": [{"since": step.since, "price": plain(step.price)} for step in line.prices],
        "price_basis": plain(line.price_basis),
        "quantity": line.quantity_mode,
        "committed_qty": text(line.committed_qty),
        "limit_qty": text(line.qty_limit),
        "called_off": plain(line.called_off),
        "left_qty": None if line.qty_limit is None else plain(line.qty_limit - line.called_off),
        "value": line.value_mode,
        "committed_value": text(line.committed_value),
        "limit_value": text(line.value_limit),
        "called_value": plain(line.called_value),
        "left_value": None if line.value_limit is None else plain(line.value_limit - line.called_value),
        "min_release": text(line.min_release),
        "max_release": text(line.max_release),
    }
