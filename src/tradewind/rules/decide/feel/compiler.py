"""Trees to closures: compiled once, evaluated many times, in three-valued logic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tradewind.kernel.problem import Problem, Refused
from tradewind.rules.decide.feel.functions import FUNCTIONS
from tradewind.rules.decide.feel.parser import parse
from tradewind.rules.decide.feel.syntax import (
    Binary,
    Call,
    If,
    ListOf,
    Literal,
    Logic,
    Name,
    Negate,
    Path,
    Range,
    Test,
    Tree,
    Within,
    walk,
)
from tradewind.rules.decide.feel.values import OPERATORS, Span, any_of, meets, member, negative, plain

Context = Mapping[str, object]
Closure = Callable[[Context], object]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: its text, the variables it reads, and its value in a context."""

    text: str
    names: frozenset[str]
    closure: Closure

    def evaluate(self, context: Context) -> object:
        """Decimal, str, bool, None, date, datetime, Duration, list or mapping; null where there is no value."""
        try:
            return self.closure(context)
        except ArithmeticError:  # a signalling number deep in a list of the context: it has no value
            return None


def read_expression(text: str) -> Expression | Problem:
    """Compile an expression, or say what is wrong with it and at which character."""
    tree = parse(text)
    if isinstance(tree, Problem):
        return tree
    names = frozenset(node.name for node, _ in walk(tree) if isinstance(node, Name))
    return Expression(text, names, _closure(tree))


def compile_expression(text: str) -> Expression:
    """As `read_expression`, but raises `Refused`: for texts that were checked when they were stored."""
    found = read_expression(text)
    if isinstance(found, Problem):
        raise Refused([found])
    return found


def _closure(tree: Tree) -> Closure:
    match tree:
        case Literal(value=value):
            return lambda _context: value
        case Name(name=name):
            return lambda context: plain(context.get(name))
        case Path():
            return _path(tree)
        case ListOf(items=items):
            parts = [_closure(item) for item in items]
            return lambda context: [part(context) for part in parts]
        case Range():
            return _range(tree)
        case Test(operator=operator, operand=operand):
            raise AssertionError(f"a test {operator} {operand} stands only behind 'in'")
        case Negate(operand=operand):
            inner = _closure(operand)
            return lambda context: negative(inner(context))
        case Binary(operator=operator, left=left, right=right):
            apply, first, second = OPERATORS[operator], _closure(left), _closure(right)
            return lambda context: apply(first(context), second(context))
        case Logic():
            return _logic(tree)
        case Within(operand=operand, choices=choices):
            return _within(operand, choices)
        case If(condition=condition, then=then, otherwise=otherwise):
            test, yes, no = _closure(condition), _closure(then), _closure(otherwise)
            return lambda context: yes(context) if test(context) is True else no(context)
        case Call():
            return _call(tree)


def _call(tree: Call) -> Closure:
    """A call; one on literals, such as a fixed duration, is made once."""
    call, given = FUNCTIONS[tree.function].apply, [_closure(argument) for argument in tree.arguments]
    if all(isinstance(argument, Literal) for argument in tree.arguments):
        value = call([argument({}) for argument in given])
        return lambda _context: value
    return lambda context: call([argument(context) for argument in given])


def _path(tree: Path) -> Closure:
    base, name = _closure(tree.base), tree.member
    return lambda context: member(base(context), name)


def _range(tree: Range) -> Closure:
    low, high = _closure(tree.low), _closure(tree.high)
    from_low, to_high = tree.low_included, tree.high_included
    return lambda context: Span(low(context), high(context), from_low, to_high)


def _logic(tree: Logic) -> Closure:
    parts = [_closure(part) for part in tree.parts]
    decisive = tree.operator == "or"

    def evaluate(context: Context) -> object:
        result: bool | None = not decisive
        for part in parts:
            value = part(context)
            if value is decisive:
                return decisive
            if value is not (not decisive):
                result = None
        return result

    return evaluate


def _within(operand: Tree, choices: tuple[Tree, ...]) -> Closure:
    value_of = _closure(operand)
    tests: list[Callable[[object, Context], bool | None]] = [_choice(choice) for choice in choices]

    def evaluate(context: Context) -> object:
        value = value_of(context)
        return any_of(test(value, context) for test in tests)

    return evaluate


def _choice(choice: Tree) -> Callable[[object, Context], bool | None]:
    if isinstance(choice, Test):
        apply, bound = OPERATORS[choice.operator], _closure(choice.operand)

        def compare(value: object, context: Context) -> bool | None:
            answer = apply(value, bound(context))
            return answer if isinstance(answer, bool) else None

        return compare
    other = _closure(choice)
    return lambda value, context: meets(value, other(context))
