"""`/api/v1/quotes`: ask for a quote, read it with its rounds and versions, wish for another version, accept or decline."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Response
from psycopg import errors as database_errors
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.access.decide import within_mandate
from tradewind.accounts.queries import account_ids
from tradewind.desk.once import once
from tradewind.desk.quote_orders import Accepted, Accepting, accept_offer
from tradewind.desk.quote_views import quote_json, quote_with_all, version_out, walled_status
from tradewind.desk.quotes import Asked, decline, renegotiate, request_quote
from tradewind.kernel.limits import PAGE
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader, Tx
from tradewind.quotes import errors
from tradewind.quotes.decide import differences
from tradewind.quotes.model import MOST_LINES, Choice, Quote, Reason, Status, Version, Wish
from tradewind.quotes.queries import list_quotes, quote_ids, quotes_of, versions_of
from tradewind.streams.sources import StockMoved

router = api_router("quotes")
Qty = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
Price = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
LineNo = Annotated[int, Field(ge=1, le=1_000_000)]
VersionNo = Annotated[int, Field(ge=1, le=1_000)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Note = Annotated[str, Field(max_length=2_000)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
Page = Annotated[int, Query(ge=1, le=PAGE)]


class Strict(BaseModel):
    """A body in which nothing unknown stands."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class AskedLineIn(Strict):
    """An item that is asked for, with what it should cost (per ordered unit) and when it is wanted."""

    line: LineNo | None = None
    item: Text
    qty: Qty
    uom: Annotated[str, Field(max_length=10)] | None = None
    target_price: Price | None = None
    requested_at: AwareDatetime | None = None
    note: Note | None = None


class AskedIn(Strict):
    """What a quote is asked for."""

    account: Text
    title: Annotated[str, Field(max_length=200)] = ""
    lines: Annotated[list[AskedLineIn], Field(min_length=1, max_length=MOST_LINES)]
    ship_to: Text | None = None
    buyer_po: Text | None = None
    note: Note | None = None


class WishIn(Strict):
    """What should be otherwise in a line, and why; with an item it is a new line."""

    line: LineNo
    item: Text | None = None
    qty: Qty | None = None
    uom: Annotated[str, Field(max_length=10)] | None = None
    target_price: Price | None = None
    requested_at: AwareDatetime | None = None
    reason: Reason | None = None
    note: Note | None = None


class RenegotiateIn(Strict):
    """A wish for another version than the one that was looked at."""

    version: VersionNo
    reason: Reason
    lines: Annotated[list[WishIn], Field(max_length=MOST_LINES)] = []
    note: Note | None = None


class ChoiceIn(Strict):
    """Units of a line; without a quantity all that is left of it."""

    line: LineNo
    qty: Qty | None = None


class AcceptIn(Strict):
    """What is accepted of the version that was looked at; without lines everything that is left."""

    version: VersionNo
    lines: Annotated[list[ChoiceIn], Field(min_length=1, max_length=MOST_LINES)] | None = None
    buyer_po: Text | None = None
    decline_rest: bool = False


class EndIn(Strict):
    """Why it ends."""

    reason: Reason
    note: Note | None = None


@router.post("/quotes", status_code=201, openapi_extra=permission("quotes.request"))
def post_quote(body: AskedIn, edge: CallerEdge, key: Key = None) -> Response:
    """Ask for a quote; it waits for those who prepare offers."""
    said = body.model_dump_json().encode()
    account_id = edge.read(lambda reader: account_ids(reader, [body.account])).get(body.account)
    edge.allow(account_id)
    assert account_id is not None
    wishes = tuple(
        Wish(one.line or index, one.item, one.qty, one.uom, one.target_price, one.requested_at, None, one.note)
        for index, one in enumerate(body.lines, 1)
    )
    asked = Asked(account_id, wishes, body.title, body.note, body.buyer_po, body.ship_to)

    def work(tx: Tx) -> Any:
        found = request_quote(tx, asked)
        return {"id": str(found.id), "number": found.number, "status": found.status}

    principal_id = edge.caller.principal.id
    found = edge.write(lambda tx: once(tx, work, principal_id=principal_id, key=key, said=said), account_id=account_id)
    return answer(found, 201)


@router.get("/quotes", openapi_extra=permission("quotes.read"))
def get_quotes(
    edge: CallerEdge,
    account: str | None = None,
    status: Status | None = None,
    waits_for: str | None = None,
    after: UUID | None = None,
    limit: Page = 100,
) -> Response:
    """Quotes, newest first; `waits_for` is `us` or `buyer`; `after` is the last `next`."""
    wanted = _statuses(status, waits_for, ours=edge.visible is None)
    found = edge.read(lambda reader: list_quotes(reader, account=account, status=wanted, after=after, limit=limit))
    ours = edge.visible is None
    last = found[-1].id if len(found) == limit else None
    return answer({"quotes": [quote_json(one, ours=ours) for one in found], "next": last})


def _statuses(status: Status | None, waits_for: str | None, *, ours: bool) -> list[str] | None:
    if status is not None and not ours:
        # to buyers an offer that waits for our own approval is one in the making
        return {"staged": ["staged", "approving"], "approving": []}.get(status, [status])
    if status is not None:
        return [status]
    if waits_for == "us":
        return ["requested", "staged", "approving", "renegotiating", "late"]
    return ["offered", "partly_accepted"] if waits_for == "buyer" else None


@router.get("/quotes/{name}", openapi_extra=permission("quotes.read"))
def get_quote(name: str, edge: CallerEdge) -> Response:
    """A quote by its number or id: what was asked in which round, the versions, and what was accepted."""
    quote = named_quote(edge, name)
    return answer(edge.read(lambda reader: quote_with_all(reader, quote, ours=edge.visible is None)))


@router.get("/quotes/{name}/versions/{version_no}", openapi_extra=permission("quotes.read"))
def get_version(name: str, version_no: VersionNo, edge: CallerEdge) -> Response:
    """An offered version with its lines and what each price is made of."""
    quote = named_quote(edge, name)
    found = edge.read(lambda reader: version_by_no(reader, quote, version_no))
    return answer(version_out(found, explained=True))


@router.get("/quotes/{name}/versions/{version_no}/changes", openapi_extra=permission("quotes.read"))
def get_changes(name: str, version_no: VersionNo, edge: CallerEdge, since: VersionNo | None = None) -> Response:
    """What changed in a version since an earlier one (else the one before it)."""
    quote = named_quote(edge, name)
    before = since or version_no - 1
    found = edge.read(lambda reader: versions_of(reader, quote.id))
    if not before and version_no in found:
        return answer({"quote": quote.number, "from": None, "to": version_no, "offer": {}, "lines": []})
    for one in (before, version_no):
        if one not in found:
            raise Refused([errors.unknown_version(one)])
    return answer({"quote": quote.number, **differences(found[before], found[version_no])})


@router.post("/quotes/{name}/renegotiate", openapi_extra=permission("quotes.request"))
def post_renegotiate(name: str, body: RenegotiateIn, edge: CallerEdge) -> Response:
    """Ask for another version, with a reason and what should be otherwise in which line."""
    quote = named_quote(edge, name)
    wishes = [
        Wish(one.line, one.item, one.qty, one.uom, one.target_price, one.requested_at, one.reason, one.note)
        for one in body.lines
    ]
    found = edge.write(
        lambda tx: renegotiate(
            tx, quote.id, version_no=body.version, reason=body.reason, wishes=wishes, note=body.note
        ),
        account_id=quote.account_id,
    )
    return answer(quote_json(found, ours=edge.visible is None))


@router.post("/quotes/{name}/decline", openapi_extra=permission("quotes.accept"))
def post_decline(name: str, body: EndIn, edge: CallerEdge) -> Response:
    """The buyer does not take it, or not the rest of it."""
    quote = named_quote(edge, name)
    found = edge.write(
        lambda tx: decline(tx, quote.id, reason=body.reason, note=body.note), account_id=quote.account_id
    )
    return answer(quote_json(found, ours=edge.visible is None))


@router.post("/quotes/{name}/accept", status_code=201, openapi_extra=permission("quotes.accept"))
def post_accept(name: str, body: AcceptIn, edge: CallerEdge, key: Key = None) -> Response:
    """Accept an offer whole or in part: 201 with the order. After its validity what the offer says: refused, the same, 202 (somebody
    of ours decides), or 409 with a new version at today's prices."""
    quote = named_quote(edge, name)
    choices = None if body.lines is None else tuple(Choice(one.line, one.qty) for one in body.lines)
    said = quote.id.bytes + body.model_dump_json().encode()
    wanted = Accepting(quote.id, body.version, choices, body.buyer_po, body.decline_rest)

    def work(tx: Tx, *, all_sites: bool) -> Any:
        found = accept_offer(tx, wanted, lock_all_sites=all_sites)
        _check_mandate(edge, found)
        return accepted_json(found, ours=edge.visible is None)

    def write(*, all_sites: bool) -> Any:
        principal_id = edge.caller.principal.id
        return edge.write(
            lambda tx: once(
                tx, lambda inner: work(inner, all_sites=all_sites), principal_id=principal_id, key=key, said=said
            ),
            account_id=quote.account_id,
        )

    found = with_stock(write)
    if "problem" in found:
        raise Refused([Problem(**found["problem"])])
    return answer(found, 202 if found["order"] is None else 201)


def with_stock(write: Any) -> Any:
    """Do it, and once more where the stock that was looked at was taken, or the same order was placed at that moment."""
    try:
        return write(all_sites=False)
    except (StockMoved, database_errors.UniqueViolation):
        return write(all_sites=True)


def _check_mandate(edge: Edge, found: Accepted) -> None:
    """What an agent may order for, with tax and charges."""
    if found.work is None:
        return
    total, currency = found.work.totals.total, found.work.header.currency
    problem = within_mandate(edge.caller, edge.permission, found.quote.account_id, total=total, currency=currency)
    if problem is not None:
        raise Refused([problem])


def accepted_json(found: Accepted, *, ours: bool) -> dict[str, Any]:
    """What became of an acceptance, as plain JSON values."""
    if found.problem is not None:
        one = found.problem
        kept = {
            "code": one.code,
            "message": one.message,
            "where": one.where,
            "status": one.status,
            "detail": one.detail,
        }
        return {"problem": kept}
    work = found.work
    order = None if work is None else {
        "id": str(work.id),
        "number": work.header.number,
        "status": work.status,
        "buyer_po": work.header.buyer_po,
        "currency": work.header.currency,
        "net": plain(work.totals.net),
        "total": plain(work.totals.total),
        "holds": [{"kind": one.kind, "code": one.code, "reason": one.reason} for one in work.holds if one.released_at is None],
    }  # fmt: skip
    return {
        "quote": found.quote.number,
        "status": walled_status(found.quote, ours=ours),
        "policy": found.policy,
        "acceptance": None if found.acceptance is None else found.acceptance.acceptance_no,
        "order": order,
        "lines": [
            {
                "line": one.line.line_no,
                "qty": plain(one.qty),
                "unit_price": plain(one.line.unit_price),
                "net": plain(one.net),
            }
            for one in found.taken
        ],
    }


def named_quote(edge: Edge, name: str) -> Quote:
    """The quote behind a number or an id, as far as the caller sees it and may act on it."""

    def read(reader: Reader) -> list[Quote]:
        try:
            ids = [UUID(name)]
        except ValueError:
            ids = list(quote_ids(reader, [name]).values())
        return list(quotes_of(reader, ids).values())

    found = edge.read(read)
    if not found:
        raise not_found()
    edge.allow(found[0].account_id)
    return found[0]


def version_by_no(reader: Reader, quote: Quote, version_no: int) -> Version:
    """One offered version; `Refused` where there is none."""
    found = versions_of(reader, quote.id, version_no).get(version_no)
    if found is None:
        raise Refused([errors.unknown_version(version_no)])
    return found
