"""Money that came in: recorded once, applied to what it names or to the oldest invoices, the rest kept as unapplied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.accounts.model import Account
from tradewind.accounts.queries import account_ids, accounts_by_id
from tradewind.billing import errors, events
from tradewind.billing.commands.cash import insert_payments, next_payment_numbers
from tradewind.billing.commands.documents import post_journals
from tradewind.billing.decide.post import payment_journal
from tradewind.billing.model import Payment
from tradewind.billing.queries import (
    items_by_number,
    payments_by_key,
    payments_by_number,
)
from tradewind.credit.model import CreditDelta
from tradewind.desk.ledger import Applied, Ledger, Source, lock_ledger, settle, write_applications
from tradewind.kernel.money import is_currency, round_money
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.semantics.model import ZERO
from tradewind.streams.shipment_work import add_exposure


@dataclass(frozen=True, slots=True)
class Received:
    """Money from an account. `applications` None: settle what the reference names, else the oldest; empty: settle nothing.

    `key` is the caller's own name of this payment: the same key with the same content is recorded once.
    """

    account: str
    amount: Decimal
    currency: str
    method: str = "transfer"
    reference: str | None = None
    received_at: datetime | None = None
    key: str | None = None
    applications: tuple[tuple[str, Decimal], ...] | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one payment. `replay`: it was recorded before, under the same key. `discounts`: what it took off on top, by
    invoice. `freed`: numbers of the orders that go on because of it, and of the others in its batch."""

    payment: Payment | None = None
    applied: Applied = ()
    discounts: Mapping[UUID, Decimal] = field(default_factory=dict)
    freed: tuple[str, ...] = ()
    replay: bool = False
    problems: tuple[Problem, ...] = ()


def record_payments(tx: Tx, payments: Sequence[Received]) -> list[Recorded]:
    """Record money and apply it, a result for each; a payment that cannot be applied as it says is not recorded."""
    accounts = _accounts(tx, payments)
    answers: list[Recorded | None] = [_refused(one, accounts.get(one.account)) for one in payments]
    known = _known(tx, payments, accounts, answers)
    sources: list[Source] = []
    for place, one in enumerate(payments):
        if answers[place] is None:
            answers[place] = _replay(one, known.get((accounts[one.account].id, one.key or "")))
        if answers[place] is None:
            account = accounts[one.account]
            came = one.received_at or tx.now
            sources.append(
                Source(place, account.id, one.currency, one.amount, one.reference, one.applications, on=came)
            )
    ledger = lock_ledger(tx, sources)
    fresh = _insert(tx, payments, sources, answers, ledger)
    freed = _post(tx, ledger, [source for source, _ in fresh], accounts)
    for source, payment in fresh:
        tx.emit(events.payment_recorded(payment, source.applied, source.discounts))
        answers[source.place] = Recorded(payment, source.applied, source.discounts, freed)
    return [answer if answer is not None else Recorded() for answer in answers]


def _accounts(tx: Tx, payments: Sequence[Received]) -> dict[str, Account]:
    ids = account_ids(tx, {one.account for one in payments})
    by_id = accounts_by_id(tx, ids.values())
    return {code: by_id[account_id] for code, account_id in ids.items()}


def _refused(one: Received, account: Account | None) -> Recorded | None:
    problems: list[Problem] = []
    if account is None:
        problems.append(errors.unknown_account(one.account, "/account"))
    if not is_currency(one.currency):
        problems.append(errors.bad_currency(one.currency, "/currency"))
    elif one.amount <= 0 or round_money(one.amount, one.currency) != one.amount:
        problems.append(errors.bad_amount(f"{one.amount:f}", "/amount"))
    return Recorded(problems=tuple(problems)) if problems else None


def _known(
    tx: Tx, payments: Sequence[Received], accounts: Mapping[str, Account], answers: Sequence[Recorded | None]
) -> dict[tuple[UUID, str], Payment]:
    keys = [
        (accounts[one.account].id, one.key)
        for one, answer in zip(payments, answers, strict=True)
        if answer is None and one.key is not None
    ]
    return payments_by_key(tx, keys)


def _replay(one: Received, known: Payment | None) -> Recorded | None:
    if known is None or one.key is None:
        return None
    same = (known.amount, known.currency, known.method, known.reference) == (
        one.amount,
        one.currency,
        one.method,
        one.reference,
    )
    if same:
        return Recorded(known, replay=True)
    return Recorded(problems=(errors.key_reused(one.key, known.number),))


def _insert(
    tx: Tx,
    payments: Sequence[Received],
    sources: Sequence[Source],
    answers: list[Recorded | None],
    ledger: Ledger,
) -> list[tuple[Source, Payment]]:
    """Store the payments that can be applied; one whose key somebody else used a moment ago is a replay of that one."""
    numbers = iter(next_payment_numbers(tx, len(sources)))
    rows: list[tuple[Source, Payment]] = []
    for source in sources:
        settle(ledger, source)
        if source.problems:
            answers[source.place] = Recorded(problems=source.problems)
            continue
        one = payments[source.place]
        applied = sum((amount for _, amount in source.applied), ZERO)
        payment = Payment(
            tx.ids.new(),
            next(numbers),
            source.account_id,
            one.currency,
            one.amount,
            applied,
            one.method,
            one.reference,
            one.key,
            one.received_at or tx.now,
        )
        source.payment_id = payment.id
        rows.append((source, payment))
    new = insert_payments(tx, [payment for _, payment in rows])
    lost = [(source, payment) for source, payment in rows if payment.id not in new]
    known = payments_by_key(tx, [(payment.account_id, payment.key or "") for _, payment in lost])
    for source, payment in lost:
        answers[source.place] = _replay(payments[source.place], known[payment.account_id, payment.key or ""])
    return [(source, payment) for source, payment in rows if payment.id in new]


def _post(tx: Tx, ledger: Ledger, sources: Sequence[Source], accounts: Mapping[str, Account]) -> tuple[str, ...]:
    """The journals and exposure of new money, and everything that follows from its applications."""
    entities = {account.id: account.legal_entity_id for account in accounts.values()}
    journals = []
    for source in sources:
        assert source.payment_id is not None
        money = Payment(
            source.payment_id, "", source.account_id, source.currency, source.free, ZERO, "", None, None, tx.now
        )
        journals.append(payment_journal(money, entities[source.account_id]))
        add_exposure(ledger.shelves, source.account_id, source.currency, CreditDelta(unapplied=source.free))
    post_journals(tx, journals)
    return write_applications(tx, ledger, sources)


@dataclass(frozen=True, slots=True)
class Use:
    """Apply what is free of a payment or a credit note (by its number) to invoices: to these, or oldest first."""

    number: str
    applications: tuple[tuple[str, Decimal], ...] | None = None


def apply_free_money(tx: Tx, uses: Sequence[Use]) -> list[Recorded]:
    """Apply unapplied cash and credit notes, a result for each."""
    payments = payments_by_number(tx, {use.number for use in uses})
    notes = items_by_number(tx, {use.number for use in uses} - payments.keys())
    sources: list[Source] = []
    answers: list[Recorded] = [Recorded() for _ in uses]
    for place, use in enumerate(uses):
        payment, note = payments.get(use.number), notes.get(use.number)
        if payment is not None and payment.bounced_at is None:
            sources.append(
                Source(
                    place,
                    payment.account_id,
                    payment.currency,
                    ZERO,
                    None,
                    use.applications,
                    payment.id,
                    on=payment.received_at,
                )
            )
        elif note is not None and note.kind == "credit_note":
            sources.append(
                Source(place, note.account_id, note.currency, note.open, None, use.applications, credit_note_id=note.id)
            )
        else:
            answers[place] = Recorded(problems=(errors.unknown_payment(use.number, f"/{place}"),))
    for source in sources:
        if source.payment_id is not None:
            payment = payments[uses[source.place].number]
            source.free = payment.free
    ledger = lock_ledger(tx, sources, payments=[source.payment_id for source in sources if source.payment_id])
    for source in sources:
        _free_again(ledger, source, sources)
        settle(ledger, source)
        answers[source.place] = Recorded(None, source.applied, source.discounts, problems=source.problems)
    done = [source for source in sources if source.applied]
    write_applications(tx, ledger, done)
    for source in done:
        kind = "payment" if source.payment_id else "credit_note"
        source_id = source.payment_id or source.credit_note_id
        assert source_id is not None
        number = uses[source.place].number
        tx.emit(events.money_applied(kind, source_id, number, source.account_id, source.applied))
    return answers


def _free_again(ledger: Ledger, source: Source, sources: Sequence[Source]) -> None:
    """What is free under the lock, less what earlier uses of the same money in this batch took."""
    if source.payment_id is not None:
        payment = ledger.payments[source.payment_id]
        free = payment.free
    else:
        assert source.credit_note_id is not None
        free = ledger.items[source.credit_note_id].open
    same = (source.payment_id, source.credit_note_id)
    taken = sum(
        (
            amount
            for one in sources
            if one is not source and (one.payment_id, one.credit_note_id) == same
            for _, amount in one.applied
        ),
        ZERO,
    )
    source.free = free - taken
