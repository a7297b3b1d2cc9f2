"""The replay itself: batch after batch, each placed, released, shipped and invoiced by the ordinary commands."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from tradewind.channels.decide.history import Batch, Document, draft_of
from tradewind.channels.replay.model import Replayed, Stage
from tradewind.desk.place import Placed, place
from tradewind.desk.resolve import Submission
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.tx import Actor, Database
from tradewind.orchestration.commands.crank import Crank
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.library import STREAMS
from tradewind.streams.take import StockMoved

ACTOR = Actor(None, "replay", "replay")


class Stopwatch:
    """Adds up the time each stage took."""

    def __init__(self) -> None:
        self.times: dict[str, tuple[float, float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        before = self.times.get(name, (0.0, 0.0))
        self.times[name] = (before[0] + time.perf_counter() - wall, before[1] + time.process_time() - cpu)

    def stages(self) -> list[Stage]:
        return [Stage(name, wall, cpu) for name, (wall, cpu) in self.times.items()]


def replay(database: Database, batches: Iterable[Batch], *, clock: FixedClock) -> Replayed:
    """Everything, in one process."""
    result, watch = Replayed(), Stopwatch()
    crank = Crank(database, STREAMS, read_expression)
    began, rows = time.perf_counter(), 0
    for batch in batches:
        clock.at = batch.at
        with watch.stage("place"):
            _note(result, batch.orders, place_orders(database, batch.orders))
        with watch.stage("release"):
            crank.turn_once()
        rows += batch.rows
        result.done.append((time.perf_counter() - began, rows))
    result.stages = watch.stages()
    return result


def place_orders(database: Database, orders: Sequence[Document]) -> list[Placed]:
    """One transaction for all of them."""
    if not orders:
        return []
    submissions = [Submission(draft_of(document), ACTOR) for document in orders]
    try:
        return database.write(lambda tx: place(tx, submissions), actor=ACTOR)
    except StockMoved:
        return database.write(lambda tx: place(tx, submissions, lock_all_sites=True), actor=ACTOR)


def _note(result: Replayed, orders: Sequence[Document], placed: Sequence[Placed]) -> None:
    for document, answer in zip(orders, placed, strict=True):
        if answer.order_id is None:
            result.refused[document.number] = answer.problems
            continue
        result.orders[document.number] = answer.order_id
        if answer.work is not None:
            holds = tuple(hold.code for hold in answer.work.holds if hold.released_at is None)
            if holds:
                result.held[document.number] = holds
