"""Orders, shipments and invoices as the answers to partners want them: in the lines' own units."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from tradewind.billing.model import InvoicedLine, OpenItem, TaxGroup
from tradewind.catalog.model import UNIDENTIFIED
from tradewind.channels.decide.partners.bill import Billed, Issued
from tradewind.channels.decide.partners.model import LineStanding, OrderStanding
from tradewind.channels.decide.partners.notice import Shipped, day_of
from tradewind.fulfilment.model import Shipment
from tradewind.kernel.tx import Reader
from tradewind.orders.model import Hold
from tradewind.orders.queries import substitutions_of
from tradewind.streams.order_work import LineWork, OrderWork, read_orders

ONE = Decimal(1)
PRICE_EXPONENT = Decimal("0.000001")


def traded_works(reader: Reader, orders: Sequence[UUID]) -> dict[UUID, OrderWork]:
    """Orders in hand, with what is sent instead of what on their lines."""
    if not orders:
        return {}
    works = read_orders(reader, list(orders)).orders
    for order_id, kept in substitutions_of(reader, orders):
        works[order_id].substituted[kept.line_no] = kept
    return works


def standing_of(work: OrderWork) -> OrderStanding:
    """An order as it stands, in the words of its answers."""
    holds = [one for one in work.holds if one.released_at is None and "confirm" in one.stops]
    return OrderStanding(
        id=work.id,
        number=work.header.number,
        buyer_po=work.header.buyer_po or "",
        release=work.header.release_no,
        currency=work.header.currency,
        status=work.status,
        version=work.version,
        confirmed=work.confirmed_at is not None,
        account_id=work.account.id,
        lines=tuple(_line(work, one, holds) for one in work.lines),
        ship_to=work.groups[0].ship_to.as_json() if work.groups else {},
        held=_reasons(one for one in holds if one.scope == "order"),
    )


def _reasons(holds: Iterable[Hold]) -> tuple[str, ...]:
    """Why it waits; of a quantity also which would be right."""
    found = list(holds)
    said = [one.detail.get("suggestion") for one in found if one.detail and one.code.startswith("quantity.")]
    right = [f"order {one}" for one in said if one]
    return tuple(dict.fromkeys([*(one.reason for one in found), *right]))


def _line(work: OrderWork, one: LineWork, holds: list[Hold]) -> LineStanding:
    line, quantities = one.line, one.quantities
    group = work.group(line.group_no)
    kept = work.substituted.get(line.line_no)
    mine = (
        hold
        for hold in holds
        if (hold.scope == "line" and hold.line_no == line.line_no)
        or (hold.scope == "group" and hold.group_no == line.group_no)
    )
    return LineStanding(
        line_no=line.line_no,
        sku=(line.buyer_sku or "") if line.product_id == UNIDENTIFIED else line.sku,
        uom=line.uom,
        qty=in_line_unit(one, quantities.ordered),
        cancelled=in_line_unit(one, quantities.cancelled),
        backordered=in_line_unit(one, quantities.backordered),
        price=price_per_unit(one),
        requested_on=day_of(group.requested_at),
        promised_on=day_of(one.promised_at),
        held=_reasons(mine),
        description=line.description or "",
        replaces="" if kept is None else kept.ordered_sku,
        other_unit=kept is not None and kept.ordered_uom != line.uom,
        part_of=_part_of(work, one),
    )


def _part_of(work: OrderWork, one: LineWork) -> int | None:
    """The first of the lines that this one adds to, of the same product in the same unit."""
    found: int | None = None
    mark, line = one.mark, one.line
    while mark is not None and mark.origin_line is not None:
        before = work.line(mark.origin_line)
        if (before.line.product_id, before.line.uom) != (line.product_id, line.uom):
            break
        found, mark = mark.origin_line, before.mark
    return found


def in_line_unit(one: LineWork, base: Decimal) -> Decimal:
    """Base units in the unit that was ordered."""
    found = base * one.line.factor_den / one.line.factor_num
    whole = found.to_integral_value()
    return whole if whole == found else found.normalize()


def price_per_unit(one: LineWork) -> Decimal | None:
    """The price of one ordered unit: the price's own basis and unit are converted. None while the line has none."""
    price = one.price
    if not price.uom:
        return None
    if price.uom == one.line.uom:
        return price.unit_price / price.basis if price.basis != 1 else price.unit_price
    ordered = one.line.qty
    if not price.qty or not ordered:
        return price.unit_price
    exact = price.unit_price / price.basis * price.qty / ordered
    return exact.quantize(PRICE_EXPONENT).normalize()


def shipped_of(shipment: Shipment, work: OrderWork) -> Shipped:
    """What left the house with a shipment, by order line."""
    units: dict[int, Decimal] = {}
    for line in shipment.lines:
        if line.qty_shipped:
            units[line.order_line_no] = units.get(line.order_line_no, Decimal(0)) + line.qty_shipped
    assert shipment.shipped_at is not None
    return Shipped(
        shipment.number,
        shipment.shipped_at,
        tuple((line_no, in_line_unit(work.line(line_no), qty)) for line_no, qty in sorted(units.items())),
        tracking=shipment.tracking or "",
        ship_to=shipment.ship_to,
        site=shipment.site or "",
        cartons=_cartons(shipment, work),
    )


def _cartons(shipment: Shipment, work: OrderWork) -> tuple[tuple[str, dict[int, Decimal]], ...]:
    """The cartons a warehouse named in its answer (`fulfilment.model.Carton`), by lines of the order."""
    of_line = {line.line_no: line.order_line_no for line in shipment.lines}
    cartons: list[tuple[str, dict[int, Decimal]]] = []
    for carton in (shipment.answer or {}).get("cartons", ()):
        inside: dict[int, Decimal] = {}
        for one in carton["lines"]:
            line = work.line(of_line[one["line"]])
            inside[line.line.line_no] = inside.get(line.line.line_no, Decimal(0)) + in_line_unit(
                line, Decimal(one["qty"])
            )
        cartons.append((carton["sscc"], inside))
    return tuple(cartons)


def issued_of(
    item: OpenItem, lines: Iterable[InvoicedLine], taxes: Iterable[TaxGroup], work: OrderWork, *, shipment: str = ""
) -> Issued:
    """An invoice with its lines by order line; pieces of one line are one line of it."""
    goods: dict[int, list[InvoicedLine]] = {}
    rest: list[Billed] = []
    for one in lines:
        if one.line.order_line_no is None:
            rest.append(Billed(None, one.line.qty, one.line.net, one.line.description or ""))
        else:
            goods.setdefault(one.line.order_line_no, []).append(one)
    billed = [
        Billed(
            line_no,
            in_line_unit(work.line(line_no), sum((one.line.qty for one in several), Decimal(0))),
            sum((one.line.net for one in several), Decimal(0)),
            several[0].line.description or "",
        )
        for line_no, several in sorted(goods.items())
    ]
    return Issued(
        item.number,
        item.issued_at.date(),
        item.due_at.date(),
        item.currency,
        item.total,
        (*billed, *rest),
        tuple((one.category, one.rate, one.tax) for one in taxes),
        shipment,
    )
