"""What a set of waiting orders gets of the goods that are there and on their way, in the order of the queue.

Three rounds over the same shelves: promised units whose supply has come in (or was cut) become allocations; what is left goes
to whoever is first in the queue; what is still open gets a date from goods on their way.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.fulfilment.decide import Shelf
from tradewind.inventory.decide import promise_from_inbound
from tradewind.inventory.model import Claim, Inbound
from tradewind.orders.decide import blockers
from tradewind.semantics.model import ZERO, Demand, Take
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset
from tradewind.streams.sources import lanes_of, sites_for, source_from
from tradewind.streams.take import note_promise, take_for_line

Key = tuple[UUID, UUID]


@dataclass(slots=True)
class Given:
    """What one order got: units by line, and the lines whose date moved as (line, sku, from, to)."""

    allocated: dict[int, Decimal] = field(default_factory=dict)
    moved: list[tuple[int, str, datetime | None, datetime | None]] = field(default_factory=list)


@dataclass(slots=True)
class Serving:
    """A set of orders being served: the products at hand, what is left of them, and what each order got."""

    workset: OrderWorkset
    products: frozenset[UUID]
    now: datetime
    stale: frozenset[UUID] = frozenset()
    dates_only: bool = False
    shelf: Shelf = field(default_factory=lambda: Shelf({}))
    due: dict[UUID, Decimal] = field(default_factory=dict)
    supplies: dict[UUID, Inbound] = field(default_factory=dict)
    given: dict[UUID, Given] = field(default_factory=dict)
    touched: set[tuple[UUID, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        shelves = self.workset.shelves
        self.shelf = Shelf({key: row.for_backorders for key, row in shelves.rows.items()})
        self.supplies = {one.supply_id: one for found in shelves.inbound.values() for one in found}
        self.due = {one.supply_id: -one.free for one in self.supplies.values() if one.free < 0}
        self.given = {order_id: Given() for order_id in self.workset.orders}

    def lines(self, work: OrderWork) -> list[LineWork]:
        """The lines of an order that this is about."""
        return [one for one in work.lines if one.line.product_id in self.products and one.line.stocked]

    def inbound(self) -> dict[UUID, list[Inbound]]:
        """What of the goods on their way is free after what was promised and given back so far."""
        promised = self.workset.shelves.promised
        return {
            product: [replace(one, free=one.free - promised.get(one.supply_id, ZERO)) for one in found]
            for product, found in self.workset.shelves.inbound.items()
        }


def serve(serving: Serving) -> None:
    """Give every order of the set what it gets; the working copies change, nothing is written."""
    works = list(serving.workset.orders.values())
    before = {
        (work.id, one.line.line_no): (one.promised_at, one.quantities.open)
        for work in works
        for one in serving.lines(work)
    }
    if not serving.dates_only:
        for work in works:
            _arrived(serving, work)
        _keep_for_absent(serving)
        for work in works:
            if work.confirmed_at is not None:
                _from_stock(serving, work)
    for work in works:
        _from_inbound(serving, work)
    for work in works:
        _note(serving, work, before)


def _arrived(serving: Serving, work: OrderWork) -> None:
    """Promised units that their supply cannot bring any more: it has come in, or was cut."""
    firm = work.confirmed_at is not None
    for claim in work.open_claims("promised"):
        assert claim.supply_id is not None
        cut = min(claim.qty, serving.due.get(claim.supply_id, ZERO))
        if cut <= 0 or claim.product_id not in serving.products:
            continue
        serving.due[claim.supply_id] -= cut
        _unpromise(serving, work, claim, cut)
        got = min(cut, serving.shelf.at(claim.product_id, claim.site_id))
        one = work.line(claim.line_no)
        if got > 0:
            serving.shelf.take(claim.product_id, claim.site_id, got)
            _take(serving, work, one, [Take(work.id, claim.line_no, claim.product_id, claim.site_id, got)], firm=firm)


def _keep_for_absent(serving: Serving) -> None:
    """What came in for promises of orders that are not in this set stays theirs."""
    for supply_id, qty in serving.due.items():
        supply = serving.supplies[supply_id]
        kept = min(qty, serving.shelf.at(supply.product_id, supply.site_id))
        if kept > 0:
            serving.shelf.take(supply.product_id, supply.site_id, kept)


def _from_stock(serving: Serving, work: OrderWork) -> None:
    for group in work.groups:
        lanes = lanes_of(serving.workset, work, group.group_no)
        sites = tuple(lane.site_id for lane in lanes)
        demands = [
            Demand(
                work.id,
                one.line.line_no,
                one.line.product_id,
                one.quantities.open,
                sites_for(serving.workset, work, one.line.line_no, sites),
            )
            for one in serving.lines(work)
            if one.line.group_no == group.group_no
            and one.quantities.open > 0
            and not blockers(work.holds, "allocate", group_no=group.group_no, line_no=one.line.line_no)
        ]
        takes: dict[int, list[Take]] = {}
        for take in source_from(serving.workset, demands, lanes, serving.shelf).takes:
            takes.setdefault(take.line_no, []).append(take)
        for line_no, found in takes.items():
            one = work.line(line_no)
            _take(serving, work, one, found, firm=True)
            _drop_promises(serving, work, one)


def _take(serving: Serving, work: OrderWork, one: LineWork, takes: list[Take], *, firm: bool) -> None:
    expires = None if firm else _reserved_until(work, serving.now)
    take_for_line(serving.workset, work, one, takes, firm=firm, expires=expires)
    got = sum((take.qty for take in takes), ZERO)
    allocated = serving.given[work.id].allocated
    allocated[one.line.line_no] = allocated.get(one.line.line_no, ZERO) + got
    serving.touched.add((work.id, one.line.line_no))


def _reserved_until(work: OrderWork, now: datetime) -> datetime:
    """An order that is still held reserves softly, no longer than what it has reserved already."""
    known = [claim.expires_at for claim in work.open_claims("reserved") if claim.expires_at is not None]
    return max(known, default=now + timedelta(hours=work.account.reserve_hours))


def _promised(work: OrderWork, line_no: int) -> Decimal:
    return sum((claim.qty for claim in work.claims_of(line_no) if claim.state == "promised"), ZERO)


def _unpromise(serving: Serving, work: OrderWork, claim: Claim, qty: Decimal) -> None:
    """A promised claim loses units; the supply may promise them to somebody else."""
    assert claim.supply_id is not None
    if qty == claim.qty:
        work.change_claim(claim, state="ended")
    else:
        work.change_claim(claim, qty=claim.qty - qty)
    serving.workset.shelves.add_promised(claim.supply_id, -qty)
    serving.touched.add((work.id, claim.line_no))


def _drop_promises(serving: Serving, work: OrderWork, one: LineWork) -> None:
    """A line that got goods needs less of what is on its way: the latest promise goes first."""
    excess = _promised(work, one.line.line_no) - one.quantities.open
    dates = serving.workset.shelves.supply_dates()
    claims = [claim for claim in work.claims_of(one.line.line_no) if claim.state == "promised"]
    for claim in sorted(claims, key=lambda claim: dates.get(claim.supply_id, serving.now), reverse=True):  # type: ignore[arg-type]
        if excess <= 0:
            break
        qty = min(excess, claim.qty)
        _unpromise(serving, work, claim, qty)
        excess -= qty


def _from_inbound(serving: Serving, work: OrderWork) -> None:
    """A date for what is still open; promises on supplies that slipped are looked at again."""
    for one in serving.lines(work):
        stale = [
            claim
            for claim in work.claims_of(one.line.line_no)
            if claim.state == "promised" and claim.supply_id in serving.stale
        ]
        for claim in stale:
            _unpromise(serving, work, claim, claim.qty)
        need = one.quantities.open - _promised(work, one.line.line_no)
        if need <= 0 or (work.confirmed_at is None and not stale):
            continue
        sites = tuple(lane.site_id for lane in lanes_of(serving.workset, work, one.line.group_no))
        demand = Demand(work.id, one.line.line_no, one.line.product_id, need, sites)
        takes = promise_from_inbound([demand], serving.inbound())
        if takes:
            take_for_line(serving.workset, work, one, takes, firm=work.confirmed_at is not None, expires=None)
            serving.touched.add((work.id, one.line.line_no))


def _note(serving: Serving, work: OrderWork, before: dict[tuple[UUID, int], tuple[datetime | None, Decimal]]) -> None:
    dates = serving.workset.shelves.supply_dates()
    for one in serving.lines(work):
        key = (work.id, one.line.line_no)
        if key not in serving.touched:
            continue
        lanes = {lane.site_id: lane for lane in lanes_of(serving.workset, work, one.line.group_no)}
        note_promise(work, one, lanes, dates=dates, now=serving.now, calendars=serving.workset.calendars)
        old, new = before[key][0], one.promised_at
        if (old and old.date()) != (new and new.date()):
            serving.given[work.id].moved.append((one.line.line_no, one.line.sku, old, new))


def promises_text(moved: Iterable[tuple[int, str, datetime | None, datetime | None]]) -> list[dict[str, Any]]:
    """Moved dates as events and answers carry them."""
    return [
        {"line": line_no, "sku": sku, "from": old and old.isoformat(), "to": new and new.isoformat()}
        for line_no, sku, old, new in moved
    ]


def earmarks_after(serving: Serving, waiting: dict[UUID, Decimal]) -> dict[Key, Decimal]:
    """By how much the earmarks of the shelves change: kept is only what orders that were not served may still need.

    `waiting`: backordered units of orders outside this set, by product.
    """
    changes: dict[Key, Decimal] = {}
    due: dict[Key, Decimal] = {}
    for supply_id, qty in serving.due.items():
        supply = serving.supplies[supply_id]
        key = (supply.product_id, supply.site_id)
        due[key] = due.get(key, ZERO) + qty
    left = dict(waiting)
    for key, row in sorted(serving.workset.shelves.rows.items()):
        taken = serving.workset.shelves.stock.get(key)
        used = ZERO if taken is None else taken.reserved + taken.allocated
        unused = max(row.for_backorders - used, ZERO)
        wanted = max(min(row.earmarked, unused, left.get(key[0], ZERO)), min(row.earmarked, due.get(key, ZERO)))
        left[key[0]] = left.get(key[0], ZERO) - wanted
        if wanted != row.earmarked:
            changes[key] = wanted - row.earmarked
    return changes


def anything_left(serving: Serving, products: Collection[UUID]) -> bool:
    """Whether another set of waiting orders could get something: goods on a shelf, or a date from goods on their way."""
    if serving.shelf.has_any(products):
        return True
    return any(one.free > 0 for product, found in serving.inbound().items() if product in products for one in found)
