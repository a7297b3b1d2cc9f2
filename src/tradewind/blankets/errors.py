"""The refusals of this capability."""

from datetime import datetime
from decimal import Decimal

from tradewind.blankets.model import Blanket
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem


def unknown(name: str, where: str = "") -> Problem:
    """No such blanket order, or none the caller may see."""
    return Problem("blankets.unknown", f"There is no blanket order {name}.", where, 404, {"blanket": name})


def not_open(blanket: Blanket, at: datetime, where: str = "") -> Problem:
    """It is closed, or nothing may be called off at that time."""
    when = "is closed" if blanket.status == "closed" else "has not begun" if at < blanket.valid_from else "is over"
    return Problem(
        "blankets.not_open", f"Blanket order {blanket.number} {when}.", where, 409,
        {"status": blanket.status, "valid_from": blanket.valid_from.isoformat(), "valid_to": blanket.valid_to.isoformat()},
    )  # fmt: skip


def not_on_blanket(number: str, sku: str, where: str = "") -> Problem:
    """The blanket order does not have the item."""
    return Problem("blankets.not_on_blanket", f"{sku} is not on blanket order {number}.", where, 409)


def other_place(number: str, ship_to: str, allowed: tuple[str, ...], where: str = "") -> Problem:
    """The blanket order names its places, and this is none of them."""
    message = f"Blanket order {number} does not go to {ship_to}."
    return Problem("blankets.other_place", message, where, 409, {"ship_tos": list(allowed)})


def release_size(sku: str, asked: Decimal, least: Decimal | None, most: Decimal | None, where: str = "") -> Problem:
    """A call-off is below the least or above the most that may be taken at once; base units."""
    detail = {
        "asked": plain(asked),
        "min": None if least is None else plain(least),
        "max": None if most is None else plain(most),
    }
    bound = f"at least {plain(least)}" if least is not None and asked < least else f"at most {plain(most or asked)}"
    return Problem("blankets.release_size", f"A call-off of {sku} takes {bound}.", where, 409, detail)


def ceiling_passed(number: str, line_no: int, *, asked: Decimal, left: Decimal, where: str = "") -> Problem:
    """More was asked than is left of a line; base units, or the blanket's currency where its value is capped."""
    message = f"Line {line_no} of blanket order {number} has {plain(left)} left, not {plain(asked)}."
    detail = {"blanket": number, "line": line_no, "asked": plain(asked), "left": plain(left)}
    return Problem("blankets.ceiling_passed", message, where, 409, detail)


def not_sold(number: str, sku: str, where: str = "") -> Problem:
    """The item is not sold any more: what was agreed of it is settled between people."""
    message = f"{sku} of blanket order {number} is not sold any more."
    return Problem("blankets.not_sold", message, where, 409)


def no_substitute(sku: str, where: str = "") -> Problem:
    """What is called off is the item that was agreed."""
    message = f"{sku} is called off a blanket order: cancel it, and order the substitute instead."
    return Problem("blankets.no_substitute", message, where, 409)


def no_price(number: str, sku: str, where: str = "") -> Problem:
    """None of the agreed prices holds yet."""
    return Problem("blankets.no_price", f"Blanket order {number} has no price for {sku} yet.", where, 409)


def bad_terms(message: str, where: str = "") -> Problem:
    """Terms of a blanket order that cannot be."""
    return Problem("blankets.bad_terms", message, where)


def below_called_off(line_no: int, called: Decimal, where: str = "") -> Problem:
    """What was called off already is not taken back by a smaller commitment."""
    message = f"{plain(called)} of line {line_no} were called off already."
    return Problem("blankets.below_called_off", message, where, 409, {"called_off": plain(called)})


def closed(number: str) -> Problem:
    """A blanket order that was closed stays as it was."""
    return Problem("blankets.closed", f"Blanket order {number} is closed.", "", 409)


def not_over(number: str) -> Problem:
    """What is missing is billed when the time is over, not before."""
    return Problem("blankets.not_over", f"The time of blanket order {number} is not over yet.", "/decision", 409)


def nothing_missing(number: str) -> Problem:
    """Everything that was committed was called off."""
    return Problem("blankets.nothing_missing", f"Nothing of blanket order {number} is missing.", "/decision", 409)


def changed_since(number: str, version: int, where: str = "") -> Problem:
    """Somebody else changed the terms meanwhile."""
    message = f"Blanket order {number} is at version {version} by now."
    return Problem("blankets.changed_since", message, where, 409, {"version": version})


def number_taken(buyer_po: str, where: str = "") -> Problem:
    """The buyer's number names another blanket order of the account."""
    return Problem("blankets.number_taken", f"{buyer_po} names another blanket order of this account.", where, 409)
