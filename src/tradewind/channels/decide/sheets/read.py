"""An order file's bytes as typed rows: columns found, numbers and dates read as the file writes them, bad rows with reasons."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from tradewind.channels.decide.sheets.mapping import (
    Columns,
    Mapping,
    find_header,
    is_german,
    map_sheet,
    signature_of,
)
from tradewind.channels.decide.sheets.model import ITEM_FIELDS, SHEET_LIMITS, SURE, BadRow, SheetRow
from tradewind.kernel.problem import Problem, Refused, refuse
from tradewind.semantics.decide.rows import fields
from tradewind.semantics.decide.rows.model import (
    Chunk,
    DateText,
    Declared,
    Findings,
    Limits,
    NumberText,
    Severity,
    TextRow,
    place,
)
from tradewind.semantics.decide.rows.schema import Kind, reader_of
from tradewind.semantics.decide.rows.table import Table, open_table

_SAMPLE = 50
_TOTAL = re.compile(r"(sub)?total|(zwischen)?summe|gesamt(summe|betrag)?|sum|gesamt:|total:|summe:").fullmatch
_ZERO = re.compile(r"[0.,]*").fullmatch
_COMMA = re.compile(r"[+-]?(?:[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{1,3}(?:[.' ][0-9]{3})+,[0-9]+|0,[0-9]+)").fullmatch
_POINT = re.compile(
    r"[+-]?(?:[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{1,3}(?:[,' ][0-9]{3})+\.[0-9]+|0\.[0-9]+)"
).fullmatch
_GROUPED_BY_POINT = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+").fullmatch
_DAY = re.compile(r"([0-9]{1,4})[./-]([0-9]{1,2})[./-]([0-9]{1,4})(?:[ T].*)?", re.ASCII).fullmatch

ROWS: Kind[SheetRow] = Kind(
    name="order_rows",
    sentence="Ordered items.",
    row=SheetRow,
    fields=(
        fields.code("item", "Our number, the buyer's, or a trade number.", length=200),
        fields.code("sku", "Our number.", length=200),
        fields.code("customer_item", "The buyer's number.", length=200),
        fields.gtin("gtin", "Trade number."),
        fields.code("manufacturer_item", "The manufacturer's number.", length=200),
        fields.number("qty", "How many.", required=True, minimum="0"),
        fields.code("uom", "Unit; the product's order unit where it is empty.", length=20),
        fields.number("unit_price", "The price the buyer expects for one unit."),
        fields.code("ship_to", "Code of the ship-to.", length=200),
        fields.moment("requested_at", "When the goods are wanted."),
        fields.code("buyer_po", "The buyer's order number; rows of one number are one order.", length=100),
        fields.code("release_no", "The release of a blanket order.", length=50),
        fields.whole(
            "po_part", "Which part of an order that comes in parts under one number.", maximum=9_999, default=0
        ),
        fields.words("description", "What the buyer calls it.", length=500),
        fields.words("note", "A word to us.", length=500),
    ),
    key=("row",),
)


@dataclass(frozen=True, slots=True)
class SheetFile:
    """What an order file says. `rows` can be ordered, `bad` not.

    `mapping` is what was told or guessed, in the file's words: to be remembered. How numbers and dates are written is remembered
    only where somebody said so; `decimal_mark` and `date_order` are how they were read this time.
    """

    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    header_row: int
    header: tuple[str, ...]
    signature: str
    columns: Columns
    mapping: Mapping
    decimal_mark: str | None
    date_order: str | None
    rows: tuple[SheetRow, ...]
    bad: tuple[BadRow, ...]
    findings: Findings
    cells: dict[int, Sequence[str]]

    def as_written(self, row: int, field: str) -> str | None:
        """A cell as the file writes it; None where it is empty or the file has no such column."""
        at = self.columns.positions.get(field)
        return None if at is None else self.cells[row][at].strip() or None

    @property
    def unsure(self) -> list[Problem]:
        """Columns of items and quantities that were guessed without being sure: somebody has to say so first."""
        doubtful = [one for one in self.columns.guesses if one.field in (*ITEM_FIELDS, "qty") and one.confidence < SURE]
        return [
            Problem(
                "channels.unsure_column",
                f"Is {one.column!r} the column of {one.field}? Say so in the mapping.",
                f"/mapping/columns/{one.field}",
                422,
                {"guess": one.as_json()},
            )
            for one in doubtful
        ]


def read_sheet(
    data: bytes,
    *,
    told: Callable[[str], Mapping | None] | None = None,
    given: Mapping | None = None,
    declared: Declared | None = None,
    limits: Limits = SHEET_LIMITS,
) -> SheetFile:
    """Read an order file. `told` gives what is remembered of files with a signature; what is `given` goes before it.

    Raises `Refused` with place and reason where the file as a whole cannot be read.
    """
    declared = replace(declared or Declared(), guess_cp1252=True, is_form=True)
    with open_table(data, declared=declared, limits=limits, find_header=find_header) as table:
        texts, refused = _all_rows(table)
        signature = signature_of(table.header)
        remembered = told(signature) if told else None
        columns = map_sheet(table.header, texts[:_SAMPLE], given=given, remembered=remembered)
        if not isinstance(columns, Columns):
            raise Refused(columns)
        texts = _ordered(texts, columns, table.findings)
        known = given or remembered
        declared = _written(declared, known, texts, columns)
        rows, bad = _typed(texts, columns, declared, table)
    mapping = Mapping(
        {one.field: one.column for one in columns.guesses},
        known.decimal_mark if known else None,
        known.date_order if known else None,
    )
    return SheetFile(
        table.format, table.encoding, table.delimiter, table.sheet, table.header_row, table.header, signature, columns,
        mapping, declared.decimal_mark, declared.date_order, tuple(rows),
        tuple(sorted([*refused, *bad], key=lambda one: one.row)), table.findings, {row.number: row.cells for row in texts},
    )  # fmt: skip


def _all_rows(table: Table) -> tuple[list[TextRow], list[BadRow]]:
    texts: list[TextRow] = []
    refused: list[BadRow] = []
    for chunk in table.chunks():
        texts += chunk.rows
        refused += [BadRow(one.number, one.problems) for one in chunk.refused]
    if not texts and not refused:
        raise refuse("channels.no_rows", "The file has no row below its column names.", where=place(table.header_row))
    return texts, refused


def _ordered(texts: Sequence[TextRow], columns: Columns, findings: Findings) -> list[TextRow]:
    """The rows that order something: a form lists more than is ordered, and may end with a sum."""
    qty = columns.positions["qty"]
    items = [columns.positions[name] for name in ITEM_FIELDS if name in columns.positions]
    kept = []
    for row in texts:
        amount = row.cells[qty].strip()
        named = [cell for at in items if (cell := row.cells[at].strip())]
        if not amount or (named and _ZERO(amount)):
            findings.add(
                "channels.no_quantity",
                "rows without a quantity order nothing",
                where=place(row.number),
                severity=Severity.INFO,
            )
        elif any(_TOTAL(cell.strip().casefold()) for cell in (named or row.cells)):
            findings.add(
                "channels.sum_row", "a row with a sum is no item", where=place(row.number), severity=Severity.INFO
            )
        else:
            kept.append(row)
    if not kept:
        raise refuse("channels.no_rows", "No row of the file has a quantity.", where=f"column {qty + 1}")
    return kept


def _written(declared: Declared, known: Mapping | None, texts: Sequence[TextRow], columns: Columns) -> Declared:
    """How the file writes numbers and dates: as was said, else as all its values agree on."""
    numbers = _cells(texts, columns, ("qty", "unit_price"))
    mark = declared.decimal_mark or (known.decimal_mark if known else None) or decimal_mark_of(numbers)
    order = declared.date_order or (known.date_order if known else None)
    order = order or date_order_of(_cells(texts, columns, ("requested_at",)))
    return replace(declared, decimal_mark=mark, date_order=order)


def _cells(texts: Sequence[TextRow], columns: Columns, names: Iterable[str]) -> list[str]:
    places = [columns.positions[name] for name in names if name in columns.positions]
    return [
        cell.strip() for row in texts for at in places if type(cell := row.cells[at]) is not NumberText and type(cell) is not DateText
    ]  # fmt: skip


def decimal_mark_of(cells: Iterable[str]) -> str | None:
    """The decimal mark that the numbers themselves show; None where none does, or they contradict each other."""
    comma = point = False
    for cell in cells:
        comma = comma or _COMMA(cell) is not None
        point = point or _POINT(cell) is not None
    return None if comma == point else "," if comma else "."


def date_order_of(cells: Iterable[str]) -> str | None:
    """The order of day, month and year that all dates agree on; None where they leave it open."""
    possible = {"dmy", "mdy", "ymd"}
    seen = False
    for cell in cells:
        match = _DAY(cell)
        if match is None:
            continue
        seen = True
        first, second = match[1], match[2]
        if len(first) == 4:
            possible &= {"ymd"}
            continue
        possible -= {"ymd"}
        if "." in cell:  # points between day and month are German: the day comes first
            possible &= {"dmy"}
        if int(first) > 12:
            possible -= {"mdy"}
        if int(second) > 12:
            possible -= {"dmy"}
    return next(iter(possible)) if seen and len(possible) == 1 else None


def _typed(
    texts: Sequence[TextRow], columns: Columns, declared: Declared, table: Table
) -> tuple[list[SheetRow], list[BadRow]]:
    parsed = reader_of(ROWS, columns.positions, declared=declared, findings=table.findings).parse_chunk(
        Chunk(list(texts), [])
    )
    bad = [BadRow(one.number, one.problems) for one in parsed.refused]
    unclear = _unclear_numbers(texts, columns, declared, table)
    rows = []
    for row in parsed.rows:
        problems = unclear.get(row.row, []) + _incomplete(row)
        if problems:
            bad.append(BadRow(row.row, tuple(problems)))
        else:
            rows.append(row)
    return rows, bad


def _unclear_numbers(
    texts: Sequence[TextRow], columns: Columns, declared: Declared, table: Table
) -> dict[int, list[Problem]]:
    """`1.500` is one and a half in one country and fifteen hundred in another: refused where nothing in the file says which."""
    if declared.decimal_mark is not None or not (table.delimiter == ";" or is_german(table.header)):
        return {}
    found: dict[int, list[Problem]] = {}
    for name in ("qty", "unit_price"):
        at = columns.positions.get(name)
        for row in texts if at is not None else ():
            cell = row.cells[at or 0].strip()
            if type(row.cells[at or 0]) is not NumberText and _GROUPED_BY_POINT(cell):
                readings = [cell.replace(".", ""), cell]
                message = f"{name}: {cell!r} can be {readings[0]} or {readings[1]}; declare the decimal mark"
                problem = Problem(
                    "channels.ambiguous_number", message, place(row.number, name), 422, {"readings": readings}
                )
                found.setdefault(row.number, []).append(problem)
    return found


def _incomplete(row: SheetRow) -> list[Problem]:
    problems = []
    if not (row.item or row.sku or row.customer_item or row.gtin or row.manufacturer_item):
        problems.append(Problem("channels.row_without_item", "The row names no item.", place(row.row, "item")))
    if row.qty <= 0:
        problems.append(Problem("channels.quantity_not_positive", "qty: a quantity is above 0", place(row.row, "qty")))
    return problems
