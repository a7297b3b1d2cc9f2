"""The stages of a replay, each a plural command of the ordinary path: place, release, ship and invoice."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tradewind.channels.decide.history import Batch, Document, draft_of
from tradewind.channels.replay.model import Handover, Replayed, Stage
from tradewind.channels.replay.queries import released_shipments
from tradewind.desk.place import Placed, place
from tradewind.desk.resolve import Submission
from tradewind.desk.shipping import Answered, Given, answer_shipments
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.limits import CRANK_SET
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Actor, Database, Tx
from tradewind.orchestration.commands.crank import Crank
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.library import STREAMS
from tradewind.streams.sources import StockMoved

REPLAY = Actor(None, "replay", "replay")
WAREHOUSE = Actor(None, "warehouse", "replay")
SHIPPED = {"outcome": "shipped"}


@dataclass(slots=True)
class Desk:
    """A database whose clock follows the file, and how long the stages that use it have worked."""

    database: Database
    clock: FixedClock
    times: dict[str, tuple[float, float]] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds what happens inside to the time of a stage."""
        wall, cpu = time.monotonic(), time.process_time()
        yield
        before = self.times.get(name, (0.0, 0.0))
        self.times[name] = (before[0] + time.monotonic() - wall, before[1] + time.process_time() - cpu)

    def stages(self) -> list[Stage]:
        return [Stage(name, wall, cpu) for name, (wall, cpu) in self.times.items()]


def take_orders(desk: Desk, batch: Batch, result: Replayed) -> Handover:
    """Place the orders of a batch, all in one transaction."""
    desk.clock.at = batch.at
    with desk.stage("place"):
        placed = _place(desk.database, batch.orders)
    for document, answer in zip(batch.orders, placed, strict=True):
        _note(result, document, answer)
    orders = tuple(answer.order_id for answer in placed if answer.order_id is not None)
    return Handover(batch.no, batch.at, orders, batch.rows)


def _place(database: Database, orders: Sequence[Document]) -> list[Placed]:
    if not orders:
        return []
    submissions = [Submission(draft_of(document), REPLAY) for document in orders]
    try:
        return database.write(lambda tx: place(tx, submissions), actor=REPLAY)
    except StockMoved:
        return database.write(lambda tx: place(tx, submissions, lock_all_sites=True), actor=REPLAY)


def _note(result: Replayed, document: Document, answer: Placed) -> None:
    if answer.order_id is None:
        result.refused[document.number] = answer.problems
        return
    result.orders[document.number] = answer.order_id
    if answer.work is not None:
        holds = tuple(hold.code for hold in answer.work.holds if hold.released_at is None)
        if holds:
            result.held[document.number] = holds


def release_orders(desk: Desk, handed: Handover) -> None:
    """Turn the crank until nothing more is due at the time of the batch."""
    desk.clock.at = handed.at
    with desk.stage("release"):
        crank = Crank(desk.database, STREAMS, read_expression)
        while crank.turn_once() >= CRANK_SET:
            pass


def ship_orders(desk: Desk, handed: Handover) -> None:
    """A warehouse that sends everything it was given; its answer is booked and invoiced in the same transaction."""
    desk.clock.at = handed.at

    def answer(tx: Tx) -> list[Answered]:
        waiting = released_shipments(tx, handed.orders)
        return answer_shipments(tx, [Given(one, SHIPPED) for one in waiting], inline=True) if waiting else []

    with desk.stage("ship"):
        answers = desk.database.write(answer, actor=WAREHOUSE)
    problems = [problem for one in answers for problem in one.problems]
    if problems:
        raise Refused(problems)
