"""Who may do what: pure. The one place that answers, for every edge."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from tradewind.access.errors import NOT_FOUND, forbidden, mandate_lacks, over_mandate
from tradewind.access.model import MANDATE_ACTIONS, PERMISSIONS, ROLES_OF_KIND, Caller, Kind, Mandate
from tradewind.kernel.money import LARGEST_AMOUNT, is_currency
from tradewind.kernel.problem import Problem

ATTEMPT_WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_PAIR = 10  # of one login from one address
ATTEMPTS_PER_LOGIN = 50  # high enough that a stranger cannot easily lock somebody out
ATTEMPTS_PER_ADDRESS = 100
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 512
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,118}[a-z0-9]")


def authorize(caller: Caller, action: str, account_id: UUID | Collection[UUID] | None = None) -> Problem | None:
    """None where the caller may do `action` (on all of these accounts), else why not.

    403 where no role of the caller (or no mandate of the account) allows the action at all, 404 for an account it does
    not see: the same answer as for one that does not exist. KeyError for an unknown action, which is a bug.
    """
    if action not in PERMISSIONS:
        raise KeyError(action)
    if action not in caller.permissions:
        return forbidden(action)
    if account_id is None:
        return None
    wanted = (account_id,) if isinstance(account_id, UUID) else account_id
    if caller.visible is not None and not all(account in caller.visible for account in wanted):
        return NOT_FOUND
    if caller.principal.kind is Kind.AGENT:
        for account in wanted:
            if not mandates_for(caller, action, account):
                return mandate_lacks(action)
    return None


def seen_for(caller: Caller, action: str) -> frozenset[UUID] | None:
    """The accounts that `caller` sees when it does `action`, None for all: an agent those whose mandates name the action."""
    if caller.principal.kind is not Kind.AGENT or action == "access.self":
        return caller.visible
    naming = (mandate.accounts for mandate in caller.mandates if action in mandate.actions)
    return frozenset[UUID]().union(*naming)


def mandates_for(caller: Caller, action: str, account_id: UUID) -> tuple[Mandate, ...]:
    """The caller's valid mandates that cover the account and name the action."""
    return tuple(mandate for mandate in caller.mandates if account_id in mandate.accounts and action in mandate.actions)


def within_mandate(caller: Caller, action: str, account_id: UUID, *, total: Decimal, currency: str) -> Problem | None:
    """None where an order of `total` may be placed by the caller; people and systems need no mandate.

    One mandate must cover account, action and total alone; caps are never added up. A cap in another currency than the
    order's allows nothing: amounts of two currencies are not compared.
    """
    if caller.principal.kind is not Kind.AGENT:
        return None
    covering = mandates_for(caller, action, account_id)
    if not covering:
        return mandate_lacks(action)
    if mandate_under(covering, total=total, currency=currency) is not None:
        return None
    largest = max(covering, key=lambda mandate: mandate.order_max or Decimal(0))
    return over_mandate(total, currency, largest.order_max or Decimal(0), largest.currency)


def mandate_under(covering: Collection[Mandate], *, total: Decimal, currency: str) -> Mandate | None:
    """The first of these mandates whose cap an order of `total` keeps."""
    for mandate in covering:
        if mandate.order_max is None:
            return mandate
        if mandate.currency == currency and total <= mandate.order_max:
            return mandate
    return None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login attempt from the log."""

    at: datetime
    succeeded: bool
    origin: UUID


def seconds_to_wait(on_login: Sequence[Attempt], from_origin: Sequence[Attempt], *, origin: UUID, now: datetime) -> int:
    """0 where one more attempt may be made, else the seconds until it may. Attempts newest first.

    Bounds failed attempts within the window: of the login from this address (since its last success there), of the login
    from everywhere, and from this address on whatever login.
    """
    since = now - ATTEMPT_WINDOW
    recent = [attempt for attempt in on_login if attempt.at > since]
    pair: list[Attempt] = []
    for attempt in recent:
        if attempt.origin == origin:
            if attempt.succeeded:
                break
            pair.append(attempt)
    bounds = (
        (pair, ATTEMPTS_PER_PAIR),
        ([attempt for attempt in recent if not attempt.succeeded], ATTEMPTS_PER_LOGIN),
        ([attempt for attempt in from_origin if attempt.at > since and not attempt.succeeded], ATTEMPTS_PER_ADDRESS),
    )
    waits = [failed[most - 1].at - since for failed, most in bounds if len(failed) >= most]
    return max((int(wait.total_seconds()) + 1 for wait in waits), default=0)


def check_principal(
    kind: Kind, login: str, name: str, roles: Collection[str] | None, account_ids: Collection[UUID]
) -> Problem | None:
    """What is wrong with a principal. `roles` None are left as they are."""
    if not _LOGIN.fullmatch(login.lower()):
        return Problem("access.bad_login", "A login has 3 to 120 letters, digits and . _ @ + -.", "/login")
    if not name.strip() or len(name) > 200:
        return Problem("access.bad_name", "A name has 1 to 200 characters.", "/name")
    if roles is not None:
        foreign = sorted(set(roles) - ROLES_OF_KIND[kind])
        if foreign or not roles:
            return Problem("access.bad_roles", f"A principal of kind {kind} holds at least one of "
                           f"{', '.join(sorted(ROLES_OF_KIND[kind]))}, not {', '.join(foreign) or 'none'}.", "/roles")  # fmt: skip
    if account_ids and kind is not Kind.BUYER:
        return Problem("access.accounts_for_buyers_only", "Only buyers are given accounts; staff and systems see all, "
                       "agents those of their mandates.", "/account_ids")  # fmt: skip
    return None


def check_password(password: str) -> Problem | None:
    """What is wrong with a new password."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return Problem("access.bad_password", f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
                       "/password")  # fmt: skip
    return None


def check_mandate(
    actions: Collection[str],
    order_max: Decimal | None,
    currency: str | None,
    valid_from: datetime,
    valid_to: datetime | None,
) -> Problem | None:
    """What is wrong with a mandate."""
    unknown = sorted(set(actions) - MANDATE_ACTIONS)
    if unknown or not actions:
        return Problem("access.bad_mandate_actions", f"A mandate names some of {', '.join(sorted(MANDATE_ACTIONS))}, "
                       f"not {', '.join(unknown) or 'none'}.", "/actions")  # fmt: skip
    if (order_max is None) != (currency is None):
        return Problem("access.cap_needs_currency", "A cap and its currency come together.", "/order_max")
    if order_max is not None and not (order_max.is_finite() and 0 <= order_max < LARGEST_AMOUNT):
        return Problem("access.bad_cap", "A cap is an amount of 0 or more.", "/order_max")
    if currency is not None and not is_currency(currency):
        return Problem("access.unknown_currency", f"{currency} is not a currency.", "/currency")
    if valid_to is not None and valid_to <= valid_from:
        return Problem("access.mandate_never_valid", "A mandate ends after it begins.", "/valid_to")
    return None
