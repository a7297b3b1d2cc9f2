"""The CSV of refused rows: the cells as they came, the row number, and what is wrong. Corrected, it can be imported again."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tradewind.semantics.decide.rows.model import RefusedRow

ADDED = ("problem_row", "problem_codes", "problems")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def refused_header(header: Sequence[str]) -> str:
    """The first line."""
    return _lines([[*map(escaped, header), *ADDED]])


def refused_lines(refused: Iterable[RefusedRow], width: int) -> str:
    """A line for each refused row."""
    return _lines(
        [
            *(escaped(cell) for cell in [*row.cells, *[""] * width][:width]),
            str(row.number),
            " ".join(dict.fromkeys(problem.code for problem in row.problems)),
            " | ".join(problem.message for problem in row.problems),
        ]
        for row in refused
    )


def escaped(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula; the reader of imports takes the apostrophe off again."""
    bare = cell.lstrip()
    is_number = bare[1:].replace(".", "", 1).isdigit() and bare[0] in "+-" if bare else False
    return f"'{cell}" if bare.startswith(_FORMULA_SIGNS) and not is_number else cell


def as_cells(values: Mapping[str, Any], positions: Mapping[str, int], width: int) -> list[str]:
    """A typed row as text under the header it came with, for rows whose text is no longer at hand."""
    cells = [""] * width
    for field, position in positions.items():
        cells[position] = as_text(values.get(field))
    return cells


def as_text(value: Any) -> str:
    """A typed value as an import reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
