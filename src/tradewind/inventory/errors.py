"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def unknown_stock(sku: str, site: str, where: str = "") -> Problem:
    """The site does not keep this product."""
    return Problem("inventory.unknown_stock", f"{site} does not keep {sku}.", where, 404)


def late_observation(sku: str, site: str, where: str = "") -> Problem:
    """A count that is older than one already taken in; it changes nothing."""
    return Problem("inventory.late_observation", f"A later count of {sku} at {site} was already taken in.", where, 409)
