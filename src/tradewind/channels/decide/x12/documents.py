"""What X12 sets mean, as values: orders and changes that come in, acknowledgements, and the answers we write.

Codes are those of X12 (element 235 for item ids, 355 for units before a map has translated them, 668 for line answers).
Every number is a Decimal; `*_text` is the number as the document wrote it.
"""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from tradewind.channels.decide.x12.model import Fault

Ids = tuple[tuple[str, str], ...]  # (qualifier of element 235, value) in the order of the document


@dataclass(frozen=True, slots=True)
class Reference:
    """REF or N9."""

    qualifier: str
    value: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Dated:
    """DTM, or the dates of a SCH. `date` is None where it could not be read; `text` is as written."""

    qualifier: str
    date: datetime.date | None
    time: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """PER: its function, a name, and (qualifier, number) such as ("TE", "8015551234")."""

    function: str
    name: str = ""
    numbers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """N1 with its N2, N3, N4, REF and PER. `code` is ST, BT, BY, SF …; `id` is N104 by `id_qualifier` N103."""

    code: str
    name: str = ""
    id_qualifier: str = ""
    id: str = ""
    more_names: tuple[str, ...] = ()
    street: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Charge:
    """SAC: `indicator` A (allowance), C (charge) or N (neither); `amount` in the currency, always positive as X12 has it."""

    indicator: str
    code: str = ""
    amount: Decimal | None = None
    percent: Decimal | None = None
    rate: Decimal | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """SCH: so many at such dates, at a place (the N1 code and name inside SCH) if it says one."""

    qty: Decimal
    uom: str
    dates: tuple[Dated, ...] = ()
    party_code: str = ""
    party_name: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """One pair of an SDQ: so many for that location. `qualifier` says whose number `location` is (92: the buyer's)."""

    qualifier: str
    location: str
    qty: Decimal
    uom: str


@dataclass(frozen=True, slots=True)
class PoLine:
    """PO1 or POC with its loop. `line_no` is as written ("" if none); `segment_no` counts in the set, ST being 1.

    Of a 850 `action` is "". Of a 860: AI add, CA change, CT quantity of date, DI delete, PC price, PQ price and quantity,
    QD quantity down, QI quantity up, RQ reschedule and quantity, RS reschedule … ; `qty` is the quantity ordered now and
    `left_to_receive` POC04.
    """

    line_no: str
    qty: Decimal | None
    uom: str
    price: Decimal | None
    ids: Ids = ()
    price_basis: str = ""
    description: str = ""
    action: str = ""
    left_to_receive: Decimal | None = None
    qty_text: str | None = None
    price_text: str | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[Dated, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    destinations: tuple[Destination, ...] = ()
    charges: tuple[Charge, ...] = ()
    parties: tuple[Party, ...] = ()
    notes: tuple[str, ...] = ()
    segment_no: int = 0


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """850 (or 875), or 860: `type` says which. `purpose`: 00 original, 01 cancel, 04 change, 05 replace, 06 confirm …"""

    type: str
    number: str
    purpose: str = "00"
    kind: str = ""
    release: str = ""
    change_no: str = ""
    date: datetime.date | None = None
    change_date: datetime.date | None = None
    contract: str = ""
    currency: str | None = None
    references: tuple[Reference, ...] = ()
    parties: tuple[Party, ...] = ()
    dates: tuple[Dated, ...] = ()
    charges: tuple[Charge, ...] = ()
    amounts: tuple[tuple[str, Decimal], ...] = ()
    total_text: str | None = None
    terms: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[PoLine, ...] = ()
    faults: tuple[Fault, ...] = field(default=(), compare=False)
    routing: str = ""

    def party(self, *codes: str) -> Party | None:
        """The first party of the first of these codes that there is."""
        return next((party for code in codes for party in self.parties if party.code == code), None)


# ---- acknowledgements (997, 999) ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ElementError:
    """AK4 (IK4): `code` as AK403."""

    position: str
    code: str
    reference: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class SegmentError:
    """AK3 (IK3): the segment at `position` (ST being 1); `code` as AK304."""

    segment_id: str
    position: int
    code: str = ""
    loop: str = ""
    elements: tuple[ElementError, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAcknowledgement:
    """AK2 … AK5: `code` A accepted, E accepted with errors noted, R rejected, M/W/X (security); `reasons` as AK502-06."""

    type: str
    control: str
    code: str
    reasons: tuple[str, ...] = ()
    errors: tuple[SegmentError, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupAcknowledgement:
    """AK1 … AK9. `code`: A, E, P (partly), R; `reasons` as AK905-09."""

    functional_id: str
    control: str
    code: str
    sets: tuple[SetAcknowledgement, ...] = ()
    included: int = 0
    received: int = 0
    accepted: int = 0
    reasons: tuple[str, ...] = ()
    version: str = ""
    faults: tuple[Fault, ...] = field(default=(), compare=False)


# ---- what we write -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """ACK: `code` IA accepted, IQ accepted with quantity changed, IP price changed, IB backordered, BP accepted in part with
    the balance backordered, IS substitution, DR date rescheduled, IR rejected, IH on hold, ID deleted …

    `date_qualifier` is element 374 (068 scheduled to ship, 067 scheduled to deliver); `ids` are those of what is supplied.
    """

    code: str
    qty: Decimal | None = None
    uom: str = ""
    date_qualifier: str = ""
    date: datetime.date | None = None
    ids: Ids = ()


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """A line of 855 or 865: the line as the buyer numbers it, with our answers. In a 865 `action` and `left_to_receive`
    are those of POC; `reason` is written for people, as the description of a REF*ZZ."""

    line_no: str
    qty: Decimal | None
    uom: str
    price: Decimal | None = None
    ids: Ids = ()
    description: str = ""
    answers: tuple[LineAnswer, ...] = ()
    action: str = ""
    left_to_receive: Decimal | None = None
    references: tuple[Reference, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """855 or 865. `code` is BAK02/BCA02: AC with detail and change, AD with detail no change, AK no detail, RD rejected with
    detail, RJ rejected no detail, AT accepted, HD on hold … `our_number` goes to BAK08 or BCA09."""

    buyer_po: str
    code: str
    answered_on: datetime.date
    lines: tuple[AnswerLine, ...] = ()
    purpose: str = "00"
    release: str = ""
    change_no: str = ""
    po_date: datetime.date | None = None
    our_number: str = ""
    currency: str = ""
    total: Decimal | None = None
    references: tuple[Reference, ...] = ()
    dates: tuple[tuple[str, datetime.date], ...] = ()
    parties: tuple[Party, ...] = ()
    charges: tuple[Charge, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeItem:
    """What is in a pack (or loose in an order): LIN, SN1, PO4, PID."""

    line_no: str
    qty: Decimal
    uom: str
    ids: Ids = ()
    ordered: Decimal | None = None
    shipped_to_date: Decimal | None = None
    description: str = ""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticePack:
    """A carton (`level` P) or a pallet (`level` T): its SSCC in MAN*GM, what is in it."""

    sscc: str = ""
    level: str = "P"
    items: tuple[NoticeItem, ...] = ()
    packs: tuple["NoticePack", ...] = ()
    tracking: str = ""


@dataclass(frozen=True, slots=True)
class NoticeOrder:
    """An order in a shipment: PRF, then packs and loose items."""

    buyer_po: str
    packs: tuple[NoticePack, ...] = ()
    items: tuple[NoticeItem, ...] = ()
    release: str = ""
    po_date: datetime.date | None = None
    our_number: str = ""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class ShipNotice:
    """856: BSN, HL*S, then orders, packs and items. `structure` is BSN05 (0001: shipment, order, packaging, item); `method` is
    TD504 (M motor, A air …)."""

    number: str
    date: datetime.date
    time: str
    orders: tuple[NoticeOrder, ...] = ()
    purpose: str = "00"
    structure: str = "0001"
    scac: str = ""
    carrier: str = ""
    carrier_reference: str = ""
    bill_of_lading: str = ""
    package_code: str = "CTN25"
    packages: int | None = None
    weight: Decimal | None = None
    weight_uom: str = "LB"
    dates: tuple[tuple[str, datetime.date], ...] = ()
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True)
class Tax:
    """TXI: `code` ST state sales, LS state and local, VA value added, GS goods and services …; `percent` as a percentage."""

    code: str
    amount: Decimal
    percent: Decimal | None = None
    jurisdiction_qualifier: str = ""
    jurisdiction: str = ""
    exempt: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """IT1 with PID, TXI and SAC."""

    line_no: str
    qty: Decimal
    uom: str
    price: Decimal
    ids: Ids = ()
    description: str = ""
    taxes: tuple[Tax, ...] = ()
    charges: tuple[Charge, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """810: `kind` is BIG07 (DI debit invoice, CR credit memo …); `total` the amount due, exact in cents (TDS01)."""

    number: str
    date: datetime.date
    total: Decimal
    buyer_po: str = ""
    po_date: datetime.date | None = None
    release: str = ""
    kind: str = ""
    currency: str = ""
    lines: tuple[InvoiceLine, ...] = ()
    taxes: tuple[Tax, ...] = ()
    charges: tuple[Charge, ...] = ()
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    dates: tuple[tuple[str, datetime.date], ...] = ()
    due_on: datetime.date | None = None
    net_days: int | None = None
    discount_percent: Decimal | None = None
    discount_days: int | None = None
    terms: str = ""
    scac: str = ""
    carrier: str = ""
