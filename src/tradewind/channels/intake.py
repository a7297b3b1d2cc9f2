"""Orders by API: requests that arrive together are combined into one transaction, and each gets its own answer.

The route is async and awaits a future. One thread a process owns the queue and its connection: it takes what has queued
(no timer, at most 64 orders), runs one plural command, commits once. An idle system commits a batch of one. One bad item
falls out alone: a batch that fails is repeated item by item.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg

from tradewind.access.api.edge import actor_of
from tradewind.access.decide import authorize, seen_for, within_mandate
from tradewind.access.errors import NOT_AUTHENTICATED, NOT_FOUND
from tradewind.access.model import Caller
from tradewind.access.queries import authenticate_many
from tradewind.channels.commands import Inbound, note_outcomes, take_in
from tradewind.desk.place import Placed, place
from tradewind.desk.resolve import Submission
from tradewind.kernel.idempotency import NOBODY, Key, reserve_keys, store_answers
from tradewind.kernel.limits import BATCH_LINES, BATCH_ORDERS
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Database, Tx, is_transient
from tradewind.kernel.value import value
from tradewind.orchestration.commands.turns import StepFailed
from tradewind.semantics.model import OrderDraft
from tradewind.streams.order_work import OrderWork, read_orders
from tradewind.streams.sources import StockMoved
from tradewind.views.orders import order_json

ACTION = "orders.place"
TURNS_TO_WRITE = 3  # of the event loop: the waiting route wakes, answers, and the bytes are handed to the kernel
LONGEST_WRITING = 0.05
log = logging.getLogger("tradewind.intake")


@value(frozen=True, slots=True)
class Item:
    """The answer for one order: its picture, or problems."""

    status: int
    order: dict[str, Any] | None = None
    problems: tuple[Problem, ...] = ()
    duplicate: bool = False


@value(frozen=True, slots=True)
class OrderRequest:
    """Orders that one caller submits together; they share one idempotency key and one raw document."""

    caller: Caller
    correlation: UUID
    drafts: tuple[OrderDraft, ...]
    body: bytes
    key: str | None = None
    content_type: str = "application/json"
    part: int = 0
    order_ids: tuple[UUID, ...] = ()

    @property
    def idempotency(self) -> Key | None:
        if self.key is None:
            return None
        # a header cannot hold the unit separator, so that no caller's own key is another's part
        name = self.key if not self.part else f"{self.key}\x1f{self.part}"
        return Key(self.caller.principal.id or NOBODY, name, sha256(self.body).digest())

    @property
    def lines(self) -> int:
        return sum(len(draft.lines) for draft in self.drafts)


@dataclass(slots=True)
class _Work:
    """A request on its way through one transaction."""

    request: OrderRequest
    caller: Caller
    answers: list[Item] = field(default_factory=list)
    done: bool = False
    document_id: UUID | None = None


def place_requests(database: Database, requests: Sequence[OrderRequest]) -> list[list[Item] | BaseException]:
    """One transaction for all of them; where it fails, each alone. Gives the items of each request, or its failure."""
    try:
        return list(_in_one(database, requests))
    except (psycopg.Error, StepFailed, Refused, LookupError, ArithmeticError, ValueError) as failure:
        if isinstance(failure, psycopg.OperationalError) and is_transient(
            failure
        ):  # nobody's fault: each caller is told to come again
            return [failure for _ in requests]
        if len(requests) > 1:
            return [_alone(database, one) for one in requests]
        return [_again(database, requests[0], failure)]


def _alone(database: Database, request: OrderRequest) -> list[Item] | BaseException:
    return place_requests(database, [request])[0]


def _again(database: Database, request: OrderRequest, failure: BaseException) -> list[Item] | BaseException:
    """A repeat that another transaction placed at the same moment is visible now; a refusal is an answer; the rest is a bug."""
    if isinstance(failure, Refused):
        return [Item(failure.problems[0].status, None, failure.problems) for _ in request.drafts]
    if isinstance(failure, psycopg.errors.UniqueViolation):
        try:
            return _in_one(database, [request])[0]
        except (psycopg.Error, StepFailed, Refused) as second:
            return second
    return failure


def _in_one(database: Database, requests: Sequence[OrderRequest]) -> list[list[Item]]:
    try:
        return database.write(lambda tx: _place_all(tx, requests, lock_all_sites=False))
    except StockMoved:
        return database.write(lambda tx: _place_all(tx, requests, lock_all_sites=True))


def _place_all(tx: Tx, requests: Sequence[OrderRequest], *, lock_all_sites: bool) -> list[list[Item]]:
    works = _checked(tx, requests)
    _answer_replays(tx, works)
    open_works = [work for work in works if not work.done]
    for work in open_works:
        work.document_id = tx.ids.new()
    take_in(
        tx,
        [
            Inbound(
                work.document_id,
                work.request.drafts[0].channel,
                work.caller.principal.id,
                work.request.content_type,
                work.request.body,
            )
            for work in open_works
            if work.document_id
        ],
    )
    submissions = [_submission(work, place_no) for work in open_works for place_no in range(len(work.request.drafts))]
    placed = iter(place(tx, submissions, lock_all_sites=lock_all_sites)) if submissions else iter(())
    repeats: list[tuple[_Work, int, UUID]] = []
    for work in open_works:
        for _ in work.request.drafts:
            answer = next(placed)
            if answer.duplicate and answer.order_id is not None:
                repeats.append((work, len(work.answers), answer.order_id))
            work.answers.append(_item(work, answer))
    _show_repeats(tx, repeats)
    note_outcomes(tx, [outcome for work in open_works if (outcome := _outcome(work)) is not None])
    store_answers(tx, {work.request.idempotency.name: _stored(work) for work in open_works if work.request.idempotency})
    return [work.answers for work in works]


def _checked(tx: Tx, requests: Sequence[OrderRequest]) -> list[_Work]:
    """Who is it, now: a key that was revoked since the request came in places nothing."""
    fresh = authenticate_many(tx, [one.caller.credential for one in requests if one.caller.credential])
    works: list[_Work] = []
    for one in requests:
        caller = one.caller if one.caller.credential is None else fresh.get(one.caller.credential)
        work = _Work(one, caller or one.caller)
        problem = NOT_AUTHENTICATED if caller is None else authorize(caller, ACTION)
        if problem is not None:
            work.answers = [Item(problem.status, None, (problem if caller else NOT_AUTHENTICATED,)) for _ in one.drafts]
            work.done = True
        works.append(work)
    return works


def _answer_replays(tx: Tx, works: Sequence[_Work]) -> None:
    """The same key again: the same ids with their current state; with other input a refusal. Also within this batch."""
    seen: dict[tuple[UUID, str], _Work] = {}
    keys: list[Key] = []
    for work in works:
        key = work.request.idempotency
        if work.done or key is None:
            continue
        if key.name in seen:
            raise Refused([Problem("request.repeated_in_batch", "The same key twice at once.", status=409)])
        seen[key.name] = work
        keys.append(key)
    known = reserve_keys(tx, sorted(keys, key=lambda key: key.name))
    ids = [UUID(one) for answer in known.values() if isinstance(answer, dict) for one in answer["orders"] if one]
    orders = _orders(tx, ids)
    for name, answer in known.items():
        work = seen[name]
        work.done = True
        if isinstance(answer, Problem):
            work.answers = [Item(answer.status, None, (answer,)) for _ in work.request.drafts]
        elif answer is None:
            problem = Problem(
                "request.in_flight", "The first request with this Idempotency-Key has no answer yet.", status=409
            )
            work.answers = [Item(409, None, (problem,)) for _ in work.request.drafts]
        else:
            work.answers = [
                _replayed(work, one, problems, orders)
                for one, problems in zip(answer["orders"], answer["problems"], strict=True)
            ]


def _orders(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, OrderWork]:
    return read_orders(tx, list(dict.fromkeys(ids))).orders if ids else {}


def _seen(work: _Work, order: OrderWork | None) -> Item:
    """An order that is there already, as far as the caller may still act for its account."""
    visible = seen_for(work.caller, ACTION)
    if order is None or (visible is not None and order.account.id not in visible):
        return Item(NOT_FOUND.status, None, (NOT_FOUND,))
    return Item(201, order_json(order, inside=work.caller.visible is None))


def _replayed(work: _Work, order_id: str | None, problems: list[dict[str, Any]], orders: dict[UUID, OrderWork]) -> Item:
    if order_id:
        return _seen(work, orders.get(UUID(order_id)))
    found = tuple(Problem(one["code"], one["message"], one["where"], one["status"], one["detail"]) for one in problems)
    return Item(found[0].status, None, found)


def _stored(work: _Work) -> dict[str, Any]:
    return {
        "orders": [item.order and item.order["id"] for item in work.answers],
        "problems": [
            [
                {
                    "code": one.code,
                    "message": one.message,
                    "where": one.where,
                    "status": one.status,
                    "detail": one.detail,
                }
                for one in item.problems
            ]
            for item in work.answers
        ],
    }


def _submission(work: _Work, place_no: int) -> Submission:
    caller, request = work.caller, work.request
    seen = seen_for(caller, ACTION)
    visible = None if seen is None else tuple(sorted(seen))
    order_id = request.order_ids[place_no] if request.order_ids else None
    actor = actor_of(caller, action=ACTION, correlation=request.correlation)
    return Submission(request.drafts[place_no], actor, visible, work.document_id, order_id)


def _item(work: _Work, placed: Placed) -> Item:
    if placed.problems:
        return Item(placed.problems[0].status, None, placed.problems)
    if placed.work is None:
        return Item(201, None, duplicate=True)
    order = placed.work
    problem = within_mandate(
        work.caller, ACTION, order.account.id, total=order.totals.total, currency=order.header.currency
    )
    if problem is not None:
        raise Refused([problem])
    return Item(201, order_json(order, inside=work.caller.visible is None))


def _show_repeats(tx: Tx, repeats: Sequence[tuple[_Work, int, UUID]]) -> None:
    if repeats:
        orders = _orders(tx, [order_id for _, _, order_id in repeats])
        for work, place_no, order_id in repeats:
            found = _seen(work, orders.get(order_id))
            if found.order is not None:
                found = Item(found.status, {**found.order, "duplicate": True}, duplicate=True)
            work.answers[place_no] = found


def _outcome(work: _Work) -> tuple[UUID, str, Any] | None:
    """What became of the document, where it is not simply new orders."""
    kinds = {"rejected" if item.problems else "duplicate" if item.duplicate else "order" for item in work.answers}
    if work.document_id is None or kinds == {"order"}:
        return None
    results = [
        {"order": item.order and item.order["id"], "problems": [one.code for one in item.problems]}
        for item in work.answers
    ]
    return (work.document_id, kinds.pop() if len(kinds) == 1 else "mixed", results)


Answer = list[Item] | BaseException


class Combiner:
    """The queue and the one thread that empties it."""

    def __init__(self, database: Database, *, watch: Callable[[int, float], None] | None = None) -> None:
        self.database = database
        self._watch = watch
        self._queue: queue.SimpleQueue[tuple[OrderRequest, asyncio.Future[list[Item]]] | None] = queue.SimpleQueue()
        self._left_over: tuple[OrderRequest, asyncio.Future[list[Item]]] | None = None
        self._thread = threading.Thread(target=self._pump, name="combiner", daemon=True)
        self._thread.start()

    def submit(self, request: OrderRequest) -> "asyncio.Future[list[Item]]":
        """Hand a request over; the future gets its items, or the failure that none of them survived."""
        future: asyncio.Future[list[Item]] = asyncio.get_running_loop().create_future()
        self._queue.put((request, future))
        return future

    def close(self) -> None:
        """Finish what has queued, then end the thread."""
        self._queue.put(None)
        self._thread.join(timeout=10)

    def _pump(self) -> None:
        while True:
            first = self._left_over or self._queue.get()
            self._left_over = None
            if first is None:
                return
            batch, ended = self._take(first)
            self._run(batch)
            if ended:
                return

    def _take(
        self, first: tuple[OrderRequest, asyncio.Future[list[Item]]]
    ) -> tuple[list[tuple[OrderRequest, asyncio.Future[list[Item]]]], bool]:
        """What has queued, up to the bounds; a key that is in the batch already waits for the next one."""
        batch, orders, lines = [first], len(first[0].drafts), first[0].lines
        keys = {key.name for key in [first[0].idempotency] if key}
        while True:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
            if following is None:
                return batch, True
            key = following[0].idempotency
            orders, lines = orders + len(following[0].drafts), lines + following[0].lines
            if orders > BATCH_ORDERS or lines > BATCH_LINES or (key and key.name in keys):
                self._left_over = following
                return batch, False
            keys |= {key.name} if key else set()
            batch.append(following)

    def _run(self, batch: Sequence[tuple[OrderRequest, asyncio.Future[list[Item]]]]) -> None:
        begun = time.perf_counter()
        try:
            answers: list[Answer] = list(place_requests(self.database, [request for request, _ in batch]))
        except Exception as failure:
            log.exception("a batch of orders failed")
            answers = [failure for _ in batch]
        if self._watch:
            self._watch(sum(len(request.drafts) for request, _ in batch), time.perf_counter() - begun)
        self._answer([future for _, future in batch], answers)

    def _answer(self, futures: Sequence["asyncio.Future[list[Item]]"], answers: Sequence[Answer]) -> None:
        """Give every caller its answer, and wait until the loop has written them out: it could not go on meanwhile anyway, and
        what comes in until then makes the next batch larger."""
        loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[list[Item]], Answer]]] = {}
        for future, answer in zip(futures, answers, strict=True):
            loops.setdefault(future.get_loop(), []).append((future, answer))
        for loop, pairs in loops.items():
            written = threading.Event()
            try:
                loop.call_soon_threadsafe(_deliver, pairs, written)
            except RuntimeError:  # the loop was closed: nobody is left to be answered
                continue
            written.wait(LONGEST_WRITING)


def _deliver(pairs: list[tuple["asyncio.Future[list[Item]]", Answer]], written: threading.Event) -> None:
    for future, answer in pairs:
        if future.done():
            continue
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
    _after(asyncio.get_running_loop(), TURNS_TO_WRITE, written.set)


def _after(loop: asyncio.AbstractEventLoop, turns: int, then: Callable[[], None]) -> None:
    """Call `then` after so many turns of the loop: no time passes in an idle one."""
    if turns:
        loop.call_soon(_after, loop, turns - 1, then)
    else:
        then()


def start_combiner(database: Database, *, watch: Callable[[int, float], None] | None = None) -> Combiner:
    """The combiner of this process."""
    return Combiner(database, watch=watch)
