"""`tradewind` that can be killed at named points: tells which process is the worker, and ends itself, or PostgreSQL, just
before or after the commit of a transaction that says a certain event.

The order to kill is a file `kill.json` in the home: {"event": ..., "point": ..., "victim": "self" or "postgres"}. It is
carried out once, by whoever comes first.
"""

import json
import os
import signal
import sys
import threading
from contextlib import suppress

from tradewind.app import cli, serve
from tradewind.app.postgres_place import find_place
from tradewind.app.settings import Settings, read_settings
from tradewind.kernel.tx import Database, Tx

WORKER = "tradewind.app.worker:run_worker"  # this module is imported twice: as the program and by its name
_SAID = "select exists (select from event where xid = (pg_current_xact_id()::text)::bigint and type = %s)"


def run_worker(database: Database, settings: Settings, stop: threading.Event) -> None:
    told = settings.home / "worker.pid"
    told.with_suffix(".new").write_text(str(os.getpid()))
    told.with_suffix(".new").rename(told)
    serve.load(WORKER)(database, settings, stop)


class Points:
    """What `Database.at` is set to: reads the order to kill, if there is one, at every commit."""

    def __init__(self, settings: Settings) -> None:
        self.order = settings.home / "kill.json"
        self.pid_file = find_place(settings).data / "postmaster.pid"
        self.own = threading.local()

    def __call__(self, point: str, tx: Tx) -> None:
        if not self.order.exists():
            return
        with suppress(FileNotFoundError):
            wanted = json.loads(self.order.read_text())
            if point == "before commit":
                self.own.said = tx.value(_SAID, [wanted["event"]])
            if getattr(self.own, "said", False) and point == wanted["point"]:
                self.order.rename(self.order.with_suffix(".done"))
                self.kill(wanted["victim"])

    def kill(self, victim: str) -> None:
        pid = os.getpid() if victim == "self" else int(self.pid_file.read_text().split()[0])
        os.kill(pid, signal.SIGKILL)


def database_of(where: serve.Where) -> Database:
    return Database(where.url, role=where.role, at=Points(read_settings()))


if __name__ == "__main__":
    serve.WORKER = "killable_serve:run_worker"
    serve.Where.database = database_of  # type: ignore[method-assign]
    sys.exit(cli.main(sys.argv[1:]))
