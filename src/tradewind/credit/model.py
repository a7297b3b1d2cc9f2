"""Credit as values."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from tradewind.kernel.value import value

ZERO = Decimal(0)


@value(frozen=True, slots=True)
class Node:
    """An account that carries a limit for its tree, as locked. `extra` is the sum of overrides in force."""

    account_id: UUID
    currency: str
    limit: Decimal
    open_orders: Decimal
    receivables: Decimal
    unapplied: Decimal
    extra: Decimal = ZERO

    @property
    def exposure(self) -> Decimal:
        return self.open_orders + self.receivables - self.unapplied

    @property
    def headroom(self) -> Decimal:
        return self.limit + self.extra - self.exposure


@value(frozen=True, slots=True)
class Need:
    """What an order wants of the nodes above its account, root first."""

    order_id: UUID
    nodes: tuple[UUID, ...]
    amount: Decimal
    currency: str


@value(frozen=True, slots=True)
class Answer:
    """Whether the need is met; if not, which node lacks how much."""

    order_id: UUID
    granted: bool
    reason: str
    short_by: Decimal = ZERO
    node: UUID | None = None


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


# How much one decision of a role may raise a limit by, in the currency the limit is kept in.
APPROVER_LIMITS: Mapping[str, Decimal] = MappingProxyType({"credit_desk": Decimal(50_000), "admin": Decimal(1_000_000)})
