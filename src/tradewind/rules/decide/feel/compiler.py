"""Trees to closures: compiled once, evaluated many times, in three-valued logic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tradewind.kernel.problem import Problem, Refused
from tradewind.rules.decide.feel import loops
from tradewind.rules.decide.feel.allowance import ALLOWANCE, Allowance, SpentError, allowance_of
from tradewind.rules.decide.feel.functions import FUNCTIONS, NOW, Callee
from tradewind.rules.decide.feel.kinds import is_instance
from tradewind.rules.decide.feel.parser import parse
from tradewind.rules.decide.feel.span import Span
from tradewind.rules.decide.feel.syntax import (
    Apply,
    Binary,
    Call,
    ContextOf,
    Each,
    Either,
    Filter,
    If,
    InstanceOf,
    Invoke,
    Lambda,
    ListOf,
    Literal,
    Local,
    Logic,
    Name,
    Negate,
    Path,
    Quantified,
    Range,
    Test,
    Tree,
    Within,
    walk,
)
from tradewind.rules.decide.feel.values import OPERATORS, any_of, meets, member, negative, parts_of, plain
from tradewind.rules.decide.feel.vocabulary import PLAIN, Vocabulary
from tradewind.rules.errors import too_much_work

Context = Mapping[str, object]
Closure = Callable[[Context], object]

STEPS_AT_ONCE = 200
"""What needs more, though it reads nothing, is not done when it is compiled but each time, and counted."""
MAX_UNCOUNTED = 40
"""Operations in an expression without loops, and evaluated by itself, whose steps need not be counted: they can be long."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: its text, the variables it reads, the context's functions it calls, its value in a context.

    Where `is_metered`, its steps are counted: it may loop.
    """

    text: str
    names: frozenset[str]
    closure: Closure
    calls: tuple[str, ...] = ()
    is_metered: bool = False

    def evaluate(self, context: Context) -> object:
        """Decimal, str, bool, None, date, time, datetime, Duration, list or mapping; null where there is no value."""
        if self.is_metered and ALLOWANCE not in context:
            context = {**context, ALLOWANCE: Allowance()}
        try:
            return self.closure(context)
        except SpentError:
            return None
        except RecursionError:
            allowance_of(context).reason = "its functions call each other too deep"
            return None
        except ArithmeticError:  # a signalling number deep in a list of the context: it has no value
            return None

    def constant(self) -> tuple[bool, object]:
        """Whether it comes to the same in every context, at little cost, and then the value."""
        if self.names or self.calls:
            return False, None
        allowance = Allowance(STEPS_AT_ONCE)
        value = self.evaluate({ALLOWANCE: allowance})
        return not allowance.reason, value

    def answer(self, context: Context) -> tuple[object, Problem | None]:
        """The value; with null, why it was given up: `rules.too_much_work`."""
        allowance = Allowance()
        value = self.evaluate({**context, ALLOWANCE: allowance})
        return (None, too_much_work(allowance.reason, self.text)) if allowance.reason else (value, None)


def read_expression(text: str, vocabulary: Vocabulary = PLAIN) -> Expression | Problem:
    """Compile an expression, or say what is wrong with it and at which character."""
    tree = parse(text, vocabulary)
    if isinstance(tree, Problem):
        return tree
    return Expression(text, names_in(tree), closure(tree), calls_in(tree), is_metered(tree))


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


_LOOPS = (Each, Quantified, Filter, Lambda, Apply, ContextOf, Invoke)
_LONG = (list, str, Mapping)


def is_metered(*trees: Tree) -> bool:
    """Whether evaluating must count its steps: where there are loops, or many calls."""
    costly = 0
    for tree in trees:
        for node, _ in walk(tree):
            costly += isinstance(node, Call | Within | Path) or (
                isinstance(node, Binary) and not isinstance(node.right, Literal)
            )
            if isinstance(node, _LOOPS) or costly > MAX_UNCOUNTED:
                return True
    return False


def closure(tree: Tree) -> Closure:
    """What a tree means, as a function of a context."""
    match tree:
        case Literal(value=value):
            return lambda _context: value
        case Name(name=name) | Either(name=name):
            return lambda context: plain(context.get(name))
        case Local(name=name):
            return lambda context: context.get(name)
        case Path():
            return _path(tree)
        case ListOf(items=items):
            parts = [closure(item) for item in items]
            return lambda context: [part(context) for part in parts]
        case Range():
            return _range(tree)
        case Negate(operand=operand):
            inner = closure(operand)
            return lambda context: negative(inner(context))
        case Binary(operator=operator, left=left, right=right):
            return _binary(operator, closure(left), closure(right))
        case Logic():
            return _logic(tree)
        case Within(operand=operand, choices=choices):
            return _within(operand, choices)
        case _:
            return _phrase(tree)


def _phrase(tree: Tree) -> Closure:
    match tree:
        case If(condition=condition, then=then, otherwise=otherwise):
            test, yes, no = closure(condition), closure(then), closure(otherwise)
            return lambda context: yes(context) if test(context) is True else no(context)
        case Call():
            return _call(tree)
        case Invoke():
            return _invoke(tree)
        case InstanceOf(operand=operand, type=kind):
            asked = closure(operand)
            return lambda context: is_instance(asked(context), kind)
        case Each():
            return loops.each(tree, closure)
        case Quantified():
            return loops.quantified(tree, closure)
        case Filter():
            return loops.filtered(tree, closure)
        case Lambda():
            return loops.function_of(tree, closure)
        case Apply():
            return loops.applied(tree, closure)
        case ContextOf():
            return loops.context_of(tree, closure)
        case _:
            raise AssertionError(f"{tree} stands only inside another construct")


def _call(tree: Call) -> Closure:
    """A call; one on literals, such as a fixed duration, is made once."""
    function = FUNCTIONS.get(tree.function) or NOW[tree.function]
    call, steps, given = function.apply, function.steps, [closure(argument) for argument in tree.arguments]
    if all(isinstance(argument, Literal) for argument in tree.arguments):
        fixed = [argument({}) for argument in given]
        if steps(fixed) <= STEPS_AT_ONCE:
            value = call(fixed)
            return lambda _context: value

    def count_and_call(context: Context) -> object:
        arguments = [argument(context) for argument in given]
        allowance = context.get(ALLOWANCE)
        if isinstance(allowance, Allowance):
            allowance.take(steps(arguments))
        return call(arguments)

    return count_and_call


def _invoke(tree: Invoke) -> Closure:
    name, given = tree.function, [closure(argument) for argument in tree.arguments]

    def evaluate(context: Context) -> object:
        called = context.get(name)
        return called.apply([argument(context) for argument in given]) if isinstance(called, Callee) else None

    return evaluate


def _path(tree: Path) -> Closure:
    base, name = closure(tree.base), tree.member

    def evaluate(context: Context) -> object:
        value = base(context)
        if isinstance(value, list):
            _count(context, value, each=4)
        return member(value, name)

    return evaluate


def _count(context: Context, value: object, *, each: int = 1) -> None:
    """Counts looking through a list, context or string; numbers and the like cost nothing more than their operator."""
    allowance = context.get(ALLOWANCE)
    if isinstance(allowance, Allowance):
        allowance.take(len(value) // 64 if isinstance(value, str) else each * parts_of(value))


def _count_power(context: Context, exponent: object) -> None:
    allowance = context.get(ALLOWANCE)
    if isinstance(allowance, Allowance):
        is_whole = isinstance(exponent, Decimal) and exponent == exponent.to_integral_value()
        allowance.take(10 if is_whole else 250)


def _binary(operator: str, first: Closure, second: Closure) -> Closure:
    apply, is_power = OPERATORS[operator], operator == "**"

    def evaluate(context: Context) -> object:
        left, right = first(context), second(context)
        if isinstance(left, _LONG):
            _count(context, left)
            _count(context, right)
        elif is_power:
            _count_power(context, right)
        return apply(left, right)

    return evaluate


def _range(tree: Range) -> Closure:
    low, high = closure(tree.low), closure(tree.high)
    from_low, to_high = tree.low_included, tree.high_included
    is_open = tree.is_open
    return lambda context: Span(low(context), high(context), from_low, to_high, is_open)


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
        if isinstance(value, _LONG):
            _count(context, value)
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

    def meet(value: object, context: Context) -> bool | None:
        choices = other(context)
        if isinstance(choices, _LONG):
            _count(context, choices)
        return meets(value, choices)

    return meet
