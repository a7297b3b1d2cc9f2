"""The nouns of a file of rows: rows of text with their numbers, what was found in them, and how much is allowed.

A row number is the one a spreadsheet shows: the first record is row 1, blank ones count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from tradewind.kernel.problem import Problem


class Severity(StrEnum):
    """`error`: the row was left out. `warning`: it was taken, but look at it. `info`: good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth telling about a file; `count` says how often, `where` is the first place."""

    code: str
    severity: Severity
    where: str
    message: str
    count: int = 1


class Findings:
    """Collects findings; the same code in the same column is counted, not repeated, so that it stays small."""

    __slots__ = ("_found", "_kinds_max")

    def __init__(self, kinds_max: int = 1_000) -> None:
        self._found: dict[tuple[str, str], Finding] = {}
        self._kinds_max = kinds_max

    def add(
        self, code: str, message: str, *, where: str = "", about: str = "", severity: Severity = Severity.WARNING
    ) -> None:
        """Note a finding; `about` is what it is counted by (mostly the column)."""
        key = (code, about)
        known = self._found.get(key)
        if known is not None:
            self._found[key] = replace(known, count=known.count + 1)
        elif len(self._found) < self._kinds_max:
            self._found[key] = Finding(code, severity, where, message)

    def take(self, other: "Findings") -> None:
        """Add all of another collection."""
        for key, finding in other._found.items():
            known = self._found.get(key)
            if known is not None:
                self._found[key] = replace(known, count=known.count + finding.count)
            elif len(self._found) < self._kinds_max:
                self._found[key] = finding

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)


class TextRow(NamedTuple):
    """One record as text: its row number and its cells, as wide as the header."""

    number: int
    cells: Sequence[str]


class RefusedRow(NamedTuple):
    """A record that was left out, with every reason at once."""

    number: int
    cells: Sequence[str]
    problems: tuple[Problem, ...]


class Chunk(NamedTuple):
    """A bounded number of records, and those that could not even be read."""

    rows: list[TextRow]
    refused: list[RefusedRow]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold. Passing a limit is a named refusal."""

    bytes_max: int = 256 * 1024 * 1024
    rows_max: int = 1_048_576
    columns_max: int = 200
    line_chars_max: int = 1_000_000
    field_chars_max: int = 32_767
    archive_members_max: int = 2_000
    archive_bytes_max: int = 1024 * 1024 * 1024
    archive_ratio_max: int = 200
    sheet_cells_max: int = 12_000_000


@dataclass(frozen=True, slots=True)
class Declared:
    """What the sender says about the file; None means: find out, and refuse what stays ambiguous.

    `encoding`: see `csv_rows.ENCODINGS`. `guess_cp1252`: what is not UTF-8 is Windows western text, with a finding.
    `decimal_mark`: `.` or `,`, allows thousands separators. `date_order`: `dmy`, `mdy` or `ymd`.
    `is_form`: people made it for people: the delimiter is told by the first lines together, since titles may stand above the
    column names, and UTF-16 may come without its mark.
    `time_zone`: IANA name for times without an offset and for the start of days.
    """

    encoding: str | None = None
    guess_cp1252: bool = False
    delimiter: str | None = None
    sheet: str | None = None
    decimal_mark: str | None = None
    date_order: str | None = None
    time_zone: str | None = None
    is_form: bool = False


class NumberText(str):
    """A number cell of a spreadsheet, written plainly: no declared decimal mark applies to it."""

    __slots__ = ()


class DateText(str):
    """A date or time cell of a spreadsheet, in ISO 8601; where a code is wanted it means a code was destroyed."""

    __slots__ = ()


def place(row: int, column: str = "") -> str:
    """`row 17, column qty`."""
    return f"row {row}, column {column}" if column else f"row {row}"
