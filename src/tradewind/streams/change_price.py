"""What changed quantities cost: today's price for what is added, and the frozen price counted from one anchor.

A line's allowance (discounts, bands) is always scaled from the quantity it was agreed for, so that a change and its revert
leave the same cents.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from tradewind.catalog.model import Factor, Product
from tradewind.kernel.money import line_gross, minor_digits, round_places, settle
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import QUANTITY_DIGITS, from_base
from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.commands.steps import Call
from tradewind.orders.model import Line, LineMark, LinePrice, Quantities
from tradewind.orders.queries import Billed
from tradewind.pricing.decide import document_price, waterfall_text
from tradewind.pricing.model import PriceRequest
from tradewind.semantics.model import ZERO
from tradewind.streams import assess
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset


@value(frozen=True, slots=True)
class Wanted:
    """A line as an action wants it: so many base units of it in all. `place` is the action's, `stated` the buyer's price."""

    order_id: UUID
    place: int
    line: Line
    units: Decimal
    stated: Decimal | None = None


def prices_today(
    tx: Tx, works: Mapping[UUID, OrderWork], wanted: Iterable[Wanted], products: dict[UUID, Product]
) -> dict[tuple[UUID, int], LinePrice]:
    """What each would cost if it were ordered now, as a whole; what has no price is left out. A few statements for all."""
    probes: dict[UUID, OrderWork] = {}
    for one in wanted:
        work = works[one.order_id]
        probe = probes.get(work.id)
        if probe is None:
            header = replace(work.header, price_at=tx.now)
            probe = probes[work.id] = OrderWork(header, work.account, [], work.groups, [], fresh=True)
        qty = in_unit(one.units, (one.line.factor_num, one.line.factor_den))
        line = replace(one.line, line_no=one.place + 1, qty=qty)
        probe.lines.append(LineWork(line, Quantities(one.units, one.units), stated_price=one.stated))
    if not probes:
        return {}
    workset = OrderWorkset(probes, products=dict(products))
    facts = assess.look(tx, workset, [Call(order_id, {}) for order_id in probes])
    return {
        (order_id, number - 1): price
        for order_id, probe in probes.items()
        for number, price in assess.assess(probe, facts).prices.items()
        if price.waterfall is not None
    }


def in_unit(units: Decimal, factor: Factor) -> Decimal:
    """Base units in a unit, to six places."""
    found = from_base(units, factor, decimals=QUANTITY_DIGITS, policy="nearest")
    assert isinstance(found, Decimal)
    return found


def marked(one: LineWork) -> LineMark:
    """What changes left on the line so far; before the first change, as it stands."""
    if one.mark is not None:
        return one.mark
    alive = one.quantities.ordered - one.quantities.cancelled
    return LineMark(one.line.line_no, one.quantities.ordered, alive, one.price.allowance)


def price_for(
    work: OrderWork, one: LineWork, price: LinePrice, *, agreed_for: Decimal, factors: Mapping[str, Factor]
) -> LinePrice:
    """A price whose allowance was agreed for so many base units, for what is wanted of the line now."""
    if not price.uom:
        return price
    alive, digits = one.quantities.ordered - one.quantities.cancelled, minor_digits(work.header.currency)
    own = (one.line.factor_num, one.line.factor_den)
    qty = in_unit(alive, own if price.uom == one.line.uom else factors.get(price.uom, own))
    gross = round_places(line_gross(qty, price.unit_price, price.basis), digits)
    allowance = round_places(settle(price.allowance * alive / agreed_for), digits) if agreed_for else ZERO
    return replace(price, qty=qty, net=gross - allowance, allowance=allowance)


def rescale(work: OrderWork, one: LineWork, *, factors: Mapping[str, Factor], billed: Billed | None) -> None:
    """The line's frozen price for what is wanted now; where all of that was billed, what was billed."""
    if one.price.waterfall is None:
        return
    mark, alive = marked(one), one.quantities.ordered - one.quantities.cancelled
    anchored = replace(one.price, allowance=mark.anchor_allowance)
    price = price_for(work, one, anchored, agreed_for=mark.anchor_qty, factors=factors)
    if billed is not None and billed.qty and billed.qty == alive:
        price = replace(price, allowance=price.allowance + price.net - billed.net, net=billed.net)
    one.price = price
    one.repriced = True


def overridden(work: OrderWork, one: LineWork, unit_price: Decimal, *, reason: str) -> LinePrice | Problem:
    """A person's price for what is wanted of the line, with the reason in its waterfall."""
    line, alive = one.line, one.quantities.ordered - one.quantities.cancelled
    factor = (line.factor_num, line.factor_den)
    request = PriceRequest(
        line.line_no,
        line.product_id,
        in_unit(alive, factor),
        line.uom,
        alive,
        work.header.price_at,
        work.header.currency,
    )
    answer = document_price(request, unit_price, uom_factor=factor, source="OVERRIDE", reason=reason)
    if isinstance(answer, Problem):
        return answer
    return LinePrice(unit_price, Decimal(1), line.uom, answer.net, None, waterfall_text(answer), answer.qty)
