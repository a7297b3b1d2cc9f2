"""Pure decisions about sourcing: which sites give a delivery group its goods."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tradewind.semantics.model import ZERO, Demand, Take


@dataclass(frozen=True, slots=True)
class Lane:
    """A site as one delivery group sees it: what shipping from it costs, how long it takes, and how it is ranked."""

    site_id: UUID
    code: str
    cost: Decimal
    transit_days: int
    rank: int

    @property
    def key(self) -> tuple[Decimal, int, int, str]:
        return (self.cost, self.transit_days, self.rank, self.code)


@dataclass(frozen=True, slots=True)
class Sourcing:
    """What a group gets, from where, why, and what was turned down."""

    takes: tuple[Take, ...]
    short: tuple[Demand, ...]
    reason: str
    turned_down: tuple[str, ...] = ()


class Shelf:
    """What is left of each product at each site while a set of groups is sourced one after the other."""

    __slots__ = ("left",)

    def __init__(self, available: Mapping[tuple[UUID, UUID], Decimal]) -> None:
        self.left = dict(available)

    def at(self, product_id: UUID, site_id: UUID) -> Decimal:
        return self.left.get((product_id, site_id), ZERO)

    def take(self, product_id: UUID, site_id: UUID, qty: Decimal) -> None:
        self.left[product_id, site_id] -= qty


def source(demands: Sequence[Demand], lanes: Iterable[Lane], shelf: Shelf, *, split: bool = True) -> Sourcing:
    """Fewest sites first, then cost, then days (FU2): the cheapest site that can fill the group alone, else the cheapest
    sites one after the other, each giving what it has. Takes from `shelf` what it gives. With `split` off a group comes
    from one site or waits.
    """
    ranked = sorted(lanes, key=lambda lane: lane.key)
    if not demands:
        return Sourcing((), (), "nothing to source")
    if not ranked:
        return Sourcing((), tuple(demands), "no site ships there")
    need: dict[UUID, Decimal] = {}
    for demand in demands:
        need[demand.product_id] = need.get(demand.product_id, ZERO) + demand.qty
    turned_down: list[str] = []
    for lane in ranked:
        missing = [product for product, qty in need.items() if shelf.at(product, lane.site_id) < qty]
        if not missing:
            return Sourcing(
                _draw(demands, (lane,), shelf)[0], (), f"{lane.code} has everything at {lane.cost}", tuple(turned_down)
            )
        turned_down.append(f"{lane.code} at {lane.cost}: {len(missing)} of {len(need)} products short")
    if not split:
        best = min(ranked, key=lambda lane: (-_covered(need, lane, shelf), lane.key))
        takes, short = _draw(demands, (best,), shelf)
        return Sourcing(takes, short, f"{best.code} covers most of it alone", tuple(turned_down))
    takes, short = _draw(demands, _by_cover(ranked, need, shelf), shelf)
    sites = {take.site_id for take in takes}
    used = [lane.code for lane in ranked if lane.site_id in sites]
    reason = (
        f"split over {', '.join(used)}: no site has everything"
        if len(used) > 1
        else (f"{used[0]} has part of it" if used else "no site has any of it")
    )
    return Sourcing(takes, short, reason, tuple(turned_down))


def _covered(need: Mapping[UUID, Decimal], lane: Lane, shelf: Shelf) -> int:
    return sum(1 for product, qty in need.items() if shelf.at(product, lane.site_id) >= qty)


def _by_cover(ranked: Sequence[Lane], need: Mapping[UUID, Decimal], shelf: Shelf) -> list[Lane]:
    """The site that covers the most products whole comes first: that keeps the number of shipments low."""
    return sorted(ranked, key=lambda lane: (-_covered(need, lane, shelf), lane.key))


def _draw(
    demands: Sequence[Demand], lanes: Sequence[Lane], shelf: Shelf
) -> tuple[tuple[Take, ...], tuple[Demand, ...]]:
    takes: list[Take] = []
    short: list[Demand] = []
    for demand in demands:
        missing = demand.qty
        for lane in lanes:
            qty = min(missing, shelf.at(demand.product_id, lane.site_id))
            if qty > 0:
                shelf.take(demand.product_id, lane.site_id, qty)
                takes.append(Take(demand.order_id, demand.line_no, demand.product_id, lane.site_id, qty))
                missing -= qty
            if not missing:
                break
        if missing:
            short.append(Demand(demand.order_id, demand.line_no, demand.product_id, missing, demand.sites))
    return tuple(takes), tuple(short)
