"""Whether a price row can be kept: what an import or a person enters is checked before it prices anything."""

from decimal import Decimal

from tradewind.kernel.money import LARGEST_AMOUNT, UNIT_PRICE_DIGITS, is_currency, plain, round_places
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import QUANTITY_DIGITS
from tradewind.pricing.model import Layer, PriceRow

MOST_TIERS = 50


def check_row(row: PriceRow, *, where: str = "") -> list[Problem]:
    """Everything that is wrong with a price row; prices of 0 and tiers that rise are allowed."""
    found: list[Problem] = []

    def wrong(code: str, message: str, at: str) -> None:
        found.append(Problem(code, message, f"{where}{at}"))

    if not is_currency(row.currency):
        wrong("pricing.unknown_currency", f"{row.currency!r} is not an ISO 4217 currency", "/currency")
    if not _is_positive(row.price_basis):
        wrong("pricing.bad_price_basis", "a price is for a quantity above 0", "/price_basis")
    if row.uom_factor[0] <= 0 or row.uom_factor[1] <= 0:
        wrong("pricing.bad_unit_size", "the unit of the price has a size above 0", "/uom")
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        wrong("pricing.bad_validity", "a price ends after it begins", "/valid_to")
    if row.layer == Layer.OFFER and row.expires_at is None:
        wrong("pricing.offer_without_expiry", "an offer has an expiry", "/expires_at")
    if row.kind == "graduated" and row.tier_by != "qty":
        wrong("pricing.graduated_by_quantity_only", "graduated bands go by quantity", "/tier_by")
    if row.available is not None and row.available < 0:
        wrong("pricing.bad_maximum", "a maximum is not below 0", "/available")
    for code, message, at in _tier_faults(row.tiers):
        wrong(code, message, f"/tiers{at}")
    return found


def _tier_faults(tiers: tuple[tuple[Decimal, Decimal], ...]) -> list[tuple[str, str, str]]:
    if not tiers:
        return [("pricing.no_tiers", "a price has at least one tier", "")]
    if len(tiers) > MOST_TIERS:
        return [("pricing.too_many_tiers", f"a price has at most {MOST_TIERS} tiers", "")]
    faults: list[tuple[str, str, str]] = []
    for index, (start, price) in enumerate(tiers):
        if not _fits(start, QUANTITY_DIGITS):
            faults.append(
                ("pricing.bad_tier_quantity", f"a tier begins at 0 or more, to {QUANTITY_DIGITS} places", f"/{index}")
            )
        elif index and _fits(tiers[index - 1][0], QUANTITY_DIGITS) and start <= tiers[index - 1][0]:
            faults.append(("pricing.tiers_not_ascending", f"a tier from {plain(start)} comes too late", f"/{index}"))
        if not _fits(price, UNIT_PRICE_DIGITS):
            faults.append(
                ("pricing.bad_unit_price", f"a unit price is 0 or more, to {UNIT_PRICE_DIGITS} places", f"/{index}")
            )
    return faults


def _is_positive(value: Decimal) -> bool:
    return value.is_finite() and 0 < value < LARGEST_AMOUNT


def _fits(value: Decimal, digits: int) -> bool:
    return value.is_finite() and 0 <= value < LARGEST_AMOUNT and round_places(value, digits) == value
