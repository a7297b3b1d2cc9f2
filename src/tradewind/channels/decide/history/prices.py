"""Price lists learnt from what was charged.

Two lists: one for trade accounts, one for the cash account (shop floor and web sales are priced on another scale). For
each item the ladder of tiers (from a quantity on, a unit price, falling with quantity) is the one that prices the
fewest observed lines otherwise; with equal merit the ladder with fewer tiers wins. A line counts half as much for every
`half_life_days` that lie between it and the newest one, since prices move; each tier tells how many lines speak for it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tradewind.channels.decide.history.model import Document, DocumentKind, DocumentLine

TRADE, CASH = "TRADE", "CASH"
HALF_LIFE_DAYS = 7

Observed = Mapping[tuple[Decimal, Decimal], int]


@dataclass(frozen=True, slots=True)
class Tier:
    """From `from_qty` pieces on a line, `unit_price`. Of the `of` lines seen in this tier's quantities, `lines` were
    charged exactly this."""

    from_qty: Decimal
    unit_price: Decimal
    lines: int
    of: int


@dataclass(frozen=True, slots=True)
class PriceList:
    """Tiers by sku, lowest quantity first; the first one starts at quantity 1 or below."""

    code: str
    tiers: Mapping[str, tuple[Tier, ...]]


@dataclass(frozen=True, slots=True)
class PriceComparison:
    """How the derived prices compare with the documents': `unlisted` lines have no derived price; `unpriced` lines
    were given away for nothing and are also counted under the verdict they got."""

    lines: int
    equal: int
    different: int
    unlisted: int
    unpriced: int


def learn_price_lists(
    documents: Iterable[Document],
    *,
    cash_account: str,
    half_life_days: int = HALF_LIFE_DAYS,
) -> tuple[PriceList, PriceList]:
    """The trade list and the cash list that explain the orders among these documents best. Lines without a price
    teach nothing."""
    seen: dict[str, defaultdict[str, list[tuple[date, DocumentLine]]]] = {
        TRADE: defaultdict(list),
        CASH: defaultdict(list),
    }
    for document in documents:
        if document.kind is DocumentKind.ORDER:
            of_list = seen[CASH if document.customer == cash_account else TRADE]
            for line in document.lines:
                if line.unit_price:
                    of_list[line.sku].append((document.at.date(), line))
    days = [day for of_list in seen.values() for found in of_list.values() for day, _ in found]
    first = min(days, default=date.min)
    learnt = [
        PriceList(code, {sku: _ladder(seen[code][sku], first, half_life_days) for sku in sorted(seen[code])})
        for code in (TRADE, CASH)
    ]
    return learnt[0], learnt[1]


def tier_for(tiers: Sequence[Tier], qty: Decimal) -> Tier:
    """The tier that holds for a line of `qty` pieces; below the first break, the first tier."""
    chosen = tiers[0]
    for tier in tiers[1:]:
        if tier.from_qty > qty:
            break
        chosen = tier
    return chosen


def price_for(
    lists: tuple[PriceList, PriceList],
    *,
    customer: str,
    cash_account: str,
    sku: str,
    qty: Decimal,
) -> tuple[str, Tier] | None:
    """The list and the tier that price this line. Cash sales of an item that only the trade list knows take that
    one; None when no list that applies knows the item."""
    trade, cash = lists
    for candidate in (cash, trade) if customer == cash_account else (trade,):
        tiers = candidate.tiers.get(sku)
        if tiers:
            return candidate.code, tier_for(tiers, qty)
    return None


def compare_prices(
    documents: Iterable[Document],
    lists: tuple[PriceList, PriceList],
    *,
    cash_account: str,
) -> PriceComparison:
    """How many order lines of these documents the lists price exactly as the documents did."""
    counted: Counter[str] = Counter()
    for document in documents:
        if document.kind is not DocumentKind.ORDER:
            continue
        for line in document.lines:
            found = price_for(lists, customer=document.customer, cash_account=cash_account, sku=line.sku, qty=line.qty)
            counted["lines"] += 1
            counted["unpriced"] += not line.unit_price
            if found is None:
                counted["unlisted"] += 1
            else:
                counted["equal" if found[1].unit_price == line.unit_price else "different"] += 1
    return PriceComparison(
        counted["lines"], counted["equal"], counted["different"], counted["unlisted"], counted["unpriced"]
    )


def _ladder(found: Sequence[tuple[date, DocumentLine]], first: date, half_life_days: int) -> tuple[Tier, ...]:
    weighted: Counter[tuple[Decimal, Decimal]] = Counter()
    lines: Counter[tuple[Decimal, Decimal]] = Counter()
    for day, line in found:
        weighted[line.qty, line.unit_price] += 2 ** ((day - first).days // half_life_days)
        lines[line.qty, line.unit_price] += 1
    steps = _best_ladder(weighted)
    tiers: list[Tier] = []
    for place, (from_qty, price) in enumerate(steps):
        upto = steps[place + 1][0] if place + 1 < len(steps) else None
        band = {
            pair: count for pair, count in lines.items() if pair[0] >= from_qty and (upto is None or pair[0] < upto)
        }
        tiers.append(
            Tier(
                from_qty if place else Decimal(1),
                price,
                sum(count for (_, charged), count in band.items() if charged == price),
                sum(band.values()),
            )
        )
    return tuple(tiers)


def _best_ladder(weighted: Observed) -> list[tuple[Decimal, Decimal]]:
    """The falling steps (from quantity, price) that leave the least weight priced otherwise; then the fewest steps,
    then the lower price, so that the answer is one. Exact, by dynamic programming over quantities and prices."""
    quantities = sorted({qty for qty, _ in weighted})
    prices = sorted({price for _, price in weighted}, reverse=True)
    cost = [(0, 0)] * len(prices)  # (weight priced otherwise, steps) when the ladder now stands at this price
    came_from: list[list[int]] = []
    for place, qty in enumerate(quantities):
        total = sum(weighted.get((qty, price), 0) for price in prices)
        best, best_at = (0, 0), -1  # the cheapest way to stand at a higher price before this quantity
        row: list[tuple[int, int]] = []
        origin: list[int] = []
        for at, price in enumerate(prices):
            before, source = cost[at], at
            if place and best_at >= 0 and (best[0], best[1] + 1) < before:
                before, source = (best[0], best[1] + 1), best_at
            if best_at < 0 or cost[at] <= best:
                best, best_at = cost[at], at
            row.append((before[0] + total - weighted.get((qty, price), 0), before[1]))
            origin.append(source)
        cost = row
        came_from.append(origin)
    at = min(range(len(prices)), key=lambda place: (cost[place], -place))
    steps: list[tuple[Decimal, Decimal]] = []
    for place in range(len(quantities) - 1, -1, -1):
        steps.append((quantities[place], prices[at]))
        at = came_from[place][at]
    steps.reverse()
    return [step for place, step in enumerate(steps) if not place or steps[place - 1][1] != step[1]]
