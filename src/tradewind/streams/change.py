"""Changing orders in hand: what a plan's effects do to the working copies, and which rows that needs.

An order whose demand changes goes back to assessment in the same transaction: prices of what is new, tax, credit, approval,
stock and promise are decided by the very steps that decide them for an order that has just come.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.blankets.queries import LOCK_BLANKET_LINES
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from
from tradewind.inventory.model import StockRow
from tradewind.inventory.queries import LOCK_STOCK, LOCK_SUPPLY, inbound_rows, stock_of
from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orders.decide.change import (
    Grow,
    LineState,
    NewLine,
    Pin,
    Plan,
    Price,
    Regroup,
    SetGroup,
    SetPo,
    Sheet,
    Shrink,
    grown,
    taken_back,
)
from tradewind.orders.decide.moving import same_place
from tradewind.orders.model import Group, LineMark, Quantities
from tradewind.orders.queries import Billed
from tradewind.semantics.model import ZERO
from tradewind.streams.call_offs import read_called
from tradewind.streams.cancel import Cancelling, ask_back, asked_before
from tradewind.streams.change_price import marked, overridden, price_for, rescale
from tradewind.streams.credit_check import read_conduct
from tradewind.streams.cut import cut_units
from tradewind.streams.order_locks import read_lanes
from tradewind.streams.order_work import NO_PRICE, LineWork, OrderWork, OrderWorkset
from tradewind.streams.sources import lanes_of
from tradewind.streams.take import free_claims, note_promise

UNSHIPPED = ("promised", "reserved", "allocated")


@dataclass(slots=True)
class Touched:
    """What a change did to one order: for its rows, its events and its way back through the stream."""

    lines: set[int] = field(default_factory=set)
    added: set[int] = field(default_factory=set)
    resized: set[int] = field(default_factory=set)
    repriced: set[int] = field(default_factory=set)
    dated: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    new_groups: set[int] = field(default_factory=set)
    freed: set[UUID] = field(default_factory=set)
    demand: bool = False
    po: bool = False


def line_states(at_hand: Cancelling, work: OrderWork, rules: Mapping[UUID, Any]) -> list[LineState]:
    """The lines of an order as a change finds them; `rules` by product: minimum, multiple, decimals."""
    states: list[LineState] = []
    for one in work.lines:
        billed, mark = at_hand.billed.get((work.id, one.line.line_no)), one.mark
        states.append(
            LineState(
                one.line,
                one.quantities,
                one.quantities.ordered if mark is None else mark.qty_placed,
                one.price,
                asked_before(work, one.line.line_no),
                ZERO if billed is None else billed.qty,
                None if mark is None else mark.site_id,
                rules[one.line.product_id],
                None if mark is None else mark.origin_line,
            )
        )
    return states


def lock_goods(tx: Tx, workset: OrderWorkset, changing: Mapping[UUID, Sheet]) -> None:
    """Lock the credit, supplies and stock that these orders hold or will ask for, every site of them; keep it on the shelves."""
    works, shelves = workset.of(changing), workset.shelves
    workset.lock_all_sites = True
    read_lanes(tx, workset)
    held = [claim for work in works for claim in work.open_claims("reserved", "allocated", "released")]
    products = {claim.product_id for claim in held} | {
        state.line.product_id
        for sheet in changing.values()
        for state in sheet.lines.values()
        if state.line.stocked and state.free
    }
    shelves.paths = credit_paths(tx, {work.account.id for work in works})
    keys = {(claim.product_id, claim.site_id) for claim in held}
    keys |= {(row.product_id, row.site_id) for row in stock_of(tx, products)}
    promised = {claim.product_id for work in works for claim in work.open_claims("promised")}
    locked = lock_set(
        tx,
        [
            (LOCK_CREDIT, {node for path in shelves.paths.values() for node in path}),
            (LOCK_BLANKET_LINES, read_called(tx, workset)),
            (LOCK_SUPPLY, products | promised),
            (LOCK_STOCK, keys),
        ],
    )
    shelves.nodes = nodes_from(tx, locked["credit"])
    read_conduct(tx, workset)
    shelves.inbound = inbound_rows(locked["supply"])
    shelves.rows = {(row[0], row[1]): StockRow(*row) for row in locked["stock"]}


def see_freed(workset: OrderWorkset) -> None:
    """What was given back in this transaction is there to be taken again, by whoever gave it back first."""
    shelves = workset.shelves
    for key, delta in shelves.stock.items():
        row = shelves.rows[key]
        shelves.rows[key] = replace(
            row, reserved=row.reserved + delta.reserved, allocated=row.allocated + delta.allocated
        )
    promised = shelves.promised
    shelves.inbound = {
        product: [replace(one, free=one.free - promised.get(one.supply_id, ZERO)) for one in supplies]
        for product, supplies in shelves.inbound.items()
    }


def apply_plan(tx: Tx, at_hand: Cancelling, work: OrderWork, plan: Plan, *, reason: str) -> Touched:
    """Do what the plan says to the working copy."""
    touched = Touched()
    for effect in plan.effects:
        _APPLY[type(effect)](tx, at_hand, work, effect, touched, reason)
    work.voided = frozenset({*touched.lines, *([None] if touched.groups else [])})
    work.touched = True
    return touched


def _touch(one: LineWork, touched: Touched) -> None:
    one.mark = marked(one)
    touched.lines.add(one.line.line_no)


def _shrink(tx: Tx, at_hand: Cancelling, work: OrderWork, effect: Shrink, touched: Touched, reason: str) -> None:
    one = work.line(effect.line_no)
    _touch(one, touched)
    if effect.asked:
        ask_back(tx, at_hand, work, one, qty=effect.asked, reason=reason)
    if not effect.now:
        return
    said = at_hand.said(work, effect.line_no)
    touched.freed |= cut_units(at_hand.workset, work, one, effect.now, said=said)
    assert one.mark is not None
    units, line = taken_back(one.line, one.quantities, placed=one.mark.qty_placed, at_most=effect.now)
    if line is not one.line:
        one.line = line
        one.move(units)
    touched.resized.add(effect.line_no)


def _grow(tx: Tx, at_hand: Cancelling, work: OrderWork, effect: Grow, touched: Touched, reason: str) -> None:
    one = work.line(effect.line_no)
    _touch(one, touched)
    found = grown(one.line, one.quantities, effect.units)
    assert isinstance(found, tuple)
    units, one.line = found
    one.move(units)
    factors, billed = at_hand.said(work, effect.line_no)
    rescale(work, one, factors=factors, billed=billed)
    touched.resized.add(effect.line_no)
    touched.demand = True


def _new_line(tx: Tx, at_hand: Cancelling, work: OrderWork, effect: NewLine, touched: Touched, reason: str) -> None:
    number = effect.line.line_no
    one = LineWork(effect.line, Quantities(ordered=effect.units, open=effect.units), stated_price=effect.stated)
    if effect.price is not None:
        factors = at_hand.units.get(effect.line.product_id, {})
        one.price = price_for(work, one, effect.price, agreed_for=effect.price_for, factors=factors)
    one.mark = LineMark(number, ZERO, effect.units, one.price.allowance, tx.now, None, effect.origin)
    work.lines.append(one)
    at_hand.billed[work.id, number] = Billed(ZERO, ZERO, effect.line.uom, ZERO)
    touched.lines.add(number)
    touched.added.add(number)
    touched.repriced.add(number)
    touched.demand = True


def _price(tx: Tx, at_hand: Cancelling, work: OrderWork, effect: Price, touched: Touched, reason: str) -> None:
    one = work.line(effect.line_no)
    _touch(one, touched)
    assert one.mark is not None
    if effect.price is not None:
        factors, _ = at_hand.said(work, effect.line_no)
        one.price = price_for(work, one, effect.price, agreed_for=effect.alive, factors=factors)
        priced_at = effect.priced_at if effect.restored else tx.now
        one.mark = replace(
            one.mark, anchor_qty=effect.alive, anchor_allowance=effect.price.allowance, priced_at=priced_at
        )
    elif effect.unit_price is not None:
        found = overridden(work, one, effect.unit_price, reason=effect.reason)
        if isinstance(found, Problem):
            raise Refused([found])
        one.price = found
        touched.repriced.add(effect.line_no)
    else:
        one.price = NO_PRICE
        one.mark = replace(one.mark, priced_at=tx.now)
        touched.repriced.add(effect.line_no)
    one.repriced = True
    touched.demand = True


def _regroup(tx: Tx, at_hand: Cancelling, work: OrderWork, effect: Regroup, touched: Touched, reason: str) -> None:
    one = work.line(effect.line_no)
    _touch(one, touched)
    here, there = work.group(one.line.group_no), work.group(effect.group_no)
    one.line = replace(one.line, group_no=effect.group_no)
    touched.resized.add(effect.line_no)
    _went(at_hand, work, one, here, there, touched)


def _set_group(tx: Tx, at_hand: Cancelling, work: OrderWork, effect: SetGroup, touched: Touched, reason: str) -> None:
    group = effect.group
    if effect.new:
        work.groups = [*work.groups, group]
        touched.new_groups.add(group.group_no)
        return
    before = work.group(group.group_no)
    work.groups = [group if one.group_no == group.group_no else one for one in work.groups]
    touched.groups.add(group.group_no)
    for one in work.lines_of(group.group_no):
        _went(at_hand, work, one, before, group, touched)


def _went(at_hand: Cancelling, work: OrderWork, one: LineWork, before: Group, after: Group, touched: Touched) -> None:
    """To another place goods are sourced again; for another date they are kept, and the promise is made again."""
    touched.demand = True
    touched.dated.add(one.line.line_no)
    if not same_place(before.ship_to, after.ship_to):
        claims = [claim for claim in work.claims_of(one.line.line_no) if claim.state in UNSHIPPED]
        touched.freed |= free_claims(at_hand.workset, work, claims, backorder=False)


def _pin(tx: Tx, at_hand: Cancelling, work: OrderWork, effect: Pin, touched: Touched, reason: str) -> None:
    one = work.line(effect.line_no)
    _touch(one, touched)
    assert one.mark is not None
    one.mark = replace(one.mark, site_id=effect.site_id)
    touched.demand = True
    if effect.site_id is not None:
        claims = [claim for claim in work.claims_of(effect.line_no) if claim.state in UNSHIPPED]
        elsewhere = [claim for claim in claims if claim.site_id != effect.site_id]
        touched.freed |= free_claims(at_hand.workset, work, elsewhere, backorder=False)


def _set_po(tx: Tx, at_hand: Cancelling, work: OrderWork, effect: SetPo, touched: Touched, reason: str) -> None:
    work.header = replace(work.header, buyer_po=effect.buyer_po)
    touched.po = True


_APPLY: Mapping[type, Callable[[Tx, Cancelling, OrderWork, Any, Touched, str], None]] = {
    Shrink: _shrink,
    Grow: _grow,
    NewLine: _new_line,
    Price: _price,
    Regroup: _regroup,
    SetGroup: _set_group,
    Pin: _pin,
    SetPo: _set_po,
}


def anchor_prices(work: OrderWork, touched: Touched) -> None:
    """Lines that were priced anew count their allowance from here."""
    for number in touched.repriced:
        one = work.line(number)
        alive = one.quantities.ordered - one.quantities.cancelled
        assert one.mark is not None
        one.mark = replace(one.mark, anchor_qty=alive, anchor_allowance=one.price.allowance)


def promise_again(workset: OrderWorkset, work: OrderWork, lines: Iterable[int], *, now: datetime) -> None:
    """Date what lines hold anew, where their group has another date."""
    dates = workset.shelves.supply_dates()
    for number in sorted(lines):
        one = work.line(number)
        if one.line.stocked and work.claims_of(number):
            lanes = {lane.site_id: lane for lane in lanes_of(workset, work, one.line.group_no)}
            note_promise(work, one, lanes, dates=dates, now=now, calendars=workset.calendars)


def agrees(work: OrderWork, sheet: Sheet) -> bool:
    """Whether the working copy wants of each line what the calculator said."""
    return all(
        one.quantities.ordered - one.quantities.cancelled == sheet.lines[one.line.line_no].alive for one in work.lines
    )
