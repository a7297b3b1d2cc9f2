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
