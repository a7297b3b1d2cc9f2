"""The 810: an invoice that was issued, in the buyer's words and to the cent."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tradewind.channels.decide.partners.answer import sent_ids, unit_of
from tradewind.channels.decide.partners.model import OrderStanding
from tradewind.channels.decide.partners.notice import ship_to_party
from tradewind.channels.decide.partners.said import Said
from tradewind.channels.decide.x12.documents import Charge, InvoiceDocument, InvoiceLine, Reference, Tax
from tradewind.kernel.money import round_places

CENTS = 2
LEAST_TAX = Decimal(0)


@dataclass(frozen=True, slots=True)
class Billed:
    """A posted line: an order line with its units in that line's unit, or a charge (`order_line_no` None)."""

    order_line_no: int | None
    qty: Decimal
    net: Decimal
    description: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """An invoice as it was posted. Amounts in the currency."""

    number: str
    issued_on: date
    due_on: date
    currency: str
    total: Decimal
    lines: tuple[Billed, ...]
    taxes: tuple[tuple[str, Decimal, Decimal], ...] = ()  # (category, percent, amount)
    shipment: str = ""


def invoice_document(order: OrderStanding, said: Said, issued: Issued) -> InvoiceDocument:
    """The invoice of one shipment. What a line's net differs from units times price is an allowance or charge of that line,
    so that the parts sum to the total whatever the price was made of."""
    lines: list[InvoiceLine] = []
    charges: list[Charge] = []
    for one in issued.lines:
        if one.order_line_no is None:
            charges.append(_charge(one.net, one.description))
        else:
            lines.append(_line(order, said, one, len(lines) + 1))
    return InvoiceDocument(
        number=issued.number,
        date=issued.issued_on,
        total=issued.total,
        buyer_po=order.buyer_po,
        po_date=said.po_date,
        release=order.release,
        kind="DI",
        currency=issued.currency,
        lines=tuple(lines),
        taxes=tuple(Tax(_tax_code(category), amount, percent) for category, percent, amount in issued.taxes if amount),
        charges=tuple(charges),
        parties=ship_to_party(order.ship_to),
        references=_references(order, issued),
        due_on=issued.due_on,
        net_days=(issued.due_on - issued.issued_on).days,
    )


def _line(order: OrderStanding, said: Said, billed: Billed, place: int) -> InvoiceLine:
    assert billed.order_line_no is not None
    ours, theirs = order.line(billed.order_line_no), said.line(order.counted_in(billed.order_line_no))
    price = (ours.price if ours is not None else None) or Decimal(0)
    difference = billed.net - round_places(billed.qty * price, CENTS)
    return InvoiceLine(
        line_no=theirs.line_no if theirs is not None else str(billed.order_line_no or place),
        qty=billed.qty,
        uom=unit_of(ours, theirs) if ours is not None else theirs.uom if theirs is not None else "EA",
        price=price,
        ids=sent_ids(ours, theirs),
        description=billed.description,
        charges=(_charge(difference, "Price adjustment"),) if difference else (),
    )


def _charge(amount: Decimal, description: str) -> Charge:
    """SAC counts allowances and charges as positive amounts; D240 is freight, F050 other."""
    code = "D240" if "freight" in description.lower() else "F050" if amount < 0 else "G740"
    return Charge("A" if amount < 0 else "C", code, abs(amount), description=description)


def _tax_code(category: str) -> str:
    """VAT of the European kind, else a sales tax."""
    return "VA" if category in ("S", "AA", "H") else "ST"


def _references(order: OrderStanding, issued: Issued) -> tuple[Reference, ...]:
    own = (Reference("VN", order.number),)
    return (*own, Reference("SI", issued.shipment)) if issued.shipment else own
