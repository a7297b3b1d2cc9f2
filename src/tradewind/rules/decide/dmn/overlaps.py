"""What a table decides twice, never, or not at all, each with an input that proves it.

The constants of a column cut its values into regions that no cell tells apart; a region stands for all values in it by one of
them. A row is then a set of regions in each column, and what is asked of a table is asked of these sets. Rows with cells that
read other variables are taken as they may be: they prove no overlap, and what they may cover is not called a gap.
"""

from collections.abc import Iterator
from enum import StrEnum

from tradewind.kernel.value import value
from tradewind.rules.decide.dmn.regions import Grid, grid_of
from tradewind.rules.decide.dmn.table import CompiledTable
from tradewind.rules.model import HitPolicy

MAX_FINDINGS = 100
"""Of one kind for one table."""
MAX_STEPS = 200_000
"""Combinations of regions looked at in the search for gaps, and for all shadowed rows together."""


class Kind(StrEnum):
    """What was found: two rows for one input, a row that never decides, one that can match nothing, an input without a row."""

    OVERLAP = "overlap"
    SHADOWED = "shadowed"
    NEVER = "never"
    GAP = "gap"
    STOPPED = "stopped"


@value(frozen=True, slots=True)
class Examined:
    """`rows` are numbers from 1, `inputs` a value for each column that shows it (None where nothing can, or of `stopped`).

    `allowed` where the hit policy provides for it, so that it is a note and no fault. `column` is the place from 1 of the
    column that leaves a row no value; else 0.
    """

    kind: Kind
    rows: tuple[int, ...]
    inputs: tuple[object, ...] | None
    allowed: bool
    message: str
    column: int = 0


def examine(table: CompiledTable) -> tuple[Examined, ...]:
    """Overlaps, rows without effect, and gaps of a table; `stopped` says where a bound ended the search."""
    grid = grid_of(table)
    found = [Examined(Kind.STOPPED, (), None, allowed=True, message=what) for what in grid.stopped]
    never = [*_never(grid)]
    found += never
    dead = sum(1 << (one.rows[0] - 1) for one in never)
    found += _overlaps(table, grid, dead)
    if table.policy in (HitPolicy.FIRST, HitPolicy.PRIORITY):
        found += _shadowed(table, grid, dead)
    found += _gaps(table, grid)
    twice = [[at for at, one in enumerate(table.conditions) if one.name == name] for name in _asked_twice(table)]
    if not twice:
        return tuple(found)
    what = "several columns ask the same: what only different answers to them would show is left out"
    found.append(Examined(Kind.STOPPED, (), None, allowed=True, message=what))
    return tuple(one for one in found if one.inputs is None or _is_one_answer(one.inputs, twice))


def _asked_twice(table: CompiledTable) -> set[str]:
    names = [condition.name for condition in table.conditions if condition.name]
    return {name for name in names if names.count(name) > 1}


def _is_one_answer(inputs: tuple[object, ...], twice: list[list[int]]) -> bool:
    return all(inputs[at] == inputs[places[0]] for places in twice for at in places)


def _never(grid: Grid) -> Iterator[Examined]:
    for row in range(grid.rows):
        column = next((at for at, one in enumerate(grid.columns) if not one.spans[row]), None)
        if column is not None:
            what = f"row {row + 1} can never match: no value meets its cell in column {column + 1}"
            yield Examined(Kind.NEVER, (row + 1,), None, allowed=False, message=what, column=column + 1)


def _overlaps(table: CompiledTable, grid: Grid, dead: int) -> Iterator[Examined]:
    """The pairs that share an input, in the order of rows; a policy that provides for them makes them notes."""
    closed = ((1 << grid.rows) - 1) & ~grid.open_rows & ~dead
    told = 0
    for row in range(grid.rows):
        if not closed >> row & 1:
            continue
        others = grid.sharing(row) & closed & -(1 << (row + 1))
        while others:
            low = others & -others
            others ^= low
            if told == MAX_FINDINGS:
                what = f"more than {MAX_FINDINGS} pairs of rows overlap; shown up to row {row + 1}"
                yield Examined(Kind.STOPPED, (), None, allowed=True, message=what)
                return
            told += 1
            yield _overlap(table, grid, row, low.bit_length() - 1)


def _overlap(table: CompiledTable, grid: Grid, first: int, second: int) -> Examined:
    inputs = grid.shared(first, second)
    allowed = table.policy not in (HitPolicy.UNIQUE, HitPolicy.ANY)
    if table.policy is HitPolicy.ANY:
        given = {at.name: value for at, value in zip(table.conditions, inputs, strict=True) if at.name}
        allowed = table.value(first, given) == table.value(second, given)
    why = "" if allowed else " and conclude differently" if table.policy is HitPolicy.ANY else ", of which one may"
    return Examined(
        Kind.OVERLAP, (first + 1, second + 1), inputs, allowed=allowed,
        message=f"rows {first + 1} and {second + 1} match the same input{why}",
    )  # fmt: skip


def _shadowed(table: CompiledTable, grid: Grid, dead: int) -> Iterator[Examined]:
    """Rows that others, which go before them, leave no input."""
    steps = MAX_STEPS
    for row in range(grid.rows):
        if dead >> row & 1:
            continue
        before = _before(table, grid, row) & grid.sharing(row) & ~grid.open_rows & ~dead
        if not before:
            continue
        free, steps = grid.free_input(before, within=row, steps=steps)
        if steps <= 0:
            what = f"whether rows from {row + 1} on are shadowed was not searched to the end"
            yield Examined(Kind.STOPPED, (), None, allowed=True, message=what)
            return
        if free is None:
            inputs = grid.any_input(row)
            by = tuple(number + 1 for number in grid.matching(inputs, before))
            named = ", ".join(str(number) for number in by[:10])
            what = f"row {row + 1} never decides: rows before it take all its inputs, this one row {named}"
            yield Examined(Kind.SHADOWED, (row + 1, *by), inputs, allowed=False, message=what)


def _before(table: CompiledTable, grid: Grid, row: int) -> int:
    """The rows that decide where they match together with this one."""
    if table.policy is HitPolicy.FIRST:
        return (1 << row) - 1
    ranks = grid.ranks
    mine = ranks[row]
    if mine is None:
        return 0
    found = 0
    for other, rank in enumerate(ranks):
        if rank is not None and rank < mine:
            found |= 1 << other
    return found


def _gaps(table: CompiledTable, grid: Grid) -> Iterator[Examined]:
    has_default = any(part.default is not None for part in table.conclusions)
    allowed = has_default or table.policy in (HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER)
    end = "the default decides" if has_default else "nothing is decided"
    inputs, is_whole = grid.gaps(most=MAX_FINDINGS, steps=MAX_STEPS)
    for one in inputs:
        yield Examined(Kind.GAP, (), one, allowed=allowed, message=f"no row matches this input: {end}")
    if not is_whole:
        what = f"gaps were not searched to the end: {len(inputs)} are shown"
        yield Examined(Kind.STOPPED, (), None, allowed=True, message=what)
