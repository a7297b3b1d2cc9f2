"""Which open items money settles: those it names, those its reference names, else the oldest."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.billing import errors
from tradewind.billing.model import Offer, OpenItem
from tradewind.kernel.money import ZERO, cumulative_share, minor_digits, percent_of, round_places, settle
from tradewind.kernel.problem import Problem

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]*")
_HUNDRED = Decimal(100)


class Till:
    """What is left open of each item while a set of payments is applied one after the other, and the discounts that paying
    early takes off. `on` is when the money came: None for what earns no discount."""

    __slots__ = ("digits", "discounts", "left", "offers")

    def __init__(self, items: Iterable[OpenItem], offers: Mapping[UUID, Offer] | None = None) -> None:
        self.left: dict[UUID, Decimal] = {}
        self.digits: dict[UUID, int] = {}
        for item in items:
            self.left[item.id] = item.open
            self.digits[item.id] = minor_digits(item.currency)
        self.offers = dict(offers or {})
        self.discounts: dict[UUID, Decimal] = {}

    def copy(self) -> "Till":
        """A till to try something with."""
        other = Till(())
        other.left, other.digits = dict(self.left), self.digits
        other.offers, other.discounts = dict(self.offers), dict(self.discounts)
        return other

    def adopt(self, other: "Till") -> None:
        """What was tried is so."""
        self.left, self.offers, self.discounts = other.left, other.offers, other.discounts

    def settles(self, item_id: UUID, on: datetime | None) -> Decimal:
        """The money that settles all that is left of an item when it comes at `on`."""
        left, offer = self.left[item_id], self.offers.get(item_id)
        if offer is None or on is None or on > offer.until:
            return left
        rest = max(discount_of(offer, self.digits[item_id]) - offer.taken, ZERO)
        return left - self.discount(item_id, max(left - rest, ZERO), on)

    def discount(self, item_id: UUID, amount: Decimal, on: datetime | None) -> Decimal:
        """What `amount` of money takes off on top, in proportion: all parts paid in time earn the whole discount exactly."""
        offer = self.offers.get(item_id)
        if offer is None or on is None or on > offer.until or amount <= 0:
            return ZERO
        digits = self.digits[item_id]
        whole = discount_of(offer, digits)
        base = offer.total - offer.noted - whole
        if base <= 0:
            return ZERO
        earned = cumulative_share(whole, ZERO, min(offer.paid + amount, base), base, digits)
        return max(min(earned - offer.taken, self.left[item_id] - amount), ZERO)

    def take(self, item_id: UUID, amount: Decimal, on: datetime | None = None) -> Decimal:
        """Settle so much of an item with money; gives the discount that comes on top of it."""
        discount = self.discount(item_id, amount, on)
        self.left[item_id] -= amount + discount
        offer = self.offers.get(item_id)
        if offer is not None and on is not None and on <= offer.until:
            self.offers[item_id] = replace(offer, paid=offer.paid + amount, taken=offer.taken + discount)
        if discount:
            self.discounts[item_id] = self.discounts.get(item_id, ZERO) + discount
        return discount


def discount_of(offer: Offer, digits: int) -> Decimal:
    """The whole discount of an invoice, less the share of what was credited of it."""
    if not offer.noted or not offer.total:
        return offer.discount
    return round_places(settle(offer.discount * (offer.total - offer.noted) / offer.total), digits)


def tax_of_discount(offer: Offer, discount: Decimal, digits: int) -> Decimal:
    """The tax within a discount: it lowers what was taxed (with the tax's share of the invoice)."""
    if not offer.total:
        return ZERO
    return round_places(percent_of(discount, settle(offer.tax * _HUNDRED / offer.total)), digits)


def apply_money(
    available: Decimal,
    items: Sequence[OpenItem],
    till: Till,
    *,
    reference: str | None = None,
    on: datetime | None = None,
) -> list[tuple[OpenItem, Decimal]]:
    """Settle the items that the reference names, else all, oldest due date first, as far as the money goes."""
    named = named_items(items, reference)
    applied: list[tuple[OpenItem, Decimal]] = []
    for item in sorted(named or items, key=lambda one: (one.due_at, one.number)):
        amount = min(available, till.settles(item.id, on))
        if amount > 0:
            till.take(item.id, amount, on)
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
    on: datetime | None = None,
) -> list[tuple[OpenItem, Decimal]] | list[Problem]:
    """Settle exactly the named (invoice number, amount) pairs, or nothing and why. `items` by number."""
    problems: list[Problem] = []
    trial = till.copy()
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
        elif amount > trial.left[item.id]:
            problems.append(errors.more_than_open(number, f"{amount:f}", f"{trial.left[item.id]:f}", where))
        elif amount > rest:
            problems.append(errors.more_than_received(f"{amount:f}", f"{max(rest, ZERO):f}", where))
        else:
            trial.take(item.id, amount, on)
            rest -= amount
    if problems:
        return problems
    till.adopt(trial)
    return [(items[number], amount) for number, amount in wanted]
