"""What a vendor says of a supplier order: exactly the units it names move, the way the units of any shipment go."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.fulfilment.commands import carve_shipment
from tradewind.fulfilment.model import WarehouseAnswer
from tradewind.fulfilment.queries import shipments_of
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Event, Reader, Tx
from tradewind.orchestration.commands.messages import Message, post_messages
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import start_instances
from tradewind.orders.commands import detail_holds
from tradewind.orders.queries import LOCK_ORDERS, holds_of, lines_of
from tradewind.purchasing import errors
from tradewind.purchasing.commands import count_answer, link_shipments
from tradewind.purchasing.decide import moved
from tradewind.purchasing.model import SupplierOrder, VendorAnswer
from tradewind.purchasing.queries import LOCK_SUPPLIER_ORDERS, costs_of_order, said_before, supplier_orders
from tradewind.semantics.model import ZERO
from tradewind.streams.cancel import REQUESTED
from tradewind.streams.language import read_expression
from tradewind.streams.release import ANSWER_WITHIN

MESSAGE = "warehouse.answered"


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a vendor's answer: the units it moved by line, the shipment that carries them, and whether it was known."""

    order: SupplierOrder | None = None
    units: dict[int, Decimal] = field(default_factory=dict)
    shipment_id: UUID | None = None
    replay: bool = False
    problems: tuple[Problem, ...] = ()


def hear_vendor(tx: Tx, supplier_order: UUID, answer: VendorAnswer) -> Heard:
    """Keep a vendor's answer. The units it names leave what it still has to answer, with a shipment of their own that the crank
    books: shipped and billed, or back to open, where own stock or the next vendor takes over.

    The same reference again is the same answer; the first commit wins, and what is left is looked at under the lock.
    """
    asked = supplier_orders(tx, [supplier_order]).get(supplier_order)
    if asked is None:
        return Heard(problems=(errors.unknown_order(str(supplier_order)),))
    lock_set(tx, [(LOCK_ORDERS, [asked.order_id]), (LOCK_SUPPLIER_ORDERS, [supplier_order])])
    order = supplier_orders(tx, [supplier_order])[supplier_order]
    before = said_before(tx, order.id, answer.reference)
    if before is not None:
        same = before == answer.as_json()
        return Heard(order, replay=same, problems=() if same else (errors.other_answer(answer.reference),))
    if order.status == "closed":
        return Heard(order, problems=(errors.already_closed(order.number),))
    if answer.shipped_at is not None and answer.shipped_at > tx.now:
        return Heard(order, problems=(errors.in_the_future(),))
    units = moved(order.lines, answer)
    if isinstance(units, list):
        return Heard(order, problems=tuple(units))
    closed = units == {one.line_no: one.left for one in order.lines if one.left}
    shipment_id = _answer_units(tx, order, answer, units, closed=closed) if units else None
    count_answer(tx, order.id, answer, units, closed=closed)
    _say(tx, order, answer, units)
    return Heard(supplier_orders(tx, [order.id])[order.id], units, shipment_id)


def _answer_units(
    tx: Tx, order: SupplierOrder, answer: VendorAnswer, units: dict[int, Decimal], *, closed: bool
) -> UUID:
    """The answer goes to the shipment of these units: to the one that waits if it is all of it, else to one carved off."""
    shipment_id = order.shipment_id
    if not closed:
        shipment_id = tx.ids.new()
        number = carve_shipment(tx, order.shipment_id, shipment_id, units)
        link_shipments(tx, [(order.id, shipment_id)])
        if answer.outcome != "shipped":
            _move_requests(tx, order, units, number)
        variables = {"shipment": str(shipment_id), "order": str(order.order_id), "answer_due": tx.now + ANSWER_WITHIN}
        start = Start("shipment_to_invoice", "shipment", shipment_id, order.account_id, variables)
        start_instances(tx, [start], versions=latest_versions(tx), expressions=read_expression)
        about = (("sales_order", order.order_id, "released"), ("account", order.account_id, "sold_to"))
        payload = {"shipment": number, "lines": len(units)}
        tx.emit(Event("shipment.released", "shipment", shipment_id, payload, order.account_id, about))
    said = WarehouseAnswer(
        answer.outcome,  # type: ignore[arg-type]
        (),
        answer.reason,
        answer.tracking,
        answer.shipped_at,
    )
    post_messages(tx, [Message(MESSAGE, str(shipment_id), "answer", said.as_json())])
    return shipment_id


def _move_requests(tx: Tx, order: SupplierOrder, units: dict[int, Decimal], number: str) -> None:
    """Units that come back answer the requests to cancel them: what was asked of the shipment they were on is asked of theirs."""
    lines = {one.order_line_no: units[one.line_no] for one in order.lines if one.line_no in units}
    holds = [
        hold
        for hold in holds_of(tx, [order.order_id]).get(order.order_id, [])
        if hold.code == REQUESTED and hold.line_no in lines
    ]
    if not holds:
        return
    waits = shipments_of(tx, [order.shipment_id])[order.shipment_id].number
    details: dict[UUID, dict[str, Any]] = {}
    for hold in holds:
        detail: dict[str, Any] = hold.detail or {}
        of = {name: Decimal(qty) for name, qty in detail.get("of", {}).items()}
        back = min(of.get(waits, ZERO), lines[hold.line_no or 0])
        if back > 0:
            of |= {waits: of[waits] - back, number: back}
            details[hold.id] = {**detail, "of": {name: plain(qty) for name, qty in of.items() if qty}}
    detail_holds(tx, details)


def _say(tx: Tx, order: SupplierOrder, answer: VendorAnswer, units: dict[int, Decimal]) -> None:
    """The fact, for the house alone: it carries no account."""
    lines = {str(line_no): plain(qty) for line_no, qty in sorted(units.items())}
    payload = {"number": order.number, "reference": answer.reference, "units": lines, "reason": answer.reason}
    about = (("sales_order", order.order_id, answer.outcome),)
    tx.emit(Event(f"supplier_order.{answer.outcome}", "supplier_order", order.id, payload, None, about))


@dataclass(frozen=True, slots=True)
class LineMargin:
    """What the vendors' units of an order line cost us and bring in, so far and in all; amounts in `currency`.

    `sales` and `margin` are None where vendors are paid in another currency than the order's.
    """

    line_no: int
    sku: str
    units: Decimal
    shipped: Decimal
    cost: Decimal
    cost_shipped: Decimal
    currency: str
    sales: Decimal | None = None
    margin: Decimal | None = None


def margins(reader: Reader, order_id: UUID, currency: str) -> list[LineMargin]:
    """Cost and margin of the drop-shipped units of an order, by line: its net in the share of the units, less what they cost."""
    known = {one.line.line_no: one for one in lines_of(reader, [order_id]).get(order_id, [])}
    found: list[LineMargin] = []
    for line_no, shipped, cost_shipped, units, cost, paid_in in costs_of_order(reader, order_id):
        one = known[line_no]
        margin = LineMargin(line_no, one.line.sku, units, shipped, cost, cost_shipped, paid_in)
        left = one.quantities.ordered - one.quantities.cancelled
        if paid_in == currency:
            sales = one.price.net * units / left if left else ZERO
            sales = sales.quantize(Decimal("0.000001"))
            margin = replace(margin, sales=sales, margin=sales - cost)
        found.append(margin)
    return found
