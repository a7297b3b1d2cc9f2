"""The loops of a purchase order: each segment belongs to the innermost thing that is open.

A party (N1), a schedule, a line (PO1, POC, G68), else the header. `read_loops` goes through a set once; what is not
understood stays in the set.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from tradewind.channels.decide.x12.documents import (
    Charge,
    Contact,
    Dated,
    Destination,
    Ids,
    Party,
    PoLine,
    Reference,
    Schedule,
)
from tradewind.channels.decide.x12.elements import at, charge, contact, dated, day, ids, number, reference
from tradewind.channels.decide.x12.model import Fault, Segment, Severity, TransactionSet
from tradewind.kernel.limits import ORDER_LINES

ADDING = frozenset(("AI",))
PARTY_INSIDE = frozenset(("N2", "N3", "N4", "NX2", "REF", "PER", "SI", "FOB", "TD1", "TD3", "TD4", "TD5", "PKG"))
LINES, SEGMENTS, DESTINATIONS, FAULTS = ORDER_LINES, 100_000, 50_000, 1_000  # of one order
QTY_AT, PRICE_AT = {"PO1": 2, "POC": 3, "G68": 1}, {"PO1": 4, "POC": 6, "G68": 3}


@dataclass(slots=True)
class _Line:
    """A line that is still being read."""

    line_no: str
    qty: str
    uom: str
    price: str
    basis: str
    ids: Ids
    segment_no: int
    name: str
    action: str = ""
    left: str = ""
    descriptions: list[str] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    dates: list[Dated] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    destinations: list[Destination] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Party:
    """A party that is still being read."""

    segment: Segment
    names: list[str] = field(default_factory=list)
    street: list[str] = field(default_factory=list)
    place: Segment = ()
    references: list[Reference] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)


@dataclass(slots=True)
class Loops:
    """Goes through the segments of one set once. `line` and `party` are what is open."""

    given: TransactionSet
    header: Segment = ()
    at: int = 1
    line: _Line | None = None
    party: _Party | None = None
    currency: str = ""
    line_currencies: set[str] = field(default_factory=set)
    references: list[Reference] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    dates: list[Dated] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    amounts: list[tuple[str, Decimal]] = field(default_factory=list)
    total_text: str | None = None
    totals: Segment = ()
    terms: tuple[str, ...] = ()
    destinations: int = 0
    routing: str = ""
    notes: list[str] = field(default_factory=list)
    lines: list[PoLine] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(
        self, code: str, message: str, *, element: int = 0, ack: str = "", value: str = "",
        severity: Severity = "error", segment_no: int = 0, name: str = "",
    ) -> None:  # fmt: skip
        """A fault at the segment at hand, or at the one that is named."""
        segment_no, name = segment_no or self.at, name or self.given.segments[self.at - 2][0]
        where = f"set {self.given.control}, segment {segment_no} ({name})" + (f", element {element}" if element else "")
        level: Literal["element", "segment"] = "element" if element else "segment"
        if len(self.faults) < FAULTS:
            self.faults.append(Fault(code, severity, message, where, level, ack, segment_no, name, element, value))

    def close_party(self) -> None:
        party, self.party = self.party, None
        if party is None:
            return
        n1, n4 = party.segment, party.place
        made = Party(
            at(n1, 1), at(n1, 2), at(n1, 3), at(n1, 4), tuple(party.names), tuple(party.street),
            at(n4, 1), at(n4, 2), at(n4, 3), at(n4, 4), tuple(party.references), tuple(party.contacts),
        )  # fmt: skip
        (self.parties if self.line is None else self.line.parties).append(made)

    def close_line(self) -> None:
        line, self.line = self.line, None
        if line is None:
            return
        qty = self.quantity(line)
        price = number(line.price) if line.price else None
        if line.price and (price is None or price < 0):
            self.fault("channels.price_unreadable", f"{line.price!r} is no price.", element=PRICE_AT[line.name],
                       ack="6", value=line.price, segment_no=line.segment_no, name=line.name)  # fmt: skip
            price = None
        if not line.ids and line.action in ("", *ADDING):
            self.fault("channels.item_missing", f"Line {line.line_no or len(self.lines) + 1} names no item.", ack="8",
                       severity="warning", segment_no=line.segment_no, name=line.name)  # fmt: skip
        if qty is not None and (line.destinations or line.schedules):
            split = sum((one.qty for one in line.destinations or line.schedules), Decimal(0))
            if split != qty:
                self.fault("channels.schedule_differs", f"Schedules of line {line.line_no} say {split}, the line {qty}.",
                           severity="warning", segment_no=line.segment_no, name=line.name)  # fmt: skip
        self.lines.append(
            PoLine(
                line.line_no, qty, line.uom, price, line.ids, line.basis, "\n".join(line.descriptions), line.action,
                number(line.left) if line.left else None, line.qty or None, line.price or None, tuple(line.references),
                tuple(line.dates), tuple(line.schedules), tuple(line.destinations), tuple(line.charges),
                tuple(line.parties), tuple(line.notes), line.segment_no,
            )
        )  # fmt: skip

    def quantity(self, line: _Line) -> Decimal | None:
        """Of a line; a fault where an ordered quantity is missing, no number, or not above zero."""
        found = number(line.qty) if line.qty else None
        is_new = line.action in ("", *ADDING)
        wrong: tuple[str, str, str] | None = None
        if not line.qty:
            wrong = ("channels.quantity_missing", "The line has no quantity.", "1") if is_new else None
        elif found is None:
            wrong = ("channels.quantity_unreadable", f"{line.qty!r} is no quantity.", "6")
        elif found < 0 or (not found and is_new):
            wrong = ("channels.quantity_not_positive", f"{line.qty} cannot be ordered.", "7")
        if wrong is not None:
            self.fault(wrong[0], wrong[1], element=QTY_AT[line.name], ack=wrong[2], value=line.qty, segment_no=line.segment_no,
                       name=line.name)  # fmt: skip
        return found


Taken = Callable[[Loops, Segment], None]


def _header(loops: Loops, segment: Segment) -> None:
    if not loops.header:
        loops.header = segment


def _po1(loops: Loops, segment: Segment) -> None:
    loops.close_line()
    loops.line = _Line(at(segment, 1), at(segment, 2), at(segment, 3), at(segment, 4), at(segment, 5), ids(segment, 6),
                        loops.at, "PO1")  # fmt: skip


def _poc(loops: Loops, segment: Segment) -> None:
    loops.close_line()
    unit = at(segment, 5).partition(loops.given.component or "\0")[0]
    loops.line = _Line(at(segment, 1), at(segment, 3), unit, at(segment, 6), at(segment, 7), ids(segment, 8), loops.at,
                        "POC", at(segment, 2), at(segment, 4))  # fmt: skip
    if not loops.line.action:
        loops.fault("channels.action_missing", "POC02, what is to be changed, is missing.", element=2, ack="1")


def _g68(loops: Loops, segment: Segment) -> None:
    """A line of an 875: quantity, unit, list cost, case code, then a qualified number; it has no number of its own."""
    loops.close_line()
    case = at(segment, 4)
    found = ((("UA", case),) if case else ()) + ids(segment, 5)[:1]
    loops.line = _Line(
        str(len(loops.lines) + 1), at(segment, 1), at(segment, 2), at(segment, 3), "", found, loops.at, "G68"
    )


def _n1(loops: Loops, segment: Segment) -> None:
    loops.party = _Party(segment)


def _n2(loops: Loops, segment: Segment) -> None:
    if loops.party is not None:
        loops.party.names += [name.strip() for name in segment[1:] if name.strip()]


def _n3(loops: Loops, segment: Segment) -> None:
    if loops.party is not None:
        loops.party.street += [one.strip() for one in segment[1:] if one.strip()]


def _n4(loops: Loops, segment: Segment) -> None:
    if loops.party is not None:
        loops.party.place = segment


def _ref(loops: Loops, segment: Segment) -> None:
    if loops.party is not None:
        loops.party.references.append(reference(segment))
    else:
        (loops.references if loops.line is None else loops.line.references).append(reference(segment))


def _per(loops: Loops, segment: Segment) -> None:
    if loops.party is not None:
        loops.party.contacts.append(contact(segment))


def _dtm(loops: Loops, segment: Segment) -> None:
    found = dated(segment)
    if found.date is None and found.text:
        loops.fault("channels.date_unreadable", f"{found.text!r} is no date.", element=2, ack="8", value=found.text,
                     severity="warning")  # fmt: skip
    (loops.dates if loops.line is None else loops.line.dates).append(found)


def _pid(loops: Loops, segment: Segment) -> None:
    text = at(segment, 5)
    if loops.line is not None and text:
        loops.line.descriptions.append(text)


def _g69(loops: Loops, segment: Segment) -> None:
    if loops.line is not None:
        loops.line.descriptions.append(at(segment, 1))


def _sch(loops: Loops, segment: Segment) -> None:
    qty = number(at(segment, 1))
    if loops.line is None:
        return
    if qty is None:
        loops.fault("channels.quantity_unreadable", f"{at(segment, 1)!r} is no quantity.", element=1, ack="6")
        return
    dates: list[Dated] = []
    for first in (5, 8):
        if text := at(segment, first + 1):
            dates.append(Dated(at(segment, first), day(text), at(segment, first + 2), text))
            if dates[-1].date is None:
                loops.fault("channels.date_unreadable", f"{text!r} is no date.", element=first + 1, ack="8", value=text,
                             severity="warning")  # fmt: skip
    loops.line.schedules.append(Schedule(qty, at(segment, 2), tuple(dates), at(segment, 3), at(segment, 4)))


def _sdq(loops: Loops, segment: Segment) -> None:
    if loops.line is None:
        return
    loops.destinations += len(segment) // 2
    for place in range(3, len(segment) - 1, 2):
        location, text = at(segment, place), at(segment, place + 1)
        qty = number(text)
        if not location and not text:
            continue
        if not location or qty is None:
            loops.fault("channels.quantity_unreadable", f"{text!r} for {location or 'nowhere'} is no quantity.",
                         element=place + 1, ack="6", value=text)  # fmt: skip
            continue
        loops.line.destinations.append(Destination(at(segment, 2), location, qty, at(segment, 1)))


def _sac(loops: Loops, segment: Segment) -> None:
    (loops.charges if loops.line is None else loops.line.charges).append(charge(segment))


def _cur(loops: Loops, segment: Segment) -> None:
    if loops.line is not None:
        loops.line_currencies.add(at(segment, 2))
    elif not loops.currency:
        loops.currency = at(segment, 2)


def _amt(loops: Loops, segment: Segment) -> None:
    text = at(segment, 2)
    amount = number(text)
    if loops.line is not None:
        return
    if amount is None:
        loops.fault("channels.amount_unreadable", f"{text!r} is no amount.", element=2, ack="6", value=text,
                     severity="warning")  # fmt: skip
        return
    loops.amounts.append((at(segment, 1), amount))
    if at(segment, 1) == "TT":
        loops.total_text = text


def _ctt(loops: Loops, segment: Segment) -> None:
    loops.close_line()
    loops.totals = segment


def _msg(loops: Loops, segment: Segment) -> None:
    (loops.notes if loops.line is None else loops.line.notes).append(at(segment, 1))


def _nte(loops: Loops, segment: Segment) -> None:
    (loops.notes if loops.line is None else loops.line.notes).append(at(segment, 2))


def _itd(loops: Loops, segment: Segment) -> None:
    if loops.line is None and not loops.terms:
        loops.terms = segment[1:]


def _td5(loops: Loops, segment: Segment) -> None:
    if loops.line is None and loops.party is None and not loops.routing:
        loops.routing = at(segment, 5) or at(segment, 3)


TAKEN: MappingProxyType[str, Taken] = MappingProxyType(
    {
        "BEG": _header, "BCH": _header, "G50": _header, "PO1": _po1, "POC": _poc, "G68": _g68, "N1": _n1, "N2": _n2,
        "N3": _n3, "N4": _n4, "REF": _ref, "N9": _ref, "PER": _per, "DTM": _dtm, "G62": _dtm, "PID": _pid, "G69": _g69,
        "SCH": _sch, "SDQ": _sdq, "SAC": _sac, "CUR": _cur, "AMT": _amt, "CTT": _ctt, "G76": _ctt, "MSG": _msg,
        "NTE": _nte, "ITD": _itd, "TD5": _td5,
    }
)  # fmt: skip


def read_loops(given: TransactionSet) -> Loops:
    """All loops of a set, closed."""
    loops = Loops(given)
    take = TAKEN.get
    for segment in given.segments:
        loops.at += 1
        name = segment[0]
        if loops.party is not None and name not in PARTY_INSIDE:
            loops.close_party()
        handler = take(name)
        if handler is not None:
            handler(loops, segment)
            if len(loops.lines) > LINES or loops.at > SEGMENTS or loops.destinations > DESTINATIONS:
                loops.faults.append(
                    Fault("channels.order_too_long", "error", "The order has more lines or places than one may have.",
                          f"set {given.control}, segment {loops.at} ({name})", "segment", "5", loops.at, name)
                )  # fmt: skip
                break
    loops.close_party()
    loops.close_line()
    return loops
