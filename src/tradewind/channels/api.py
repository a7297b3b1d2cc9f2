"""`/api/v1/orders`: place one order or many, read them, see why a line costs what it costs."""

import asyncio
import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from starlette.concurrency import run_in_threadpool

from tradewind.access.api.edge import CallerEdge, answer, api_router, edge_of, not_found, permission, raw
from tradewind.access.api.gate import check_json_text
from tradewind.channels.decide.schedules import PARTS_MAX, SCHEDULED_LINE_MAX, Part, spread_lines
from tradewind.channels.intake import Item, OrderRequest
from tradewind.desk.preview import preview
from tradewind.desk.resolve import Submission
from tradewind.kernel.limits import BATCH_ORDERS, ORDER_LINES, REQUEST_ORDERS
from tradewind.kernel.log import Entry, events_of
from tradewind.kernel.money import plain
from tradewind.kernel.problem import problem_body, refuse
from tradewind.semantics.model import DraftCharge, DraftGroup, DraftLine, OrderDraft
from tradewind.streams.order_work import read_orders
from tradewind.views.orders import list_orders, order_id_of, order_json, orders_json, price_story

router = api_router("orders")
WAIT_SECONDS = 10.0
PROBLEM = "application/problem+json"

Text = Annotated[str, Field(min_length=1, max_length=200)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class WindowIn(_Strict):
    """When and how goods are wanted: on a day, or in a window; `ship_method` picks the site's cut-off."""

    ship_to: Text | None = None
    requested_at: AwareDatetime | None = None
    not_before: AwareDatetime | None = None
    arrive_by: AwareDatetime | None = None
    ship_method: Annotated[str, Field(max_length=50)] = ""


class PartIn(WindowIn):
    """So many of a line at one place and date."""

    qty: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]


class LineIn(_Strict):
    """An ordered item: our number or the buyer's; without a unit the product's order unit is meant.

    A price is for `price_basis` units of `price_uom` (the ordered unit). With a `schedule` the line is delivered in parts, which
    add up to its quantity; part 2 of line 7 is line 7002 of the order.
    """

    item: Text
    qty: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
    uom: Annotated[str, Field(max_length=8)] | None = None
    unit_price: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)] | None = None
    description: Annotated[str, Field(max_length=500)] | None = None
    line_no: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    group_no: Annotated[int, Field(ge=1, le=10_000)] = 1
    price_basis: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)] = Decimal(1)
    price_uom: Annotated[str, Field(max_length=8)] | None = None
    schedule: Annotated[list[PartIn], Field(max_length=PARTS_MAX)] = []

    @model_validator(mode="after")
    def parts_add_up(self) -> "LineIn":
        """Nothing of a line is left out of its schedule, and nothing comes twice."""
        if self.schedule:
            total = sum((part.qty for part in self.schedule), Decimal(0))
            if total != self.qty:
                raise ValueError(f"the schedule adds up to {plain(total)}, the line orders {plain(self.qty)}")
        return self


class GroupIn(WindowIn):
    """A place and a date; an order without groups goes to the account's default ship-to as soon as it can."""

    group_no: Annotated[int, Field(ge=1, le=10_000)] = 1


class ChargeIn(_Strict):
    """An amount that is not goods. Of a delivery group it is taxed where that goes, and billed with it."""

    code: Text
    amount: Amount
    description: Annotated[str, Field(max_length=500)] = ""
    tax_class: Text = "standard"
    group_no: Annotated[int, Field(ge=1, le=10_000)] | None = None


class OrderIn(_Strict):
    """An order. `buyer_po` is the buyer's own number; it is looked for whatever the channel. Releases of a blanket order share
    it, each with its `release_no`, and parts of an order that is declared to come in parts, each with its `po_part`. `blanket`: the
    blanket order (our number or the buyer's) that every line takes its goods from."""

    account: Text
    lines: Annotated[list[LineIn], Field(max_length=ORDER_LINES)]
    buyer_po: Annotated[str, Field(max_length=100)] | None = None
    release_no: Annotated[str, Field(max_length=50)] = ""
    po_part: Annotated[int, Field(ge=0, le=9_999)] = 0
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    groups: Annotated[list[GroupIn], Field(max_length=1_000)] = []
    charges: Annotated[list[ChargeIn], Field(max_length=100)] = []
    ship_policy: Annotated[str, Field(pattern="^(partial|line_complete|ship_complete)$")] | None = None
    note: Annotated[str, Field(max_length=2_000)] | None = None
    client_ref: Annotated[str, Field(max_length=200)] | None = None
    blanket: Text | None = None

    @model_validator(mode="after")
    def parts_are_bounded(self) -> "OrderIn":
        """An order has so many lines, its parts counted; lines that come in parts have numbers that leave room for them."""
        if sum(len(line.schedule) or 1 for line in self.lines) > ORDER_LINES:
            raise ValueError(f"an order has at most {ORDER_LINES} lines, the parts of schedules counted")
        for index, line in enumerate(self.lines, 1):
            if len(line.schedule) > 1 and (line.line_no or index) > SCHEDULED_LINE_MAX:
                raise ValueError(f"a line that comes in parts has a number up to {SCHEDULED_LINE_MAX}")
        return self

    def draft(self, channel: str) -> OrderDraft:
        """The order as the desk takes it."""
        lines = [_draft_line(line, index) for index, line in enumerate(self.lines, 1)]
        groups = tuple(_draft_group(group) for group in self.groups)
        if any(line.schedule for line in self.lines):
            parts = [[Part(one.qty, *_window(one)) for one in line.schedule] for line in self.lines]
            spread, groups = spread_lines(list(zip(lines, parts, strict=True)), groups)
        else:
            spread = tuple(lines)
        return OrderDraft(
            account=self.account,
            buyer_po=self.buyer_po or None,
            release_no=self.release_no,
            duplicate_no=self.po_part,
            currency=self.currency,
            channel=channel,
            ship_policy=self.ship_policy,
            note=self.note,
            client_ref=self.client_ref,
            blanket=self.blanket,
            lines=spread,
            groups=groups or (DraftGroup(),),
            charges=tuple(
                DraftCharge(one.code, one.amount, one.description, one.tax_class, one.group_no) for one in self.charges
            ),
        )


def _draft_line(line: LineIn, index: int) -> DraftLine:
    return DraftLine(
        line.line_no or index,
        line.item,
        line.qty,
        line.uom,
        line.unit_price,
        line.description,
        line.group_no,
        (),
        line.price_basis,
        line.price_uom,
    )


def _draft_group(group: GroupIn) -> DraftGroup:
    return DraftGroup(group.group_no, *_window(group))


def _window(one: WindowIn) -> tuple[str | None, datetime | None, datetime | None, datetime | None, str]:
    return one.ship_to, one.requested_at, one.not_before, one.arrive_by, one.ship_method


class OrdersIn(_Strict):
    """Many orders; each gets its own result, matched by `client_ref`."""

    orders: Annotated[list[OrderIn], Field(min_length=1, max_length=REQUEST_ORDERS)]


_IS_MANY = re.compile(rb'\s*\{\s*"orders"\s*:')
_BODY: TypeAdapter[OrderIn | OrdersIn] = TypeAdapter(OrderIn | OrdersIn)
_ONE, _MANY = TypeAdapter(OrderIn), TypeAdapter(OrdersIn)


def _read(body: bytes, content_type: str) -> OrderIn | OrdersIn:
    """The body as an order or many; a refusal names place and reason."""
    check_json_text(body, content_type)
    try:
        # The kind is told by the key that only one of them has, so that findings speak of the kind that was meant.
        return _MANY.validate_json(body) if _IS_MANY.match(body) else _ONE.validate_json(body)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False)
        if found[0]["type"] == "json_invalid":
            reason = str(found[0]["ctx"]["error"])
            place = reason.rpartition(" at ")[2] if " at " in reason else ""
            raise refuse("request.malformed_json", f"The body is not JSON: {reason}.", where=place) from None
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from None


@router.post(
    "/orders",
    openapi_extra={
        **permission("orders.place"),
        "requestBody": {"required": True, "content": {"application/json": {"schema": _BODY.json_schema()}}},
        "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 200}}],
    },
)
@raw
async def place_orders(request: Request) -> Response:
    """Place one order (201 with price, promise, holds and reasons) or many (200 with a result for each)."""
    body = await request.body()
    asked = _read(body, request.headers.get("content-type", ""))
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= 200:
        raise refuse("request.idempotency_key", "An Idempotency-Key has 1 to 200 characters.", where="Idempotency-Key")
    edge = edge_of(request.scope)
    channel = edge.caller.channel
    drafts = [one.draft(channel) for one in asked.orders] if isinstance(asked, OrdersIn) else [asked.draft(channel)]
    ids = edge.database.ids.many(len(drafts))
    parts = [
        OrderRequest(
            edge.caller, edge.correlation, tuple(drafts[start : start + BATCH_ORDERS]), body, key,
            part=start // BATCH_ORDERS, order_ids=tuple(ids[start : start + BATCH_ORDERS]),
        )
        for start in range(0, len(drafts), BATCH_ORDERS)
    ]  # fmt: skip
    combiner = request.app.state.combiner
    whole = combiner.submit(parts[0]) if len(parts) == 1 else asyncio.ensure_future(_part_by_part(combiner, parts))
    done, _ = await asyncio.wait([whole], timeout=WAIT_SECONDS)
    if not done:
        accepted = [{"id": str(one), "client_ref": draft.client_ref} for one, draft in zip(ids, drafts, strict=True)]
        return answer({"status": "accepted", "orders": accepted}, 202, {"Location": f"/api/v1/orders/{ids[0]}"})
    items = whole.result()
    if len(items) < len(drafts):
        return _one(items[0])
    return _one(items[0]) if isinstance(asked, OrderIn) else _many(drafts, items)


async def _part_by_part(combiner: Any, parts: list[OrderRequest]) -> list[Item]:
    """The first part holds the key for all of them: where it was used for something else, no other part is placed."""
    items: list[Item] = list(await combiner.submit(parts[0]))
    if not _key_was_reused(items):
        for future in [combiner.submit(part) for part in parts[1:]]:
            items += await future
    return items


def _key_was_reused(items: list[Item]) -> bool:
    return any(problem.code == "request.idempotency_key_reused" for item in items for problem in item.problems)


def _one(item: Item) -> Response:
    if item.problems:
        body = problem_body(item.problems)
        response = answer(body, item.status)
        response.headers["content-type"] = PROBLEM
        return response
    assert item.order is not None
    return answer(item.order, item.status, {"Location": f"/api/v1/orders/{item.order['id']}"})


def _many(drafts: list[OrderDraft], items: list[Item]) -> Response:
    results: list[dict[str, Any]] = []
    for index, (draft, item) in enumerate(zip(drafts, items, strict=True)):
        result: dict[str, Any] = {"index": index, "client_ref": draft.client_ref, "status": item.status}
        result |= {"problem": problem_body(item.problems)} if item.problems else {"order": item.order}
        results.append(result)
    return answer({"results": results, "placed": sum(1 for item in items if not item.problems)})


@router.post(
    "/orders/preview",
    openapi_extra={
        **permission("orders.preview"),
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ONE.json_schema()}}},
    },
)
async def preview_order(request: Request) -> Response:
    """What placing this order would give: findings, prices, tax, credit, sourcing, promise. Nothing is kept or taken."""
    asked = _read(await request.body(), request.headers.get("content-type", ""))
    if isinstance(asked, OrdersIn):
        raise refuse("request.one_order", "A preview is of one order.", where="/orders")
    edge = edge_of(request.scope)
    caller = edge.caller
    visible = None if edge.visible is None else tuple(sorted(edge.visible))
    submission = Submission(asked.draft(caller.channel), edge.actor(), visible)
    answers = await run_in_threadpool(edge.database.write, lambda tx: preview(tx, [submission]))
    found = answers[0]
    if found.problems:
        return _one(Item(found.problems[0].status, None, found.problems))
    if found.work is None:
        return answer({"duplicate": True, "id": str(found.order_id)})
    return answer(
        {**order_json(found.work, inside=caller.visible is None), "id": None, "number": None, "estimate": True}
    )


@router.get("/orders", openapi_extra=permission("orders.read"))
def read_orders_page(
    edge: CallerEdge,
    account: str | None = None,
    status: str | None = None,
    buyer_po: str | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """A page of orders, newest first; `after` is the id of the last one seen."""
    page = edge.read(
        lambda reader: list_orders(
            reader,
            account=account,
            status=status,
            buyer_po=buyer_po,
            after=after,
            limit=limit,
            inside=edge.caller.visible is None,
        )
    )
    return answer({"orders": page, "next": page[-1]["id"] if len(page) == limit else None})


@router.get("/orders/{order}", openapi_extra=permission("orders.read"))
def read_order(order: str, edge: CallerEdge) -> Response:
    """One order by id or number, as it is now."""

    def find(reader: Any) -> dict[str, Any] | None:
        order_id = order_id_of(reader, order)
        inside = edge.caller.visible is None
        return orders_json(reader, [order_id], inside=inside).get(order_id) if order_id else None

    found = edge.read(find)
    if found is None:
        raise not_found()
    return answer(found)


@router.get("/orders/{order}/history", openapi_extra=permission("events.read"))
def read_history(order: str, edge: CallerEdge, limit: Annotated[int, Query(ge=1, le=500)] = 200) -> Response:
    """Everything the log says of an order, its shipments and invoices among it, oldest first: who, when, why."""

    def find(reader: Any) -> list[Entry] | None:
        order_id = order_id_of(reader, order)
        return events_of(reader, order_id, limit=limit) if order_id else None

    found = edge.read(find)
    if not found:
        raise not_found()
    return answer(
        {
            "events": [
                {
                    "type": one.type,
                    "at": one.at,
                    "actor_id": one.actor_id,
                    "channel": one.channel,
                    "payload": one.payload,
                }
                for one in found
            ]
        }
    )


@router.get("/orders/{order}/lines/{line_no}/price", openapi_extra=permission("orders.read"))
def read_price(order: str, line_no: int, edge: CallerEdge) -> Response:
    """The price waterfall of a line, with the candidates that lost and why."""

    def find(reader: Any) -> dict[str, Any] | None:
        order_id = order_id_of(reader, order)
        works = read_orders(reader, [order_id]).orders if order_id else {}
        return price_story(works[order_id], line_no) if order_id in works else None

    found = edge.read(find)
    if found is None:
        raise not_found()
    return answer(found)
