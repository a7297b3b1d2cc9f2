"""The facts of this capability. What buyers may not know (prices before they are offered, who agreed) is of no account."""

from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Event
from tradewind.quotes.model import Quote

OURS = frozenset(("staged", "approval_asked", "approval_given", "approved", "rejected"))


def quote_event(kind: str, quote: Quote, payload: dict[str, Any], *, orders: tuple[UUID, ...] = ()) -> Event:
    """`quote.<kind>`; the account is left out of what is only ours."""
    objects = [("account", quote.account_id, "sold_to"), *(("sales_order", one, "became") for one in orders)]
    ours = kind in OURS
    return Event(
        f"quote.{kind}",
        "quote",
        quote.id,
        {"number": quote.number, "status": quote.status, **payload},
        None if ours else quote.account_id,
        tuple(objects),
    )
