"""Goods on their way: expected, moved to another date, cut or cancelled. The order lines they were promised to are listed, and
the backorder crank dates them anew (IN4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.desk.stock_items import Item, Key, below_zero, refuse_items, resolve_items
from tradewind.inventory import commands, errors
from tradewind.inventory.model import Supply
from tradewind.inventory.queries import LOCK_SUPPLY, Promised, promised_to, supplies_named
from tradewind.kernel.limits import PAGE, datable
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Event, Tx
from tradewind.semantics.model import ZERO


@dataclass(frozen=True, slots=True)
class Expectation:
    """An inbound purchase order line: new, or a known one with another date or quantity; 0 cancels it."""

    reference: str
    site: str
    sku: str
    qty: Decimal
    expected_at: datetime
    uom: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What became of an expectation; `promised_to` are order lines whose date is looked at again (at most a page)."""

    supply_id: UUID
    qty: Decimal
    expected_at: datetime
    moved_from: datetime | None = None
    promised_to: tuple[Promised, ...] = ()


def expect_supply(tx: Tx, expectations: Sequence[Expectation]) -> list[Expected | Problem]:
    """Note goods on their way. A known supply takes the new date at once, and a smaller quantity as promises are moved; the
    order lines it was promised to are listed, and the backorder crank dates them anew (IN4)."""
    answers, items = resolve_items(tx, expectations)
    good = refuse_items(answers, items, below_zero)
    commands.open_stock(tx, {item.key for item in good})
    lock_set(tx, [(LOCK_SUPPLY, {item.product.id for item in good})])
    known = supplies_named(tx, [(expectations[item.place].reference, *item.key) for item in good])
    fresh: list[tuple[Item, Supply]] = []
    changes: list[tuple[Item, Supply]] = []
    named: set[tuple[str, Key]] = set()
    for index, item in enumerate(good):
        asked = expectations[item.place]
        if (asked.reference, item.key) in named:
            answers[item.place] = errors.bad_quantity("Named twice in one batch.", f"/{item.place}/reference")
            continue
        named.add((asked.reference, item.key))
        if not datable(asked.expected_at):
            answers[item.place] = errors.bad_date(f"/{item.place}/expected_at")
            continue
        old = known.get(index)
        if old is None and item.qty <= 0:
            answers[item.place] = errors.unknown_supply(asked.reference, asked.sku, asked.site, f"/{item.place}")
        elif old is None:
            new = Supply(tx.ids.new(), asked.reference, *item.key, item.qty, ZERO, ZERO, asked.expected_at, "open")
            fresh.append((item, new))
        elif old.status != "open":
            answers[item.place] = errors.supply_closed(asked.reference, old.status, f"/{item.place}/reference")
        else:
            changes.append((item, old))
    _insert_supplies(tx, fresh, answers)
    _change_supplies(tx, expectations, changes, answers)
    return answers


def _insert_supplies(tx: Tx, fresh: Sequence[tuple[Item, Supply]], answers: list[Any]) -> None:
    stored = commands.insert_supplies(tx, [supply for _, supply in fresh])
    for item, supply in fresh:
        if supply.id not in stored:
            answers[item.place] = errors.named_at_once(supply.reference, f"/{item.place}/reference")
            continue
        payload = {
            "products": [str(supply.product_id)],
            "reference": supply.reference,
            "qty": plain(supply.qty),
            "expected_at": supply.expected_at.isoformat(),
        }
        tx.emit(_supply_fact("supply.expected", supply, payload))
        answers[item.place] = Expected(supply.id, supply.qty, supply.expected_at)


def _change_supplies(
    tx: Tx, expectations: Sequence[Expectation], changes: Sequence[tuple[Item, Supply]], answers: list[Any]
) -> None:
    rows = [
        (
            old.id,
            item.qty,
            item.qty if item.qty < old.received + old.promised or not item.qty else None,
            asked.expected_at,
        )
        for item, old in changes
        for asked in (expectations[item.place],)
    ]
    commands.move_supplies(tx, rows)
    commands.settle_supplies(tx, [old.id for _, old in changes])
    slipped = [(item, old) for item, old in changes if _slipped(item, old, expectations)]
    promised: dict[UUID, list[Promised]] = {}
    for one in promised_to(tx, [old.id for _, old in slipped], limit=PAGE):
        promised.setdefault(one.supply_id, []).append(one)
    for item, old in changes:
        asked, waiting = expectations[item.place], tuple(promised.get(old.id, ()))
        moved = old.expected_at if asked.expected_at != old.expected_at else None
        answers[item.place] = Expected(old.id, item.qty, asked.expected_at, moved, waiting)
        payload = {
            "products": [str(old.product_id)],
            "reference": old.reference,
            "from": old.expected_at.isoformat(),
            "to": asked.expected_at.isoformat(),
            "qty_from": plain(old.qty),
            "qty_to": plain(item.qty),
            "promised_to": [{"order": one.order, "line": one.line_no, "account": one.account} for one in waiting],
        }
        tx.emit(_supply_fact("supply.slipped" if (item, old) in slipped else "supply.expected", old, payload))


def _slipped(item: Item, old: Supply, expectations: Sequence[Expectation]) -> bool:
    return expectations[item.place].expected_at != old.expected_at or item.qty < old.qty


def _supply_fact(kind: str, supply: Supply, payload: dict[str, Any]) -> Event:
    objects = (("product", supply.product_id, "brings"), ("site", supply.site_id, "to"))
    return Event(kind, "inbound_supply", supply.id, payload, None, objects)
