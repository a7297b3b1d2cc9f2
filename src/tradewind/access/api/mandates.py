"""Mandates: a company lets an agent act in its name, and ends that."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from tradewind.access import queries
from tradewind.access.api.edge import CallerEdge, api_router, not_found, permission
from tradewind.access.api.principals import Made
from tradewind.access.commands.mandates import NewMandate, grant_mandates, revoke_mandates
from tradewind.access.errors import forbidden
from tradewind.access.model import MANDATE_ACTIONS
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem, Refused

router = api_router("access")


class MandateIn(BaseModel):
    """`order_max` caps the total of one order in `currency`; without it there is no cap."""

    agent: str
    account_id: UUID
    actions: frozenset[str]
    order_max: Decimal | None = None
    currency: str | None = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None


class MandateOut(BaseModel):
    id: UUID
    agent: str
    agent_name: str
    account_id: UUID
    actions: list[str]
    order_max: Decimal | None
    currency: str | None
    valid_from: datetime
    valid_to: datetime | None
    revoked_at: datetime | None


@router.get("/mandates", openapi_extra=permission("mandates.manage"))
def list_mandates(
    edge: CallerEdge, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=PAGE)] = 100
) -> list[MandateOut]:
    """Mandates that the caller's accounts gave, oldest first, after `after`."""
    # agents' names are not for the buyer role: read as the application, of exactly the caller's accounts
    rows = edge.database.read(
        lambda reader: queries.mandates_after(reader, after or UUID(int=0), accounts=edge.caller.visible, limit=limit)
    )
    return [MandateOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/mandates", status_code=201, openapi_extra=permission("mandates.manage"))
def grant_mandate(body: MandateIn, edge: CallerEdge) -> Made:
    """Lets an agent do the named actions for an account and the tree below it; nothing the caller may not do itself."""
    edge.allow(edge.read(lambda reader: queries.account_seen(reader, body.account_id)))
    beyond = sorted((body.actions & MANDATE_ACTIONS) - edge.caller.permissions)
    if beyond:
        raise Refused([forbidden(beyond[0])])
    new = NewMandate(**body.model_dump())
    by = edge.caller.principal.id
    made = edge.write(lambda tx: grant_mandates(tx, [new], granted_by=by), account_id=body.account_id)[0]
    if isinstance(made, Problem):
        raise Refused([made])
    return Made(id=made)


@router.delete("/mandates/{mandate_id}", status_code=204, openapi_extra=permission("mandates.manage"))
def revoke_mandate(mandate_id: UUID, request: Request, edge: CallerEdge) -> Response:
    """Ends a mandate at once."""
    if not edge.write(lambda tx: revoke_mandates(tx, [mandate_id], accounts=edge.caller.visible)):
        raise not_found()
    request.app.state.guard.forget()
    return Response(status_code=204)
