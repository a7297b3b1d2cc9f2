"""Which open items money settles: those it names, those its reference names, else the oldest."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from tradewind.billing import errors
from tradewind.billing.model import OpenItem
from tradewind.kernel.money import ZERO
from tradewind.kernel.problem import Problem

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]*")


class Till:
    """What is left open of each item while a set of payments is applied one after the other."""

    __slots__ = ("left",)

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self.left = {item.id: item.open for item in items}

    def take(self, item_id: UUID, amount: Decimal) -> None:
        self.left[item_id] -= amount


def apply_money(
    available: Decimal, items: Sequence[OpenItem], till: Till, *, reference: str | None = None
) -> list[tuple[OpenItem, Decimal]]:
    """Settle the items that the reference names, else all, oldest due date first, as far as the money goes."""
    named = named_items(items, reference)
    applied: list[tuple[OpenItem, Decimal]] = []
    for item in sorted(named or items, key=lambda one: (one.due_at, one.number)):
        amount = min(available, till.left[item.id])
        if amount > 0:
            till.take(item.id, amount)
            available -= amount
            applied.append((item, amount))
    return applied


def named_items(items: Iterable[OpenItem], reference: str | None) -> list[OpenItem]:
    """The items whose numbers stand in a payment reference."""
    words = {word.upper() for word in _WORD.findall(reference or "")}
    return [item for item in items if item.number.upper() in words]


def apply_explicitly(
    available: Decimal,
    wanted: Sequence[tuple[str, Decimal]],
    items: Mapping[str, OpenItem],
    till: Till,
    *,
    currency: str,
    digits: int,
) -> list[tuple[OpenItem, Decimal]] | list[Problem]:
    """Settle exactly the named (invoice number, amount) pairs, or nothing and why. `items` by number."""
    problems: list[Problem] = []
    left = dict(till.left)
    rest = available
    for place, (number, amount) in enumerate(wanted):
        where = f"/applications/{place}"
        item = items.get(number)
        if item is None:
            problems.append(errors.unknown_invoice(number, where))
        elif item.currency != currency:
            problems.append(errors.other_currency(currency, item.currency, where))
        elif amount <= 0 or amount != round(amount, digits):
            problems.append(errors.bad_amount(f"{amount:f}", where))
        elif amount > left[item.id]:
            problems.append(errors.more_than_open(number, f"{amount:f}", f"{left[item.id]:f}", where))
        elif amount > rest:
            problems.append(errors.more_than_received(f"{amount:f}", f"{max(rest, ZERO):f}", where))
        else:
            left[item.id] -= amount
            rest -= amount
    if problems:
        return problems
    till.left = left
    return [(items[number], amount) for number, amount in wanted]
