"""The refusals of this capability."""

from tradewind.kernel.problem import Problem


def bad_rule(message: str, where: str = "/rule") -> Problem:
    """A rule that cannot be read, or whose day never comes."""
    return Problem("recurring.bad_rule", message, where)


def unknown_zone(zone: str, where: str = "/zone") -> Problem:
    """No such time zone."""
    return Problem("recurring.unknown_zone", f"There is no time zone {zone}.", where)


def unknown_calendar(code: str, where: str = "/calendar") -> Problem:
    """A holiday shift needs a calendar that is there."""
    return Problem("recurring.unknown_calendar", f"There is no calendar {code or 'named'}.", where)


def starts_too_early(where: str = "/starts_on") -> Problem:
    """Nothing is ordered for days that are over."""
    return Problem("recurring.starts_too_early", "A standing order starts today or later.", where)


def ended(number: str) -> Problem:
    """A standing order that ended stays ended."""
    return Problem("recurring.ended", f"Standing order {number} has ended.", "", 409)


def not_active(number: str, status: str) -> Problem:
    """What is asked needs one that goes on."""
    return Problem("recurring.not_active", f"Standing order {number} is {status}.", "", 409)


def not_paused(number: str) -> Problem:
    """Only what was paused goes on again."""
    return Problem("recurring.not_paused", f"Standing order {number} is not paused.", "", 409)


def changed_since(number: str, version: int) -> Problem:
    """Somebody else changed it meanwhile."""
    message = f"Standing order {number} is at version {version} by now."
    return Problem("recurring.changed_since", message, "/expected_version", 409, {"version": version})


def owner_may_not(number: str) -> Problem:
    """Whose name it runs in may not order for the account any more."""
    return Problem("recurring.owner_may_not", f"Who set {number} up may not order for this account any more.", "", 403)


def nothing_to_retry(number: str, day: str) -> Problem:
    """The period is not one that failed."""
    return Problem("recurring.nothing_to_retry", f"{number} of {day} is not one that failed.", "/day", 409)
