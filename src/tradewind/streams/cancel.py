"""Cancelling units of orders: what we still hold ends at once and gives stock, promise and headroom back exactly; what a
warehouse holds is asked back, and its answer decides.

A request for units at a warehouse is a hold on the line: it is seen in the inbox, stops further releases of the line, and is
settled by the backorder crank when the warehouse has answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.approvals.commands.requests import end_requests_of
from tradewind.billing.queries import open_invoices_of_orders
from tradewind.blankets.queries import LOCK_BLANKET_LINES
from tradewind.catalog.model import Factor
from tradewind.catalog.queries import products_by_id
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from
from tradewind.fulfilment.queries import AtWarehouse, at_warehouses
from tradewind.inventory.model import StockRow
from tradewind.inventory.queries import LOCK_STOCK, LOCK_SUPPLY, inbound_rows
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.tx import Event, Reader, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.tasks import Completion, finish_tasks, tasks_about
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS, wake_waiting
from tradewind.orders.commands import insert_changes, reprice_charges
from tradewind.orders.decide import Cut
from tradewind.orders.model import ChangeKind, Hold, OrderChange
from tradewind.orders.queries import LOCK_ORDERS, Billed, billed_charges, billed_lines, holds_of
from tradewind.semantics.model import ZERO
from tradewind.streams.call_offs import read_called
from tradewind.streams.credit_part import covered, keep_parts
from tradewind.streams.cut import cut_units
from tradewind.streams.drop_ship import to_vendors
from tradewind.streams.invoices import close_order, may_close
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset, read_orders
from tradewind.streams.release import group_key
from tradewind.streams.rest import total_rest
from tradewind.streams.take import return_credit

REQUESTED = "orders.cancel_requested"


@dataclass(slots=True)
class Cancelling:
    """A set of orders under cancel: everything it needs is locked and read."""

    workset: OrderWorkset
    billed: dict[tuple[UUID, int], Billed]
    charged: dict[tuple[UUID, int], Decimal]
    open_invoices: dict[UUID, int]
    warehouses: dict[tuple[UUID, int], list[AtWarehouse]]
    units: dict[UUID, dict[str, tuple[int, int]]]
    messages: list[Message] = field(default_factory=list)
    facts: list[Event] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    ended: set[UUID] = field(default_factory=set)
    repriced: set[UUID] = field(default_factory=set)
    steps: list[OrderChange] = field(default_factory=list)

    def said(self, work: OrderWork, line_no: int) -> tuple[Mapping[str, Factor], Billed | None]:
        """The units a line's product comes in, and what of the line was billed."""
        product_id = work.line(line_no).line.product_id
        return self.units.get(product_id, {}), self.billed.get((work.id, line_no))


def open_for_cancel(tx: Tx, order_ids: Iterable[UUID]) -> Cancelling:
    """Lock instances, orders, and the credit, supplies and stock they hold; missing orders are left out."""
    ids = sorted(set(order_ids))
    locked = lock_set(tx, [(LOCK_SUBJECTS, ids), (LOCK_ORDERS, ids)])
    return lock_held(tx, read_orders(tx, [row[0] for row in locked["order"]]))


def lock_held(tx: Tx, workset: OrderWorkset) -> Cancelling:
    """Lock what orders hold of credit, inbound supplies and stock; the orders themselves are locked already."""
    works, shelves = list(workset.orders.values()), workset.shelves
    shelves.paths = credit_paths(tx, {work.account.id for work in works})
    held = [claim for work in works for claim in work.open_claims("reserved", "allocated")]
    locked = lock_set(
        tx,
        [
            (LOCK_CREDIT, {node for path in shelves.paths.values() for node in path}),
            (LOCK_BLANKET_LINES, read_called(tx, workset)),
            (LOCK_SUPPLY, {claim.product_id for work in works for claim in work.open_claims("promised")}),
            (LOCK_STOCK, {(claim.product_id, claim.site_id) for claim in held}),
        ],
    )
    shelves.nodes = nodes_from(tx, locked["credit"])
    shelves.inbound = inbound_rows(locked["supply"])
    shelves.rows = {(row[0], row[1]): StockRow(*row) for row in locked["stock"]}
    return read_at_hand(tx, workset)


def read_at_hand(reader: Reader, workset: OrderWorkset) -> Cancelling:
    """Everything else a cancel needs, of orders whose rows are locked already."""
    ids = list(workset.orders)
    warehouses: dict[tuple[UUID, int], list[AtWarehouse]] = {}
    for one in at_warehouses(reader, ids):
        warehouses.setdefault((one.order_id, one.line_no), []).append(one)
    products = {one.line.product_id for work in workset.orders.values() for one in work.lines}
    units = {product.id: product.units for product in products_by_id(reader, products).values()}
    charged = billed_charges(reader, [work.id for work in workset.orders.values() if work.charges])
    open_invoices = open_invoices_of_orders(reader, ids)
    return Cancelling(workset, billed_lines(reader, ids), charged, open_invoices, warehouses, units)


def asked_before(work: OrderWork, line_no: int) -> Decimal:
    """Units of a line that a warehouse was asked back for and has not answered."""
    return sum((Decimal(hold.detail["qty"]) for hold in _requests(work, line_no) if hold.detail), ZERO)


def _requests(work: OrderWork, line_no: int) -> list[Hold]:
    return [
        hold for hold in work.holds if hold.released_at is None and hold.code == REQUESTED and hold.line_no == line_no
    ]


def cancel_units(
    tx: Tx,
    at_hand: Cancelling,
    work: OrderWork,
    cuts: Mapping[int, Cut],
    *,
    reason: str,
    kind: ChangeKind = "cancel",
) -> None:
    """Cancel what can be cancelled at once, ask back what is at warehouses, and say both."""
    now = {line_no: cut.now for line_no, cut in cuts.items() if cut.now > 0}
    asked = {line_no: cut.asked for line_no, cut in cuts.items() if cut.asked > 0}
    if not now and not asked:
        return
    for line_no, qty in asked.items():
        ask_back(tx, at_hand, work, work.line(line_no), qty=qty, reason=reason)
    if now:
        _end_units(tx, at_hand, work, now, reason=reason, kind=kind)
    if asked:
        payload = {
            "number": work.header.number,
            "status": work.compute_status(),
            "quantities": _texts(asked),
            "reason": reason,
        }
        at_hand.workset.say(work, "order.cancel_requested", payload)


def finish_cancel(tx: Tx, at_hand: Cancelling) -> None:
    """Write everything, and let the streams of these orders go on."""
    workset = at_hand.workset
    charges = [
        (work.id, *one) for work in workset.orders.values() if work.id in at_hand.repriced for one in work.charges
    ]
    workset.flush(tx)
    reprice_charges(tx, charges)
    insert_changes(tx, at_hand.steps)
    put_deliveries(tx, to_vendors(tx, at_hand.deliveries))
    for fact in at_hand.facts:
        tx.emit(fact)
    if at_hand.ended:
        finish_tasks(tx, [Completion(task.id, {"cancelled": True}) for task in tasks_about(tx, at_hand.ended)])
        asked = [one for one in at_hand.ended if any(hold.kind == "approval" for hold in workset.orders[one].holds)]
        end_requests_of(tx, asked, reason="cancelled")
    wake_waiting(tx, at_hand.messages)


def _end_units(
    tx: Tx, at_hand: Cancelling, work: OrderWork, cuts: Mapping[int, Decimal], *, reason: str, kind: ChangeKind
) -> None:
    before, totals = plain(work.totals.total), covered(work)
    freed: set[UUID] = set()
    for line_no, qty in cuts.items():
        freed |= cut_units(at_hand.workset, work, work.line(line_no), qty, said=at_hand.said(work, line_no))
    settle_cut(tx, at_hand, work, before=totals)
    work.version += 1
    payload = {
        "number": work.header.number,
        "status": work.compute_status(),
        "total": plain(work.totals.total),
        "products": sorted(map(str, freed)),
        "quantities": _texts(cuts),
        "reason": reason,
    }
    at_hand.workset.say(
        work, "order.cancelled", payload, objects=[("product", product, "freed") for product in sorted(freed)]
    )
    at_hand.steps.append(_step(tx, work, cuts, kind=kind, reason=reason, before=before))
    if work.account.delivery_url:
        at_hand.deliveries.append(
            Delivery(
                f"order.cancelled:{work.id}:{work.version}",
                work.account.delivery_url,
                "order.cancelled",
                work.account.id,
                "sales_order",
                work.id,
                {**payload, "buyer_po": work.header.buyer_po},
            )
        )
    if may_close(work, at_hand.billed, at_hand.open_invoices):
        close_order(tx, at_hand.workset, work)
    wake_order(tx, at_hand, work)


def _step(
    tx: Tx, work: OrderWork, cuts: Mapping[int, Decimal], *, kind: ChangeKind, reason: str, before: str
) -> OrderChange:
    """The step from a version to the next, for the order's history; quantities in base units."""
    actions = [{"verb": "cancel_units", "line": line_no, "units": plain(qty)} for line_no, qty in sorted(cuts.items())]
    totals = {"total": {"before": before, "after": plain(work.totals.total)}}
    return OrderChange(
        tx.ids.new(),
        work.id,
        work.account.id,
        work.version - 1,
        work.version,
        kind,
        actions,
        [],
        totals,
        {},
        {},
        reason,
    )


def settle_cut(tx: Tx, at_hand: Cancelling, work: OrderWork, *, before: Decimal) -> None:
    """After units ended: charges, totals and headroom follow; an order without anything left ends. `before`: what it
    asked of credit then."""
    whole = all(one.quantities.cancelled == one.quantities.ordered for one in work.lines)
    if nothing_to_bill(at_hand, work):  # a charge is worth what was billed of it
        work.charges = [
            (replace(charge, amount=at_hand.charged.get((work.id, charge.charge_no), ZERO)), tax)
            for charge, tax in work.charges
        ]
    total_rest(work)
    keep_parts(tx, work)
    at_hand.repriced.add(work.id)
    work.touched = True
    over = whole or nothing_to_bill(at_hand, work)
    back = work.credit_taken if over else min(work.credit_taken, max(before - covered(work), ZERO))
    return_credit(at_hand.workset, work, back)
    if whole:
        at_hand.ended.add(work.id)
        for hold in [hold for hold in work.holds if hold.released_at is None]:
            work.close_hold(hold, "The order was cancelled.", tx.now)


def nothing_to_bill(at_hand: Cancelling, work: OrderWork) -> bool:
    """No unit is left that could still be shipped or billed."""
    for one in work.lines:
        units, billed = one.quantities, at_hand.billed.get((work.id, one.line.line_no))
        if units.open + units.reserved + units.allocated + units.released:
            return False
        if billed is not None and units.shipped != billed.qty:
            return False
    return True


def wake_order(tx: Tx, at_hand: Cancelling, work: OrderWork) -> None:
    """The order may be complete now, or over: whoever waits looks again."""
    token = f"cancel:{tx.ids.new()}"
    at_hand.messages.append(Message("order.cleared", str(work.id), token))
    at_hand.messages += [
        Message("goods.ready", group_key(work.id, group.group_no), f"{token}:{group.group_no}") for group in work.groups
    ]


def ask_back(tx: Tx, at_hand: Cancelling, work: OrderWork, one: LineWork, *, qty: Decimal, reason: str) -> None:
    """Ask the warehouses that hold the units; what was asked before for the line is asked together with it."""
    line_no, total = one.line.line_no, qty
    for hold in _requests(work, line_no):
        total += Decimal((hold.detail or {})["qty"])
        work.close_hold(hold, "Asked again for more.", tx.now)
    parts = _ask_parts(at_hand.warehouses.get((work.id, line_no), ()), total)
    detail = {"qty": plain(total), "sku": one.line.sku, "of": {there.number: plain(part) for there, part in parts}}
    text = f"{plain(total)} of {one.line.sku} asked back: {reason}"
    work.open_hold(Hold(tx.ids.new(), "line", "customer", REQUESTED, text, tx.now, line_no=line_no, detail=detail))
    work.touched = True
    for there, part in parts:
        payload = {
            "shipment": there.number,
            "order": work.header.number,
            "line": line_no,
            "sku": one.line.sku,
            "qty": plain(part),
            "reason": reason,
        }
        at_hand.facts.append(
            Event("shipment.cancel_requested", "shipment", there.shipment_id, payload, work.account.id, (
                ("sales_order", work.id, "asked_back"),
            ))
        )  # fmt: skip
        at_hand.deliveries.append(
            Delivery(
                f"shipment.cancel_requested:{there.shipment_id}:{line_no}:{work.version}:{plain(total)}",
                f"warehouse:{there.site}",
                "shipment.cancel_requested",
                work.account.id,
                "shipment",
                there.shipment_id,
                payload,
            )
        )


def _ask_parts(there: Iterable[AtWarehouse], total: Decimal) -> list[tuple[AtWarehouse, Decimal]]:
    """Which shipment is asked for how many, the latest first."""
    parts: list[tuple[AtWarehouse, Decimal]] = []
    for one in there:
        part = min(total, one.qty)
        if part > 0:
            parts.append((one, part))
            total -= part
    return parts


def settle_requests(tx: Tx, order_ids: Sequence[UUID]) -> bool:
    """After warehouses answered: cancel what came back of what was asked for; what was shipped lost the race and is said.

    Gives whether there was any request; only then were rows locked.
    """
    holds = holds_of(tx, order_ids)
    wanted = [order_id for order_id, found in holds.items() if any(hold.code == REQUESTED for hold in found)]
    if not wanted:
        return False
    at_hand = open_for_cancel(tx, wanted)
    for work in at_hand.workset.orders.values():
        _settle_order(tx, at_hand, work)
    finish_cancel(tx, at_hand)
    return True


def _settle_order(tx: Tx, at_hand: Cancelling, work: OrderWork) -> None:
    cuts: dict[int, Cut] = {}
    lost: dict[int, Decimal] = {}
    for hold in [hold for hold in work.holds if hold.released_at is None and hold.code == REQUESTED]:
        assert hold.line_no is not None
        detail = hold.detail or {}
        asked, units = Decimal(detail["qty"]), work.line(hold.line_no).quantities
        waits = _not_answered(at_hand.warehouses.get((work.id, hold.line_no), ()), detail)
        waiting = min(sum(waits.values(), ZERO), units.released)
        if waiting >= asked:
            continue  # not answered yet
        got = min(asked - waiting, units.open + units.reserved + units.allocated)
        gone = asked - got - waiting
        work.close_hold(hold, "The warehouse answered.", tx.now)
        if waiting > 0:
            rest = {"qty": plain(waiting), "of": {number: plain(part) for number, part in waits.items()}}
            work.open_hold(replace(hold, id=tx.ids.new(), opened_at=tx.now, detail={**detail, **rest}))
        if got > 0:
            cuts[hold.line_no] = Cut(now=got)
        if gone > 0:
            lost[hold.line_no] = gone
    cancel_units(tx, at_hand, work, cuts, reason="Came back from the warehouse.", kind="answer")
    if lost:
        payload = {
            "number": work.header.number,
            "status": work.compute_status(),
            "quantities": _texts(lost),
            "code": "fulfilment.already_shipped",
        }
        at_hand.workset.say(work, "order.cancel_refused", payload)
        wake_order(tx, at_hand, work)


def _not_answered(there: Iterable[AtWarehouse], detail: Mapping[str, Any]) -> dict[str, Decimal]:
    """What of a request the shipments that were asked still have to answer; one that does not name them asks whatever is there
    from the latest on."""
    asked = detail.get("of")
    if asked is None:
        return {one.number: part for one, part in _ask_parts(there, Decimal(detail["qty"]))}
    return {one.number: Decimal(asked[one.number]) for one in there if one.number in asked}


def _texts(quantities: Mapping[int, Decimal]) -> dict[str, str]:
    return {str(line_no): plain(qty) for line_no, qty in sorted(quantities.items())}
