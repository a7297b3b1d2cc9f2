"""Credit as values."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from tradewind.kernel.value import value

ZERO = Decimal(0)


@value(frozen=True, slots=True)
class Policy:
    """When a node's limit is asked, what of long orders counts, and which conduct of its tree stops orders.

    `horizon_days` None: every open order counts whole. `overdue_days` None: lateness stops nothing; else what is late by more
    days than that, above `overdue_tolerated`, does. `blocks_orders`: conduct stops new orders; `blocks_release`: also what was
    confirmed before and is not at a warehouse yet.
    """

    checks_submit: bool = True
    checks_release: bool = False
    checks_ship: bool = False
    horizon_days: int | None = None
    overdue_days: int | None = None
    overdue_tolerated: Decimal = ZERO
    blocks_returned: bool = False
    blocks_promises: bool = False
    blocks_orders: bool = True
    blocks_release: bool = False

    @property
    def watches(self) -> bool:
        """Whether anything of how the tree pays could stop its orders."""
        return self.overdue_days is not None or self.blocks_returned or self.blocks_promises


PLAIN = Policy()
"""What a node has that nobody gave a policy: its limit is asked when an order comes, and nothing else."""


@value(frozen=True, slots=True)
class Node:
    """An account that carries a limit for its tree, as locked. `extra` is the sum of overrides in force.

    Where an ERP keeps the receivables, `erp_balance` is what it said and `erp_own` what we had in our books at that moment, so
    that what we posted since counts on top.
    """

    account_id: UUID
    currency: str
    limit: Decimal
    open_orders: Decimal
    receivables: Decimal
    unapplied: Decimal
    extra: Decimal = ZERO
    policy: Policy = PLAIN
    erp_balance: Decimal | None = None
    erp_overdue: Decimal | None = None
    erp_own: Decimal = ZERO

    @property
    def exposure(self) -> Decimal:
        own = self.open_orders + self.receivables - self.unapplied
        return own if self.erp_balance is None else own + self.erp_balance - self.erp_own

    @property
    def headroom(self) -> Decimal:
        return self.limit + self.extra - self.exposure


@value(frozen=True, slots=True)
class Need:
    """What an order wants of the nodes above its account, root first.

    `standing`: nothing more is asked, but what is there must be within the limits.
    """

    order_id: UUID
    nodes: tuple[UUID, ...]
    amount: Decimal
    currency: str
    standing: bool = False


@value(frozen=True, slots=True)
class Answer:
    """Whether the need is met; if not, which node lacks how much, or what else stops the order (`code`). `over`: limits that
    are passed by so much although it is met, each of which needs an override."""

    order_id: UUID
    granted: bool
    reason: str
    short_by: Decimal = ZERO
    node: UUID | None = None
    code: str = "credit.over_limit"
    over: tuple[tuple[UUID, Decimal], ...] = ()


@value(frozen=True, slots=True)
class CreditDelta:
    """What a transaction adds to a node's counters."""

    open_orders: Decimal = ZERO
    receivables: Decimal = ZERO
    unapplied: Decimal = ZERO

    def plus(self, other: "CreditDelta") -> "CreditDelta":
        return CreditDelta(
            self.open_orders + other.open_orders, self.receivables + other.receivables, self.unapplied + other.unapplied
        )


@value(frozen=True, slots=True)
class Conduct:
    """How the tree of a node pays: what is overdue at all, what of it is later than the policy bears, and since when; what
    returned payments left open; what was promised until a day that is over, and did not come."""

    overdue: Decimal = ZERO
    too_late: Decimal = ZERO
    oldest_due: datetime | None = None
    returned: Decimal = ZERO
    broken_promises: Decimal = ZERO


@value(frozen=True, slots=True)
class Figures:
    """One node of the waterfall: what there is, what is taken of it, and what an order still wants."""

    account: str
    currency: str
    limit: Decimal
    overrides: Decimal
    open_invoices: Decimal
    overdue: Decimal
    unapplied: Decimal
    open_orders: Decimal
    this_order: Decimal
    headroom: Decimal
    short_by: Decimal

    def as_json(self) -> dict[str, str]:
        return {
            "account": self.account,
            "currency": self.currency,
            **{
                name: f"{getattr(self, name).normalize():f}"
                for name in (
                    "limit",
                    "overrides",
                    "open_invoices",
                    "overdue",
                    "unapplied",
                    "open_orders",
                    "this_order",
                    "headroom",
                    "short_by",
                )
            },
        }


@value(frozen=True, slots=True)
class CreditRequest:
    """What somebody proposed, as it is kept. `amount`: what is decided over; `figures`: the waterfall of that moment."""

    id: UUID
    account_id: UUID
    order_id: UUID | None
    kind: str
    amount: Decimal
    currency: str
    new_limit: Decimal | None
    valid_from: datetime | None
    valid_to: datetime | None
    reason: str
    status: str
    alone_up_to: Decimal
    figures: list[dict[str, str]]
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None


# How much one decision of a role may raise a limit by, in the currency the limit is kept in.
APPROVER_LIMITS: Mapping[str, Decimal] = MappingProxyType({"credit_desk": Decimal(50_000), "admin": Decimal(1_000_000)})
