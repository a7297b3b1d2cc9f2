"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def unknown_node(account: str, where: str = "") -> Problem:
    """The account carries no limit of its own."""
    return Problem("credit.unknown_node", f"{account} carries no credit limit.", where, 404)
