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
from tradewind.billing.decide.post import bounce_journal
from tradewind.billing.model import Application, OpenItem, Payment
from tradewind.billing.queries import (
    LOCK_INVOICES,
    LOCK_PAYMENTS,
    invoices_settled_by,
    items_from,
    items_of,
    payments_by_number,
    payments_from,
)
from tradewind.credit.errors import too_many_orders
from tradewind.credit.model import CreditDelta, Node
from tradewind.credit.queries import LOCK_CREDIT, accounts_below, credit_paths, nodes_from
from tradewind.kernel.limits import TREE_ORDERS
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.instances import store_instances
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import begin_instances
from tradewind.orchestration.commands.waits import LOCK_INSTANCES, live_instances
from tradewind.orders.model import Hold
from tradewind.orders.queries import LOCK_ORDERS, unreleased_orders
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.order_work import OrderWork, OrderWorkset, Shelves, read_orders
from tradewind.streams.shipment_work import add_exposure


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
    live: dict[UUID, UUID]
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
        still_live,
    )


def _take_back(tx: Tx, books: _Books, payment_id: UUID) -> Problem | None:
    payment, settles = books.payments[payment_id], books.settles.get(payment_id, {})
    if payment.bounced_at is not None:
        return errors.already_bounced(payment.number)
    if not settles.keys() <= books.invoices.keys():
        return errors.settled_meanwhile(payment.number)
    for invoice_id, amount in settles.items():
        item = books.invoices[invoice_id]
        books.applications.append(
            Application(tx.ids.new(), invoice_id, item.account_id, -amount, payment_id=payment_id)
        )
        books.reopened.append(invoice_id)
        add_exposure(books.shelves, item.account_id, item.currency, CreditDelta(receivables=amount))
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
        [bounce_journal(books.payments[one], payers[books.payments[one].account_id].legal_entity_id) for one in good],
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
    """Hold what is not handed over yet, where the exposure of a node above it is over its limit now."""
    over = {node.account_id: node for node in books.shelves.nodes.values() if _headroom(books.shelves, node) < 0}
    stopped: list[OrderWork] = []
    for work in books.orders.orders.values():
        node = next((over[one] for one in books.shelves.paths.get(work.account.id, ()) if one in over), None)
        if node is None:
            continue
        before = len(work.opened)
        reason = "a payment was returned"  # buyers read it, and payment and limit may be their parent's
        detail = {"over_by": plain(-_headroom(books.shelves, node)), "currency": node.currency}
        work.open_hold(Hold(tx.ids.new(), "order", "credit", "credit.over_limit", reason, tx.now, detail=detail))
        if len(work.opened) > before:
            stopped.append(work)
            payload = {
                "number": work.header.number,
                "status": work.compute_status(),
                "holds": [{"kind": "credit", "code": "credit.over_limit", "reason": reason, "line": None}],
            }
            books.orders.say(work, "order.held", payload)
    return stopped


def _headroom(shelves: Shelves, node: Node) -> Decimal:
    delta = shelves.credit.get(node.account_id, CreditDelta())
    return node.headroom - delta.open_orders - delta.receivables + delta.unapplied
