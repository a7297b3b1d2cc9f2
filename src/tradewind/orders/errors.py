"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def unknown_order(where: str = "") -> Problem:
    """No such order, or none that the caller may see: the two look the same on purpose."""
    return Problem("orders.unknown_order", "There is no such order.", where, 404)


def no_such_hold(where: str = "") -> Problem:
    """A release never creates a hold that was not there."""
    return Problem("orders.no_such_hold", "There is no such open hold on this order.", where, 404)


def no_such_warning(where: str = "") -> Problem:
    """Only what an order is warned of now can be acknowledged."""
    return Problem("orders.no_such_warning", "The order is not warned of that.", where, 404)


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


def changed_since(number: str, version: int, where: str = "") -> Problem:
    """Somebody else was faster: what the caller looked at is not what the order says."""
    message = f"{number} was changed since; it is at version {version}."
    return Problem("orders.changed_since", message, where, 409, {"version": version})


def not_identified(line_no: int, where: str = "") -> Problem:
    """Nobody knows yet what the line is: its product is chosen first, or it is cancelled."""
    return Problem("orders.not_identified", f"What line {line_no} is must be chosen first.", where, 409)


def named_twice(where: str = "") -> Problem:
    """In one batch an order is changed once, in one change a line's quantity."""
    return Problem("orders.named_twice", "It was named before.", where, 409)


def no_actions(where: str = "") -> Problem:
    """A change without an action."""
    return Problem("orders.no_actions", "A change has an action.", where)


def too_many_actions(most: int, where: str = "") -> Problem:
    """A change is bounded."""
    return Problem("orders.too_many_actions", f"A change has at most {most} actions.", where, detail={"most": most})


def stands_in_incident(number: str, where: str = "") -> Problem:
    """The engine could not go on with it; a person repairs that first."""
    return Problem("orders.stands_in_incident", f"{number} stands in an incident; it is repaired first.", where, 409)


def nothing_left(line_no: int, where: str = "") -> Problem:
    """Everything of the line is shipped or cancelled."""
    return Problem("orders.nothing_left", f"Nothing of line {line_no} is left to change.", where, 409)


def handed_over(sku: str, qty: str, where: str = "") -> Problem:
    """What left our hands stays as it was."""
    return Problem("orders.handed_over", f"{qty} of {sku} were handed over already.", where, 409, {"qty": qty})


def asked_back(sku: str, qty: str, where: str = "") -> Problem:
    """A warehouse has the goods; its answer decides."""
    return Problem("orders.asked_back", f"{qty} of {sku} are asked back from the warehouse.", where, 409, {"qty": qty})


def cancel_pending(sku: str, where: str = "") -> Problem:
    """A warehouse was asked for units of the line and has not answered."""
    return Problem(
        "orders.cancel_pending", f"A warehouse has not answered yet what it gives back of {sku}.", where, 409
    )


def priced_anew(sku: str, qty: str, line_no: int, where: str = "") -> Problem:
    """What was ordered keeps its price; what is added costs what it costs today."""
    message = f"{qty} more of {sku} have today's price and are line {line_no}."
    return Problem("orders.priced_anew", message, where, 409, {"line": line_no, "qty": qty})


def billed_already(what: str, where: str = "") -> Problem:
    """Invoices do not change."""
    return Problem("orders.billed_already", f"{what} was invoiced already.", where, 409)


def changed_again(what: str, where: str = "") -> Problem:
    """A revert undoes one change, not what came after it."""
    return Problem("orders.changed_again", f"{what} was changed again since.", where, 409)


def staff_only(what: str, where: str = "") -> Problem:
    """The house decides it."""
    return Problem("orders.staff_only", f"{what} is for our people to say.", where, 403)


def not_goods(sku: str, where: str = "") -> Problem:
    """A service comes from no site."""
    return Problem("orders.not_goods", f"{sku} is no goods.", where)


def bad_price(where: str = "") -> Problem:
    """A unit price is zero or more, with at most six places."""
    return Problem("orders.bad_price", "A unit price is 0 or more, with at most 6 decimal places.", where)


def bad_date(where: str = "") -> Problem:
    """Nobody means a date of the first or the last years there are, and nothing can be counted from it."""
    return Problem("orders.bad_date", "A wished date lies between the years 1900 and 2999.", where)


def bad_po(where: str = "") -> Problem:
    """An order number has a letter or a digit."""
    return Problem("orders.bad_po", "An order number has a letter or a digit.", where)


def unknown_change(where: str = "") -> Problem:
    """No such change of this order."""
    return Problem("orders.unknown_change", "The order has no such change.", where, 404)


def not_revertible(kind: str, where: str = "") -> Problem:
    """Changes are reverted; cancels and what warehouses answered are not, and nothing is reverted twice."""
    return Problem("orders.not_revertible", f"A step of kind {kind} is not reverted.", where, 409, {"kind": kind})


def reverted_already(where: str = "") -> Problem:
    """A change is reverted once."""
    return Problem("orders.reverted_already", "The change was reverted before.", where, 409)


def no_reason(where: str = "") -> Problem:
    """Who stops an order, or lets it go on, says why."""
    return Problem("orders.no_reason", "This needs a reason.", where)


def nothing_offered(line_no: int, where: str = "") -> Problem:
    """No substitute is offered for the line (any more)."""
    return Problem("orders.nothing_offered", f"Nothing is offered instead of line {line_no}.", where, 409)


def offer_changed(line_no: int, sku: str, where: str = "") -> Problem:
    """Another substitute is offered than was seen."""
    return Problem("orders.offer_changed", f"{sku} is offered for line {line_no} now.", where, 409, {"sku": sku})


def price_not_held(line_no: int, where: str = "") -> Problem:
    """No price of the line waits for a decision."""
    return Problem("orders.price_not_held", f"The price of line {line_no} waits for nobody.", where, 409)


def below_floor(stated: str, ours: str, where: str = "") -> Problem:
    """The stated price is below what may be accepted."""
    message = f"{stated} is below the floor for {ours}; bill ours, or have the floor changed."
    return Problem("orders.below_price_floor", message, where, 409, {"stated": stated, "ours": ours})
