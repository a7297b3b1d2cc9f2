"""Actions that say how much: more, less, nothing, something else, something more."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import check_quantity, to_base
from tradewind.orders import errors
from tradewind.orders.decide.actions import AddLine, CancelLine, CancelOrder, SetQuantity, SwapItem
from tradewind.orders.decide.change import (
    LineState,
    NewLine,
    Outcome,
    Price,
    Sheet,
    base_units,
    broken_rule,
    cut,
    grow,
    in_line_unit,
    known_line,
    reject,
    sized_before,
)
from tradewind.orders.model import ZERO, Line, LinePrice, Quantities


def set_quantity(sheet: Sheet, action: SetQuantity) -> Outcome:
    """The line, with what was added to it at another price, shall count so many: what is more is priced by the account's
    policy, what is less is cut."""
    state = known_line(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    if action.qty < 0:
        return reject(errors.bad_quantity(f"{sheet.where}/qty"), action.line_no)
    wanted = base_units(state.line, action.qty, f"{sheet.where}/qty")
    if isinstance(wanted, Problem):
        return reject(wanted, action.line_no)
    twice, family = sized_before(sheet, action.line_no, sheet.where), sheet.family(action.line_no)
    alive = sum((one.alive for one in family), ZERO)
    broken = broken_rule(state.rules, wanted, before=alive, where=f"{sheet.where}/qty") if wanted else None
    if twice or broken:
        return reject(twice or broken, action.line_no)  # type: ignore[arg-type]
    counts = alive - sum((one.asked for one in family), ZERO)  # what a warehouse was asked back for is on its way out
    if wanted == counts:
        return Outcome("accepted", action.line_no, ZERO, ZERO)
    if wanted > counts:
        return _raise(sheet, family, wanted, sheet.where)
    outcome = _cut_family(sheet, family, counts - wanted, f"{sheet.where}/qty")
    for one in family:
        if one.line.uom == state.line.uom:
            _lose_tier(sheet, one)
    return outcome


_CUT_FROM: tuple[Callable[[LineState], Decimal], ...] = (
    lambda one: one.free,
    lambda one: one.units.released - one.asked,
    lambda one: one.units.shipped,
)


def _cut_family(sheet: Sheet, family: list[LineState], units: Decimal, where: str) -> Outcome:
    """What was added goes first, the latest before the others: what is free of each line, then what a warehouse holds; what
    is over was shipped."""
    number, parts, left = family[0].line.line_no, dict.fromkeys((one.line.line_no for one in family), ZERO), units
    order = [*reversed(family[1:]), family[0]]
    for has in _CUT_FROM:
        for one in order:
            part = min(left, max(has(one), ZERO))
            parts[one.line.line_no] += part
            left -= part
    touched = [one for one in order if parts[one.line.line_no]]
    for one in touched:
        twice = None if one is family[0] else sized_before(sheet, one.line.line_no, where)
        if twice:
            return reject(twice, number)
    found = [cut(sheet, one, parts[one.line.line_no], where) for one in touched]
    if len(found) == 1 and touched[0] is family[0]:
        return found[0]
    done, asked = (sum((getattr(one, name) or ZERO for one in found), ZERO) for name in ("done", "asked"))
    problems = [one.problem for one in found if one.problem is not None]
    problem = next((one for one in problems if one.code != "orders.asked_back"), problems[0] if problems else None)
    if done + asked <= 0:
        assert problem is not None
        return reject(problem, number)
    went = {one.line_no for one in found if one.verdict != "rejected"} - {number}
    lines = (number, *sorted(one for one in went if one is not None))
    return Outcome("changed" if problem else "accepted", number, done, asked, problem, lines)


def _lose_tier(sheet: Sheet, before: LineState) -> None:
    """An account that is always priced as a whole gets the price of what is left."""
    fresh, after = sheet.meaning.prices.get(sheet.place), sheet.lines[before.line.line_no]
    whole = sheet.meaning.pricing == "whole" and not before.invoiced
    if whole and fresh is not None and after.alive and not same_price(fresh, before.price):
        sheet.say(Price(before.line.line_no, fresh, sheet.meaning.priced_for[sheet.place]))


def same_price(one: LinePrice, other: LinePrice) -> bool:
    """Whether two prices are one: the same for a unit, whatever the quantity."""
    return (one.unit_price, one.basis, one.uom) == (other.unit_price, other.basis, other.uom)


def _raise(sheet: Sheet, family: list[LineState], wanted: Decimal, where: str) -> Outcome:
    state, fresh = family[0], sheet.meaning.prices.get(sheet.place)
    line, more = state.line, wanted - sum((one.alive for one in family), ZERO)
    pending = next((one for one in family if one.asked > 0), None)
    if pending is not None:
        return reject(errors.cancel_pending(pending.line.sku, f"{where}/qty"), line.line_no)
    kept = fresh is None or state.price.waterfall is None or sheet.meaning.pricing == "frozen"
    if not kept and not same_price(fresh, state.price):  # type: ignore[arg-type]
        alone = not any(one.alive for one in family[1:])
        never_right = alone and _was_never_right(state)
        anew = not state.alive or (not state.invoiced and (sheet.meaning.pricing == "whole" or never_right))
        if not anew:
            return _beside(sheet, family, more, fresh, wanted=wanted, where=where)  # type: ignore[arg-type]
        problem = grow(sheet, state, more, f"{where}/qty")
        if problem is None:
            sheet.say(Price(line.line_no, fresh, wanted))
    else:
        problem = grow(sheet, state, more, f"{where}/qty")
    return reject(problem, line.line_no) if problem else Outcome("accepted", line.line_no, more, ZERO)


def _was_never_right(state: LineState) -> bool:
    """Whether the line waits for a quantity that the product comes in: who takes the next right one pays what that costs, as
    if it had been ordered so."""
    minimum, multiple, decimals = state.rules
    if not (minimum or multiple) or state.units.open + state.units.reserved != state.alive:
        return False
    return bool(check_quantity(state.alive, minimum=minimum, multiple=multiple, decimals=decimals))


def _beside(
    sheet: Sheet, family: list[LineState], more: Decimal, fresh: LinePrice, *, wanted: Decimal, where: str
) -> Outcome:
    """What is added costs something else: it is a line of its own, so that what was ordered keeps its price to the cent. A
    line that was added at this price before, for the same delivery, grows."""
    state = family[0]
    qty = in_line_unit(state, more)
    if base_units(state.line, qty, where) != more:
        return reject(errors.bad_quantity(f"{where}/qty"), state.line.line_no)
    beside = next((one for one in reversed(family[1:]) if _takes(one, state, fresh)), None)
    if beside is None or beside.line.line_no in sheet.sized:
        number = sheet.next_line()
        line = replace(state.line, line_no=number, qty=qty)
        put(sheet, NewLine(line, more, fresh, wanted, origin=state.line.line_no), state.rules)
    else:
        number = beside.line.line_no
        problem = grow(sheet, beside, more, f"{where}/qty")
        if problem is not None:
            return reject(problem, state.line.line_no)
        sheet.sized.add(number)
    problem = errors.priced_anew(state.line.sku, format(qty.normalize(), "f"), number, where)
    return Outcome("changed", state.line.line_no, more, ZERO, problem, (state.line.line_no, number))


def _takes(added: LineState, state: LineState, fresh: LinePrice) -> bool:
    """Whether more of a line at this price may go on one that was added to it."""
    one, other = added.line, state.line
    there = (one.group_no, one.uom, added.site_id) == (other.group_no, other.uom, state.site_id)
    return there and added.alive > 0 and added.price.waterfall is not None and same_price(fresh, added.price)


def put(sheet: Sheet, new: NewLine, rules: tuple[Decimal | None, Decimal | None, int]) -> None:
    """A new line is part of the order for the actions that follow."""
    units = Quantities(ordered=new.units, open=new.units)
    price = new.price or LinePrice(ZERO, Decimal(1), "", ZERO, None, None)
    sheet.lines[new.line.line_no] = LineState(new.line, units, ZERO, price, rules=rules, origin=new.origin)
    sheet.sized.add(new.line.line_no)
    sheet.say(new)


def cancel_line(sheet: Sheet, action: CancelLine) -> Outcome:
    """Units of a line are not wanted any more."""
    state = known_line(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    units: Decimal | None = None
    if action.qty is not None:
        found = (
            base_units(state.line, action.qty, f"{sheet.where}/qty")
            if action.qty > 0
            else errors.bad_quantity(f"{sheet.where}/qty")
        )
        if isinstance(found, Problem):
            return reject(found, action.line_no)
        units, rest = found, state.alive - found
        broken = broken_rule(state.rules, rest, before=state.alive, where=f"{sheet.where}/qty") if rest > 0 else None
        if broken:
            return reject(broken, action.line_no)
    twice = sized_before(sheet, action.line_no, sheet.where)
    return reject(twice, action.line_no) if twice else cut(sheet, state, units, sheet.where)


def cancel_order(sheet: Sheet, _: CancelOrder) -> Outcome:
    """Nothing that was not shipped is wanted any more: one outcome for all lines."""
    wanted = [one for one in sheet.lines.values() if one.alive > 0 and one.line.line_no not in sheet.sized]
    found = [cut(sheet, one, None, sheet.where) for one in wanted]
    sheet.sized.update(one.line.line_no for one in wanted)
    done = tuple(one.line_no for one in found if one.verdict != "rejected" and one.line_no is not None)
    problem = next((one.problem for one in found if one.problem), None)
    if not done:
        return reject(problem or errors.nothing_left(0, sheet.where))
    return Outcome("changed" if problem else "accepted", None, None, None, problem, done)


def swap_item(sheet: Sheet, action: SwapItem) -> Outcome:
    """Another item instead of what no warehouse was given yet; the new line is priced today."""
    state = known_line(sheet, action.line_no, sheet.where)
    if isinstance(state, Problem):
        return reject(state, action.line_no)
    if not state.free:
        left = errors.handed_over(
            state.line.sku, format(in_line_unit(state, state.units.released).normalize(), "f"), sheet.where
        )
        return reject(left if state.left else errors.nothing_left(action.line_no, sheet.where), action.line_no)
    qty = action.qty if action.qty is not None else in_line_unit(state, state.free)
    new = _new_line(sheet, qty, group_no=state.line.group_no, where=sheet.where)
    twice = sized_before(sheet, action.line_no, sheet.where) if not isinstance(new, Problem) else None
    if isinstance(new, Problem) or twice:
        return reject(new if isinstance(new, Problem) else twice, action.line_no)  # type: ignore[arg-type]
    out = cut(sheet, state, state.free, sheet.where)
    line, units = new
    put(sheet, NewLine(line, units, origin=action.line_no), sheet.meaning.rules.get(line.product_id, state.rules))
    if state.units.released:
        kept = format(in_line_unit(state, state.units.released).normalize(), "f")
        problem = errors.handed_over(state.line.sku, kept, sheet.where)
        return Outcome("changed", action.line_no, out.done, ZERO, problem, (action.line_no, line.line_no))
    return Outcome("accepted", action.line_no, out.done, ZERO, None, (action.line_no, line.line_no))


def add_line(sheet: Sheet, action: AddLine) -> Outcome:
    """One more line, in the group named or in the first one."""
    group_no = min(sheet.groups) if action.group_no is None else action.group_no
    if group_no not in sheet.groups:
        return reject(errors.unknown_group(group_no, f"{sheet.where}/group"))
    new = _new_line(sheet, action.qty, group_no=group_no, where=sheet.where)
    if isinstance(new, Problem):
        return reject(new)
    line, units = new
    put(sheet, NewLine(line, units, stated=action.price), sheet.meaning.rules[line.product_id])
    return Outcome("accepted", line.line_no, units, ZERO)


def _new_line(sheet: Sheet, qty: Decimal, *, group_no: int, where: str) -> tuple[Line, Decimal] | Problem:
    found = sheet.meaning.items[sheet.place]
    if isinstance(found, Problem):
        return found
    if qty <= 0:
        return errors.bad_quantity(f"{where}/qty")
    rules = sheet.meaning.rules[found.product_id]
    units = to_base(qty, (found.factor_num, found.factor_den), decimals=rules[2], where=f"{where}/qty")
    if isinstance(units, Problem):
        return units
    broken = broken_rule(rules, units, before=ZERO, where=f"{where}/qty")
    if broken:
        return broken
    return replace(found, line_no=sheet.next_line(), group_no=group_no, qty=qty), units
