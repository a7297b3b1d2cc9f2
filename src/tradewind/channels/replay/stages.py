"""The stages of a replay, each a plural command of the ordinary path: place and adjust, release, ship and invoice, take back."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from tradewind.channels.decide.history import Batch, Document, SentBack, draft_of
from tradewind.channels.replay.model import Done, Handover, Replayed, Shortage, Stage, Story
from tradewind.channels.replay.queries import invoices_to_pay, released_shipments
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.place import Placed, place
from tradewind.desk.resolve import Submission
from tradewind.desk.returns import WantedLine, WantedReturn, authorise_returns
from tradewind.desk.shipping import Answered, Given, answer_shipments
from tradewind.desk.stock import Adjustment, adjust_stock, receive_goods
from tradewind.desk.stock import Receipt as Goods
from tradewind.desk.take_back import CreditReturn, Receipt, credit_returns, receive_returns
from tradewind.kernel.clock import FixedClock
from tradewind.kernel.limits import CRANK_SET
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Actor, Database, Tx
from tradewind.orchestration.commands.crank import Crank
from tradewind.orchestration.commands.messages import sweep_messages
from tradewind.returns.model import Return
from tradewind.streams.backorders import BackorderCrank
from tradewind.streams.language import read_expression
from tradewind.streams.library import STREAMS
from tradewind.streams.sources import StockMoved

REPLAY = Actor(None, "replay", "replay")
WAREHOUSE = Actor(None, "warehouse", "replay")
SHIPPED = {"outcome": "shipped"}
SHIPMENTS = 192  # a warehouse answers so many at once: the batches of a day make up to three for an order
ROUNDS = 100
Problems = list[tuple[str, Problem]]


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


def arrivals(desk: Desk, receipts: Sequence[tuple[datetime, Goods]]) -> Iterator[Handover]:
    """Book goods that came in, moment by moment, and give them to the orders that wait for them."""
    for at, group in groupby(receipts, key=lambda one: one[0]):
        desk.clock.at = at
        goods = [one for _, one in group]
        with desk.stage("receive"):
            answers = desk.database.write(lambda tx, goods=goods: receive_goods(tx, goods), actor=WAREHOUSE)  # type: ignore[misc]
            refused = [answer for answer in answers if isinstance(answer, Problem)]
            if refused:
                raise Refused(refused)
            BackorderCrank(desk.database).turn_until_idle()
        yield Handover(0, at, (), 0)


def take_in(desk: Desk, batch: Batch, story: Story, result: Replayed) -> Handover:
    """Place the orders of a batch, all in one transaction, then book its adjustments; what came back is handed on."""
    desk.clock.at = batch.at
    placed: list[Placed] = []
    if batch.orders:
        with desk.stage("place"):
            placed = _place(desk.database, batch.orders)
    for document, answer in zip(batch.orders, placed, strict=True):
        _note_order(result, document, answer)
    if batch.adjustments:
        with desk.stage("adjust"):
            _adjust(desk.database, batch.adjustments, story, result)
    orders = tuple(answer.order_id for answer in placed if answer.order_id is not None)
    returns = tuple(_wanted(one, story.returns[one.number], result) for one in batch.returns)
    sites = tuple(
        tuple(story.sites.get(line.sku or "", "") for line in story.returns[one.number]) for one in batch.returns
    )
    return Handover(batch.no, batch.at, orders, batch.rows, returns, sites, story.pay)


def _place(database: Database, orders: Sequence[Document]) -> list[Placed]:
    submissions = [Submission(draft_of(document), REPLAY) for document in orders]
    try:
        return database.write(lambda tx: place(tx, submissions), actor=REPLAY)
    except StockMoved:
        return database.write(lambda tx: place(tx, submissions, lock_all_sites=True), actor=REPLAY)


def _note_order(result: Replayed, document: Document, answer: Placed) -> None:
    if answer.order_id is None or answer.work is None:
        result.refused[document.number] = answer.problems
        return
    result.orders[document.number] = (answer.order_id, answer.work.header.number)
    result.prices[document.number] = tuple(one.price.unit_price for one in answer.work.lines)
    result.short += [
        Shortage(answer.order_id, one.line.line_no, document.at, one.quantities.open, one.promised_at)
        for one in answer.work.lines
        if one.quantities.open
    ]
    holds = tuple(hold.code for hold in answer.work.holds if hold.released_at is None)
    if holds:
        result.held[document.number] = holds


def _adjust(database: Database, documents: Sequence[Document], story: Story, result: Replayed) -> None:
    """Goods written off; what the file says of it is the reason."""
    wanted = [
        (
            document,
            Adjustment(story.sites[line.sku], line.sku, line.qty, f"{document.number} {line.description}".strip()),
        )
        for document in documents
        for line in document.lines
    ]
    answers = database.write(lambda tx: adjust_stock(tx, [one for _, one in wanted]), actor=REPLAY)
    for (document, _), answer in zip(wanted, answers, strict=True):
        if isinstance(answer, Problem):
            result.refused[document.number] = (*result.refused.get(document.number, ()), answer)
    result.adjusted += [document.number for document in documents if document.number not in result.refused]


def _wanted(document: Document, lines: Sequence[SentBack], result: Replayed) -> WantedReturn:
    """A credit note as a return authorisation that is kept whatever is wrong with it."""
    return WantedReturn(
        document.customer,
        f"credit note {document.number}",
        tuple(
            WantedLine(
                line.qty,
                result.orders[line.sale][1] if line.sale in result.orders else None,
                line.line_no,
                line.charge_no,
                description=line.description,
                problem=line.problem,
            )
            for line in lines
        ),
        outside_number=document.number,
        keep=True,
    )


def release(desk: Desk, handed: Handover) -> Problems:
    """Turn the crank until nothing more is due at the time of the batch."""
    desk.clock.at = handed.at
    with desk.stage("release"):
        crank = Crank(desk.database, STREAMS, read_expression)
        while crank.turn_once() >= CRANK_SET:
            pass
    return []


def ship(desk: Desk, handed: Handover) -> Problems:
    """A warehouse that sends everything it was given; its answer is booked and invoiced in the same transaction."""
    desk.clock.at = handed.at
    problems: Problems = []
    with desk.stage("ship"):
        for _ in range(ROUNDS):
            answered = desk.database.write(_answer, actor=WAREHOUSE)
            problems += [(str(one.shipment_id), problem) for one in answered for problem in one.problems]
            if len(answered) < SHIPMENTS:
                break
    return problems


def settle_up(desk: Desk, handed: Handover) -> Problems:
    """Invoices are paid where the story says so; what came back is taken in and credited."""
    desk.clock.at = handed.at
    problems: Problems = []
    if handed.orders and handed.pay:
        with desk.stage("pay"):
            problems += desk.database.write(lambda tx: _pay(tx, handed), actor=REPLAY)
    if handed.returns:
        with desk.stage("return"):
            problems += _take_back(desk.database, handed)
    return problems


def _answer(tx: Tx) -> list[Answered]:
    waiting = released_shipments(tx, limit=SHIPMENTS)
    return answer_shipments(tx, [Given(one, SHIPPED) for one in waiting], inline=True) if waiting else []


def _pay(tx: Tx, handed: Handover) -> Problems:
    """Every invoice is paid in full on the day it is issued."""
    due = invoices_to_pay(tx, handed.orders)
    payments = [
        Received(one.account, one.amount, one.currency, reference=one.number, key=one.number,
                 applications=((one.number, one.amount),))
        for one in due
    ]  # fmt: skip
    answers = record_payments(tx, payments) if payments else []
    return [(one.number, problem) for one, answer in zip(due, answers, strict=True) for problem in answer.problems]


def _take_back(database: Database, handed: Handover) -> Problems:
    """Authorise what came back; take in and credit what is tied to its sale. The rest is held with its reasons."""
    authorised = database.write(lambda tx: authorise_returns(tx, handed.returns), actor=REPLAY)
    problems: Problems = []
    open_: list[tuple[Return, tuple[str, ...]]] = []
    for wanted, answer, sites in zip(handed.returns, authorised, handed.sites, strict=True):
        name = wanted.outside_number or ""
        problems += [(name, problem) for problem in answer.problems]
        if answer.found is not None and answer.found.status == "authorised":
            open_.append((answer.found, _spread(wanted, answer.found, sites)))
    receipts = [
        Receipt(found.id, lines)
        for found, sites in open_
        if (lines := tuple((line.line_no, line.qty, line.disposition, site)
                           for line, site in zip(found.lines, sites, strict=True) if line.disposition == "restock"))
    ]  # fmt: skip
    received = database.write(lambda tx: receive_returns(tx, receipts), actor=WAREHOUSE) if receipts else []
    credits = [CreditReturn(found.id) for found, _ in open_]
    credited = database.write(lambda tx: credit_returns(tx, credits), actor=REPLAY) if credits else []
    names = {found.id: found.outside_number or "" for found, _ in open_}
    problems += [
        (names[one.return_id], p) for one, answer in zip(receipts, received, strict=True) for p in answer.problems
    ]
    problems += [
        (names[one.return_id], p) for one, answer in zip(credits, credited, strict=True) for p in answer.problems
    ]
    return problems


def _spread(wanted: WantedReturn, found: Return, sites: Sequence[str]) -> tuple[str, ...]:
    """The site of every return line; a wanted line may have been split over several invoice lines."""
    by_place: dict[tuple[int | None, str | None], str] = {}
    for line, site in zip(wanted.lines, sites, strict=True):
        by_place[line.line_no, line.description] = site
    return tuple(by_place[line.order_line_no, line.description] for line in found.lines)


def finish(database: Database) -> None:
    """What was passed over because somebody else held it, and what the last batch woke: turn until nothing is due."""
    database.write(sweep_messages, actor=REPLAY)
    BackorderCrank(database).sweep()
    Crank(database, STREAMS, read_expression).turn_until_idle()


def done(handed: Handover, problems: Problems) -> Done:
    """The batch is through, now."""
    return Done(time.monotonic(), handed.rows, tuple(problems))
