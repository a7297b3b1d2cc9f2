"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def unknown_node(account: str, where: str = "") -> Problem:
    """The account carries no limit of its own."""
    return Problem("credit.unknown_node", f"{account} carries no credit limit.", where, 404)


def too_many_orders(bound: int) -> Problem:
    """More orders of one tree would be stopped or woken than one transaction can hold; none of them is."""
    message = f"This concerns more than {bound} orders below one credit limit; settle some of them first."
    return Problem("credit.too_many_orders", message, "", 409, {"bound": bound})


def bad_limit(where: str = "") -> Problem:
    """A limit is an amount that is not negative."""
    return Problem("credit.bad_limit", "A limit is an amount of zero or more.", where)


def bad_override(what: str, where: str = "") -> Problem:
    """An override has an amount above zero and an end that is yet to come."""
    return Problem("credit.bad_override", what, where)


def same_person(where: str = "") -> Problem:
    """Four eyes: who asks for an override does not approve it."""
    return Problem("credit.same_person", "Who asks for an override does not approve it.", where, 409)


def above_approver(limit: str, where: str = "") -> Problem:
    """The override is larger than the approver may give."""
    return Problem(
        "credit.above_approver", f"This approver may raise a limit by {limit}.", where, 403, {"limit": limit}
    )


def unknown_requester(login: str, where: str = "") -> Problem:
    """Who asked for an override is somebody we know."""
    return Problem("credit.unknown_requester", f"There is nobody with the login {login}.", where, 422)


def not_held(number: str, where: str = "") -> Problem:
    """Only what credit holds is let through by the credit desk."""
    return Problem("credit.not_held", f"No limit holds {number} or a part of it.", where, 409)


def nothing_fits(number: str, room: str, currency: str) -> Problem:
    """Not even the smallest part of the order fits into what is free."""
    return Problem(
        "credit.nothing_fits", f"Nothing of {number} fits into {room} {currency}.", "", 409, {"headroom": room}
    )


def other_reason(number: str, reason: str) -> Problem:
    """Something else of credit stops the order; a part of it would not go either."""
    return Problem("credit.other_reason", f"{number} is stopped for another reason: {reason}.", "", 409)


def unknown_request(where: str = "") -> Problem:
    """No such request."""
    return Problem("credit.unknown_request", "There is no such request.", where, 404)


def request_decided() -> Problem:
    """A request is decided once."""
    return Problem("credit.request_decided", "Somebody has decided on this request already.", "", 409)


def figures_changed(amount: str, now: str) -> Problem:
    """More would be needed now than was proposed."""
    message = f"{amount} was proposed, {now} would be needed now; propose it anew."
    return Problem("credit.figures_changed", message, "", 409, {"proposed": amount, "needed": now})


def nobody(where: str = "") -> Problem:
    """A decision of the credit desk is somebody's."""
    return Problem("credit.nobody", "Only a person decides on credit.", where, 403)


def bad_policy(what: str, where: str = "") -> Problem:
    """A policy that asks a limit nowhere, or counts backwards."""
    return Problem("credit.bad_policy", what, where)


def desk_decides(number: str, where: str = "") -> Problem:
    """What would pass a limit is let through by a credit release, which says over how much."""
    message = f"{number} would pass its limit; the credit desk lets it through by a credit release."
    return Problem("credit.desk_decides", message, where, 409)


def incomplete(what: str, where: str = "") -> Problem:
    """A request that does not say what it is about."""
    return Problem("credit.incomplete", what, where)
