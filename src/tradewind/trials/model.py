"""The nouns of a trial: what is changed, which orders it runs over, what became of each of them, and what differs."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from tradewind.approvals.model import Policy
from tradewind.kernel.value import value
from tradewind.orchestration.model import Graph
from tradewind.rules.decide.govern import Compiled
from tradewind.rules.model import Scope
from tradewind.semantics.model import ZERO

STREAM = "order_to_release"
"""The stream a trial plays: the one every order runs through from receipt to release."""


class Kind(StrEnum):
    """What about an order a change can alter."""

    HOLD = "hold"
    APPROVAL = "approval"
    PRICE = "price"
    ROUTE = "route"
    PROMISE = "promise"
    COST = "cost"
    PATH = "path"
    DECISION = "decision"
    END = "end"


@value(frozen=True, slots=True)
class LaneDraft:
    """A site's lane to a place as it would be: its whole cost in the currency lanes are compared in, and its days; what is None
    stays."""

    site: str
    country: str
    region: str = ""
    cost: Decimal | None = None
    transit_days: int | None = None


@value(frozen=True, slots=True)
class PriceDraft:
    """An item's price in a list as it would be: from these quantities on, per unit of measure (the base unit, where it is empty)."""

    price_list: str
    sku: str
    tiers: tuple[tuple[Decimal, Decimal], ...]
    uom: str = ""


@value(frozen=True, slots=True)
class CreditDraft:
    """What an account's limit and its policy would be; what is None stays."""

    account: str
    limit: Decimal | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)


@value(frozen=True, slots=True)
class TableDraft:
    """A version of a decision table as it would be in force, compiled."""

    rule_set_id: UUID
    code: str
    version: int
    point: str
    scope: Scope
    compiled: Compiled


@value(frozen=True, slots=True)
class Change:
    """What the candidate has that the baseline has not. Everything None or empty: nothing, and then nothing may differ.

    `graph`: a stream as drafted, `stream` how it is called, `parameters` its own, where they are not those in force. `policies`: approval policies that would be in force instead of
    those of the same code; `ended`: codes that would not be in force any more. `tables`: versions of decision tables.
    """

    graph: Graph | None = None
    stream: str = ""
    parameters: Mapping[str, Any] | None = None
    policies: tuple[Policy, ...] = ()
    ended: frozenset[str] = frozenset()
    lanes: tuple[LaneDraft, ...] = ()
    prices: tuple[PriceDraft, ...] = ()
    credit: tuple[CreditDraft, ...] = ()
    tables: tuple[TableDraft, ...] = ()

    @property
    def reprices(self) -> bool:
        """Whether lines are priced anew; else the price frozen with the order stands, as it does when an order is looked at again."""
        return bool(self.prices)


@value(frozen=True, slots=True)
class Selection:
    """Which past orders: the newest `last` of those placed in [since, until), of some account, segment, region or channel."""

    last: int
    since: datetime | None = None
    until: datetime | None = None
    accounts: tuple[str, ...] = ()
    segment: str | None = None
    region: str | None = None
    channel: str | None = None
    numbers: tuple[str, ...] = ()


@value(frozen=True, slots=True)
class Stop:
    """Where an order had to wait. `kind`: task, holds, message or timer; `who`: the role of a task, or the kinds of holds;
    `codes`: those of the holds. `until`: the instant of a timer. `touches`: how many people or desks have to do something."""

    node: str
    name: str
    kind: str
    who: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    until: datetime | None = None
    touches: int = 0


@value(frozen=True, slots=True)
class HoldSeen:
    """A hold that an order would get."""

    kind: str
    code: str
    line_no: int | None
    reason: str


@value(frozen=True, slots=True)
class Outcome:
    """What becomes of one order. Amounts are in the order's currency, `cost` (the lanes it uses) in that of lanes.

    `prices`: line → net. `routes`: (line, site or "inbound site" or "none") → base units. `tiers`: approvals → why.
    `promises`: line → when all of it is there. `decisions`: what tables decided, by point and line → answers, and by which rows of
    which versions. `path`: the elements it passed, in order; `ended`: where it stands at the end.
    """

    holds: tuple[HoldSeen, ...] = ()
    total: Decimal = ZERO
    prices: Mapping[int, Decimal] = field(default_factory=dict)
    routes: Mapping[tuple[int, str], Decimal] = field(default_factory=dict)
    sourcing: tuple[str, ...] = ()
    tiers: Mapping[str, str] = field(default_factory=dict)
    promises: Mapping[int, datetime | None] = field(default_factory=dict)
    cost: Decimal = ZERO
    decisions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()
    ended: str = ""

    @property
    def touches(self) -> int:
        """How often somebody has to do something."""
        return sum(stop.touches for stop in self.stops)


@value(frozen=True, slots=True)
class Difference:
    """One thing that changes about an order: from what, to what, why, and by how much, where that can be counted."""

    kind: Kind
    before: str
    after: str
    reason: str
    by: Decimal | None = None


@value(frozen=True, slots=True)
class Finding:
    """An order whose outcome changes. `value` is its total; touches and waiting hours before and after, None where nothing was
    recorded to estimate them from."""

    order_id: UUID
    number: str
    account: str
    currency: str
    value: Decimal
    differences: tuple[Difference, ...]
    touches: tuple[int, int]
    hours: tuple[Decimal | None, Decimal | None]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What kinds of things change, each once."""
        return tuple(dict.fromkeys(one.kind.value for one in self.differences))


@value(frozen=True, slots=True)
class Paces:
    """How long waits took that were recorded: the median in hours, with how many there were. By element of the stream for tasks,
    by code and by kind for holds."""

    tasks: Mapping[str, tuple[Decimal, int]] = field(default_factory=dict)
    roles: Mapping[str, tuple[Decimal, int]] = field(default_factory=dict)
    codes: Mapping[str, tuple[Decimal, int]] = field(default_factory=dict)
    kinds: Mapping[str, tuple[Decimal, int]] = field(default_factory=dict)


@value(frozen=True, slots=True)
class Side:
    """What all orders came to together on one side. `unknown`: waits for which nothing was recorded; they count as no time."""

    orders: int = 0
    touched: int = 0
    touches: int = 0
    holds: int = 0
    approvals: int = 0
    hours: Decimal = ZERO
    unknown: int = 0
    cost: Decimal = ZERO


@value(frozen=True, slots=True)
class Step:
    """One step of an order's way: what it was given, what it decided, what it left, and what stood in the way after it."""

    no: int
    node: str
    name: str
    step: str
    inputs: Mapping[str, Any]
    decisions: Mapping[str, Any]
    outputs: Mapping[str, Any]


@value(frozen=True, slots=True)
class TrialRow:
    """A trial as it is kept."""

    id: UUID
    name: str
    mode: str
    state: str
    change: Mapping[str, Any]
    selection: Mapping[str, Any]
    assumed_hours: Decimal | None
    requested_by: UUID | None
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    as_of: datetime | None
    orders: int
    done: int
    changed: int
    seconds: Decimal | None
    summary: Mapping[str, Any]
    problem: Mapping[str, Any] | None
    cancel_asked: bool
