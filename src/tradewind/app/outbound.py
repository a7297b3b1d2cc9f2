"""The one way out of the house by HTTP: no redirects, no proxies, a bound on time and on what is read."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

SECONDS = 15.0
LARGEST_ANSWER = 1 << 20
_CHUNK = 64 << 10


class NotSent(Exception):  # noqa: N818 - reads as what it is
    """The request was not answered. `final`: it never will be, whatever is tried again."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


@dataclass(frozen=True, slots=True)
class Answer:
    """What a destination said: status and the beginning of its text."""

    status: int
    text: str


def post_json(
    url: str, body: bytes, *, headers: Mapping[str, str], schemes: frozenset[str], seconds: float = SECONDS
) -> Answer:
    """POST `body` to `url` and read its answer, in `seconds` altogether. `NotSent` where that does not come about."""
    parts = _checked(url, schemes)
    until = time.monotonic() + seconds
    connection = _open(parts, seconds)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", "Connection": "close", **headers})
        if connection.sock is not None:
            connection.sock.settimeout(max(until - time.monotonic(), 0.01))
        response = connection.getresponse()
        read = bytearray()
        while chunk := response.read1(_CHUNK):
            read += chunk
            if len(read) > LARGEST_ANSWER:
                raise NotSent(f"the answer is larger than {LARGEST_ANSWER} bytes")
            if time.monotonic() > until:
                raise NotSent(f"no whole answer within {seconds:g} s")
        return Answer(response.status, bytes(read[:2000]).decode("utf-8", "replace"))
    except TimeoutError as reason:
        raise NotSent(f"no answer within {seconds:g} s") from reason
    except (OSError, HTTPException, ValueError) as reason:
        raise NotSent(f"{type(reason).__name__}: {reason}") from reason
    finally:
        connection.close()


def _checked(url: str, schemes: frozenset[str]) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as reason:
        raise NotSent(f"the address cannot be read: {reason}", final=True) from reason
    if parts.scheme not in schemes:
        raise NotSent(f"{parts.scheme or 'no scheme'} is not among {', '.join(sorted(schemes))}", final=True)
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise NotSent("the address has no host, or names a user", final=True)
    if any(character.isspace() or not character.isprintable() for character in url):
        raise NotSent("the address has characters that none has", final=True)
    return parts


def _open(parts: SplitResult, seconds: float) -> HTTPConnection:
    assert parts.hostname is not None
    if parts.scheme == "https":
        return HTTPSConnection(parts.hostname, parts.port, timeout=seconds, context=ssl.create_default_context())
    return HTTPConnection(parts.hostname, parts.port, timeout=seconds)
