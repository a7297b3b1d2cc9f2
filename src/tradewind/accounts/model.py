"""Accounts as values."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.kernel.value import value


@value(frozen=True, slots=True)
class Account:
    """What selling to an account needs to know, its legal entity's side included. `ancestors` starts with itself.

    `credit_gate`: a credit policy above it looks at orders once more before they go to a warehouse.
    """

    id: UUID
    code: str
    name: str
    status: str
    currency: str
    segment: str | None
    region: str | None
    vat_id: str | None
    vat_verified: bool | None
    tax_exempt: bool
    terms_code: str
    net_days: int
    ship_policy: str
    price_policy: str
    price_strategy: str
    discount_percent: Decimal
    duplicate_po: str
    approval_above: Decimal | None
    priority: int
    reserve_hours: int
    delivery_url: str | None
    legal_entity_id: UUID
    entity_country: str
    tax_rounding: str
    ancestors: tuple[UUID, ...]
    unknown_items: str = "channel"
    approval_epoch: int = 0
    prepay_percent: Decimal = Decimal(0)
    credit_gate: bool = False

    def price_scopes(self, channel: str) -> list[str]:
        """The scopes whose price assignments reach an order of this account by a channel."""
        scopes = [f"account:{ancestor}" for ancestor in self.ancestors]
        scopes += [f"segment:{self.segment}"] if self.segment else []
        scopes += [f"region:{self.region}"] if self.region else []
        return [*scopes, f"channel:{channel}", "all"]


@value(frozen=True, slots=True)
class ShipTo:
    """An address of an account."""

    account_id: UUID
    code: str
    is_default: bool
    id: UUID
    name: str
    country: str
    region: str
    street: str | None
    city: str | None
    postal_code: str | None


@value(frozen=True, slots=True)
class Certificate:
    """An account's exemption in a jurisdiction."""

    account_id: UUID
    country: str
    region: str
    number: str
    valid_from: datetime
    valid_to: datetime | None


@value(frozen=True, slots=True)
class Licence:
    """What an account is licensed to buy. `country` empty: anywhere; `valid_to` is the first instant without it."""

    account_id: UUID
    code: str
    number: str
    country: str
    valid_from: datetime
    valid_to: datetime | None
