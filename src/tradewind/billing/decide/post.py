"""What a document or payment posts to the receivables ledger: balanced, debit positive."""

from uuid import UUID

from tradewind.billing.model import Document, Journal, Payment, Posting


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


def _payment(payment: Payment, legal_entity_id: UUID, *, kind: str, sign: int) -> Journal:
    cash = Posting("cash", None, payment.currency, sign * payment.amount)
    receivable = Posting("receivables", payment.account_id, payment.currency, -sign * payment.amount)
    return Journal(kind, legal_entity_id, "payment", payment.id, (cash, receivable))
