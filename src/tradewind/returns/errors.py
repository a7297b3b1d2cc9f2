"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def unknown_return(number: str, where: str = "") -> Problem:
    """No such return authorisation."""
    return Problem("returns.unknown_return", f"There is no return {number}.", where, 404)


def unknown_order_line(order: str, line: object, where: str = "") -> Problem:
    """The order or its line is not there, or not this account's."""
    return Problem("returns.unknown_order_line", f"{order} has no line {line} of this account.", where, 404)


def no_such_line(line_no: int, where: str = "") -> Problem:
    """The return has no such line."""
    return Problem("returns.no_such_line", f"The return has no line {line_no}.", where, 404)


def bad_quantity(where: str = "") -> Problem:
    """A quantity is above zero."""
    return Problem("returns.bad_quantity", "A returned quantity is above zero.", where)


def more_than_shipped(qty: str, left: str, where: str = "") -> Problem:
    """More than was shipped less what came back or may come back already."""
    return Problem(
        "returns.more_than_shipped",
        f"{qty} is more than the {left} that can still come back.",
        where,
        409,
        {"left": left},
    )


def not_invoiced(where: str = "") -> Problem:
    """Nothing that could be credited was billed for it."""
    return Problem("returns.not_invoiced", "No invoice line bills it that is not credited already.", where, 409)


def not_open(number: str, status: str, where: str = "") -> Problem:
    """The return is not in a state in which goods come in or credits go out."""
    return Problem("returns.not_open", f"Return {number} is {status}.", where, 409, {"status": status})


def more_than_authorised(qty: str, left: str, where: str = "") -> Problem:
    """More came in than was authorised."""
    return Problem(
        "returns.more_than_authorised", f"{qty} is more than the {left} still expected.", where, 409, {"left": left}
    )


def other_disposition(line_no: int, where: str = "") -> Problem:
    """A part of the line was received at another site or for another use."""
    return Problem(
        "returns.other_disposition",
        f"Line {line_no} was received in part at another site or for another use.",
        where,
        409,
    )


def needs_site(line_no: int, where: str = "") -> Problem:
    """Restocked goods lie at a site that keeps them."""
    return Problem("returns.needs_site", f"Line {line_no} is restocked at a site that keeps the item.", where)


def nothing_to_credit(number: str, where: str = "") -> Problem:
    """Nothing came back that is not credited."""
    return Problem("returns.nothing_to_credit", f"There is nothing to credit for {number}.", where, 409)


def unknown_account(code: str, where: str = "") -> Problem:
    """No such account."""
    return Problem("returns.unknown_account", f"There is no account {code}.", where, 404)


def not_returnable(policy: str, where: str = "") -> Problem:
    """A policy says that such goods never come back."""
    return Problem("returns.not_returnable", f"Such goods do not come back ({policy}).", where, 409, {"policy": policy})


def window_over(policy: str, days: int, where: str = "") -> Problem:
    """It was billed longer ago than the policy allows."""
    message = f"It could come back for {days} days after its invoice ({policy})."
    return Problem("returns.window_over", message, where, 409, {"policy": policy, "days": days})
