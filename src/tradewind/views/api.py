"""Read-only routes over master data and the log."""

from typing import Annotated, Any

from fastapi import Query, Response

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.kernel.log import Cursor, read_log
from tradewind.views import master_data

router = api_router("master data")
Page = Annotated[int, Query(ge=1, le=500)]
Find = Annotated[str | None, Query(max_length=100)]
After = Annotated[str, Query(max_length=100)]


def _page(name: str, rows: list[dict[str, Any]], limit: int, key: str) -> Response:
    return answer({name: rows, "next": rows[-1][key] if len(rows) == limit else None})


@router.get("/accounts", openapi_extra=permission("accounts.read"))
def read_accounts(edge: CallerEdge, find: Find = None, after: After = "", limit: Page = 100) -> Response:
    """Accounts by code; `after` is the last code seen."""
    return _page(
        "accounts",
        edge.read(lambda reader: master_data.accounts(reader, find=find, after=after, limit=limit)),
        limit,
        "code",
    )


@router.get("/accounts/{code}", openapi_extra=permission("accounts.read"))
def read_account(code: str, edge: CallerEdge) -> Response:
    """One account with addresses, contacts, limit and exposure."""
    found = edge.read(lambda reader: master_data.account(reader, code))
    if found is None:
        raise not_found()
    return answer(found)


@router.get("/products", openapi_extra=permission("catalog.read"))
def read_products(edge: CallerEdge, find: Find = None, after: After = "", limit: Page = 100) -> Response:
    """Products by stock keeping unit; `after` is the last one seen."""
    rows = edge.read(lambda reader: master_data.products(reader, sku=None, find=find, after=after, limit=limit))
    return _page("products", rows, limit, "sku")


@router.get("/products/{sku}", openapi_extra=permission("catalog.read"))
def read_product(sku: str, edge: CallerEdge) -> Response:
    """One product with its units."""
    found = edge.read(lambda reader: master_data.products(reader, sku=sku, find=None, after="", limit=1))
    if not found:
        raise not_found()
    return answer(found[0])


@router.get("/sites", openapi_extra=permission("catalog.read"))
def read_sites(edge: CallerEdge) -> Response:
    """Every site."""
    return answer({"sites": edge.read(master_data.sites)})


@router.get("/price-lists", openapi_extra=permission("prices.manage"))
def read_price_lists(edge: CallerEdge, after: After = "", limit: Page = 100) -> Response:
    """Price lists and whom they are for."""
    return _page(
        "price_lists",
        edge.read(lambda reader: master_data.price_lists(reader, after=after, limit=limit)),
        limit,
        "code",
    )


@router.get("/price-lists/{code}/prices", openapi_extra=permission("prices.manage"))
def read_prices(code: str, edge: CallerEdge, after: After = "", limit: Page = 100) -> Response:
    """The ladders of a price list."""
    return _page(
        "prices", edge.read(lambda reader: master_data.prices(reader, code, after=after, limit=limit)), limit, "sku"
    )


@router.get("/events", openapi_extra=permission("events.read"))
def read_events(
    edge: CallerEdge,
    after_xid: Annotated[int, Query(ge=0)] = 0,
    after_seq: Annotated[int, Query(ge=0)] = 0,
    limit: Page = 100,
) -> Response:
    """The log in commit-safe order; `next` is the cursor to go on with."""
    entries = edge.read(lambda reader: read_log(reader, Cursor(after_xid, after_seq), limit=limit))
    last = entries[-1].cursor if entries else Cursor(after_xid, after_seq)
    return answer({
        "events": [{"xid": one.cursor.xid, "seq": one.cursor.seq, "type": one.type, "at": one.at, "subject_type": one.subject_type,
                    "subject_id": one.subject_id, "subject_seq": one.subject_seq, "actor_id": one.actor_id, "channel": one.channel,
                    "on_behalf_of": one.on_behalf_of, "account_id": one.account_id, "correlation": one.correlation,
                    "payload": one.payload} for one in entries],
        "next": {"after_xid": last.xid, "after_seq": last.seq},
    })  # fmt: skip
