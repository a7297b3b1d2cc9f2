"""The buyer's price against ours (VA6): never silently the customer's or ours."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from tradewind.kernel.money import WIDE, ZERO, percent_of, plain, round_places
from tradewind.kernel.value import value

_HUNDRED = Decimal(100)
Limit = tuple[Decimal | None, Decimal | None]


@value(frozen=True, slots=True)
class Tolerance:
    """How far a buyer's price may be off ours, as (percent, amount) above and below, for a line and for the whole order.

    Of a pair each given part must be kept; where neither is given nothing is tolerated on a line, and the order is not asked.
    `take`: whose price counts within. `floor_percent`: how far below ours a person may still accept theirs; None has no floor.
    """

    take: Literal["ours", "buyers", "lower"]
    line_up: tuple[Decimal | None, Decimal | None] = (None, None)
    line_down: tuple[Decimal | None, Decimal | None] = (None, None)
    order_up: tuple[Decimal | None, Decimal | None] = (None, None)
    order_down: tuple[Decimal | None, Decimal | None] = (None, None)
    floor_percent: Decimal | None = None


class StatedNet(NamedTuple):
    """What a line comes to at our price and at the one the buyer's document states, to the cent."""

    line_no: int
    ours: Decimal
    theirs: Decimal


class PriceVerdict(NamedTuple):
    """Whose price a line takes. `held`: too far apart, a person decides. The difference is theirs less ours, the percent of ours."""

    line_no: int
    result: Literal["same", "ours", "buyers", "held"]
    difference: Decimal
    percent: Decimal | None
    reason: str


def compare_prices(lines: Sequence[StatedNet], tolerance: Tolerance) -> list[PriceVerdict]:
    """Whose price each line takes: compared as what the line comes to, so units, bases and tiers are the same on both sides.

    Lines within their own limits are held after all where the differences of the order together pass the order's limits.
    """
    verdicts = [_line(one, tolerance) for one in lines]
    within = [
        (one, verdict) for one, verdict in zip(lines, verdicts, strict=True) if verdict.result in ("ours", "buyers")
    ]
    difference = sum((one.theirs - one.ours for one, _ in within), ZERO)
    limit = tolerance.order_up if difference > 0 else tolerance.order_down
    if not difference or limit == (None, None):
        return verdicts
    ours = sum((one.ours for one in lines), ZERO)
    if _keeps(difference, ours, limit):
        return verdicts
    reason = f"the order is {_text(difference, _percent(difference, ours))} ours, the tolerance is {_limit(limit)}"
    apart = {one.line_no for one, _ in within}
    return [one._replace(result="held", reason=reason) if one.line_no in apart else one for one in verdicts]


def _line(one: StatedNet, tolerance: Tolerance) -> PriceVerdict:
    difference = one.theirs - one.ours
    percent = _percent(difference, one.ours)
    if not difference:
        return PriceVerdict(one.line_no, "same", difference, percent, "the same")
    limit = tolerance.line_up if difference > 0 else tolerance.line_down
    said = f"{_text(difference, percent)} ours"
    if limit == (None, None):
        return PriceVerdict(one.line_no, "held", difference, percent, f"{said}, no tolerance is agreed")
    if not _keeps(difference, one.ours, limit):
        return PriceVerdict(one.line_no, "held", difference, percent, f"{said}, the tolerance is {_limit(limit)}")
    theirs = tolerance.take == "buyers" or (tolerance.take == "lower" and difference < 0)
    whose = "the buyer's price counts" if theirs else "our price counts"
    return PriceVerdict(
        one.line_no, "buyers" if theirs else "ours", difference, percent, f"{said}, within {_limit(limit)}: {whose}"
    )


def _keeps(difference: Decimal, ours: Decimal, limit: Limit) -> bool:
    percent, amount = limit
    size = abs(difference)
    return (amount is None or size <= amount) and (percent is None or size <= percent_of(abs(ours), percent))


def _percent(difference: Decimal, ours: Decimal) -> Decimal | None:
    return round_places(WIDE.divide(WIDE.multiply(difference, _HUNDRED), abs(ours)), 2) if ours else None


def _text(difference: Decimal, percent: Decimal | None) -> str:
    share = f" ({plain(abs(percent))} %)" if percent is not None else ""
    return f"{plain(abs(difference))}{share} {'above' if difference > 0 else 'below'}"


def _limit(limit: Limit) -> str:
    percent, amount = limit
    parts = ([f"{plain(percent)} %"] if percent is not None else []) + ([plain(amount)] if amount is not None else [])
    return " and ".join(parts)


def above_floor(one: StatedNet, tolerance: Tolerance | None) -> bool:
    """Whether a person may accept the buyer's price: not further below ours than the floor."""
    if tolerance is None or tolerance.floor_percent is None:
        return True
    return one.theirs >= one.ours - percent_of(one.ours, tolerance.floor_percent)
