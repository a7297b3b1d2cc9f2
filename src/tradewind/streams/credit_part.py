"""Parts of an order that credit reaches for: what they are worth, which units they are, and what of a line stays held.

A part hold stands on a line and names in its detail how many units (base units) are not let through. What is let through is
worth what its invoice would come to: the lines' exact shares, the charges with the first of it, tax rounded by the order's rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from tradewind.credit.decide import Slice, fit
from tradewind.kernel.money import cumulative_share, minor_digits, plain
from tradewind.kernel.tx import Tx
from tradewind.orders.decide import taxes_of_rest
from tradewind.orders.model import PART_HELD, Hold
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import LineWork, OrderWork


def part_holds(work: OrderWork) -> list[Hold]:
    """The open holds on units that credit does not reach for."""
    return [hold for hold in work.holds if hold.code == PART_HELD and hold.released_at is None]


def held_units(work: OrderWork) -> dict[int, Decimal]:
    """How many units of each line are held back; never more than are left of it."""
    units: dict[int, Decimal] = {}
    for hold in part_holds(work):
        if hold.line_no is not None and hold.detail is not None:
            units[hold.line_no] = min(Decimal(hold.detail["qty"]), _free(work.line(hold.line_no)))
    return units


def _alive(one: LineWork) -> Decimal:
    return one.quantities.ordered - one.quantities.cancelled


def _free(one: LineWork) -> Decimal:
    """Units that no warehouse has and that were not shipped."""
    return one.quantities.open + one.quantities.reserved + one.quantities.allocated


def let_through(work: OrderWork) -> dict[int, Decimal]:
    """The units of each line that are not held back, those that are out already included."""
    held = held_units(work)
    return {one.line.line_no: _alive(one) - held.get(one.line.line_no, ZERO) for one in work.lines}


def may_go(work: OrderWork) -> dict[int, Decimal]:
    """Of each line with units held back, how many more may go to a warehouse now; other lines are left out."""
    return {line_no: _free(work.line(line_no)) - qty for line_no, qty in held_units(work).items()}


def worth(work: OrderWork, units: Mapping[int, Decimal]) -> Decimal:
    """What so many units of the lines come to, tax and charges included; all of them: the order's total; none: nothing."""
    if not any(units.values()) and work.lines:
        return ZERO
    if all(units.get(one.line.line_no, ZERO) >= _alive(one) for one in work.lines):
        return work.totals.total
    digits = minor_digits(work.header.currency)
    parts: list[tuple[str, Decimal, Decimal]] = []
    for one in work.lines:
        alive, qty = _alive(one), min(units.get(one.line.line_no, ZERO), _alive(one))
        net = cumulative_share(one.price.net, ZERO, qty, alive, digits) if alive and qty else ZERO
        parts.append((one.tax.category, one.tax.rate, net))
    parts += [(tax.category, tax.rate, charge.amount) for charge, tax in work.charges if charge.amount > 0]
    taxes = taxes_of_rest(parts, rounding=work.header.tax_rounding, digits=digits)
    return sum((net for _, _, net in parts), ZERO) + sum(taxes, ZERO)


def covered(work: OrderWork) -> Decimal:
    """What the order asks of credit: its total, or what the part that is let through is worth."""
    return worth(work, let_through(work)) if part_holds(work) else work.totals.total


def plan_part(
    work: OrderWork, room: Decimal, wanted: Sequence[tuple[int, Decimal | None]] = (), *, anew: bool = False
) -> dict[int, Decimal]:
    """Which units are let through where credit reaches for `room` more than for what is let through now.

    `wanted`: (line, most units in base units or None for all) in order of priority; without it, the lines by requested date
    and number. The ship policy holds: whole groups or whole lines where the buyer wants no less. `anew`: nothing is let through
    yet, and `room` is for all of it.
    """
    base = let_through(work) if part_holds(work) and not anew else {}
    before = worth(work, base) if base else ZERO
    slices = _slices(work, base, wanted)
    whole = work.header.ship_policy == "ship_complete"
    if not whole:
        return fit(slices, base, lambda units: worth(work, units), before + room)
    groups: dict[int, list[Slice]] = {}
    for one in slices:
        groups.setdefault(work.line(one.key).line.group_no, []).append(one)
    units = dict(base)
    for members in groups.values():
        more = {**units, **{one.key: units.get(one.key, ZERO) + one.most for one in members}}
        if worth(work, more) <= before + room:
            units = more
    return units


def _slices(work: OrderWork, base: Mapping[int, Decimal], wanted: Sequence[tuple[int, Decimal | None]]) -> list[Slice]:
    found: list[Slice] = []
    for line_no, most in wanted or [(one.line.line_no, None) for one in by_date(work)]:
        one = work.line(line_no)
        left = _alive(one) - base.get(line_no, ZERO)
        units = left if most is None else min(left, most)
        if units <= 0:
            continue
        step = Decimal(one.line.factor_num) / one.line.factor_den
        whole = work.header.ship_policy == "line_complete" or step <= 0
        found.append(Slice(line_no, units, units if whole else step))
    return found


def by_date(work: OrderWork) -> list[LineWork]:
    """The lines, earliest wanted group first."""
    dates = {group.group_no: group.requested_at for group in work.groups}
    return sorted(
        work.lines,
        key=lambda one: (
            (wish := dates.get(one.line.group_no)) is not None,
            wish.timestamp() if wish is not None else 0.0,
            one.line.line_no,
        ),
    )


def hold_rest(
    tx: Tx, work: OrderWork, units: Mapping[int, Decimal], *, opened_because: str, closed_because: str
) -> None:
    """Hold back what is not among the units let through: a hold a line, those that say something else now are replaced."""
    held = {one.line.line_no: _alive(one) - units.get(one.line.line_no, ZERO) for one in work.lines}
    known = {hold.line_no: hold for hold in part_holds(work)}
    for line_no, hold in known.items():
        if line_no is not None and (hold.detail or {}).get("qty") != plain(held.get(line_no, ZERO)):
            work.close_hold(hold, closed_because, tx.now)
    open_now = {hold.line_no for hold in part_holds(work)}
    for line_no, qty in held.items():
        if qty > 0 and line_no not in open_now:
            detail = {"qty": plain(qty), "amount": plain(_amount(work, line_no, qty)), "currency": work.header.currency}
            work.open_hold(
                Hold(tx.ids.new(), "line", "credit", PART_HELD, opened_because, tx.now, line_no=line_no, detail=detail)
            )


def _amount(work: OrderWork, line_no: int, qty: Decimal) -> Decimal:
    """What held units of a line come to, tax included."""
    one, digits = work.line(line_no), minor_digits(work.header.currency)
    return cumulative_share(one.price.net + one.tax.amount, ZERO, qty, _alive(one), digits)


def keep_parts(tx: Tx, work: OrderWork) -> None:
    """After units were cancelled or lines changed: never more is held back than is left."""
    if not part_holds(work):
        return
    hold_rest(
        tx,
        work,
        let_through(work),
        opened_because="the credit limit does not reach for all of it",
        closed_because="No longer the case.",
    )


def without_parts(holds: Iterable[Hold]) -> list[Hold]:
    """The holds that stop a line as a whole."""
    return [hold for hold in holds if hold.code != PART_HELD]


def part_excess(work: OrderWork) -> Decimal:
    """Headroom beyond what the part that is let through is still worth; nothing where the whole order is let through."""
    if not part_holds(work):
        return ZERO
    return max(work.credit_taken - max(covered(work) - work.billed, ZERO), ZERO)
