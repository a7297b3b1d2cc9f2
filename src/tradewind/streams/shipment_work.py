"""The working copy of a set of shipments during one turn, around that of their orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from tradewind.billing.commands.cash import apply_to_invoices
from tradewind.billing.commands.documents import Numbers, open_counters, post_documents, series_of
from tradewind.billing.events import document_issued, money_used
from tradewind.billing.model import Application, Document, Payment
from tradewind.billing.queries import (
    LOCK_COUNTERS,
    LOCK_PAYMENTS,
    counters_from,
    free_payments,
    payments_from,
    years_of,
)
from tradewind.credit.model import CreditDelta
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from
from tradewind.fulfilment.commands import answer_shipments
from tradewind.fulfilment.model import Booking, Shipment
from tradewind.fulfilment.queries import LOCK_SHIPMENTS, orders_of_shipments, shipments_of
from tradewind.inventory.commands import record_moves
from tradewind.inventory.model import Move, StockRow
from tradewind.inventory.queries import LOCK_STOCK
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import minor_digits, percent_of, round_places
from tradewind.kernel.tx import Event, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Start
from tradewind.orders.commands import add_charged
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import OrderWork, OrderWorkset, Shelves, read_orders


@dataclass(slots=True)
class ShipmentWorkset:
    """The shipments of a turn with their orders; `flush` writes both, orders first."""

    orders: OrderWorkset
    shipments: dict[UUID, Shipment]
    bookings: dict[UUID, Booking] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    charged: list[tuple[UUID, int, Decimal]] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    facts: list[Event] = field(default_factory=list)
    starts: list[Start] = field(init=False)
    messages: list[Message] = field(init=False)
    money: dict[UUID, Payment] = field(default_factory=dict)
    applications: list[Application] = field(default_factory=list)
    numbers: Numbers = field(default_factory=lambda: Numbers({}))
    years: dict[UUID, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.starts = self.orders.starts
        self.messages = self.orders.messages

    def order_of(self, shipment: Shipment) -> OrderWork:
        return self.orders.orders[shipment.order_id]

    def next_number(self, work: OrderWork, kind: str) -> tuple[str, int, str]:
        """(series, running number, number) of the next document of a legal entity."""
        series = series_of(kind, self.years[work.header.legal_entity_id])
        return (series, *self.numbers.next(work.header.legal_entity_id, series))

    def widen(self) -> None:
        """Every lock its orders could use."""
        self.orders.widen()

    def flush(self, tx: Tx) -> None:
        """Write everything that changed. Movements come before the counters they add up to, documents after the lines."""
        record_moves(tx, self.moves)
        self.orders.flush(tx)
        answer_shipments(tx, list(self.bookings.items()))
        post_documents(tx, self.documents)
        apply_to_invoices(tx, self.applications)
        add_charged(tx, self.charged)
        put_deliveries(tx, self.deliveries)
        self.numbers.write(tx)
        for fact in self.facts:
            tx.emit(fact)
        for written in (
            self.moves,
            self.bookings,
            self.documents,
            self.applications,
            self.charged,
            self.deliveries,
            self.facts,
        ):
            written.clear()


def open_shipments(tx: Tx, shipment_ids: Sequence[UUID]) -> ShipmentWorkset:
    """Lock the orders of these shipments and then the shipments, each by id, and read all of them."""
    orders = orders_of_shipments(tx, shipment_ids)
    lock_set(tx, [(LOCK_ORDERS, orders), (LOCK_SHIPMENTS, shipment_ids)])
    return ShipmentWorkset(read_orders(tx, orders), shipments_of(tx, shipment_ids))


def lock_for_shipments(tx: Tx, workset: ShipmentWorkset, needs: frozenset[str]) -> None:
    """Lock what the steps ahead need: credit nodes, the stock the shipments come from, the counters of their invoices."""
    if not needs:
        return
    works, shelves = list(workset.orders.orders.values()), workset.orders.shelves
    if "credit" in needs:
        shelves.paths = credit_paths(tx, {work.account.id for work in works})
    series = set[tuple[UUID, str]]()
    if "counter" in needs:
        workset.years = years_of(tx, {work.header.legal_entity_id for work in works}, tx.now)
        open_counters(tx, ((entity, "invoice", year) for entity, year in workset.years.items()))
        series = {(entity, series_of("invoice", year)) for entity, year in workset.years.items()}
    before = {work.account.id for work in works if may_be_paid_before(work)} if "counter" in needs else set()
    locked = lock_set(
        tx,
        [
            (LOCK_PAYMENTS, free_payments(tx, before) if before else ()),
            (LOCK_CREDIT, {node for path in shelves.paths.values() for node in path}),
            (LOCK_STOCK, _stock_keys(workset) if "stock" in needs else ()),
            (LOCK_COUNTERS, series),
        ],
    )
    shelves.nodes = nodes_from(tx, locked["credit"])
    shelves.rows = {(row[0], row[1]): StockRow(*row) for row in locked["stock"]}
    workset.numbers = Numbers(counters_from(locked["counter"]))
    workset.money = payments_from(locked["payment"])


def may_be_paid_before(work: OrderWork) -> bool:
    """Whether the terms of an order may ask for money before; other terms than its account has now are looked at later."""
    return bool(work.account.prepay_percent) or work.header.terms_code != work.account.terms_code


def settle_from_money(tx: Tx, workset: ShipmentWorkset, document: Document, percent: Decimal) -> None:
    """Money that was paid before settles its share of an invoice when it is issued, oldest first; more than that stays free, to
    be used by what was let through on it, or paid back."""
    total = document.amounts.total
    wanted = round_places(percent_of(total, percent), minor_digits(document.currency))
    left = wanted
    for payment in sorted(workset.money.values(), key=lambda one: (one.received_at, one.number)):
        same = (payment.account_id, payment.currency) == (document.account_id, document.currency)
        amount = min(payment.free, left) if same else ZERO
        if amount <= 0:
            continue
        left -= amount
        workset.money[payment.id] = used(payment, amount)
        one = Application(tx.ids.new(), document.id, document.account_id, amount, payment.id)
        workset.applications.append(one)
        delta = CreditDelta(receivables=-amount, unapplied=-amount)
        add_exposure(workset.orders.shelves, document.account_id, document.currency, delta)
        workset.facts.append(money_used(payment, document.id, document.number, amount))
    if wanted - left == total and total:
        workset.messages.append(Message("invoice.settled", str(document.id), "paid before"))


def used(payment: Payment, amount: Decimal) -> Payment:
    """A payment of which so much more settles something."""
    return replace(payment, applied=payment.applied + amount)


def _stock_keys(workset: ShipmentWorkset) -> Iterable[tuple[UUID, UUID]]:
    return {
        (line.product_id, shipment.site_id)
        for shipment in workset.shipments.values()
        if shipment.site_id is not None
        for line in shipment.lines
        if line.claim_no
    }


def add_exposure(shelves: Shelves, account_id: UUID, currency: str, delta: CreditDelta) -> None:
    """Change the exposure of the nodes above an account that are kept in the currency."""
    for node_id in shelves.paths.get(account_id, ()):
        if shelves.nodes[node_id].currency == currency:
            shelves.credit[node_id] = shelves.credit.get(node_id, CreditDelta()).plus(delta)


def post(workset: ShipmentWorkset, work: OrderWork, document: Document, shipment: Shipment) -> None:
    """Keep a document for the flush: its rows, its fact, what it bills of lines and charges, and its delivery."""
    workset.documents.append(document)
    for line in document.amounts.lines:
        if line.order_line_no is not None:
            workset.orders.bill(work.id, line.order_line_no, line.qty, line.net)
        elif line.charge_no is not None:
            workset.charged.append((work.id, line.charge_no, line.net))
    fact = document_issued(document, order_number=work.header.number, shipment_number=shipment.number)
    workset.facts.append(fact)
    if work.account.delivery_url:
        lines = [
            {"line": line.line_no, "order_line": line.order_line_no, "qty": str(line.qty), "net": str(line.net)}
            for line in document.amounts.lines
        ]
        workset.deliveries.append(
            Delivery(
                f"invoice.issued:{document.id}",
                work.account.delivery_url,
                "invoice.issued",
                work.account.id,
                "invoice",
                document.id,
                {**fact.payload, "buyer_po": document.buyer_po, "lines": lines},
            )
        )
