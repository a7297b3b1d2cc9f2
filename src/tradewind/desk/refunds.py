"""Money that nothing needs goes back to its source: what is free of a payment, and not there for an order paid before.

Locks: payments, then credit nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tradewind.accounts.queries import accounts_by_id
from tradewind.billing import errors, events
from tradewind.billing.commands.cash import record_refunds
from tradewind.billing.commands.documents import post_journals
from tradewind.billing.decide.post import refund_journal
from tradewind.billing.model import Payment
from tradewind.billing.queries import LOCK_PAYMENTS, payments_by_number, payments_from
from tradewind.credit.commands import add_to_nodes
from tradewind.credit.decide import after, room_under
from tradewind.credit.model import CreditDelta
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from, prepaid_of
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain, round_money
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import Shelves
from tradewind.streams.shipment_work import add_exposure


@dataclass(frozen=True, slots=True)
class Refund:
    """So much of a payment, by its number; `amount` None is all that may go back."""

    number: str
    reason: str
    amount: Decimal | None = None


def refund_payments(tx: Tx, refunds: Sequence[Refund]) -> list[tuple[Payment, Decimal] | Problem]:
    """Pay back, an answer for each: the payment and how much of it. Money that orders wait for on prepayment stays."""
    found = payments_by_number(tx, {one.number for one in refunds})
    paths = credit_paths(tx, {payment.account_id for payment in found.values()})
    nodes = {node for path in paths.values() for node in path}
    locked = lock_set(tx, [(LOCK_PAYMENTS, [one.id for one in found.values()]), (LOCK_CREDIT, nodes)])
    payments = payments_from(locked["payment"])
    shelves = Shelves(paths=paths, nodes=nodes_from(tx, locked["credit"]))
    spare = prepaid_of(tx, {one.account_id for one in payments.values()})
    accounts = accounts_by_id(tx, {one.account_id for one in payments.values()})
    answers: list[tuple[Payment, Decimal] | Problem] = []
    done = []
    journals = []
    used: set[str] = set()
    for place, one in enumerate(refunds):
        payment = payments.get(found[one.number].id) if one.number in found else None
        if payment is None or one.number in used:
            answers.append(errors.unknown_payment(one.number, f"/{place}"))
            continue
        used.add(one.number)
        free = max(min(payment.free, spare.get(payment.account_id, ZERO)), ZERO)
        room = _room(shelves, payment)
        free = free if room is None else min(free, room)
        amount = free if one.amount is None else one.amount
        problem = _unpayable(payment, amount, free)
        if problem is not None:
            answers.append(problem)
            continue
        spare[payment.account_id] -= amount
        refund_id = tx.ids.new()
        done.append((refund_id, payment, amount, one.reason))
        journals.append(refund_journal(refund_id, payment, amount, accounts[payment.account_id].legal_entity_id))
        add_exposure(shelves, payment.account_id, payment.currency, CreditDelta(unapplied=-amount))
        tx.emit(events.payment_refunded(payment, refund_id, amount, one.reason))
        answers.append((payment, amount))
    record_refunds(tx, done)
    post_journals(tx, journals)
    add_to_nodes(tx, shelves.credit)
    return answers


def _room(shelves: Shelves, payment: Payment) -> Decimal | None:
    """What may go back without passing a limit that this money makes room under."""
    nodes = {one: after(node, shelves.credit.get(one)) for one, node in shelves.nodes.items()}
    path = [one for one in shelves.paths.get(payment.account_id, ()) if nodes[one].currency == payment.currency]
    return room_under(path, nodes, payment.currency)


def _unpayable(payment: Payment, amount: Decimal, free: Decimal) -> Problem | None:
    if (amount <= 0 and free > 0) or round_money(amount, payment.currency) != amount:
        return errors.bad_amount(f"{amount:f}", "/amount")
    if amount <= 0 or amount > free:
        return errors.not_free(payment.number, plain(amount), plain(free), "/amount")
    return None
