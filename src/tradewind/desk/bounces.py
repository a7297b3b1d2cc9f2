"""A payment that was not money after all: taken back from the invoices it settled, which open again; exposure rises, and where
it passes a limit nothing more of that tree is released until somebody looks (CR4).

Locks: the invoices' processes, the orders that may be stopped, invoices, payments, credit nodes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from tradewind.accounts.queries import accounts_by_id
from tradewind.billing import errors, events
from tradewind.billing.commands.cash import apply_to_invoices, mark_bounced
from tradewind.billing.commands.documents import post_journals
from tradewind.billing.decide.post import bounce_journal, discount_journal
from tradewind.billing.decide.settle import tax_of_discount
from tradewind.billing.model import Application, Journal, Offer, OpenItem, Payment
from tradewind.billing.queries import (
    LOCK_INVOICES,
    LOCK_PAYMENTS,
    discounts_of,
    invoices_settled_by,
    items_from,
    items_of,
    offers_of,
    payments_by_number,
    payments_from,
)
from tradewind.credit.decide import after
from tradewind.credit.errors import too_many_orders
from tradewind.credit.model import Answer, CreditDelta
from tradewind.credit.queries import LOCK_CREDIT, accounts_below, credit_paths, nodes_from, prepaid_of
from tradewind.kernel.limits import TREE_ORDERS
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import ZERO, minor_digits, plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.instances import store_instances
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import begin_instances
from tradewind.orchestration.commands.waits import LOCK_INSTANCES, live_instances
from tradewind.orders.model import Hold
from tradewind.orders.queries import LOCK_ORDERS, unreleased_orders
from tradewind.streams.credit_check import BLOCKED, PREPAY_DUE, finding_of, read_facts, stops_of
from tradewind.streams.language import read_expression
from tradewind.streams.order_work import OrderWork, OrderWorkset, Shelves, read_orders
from tradewind.streams.shipment_work import add_exposure

RETURNED = "a payment was returned"  # buyers read it, and payment and limit may be their parent's


@dataclass(frozen=True, slots=True)
class Bounce:
    """A payment, by its number, that came back."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bounced:
    """What became of one bounce: the invoices that are open again and the orders that were stopped."""

    payment: Payment | None = None
    reopened: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Books:
    payments: dict[UUID, Payment]
    invoices: dict[UUID, OpenItem]
    shelves: Shelves
    orders: OrderWorkset
    settles: dict[UUID, dict[UUID, Decimal]]
    discounts: dict[UUID, dict[UUID, Decimal]]
    offers: dict[UUID, Offer]
    live: dict[UUID, UUID]
    journals: list[Journal] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    reopened: list[UUID] = field(default_factory=list)


def bounce_payments(tx: Tx, bounces: Sequence[Bounce]) -> list[Bounced]:
    """Take payments back, a result for each. Raises `Refused` (`credit.too_many_orders`) where more orders are not handed over yet
    than one transaction can stop: what is late to be stopped would go out."""
    payments = payments_by_number(tx, {one.number for one in bounces})
    answers: list[Bounced | None] = [None] * len(bounces)
    wanted: dict[UUID, int] = {}
    for place, one in enumerate(bounces):
        payment = payments.get(one.number)
        if payment is None:
            answers[place] = Bounced(problems=(errors.unknown_payment(one.number, f"/{place}"),))
        elif payment.id in wanted or payment.bounced_at is not None:
            answers[place] = Bounced(problems=(errors.already_bounced(one.number),))
        else:
            wanted[payment.id] = place
    books = _lock(tx, wanted, {payment.id: payment for payment in payments.values()})
    good: list[UUID] = []
    for payment_id, place in wanted.items():
        problem = _take_back(tx, books, payment_id)
        if problem is None:
            good.append(payment_id)
        else:
            answers[place] = Bounced(problems=(problem,))
    stopped = _write(tx, books, good, bounces, wanted)
    for payment_id in good:
        payment = books.payments[payment_id]
        reopened = tuple(books.invoices[one].number for one in books.settles.get(payment_id, {}))
        reason = bounces[wanted[payment_id]].reason
        tx.emit(events.payment_bounced(payment, reason, list(books.settles.get(payment_id, {}))))
        answers[wanted[payment_id]] = Bounced(payment, reopened, tuple(one.header.number for one in stopped))
    return [answer if answer is not None else Bounced() for answer in answers]


def _lock(tx: Tx, wanted: Iterable[UUID], payments: Mapping[UUID, Payment]) -> _Books:
    ids = list(wanted)
    settles = invoices_settled_by(tx, ids)
    invoices = sorted({invoice for one in settles.values() for invoice in one})
    seen = items_of(tx, invoices)
    accounts = {item.account_id for item in seen.values()} | {payments[one].account_id for one in ids}
    paths = credit_paths(tx, accounts)
    nodes = {node for path in paths.values() for node in path}
    at_risk = unreleased_orders(tx, accounts_below(tx, nodes), limit=TREE_ORDERS + 1)
    if len(at_risk) > TREE_ORDERS:
        raise Refused([too_many_orders(TREE_ORDERS)])
    live = live_instances(tx, "invoice_to_cash", invoices)
    locked = lock_set(
        tx,
        [
            (LOCK_INSTANCES, live.values()),
            (LOCK_ORDERS, at_risk),
            (LOCK_INVOICES, invoices),
            (LOCK_PAYMENTS, ids),
            (LOCK_CREDIT, nodes),
        ],
    )
    still_live = {row[4]: row[0] for row in locked["instance"] if row[7] in ("running", "incident")}
    orders = read_orders(tx, [row[0] for row in locked["order"]])
    shelves = orders.shelves
    shelves.paths = {**paths, **credit_paths(tx, {work.account.id for work in orders.orders.values()})}
    shelves.nodes = nodes_from(tx, locked["credit"])
    return _Books(
        payments_from(locked["payment"]),
        items_from(locked["invoice"]),
        shelves,
        orders,
        invoices_settled_by(tx, ids),
        discounts_of(tx, ids),
        offers_of(tx, invoices),
        still_live,
    )


def _take_back(tx: Tx, books: _Books, payment_id: UUID) -> Problem | None:
    payment, settles = books.payments[payment_id], books.settles.get(payment_id, {})
    if payment.bounced_at is not None:
        return errors.already_bounced(payment.number)
    if payment.refunded:
        return errors.paid_back(payment.number)
    if not settles.keys() <= books.invoices.keys():
        return errors.settled_meanwhile(payment.number)
    for invoice_id, amount in settles.items():
        item, off = books.invoices[invoice_id], books.discounts.get(payment_id, {}).get(invoice_id, Decimal(0))
        back = Application(tx.ids.new(), invoice_id, item.account_id, -amount, payment_id=payment_id, discount=-off)
        books.applications.append(back)
        if off:
            tax = tax_of_discount(books.offers[invoice_id], off, minor_digits(item.currency))
            books.journals.append(discount_journal(back.id, item, discount=-off, tax=-tax))
        books.reopened.append(invoice_id)
        add_exposure(books.shelves, item.account_id, item.currency, CreditDelta(receivables=amount + off))
        tx.emit(events.invoice_reopened(item, amount))
    free = payment.amount - sum(settles.values(), Decimal(0))
    add_exposure(books.shelves, payment.account_id, payment.currency, CreditDelta(unapplied=-free))
    return None


def _write(
    tx: Tx, books: _Books, good: Sequence[UUID], bounces: Sequence[Bounce], wanted: Mapping[UUID, int]
) -> list[OrderWork]:
    apply_to_invoices(tx, books.applications)
    mark_bounced(tx, [(one, bounces[wanted[one]].reason) for one in good])
    payers = accounts_by_id(tx, {books.payments[one].account_id for one in good})
    post_journals(
        tx,
        [
            *(
                bounce_journal(books.payments[one], payers[books.payments[one].account_id].legal_entity_id)
                for one in good
            ),
            *books.journals,
        ],
    )
    _wait_for_money_again(tx, books)
    stopped = _stop_orders(tx, books)
    books.orders.flush(tx)
    return stopped


def _wait_for_money_again(tx: Tx, books: _Books) -> None:
    """An invoice whose process is over gets a new one; due dates stay what they were."""
    starts = [
        Start(
            "invoice_to_cash",
            "invoice",
            one,
            books.invoices[one].account_id,
            {"invoice": str(one), "due_at": books.invoices[one].due_at},
        )
        for one in dict.fromkeys(books.reopened)
        if one not in books.live
    ]
    store_instances(tx, begin_instances(tx, starts, versions=latest_versions(tx), expressions=read_expression))


def _stop_orders(tx: Tx, books: _Books) -> list[OrderWork]:
    """Hold what is not handed over yet: where the exposure of a node above it is over its limit now, where its policy minds a
    returned payment, or where the money that was paid before is not there any more."""
    shelves = books.shelves
    nodes = {one: after(node, shelves.credit.get(one)) for one, node in shelves.nodes.items()}
    works = list(books.orders.orders.values())
    before = {work.account.id for work in works if work.account.prepay_percent}
    seen = Shelves(
        nodes=nodes,
        paths=shelves.paths,
        conduct=stops_of(tx, nodes.values()),
        prepaid=prepaid_of(tx, before) if before else {},
        at=tx.now,
    )
    answers = {work.id: answer for work in works if (answer := _stopped(work, seen)) is not None}
    facts = read_facts(tx, seen, {books.orders.orders[one].account.id for one in answers})
    stopped: list[OrderWork] = []
    for order_id, answer in answers.items():
        work = books.orders.orders[order_id]
        opened = len(work.opened)
        finding = finding_of(work, answer, seen, asked=ZERO, facts=facts)
        detail = {"over_by": plain(answer.short_by), **(finding.detail or {})}
        work.open_hold(Hold(tx.ids.new(), "order", "credit", answer.code, RETURNED, tx.now, detail=detail))
        if len(work.opened) > opened:
            stopped.append(work)
            payload = {
                "number": work.header.number,
                "status": work.compute_status(),
                "holds": [{"kind": "credit", "code": answer.code, "reason": RETURNED, "line": None}],
            }
            books.orders.say(work, "order.held", payload)
    return stopped


def _stopped(work: OrderWork, seen: Shelves) -> Answer | None:
    path = seen.paths.get(work.account.id, ())
    over = next((seen.nodes[one] for one in path if seen.nodes[one].headroom < 0), None)
    if over is not None:
        reason = f"{plain(-over.headroom)} {over.currency} over the limit"
        return Answer(work.id, granted=False, reason=reason, short_by=-over.headroom, node=over.account_id)
    blocked = next((one for one in path if one in seen.conduct and seen.nodes[one].policy.blocks_release), None)
    if blocked is not None:
        return Answer(work.id, granted=False, reason=", ".join(seen.conduct[blocked]), node=blocked, code=BLOCKED)
    missing = -seen.prepaid.get(work.account.id, ZERO)
    if missing > 0:
        reason = f"{plain(missing)} that was paid before is not there any more"
        return Answer(work.id, granted=False, reason=reason, short_by=missing, code=PREPAY_DUE)
    return None
