"""The HTTP application: routers collected, refusals rendered, requests observed.

`create_app` fails at once when a route declares no permission. How an api module looks is written in
`tradewind.access.api.edge`; it is served when its module stands in `ROUTERS`. A route that needs the combiner is
`async def` and awaits what `request.app.state.combiner` gives; all others are plain `def`.
"""

import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import UUID

import psycopg
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradewind import __version__
from tradewind.access.api.edge import API, GuardedRoute, RouteWithoutPermission, api_router, permission
from tradewind.access.api.gate import Gate
from tradewind.access.commands.refusals import record_refusal
from tradewind.access.errors import NOT_FOUND
from tradewind.access.model import Caller
from tradewind.app import metrics
from tradewind.app.readiness import missing_migrations
from tradewind.app.settings import Settings
from tradewind.kernel.problem import Problem, Refused, problem_body
from tradewind.kernel.tx import Database

ROUTERS = (
    "tradewind.channels.api",
    "tradewind.channels.api_files",
    "tradewind.channels.api_edi",
    "tradewind.channels.api_partners",
    "tradewind.desk.api",
    "tradewind.desk.api_orders",
    "tradewind.desk.api_changes",
    "tradewind.desk.api_items",
    "tradewind.desk.api_lines",
    "tradewind.desk.api_warnings",
    "tradewind.desk.api_blankets",
    "tradewind.desk.api_recurring",
    "tradewind.desk.api_shipping",
    "tradewind.desk.api_drop_ship",
    "tradewind.desk.api_cash",
    "tradewind.desk.api_returns",
    "tradewind.desk.api_stock",
    "tradewind.desk.api_quotes",
    "tradewind.desk.api_offers",
    "tradewind.desk.api_tasks",
    "tradewind.desk.api_task_rules",
    "tradewind.desk.api_task_links",
    "tradewind.desk.api_approvals",
    "tradewind.approvals.api",
    "tradewind.desk.api_limits",
    "tradewind.desk.api_credit",
    "tradewind.desk.api_terms",
    "tradewind.desk.api_dunning",
    "tradewind.desk.api_instances",
    "tradewind.desk.api_streams",
    "tradewind.desk.api_stream_text",
    "tradewind.views.api_streams",
    "tradewind.views.api",
    "tradewind.views.api_documents",
    "tradewind.views.api_inbox",
    "tradewind.views.api_credit",
    "tradewind.views.api_blankets",
    "tradewind.views.api_promises",
    "tradewind.papers.api",
    "tradewind.inventory.api",
    "tradewind.credit.api",
    "tradewind.pricing.api",
    "tradewind.integration.api.imports",
    "tradewind.integration.api.rules",
    "tradewind.desk.api_rule_sets",
    "tradewind.desk.api_rule_tables",
    "tradewind.desk.api_rule_decisions",
    "tradewind.trials.api",
    "tradewind.library.api",
    "tradewind.access.api",
)
"""Modules with a `router`, the busiest first: routes are tried in this order."""

THREADS = 8
PROBLEM = "application/problem+json"
LARGEST_ERRORS = 100
_UUID = re.compile(rb"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
log = logging.getLogger("tradewind.http")


def create_app(
    database: Database, settings: Settings, combiner: Any = None, *, routers: Sequence[str] = ROUTERS
) -> FastAPI:
    """The application on a database. TypeError (`RouteWithoutPermission`) when a route declares no permission."""
    app = build_app(settings, routers=routers)
    attach(app, database, combiner)
    return app


def build_app(settings: Settings, *, routers: Sequence[str] = ROUTERS) -> FastAPI:
    """The application without a database: what a master builds once before it forks."""
    app = FastAPI(
        title="Tradewind", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan
    )
    app.state.settings = settings
    app.router.routes.clear()
    for name in routers:
        if find_spec(name) is not None:
            app.router.routes.extend(import_module(name).router.routes)
    app.router.routes.extend(_own.routes)
    for route in app.router.routes:
        if not isinstance(route, GuardedRoute):
            raise RouteWithoutPermission(f"{getattr(route, 'path', route)} is not a guarded route")
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(psycopg.OperationalError, _unavailable)
    app.add_middleware(Observe)
    return app


def attach(app: FastAPI, database: Database, combiner: Any = None) -> None:
    """Give the application its database and combiner; in a server's child after the fork."""
    app.state.database = database
    app.state.combiner = combiner
    app.state.guard = Gate(database, body_max=app.state.settings.body_max_bytes)


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    yield


class Observe:
    """Correlation id, one log line and the metrics of every request; unexpected errors become a 500 problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        correlation = _correlation(scope)
        state = scope.setdefault("state", {})
        state["correlation"] = correlation
        status = 0
        header = (b"x-correlation-id", str(correlation).encode())

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        try:
            await self.app(scope, receive, observed)
        except ClientDisconnect:
            status = 499
        except Exception:  # the last resort of a request: logged, answered
            log.exception("unexpected error", extra={"correlation": correlation, "path": _shown(scope["path"])})
            if not status:
                await problem_response([_unexpected(correlation)])(scope, receive, observed)
        _observed(scope, status, time.perf_counter() - begun)


def _correlation(scope: Scope) -> UUID:
    for name, value in scope["headers"]:
        if name == b"x-correlation-id" and _UUID.fullmatch(value):
            return UUID(value.decode())
    made: UUID = scope["app"].state.database.ids.new()
    return made


def _observed(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    metrics.record_request(scope["method"], route, status, seconds)
    if log.isEnabledFor(logging.INFO):
        state = scope["state"]
        caller: Caller | None = state.get("caller")
        log.info("request", extra={
            "method": scope["method"], "route": route, "path": _shown(scope["path"]), "status": status,
            "ms": round(seconds * 1000, 2), "correlation": state["correlation"],
            "principal": caller.principal.login if caller else None,
        })  # fmt: skip


def _shown(path: str) -> str:
    """A path as logs keep it: the secret of a link is kept nowhere."""
    before, link, _ = path.partition("/task-links/")
    return f"{before}{link}…" if link else path


def _unexpected(correlation: UUID) -> Problem:
    return Problem("http.unexpected", "Something failed on our side.", status=500,
                   detail={"correlation": str(correlation)})  # fmt: skip


def problem_response(problems: Sequence[Problem]) -> Response:
    """RFC 9457: the first problem gives the status, `errors` lists all."""
    headers = {}
    if problems[0].status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in problems[0].detail:
        headers["Retry-After"] = str(problems[0].detail["retry_after"])
    return Response(to_json(problem_body(problems)), problems[0].status, headers, PROBLEM)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    first = error.problems[0]
    caller: Caller | None = request.scope["state"].get("caller")
    walled = caller is not None and (first.status == 403 or caller.visible is not None)
    if caller is not None and walled and first.code.startswith("access.") and first.status in (403, 404):
        await run_in_threadpool(
            record_refusal, request.app.state.database, caller, code=first.code, method=request.method,
            path=request.url.path, correlation=request.scope["state"]["correlation"],
        )  # fmt: skip
    return problem_response(error.problems)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response([_finding(found) for found in error.errors()[:LARGEST_ERRORS]])


def _finding(found: dict[str, Any]) -> Problem:
    """A Pydantic error as a problem: a JSON pointer for the body, `query:name` and the like for the rest."""
    place, *rest = found["loc"]
    if found["type"] == "json_invalid":
        reason = found.get("ctx", {}).get("error", "it is not JSON")
        return Problem("request.malformed_json", f"The body is not JSON: {reason}.", f"character {rest[0]}")
    if place == "body":
        where = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest)
    else:
        where = f"{place}:{'.'.join(map(str, rest))}"
    return Problem("request.invalid", str(found["msg"]), where, detail={"rule": found["type"]})


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return problem_response([NOT_FOUND])
    code = {400: "request.unreadable", 405: "http.method_not_allowed"}.get(error.status_code, "http.refused")
    answer = problem_response([Problem(code, str(error.detail), status=error.status_code)])
    answer.headers.update(error.headers or {})
    return answer


async def _unavailable(request: Request, error: Exception) -> Response:
    log.error("database unavailable", exc_info=error, extra={"correlation": request.scope["state"]["correlation"]})
    return problem_response([Problem("database.unavailable", "The database does not answer now.", status=503,
                                     detail={"retry_after": 1})])  # fmt: skip


_own = api_router("system", prefix="")


@_own.get("/healthz", openapi_extra=permission("public"))
async def healthz() -> dict[str, str]:
    """This process lives."""
    return {"status": "ok", "version": __version__}


@_own.get("/readyz", openapi_extra=permission("public"))
def readyz(request: Request) -> Response:
    """200 when the database answers and every migration has run, else 503 with the reason."""
    if problem := missing_migrations(request.app.state.database):
        return problem_response([problem])
    return Response(to_json({"status": "ready"}), media_type="application/json")


@_own.get("/metrics", openapi_extra=permission("public"))
def read_metrics(request: Request) -> Response:
    """Prometheus text of all processes of this server."""
    database: Database = request.app.state.database
    try:
        state = database.read(metrics.measure_state)
    except psycopg.Error:
        state = None
    return Response(metrics.exposition(state), media_type="text/plain; version=0.0.4; charset=utf-8")


@_own.get(f"{API}/openapi.json", openapi_extra=permission("public"))
def openapi(request: Request) -> Response:
    """This interface as OpenAPI; `x-permission` names what each route needs."""
    document: Callable[[], dict[str, Any]] = request.app.openapi
    return Response(to_json(document()), media_type="application/json")
