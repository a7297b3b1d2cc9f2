"""The embedded PostgreSQL: attach to the one that runs on our data, or start it.

`ensure_server(settings)` gives a `Server` that answers connections. Only a Unix socket is opened, in a folder of the
server's own account, and there the roles are trusted. The server is our child but outlives us; whoever comes next
attaches to it. With `TRADEWIND_DATABASE_URL` set nothing is started: that server is used.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import PGconn, Ping

from tradewind.app.postgres_cluster import OWNER, cannot_become, check_cluster, initialise
from tradewind.app.postgres_place import (
    Binaries,
    Place,
    become,
    find_binaries,
    find_place,
    folder_unusable,
    make_folders,
    socket_folder,
    temporary_home,
)
from tradewind.app.settings import Settings, read_settings
from tradewind.kernel.problem import refuse

DATABASE = "tradewind"
PORT = 5432  # only names the socket file
START_SECONDS = 300.0  # recovery after a crash replays up to max_wal_size
ORPHANS_SECONDS = 15.0  # after kill -9 of the server its own children take a moment to leave
STOP_SECONDS = 60.0
POLL_SECONDS = 0.005

_children: dict[int, subprocess.Popen[bytes]] = {}  # servers we are the parent of: only we can reap them


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL that answers. `pid` and `data` are None where it is not ours (TRADEWIND_DATABASE_URL)."""

    connections: tuple[Mapping[str, Any], ...] = field(repr=False)  # parameters; the first is the owner's
    pid: int | None
    data: Path | None
    started_by_us: bool

    def url(self, database: str = "", user: str = "") -> str:
        """A `postgresql://` address, also a psycopg conninfo; empty keeps the owner's database or user.

        Where a connection of that user was given (TRADEWIND_APP_DATABASE_URL), its password is used.
        """
        owner = self.connections[0]
        known = next((given for given in self.connections if user and given.get("user") == user), owner)
        return _as_url({**known, **({"dbname": database} if database else {}), **({"user": user} if user else {})})

    def stop(self) -> None:
        """Fast shutdown and wait; connections end, nothing committed is lost. No-op where it is not ours or is gone."""
        if self.pid is None or self.data is None:
            return
        pid, data = self.pid, self.data
        if _runs(pid, data):
            os.kill(pid, signal.SIGINT)
        if not _wait(lambda: not _runs(pid, data), STOP_SECONDS):
            raise refuse("database.does_not_stop", f"PostgreSQL (pid {pid}) did not stop in {STOP_SECONDS:.0f} s",
                         status=503)  # fmt: skip


def ensure_server(settings: Settings, options: Mapping[str, str] | None = None) -> Server:
    """The server of these settings, answering, with the database in place; started if none runs on the data.

    `options` are further server settings, used only when it starts. Refuses (`database.*`) with what is wrong and what
    to do. Safe to call from several processes at once: one starts it, the others attach.
    """
    if settings.database_url:
        return _given(settings)
    place = find_place(settings)
    make_folders(place)
    with _alone(place):
        server = _attach(place) or _start(place, settings, options or {})
        _ensure_database(server)
    return server


def running_server(settings: Settings) -> Server | None:
    """The embedded server that runs on the data of `settings`, if one does; nothing is started or made."""
    if settings.database_url:
        return None
    place = find_place(settings)
    try:
        if not place.data.is_dir():
            return None
    except PermissionError:
        return None
    with _alone(place):
        return _attach(place)


def has_crashed(data: Path) -> bool:
    """Whether the server on `data` ended without having been stopped: what it wrote of itself is there, its process is not."""
    try:
        pid = (data / "postmaster.pid").read_text().partition("\n")[0].strip()
    except OSError:
        return False
    return not (pid.isdigit() and _runs(int(pid), data))


@contextlib.contextmanager
def scratch_database() -> Iterator[str]:
    """The owner's address of an empty database on a server of its own that is gone afterwards; not durable."""
    home = temporary_home("tradewind-scratch-")
    try:
        settings = read_settings({"TRADEWIND_HOME": str(home)})
        server = ensure_server(settings, {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
        try:
            yield server.url()
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def server_options(place: Place, settings: Settings, binaries: Binaries) -> dict[str, str]:
    """What differs from PostgreSQL's own defaults: small when idle, durable, local. Durability is left as it is: on."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder(place)),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "max_connections": "60",
        "shared_buffers": settings.pg_shared_buffers,
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "lz4" if binaries.lz4 else "off",
        "jit": "off",  # compiling costs more than our statements take
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_directory": str(place.log),
        "log_filename": "postgresql-%a.log",  # seven files, each overwritten after a week
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] %q%u@%d ",
    }
    if binaries.major >= 18:
        options["io_method"] = "sync"  # no io worker processes
    return options


def _given(settings: Settings) -> Server:
    """The server of TRADEWIND_DATABASE_URL, after it answered."""
    texts = [("TRADEWIND_DATABASE_URL", settings.database_url)]
    if settings.app_database_url:
        texts.append(("TRADEWIND_APP_DATABASE_URL", settings.app_database_url))
    found = []
    for name, text in texts:
        try:
            with psycopg.connect(text, connect_timeout=10) as connection:
                version = connection.info.server_version // 10000
                given = conninfo_to_dict(text)
                found.append({"user": connection.info.user, "dbname": connection.info.dbname, **given})
        except psycopg.Error as reason:
            raise refuse("database.no_answer", f"{name}: {str(reason).strip()}", where=name, status=503) from reason
        if version < 16:
            raise refuse("database.too_old", f"{name}: the server is PostgreSQL {version}; 16 or later is needed",
                         where=name, status=503)  # fmt: skip
    return Server(tuple(found), None, None, started_by_us=False)


@contextlib.contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Holds the lock file: one process at a time attaches, initialises or starts."""
    path = place.root / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as reason:
        raise folder_unusable(path, f"cannot be written: {reason.strerror}") from reason
    try:
        if place.account:  # whoever owns the data can lock it next time
            os.fchown(descriptor, place.account.uid, place.account.gid)
        if not _wait(lambda: _locked(descriptor), START_SECONDS):
            raise refuse("database.busy", f"another process has held {path} for {START_SECONDS:.0f} s", status=503)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(until: Callable[[], bool], seconds: float) -> bool:
    """Polls, slower as time passes, until true or `seconds` are over."""
    begun = time.monotonic()
    while not until():
        passed = time.monotonic() - begun
        if passed > seconds:
            return False
        time.sleep(min(POLL_SECONDS + passed / 20, 0.1))
    return True


@dataclass(frozen=True, slots=True)
class _PidFile:
    """The lines of `postmaster.pid` that matter."""

    pid: int
    sockets: str
    status: str


def _pid_file(data: Path) -> _PidFile | None:
    """What the server wrote of itself; None where the file is missing or half-written."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return _PidFile(int(lines[0]), lines[4].strip(), lines[7].strip())
    except (OSError, ValueError, IndexError):
        return None


def _runs(pid: int, data: Path) -> bool:
    """Whether `pid` is a living PostgreSQL on `data`: not a zombie, not another process that got the number since."""
    child = _children.get(pid)
    if child is not None and child.poll() is None:
        return str(data) in cast(list[str], child.args)
    if child is not None:  # reaped just now
        del _children[pid]
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        if Path("/proc/self/cmdline").exists():
            return False
        shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False).stdout
        return b"postgres" in shown and os.fsencode(data) in shown
    return os.fsencode(data) in words  # a zombie has no words


def _connection(sockets: str) -> dict[str, Any]:
    return {"host": sockets, "port": str(PORT), "user": OWNER, "dbname": DATABASE}


def _attach(place: Place) -> Server | None:
    """The server on this data if one is alive and answers; waits for one that is starting, recovering or stopping."""
    begun = time.monotonic()
    while (found := _pid_file(place.data)) and _runs(found.pid, place.data):
        address = _as_url({**_connection(found.sockets), "dbname": "postgres", "connect_timeout": "5"})
        if found.status in ("ready", "standby") and PGconn.ping(address.encode()) == Ping.OK:
            return Server((_connection(found.sockets),), found.pid, place.data, started_by_us=False)
        if time.monotonic() - begun > START_SECONDS:
            raise refuse("database.no_answer", f"PostgreSQL (pid {found.pid}) runs on {place.data} but does not answer "
                         f"(it says {found.status!r}); see {place.log}", status=503)  # fmt: skip
        time.sleep(0.02)
    return None


def _start(place: Place, settings: Settings, options: Mapping[str, str]) -> Server:
    binaries = find_binaries(place)
    if not (place.data / "PG_VERSION").exists():
        initialise(place, binaries, durable=options.get("fsync") != "off")
    check_cluster(place, binaries)
    chosen = {**server_options(place, settings, binaries), **options}
    begun = time.monotonic()
    while True:
        process = _launch(place, binaries, chosen)
        if process.poll() is None:
            found = _pid_file(place.data)
            if found is None:
                raise refuse("database.no_answer", f"PostgreSQL wrote no pid file in {place.data}", status=503)
            return Server((_connection(found.sockets),), process.pid, place.data, started_by_us=True)
        said = _complaints(place)
        orphans = "shared memory block" in said  # children of a killed server still hold it
        if not orphans or time.monotonic() - begun > ORPHANS_SECONDS:
            full = "The disk is full. " if "No space left" in said else ""
            raise refuse("database.does_not_start", f"PostgreSQL did not start on {place.data}. {full}It said: "
                         f"{said or 'nothing'}", status=503)  # fmt: skip
        time.sleep(0.05)


def _launch(place: Place, binaries: Binaries, options: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts the server as our child in a session of its own; returns when it is ready or has ended."""
    _retire_pid_files(place, options["unix_socket_directories"])
    words = [str(binaries.folder / "postgres"), "-D", str(place.data)]
    for name, text in options.items():
        words += ["-c", f"{name}={text}"]
    with _started_log(place).open("wb") as log:
        try:
            process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True, **become(place.account))
        except (OSError, subprocess.SubprocessError) as reason:
            raise cannot_become(place, reason) from reason
    for pid in [pid for pid, child in _children.items() if child.poll() is not None]:
        del _children[pid]  # reaped: killed while nobody looked
    _children[process.pid] = process

    def settled() -> bool:
        found = _pid_file(place.data)
        ready = found is not None and found.pid == process.pid and found.status in ("ready", "standby")
        return ready or process.poll() is not None

    if not _wait(settled, START_SECONDS):
        raise refuse("database.no_answer", f"PostgreSQL (pid {process.pid}) was not ready after {START_SECONDS:.0f} s; "
                     f"see {place.log}", status=503)  # fmt: skip
    return process


def _retire_pid_files(place: Place, sockets: str) -> None:
    """Makes pid files of a dead server harmless where their number belongs to another process by now.

    They keep their other lines: by those the new server still finds out whether children of the dead one live. Our own
    pid is put in because a server never takes its parent for a rival.
    """
    for path in (place.data / "postmaster.pid", Path(sockets) / f".s.PGSQL.{PORT}.lock"):
        with contextlib.suppress(FileNotFoundError):
            lines = path.read_text().splitlines(keepends=True)
            if lines:
                path.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
            else:
                path.unlink()  # a server that died before its first line


def _started_log(place: Place) -> Path:
    """What the server says before it writes its own log."""
    return place.log / "start.log"


def _complaints(place: Place) -> str:
    """The last errors the server wrote, from its start and from the newest of its own logs; at most 800 characters."""
    newest = max(place.log.glob("postgresql-*.log"), key=lambda path: path.stat().st_mtime, default=None)
    found: list[str] = []
    for path in (newest, _started_log(place)):
        if path is None:
            continue
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").splitlines()
        found += [line for line in lines[-20:] if any(word in line for word in ("FATAL", "PANIC", "ERROR"))]
    return " / ".join(found)[-800:]


def _ensure_database(server: Server) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True, connect_timeout=10) as connection:
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if row is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _as_url(parameters: Mapping[str, Any]) -> str:
    """A `postgresql://` address of libpq parameters; the socket's folder goes into the query."""
    rest = dict(parameters)
    login = quote(str(rest.pop("user", "")), safe="")
    if rest.get("password"):
        login += ":" + quote(str(rest.pop("password")), safe="")
    name = quote(str(rest.pop("dbname", "")), safe="")
    query = urlencode({key: text for key, text in rest.items() if text not in (None, "")}, quote_via=quote, safe="")
    return f"postgresql://{login}@/{name}" + (f"?{query}" if query else "")
