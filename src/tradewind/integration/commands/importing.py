"""From a file to the database: chunk by chunk, each in its own transaction, bad rows aside, the same report for a dry run."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any, TextIO

import psycopg

from tradewind.integration.commands.accounts import apply_accounts
from tradewind.integration.commands.masters import (
    apply_cross_references,
    apply_master,
    apply_outside_ids,
    apply_product_units,
    apply_record_owners,
)
from tradewind.integration.commands.products import apply_products
from tradewind.integration.commands.rules import apply_calendars, apply_rules, apply_substitutes
from tradewind.integration.commands.supply import apply_inbound_supply, apply_stock
from tradewind.integration.commands.upsert import LOCK_IMPORT
from tradewind.integration.commands.validity import (
    apply_agreements,
    apply_price_assignments,
    apply_prices,
    apply_tax_rates,
)
from tradewind.integration.decide.kinds import KINDS
from tradewind.integration.decide.kinds.prices import Ladder, PriceRow, ladders
from tradewind.integration.decide.refused import as_cells, refused_header, refused_lines
from tradewind.integration.model import Applied, ImportResult, Run
from tradewind.kernel.problem import Problem, Refused, refuse
from tradewind.kernel.tx import SYSTEM, Actor, Database, Event, Tx
from tradewind.semantics.decide.rows.columns import map_columns
from tradewind.semantics.decide.rows.model import Declared, Findings, Limits, RefusedRow, place
from tradewind.semantics.decide.rows.schema import Kind, RowReader, reader_of
from tradewind.semantics.decide.rows.table import Source, Table, open_table

CHUNK_ROWS = 2_000  # a transaction of so many rows took well under a second (measured); the house allows five
PRICE_ROWS = 100_000  # price rows looked at together, so that tiers of a ladder need not stand side by side
PROBLEMS_MAX = 1_000
WAITING_MAX = 200_000

Apply = Callable[[Tx, Sequence[Any], Run], Applied]
Progress = Callable[[int, int], None]
CellsAt = Callable[[int], Sequence[str]]
Step = tuple[list[Any], CellsAt, int]

_APPLY: dict[str, Apply] = {
    "accounts": apply_accounts,
    "products": apply_products,
    "product_units": apply_product_units,
    "cross_references": apply_cross_references,
    "outside_ids": apply_outside_ids,
    "record_owners": apply_record_owners,
    "prices": apply_prices,
    "price_assignments": apply_price_assignments,
    "agreements": apply_agreements,
    "tax_rates": apply_tax_rates,
    "stock": apply_stock,
    "inbound_supply": apply_inbound_supply,
    "substitutes": apply_substitutes,
    "calendars": apply_calendars,
    **{
        kind: partial(apply_rules, kind)
        for kind in (
            "entitlements",
            "restrictions",
            "restricted_products",
            "licences",
            "substitution_policies",
            "price_tolerances",
            "calendar_uses",
        )
    },
}
_OWN_CODE = {"accounts": "code", "products": "sku"}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import. `columns`: field → the file's column name. `system`: who sends, for systems of record."""

    columns: Mapping[str, str] = field(default_factory=dict)
    declared: Declared = field(default_factory=Declared)
    limits: Limits = field(default_factory=Limits)
    system: str = "import"
    is_dry: bool = False
    actor: Actor = SYSTEM
    chunk_rows: int = CHUNK_ROWS


class _RolledBack(Exception):  # noqa: N818 - it is the end of a dry run, not an error
    """Carries what a dry chunk would have done out of its transaction."""

    def __init__(self, applied: Applied) -> None:
        super().__init__()
        self.applied = applied


def kind_named(name: str) -> Kind[Any]:
    """The kind of that name. Raises `Refused`."""
    kind = KINDS.get(name)
    if kind is None:
        raise refuse(
            "import.unknown_kind", f"{name!r} cannot be imported; kinds are {', '.join(KINDS)}", kinds=list(KINDS)
        )
    return kind


def import_rows(tx: Tx, kind: str, rows: Sequence[Any], run: Run) -> Applied:
    """Write typed rows of a kind (`Ladder`s for prices) within a transaction, at most a few thousand at once.

    `Applied.waiting` are rows that name a record of their own kind which is not there: pass them again once it is.
    """
    tx.run(LOCK_IMPORT, [kind])
    apply = _APPLY.get(kind)
    applied = apply(tx, rows, run) if apply is not None else apply_master(tx, kind, rows, run)
    if applied.created or applied.changed:
        counts = {"kind": kind, "created": applied.created, "changed": applied.changed, "refused": len(applied.refused)}
        tx.emit(Event("import.chunk_applied", "import", run.id, {**counts, "system": run.system}))
    return applied


def import_file(
    database: Database,
    source: Source,
    kind: str,
    *,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
    refused_to: TextIO | None = None,
) -> ImportResult:
    """Import a CSV or XLSX file of a kind; every chunk is committed by itself, so a repeated import goes on where one stopped.

    `progress(rows done, rows about)` is called after each chunk; refused rows are written to `refused_to` as CSV.
    Raises `Refused` where nothing of the file can be read; a file that breaks off later ends with `result.stopped`.
    """
    chosen = options or ImportOptions()
    what = kind_named(kind)
    with open_table(source, declared=chosen.declared, limits=chosen.limits) as table:
        mapped = map_columns(
            what, table.header, overrides=chosen.columns, header_row=table.header_row, findings=table.findings
        )
        if isinstance(mapped, list):
            raise Refused(mapped)
        reader = reader_of(what, mapped.positions, declared=chosen.declared, findings=table.findings)
        work = _Import(database, what, table, reader, mapped.positions, chosen, progress, refused_to)
        return work.go()


class _Import:
    """One file on its way."""

    def __init__(
        self,
        database: Database,
        kind: Kind[Any],
        table: Table,
        reader: RowReader[Any],
        positions: Mapping[str, int],
        options: ImportOptions,
        progress: Progress | None,
        refused_to: TextIO | None,
    ) -> None:
        self.database, self.kind, self.table, self.reader = database, kind, table, reader
        self.positions, self.options, self.progress, self.refused_to = positions, options, progress, refused_to
        self.run = Run(database.ids.new(), reader.present, table.findings, options.system, options.is_dry)
        self.result = ImportResult(kind.name, self.run.id, options.is_dry)
        self.seen: dict[Hashable, int] = {}
        self.waiting: list[Any] = []

    def go(self) -> ImportResult:
        """The whole file, and then the rows that waited for others."""
        if self.refused_to is not None:
            self.refused_to.write(refused_header(self.table.header))
        steps = self._price_steps() if self.kind.name == "prices" else self._steps()
        try:
            for rows, cells, read in steps:
                self._write(rows, cells)
                self.result.rows += read
                if self.progress is not None:
                    self.progress(self.result.rows, max(self.table.rows_about, self.result.rows))
        except Refused as refused:
            self.result.stopped = refused.problems[0]
        self._write_waiting()
        self.result.findings = list(self.table.findings)
        return self.result

    def _steps(self) -> Iterator[Step]:
        """Good rows of a chunk, the text of any of its rows by number, and how many rows it had."""
        for chunk in self.table.chunks(self.options.chunk_rows):
            parsed = self.reader.parse_chunk(chunk)
            self._refuse(parsed.refused)
            cells = {row.number: row.cells for row in chunk.rows}.__getitem__
            yield self._without_doubles(parsed.rows, cells), cells, len(chunk.rows) + len(chunk.refused)

    def _price_steps(self) -> Iterator[Step]:
        """Ladders of a window of rows, in chunks. A ladder that goes on beyond its window is refused there."""
        chunks = self.table.chunks(self.options.chunk_rows)
        while True:
            rows: list[PriceRow] = []
            read = 0
            for chunk in islice(chunks, max(1, PRICE_ROWS // self.options.chunk_rows)):
                parsed = self.reader.parse_chunk(chunk)
                self._refuse(parsed.refused)
                rows += parsed.rows
                read += len(chunk.rows) + len(chunk.refused)
            if not read:
                return
            grouped = ladders(rows)
            by_number = {row.row: row for row in rows}
            self._refuse([one._replace(cells=self._cells(by_number[one.number])) for one in grouped.refused])
            for number, fault in grouped.warnings:
                self.table.findings.add(
                    fault.code, fault.message, where=place(number, fault.column), about=fault.column
                )
            fresh = self._fresh_ladders(grouped.ladders, by_number)
            for start in range(0, len(fresh), self.options.chunk_rows):
                part = fresh[start : start + self.options.chunk_rows]
                taken = sum(len(one.rows) for one in part)
                read -= taken
                yield part, self._cells_of(by_number), taken
            yield [], self._cells_of(by_number), read

    def _fresh_ladders(self, found: Sequence[Ladder], rows: Mapping[int, PriceRow]) -> list[Ladder]:
        fresh = []
        for ladder in found:
            first = self.seen.setdefault((ladder.price_list, ladder.sku, ladder.uom, ladder.valid_from), ladder.rows[0])
            if first == ladder.rows[0]:
                fresh.append(ladder)
                continue
            for number in ladder.rows:
                problem = Problem(
                    "import.ladder_scattered",
                    f"its ladder began in row {first}, more than {PRICE_ROWS:,} rows before; sort the file by product",
                    place(number),
                    detail={"row": number, "first_row": first},
                )
                self._refuse([RefusedRow(number, self._cells(rows[number]), (problem,))])
        return fresh

    def _cells_of(self, rows: Mapping[int, Any]) -> CellsAt:
        return lambda number: self._cells(rows[number])

    def _cells(self, row: Any) -> list[str]:
        return as_cells(row._asdict(), self.positions, len(self.table.header))

    def _without_doubles(self, rows: Sequence[Any], cells: CellsAt) -> list[Any]:
        """Rows whose record the file has not named before."""
        places = [self.kind.row._fields.index(name) for name in self.kind.key]
        kept = []
        for row in rows:
            key: Hashable = row[places[0]] if len(places) == 1 else tuple(row[at] for at in places)
            first = self.seen.setdefault(key, row.row)
            if first == row.row:
                kept.append(row)
                continue
            named = ", ".join(
                f"{name} {getattr(row, name)}" for name in self.kind.key if getattr(row, name) is not None
            )
            problem = Problem(
                "import.named_twice",
                f"{named} stands in row {first} already",
                place(row.row, self.kind.key[0]),
                detail={"row": row.row, "first_row": first},
            )
            self._refuse([RefusedRow(row.row, cells(row.row), (problem,))])
        return kept

    def _write(self, rows: Sequence[Any], cells: CellsAt) -> None:
        """Write a chunk, and note what became of it."""
        if not rows:
            return
        applied = self._apply(rows)
        self.result.created += applied.created
        self.result.changed += applied.changed
        self.result.unchanged += applied.unchanged
        by_row: dict[int, list[Problem]] = {}
        for number, problem in applied.refused:
            by_row.setdefault(number, []).append(problem)
        self._refuse([RefusedRow(number, cells(number), tuple(found)) for number, found in sorted(by_row.items())])
        self._count_ladder_rows(rows, applied)
        own = _OWN_CODE.get(self.kind.name)
        if own is not None and self.run.is_dry:
            out = by_row.keys() | {row.row for row in applied.waiting}
            self.run.would_exist.update(getattr(row, own) for row in rows if row.row not in out)
        self.waiting += applied.waiting
        if len(self.waiting) > WAITING_MAX:
            raise refuse(
                "import.too_many_forward_references",
                f"more than {WAITING_MAX:,} rows name records that come later; sort the file so that those come first",
            )

    def _count_ladder_rows(self, rows: Sequence[Any], applied: Applied) -> None:
        """A ladder is refused as a whole: its other tiers are refused rows too."""
        if self.kind.name != "prices" or not applied.refused:
            return
        problems = dict(applied.refused)
        for ladder in rows:
            problem = problems.get(ladder.rows[0])
            if problem is not None:
                self._refuse(
                    [
                        RefusedRow(number, self._ladder_cells(ladder, at), (replace(problem, where=place(number)),))
                        for at, number in enumerate(ladder.rows)
                        if at
                    ]
                )

    def _ladder_cells(self, ladder: Ladder, at: int) -> list[str]:
        values = {**ladder._asdict(), "from_qty": ladder.tier_from[at], "price": ladder.tier_price[at]}
        return as_cells(values, self.positions, len(self.table.header))

    def _apply(self, rows: Sequence[Any]) -> Applied:
        """Write rows; where the database itself refuses the set, halve it until the row that is to blame stands alone."""
        try:
            return self._attempt(rows)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            if len(rows) == 1:
                applied = Applied()
                said = error.diag.constraint_name or error.diag.message_primary or "a constraint"
                applied.refuse(
                    rows[0].rows[0] if isinstance(rows[0], Ladder) else rows[0].row,
                    self.kind.key[0],
                    "import.refused_by_the_database",
                    f"the database refused the record ({said})",
                )
                return applied
            middle = len(rows) // 2
            return self._apply(rows[:middle]).plus(self._apply(rows[middle:]))

    def _attempt(self, rows: Sequence[Any]) -> Applied:
        """One transaction; in a dry run it is rolled back."""
        told = Findings()

        def work(tx: Tx) -> Applied:
            nonlocal told
            told = Findings()  # a repeated transaction must not tell things twice
            applied = import_rows(tx, self.kind.name, rows, replace(self.run, findings=told))
            if self.run.is_dry:
                raise _RolledBack(applied)
            return applied

        try:
            applied = self.database.write(work, actor=self.options.actor)
        except _RolledBack as dry:
            applied = dry.applied
        self.table.findings.take(told)
        return applied

    def _write_waiting(self) -> None:
        """Rows that named records of their own kind: now that the file is read, those are there, or never will be."""
        rows, self.waiting = self.waiting, []
        while rows:
            before = len(rows)
            for start in range(0, before, self.options.chunk_rows):
                part = rows[start : start + self.options.chunk_rows]
                self._write(part, self._cells_of({row.row: row for row in part}))
            rows, self.waiting = self.waiting, []
            if len(rows) == before:
                break
        column = {"accounts": "parent", "products": "superseded_by"}.get(self.kind.name, "")
        for row in rows:
            name = getattr(row, column)
            problem = Problem(
                "import.unknown_reference",
                f"{column}: there is no {name!r}, neither known nor in this file",
                place(row.row, column),
                detail={"row": row.row, "column": column},
            )
            self._refuse([RefusedRow(row.row, self._cells(row), (problem,))])

    def _refuse(self, refused: Sequence[RefusedRow]) -> None:
        self.result.refused += len(refused)
        for row in refused:
            self.result.problems += row.problems[: max(0, PROBLEMS_MAX - len(self.result.problems))]
        if self.refused_to is not None and refused:
            self.refused_to.write(refused_lines(refused, len(self.table.header)))
