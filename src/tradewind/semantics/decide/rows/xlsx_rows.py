"""XLSX sheets as rows of text: numbers without exponents, dates in ISO 8601, and nothing lost in silence.

Every part of the archive is measured (`archive`) before the spreadsheet reader sees it.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

import python_calamine

from tradewind.kernel.problem import Refused, refuse
from tradewind.semantics.decide.rows.archive import SheetExtent, check_archive
from tradewind.semantics.decide.rows.model import DateText, Declared, Findings, Limits, NumberText, TextRow, place

ERROR_CELL = "#ERROR!"
_EXACT_BELOW = 10**15
_PLACES = 6


@dataclass(frozen=True, slots=True)
class Sheet:
    """The records of the chosen sheet; `rows` is at least their number."""

    sheet: str
    rows: int
    records: Iterator[TextRow]


def open_sheet(file: BinaryIO, *, declared: Declared, limits: Limits, findings: Findings) -> Sheet:
    """Check the archive, choose the sheet (by name, else the first with anything on it). Raises `Refused`."""
    extents = check_archive(file, limits)
    file.seek(0)
    with _reading():
        workbook = python_calamine.CalamineWorkbook.from_filelike(file)
        sheet = _choose(workbook, declared.sheet)
    extent = extents.get(sheet.name, SheetExtent())
    return Sheet(sheet.name, sheet.total_height, _records(sheet, extent, findings))


@contextmanager
def _reading(where: str = "") -> Iterator[None]:
    """Whatever the spreadsheet reader cannot read is a refusal, also where it panics (not an `Exception`)."""
    try:
        yield
    except (Refused, GeneratorExit, KeyboardInterrupt, SystemExit):
        raise
    except python_calamine.PasswordError as error:
        raise refuse("import.password", "the workbook is protected by a password; save it without one") from error
    except BaseException as error:
        raise refuse("import.broken_workbook", f"the workbook cannot be read: {error}", where=where) from error


def _choose(workbook: python_calamine.CalamineWorkbook, wanted: str | None) -> python_calamine.CalamineSheet:
    names = workbook.sheet_names
    if wanted is not None:
        if wanted not in names:
            raise refuse(
                "import.no_such_sheet",
                f"there is no sheet {wanted!r}; the workbook has {', '.join(names)}",
                sheets=names,
            )
        return workbook.get_sheet_by_name(wanted)
    visible = [
        meta.name
        for meta in workbook.sheets_metadata
        if meta.visible == python_calamine.SheetVisibleEnum.Visible
        and meta.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    for name in visible:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.end is not None:
            return sheet
    raise refuse("import.no_header", "no visible sheet has anything on it", sheets=names)


def _records(sheet: python_calamine.CalamineSheet, extent: SheetExtent, findings: Findings) -> Iterator[TextRow]:
    """Rows of text. Cells that hold an error, or a formula nobody computed, say so instead of looking empty."""
    first_column = sheet.start[1] if sheet.start else 0
    broken: dict[int, set[int]] = {}
    for row, column in extent.broken:
        broken.setdefault(row, set()).add(column - first_column)
    rows = iter(sheet.iter_rows())
    number = 0
    while True:
        number += 1
        with _reading(place(number)):
            values = next(rows, None)
        if values is None:
            return
        cells = [value if type(value) is str else _TO_TEXT[type(value)](value) for value in values]
        if number in broken:
            cells = [ERROR_CELL if at in broken[number] and not cell else cell for at, cell in enumerate(cells)]
        if not any(cells):
            continue
        for at, value in enumerate(values):
            if type(value) is float and value % 1:
                _look_at(value, cells[at], number, first_column + at, findings)
        yield TextRow(number, cells)


def _number(value: float) -> str:
    """The digits a spreadsheet shows: at most 15, no exponent, no `.0`."""
    if value % 1 == 0 and -_EXACT_BELOW < value < _EXACT_BELOW:
        return NumberText(int(value))
    if not math.isfinite(value):
        return ERROR_CELL
    return NumberText(format(Decimal(f"{value:.15g}"), "f"))


def _look_at(value: float, text: str, row: int, column: int, findings: Findings) -> None:
    """A float is a float: say so where it has more places than any price or quantity of ours can have."""
    if len(text.partition(".")[2]) > _PLACES:
        findings.add(
            "import.float_not_exact",
            f"{value!r} has more than {_PLACES} places; it was read as {text}",
            where=f"{place(row)}, column {column + 1}",
            about=str(column),
        )


def _moment(value: datetime) -> str:
    midnight = value.hour == value.minute == value.second == value.microsecond == 0
    return DateText(value.date().isoformat() if midnight else value.isoformat(timespec="seconds"))


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    return DateText(f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}")


_TO_TEXT: dict[type, Callable[[Any], str]] = {
    float: _number,
    int: lambda value: NumberText(value),
    bool: lambda value: "true" if value else "false",
    datetime: _moment,
    date: lambda value: DateText(value.isoformat()),
    time: lambda value: DateText(value.isoformat(timespec="seconds")),
    timedelta: _duration,
    str: str,
}
