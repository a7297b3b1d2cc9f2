"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def unknown_order(where: str = "") -> Problem:
    """No such order, or none that the caller may see: the two look the same on purpose."""
    return Problem("orders.unknown_order", "There is no such order.", where, 404)


def no_such_hold(where: str = "") -> Problem:
    """A release never creates a hold that was not there."""
    return Problem("orders.no_such_hold", "There is no such open hold on this order.", where, 404)


def duplicate_po(number: str, buyer_po: str) -> Problem:
    """The buyer's order number was used before; the other order is named."""
    return Problem(
        "orders.duplicate_po",
        f"Purchase order {buyer_po} was already placed as {number}.",
        "/buyer_po",
        409,
        {"order": number},
    )


def nothing_to_cancel(number: str) -> Problem:
    """Everything has been shipped or cancelled already."""
    return Problem("orders.nothing_to_cancel", f"Nothing of {number} can still be cancelled.", "", 409)


def unknown_line(line_no: int, where: str = "") -> Problem:
    """The order has no such line, or it was named twice."""
    return Problem("orders.unknown_line", f"There is no line {line_no}, or it was named before.", where, 404)


def already_identified(line_no: int, sku: str, where: str = "") -> Problem:
    """A product is chosen for lines that nobody could identify, and once."""
    return Problem("orders.already_identified", f"Line {line_no} is {sku}.", where, 409, {"sku": sku})


def not_so_many(sku: str, qty: str, where: str = "") -> Problem:
    """More units than the line has left."""
    return Problem("orders.not_so_many", f"{qty} more of {sku} than the line has left.", where, 409, {"qty": qty})


def bad_quantity(where: str = "") -> Problem:
    """A quantity that is to be cancelled is above zero."""
    return Problem("orders.bad_quantity", "A quantity is above zero.", where)


def unknown_group(group_no: int, where: str = "") -> Problem:
    """The order has no such delivery group."""
    return Problem("orders.unknown_group", f"There is no delivery group {group_no}.", where, 404)


def order_over(number: str, status: str, where: str = "") -> Problem:
    """Nothing more will happen to the order."""
    return Problem("orders.order_over", f"{number} is {status}.", where, 409, {"status": status})


def not_by_hand(kind: str, where: str = "") -> Problem:
    """Credit and approval holds follow from rules."""
    return Problem("orders.not_by_hand", f"A hold of kind {kind} is not opened by hand.", where)


def decided_not_released(where: str = "") -> Problem:
    """An approval is given or refused; its hold goes with the decision."""
    return Problem("orders.decided_not_released", "An approval is decided, not released.", where, 409)


def no_reason(where: str = "") -> Problem:
    """Who stops an order, or lets it go on, says why."""
    return Problem("orders.no_reason", "This needs a reason.", where)
