"""The nouns that doors, use cases and capabilities pass to each other. All frozen; all amounts are Decimal."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from tradewind.kernel.value import value

Severity = Literal["info", "warning", "hold", "reject"]

ZERO = Decimal(0)
# Whose number a draft's line may give: ours, the buyer's, a trade number, the manufacturer's.
ITEM_KINDS = ("sku", "customer", "gtin", "manufacturer")


@value(frozen=True, slots=True)
class Finding:
    """One thing somebody noticed about an order. Every door gives the same findings for the same order."""

    code: str
    severity: Severity
    message: str
    line_no: int | None = None
    place: str = ""
    suggestion: str | None = None
    hold_kind: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For answers and events; empty members are left out."""
        members = {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "line": self.line_no,
            "field": self.place or None,
            "suggestion": self.suggestion,
            "detail": dict(self.detail) or None,
        }
        return {name: value for name, value in members.items() if value is not None}


@value(frozen=True, slots=True)
class Place:
    """Where goods or documents go, as it was when the order was placed."""

    name: str
    country: str
    region: str = ""
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    address_id: UUID | None = None
    code: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "country": self.country,
            "region": self.region,
            "street": self.street,
            "city": self.city,
            "postal_code": self.postal_code,
            "code": self.code,
        }


@value(frozen=True, slots=True)
class DraftLine:
    """An ordered item in the buyer's words. `unit_price` is the price the buyer's document states, if it states one, for
    `price_basis` units of `price_uom` (the ordered unit, if it says none).

    `item` is what they call it, and is echoed to them. Where the document says whose numbers it gives, `ids` are these as
    (kind, number) with a kind of `ITEM_KINDS`; they then decide which product is meant, and not `item` alone.
    """

    line_no: int
    item: str
    qty: Decimal
    uom: str | None = None
    unit_price: Decimal | None = None
    description: str | None = None
    group_no: int = 1
    ids: tuple[tuple[str, str], ...] = ()
    price_basis: Decimal = Decimal(1)
    price_uom: str | None = None


@value(frozen=True, slots=True)
class DraftCharge:
    """An amount that is not goods: freight, a fee. Of a group, it is taxed where that goes and billed with it."""

    code: str
    amount: Decimal
    description: str = ""
    tax_class: str = "standard"
    group_no: int | None = None


@value(frozen=True, slots=True)
class DraftGroup:
    """One place and one requested date of an order, or a window (`not_before`, `arrive_by`); `ship_method` picks the site's
    cut-off and calendar."""

    group_no: int = 1
    ship_to: str | None = None
    requested_at: datetime | None = None
    not_before: datetime | None = None
    arrive_by: datetime | None = None
    ship_method: str = ""


@value(frozen=True, slots=True)
class AgreedPrice:
    """A unit price that was agreed for a line before it was ordered (by a blanket order, a quote, a standing order), per `basis` of
    its ordered unit. `source` is the document it stands in, `reason` a word for what that is."""

    unit_price: Decimal
    basis: Decimal
    source: str
    reason: str


@value(frozen=True, slots=True)
class OrderDraft:
    """What a buyer wants, as a door read it: outside names, nothing resolved yet.

    `holds_unknown`: nobody waits for an answer who could mend a line on the spot (a document that was handed over), so that
    an unknown item or unit is held for a person, unless the account's policy says otherwise. `blanket`: the blanket order, by
    our number or the buyer's, that every line takes its goods from.
    """

    account: str
    lines: tuple[DraftLine, ...]
    groups: tuple[DraftGroup, ...] = (DraftGroup(),)
    charges: tuple[DraftCharge, ...] = ()
    buyer_po: str | None = None
    release_no: str = ""
    duplicate_no: int = 0
    currency: str | None = None
    channel: str = "api"
    placed_at: datetime | None = None
    ship_policy: str | None = None
    note: str | None = None
    client_ref: str | None = None
    number: str | None = None
    holds_unknown: bool = False
    blanket: str | None = None


@value(frozen=True, slots=True)
class Supply:
    """What is or will be available of a product at a site. `at` is None for goods that are there."""

    product_id: UUID
    site_id: UUID
    qty: Decimal
    at: datetime | None = None
    supply_id: UUID | None = None


@value(frozen=True, slots=True)
class Demand:
    """What a line still needs, in base units. `sites` are the sites it may come from, best first."""

    order_id: UUID
    line_no: int
    product_id: UUID
    qty: Decimal
    sites: tuple[UUID, ...]
    all_or_nothing: bool = False


@value(frozen=True, slots=True)
class Take:
    """A piece of stock or inbound supply given to a line."""

    order_id: UUID
    line_no: int
    product_id: UUID
    site_id: UUID
    qty: Decimal
    at: datetime | None = None
    supply_id: UUID | None = None


# Which kinds of tasks (a stream's `role`) the holder of each role does.
TASK_ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "admin": frozenset(("approver", "warehouse", "quoter", "quote_approver")),
        "sales": frozenset(("approver", "quoter", "quote_approver")),
        "credit_desk": frozenset(("approver", "quote_approver")),
        "warehouse": frozenset(("warehouse",)),
        "buyer_approver": frozenset(("approver",)),
    }
)


OF_THE_HOUSE = frozenset(("sales", "credit_desk", "warehouse", "accounting", "analyst"))
"""Roles whose tasks an administrator does, too."""


KINDS_OF_TASKS = OF_THE_HOUSE.union(("buyer", "buyer_approver", "admin"), *TASK_ROLES.values())
"""Every role that a task can be for and somebody can hold."""


def task_roles(roles: Collection[str]) -> frozenset[str]:
    """The kinds of tasks that somebody with these roles does: those named like a role of theirs, and what else it does."""
    held = frozenset(roles) | (OF_THE_HOUSE if "admin" in roles else frozenset())
    return held.union(*(TASK_ROLES.get(role, frozenset()) for role in held))


def roles_doing(task_role: str) -> frozenset[str]:
    """The roles whose holders do tasks of this kind."""
    found = frozenset(role for role, kinds in TASK_ROLES.items() if task_role in kinds) | {task_role}
    return found | {"admin"} if task_role in OF_THE_HOUSE else found
