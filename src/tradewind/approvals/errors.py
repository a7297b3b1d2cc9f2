"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def own_order(where: str = "") -> Problem:
    """Four eyes: whoever placed an order does not approve it."""
    return Problem("approvals.own_order", "Whoever placed an order cannot approve it.", where, 409)


def not_waiting(number: str) -> Problem:
    """The order waits for no approval."""
    return Problem("approvals.not_waiting", f"{number} waits for no approval.", "", 409)


def changed_since(number: str, now: str, where: str = "") -> Problem:
    """The order says something else than what the decider saw."""
    return Problem(
        "approvals.changed_since", f"{number} has changed since it was looked at.", where, 409, {"hash": now}
    )
