"""What a kind of import is: its fields, how a row of text becomes a typed row, and what is wrong with one that cannot.

A `Kind` is data. `reader_of` compiles it, for one header and one declaration, to a list of converters; a good row costs
one call per column, and only a bad one is looked at again to name every fault at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

from tradewind.kernel.problem import Problem
from tradewind.semantics.decide.rows.cells import CellRefused, Converter
from tradewind.semantics.decide.rows.model import Chunk, Declared, Findings, RefusedRow, TextRow, place

R = TypeVar("R", bound=NamedTuple)
Build = Callable[[Declared], Converter]


@dataclass(frozen=True, slots=True)
class Field:
    """A column: `type` and `sentence` are for people, `build` gives the converter of a filled cell.

    An empty cell of a field that is not `required` gives `default`.
    """

    name: str
    type: str
    sentence: str
    build: Build
    required: bool = False
    default: Any = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """A kind of import. `row` is the typed row: `row` (its number) and one attribute a field, in this order.

    `key`: the fields that name a record; a file may hold each once. `after`: kinds whose records a row refers to.
    `check`: what one row's values must keep among themselves; it gives (column, code, message).
    """

    name: str
    sentence: str
    row: type[R]
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    after: tuple[str, ...] = ()
    check: Callable[[R], Iterable["Fault"]] | None = None

    def __post_init__(self) -> None:
        names = ("row", *(field.name for field in self.fields))
        if self.row._fields != names:
            raise TypeError(f"{self.row.__name__} has {self.row._fields}, the kind {self.name} {names}")


class Fault(NamedTuple):
    """What one row's values break among themselves."""

    column: str
    code: str
    message: str
    is_warning: bool = False


class Parsed(NamedTuple, Generic[R]):
    """What a chunk gave: typed rows, and refused ones with all their problems."""

    rows: list[R]
    refused: list[RefusedRow]


@dataclass(frozen=True, slots=True)
class RowReader(Generic[R]):
    """A kind compiled for one header: `columns` are (field, position in the row or None, converter)."""

    kind: Kind[R]
    columns: tuple[tuple[Field, int | None, Converter], ...]
    findings: Findings

    @property
    def present(self) -> frozenset[str]:
        """The fields the file has a column for; an import leaves the others of a known record alone."""
        return frozenset(field.name for field, position, _ in self.columns if position is not None)

    def parse_chunk(self, chunk: Chunk) -> Parsed[R]:
        """Typed rows of a chunk, and what was refused, by row number."""
        make: Callable[[Iterable[Any]], R] = self.kind.row._make
        plan = [(convert, position) for _, position, convert in self.columns if position is not None]
        absent = [field.default for field, position, _ in self.columns if position is None]
        order = self._order()
        check = self.kind.check
        rows: list[R] = []
        refused = list(chunk.refused)
        for number, cells in chunk.rows:
            try:
                values = [number, *[convert(cells[position]) for convert, position in plan], *absent]
            except CellRefused:
                refused.append(RefusedRow(number, cells, self._problems(number, cells)))
                continue
            row = make(values if order is None else [values[at] for at in order])
            if check is not None:
                problems = self._broken(row, check)
                if problems:
                    refused.append(RefusedRow(number, cells, problems))
                    continue
            rows.append(row)
        if len(refused) > len(chunk.refused):
            refused.sort(key=lambda one: one.number)
        return Parsed(rows, refused)

    def _order(self) -> list[int] | None:
        """Where each attribute of the row stands among [number, present…, absent…]; None where it is already so."""
        present = [field.name for field, position, _ in self.columns if position is not None]
        absent = [field.name for field, position, _ in self.columns if position is None]
        if not absent:
            return None
        standing = ["row", *present, *absent]
        return [standing.index(name) for name in self.kind.row._fields]

    def _problems(self, number: int, cells: Sequence[str]) -> tuple[Problem, ...]:
        """Every fault of a row's cells."""
        found = []
        for field, position, convert in self.columns:
            if position is not None:
                try:
                    convert(cells[position])
                except CellRefused as refusal:
                    found.append(
                        Problem(
                            refusal.code,
                            f"{field.name}: {refusal.message}",
                            place(number, field.name),
                            detail={"row": number, "column": field.name, **refusal.detail},
                        )
                    )
        return tuple(found)

    def _broken(self, row: R, check: Callable[[R], Iterable[Fault]]) -> tuple[Problem, ...]:
        """Faults among a row's values; warnings are noted and let the row pass."""
        found = []
        number: int = row[0]
        for fault in check(row):
            where = place(number, fault.column)
            if fault.is_warning:
                self.findings.add(fault.code, fault.message, where=where, about=fault.column)
            else:
                found.append(
                    Problem(
                        fault.code,
                        f"{fault.column}: {fault.message}",
                        where,
                        detail={"row": number, "column": fault.column},
                    )
                )
        return tuple(found)


def reader_of(
    kind: Kind[R], positions: Mapping[str, int], *, declared: Declared | None = None, findings: Findings | None = None
) -> RowReader[R]:
    """Compile a kind for columns at these positions (see `columns.map_columns`)."""
    declared = declared or Declared()
    compiled = tuple((field, positions.get(field.name), _filled(field, field.build(declared))) for field in kind.fields)
    return RowReader(kind, compiled, findings if findings is not None else Findings())


def parse_row(
    kind: Kind[R], cells: Mapping[str, str], *, number: int = 1, declared: Declared | None = None
) -> R | list[Problem]:
    """One row given by field name; every fault at once."""
    positions = {field.name: at for at, field in enumerate(kind.fields) if field.name in cells}
    missing = [field for field in kind.fields if field.required and field.name not in cells]
    if missing:  # what a whole row keeps among its values cannot be asked of half of one
        kind = replace(kind, check=None)
    reader = reader_of(kind, positions, declared=declared)
    ordered = [cells.get(field.name, "") for field in kind.fields]
    parsed = reader.parse_chunk(Chunk([TextRow(number, ordered)], []))
    problems = [_missing(field, number) for field in missing]
    problems += [problem for refused in parsed.refused for problem in refused.problems]
    return problems or parsed.rows[0]


def _missing(field: Field, number: int) -> Problem:
    return Problem(
        "import.missing_value",
        f"{field.name}: a value is wanted ({field.type})",
        place(number, field.name),
        detail={"row": number, "column": field.name},
    )


def _filled(field: Field, convert: Converter) -> Converter:
    """The converter of a raw cell: bare text, and what an empty cell means."""
    default, required, wanted = field.default, field.required, field.type

    def convert_cell(text: str) -> Any:
        bare = text.strip() if type(text) is str else text
        if bare:
            return convert(bare)
        if required:
            raise CellRefused("import.missing_value", f"a value is wanted ({wanted})")
        return default

    return convert_cell
