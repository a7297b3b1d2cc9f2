"""Refusals of access. Those that could tell a stranger something always say the same."""

from decimal import Decimal

from tradewind.kernel.problem import Problem

NOT_AUTHENTICATED = Problem("access.not_authenticated", "This needs a valid API key or session.", status=401)
NOT_FOUND = Problem("access.not_found", "There is no such object.", status=404)
WRONG_LOGIN = Problem("access.wrong_login", "Login or password is wrong.", status=401)
CROSS_SITE = Problem("access.cross_site", "A session works only from its own site.", status=403)

LOGIN_TAKEN = Problem("access.login_taken", "This login is in use.", "/login", 409)
UNKNOWN_ACCOUNT = Problem("access.unknown_account", "There is no such account.", "/account_ids")
UNKNOWN_AGENT = Problem("access.unknown_agent", "There is no active agent with this login.", "/agent")


def forbidden(action: str) -> Problem:
    """The caller's roles do not hold the permission."""
    return Problem("access.forbidden", f"This needs the permission {action}.", status=403)


def too_many_attempts(seconds: int) -> Problem:
    """Failed logins passed their bound; try again after `seconds`."""
    return Problem("access.too_many_attempts", "Too many failed logins; try again later.", status=429,
                   detail={"retry_after": seconds})  # fmt: skip


def mandate_lacks(action: str) -> Problem:
    """The account's mandate does not name the action."""
    return Problem("access.mandate_lacks_action", f"No mandate of this account allows {action}.", status=403)


def over_mandate(total: Decimal, currency: str, largest: Decimal, cap_currency: str | None) -> Problem:
    """The order is larger than any mandate of the account allows."""
    return Problem(
        "access.over_mandate",
        f"{total} {currency} is more than the mandate allows for one order ({largest} {cap_currency or currency}).",
        status=403,
        detail={"total": str(total), "currency": currency, "order_max": str(largest), "cap_currency": cap_currency},
    )
