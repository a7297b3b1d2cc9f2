"""What a document or payment posts to the receivables ledger: balanced, debit positive."""

from decimal import Decimal
from uuid import UUID

from tradewind.billing.model import Document, Journal, OpenItem, Payment, Posting


def document_journal(document: Document) -> Journal:
    """Receivable against revenue, charges and tax; a credit note the other way round."""
    sign = 1 if document.kind == "invoice" else -1
    amounts, account_id, currency = document.amounts, document.account_id, document.currency
    postings = [
        Posting("receivables", account_id, currency, sign * amounts.total),
        Posting("revenue", None, currency, -sign * amounts.net),
    ]
    if amounts.charges:
        postings.append(Posting("charges", None, currency, -sign * amounts.charges))
    if amounts.tax:
        postings.append(Posting("tax", None, currency, -sign * amounts.tax))
    return Journal(document.kind, document.legal_entity_id, "invoice", document.id, tuple(postings))


def payment_journal(payment: Payment, legal_entity_id: UUID) -> Journal:
    """Cash against receivable."""
    return _payment(payment, legal_entity_id, kind="payment", sign=1)


def bounce_journal(payment: Payment, legal_entity_id: UUID) -> Journal:
    """The payment was not money after all: its journal reversed."""
    return _payment(payment, legal_entity_id, kind="bounce", sign=-1)


def discount_journal(application_id: UUID, item: OpenItem, *, discount: Decimal, tax: Decimal) -> Journal:
    """A discount for paying early: less is owed, and with it less tax. A discount below zero was taken back."""
    postings = [
        Posting("receivables", item.account_id, item.currency, -discount),
        Posting("discounts", None, item.currency, discount - tax),
    ]
    if tax:
        postings.append(Posting("tax", None, item.currency, tax))
    return Journal("discount", item.legal_entity_id, "payment_application", application_id, tuple(postings))


def refund_journal(refund_id: UUID, payment: Payment, amount: Decimal, legal_entity_id: UUID) -> Journal:
    """Money that went back to where it came from."""
    cash = Posting("cash", None, payment.currency, -amount)
    receivable = Posting("receivables", payment.account_id, payment.currency, amount)
    return Journal("refund", legal_entity_id, "payment_refund", refund_id, (cash, receivable))


def _payment(payment: Payment, legal_entity_id: UUID, *, kind: str, sign: int) -> Journal:
    cash = Posting("cash", None, payment.currency, sign * payment.amount)
    receivable = Posting("receivables", payment.account_id, payment.currency, -sign * payment.amount)
    return Journal(kind, legal_entity_id, "payment", payment.id, (cash, receivable))
