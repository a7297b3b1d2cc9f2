"""Payments and what they settle. Invoices, payments and credit notes are locked by the caller; balances are added to."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.billing.model import Application, Payment
from tradewind.kernel.arrays import numbers
from tradewind.kernel.tx import Tx

_NUMBERS = "select 'PAY-' || lpad(nextval('payment_number')::text, 8, '0') from generate_series(1, %(count)s)"
_PAYMENTS = """
insert into payment (id, number, account_id, currency, amount, method, reference, key, received_at)
select w.id, w.number, w.account_id, w.currency, w.amount, w.method, w.reference, w.key, w.received_at
from unnest(%(id)s::uuid[], %(number)s::text[], %(account)s::uuid[], %(currency)s::text[], %(amount)s::numeric[],
  %(method)s::text[], %(reference)s::text[], %(key)s::text[], %(received)s::timestamptz[])
  as w(id, number, account_id, currency, amount, method, reference, key, received_at)
order by w.account_id, w.key on conflict (account_id, key) do nothing returning id
"""
_APPLICATIONS = """
insert into payment_application (id, payment_id, credit_note_id, invoice_id, account_id, amount, discount, applied_at)
select w.*, %(now)s from unnest(%(id)s::uuid[], %(payment)s::uuid[], %(credit_note)s::uuid[], %(invoice)s::uuid[],
  %(account)s::uuid[], %(amount)s::numeric[], %(discount)s::numeric[]) as w
"""
_SETTLE = """
update invoice i set paid = i.paid + w.paid, credited = i.credited + w.credited,
  closed_at = case when i.paid + w.paid + i.credited + w.credited = i.total then coalesce(i.closed_at, %(now)s) end
from (
  select id, sum(paid) as paid, sum(credited) as credited
  from unnest(%(id)s::uuid[], %(paid)s::numeric[], %(credited)s::numeric[]) as u(id, paid, credited) group by id
) w
where i.id = w.id
"""
_USE_PAYMENTS = """
update payment p set applied = p.applied + w.amount
from (select id, sum(amount) as amount from unnest(%(id)s::uuid[], %(amount)s::numeric[]) as u(id, amount) group by id) w
where p.id = w.id
"""
_BOUNCE = """
update payment p set bounced_at = %(now)s, bounce_reason = w.reason
from unnest(%(id)s::uuid[], %(reason)s::text[]) as w(id, reason) where p.id = w.id
"""
_OVERDUE = """
update invoice i set overdue_at = %(now)s where i.id = any(%(ids)s::uuid[]) and i.overdue_at is null
"""


def next_payment_numbers(tx: Tx, count: int) -> list[str]:
    """Numbers people can read; they may have gaps."""
    return [row[0] for row in tx.rows(_NUMBERS, {"count": count})] if count else []


def insert_payments(tx: Tx, payments: Sequence[Payment]) -> set[UUID]:
    """Store payments; gives the ids that are new: a key of an account that was used before stores nothing."""
    if not payments:
        return set()
    rows = tx.rows(
        _PAYMENTS,
        {
            "id": [one.id for one in payments],
            "number": [one.number for one in payments],
            "account": [one.account_id for one in payments],
            "currency": [one.currency for one in payments],
            "amount": numbers(one.amount for one in payments),
            "method": [one.method for one in payments],
            "reference": [one.reference for one in payments],
            "key": [one.key for one in payments],
            "received": [one.received_at for one in payments],
        },
    )
    return {row[0] for row in rows}


def apply_to_invoices(tx: Tx, applications: Sequence[Application]) -> None:
    """Store applications and add them to the invoices they settle and to the payments and credit notes they use up.

    An invoice closes with its last cent and opens again when one is taken back; the tables refuse to over-apply.
    """
    if not applications:
        return
    tx.run(
        _APPLICATIONS,
        {
            "now": tx.now,
            "id": [one.id for one in applications],
            "payment": [one.payment_id for one in applications],
            "credit_note": [one.credit_note_id for one in applications],
            "invoice": [one.invoice_id for one in applications],
            "account": [one.account_id for one in applications],
            "amount": numbers(one.amount for one in applications),
            "discount": numbers(one.discount for one in applications),
        },
    )
    _settle(tx, applications)
    used = [(one.payment_id, one.amount) for one in applications if one.payment_id is not None]
    if used:
        tx.run(_USE_PAYMENTS, {"id": [one for one, _ in used], "amount": numbers(amount for _, amount in used)})


def _settle(tx: Tx, applications: Sequence[Application]) -> None:
    """The invoices' side; a discount credits its invoice; what of a credit note was used stands in its own `paid`."""
    rows: list[tuple[UUID, Decimal, Decimal]] = []
    for one in applications:
        paid = one.amount if one.payment_id is not None else Decimal(0)
        rows.append((one.invoice_id, paid, one.amount - paid + one.discount))
        if one.credit_note_id is not None:
            rows.append((one.credit_note_id, one.amount, Decimal(0)))
    columns: dict[str, Any] = {
        "now": tx.now,
        "id": [row[0] for row in rows],
        "paid": numbers(row[1] for row in rows),
        "credited": numbers(row[2] for row in rows),
    }
    tx.run(_SETTLE, columns)


_REFUNDS = """
with kept as (
  insert into payment_refund (id, payment_id, account_id, amount, reason, refunded_at)
  select w.*, %(now)s from unnest(%(id)s::uuid[], %(payment)s::uuid[], %(account)s::uuid[], %(amount)s::numeric[],
    %(reason)s::text[]) as w
)
update payment p set refunded = p.refunded + w.amount
from unnest(%(payment)s::uuid[], %(amount)s::numeric[]) as w(id, amount) where p.id = w.id
"""


def record_refunds(tx: Tx, refunds: Sequence[tuple[UUID, Payment, Decimal, str]]) -> None:
    """Store refunds (id, payment, amount, reason) of payments that the caller has locked, one a payment."""
    if refunds:
        tx.run(
            _REFUNDS,
            {
                "now": tx.now,
                "id": [one for one, _, _, _ in refunds],
                "payment": [payment.id for _, payment, _, _ in refunds],
                "account": [payment.account_id for _, payment, _, _ in refunds],
                "amount": numbers(amount for _, _, amount, _ in refunds),
                "reason": [reason for _, _, _, reason in refunds],
            },
        )


def mark_bounced(tx: Tx, bounces: Sequence[tuple[UUID, str]]) -> None:
    """The payments (with the reason) were not money after all; their applications are taken back by the caller."""
    if bounces:
        columns = {"id": [one for one, _ in bounces], "reason": [reason for _, reason in bounces]}
        tx.run(_BOUNCE, {"now": tx.now, **columns})


def mark_overdue(tx: Tx, invoices: Sequence[UUID]) -> None:
    """Remember that the due date of open invoices passed."""
    if invoices:
        tx.run(_OVERDUE, {"now": tx.now, "ids": list(invoices)})
