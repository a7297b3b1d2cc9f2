"""Any set at a glance: type, number, purchase order, total and lines, as `tradewind read` prints them.

Numbers are texts as the document writes them; only totals with implied cents (TDS) get their point.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import BinaryIO

from tradewind.channels.decide.reading import FileReading, ReadDocument, ReadFinding, ReadLine
from tradewind.channels.decide.x12.acknowledge import read_acknowledgement
from tradewind.channels.decide.x12.documents import Ids, PoLine
from tradewind.channels.decide.x12.drafts import item_of
from tradewind.channels.decide.x12.elements import at, cents, ids, number
from tradewind.channels.decide.x12.kinds import kind_of
from tradewind.channels.decide.x12.model import (
    Envelope,
    Fault,
    GroupEnd,
    InterchangeEnd,
    Segment,
    Severity,
    TransactionSet,
)
from tradewind.channels.decide.x12.orders import purchase_order
from tradewind.channels.decide.x12.read import walk
from tradewind.kernel.money import plain

DOCUMENTS, FINDINGS, LINES, FAULTS = 100_000, 1_000, 1_000_000, 100
SHOWN_LINES = 20_000  # of one set
ORDERS, ACKNOWLEDGEMENTS = frozenset(("850", "860", "875")), frozenset(("997", "999"))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a segment that begins a line keeps what; 0: not in this segment."""

    line: int
    qty: int
    uom: int
    price: int
    ids: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a type of set keeps its number, the buyer's order number, and its lines: (segment, element)."""

    number: tuple[tuple[str, int], ...] = ()
    buyer_po: tuple[str, int] = ("", 0)
    line: str = ""
    total: tuple[str, int] = ("", 0)


PO1 = _Columns(1, 2, 3, 4, 6)
COLUMNS: Mapping[str, _Columns] = MappingProxyType(
    {
        "PO1": PO1, "IT1": PO1, "POC": _Columns(1, 3, 5, 6, 8), "LIN": _Columns(1, 0, 0, 0, 2), "G68": _Columns(0, 1, 2, 3, 5),
        "W01": _Columns(0, 1, 2, 0, 4), "BLI": _Columns(0, 3, 4, 6, 1),
    }
)  # fmt: skip
LAYOUTS: Mapping[str, _Layout] = MappingProxyType(
    {
        "180": _Layout((("BGN", 2),), ("PRF", 1), "BLI"),
        "810": _Layout((("BIG", 2),), ("BIG", 4), "IT1"),
        "820": _Layout((("TRN", 2),), ("", 0), "", ("BPR", 2)),
        "832": _Layout((("BCT", 2),), ("", 0), "LIN"),
        "846": _Layout((("BIA", 3),), ("", 0), "LIN"),
        "850": _Layout((("BEG", 3),), ("BEG", 3), "PO1"),
        "852": _Layout((("XQ", 4),), ("XPO", 1), "LIN"),
        "855": _Layout((("BAK", 8), ("BAK", 3)), ("BAK", 3), "PO1"),
        "856": _Layout((("BSN", 2),), ("PRF", 1), "LIN"),
        "860": _Layout((("BCH", 3),), ("BCH", 3), "POC"),
        "865": _Layout((("BCA", 9), ("BCA", 3)), ("BCA", 3), "POC"),
        "875": _Layout((("G50", 3),), ("G50", 3), "G68"),
        "940": _Layout((("W05", 2),), ("W05", 3), "W01"),
        "997": _Layout((("AK1", 2),)),
        "999": _Layout((("AK1", 2),)),
    }
)
# What follows a line's own segment and says more of it: element places of quantity, unit, price.
FOLLOWERS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {"SN1": (2, 3, 0), "QTY": (2, 3, 0), "UIT": (0, 1, 0), "CTP": (0, 0, 3)}
)


def read_x12(source: bytes | BinaryIO) -> FileReading:
    """All documents of a file and everything that is wrong with it."""
    documents: list[ReadDocument] = []
    findings: list[ReadFinding] = []
    left_out = 0
    worst: Severity = "warning"
    lines = 0
    for step in walk(source):
        faults: tuple[Fault, ...] = ()
        if isinstance(step, TransactionSet):
            faults = (*step.faults, *content_faults(step))
            document = glance(step)
            lines += len(document.lines)
            if len(document.lines) == SHOWN_LINES:
                faults += (Fault("channels.too_long", "error", f"More than {SHOWN_LINES} lines of a set are not shown.",
                                 f"set {step.control}"),)  # fmt: skip
            documents.append(document)
        elif isinstance(step, GroupEnd | InterchangeEnd):
            faults = step.faults
        elif isinstance(step, Fault):
            faults = (step,)
        elif isinstance(step, Envelope) and step.is_test:
            findings.append(ReadFinding("channels.test_indicator", "info", f"interchange {step.control}",
                                        "The sender marks this as a test (ISA15)."))  # fmt: skip
        shown = faults[: FINDINGS - len(findings)]
        findings += (ReadFinding(one.code, one.severity, one.where, one.message) for one in shown)
        left_out += len(faults) - len(shown)
        if any(one.severity == "error" for one in faults[len(shown) :]):
            worst = "error"
        if len(documents) > DOCUMENTS or lines > LINES:
            findings.append(ReadFinding("channels.too_long", "error", "", "There is more in this file than is shown."))
            break
    if left_out:
        message = f"{left_out} more findings are not shown."
        findings.append(ReadFinding("channels.too_many_findings", worst, "", message))
    return FileReading("x12", tuple(documents), tuple(findings))


def content_faults(given: TransactionSet) -> tuple[Fault, ...]:
    """What is wrong with the content of a set we know how to check."""
    if given.type in ORDERS:
        return purchase_order(given).faults
    if given.type in ACKNOWLEDGEMENTS:
        return read_acknowledgement(given).faults
    return tuple(islice(_unreadable(given), FAULTS))


def _unreadable(given: TransactionSet) -> Iterator[Fault]:
    """Quantities, prices and totals that are no numbers, in sets that are only glanced at."""
    document = glance(given)
    for index, line in enumerate(document.lines, 1):
        for code, text in (("channels.quantity_unreadable", line.qty), ("channels.price_unreadable", line.price)):
            if text is not None and number(text) is None:
                yield Fault(
                    code,
                    "error",
                    f"{text!r} is no number.",
                    f"set {given.control}, line {line.line or index}",
                    "set",
                    "5",
                )
    if document.total is not None and number(document.total) is None:
        message = f"{document.total!r} is no amount."
        yield Fault("channels.amount_unreadable", "error", message, f"set {given.control}", "set", "5")


def glance(given: TransactionSet) -> ReadDocument:
    """The set as a document. Types we do not know show the lines of the first line segment they have."""
    layout = LAYOUTS.get(given.type, _Layout())
    first: dict[str, Segment] = {}
    for segment in given.segments:
        first.setdefault(segment[0], segment)
    line_name = layout.line or next((name for name in COLUMNS if name in first), "")
    if given.type in ("820", *ACKNOWLEDGEMENTS):
        line_name = ""

    def value(place: tuple[str, int]) -> str | None:
        return at(first.get(place[0], ()), place[1]) or None

    own_number = next((found for place in layout.number if (found := value(place))), None)
    currency = at(first.get("CUR", ()), 2) or None
    return ReadDocument(
        kind_of(given.type), given.type, own_number, value(layout.buyer_po), currency, _total(given, first, value(layout.total)),
        tuple(islice(_lines(given, line_name), SHOWN_LINES)) if line_name else (),
    )  # fmt: skip


def _total(given: TransactionSet, first: Mapping[str, Segment], stated: str | None) -> str | None:
    if "TDS" in first:
        amount = cents(at(first["TDS"], 1))
        return None if amount is None else format(amount, "f") if amount % 1 else plain(amount)
    if stated is None and "AMT" in first:
        return next((at(one, 2) or None for one in given.segments if one[0] == "AMT" and at(one, 1) == "TT"), None)
    return stated


def _lines(given: TransactionSet, name: str) -> Iterator[ReadLine]:
    columns = COLUMNS[name]
    head: Segment = ()
    more: list[str] = ["", "", ""]
    label = own = ""
    for segment in given.segments:
        if segment[0] == name:
            if head:
                yield _line(given, head, columns, more, own)
            head, more, own, label = segment, ["", "", ""], label, ""
        elif segment[0] == "LX":
            label = at(segment, 1)
        elif head and (places := FOLLOWERS.get(segment[0])):
            for index, place in enumerate(places):
                more[index] = more[index] or (at(segment, place) if place else "")
    if head:
        yield _line(given, head, columns, more, own)


def _line(given: TransactionSet, head: Segment, columns: _Columns, more: list[str], label: str) -> ReadLine:
    def value(place: int, other: str) -> str | None:
        return (at(head, place) if place else "") or other or None

    found = ids(head, columns.ids) if head[0] != "BLI" else ids(head[:3], 1)
    if head[0] in ("G68", "W01") and (case := at(head, columns.ids - 1)):
        found = (("UA", case), *found)
    uom = value(columns.uom, more[1])
    if uom and given.component and given.component in uom:
        uom = uom.partition(given.component)[0]
    sku = item_of(PoLine("", None, "", None, found))
    return ReadLine(value(columns.line, label), sku or None, _first_of_each(found),
                    value(columns.qty, more[0]), uom, value(columns.price, more[2]))  # fmt: skip


def _first_of_each(found: Ids) -> dict[str, str]:
    made: dict[str, str] = {}
    for qualifier, value in found:
        made.setdefault(qualifier, value)
    return made
