"""How much must lie on the shelf before a replay starts: enough for everything, or short on purpose."""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from tradewind.channels.decide.history.model import Document, DocumentKind

RECEIVED_AT = time(6, 0, tzinfo=UTC)  # before the first document of any day
DELAY_DAYS = (2, 10)
LATE_EVERY, LATE_DAYS = 10, (1, 3)  # of the receipts, so many days after the day that was promised


@dataclass(frozen=True, slots=True)
class Receipt:
    """Goods that arrive: before every document of that day. `due`: when they were expected, which is what is promised from."""

    sku: str
    at: datetime
    qty: Decimal
    due: datetime

    @property
    def is_late(self) -> bool:
        return self.at > self.due


@dataclass(frozen=True, slots=True)
class ShortLine:
    """An order line that found too little: `missing` of `ordered` waited, until `filled_at` (None: it still waits)."""

    document: str
    row: int
    sku: str
    at: datetime
    ordered: Decimal
    missing: Decimal
    filled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShortPlan:
    """Opening stock, receipts, and the lines that will be short when lines take what is there, first come, first
    served, and a receipt fills the oldest waiting line first."""

    opening: Mapping[str, Decimal]
    receipts: tuple[Receipt, ...]
    short: tuple[ShortLine, ...]
    lines: int

    @property
    def late(self) -> int:
        """How many short lines wait for goods that come after their day."""
        slow = {receipt.sku for receipt in self.receipts if receipt.is_late}
        return sum(1 for line in self.short if line.sku in slow)


@dataclass(slots=True)
class _Demand:
    document: Document
    sku: str
    row: int
    qty: Decimal


def opening_stock(documents: Iterable[Document], *, credited: Collection[str] = frozenset()) -> dict[str, Decimal]:
    """The least stock per sku with which these documents, in this order, never take a shelf below zero.

    Orders and adjustments take; a return gives back only when its number is in `credited` (a held credit note moves
    no goods). With none credited the figure is safe whatever the moment at which goods are put back.
    """
    balance: defaultdict[str, Decimal] = defaultdict(Decimal)
    lowest: defaultdict[str, Decimal] = defaultdict(Decimal)
    for document in documents:
        if document.kind is DocumentKind.RETURN and document.number not in credited:
            for line in document.lines:
                lowest[line.sku] += 0
            continue
        sign = 1 if document.kind is DocumentKind.ADJUSTMENT else -1
        for line in document.lines:
            balance[line.sku] += sign * line.qty
            lowest[line.sku] = min(lowest[line.sku], balance[line.sku])
    return {sku: -lowest[sku] for sku in sorted(lowest)}


def plan_short_stock(documents: Sequence[Document], *, seed: int, share: Decimal = Decimal("0.05")) -> ShortPlan:
    """Opening stock that leaves `share` of the goods lines of these orders short, and the receipts that fill them.

    Items are drawn by `seed` until their short lines make up the share. A drawn item runs out at one of its lines
    (half of the time with a rest on the shelf, so that the line is filled in part); the receipt comes two to ten days
    later, within the documents' time, and covers the rest of the demand; every tenth comes one to three days after the day
    it was expected, without a word. Items that were adjusted or returned are
    never drawn: an adjustment must find its goods, and a return would end the shortage early.
    """
    orders = [document for document in documents if document.kind is DocumentKind.ORDER]
    demand: defaultdict[str, list[_Demand]] = defaultdict(list)
    for order in orders:
        for line in order.lines:
            demand[line.sku].append(_Demand(order, line.sku, line.row, line.qty))
    moved = {line.sku for document in documents if document.kind is not DocumentKind.ORDER for line in document.lines}
    opening = opening_stock(documents)
    lines = sum(map(len, demand.values()))
    wanted = int(lines * share)
    receipts: list[Receipt] = []
    short: list[ShortLine] = []
    source = random.Random(seed)
    drawn = sorted(demand.keys() - moved)
    source.shuffle(drawn)
    last_day = max((order.at.date() for order in orders), default=date.min)
    for sku in drawn:
        planned = _run_out(demand[sku], source, last_day=last_day, is_late=len(receipts) % LATE_EVERY == LATE_EVERY - 1)
        if planned is None:
            continue
        stock, receipt = planned
        missing = _simulate(demand[sku], stock=stock, receipts=(receipt,))
        if not missing or len(short) + len(missing) > wanted:
            continue
        opening[sku] = stock
        receipts.append(receipt)
        short += missing
        if len(short) == wanted:
            break
    return ShortPlan(
        opening,
        tuple(sorted(receipts, key=lambda receipt: (receipt.at, receipt.sku))),
        tuple(sorted(short, key=lambda line: line.row)),
        lines,
    )


def run_short(
    documents: Iterable[Document],
    *,
    opening: Mapping[str, Decimal],
    receipts: Iterable[Receipt],
) -> tuple[ShortLine, ...]:
    """Which order lines are short with this stock and these receipts, in the order of the file's rows."""
    demand: defaultdict[str, list[_Demand]] = defaultdict(list)
    for document in documents:
        if document.kind is DocumentKind.ORDER:
            for line in document.lines:
                demand[line.sku].append(_Demand(document, line.sku, line.row, line.qty))
    arriving: defaultdict[str, list[Receipt]] = defaultdict(list)
    for receipt in sorted(receipts, key=lambda receipt: receipt.at):
        arriving[receipt.sku].append(receipt)
    found = [
        line
        for sku, wanted in demand.items()
        for line in _simulate(wanted, stock=opening.get(sku, Decimal()), receipts=arriving[sku])
    ]
    return tuple(sorted(found, key=lambda line: line.row))


def _run_out(
    demand: Sequence[_Demand], source: random.Random, *, last_day: date, is_late: bool
) -> tuple[Decimal, Receipt] | None:
    """Stock that ends at a drawn line, and the receipt that ends the shortage; None when no line is early enough."""
    early = [
        place
        for place, wanted in enumerate(demand)
        if wanted.document.at.date() + timedelta(days=DELAY_DAYS[0]) <= last_day
    ]
    if not early:
        return None
    place = source.choice(early)
    at_line = demand[place]
    rest = Decimal(source.randrange(int(at_line.qty))) if at_line.qty > 1 and source.random() < 0.5 else Decimal()
    stock = sum((wanted.qty for wanted in demand[:place]), rest)
    total = sum((wanted.qty for wanted in demand), Decimal())
    due = min(at_line.document.at.date() + timedelta(days=source.randint(*DELAY_DAYS)), last_day)
    day = min(due + timedelta(days=source.randint(*LATE_DAYS)), last_day) if is_late else due
    at, expected = (datetime.combine(one, RECEIVED_AT) for one in (day, due))
    return stock, Receipt(at_line.sku, at, total - stock, expected)


def _simulate(demand: Sequence[_Demand], *, stock: Decimal, receipts: Sequence[Receipt]) -> list[ShortLine]:
    """First come, first served, in part where need be; receipts serve the lines that wait before newer ones."""
    arriving = list(receipts)
    waiting: list[tuple[_Demand, Decimal, Decimal]] = []
    done: list[ShortLine] = []

    def receive(until: datetime | None) -> None:
        nonlocal stock, waiting
        while arriving and (until is None or arriving[0].at <= until):
            receipt = arriving.pop(0)
            stock += receipt.qty
            still: list[tuple[_Demand, Decimal, Decimal]] = []
            for wanted, missing, open_qty in waiting:
                given = min(stock, open_qty)
                stock -= given
                if given == open_qty:
                    done.append(_short(wanted, missing, receipt.at))
                else:
                    still.append((wanted, missing, open_qty - given))
            waiting = still

    for wanted in demand:
        receive(wanted.document.at)
        given = min(stock, wanted.qty)
        stock -= given
        if given < wanted.qty:
            waiting.append((wanted, wanted.qty - given, wanted.qty - given))
    receive(None)
    return done + [_short(wanted, missing, None) for wanted, missing, _ in waiting]


def _short(wanted: _Demand, missing: Decimal, filled_at: datetime | None) -> ShortLine:
    return ShortLine(wanted.document.number, wanted.row, wanted.sku, wanted.document.at, wanted.qty, missing, filled_at)
