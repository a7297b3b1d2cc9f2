"""`tradewind` with a worker and a combiner that do nothing: for tests of the processes themselves."""

import sys
import threading
from collections.abc import Callable

from tradewind.app import cli, serve
from tradewind.app.settings import Settings
from tradewind.kernel.tx import Database


class Idle:
    def close(self) -> None:
        """Nothing was opened."""


def start_combiner(_: Database, *, watch: Callable[[int, float], None]) -> Idle:
    return Idle()


def run_worker(database: Database, _: Settings, stop: threading.Event) -> None:
    while not stop.wait(0.2):
        database.read(lambda reader: reader.value("select 1"))


if __name__ == "__main__":
    serve.COMBINER = "serve_driver:start_combiner"
    serve.WORKER = "serve_driver:run_worker"
    sys.exit(cli.main(sys.argv[1:]))
