"""A scratch server with the settings the product ships with: durable, its folder removed afterwards."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg
from psycopg import sql

from tradewind.app.migrate import migrate
from tradewind.app.postgres import Server, ensure_server
from tradewind.app.postgres_place import find_binaries, find_place, temporary_home
from tradewind.app.settings import Settings, read_settings

HOST = "127.0.0.1"
SERVE = [sys.executable, "-m", "tradewind.app.cli", "serve"]
START_SECONDS = 60.0
STOP_SECONDS = 20.0
DURABLE = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_compression")


@dataclass(frozen=True, slots=True)
class Scratch:
    """A running server of ours and where its programs are."""

    home: Path
    settings: Settings
    server: Server
    programs: Path

    def owner(self, database: str = "") -> str:
        """The owner's address of a database; without a name the product's."""
        return self.server.url(database)

    def application(self, database: str = "") -> str:
        """The application's own address: it owns nothing, as in production."""
        return self.server.url(database, "tradewind_app")

    def create(self, name: str, *, schema: bool = False) -> str:
        """A new database; gives its owner's address."""
        with psycopg.connect(self.owner("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        if schema:
            migrate(self.owner(name))
        return self.owner(name)

    def shown(self) -> dict[str, str]:
        """The server's version and what its durability rests on, as it says itself."""
        with psycopg.connect(self.owner("postgres")) as connection:
            found: dict[str, str] = dict(
                connection.execute("select name, setting from pg_settings where name = any(%s)", [[*DURABLE]])
            )
            row = connection.execute("show server_version").fetchone()
        return {"server_version": str(row and row[0]), **found}


@contextmanager
def scratch_server(options: Mapping[str, str] | None = None, *, home: Path | None = None) -> Iterator[Scratch]:
    """A durable server with the shipped settings and `options` on top; with `home` on data that is there already."""
    folder = home or temporary_home("tradewind-bench-", prefer=os.environ.get("TRADEWIND_BENCH_FOLDER", ""))
    try:
        settings = read_settings({"TRADEWIND_HOME": str(folder)})
        server = ensure_server(settings, options or {})
        try:
            yield Scratch(folder, settings, server, find_binaries(find_place(settings)).folder)
        finally:
            server.stop()
    finally:
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Running:
    """`tradewind serve` as a process of its own."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path


def free_port() -> int:
    """A port nobody listens on now."""
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])",
        ],
        stdout=subprocess.PIPE,
    ) as asked:
        assert asked.stdout is not None
        return int(asked.stdout.read())


@contextmanager
def serving(scratch: Scratch, *, processes: int = 2) -> Iterator[Running]:
    """The product's own server against the scratch database, until the block ends."""
    port = free_port()
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("TRADEWIND_")},
        "TRADEWIND_HOME": str(scratch.home),
        "TRADEWIND_HOST": HOST,
        "TRADEWIND_PORT": str(port),
        "TRADEWIND_PROCESSES": str(processes),
        "TRADEWIND_LOG_LEVEL": "WARNING",
    }
    descriptor, name = tempfile.mkstemp(prefix="tradewind-bench-serve-", suffix=".log")
    with os.fdopen(descriptor, "wb") as log:
        process = subprocess.Popen(SERVE, env=environment, stdout=log, stderr=log)
    running = Running(process, port, Path(name))
    try:
        _wait_until_ready(running)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        running.log.unlink(missing_ok=True)


def _wait_until_ready(running: Running) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if running.process.poll() is not None:
            raise RuntimeError(f"the server ended with {running.process.returncode}: {tail(running.log)}")
        connection = HTTPConnection(HOST, running.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise RuntimeError(f"the server was not ready after {START_SECONDS:.0f} s: {tail(running.log)}")


def tail(path: Path, size: int = 2000) -> str:
    """The last of what a process wrote."""
    return path.read_bytes()[-size:].decode(errors="replace").strip() if path.exists() else ""
