"""The facts of the data dictionary, by their names: how each is told of an order or a line of it.

Pure. What lies beyond the working copies (history, categories, floors) is read before, and only where a table asks for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from tradewind.approvals.queries.history import Past
from tradewind.catalog.model import Product
from tradewind.credit.model import Node
from tradewind.kernel.money import round_places
from tradewind.orders.model import LinePrice, Totals
from tradewind.semantics.model import ZERO
from tradewind.streams.approval_facts import live
from tradewind.streams.order_work import LineWork, OrderWork

_HUNDRED = Decimal(100)


@dataclass(slots=True)
class FactsRead:
    """What was read for a set of orders beyond the working copies."""

    categories: dict[UUID, str | None] = field(default_factory=dict)
    past: dict[UUID, Past] = field(default_factory=dict)
    places: set[tuple[UUID, UUID]] = field(default_factory=set)
    floors: dict[tuple[UUID, int], Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CreditSeen:
    """How the limits above an account stand, with what an order wants on top of what it has taken."""

    nodes: tuple[Node, ...]
    wanted: Decimal
    overdue: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """An order with everything that facts are told of. `prices` and `totals` where they are not kept on it yet."""

    work: OrderWork
    read: FactsRead
    products: Mapping[UUID, Product]
    prices: Mapping[int, LinePrice] = field(default_factory=dict)
    totals: Totals | None = None
    credit: CreditSeen | None = None
    risk: tuple[Decimal, list[str]] | None = None
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def amounts(self) -> Totals:
        return self.totals or self.work.totals

    def price(self, one: LineWork) -> LinePrice:
        return self.prices.get(one.line.line_no, one.price)


def order_facts(asked: Asked, names: Sequence[str]) -> dict[str, object]:
    """These facts of an order; names that are none of an order are left out."""
    found = {name: ORDER_FACTS[name](asked) for name in names if name in ORDER_FACTS}
    found.update((name, asked.more[name]) for name in names if name in asked.more)
    return found


def line_facts(asked: Asked, one: LineWork, names: Sequence[str]) -> dict[str, object]:
    """These facts of a line."""
    return {name: LINE_FACTS[name](asked, one) for name in names if name in LINE_FACTS}


def _days(work: OrderWork, at: datetime | None) -> Decimal | None:
    if at is None:
        return None
    return Decimal((at.date() - work.header.placed_at.date()).days)


def _first_day(asked: Asked) -> Decimal | None:
    dates = [group.wished_at for group in asked.work.groups if group.wished_at is not None]
    return _days(asked.work, min(dates, default=None))


def _confidence(asked: Asked) -> Decimal:
    """Lines with an open question of whoever read the order count as unclear; a question about the whole order as one more."""
    lines = len(asked.work.lines)
    doubts = {
        hold.line_no
        for hold in asked.work.holds
        if hold.kind == "data" and hold.released_at is None and not hold.code.startswith("rules.")
    }
    return round_places(_HUNDRED * max(lines - len(doubts), 0) / lines, 2) if lines else _HUNDRED


def _past(asked: Asked) -> Past:
    return asked.read.past.get(asked.work.id) or Past(0, ZERO, None, ever=False)


def _average(asked: Asked) -> Decimal | None:
    past = _past(asked)
    return round_places(past.value / past.orders, 2) if past.orders else None


def _times_average(asked: Asked) -> Decimal | None:
    average = _average(asked)
    return round_places(asked.amounts.total / average, 2) if average else None


def _new_place(asked: Asked) -> bool:
    places = {group.ship_to.address_id for group in asked.work.groups}
    return any(place is None or (asked.work.id, place) not in asked.read.places for place in places)


def _gaps(asked: Asked) -> list[tuple[Decimal, Decimal]]:
    """What each line with a floor brings, and its floor."""
    return [
        (asked.price(one).net, floor)
        for one in live(asked.work)
        if (floor := asked.read.floors.get((asked.work.id, one.line.line_no))) is not None
    ]


def _below(asked: Asked) -> Decimal:
    shares = [(floor - net) * _HUNDRED / floor for net, floor in _gaps(asked) if floor > net and floor > 0]
    return round_places(max(shares, default=ZERO), 2)


def _margin(asked: Asked) -> Decimal | None:
    gaps = _gaps(asked)
    net = sum((one for one, _ in gaps), ZERO)
    return round_places((net - sum((floor for _, floor in gaps), ZERO)) * _HUNDRED / net, 2) if net > 0 else None


def _used(asked: Asked) -> Decimal | None:
    seen = asked.credit
    if seen is None:
        return None
    shares = [
        (node.exposure + seen.wanted) * _HUNDRED / (node.limit + node.extra)
        for node in seen.nodes
        if node.limit + node.extra > 0
    ]
    return round_places(max(shares), 2) if shares else None


def _over(asked: Asked) -> Decimal:
    """By how much the limit that would be passed furthest is passed; where there is nothing of a limit, all of it is over."""
    seen, found = asked.credit, ZERO
    for node in seen.nodes if seen is not None else ():
        short = seen.wanted - node.headroom if seen is not None else ZERO
        if short > 0:
            found = max(found, short * _HUNDRED / node.limit if node.limit > 0 else _HUNDRED * 10)
    return round_places(found, 2)


def _prepaid(asked: Asked) -> bool:
    seen = asked.credit
    return seen is not None and bool(seen.nodes) and seen.nodes[-1].unapplied >= seen.wanted > 0


def _categories(asked: Asked) -> list[str]:
    found = {asked.read.categories.get(one.line.product_id) for one in live(asked.work)}
    return sorted(one for one in found if one)


ORDER_FACTS: Mapping[str, Callable[[Asked], object]] = MappingProxyType(
    {
        "account": lambda asked: asked.work.account.code,
        "account status": lambda asked: asked.work.account.status,
        "segment": lambda asked: asked.work.account.segment,
        "region": lambda asked: asked.work.account.region,
        "currency": lambda asked: asked.work.header.currency,
        "channel": lambda asked: asked.work.header.channel,
        "payment terms": lambda asked: asked.work.header.terms_code,
        "net days": lambda asked: Decimal(asked.work.account.net_days),
        "prepay percent": lambda asked: asked.work.account.prepay_percent,
        "has buyer order number": lambda asked: bool(asked.work.header.buyer_po),
        "priority": lambda asked: Decimal(asked.work.header.priority),
        "asked ship policy": lambda asked: asked.work.header.ship_policy,
        "line count": lambda asked: Decimal(len(live(asked.work))),
        "items": lambda asked: sorted({one.line.sku for one in live(asked.work)}),
        "categories": _categories,
        "ship to": lambda asked: asked.work.groups[0].ship_to.code,
        "ship to country": lambda asked: asked.work.groups[0].ship_to.country,
        "ship to region": lambda asked: asked.work.groups[0].ship_to.region,
        "ship to countries": lambda asked: sorted({group.ship_to.country for group in asked.work.groups}),
        "days to requested date": _first_day,
        "is change": lambda asked: asked.work.version > 1,
        "data confidence": _confidence,
        "order total": lambda asked: asked.amounts.total,
        "order net": lambda asked: asked.amounts.net,
        "charges": lambda asked: asked.amounts.charges,
        "first order": lambda asked: not _past(asked).ever,
        "orders in 90 days": lambda asked: Decimal(_past(asked).orders),
        "value in 90 days": lambda asked: _past(asked).value,
        "average order value": _average,
        "largest order value": lambda asked: _past(asked).largest,
        "times the average": _times_average,
        "new ship to": _new_place,
        "below floor": lambda asked: any(net < floor for net, floor in _gaps(asked)),
        "floor percent": _below,
        "margin percent": _margin,
        "has limit": lambda asked: asked.credit is not None and bool(asked.credit.nodes),
        "credit used percent": _used,
        "credit over percent": _over,
        "payments overdue": lambda asked: asked.credit is not None and asked.credit.overdue,
        "prepaid": _prepaid,
        "risk score": lambda asked: None if asked.risk is None else asked.risk[0],
        "risk reasons": lambda asked: [] if asked.risk is None else asked.risk[1],
    }
)


def _left(one: LineWork) -> Decimal:
    return one.quantities.ordered - one.quantities.cancelled


def _per_unit(one: LineWork, net: Decimal) -> Decimal | None:
    """What a line's amount comes to for one of the ordered unit."""
    qty = _left(one) * one.line.factor_den / one.line.factor_num
    return round_places(net / qty, 6) if qty else None


def _stated(one: LineWork) -> Decimal | None:
    return None if one.stated_price is None else round_places(one.stated_price / one.stated_basis, 6)


def _difference(asked: Asked, one: LineWork) -> Decimal | None:
    stated, ours = _stated(one), _per_unit(one, asked.price(one).net)
    return round_places((stated - ours) * _HUNDRED / ours, 2) if stated is not None and ours else None


def _place_of(asked: Asked, one: LineWork) -> tuple[str, str]:
    place = asked.work.group(one.line.group_no).ship_to
    return place.country, place.region


def _product(asked: Asked, one: LineWork) -> Product | None:
    return asked.products.get(one.line.product_id)


LINE_FACTS: Mapping[str, Callable[[Asked, LineWork], object]] = MappingProxyType(
    {
        "line": lambda _, one: Decimal(one.line.line_no),
        "item": lambda _, one: one.line.sku,
        "item name": lambda asked, one: found.name if (found := _product(asked, one)) else one.line.description,
        "category": lambda asked, one: asked.read.categories.get(one.line.product_id),
        "item status": lambda asked, one: found.status if (found := _product(asked, one)) else None,
        "stocked": lambda _, one: one.line.stocked,
        "quantity": lambda _, one: _left(one),
        "ordered quantity": lambda _, one: one.line.qty,
        "unit": lambda _, one: one.line.uom,
        "line ship to country": lambda asked, one: _place_of(asked, one)[0],
        "line ship to region": lambda asked, one: _place_of(asked, one)[1],
        "days to line date": lambda asked, one: _days(asked.work, asked.work.group(one.line.group_no).wished_at),
        "line amount": lambda asked, one: asked.price(one).net,
        "unit price": lambda asked, one: _per_unit(one, asked.price(one).net),
        "stated price": lambda _, one: _stated(one),
        "price difference percent": _difference,
    }
)
HISTORY = frozenset(("first order", "orders in 90 days", "value in 90 days", "average order value", "largest order value", "times the average"))  # fmt: skip
PLACES = frozenset(("new ship to",))
FLOORS = frozenset(("below floor", "floor percent", "margin percent"))
CATEGORIES = frozenset(("category", "categories"))
PRODUCTS = frozenset(("item name", "item status"))
