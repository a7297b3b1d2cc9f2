"""The replay itself: batch after batch through the stages, in one process or in one for each stage.

The stages share nothing but the database: the second process turns the crank while the first places the next batch, the
third ships the one before, and the fourth takes back what was returned. What waits between them is bounded.
"""

import gc
import multiprocessing
import queue
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.queues import Queue

from tradewind.channels.decide.history import Batch
from tradewind.channels.replay.model import Done, Handover, Replayed, Stage, Story, Trouble
from tradewind.channels.replay.stages import Desk, Problems, arrivals, done, release, settle_up, ship, take_in
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.problem import refuse
from tradewind.kernel.tx import Database

AHEAD = 4  # batches that may wait between two stages
PATIENCE = 1.0  # seconds after which somebody who waits looks whether the others still live
Work = Callable[[Desk, Handover], Problems]
BEHIND: tuple[Work, ...] = (release, ship, settle_up)


def replay(
    database: Database, batches: Iterable[Batch], story: Story, *, clock: FixedClock, is_parallel: bool = True
) -> Replayed:
    """Everything there is, in the order of time; with `is_parallel` a process for each stage."""
    result, desk = Replayed(), Desk(database, clock)
    with calm_collector():
        if not is_parallel:
            for handed in _story(desk, batches, story, result):
                problems = [problem for step in BEHIND for problem in step(desk, handed)]
                result.done.append(done(handed, problems))
            result.stages = desk.stages()
            return result
        with Line(database, clock.at, BEHIND) as line:
            for handed in _story(desk, batches, story, result):
                line.put(handed)
            line.finish()
    result.done, result.problems = line.result.done, line.result.problems
    result.stages = [*desk.stages(), *line.result.stages]
    return result


def _story(desk: Desk, batches: Iterable[Batch], story: Story, result: Replayed) -> Iterator[Handover]:
    """What happens in the order of time: goods come in before the batch that follows them."""
    waiting = list(story.receipts)
    for batch in batches:
        due = [one for one in waiting if one[0] <= batch.at]
        waiting = waiting[len(due) :]
        yield from arrivals(desk, due)
        yield take_in(desk, batch, story, result)
    yield from arrivals(desk, waiting)


@contextmanager
def calm_collector() -> Iterator[None]:
    """What is there stays; of the short-lived values of a batch hardly any are in circles, so look for those seldom. It took
    a quarter of the time of all stages."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@dataclass(frozen=True, slots=True)
class _Ended:
    """A process has nothing more to do, or broke (`failure`)."""

    stages: tuple[Stage, ...] = ()
    failure: str = ""


class Line:
    """The processes behind the first one, one a step, and the bounded queues between them."""

    def __init__(self, database: Database, start: datetime, steps: Sequence[Work]) -> None:
        context = multiprocessing.get_context("spawn")
        self.queues: list[Queue[Handover | None]] = [context.Queue(AHEAD) for _ in steps]
        self.said: Queue[Done | Trouble | _Ended] = context.Queue()
        self.result = Replayed()
        self.ended = 0
        self.processes = [
            context.Process(
                target=_work,
                args=(database.url, database.role, start, step, inbox, outbox, self.said),
                daemon=True,
            )
            for step, inbox, outbox in zip(steps, self.queues, [*self.queues[1:], None], strict=True)
        ]

    def __enter__(self) -> "Line":
        for process in self.processes:
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.join(0 if self.ended < len(self.processes) else None)
            if process.is_alive():
                process.terminate()
                process.join()
        for one in self.queues:
            one.cancel_join_thread()
            one.close()
        self.said.close()

    def put(self, handed: Handover | None) -> None:
        """Hand a batch on; waits while too many are on their way."""
        while True:
            self._hear(wait=False)
            try:
                return self.queues[0].put(handed, timeout=PATIENCE)
            except queue.Full:
                continue

    def finish(self) -> None:
        """Nothing more comes: wait until everything has been through."""
        self.put(None)
        while self.ended < len(self.processes):
            self._hear(wait=True)

    def _hear(self, *, wait: bool) -> None:
        """What the processes say; a process that broke or is gone stops the replay."""
        while True:
            try:
                said = self.said.get(wait, PATIENCE if wait else None)
            except queue.Empty:
                if any(process.exitcode not in (None, 0) for process in self.processes):
                    raise refuse("channels.replay_stopped", "a process of the replay is gone", status=500) from None
                return
            if isinstance(said, Done):
                self.result.done.append(said)
            elif isinstance(said, Trouble):
                self.result.problems += said.problems
            elif said.failure:
                raise refuse("channels.replay_stopped", said.failure, status=500)
            else:
                self.result.stages += said.stages
                self.ended += 1
                if self.ended == len(self.processes):
                    return


def _work(
    url: str,
    role: str | None,
    start: datetime,
    step: Work,
    inbox: "Queue[Handover | None]",
    outbox: "Queue[Handover | None] | None",
    said: "Queue[Done | Trouble | _Ended]",
) -> None:
    """The life of a process: step after step until nothing more comes, or whoever started it is gone."""
    clock = FixedClock(start)
    desk = Desk(Database(url, clock=clock, role=role), clock)
    try:
        with calm_collector():
            _go_on(desk, step, inbox, outbox, said)
    except Exception:  # noqa: BLE001 - whatever it is, the first process stops and says it
        said.put(_Ended(failure=traceback.format_exc()))
    finally:
        desk.database.close()


def _go_on(
    desk: Desk,
    step: Work,
    inbox: "Queue[Handover | None]",
    outbox: "Queue[Handover | None] | None",
    said: "Queue[Done | Trouble | _Ended]",
) -> None:
    while True:
        try:
            handed = inbox.get(timeout=PATIENCE)
        except queue.Empty:
            if _orphaned():
                return
            continue
        problems = [] if handed is None else step(desk, handed)
        if outbox is not None:
            if problems:
                said.put(Trouble(tuple(problems)))
            _hand_on(outbox, handed)
        elif handed is not None:
            said.put(done(handed, problems))
        if handed is None:
            said.put(_Ended(tuple(desk.stages())))
            return


def _hand_on(outbox: "Queue[Handover | None]", handed: Handover | None) -> None:
    while not _orphaned():
        try:
            outbox.put(handed, timeout=PATIENCE)
        except queue.Full:
            continue
        return


def _orphaned() -> bool:
    """Whoever started this process is gone."""
    parent = multiprocessing.parent_process()
    return parent is None or not parent.is_alive()
