"""The credit desk's decisions: requests and their confirmation, orders let through, policies, promises, the ERP's word."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.accounts.queries import account_ids, accounts_by_id
from tradewind.credit.commands import set_authority
from tradewind.credit.errors import incomplete
from tradewind.credit.model import Policy
from tradewind.credit.queries import requests_of
from tradewind.desk.api_orders import named_order
from tradewind.desk.credit_policy import ErpWord, PromiseWish, change_policy, hear_erp, note_promise
from tradewind.desk.credit_release import PartWish, Through, release_parts
from tradewind.desk.credit_requests import Decision, LimitWish, ReleaseWish, TemporaryWish, Wish, decide, propose
from tradewind.kernel.limits import ORDER_LINES
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Event

router = api_router("credit")
Amount = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]
Above = Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=2)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Days = Annotated[int, Field(ge=0, le=3_650)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class RequestIn(_Strict):
    """`limit` for good, or `temporary` with an amount and an end."""

    kind: Literal["limit", "temporary"]
    limit: Amount | None = None
    amount: Above | None = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    reason: Reason

    def wish(self, account_id: UUID) -> Wish:
        """As the desk takes it."""
        if self.kind == "limit":
            if self.limit is None:
                raise Refused([incomplete("A limit for good names the new limit.", "/limit")])
            return LimitWish(account_id, self.limit, self.reason)
        if self.amount is None or self.valid_to is None:
            message = "A temporary limit names its amount and its end."
            raise Refused([incomplete(message, "/amount" if self.amount is None else "/valid_to")])
        return TemporaryWish(account_id, self.amount, self.valid_to, self.reason, self.valid_from)


class DecisionIn(_Strict):
    """Why it is confirmed or declined."""

    reason: Reason


class LineIn(_Strict):
    """Units of a line, in its ordered unit; none is all of it."""

    line: Annotated[int, Field(ge=1)]
    qty: Annotated[Decimal, Field(gt=0, max_digits=20, decimal_places=6)] | None = None


class ReleaseIn(_Strict):
    """`fit`: as much as the limits have room for, of these lines (or groups) in this order; `whole`: all of it, whatever the
    limits, decided by one or two people."""

    mode: Literal["fit", "whole"] = "fit"
    lines: Annotated[list[LineIn], Field(max_length=ORDER_LINES)] = []
    groups: Annotated[list[int], Field(max_length=1_000)] = []
    reason: Reason


class PolicyIn(_Strict):
    """When the limit is asked, what counts, and which conduct stops orders."""

    checks_submit: bool = True
    checks_release: bool = False
    checks_ship: bool = False
    horizon_days: Days | None = None
    overdue_days: Days | None = None
    overdue_tolerated: Amount = Decimal(0)
    blocks_returned: bool = False
    blocks_promises: bool = False
    blocks_orders: bool = True
    blocks_release: bool = False
    reason: Reason


class PromiseIn(_Strict):
    """A buyer's word to pay."""

    amount: Above
    due_at: AwareDatetime
    note: Annotated[str, Field(max_length=500)] | None = None


class ErpIn(_Strict):
    """What the ERP says of the receivables; a balance of null: our own books count again."""

    balance: Annotated[Decimal, Field(max_digits=15, decimal_places=2)] | None
    overdue: Amount | None = None
    as_of: AwareDatetime | None = None


class AuthorityIn(_Strict):
    """Up to which amount one person decides alone."""

    alone_up_to: Amount
    reason: Reason


def account_of(edge: Edge, code: str) -> UUID:
    """The id of an account that the caller may act for; 404 else."""
    account_id = edge.read(lambda reader: account_ids(reader, [code])).get(code)
    if account_id is None:
        raise not_found()
    edge.allow(account_id)
    return account_id


@router.post("/accounts/{code}/credit-requests", status_code=201, openapi_extra=permission("credit.manage"))
def post_request(code: str, body: RequestIn, edge: CallerEdge) -> Response:
    """Raise a limit: at once (201) up to what one person decides alone, else as a request for a second person (202)."""
    account_id = account_of(edge, code)
    wish, roles = body.wish(account_id), edge.caller.roles
    found = edge.write(lambda tx: propose(tx, wish, roles=roles), account_id=account_id)
    return decision_answer(found)


@router.post("/credit-requests/{request_id}/confirm", openapi_extra=permission("credit.manage"))
def post_confirm(request_id: UUID, body: DecisionIn, edge: CallerEdge) -> Response:
    """Confirm what somebody else proposed; it takes effect at once."""
    return _decide(edge, request_id, confirm=True, reason=body.reason)


@router.post("/credit-requests/{request_id}/decline", openapi_extra=permission("credit.manage"))
def post_decline(request_id: UUID, body: DecisionIn, edge: CallerEdge) -> Response:
    """Decline a request; who proposed it may take it back this way."""
    return _decide(edge, request_id, confirm=False, reason=body.reason)


def _decide(edge: Edge, request_id: UUID, *, confirm: bool, reason: str) -> Response:
    request = edge.read(lambda reader: requests_of(reader, [request_id])).get(request_id)
    if request is None:
        raise not_found()
    edge.allow(request.account_id)
    roles = edge.caller.roles
    found = edge.write(
        lambda tx: decide(tx, request_id, confirm=confirm, reason=reason, roles=roles), account_id=request.account_id
    )
    return decision_answer(found, done=200)


def decision_answer(found: Decision | Problem, *, done: int = 201) -> Response:
    """202 where a second person is needed."""
    if isinstance(found, Problem):
        raise Refused([found])
    body = {
        "request": found.request_id,
        "status": found.status,
        "amount": plain(found.amount),
        "currency": found.currency,
        "alone_up_to": plain(found.alone_up_to),
        "freed": found.freed,
    }
    return answer(body, 202 if found.status == "open" else done)


@router.post("/orders/{name}/credit-release", openapi_extra=permission("holds.release.credit"))
def post_release(name: str, body: ReleaseIn, edge: CallerEdge) -> Response:
    """Let a held order through: what fits of it, or all of it above the limit (202 where that needs a second person)."""
    order_id, owner = named_order(edge, name)
    if body.mode == "whole":
        wish, roles = ReleaseWish(order_id, body.reason), edge.caller.roles
        return decision_answer(edge.write(lambda tx: propose(tx, wish, roles=roles), account_id=owner), done=200)
    lines = tuple((one.line, one.qty) for one in body.lines)
    part = PartWish(order_id, body.reason, lines, tuple(body.groups))
    (found,) = edge.write(lambda tx: release_parts(tx, [part]), account_id=owner)
    return answer(_through(found))


def _through(found: Through | Problem) -> dict[str, Any]:
    if isinstance(found, Problem):
        raise Refused([found])
    return {
        "order": found.number,
        "status": found.status,
        "released": [{"line": line_no, "qty": plain(qty)} for line_no, qty in sorted(found.released.items())],
        "held": [{"line": line_no, "qty": plain(qty)} for line_no, qty in sorted(found.held.items())],
        "amount": plain(found.amount),
        "currency": found.currency,
        "goes_on": found.goes_on,
    }


@router.put("/accounts/{code}/credit-policy", openapi_extra=permission("credit.manage"))
def put_policy(code: str, body: PolicyIn, edge: CallerEdge) -> Response:
    """Another policy of an account that carries a limit; held orders below are asked again."""
    account_id = account_of(edge, code)
    policy = Policy(**{name: getattr(body, name) for name in Policy.__slots__})
    found = edge.write(lambda tx: change_policy(tx, account_id, policy, reason=body.reason), account_id=account_id)
    return _freed(code, found)


@router.post("/accounts/{code}/payment-promises", status_code=201, openapi_extra=permission("credit.manage"))
def post_promise(code: str, body: PromiseIn, edge: CallerEdge) -> Response:
    """Note that an account promised to pay."""
    account_id = account_of(edge, code)
    currency = edge.read(lambda reader: accounts_by_id(reader, [account_id]))[account_id].currency
    wish = PromiseWish(account_id, body.amount, body.due_at, body.note)
    found = edge.write(lambda tx: note_promise(tx, wish, currency=currency), account_id=account_id)
    if isinstance(found, Problem):
        raise Refused([found])
    return answer({"promise": found}, 201)


@router.put("/accounts/{code}/credit-receivables", openapi_extra=permission("credit.manage"))
def put_receivables(code: str, body: ErpIn, edge: CallerEdge) -> Response:
    """What the ERP says of the receivables of an account that carries a limit; what we post after that counts on top."""
    account_id = account_of(edge, code)
    word = ErpWord(account_id, body.balance, body.overdue, body.as_of)
    return _freed(code, edge.write(lambda tx: hear_erp(tx, word), account_id=account_id))


def _freed(code: str, found: tuple[str, ...] | Problem) -> Response:
    if isinstance(found, Problem):
        raise Refused([found])
    return answer({"account": code, "freed": found})


@router.put("/credit-authority/{action}", openapi_extra=permission("access.manage"))
def put_authority(action: Literal["limit", "temporary", "release"], body: AuthorityIn, edge: CallerEdge) -> Response:
    """Set up to which amount one person of the credit desk decides alone."""

    def change(tx: Any) -> None:
        set_authority(tx, action, body.alone_up_to)
        payload = {"action": action, "alone_up_to": plain(body.alone_up_to), "reason": body.reason}
        tx.emit(Event("credit.authority_changed", "credit_authority", tx.ids.new(), payload))

    edge.write(change)
    return answer({"action": action, "alone_up_to": plain(body.alone_up_to)})
