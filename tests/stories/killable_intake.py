"""Works partners' documents in a process of its own that ends itself with kill -9 at the side of a commit that it is told.

killable_intake.py ADDRESS MINUTES POINT NTH [FILE]: with a file it is handed in and worked on, else whatever waits is taken
up and partners are served. `POINT` is "before commit" or "after commit"; "asleep" stops it after the nth commit; "none" does
nothing, and "beside" neither, with the machine's time and a helper. MINUTES is how long after the beginning it is. "ready" is printed before the first transaction.
"""

import os
import signal
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tradewind.channels.edi import beside
from tradewind.channels.edi.outbound import serve_partners
from tradewind.channels.edi.work import keep_document, work_next, work_on
from tradewind.kernel.clock import FixedClock, system_clock
from tradewind.kernel.tx import SYSTEM, Actor, Database, Tx

BEGINNING = datetime(2026, 3, 2, 9, tzinfo=UTC)  # the shop's
DOOR = Actor(principal_id=None, name="partner", channel="edi")


class Death:
    """What `Database.at` is set to: the end, or sleep, at one side of the nth commit."""

    def __init__(self, point: str, nth: int) -> None:
        self.point = "after commit" if point == "asleep" else point
        self.signal = signal.SIGSTOP if point == "asleep" else signal.SIGKILL
        self.left = nth

    def __call__(self, point: str, tx: Tx) -> None:
        if point == self.point:
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), self.signal)


def run(url: str, minutes: str, point: str, nth: str, *files: str) -> None:
    shared = point == "beside"
    clock = system_clock if shared else FixedClock(BEGINNING + timedelta(minutes=int(minutes)))
    if shared:
        beside.LARGE = 1
    with closing(Database(url, clock, at=None if shared else Death(point, int(nth)))) as database:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for name in files:
            work_on(database, keep_document(database, Path(name).read_bytes(), actor=DOOR), actor=DOOR)
        if not files:
            while work_next(database, actor=SYSTEM):
                pass
            serve_partners(database)


if __name__ == "__main__":
    run(*sys.argv[1:])
