"""Steps `invoices.mark_overdue` and `invoices.settle`: an invoice that is paid says so, and the last one closes its order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tradewind.billing.commands.cash import mark_overdue
from tradewind.billing.events import invoice_overdue, invoice_paid
from tradewind.billing.model import OpenItem
from tradewind.billing.queries import LOCK_INVOICES, items_from, items_of, open_invoices_of_orders
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from
from tradewind.kernel.locks import lock_set
from tradewind.kernel.tx import Event, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Call, Start, Step
from tradewind.orders.queries import LOCK_ORDERS, Billed, billed_lines
from tradewind.streams.order_work import OrderWork, OrderWorkset, read_orders
from tradewind.streams.take import no_decision, return_credit


@dataclass(slots=True)
class InvoiceWorkset:
    """The invoices of a turn with their orders."""

    orders: OrderWorkset
    invoices: dict[UUID, OpenItem]
    overdue: list[UUID] = field(default_factory=list)
    facts: list[Event] = field(default_factory=list)
    starts: list[Start] = field(init=False)
    messages: list[Message] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = self.orders.starts
        self.messages = self.orders.messages

    def widen(self) -> None:
        """Every lock its orders could use."""
        self.orders.widen()

    def flush(self, tx: Tx) -> None:
        """Write everything that changed."""
        self.orders.flush(tx)
        mark_overdue(tx, self.overdue)
        for fact in self.facts:
            tx.emit(fact)
        self.overdue.clear()
        self.facts.clear()


def open_invoices(tx: Tx, invoice_ids: Sequence[UUID]) -> InvoiceWorkset:
    """Lock the orders of these invoices and then the invoices, each by id, and read them."""
    orders = {item.order_id for item in items_of(tx, invoice_ids).values()}
    locked = lock_set(tx, [(LOCK_ORDERS, orders), (LOCK_INVOICES, invoice_ids)])
    return InvoiceWorkset(read_orders(tx, sorted(orders)), items_from(locked["invoice"]))


def lock_for_invoices(tx: Tx, workset: InvoiceWorkset, needs: frozenset[str]) -> None:
    """Credit nodes, where an order that may close still holds headroom."""
    holders = {work.account.id for work in workset.orders.orders.values() if work.credit_taken}
    if not holders or not needs:
        return
    shelves = workset.orders.shelves
    shelves.paths = credit_paths(tx, holders)
    locked = lock_set(tx, [(LOCK_CREDIT, {node for path in shelves.paths.values() for node in path})])
    shelves.nodes = nodes_from(tx, locked["credit"])


def apply_overdue(
    tx: Tx, workset: InvoiceWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """An invoice with something open after its due date is overdue, once."""
    for call in calls:
        item = workset.invoices[call.subject_id]
        if item.closed_at is None and item.overdue_at is None and item.id not in workset.overdue:
            workset.overdue.append(item.id)
            workset.facts.append(invoice_overdue(item))
    return [{} for _ in calls]


def load_settle(
    tx: Tx, workset: InvoiceWorkset, calls: Sequence[Call], looked: Any
) -> tuple[dict[tuple[UUID, int], Billed], dict[UUID, int]]:
    """What was billed of the orders, and how many of their invoices are open."""
    orders = list(workset.orders.orders)
    return billed_lines(tx, orders), open_invoices_of_orders(tx, orders)


def decide_settle(
    workset: InvoiceWorkset, calls: Sequence[Call], facts: tuple[dict[tuple[UUID, int], Billed], dict[UUID, int]]
) -> list[dict[str, Any]]:
    """Whether each invoice is still open, and whether its order is done with."""
    billed, open_ = facts
    outcomes: list[dict[str, Any]] = []
    for call in calls:
        item = workset.invoices[call.subject_id]
        work = workset.orders.orders[item.order_id]
        outcomes.append({"open": item.closed_at is None, "done": may_close(work, billed, open_)})
    return outcomes


def may_close(work: OrderWork, billed: Mapping[tuple[UUID, int], Billed], open_invoices: Mapping[UUID, int]) -> bool:
    """An order is done when all its units are shipped or cancelled, all that shipped is billed, and every invoice is settled."""
    if work.closed_at is not None or open_invoices.get(work.id, 0):
        return False
    for one in work.lines:
        units = one.quantities
        if units.open + units.reserved + units.allocated + units.released:
            return False
        if units.shipped != billed[work.id, one.line.line_no].qty:
            return False
    return any(one.quantities.shipped for one in work.lines) or not work.lines


def apply_settle(
    tx: Tx, workset: InvoiceWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Say that invoices are paid and close the orders that are done with."""
    for call, outcome in zip(calls, outcomes, strict=True):
        item = workset.invoices[call.subject_id]
        if not outcome["open"]:
            workset.facts.append(invoice_paid(item))
        if outcome["done"]:
            close_order(tx, workset.orders, workset.orders.orders[item.order_id])
    return [{"open": outcome["open"]} for outcome in outcomes]


def close_order(tx: Tx, workset: OrderWorkset, work: OrderWork) -> None:
    """Nothing more will happen to the order; headroom it still held goes back."""
    if work.closed_at is not None:
        return
    return_credit(workset, work, work.credit_taken)
    work.closed_at = tx.now
    work.touched = True
    payload = {"number": work.header.number, "status": work.compute_status(), "total": str(work.totals.total)}
    workset.say(work, "order.closed", payload)


MARK_OVERDUE = Step(name="invoices.mark_overdue", decide=no_decision, apply=apply_overdue)
SETTLE = Step(
    name="invoices.settle", load=load_settle, decide=decide_settle, apply=apply_settle, locks=frozenset({"credit"})
)
