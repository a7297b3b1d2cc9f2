"""Orders as values: header, groups, lines, charges, holds, and where each unit of a line stands."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from tradewind.kernel.value import value
from tradewind.semantics.model import Place

ZERO = Decimal(0)

Status = Literal[
    "held", "waiting", "confirmed", "backordered", "released", "part_shipped", "shipped", "closed", "cancelled"
]
HoldKind = Literal["credit", "price", "stock", "address", "approval", "fraud", "data", "customer", "dispute"]
Transition = Literal["confirm", "allocate", "release"]

# What each kind of hold stops. A dispute does not stop shipping; a stock hold does not stop confirming. Nothing here stops
# what the warehouse has been given: released goods leave that bucket only by its answer (a cancel asks for them back).
HOLD_BLOCKS: dict[str, tuple[Transition, ...]] = {
    "credit": ("confirm", "release"),
    "price": ("confirm", "release"),
    "stock": ("release",),
    "address": ("confirm", "release"),
    "approval": ("confirm", "release"),
    "fraud": ("confirm", "release"),
    "data": ("confirm", "allocate", "release"),
    "customer": ("release",),
    "dispute": (),
}

# From which status an order may go where (L5). A status is computed from lines and holds; this is what may be observed.
STATUS_MOVES: dict[Status, tuple[Status, ...]] = {
    "held": ("waiting", "confirmed", "backordered", "released", "cancelled"),
    "waiting": ("held", "confirmed", "backordered", "cancelled"),
    "confirmed": ("held", "waiting", "backordered", "released", "part_shipped", "shipped", "closed", "cancelled"),
    "backordered": ("held", "waiting", "confirmed", "released", "part_shipped", "shipped", "closed", "cancelled"),
    "released": ("held", "waiting", "confirmed", "backordered", "part_shipped", "shipped", "closed", "cancelled"),
    "part_shipped": ("held", "released", "confirmed", "backordered", "shipped", "closed"),
    "shipped": ("part_shipped", "closed"),
    "closed": (),
    "cancelled": (),
}


@value(frozen=True, slots=True)
class Quantities:
    """Every unit of a line in exactly one bucket, in base units. `backordered` is the part of `open` that waits for goods."""

    ordered: Decimal
    open: Decimal = ZERO
    reserved: Decimal = ZERO
    allocated: Decimal = ZERO
    released: Decimal = ZERO
    shipped: Decimal = ZERO
    cancelled: Decimal = ZERO
    backordered: Decimal = ZERO
    over_shipped: Decimal = ZERO

    def adds_up(self) -> bool:
        """L1: the buckets hold what was ordered and over-shipped, none is negative."""
        buckets = (self.open, self.reserved, self.allocated, self.released, self.shipped, self.cancelled)
        return (
            min(buckets) >= 0
            and sum(buckets) == self.ordered + self.over_shipped
            and 0 <= self.backordered <= self.open
            and self.over_shipped >= 0
        )


@value(frozen=True, slots=True)
class LinePrice:
    """What a line costs and why: net = round(qty x unit_price / basis) - allowance. `qty` counts `uom`.

    The allowance holds discounts less surcharges, and what a price of several bands differs from its average.
    """

    unit_price: Decimal
    basis: Decimal
    uom: str
    net: Decimal
    price_id: UUID | None
    waterfall: str | None
    qty: Decimal = ZERO
    allowance: Decimal = ZERO


@value(frozen=True, slots=True)
class LineTax:
    """The tax of a line or charge: UNCL5305 category, percent, and its own share of the tax."""

    category: str
    rate: Decimal
    amount: Decimal


@value(frozen=True, slots=True)
class Line:
    """What does not change while an order is worked: the item, in the buyer's unit and in base units."""

    line_no: int
    group_no: int
    product_id: UUID
    sku: str
    buyer_sku: str | None
    description: str | None
    qty: Decimal
    uom: str
    factor_num: int
    factor_den: int
    tax_class: str
    stocked: bool


@value(frozen=True, slots=True)
class Group:
    """One place and one requested date."""

    group_no: int
    ship_to: Place
    requested_at: datetime | None
    release_at: datetime | None
    not_before: datetime | None = None
    arrive_by: datetime | None = None
    ship_method: str = ""

    @property
    def wished_at(self) -> datetime | None:
        """When it is wanted: the requested date, and not sooner than the window begins."""
        if self.not_before is None:
            return self.requested_at
        return max(self.requested_at or self.not_before, self.not_before)


@value(frozen=True, slots=True)
class Charge:
    """An amount that is not goods."""

    charge_no: int
    code: str
    description: str
    amount: Decimal
    tax_class: str
    group_no: int | None = None


# What the house writes when it closes a hold because its condition is gone; any other reason is a person's.
HOUSE_REASONS = frozenset(
    {
        "No longer the case.",
        "The limit has room again.",
        "Approved.",
        "Payments are in order again.",
        "The money is there.",
        "No rule of credit stops it any more.",
        "More of it fits into the limit.",
    }
)
PART_HELD = "credit.part_held"
"""The code of a hold on units of a line that credit did not reach for; the rest of the order goes on without them."""


@value(frozen=True, slots=True)
class Hold:
    """Why something may not go on. Open while `released_at` is None."""

    id: UUID
    scope: Literal["order", "group", "line"]
    kind: str
    code: str
    reason: str
    opened_at: datetime
    group_no: int | None = None
    line_no: int | None = None
    detail: dict[str, Any] | None = None
    released_at: datetime | None = None
    release_reason: str | None = None

    @property
    def stops(self) -> tuple[Transition, ...]:
        """The transitions it blocks: those of its kind; units that credit did not reach for are only not released."""
        return ("release",) if self.code == PART_HELD else HOLD_BLOCKS[self.kind]

    def blocks(self, transition: Transition, *, group_no: int | None = None, line_no: int | None = None) -> bool:
        """Whether this open hold stops the transition for the order, a group or a line of it."""
        if self.released_at is not None or transition not in self.stops:
            return False
        if self.scope == "order":
            return True
        if self.scope == "group":
            return group_no is None or group_no == self.group_no
        return line_no is None or line_no == self.line_no


@value(frozen=True, slots=True)
class Header:
    """An order without its lines: who, how, in which currency, under which policies."""

    id: UUID
    number: str
    account_id: UUID
    legal_entity_id: UUID
    channel: str
    buyer_po: str | None
    release_no: str
    duplicate_no: int
    content_hash: bytes
    currency: str
    placed_at: datetime
    price_at: datetime
    requested_at: datetime | None
    terms_code: str
    ship_policy: str
    price_policy: str
    tax_rounding: str
    priority: int
    document_id: UUID | None
    principal_id: UUID | None
    on_behalf_of: UUID | None
    note: str | None


@value(frozen=True, slots=True)
class Totals:
    """The amounts of an order, to the cent: total = net + charges - discounts + tax (M1)."""

    net: Decimal = ZERO
    charges: Decimal = ZERO
    discounts: Decimal = ZERO
    tax: Decimal = ZERO
    groups: tuple[dict[str, str], ...] = ()

    @property
    def total(self) -> Decimal:
        return self.net + self.charges - self.discounts + self.tax


@value(frozen=True, slots=True)
class LineMark:
    """What changes left on a line: the base units it was placed with (0 for one that was added), the quantity and allowance
    that its allowance counts from, when it was priced if not with its order, the one site it may come from, and the line it adds
    to or replaces."""

    line_no: int
    qty_placed: Decimal
    anchor_qty: Decimal
    anchor_allowance: Decimal = ZERO
    priced_at: datetime | None = None
    site_id: UUID | None = None
    origin_line: int | None = None


ChangeKind = Literal["change", "revert", "cancel", "answer", "identify", "substitute", "price", "unrecorded"]


@value(frozen=True, slots=True)
class OrderChange:
    """One step of an order from a version to the next. `before` and `after` are what a revert goes by; plain JSON values."""

    id: UUID
    order_id: UUID
    account_id: UUID
    from_version: int
    to_version: int
    kind: ChangeKind
    actions: Any
    answers: Any
    consequences: Any
    before: Any
    after: Any
    reason: str
    channel: str = ""
    changed_by: UUID | None = None
    on_behalf_of: UUID | None = None
    document_id: UUID | None = None
    source: str | None = None
    reverts: UUID | None = None
    changed_at: datetime | None = None


@value(frozen=True, slots=True)
class LineSubstitution:
    """What was ordered where a line is served by a substitute. `factor`: base units of the substitute for one of the original;
    `consent`: automatic, or ask (somebody accepted); `price`: own, or original."""

    line_no: int
    ordered_product_id: UUID
    ordered_sku: str
    ordered_qty: Decimal
    ordered_uom: str
    ordered_base: Decimal
    substitute_id: UUID
    substitute_base: Decimal
    factor: tuple[int, int]
    consent: str
    price: str


@value(frozen=True, slots=True)
class OrderWarning:
    """What a rule warns of: it stops nothing. Who acknowledged it said why it may stand."""

    id: UUID
    code: str
    line_no: int | None
    message: str
    raised_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: UUID | None = None
    acknowledgement: str | None = None
