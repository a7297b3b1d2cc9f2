"""Approvals as values: policies with their tiers and seats, what one order needs, votes, delegations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from tradewind.rules.decide.feel import Expression
from tradewind.semantics.model import TASK_ROLES

Side = Literal["buyer", "seller"]
RequestStatus = Literal["waiting", "approved", "rejected", "expired", "void"]

LARGEST_TIERS = 10  # tiers of one policy
LARGEST_SEATS = 50  # seats of one tier
LONGEST_CHAIN = 3  # delegations behind each other
SELLER_ROLES = frozenset({"admin", "sales", "credit_desk", "accounting", "analyst"})
BUYER_ROLES = frozenset({"buyer", "buyer_approver"})
DEFAULT_BINDS = ("items", "prices", "terms")
BINDS = ("items", "prices", "terms", "ship_to", "dates")
"""What a policy can bind besides the total, which it always does, and what its condition reads."""

# What a condition may read of an order: the sentence, and what of the order's content it stands or falls with. An input of
# the content stands for itself; circumstances (the house's or the account's) never void a decision by themselves.
INPUTS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "total": ("total with tax and charges", ("total",)),
        "net": ("sum of the lines", ("net",)),
        "charges": ("freight, fees and other charges", ("charges",)),
        "currency": ("currency of the order", ("currency",)),
        "terms": ("code of the payment terms", ("terms",)),
        "net_days": ("days to pay", ("terms",)),
        "channel": ("how the order came", ()),
        "line_count": ("number of lines", ("line_count",)),
        "lines": ("list of lines: line, sku, category, qty, uom, unit_price, net", ("lines",)),
        "lines.line": ("line numbers", ("lines.line",)),
        "lines.sku": ("item numbers", ("items",)),
        "lines.category": ("categories of the items", ("categories",)),
        "lines.qty": ("quantities in the ordered unit", ("lines.qty",)),
        "lines.uom": ("ordered units", ("lines.uom",)),
        "lines.unit_price": ("unit prices", ("prices",)),
        "lines.net": ("amounts of the lines", ("lines.net",)),
        "ship_to": ("list of ship-to codes", ("ship_to",)),
        "ship_to_countries": ("list of countries it goes to", ("ship_to_countries",)),
        "requested_dates": ("list of requested dates", ("dates",)),
        "account": ("code of the account", ()),
        "segment": ("segment of the account", ()),
        "region": ("region of the account", ()),
        "requester_roles": ("roles of who ordered", ()),
        "first_order": ("whether the account never ordered before", ()),
        "over_limit": ("whether the credit limit has no room for it", ("total",)),
        "credit_short_by": ("by how much the limit is short", ("total",)),
        "credit_used_percent": ("exposure with this order, in percent of the limit; null without one", ("total",)),
        "below_floor": ("whether a line is priced below the floor lists", ("items", "prices")),
        "floor_gap": ("how much less than the floor the lines bring", ("items", "prices")),
        "floor_percent": ("the largest share a line lies below its floor, in percent", ("items", "prices")),
        "overridden": ("whether somebody set the price of a line by hand", ("prices",)),
        "substituted": ("whether something else is sent for an item", ("items",)),
        "risk_score": ("what the tables of risk came to, 0 to 100; 0 where there is none", ()),
        "risk_reasons": ("list of what they gave points for", ()),
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it is evaluated: its text, and the inputs (with members, as in `lines.net`) it reads."""

    text: str
    expression: Expression
    inputs: tuple[str, ...]

    @property
    def reads(self) -> frozenset[str]:
        """What of an order's content the condition's value stands or falls with."""
        return frozenset(part for name in self.inputs for part in INPUTS[name][1])


@dataclass(frozen=True, slots=True)
class Seat:
    """Who may fill a place of a tier: holders of a role, or one person; `up_to` caps the order's total."""

    role: str | None = None
    person: UUID | None = None
    name: str = ""
    up_to: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """`need` people out of any of the seats; `fallback` seats open when the first cannot, or do not in time."""

    name: str
    need: int
    seats: tuple[Seat, ...]
    fallback: tuple[Seat, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy."""

    id: UUID | None
    code: str
    version: int
    name: str
    side: Side
    condition: Condition
    tiers: tuple[Tier, ...]
    account_id: UUID | None = None
    whole_tree: bool = True
    legal_entity_id: UUID | None = None
    in_sequence: bool = True
    distinct_people: bool = True
    own_orders: bool = False
    currency: str | None = None
    tolerance: Decimal = Decimal(0)
    binds: tuple[str, ...] = DEFAULT_BINDS
    expire_hours: int = 720
    remind_hours: int | None = None
    escalate_hours: int | None = None
    on_expiry: Literal["hold", "cancel"] = "hold"
    pending: Literal["hold", "recheck"] = "hold"
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    calendar: str = ""
    """By which calendar its hours count; "" counts nights and weekends too."""

    @property
    def label(self) -> str:
        """How it is called in reasons."""
        return f"{self.code} v{self.version}"


@dataclass(frozen=True, slots=True)
class RequiredTier:
    """A tier of an order, frozen: why it is needed, who fills it, and what the decision stands or falls with.

    `after` are the tiers that come first. `inputs` are the bound parts of the content as they were; `reads` the values the
    condition saw. `no` is its number in the request, `tier` its number in the policy.
    """

    no: int
    policy_id: UUID | None
    policy: str
    version: int
    tier: int
    side: Side
    name: str
    need: int
    seats: tuple[Seat, ...]
    fallback: tuple[Seat, ...]
    after: tuple[int, ...]
    distinct_people: bool
    own_orders: bool
    currency: str | None
    tolerance: Decimal
    reason: str
    condition: str
    reads: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one policy waits, in hours of its calendar ("" counts every hour)."""

    calendar: str
    expire_hours: int
    remind_hours: int | None = None
    escalate_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What an order needs, and how long it waits for it. No tiers: nothing."""

    tiers: tuple[RequiredTier, ...] = ()
    expire_hours: int = 720
    remind_hours: int | None = None
    escalate_hours: int | None = None
    on_expiry: Literal["hold", "cancel"] = "hold"
    pending: Literal["hold", "recheck"] = "hold"
    patience: tuple[Patience, ...] = ()
    """Of each policy that asks, where one counts by a calendar; what ends first counts."""


@dataclass(frozen=True, slots=True)
class Vote:
    """A person's approval: who acted, in whose place (`voice`, the same person where in their own), for which tiers it may
    count, and the cap it was given under. `carried_from` is the decision it goes back to."""

    id: UUID
    person: UUID
    voice: UUID
    tiers: frozenset[int]
    cap: Decimal | None = None
    carried_from: UUID | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may decide. `sees`: the account is one they may see."""

    id: UUID
    name: str
    roles: frozenset[str]
    active: bool = True
    sees: bool = True


@dataclass(frozen=True, slots=True)
class Delegation:
    """`giver` is stood in for by `taker` up to `cap`; for one order where one is named."""

    id: UUID
    giver: UUID
    taker: UUID
    valid_from: datetime
    valid_to: datetime
    cap: Decimal | None = None
    currency: str | None = None
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A tier that somebody may decide, in whose voice, up to which amount, and through which delegations."""

    tier: int
    voice: UUID
    cap: Decimal | None = None
    through: tuple[UUID, ...] = ()


Bar = Literal["no_seat", "own_order", "over_cap", "counted_already", "comes_later", "complete"]
"""What keeps somebody from deciding a tier now."""


@dataclass(frozen=True, slots=True)
class Case:
    """A request as deciding on it sees it: its tiers and the approvals so far, the people of its seats, who ordered or changed
    what is asked about, and the amount. `escalated`: its time is nearly over."""

    tiers: tuple[RequiredTier, ...]
    votes: tuple[Vote, ...]
    people: tuple[Person, ...]
    requesters: frozenset[UUID]
    total: Decimal
    currency: str
    escalated: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a request has got: complete tiers, those open to decide now, and who fills which seat (tier → votes)."""

    complete: frozenset[int]
    open: frozenset[int]
    filled: Mapping[int, tuple[Vote, ...]]

    def left(self, tier: RequiredTier) -> int:
        """How many people a tier still needs."""
        return tier.need - len(self.filled.get(tier.no, ()))


@dataclass(frozen=True, slots=True)
class Request:
    """What an order's content needs, as it was asked. `request_no` counts the requests of an order."""

    id: UUID
    order_id: UUID
    account_id: UUID
    request_no: int
    content_hash: bytes
    status: RequestStatus
    tiers: tuple[RequiredTier, ...]
    snapshot: Mapping[str, Any]
    on_expiry: Literal["hold", "cancel"]
    pending: Literal["hold", "recheck"]
    opened_at: datetime
    remind_at: datetime | None
    escalate_at: datetime | None
    expires_at: datetime
    ended_at: datetime | None = None
    ended_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """The newest request of an order with the approvals given for it, earlier approvals that may be carried on, and the
    requests before it, oldest first."""

    request: Request
    votes: tuple[Vote, ...] = ()
    earlier: tuple[tuple[RequiredTier, Vote], ...] = ()
    before: tuple[Request, ...] = ()

    @property
    def asked_with(self) -> Mapping[str, Any]:
        """What people were last asked with: a change makes a request of its own, whose picture is that of the change."""
        return self.before[-1].snapshot if self.before else self.request.snapshot


def roles_of_seat(role: str) -> frozenset[str]:
    """The roles whose holders fill a seat of a role; a kind of task stands for everybody who does it."""
    return frozenset({role}) | {name for name, kinds in TASK_ROLES.items() if role in kinds}
