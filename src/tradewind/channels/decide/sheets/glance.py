"""What `tradewind read` says of an order file: its orders as they are written, and every row that cannot be read."""

from typing import BinaryIO

from tradewind.channels.decide.reading import FileReading, ReadDocument, ReadFinding, ReadLine
from tradewind.channels.decide.sheets.drafts import SheetOrder, orders_of
from tradewind.channels.decide.sheets.read import SheetFile, read_sheet
from tradewind.kernel.problem import Problem, Refused
from tradewind.semantics.decide.rows.csv_rows import DELIMITERS

_KINDS = ("customer_item", "gtin", "manufacturer_item")
_OTHERS = (b"<", b"{", b"[", b"UNA", b"UNB", b"%PDF", b"From ", b"\x89PNG", b"\x1f\x8b")


def is_workbook(head: bytes, _name: str) -> bool:
    """A ZIP archive; what is in it is seen when it is opened."""
    return head.startswith(b"PK\x03\x04")


def is_separated(head: bytes, _name: str) -> bool:
    """Text with one of the delimiters in it; it comes last, when nothing else recognised the file."""
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        bare = head.replace(b"\x00", b"")
    return not bare.startswith(_OTHERS) and any(sign.encode() in bare for sign in DELIMITERS)


def read_order_file(source: BinaryIO) -> FileReading:
    """An order file without anything remembered of its columns. Never raises for what the file says."""
    data = source.read()
    kind = "xlsx" if is_workbook(data[:4], "") else "csv"
    try:
        file = read_sheet(data)
    except Refused as refused:
        return FileReading(kind, (), tuple(_wrong(problem) for problem in refused.problems))
    orders = orders_of(file.rows, account="", channel=kind, findings=file.findings)
    findings = [_wrong(problem) for bad in file.bad for problem in bad.problems]
    findings += [_wrong(problem) for problem in file.unsure]
    findings += [
        ReadFinding(one.code, "error" if one.severity == "error" else "warning" if one.severity == "warning" else "info",
                    one.where, one.message)
        for one in file.findings
    ]  # fmt: skip
    return FileReading(file.format, tuple(_document(file, order) for order in orders), tuple(findings))


def _wrong(problem: Problem) -> ReadFinding:
    return ReadFinding(problem.code, "error", problem.where, problem.message)


def _document(file: SheetFile, order: SheetOrder) -> ReadDocument:
    lines = [_line(file, row, line_no=line.line_no) for row, line in zip(order.rows, order.draft.lines, strict=True)]
    return ReadDocument("order", file.format, buyer_po=order.draft.buyer_po, lines=tuple(lines))


def _line(file: SheetFile, row: int, *, line_no: int) -> ReadLine:
    ids = {name: number for name in _KINDS if (number := file.as_written(row, name))}
    return ReadLine(
        str(line_no), file.as_written(row, "sku") or file.as_written(row, "item"), ids, file.as_written(row, "qty"),
        file.as_written(row, "uom"), file.as_written(row, "unit_price"),
    )  # fmt: skip
