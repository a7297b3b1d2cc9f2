"""What an XLSX archive really holds, measured before anything unpacks it for good.

A small archive can unpack to terabytes, lie about its sizes, or name a cell in the last corner of a sheet so that a
reader allocates the whole rectangle. Declared sizes are checked first (nothing is unpacked), then every part is
unpacked in blocks, thrown away, and counted; cell references of sheets are followed without building anything.
"""

import copy
import re
import xml.parsers.expat
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO, BinaryIO
from xml.etree import ElementTree

from tradewind.kernel.problem import Refused, refuse
from tradewind.semantics.decide.rows.model import Limits

_BLOCK = 1 << 18
_SMALL = 1 << 20
_TAIL = 64
_ENDLESS = 1 << 60
_BROKEN_MAX = 100_000
_ABOVE_HEADER = 1_000  # rows that titles may take; they are counted exactly when the rows are read
_SHEET_DATA = re.compile(rb"<(?:[\w.-]+:)?sheetData").search
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})").fullmatch


@dataclass(slots=True)
class SheetExtent:
    """The rectangle of a sheet's filled cells (1-based); `broken`: cells (row, 0-based column) with an error or no value."""

    rows: int = 0
    columns: int = 0
    broken: list[tuple[int, int]] = field(default_factory=list)


def check_archive(file: BinaryIO, limits: Limits) -> dict[str, SheetExtent]:
    """Refuse what is no XLSX, a bomb or a liar; give the extents by sheet name. Raises `Refused`."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_declared(members, file, limits)
            _check_is_workbook({member.filename for member in members})
            return _by_sheet(archive, _measure(archive, members, limits))
    except Refused:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        xml.parsers.expat.ExpatError,
        ElementTree.ParseError,
    ) as error:
        raise refuse("import.broken_workbook", f"the workbook is damaged: {error}") from error


def _check_declared(members: list[zipfile.ZipInfo], file: BinaryIO, limits: Limits) -> None:
    if len(members) > limits.archive_members_max:
        raise refuse(
            "import.archive_too_large",
            f"the workbook has {len(members):,} parts; {limits.archive_members_max:,} are allowed",
            status=413,
            members=len(members),
        )
    packed = sum(member.compress_size for member in members)
    total = sum(member.file_size for member in members)
    if packed > file.seek(0, 2):
        raise refuse("import.archive_bomb", "the parts of the workbook overlap", status=413)
    if total > limits.archive_bytes_max:
        raise refuse(
            "import.archive_bomb",
            f"the workbook unpacks to {total:,} bytes; {limits.archive_bytes_max:,} are allowed",
            status=413,
            bytes=total,
            bytes_max=limits.archive_bytes_max,
        )
    for member in members:
        if member.file_size > _SMALL and member.file_size > limits.archive_ratio_max * max(member.compress_size, 1):
            raise refuse(
                "import.archive_bomb",
                f"{member.filename[:80]!r} unpacks to more than {limits.archive_ratio_max} times its size",
                status=413,
                member=member.filename[:80],
                ratio_max=limits.archive_ratio_max,
            )


def _check_is_workbook(names: set[str]) -> None:
    if "xl/workbook.xml" in names or any(name.lower().endswith("workbook.xml") for name in names):
        return
    if any(name.lower().endswith("workbook.bin") for name in names):
        kind = "a binary workbook (.xlsb)"
    elif "content.xml" in names:
        kind = "an OpenDocument file"
    else:
        kind = "a ZIP archive without a workbook"
    raise refuse("import.not_a_table", f"this is {kind}; save it as .xlsx or CSV")


def _measure(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], limits: Limits) -> dict[str, SheetExtent]:
    """Extents by part name."""
    extents: dict[str, SheetExtent] = {}
    names: set[str] = set()
    for member in members:
        if member.filename.lower() in names:
            raise refuse("import.broken_workbook", f"the workbook has the part {member.filename[:80]!r} twice")
        names.add(member.filename.lower())
        if member.flag_bits & 1:
            raise refuse("import.password", "the workbook is protected by a password; save it without one")
        honest = copy.copy(member)
        honest.file_size = _ENDLESS  # so that a part longer than it says is noticed, not cut
        extent = SheetExtent()
        with archive.open(honest) as part:
            _measure_part(part, member, _SheetWatcher(extent, limits))
        extents[member.filename] = extent
    return extents


def _measure_part(part: IO[bytes], member: zipfile.ZipInfo, watcher: "_SheetWatcher") -> None:
    """Unpack one part in blocks; where it is a sheet, follow its cells."""
    unpacked, watched, tail = 0, True, b""
    while block := part.read(_BLOCK):
        unpacked += len(block)
        if unpacked > member.file_size:
            raise refuse("import.archive_bomb", f"{member.filename[:80]!r} is longer than the archive says", status=413)
        if watched:
            watched = watcher.feed(block)
        if not watched and _SHEET_DATA(tail + block):
            raise refuse("import.broken_workbook", f"{member.filename[:80]!r} holds cells, but is no sheet")
        tail = block[-_TAIL:]


def _by_sheet(archive: zipfile.ZipFile, extents: dict[str, SheetExtent]) -> dict[str, SheetExtent]:
    """Extents by the name on the sheet's tab; empty where the workbook does not say it in the ordinary way."""
    try:
        workbook = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except KeyError:
        return {}
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    found = {}
    for sheet in workbook.iter():
        if sheet.tag.endswith("}sheet"):
            link = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
            target = targets.get(link, "")
            extent = extents.get(target.lstrip("/")) or extents.get(f"xl/{target}")
            if extent is not None:
                found[sheet.get("name", "")] = extent
    return found


class _SheetWatcher:
    """Follows the cell references of a sheet part as the reader will, and stops at the limits."""

    __slots__ = (
        "_column",
        "_extent",
        "_formula",
        "_here",
        "_is_sheet",
        "_is_text",
        "_limits",
        "_parser",
        "_row",
        "_started",
    )

    def __init__(self, extent: SheetExtent, limits: Limits) -> None:
        self._extent, self._limits = extent, limits
        self._row = self._column = 0
        self._here: tuple[int, int] = (0, 0)
        self._formula = self._started = self._is_sheet = self._is_text = False
        self._parser = xml.parsers.expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, block: bytes) -> bool:
        """Read on; False when this part is no sheet, so that nobody need look further."""
        try:
            self._parser.Parse(block, False)  # noqa: FBT003 - positional only
        except xml.parsers.expat.ExpatError:
            if self._is_sheet:
                raise
            return False
        return self._is_sheet or not self._started

    def _doctype(self, *_: object) -> None:
        raise refuse(
            "import.broken_workbook", "the workbook declares a document type, which no spreadsheet program does"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            self._cell(attributes)
        elif name == "v" or name == "is":
            self._value()
        elif name == "f":
            if not self._is_text:
                self._formula = True
                self._note_broken()
        elif name == "row":
            number = attributes.get("r")
            self._row = int(number) if number is not None and number.isdecimal() else self._row + 1
            self._column = 0
        elif not self._started:
            self._started = True
            self._is_sheet = name == "worksheet"

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if self._formula:
            self._formula = False
            self._parser.CharacterDataHandler = None
        if reference is None:
            self._column += 1
            row = self._row
        else:
            match = _REFERENCE(reference)
            if match is None:
                raise refuse("import.broken_workbook", f"a cell is called {reference[:20]!r}")
            column = 0
            for letter in match[1]:
                column = column * 26 + ord(letter) - 64
            self._column, row = column, int(match[2])
        self._here = (row, self._column - 1)
        kind = attributes.get("t")
        self._is_text = kind == "str"
        if kind == "e":
            self._note_broken()

    def _value(self) -> None:
        """A cell with a value: it widens the rectangle."""
        extent = self._extent
        row, column = self._here
        if row > extent.rows:
            extent.rows = row
        if column >= extent.columns:
            extent.columns = column + 1
        if self._formula:
            self._parser.CharacterDataHandler = self._computed
        if extent.columns > self._limits.columns_max:
            raise refuse(
                "import.too_many_columns",
                f"a cell stands in column {extent.columns}; {self._limits.columns_max} are allowed",
                where=f"row {row}, column {column + 1}",
                status=413,
                columns_max=self._limits.columns_max,
            )
        if extent.rows > self._limits.rows_max + _ABOVE_HEADER:
            raise refuse(
                "import.too_many_rows",
                f"a file may have {self._limits.rows_max:,} rows; split it",
                where=f"row {row}",
                status=413,
                rows_max=self._limits.rows_max,
            )
        if extent.rows * extent.columns > self._limits.sheet_cells_max:
            raise refuse(
                "import.sheet_too_large",
                f"the sheet spans {extent.rows:,} rows × {extent.columns} columns; "
                f"{self._limits.sheet_cells_max:,} cells are allowed; split it",
                where=f"row {row}",
                status=413,
                cells_max=self._limits.sheet_cells_max,
            )

    def _computed(self, text: str) -> None:
        """The formula before this text has a value after all."""
        if text.strip():
            self._parser.CharacterDataHandler = None
            self._formula = False
            self._extent.broken.pop()

    def _note_broken(self) -> None:
        self._extent.broken.append(self._here)
        if len(self._extent.broken) > _BROKEN_MAX:
            raise refuse(
                "import.too_many_errors_in_sheet",
                f"more than {_BROKEN_MAX:,} cells hold an error or an uncomputed formula",
                where=f"row {self._here[0]}",
                status=413,
            )
