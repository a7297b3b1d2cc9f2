"""Reading shipments, invoices, payments and returns; buyers and agents under the buyer role."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.views import documents

router = api_router("documents")
Page = Annotated[int, Query(ge=1, le=200)]
Name = Annotated[str | None, Query(max_length=100)]


@router.get("/shipments", openapi_extra=permission("shipments.read"))
def list_shipments(
    edge: CallerEdge, order: Name = None, status: Name = None, after: UUID | None = None, limit: Page = 50
) -> Response:
    """A page of shipments, newest first; `after` is the last id of the page before."""
    found = edge.read(
        lambda reader: documents.shipments(
            reader, order=order, status=status, after=after, limit=limit, inside=edge.caller.visible is None
        )
    )
    return answer({"shipments": found, "next": found[-1]["id"] if len(found) == limit else None})


@router.get("/shipments/{name}", openapi_extra=permission("shipments.read"))
def read_shipment(name: str, edge: CallerEdge) -> Response:
    """One shipment, by id or number."""
    inside = edge.caller.visible is None
    found = edge.read(lambda reader: documents.shipments(reader, name=name, inside=inside))
    if not found:
        raise not_found()
    return answer(found[0])


@router.get("/invoices", openapi_extra=permission("invoices.read"))
def list_invoices(
    edge: CallerEdge,
    order: Name = None,
    account: Name = None,
    open_only: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    after: UUID | None = None,
    limit: Page = 50,
) -> Response:
    """A page of invoices and credit notes, newest first."""
    found = edge.read(
        lambda reader: documents.invoices(
            reader, order=order, account=account, open_only=open_only, after=after, limit=limit
        )
    )
    return answer({"invoices": found, "next": found[-1]["id"] if len(found) == limit else None})


@router.get("/invoices/{name}", openapi_extra=permission("invoices.read"))
def read_invoice(name: str, edge: CallerEdge) -> Response:
    """One invoice or credit note, by id or number."""
    found = edge.read(lambda reader: documents.invoices(reader, name=name))
    if not found:
        raise not_found()
    return answer(found[0])


@router.get("/payments", openapi_extra=permission("payments.read"))
def list_payments(edge: CallerEdge, account: Name = None, after: UUID | None = None, limit: Page = 50) -> Response:
    """A page of payments, newest first, with what they settled."""
    inside = edge.caller.visible is None
    found = edge.read(
        lambda reader: documents.payments(reader, account=account, after=after, limit=limit, inside=inside)
    )
    return answer({"payments": found, "next": found[-1]["id"] if len(found) == limit else None})


@router.get("/payments/{number}", openapi_extra=permission("payments.read"))
def read_payment(number: str, edge: CallerEdge) -> Response:
    """One payment by its number."""
    inside = edge.caller.visible is None
    found = edge.read(lambda reader: documents.payments(reader, number=number, inside=inside))
    if not found:
        raise not_found()
    return answer(found[0])


@router.get("/returns", openapi_extra=permission("returns.read"))
def list_returns(
    edge: CallerEdge, account: Name = None, status: Name = None, after: UUID | None = None, limit: Page = 50
) -> Response:
    """A page of returns, newest first."""
    found = edge.read(
        lambda reader: documents.returns(reader, account=account, status=status, after=after, limit=limit)
    )
    return answer({"returns": found, "next": found[-1]["id"] if len(found) == limit else None})


@router.get("/returns/{name}", openapi_extra=permission("returns.read"))
def read_return(name: str, edge: CallerEdge) -> Response:
    """One return, by id or number."""
    found = edge.read(lambda reader: documents.returns(reader, name=name))
    if not found:
        raise not_found()
    return answer(found[0])
