"""A file of rows, whatever its format: CSV in several encodings and delimiters, or XLSX; streamed, bounded, as text.

`open_table` looks at the beginning of the file (and checks the encoding or the archive of all of it), finds the header,
and hands out a `Table` whose `chunks()` reads the rest once, in bounded memory. What concerns the whole file is raised
as `Refused`; what concerns one row is a `RefusedRow` in its chunk, and the rest goes on.
"""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from tradewind.kernel.problem import Problem, refuse
from tradewind.semantics.decide.rows import csv_rows, xlsx_rows
from tradewind.semantics.decide.rows.model import Chunk, Declared, Findings, Limits, RefusedRow, TextRow, place

Source = bytes | str | os.PathLike[str] | BinaryIO
FindHeader = Callable[[Sequence[TextRow]], int]
CHUNK_ROWS = 1_000
HEADER_WITHIN = 20

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "gzip-compressed"),
    (b"PAR1", "a Parquet file"),
    (b"\x89PNG", "a picture"),
    (b"{\\rtf", "a text document"),
    (b"<?xml", "XML"),
    (b"7z\xbc\xaf", "a 7z archive"),
)


@dataclass(slots=True)
class Table:
    """An opened file. `header` are the column names as written; `rows_about` an upper estimate for a progress bar."""

    format: str
    header: tuple[str, ...]
    header_row: int
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    rows_about: int
    findings: Findings
    limits: Limits
    _records: Iterator[TextRow | RefusedRow]
    _file: BinaryIO | None

    def __enter__(self) -> "Table":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, if `open_table` opened it."""
        if self._file is not None:
            self._file.close()

    def chunks(self, size: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """The rows below the header, once, `size` at a time. Raises `Refused` where the file as a whole cannot go on."""
        width = len(self.header)
        rows: list[TextRow] = []
        refused: list[RefusedRow] = []
        last_allowed = self.header_row + self.limits.rows_max
        for record in self._records:
            if record.number > last_allowed:
                raise refuse(
                    "import.too_many_rows",
                    f"a file may have {self.limits.rows_max:,} rows; split it",
                    where=place(record.number),
                    status=413,
                    rows_max=self.limits.rows_max,
                )
            fitted = record if len(record.cells) == width or isinstance(record, RefusedRow) else _fit(record, width)
            if isinstance(fitted, RefusedRow):
                refused.append(fitted)
            else:
                rows.append(fitted)
            if len(rows) + len(refused) >= size:
                yield Chunk(rows, refused)
                rows, refused = [], []
        if rows or refused:
            yield Chunk(rows, refused)


def open_table(
    source: Source,
    *,
    declared: Declared | None = None,
    limits: Limits | None = None,
    find_header: FindHeader | None = None,
) -> Table:
    """Open a CSV or XLSX file given as bytes, path or seekable binary file (left open). Raises `Refused`.

    `find_header` says which of the first records has the column names, by its place from 0; without it the first one has.
    """
    if not isinstance(source, (bytes, str, os.PathLike)):
        return _open(source, None, declared or Declared(), limits or Limits(), find_header)
    file = io.BytesIO(source) if isinstance(source, bytes) else _open_path(source)
    try:
        return _open(file, file, declared or Declared(), limits or Limits(), find_header)
    except BaseException:
        file.close()
        raise


def _open(
    file: BinaryIO, ours: BinaryIO | None, declared: Declared, limits: Limits, find_header: FindHeader | None
) -> Table:
    _check_size(file, limits)
    start = file.read(8)
    file.seek(0)
    findings = Findings()
    if start.startswith(b"PK"):
        opened = xlsx_rows.open_sheet(file, declared=declared, limits=limits, findings=findings)
        records = _from_header(opened.records, find_header)
        head = _header(records, limits, findings)
        return Table(
            format="xlsx",
            header=_names(head),
            header_row=head.number,
            encoding=None,
            delimiter=None,
            sheet=opened.sheet,
            rows_about=opened.rows,
            findings=findings,
            limits=limits,
            _records=records,
            _file=ours,
        )
    _refuse_foreign(start)
    text = csv_rows.open_text(file, declared=declared, limits=limits, findings=findings)
    records = _from_header(text.records, find_header)
    head = _header(records, limits, findings)
    return Table(
        format="csv",
        header=_names(head),
        header_row=head.number,
        encoding=text.encoding,
        delimiter=text.delimiter,
        sheet=None,
        rows_about=text.lines,
        findings=findings,
        limits=limits,
        _records=records,
        _file=ours,
    )


def _check_size(file: BinaryIO, limits: Limits) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size == 0:
        raise refuse("import.empty_file", "the file is empty")
    if size > limits.bytes_max:
        raise refuse(
            "import.file_too_large",
            f"the file has {size:,} bytes; {limits.bytes_max:,} are allowed; split it",
            status=413,
            bytes=size,
            bytes_max=limits.bytes_max,
        )


def _open_path(path: str | os.PathLike[str]) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except (OSError, ValueError) as error:
        raise refuse(
            "import.cannot_open", f"cannot open the file: {getattr(error, 'strerror', None) or error}", where=str(path)
        ) from error


def _names(head: TextRow) -> tuple[str, ...]:
    return tuple(" ".join(cell.split()) for cell in head.cells)


def _refuse_foreign(start: bytes) -> None:
    if start == _OLE:
        raise refuse(
            "import.old_or_encrypted_workbook",
            "this is an old .xls or a password-protected workbook; save it as .xlsx without password, or as CSV",
        )
    for magic, name in _FOREIGN:
        if start.startswith(magic):
            raise refuse("import.not_a_table", f"this is {name}; a CSV or XLSX file is wanted")


def _from_header(
    records: Iterator[TextRow | RefusedRow], find_header: FindHeader | None
) -> Iterator[TextRow | RefusedRow]:
    """The records from the column names on."""
    if find_header is None:
        return records
    ahead = list(islice(records, HEADER_WITHIN))
    readable = [at for at, one in enumerate(ahead) if isinstance(one, TextRow)]
    if not readable:
        return chain(ahead, records)
    found = find_header([one for one in ahead if isinstance(one, TextRow)])
    return chain(ahead[readable[found] :], records)


def _header(records: Iterator[TextRow | RefusedRow], limits: Limits, findings: Findings) -> TextRow:
    first = next(records, None)
    if first is None:
        raise refuse("import.no_header", "the file has no row with column names")
    if isinstance(first, RefusedRow):
        raise refuse(first.problems[0].code, first.problems[0].message, where=place(first.number))
    cells = list(first.cells)
    while cells and not cells[-1].strip():
        cells.pop()
    if not cells:
        raise refuse("import.no_header", "the first row has no column names", where=place(first.number))
    if len(cells) > limits.columns_max:
        raise refuse(
            "import.too_many_columns",
            f"{len(cells)} columns; {limits.columns_max} are allowed",
            where=place(first.number),
            status=413,
            columns=len(cells),
            columns_max=limits.columns_max,
        )
    for position, cell in enumerate(cells, 1):
        if not cell.strip():
            findings.add(
                "import.unnamed_column",
                f"column {position} has no name and is not read",
                where=place(first.number),
                about=str(position),
            )
    return TextRow(first.number, cells)


def _fit(record: TextRow, width: int) -> TextRow | RefusedRow:
    """A row as wide as the header: short ones are filled up, empty cells beyond it dropped, full ones refused."""
    cells = record.cells
    if len(cells) < width:
        return TextRow(record.number, [*cells, *[""] * (width - len(cells))])
    if any(cell.strip() for cell in cells[width:]):
        problem = Problem(
            "import.too_many_cells",
            f"{len(cells)} cells under {width} column names; is a value with a delimiter not quoted?",
            place(record.number),
            detail={"cells": len(cells), "columns": width},
        )
        return RefusedRow(record.number, cells, (problem,))
    return TextRow(record.number, cells[:width])
