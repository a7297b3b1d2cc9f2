"""The refusals of this capability."""

from decimal import Decimal

from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem


def unknown_quote(where: str = "") -> Problem:
    """No such quote, or none that the caller may see."""
    return Problem("quotes.unknown_quote", "There is no such quote.", where, 404)


def not_now(number: str, status: str, act: str) -> Problem:
    """What a quote in this state is not open to."""
    return Problem(
        "quotes.not_now", f"{number} is {status.replace('_', ' ')}.", "", 409, {"status": status, "act": act}
    )


def other_version(number: str, version_no: int, current: int) -> Problem:
    """Somebody looked at a version that no longer counts."""
    detail = {"version": current}
    return Problem("quotes.other_version", f"{number} version {version_no} was replaced.", "/version", 409, detail)


def expired(number: str, valid_until: str, zone: str) -> Problem:
    """The offer is no longer valid, and says that this is the end of it."""
    detail = {"valid_until": valid_until, "zone": zone}
    return Problem("quotes.expired", f"{number} was valid until {valid_until} ({zone}).", "", 409, detail)


def repriced(number: str, version_no: int, net: Decimal, before: Decimal) -> Problem:
    """The offer was over, and there is a new one at the prices of today."""
    return Problem(
        "quotes.repriced",
        f"{number} was over; version {version_no} offers it at today's prices.",
        "/version",
        409,
        {"version": version_no, "net": plain(net), "net_before": plain(before)},
    )


def unknown_line(line_no: int, where: str) -> Problem:
    """The version has no such line."""
    return Problem("quotes.unknown_line", f"There is no line {line_no}.", where, 422, {"line": line_no})


def line_twice(line_no: int, where: str) -> Problem:
    """A line is named twice."""
    return Problem("quotes.line_twice", f"Line {line_no} is named twice.", where, 422, {"line": line_no})


def not_left(line_no: int, left: Decimal, where: str) -> Problem:
    """More is wanted than is left of the offer."""
    detail = {"line": line_no, "left": plain(left)}
    return Problem("quotes.not_left", f"Of line {line_no} {plain(left)} is left.", where, 409, detail)


def below_minimum(line_no: int, minimum: Decimal, where: str) -> Problem:
    """Less than the offer lets go at a time."""
    message = f"Line {line_no} is offered from {plain(minimum)}."
    return Problem("quotes.below_minimum", message, where, 422, {"line": line_no, "minimum": plain(minimum)})


def whole_only(where: str = "/lines") -> Problem:
    """The offer is accepted whole or not at all."""
    return Problem("quotes.whole_only", "This offer is accepted whole or not at all.", where, 422)


def whole_lines_only(line_no: int, where: str) -> Problem:
    """Lines are accepted whole."""
    return Problem("quotes.whole_lines_only", f"Line {line_no} is accepted whole or not at all.", where, 422)


def choose_one(alternative: str, lines: list[int], where: str) -> Problem:
    """Lines that exclude each other: exactly one is taken."""
    message = f"Of the lines {', '.join(map(str, lines))} ({alternative}) one is chosen."
    return Problem("quotes.choose_one", message, where, 422, {"alternative": alternative, "lines": lines})


def nothing_chosen() -> Problem:
    """Nothing is left to be accepted, or nothing was named."""
    return Problem("quotes.nothing_chosen", "Nothing is accepted by this.", "/lines", 422)


def inexact(line_no: int, where: str) -> Problem:
    """The quantity is no exact number of base or price units."""
    return Problem("quotes.inexact_quantity", f"Line {line_no} cannot be split at this quantity.", where, 422)


def bad_validity(message: str, where: str = "/valid_until") -> Problem:
    """The end of an offer cannot be that."""
    return Problem("quotes.bad_validity", message, where, 422)


def unknown_zone(zone: str) -> Problem:
    """No such time zone."""
    return Problem("quotes.unknown_zone", f"There is no time zone {zone}.", "/zone", 422)


def bad_line(message: str, where: str) -> Problem:
    """A line that cannot be offered."""
    return Problem("quotes.bad_line", message, where, 422)


def nothing_staged(number: str) -> Problem:
    """There is nothing that could be offered."""
    return Problem("quotes.nothing_staged", f"Nothing is staged for {number}.", "", 409)


def no_price(line_no: int, message: str, where: str) -> Problem:
    """A line without a price cannot be offered."""
    return Problem("quotes.no_price", message, where, 422, {"line": line_no})


def unknown_terms(code: str) -> Problem:
    """No such payment terms."""
    return Problem("quotes.unknown_terms", f"There are no payment terms {code}.", "/terms", 422)


def not_a_decider(number: str) -> Problem:
    """Who may not decide on this offer: without a seat, or who made it."""
    return Problem("quotes.not_yours_to_decide", f"You do not decide on {number}.", "", 403)


def unknown_version(version_no: int) -> Problem:
    """No such version, or none that was offered."""
    return Problem("quotes.unknown_version", f"There is no version {version_no}.", "/version", 404)


def po_used(order: str) -> Problem:
    """The very same order was placed before under this number."""
    return Problem("quotes.po_used", f"This was already ordered as {order}.", "/buyer_po", 409, {"order": order})


def too_many_versions(number: str) -> Problem:
    """A quote has an end."""
    return Problem("quotes.too_many_versions", f"{number} has as many versions as one quote may have.", "", 409)
