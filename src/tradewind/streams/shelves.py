"""What lies beside the orders of a turn: stock, inbound goods, credit and lanes, and what the turn adds to them."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.blankets.model import BlanketLine
from tradewind.credit.model import CreditDelta, Node
from tradewind.fulfilment.decide import Lane
from tradewind.inventory.model import Delta, Inbound, StockRow
from tradewind.semantics.model import ZERO


@dataclass(slots=True)
class Shelves:
    """Stock, inbound goods, credit, blanket orders and lanes as this turn sees them, and what it adds to them."""

    rows: dict[tuple[UUID, UUID], StockRow] = field(default_factory=dict)
    inbound: dict[UUID, list[Inbound]] = field(default_factory=dict)
    nodes: dict[UUID, Node] = field(default_factory=dict)
    paths: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    lanes: dict[tuple[str, str], list[Lane]] = field(default_factory=dict)
    stock: dict[tuple[UUID, UUID], Delta] = field(default_factory=dict)
    promised: dict[UUID, Decimal] = field(default_factory=dict)
    credit: dict[UUID, CreditDelta] = field(default_factory=dict)
    conduct: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    prepaid: dict[UUID, Decimal] = field(default_factory=dict)
    blanket_lines: dict[UUID, BlanketLine] = field(default_factory=dict)
    at: datetime | None = None

    def supply_dates(self) -> dict[UUID, datetime]:
        """When each inbound supply is expected."""
        return {supply.supply_id: supply.expected_at for supplies in self.inbound.values() for supply in supplies}

    def add_stock(self, product_id: UUID, site_id: UUID, delta: Delta) -> None:
        key = (product_id, site_id)
        self.stock[key] = self.stock.get(key, Delta()).plus(delta)

    def add_promised(self, supply_id: UUID, qty: Decimal) -> None:
        self.promised[supply_id] = self.promised.get(supply_id, ZERO) + qty

    def add_credit(self, account_id: UUID, delta: CreditDelta) -> None:
        """On every node above the account."""
        for node_id in self.paths.get(account_id, ()):
            self.credit[node_id] = self.credit.get(node_id, CreditDelta()).plus(delta)
