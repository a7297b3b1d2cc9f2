"""Who may do what: pure. The one place that answers, for every edge."""

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from tradewind.access.errors import NOT_FOUND, forbidden, mandate_lacks, over_mandate
from tradewind.access.model import PERMISSIONS, Caller, Kind, Mandate
from tradewind.kernel.problem import Problem


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
