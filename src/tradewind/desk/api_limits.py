"""`/api/v1/accounts/{code}/credit-limit` and `…/credit-overrides`: how much an account may owe."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.access.queries import callers_by_login
from tradewind.accounts.queries import account_ids
from tradewind.credit.decide import second_needed
from tradewind.credit.errors import unknown_requester
from tradewind.credit.queries import authority, nodes_of
from tradewind.desk.api_credit import decision_answer
from tradewind.desk.credit_requests import LimitWish, propose
from tradewind.desk.limits import Headroom, LimitChange, OverrideGrant, change_limits, grant_overrides
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader

router = api_router("credit")
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class LimitIn(_Strict):
    """A new limit in the currency it is kept in."""

    limit: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]
    reason: Reason


class OverrideIn(_Strict):
    """A temporary raise; `requested_by` is the login of who asked for it."""

    amount: Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=2)]
    reason: Reason
    valid_to: AwareDatetime
    requested_by: Annotated[str, Field(min_length=1, max_length=200)]


@router.put("/accounts/{code}/credit-limit", openapi_extra=permission("credit.manage"))
def put_limit(code: str, body: LimitIn, edge: CallerEdge) -> Response:
    """Set the limit of an account that carries one; orders that wait for headroom are asked again.

    A raise above what one person decides alone becomes a request that a second person confirms (202)."""
    account_id = _account(edge, code)
    if _needs_second(edge, account_id, body.limit):
        wish, roles = LimitWish(account_id, body.limit, body.reason), edge.caller.roles
        return decision_answer(edge.write(lambda tx: propose(tx, wish, roles=roles), account_id=account_id), done=200)
    change = LimitChange(account_id, body.limit, body.reason)
    (found,) = edge.write(lambda tx: change_limits(tx, [change]), account_id=account_id)
    return answer(_headroom(code, found))


@router.post("/accounts/{code}/credit-overrides", status_code=201, openapi_extra=permission("credit.manage"))
def post_override(code: str, body: OverrideIn, edge: CallerEdge) -> Response:
    """Approve a temporary raise that somebody else asked for, within what one's role may give."""
    account_id = _account(edge, code)
    known = edge.database.read(lambda reader: callers_by_login(reader, [body.requested_by], channel="api"))
    asked_by = known.get(body.requested_by)
    if asked_by is None:
        raise Refused([unknown_requester(body.requested_by, "/requested_by")])
    grant = OverrideGrant(account_id, body.amount, body.reason, body.valid_to, asked_by.principal.id)
    roles = edge.caller.roles
    (found,) = edge.write(lambda tx: grant_overrides(tx, [grant], roles=roles), account_id=account_id)
    return answer(_headroom(code, found), 201)


def _needs_second(edge: Edge, account_id: UUID, limit: Decimal) -> bool:
    def look(reader: Reader) -> bool:
        node = nodes_of(reader, [account_id]).get(account_id)
        return node is not None and second_needed(limit - node.limit, authority(reader).get("limit", Decimal(0)))

    return edge.database.read(look)


def _account(edge: Edge, code: str) -> UUID:
    account_id = edge.read(lambda reader: account_ids(reader, [code])).get(code)
    if account_id is None:
        raise not_found()
    edge.allow(account_id)
    return account_id


def _headroom(code: str, found: Headroom | Problem) -> dict[str, Any]:
    if isinstance(found, Problem):
        raise Refused([found])
    return {
        "account": code,
        "limit": plain(found.limit),
        "overrides": plain(found.extra),
        "exposure": plain(found.exposure),
        "headroom": plain(found.limit + found.extra - found.exposure),
        "override": found.override_id,
        "asked_again": found.asked_again,
    }
