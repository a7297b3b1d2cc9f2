"""`/api/v1/orders/{name}/changes`: change a placed order, see what a change would do, read its steps, and take one back."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Query, Response
from psycopg.errors import UniqueViolation
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, permission
from tradewind.access.decide import within_mandate
from tradewind.access.model import Kind
from tradewind.desk.api_orders import named_order
from tradewind.desk.change import ChangeRequest, RevertRequest, change, preview, revert
from tradewind.desk.change_answer import Changed, answer_json
from tradewind.desk.change_record import printed
from tradewind.desk.once import once
from tradewind.kernel.limits import ORDER_LINES
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orders.decide import actions as wanted
from tradewind.orders.decide.actions import Action
from tradewind.orders.model import OrderChange
from tradewind.orders.queries import changes_of

router = api_router("orders")
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Number = Annotated[int, Field(ge=1, le=1_000_000)]
Qty = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
Price = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
Preview = Annotated[bool, Query(description="Say what it would do, and do nothing.")]
INSIDE_ONLY = ("stock", "credit_taken", "approval")
"""What of the consequences is for our own people."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class SetQuantityIn(_Strict):
    """The line shall count so many of its unit in all. `price`: the unit price the buyer states."""

    verb: Literal["set_quantity"]
    line: Number
    qty: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
    price: Price | None = None


class CancelLineIn(_Strict):
    """Units of a line, or all that is left of it."""

    verb: Literal["cancel_line"]
    line: Number
    qty: Qty | None = None


class CancelOrderIn(_Strict):
    """All that is left of the order."""

    verb: Literal["cancel_order"]


class SwapItemIn(_Strict):
    """Another item instead of what is left of a line."""

    verb: Literal["swap_item"]
    line: Number
    item: Text
    qty: Qty | None = None
    uom: Text | None = None


class AddLineIn(_Strict):
    """One more item."""

    verb: Literal["add_line"]
    item: Text
    qty: Qty
    uom: Text | None = None
    group: Number | None = None
    price: Price | None = None
    description: Annotated[str, Field(max_length=500)] | None = None


class MoveDateIn(_Strict):
    """Another requested date for a line, a delivery group or the whole order; null is as soon as possible."""

    verb: Literal["move_date"]
    requested_at: AwareDatetime | None
    line: Number | None = None
    group: Number | None = None


class MovePlaceIn(_Strict):
    """Another ship-to of the account for a line, a delivery group or the whole order."""

    verb: Literal["move_place"]
    ship_to: Text
    line: Number | None = None
    group: Number | None = None


class PinSiteIn(_Strict):
    """The one site a line comes from; null lets the house choose. For our own people."""

    verb: Literal["pin_site"]
    line: Number
    site: Text | None


class OverridePriceIn(_Strict):
    """Another unit price, with a reason. For our own people who manage prices."""

    verb: Literal["override_price"]
    line: Number
    unit_price: Price
    reason: Reason


class RepriceLineIn(_Strict):
    """Today's price for the whole line."""

    verb: Literal["reprice_line"]
    line: Number


class CorrectPoIn(_Strict):
    """Another order number of the buyer."""

    verb: Literal["correct_po"]
    buyer_po: Annotated[str, Field(min_length=1, max_length=100)]


ActionIn = Annotated[
    SetQuantityIn | CancelLineIn | CancelOrderIn | SwapItemIn | AddLineIn | MoveDateIn | MovePlaceIn | PinSiteIn
    | OverridePriceIn | RepriceLineIn | CorrectPoIn,
    Field(discriminator="verb"),
]  # fmt: skip

_READ: Mapping[str, Callable[[Any], Action]] = {
    "set_quantity": lambda one: wanted.SetQuantity(one.line, one.qty, one.price),
    "cancel_line": lambda one: wanted.CancelLine(one.line, one.qty),
    "cancel_order": lambda _: wanted.CancelOrder(),
    "swap_item": lambda one: wanted.SwapItem(one.line, one.item, one.qty, one.uom),
    "add_line": lambda one: wanted.AddLine(one.item, one.qty, one.uom, one.group, one.price, one.description),
    "move_date": lambda one: wanted.MoveDate(one.requested_at, one.line, one.group),
    "move_place": lambda one: wanted.MovePlace(one.ship_to, one.line, one.group),
    "pin_site": lambda one: wanted.PinSite(one.line, one.site),
    "override_price": lambda one: wanted.OverridePrice(one.line, one.unit_price, one.reason),
    "reprice_line": lambda one: wanted.RepriceLine(one.line),
    "correct_po": lambda one: wanted.CorrectPo(one.buyer_po),
}


class ChangeIn(_Strict):
    """What is to be changed, and why. `expected_version` is the version that was looked at; another one by now is a conflict."""

    reason: Reason
    actions: Annotated[list[ActionIn], Field(min_length=1, max_length=ORDER_LINES)]
    expected_version: Number | None = None


class RevertIn(_Strict):
    """Why."""

    reason: Reason
    expected_version: Number | None = None


@router.post("/orders/{name}/changes", openapi_extra=permission("orders.change"))
def change_order(
    name: str, body: ChangeIn, edge: CallerEdge, key: Key = None, preview: Preview = False  # noqa: FBT002
) -> Response:  # fmt: skip
    """Change an order. Each action is answered: accepted, changed (done as far as it can be) or rejected, with the reason; 409
    where nothing at all could be done. With `preview` nothing is done, and what would come of it is answered."""
    order_id, account_id = named_order(edge, name)
    actions = tuple(_READ[one.verb](one) for one in body.actions)
    request = ChangeRequest(order_id, actions, body.reason, body.expected_version, may=_may(edge))
    if preview:
        return answer(_previewed(edge, request, account_id))
    said = f"changes|{order_id}|{body.model_dump_json()}".encode()
    return answer(_once(edge, lambda tx: _done(edge, change(tx, [request])[0], account_id), key, said, account_id))


@router.post("/orders/{name}/changes/{change_id}/revert", openapi_extra=permission("orders.change"))
def revert_change(
    name: str, change_id: UUID, body: RevertIn, edge: CallerEdge, key: Key = None, preview: Preview = False  # noqa: FBT002
) -> Response:  # fmt: skip
    """Take a change back, as far as it can be: a new change whose actions restore what it found. Each is answered; with
    `preview` nothing is done."""
    order_id, account_id = named_order(edge, name)
    request = RevertRequest(order_id, change_id, body.reason, body.expected_version, may=_may(edge))
    if preview:
        return answer(_previewed(edge, request, account_id))
    said = f"revert|{order_id}|{change_id}|{body.model_dump_json()}".encode()
    return answer(_once(edge, lambda tx: _done(edge, revert(tx, [request])[0], account_id), key, said, account_id))


@router.get("/orders/{name}/changes", openapi_extra=permission("orders.read"))
def list_changes(
    name: str,
    edge: CallerEdge,
    before: Annotated[int | None, Query(ge=1, le=2_147_483_647)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The steps of an order from version to version, the latest first; `next` goes on with `before`."""
    order_id, _ = named_order(edge, name)
    rows = edge.read(lambda reader: changes_of(reader, order_id, before=before, limit=limit))
    inside = edge.caller.visible is None
    return answer(
        {
            "changes": [_row(one, inside=inside) for one in rows],
            "next": rows[-1].to_version if len(rows) == limit else None,
        }
    )


def _may(edge: Edge) -> frozenset[str]:
    """What of the staff's words the caller may say."""
    if edge.caller.principal.kind not in (Kind.STAFF, Kind.SYSTEM):
        return frozenset()
    return frozenset({"site"} | ({"price"} if "prices.manage" in edge.caller.permissions else set()))


def _previewed(edge: Edge, request: ChangeRequest | RevertRequest, account_id: UUID) -> dict[str, Any]:
    (found,) = edge.write(lambda tx: preview(tx, [request]), account_id=account_id)
    if found.problems:
        raise Refused(found.problems)
    return {**_json(found, inside=edge.caller.visible is None), "id": None, "preview": True}


def _done(edge: Edge, found: Changed, account_id: UUID) -> dict[str, Any]:
    """The answer, or its refusal: nothing was done, or an agent goes beyond its mandate."""
    if found.change_id is None and (problems := _problems(found)):
        raise Refused(problems)
    if edge.caller.principal.kind is Kind.AGENT:
        problem = within_mandate(edge.caller, edge.permission, account_id, total=found.total, currency=found.currency)
        if problem is not None:
            raise Refused([problem])
    return _json(found, inside=edge.caller.visible is None)


def _problems(found: Changed) -> list[Problem]:
    if found.problems:
        return list(found.problems)
    if any(one.verdict != "rejected" for one in found.answers):
        return []
    return [one.problem for one in found.answers if one.problem is not None]


def _once(edge: Edge, work: Callable[[Tx], Any], key: str | None, said: bytes, account_id: UUID) -> Any:
    """Done once a key; and again from the start where another order took the same number of the buyer meanwhile."""

    def whole(tx: Tx) -> Any:
        # what is kept under the key is read back as JSON: it leaves as that the first time, too
        return json.loads(
            json.dumps(once(tx, work, principal_id=edge.caller.principal.id, key=key, said=said), default=str)
        )

    try:
        return edge.write(whole, account_id=account_id)
    except UniqueViolation:
        return edge.write(whole, account_id=account_id)


def _json(found: Changed, *, inside: bool) -> dict[str, Any]:
    return {
        "id": found.change_id and str(found.change_id),
        "order": str(found.order_id),
        "number": found.number,
        "status": found.status,
        "from_version": found.from_version,
        "version": found.to_version,
        "total": printed(found.total, found.currency),
        "answers": [answer_json(one) for one in found.answers],
        "consequences": seen(found.consequences or {}, inside=inside),
    }


def seen(told: Mapping[str, Any], *, inside: bool) -> dict[str, Any]:
    """Consequences as the reader may see them: what sites, credit and approvals say is for our own people."""
    if inside:
        return dict(told)
    kept = {name: value for name, value in told.items() if name not in INSIDE_ONLY}
    if "lines" in kept:
        kept["lines"] = {
            key: {when: _public(line) for when, line in pair.items()} for key, pair in kept["lines"].items()
        }
    return kept


def _public(line: Any) -> Any:
    return {name: value for name, value in line.items() if name != "site"} if isinstance(line, dict) else line


def _row(one: OrderChange, *, inside: bool) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "from_version": one.from_version,
        "version": one.to_version,
        "changed_at": one.changed_at,
        "channel": one.channel,
        "changed_by": one.changed_by if inside else None,
        "reason": one.reason,
        "source": one.source,
        "document": one.document_id,
        "reverts": one.reverts,
        "actions": [
            {name: value for name, value in action.items() if inside or name != "site"} for action in one.actions
        ],
        "answers": one.answers,
        "consequences": seen(one.consequences, inside=inside),
    }
