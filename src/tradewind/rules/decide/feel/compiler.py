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
    Invoke,
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
from tradewind.rules.decide.feel.vocabulary import PLAIN, Vocabulary

Context = Mapping[str, object]
Closure = Callable[[Context], object]


@dataclass(frozen=True, slots=True)
class Callee:
    """A function as a value in a context; only a decision model puts one there, with a cost known beforehand."""

    apply: Callable[[list[object]], object]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: its text, the variables it reads, the context's functions it calls, its value in a context."""

    text: str
    names: frozenset[str]
    closure: Closure
    calls: tuple[str, ...] = ()

    def evaluate(self, context: Context) -> object:
        """Decimal, str, bool, None, date, datetime, Duration, list or mapping; null where there is no value."""
        try:
            return self.closure(context)
        except ArithmeticError:  # a signalling number deep in a list of the context: it has no value
            return None


def read_expression(text: str, vocabulary: Vocabulary = PLAIN) -> Expression | Problem:
    """Compile an expression, or say what is wrong with it and at which character."""
    tree = parse(text, vocabulary)
    if isinstance(tree, Problem):
        return tree
    return Expression(text, names_in(tree), closure(tree), calls_in(tree))


def names_in(tree: Tree) -> frozenset[str]:
    """The variables that a tree reads."""
    return frozenset(node.name for node, _ in walk(tree) if isinstance(node, Name))


def calls_in(tree: Tree) -> tuple[str, ...]:
    """The functions of the context that a tree calls, one for each call."""
    return tuple(node.function for node, _ in walk(tree) if isinstance(node, Invoke))


def compile_expression(text: str) -> Expression:
    """As `read_expression`, but raises `Refused`: for texts that were checked when they were stored."""
    found = read_expression(text)
    if isinstance(found, Problem):
        raise Refused([found])
    return found


def closure(tree: Tree) -> Closure:
    """What a tree means, as a function of a context."""
    match tree:
        case Literal(value=value):
            return lambda _context: value
        case Name(name=name):
            return lambda context: plain(context.get(name))
        case Path():
            return _path(tree)
        case ListOf(items=items):
            parts = [closure(item) for item in items]
            return lambda context: [part(context) for part in parts]
        case Range():
            return _range(tree)
        case Test(operator=operator, operand=operand):
            raise AssertionError(f"a test {operator} {operand} stands only behind 'in'")
        case Negate(operand=operand):
            inner = closure(operand)
            return lambda context: negative(inner(context))
        case Binary(operator=operator, left=left, right=right):
            apply, first, second = OPERATORS[operator], closure(left), closure(right)
            return lambda context: apply(first(context), second(context))
        case Logic():
            return _logic(tree)
        case Within(operand=operand, choices=choices):
            return _within(operand, choices)
        case If(condition=condition, then=then, otherwise=otherwise):
            test, yes, no = closure(condition), closure(then), closure(otherwise)
            return lambda context: yes(context) if test(context) is True else no(context)
        case Call():
            return _call(tree)
        case Invoke():
            return _invoke(tree)


def _call(tree: Call) -> Closure:
    """A call; one on literals, such as a fixed duration, is made once."""
    call, given = FUNCTIONS[tree.function].apply, [closure(argument) for argument in tree.arguments]
    if all(isinstance(argument, Literal) for argument in tree.arguments):
        value = call([argument({}) for argument in given])
        return lambda _context: value
    return lambda context: call([argument(context) for argument in given])


def _invoke(tree: Invoke) -> Closure:
    name, given = tree.function, [closure(argument) for argument in tree.arguments]

    def evaluate(context: Context) -> object:
        called = context.get(name)
        return called.apply([argument(context) for argument in given]) if isinstance(called, Callee) else None

    return evaluate


def _path(tree: Path) -> Closure:
    base, name = closure(tree.base), tree.member
    return lambda context: member(base(context), name)


def _range(tree: Range) -> Closure:
    low, high = closure(tree.low), closure(tree.high)
    from_low, to_high = tree.low_included, tree.high_included
    return lambda context: Span(low(context), high(context), from_low, to_high)


def _logic(tree: Logic) -> Closure:
    parts = [closure(part) for part in tree.parts]
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
    value_of = closure(operand)
    tests: list[Callable[[object, Context], bool | None]] = [_choice(choice) for choice in choices]

    def evaluate(context: Context) -> object:
        value = value_of(context)
        return any_of(test(value, context) for test in tests)

    return evaluate


def _choice(choice: Tree) -> Callable[[object, Context], bool | None]:
    if isinstance(choice, Test):
        apply, bound = OPERATORS[choice.operator], closure(choice.operand)

        def compare(value: object, context: Context) -> bool | None:
            answer = apply(value, bound(context))
            return answer if isinstance(answer, bool) else None

        return compare
    other = closure(choice)
    return lambda value, context: meets(value, other(context))
