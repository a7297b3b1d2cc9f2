"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def unknown_shipment(shipment: str, where: str = "") -> Problem:
    """No such shipment."""
    return Problem("fulfilment.unknown_shipment", f"There is no shipment {shipment}.", where, 404)


def already_answered(number: str, status: str, where: str = "") -> Problem:
    """A shipment is answered once; the first answer stands."""
    return Problem(
        "fulfilment.already_answered",
        f"Shipment {number} was answered before, with something else.",
        where,
        409,
        {"shipment": number, "status": status},
    )


def unreadable_answer(what: str, where: str = "") -> Problem:
    """The answer is not one."""
    return Problem("fulfilment.unreadable_answer", what, where)


def in_the_future(where: str = "") -> Problem:
    """Nothing has left the house that is yet to go."""
    return Problem(
        "fulfilment.in_the_future", "The goods cannot have been shipped at a time that is yet to come.", where
    )


def unknown_line(line_no: int, where: str = "") -> Problem:
    """The shipment has no such line."""
    return Problem("fulfilment.unknown_line", f"The shipment has no line {line_no}.", where)


def over_shipped(sku: str, shipped: str, allowed: str, where: str = "") -> Problem:
    """More than was released and more than the account's tolerance."""
    return Problem(
        "fulfilment.over_shipped",
        f"{shipped} of {sku} is more than the {allowed} that may be shipped.",
        where,
        409,
        {"allowed": allowed},
    )


def does_not_add_up(released: str, shipped: str, short: str, where: str = "") -> Problem:
    """Shipped and short must account for what was released."""
    return Problem(
        "fulfilment.does_not_add_up", f"{shipped} shipped and {short} short are not the {released} released.", where
    )


def packed_otherwise(sku: str, packed: str, shipped: str, where: str = "") -> Problem:
    """Where cartons are named, what is in them is what was shipped."""
    return Problem(
        "fulfilment.packed_otherwise", f"{packed} of {sku} are in the cartons and {shipped} were shipped.", where
    )


def already_shipped(order: str, sku: str, qty: str, where: str = "") -> Problem:
    """What has left the house is not cancelled; it comes back as a return."""
    return Problem(
        "fulfilment.already_shipped",
        f"{qty} of {sku} of {order} were shipped already.",
        where,
        409,
        {"qty": qty, "sku": sku},
    )
