"""Opening CSV and XLSX files: encodings, delimiters, limits, bombs, and bytes that are no table at all."""

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tradewind.integration.decide.kinds import KINDS
from tradewind.kernel.problem import Refused
from tradewind.semantics.decide.rows.columns import ColumnMap, map_columns
from tradewind.semantics.decide.rows.model import Declared, Limits
from tradewind.semantics.decide.rows.schema import reader_of
from tradewind.semantics.decide.rows.table import Source, open_table

PRICES = KINDS["prices"]
PEAK_MAX = 12_000_000
QUICKLY = 1.0


def rows(
    source: Source, *, declared: Declared | None = None, limits: Limits | None = None
) -> list[tuple[int, list[str]]]:
    table = open_table(source, declared=declared, limits=limits)
    return [(row.number, [str(cell) for cell in row.cells]) for chunk in table.chunks() for row in chunk.rows]


def refusal(source: Source, *, declared: Declared | None = None, limits: Limits | None = None) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        rows(source, declared=declared, limits=limits)
    return caught.value.problems[0].code, caught.value.problems[0].where


def workbook(*records: list[object], sheet: str = "Data") -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    page = book.create_sheet(sheet)
    for record in records:
        page.append(record)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_part(archive: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one part replaced."""
    source, target = zipfile.ZipFile(io.BytesIO(archive)), io.BytesIO()
    with source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for member in source.infolist():
            out.writestr(member.filename, content if member.filename == name else source.read(member))
    return target.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
SHEET_HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
SHEET_END = b"</sheetData></worksheet>"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_on_the_header(delimiter):
    data = delimiter.join(["code", '"name, full; or | short"', "city"]) + "\n" + delimiter.join("abc") + "\n"

    table = open_table(data.encode())

    assert table.delimiter == delimiter
    assert table.header == ("code", "name, full; or | short", "city")


@pytest.mark.parametrize(
    ("data", "declared", "encoding"),
    [
        ("code;name\n1;Bücher\n".encode(), Declared(), "utf-8-sig"),
        ("code;name\n1;Bücher\n".encode("utf-8-sig"), Declared(), "utf-8-sig"),
        ("code;name\n1;Bücher\n".encode("utf-16"), Declared(), "utf-16"),
        (b"\xfe\xff" + "code;name\n1;Bücher\n".encode("utf-16-be"), Declared(), "utf-16"),
        ("code;name\n1;Bücher\n".encode("cp1252"), Declared(encoding="cp1252"), "cp1252"),
        ("code;name\n1;Bücher\n".encode("cp1252"), Declared(guess_cp1252=True), "cp1252"),
        ("code;name\r\n1;Bücher\r\n".encode("cp850"), Declared(encoding="CP850"), "cp850"),
    ],
)
def test_text_in_a_known_encoding_is_read(data, declared, encoding):
    table = open_table(data, declared=declared)

    found = [row for chunk in table.chunks() for row in chunk.rows]

    assert table.encoding == encoding
    assert table.header == ("code", "name")
    assert [(row.number, list(row.cells)) for row in found] == [(2, ["1", "Bücher"])]


def test_a_guessed_encoding_is_told():
    table = open_table("code\n1\nBücher\n".encode("cp1252"), declared=Declared(guess_cp1252=True))

    assert [(finding.code, finding.where) for finding in table.findings] == [("import.encoding_guessed", "line 3")]


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        (b"", Declared(), ("import.empty_file", "")),
        (b"\n\n  \n", Declared(), ("import.no_header", "")),
        (b"\xef\xbb\xbf", Declared(), ("import.no_header", "")),
        ("code\na\nBücher\n".encode("cp1252"), Declared(), ("import.wrong_encoding", "line 3")),
        (b"code\n\x81\n", Declared(encoding="cp1252"), ("import.wrong_encoding", "line 2")),
        (b"code\n\xff\n", Declared(guess_cp1252=True, encoding="utf-8"), ("import.wrong_encoding", "line 2")),
        (b"code\na\nb\x00c\n", Declared(), ("import.nul_character", "line 3")),
        ("code\na\n".encode("utf-16-le"), Declared(), ("import.nul_character", "line 1")),
        ("code\n".encode("utf-32"), Declared(), ("import.nul_character", "line 1")),
        ("code\na\n".encode("utf-16")[:-1], Declared(), ("import.wrong_encoding", "line 2")),
        (b"code\n", Declared(encoding="klingon"), ("import.unknown_encoding", "")),
        (b"code\n", Declared(delimiter="#"), ("import.unknown_delimiter", "")),
        (b"%PDF-1.7\n", Declared(), ("import.not_a_table", "")),
        (b"\x1f\x8b\x08\x00", Declared(), ("import.not_a_table", "")),
        (b"<?xml version='1.0'?><a/>", Declared(), ("import.not_a_table", "")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, Declared(), ("import.old_or_encrypted_workbook", "")),
        (b"PK\x03\x04 and nothing", Declared(), ("import.broken_workbook", "")),
    ],
)
def test_what_is_no_readable_table_is_refused_by_name_and_place(data, declared, expected):
    assert refusal(data, declared=declared) == expected


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refusal(tmp_path / "missing.csv")[0] == "import.cannot_open"
    assert refusal(tmp_path)[0] == "import.cannot_open"


def test_a_path_and_an_open_file_are_read_alike(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"code\n1\n")

    with open_table(path) as table:
        from_path = [row.number for chunk in table.chunks() for row in chunk.rows]
    with path.open("rb") as file:
        from_file = [number for number, _ in rows(file)]
        assert not file.closed

    assert from_path == from_file == [2]


def test_row_numbers_are_those_of_a_spreadsheet():
    data = b'\ncode,name\n\n1,"two\nlines"\n,,\n2,b\n'

    assert rows(data) == [(4, ["1", "two\nlines"]), (6, ["2", "b"])]


def test_the_separator_line_of_a_spreadsheet_is_obeyed():
    table = open_table(b"sep=;\ncode;name,first\n1;a\n")

    assert (table.header, table.header_row) == (("code", "name,first"), 2)
    assert [row.number for chunk in table.chunks() for row in chunk.rows] == [3]


def test_malformed_rows_are_refused_alone_and_the_rest_goes_on():
    data = b'code,name\n1,a\n2,"b"c\n3,d,too,many\n4\n5,e,,\n6,"never closed\n'
    table = open_table(data)

    chunks = list(table.chunks())

    assert [(row.number, list(row.cells)) for chunk in chunks for row in chunk.rows] == [
        (2, ["1", "a"]),
        (5, ["4", ""]),
        (6, ["5", "e"]),
    ]
    assert [(row.number, row.problems[0].code) for chunk in chunks for row in chunk.refused] == [
        (3, "import.bad_quotes"),
        (4, "import.too_many_cells"),
        (7, "import.quote_not_closed"),
    ]


@pytest.mark.parametrize(
    ("data", "limits", "expected"),
    [
        (b"code\n1\n2\n", Limits(rows_max=1), ("import.too_many_rows", "row 3")),
        (b"a,b,c\n", Limits(columns_max=2), ("import.too_many_columns", "row 1")),
        (b"code\n" + b"x" * 100, Limits(line_chars_max=50), ("import.line_too_long", "line 2")),
        (b"code\n1\n", Limits(bytes_max=6), ("import.file_too_large", "")),
        (b'code\n1\n"' + b"x\n" * 100_000, Limits(), ("import.field_too_long", "row 3")),
    ],
)
def test_a_passed_limit_is_a_named_refusal(data, limits, expected):
    assert refusal(data, limits=limits) == expected


def test_a_cell_that_is_too_long_is_refused_with_its_row():
    table = open_table(b"code\n1\n" + b"x" * 40 + b"\n2\n", limits=Limits(field_chars_max=20))

    chunks = list(table.chunks())

    assert [row.number for chunk in chunks for row in chunk.rows] == [2, 4]
    assert [(row.number, row.problems[0].code) for chunk in chunks for row in chunk.refused] == [
        (3, "import.field_too_long")
    ]


def test_a_sheet_gives_exact_text():
    data = workbook(
        ["code", "qty", "when", "at", "open", "gtin"],
        [1001, 0.1 + 0.2, datetime(2026, 1, 31), datetime(2026, 1, 31, 12, 30), True, 4006381333931],
        ["0012", 12.0, None, None, False, None],
        [None, None, None, None, None, None],
        ["e", 4e12, None, None, None, 1e-7],
    )

    assert rows(data) == [
        (2, ["1001", "0.3", "2026-01-31", "2026-01-31T12:30:00", "true", "4006381333931"]),
        (3, ["0012", "12", "", "", "false", ""]),
        (5, ["e", "4000000000000", "", "", "", "0.0000001"]),
    ]


def test_a_number_that_is_not_exact_to_six_places_is_told():
    table = open_table(workbook(["price"], [1 / 3], [2 / 3], [0.25]))

    assert [row.cells[0] for chunk in table.chunks() for row in chunk.rows] == [
        "0.333333333333333",
        "0.666666666666667",
        "0.25",
    ]
    assert [(finding.code, finding.where, finding.count) for finding in table.findings] == [
        ("import.float_not_exact", "row 2, column 1", 2)
    ]


def test_the_first_sheet_with_anything_on_it_is_read_and_a_named_one_when_asked():
    book = openpyxl.Workbook()
    hidden = book.create_sheet("Hidden")
    hidden["A1"] = "secret"
    hidden.sheet_state = "hidden"
    first = book.create_sheet("First")
    first["B3"], first["B4"] = "code", "1"
    book.create_sheet("Second")["A1"] = "name"
    data = saved(book)

    assert (open_table(data).sheet, open_table(data).header, open_table(data).header_row) == ("First", ("code",), 3)
    assert rows(data) == [(4, ["1"])]
    assert open_table(data, declared=Declared(sheet="Second")).header == ("name",)
    assert refusal(data, declared=Declared(sheet="Third"))[0] == "import.no_such_sheet"


def test_cells_with_errors_and_formulas_without_a_result_are_not_read_as_empty():
    sheet = (
        SHEET_HEAD
        + b'<row r="1"><c r="B1" t="inlineStr"><is><t>sku</t></is></c><c r="C1" t="inlineStr"><is><t>name</t></is>'
        b'</c><c r="D1" t="inlineStr"><is><t>gtin</t></is></c></row>'
        b'<row r="2"><c r="B2" t="e"><f>VLOOKUP(1,A:A,1)</f><v>#N/A</v></c><c r="C2"><f>1+1</f><v></v></c></row>\n'
        b'<row r="3"><c r="B3"><f>1+1</f><v>2</v></c><c r="C3" t="str"><f>""</f><v></v></c></row>' + SHEET_END
    )
    data = with_part(workbook(["sku"]), SHEET, sheet)

    assert rows(data) == [(2, ["#ERROR!", "#ERROR!", ""]), (3, ["2", "", ""])]


def test_a_bomb_is_refused_before_it_is_unpacked():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(300):
                part.write(b" " * 1_000_000)

    started = time.perf_counter()
    code, _ = refusal(packed.getvalue())

    assert code == "import.archive_bomb"
    assert time.perf_counter() - started < 0.1


def test_an_archive_that_lies_about_its_sizes_is_refused():
    data = workbook(["code"], *[[f"value {number}"] for number in range(1000)])
    archive = zipfile.ZipFile(io.BytesIO(data))
    real, start = archive.getinfo(SHEET), archive.read(SHEET)[:100]
    lying = data.replace(struct.pack("<L", real.file_size), struct.pack("<L", 100))
    forged = lying.replace(struct.pack("<L", real.CRC), struct.pack("<L", zlib.crc32(start)))

    assert refusal(lying)[0] == "import.archive_bomb"
    assert refusal(forged)[0] == "import.broken_workbook"


def test_a_sheet_of_billions_of_cells_is_refused_quickly():
    far = (
        SHEET_HEAD
        + b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="GR1048576"><v>1</v></c></row>'
        + SHEET_END
    )
    wide = SHEET_HEAD + b'<row r="1"><c r="XFD1"><v>1</v></c></row>' + SHEET_END
    sneaky = (
        SHEET_HEAD
        + b'<row r="1">'
        + b"<c><v/></c>" * 150
        + b'</row><row r="1048576"><c r="A1"/><c><v>1</v></c></row>'
        + SHEET_END
    )
    renamed = b"<x>" + b" " * 300_000 + b"<sheetData></sheetData></x>"
    started = time.perf_counter()

    codes = [refusal(with_part(workbook(["code"]), SHEET, sheet))[0] for sheet in (far, wide, sneaky, renamed)]

    assert codes == [
        "import.sheet_too_large",
        "import.too_many_columns",
        "import.sheet_too_large",
        "import.broken_workbook",
    ]
    assert time.perf_counter() - started < QUICKLY


def test_archives_that_are_no_workbook_say_what_they_are():
    def archive(*names: str) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as out:
            for name in names:
                out.writestr(name, "<a/>")
        return packed.getvalue()

    assert refusal(archive("content.xml", "mimetype"))[0] == "import.not_a_table"
    assert refusal(archive("xl/workbook.bin"))[0] == "import.not_a_table"
    assert refusal(archive("readme.txt"))[0] == "import.not_a_table"
    assert refusal(archive("xl/workbook.xml"))[0] == "import.broken_workbook"
    assert refusal(archive(*[f"{number}.txt" for number in range(2001)]))[0] == "import.archive_too_large"
    entity = b'<!DOCTYPE a [<!ENTITY b "c">]>' + SHEET_HEAD + SHEET_END
    assert refusal(with_part(workbook(["code"]), SHEET, entity))[0] == "import.broken_workbook"


def test_a_hundred_thousand_rows_are_read_in_flat_memory(tmp_path):
    path = tmp_path / "prices.csv"
    with path.open("w") as file:
        file.write("price_list,sku,uom,from_qty,price,valid_from\n")
        for number in range(100_000):
            file.write(f"BASE,SKU-{number:06d},EA,1,{number % 997}.{number % 100:02d},2026-01-01\n")
    tracemalloc.start()

    with open_table(path) as table:
        mapped = map_columns(PRICES, table.header)
        assert isinstance(mapped, ColumnMap)
        reader = reader_of(PRICES, mapped.positions)
        count, total = 0, Decimal(0)
        for chunk in table.chunks():
            parsed = reader.parse_chunk(chunk)
            assert parsed.refused == []
            count += len(parsed.rows)
            total += sum((row.price for row in parsed.rows), Decimal(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 100_000
    assert total == sum((Decimal(f"{number % 997}.{number % 100:02d}") for number in range(100_000)), Decimal(0))
    assert peak < PEAK_MAX


TERMS = workbook(["code", "name", "net_days"], ["N30", "thirty days", 30], ["N60", "sixty", 60])


def read_as_terms(data: bytes, declared: Declared) -> None:
    """All the way to typed rows; nothing but a refusal may come out."""
    try:
        table = open_table(data, declared=declared, limits=Limits(rows_max=1000))
        mapped = map_columns(KINDS["payment_terms"], table.header)
        if isinstance(mapped, ColumnMap):
            reader = reader_of(KINDS["payment_terms"], mapped.positions, declared=declared)
            for chunk in table.chunks():
                reader.parse_chunk(chunk)
        else:
            list(table.chunks())
    except Refused:
        pass


@settings(max_examples=400, deadline=None)
@given(
    st.binary(max_size=2_000), st.sampled_from([Declared(), Declared(guess_cp1252=True), Declared(encoding="utf-16")])
)
@example(b'code,name,net_days\n"', Declared())
@example(b"code,name,net_days\n\xe2\x80\xa8,\xc2\x85,9\r\r\n", Declared())
def test_random_bytes_raise_nothing_but_refusals(data, declared):
    read_as_terms(data, declared)
    read_as_terms(b"code,name,net_days\n" + data, declared)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_workbook_raises_nothing_but_refusals(data):
    whole = bytearray(TERMS)
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(2, len(whole) - 1))] = data.draw(st.integers(0, 255))

    read_as_terms(bytes(whole), Declared())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_sheet_raises_nothing_but_refusals(data):
    part = data.draw(st.sampled_from([SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"]))
    content = bytearray(zipfile.ZipFile(io.BytesIO(TERMS)).read(part))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    read_as_terms(with_part(TERMS, part, bytes(content)), Declared())
