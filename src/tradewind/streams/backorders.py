"""The backorder crank: goods that come in or become free go to the orders that wait for them (FU4), and dates that moved are
said (IN4).

It reads the log for facts that name products, claims the orders that wait for them (priority, then promise, then age) without
waiting for locked ones, then locks the goods. Its work is visible in the rows (units backordered, goods free or earmarked,
promises older than their supply), so what a set skipped or a crash left over is found again by `sweep`.
"""

import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tradewind.inventory.commands import add_to_earmarks, settle_supplies
from tradewind.inventory.model import StockRow
from tradewind.inventory.queries import (
    LOCK_STOCK,
    LOCK_SUPPLY,
    inbound_rows,
    products_to_serve,
    references_of,
    stale_promises,
    stock_of,
)
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.limits import CRANK_SET, PAGE
from tradewind.kernel.locks import lock_set
from tradewind.kernel.log import Entry, cursor_of, end_of_log, move_cursor, read_log
from tradewind.kernel.money import plain
from tradewind.kernel.tx import Actor, Database, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.readers import claim_reader
from tradewind.orchestration.commands.waking import claim_subjects, wake_waiting
from tradewind.orders.commands.moved import PromiseMove, keep_moves
from tradewind.orders.queries import QUEUE_START, Turn, backordered_units, claim_orders, waiting_orders
from tradewind.semantics.model import ZERO
from tradewind.streams.backorder_plan import Serving, anything_left, earmarks_after, promises_text, serve
from tradewind.streams.cancel import settle_requests
from tradewind.streams.dates import check_windows_again
from tradewind.streams.order_locks import read_lanes
from tradewind.streams.order_work import OrderWork, OrderWorkset, read_orders
from tradewind.streams.release import group_key

READER = "backorders"
HELD_BACK_SECONDS = 0.01
BACKORDERS = Actor(principal_id=None, name="backorders", channel="crank")
GOODS = frozenset(
    (
        "stock.received",
        "stock.observed",
        "stock.adjusted",
        "stock.freed",
        "supply.expected",
        "supply.slipped",
        "order.cancelled",
        "order.changed",
        "order.reservation_over",
        "order.hold_released",
    )
)
ANSWERS = frozenset(("shipment.shipped", "shipment.refused", "shipment.cancelled"))
ROUNDS = 50  # sets of waiting orders served for the same products before the log is read on
PRODUCTS = 200  # products served at once
ORDERS = 3_200  # orders whose dates are looked at in one sweep


@dataclass(frozen=True, slots=True)
class Served:
    """What one set came to. `after` is where the next set begins, None where there is no more to do for these products."""

    orders: int = 0
    skipped: int = 0
    after: Turn | None = None


@dataclass(slots=True)
class Round:
    """What one reading of the log, or one sweep, did: events read, orders served, orders left because they were locked.

    `unnamed`: goods came in a bulk that does not name its products (an import); a sweep finds who waits for them.
    """

    events: int = 0
    orders: int = 0
    skipped: int = 0
    unnamed: bool = False

    def add(self, served: Served) -> None:
        self.orders += served.orders
        self.skipped += served.skipped


@dataclass(frozen=True, slots=True)
class _Read:
    """What a page of the log asks for."""

    products: frozenset[UUID] = frozenset()
    slipped: bool = False
    served: Served | None = None
    events: int = 0
    unnamed: bool = False


class BackorderCrank:
    """Serves waiting orders. Any number may run; one reads the log at a time, and sets do not wait for each other's orders."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._swept = UUID(int=0)

    def turn_once(self) -> Round:
        """Read the log on and serve whoever waits for what it tells of."""
        read = self.database.write(_read_on, actor=BACKORDERS)
        done = Round(events=read.events, unnamed=read.unnamed)
        if read.slipped:
            self._redate(done)
        self._go_on(read.products, read.served, done)
        return done

    def turn_until_idle(self, *, rounds: int = 1_000) -> Round:
        """Read the log to what is its end now, waiting for older transactions that hold it back; for scripts and tests."""
        total = Round()
        end = self.database.read(end_of_log)
        for _ in range(rounds):
            done = self.turn_once()
            total.events += done.events
            total.orders += done.orders
            total.skipped += done.skipped
            total.unnamed = total.unnamed or done.unnamed
            if done.events:
                continue
            if self.database.read(lambda reader: cursor_of(reader, READER)) >= end:
                break
            threading.Event().wait(HELD_BACK_SECONDS)
        return total

    def sweep(self) -> Round:
        """Work that no event tells of any more: orders that were locked, sets that a crash left, stock that was imported."""
        done = Round()
        self._redate(done)
        products = self.database.read(lambda reader: products_to_serve(reader, after=self._swept, limit=PRODUCTS))
        self._swept = products[-1] if len(products) == PRODUCTS else UUID(int=0)
        if products:
            chosen = frozenset(products)
            first = self.database.write(lambda tx: serve_waiting(tx, chosen), actor=BACKORDERS)
            self._go_on(chosen, first, done)
        return done

    def _redate(self, done: Round) -> None:
        stale = self.database.read(lambda reader: stale_promises(reader, limit=ORDERS))
        for start in range(0, len(stale), CRANK_SET):
            part = stale[start : start + CRANK_SET]
            done.add(self.database.write(lambda tx, part=part: redate(tx, part), actor=BACKORDERS))  # type: ignore[misc]

    def _go_on(self, products: frozenset[UUID], served: Served | None, done: Round) -> None:
        for _ in range(ROUNDS):
            if served is None:
                return
            done.add(served)
            after, skipped = served.after, done.skipped
            if after is None:
                return
            served = self.database.write(
                lambda tx, after=after, skipped=skipped: serve_waiting(tx, products, after=after, skipped=skipped),  # type: ignore[misc]
                actor=BACKORDERS,
            )


def _read_on(tx: Tx) -> _Read:
    """One page of the log, its first set of waiting orders, and the cursor, in one transaction."""
    cursor = claim_reader(tx, READER)
    entries = [] if cursor is None else read_log(tx, cursor, limit=PAGE)
    if not entries:
        return _Read()
    entries, products = _page(entries)
    slipped = any(entry.type == "supply.slipped" for entry in entries)
    answered = sorted({entry.subject_id for entry in entries if entry.type in ANSWERS})
    move_cursor(tx, READER, entries[-1].cursor)
    served: Served | None = None
    if answered and settle_requests(tx, answered):  # it holds locks now: the goods are served in the next transaction
        served = Served(after=QUEUE_START)
    elif products:
        served = serve_waiting(tx, products)
    unnamed = any(entry.type == "stock.observed" and "products" not in entry.payload for entry in entries)
    return _Read(products, slipped, served if products else None, len(entries), unnamed)


def _page(entries: Sequence[Entry]) -> tuple[list[Entry], frozenset[UUID]]:
    """As many entries as name not too many products, at least one."""
    kept: list[Entry] = []
    products: set[UUID] = set()
    for entry in entries:
        named = {UUID(one) for one in entry.payload.get("products", ())} if entry.type in GOODS else set()
        if kept and len(products | named) > PRODUCTS:
            break
        kept.append(entry)
        products |= named
    return kept, frozenset(products)


def serve_waiting(
    tx: Tx, products: Collection[UUID], *, after: Turn = QUEUE_START, skipped: int = 0, limit: int = CRANK_SET
) -> Served:
    """Serve the next set of orders in the queue for these products. `skipped`: orders left in earlier sets."""
    queue = waiting_orders(tx, products, after=after, limit=limit)
    ids = _claim(tx, [turn.order_id for turn in queue])
    workset = read_orders(tx, ids)
    serving = _lock(tx, workset, frozenset(products))
    serve(serving)
    left = skipped + len(queue) - len(ids)
    more = len(queue) == limit and anything_left(serving, products)
    waiting = backordered_units(tx, products) if left or more else {}
    for work in workset.orders.values():
        for one in serving.lines(work):
            waiting[one.line.product_id] = waiting.get(one.line.product_id, ZERO) - one.quantities.backordered
    _finish(tx, serving, waiting)
    return Served(len(ids), len(queue) - len(ids), queue[-1] if more else None)


def redate(tx: Tx, order_ids: Sequence[UUID]) -> Served:
    """Date the promises of these orders anew where their supply is expected at another time than was promised."""
    ids = _claim(tx, order_ids)
    workset = read_orders(tx, ids)
    products = {claim.product_id for work in workset.orders.values() for claim in work.open_claims("promised")}
    serving = _lock(tx, workset, frozenset(products))
    serving.dates_only = True
    serving.stale = _stale(workset)
    serve(serving)
    _finish(tx, serving, None)
    return Served(len(ids), len(order_ids) - len(ids))


def _claim(tx: Tx, order_ids: Sequence[UUID]) -> list[UUID]:
    """Lock instances and orders that nobody else holds; gives these orders in the order asked."""
    free = claim_subjects(tx, order_ids)
    ours = claim_orders(tx, [one for one in order_ids if one in free])
    return [one for one in order_ids if one in ours]


def _lock(tx: Tx, workset: OrderWorkset, products: frozenset[UUID]) -> Serving:
    read_lanes(tx, workset)
    keys = {(row.product_id, row.site_id) for row in stock_of(tx, products)}
    locked = lock_set(tx, [(LOCK_SUPPLY, products), (LOCK_STOCK, keys)])
    workset.shelves.inbound = inbound_rows(locked["supply"])
    workset.shelves.rows = {(row[0], row[1]): StockRow(*row) for row in locked["stock"]}
    return Serving(workset, products, tx.now)


def _stale(workset: OrderWorkset) -> frozenset[UUID]:
    """The supplies that some line was promised for another date than they have now."""
    dates = workset.shelves.supply_dates()
    found: set[UUID] = set()
    for work in workset.orders.values():
        for claim in work.open_claims("promised"):
            assert claim.supply_id is not None
            due = {piece.get("due") for piece in work.line(claim.line_no).promise if _of(piece, claim.supply_id)}
            expected = dates.get(claim.supply_id)
            if expected is not None and due != {expected.isoformat()}:
                found.add(claim.supply_id)
    return frozenset(found)


def _of(piece: dict[str, object], supply_id: UUID) -> bool:
    return piece.get("supply") == str(supply_id)


def _finish(tx: Tx, serving: Serving, waiting: dict[UUID, Decimal] | None) -> None:
    """Say what happened, write it, and wake the groups that have goods now. `waiting` None leaves the earmarks alone."""
    workset = serving.workset
    messages: list[Message] = []
    deliveries: list[Delivery] = []
    moves = _moves(tx, serving)
    for work in workset.orders.values():
        deliveries += _say(tx, serving, work)
        messages += _goods_ready(tx, serving, work)
    earmarks = {} if waiting is None else earmarks_after(serving, waiting)
    supplies = set(serving.supplies) if waiting is not None else set(workset.shelves.promised)
    workset.flush(tx)
    keep_moves(tx, moves)
    add_to_earmarks(tx, earmarks)
    settle_supplies(tx, supplies)
    put_deliveries(tx, deliveries)
    wake_waiting(tx, messages)


def _moves(tx: Tx, serving: Serving) -> list[PromiseMove]:
    """The dates that moved, with what moved them and whether they are later than was wished; windows that are missed are held."""
    moved = [
        (work, serving.given[work.id].moved) for work in serving.workset.orders.values() if serving.given[work.id].moved
    ]
    if not moved:
        return []
    names = references_of(tx, serving.stale) if serving.stale else {}
    found: list[PromiseMove] = []
    for work, lines in moved:
        stood_on = {claim.line_no: set[str]() for claim in work.claims}
        for claim in work.claims:
            if claim.supply_id in names:
                stood_on[claim.line_no].add(names[claim.supply_id])
        groups = {work.line(line_no).line.group_no for line_no, _, _, _ in lines}
        wishes = {group.group_no: group.arrive_by or group.requested_at for group in work.groups}
        for line_no, _, old, new in lines:
            wish = wishes.get(work.line(line_no).line.group_no)
            late = wish is not None and (new is None or new.date() > wish.date())
            why = "supply" if serving.dates_only else "goods"
            by = tuple(sorted(stood_on.get(line_no, ())))
            found.append(PromiseMove(work.id, line_no, work.account.id, old, new, wish, late, why, by))
        check_windows_again(tx, serving.workset, work, groups)
    return found


def _say(tx: Tx, serving: Serving, work: OrderWork) -> Iterable[Delivery]:
    """What an order got, and which of its dates moved; the buyer's system is told of the dates."""
    given = serving.given[work.id]
    base = {"number": work.header.number, "status": work.compute_status()}
    if given.moved:
        payload = {**base, "buyer_po": work.header.buyer_po, "lines": promises_text(given.moved)}
        serving.workset.say(work, "order.promise_changed", payload)
        if work.account.delivery_url and work.confirmed_at is not None:
            key = f"order.promise_changed:{work.id}:{tx.ids.new()}"
            yield Delivery(
                key,
                work.account.delivery_url,
                "order.promise_changed",
                work.account.id,
                "sales_order",
                work.id,
                payload,
            )
    if given.allocated:
        lines = [{"line": line_no, "qty": plain(qty)} for line_no, qty in sorted(given.allocated.items())]
        serving.workset.say(work, "order.allocated", {**base, "lines": lines})


def _goods_ready(tx: Tx, serving: Serving, work: OrderWork) -> list[Message]:
    if work.confirmed_at is None:
        return []
    groups = sorted({work.line(line_no).line.group_no for line_no in serving.given[work.id].allocated})
    return [Message("goods.ready", group_key(work.id, group), f"backorders:{tx.ids.new()}") for group in groups]
