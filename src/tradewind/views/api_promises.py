"""`/api/v1/promise-moves`: whose promised dates moved, from when to when, and why."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.kernel.limits import PAGE
from tradewind.views.promises import moved_promises

router = api_router("promises")


@router.get("/promise-moves", openapi_extra=permission("orders.read"))
def list_moves(
    edge: CallerEdge,
    *,
    account: Annotated[str | None, Query(max_length=200)] = None,
    broken: Annotated[bool, Query()] = False,
    since: AwareDatetime | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 50,
) -> Response:
    """Lines whose date moved, newest first; with `broken` only those that come later than was wished. Buyers see theirs."""
    moves = edge.read(
        lambda reader: moved_promises(reader, account=account, broken=broken, since=since, after=after, limit=limit)
    )
    return answer({"moves": moves})
