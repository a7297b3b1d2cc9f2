"""`/api/v1/returns` and `/api/v1/invoices/{number}/credits`: goods that come back, and credit notes."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.accounts.queries import account_ids
from tradewind.billing.model import CreditWish
from tradewind.billing.queries import items_by_number
from tradewind.desk.credits import CreditRequest, Noted, credit_invoices
from tradewind.desk.return_terms import store_return_policy
from tradewind.desk.returns import WantedLine, WantedReturn, authorise_returns
from tradewind.desk.take_back import CreditReturn, Receipt, Returned, credit_returns, receive_returns
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Tx
from tradewind.returns.model import Disposition, Return, ReturnPolicy
from tradewind.returns.queries import return_ids, return_policies, returns_of

router = api_router("returns")
Qty = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
LineNo = Annotated[int, Field(ge=1, le=1_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ReturnLineIn(_Strict):
    """Units of an order line that are to come back, in base units; `disposition` none: credited without coming back."""

    order: Text
    line: LineNo
    qty: Qty
    disposition: Disposition = "restock"
    description: Annotated[str, Field(max_length=500)] | None = None


class ReturnIn(_Strict):
    """A return that is asked for."""

    account: Text
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    lines: Annotated[list[ReturnLineIn], Field(min_length=1, max_length=1_000)]
    outside_number: Annotated[str, Field(max_length=100)] | None = None


class ReceiptLineIn(_Strict):
    """What came in of a return line, what becomes of it, and the site where it lies."""

    line: LineNo
    qty: Qty
    disposition: Disposition = "restock"
    site: Text | None = None


class ReceiptIn(_Strict):
    """Goods that came in."""

    lines: Annotated[list[ReceiptLineIn], Field(min_length=1, max_length=1_000)]


class CreditLineIn(_Strict):
    """Units of a return line to credit."""

    line: LineNo
    qty: Qty


class CreditIn(_Strict):
    """What to credit of a return; everything that came back and is not credited if nothing is named."""

    lines: Annotated[list[CreditLineIn], Field(max_length=1_000)] | None = None


class InvoiceCreditLineIn(_Strict):
    """Units of an invoice line at its price, or an amount of it without goods."""

    line: LineNo
    qty: Qty | None = None
    amount: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)] | None = None


class InvoiceCreditIn(_Strict):
    """A credit on an invoice without a return: a price difference, a charge, goods that never arrived."""

    lines: Annotated[list[InvoiceCreditLineIn], Field(min_length=1, max_length=1_000)]


class PolicyIn(_Strict):
    """What may come back: of an account and those below it, of a category of products, or of everything."""

    name: Text
    account: Text | None = None
    category: Text | None = None
    returnable: bool = True
    window_days: Annotated[int, Field(ge=0, le=3_650)] | None = None
    wait_days: Annotated[int, Field(ge=1, le=365)] = 30


@router.get("/return-policies", openapi_extra=permission("returns.decide"))
def list_policies(edge: CallerEdge) -> Response:
    """The policies that hold now."""
    return answer({"policies": edge.database.read(return_policies)})


@router.put("/return-policies/{return_policy}", openapi_extra=permission("returns.decide"))
def write_policy(return_policy: Text, body: PolicyIn, edge: CallerEdge) -> Response:
    """Store the next version of a policy; what was authorised before keeps what it got."""
    owner: UUID | None = None
    if body.account is not None:
        code = body.account
        owner = edge.read(lambda reader: account_ids(reader, [code])).get(code)
        edge.allow(owner)
    rest = body.model_dump(exclude={"account"})

    def store(tx: Tx) -> ReturnPolicy:
        return store_return_policy(
            tx, ReturnPolicy(code=return_policy, version=0, valid_from=tx.now, account_id=owner, **rest)
        )

    return answer(edge.write(store))


@router.post("/returns", status_code=201, openapi_extra=permission("returns.request"))
def authorise(body: ReturnIn, edge: CallerEdge) -> Response:
    """Authorise a return; never more than was shipped and did not come back."""
    owner = edge.read(lambda reader: account_ids(reader, [body.account])).get(body.account)
    edge.allow(owner)
    lines = tuple(
        WantedLine(one.qty, one.order, one.line, disposition=one.disposition, description=one.description)
        for one in body.lines
    )
    wanted = WantedReturn(body.account, body.reason, lines, body.outside_number)
    found = edge.write(lambda tx: authorise_returns(tx, [wanted]), account_id=owner)[0]
    if found.problems or found.found is None:
        raise Refused(found.problems)
    return answer(_return(found.found), 201)


@router.post("/returns/{name}/receive", openapi_extra=permission("returns.decide"))
def receive(name: str, body: ReceiptIn, edge: CallerEdge) -> Response:
    """Take goods in. Restocked ones are stock at once."""
    known = _known(edge, name)
    receipt = Receipt(known.id, tuple((one.line, one.qty, one.disposition, one.site) for one in body.lines))
    return _answer(edge.write(lambda tx: receive_returns(tx, [receipt]), account_id=known.account_id)[0])


@router.post("/returns/{name}/credit", openapi_extra=permission("returns.decide"))
def credit(name: str, body: CreditIn, edge: CallerEdge) -> Response:
    """Issue the credit notes of a return, one for each invoice it corrects."""
    known = _known(edge, name)
    lines = None if body.lines is None else tuple((one.line, one.qty) for one in body.lines)
    return _answer(
        edge.write(lambda tx: credit_returns(tx, [CreditReturn(known.id, lines)]), account_id=known.account_id)[0]
    )


@router.post("/invoices/{number}/credits", status_code=201, openapi_extra=permission("returns.decide"))
def credit_invoice(number: str, body: InvoiceCreditIn, edge: CallerEdge) -> Response:
    """Credit lines of an invoice without goods coming back."""
    item = edge.read(lambda reader: items_by_number(reader, [number])).get(number)
    if item is None:
        raise not_found()
    edge.allow(item.account_id)
    wishes = tuple(CreditWish(one.line, one.qty, one.amount) for one in body.lines)
    found = edge.write(lambda tx: credit_invoices(tx, [CreditRequest(number, wishes)]), account_id=item.account_id)[0]
    if found.problems:
        raise Refused(found.problems)
    return answer(_note(found), 201)


def _known(edge: Edge, name: str) -> Return:
    """The return behind an id or a number, as far as the caller sees it and may act on it."""
    try:
        ids = [UUID(name)]
    except ValueError:
        ids = list(edge.read(lambda reader: return_ids(reader, [name])).values())
    found = edge.read(lambda reader: returns_of(reader, ids))
    if not found:
        raise not_found()
    known = next(iter(found.values()))
    edge.allow(known.account_id)
    return known


def _answer(found: Returned) -> Response:
    if found.problems or found.found is None:
        raise Refused(found.problems)
    return answer({**_return(found.found), "credit_notes": [_note(note) for note in found.notes]})


def _return(found: Return) -> dict[str, Any]:
    return {
        "id": found.id,
        "number": found.number,
        "status": found.status,
        "lines": [
            {
                "line": line.line_no,
                "order_line": line.order_line_no,
                "qty": plain(line.qty),
                "received": plain(line.qty_received),
                "credited": plain(line.qty_credited),
                "disposition": line.disposition,
                "problem": line.problem,
            }
            for line in found.lines
        ],
    }


def _note(found: Noted) -> dict[str, Any]:
    assert found.note is not None
    amounts = found.note.amounts
    return {
        "id": found.note.id,
        "number": found.note.number,
        "net": plain(amounts.net),
        "charges": plain(amounts.charges),
        "tax": plain(amounts.tax),
        "total": plain(amounts.total),
        "settled": plain(found.settled),
    }
