"""Order files that are broken, hostile or just odd: read to an answer, never a crash, a hang or a memory full of it."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook

from fuzzing import fuzz, mutants, seconds_for
from tradewind.channels.decide.formats import read_source
from tradewind.channels.decide.reading import FileReading

COUNT = 20_000
CSV_SEEDS = (
    b"Part;Qty;UoM;PO;Ship to;Date\nCUP;2;EA;P-1;HQ;2026-04-01\nTEA;3;;P-1;;\nCUP;1,5;CS;P-2;S2;31.12.2026\n",
    "Bestellung\n\nArtikel;Menge;Einheit;Preis;Liefertermin\nTäßchen;1.024,00;Stück;2,50;01.04.2026\nSumme;1.024,00;;;\n".encode(
        "cp1252"
    ),
    'Customer part no\tQuantity\tEAN\tNote\nK-1\t12\t4006381333931\t"two\nlines"\n'.encode("utf-16"),
    b'"Item","Qty","Price","Release"\r\n"A ""1""",1,"1,234.50",7\r\n=1+1,2,3,\r\n',
    b"sep=|\nitem|qty\nA|1\n",
)
TOKENS = (
    b";",
    b",",
    b"\t",
    b'"',
    b'""',
    b"\r\n",
    b"Qty",
    b"Menge",
    b"Item",
    b"1.000",
    b"1,000",
    b"31/12/2026",
    b"sep=;",
    b"\xe4",
)


def workbook(*lines: tuple[object, ...]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data: bytes) -> FileReading:
    return read_source(io.BytesIO(data), name="order.csv", size=len(data))


def test_twenty_thousand_broken_csv_files_are_read_to_an_answer() -> None:
    outcome = fuzz(read, mutants(CSV_SEEDS, COUNT, seed=1, tokens=TOKENS))

    assert outcome.read == COUNT
    assert outcome.ok, outcome


# ---- workbooks: the archive itself, and what is in it -------------------------------------------------------------


def packed(parts: dict[str, bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def parts_of(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


BOOK = workbook(
    ("Order form",), ("SKU", "Quantity", "Need by", "PO"), ("CUP", 2, "2026-04-01", 4711), ("TEA", 3.5, None, 4711)
)
PARTS = parts_of(BOOK)
XML_TOKENS = (b"<c", b"<v>", b"</v>", b't="s"', b't="e"', b't="str"', b"<f>", b"<row", b'r="XFD1048576"', b"<is><t>", b"]]>", b"&#0;",
              b"&amp;", b"<sheetData>", b"<mergeCell ref=\"A1:XFD1048576\"/>", b"9e999", b"<!DOCTYPE")  # fmt: skip


def test_ten_thousand_workbooks_with_broken_archives_are_read_to_an_answer() -> None:
    outcome = fuzz(
        read, mutants((BOOK, packed(PARTS)), COUNT // 2, seed=2, tokens=(b"PK\x01\x02", b"PK\x05\x06", b"\xff" * 4))
    )

    assert outcome.read == COUNT // 2
    assert outcome.ok, outcome


def test_ten_thousand_workbooks_with_broken_sheets_are_read_to_an_answer() -> None:
    names = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml")
    seeds = [PARTS[name] for name in names if name in PARTS]
    changed = mutants(seeds, COUNT // 2, seed=3, tokens=XML_TOKENS)
    known = [name for name in names if name in PARTS]
    books = (packed({**PARTS, known[place % len(known)]: made}) for place, made in enumerate(changed))

    outcome = fuzz(read, books)

    assert outcome.read == COUNT // 2
    assert outcome.ok, outcome


# ---- bombs ---------------------------------------------------------------------------------------------------------


def sheet_xml(body: bytes) -> bytes:
    head = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    return head + body + b"</sheetData></worksheet>"


def with_sheet(body: bytes) -> bytes:
    return packed({**PARTS, "xl/worksheets/sheet1.xml": sheet_xml(body)}, method=zipfile.ZIP_DEFLATED)


def many_zeros() -> bytes:
    return packed({**PARTS, "xl/media/image1.bin": b"\0" * (600 << 20)}, method=zipfile.ZIP_DEFLATED)


def lying() -> bytes:
    """A part that is longer than the archive says."""
    book = bytearray(
        packed(
            {**PARTS, "xl/worksheets/sheet1.xml": sheet_xml(b"<row r='1'/>" * 2_000_000)}, method=zipfile.ZIP_DEFLATED
        )
    )
    at = book.rindex(b"xl/worksheets/sheet1.xml") - 46
    book[at + 24 : at + 28] = struct.pack("<I", 1_000)
    return bytes(book)


def far_corner() -> bytes:
    return with_sheet(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def tall() -> bytes:
    return with_sheet(b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (row, row) for row in range(1, 700_001)))


def nested() -> bytes:
    return with_sheet(b"<row>" * 200_000)


def entities() -> bytes:
    laughs = (
        b'<!DOCTYPE x [<!ENTITY a "'
        + b"ha" * 5_000
        + b'"><!ENTITY b "'
        + b"&a;" * 1_000
        + b'">]><worksheet>&b;</worksheet>'
    )
    return packed({**PARTS, "xl/worksheets/sheet1.xml": laughs}, method=zipfile.ZIP_DEFLATED)


def many_members() -> bytes:
    return packed({**PARTS, **{f"xl/x{number}.xml": b"" for number in range(3_000)}})


def strings() -> bytes:
    text = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        + b"<si><t>a</t></si>" * 4_000_000
        + b"</sst>"
    )
    return packed({**PARTS, "xl/sharedStrings.xml": text}, method=zipfile.ZIP_DEFLATED)


BOMBS: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("a part of zeros", many_zeros),
    ("a part longer than it says", lying),
    ("a cell in the far corner", far_corner),
    ("far too many rows", tall),
    ("rows within rows", nested),
    ("entities within entities", entities),
    ("far too many parts", many_members),
    ("far too many strings", strings),
    ("a line without end", lambda: b"Item,Qty\n" + b"a" * (10 << 20)),
    ("a quote that is never closed", lambda: b'Item,Qty\n"' + b"a\n" * (4 << 20)),
    ("far too many columns", lambda: b"Item,Qty" + b",x" * 3_000_000 + b"\nA,1\n"),
    ("far too many lines", lambda: b"Item,Qty\n" + b"A,1\n" * 2_000_000),
    ("nothing but delimiters", lambda: b";" * (8 << 20)),
    ("nothing but line ends", lambda: b"\n" * (8 << 20)),
)


@pytest.mark.parametrize(("name", "made"), BOMBS, ids=[name for name, _ in BOMBS])
def test_a_bomb_is_refused_in_under_a_second_within_the_memory(name: str, made: Callable[[], bytes]) -> None:
    bomb = made()
    answers: list[FileReading] = []

    outcome = fuzz(lambda data: answers.append(read(data)), [bomb])

    assert outcome.ok, (name, outcome)
    assert seconds_for(read, bomb) < 1.0
    assert answers[0].is_wrong
    assert answers[0].documents == ()
