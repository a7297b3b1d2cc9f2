"""What tables say of goods: which sites a line may come from and how they are chosen, and what may leave separately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from tradewind.fulfilment.decide import Lane, Shelf, SiteChoice, Sourcing, source
from tradewind.kernel.money import round_places
from tradewind.kernel.tx import Reader
from tradewind.orders.model import Group
from tradewind.semantics.model import ZERO, Demand
from tradewind.streams.governed import Governed, LineSites, answer, govern, names_in, number, word
from tradewind.streams.governed_facts import Asked
from tradewind.streams.order_work import OrderWork, OrderWorkset

_STRATEGIES = ("fewest", "nearest", "cheapest", "one site")
_HELD = ("reserved", "allocated", "released")


def look_sites(reader: Reader, workset: OrderWorkset, lanes: Mapping[tuple[str, str], Sequence[Lane]]) -> None:
    """Ask for every stocked line of a turn where it may come from, once as long as it stays as it is; nothing where no table
    of sourcing is published."""
    governed = govern(reader, workset)
    if governed is None or not governed.has("line.sourcing"):
        return
    works = list(workset.orders.values())
    governed.read_categories(reader, workset, works)
    for work in works:
        for group in work.groups:
            there = lanes.get((group.ship_to.country, group.ship_to.region), ())
            _look_group(governed, work, group, there)


def _look_group(governed: Governed, work: OrderWork, group: Group, lanes: Sequence[Lane]) -> None:
    codes = {lane.code: lane.site_id for lane in lanes}
    asked = Asked(work, governed.read, governed.products, more={"sites": sorted(codes)})
    for one in work.lines_of(group.group_no):
        left, key = one.quantities.ordered - one.quantities.cancelled, (work.id, one.line.line_no)
        asking = (*key, left, group.ship_to.country, group.ship_to.region)
        if not one.line.stocked or left <= 0 or asking in governed.sited:
            continue
        governed.sited.add(asking)
        governed.sites.pop(key, None)
        ruling = governed.ask_line("line.sourcing", asked, one)
        strategy, only = word(answer((ruling,), "strategy")), names_in(answer((ruling,), "only"))
        prefer, avoid = (names_in(answer((ruling,), name)) for name in ("prefer", "avoid"))
        if strategy not in _STRATEGIES and not (only or prefer or avoid):
            continue
        assert ruling is not None  # whoever answered has a name
        named = cast(Any, strategy if strategy in _STRATEGIES else "fewest")
        choice = SiteChoice(named, prefer, avoid, f"{ruling.code} v{ruling.version}")
        sites = frozenset(codes[code] for code in only if code in codes) if only else None
        governed.sites[key] = LineSites(choice, sites)


def allowed_sites(governed: Governed, work: OrderWork, line_no: int, sites: tuple[UUID, ...]) -> tuple[UUID, ...]:
    """Of these sites those that a table lets the line come from; one that is to come from one site stays with it."""
    said = governed.sites.get((work.id, line_no))
    if said is None:
        return sites
    if said.choice.strategy == "one site":
        group_no = work.line(line_no).line.group_no
        begun = {
            claim.site_id
            for claim in work.open_claims(*_HELD)
            if work.line(claim.line_no).line.group_no == group_no
            and governed.sites.get((work.id, claim.line_no)) == said
        }
        sites = tuple(site for site in sites if not begun or site in begun)
    return sites if said.only is None else tuple(site for site in sites if site in said.only)


def source_governed(governed: Governed, demands: Sequence[Demand], lanes: Sequence[Lane], shelf: Shelf) -> Sourcing:
    """`source` for demands of which some are governed: those that are chosen alike are sourced together."""
    alike: dict[SiteChoice | None, list[Demand]] = {}
    for demand in demands:
        said = governed.sites.get((demand.order_id, demand.line_no))
        alike.setdefault(None if said is None else said.choice, []).append(demand)
    parts = [_source_part(choice, found, lanes, shelf) for choice, found in alike.items()]
    if len(parts) == 1:
        return parts[0]
    return Sourcing(
        tuple(take for part in parts for take in part.takes),
        tuple(demand for part in parts for demand in part.short),
        "; ".join(part.reason for part in parts) or "nothing to source",
        tuple(text for part in parts for text in part.turned_down),
    )


def _source_part(choice: SiteChoice | None, demands: Sequence[Demand], lanes: Sequence[Lane], shelf: Shelf) -> Sourcing:
    found = source(demands, lanes, shelf, choice=choice)
    if choice is not None:
        found = replace(found, reason=f"{found.reason} (by {choice.reason})")
    if choice is None or choice.strategy != "one site" or not found.takes:
        return found
    site = found.takes[0].site_id  # what is missing waits for goods there
    return replace(found, short=tuple(replace(one, sites=(site,)) for one in found.short))


# ---- what may leave separately -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShipTerms:
    """What may leave of a group now: `partial`, `line_complete` or `ship_complete`, and what a part must come to."""

    policy: str
    minimum: Decimal = ZERO


def look_shipping(reader: Reader, workset: OrderWorkset, works: Sequence[OrderWork]) -> None:
    """Read what the tables of shipping ask for; nothing where none is published."""
    governed = govern(reader, workset)
    if governed is not None and governed.has("order.shipping"):
        governed.read_categories(reader, workset, works)
        governed.read_past(reader, workset, works)


def ship_terms(
    governed: Governed | None, work: OrderWork, group_no: int, units: Mapping[int, Decimal]
) -> ShipTerms | None:
    """What tables say of a group of which so many units (by line, base units) could leave now; None where they say nothing."""
    if governed is None or not governed.has("order.shipping") or not units:
        return None
    ready, left = worth_of(work, units), worth_of(work, _to_leave(work, group_no))
    more = {
        "group": Decimal(group_no),
        "ready amount": ready,
        "ready percent": round_places(ready * 100 / left, 2) if left else Decimal(100),
        "days since placed": Decimal((governed.at - work.header.placed_at).days),
    }
    rulings = governed.ask("order.shipping", Asked(work, governed.read, governed.products, more=more), part=group_no)
    policy, minimum = word(answer(rulings, "ship policy")), number(answer(rulings, "minimum part"))
    known = policy if policy in ("partial", "line_complete", "ship_complete") else work.header.ship_policy
    if known == work.header.ship_policy and not minimum:
        return None
    return ShipTerms(known, minimum or ZERO)


def _to_leave(work: OrderWork, group_no: int) -> dict[int, Decimal]:
    return {
        one.line.line_no: one.quantities.open + one.quantities.reserved + one.quantities.allocated
        for one in work.lines_of(group_no)
    }


def worth_of(work: OrderWork, units: Mapping[int, Decimal]) -> Decimal:
    """What units of lines come to, net."""
    found = ZERO
    for line_no, qty in units.items():
        one = work.line(line_no)
        alive = one.quantities.ordered - one.quantities.cancelled
        found += one.price.net * qty / alive if alive else ZERO
    return round_places(found, 2)


def is_whole(work: OrderWork, group_no: int, units: Mapping[int, Decimal]) -> bool:
    """Whether nothing of a group stays behind."""
    return all(units.get(line_no, ZERO) >= qty for line_no, qty in _to_leave(work, group_no).items())
