"""Reading credit: `/api/v1/accounts/{code}/credit`, the queue of the credit desk, and what waits for a second person."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.accounts.queries import account_ids
from tradewind.credit.queries import authority
from tradewind.kernel.money import plain
from tradewind.views.credit import account_credit, credit_queue, credit_requests, ship_clearance

router = api_router("credit")
Page = Annotated[int, Query(ge=1, le=200)]


@router.get("/accounts/{code}/credit", openapi_extra=permission("credit.read"))
def read_credit(code: str, edge: CallerEdge) -> Response:
    """The waterfall of an account as it is now, node by node of its tree: limit, open invoices, overdue, open orders, headroom."""
    account_id = edge.read(lambda reader: account_ids(reader, [code])).get(code)
    if account_id is None:
        raise not_found()
    edge.allow(account_id)
    return answer({"account": code, **edge.read(lambda reader: account_credit(reader, account_id))})


@router.get("/credit-queue", openapi_extra=permission("credit.read"))
def read_queue(edge: CallerEdge, after: UUID | None = None, limit: Page = 50) -> Response:
    """Orders that credit holds, oldest first; `after` is the id of the last one seen."""
    found = edge.read(lambda reader: credit_queue(reader, after=after, limit=limit))
    return answer({"orders": found, "next": found[-1]["id"] if len(found) == limit else None})


@router.get("/credit-requests", openapi_extra=permission("credit.read"))
def read_requests(
    edge: CallerEdge,
    status: Literal["open", "confirmed", "declined"] = "open",
    after: UUID | None = None,
    limit: Page = 50,
) -> Response:
    """What the credit desk proposed, oldest first."""
    found = edge.read(lambda reader: credit_requests(reader, status=status, after=after, limit=limit))
    return answer({"requests": found, "next": found[-1]["id"] if len(found) == limit else None})


@router.get("/credit-authority", openapi_extra=permission("credit.read"))
def read_authority(edge: CallerEdge) -> Response:
    """Up to which amount one person decides alone, by action."""
    found = edge.read(authority)
    return answer({"alone_up_to": {action: plain(amount) for action, amount in sorted(found.items())}})


@router.get("/shipments/{name}/clearance", openapi_extra=permission("shipments.answer"))
def read_clearance(name: str, edge: CallerEdge) -> Response:
    """Whether credit lets goods leave the warehouse now; asked before loading where the account's policy checks at shipping."""
    found = edge.read(lambda reader: ship_clearance(reader, name))
    if found is None:
        raise not_found()
    return answer(found)
