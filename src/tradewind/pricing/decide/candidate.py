"""What one price row would give a line: whether it applies, the tier reached, the unit price and the exact amount."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from tradewind.kernel.money import UNIT_PRICE_DIGITS, WIDE, ZERO, line_gross, plain, round_places, settle
from tradewind.kernel.quantity import ONE, Factor
from tradewind.pricing.model import ExchangeRate, Part, PriceRequest, PriceRow, Tier

_ONE = Decimal(1)
_place = attrgetter("precedence", "list_code")
_newest_first = attrgetter("valid_from", "version")


class Candidate(NamedTuple):
    """A row that has a price for the line: the tier reached, its unit price in the line's currency, and the amount."""

    row: PriceRow
    tier: Decimal
    unit_price: Decimal
    amount: Decimal
    parts: tuple[Part, ...]
    note: str


def rank(
    rows: Sequence[PriceRow], uom: str, precedence: Mapping[UUID, int] | None = None, *, ranked: bool = False
) -> Sequence[PriceRow]:
    """The rows as precedence ranks them for a line ordered in `uom`.

    With `precedence` (by list) rows of other lists are none of the account's business and left out. `ranked`: the lists stand in
    their order already.
    """
    if precedence is not None and not ranked:
        rows = [row for row in rows if row.list_id in precedence]
    if len(rows) < 2:
        return rows
    if ranked:
        ordered = rows
    elif precedence is None:
        ordered = sorted(rows, key=_place)
    else:
        ordered = sorted(rows, key=lambda row: (precedence[row.list_id], row.list_code))
    before = None
    for row in ordered:
        if row.list_code == before:
            break
        before = row.list_code
    else:
        return ordered
    # Sorting is stable: within a list the finer order, between lists the one just made.
    at = {code: place for place, code in enumerate(dict.fromkeys(row.list_code for row in ordered))}
    finer = sorted(ordered, key=_newest_first, reverse=True)
    finer.sort(key=lambda row: (at[row.list_code], row.uom != uom))
    return finer


def candidate_of(request: PriceRequest, row: PriceRow, fx: Mapping[str, ExchangeRate] | None) -> Candidate | str:
    """The row as a candidate, or the reason why it is none."""
    barred = _barred(row, request.at)
    if barred:
        return barred
    if not row.tiers:
        return "no_tiers"
    note = ""
    tiers = row.tiers
    if row.currency != request.currency:
        rate = fx.get(row.currency) if fx else None
        if rate is None or rate.quote != request.currency:
            return "other_currency"
        tiers = tuple(
            (start, round_places(WIDE.multiply(price, rate.rate), UNIT_PRICE_DIGITS)) for start, price in tiers
        )
        note = f"{rate.base} at {plain(rate.rate)} ({rate.source}, {rate.as_of:%Y-%m-%d})"
    factor = row.uom_factor
    if row.kind == "graduated":
        return _graduated(request, row, tiers, note)
    if row.tier_by == "qty":
        reached = _tier_reached(request.qty_base if request.tier_qty is None else request.tier_qty, tiers, factor)
    else:
        measured = request.measures.get(row.tier_by) if request.measures else None
        if measured is None:
            return f"no_{row.tier_by}_known"
        reached = _tier_reached(measured, tiers, ONE)
    if reached is None:
        return "below_first_tier"
    tier, unit_price = reached
    if factor == ONE and row.price_basis == 1:
        amount = WIDE.multiply(request.qty_base, unit_price)
    else:
        amount = line_gross(request.qty_base, unit_price, row.price_basis, factor)
    return Candidate(row, tier, unit_price, amount, (), note)


def _barred(row: PriceRow, at: datetime) -> str:
    """Why the row does not apply at the instant, or nothing."""
    if at < row.valid_from:
        return "not_yet_valid"
    if row.valid_to is not None and at >= row.valid_to:
        return "no_longer_valid"
    if row.expires_at is not None and at >= row.expires_at:
        return "offer_expired"
    if row.available is not None and row.available <= 0:
        return "used_up"
    return ""


def _tier_reached(measured: Decimal, tiers: Sequence[Tier], factor: Factor) -> Tier | None:
    """The last tier whose `from` is reached; the first one where it starts at 1 or less."""
    num, den = factor
    if den != 1:
        measured = WIDE.multiply(measured, Decimal(den))
    if num != 1:
        scale = Decimal(num)
        for tier in reversed(tiers):
            if measured >= WIDE.multiply(tier[0], scale):
                return tier
    else:
        for tier in reversed(tiers):
            if measured >= tier[0]:
                return tier
    return tiers[0] if tiers[0][0] <= 1 else None


def _graduated(request: PriceRequest, row: PriceRow, tiers: Sequence[Tier], note: str) -> Candidate | str:
    """Each band at its own price; the unit price is the average to 6 places, the amount is exact."""
    num, den = Decimal(row.uom_factor[0]), Decimal(row.uom_factor[1])
    # Quantities here are in units of the price times `num`, so that only the last division can be inexact.
    qty = WIDE.multiply(request.qty_base, den)
    first = tiers[0][0]
    if first > 1 and qty < WIDE.multiply(first, num):
        return "below_first_tier"
    offset = min(first, _ONE)
    total, reached, parts = ZERO, first, []
    for index, (start, price) in enumerate(tiers):
        begins = ZERO if index == 0 else WIDE.multiply(start - offset, num)
        if index and begins >= qty:
            break
        ends = qty if index + 1 == len(tiers) else min(qty, WIDE.multiply(tiers[index + 1][0] - offset, num))
        band = ends - begins
        total = WIDE.add(total, WIDE.multiply(band, price))
        parts.append(Part(settle(WIDE.divide(band, num)), row.uom, price, row.price_basis, row.list_code))
        reached = start
    amount = settle(WIDE.divide(total, WIDE.multiply(num, row.price_basis)))
    average = round_places(settle(WIDE.divide(total, qty)), UNIT_PRICE_DIGITS) if qty else tiers[0][1]
    return Candidate(row, reached, average, amount, tuple(parts), note)


def in_price_unit(qty_base: Decimal, factor: Factor) -> Decimal:
    return settle(WIDE.divide(WIDE.multiply(qty_base, Decimal(factor[1])), Decimal(factor[0])))
