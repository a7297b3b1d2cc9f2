"""What a set of money may settle, locked: the invoices, the payments, the credit nodes, and the orders that wait for it.

Locks: the processes that wait for the invoices and those of orders that a credit hold stops, these orders, then invoices,
payments, credit nodes. Other orders are not touched: the invoice's own process closes them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.accounts.queries import accounts_by_id
from tradewind.billing.commands.cash import apply_to_invoices
from tradewind.billing.commands.documents import post_journals
from tradewind.billing.decide.post import discount_journal
from tradewind.billing.decide.settle import Till, apply_explicitly, apply_money, named_items, tax_of_discount
from tradewind.billing.model import Application, Journal, Offer, OpenItem, Payment
from tradewind.billing.queries import (
    LOCK_INVOICES,
    LOCK_PAYMENTS,
    items_by_number,
    items_from,
    items_of,
    offers_of,
    open_invoices_of,
    payments_from,
)
from tradewind.credit.commands import add_to_nodes
from tradewind.credit.model import CreditDelta
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import minor_digits
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message, post_messages
from tradewind.orchestration.commands.waits import LOCK_INSTANCES, live_instances, unread_keys
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.semantics.model import ZERO
from tradewind.streams.held import Held, free_held, look_for_held
from tradewind.streams.order_work import Shelves
from tradewind.streams.shipment_work import add_exposure

Applied = tuple[tuple[OpenItem, Decimal], ...]


@dataclass(slots=True)
class Source:
    """Money to be applied: a payment, or what is free of a payment or credit note. `on`: when it came, where coming early counts.

    `discounts`: what it took off on top of each invoice it settles.
    """

    place: int
    account_id: UUID
    currency: str
    free: Decimal
    reference: str | None
    wanted: tuple[tuple[str, Decimal], ...] | None
    payment_id: UUID | None = None
    credit_note_id: UUID | None = None
    on: datetime | None = None
    applied: Applied = ()
    discounts: Mapping[UUID, Decimal] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Ledger:
    """The invoices and credit nodes that a set of sources may touch, as locked."""

    items: dict[UUID, OpenItem]
    shelves: Shelves
    ancestors: Mapping[UUID, tuple[UUID, ...]]
    payments: dict[UUID, Payment] = field(default_factory=dict)
    offers: Mapping[UUID, Offer] = field(default_factory=dict)
    held: Held | None = None
    till: Till = field(init=False)

    def __post_init__(self) -> None:
        self.till = Till((item for item in self.items.values() if item.kind == "invoice"), self.offers)

    def by_number(self, source: Source) -> dict[str, OpenItem]:
        """The invoices a source may settle by number: those of its account and of the tree below it."""
        return {
            item.number: item
            for item in self.items.values()
            if item.kind == "invoice" and source.account_id in self.ancestors[item.account_id]
        }


def lock_ledger(tx: Tx, sources: Sequence[Source], *, payments: Iterable[UUID] = ()) -> Ledger:
    """Lock what these sources will settle: the invoices they name, else the oldest ones that their money reaches."""
    wanted = _candidates(tx, sources)
    notes = {source.credit_note_id for source in sources if source.credit_note_id}
    seen = items_of(tx, wanted | notes)
    live = live_instances(tx, "invoice_to_cash", sorted(wanted))
    accounts = {item.account_id for item in seen.values()}
    payers = accounts | {source.account_id for source in sources}
    paths = credit_paths(tx, payers)
    held = look_for_held(tx, {node for path in paths.values() for node in path} | payers)
    paths |= held.paths
    locked = lock_set(
        tx,
        [
            (LOCK_INSTANCES, {*live.values(), *held.instances}),
            (LOCK_ORDERS, held.order_ids),
            (LOCK_INVOICES, wanted | notes),
            (LOCK_PAYMENTS, payments),
            (LOCK_CREDIT, {node for path in paths.values() for node in path}),
        ],
    )
    shelves = Shelves(paths=paths, nodes=nodes_from(tx, locked["credit"]))
    ancestors = {account.id: account.ancestors for account in accounts_by_id(tx, accounts).values()}
    items = items_from(locked["invoice"])
    return Ledger(items, shelves, ancestors, payments_from(locked["payment"]), offers_of(tx, wanted), held)


def _candidates(tx: Tx, sources: Sequence[Source]) -> set[UUID]:
    """Looked at without a lock. What others settle meanwhile stays unapplied here; nothing is ever applied twice."""
    numbers = {number for source in sources for number, _ in source.wanted or ()}
    chosen = {item.id for item in items_by_number(tx, numbers).values()} if numbers else set()
    automatic = [source for source in sources if source.wanted is None]
    if not automatic:
        return chosen
    open_ = open_invoices_of(tx, {source.account_id for source in automatic})
    items = items_of(tx, {one for ids in open_.values() for one in ids})
    till = Till(items.values(), offers_of(tx, items))
    for source in automatic:
        own = [items[one] for one in open_.get(source.account_id, ()) if items[one].currency == source.currency]
        chosen |= {item.id for item in named_items(own, source.reference)}
        chosen |= {item.id for item, _ in apply_money(source.free, own, till, reference=source.reference, on=source.on)}
    return chosen


def settle(ledger: Ledger, source: Source) -> None:
    """Decide what a source settles, as it says or oldest first; keeps the outcome on it."""
    before = dict(ledger.till.discounts)
    _settle(ledger, source)
    after = ledger.till.discounts
    source.discounts = {
        one: given - before.get(one, ZERO) for one, given in after.items() if given != before.get(one, ZERO)
    }


def _settle(ledger: Ledger, source: Source) -> None:
    if source.wanted is not None:
        found = apply_explicitly(
            source.free,
            source.wanted,
            ledger.by_number(source),
            ledger.till,
            currency=source.currency,
            digits=minor_digits(source.currency),
            on=source.on,
        )
        problems = [one for one in found if isinstance(one, Problem)]
        source.problems = tuple(problems)
        source.applied = tuple(one for one in found if not isinstance(one, Problem))
        return
    own = [
        item
        for item in ledger.items.values()
        if item.account_id == source.account_id and item.currency == source.currency and item.kind == "invoice"
    ]
    source.applied = tuple(apply_money(source.free, own, ledger.till, reference=source.reference, on=source.on))


def write_applications(tx: Tx, ledger: Ledger, sources: Sequence[Source]) -> tuple[str, ...]:
    """Store what was decided: applications, balances, exposure, and a word to the process of every invoice that is settled.

    What waited for this money goes on, oldest first; gives the numbers of these orders.
    """
    applications: list[Application] = []
    discounts: list[Journal] = []
    last: dict[UUID, UUID] = {}
    for source in sources:
        for item, amount in source.applied:
            off = source.discounts.get(item.id, ZERO)
            one = Application(
                tx.ids.new(), item.id, item.account_id, amount, source.payment_id, source.credit_note_id, off
            )
            applications.append(one)
            last[item.id] = one.id
            add_exposure(ledger.shelves, item.account_id, item.currency, CreditDelta(receivables=-amount - off))
            add_exposure(ledger.shelves, source.account_id, source.currency, CreditDelta(unapplied=-amount))
            if off:
                tax = tax_of_discount(ledger.offers[item.id], off, minor_digits(item.currency))
                discounts.append(discount_journal(one.id, item, discount=off, tax=tax))
    apply_to_invoices(tx, applications)
    post_journals(tx, discounts)
    freed = free_held(tx, ledger.held, ledger.shelves) if ledger.held is not None else ()
    add_to_nodes(tx, ledger.shelves.credit)
    settled = [one for one in last if not ledger.till.left[one]]
    tell_settled(tx, {one: last[one] for one in settled})
    return freed


def tell_settled(tx: Tx, settled: Mapping[UUID, UUID]) -> None:
    """Wake the processes of invoices (with the application that settled each), unless such a word waits there already."""
    unread = unread_keys(tx, "invoice.settled", [str(one) for one in settled])
    post_messages(
        tx,
        [
            Message("invoice.settled", str(invoice_id), str(application_id))
            for invoice_id, application_id in sorted(settled.items())
            if str(invoice_id) not in unread
        ],
    )
