"""What undoes a change: built from what the change found and left, and worked off like any other action."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value
from tradewind.orders import errors
from tradewind.orders.decide.change import (
    Outcome,
    Pin,
    Price,
    SetGroup,
    SetPo,
    Sheet,
    cut,
    grow,
    in_line_unit,
    known_line,
    reject,
)
from tradewind.orders.decide.moving import regroup, same_place, went_out
from tradewind.orders.model import ZERO, Group, LinePrice


@value(frozen=True, slots=True)
class RestoreQuantity:
    """So many base units more (or less) of the line are wanted."""

    line_no: int
    units: Decimal


@value(frozen=True, slots=True)
class RestorePrice:
    """The line's price before, for `alive` units; only where it is still the one `after` the change."""

    line_no: int
    price: LinePrice
    alive: Decimal
    priced_at: datetime | None
    after: LinePrice


@value(frozen=True, slots=True)
class RestoreGroup:
    """The line's delivery group before; only where it is still in `after`."""

    line_no: int
    group_no: int
    after: int


@value(frozen=True, slots=True)
class RestorePlace:
    """A delivery group's place and date before; only where they are still the ones `after` the change."""

    group: Group
    after: Group


@value(frozen=True, slots=True)
class RestoreSite:
    """The line's site before."""

    line_no: int
    site_id: UUID | None
    after: UUID | None


@value(frozen=True, slots=True)
class RestorePo:
    """The buyer's order number before; only where it is still `after`. `now` is what the order says."""

    buyer_po: str | None
    after: str | None
    now: str | None


Restoring = RestoreQuantity | RestorePrice | RestoreGroup | RestorePlace | RestoreSite | RestorePo


def restore_quantity(sheet: Sheet, action: RestoreQuantity) -> Outcome:
    """More comes back at the line's price; less goes as in a cut."""
    state = known_line(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    if action.units < 0:
        return cut(sheet, state, -action.units, sheet.where)
    problem = grow(sheet, state, action.units, sheet.where)
    return reject(problem, action.line_no) if problem else Outcome("accepted", action.line_no, action.units, ZERO)


def restore_price(sheet: Sheet, action: RestorePrice) -> Outcome:
    """The price before, unless it was changed again or billed."""
    state = known_line(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    if state.invoiced:
        return reject(errors.billed_already(f"Line {action.line_no}", sheet.where), action.line_no)
    now, then = state.price, action.after
    if (now.unit_price, now.basis, now.uom) != (then.unit_price, then.basis, then.uom):
        return reject(errors.changed_again(f"The price of line {action.line_no}", sheet.where), action.line_no)
    sheet.say(Price(action.line_no, action.price, action.alive, restored=True, priced_at=action.priced_at))
    return Outcome("accepted", action.line_no, ZERO, ZERO)


def restore_group(sheet: Sheet, action: RestoreGroup) -> Outcome:
    """The group before, unless something of the line was handed over since."""
    state = known_line(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    if state.line.group_no != action.after:
        return reject(errors.changed_again(f"The group of line {action.line_no}", sheet.where), action.line_no)
    out = state.units.released + state.units.shipped
    if out:
        qty = format(in_line_unit(state, out).normalize(), "f")
        return reject(errors.handed_over(state.line.sku, qty, sheet.where), action.line_no)
    regroup(sheet, state, action.group_no)
    return Outcome("accepted", action.line_no, None, None)


def restore_place(sheet: Sheet, action: RestorePlace) -> Outcome:
    """Place and date before, for what is still to be shipped."""
    now, group = sheet.groups[action.group.group_no], action.group
    if not (same_place(now.ship_to, action.after.ship_to) and now.requested_at == action.after.requested_at):
        return reject(errors.changed_again(f"Delivery group {group.group_no}", sheet.where))
    elsewhere = (now.ship_to.country, now.ship_to.region) != (group.ship_to.country, group.ship_to.region)
    if elsewhere and any(one.invoiced for one in sheet.lines.values()):
        return reject(errors.billed_already("What goes to another tax jurisdiction", sheet.where))
    out = next((one for one in sheet.of_group(group.group_no) if elsewhere and went_out(one)), None)
    if out is not None:  # what went out is taxed by where it goes, and so is its line
        qty = format(in_line_unit(out, went_out(out)).normalize(), "f")
        return reject(errors.handed_over(out.line.sku, qty, sheet.where))
    lines = tuple(one.line.line_no for one in sheet.of_group(group.group_no) if one.left)
    sheet.groups[group.group_no] = group
    sheet.say(SetGroup(group))
    return Outcome("accepted", None, None, None, None, lines)


def restore_site(sheet: Sheet, action: RestoreSite) -> Outcome:
    """The site before."""
    state = known_line(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    if state.site_id != action.after:
        return reject(errors.changed_again(f"The site of line {action.line_no}", sheet.where), action.line_no)
    sheet.lines[action.line_no] = replace(state, site_id=action.site_id)
    sheet.say(Pin(action.line_no, action.site_id))
    return Outcome("accepted", action.line_no, state.free, ZERO)


def restore_po(sheet: Sheet, action: RestorePo) -> Outcome:
    """The number before."""
    if action.now != action.after:
        return reject(errors.changed_again("The buyer's order number", sheet.where))
    problem = sheet.meaning.pos.get(sheet.place)
    if problem is not None:
        return reject(problem)
    sheet.say(SetPo(action.buyer_po))
    return Outcome("accepted")
