"""What a list of actions does to an order: a pure calculator. Effects are in base units; each action gets its own outcome.

Nothing goes below what was shipped; what a warehouse holds is asked back, and its answer decides. Units that were cancelled
come back before a line grows; units that a change added go before ordered ones are cancelled: the buckets are a function of
how many units are wanted, so that a change and its revert leave what was there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import QUANTITY_DIGITS, check_quantity, from_base, to_base
from tradewind.kernel.value import value
from tradewind.orders import errors
from tradewind.orders.model import ZERO, Group, Line, LinePrice, Quantities
from tradewind.semantics.model import Place

Verdict = Literal["accepted", "changed", "rejected"]
Pricing = Literal["added", "frozen", "whole"]


@value(frozen=True, slots=True)
class LineState:
    """A line as a change finds it: `placed` are the base units it was ordered with first, `asked` what a warehouse was asked
    back for and has not answered, `invoiced` what was billed, all in base units. `rules`: minimum, multiple, decimals.
    `origin`: the line it adds to or replaces."""

    line: Line
    units: Quantities
    placed: Decimal
    price: LinePrice
    asked: Decimal = ZERO
    invoiced: Decimal = ZERO
    site_id: UUID | None = None
    rules: tuple[Decimal | None, Decimal | None, int] = (None, None, QUANTITY_DIGITS)
    origin: int | None = None

    @property
    def alive(self) -> Decimal:
        """What is wanted of it: ordered and not cancelled."""
        return self.units.ordered - self.units.cancelled

    @property
    def free(self) -> Decimal:
        """What no warehouse was given yet."""
        return self.units.open + self.units.reserved + self.units.allocated

    @property
    def left(self) -> Decimal:
        """What is still to be shipped."""
        return self.free + self.units.released


@value(frozen=True, slots=True)
class Meaning:
    """What the words of the actions mean, by the action's place, as far as they mean something: an item as a line (its number
    and group are not), a ship-to, a site; a problem where they mean nothing. `prices` is what a line would cost today as a
    whole, for the base units in `priced_for`. `unclear`: lines of which nobody knows yet what they
    are. `pos`: why the buyer's order number cannot be that. `rules` by product."""

    items: Mapping[int, Line | Problem] = field(default_factory=dict)
    rules: Mapping[UUID, tuple[Decimal | None, Decimal | None, int]] = field(default_factory=dict)
    places: Mapping[int, Place | Problem] = field(default_factory=dict)
    sites: Mapping[int, UUID | Problem | None] = field(default_factory=dict)
    prices: Mapping[int, LinePrice] = field(default_factory=dict)
    priced_for: Mapping[int, Decimal] = field(default_factory=dict)
    pos: Mapping[int, Problem] = field(default_factory=dict)
    pricing: Pricing = "added"
    may: frozenset[str] = frozenset()
    unclear: frozenset[int] = frozenset()


@value(frozen=True, slots=True)
class Shrink:
    """`now` units of the line end at once, `asked` are asked back from warehouses."""

    line_no: int
    now: Decimal
    asked: Decimal = ZERO


@value(frozen=True, slots=True)
class Grow:
    """So many more units of the line are wanted, at its price."""

    line_no: int
    units: Decimal


@value(frozen=True, slots=True)
class NewLine:
    """A line that was not there. `price` where it is known, for `price_for` units; else it is asked for. `stated`: what the
    buyer says it costs. `origin`: the line it adds to or replaces."""

    line: Line
    units: Decimal
    price: LinePrice | None = None
    price_for: Decimal = ZERO
    stated: Decimal | None = None
    origin: int | None = None


@value(frozen=True, slots=True)
class Price:
    """Another price for what is wanted of the line; None asks for one anew. `alive`: the units that the price is for.
    `priced_at` where it is `restored`: the instant it was the price of."""

    line_no: int
    price: LinePrice | None
    alive: Decimal = ZERO
    unit_price: Decimal | None = None
    reason: str = ""
    restored: bool = False
    priced_at: datetime | None = None


@value(frozen=True, slots=True)
class Regroup:
    """The line goes to another delivery group."""

    line_no: int
    group_no: int


@value(frozen=True, slots=True)
class SetGroup:
    """A delivery group, new or with another place or date."""

    group: Group
    new: bool = False


@value(frozen=True, slots=True)
class Pin:
    """The one site the line may come from, or none."""

    line_no: int
    site_id: UUID | None


@value(frozen=True, slots=True)
class SetPo:
    """The buyer's order number."""

    buyer_po: str | None


Effect = Shrink | Grow | NewLine | Price | Regroup | SetGroup | Pin | SetPo


@value(frozen=True, slots=True)
class Outcome:
    """What became of an action, in base units of its line."""

    verdict: Verdict
    line_no: int | None = None
    done: Decimal | None = None
    asked: Decimal | None = None
    problem: Problem | None = None
    lines: tuple[int, ...] = ()


@value(frozen=True, slots=True)
class Plan:
    """Effects in the order they happen, and an outcome for each action."""

    effects: tuple[Effect, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(slots=True)
class Sheet:
    """The order while its actions are worked off."""

    lines: dict[int, LineState]
    groups: dict[int, Group]
    meaning: Meaning
    effects: list[Effect] = field(default_factory=list)
    sized: set[int] = field(default_factory=set)
    place: int = 0
    where: str = ""

    def of_group(self, group_no: int) -> list[LineState]:
        return [one for one in self.lines.values() if one.line.group_no == group_no]

    def family(self, line_no: int) -> list[LineState]:
        """A line, and after it those that count with it: of the same product, added to it or to what was added to it."""
        root = self.lines[line_no]
        found = {line_no: root}
        for number, one in sorted(self.lines.items()):  # what is added comes after what it adds to
            if one.origin in found and one.line.product_id == root.line.product_id:
                found[number] = one
        return list(found.values())

    def next_line(self) -> int:
        return max(self.lines, default=0) + 1

    def say(self, effect: Effect) -> None:
        self.effects.append(effect)


def reject(problem: Problem, line_no: int | None = None) -> Outcome:
    """Nothing of the action is done."""
    return Outcome("rejected", line_no, ZERO, ZERO, problem)


def known_line(sheet: Sheet, line_no: int, where: str) -> LineState | Problem:
    """The line, unless there is none."""
    return sheet.lines.get(line_no) or errors.unknown_line(line_no, f"{where}/line")


def in_line_unit(state: LineState, units: Decimal) -> Decimal:
    """Base units in the line's own unit, to six places: for answers."""
    found = from_base(units, (state.line.factor_num, state.line.factor_den), decimals=QUANTITY_DIGITS, policy="nearest")
    assert isinstance(found, Decimal)
    return found


def base_units(line: Line, qty: Decimal, where: str) -> Decimal | Problem:
    """So many of the line's unit in base units, exactly."""
    return to_base(qty, (line.factor_num, line.factor_den), decimals=QUANTITY_DIGITS, where=where)


def broken_rule(
    rules: tuple[Decimal | None, Decimal | None, int], wanted: Decimal, *, before: Decimal, where: str
) -> Problem | None:
    """L3: what the wanted quantity breaks, unless what is there breaks it, too (somebody let that pass)."""
    minimum, multiple, decimals = rules
    found = check_quantity(wanted, minimum=minimum, multiple=multiple, decimals=decimals, where=where)
    if not found:
        return None
    now = (
        {one.code for one in check_quantity(before, minimum=minimum, multiple=multiple, decimals=decimals)}
        if before
        else set()
    )
    return next((one for one in found if one.code not in now), None)


def cut(sheet: Sheet, state: LineState, units: Decimal | None, where: str) -> Outcome:
    """Take units off a line: what is free at once, what a warehouse holds by asking; `units` None is all that is left."""
    wanted = state.alive - state.asked if units is None else units
    now = min(wanted, state.free)
    asked = min(wanted - now, max(state.units.released - state.asked, ZERO))
    refused = wanted - now - asked
    line_no = state.line.line_no
    if now + asked <= 0:
        return reject(_why_not(state, refused, where), line_no)
    sheet.say(Shrink(line_no, now, asked))
    sheet.lines[line_no] = shrunk(state, now, asked)
    if refused > 0:
        return Outcome("changed", line_no, now, asked, _why_not(state, refused, where))
    if asked > 0:
        problem = errors.asked_back(state.line.sku, _text(state, asked), where)
        return Outcome("changed", line_no, now, asked, problem)
    return Outcome("accepted", line_no, now, ZERO)


def _why_not(state: LineState, refused: Decimal, where: str) -> Problem:
    if refused <= 0:
        return errors.nothing_left(state.line.line_no, where)
    if state.asked > 0:
        return errors.cancel_pending(state.line.sku, where)
    shipped = min(refused, state.units.shipped)
    if not shipped:  # more than there is of it
        return errors.not_so_many(state.line.sku, _text(state, refused), where)
    return errors.handed_over(state.line.sku, _text(state, shipped), where)


def _text(state: LineState, units: Decimal) -> str:
    return format(in_line_unit(state, units).normalize(), "f")


def shrunk(state: LineState, now: Decimal, asked: Decimal = ZERO) -> LineState:
    """The line after a cut; which claims end is decided where they are."""
    left, changes = now, {}
    for bucket in ("open", "reserved", "allocated"):
        part = min(left, getattr(state.units, bucket))
        changes[bucket] = getattr(state.units, bucket) - part
        left -= part
    units = replace(
        state.units, **changes, cancelled=state.units.cancelled + now,
        backordered=min(state.units.backordered, changes["open"]),
    )  # fmt: skip
    units, line = taken_back(state.line, units, placed=state.placed, at_most=now)
    return replace(state, line=line, units=units, asked=state.asked + asked)


def taken_back(line: Line, units: Quantities, *, placed: Decimal, at_most: Decimal) -> tuple[Quantities, Line]:
    """Units that a change had added are not cancelled but gone, as far as they are whole ones of the line's unit."""
    added = min(units.ordered - placed, units.cancelled, at_most)
    if added <= 0:
        return units, line
    qty = from_base(units.ordered - added, (line.factor_num, line.factor_den), decimals=QUANTITY_DIGITS)
    if isinstance(qty, Problem):
        return units, line
    units = replace(units, ordered=units.ordered - added, cancelled=units.cancelled - added)
    return units, replace(line, qty=qty)


def grown(line: Line, units: Quantities, more: Decimal) -> tuple[Quantities, Line] | Problem:
    """The line with more units wanted: cancelled ones come back first."""
    back = min(units.cancelled, more)
    ordered = units.ordered + more - back
    qty = from_base(ordered, (line.factor_num, line.factor_den), decimals=QUANTITY_DIGITS)
    if isinstance(qty, Problem):
        return qty
    units = replace(units, ordered=ordered, cancelled=units.cancelled - back, open=units.open + more)
    return units, replace(line, qty=qty)


def grow(sheet: Sheet, state: LineState, more: Decimal, where: str) -> Problem | None:
    """Put more units on a line at its price."""
    if state.asked > 0:
        return errors.cancel_pending(state.line.sku, where)
    found = grown(state.line, state.units, more)
    if isinstance(found, Problem):
        return found.at(where)
    units, line = found
    sheet.say(Grow(line.line_no, more))
    sheet.lines[line.line_no] = replace(state, line=line, units=units)
    return None


def sized_before(sheet: Sheet, line_no: int, where: str) -> Problem | None:
    """A line's quantity is changed once in a change."""
    if line_no in sheet.sized:
        return errors.unknown_line(line_no, f"{where}/line")
    sheet.sized.add(line_no)
    return None
