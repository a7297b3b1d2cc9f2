"""The refusals of this capability."""

from decimal import Decimal

from tradewind.kernel.problem import Problem


def unknown_stock(sku: str, site: str, where: str = "") -> Problem:
    """The site does not keep this product."""
    return Problem("inventory.unknown_stock", f"{site} does not keep {sku}.", where, 404)


def late_observation(sku: str, site: str, where: str = "") -> Problem:
    """A count that is older than one already taken in; it changes nothing."""
    return Problem("inventory.late_observation", f"A later count of {sku} at {site} was already taken in.", where, 409)


def unknown_product(sku: str, where: str = "") -> Problem:
    """We have no such product, or keep no stock of it."""
    return Problem("inventory.unknown_product", f"No stock is kept of {sku}.", where, 404)


def unknown_site(site: str, where: str = "") -> Problem:
    """We have no such site."""
    return Problem("inventory.unknown_site", f"There is no site {site}.", where, 404)


def unknown_unit(sku: str, uom: str, units: list[str], where: str = "") -> Problem:
    """The product does not come in this unit."""
    return Problem("inventory.unknown_unit", f"{sku} does not come in {uom}.", where, 422, {"units": units})


def bad_quantity(what: str, where: str = "") -> Problem:
    """A quantity that cannot be."""
    return Problem("inventory.bad_quantity", what, where)


def unknown_supply(reference: str, sku: str, site: str, where: str = "") -> Problem:
    """Nothing of the product is expected at the site under this reference."""
    return Problem("inventory.unknown_supply", f"{reference} brings no {sku} to {site}.", where, 404)


def supply_closed(reference: str, status: str, where: str = "") -> Problem:
    """The supply came in whole, or was cancelled."""
    return Problem("inventory.supply_closed", f"{reference} is {status}.", where, 409, {"status": status})


def in_the_future(where: str = "") -> Problem:
    """Nobody has seen what is yet to come."""
    return Problem("inventory.in_the_future", "This time is yet to come.", where)


def not_so_many(sku: str, site: str, on_hand: Decimal, where: str = "") -> Problem:
    """An adjustment cannot take away more than is there."""
    return Problem(
        "inventory.not_so_many",
        f"{site} has {on_hand.normalize():f} of {sku}.",
        where,
        409,
        {"on_hand": str(on_hand)},
    )


def named_at_once(reference: str, where: str = "") -> Problem:
    """Somebody else stored a supply under this reference at the same moment."""
    return Problem(
        "inventory.named_at_once", f"{reference} was stored at this moment by somebody else; send it again.", where, 409
    )


def bad_date(where: str = "") -> Problem:
    """Nobody expects goods in the first or the last years there are, and no promise can be counted from it."""
    return Problem("inventory.bad_date", "Goods are expected between the years 1900 and 2999.", where)
