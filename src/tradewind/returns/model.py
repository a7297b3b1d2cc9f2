"""Returns as values; quantities in base units."""

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from tradewind.kernel.money import ZERO
from tradewind.kernel.value import value

Disposition = Literal["restock", "scrap", "none"]
DISPOSITIONS = ("restock", "scrap", "none")
ReturnStatus = Literal["authorised", "received", "credited", "held", "refused", "expired"]

RETURN_MOVES: dict[ReturnStatus, tuple[ReturnStatus, ...]] = {
    "authorised": ("received", "credited", "expired"),
    "received": ("credited",),
    "held": ("refused",),
    "credited": (),
    "refused": (),
    "expired": (),
}


@value(frozen=True, slots=True)
class Billed:
    """A line of an invoice that bills an order line or charge, and what of it may still be credited."""

    invoice_id: UUID
    invoice_line_no: int
    qty_left: Decimal


@value(frozen=True, slots=True)
class Returnable:
    """What may still come back: the invoice lines that billed it, oldest first, and a bound over all of them."""

    qty_left: Decimal
    billed: tuple[Billed, ...]


@value(frozen=True, slots=True)
class ReturnLine:
    """One returned item. `problem` says why it is held; without an invoice line nothing can be credited."""

    line_no: int
    order_id: UUID | None
    order_line_no: int | None
    invoice_id: UUID | None
    invoice_line_no: int | None
    description: str | None
    qty: Decimal
    disposition: Disposition = "restock"
    problem: str | None = None
    qty_received: Decimal = ZERO
    qty_credited: Decimal = ZERO
    site_id: UUID | None = None
    product_id: UUID | None = None

    @property
    def creditable(self) -> Decimal:
        """What came back and is not credited; where nothing is to come back, what was authorised."""
        return (self.qty if self.disposition == "none" else self.qty_received) - self.qty_credited


@value(frozen=True, slots=True)
class Return:
    """A return authorisation with its lines."""

    id: UUID
    number: str
    account_id: UUID
    status: ReturnStatus
    reason: str
    outside_number: str | None
    lines: tuple[ReturnLine, ...]

    def line(self, line_no: int) -> ReturnLine | None:
        return next((line for line in self.lines if line.line_no == line_no), None)


@value(frozen=True, slots=True)
class ReceiptLine:
    """What of a return line came in; `site_id` where it lies now."""

    line_no: int
    qty: Decimal
    disposition: Disposition
    site_id: UUID | None


@value(frozen=True, slots=True)
class ReturnPolicy:
    """What may come back: of an account, of a category of products, or of everything.

    `window_days` after the invoice, None for ever; goods that did not come `wait_days` after they were authorised never will.
    """

    code: str
    version: int
    name: str
    valid_from: datetime
    account_id: UUID | None = None
    category: str | None = None
    returnable: bool = True
    window_days: int | None = None
    wait_days: int = 30
