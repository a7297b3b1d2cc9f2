"""The front door: a small HTTP client, and a server of our own on a free port of this machine where none is running."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from tradewind.app.http import create_app
from tradewind.app.settings import Settings
from tradewind.channels.intake import start_combiner
from tradewind.kernel.problem import refuse
from tradewind.kernel.tx import Database

START_SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """The code of a refusal, empty for anything else."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Door:
    """Requests of one principal after the other over one connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=30)

    def ask(
        self, key: str, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A request under `/api/v1` with an API key; whatever comes back, refusals included."""
        sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **(headers or {})}
        text = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", text, sent)
        answer = self._connection.getresponse()
        data = answer.read()
        return Answer(answer.status, json.loads(data) if data else None)

    def close(self) -> None:
        self._connection.close()


@contextmanager
def open_door(database: Database, settings: Settings) -> Iterator[Door]:
    """Serve the application in a thread of this process for as long as the block lasts."""
    combiner = start_combiner(database)
    app = create_app(database, settings, combiner)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, name="demo-door", daemon=True)
    thread.start()
    until = monotonic() + START_SECONDS
    while not server.started and thread.is_alive() and monotonic() < until:
        thread.join(0.01)
    if not server.started:
        raise refuse("http.demo_door_shut", "The server of the demo did not start.", status=503)
    door = Door(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    try:
        yield door
    finally:
        door.close()
        server.should_exit = True
        thread.join(10)
        combiner.close()
