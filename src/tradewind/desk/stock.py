"""Stock comes in, is counted and adjusted: batches, each item with its own answer. None of this locks an order; facts on the log
tell the backorder crank who may be served.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.desk.stock_items import (
    Item,
    Key,
    below_zero,
    in_future,
    not_above_zero,
    refuse_items,
    resolve_items,
    stock_fact,
)
from tradewind.inventory import commands, errors
from tradewind.inventory.decide import read_arrival, read_count
from tradewind.inventory.model import Delta, Move, Observation, StockRow, Supply
from tradewind.inventory.queries import LOCK_STOCK, LOCK_SUPPLY, earmarked_of, moved_since, supplies_named
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orders.queries import backordered_units
from tradewind.semantics.model import ZERO


@dataclass(frozen=True, slots=True)
class Receipt:
    """Goods that came in. `supply` is the reference they were expected under, `as_of` when they came."""

    site: str
    sku: str
    qty: Decimal
    uom: str | None = None
    supply: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What a receipt changed, in base units; `earmarked` of it is kept for orders that wait."""

    product_id: UUID
    site_id: UUID
    qty: Decimal
    on_hand: Decimal
    earmarked: Decimal
    supply_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Somebody counted, or another system reported, a quantity as of a time."""

    site: str
    sku: str
    qty: Decimal
    as_of: datetime
    uom: str | None = None
    source: str = "count"


@dataclass(frozen=True, slots=True)
class Observed:
    """What a count changed. A late one changes nothing and says so."""

    product_id: UUID
    site_id: UUID
    adjusted_by: Decimal
    on_hand: Decimal
    shortage: Decimal
    findings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction by somebody: plus found, minus lost."""

    site: str
    sku: str
    qty: Decimal
    reason: str
    uom: str | None = None


def receive_goods(tx: Tx, receipts: Sequence[Receipt]) -> list[Received | Problem]:
    """Book goods that came in. What orders wait for is kept for them; the fact `stock.received` wakes the backorder crank."""
    answers, items = resolve_items(tx, receipts)
    able = refuse_items(
        answers, items, lambda item: not_above_zero(item) or in_future(tx, receipts[item.place].as_of, item)
    )
    supplied = {item.product.id for item in able if receipts[item.place].supply is not None}
    locked = lock_set(tx, [(LOCK_SUPPLY, supplied)])
    free = {row[0]: row[3] for row in locked["supply"]}
    named = _supplies(tx, receipts, able, answers, locked=free)
    good = [item for item in able if answers[item.place] is None]
    commands.open_stock(tx, {item.key for item in good})
    products = {item.product.id for item in good}
    locked |= lock_set(tx, [(LOCK_STOCK, {item.key for item in good})])
    rows = {(row[0], row[1]): StockRow(*row) for row in locked["stock"]}
    waiting, kept = backordered_units(tx, products), earmarked_of(tx, products)
    arrived: dict[Key, list[Decimal]] = {}
    received: dict[UUID, Decimal] = {}
    for item in good:
        supply = named.get(item.place)
        due = ZERO
        if supply is not None:
            free[supply.id] -= item.qty
            received[supply.id] = received.get(supply.id, ZERO) + item.qty
            due = max(-free[supply.id], ZERO)
        came = read_arrival(
            item.qty,
            due=min(due, item.qty),
            waiting=waiting.get(item.product.id, ZERO),
            earmarked=kept.get(item.product.id, ZERO),
        )
        kept[item.product.id] = kept.get(item.product.id, ZERO) + came.earmarked
        total = arrived.setdefault(item.key, [ZERO, ZERO, ZERO])
        total[0] += came.on_hand
        total[1] += came.earmarked
        if rows[item.key].was_counted(receipts[item.place].as_of):
            total[2] += came.on_hand
        on_hand = rows[item.key].on_hand + total[0] - total[2]
        answers[item.place] = Received(
            *item.key, item.qty, on_hand, came.earmarked, None if supply is None else supply.id
        )
    _book_receipts(tx, receipts, good, named, rows, arrived, received)
    return answers


def _book_receipts(
    tx: Tx,
    receipts: Sequence[Receipt],
    good: Sequence[Item],
    named: dict[int, Supply],
    rows: dict[Key, StockRow],
    arrived: dict[Key, list[Decimal]],
    received: dict[UUID, Decimal],
) -> None:
    """`arrived`: what came, what of it is kept for orders, and what of it a count has already, by product and site."""
    moves = [
        Move(
            *item.key,
            "receipt",
            item.qty,
            receipts[item.place].as_of or tx.now,
            "inbound_supply" if item.place in named else "receipt",
            named[item.place].id if item.place in named else None,
            receipts[item.place].supply,
        )
        for item in good
    ]
    moves += [
        move.taken_out(rows[item.key].observed_as_of)
        for item, move in zip(good, moves, strict=True)
        if rows[item.key].was_counted(receipts[item.place].as_of)
    ]
    commands.record_moves(tx, moves)
    commands.receive_supplies(tx, received)
    commands.settle_supplies(tx, received)
    commands.add_to_stock(tx, {key: Delta(on_hand=total[0] - total[2]) for key, total in arrived.items()})
    commands.add_to_earmarks(tx, {key: total[1] for key, total in arrived.items()})
    sites = {item.site_id: receipts[item.place].site for item in good}
    for (product_id, site_id), total in sorted(arrived.items()):
        payload = {"products": [str(product_id)], "site": sites[site_id], "qty": plain(total[0])}
        tx.emit(stock_fact("stock.received", product_id, site_id, payload))


def _supplies(
    tx: Tx, receipts: Sequence[Receipt], items: Sequence[Item], answers: list[Any], *, locked: Collection[UUID]
) -> dict[int, Supply]:
    """The inbound supplies that receipts name, by place; those that cannot be received are refused, one that was stored only
    after the lock like one that is not there."""
    asked = [(item, receipts[item.place].supply) for item in items]
    wanted = [(item, reference) for item, reference in asked if reference is not None]
    found = supplies_named(tx, [(reference, *item.key) for item, reference in wanted])
    named: dict[int, Supply] = {}
    for index, (item, reference) in enumerate(wanted):
        supply = found.get(index)
        where = f"/{item.place}/supply"
        if supply is None or (supply.status == "open" and supply.id not in locked):
            answers[item.place] = errors.unknown_supply(reference, item.product.sku, receipts[item.place].site, where)
        elif supply.status != "open":
            answers[item.place] = errors.supply_closed(reference, supply.status, where)
        else:
            named[item.place] = supply
    return named


def observe_stock(tx: Tx, counts: Sequence[Count]) -> list[Observed | Problem]:
    """Take in counts as of a time: movements after it are kept, the difference is an adjustment, and where less is there than
    was promised the shortage is explicit. A count older than one taken in before is recorded and changes nothing."""
    answers, items = resolve_items(tx, counts)
    refuse_items(answers, items, lambda item: below_zero(item) or in_future(tx, counts[item.place].as_of, item))
    good = sorted(
        (item for item in items if answers[item.place] is None), key=lambda item: (item.key, counts[item.place].as_of)
    )
    commands.open_stock(tx, {item.key for item in good})
    locked = lock_set(tx, [(LOCK_STOCK, {item.key for item in good})])["stock"]
    rows = {(row[0], row[1]): StockRow(*row) for row in locked}
    asked = [(*item.key, counts[item.place].as_of, item.qty, counts[item.place].source) for item in good]
    taken: list[tuple[UUID, Observation, Decimal]] = []
    changed: dict[Key, tuple[Decimal, Decimal, datetime | None]] = {}
    seen: dict[Key, datetime] = {}
    for item, (observed, moved, known) in zip(good, moved_since(tx, asked), strict=True):
        count, row = counts[item.place], rows[item.key]
        before = changed.get(item.key, (ZERO, row.shortage, None))
        last = max((at for at in (observed, seen.get(item.key)) if at is not None), default=None)
        on_hand = row.on_hand + before[0]
        observation = Observation(*item.key, item.qty, count.as_of, count.source)
        if known:
            answers[item.place] = Observed(*item.key, ZERO, on_hand, before[1])
            continue
        if last is not None and count.as_of < last:
            late = errors.late_observation(count.sku, count.site, f"/{item.place}/as_of")
            taken.append((tx.ids.new(), observation, ZERO))
            answers[item.place] = Observed(*item.key, ZERO, on_hand, before[1], (late,))
            continue
        outcome = read_count(
            item.qty,
            moved_since=moved,
            on_hand=on_hand,
            committed=row.reserved + row.allocated,
            safety=row.safety,
        )
        seen[item.key] = count.as_of
        changed[item.key] = (before[0] + outcome.adjustment, outcome.shortage, count.as_of)
        taken.append((tx.ids.new(), observation, outcome.adjustment))
        answers[item.place] = Observed(*item.key, outcome.adjustment, on_hand + outcome.adjustment, outcome.shortage)
    _book_counts(tx, taken, changed)
    return answers


def _book_counts(
    tx: Tx,
    taken: Sequence[tuple[UUID, Observation, Decimal]],
    changed: dict[Key, tuple[Decimal, Decimal, datetime | None]],
) -> None:
    moves = [
        Move(seen.product_id, seen.site_id, "adjustment", qty, seen.as_of, "observation", one, seen.source)
        for one, seen, qty in taken
        if qty
    ]
    commands.record_moves(tx, moves)
    commands.record_observations(tx, taken)
    commands.apply_counts(tx, changed)
    for (product_id, site_id), (adjusted, shortage, as_of) in sorted(changed.items()):
        payload = {
            "products": [str(product_id)],
            "site": str(site_id),
            "adjusted_by": plain(adjusted),
            "shortage": plain(shortage),
            "as_of": as_of and as_of.isoformat(),
        }
        tx.emit(stock_fact("stock.observed", product_id, site_id, payload))


def adjust_stock(tx: Tx, adjustments: Sequence[Adjustment]) -> list[Observed | Problem]:
    """Correct what is on hand, with a reason. More than is there cannot be taken away; less than is promised is a shortage."""
    answers, items = resolve_items(tx, adjustments)
    good = [item for item in items if answers[item.place] is None]
    commands.open_stock(tx, {item.key for item in good})
    locked = lock_set(tx, [(LOCK_STOCK, {item.key for item in good})])["stock"]
    rows = {(row[0], row[1]): StockRow(*row) for row in locked}
    changed: dict[Key, tuple[Decimal, Decimal, datetime | None]] = {}
    moves: list[Move] = []
    for item in good:
        asked, row = adjustments[item.place], rows[item.key]
        on_hand = row.on_hand + changed.get(item.key, (ZERO,))[0]
        if on_hand + item.qty < 0:
            answers[item.place] = errors.not_so_many(asked.sku, asked.site, on_hand, f"/{item.place}/qty")
            continue
        outcome = read_count(
            on_hand + item.qty,
            moved_since=ZERO,
            on_hand=row.on_hand,
            committed=row.reserved + row.allocated,
            safety=row.safety,
        )
        changed[item.key] = (outcome.adjustment, outcome.shortage, None)
        moves.append(Move(*item.key, "adjustment", item.qty, tx.now, "adjustment", None, asked.reason))
        answers[item.place] = Observed(*item.key, item.qty, on_hand + item.qty, outcome.shortage)
    commands.record_moves(tx, moves)
    commands.apply_counts(tx, changed)
    for (product_id, site_id), (adjusted, shortage, _) in sorted(changed.items()):
        payload = {
            "products": [str(product_id)],
            "site": str(site_id),
            "adjusted_by": plain(adjusted),
            "shortage": plain(shortage),
        }
        tx.emit(stock_fact("stock.adjusted", product_id, site_id, payload))
    return answers
