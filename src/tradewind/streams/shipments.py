"""Steps `shipments.book` and `shipments.invoice`: the warehouse's answer moves units, stock and claims; what was shipped is
billed, once, and turns headroom into a receivable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.accounts.queries import bill_tos
from tradewind.billing.decide.bill import bill, credit_used
from tradewind.billing.model import Amounts, BillableCharge, BillableLine, Document
from tradewind.credit.model import CreditDelta
from tradewind.fulfilment.decide import book, read_answer
from tradewind.fulfilment.model import Booking, LineBooking, Shipment
from tradewind.fulfilment.queries import over_ship_percents
from tradewind.inventory.model import Delta, Move
from tradewind.kernel.deliveries import Delivery
from tradewind.kernel.money import minor_digits
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Event, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.steps import Call, Start, Step
from tradewind.orchestration.commands.waits import keys_waited_for
from tradewind.orders.decide import move, over_ship
from tradewind.orders.model import Quantities
from tradewind.orders.queries import Billed, billed_charges, billed_lines
from tradewind.semantics.model import ZERO
from tradewind.streams.due import Due, read_due
from tradewind.streams.group_process import groups_come_by
from tradewind.streams.order_work import LineWork, OrderWork
from tradewind.streams.release import group_key
from tradewind.streams.shipment_work import ShipmentWorkset, add_exposure, post, settle_from_money

# ---- shipments.book ----------------------------------------------------------------------------------------------


def load_book(tx: Tx, workset: ShipmentWorkset, calls: Sequence[Call], looked: Any) -> dict[UUID, Decimal]:
    """How much more than ordered each account accepts; asked only where a line is said to be over."""
    over = [workset.shipments[call.subject_id].account_id for call in calls if _may_be_over(workset, call)]
    return over_ship_percents(tx, over) if over else {}


def _may_be_over(workset: ShipmentWorkset, call: Call) -> bool:
    said = call.variables.get("lines") or ()
    released = {line.line_no: line.qty_released for line in workset.shipments[call.subject_id].lines}
    return any(
        one.get("shipped") is not None and Decimal(str(one["shipped"])) > released.get(one.get("line"), ZERO)
        for one in said
    )


def decide_book(
    workset: ShipmentWorkset, calls: Sequence[Call], tolerances: Mapping[UUID, Decimal]
) -> list[dict[str, Any]]:
    """A `Booking` for each shipment. The answer was checked when it came in; one that is wrong now is an incident."""
    outcomes: list[dict[str, Any]] = []
    for call in calls:
        shipment = workset.shipments[call.subject_id]
        answer = read_answer(call.variables)
        if isinstance(answer, list):
            raise Refused(answer)
        booking = book(shipment.lines, answer, over_percent=tolerances.get(shipment.account_id, ZERO))
        if isinstance(booking, list):
            raise Refused(booking)
        outcomes.append({"booking": booking})
    return outcomes


def apply_book(
    tx: Tx, workset: ShipmentWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Move units, claims and stock; say what was shipped and what was not; short units wait for goods again."""
    again: dict[str, tuple[OrderWork, int]] = {}
    for call, outcome in zip(calls, outcomes, strict=True):
        shipment, booking = workset.shipments[call.subject_id], outcome["booking"]
        work = workset.order_of(shipment)
        for line in booking.lines:
            _book_line(workset, work, shipment, line, shipped_at=booking.answer.shipped_at, now=tx.now)
        workset.bookings[shipment.id] = booking
        _say_booked(workset, work, shipment, booking)
        if any(line.short for line in booking.lines):
            again[group_key(work.id, shipment.group_no)] = (work, shipment.group_no)
    _wait_for_goods_again(tx, workset, again)
    return [{"shipped": outcome["booking"].status == "shipped"} for outcome in outcomes]


def _book_line(
    workset: ShipmentWorkset,
    work: OrderWork,
    shipment: Shipment,
    booked: LineBooking,
    *,
    shipped_at: datetime | None,
    now: datetime,
) -> None:
    one = work.line(booked.line.order_line_no)
    one.move(_moved(one, booked))
    if not booked.line.claim_no or shipment.site_id is None:
        return
    claim = next(claim for claim in work.claims_of(one.line.line_no) if claim.claim_no == booked.line.claim_no)
    if booked.shipped:
        work.change_claim(claim, state="shipped", qty=booked.shipped)
    else:
        work.change_claim(claim, state="ended")
    _book_stock(workset, shipment, booked, shipped_at=shipped_at, now=now)
    if booked.short:
        _forget_promise(work, one, booked.short)


def _moved(one: LineWork, booked: LineBooking) -> Quantities:
    """Shipped units are shipped; short ones are open again and wait for goods, a service is ready to go again."""
    moved = move(one.quantities, booked.shipped - booked.over, source="released", target="shipped")
    if booked.over:
        moved = over_ship(moved, booked.over)
    if not booked.short:
        return moved
    if not one.line.stocked:
        return move(moved, booked.short, source="released", target="allocated")
    moved = move(moved, booked.short, source="released", target="open")
    return replace(moved, backordered=moved.backordered + booked.short)


def _book_stock(
    workset: ShipmentWorkset, shipment: Shipment, booked: LineBooking, *, shipped_at: datetime | None, now: datetime
) -> None:
    """The goods leave the site and nobody's allocation holds them any more. Where the books had fewer than were shipped, the
    difference was there all the time and is entered as found; goods that had gone when somebody counted go only once."""
    assert shipment.site_id is not None
    shelves, product_id = workset.orders.shelves, booked.line.product_id
    key = (product_id, shipment.site_id)
    row, at = shelves.rows[key], min(shipped_at or now, now)
    if booked.shipped and row.was_counted(shipped_at):
        gone = Move(product_id, shipment.site_id, "ship", -booked.shipped, at, "shipment", shipment.id)
        workset.moves += [gone, gone.taken_out(row.observed_as_of)]
        shelves.add_stock(product_id, shipment.site_id, Delta(allocated=-booked.line.qty_released))
        return
    on_hand = row.on_hand + shelves.stock.get(key, Delta()).on_hand
    found = max(booked.shipped - on_hand, ZERO)
    if found:
        reason = f"{shipment.number} shipped more than the books had"
        workset.moves.append(
            Move(product_id, shipment.site_id, "adjustment", found, at, "shipment", shipment.id, reason)
        )
    if booked.shipped:
        workset.moves.append(Move(product_id, shipment.site_id, "ship", -booked.shipped, at, "shipment", shipment.id))
    shelves.add_stock(
        product_id, shipment.site_id, Delta(on_hand=found - booked.shipped, allocated=-booked.line.qty_released)
    )


def _forget_promise(work: OrderWork, one: LineWork, short: Decimal) -> None:
    """What was short has no date until it is allocated again; pieces on their way keep theirs."""
    from_stock = any(claim.state in ("reserved", "allocated", "released") for claim in work.claims_of(one.line.line_no))
    kept = [piece for piece in one.promise if piece["from"] == "inbound" or (from_stock and piece["from"] == "stock")]
    one.promise_anew([*kept, {"qty": str(short), "at": None, "from": "unknown", "site": None}], None)


def _say_booked(workset: ShipmentWorkset, work: OrderWork, shipment: Shipment, booking: Booking) -> None:
    objects = [("shipment", shipment.id, booking.status)]
    base = {"shipment": shipment.number, "number": work.header.number, "status": work.compute_status()}
    lines = [
        {
            "line": line.line.order_line_no,
            "sku": line.line.sku,
            "shipped": str(line.shipped),
            "short": str(line.short),
            "reason": line.reason,
        }
        for line in booking.lines
    ]
    payload = {**base, "site": shipment.site, "lines": lines, "reason": booking.answer.reason}
    if booking.status == "shipped":
        payload |= {"tracking": booking.answer.tracking}
        _advise(workset, work, shipment, payload)
    workset.orders.say(work, f"shipment.{booking.status}", payload, objects=objects)
    short = [line for line in booking.lines if line.short]
    if not short:
        return
    if booking.status == "shipped":
        told = [one for one in lines if one["short"] != "0"]
        workset.orders.say(work, "shipment.short", {**base, "lines": told}, objects=objects)
    products = sorted({str(line.line.product_id) for line in short if line.line.claim_no})
    if products:
        freed = {"products": products, "reason": booking.status, "shipment": shipment.number}
        workset.facts.append(Event("stock.freed", "shipment", shipment.id, freed, work.account.id))


def _advise(workset: ShipmentWorkset, work: OrderWork, shipment: Shipment, payload: dict[str, Any]) -> None:
    """The advance ship notice, where the buyer's system wants it."""
    if work.account.delivery_url:
        body = {**payload, "buyer_po": work.header.buyer_po, "ship_to": shipment.ship_to}
        workset.deliveries.append(
            Delivery(
                f"shipment.shipped:{shipment.id}",
                work.account.delivery_url,
                "shipment.shipped",
                work.account.id,
                "shipment",
                shipment.id,
                body,
            )
        )


def _wait_for_goods_again(tx: Tx, workset: ShipmentWorkset, again: Mapping[str, tuple[OrderWork, int]]) -> None:
    """Every group with units that went back waits for goods: by its own process where that still runs, else by a new one."""
    waited_for = keys_waited_for(tx, "goods.ready", list(again))
    waited_for |= groups_come_by(tx, (work for work, _ in again.values()))
    for key, (work, group_no) in again.items():
        if key not in waited_for:
            group = {"no": group_no, "key": key}
            variables = {"order": str(work.id), "group": group}
            start = Start("goods_to_release", "sales_order", work.id, work.account.id, variables, part=str(group_no))
            workset.starts.append(start)
        if not any(one.line.stocked and _to_come(one.quantities) for one in work.lines_of(group_no)):
            workset.messages.append(Message("goods.ready", key, f"services:{tx.ids.new()}"))  # they wait for no goods


def _to_come(units: Quantities) -> bool:
    return units.open + units.reserved + units.allocated > 0


# ---- shipments.invoice -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Books:
    """What was billed of the orders at hand, the addresses and terms of their invoices; runs along while they are drafted."""

    lines: dict[tuple[UUID, int], Billed]
    charges: dict[tuple[UUID, int], Decimal]
    bill_to: dict[UUID, dict[str, Any]]
    due: Due

    def keep(self, order_id: UUID, amounts: Amounts) -> None:
        """What an invoice bills is billed for the next one."""
        for line in amounts.lines:
            if line.order_line_no is not None:
                key = (order_id, line.order_line_no)
                billed = self.lines[key]
                self.lines[key] = replace(billed, qty=billed.qty + line.qty, net=billed.net + line.net)
            elif line.charge_no is not None:
                self.charges[order_id, line.charge_no] += line.net


def load_invoice(tx: Tx, workset: ShipmentWorkset, calls: Sequence[Call], looked: Any) -> Books:
    """What was billed before, who is billed, and when it is due."""
    works = {work.id: work for work in (workset.order_of(workset.shipments[call.subject_id]) for call in calls)}
    charged = [work.id for work in works.values() if work.charges]
    return Books(
        billed_lines(tx, list(works)),
        billed_charges(tx, charged) if charged else {},
        bill_tos(tx, {work.account.id for work in works.values()}),
        read_due(tx, works, [workset.shipments[call.subject_id] for call in calls]),
    )


def decide_invoice(workset: ShipmentWorkset, calls: Sequence[Call], books: Books) -> list[dict[str, Any]]:
    """The amounts of each invoice, one after the other: what one bills is billed for the next of the same order."""
    outcomes: list[dict[str, Any]] = []
    for call in calls:
        shipment = workset.shipments[call.subject_id]
        work = workset.order_of(shipment)
        amounts, last = draft(work, shipment, workset.bookings[shipment.id], books)
        books.keep(work.id, amounts)
        outcomes.append({"amounts": amounts, "last": last, "books": books})
    return outcomes


def draft(work: OrderWork, shipment: Shipment, booking: Booking, books: Books) -> tuple[Amounts, bool]:
    """What the shipment's invoice comes to, and whether nothing of the order is left to bill after it."""
    now: dict[int, Decimal] = {}
    lines: list[BillableLine] = []
    for booked in booking.lines:
        if booked.shipped:
            lines.append(_billable(work, booked, books))
            now[booked.line.order_line_no] = now.get(booked.line.order_line_no, ZERO) + booked.shipped
    last = all(
        _billed_out(one, books.lines[work.id, one.line.line_no].qty + now.get(one.line.line_no, ZERO))
        for one in work.lines
    )
    charges = [
        BillableCharge(
            charge.charge_no,
            charge.description or charge.code,
            charge.amount,
            books.charges[work.id, charge.charge_no],
            tax.category,
            tax.rate,
        )
        for charge, tax in work.charges
        if last or charge.group_no in (None, shipment.group_no)  # the rest: of groups that never ship
    ]
    amounts = bill(
        lines,
        charges,
        order_net=work.totals.net,
        net_before=sum((books.lines[work.id, one.line.line_no].net for one in work.lines), ZERO),
        rounding=work.header.tax_rounding,
        digits=minor_digits(work.header.currency),
        last=last,
    )
    return amounts, last


def _billable(work: OrderWork, booked: LineBooking, books: Books) -> BillableLine:
    one = work.line(booked.line.order_line_no)
    billed = books.lines[work.id, one.line.line_no]
    return BillableLine(
        one.line.line_no,
        booked.line.line_no,
        one.line.product_id,
        one.line.description or one.line.sku,
        booked.shipped,
        billed.base_uom,
        one.quantities.ordered - one.quantities.cancelled,
        billed.qty,
        one.price.net,
        billed.net,
        one.price.unit_price,
        one.price.basis,
        one.price.uom,
        one.tax.category,
        one.tax.rate,
    )


def _billed_out(one: LineWork, billed: Decimal) -> bool:
    units = one.quantities
    return units.open + units.reserved + units.allocated + units.released == 0 and units.shipped == billed


def apply_invoice(
    tx: Tx, workset: ShipmentWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Number and keep the invoices, turn headroom into receivables, and start what waits for their money."""
    for call, outcome in zip(calls, outcomes, strict=True):
        shipment, amounts = workset.shipments[call.subject_id], outcome["amounts"]
        work = workset.order_of(shipment)
        document = _document(tx, workset, work, shipment, amounts=amounts, books=outcome["books"])
        post(workset, work, document, shipment)
        used = credit_used(work.credit_taken, amounts.total, last=outcome["last"])
        work.credit_taken -= used
        work.touched = True
        add_exposure(
            workset.orders.shelves,
            work.account.id,
            work.header.currency,
            CreditDelta(open_orders=-used, receivables=amounts.total),
        )
        variables = {"invoice": str(document.id), "due_at": document.due_at}
        workset.starts.append(Start("invoice_to_cash", "invoice", document.id, work.account.id, variables))
        percent = outcome["books"].due.prepay_percent(work)
        if percent and amounts.total > 0:
            settle_from_money(tx, workset, document, percent)
        if not amounts.total:
            workset.messages.append(Message("invoice.settled", str(document.id), "nothing to pay"))
    return [{} for _ in calls]


def _document(
    tx: Tx, workset: ShipmentWorkset, work: OrderWork, shipment: Shipment, *, amounts: Amounts, books: Books
) -> Document:
    series, series_no, number = workset.next_number(work, "invoice")
    shipped_at = workset.bookings[shipment.id].answer.shipped_at or tx.now
    due_at, parts = books.due.parts(work, shipment, total=amounts.total, now=tx.now, shipped_at=shipped_at)
    return Document(
        id=tx.ids.new(),
        kind="invoice",
        legal_entity_id=work.header.legal_entity_id,
        series=series,
        series_no=series_no,
        number=number,
        account_id=work.account.id,
        order_id=work.id,
        currency=work.header.currency,
        tax_rounding=work.header.tax_rounding,
        bill_to=books.bill_to[work.account.id],
        buyer_po=work.header.buyer_po,
        issued_at=tx.now,
        due_at=due_at,
        amounts=amounts,
        shipment_id=shipment.id,
        instalments=parts,
    )


BOOK = Step(
    name="shipments.book", load=load_book, decide=decide_book, apply=apply_book, locks=frozenset({"credit", "stock"})
)
INVOICE = Step(
    name="shipments.invoice",
    load=load_invoice,
    decide=decide_invoice,
    apply=apply_invoice,
    locks=frozenset({"credit", "counter"}),
)
