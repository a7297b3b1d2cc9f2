"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def own_order(where: str = "") -> Problem:
    """Four eyes: whoever placed an order does not approve it."""
    return Problem("approvals.own_order", "Whoever placed an order cannot approve it.", where, 409)


def not_waiting(number: str) -> Problem:
    """The order waits for no approval."""
    return Problem("approvals.not_waiting", f"{number} waits for no approval.", "", 409)
