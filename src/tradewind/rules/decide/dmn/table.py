"""Compiled decision tables: rows found by index, then the hit policy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.index import Column
from tradewind.rules.decide.dmn.types import Type
from tradewind.rules.decide.feel.allowance import Allowance
from tradewind.rules.decide.feel.compiler import Closure, Context
from tradewind.rules.decide.feel.functions import FUNCTIONS
from tradewind.rules.decide.feel.unary import UnaryTests
from tradewind.rules.decide.feel.values import equal, plain
from tradewind.rules.errors import not_understood
from tradewind.rules.model import Aggregation, HitPolicy, Place


@dataclass(frozen=True, slots=True)
class Hit:
    """What a table was asked and which rows matched: numbers from 1, in the order of the table."""

    table: str
    inputs: tuple[object, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A row (number from 1) that only one input, by its place from 1, kept from matching."""

    row: int
    input: int


@dataclass(slots=True)
class Trace:
    """How values came to be: the hits of tables, and why a value is null where a table or type gives none.

    `allowance` is the work that deciding may do in all.
    """

    hits: list[Hit] = field(default_factory=list)
    findings: list[Problem] = field(default_factory=list)
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True, slots=True)
class Condition:
    """A column: its expression (a variable alone by `name`), its type, the values it may have, the index of its cells."""

    expression: Closure
    name: str
    type: Type
    allowed: UnaryTests | None
    column: Column
    place: Place


@dataclass(frozen=True, slots=True)
class Conclusion:
    """An output: its name, what stands for it where no row matches, and its values by priority."""

    name: str
    default: Closure | None
    values: UnaryTests | None

    def rank(self, value: object) -> int:
        """The place of a value among the listed ones; behind all of them where it is not listed."""
        listed = () if self.values is None else self.values.constants or ()
        return next((rank for rank, constant in enumerate(listed) if constant.holds(value)), len(listed))


@dataclass(frozen=True, slots=True)
class CompiledTable:
    """`evaluate(context, trace)` is the value of the table; `results` are the outputs of each row."""

    policy: HitPolicy
    aggregation: Aggregation | None
    conditions: tuple[Condition, ...]
    conclusions: tuple[Conclusion, ...]
    results: tuple[tuple[Closure, ...], ...]
    place: Place
    all_rows: int
    has_open_rows: bool
    constant_rows: int = 0

    def is_constant(self, row: int) -> bool:
        """Whether a row concludes the same whatever the inputs."""
        return bool(self.constant_rows >> row & 1)

    def evaluate(self, context: Context, trace: Trace) -> object:
        inputs: list[object] = []
        rows = self.all_rows
        for condition in self.conditions:
            value = plain(context.get(condition.name) if condition.name else condition.expression(context))
            if value is not None and not condition.type.fits_plainly(value):
                value = self._typed(condition, value, trace)
            if condition.allowed is not None and value is not None and not condition.allowed.matches(value, context):
                trace.findings.append(
                    not_understood("rules.input_not_allowed", f"the input is none of {condition.allowed.text}",
                                   condition.place)
                )  # fmt: skip
                trace.hits.append(Hit(self.place.id, (*inputs, value), ()))
                return None
            inputs.append(value)
            if rows and not condition.column.is_any:
                rows &= condition.column.rows(value, context)
        found = list(_bits(rows))
        if self.has_open_rows:
            found = [row for row in found if self._open_cells_match(row, inputs, context)]
        trace.hits.append(Hit(self.place.id, tuple(inputs), tuple([row + 1 for row in found])))
        return _POLICIES[self.policy](self, found, context, trace)

    def near_misses(self, inputs: Sequence[object], context: Context, *, most: int = 10) -> tuple[NearMiss, ...]:
        """The first rows that one input alone kept from matching; `inputs` as a `Hit` holds them."""
        met = []
        for place, condition in enumerate(self.conditions):
            cells = condition.column.cells
            rows = condition.column.rows(inputs[place], context)
            opened = rows & condition.column.open_rows
            missed = sum(1 << row for row in _bits(opened) if not cells[row].matches(inputs[place], context))
            met.append(rows & ~missed)
        found: list[NearMiss] = []
        for place, rows in enumerate(met):
            others = self.all_rows & ~rows
            for other in (mask for at, mask in enumerate(met) if at != place):
                others &= other
            found += [NearMiss(row + 1, place + 1) for row in _bits(others)]
        return tuple(sorted(found, key=lambda miss: (miss.row, miss.input))[:most])

    def _typed(self, condition: Condition, value: object, trace: Trace) -> object:
        fits, value = condition.type.conform(value)
        if not fits:
            what = f"the input is no {condition.type.name}"
            trace.findings.append(not_understood("rules.wrong_type", what, condition.place))
        return value

    def _open_cells_match(self, row: int, inputs: list[object], context: Context) -> bool:
        for condition, value in zip(self.conditions, inputs, strict=True):
            if condition.column.open_rows >> row & 1 and not condition.column.cells[row].matches(value, context):
                return False
        return True

    def value(self, row: int, context: Context) -> object:
        """What a row concludes: a value, or a context of the named outputs."""
        results = self.results[row]
        if len(results) == 1:
            return results[0](context)
        return {conclusion.name: result(context) for conclusion, result in zip(self.conclusions, results, strict=True)}

    def default(self, context: Context) -> tuple[bool, object]:
        """Whether any output has a default, and what the defaults conclude."""
        values = [None if part.default is None else part.default(context) for part in self.conclusions]
        has_default = any(part.default is not None for part in self.conclusions)
        names = [part.name for part in self.conclusions]
        return has_default, values[0] if len(values) == 1 else dict(zip(names, values, strict=True))

    def ranks(self, value: object) -> tuple[int, ...]:
        if len(self.conclusions) == 1:
            return (self.conclusions[0].rank(value),)
        named = value if isinstance(value, Mapping) else {}
        return tuple(part.rank(named.get(part.name)) for part in self.conclusions if part.values is not None)

    def by_rank(self, rows: list[int], context: Context) -> list[object]:
        return sorted((self.value(row, context) for row in rows), key=self.ranks)

    def contradicted(self, code: str, what: str, rows: list[int], trace: Trace) -> None:
        numbers = ", ".join(str(row + 1) for row in rows[:10])
        trace.findings.append(not_understood(code, f"{what}: rows {numbers}", self.place))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _unique(table: CompiledTable, rows: list[int], context: Context, trace: Trace) -> object:
    if len(rows) == 1:
        return table.value(rows[0], context)
    if not rows:
        return table.default(context)[1]
    table.contradicted("rules.several_rows_match", "only one row may match", rows, trace)
    return None


def _any(table: CompiledTable, rows: list[int], context: Context, trace: Trace) -> object:
    if not rows:
        return table.default(context)[1]
    first, *others = (table.value(row, context) for row in rows)
    if all(_same(first, other) for other in others):
        return first
    table.contradicted("rules.rows_disagree", "rows that match must conclude the same", rows, trace)
    return None


def _same(left: object, right: object) -> bool:
    return left == right if isinstance(left, Mapping) else equal(left, right) is True


def _first(table: CompiledTable, rows: list[int], context: Context, _: Trace) -> object:
    return table.value(rows[0], context) if rows else table.default(context)[1]


def _priority(table: CompiledTable, rows: list[int], context: Context, _: Trace) -> object:
    return table.by_rank(rows, context)[0] if rows else table.default(context)[1]


def _output_order(table: CompiledTable, rows: list[int], context: Context, _: Trace) -> object:
    return table.by_rank(rows, context) if rows else _no_rows(table, context)


def _no_rows(table: CompiledTable, context: Context) -> object:
    has_default, value = table.default(context)
    return [value] if has_default else None


def _collect(table: CompiledTable, rows: list[int], context: Context, _: Trace) -> object:
    if table.aggregation is None or table.policy is not HitPolicy.COLLECT:
        return [table.value(row, context) for row in rows] if rows else _no_rows(table, context)
    has_default, default = table.default(context)
    if not rows and has_default:
        return default
    found: list[object] = [[table.value(row, context) for row in rows]]
    return FUNCTIONS[table.aggregation.value.lower()].apply(found)


_POLICIES: dict[HitPolicy, Callable[[CompiledTable, list[int], Context, Trace], object]] = {
    HitPolicy.UNIQUE: _unique,
    HitPolicy.ANY: _any,
    HitPolicy.FIRST: _first,
    HitPolicy.PRIORITY: _priority,
    HitPolicy.RULE_ORDER: _collect,
    HitPolicy.OUTPUT_ORDER: _output_order,
    HitPolicy.COLLECT: _collect,
}
