"""Goods that a vendor ships straight to the buyer: what of an order goes that way, and the supplier order that asks for it.

A house without vendors pays one look at the marks of its master data, which every turn reads anyway.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.fulfilment.model import NewShipment
from tradewind.kernel.deliveries import Delivery, put_deliveries
from tradewind.kernel.money import plain
from tradewind.kernel.tx import Event, Reader, Tx
from tradewind.purchasing.commands import insert_supplier_orders, next_supplier_numbers
from tradewind.purchasing.decide import choose, whole_packs
from tradewind.purchasing.model import Offer, SupplierLine, SupplierOrder, Vendor
from tradewind.purchasing.queries import anything_offered, offers_of, turned_down_by, vendors_of_shipments
from tradewind.semantics.model import ZERO
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset

NOWHERE = "warehouse:"  # where a request goes about a shipment that no site of ours makes


def look_vendors(reader: Reader, workset: OrderWorkset, works: Iterable[OrderWork]) -> None:
    """Find the vendor that each open line would go to; nothing, and no statement, where no vendor was ever written."""
    if not anything_offered(reader):
        return
    lines = [(work, one) for work in works for one in work.lines if one.line.stocked and one.quantities.open > 0]
    offers = offers_of(reader, {one.line.product_id for _, one in lines})
    if not offers:
        return
    known = {work.id for work, one in lines if not work.fresh and one.line.product_id in offers}
    down = turned_down_by(reader, known) if known else {}
    for work, one in lines:
        key = (work.id, one.line.line_no)
        found = choose(
            offers.get(one.line.product_id, ()),
            work.account.price_scopes(work.header.channel),
            turned_down=down.get(key, ()),
        )
        workset.vendors.pop(key, None)
        if found is not None:
            workset.vendors[key] = found


def takes_no_stock(vendors: Mapping[tuple[UUID, int], Offer], order_id: UUID, line_no: int) -> bool:
    """Whether a line is always shipped by its vendor, so that it takes no stock of ours."""
    offer = vendors.get((order_id, line_no))
    return offer is not None and offer.use_when == "always"


def from_vendors(
    vendors: Mapping[tuple[UUID, int], Offer], work: OrderWork, lines: Iterable[LineWork]
) -> dict[int, tuple[Offer, Decimal]]:
    """By line what its vendor would be asked for now: open units that no goods on their way to us are promised for, in whole
    packs."""
    found: dict[int, tuple[Offer, Decimal]] = {}
    for one in lines:
        offer = vendors.get((work.id, one.line.line_no))
        if offer is None or one.quantities.open <= 0:
            continue
        promised = sum((each.qty for each in work.claims_of(one.line.line_no) if each.state == "promised"), ZERO)
        qty = whole_packs(one.quantities.open - promised, offer.pack)
        if qty > 0:
            found[one.line.line_no] = (offer, qty)
    return found


def by_vendor(
    coming: Mapping[int, tuple[Offer, Decimal]], lines: Iterable[LineWork]
) -> list[tuple[Offer, tuple[tuple[LineWork, Decimal], ...]]]:
    """What each vendor is asked for in one supplier order: one for each currency it is paid in."""
    asked: dict[tuple[UUID, str], list[tuple[LineWork, Decimal]]] = {}
    offers: dict[tuple[UUID, str], Offer] = {}
    for one in lines:
        if one.line.line_no in coming:
            offer, qty = coming[one.line.line_no]
            key = (offer.vendor.id, offer.currency)
            offers.setdefault(key, offer)
            asked.setdefault(key, []).append((one, qty))
    return [(offers[key], tuple(parts)) for key, parts in asked.items()]


def answer_by(workset: OrderWorkset, work: OrderWork, line_nos: Iterable[int], *, now: datetime) -> datetime:
    """When the slowest of these lines should be on its way by what the vendor says of its lead time."""
    days = [workset.vendors[work.id, line_no].lead_days for line_no in line_nos]
    return now + timedelta(days=max(days, default=0))


def send_to_vendors(tx: Tx, workset: OrderWorkset, sent: Sequence[tuple[OrderWork, NewShipment]]) -> None:
    """Write the supplier orders of shipments that vendors make, and what is sent to the vendors with them."""
    if not sent:
        return
    orders: list[SupplierOrder] = []
    deliveries: list[Delivery] = []
    for number, (work, shipment) in zip(next_supplier_numbers(tx, len(sent)), sent, strict=True):
        offers = {line.line_no: workset.vendors[work.id, line.order_line_no] for line in shipment.lines}
        first = next(iter(offers.values()))
        lines = tuple(
            SupplierLine(one.line_no, work.id, one.order_line_no, offer.vendor_sku, one.qty, offer.cost)
            for one, offer in zip(shipment.lines, offers.values(), strict=True)
        )
        expected = answer_by(workset, work, [one.order_line_no for one in lines], now=tx.now)
        order = SupplierOrder(
            tx.ids.new(),
            number,
            first.vendor.id,
            work.id,
            work.account.id,
            shipment.id,
            first.currency,
            "open",
            tx.now,
            expected,
            lines,
        )
        orders.append(order)
        deliveries.append(_asked(order, first.vendor, shipment, work))
        payload = {"number": number, "vendor": first.vendor.code, "lines": len(lines), "order": work.header.number}
        # our costs and our vendors are no business of the buyer: the fact carries no account
        about = (("sales_order", work.id, "shipped_by_vendor"), ("shipment", shipment.id, "asked_for"))
        tx.emit(Event("supplier_order.sent", "supplier_order", order.id, payload, None, about))
    insert_supplier_orders(tx, orders)
    put_deliveries(tx, deliveries)


def _asked(order: SupplierOrder, vendor: Vendor, shipment: NewShipment, work: OrderWork) -> Delivery:
    """The document for the vendor. Blind: it names what we pay for the goods, and nothing of what the buyer pays or of its order."""
    lines = [
        {
            "line": line.line_no,
            "item": line.vendor_sku,
            "qty": plain(line.qty),
            "cost": plain(line.cost),
            "description": work.line(line.order_line_no).line.description,
        }
        for line in order.lines
    ]
    payload = {
        "supplier_order": order.number,
        "currency": order.currency,
        "ship_to": shipment.ship_to.as_json(),
        "expected_at": order.expected_at.isoformat(),
        "lines": lines,
    }
    key = f"supplier_order.sent:{order.id}"
    return Delivery(key, vendor.destination, "supplier_order.sent", None, "supplier_order", order.id, payload)


def to_vendors(tx: Tx, deliveries: Sequence[Delivery]) -> Sequence[Delivery]:
    """Requests about shipments that vendors make go to the vendors, in their words; the others go where they went."""
    ours = [one.subject_id for one in deliveries if one.destination == NOWHERE]
    vendors = vendors_of_shipments(tx, ours) if ours else {}
    return [_for_vendor(one, vendors) for one in deliveries] if vendors else deliveries


def _for_vendor(delivery: Delivery, vendors: Mapping[tuple[UUID, int], tuple[str, int, str, Vendor]]) -> Delivery:
    found = vendors.get((delivery.subject_id, delivery.payload.get("line", 0)))
    if found is None or delivery.destination != NOWHERE:
        return delivery
    number, line_no, item, vendor = found
    payload: dict[str, Any] = {
        "supplier_order": number,
        "line": line_no,
        "item": item,
        "qty": delivery.payload["qty"],
        "reason": delivery.payload["reason"],
    }
    kind = "supplier_order.cancel_requested"
    return replace(delivery, destination=vendor.destination, kind=kind, account_id=None, payload=payload)
