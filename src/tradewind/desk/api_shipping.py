"""`/api/v1/shipments/{name}/answer` and `/api/v1/shipment-answers`: what warehouses answer."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.desk.shipping import Answered, Given, answer_shipments
from tradewind.fulfilment import errors
from tradewind.fulfilment.queries import shipment_ids, shipments_of
from tradewind.kernel.limits import BATCH_ORDERS, ORDER_LINES
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Reader

router = api_router("shipping")
Qty = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]


class AnswerLineIn(BaseModel):
    """What of a shipment line was shipped, in base units; what is left out follows from the other."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    line: Annotated[int, Field(ge=1, le=1_000_000)]
    shipped: Qty | None = None
    short: Qty | None = None
    reason: Annotated[str, Field(max_length=500)] | None = None


class PackedIn(BaseModel):
    """What of a shipment line is in a carton, in base units."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    line: Annotated[int, Field(ge=1, le=1_000_000)]
    qty: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]


class CartonIn(BaseModel):
    """A carton by its SSCC, with all that is in it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    sscc: Annotated[str, Field(pattern="^[0-9]{18}$")]
    lines: Annotated[list[PackedIn], Field(min_length=1, max_length=ORDER_LINES)]


class AnswerIn(BaseModel):
    """The warehouse's answer. Lines that are not named were shipped in full; cartons, where they are named, hold all that was."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    outcome: Literal["shipped", "refused", "cancelled"]
    lines: Annotated[list[AnswerLineIn], Field(max_length=ORDER_LINES)] = []
    reason: Annotated[str, Field(max_length=500)] | None = None
    tracking: Annotated[str, Field(max_length=200)] | None = None
    shipped_at: AwareDatetime | None = None
    cartons: Annotated[list[CartonIn], Field(max_length=ORDER_LINES)] = []

    def raw(self) -> dict[str, Any]:
        """As the desk takes it."""
        body = self.model_dump(exclude={"shipment"}, exclude_none=True)
        at: datetime | None = self.shipped_at
        return body | ({"shipped_at": at} if at else {})


class NamedAnswerIn(AnswerIn):
    """An answer with the id or number of its shipment."""

    shipment: Annotated[str, Field(min_length=1, max_length=100)]


class AnswersIn(BaseModel):
    """Many answers; each gets its own result."""

    model_config = ConfigDict(extra="forbid")
    answers: Annotated[list[NamedAnswerIn], Field(min_length=1, max_length=BATCH_ORDERS)]


@router.post("/shipments/{name}/answer", openapi_extra=permission("shipments.answer"))
def answer_shipment(name: str, body: AnswerIn, edge: CallerEdge) -> Response:
    """Answer one shipment; it is booked, and billed where something was shipped, before this returns."""
    known = _resolve(edge, [name])
    if name not in known:
        raise not_found()
    found = edge.write(lambda tx: answer_shipments(tx, [Given(known[name], body.raw())], inline=True))[0]
    if found.problems:
        raise Refused(found.problems)
    return answer(_result(name, found))


@router.post("/shipment-answers", openapi_extra=permission("shipments.answer"))
def answer_many(body: AnswersIn, edge: CallerEdge) -> Response:
    """Answer many shipments; what is wrong with one does not stop the others."""
    known = _resolve(edge, [one.shipment for one in body.answers])
    given = [Given(known[one.shipment], one.raw()) for one in body.answers if one.shipment in known]
    found = iter(edge.write(lambda tx: answer_shipments(tx, given, inline=True)) if given else [])
    results: list[dict[str, Any]] = []
    for place, one in enumerate(body.answers):
        if one.shipment in known:
            results.append(_result(one.shipment, next(found)))
        else:
            problem = errors.unknown_shipment(one.shipment, f"/answers/{place}/shipment")
            results.append({"shipment": one.shipment, "errors": [problem.as_json()]})
    return answer({"results": results})


def _resolve(edge: Edge, names: list[str]) -> dict[str, UUID]:
    """Ids by id or number, of the shipments that the caller sees and may answer."""

    def read(reader: Reader) -> dict[str, tuple[UUID, UUID]]:
        ids = shipment_ids(reader, names) | {name: one for name in names if (one := _as_id(name)) is not None}
        found = shipments_of(reader, ids.values())
        return {name: (one, found[one].account_id) for name, one in ids.items() if one in found}

    known = edge.read(read)
    for _, account_id in known.values():
        edge.allow(account_id)
    return {name: one for name, (one, _) in known.items()}


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _result(name: str, found: Answered) -> dict[str, Any]:
    if found.problems:
        return {"shipment": name, "errors": [problem.as_json() for problem in found.problems]}
    return {"shipment": name, "id": found.shipment_id, "booked": found.booked, "replay": found.replay}
