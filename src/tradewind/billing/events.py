"""The facts of this capability. The subject of each is a row that its transaction has locked or made."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.billing.model import Document, DunningPolicy, OpenItem, Payment, Terms
from tradewind.kernel.tx import Event


def document_issued(document: Document, *, order_number: str, shipment_number: str | None = None) -> Event:
    """`invoice.issued` or `credit_note.issued`."""
    amounts = document.amounts
    payload = {
        "number": document.number,
        "order": order_number,
        "shipment": shipment_number,
        "currency": document.currency,
        "net": str(amounts.net),
        "charges": str(amounts.charges),
        "tax": str(amounts.tax),
        "total": str(amounts.total),
        "due_at": document.due_at.isoformat(),
        "lines": len(amounts.lines),
    }
    objects = [("sales_order", document.order_id, "bills"), ("account", document.account_id, "bill_to")]
    objects += [("shipment", document.shipment_id, "bills")] if document.shipment_id else []
    objects += [("invoice", document.corrects_id, "corrects")] if document.corrects_id else []
    objects += [("return", document.return_id, "credits")] if document.return_id else []
    return Event(f"{document.kind}.issued", "invoice", document.id, payload, document.account_id, tuple(objects))


def _of_item(kind: str, item: OpenItem, payload: dict[str, str]) -> Event:
    objects = (("sales_order", item.order_id, "bills"), ("account", item.account_id, "bill_to"))
    return Event(kind, "invoice", item.id, {"number": item.number, **payload}, item.account_id, objects)


def invoice_paid(item: OpenItem) -> Event:
    """`invoice.paid`: nothing of it is open any more."""
    return _of_item("invoice.paid", item, {"paid": str(item.paid), "credited": str(item.credited)})


def invoice_overdue(item: OpenItem) -> Event:
    """`invoice.overdue`: its due date passed with something still open."""
    return _of_item("invoice.overdue", item, {"open": str(item.open), "due_at": item.due_at.isoformat()})


def invoice_reopened(item: OpenItem, amount: Decimal) -> Event:
    """`invoice.reopened`: a payment that settled it bounced."""
    return _of_item("invoice.reopened", item, {"amount": str(amount)})


def payment_recorded(
    payment: Payment, applied: Sequence[tuple[OpenItem, Decimal]], discounts: Mapping[UUID, Decimal]
) -> Event:
    """`payment.recorded`: money came in, what it settled, and what coming early took off on top."""
    payload = {
        "number": payment.number,
        "amount": str(payment.amount),
        "currency": payment.currency,
        "method": payment.method,
        "reference": payment.reference,
        "applied": [
            {"invoice": item.number, "amount": str(amount)}
            | ({"discount": str(discounts[item.id])} if item.id in discounts else {})
            for item, amount in applied
        ],
    }
    objects = [("account", payment.account_id, "payer"), *(("invoice", item.id, "settles") for item, _ in applied)]
    return Event("payment.recorded", "payment", payment.id, payload, payment.account_id, tuple(objects))


def money_applied(
    kind: str, source_id: UUID, number: str, account_id: UUID, applied: Sequence[tuple[OpenItem, Decimal]]
) -> Event:
    """`payment.applied` or `credit_note.applied`: what was free of it settles invoices now."""
    payload = {
        "number": number,
        "applied": [{"invoice": item.number, "amount": str(amount)} for item, amount in applied],
    }
    subject = "payment" if kind == "payment" else "invoice"
    objects = [("account", account_id, "payer"), *(("invoice", item.id, "settles") for item, _ in applied)]
    return Event(f"{kind}.applied", subject, source_id, payload, account_id, tuple(objects))


def payment_bounced(payment: Payment, reason: str, invoices: Sequence[UUID]) -> Event:
    """`payment.bounced`: it was not money after all."""
    payload = {"number": payment.number, "amount": str(payment.amount), "reason": reason}
    objects = [("account", payment.account_id, "payer"), *(("invoice", one, "reopens") for one in invoices)]
    return Event("payment.bounced", "payment", payment.id, payload, payment.account_id, tuple(objects))


def payment_refunded(payment: Payment, refund_id: UUID, amount: Decimal, reason: str) -> Event:
    """`payment.refunded`: money that nothing needed went back to its source."""
    payload = {"number": payment.number, "refund": str(refund_id), "amount": str(amount), "reason": reason}
    return Event("payment.refunded", "payment", payment.id, payload, payment.account_id)


def money_used(payment: Payment, invoice_id: UUID, number: str, amount: Decimal) -> Event:
    """`payment.applied`: what was paid before settles the invoice it was paid for."""
    payload = {"number": payment.number, "applied": [{"invoice": number, "amount": str(amount)}]}
    objects = (("account", payment.account_id, "payer"), ("invoice", invoice_id, "settles"))
    return Event("payment.applied", "payment", payment.id, payload, payment.account_id, objects)


def terms_changed(fact_id: UUID, terms: Terms) -> Event:
    """`payment_terms.changed`: what invoices from now on fall due by."""
    payload = {
        "code": terms.code,
        "name": terms.name,
        "net_days": terms.rule.net_days,
        "discount_percent": str(terms.discount_percent),
        "prepay_percent": str(terms.prepay_percent),
        "parts": len(terms.parts),
    }
    return Event("payment_terms.changed", "payment_terms", fact_id, payload)


def dunning_policy_put(fact_id: UUID, policy: DunningPolicy) -> Event:
    """`dunning_policy.put`: how debts are asked for from now on, or that a policy asks for nothing more."""
    payload = {
        "code": policy.code,
        "version": policy.version,
        "currency": policy.currency,
        "levels": len(policy.levels),
        "interest_percent": str(policy.interest_percent),
        "ended": policy.ended,
    }
    return Event("dunning_policy.put", "dunning_policy", fact_id, payload, policy.account_id)


def dunning_noticed(account_id: UUID, notice_id: UUID, payload: dict[str, Any], invoices: Iterable[UUID]) -> Event:
    """`dunning.noticed`: a reminder went out; `payload` says what is asked for."""
    objects = (("account", account_id, "debtor"), *(("invoice", one, "asks_for") for one in invoices))
    return Event("dunning.noticed", "dunning_notice", notice_id, payload, account_id, objects)


def dunning_claimed(account_id: UUID, claim_id: UUID, invoice_id: UUID, payload: dict[str, Any]) -> Event:
    """`dunning.claimed`: the rest of the interest on what was paid late."""
    objects = (("account", account_id, "debtor"), ("invoice", invoice_id, "on"))
    return Event("dunning.claimed", "dunning_claim", claim_id, payload, account_id, objects)


def dunning_changed(kind: str, subject: str, subject_id: UUID, account_id: UUID, payload: dict[str, Any]) -> Event:
    """`dunning.paused`, `dunning.resumed`, `dunning.claim_ended`: what a person decided, with the reason."""
    return Event(f"dunning.{kind}", subject, subject_id, payload, account_id, (("account", account_id, "debtor"),))
