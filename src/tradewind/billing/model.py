"""Posted documents, what settles them, and the ledger, as values. Amounts are in whole minor units of the document's currency."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from tradewind.kernel.money import ZERO
from tradewind.kernel.value import value

DocumentKind = Literal["invoice", "credit_note"]
Rounding = Literal["per_line", "per_tax_group"]


@value(frozen=True, slots=True)
class BillableLine:
    """What of an order line is to be billed now. `net` is the whole line's, for `ordered` units that are not cancelled; of it
    `net_invoiced` was billed before, for `invoiced` units. Quantities in base units."""

    order_line_no: int
    shipment_line_no: int | None
    product_id: UUID
    description: str | None
    qty: Decimal
    uom: str
    ordered: Decimal
    invoiced: Decimal
    net: Decimal
    net_invoiced: Decimal
    unit_price: Decimal
    basis: Decimal
    price_uom: str
    category: str
    rate: Decimal


@value(frozen=True, slots=True)
class BillableCharge:
    """A charge of an order and what of it was billed before."""

    charge_no: int
    description: str
    amount: Decimal
    invoiced: Decimal
    category: str
    rate: Decimal


@value(frozen=True, slots=True)
class PostedLine:
    """A line of a posted document. A charge counts as one piece; `corrects_line_no` names the line a credit note corrects."""

    line_no: int
    order_line_no: int | None
    charge_no: int | None
    shipment_line_no: int | None
    product_id: UUID | None
    description: str | None
    qty: Decimal
    uom: str | None
    unit_price: Decimal
    basis: Decimal
    price_uom: str | None
    net: Decimal
    category: str
    rate: Decimal
    corrects_line_no: int | None = None


@value(frozen=True, slots=True)
class InvoicedLine:
    """A line of a posted invoice with what was credited of it."""

    line: PostedLine
    credited_qty: Decimal
    credited_net: Decimal

    @property
    def qty_left(self) -> Decimal:
        return self.line.qty - self.credited_qty

    @property
    def net_left(self) -> Decimal:
        return self.line.net - self.credited_net


@value(frozen=True, slots=True)
class TaxGroup:
    """The tax of one category and rate (EN 16931 VAT breakdown)."""

    category: str
    rate: Decimal
    base: Decimal
    tax: Decimal

    def as_json(self) -> dict[str, str]:
        return {"category": self.category, "rate": f"{self.rate:f}", "base": f"{self.base:f}", "tax": f"{self.tax:f}"}


@value(frozen=True, slots=True)
class Amounts:
    """What a document comes to."""

    lines: tuple[PostedLine, ...]
    net: Decimal
    charges: Decimal
    groups: tuple[TaxGroup, ...]

    @property
    def tax(self) -> Decimal:
        return sum((group.tax for group in self.groups), ZERO)

    @property
    def total(self) -> Decimal:
        return self.net + self.charges + self.tax


@value(frozen=True, slots=True)
class Instalment:
    """A part of an invoice: until when it is to be paid, and what paying until `discount_until` takes off."""

    part_no: int
    due_at: datetime
    amount: Decimal
    discount_until: datetime | None = None
    discount: Decimal = ZERO


@value(frozen=True, slots=True)
class Document:
    """An invoice or credit note as it is posted; it never changes after that."""

    id: UUID
    kind: DocumentKind
    legal_entity_id: UUID
    series: str
    series_no: int
    number: str
    account_id: UUID
    order_id: UUID
    currency: str
    tax_rounding: str
    bill_to: dict[str, Any]
    buyer_po: str | None
    issued_at: datetime
    due_at: datetime
    amounts: Amounts
    shipment_id: UUID | None = None
    corrects_id: UUID | None = None
    return_id: UUID | None = None
    instalments: tuple[Instalment, ...] = ()


@value(frozen=True, slots=True)
class Counter:
    """Where a series of numbers stands."""

    legal_entity_id: UUID
    series: str
    prefix: str
    last_no: int


@value(frozen=True, slots=True)
class OpenItem:
    """An invoice (or credit note) as locked: what it is worth and what of it was settled (or used)."""

    id: UUID
    kind: DocumentKind
    number: str
    account_id: UUID
    order_id: UUID
    legal_entity_id: UUID
    currency: str
    total: Decimal
    paid: Decimal
    credited: Decimal
    issued_at: datetime
    due_at: datetime
    closed_at: datetime | None
    overdue_at: datetime | None

    @property
    def open(self) -> Decimal:
        return self.total - self.paid - self.credited


@value(frozen=True, slots=True)
class Payment:
    """Money received from an account."""

    id: UUID
    number: str
    account_id: UUID
    currency: str
    amount: Decimal
    applied: Decimal
    method: str
    reference: str | None
    key: str | None
    received_at: datetime
    bounced_at: datetime | None = None
    refunded: Decimal = ZERO

    @property
    def free(self) -> Decimal:
        """What settles nothing yet and was not paid back; nothing of one that bounced."""
        return ZERO if self.bounced_at else self.amount - self.applied - self.refunded


@value(frozen=True, slots=True)
class Application:
    """How much of a payment or a credit note settles an invoice; a bounce is a negative one."""

    id: UUID
    invoice_id: UUID
    account_id: UUID
    amount: Decimal
    payment_id: UUID | None = None
    credit_note_id: UUID | None = None
    discount: Decimal = ZERO


@value(frozen=True, slots=True)
class CreditWish:
    """What is to be credited of an invoice line: so many units at the invoice's price, or an amount without goods."""

    line_no: int
    qty: Decimal | None = None
    amount: Decimal | None = None


@value(frozen=True, slots=True)
class Posting:
    """One side of a journal: debit positive, credit negative."""

    ledger_account: str
    account_id: UUID | None
    currency: str
    amount: Decimal


@value(frozen=True, slots=True)
class Journal:
    """One balanced entry of the receivables ledger."""

    kind: str
    legal_entity_id: UUID
    reference_type: str
    reference_id: UUID
    postings: tuple[Posting, ...]


@value(frozen=True, slots=True)
class DueRule:
    """How a due day is found from the day the count starts: days, months, the end of a month, a day people pay on."""

    net_days: int = 0
    month_end: str = "none"
    months: int = 0
    pay_day: int | None = None


@value(frozen=True, slots=True)
class TermsPart:
    """An instalment of terms: its share in percent and its own rule."""

    percent: Decimal
    rule: DueRule


@value(frozen=True, slots=True)
class Terms:
    """Payment terms. `prepay_percent` of an order is to be there before it goes on; parts sum to 100 percent."""

    code: str
    name: str
    rule: DueRule
    starts_from: str = "invoice"
    not_before: date | None = None
    closed_days: str = "keep"
    discount_percent: Decimal = ZERO
    discount_days: int = 0
    grace_days: int = 0
    prepay_percent: Decimal = ZERO
    parts: tuple[TermsPart, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Nothing but days from the invoice: what most invoices have, and nothing is kept beside them."""
        days_only = self.rule.month_end == "none" and not self.rule.months and self.rule.pay_day is None
        from_invoice = self.starts_from == "invoice" and self.not_before is None and self.closed_days == "keep"
        return days_only and from_invoice and not self.discount_percent and not self.parts


@value(frozen=True, slots=True)
class Offer:
    """The discount an invoice gives for paying early, and how much of it was used.

    `discount` is of the whole `total`, of which `tax` is tax; `noted` was credited by credit notes; `paid` came in time,
    `taken` was given for it.
    """

    until: datetime
    total: Decimal
    tax: Decimal
    discount: Decimal
    noted: Decimal = ZERO
    paid: Decimal = ZERO
    taken: Decimal = ZERO


@value(frozen=True, slots=True)
class DunningLevel:
    """A step of dunning: `after_days` after an instalment fell due at the soonest; `texts` by language, in place of ours."""

    level: int
    after_days: int
    fee: Decimal = ZERO
    texts: Mapping[str, str] = field(default_factory=dict)


@value(frozen=True, slots=True)
class DunningPolicy:
    """How debts in a currency are asked for: of one account and those below it, of a segment, or of everybody.

    `interest_percent` a year of `year_days`; two notices of an instalment are `gap_days` apart at least; below `min_amount`
    nothing goes out. `fee_per`: `notice` or `instalment`. A version is superseded by the next, never changed.
    """

    code: str
    version: int
    name: str
    currency: str
    levels: tuple[DunningLevel, ...]
    valid_from: datetime
    account_id: UUID | None = None
    segment: str | None = None
    interest_percent: Decimal = ZERO
    year_days: int = 365
    gap_days: int = 7
    min_amount: Decimal = ZERO
    fee_per: str = "notice"
    calendar: str | None = None
    language: str | None = None
    ended: bool = False


@value(frozen=True, slots=True)
class Overdue:
    """An instalment after its due day. `settled`: what settled its invoice, by day; of that `before` went to earlier instalments.

    `level` is the last notice's, 0 before the first; interest was claimed up to `charged_to`.
    """

    account_id: UUID
    legal_entity_id: UUID
    order_id: UUID
    invoice_id: UUID
    number: str
    part_no: int
    currency: str
    due_day: date
    amount: Decimal
    before: Decimal
    open: Decimal
    level: int = 0
    noticed_day: date | None = None
    charged_to: date | None = None
    settled: tuple[tuple[date, Decimal], ...] = ()


@value(frozen=True, slots=True)
class Span:
    """Days from `start` up to, without, `end` on which `base` was owed."""

    start: date
    end: date
    base: Decimal

    @property
    def days(self) -> int:
        return (self.end - self.start).days
