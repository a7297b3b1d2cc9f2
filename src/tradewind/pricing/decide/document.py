"""Priced as the document says, and what an edit does to a price already agreed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Literal

from tradewind.kernel.money import (
    LARGEST_AMOUNT,
    WIDE,
    ZERO,
    RoundingMode,
    line_gross,
    round_money,
    settle,
)
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import ONE, Factor
from tradewind.pricing import errors
from tradewind.pricing.decide.price import price_line
from tradewind.pricing.model import (
    ExchangeRate,
    Layer,
    LockedPrice,
    Loser,
    Part,
    PricedLine,
    PriceRequest,
    PriceRow,
    Repriced,
    Step,
    Strategy,
)

_ONE = Decimal(1)


def document_price(
    request: PriceRequest,
    unit_price: Decimal,
    *,
    price_basis: Decimal = _ONE,
    uom_factor: Factor = ONE,
    source: str = "DOCUMENT",
    reason: str = "document_price",
    rows: Sequence[PriceRow] = (),
    strategy: Strategy = "first_match",
    fx: Mapping[str, ExchangeRate] | None = None,
    mode: RoundingMode = "half_up",
) -> PricedLine | Problem:
    """The line at the price the document (or a person) gives, per `price_basis` of `request.uom`.

    `uom_factor` is base units in one ordered unit. Our own price, where `rows` give one, is the first loser, so that
    the difference can be seen. Negative quantities (returned lines of a document) are priced alike.
    """
    amount = line_gross(request.qty_base, unit_price, price_basis, uom_factor)
    if abs(amount) >= LARGEST_AMOUNT:
        return errors.price_out_of_range(request.line_no)
    net = round_money(amount, request.currency, mode)
    losers: tuple[Loser, ...] = ()
    if rows:
        ours = price_line(request, rows, strategy=strategy, fx=fx, mode=mode)
        if isinstance(ours, PricedLine):
            ours_lost = Loser(ours.list_code, ours.layer, ours.version, reason, ours.unit_price, ours.net)
            losers = (ours_lost, *ours.losers)
    steps = (
        Step("list", source, 0, unit_price, None, amount, amount, reason),
        Step("net", request.currency, 0, None, None, amount, net, mode),
    )
    return PricedLine(
        request.line_no,
        request.currency,
        request.qty,
        request.uom,
        unit_price,
        price_basis,
        None,
        net,
        net,
        None,
        source,
        Layer.DOCUMENT,
        0,
        request.at,
        steps,
        losers,
    )


def reprice_policy(
    locked: LockedPrice,
    new_qty: Decimal,
    *,
    fresh: PricedLine | None = None,
    whole: bool = False,
    tier_loss: Literal["keep", "lose"] = "keep",
    mode: RoundingMode = "half_up",
) -> Repriced | Problem:
    """What an edit to `new_qty` (in the unit of the locked price) does to the price of a line.

    `fresh` is the price of the whole new quantity today, in whichever unit; it is needed when the quantity grows, when `whole` asks for a
    new price, and to find a tier lost. Unasked, what was agreed keeps its price: an increase prices only what was
    added, at the tier the whole line now reaches; a cut keeps the price, or with `tier_loss` "lose" falls to the tier
    the rest still reaches. What is `done` (shipped, invoiced) never moves. `pricing.below_done` and
    `pricing.no_fresh_price` are the refusals.
    """
    if new_qty < locked.done:
        return errors.below_done(new_qty, done=locked.done)
    kept, added, reason = _split(locked, new_qty, whole=whole, tier_loss=tier_loss)
    if added and fresh is None:
        return errors.no_fresh_price()
    parts: list[Part] = []
    if kept:
        parts.append(Part(kept, locked.uom, locked.unit_price, locked.price_basis, locked.list_code))
    if added and fresh is not None:
        if fresh.uom != locked.uom:  # today's price may be for another unit: the same share of its quantity
            added = settle(WIDE.divide(WIDE.multiply(fresh.qty, added), new_qty))
        parts.append(Part(added, fresh.uom, fresh.unit_price, fresh.price_basis, fresh.list_code))
    if new_qty == locked.qty and not added:
        return Repriced(tuple(parts), locked.net, ZERO, reason)
    amount = sum((line_gross(part.qty, part.unit_price, part.price_basis) for part in parts), ZERO)
    net = round_money(amount, locked.currency, mode)
    return Repriced(tuple(parts), net, net - locked.net, reason)


def _split(
    locked: LockedPrice, new_qty: Decimal, *, whole: bool, tier_loss: Literal["keep", "lose"]
) -> tuple[Decimal, Decimal, str]:
    """How much of the new quantity keeps the locked price, how much takes the fresh one, and why."""
    if whole:
        return locked.done, new_qty - locked.done, "repriced_as_asked"
    if new_qty > locked.qty:
        return locked.qty, new_qty - locked.qty, "added_quantity_priced"
    if new_qty < locked.qty:
        tier_lost = locked.tier is not None and new_qty < locked.tier and locked.tier > 1
        if tier_lost and tier_loss == "lose":
            return locked.done, new_qty - locked.done, "tier_lost"
        return new_qty, ZERO, "tier_kept" if tier_lost else "price_kept"
    return new_qty, ZERO, "price_kept"


def is_stale(priced_at: datetime, at: datetime, *, draft: bool, refresh_after: timedelta) -> bool:
    """Whether a price must be asked for again: drafts after their time, submitted orders never."""
    return draft and at - priced_at >= refresh_after


def price_instant(
    policy: Literal["order", "requested_ship", "actual_ship"],
    *,
    ordered: datetime,
    requested_ship: datetime | None = None,
    actual_ship: datetime | None = None,
) -> datetime:
    """The instant whose prices apply; a ship instant that is not known yet falls back to the one before it."""
    if policy == "order":
        return ordered
    if policy == "actual_ship" and actual_ship is not None:
        return actual_ship
    return requested_ship or ordered


def starts_at(day: date, zone: tzinfo) -> datetime:
    """The instant at which `day` begins in the seller's zone: where one day's prices hand over to the next's."""
    return datetime.combine(day, time(), zone)
