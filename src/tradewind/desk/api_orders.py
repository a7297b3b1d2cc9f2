"""`/api/v1/orders/{name}/…`: cancel, hold, release, approve, reject. An order is named by its number or its id."""

from decimal import Decimal
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.access.errors import forbidden
from tradewind.desk.approvals import Decided, Decision, decide_orders
from tradewind.desk.cancel import Cancelled, CancelRequest, LineWish, cancel_orders
from tradewind.desk.holds import HoldAnswer, HoldRelease, NewHold, open_holds, release_holds
from tradewind.kernel.limits import ORDER_LINES
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader
from tradewind.orders.queries import headers_of, order_ids
from tradewind.semantics.model import task_roles

router = api_router("orders")
T = TypeVar("T")
Reason = Annotated[str, Field(min_length=1, max_length=500)]
LineNo = Annotated[int, Field(ge=1, le=1_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class WishIn(_Strict):
    """Units of a line in its ordered unit; without a quantity all that is left of it."""

    line: LineNo
    qty: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)] | None = None


class CancelIn(_Strict):
    """What is to be cancelled; without lines the whole order."""

    reason: Reason
    lines: Annotated[list[WishIn], Field(max_length=ORDER_LINES)] = []


class HoldIn(_Strict):
    """A hold on the order, or on a group or line of it."""

    kind: Annotated[str, Field(max_length=20)]
    reason: Reason
    group: LineNo | None = None
    line: LineNo | None = None


class ReasonIn(_Strict):
    """Why."""

    reason: Reason


class DecisionIn(_Strict):
    """Why, and what was looked at: the hash of the content, `seen` of the whole picture. Another one by now is a conflict."""

    reason: Annotated[str, Field(max_length=500)] = ""
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    seen: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


@router.post("/orders/{name}/cancel", openapi_extra=permission("orders.cancel"))
def cancel_order(name: str, body: CancelIn, edge: CallerEdge) -> Response:
    """Cancel an order, lines or units of lines: at once what we hold, by asking what a warehouse holds. 200 with what was
    refused where something was cancelled or asked for, else the refusal."""
    order_id, account_id = named_order(edge, name)
    wishes = tuple(LineWish(one.line, one.qty) for one in body.lines)
    request = CancelRequest(order_id, body.reason, wishes)
    (found,) = edge.write(lambda tx: cancel_orders(tx, [request]), account_id=account_id)
    if not found.cancelled and not found.asked_back:
        raise Refused(found.problems)
    return answer(_cancelled(found))


def _cancelled(found: Cancelled) -> dict[str, Any]:
    return {
        "id": found.order_id,
        "status": found.status,
        "total": plain(found.total),
        "cancelled": {str(line): plain(qty) for line, qty in found.cancelled.items()},
        "asked_back": {str(line): plain(qty) for line, qty in found.asked_back.items()},
        "refused": [problem.as_json() for problem in found.problems],
    }


@router.post("/orders/{name}/holds", status_code=201, openapi_extra=permission("orders.read"))
def hold_order(name: str, body: HoldIn, edge: CallerEdge) -> Response:
    """Stop an order where a hold of this kind stops it. Who may release a kind may open it; who may change orders may ask to
    hold them."""
    order_id, account_id = named_order(edge, name)
    needed = "orders.change" if body.kind == "customer" else f"holds.release.{body.kind}"
    if needed not in edge.caller.permissions:
        raise Refused([forbidden(needed)])
    edge.allow(account_id, action=needed)  # an agent's mandate must name it, too, not only the reading
    wanted = NewHold(order_id, body.kind, body.reason, body.group, body.line)
    (found,) = edge.write(lambda tx: open_holds(tx, [wanted]), account_id=account_id)
    return answer(_hold(_good(found)), 201)


@router.post("/orders/{name}/holds/{hold_id}/release", openapi_extra=permission("orders.read"))
def release_hold(name: str, hold_id: UUID, body: ReasonIn, edge: CallerEdge) -> Response:
    """Release a hold; needs the permission of its kind. The order goes on where nothing else stops it."""
    order_id, account_id = named_order(edge, name)
    wanted = HoldRelease(order_id, hold_id, body.reason)
    may = edge.caller.permissions
    (found,) = edge.write(lambda tx: release_holds(tx, [wanted], permissions=may), account_id=account_id)
    return answer(_hold(_good(found)))


def _hold(found: HoldAnswer) -> dict[str, Any]:
    return {"id": found.hold_id, "order": found.order_id, "status": found.status, "goes_on": found.goes_on}


@router.post("/orders/{name}/approve", openapi_extra=permission("tasks.decide"))
def approve_order(name: str, body: DecisionIn, edge: CallerEdge) -> Response:
    """Approve an order that waits for it; not one's own."""
    return answer(_decided(_decide(edge, name, body, approve=True)))


@router.post("/orders/{name}/reject", openapi_extra=permission("tasks.decide"))
def reject_order(name: str, body: DecisionIn, edge: CallerEdge) -> Response:
    """Reject an order that waits for approval, with a reason; it is cancelled."""
    return answer(_decided(_decide(edge, name, body, approve=False)))


def _decide(edge: Edge, name: str, body: DecisionIn, *, approve: bool) -> Decided:
    order_id, account_id = named_order(edge, name)
    wanted = Decision(order_id, approve, body.reason, body.hash, body.seen)
    roles = edge.caller.roles | task_roles(edge.caller.roles)
    (found,) = edge.write(lambda tx: decide_orders(tx, [wanted], roles=roles), account_id=account_id)
    return _good(found)


def _decided(found: Decided) -> dict[str, Any]:
    return {
        "order": found.order_id,
        "approved": found.approved,
        "hash": found.hash,
        "status": found.status,
        "complete": found.complete,
        "waits_for": list(found.waits_for),
    }


def named_order(edge: Edge, name: str) -> tuple[UUID, UUID]:
    """The order and its account, as far as the caller sees them and may act on them."""

    def read(reader: Reader) -> list[tuple[UUID, UUID]]:
        ids = [one] if (one := _as_id(name)) is not None else list(order_ids(reader, [name]).values())
        return [(row.header.id, row.header.account_id) for row in headers_of(reader, ids)]

    found = edge.read(read)
    if not found:
        raise not_found()
    edge.allow(found[0][1])
    return found[0]


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _good(found: T | Problem) -> T:
    if isinstance(found, Problem):
        raise Refused([found])
    return found
