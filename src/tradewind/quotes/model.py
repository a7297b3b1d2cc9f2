"""Quotes as values: the states and what may happen in each, rounds with their wishes, offered versions with their lines."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from tradewind.kernel.value import value
from tradewind.semantics.model import Place

ZERO = Decimal(0)
MOST_LINES = 1_000  # of one quote
MOST_VERSIONS = 100  # of one quote
LONGEST_VALIDITY_DAYS = 730

Status = Literal[
    "requested",
    "staged",
    "approving",
    "offered",
    "renegotiating",
    "partly_accepted",
    "late",
    "won",
    "partly_won",
    "lost",
    "expired",
    "withdrawn",
]
Act = Literal[
    "stage",
    "ask",
    "approve",
    "reject",
    "offer",
    "renegotiate",
    "accept_rest",
    "accept_part",
    "ask_late",
    "refuse_late",
    "decline",
    "withdraw",
    "expire",
]
OnLate = Literal["refuse", "allow", "approve", "reprice"]
Partial = Literal["none", "lines", "quantities"]
Reason = Literal["price", "quantity", "date", "terms", "item", "budget", "competitor", "no_need", "other"]
REASONS: tuple[Reason, ...] = (
    "price", "quantity", "date", "terms", "item", "budget", "competitor", "no_need", "other",
)  # fmt: skip
"""Why somebody asks for another version, or does not take the offer."""

_OPEN: dict[Act, Status] = {"decline": "lost", "withdraw": "withdrawn"}
_AT_WORK: dict[Act, Status] = {**_OPEN, "stage": "staged", "ask": "approving", "offer": "offered"}
MOVES: Mapping[Status, Mapping[Act, Status]] = MappingProxyType(
    {
        "requested": _AT_WORK,
        "staged": _AT_WORK,
        "approving": {**_OPEN, "approve": "offered", "reject": "staged"},
        "offered": {
            **_OPEN,
            "stage": "offered",
            "ask": "approving",
            "offer": "offered",
            "renegotiate": "renegotiating",
            "accept_rest": "won",
            "accept_part": "partly_accepted",
            "ask_late": "late",
            "expire": "expired",
        },
        "renegotiating": _AT_WORK,
        "partly_accepted": {
            "accept_rest": "won",
            "accept_part": "partly_accepted",
            "decline": "partly_won",
            "withdraw": "partly_won",
            "expire": "partly_won",
        },
        "late": {**_OPEN, "accept_rest": "won", "accept_part": "partly_won", "refuse_late": "expired"},
        "expired": {
            "stage": "expired",
            "ask": "approving",
            "offer": "offered",
            "accept_rest": "won",
            "accept_part": "partly_won",
            "ask_late": "late",
        },
        "won": {},
        "partly_won": {},
        "lost": {},
        "withdrawn": {},
    }
)
"""From which status what leads where; what is not here is refused. What is won, partly won, lost or withdrawn stays that."""
OVER: frozenset[Status] = frozenset(("won", "partly_won", "lost", "expired", "withdrawn"))
"""Nothing is waited for any more; an expired quote can still be accepted late or offered anew."""


@value(frozen=True, slots=True)
class Quote:
    """A quote as it stands. `version_no` is the offer that counts (0: none yet), `expires_at` the first instant at which it is
    no longer valid."""

    id: UUID
    number: str
    account_id: UUID
    status: Status
    version_no: int
    title: str
    channel: str
    round_no: int
    acceptances: int
    created_at: datetime
    created_by: UUID | None
    on_behalf_of: UUID | None
    expires_at: datetime | None
    remind_at: datetime | None
    reminded_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    end_note: str | None


@value(frozen=True, slots=True)
class Wish:
    """What somebody wants of a line: an item and quantity when it is asked for, another quantity, price or date later."""

    line_no: int
    item: str | None = None
    qty: Decimal | None = None
    uom: str | None = None
    target_price: Decimal | None = None
    requested_at: datetime | None = None
    reason: Reason | None = None
    note: str | None = None


@value(frozen=True, slots=True)
class Round:
    """Something that was said: a request, a wish for another version, a late acceptance, an end. `version_no` is what it answers."""

    id: UUID
    round_no: int
    kind: Literal["request", "renegotiate", "late", "decline", "withdraw"]
    version_no: int
    reason: Reason | None
    note: str | None
    buyer_po: str | None
    ship_to: str | None
    said_at: datetime
    said_by: UUID | None
    wishes: tuple[Wish, ...] = ()


@value(frozen=True, slots=True)
class VersionLine:
    """A line of a version. `qty` counts `uom`, a unit of which is `factor` base units; the price is per `basis` of `price_uom`, of
    which the whole line is `price_qty`. Lines with the same `alternative` exclude each other. `min_qty`: at least so much at a time."""

    line_no: int
    alternative: str | None
    product_id: UUID
    sku: str
    description: str
    qty: Decimal
    uom: str
    factor: tuple[int, int]
    min_qty: Decimal
    unit_price: Decimal
    basis: Decimal
    price_uom: str
    price_qty: Decimal
    allowance: Decimal
    net: Decimal
    price_id: UUID | None
    waterfall: str
    requested_at: datetime | None
    note: str | None
    accepted: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What can still be accepted of it."""
        return self.qty - self.accepted


@value(frozen=True, slots=True)
class Version:
    """What was offered, frozen. Valid before `expires_at`, which is where the last local day of `zone` ends."""

    quote_id: UUID
    version_no: int
    account_id: UUID
    currency: str
    terms_code: str
    ship_to_id: UUID | None
    ship_to: Place
    valid_until: str
    zone: str
    expires_at: datetime
    remind_at: datetime | None
    on_late: OnLate
    partial: Partial
    net: Decimal
    note: str | None
    offered_at: datetime
    offered_by: UUID | None
    digest: bytes
    lines: tuple[VersionLine, ...]

    def line(self, line_no: int) -> VersionLine | None:
        """The line with a number, if there is one."""
        return next((one for one in self.lines if one.line_no == line_no), None)


@value(frozen=True, slots=True)
class StagedLine:
    """A line that a representative is working on. Without a price it is offered at the one in the price lists."""

    line_no: int
    item: str
    qty: Decimal
    uom: str | None = None
    alternative: str | None = None
    min_qty: Decimal = ZERO
    unit_price: Decimal | None = None
    price_reason: str = ""
    requested_at: datetime | None = None
    note: str | None = None


@value(frozen=True, slots=True)
class Staged:
    """An offer in the making. `valid_until` is a local day (valid to its last instant) or an instant (that one included)."""

    lines: tuple[StagedLine, ...]
    valid_until: str
    zone: str | None = None
    ship_to: str | None = None
    terms_code: str | None = None
    on_late: OnLate = "refuse"
    partial: Partial = "quantities"
    remind_hours: int | None = 24
    note: str | None = None


@value(frozen=True, slots=True)
class Choice:
    """Units of a line that a buyer takes, in its unit; None is all that is left of it."""

    line_no: int
    qty: Decimal | None = None


@value(frozen=True, slots=True)
class TakenLine:
    """Units of an offered line with the price they cost."""

    line: VersionLine
    qty: Decimal
    price_qty: Decimal
    allowance: Decimal
    net: Decimal


@value(frozen=True, slots=True)
class Acceptance:
    """What was accepted at once, and the order it became. `policy`: in time, or by which word of the offer although late."""

    id: UUID
    acceptance_no: int
    version_no: int
    order_id: UUID
    buyer_po: str | None
    policy: Literal["in_time", "allow", "approve"]
    accepted_at: datetime
    accepted_by: UUID | None
    lines: tuple[dict[str, Any], ...] = ()


@value(frozen=True, slots=True)
class Pending:
    """An offer that waits for somebody on our side to agree: its frozen version and the tiers that were asked, as JSON."""

    quote_id: UUID
    version: Version
    tiers: list[dict[str, Any]]
    asked_at: datetime
    asked_by: UUID | None
    votes: tuple[dict[str, Any], ...] = ()
