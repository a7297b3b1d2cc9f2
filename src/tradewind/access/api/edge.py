"""What every api module uses: `api_router`, `permission`, `CallerEdge`, `not_found`, `answer`.

An api module looks like this:

    router = api_router("orders")

    class OrderOut(BaseModel):
        id: UUID
        total: Decimal                                   # Decimals leave as strings, and numbers come in exact

    @router.get("/orders/{order_id}", openapi_extra=permission("orders.read"))
    def read_order(order_id: UUID, edge: CallerEdge) -> OrderOut:
        found = edge.read(lambda reader: queries.orders_by_id(reader, [order_id]))
        if not found:
            raise not_found()                            # also what a foreign id gives: same bytes
        return OrderOut.model_validate(found[0], from_attributes=True)

    @router.post("/orders/{order_id}/cancel", openapi_extra=permission("orders.cancel"))
    def cancel_order(order_id: UUID, body: CancelIn, edge: CallerEdge) -> OrderOut:
        owner = edge.read(lambda reader: queries.accounts_of(reader, [order_id])).get(order_id)
        edge.allow(owner)                                # None or foreign: 404; an agent without a mandate: 403
        return edge.write(lambda tx: commands.cancel(tx, [order_id], body.reason), account_id=owner)

Routes are plain `def` (they run in a bounded thread pool) and have a return type: a Pydantic model, or `Response` with
`answer(...)`. Refusals are raised as `Refused`/`refuse(...)`; the edge renders them. The route's permission is checked
before the body is read. `edge.read` runs a buyer's or an agent's read under the buyer role, whatever the module does;
`edge.write` checks credential, permission and everything passed to `edge.allow` again inside the transaction.
"""

import json
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic_core import to_json
from starlette.types import ASGIApp, Receive, Scope, Send

from tradewind.access.decide import authorize, mandate_under, mandates_for, seen_for, within_mandate
from tradewind.access.errors import NOT_AUTHENTICATED, NOT_FOUND, forbidden
from tradewind.access.model import PERMISSIONS, PUBLIC, Caller, Kind
from tradewind.access.queries import authenticate_many
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Actor, Database, Reader, Tx

T = TypeVar("T")
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
API = "/api/v1"
PERMISSION_KEY = "x-permission"  # in the OpenAPI document, too
Guard = Callable[["GuardedRoute", Scope, Receive], Coroutine[Any, Any, Receive]]


def permission(name: str) -> dict[str, Any]:
    """What a route needs, for `openapi_extra`; `public` needs no caller. KeyError for an unknown permission."""
    if name != PUBLIC and name not in PERMISSIONS:
        raise KeyError(name)
    return {PERMISSION_KEY: name, **({"security": []} if name == PUBLIC else {})}


def not_found() -> Refused:
    """The one 404: for what does not exist and for what the caller may not see."""
    return Refused([NOT_FOUND])


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON of plain values, models or dataclasses; Decimal, UUID and times as strings."""
    return Response(to_json(body), status, headers, "application/json")


class ExactRequest(Request):
    """A request whose JSON numbers become `Decimal`, never float."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            text = (await self.body()).decode()
            try:
                self._json = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
            except json.JSONDecodeError:
                raise
            except (ValueError, RecursionError) as reason:  # NaN, an endless integer, a tower of brackets
                raise json.JSONDecodeError(str(reason), text, 0) from None
        return self._json


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class GuardedRoute(APIRoute):
    """A route that is guarded before anything of the request is read; without a permission it cannot be made."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.permission: str = (options.get("openapi_extra") or {}).get(PERMISSION_KEY, "")
        if not self.permission:
            raise RouteWithoutPermission(f"{path} ({endpoint.__module__}.{endpoint.__name__}) declares no permission")
        super().__init__(path, endpoint, **options)
        if self.response_model is None and "return" not in endpoint.__annotations__:
            raise TypeError(f"{path} ({endpoint.__module__}.{endpoint.__name__}) declares no return type")
        inner = _straight(endpoint) if getattr(endpoint, "is_raw", False) else self.app

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            guard: Guard = scope["app"].state.guard
            await inner(scope, await guard(self, scope, receive), send)

        self.app = guarded

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def exact(request: Request) -> Response:
            return await handler(ExactRequest(request.scope, request.receive))

        return exact


def raw(endpoint: Endpoint) -> Endpoint:
    """A hot route that reads its request and makes its response itself: nothing is solved or validated for it.

    The guard, the refusals and the document stay the same; it saves the framework's share (a tenth of a placed order).
    """
    endpoint.is_raw = True  # type: ignore[attr-defined]
    return endpoint


def _straight(endpoint: Callable[[Request], Coroutine[Any, Any, Response]]) -> ASGIApp:
    async def straight(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(ExactRequest(scope, receive))
        await response(scope, receive, send)

    return straight


class RouteWithoutPermission(TypeError):  # noqa: N818 - reads as what it is
    """A route was declared without saying who may call it."""


def api_router(tag: str, *, prefix: str = API) -> APIRouter:
    """A router of guarded routes under /api/v1."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=GuardedRoute)


def read_for(database: Database, visible: Collection[UUID] | None, work: Callable[[Reader], T]) -> T:
    """The one way an edge reads for a caller: one that does not see all accounts (None) reads under the buyer role."""
    if visible is None:
        return database.read(work)
    return database.read_as_buyer(sorted(visible), work)


@dataclass(frozen=True, slots=True)
class _Check:
    action: str
    account_id: UUID | None
    total: Decimal | None
    currency: str


@dataclass(slots=True)
class Edge:
    """One request's caller with the two ways to the database. `permission` is the route's."""

    database: Database
    caller: Caller
    permission: str
    correlation: UUID
    _checks: list[_Check] = field(default_factory=list)

    def allow(
        self,
        *account_ids: UUID | None,
        action: str = "",
        total: Decimal | None = None,
        currency: str = "",
    ) -> None:
        """Refuse unless the caller may do `action` (default: the route's permission) on all of these accounts.

        An id that is None stands for an object that was not found: 404. With `total`, also the cap of an agent's mandate.
        """
        for account_id in account_ids or (None,):
            if account_ids and account_id is None:
                raise not_found()
            self._hold(self.caller, check := _Check(action or self.permission, account_id, total, currency))
            self._checks.append(check)

    @property
    def visible(self) -> frozenset[UUID] | None:
        """The accounts that the caller sees at this route, None for all."""
        return seen_for(self.caller, self.permission)

    def read(self, work: Callable[[Reader], T]) -> T:
        """Run `work` on one read-only snapshot, under the buyer role for buyers and agents."""
        return read_for(self.database, self.visible, work)

    def write(self, work: Callable[[Tx], T], *, account_id: UUID | None = None) -> T:
        """Run `work` in one transaction in the caller's name, on behalf of `account_id`; checks again inside."""

        def checked(tx: Tx) -> T:
            self._check_again(tx)
            return work(tx)

        return self.database.write(checked, actor=self.actor(account_id))

    def actor(self, account_id: UUID | None = None) -> Actor:
        """The caller as the log wants it."""
        return actor_of(self.caller, action=self.permission, account_id=account_id, correlation=self.correlation)

    def _check_again(self, tx: Tx) -> None:
        fresh: Caller | None = self.caller
        if self.caller.credential is not None:
            fresh = authenticate_many(tx, [self.caller.credential]).get(self.caller.credential)
        if fresh is None:
            raise Refused([NOT_AUTHENTICATED])
        if self.permission not in fresh.permissions:
            raise Refused([forbidden(self.permission)])
        for check in self._checks:
            self._hold(fresh, check)

    @staticmethod
    def _hold(caller: Caller, check: _Check) -> None:
        problem: Problem | None = authorize(caller, check.action, check.account_id)
        if problem is None and check.account_id is not None and check.total is not None:
            problem = within_mandate(caller, check.action, check.account_id, total=check.total, currency=check.currency)
        if problem is not None:
            raise Refused([problem])


def actor_of(
    caller: Caller,
    *,
    action: str,
    account_id: UUID | None = None,
    correlation: UUID | None = None,
    total: Decimal | None = None,
    currency: str = "",
) -> Actor:
    """Who stands in the log: the principal, its channel, the account it acts for and, for an agent, the mandate."""
    account = account_id or caller.on_behalf_of
    mandate = None
    if account is not None and caller.principal.kind is Kind.AGENT:
        covering = mandates_for(caller, action, account)
        mandate = mandate_under(covering, total=total or Decimal(0), currency=currency) or next(iter(covering), None)
    principal = caller.principal
    return Actor(principal.id, principal.name, caller.channel, account, mandate.id if mandate else None, correlation)


def edge_of(scope: Scope) -> Edge:
    """The edge of a request that passed the guard; 401 on a public route without a caller."""
    state = scope["state"]
    caller: Caller | None = state.get("caller")
    if caller is None:
        raise Refused([NOT_AUTHENTICATED])
    return Edge(scope["app"].state.database, caller, scope["route"].permission, state["correlation"])


async def _edge(request: Request) -> Edge:  # async, so that no thread is spent on it
    return edge_of(request.scope)


CallerEdge = Annotated[Edge, Depends(_edge)]
"""Annotate a route's parameter with it: `edge: CallerEdge`."""


def all_allowed(caller: Caller, action: str, account_ids: Collection[UUID]) -> dict[UUID, Problem]:
    """For plural commands: the accounts of these that the caller may not act for, each with its problem."""
    found = {account_id: authorize(caller, action, account_id) for account_id in account_ids}
    return {account_id: problem for account_id, problem in found.items() if problem is not None}
