"""A condition column, indexed: which rows a value meets, found by one search instead of a test of every row.

The constants of a column cut the values of a kind into places: below the first, at it, between it and the second, and
so on; place 2i + 1 is the i-th constant itself. What a cell accepts is a set of ranges of places. For each place a bit
mask says which rows accept it, so that the rows that match are the masks of all columns, and-ed.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tradewind.rules.decide.feel.compiler import Context
from tradewind.rules.decide.feel.span import Span
from tradewind.rules.decide.feel.unary import Constant, UnaryTests

KINDS: tuple[type, ...] = (Decimal, str, bool, date)
"""What is indexed, by exact type; other values are tested row by row."""
MAX_BITS = 50_000_000
"""Of the masks of one column; a larger one is tested row by row."""
_ORDERED = frozenset({"<", "<=", ">", ">="})

Places = list[tuple[int, int]]
"""Ranges of places, both ends included."""


@dataclass(frozen=True, slots=True)
class Column:
    """`open_rows` have a cell that reads other variables: they are in every answer and must still be tested."""

    cells: tuple[UnaryTests, ...]
    kinds: dict[type, tuple[list[Any], list[int]]]
    without_value: int
    is_any: bool
    open_rows: int

    def rows(self, value: object, context: Context) -> int:
        """The rows that `value` meets, a bit each."""
        found = self.kinds.get(type(value))
        if found is not None:
            points, masks = found
            at = bisect_left(points, value)
            return masks[2 * at + 1 if at < len(points) and points[at] == value else 2 * at]
        if value is None:
            return self.without_value
        mask = self.open_rows
        for row, cell in enumerate(self.cells):
            if cell.constants is not None and cell.matches(value, context):
                mask |= 1 << row
        return mask


def column_of(cells: Sequence[UnaryTests]) -> Column:
    """The index of the cells of one column, from the first row to the last."""
    kinds: dict[type, tuple[list[Any], list[int]]] = {}
    for kind in KINDS:
        masks = _masks(cells, kind)
        if masks is not None:
            kinds[kind] = masks
    open_rows = sum(1 << row for row, cell in enumerate(cells) if cell.constants is None)
    closed = (row for row, cell in enumerate(cells) if cell.constants is not None and cell.matches(None, {}))
    is_any = all(cell.is_any for cell in cells)
    return Column(tuple(cells), kinds, open_rows | sum(1 << row for row in closed), is_any, open_rows)


def _masks(cells: Sequence[UnaryTests], kind: type) -> tuple[list[Any], list[int]] | None:
    """The sorted constants of a kind and the mask of each place; None where there is nothing to search."""
    found: set[Any] = {value for cell in cells for value in constants_of(cell.constants or ()) if type(value) is kind}
    points = sorted(found)
    last = 2 * len(points)
    if not points or (last + 1) * len(cells) > MAX_BITS:
        return None
    place = {point: 2 * index + 1 for index, point in enumerate(points)}
    turns = [0] * (last + 2)
    for row, cell in enumerate(cells):
        accepted = [(0, last)] if cell.constants is None else _accepted(cell, kind, place, last)
        if accepted is None:
            return None
        for low, high in accepted:
            turns[low] ^= 1 << row
            turns[high + 1] ^= 1 << row
    masks, mask = [], 0
    for turn in turns[:-1]:
        mask ^= turn
        masks.append(mask)
    return points, masks


def constants_of(constants: Sequence[Constant]) -> Iterator[object]:
    """The values that tests compare with: single ones, those of lists, the ends of ranges."""
    for constant in constants:
        for value in constant.value if isinstance(constant.value, list) else [constant.value]:
            if isinstance(value, Span):
                yield from (value.low, value.high)
            else:
                yield value


def _accepted(cell: UnaryTests, kind: type, place: dict[Any, int], last: int) -> Places | None:
    """Where the values of a kind meet a cell, in order and apart; None where only a test of the value can tell."""
    if cell.is_any:
        return [(0, last)]
    found: Places = []
    is_unknown = False
    for constant in cell.constants or ():
        choices = constant.value if isinstance(constant.value, list) and constant.operator == "in" else [constant.value]
        for choice in choices:
            places = _places(constant.operator, choice, kind, place, last)
            if isinstance(choice, Span) and places is None and cell.negated:
                return None
            is_unknown = is_unknown or places is None
            found += places or []
    accepted = _apart(found)
    if not cell.negated:
        return accepted
    return [] if is_unknown else _others(accepted, last)


def _places(operator: str, value: object, kind: type, place: dict[Any, int], last: int) -> Places | None:
    """Where a test holds; None where it has no answer for the kind."""
    if isinstance(value, Span):
        if type(value.low) is not kind or type(value.high) is not kind or kind is bool:
            return None
        low, high = place[value.low] + (not value.low_included), place[value.high] - (not value.high_included)
        return [(low, high)] if low <= high else []
    if value is None:
        return [(0, last)] if operator == "!=" else [] if operator in ("in", "=") else None
    if type(value) is not kind or (kind is bool and operator in _ORDERED):
        return None
    at = place[value]
    ranges = {
        "in": [(at, at)], "=": [(at, at)], "!=": [(0, at - 1), (at + 1, last)],
        "<": [(0, at - 1)], "<=": [(0, at)], ">": [(at + 1, last)], ">=": [(at, last)],
    }  # fmt: skip
    return ranges[operator]


def _apart(ranges: Places) -> Places:
    """The same places, in order, where no two ranges share any."""
    found: Places = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _others(ranges: Places, last: int) -> Places:
    """All places that are in none of the ranges."""
    found: Places = []
    start = 0
    for low, high in ranges:
        if start < low:
            found.append((start, low - 1))
        start = high + 1
    return [*found, (start, last)] if start <= last else found
