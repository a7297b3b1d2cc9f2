"""The processes: a master that imports once, opens the sockets and forks; HTTP children and one worker.

The master answers nothing and holds no database connection. A child that dies is replaced, sooner if it had lived long;
its socket stays open meanwhile, so that callers wait instead of being refused. Children that lose their master end.
An embedded PostgreSQL that crashes is started again; one that somebody stopped stays stopped.
"""

import gc
import logging
import os
import select
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from tradewind.app.postgres import Server, ensure_server, has_crashed
from tradewind.app.settings import Settings
from tradewind.kernel.problem import refuse
from tradewind.kernel.tx import Database

if TYPE_CHECKING:
    from fastapi import FastAPI

WORKER = "tradewind.app.worker:run_worker"
COMBINER = "tradewind.channels.intake:start_combiner"
PARTS_OF_THE_SERVER = (  # imported by uvicorn only when it runs; before the fork they are shared
    "uvicorn:Server",
    "uvicorn.lifespan.on:LifespanOn",
    "uvicorn.loops.uvloop:uvloop_loop_factory",
    "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol",
)
APP_ROLE = "tradewind_app"
BACKLOG = 1024
GRACE_SECONDS = 8.0
LIVED_LONG_SECONDS = 10.0
FIRST_DELAY, LONGEST_DELAY = 0.05, 5.0
LOOK_SECONDS = 0.25  # how often the master looks whether an embedded PostgreSQL still runs
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
log = logging.getLogger("tradewind.serve")


def load(name: str) -> Any:
    """`package.module:function`, imported when it is first needed."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


@dataclass(frozen=True, slots=True)
class Where:
    """How a process reaches the database as the application; opens nothing, so it may cross a fork."""

    url: str = field(repr=False)
    role: str | None = None

    def database(self) -> Database:
        """A database handle of this process. Never before a fork: ids would repeat in the children."""
        return Database(self.url, role=self.role)


def application_of(server: Server, settings: Settings) -> Where:
    """The application's own login; where only the owner's was given, the owner steps down to that role."""
    if settings.database_url and not settings.app_database_url:
        return Where(server.url(), APP_ROLE)
    return Where(server.url(user=APP_ROLE))


def serve(
    settings: Settings, where: Where, *, ready: Callable[[str], None] = print, server: Server | None = None
) -> int:
    """Listen, fork and look after the children until SIGTERM or SIGINT; gives the exit code.

    `ready` is told the address once connections are accepted. A `server` that is embedded is looked after, too.
    """
    sockets = open_sockets(settings.host, settings.port, settings.processes)
    folder = _metrics_folder(settings.home)
    assert "prometheus_client" not in sys.modules, "it looks for its folder when it is imported"
    os.environ[METRICS_VARIABLE] = str(folder)
    master = _Master()
    try:
        app = load("tradewind.app.http:build_app")(settings)
        for needed in (WORKER, COMBINER, *PARTS_OF_THE_SERVER):
            load(needed)
        gc.collect()
        gc.freeze()  # what was imported stays shared: the collector writes into every object it looks at
        gc.set_threshold(
            50_000, 20, 50
        )  # a batch of orders makes 50,000 short-lived values; looking at them ten times is waste
        for number, listener in enumerate(sockets):
            master.add(f"http-{number}", _http_child(app, listener, where))
        master.add("worker", _worker_child(settings, where))
        if server is not None and server.data is not None:
            data = server.data
            master.guard("PostgreSQL", lambda: has_crashed(data), lambda: _void(ensure_server(settings)))
        return master.run(lambda: ready(_address(sockets[0])))
    finally:
        for listener in sockets:
            listener.close()
        shutil.rmtree(folder, ignore_errors=True)


def work(settings: Settings, where: Where) -> int:
    """One worker in this process until SIGTERM or SIGINT."""
    stop = _stop_on_signals(None)
    database = where.database()
    try:
        load(WORKER)(database, settings, stop)
    finally:
        database.close()
    return 0


def open_sockets(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` listening sockets on one port, of which the kernel gives each connection to one. Refuses a taken port."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as reason:
        raise refuse("http.unknown_host", f"TRADEWIND_HOST {host!r}: {reason}", where="TRADEWIND_HOST") from reason
    try:
        with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as alone:  # would a sole owner get it?
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(address)
        opened: list[socket.socket] = []
        for _ in range(count):
            # the protocol is named because a server turns TCP_NODELAY on only where it is
            listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if count > 1:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind(address if not opened else opened[0].getsockname())
            listener.listen(BACKLOG)
            opened.append(listener)
    except OSError as reason:
        raise refuse("http.port_not_free", f"Port {port} of {host} cannot be opened: {reason.strerror}. "
                     f"{_who_answers(host, port)} TRADEWIND_PORT chooses another; 0 takes any free one.",
                     where="TRADEWIND_PORT") from reason  # fmt: skip
    return opened


def _who_answers(host: str, port: int) -> str:
    connection = HTTPConnection("127.0.0.1" if host in ("0.0.0.0", "") else host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        found = connection.getresponse().read(500)
    except (OSError, HTTPException):
        return "What holds it gives no HTTP answer within a second."
    finally:
        connection.close()
    return "Another Tradewind answers there." if b'"version"' in found else "Another HTTP server answers there."


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _metrics_folder(home: Path) -> Path:
    """An empty folder that all our processes write their figures to; those of dead masters are removed."""
    base = home / "metrics"
    base.mkdir(parents=True, exist_ok=True)
    for old in base.iterdir():
        if old.name.isdigit() and not _alive(int(old.name)):
            shutil.rmtree(old, ignore_errors=True)
    folder = base / str(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


Work = Callable[[], None]
"""What a child does from its first line to its end."""


@dataclass(slots=True)
class _Child:
    name: str
    work: Work
    pid: int = 0
    started: float = 0.0
    delay: float = FIRST_DELAY
    due: float = 0.0


class _Master:
    """Forks children, replaces those that die, stops them all."""

    def __init__(self) -> None:
        self.children: list[_Child] = []
        self.guarded: tuple[Callable[[], bool], _Child] | None = None
        self.stopping = False
        self.signals = 0
        self._alarm, self._alarm_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._life, self._life_in = os.pipe2(os.O_CLOEXEC)  # ends for the children when the master does

    def add(self, name: str, work: Work) -> None:
        self.children.append(_Child(name, work))

    def guard(self, name: str, crashed: Callable[[], bool], start: Work) -> None:
        """Look regularly whether something beside us has crashed, and have a short-lived child start it again."""
        self.guarded = (crashed, _Child(name, start))

    def run(self, ready: Callable[[], None]) -> int:
        before = signal.set_wakeup_fd(self._alarm_in, warn_on_full_buffer=False)
        kept = {number: signal.signal(number, self._signalled) for number in (signal.SIGTERM, signal.SIGINT)}
        kept[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)  # only wakes us
        try:
            for child in self.children:
                self._fork(child)
            ready()
            while not self.stopping:
                self._wait(LOOK_SECONDS if self.guarded else 60.0)
                self._replace_the_dead()
                self._look_after_the_guarded()
            self._stop()
        finally:
            for child in (*self.children, *([self.guarded[1]] if self.guarded else [])):
                if child.pid:
                    with suppress(ProcessLookupError):
                        os.kill(child.pid, signal.SIGKILL)
                        os.waitpid(child.pid, 0)
            signal.set_wakeup_fd(before)
            for number, handler in kept.items():
                signal.signal(number, handler)
            for descriptor in (self._alarm, self._alarm_in, self._life, self._life_in):
                os.close(descriptor)
        return 0

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True
        self.signals += 1

    def _wait(self, most: float) -> None:
        due = [child.due - time.monotonic() for child in self.children if not child.pid]
        select.select([self._alarm], [], [], max(0.0, min([most, *due])))
        with suppress(BlockingIOError):
            os.read(self._alarm, 4096)

    def _fork(self, child: _Child) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        child.started = time.monotonic()
        child.pid = os.fork()
        if child.pid == 0:
            self._be(child)

    def _be(self, child: _Child) -> NoReturn:
        """The child's life; never returns into the master's code."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            os.setpgid(0, 0)  # Ctrl-C reaches the master only, and it ends us in order
            os.close(self._life_in)
            threading.Thread(target=_end_with_master, args=(self._life,), daemon=True).start()
            child.work()
            code = 0
        except BaseException:  # the last line of a process: say it and leave
            log.exception("%s failed", child.name)
        finally:
            logging.shutdown()
            os._exit(code)

    def _reap(self) -> list[_Child]:
        ended = []
        for child in self.children:
            if child.pid and os.waitpid(child.pid, os.WNOHANG)[0]:
                child.pid = 0
                ended.append(child)
        return ended

    def _replace_the_dead(self) -> None:
        now = time.monotonic()
        for child in self._reap():
            long = now - child.started > LIVED_LONG_SECONDS
            child.delay = FIRST_DELAY if long else min(2 * child.delay, LONGEST_DELAY)
            child.due = now + child.delay
            if not self.stopping:
                log.warning("%s ended and will be replaced", child.name, extra={"delay": child.delay})
        for child in self.children:
            if not child.pid and child.due <= now and not self.stopping:
                self._fork(child)

    def _look_after_the_guarded(self) -> None:
        """At most one child at a time starts it; a start that failed is repeated, later each time."""
        if self.guarded is None:
            return
        crashed, child = self.guarded
        now = time.monotonic()
        if child.pid and os.waitpid(child.pid, os.WNOHANG)[0]:
            child.pid = 0
            child.delay = min(2 * child.delay, LONGEST_DELAY)
            child.due = now + child.delay
        if child.pid or child.due > now or self.stopping:
            return
        if crashed():
            log.warning("%s has crashed and is started again", child.name)
            self._fork(child)
        elif now - child.due > LIVED_LONG_SECONDS:
            child.delay = FIRST_DELAY

    def _stop(self) -> None:
        for child in self.children:
            if child.pid:
                os.kill(child.pid, signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        first = self.signals
        while any(child.pid for child in self.children) and time.monotonic() < until and self.signals == first:
            self._wait(0.05)
            self._reap()
        for child in self.children:
            if child.pid:
                log.warning("%s did not end in time and is killed", child.name)


def _void(_: object) -> None:
    """For work whose result nobody wants."""


def _end_with_master(life: int) -> None:
    os.read(life, 1)  # nothing is ever written: it returns when the master is gone
    os.kill(os.getpid(), signal.SIGTERM)


def _http_child(app: "FastAPI", listener: socket.socket, where: Where) -> Work:
    def work() -> None:
        uvicorn = import_module("uvicorn")
        database = where.database()
        combiner = load(COMBINER)(database, watch=load("tradewind.app.metrics:record_batch"))
        load("tradewind.app.http:attach")(app, database, combiner)
        config = uvicorn.Config(
            app, loop="uvloop", http="httptools", ws="none", log_config=None, access_log=False, server_header=False,
            timeout_keep_alive=30, timeout_graceful_shutdown=int(GRACE_SECONDS) - 2, backlog=BACKLOG,
        )  # fmt: skip
        server = uvicorn.Server(config)
        # uvicorn has handlers of its own while it serves, and repeats the signal to these once it has ended in order
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None if server.started else os._exit(0))
        server.run(sockets=[listener])
        combiner.close()
        database.close()

    return work


def _worker_child(settings: Settings, where: Where) -> Work:
    def run() -> None:
        # who waits for an answer comes before what may happen a moment later; an idle core is the worker's all the same
        os.nice(settings.worker_nice)
        work(settings, where)

    return run


def _stop_on_signals(also: Callable[[], None] | None) -> threading.Event:
    """An event that SIGTERM and SIGINT set, by way of a thread: a handler must not touch a lock its thread may hold."""
    stop = threading.Event()
    told, tell = os.pipe2(os.O_CLOEXEC)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(tell, b"."))

    def wait() -> None:
        os.read(told, 1)
        stop.set()
        if also is not None:
            also()

    threading.Thread(target=wait, daemon=True).start()
    return stop
