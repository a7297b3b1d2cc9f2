"""The refusals of this capability."""

from collections.abc import Iterable
from typing import Any

from tradewind.kernel.problem import Problem


def own_order(where: str = "") -> Problem:
    """Four eyes: whoever placed or changed an order does not approve it, nor does who stands in for them."""
    return Problem("approvals.own_order", "Whoever placed or changed an order cannot approve it.", where, 409)


def not_waiting(number: str) -> Problem:
    """The order waits for no approval."""
    return Problem("approvals.not_waiting", f"{number} waits for no approval.", "", 409)


def changed_since(number: str, now: str, where: str = "", *, seen: str = "", differs: Iterable[Any] = ()) -> Problem:
    """The order says something else than what the decider saw."""
    detail = {"hash": now, "seen": seen, "differences": list(differs)}
    return Problem("approvals.changed_since", f"{number} has changed since it was looked at.", where, 409,
                   {name: value for name, value in detail.items() if value})  # fmt: skip


def over_cap(number: str, where: str = "") -> Problem:
    """The amount is above what this person may approve."""
    return Problem("approvals.over_cap", f"{number} is above what you may approve.", where, 409)


def counted_already(number: str, where: str = "") -> Problem:
    """Nobody counts twice."""
    return Problem("approvals.counted_already", f"Your approval of {number}, or of whom you stand in for, counts already.",
                   where, 409)  # fmt: skip


def comes_later(number: str, where: str = "") -> Problem:
    """Others decide first."""
    return Problem("approvals.comes_later", f"Others decide on {number} first.", where, 409)


def complete(number: str, where: str = "") -> Problem:
    """What this person could approve is approved."""
    return Problem("approvals.tier_complete", f"What you could approve of {number} is approved already.", where, 409)


def asked_of_none(number: str, where: str = "") -> Problem:
    """An answer needs a question."""
    return Problem("approvals.no_question", f"Nobody asked anything about {number}.", where, 409)


def unknown_input(name: str) -> Problem:
    """A condition reads only what an order has."""
    return Problem("approvals.unknown_input", f"An order has no {name}.", "/condition", detail={"input": name})


def tier_count(most: int) -> Problem:
    """A policy has a bounded number of tiers."""
    return Problem("approvals.tier_count", f"A policy has 1 to {most} tiers.", "/tiers")


def seat_count(most: int, where: str) -> Problem:
    """A tier has a bounded number of seats and needs at least one person."""
    return Problem("approvals.seat_count", f"A tier needs 1 person or more out of 1 to {most} seats.", where)


def too_few_seats(need: int, where: str) -> Problem:
    """A tier that names people names enough of them."""
    return Problem("approvals.too_few_seats", f"{need} people are needed, but fewer are named.", f"{where}/need")


def seat_names_one(where: str) -> Problem:
    """A seat is a role's or a person's."""
    return Problem("approvals.seat_names_one", "A seat names a role or a person.", where)


def unknown_role(role: str, side: str, where: str) -> Problem:
    """Buyers approve for buyers, staff for the seller."""
    return Problem("approvals.unknown_role", f"{role} is no role of the {side}.", f"{where}/role")


def unknown_person(where: str = "") -> Problem:
    """No such person, or none who may see the account: the two look the same on purpose."""
    return Problem("approvals.unknown_person", "There is nobody of that name who could approve here.", where, 404)


def cap_without_currency(where: str) -> Problem:
    """An amount is of a currency."""
    return Problem("approvals.cap_without_currency", "A policy with caps names its currency.", f"{where}/up_to")


def unknown_bind(name: str, known: Iterable[str]) -> Problem:
    """What a decision can bind to is a short list."""
    return Problem("approvals.unknown_bind", f"A policy cannot bind {name}.", "/binds", detail={"known": list(known)})


def reminder_too_late() -> Problem:
    """Reminders come before the end."""
    return Problem("approvals.reminder_too_late", "Reminder and escalation come before the expiry.", "/expire_hours")


def unknown_policy(where: str = "") -> Problem:
    """No such policy, or none that the caller may see: the two look the same on purpose."""
    return Problem("approvals.unknown_policy", "There is no such policy.", where, 404)


def published(code: str, version: int) -> Problem:
    """What was published is superseded, never edited."""
    return Problem("approvals.published", f"{code} v{version} is published; make another version.", "", 409)


def not_published(code: str, version: int) -> Problem:
    """Only what is in force can end."""
    return Problem("approvals.not_published", f"{code} v{version} is not in force.", "", 409)


def own_policy(code: str, version: int) -> Problem:
    """A policy is made by two people."""
    return Problem("approvals.own_policy", f"Somebody else puts {code} v{version} in force, or ends it.", "", 409)


def from_the_past(where: str = "/valid_from") -> Problem:
    """A policy does not reach back."""
    return Problem("approvals.from_the_past", "A policy begins now or later.", where)


def later_version(code: str, where: str = "/valid_from") -> Problem:
    """A version begins after the one before."""
    return Problem("approvals.later_version", f"Another version of {code} begins later than that.", where, 409)


def code_taken(code: str) -> Problem:
    """A code belongs to one policy of one scope."""
    return Problem("approvals.code_taken", f"{code} is another policy's code.", "/code", 409)


def house_side(where: str = "/side") -> Problem:
    """A buying company decides its own side only, for its own accounts."""
    return Problem(
        "approvals.not_yours", "A buying company sets policies of the buyer's side, for its own accounts.", where, 403
    )


def delegation_to_oneself(where: str) -> Problem:
    """Nobody stands in for themselves."""
    return Problem("approvals.delegation_to_oneself", "Nobody stands in for themselves.", where)


def delegation_over(where: str) -> Problem:
    """A delegation ends after it begins, and not in the past."""
    return Problem("approvals.delegation_over", "A delegation ends after it begins, and later than now.", where)


def delegation_circle(where: str) -> Problem:
    """A chain of delegations never comes back."""
    return Problem("approvals.delegation_circle", "This would send approvals round in a circle.", where, 409)


def delegation_chain(most: int, where: str) -> Problem:
    """A chain of delegations is short."""
    return Problem("approvals.delegation_chain", f"At most {most} delegations follow each other.", where, 409)


def unknown_delegation(where: str = "") -> Problem:
    """No such delegation, or somebody else's: the two look the same on purpose."""
    return Problem("approvals.unknown_delegation", "There is no such delegation.", where, 404)


def nothing_to_restart(number: str) -> Problem:
    """Only what waits for approval, or waited too long, is asked anew."""
    return Problem("approvals.nothing_to_restart", f"{number} has no approval that could be asked anew.", "", 409)


def unknown_calendar(code: str) -> Problem:
    """A policy that would count by a calendar nobody keeps."""
    return Problem("approvals.unknown_calendar", f"There is no calendar {code}.", "/calendar")
