"""What pricing refuses or points out, each under one stable code."""

from datetime import datetime
from decimal import Decimal

from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem


def no_price(line_no: int, *, currency: str, at: datetime, candidates: tuple[dict[str, str], ...]) -> Problem:
    """No list has a price for the line; `candidates` says of each price row why it does not apply."""
    return Problem(
        "pricing.no_price",
        f"no price in {currency} applies on {at:%Y-%m-%d}",
        f"/lines/{line_no}",
        detail={"line_no": line_no, "candidates": list(candidates)},
    )


def price_out_of_range(line_no: int) -> Problem:
    """Quantity, price and factor multiply to an amount beyond what the house can post."""
    return Problem(
        "pricing.amount_too_large",
        "the amount of the line is too large",
        f"/lines/{line_no}",
        detail={"line_no": line_no},
    )


def discount_exceeds_line(line_no: int, *, gross: str, net: str) -> Problem:
    """Discounts would bring a line below 0."""
    return Problem(
        "pricing.discount_exceeds_line",
        f"discounts bring a line of {gross} to {net}",
        f"/lines/{line_no}",
        detail={"line_no": line_no, "gross": gross, "net": net},
    )


def discount_exceeds_lines(*, discount: str, lines: str) -> Problem:
    """Header discounts would bring the discountable lines below 0."""
    return Problem(
        "pricing.discount_exceeds_lines",
        f"discounts of {discount} on lines of {lines}",
        "/discounts",
        detail={"discount": discount, "lines": lines},
    )


def no_tax_rate(index: int, *, tax_class: str, jurisdiction: str) -> Problem:
    """A taxable line without a rate."""
    return Problem(
        "tax.no_rate",
        f"no rate for tax class {tax_class} in {jurisdiction}",
        f"/lines/{index}",
        detail={"index": index, "tax_class": tax_class, "jurisdiction": jurisdiction},
    )


def vat_id_unverified(vat_id: str) -> Problem:
    """The buyer's VAT number would move the tax, but nobody has confirmed it yet."""
    return Problem(
        "tax.vat_id_unverified",
        f"VAT number {vat_id} is not verified; tax is charged until it is",
        "/buyer/vat_id",
        detail={"vat_id": vat_id},
    )


def certificate_expired(number: str, *, jurisdiction: str, expired: str) -> Problem:
    """An exemption that would have applied has run out."""
    return Problem(
        "tax.certificate_expired",
        f"exemption certificate {number} for {jurisdiction} ended {expired}; tax is charged",
        "/buyer/exemption",
        detail={"number": number, "jurisdiction": jurisdiction, "expired": expired},
    )


def below_done(new_qty: Decimal, *, done: Decimal) -> Problem:
    """A cut below what has been shipped or invoiced."""
    return Problem(
        "pricing.below_done",
        f"{plain(done)} are shipped or invoiced already",
        "/qty",
        409,
        {"done": plain(done), "asked": plain(new_qty)},
    )


def no_fresh_price() -> Problem:
    """Quantity was added, or a new price asked for, and there is none."""
    return Problem("pricing.no_fresh_price", "the added quantity has no price today", "/qty")
