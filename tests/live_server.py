"""The real thing for stories: `tradewind serve` as a process of its own, and clients that do not give up."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil

from tradewind.app.postgres_place import find_place
from tradewind.app.settings import Settings

DRIVER = Path(__file__).parent / "stories" / "killable_serve.py"
PATIENCE = 60.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass
class LiveServer:
    """A server on the embedded PostgreSQL of `settings` or on a database that is given; started again under the same port."""

    settings: Settings
    database_url: str = ""
    processes: int = 2
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    more: dict[str, str] = field(default_factory=dict)
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.settings.home / "serve.log"

    def start(self) -> None:
        """Start, as a service manager would: again where a port is still held by children of a killed master."""
        until = time.monotonic() + PATIENCE
        while not self._start_once():
            if time.monotonic() > until:
                raise AssertionError(f"does not start: {self.said()[-2000:]}")
            time.sleep(0.1)

    def _start_once(self) -> bool:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("TRADEWIND_")}
        given = {
            "TRADEWIND_HOME": str(self.settings.home),
            "TRADEWIND_PORT": str(self.port),
            "TRADEWIND_PROCESSES": str(self.processes),
            "TRADEWIND_LOG_LEVEL": "WARNING",
            **({"TRADEWIND_DATABASE_URL": self.database_url} if self.database_url else {}),
            **self.more,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(DRIVER), "serve"], env={**kept, **given}, stdout=subprocess.PIPE, stderr=log
            )
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        if ready and b"answers on" in self.process.stdout.readline():
            return True
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        return False

    def said(self) -> str:
        """Everything the server wrote to its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def children(self) -> list[int]:
        """The forked processes, the worker last."""
        assert self.process is not None
        with suppress(psutil.NoSuchProcess):
            pids = [one.pid for one in psutil.Process(self.process.pid).children() if "postgres" not in one.name()]
            worker = self.worker()
            return sorted(pids, key=lambda pid: (pid == worker, pid))
        return []

    def worker(self) -> int:
        """The process id of the worker that started last."""
        with suppress(OSError, ValueError):
            return int((self.settings.home / "worker.pid").read_text())
        return 0

    def postgres(self) -> int:
        """The process id of the embedded PostgreSQL; 0 while there is none."""
        with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
            pid = int((find_place(self.settings).data / "postmaster.pid").read_text().split()[0])
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return pid
        return 0

    def kill(self, pid: int) -> None:
        assert pid > 1, "that would end the tests"
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def kill_master(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def stop(self) -> int:
        """An ordinary end; gives the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def abandon(self) -> None:
        """After a test that failed: nothing of it stays."""
        if self.process is not None and self.process.poll() is None:
            for pid in self.children():
                self.kill(pid)
            self.kill_master()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Client:
    """One connection, one key. `ask` says what came back; `insist` asks until somebody answers for good."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.key = key
        self.connection: HTTPConnection | None = None
        self.retries = 0
        self.failures: list[str] = []  # answers that only a bug gives

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "", timeout: float = 20.0) -> Answer:
        """One try; bytes are sent as they are. OSError or HTTPException where no answer came."""
        is_raw = isinstance(body, bytes)
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "text/plain" if is_raw else "application/json",
        }
        if key:
            headers["Idempotency-Key"] = key
        content = body if is_raw else None if body is None else json.dumps(body).encode()
        if self.connection is None:
            self.connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            self.connection.request(method, path, body=content, headers=headers)
            found = self.connection.getresponse()
            text = found.read()
        except (OSError, HTTPException):
            self.close()
            raise
        if found.will_close:
            self.close()
        return Answer(found.status, json.loads(text) if text else None, {k.lower(): v for k, v in found.getheaders()})

    def insist(self, method: str, path: str, body: Any = None, *, key: str = "") -> Answer:
        """The same request until it was answered for good: not by a broken connection, 5xx, 202 or `in flight`."""
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError, HTTPException):
                answer = self.ask(method, path, body, key=key)
                if answer.status >= 500 and answer.status != 503:
                    self.failures.append(f"{method} {path}: {answer.status} {answer.body}")
                if answer.status < 500 and answer.status != 202 and answer.code != "request.in_flight":
                    return answer
            if time.monotonic() > until:
                raise AssertionError(f"{method} {path} has no answer after {PATIENCE:.0f} s")
            self.retries += 1
            time.sleep(0.05)


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run all at once, each in a thread, from one moment on; their results. The first failure is raised."""
    begin = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)
    failures: list[BaseException] = []

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            begin.wait(30)
            results[place] = work()
        except BaseException as failure:  # noqa: BLE001 - told to the one who waits
            failures.append(failure)

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return results


def within(seconds: float, happens: Callable[[], object]) -> bool:
    """Whether it happens in time; looked at every 50 ms."""
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
