"""How much of what is asked a blanket order bears, and at which price. Pure: values in, values out."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from tradewind.blankets import errors
from tradewind.blankets.model import NEARLY_USED, Blanket, BlanketLine, Factor, PriceStep
from tradewind.kernel.money import line_gross, percent_of, round_money
from tradewind.kernel.problem import Problem


def price_at(prices: Sequence[PriceStep], at: datetime) -> Decimal | None:
    """The price that holds at an instant: the latest that began by then; None before the first."""
    begun = [step for step in prices if step.since <= at]
    return max(begun, key=lambda step: step.since).price if begun else None


def with_tolerance(committed: Decimal | None, percent: Decimal, *, digits: int) -> Decimal | None:
    """How much may be called off in all: the commitment and the tolerance on top, never rounded up. None is no cap, 0 is one."""
    if committed is None:
        return None
    return (committed + percent_of(committed, percent)).quantize(Decimal(1).scaleb(-digits), ROUND_DOWN)


def bearable(line: BlanketLine, wanted: Decimal, *, price: Decimal, basis: Decimal, factor: Factor, currency: str,
             decimals: int) -> Decimal:  # fmt: skip
    """How many of the wanted units (in the order line's unit) fit under both ceilings, in whole steps of the unit.

    `price` is per `basis` of the unit, `factor` its base units.
    """
    fits = wanted
    if line.qty_limit is not None:
        left = max(line.qty_limit - line.called_off, Decimal(0))
        fits = min(fits, left * factor[1] / factor[0])
    room = None if line.value_limit is None else max(line.value_limit - line.called_value, Decimal(0))
    if room is not None and price:
        fits = min(fits, room * basis / price)
    if fits >= wanted:
        fits = wanted
    else:
        fits = fits.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)
    step = Decimal(1).scaleb(-decimals)
    if room is not None and fits > 0 and round_money(line_gross(fits, price, basis), currency) > room:
        fits = (fits - step).quantize(step, ROUND_DOWN)  # the half cent that was rounded up
    return max(fits, Decimal(0))


def release_problem(line: BlanketLine, asked: Decimal, sku: str, where: str = "") -> Problem | None:
    """Why so many base units may not be called off at once."""
    too_few = line.min_release is not None and asked < line.min_release
    too_many = line.max_release is not None and asked > line.max_release
    return errors.release_size(sku, asked, line.min_release, line.max_release, where) if too_few or too_many else None


def nearly_used(line: BlanketLine) -> bool:
    """Whether so much of a commitment was called off that it is time to talk about the next."""
    shares = [(line.called_off, line.committed_qty), (line.called_value, line.committed_value)]
    return any(committed and called >= committed * NEARLY_USED for called, committed in shares)


def missing(blanket: Blanket, line: BlanketLine, *, at: datetime, factor: Factor) -> Decimal:
    """What the buyer committed to and did not call off, as an amount: the units left at the price of the blanket's end, or the
    value left, whichever is more; nothing of a line whose modes are open."""
    value = max((line.committed_value or Decimal(0)) - line.called_value, Decimal(0))
    units = max((line.committed_qty or Decimal(0)) - line.called_off, Decimal(0))
    price = price_at(line.prices, at) or Decimal(0)
    amount = line_gross(units * factor[1] / factor[0], price, line.price_basis)
    return max(round_money(amount, blanket.currency), value)


def terms_problems(*, valid_from: datetime, valid_to: datetime, prices: Sequence[Sequence[PriceStep]]) -> list[Problem]:
    """What is wrong with terms that somebody proposes."""
    found = []
    if valid_to <= valid_from:
        found.append(errors.bad_terms("A blanket order ends after it begins.", "/valid_to"))
    for place, steps in enumerate(prices):
        if not steps:
            found.append(errors.bad_terms("A line has a price.", f"/lines/{place}/prices"))
        elif len({step.since for step in steps}) != len(steps):
            found.append(errors.bad_terms("Two prices begin at the same time.", f"/lines/{place}/prices"))
        elif min(step.since for step in steps) > valid_from:
            found.append(errors.bad_terms("The first price holds from the beginning.", f"/lines/{place}/prices"))
    return found
