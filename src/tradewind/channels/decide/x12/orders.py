"""850, 860 and 875 as purchase orders, and what does not add up in them.

Nothing is dropped: a segment that is not understood stays in the set.
"""

from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from tradewind.channels.decide.x12.documents import PurchaseOrder
from tradewind.channels.decide.x12.elements import at, day, number
from tradewind.channels.decide.x12.loops import Loops, read_loops
from tradewind.channels.decide.x12.maps import DEFAULT, PartnerMap
from tradewind.channels.decide.x12.model import TransactionSet

Intent = Literal["original", "cancel", "change", "replace", "confirm", "copy", "other"]

# Element 353. A confirmation or a copy is of an order that was given already: it never makes a second one.
INTENTS = MappingProxyType(
    {"": "original", "00": "original", "01": "cancel", "02": "change", "03": "change", "04": "change", "05": "replace",
     "06": "confirm", "07": "copy", "18": "replace", "22": "copy", "26": "replace"}
)  # fmt: skip
LINE_SUM_SLACK = Decimal("0.01")


def purchase_order(given: TransactionSet, map_: PartnerMap = DEFAULT) -> PurchaseOrder:
    """What an 850 (or an 875) orders. Its faults say what is missing, unreadable, or does not add up; those of the set
    itself stay with the set."""
    return _checked(read_loops(given), map_)


def order_change(given: TransactionSet, map_: PartnerMap = DEFAULT) -> PurchaseOrder:
    """What an 860 asks for: lines with their `action`. The same faults as of an order."""
    return _checked(read_loops(given), map_)


def intent(order: PurchaseOrder) -> Intent:
    """What the sender wants by it, from the purpose (BEG01, BCH01); an 860 without a word is a change."""
    found = INTENTS.get(order.purpose, "other")
    return "change" if order.type == "860" and found == "original" else found  # type: ignore[return-value]


def _checked(loops: Loops, map_: PartnerMap) -> PurchaseOrder:
    """The order of a loops that has seen everything, with what does not add up."""
    head, type_ = loops.header, loops.given.type
    wanted = {"860": "BCH", "875": "G50"}.get(type_, "BEG")
    if not head:
        loops.at = 1
        loops.fault("channels.segment_missing", f"{wanted} is missing.", ack="3", segment_no=2, name=wanted)
    loops.at = 2
    number_at = 3
    if head and not at(head, number_at):
        loops.fault("channels.po_number_missing", "The purchase order has no number.", element=number_at, ack="1",
                     name=wanted)  # fmt: skip
    purpose = {"N": "00", "X": "01", "C": "04", "R": "05"}.get(at(head, 1), "") if type_ == "875" else at(head, 1)
    if head and purpose not in INTENTS:
        loops.fault("channels.purpose_unknown", f"{at(head, 1)!r} is no purpose we know.", element=1, ack="7",
                     value=at(head, 1), severity="warning", name=wanted)  # fmt: skip
    _check_sums(loops, purpose)
    lines_currency = next(iter(loops.line_currencies)) if len(loops.line_currencies) == 1 else ""
    release, change_no = ("", "") if type_ == "875" else (at(head, 4), at(head, 5) if type_ == "860" else "")
    po_date = {"860": at(head, 6), "875": at(head, 2)}.get(type_, at(head, 5))
    change_date = at(head, 11) or at(head, 10) if type_ == "860" else ""
    for place, text in ((6 if type_ == "860" else 5, po_date), (11, change_date)):
        if text and day(text) is None:
            loops.fault("channels.date_unreadable", f"{text!r} is no date.", element=place, ack="8", value=text,
                         severity="warning", segment_no=2, name=wanted)  # fmt: skip
    return PurchaseOrder(
        type_, at(head, number_at), purpose, "" if type_ == "875" else at(head, 2), release, change_no, day(po_date),
        day(change_date), at(head, 8 if type_ == "860" else 6) if type_ != "875" else "",
        loops.currency or lines_currency or map_.currency, tuple(loops.references), tuple(loops.parties),
        tuple(loops.dates), tuple(loops.charges), tuple(loops.amounts), loops.total_text, loops.terms,
        tuple(loops.notes), tuple(loops.lines), tuple(loops.faults), loops.routing,
    )  # fmt: skip


def _check_sums(loops: Loops, purpose: str) -> None:
    """Lines against their count and hash total, and against the total the order states."""
    lines, totals, segments = loops.lines, loops.totals, loops.given.segments
    if not lines and purpose != "01" and loops.given.type != "860":
        loops.fault("channels.no_lines", "The order has no line.", ack="3", segment_no=len(segments) + 1, name="PO1")
    if totals and totals[0] == "CTT":
        loops.at = next(place for place, one in enumerate(segments, 2) if one is totals)
        said, hashed = at(totals, 1), at(totals, 2)
        if said and number(said) != len(lines):
            loops.fault("channels.line_count_differs", f"CTT says {said} lines, the order has {len(lines)}.", element=1,
                         ack="7", value=said)  # fmt: skip
        summed = sum((line.qty for line in lines if line.qty is not None), Decimal(0))
        if hashed and number(hashed) != summed and all(line.qty is not None or not line.qty_text for line in lines):
            loops.fault("channels.hash_total_differs", f"CTT says {hashed}, the quantities sum to {summed}.", element=2,
                         ack="7", value=hashed, severity="warning")  # fmt: skip
    stated = next((amount for code, amount in loops.amounts if code == "TT"), None)
    if stated is None or not lines or any(line.qty is None or line.price is None for line in lines):
        return
    summed = sum(
        (line.qty * line.price for line in lines if line.qty is not None and line.price is not None), Decimal(0)
    )
    if abs(summed - stated) > LINE_SUM_SLACK and not loops.charges and not any(line.charges for line in lines):
        loops.at = 2
        loops.fault("channels.total_differs", f"The order says {stated}, its lines sum to {summed}.", severity="warning",
                     segment_no=len(segments) + 1, name="AMT")  # fmt: skip
