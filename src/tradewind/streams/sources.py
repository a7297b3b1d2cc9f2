"""Where the goods of a set of orders come from: the estimate before the locks, and what the locked rows give."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from tradewind.fulfilment.decide import Lane, Shelf, Sourcing, source
from tradewind.fulfilment.queries import turned_down
from tradewind.inventory.model import Inbound
from tradewind.inventory.queries import counted_since
from tradewind.kernel.tx import Reader
from tradewind.orchestration.commands.steps import TurnAgain
from tradewind.orders.decide import blockers
from tradewind.semantics.model import ZERO, Demand
from tradewind.streams.drop_ship import takes_no_stock
from tradewind.streams.governed_goods import allowed_sites, source_governed
from tradewind.streams.order_work import OrderWork, OrderWorkset


class StockMoved(TurnAgain):
    """Under the lock less was there than the look before had shown, and other sites might help: take all locks and retry."""


def sites_for(workset: OrderWorkset, work: OrderWork, line_no: int, sites: tuple[UUID, ...]) -> tuple[UUID, ...]:
    """The sites a line may come from: not from one that answered short or refused, until goods came in there or somebody
    counted (FU8); it would go round in circles. A line that a change pinned to a site comes from there or waits."""
    mark = work.line(line_no).mark if work.version > 1 else None
    if mark is not None and mark.site_id is not None:
        return tuple(site for site in sites if site == mark.site_id)
    if workset.governed is not None and workset.governed.sites:
        sites = allowed_sites(workset.governed, work, line_no, sites)
    down = workset.turned_down.get((work.id, line_no))
    return tuple(site for site in sites if site not in down) if down else sites


def read_turned_down(reader: Reader, workset: OrderWorkset) -> None:
    """The sites that turned lines of these orders down and have not been looked at since."""
    found = turned_down(reader, [work.id for work in workset.orders.values() if not work.fresh])
    looked_at = counted_since(reader, [(one.product_id, one.site_id, one.at) for one in found])
    sites: dict[tuple[UUID, int], set[UUID]] = {}
    for place, one in enumerate(found):
        if place not in looked_at:
            sites.setdefault((one.order_id, one.line_no), set()).add(one.site_id)
    workset.turned_down = {key: frozenset(of_line) for key, of_line in sites.items()}


def demands_of(workset: OrderWorkset, work: OrderWork, group_no: int, lanes: Sequence[Lane]) -> list[Demand]:
    """What the lines of a group still need from stock; lines whose holds block allocation need nothing yet."""
    sites = tuple(lane.site_id for lane in lanes)
    return [
        Demand(
            work.id,
            one.line.line_no,
            one.line.product_id,
            one.quantities.open,
            sites_for(workset, work, one.line.line_no, sites),
        )
        for one in work.lines_of(group_no)
        if one.line.stocked
        and one.quantities.open > 0
        and not blockers(work.holds, "allocate", group_no=group_no, line_no=one.line.line_no)
        and not (workset.vendors and takes_no_stock(workset.vendors, work.id, one.line.line_no))
    ]


def lanes_of(workset: OrderWorkset, work: OrderWork, group_no: int) -> list[Lane]:
    place = work.group(group_no).ship_to
    return workset.shelves.lanes.get((place.country, place.region), [])


def plan_sources(workset: OrderWorkset, works: Iterable[OrderWork], shelf: Shelf) -> dict[tuple[UUID, int], Sourcing]:
    """Source every group of every order from one shelf, in the order the orders came."""
    plans: dict[tuple[UUID, int], Sourcing] = {}
    for work in works:
        for group in work.groups:
            lanes = lanes_of(workset, work, group.group_no)
            plans[work.id, group.group_no] = source_from(
                workset, demands_of(workset, work, group.group_no, lanes), lanes, shelf
            )
    return plans


def source_from(workset: OrderWorkset, demands: Sequence[Demand], lanes: Sequence[Lane], shelf: Shelf) -> Sourcing:
    """`source`, by the tables of sourcing where some of the lines are governed."""
    governed = workset.governed
    if governed is None or not governed.sites:
        return source(demands, lanes, shelf)
    return source_governed(governed, demands, lanes, shelf)


def settled_sources(workset: OrderWorkset, works: Sequence[OrderWork]) -> dict[tuple[UUID, int], Sourcing]:
    """The estimate, where the locked rows still bear it; else sourced again from the locked rows.

    Where those give less than the estimate had, other sites may have it: `StockMoved` asks for every lock.
    """
    rows, estimate = workset.shelves.rows, workset.estimate
    wanted: dict[tuple[UUID, UUID], Decimal] = {}
    for sourcing in estimate.values():
        for take in sourcing.takes:
            key = (take.product_id, take.site_id)
            wanted[key] = wanted.get(key, ZERO) + take.qty
    nothing_short = not any(sourcing.short for sourcing in estimate.values())
    if estimate and nothing_short and all(key in rows and rows[key].available >= qty for key, qty in wanted.items()):
        return estimate
    sources = plan_sources(workset, works, Shelf({key: row.available for key, row in rows.items()}))
    if not workset.lock_all_sites:
        for place, sourcing in sources.items():
            if place in estimate and _taken(sourcing) < _taken(estimate[place]):
                raise StockMoved(str(place[0]))
    return sources


def _taken(sourcing: Sourcing) -> Decimal:
    return sum((take.qty for take in sourcing.takes), ZERO)


def inbound_with_own(workset: OrderWorkset, works: Sequence[OrderWork]) -> dict[UUID, list[Inbound]]:
    """What is expected and free; what these orders were promised before counts as free for them: they ask anew."""
    own: dict[UUID, Decimal] = {}
    for work in works:
        for claim in work.open_claims("promised") if not work.fresh else ():
            line = work.line(claim.line_no).line
            kept = blockers(work.holds, "allocate", group_no=line.group_no, line_no=line.line_no)
            if claim.supply_id is not None and not kept:
                own[claim.supply_id] = own.get(claim.supply_id, ZERO) + claim.qty
    if not own:
        return workset.shelves.inbound
    return {
        product: [replace(one, free=one.free + own.get(one.supply_id, ZERO)) for one in supplies]
        for product, supplies in workset.shelves.inbound.items()
    }
