"""Actions that say where, when, at what price and under which number."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from tradewind.kernel.limits import datable
from tradewind.kernel.money import UNIT_PRICE_DIGITS, round_places
from tradewind.kernel.problem import Problem
from tradewind.orders import errors
from tradewind.orders.decide.actions import CorrectPo, MoveDate, MovePlace, OverridePrice, PinSite, RepriceLine
from tradewind.orders.decide.change import (
    LineState,
    Outcome,
    Pin,
    Price,
    Regroup,
    SetGroup,
    SetPo,
    Sheet,
    in_line_unit,
    known_line,
    reject,
)
from tradewind.orders.model import ZERO, Group
from tradewind.semantics.model import Place

Changing = Callable[[Group], Group]


def move_date(sheet: Sheet, action: MoveDate) -> Outcome:
    """Another requested date for what is still to be shipped."""

    if not datable(action.requested_at):
        return reject(errors.bad_date(f"{sheet.where}/requested_at"), action.line_no)

    def dated(group: Group) -> Group:
        at = action.requested_at
        return replace(group, requested_at=at, release_at=at, not_before=None, arrive_by=None)

    return move_scope(sheet, action.line_no, action.group_no, dated, where=sheet.where)


def move_place(sheet: Sheet, action: MovePlace) -> Outcome:
    """Another ship-to for what is still to be shipped; not where invoices went out under another tax."""
    found = sheet.meaning.places[sheet.place]
    if isinstance(found, Problem):
        return reject(found, action.line_no)
    there = (found.country, found.region)
    taxed = {(group.ship_to.country, group.ship_to.region) for group in sheet.groups.values()}
    if any(one.invoiced for one in sheet.lines.values()) and taxed != {there}:
        return reject(
            errors.billed_already("What goes to another tax jurisdiction", f"{sheet.where}/ship_to"), action.line_no
        )

    out = next((one for one in _moving(sheet, action) if _elsewhere(sheet, one, there) and went_out(one)), None)
    if out is not None:  # what went out is taxed by where it goes, and so is its line
        return reject(_handed_over(out, went_out(out), f"{sheet.where}/ship_to"), action.line_no)

    def placed(group: Group) -> Group:
        return replace(group, ship_to=found)

    return move_scope(sheet, action.line_no, action.group_no, placed, where=sheet.where)


def _moving(sheet: Sheet, action: MovePlace) -> list[LineState]:
    """The lines that would be taxed by the new place: of the groups that have something left to send."""
    if action.line_no is not None:
        one = sheet.lines.get(action.line_no)
        return [] if one is None or not one.free else [one]
    numbers = sheet.groups if action.group_no is None else [action.group_no]
    members = [sheet.of_group(no) for no in numbers]
    return [one for group in members if any(line.free for line in group) for one in group]


def _elsewhere(sheet: Sheet, state: LineState, there: tuple[str, str]) -> bool:
    here = sheet.groups[state.line.group_no].ship_to
    return (here.country, here.region) != there


def went_out(state: LineState) -> Decimal:
    """What of the line is at a warehouse or was shipped."""
    return state.units.released + state.units.shipped


def move_scope(sheet: Sheet, line_no: int | None, group_no: int | None, change: Changing, *, where: str) -> Outcome:
    """Change a line's group, a group, or every group that has something left to ship."""
    if line_no is not None:
        return _move_line(sheet, line_no, change, where=where)
    if group_no is not None and group_no not in sheet.groups:
        return reject(errors.unknown_group(group_no, f"{where}/group"))
    numbers = sorted(sheet.groups) if group_no is None else [group_no]
    there = [one for no in numbers for one in sheet.of_group(no)]
    out = next((one for one in there if one.units.released), None)
    moved = tuple(one.line.line_no for one in there if one.free)
    if not moved:
        return reject(errors.nothing_left(0, where) if out is None else _at_warehouse(out, where))
    for no in numbers:
        if any(one.free for one in sheet.of_group(no)):
            _set_group(sheet, change(sheet.groups[no]))
    if out is not None:
        return Outcome("changed", None, None, None, _at_warehouse(out, where), moved)
    return Outcome("accepted", None, None, None, None, moved)


def _at_warehouse(state: LineState, where: str) -> Problem:
    """What a warehouse was given goes where and when it was told."""
    return _handed_over(state, state.units.released, where)


def _handed_over(state: LineState, units: Decimal, where: str) -> Problem:
    qty = format(in_line_unit(state, units).normalize(), "f")
    return errors.handed_over(state.line.sku, qty, where)


def _set_group(sheet: Sheet, group: Group, *, new: bool = False) -> None:
    if sheet.groups.get(group.group_no) != group:
        sheet.groups[group.group_no] = group
        sheet.say(SetGroup(group, new))


def _move_line(sheet: Sheet, line_no: int, change: Changing, *, where: str) -> Outcome:
    state = known_line(sheet, line_no, where)
    if isinstance(state, Problem):
        return reject(state, line_no)
    if not state.free:
        return reject(_at_warehouse(state, where) if state.left else errors.nothing_left(line_no, where), line_no)
    here = sheet.groups[state.line.group_no]
    wanted = change(here)
    if _same(here, wanted):
        return Outcome("accepted", line_no, None, None)
    if not any(one.left for one in sheet.of_group(here.group_no) if one.line.line_no != line_no):
        _set_group(sheet, wanted)
        return Outcome("accepted", line_no, None, None, None, (line_no,))
    out = went_out(state)
    if out:  # its shipments are of the old group, and so is what comes back of them
        return reject(_handed_over(state, out, where), line_no)
    target = next((one for one in sheet.groups.values() if _same(one, wanted)), None)
    if target is None:
        target = replace(wanted, group_no=max(sheet.groups) + 1)
        _set_group(sheet, target, new=True)
    regroup(sheet, state, target.group_no)
    return Outcome("accepted", line_no, None, None, None, (line_no,))


def regroup(sheet: Sheet, state: LineState, group_no: int) -> None:
    """Put a line into another group."""
    line = replace(state.line, group_no=group_no)
    sheet.lines[line.line_no] = replace(state, line=line)
    sheet.say(Regroup(line.line_no, group_no))


def _same(one: Group, other: Group) -> bool:
    return same_place(one.ship_to, other.ship_to) and one.requested_at == other.requested_at


def same_place(one: Place, other: Place) -> bool:
    """Whether two places are one."""
    return one.as_json() == other.as_json()


def pin_site(sheet: Sheet, action: PinSite) -> Outcome:
    """The line comes from this site or waits; what no warehouse was given yet is sourced again."""
    state = known_line(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    found = sheet.meaning.sites.get(sheet.place)
    problem = (
        errors.staff_only("Where goods come from", sheet.where)
        if "site" not in sheet.meaning.may
        else found
        if isinstance(found, Problem)
        else errors.not_goods(state.line.sku, sheet.where)
        if not state.line.stocked
        else None
        if state.free
        else _at_warehouse(state, sheet.where)
        if state.left
        else errors.nothing_left(action.line_no, sheet.where)
    )
    if problem is not None:
        return reject(problem, action.line_no)
    assert not isinstance(found, Problem)
    if found != state.site_id:
        sheet.lines[action.line_no] = replace(state, site_id=found)
        sheet.say(Pin(action.line_no, found))
    return Outcome("accepted", action.line_no, state.free, ZERO)


def override_price(sheet: Sheet, action: OverridePrice) -> Outcome:
    """A person's price for the whole line, as long as nothing of it is invoiced."""
    state = _unbilled(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    if "price" not in sheet.meaning.may:
        return reject(errors.staff_only("A price", sheet.where), action.line_no)
    if not action.reason.strip():
        return reject(errors.no_reason(f"{sheet.where}/reason"), action.line_no)
    if action.unit_price < 0 or round_places(action.unit_price, UNIT_PRICE_DIGITS) != action.unit_price:
        return reject(errors.bad_price(f"{sheet.where}/unit_price"), action.line_no)
    sheet.say(Price(action.line_no, None, state.alive, action.unit_price, action.reason))
    return Outcome("accepted", action.line_no, ZERO, ZERO)


def reprice_line(sheet: Sheet, action: RepriceLine) -> Outcome:
    """Today's price for the whole line, because somebody asks for it."""
    state = _unbilled(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    sheet.say(Price(action.line_no, None, state.alive))
    return Outcome("accepted", action.line_no, ZERO, ZERO)


def _unbilled(sheet: Sheet, line_no: int, where: str) -> LineState | Problem:
    state = known_line(sheet, line_no, where)
    if isinstance(state, Problem):
        return state
    if state.invoiced:
        return errors.billed_already(f"Line {line_no}", where)
    return state if state.alive else errors.nothing_left(line_no, where)


def correct_po(sheet: Sheet, action: CorrectPo) -> Outcome:
    """Another order number of the buyer, if no other order has it."""
    problem = sheet.meaning.pos.get(sheet.place)
    if problem is not None:
        return reject(problem)
    sheet.say(SetPo(action.buyer_po))
    return Outcome("accepted")
