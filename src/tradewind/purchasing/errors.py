"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def unknown_vendor(code: str, where: str = "") -> Problem:
    """Nobody ships for us under this code."""
    return Problem("purchasing.unknown_vendor", f"There is no vendor {code}.", where, 404, {"vendor": code})


def unknown_order(name: str, where: str = "") -> Problem:
    """No such supplier order, or none the caller may see."""
    return Problem("purchasing.unknown_order", f"There is no supplier order {name}.", where, 404)


def unknown_line(line_no: int, where: str = "") -> Problem:
    """The supplier order does not have the line, or the answer names it twice."""
    text = f"Line {line_no} is not on the supplier order, or was named before."
    return Problem("purchasing.unknown_line", text, where, 422, {"line": line_no})


def too_many(line_no: int, asked: str, left: str, where: str = "") -> Problem:
    """More than the vendor has still to answer."""
    text = f"{asked} of line {line_no} were answered, {left} are left."
    return Problem("purchasing.too_many", text, where, 409, {"line": line_no, "left": left})


def already_closed(number: str, where: str = "") -> Problem:
    """Every unit was answered."""
    return Problem("purchasing.already_closed", f"Every unit of {number} was answered.", where, 409)


def other_answer(reference: str, where: str = "/reference") -> Problem:
    """The reference was used for an answer that said something else."""
    return Problem("purchasing.other_answer", f"{reference} said something else before.", where, 422)


def in_the_future(where: str = "/shipped_at") -> Problem:
    """Goods cannot have been shipped later than now."""
    return Problem("purchasing.in_the_future", "It cannot have been shipped yet.", where, 422)


def vendor_answers(number: str, where: str = "") -> Problem:
    """A shipment that a vendor makes is answered on its supplier order."""
    text = f"A vendor ships {number}; it answers on its supplier order."
    return Problem("purchasing.vendor_answers", text, where, 409)
