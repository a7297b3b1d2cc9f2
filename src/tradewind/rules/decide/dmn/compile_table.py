"""A table as it is written to a table that can be asked."""

from typing import TYPE_CHECKING

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.index import column_of
from tradewind.rules.decide.dmn.table import CompiledTable, Conclusion, Condition
from tradewind.rules.decide.feel.compiler import Closure, Expression
from tradewind.rules.decide.feel.unary import UnaryTests, read_tests
from tradewind.rules.decide.feel.vocabulary import same_spaces
from tradewind.rules.errors import inside
from tradewind.rules.model import Aggregation, HitPolicy, Input, Output, Table, Text

if TYPE_CHECKING:
    from tradewind.rules.decide.dmn.compile import Scope

_RANKED = (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER)


def compile_table(table: Table, scope: "Scope") -> CompiledTable | None:
    """The table; None where a part of it is refused, as `scope.problems` say."""
    refused = len(scope.problems)
    if any((len(rule.tests), len(rule.outputs)) != (len(table.inputs), len(table.outputs)) for rule in table.rules):
        return None  # told when it was read
    _check_shape(table, scope)
    cells = [[scope.tests(rule.tests[place]) for rule in table.rules] for place in range(len(table.inputs))]
    conclusions = tuple(_conclusion(output, scope) for output in table.outputs)
    fixed: set[Closure | None] = set()
    results = [[_result(text, scope, fixed) for text in rule.outputs] for rule in table.rules]
    if len(scope.problems) > refused:
        return None
    conditions = [
        _condition(written, [cell for cell in column if cell is not None], scope)
        for written, column in zip(table.inputs, cells, strict=True)
    ]
    if len(scope.problems) > refused:
        return None
    return CompiledTable(
        table.hit_policy, table.aggregation, tuple(conditions), conclusions,
        tuple(tuple(result for result in row if result is not None) for row in results), table.place,
        (1 << len(table.rules)) - 1, any(condition.column.open_rows for condition in conditions),
        sum(1 << at for at, row in enumerate(results) if all(result in fixed for result in row)),
    )  # fmt: skip


def _check_shape(table: Table, scope: "Scope") -> None:
    if not table.outputs:
        scope.refuse("rules.no_output", "a table has at least one output", table.place)
    names = [output.name for output in table.outputs]
    if len(names) > 1 and (len(set(names)) < len(names) or "" in names):
        scope.refuse("rules.not_unique", "several outputs need a name each", table.place)
    if table.hit_policy in _RANKED and not any(output.values for output in table.outputs):
        scope.refuse(
            "rules.no_priorities", f"hit policy {table.hit_policy} needs output values in their order", table.place
        )
    if table.aggregation is not None and table.hit_policy is not HitPolicy.COLLECT:
        scope.refuse(
            "rules.aggregation_without_collect", f"{table.aggregation} aggregates only with COLLECT", table.place
        )
    if table.aggregation not in (None, Aggregation.COUNT) and len(names) > 1:
        scope.refuse("rules.several_outputs", f"{table.aggregation} aggregates one output", table.place)


def _condition(written: Input, cells: list[UnaryTests], scope: "Scope") -> Condition:
    expression = scope.expression(written.expression)
    allowed = None if written.allowed is None else scope.tests(written.allowed)
    closure: Closure = (lambda _: None) if expression is None else expression.evaluate
    return Condition(
        closure, next(iter(expression.names)) if expression is not None and _is_variable(expression) else "",
        scope.types.of(written.type, written.place),
        None if allowed is None or allowed.is_any else allowed, column_of(cells), written.place,
    )  # fmt: skip


def _is_variable(expression: Expression) -> bool:
    """Whether an expression is the name of a variable and nothing more."""
    return expression.names == {same_spaces(expression.text)} and not expression.calls


def _conclusion(output: Output, scope: "Scope") -> Conclusion:
    scope.types.of(output.type, output.place)
    default = None if output.default is None or not output.default.text else scope.expression(output.default)
    values = None
    if output.values is not None and output.values.text:
        found = read_tests(output.values.text)
        if isinstance(found, Problem):
            scope.problems.append(inside(found, output.values.place))
        else:
            values = found
    return Conclusion(output.name, None if default is None else default.evaluate, values)


def _result(text: Text, scope: "Scope", fixed: set[Closure | None]) -> Closure | None:
    """The closure of an output cell; an empty one, or `-`, concludes nothing. `fixed` gathers those of one value."""
    if text.text in ("", "-"):
        return _fixed(None, fixed)
    expression = scope.expression(text)
    if expression is None:
        return None
    is_constant, value = expression.constant()
    return _fixed(value, fixed) if is_constant else expression.evaluate


def _fixed(value: object, fixed: set[Closure | None]) -> Closure:
    def conclude(_: object) -> object:
        return value

    fixed.add(conclude)
    return conclude
