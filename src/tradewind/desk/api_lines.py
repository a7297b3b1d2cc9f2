"""`/api/v1/orders/{name}/lines/{line_no}/…`: answer the offer of a substitute, decide on a price that differs."""

from typing import Annotated, Literal

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.desk.api_orders import named_order
from tradewind.desk.prices import PriceDecision, decide_prices
from tradewind.desk.substitutes import SubstituteAnswer, answer_substitutes
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused

router = api_router("orders")
LineNo = Annotated[int, Path(ge=1, le=1_000_000)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class SubstituteIn(_Strict):
    """Whether the substitute may be sent, and why. `sku` is the one that was offered; another one by now is a conflict."""

    decision: Literal["accept", "decline"]
    reason: Reason
    sku: Annotated[str, Field(max_length=64)] | None = None


class PriceIn(_Strict):
    """Whose price the line takes, and why."""

    decision: Literal["accept_stated", "bill_ours"]
    reason: Reason


@router.post("/orders/{name}/lines/{line_no}/substitute", openapi_extra=permission("orders.change"))
def answer_substitute(name: str, line_no: LineNo, body: SubstituteIn, edge: CallerEdge) -> Response:
    """Accept or decline the substitute a line is held for. Declined, the line is cancelled; either way the order goes on."""
    order_id, account_id = named_order(edge, name)
    wanted = SubstituteAnswer(order_id, line_no, body.decision == "accept", body.reason, body.sku)
    (found,) = edge.write(lambda tx: answer_substitutes(tx, [wanted]), account_id=account_id)
    if isinstance(found, Problem):
        raise Refused([found])
    return answer({"order": found.order_id, "line_no": found.line_no, "sku": found.sku, "status": found.status})


@router.post("/orders/{name}/lines/{line_no}/price", openapi_extra=permission("holds.release.price"))
def decide_price(name: str, line_no: LineNo, body: PriceIn, edge: CallerEdge) -> Response:
    """Decide on a line whose document states another price than ours: accept that one (not below the floor), or bill ours."""
    order_id, account_id = named_order(edge, name)
    wanted = PriceDecision(order_id, line_no, body.decision == "accept_stated", body.reason)
    (found,) = edge.write(lambda tx: decide_prices(tx, [wanted]), account_id=account_id)
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(
        {
            "order": found.order_id, "line_no": found.line_no, "unit_price": plain(found.price.unit_price),
            "price_basis": plain(found.price.basis), "price_uom": found.price.uom, "net": plain(found.price.net),
            "total": plain(found.total), "status": found.status, "goes_on": found.goes_on,
        }
    )  # fmt: skip
