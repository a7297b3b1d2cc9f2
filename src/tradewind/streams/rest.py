"""What is left of an order after a cancel, in money: prices stay frozen, nets and taxes follow the units (M1)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from tradewind.catalog.model import Factor
from tradewind.kernel.money import minor_digits, round_places
from tradewind.kernel.quantity import QUANTITY_DIGITS, from_base
from tradewind.orders.decide import price_of_rest, tax_groups, taxes_of_rest
from tradewind.orders.model import LineTax, Totals
from tradewind.orders.queries import Billed
from tradewind.pricing.decide import jurisdiction_of
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import LineWork, OrderWork


def price_rest(
    work: OrderWork, one: LineWork, alive: Decimal, *, factors: Mapping[str, Factor], billed: Billed | None
) -> None:
    """The net of what is left of a line; where all of that was billed already, what was billed."""
    if one.price.waterfall is None and alive:
        return
    after = one.quantities.ordered - one.quantities.cancelled
    digits = minor_digits(work.header.currency)
    price = price_of_rest(
        one.price, before=alive, after=after, qty=_in_price_unit(one, alive, after, factors), digits=digits
    )
    if billed is not None and billed.qty and billed.qty == after:
        price = replace(price, allowance=price.allowance + price.net - billed.net, net=billed.net)
    one.price = price
    one.repriced = True


def _in_price_unit(one: LineWork, before: Decimal, after: Decimal, factors: Mapping[str, Factor]) -> Decimal:
    line, price = one.line, one.price
    factor = factors.get(price.uom)
    if price.uom == line.uom:
        factor = (line.factor_num, line.factor_den)
    if factor is None:
        return round_places(price.qty * after / before, QUANTITY_DIGITS)
    qty = from_base(after, factor, decimals=QUANTITY_DIGITS, policy="nearest")
    assert isinstance(qty, Decimal)
    return qty


def total_rest(work: OrderWork) -> None:
    """Totals and taxes from the nets that are left, at the rates the order was taxed with (M1), place by place (OC10)."""
    digits = minor_digits(work.header.currency)
    parts = [(one.tax.category, one.tax.rate, one.price.net) for one in work.lines]
    parts += [(tax.category, tax.rate, charge.amount) for charge, tax in work.charges]
    taxes, groups = _taxes(parts, _places(work), rounding=work.header.tax_rounding, digits=digits)
    for one, tax in zip(work.lines, taxes, strict=False):
        if one.tax.amount != tax:
            one.tax = replace(one.tax, amount=tax)
            one.repriced = True
    work.charges = [
        (charge, LineTax(old.category, old.rate, tax))
        for (charge, old), tax in zip(work.charges, taxes[len(work.lines) :], strict=True)
    ]
    zero = round_places(ZERO, digits)
    work.totals = Totals(
        sum((one.price.net for one in work.lines), zero),
        sum((charge.amount for charge, _ in work.charges), zero),
        work.totals.discounts,
        sum(taxes, zero),
        groups,
    )


def _places(work: OrderWork) -> list[str]:
    """Where each line and charge goes, as far as taxes are rounded apart."""
    if len(work.groups) == 1:
        return [""] * (len(work.lines) + len(work.charges))
    of_group = {one.group_no: jurisdiction_of(one.ship_to.country, one.ship_to.region) for one in work.groups}
    first = of_group[min(of_group)]
    return [
        *(of_group[one.line.group_no] for one in work.lines),
        *(of_group.get(charge.group_no or 0, first) for charge, _ in work.charges),
    ]


def _taxes(
    parts: Sequence[tuple[str, Decimal, Decimal]], places: Sequence[str], *, rounding: str, digits: int
) -> tuple[list[Decimal], tuple[dict[str, str], ...]]:
    """The tax of each (category, rate, net) and the breakdown; what goes to one place is rounded by itself."""
    taxes = [ZERO] * len(parts)
    groups: list[dict[str, str]] = []
    several = dict.fromkeys(places)
    for place in several:
        here = [index for index, other in enumerate(places) if other == place]
        own = [parts[index] for index in here]
        shares = taxes_of_rest(own, rounding=rounding, digits=digits)
        for index, share in zip(here, shares, strict=True):
            taxes[index] = share
        groups += ({**one, "place": place} if len(several) > 1 else one for one in tax_groups(own, shares))
    return taxes, tuple(groups)
