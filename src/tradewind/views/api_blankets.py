"""Reading what became of blanket orders: `/api/v1/blankets/{name}/call-offs` and `…/consumption`."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.blankets.queries import blanket_by_name
from tradewind.views.blankets import call_offs_of, consumption_of

router = api_router("blankets")


@router.get("/blankets/{name}/call-offs", openapi_extra=permission("blankets.read"))
def read_call_offs(
    name: str, edge: CallerEdge, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Response:
    """The call-offs of a blanket order, the latest first, each with its order; `after` is the order last seen."""
    blanket_id = _named(edge, name)
    found = edge.read(lambda reader: call_offs_of(reader, blanket_id, after=after, limit=limit))
    return answer({"call_offs": found, "next": found[-1]["order"] if len(found) == limit else None})


@router.get("/blankets/{name}/consumption", openapi_extra=permission("blankets.read"))
def read_consumption(name: str, edge: CallerEdge) -> Response:
    """What of each line was called off, delivered, invoiced and came back."""
    blanket_id = _named(edge, name)
    return answer({"lines": edge.read(lambda reader: consumption_of(reader, blanket_id))})


def _named(edge: Edge, name: str) -> UUID:
    found = edge.read(lambda reader: blanket_by_name(reader, name))
    if found is None:
        raise not_found()
    edge.allow(found.account_id)
    return found.id
