"""The columns of a table as regions of values that no cell of the column tells apart, and searches among them."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tradewind.kernel.value import value
from tradewind.rules.decide.dmn.index import Column, constants_of
from tradewind.rules.decide.dmn.table import CompiledTable, Condition
from tradewind.rules.decide.feel.duration import Duration
from tradewind.rules.decide.feel.values import order

MAX_TESTS = 2_000_000
"""Cells asked in one column; one that needs more is taken as always met."""
_EXAMPLES: dict[str, tuple[object, ...]] = {
    "number": (Decimal(0),),
    "string": ("another",),
    "boolean": (False, True),
    "date": (date(2026, 1, 1),),
}
_BLOCK = 64
Spans = tuple[tuple[int, int], ...]


@value(frozen=True, slots=True)
class Cut:
    """A column: a value for each region, the rows that it meets, and per row the runs of regions that it accepts."""

    values: tuple[object, ...]
    masks: tuple[int, ...]
    blocks: tuple[int, ...]
    spans: tuple[Spans, ...]

    def rows_in(self, low: int, high: int) -> int:
        """The rows that accept any region from `low` to `high`."""
        found, at = 0, low
        while at <= high:
            if at % _BLOCK == 0 and at + _BLOCK - 1 <= high:
                found |= self.blocks[at // _BLOCK]
                at += _BLOCK
            else:
                found |= self.masks[at]
                at += 1
        return found

    def shared(self, first: int, second: int) -> int | None:
        """The first region that both rows accept."""
        one, other = iter(self.spans[first]), iter(self.spans[second])
        left, right = next(one, None), next(other, None)
        while left is not None and right is not None:
            low, high = max(left[0], right[0]), min(left[1], right[1])
            if low <= high:
                return low
            if left[1] < right[1]:
                left = next(one, None)
            else:
                right = next(other, None)
        return None

    def distinct(self, among: int, spans: Spans) -> Iterator[tuple[int, int]]:
        """The regions of these runs that differ in which of the rows `among` they meet: a region of each, and its rows."""
        seen: set[int] = set()
        for low, high in spans:
            for at in range(low, high + 1):
                rows = self.masks[at] & among
                if rows not in seen:
                    seen.add(rows)
                    yield at, rows


@value(frozen=True, slots=True)
class Grid:
    """All columns of a table. `open_rows` have cells that read other variables; `ranks` order rows by priority."""

    rows: int
    columns: tuple[Cut, ...]
    open_rows: int
    ranks: tuple[tuple[int, ...] | None, ...]
    stopped: tuple[str, ...]

    def sharing(self, row: int) -> int:
        """The rows that share an input with this one, itself among them."""
        found = (1 << self.rows) - 1
        for column in self.columns:
            met = 0
            for low, high in column.spans[row]:
                met |= column.rows_in(low, high)
            found &= met
        return found

    def shared(self, first: int, second: int) -> tuple[object, ...]:
        """An input that both rows match; they share one."""
        places = [column.shared(first, second) for column in self.columns]
        return tuple(
            column.values[place] for column, place in zip(self.columns, places, strict=True) if place is not None
        )

    def any_input(self, row: int) -> tuple[object, ...]:
        return tuple(column.values[column.spans[row][0][0]] for column in self.columns)

    def matching(self, inputs: Sequence[object], among: int) -> list[int]:
        """The rows that match an input made of values of regions."""
        for column, given in zip(self.columns, inputs, strict=True):
            among &= column.masks[next(at for at, one in enumerate(column.values) if one is given)]
        return [row for row in range(self.rows) if among >> row & 1]

    def free_input(self, rows: int, *, within: int, steps: int) -> tuple[tuple[object, ...] | None, int]:
        """An input of one row that none of the others match, and how many steps are left; 0 where they ran out."""
        search = _Search([(column, column.spans[within]) for column in self.columns], steps)
        found = search.run(rows, 1)
        return (found[0] if found else None), search.steps

    def gaps(self, *, most: int, steps: int) -> tuple[list[tuple[object, ...]], bool]:
        """Inputs that no row matches, and whether these are all that differ."""
        every: list[tuple[Cut, Spans]] = [(column, ((0, len(column.values) - 1),)) for column in self.columns]
        search = _Search(every, steps)
        found = search.run((1 << self.rows) - 1, most + 1)
        return found[:most], search.steps > 0 and len(found) <= most


class _Search:
    """Column by column, the rows that still match; where none is left, what was chosen is an input without a row."""

    def __init__(self, columns: list[tuple[Cut, Spans]], steps: int) -> None:
        self.columns, self.steps = columns, steps
        self.seen: set[tuple[int, int]] = set()
        self.found: list[tuple[object, ...]] = []

    def run(self, rows: int, most: int) -> list[tuple[object, ...]]:
        self._look(0, rows, (), most)
        return self.found

    def _look(self, at: int, rows: int, chosen: tuple[object, ...], most: int) -> None:
        if not rows:
            rest = (column.values[spans[0][0]] for column, spans in self.columns[at:])
            self.found.append((*chosen, *rest))
            return
        if at == len(self.columns) or (at, rows) in self.seen:
            return
        self.seen.add((at, rows))
        column, spans = self.columns[at]
        for place, left in column.distinct(rows, spans):
            self.steps -= 1
            if self.steps <= 0 or len(self.found) >= most:
                return
            self._look(at + 1, left, (*chosen, column.values[place]), most)


def grid_of(table: CompiledTable) -> Grid:
    """The regions of every column."""
    rows = len(table.results)
    stopped: list[str] = []
    columns, open_rows = [], 0
    for number, condition in enumerate(table.conditions, 1):
        values = _values(condition)
        closed = len(values) * rows if any(type(one) not in condition.column.kinds for one in values) else 0
        if closed > MAX_TESTS:
            stopped.append(f"column {number} has too many different values to be examined; taken as always met")
            values = values[:1]
            open_rows = (1 << rows) - 1
        open_rows |= condition.column.open_rows
        columns.append(_cut(condition.column, values, rows))
    return Grid(rows, tuple(columns), open_rows, tuple(_ranks(table)), tuple(stopped))


def _ranks(table: CompiledTable) -> Iterator[tuple[int, ...] | None]:
    for row in range(len(table.results)):
        yield table.ranks(table.value(row, {})) if table.is_constant(row) else None


def _cut(column: Column, values: list[object], rows: int) -> Cut:
    masks = [column.rows(one, {}) for one in values]
    blocks = []
    for start in range(0, len(masks), _BLOCK):
        block = 0
        for mask in masks[start : start + _BLOCK]:
            block |= mask
        blocks.append(block)
    spans: list[list[tuple[int, int]]] = [[] for _ in range(rows)]
    begun = [0] * rows
    last = 0
    for place, mask in enumerate([*masks, 0]):
        turned = mask ^ last
        while turned:
            low = turned & -turned
            turned ^= low
            row = low.bit_length() - 1
            if mask & low:
                begun[row] = place
            else:
                spans[row].append((begun[row], place - 1))
        last = mask
    return Cut(tuple(values), tuple(masks), tuple(blocks), tuple(tuple(one) for one in spans))


def _values(condition: Condition) -> list[object]:
    """A value of each region: the constants themselves and what lies between; only those that are allowed."""
    cells = list(condition.column.cells)
    if condition.allowed is not None:
        cells.append(condition.allowed)
    constants = [one for cell in cells for one in constants_of(cell.constants or ()) if one is not None]
    found: list[object] = []
    for kind in (Decimal, str, bool, date, datetime, Duration):
        points = _sorted([one for one in constants if type(one) is kind])
        if points or (kind is bool and condition.type.plain_types == {bool}):
            found += _around(kind, points)
    if not found:
        found = list(_EXAMPLES.get(_base_name(condition), ()))
    fitting = [one for one in found if _fits(condition, one)]
    return fitting or [None]


def _base_name(condition: Condition) -> str:
    kind = condition.type
    for _ in range(50):
        if kind.base is None:
            break
        kind = kind.base
    return kind.name


def _fits(condition: Condition, given: object) -> bool:
    fits, _ = condition.type.conform(given)
    return fits and (condition.allowed is None or condition.allowed.matches(given, {}))


def _sorted(points: list[Any]) -> list[Any]:
    """In order, each once; what has no order among the others is left out."""
    found: list[Any] = []
    if points and isinstance(points[0], datetime | Duration):
        points = [one for one in points if order(points[0], one) is not None]
        points.sort(key=lambda one: (one.months, one.micros) if isinstance(one, Duration) else one)
    else:
        points.sort()
    for one in points:
        if not found or found[-1] != one:
            found.append(one)
    return found


def _around(kind: type, points: list[Any]) -> Iterator[object]:
    if kind is bool:
        yield from (False, True)
        return
    below = _beside(points[0], -1)
    if below is not None:
        yield below
    for at, point in enumerate(points):
        yield point
        between = _between(point, points[at + 1]) if at + 1 < len(points) else _beside(point, 1)
        if between is not None:
            yield between


def _beside(point: Any, way: int) -> object:
    """A value just outside all constants; None where there is none."""
    try:
        match point:
            case Decimal():
                beside = point.to_integral_value() + way
                return beside if beside != point and (beside > point) == (way > 0) else point + way
            case str():
                return f"{point}~" if way > 0 else next((one for one in ("(another)", "") if one < point), None)
            case datetime():
                return point + timedelta(hours=way)
            case date():
                return point + timedelta(days=way)
            case Duration(months=months) if months:
                return Duration(months + way, 0)
            case _:
                return Duration(0, point.micros + way * 3_600_000_000)
    except OverflowError:
        return None


def _between(low: Any, high: Any) -> object:
    match low:
        case Decimal():
            whole = (low + 1).to_integral_value(rounding="ROUND_FLOOR")
            return whole if low < whole < high else (low + high) / 2
        case str():
            return next((one for one in (f"{low}~", f"{low} ", f"{low}\0") if low < one < high), None)
        case datetime():
            middle = low + (high - low) / 2
        case date():
            middle = low + (high - low) // 2
        case Duration(months=months) if months or high.months:
            middle = Duration((low.months + high.months) // 2)
        case _:
            middle = Duration(0, (low.micros + high.micros) // 2)
    return middle if middle not in (low, high) else None
