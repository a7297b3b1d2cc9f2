"""Expressions of a model to closures over a context and a trace; refusals name the element and its id."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.compile_table import compile_table
from tradewind.rules.decide.dmn.table import CompiledTable, Trace
from tradewind.rules.decide.dmn.types import Types, is_bounded
from tradewind.rules.decide.feel.compiler import Context, Expression, read_expression
from tradewind.rules.decide.feel.functions import Callee
from tradewind.rules.decide.feel.unary import UnaryTests, read_tests
from tradewind.rules.decide.feel.values import plain
from tradewind.rules.decide.feel.vocabulary import Vocabulary, same_spaces, vocabulary
from tradewind.rules.errors import inside, not_understood
from tradewind.rules.model import (
    Boxed,
    Conditional,
    ContextBox,
    Definitions,
    Invocation,
    ItemType,
    Knowledge,
    ListBox,
    Literal,
    Output,
    Place,
    Relation,
    Table,
    Text,
)

Run = Callable[[Context, Trace], object]


def nothing(_: Context, __: Trace) -> object:
    """What has no logic, or logic that is not understood, has no value."""
    return None


@dataclass(slots=True)
class Scope:
    """What the expressions at one place may read and call; `calls` counts what they do call, `tables` gathers by id."""

    names: frozenset[str]
    functions: dict[str, Knowledge]
    types: Types
    members: tuple[str, ...]
    problems: list[Problem]
    tables: dict[str, CompiledTable]
    calls: Counter[str] = field(default_factory=Counter)
    _words: Vocabulary | None = None

    def words(self) -> Vocabulary:
        if self._words is None:
            parameters = {
                name: tuple(entry.name for entry in called.parameters) for name, called in self.functions.items()
            }
            self._words = vocabulary(self.names, self.members, parameters)
        return self._words

    def seeing(self, names: Iterable[str]) -> "Scope":
        """The same place with more names."""
        seen = self.names.union(names)
        if seen == self.names:
            return self
        return Scope(seen, self.functions, self.types, self.members, self.problems, self.tables, self.calls)

    def expression(self, text: Text) -> Expression | None:
        found = read_expression(text.text, self.words())
        return found if self._accepted(found, text) and isinstance(found, Expression) else None

    def tests(self, text: Text) -> UnaryTests | None:
        found = read_tests(text.text, self.words())
        return found if self._accepted(found, text) and isinstance(found, UnaryTests) else None

    def _accepted(self, found: Expression | UnaryTests | Problem, text: Text) -> bool:
        if isinstance(found, Problem):
            self.problems.append(inside(found, text.place))
            return False
        unknown = sorted(found.names - self.names - self.functions.keys())
        if unknown:
            what = f"{unknown[0]!r} is neither required nor defined here"
            self.problems.append(not_understood("rules.unknown_name", what, text.place))
            return False
        self.calls.update(found.calls)
        return True

    def refuse(self, code: str, what: str, place: Place) -> None:
        self.problems.append(not_understood(code, what, place))


def compile_boxed(boxed: Boxed | None, scope: Scope) -> Run:
    """What an expression means; where it is not understood, `scope.problems` say why and its value is null."""
    match boxed:
        case None:
            return nothing
        case Literal(text=text, type=kind, place=place):
            scope.types.of(kind, place)
            expression = scope.expression(text)
            return nothing if expression is None else _literal(expression)
        case Table():
            made = compile_table(boxed, scope)
            if made is None:
                return nothing
            scope.tables[made.place.id] = made
            return made.evaluate
        case ContextBox():
            return _context(boxed, scope)
        case Invocation():
            return _invocation(boxed, scope)
        case ListBox(items=items):
            parts = [compile_boxed(item, scope) for item in items]
            return lambda context, trace: [part(context, trace) for part in parts]
        case Relation(columns=columns, rows=rows):
            grid = [[compile_boxed(cell, scope) for cell in row] for row in rows]
            return lambda context, trace: [
                {name: cell(context, trace) for name, cell in zip(columns, row, strict=False)} for row in grid
            ]
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            test, yes, no = (compile_boxed(part, scope) for part in (condition, then, otherwise))
            return lambda context, trace: (yes if test(context, trace) is True else no)(context, trace)


def _literal(expression: Expression) -> Run:
    evaluate = expression.evaluate
    return lambda context, _: evaluate(context)


def _context(boxed: ContextBox, scope: Scope) -> Run:
    entries = []
    for entry in boxed.entries:
        kind = scope.types.of(entry.type, boxed.place)
        entries.append((entry.name, kind, compile_boxed(entry.value, scope)))
        scope = scope.seeing([entry.name])
    result = None if boxed.result is None else compile_boxed(boxed.result, scope)

    def run(context: Context, trace: Trace) -> object:
        seen, made = dict(context), {}
        for name, kind, value in entries:
            found = plain(value(seen, trace))
            made[name] = seen[name] = kind.conform(found)[1] if is_bounded(found) else None
        return made if result is None else result(seen, trace)

    return run


def _invocation(boxed: Invocation, scope: Scope) -> Run:
    name = same_spaces(boxed.function.text)
    called = scope.functions.get(name)
    if called is None:
        scope.refuse("rules.unknown_function", f"there is no required function {name!r}", boxed.function.place)
        return nothing
    parameters = [entry.name for entry in called.parameters]
    given = {}
    for argument in boxed.arguments:
        if argument.name not in parameters:
            scope.refuse("rules.unknown_name", f"{name} has no parameter {argument.name!r}", boxed.place)
        given[argument.name] = compile_boxed(argument.value, scope)
    scope.calls[name] += 1
    values = [given.get(parameter, nothing) for parameter in parameters]

    def run(context: Context, trace: Trace) -> object:
        function = context.get(name)
        return function.apply([value(context, trace) for value in values]) if isinstance(function, Callee) else None

    return run


def all_members(definitions: Definitions) -> tuple[str, ...]:
    """Names that may stand behind a dot: components of types, entries of contexts, columns and outputs."""
    found: dict[str, None] = {}
    pending: list[object] = [*definitions.types, *(part.logic for part in definitions.decisions)]
    pending += [part.logic for part in definitions.knowledge]
    while pending:
        at = pending.pop()
        for name, below in _named_parts(at):
            if name:
                found[name] = None
            pending.append(below)
    return tuple(found)


def _named_parts(at: object) -> Iterator[tuple[str, object]]:
    match at:
        case ItemType(components=components):
            yield from ((part.name, part) for part in components)
        case Table(outputs=outputs):
            yield from ((part.name, part) for part in outputs if isinstance(part, Output))
        case ContextBox(entries=entries, result=result):
            yield from ((entry.name, entry.value) for entry in entries)
            yield "", result
        case Invocation(arguments=arguments):
            yield from (("", entry.value) for entry in arguments)
        case ListBox(items=items):
            yield from (("", item) for item in items)
        case Relation(columns=columns, rows=rows):
            yield from ((name, None) for name in columns)
            yield from (("", cell) for row in rows for cell in row)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            yield from (("", part) for part in (condition, then, otherwise))
        case _:
            return
