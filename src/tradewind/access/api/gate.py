"""The gate in front of every route: who is it, may it, and is the body something we read. In this order.

A caller that was recognised is remembered for at most two seconds, so that a busy one costs no query; commands check
again inside their transaction.
"""

import asyncio
import re
import time
from collections.abc import Iterable

from fastapi import params
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from tradewind.access.api.edge import GuardedRoute
from tradewind.access.decide import authorize
from tradewind.access.errors import CROSS_SITE, NOT_AUTHENTICATED
from tradewind.access.model import PUBLIC, Caller
from tradewind.access.queries import authenticate_many, hash_of
from tradewind.kernel.problem import Problem, Refused, refuse
from tradewind.kernel.tx import Database

COOKIE = "tradewind_session"
REMEMBER_SECONDS = 2.0
REMEMBER_CALLERS = 4_096
PUBLIC_BODY_BYTES = 64 << 10
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_JSON = re.compile(r"application/([\w.+-]+\+)?json", re.IGNORECASE)
_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)
_COOKIE = re.compile(rf"(?:^|;)\s*{COOKIE}=([\w.-]+)")
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_LONGEST_SECRET = 512


class Gate:
    """One a process. `database` may be changed after a fork, before the first request."""

    def __init__(self, database: Database, *, body_max: int) -> None:
        self.database = database
        self.body_max = body_max
        self._known: dict[bytes, tuple[float, Caller]] = {}
        self._asked: dict[bytes, asyncio.Future[Caller | None]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._forgotten = 0

    async def __call__(self, route: GuardedRoute, scope: Scope, receive: Receive) -> Receive:
        """Let the request pass, with `scope["state"]["caller"]` set and its body read and checked; else `Refused`."""
        headers = dict(scope["headers"])
        if route.permission != PUBLIC:
            caller = await self.caller_of(scope, headers)
            if caller is None:
                raise Refused([NOT_AUTHENTICATED])
            scope["state"]["caller"] = caller
            if problem := authorize(caller, route.permission):
                raise Refused([problem])
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise _nul("path" if "\0" in scope["path"] else "query")
        if scope["method"] not in _UNSAFE:
            return receive
        limit = min(self.body_max, PUBLIC_BODY_BYTES) if route.permission == PUBLIC else self.body_max
        body = await _read(receive, headers, limit)
        if body and route.body_field is not None and not isinstance(route.body_field.field_info, params.Form):
            check_json_text(body, headers.get(b"content-type", b"").decode("latin-1"))
        return _again(body, receive)

    async def caller_of(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller | None:
        """The caller of a request by its bearer key or token, or by its session cookie."""
        secret, by_cookie = _credential(headers)
        if not secret or len(secret) > _LONGEST_SECRET:
            return None
        if by_cookie and scope["method"] in _UNSAFE and _cross_site(headers):
            raise Refused([CROSS_SITE])
        credential = hash_of(secret)
        known = self._known.get(credential)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        asked = self._asked.get(credential)
        if asked is None:
            asked = self._asked[credential] = asyncio.get_running_loop().create_future()
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(asked)

    async def _ask(self) -> None:
        """Ask the database for everybody who waits, at once; who comes meanwhile is asked for next."""
        while waiting := {one: future for one, future in self._asked.items() if not future.done()}:
            begun, forgotten = time.monotonic(), self._forgotten
            try:
                found = await run_in_threadpool(
                    self.database.read, lambda reader, asked=tuple(waiting): authenticate_many(reader, asked)
                )
            except BaseException as failure:
                for credential, future in waiting.items():
                    self._asked.pop(credential, None)
                    if not future.done():
                        future.set_exception(failure)
                if not isinstance(failure, Exception):
                    raise
                continue
            if forgotten != self._forgotten:  # somebody's rights changed meanwhile, and this may be from before
                continue
            for credential, future in waiting.items():
                self._asked.pop(credential, None)
                self._remember(credential, found.get(credential), begun)
                if not future.done():
                    future.set_result(found.get(credential))

    def _remember(self, credential: bytes, caller: Caller | None, since: float) -> None:
        if caller is None:
            self._known.pop(credential, None)
            return
        if len(self._known) >= REMEMBER_CALLERS:
            self._known.clear()
        self._known[credential] = (since + REMEMBER_SECONDS, caller)

    def forget(self, credentials: Iterable[bytes] | None = None) -> None:
        """Ask the database again at the next call of these credentials; without any, of all. What is being asked is asked anew."""
        self._forgotten += 1
        if credentials is None:
            self._known.clear()
            return
        for credential in credentials:
            self._known.pop(credential, None)


def _credential(headers: dict[bytes, bytes]) -> tuple[str, bool]:
    """The secret a request shows, and whether it came as a cookie."""
    given = headers.get(b"authorization", b"")
    if given[:7].lower() == b"bearer ":
        return given[7:].strip().decode("latin-1"), False
    found = _COOKIE.search(headers.get(b"cookie", b"").decode("latin-1"))
    return (found[1], True) if found else ("", False)


def _cross_site(headers: dict[bytes, bytes]) -> bool:
    if headers.get(b"sec-fetch-site", b"same-origin") not in (b"same-origin", b"none"):
        return True
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2] != headers.get(b"host", b"")


async def _read(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes:
    told = headers.get(b"content-length", b"0")
    if told.isdigit() and int(told) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limit: int) -> Refused:
    return refuse("request.too_large", f"The body is larger than {limit} bytes.", status=413, limit=limit)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was already read, then whatever comes."""
    left: list[bytes] = [body]

    async def receive_again() -> dict[str, object]:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return dict(await receive())

    return receive_again


def check_json_text(body: bytes, content_type: str) -> None:
    """Refuse what is not JSON text in UTF-8, naming the first place that is wrong."""
    if not _JSON.match(content_type):
        raise Refused([Problem("request.wrong_content_type", f"The content type is {content_type or 'missing'}; "
                               "application/json is expected.", "header:Content-Type", 415)])  # fmt: skip
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise Refused([Problem("request.wrong_encoding", f"The encoding is {charset[1]}; JSON is UTF-8.",
                               "header:Content-Type", 415)])  # fmt: skip
    try:
        body.decode()
    except UnicodeDecodeError as reason:
        raise refuse("request.wrong_encoding", f"Byte {reason.start} (0x{body[reason.start]:02x}) is not UTF-8.",
                     where=f"byte {reason.start}") from None  # fmt: skip
    if nul := _ESCAPED_NUL.search(body):
        raise _nul(f"byte {nul.end() - 6}")


def _nul(where: str) -> Refused:
    return refuse("request.nul_character", "Text never holds the character with the code 0.", where=where)
