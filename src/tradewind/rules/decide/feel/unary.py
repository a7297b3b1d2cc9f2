"""The condition cells of a decision table: which values meet them."""

from collections.abc import Callable
from dataclasses import dataclass

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.feel.allowance import ALLOWANCE, Allowance, SpentError
from tradewind.rules.decide.feel.compiler import STEPS_AT_ONCE, Context, calls_in, closure, is_metered, names_in
from tradewind.rules.decide.feel.parser import parse_tests
from tradewind.rules.decide.feel.span import Span
from tradewind.rules.decide.feel.syntax import (
    Binary,
    Call,
    InstanceOf,
    ListOf,
    Literal,
    Logic,
    Negate,
    Quantified,
    Range,
    Test,
    Tree,
    Within,
)
from tradewind.rules.decide.feel.values import OPERATORS, any_of, meets
from tradewind.rules.decide.feel.vocabulary import PLAIN, Vocabulary

TESTED = "?"
_ORDERS = frozenset({"=", "!=", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Constant:
    """`value operator constant`, the same in every context; `in` means meets: equal, inside the range, or in the list."""

    operator: str
    value: object

    def holds(self, value: object) -> bool | None:
        if self.operator == "in":
            return meets(value, self.value)
        answer = OPERATORS[self.operator](value, self.value)
        return answer if isinstance(answer, bool) else None


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """A compiled cell. `constants` are its tests where it depends on the tested value alone; `is_any` is `-`."""

    text: str
    names: frozenset[str]
    negated: bool
    constants: tuple[Constant, ...] | None
    tests: tuple[Callable[[object, Context], bool | None], ...]
    calls: tuple[str, ...] = ()
    is_metered: bool = False

    @property
    def is_any(self) -> bool:
        return not self.tests

    def matches(self, value: object, context: Context) -> bool:
        """True only where a test (behind `not`, none) is known to hold; `value` as FEEL sees it (`plain`)."""
        if not self.tests:
            return True
        if self.is_metered and ALLOWANCE not in context:
            context = {**context, ALLOWANCE: Allowance()}
        try:
            answer = any_of(test(value, context) for test in self.tests)
        except (SpentError, RecursionError):
            return False
        except ArithmeticError:  # a signalling number deep in a list of the context: it has no value
            return False
        return answer is (not self.negated)


def read_tests(text: str, words: Vocabulary = PLAIN) -> UnaryTests | Problem:
    """Compile a cell, or say what is wrong with it and at which character."""
    found = parse_tests(text, words)
    if isinstance(found, Problem):
        return found
    negated, trees = found
    names = frozenset[str]().union(*(names_in(tree) for tree in trees)) - {TESTED}
    constants = [_constant(tree) for tree in trees]
    known = [constant for constant in constants if constant is not None]
    tests = tuple(_test(tree, constant) for tree, constant in zip(trees, constants, strict=True))
    calls = tuple(call for tree in trees for call in calls_in(tree))
    return UnaryTests(
        text.strip(), names, negated, tuple(known) if len(known) == len(constants) else None, tests, calls,
        is_metered(*trees),
    )  # fmt: skip


def _constant(tree: Tree) -> Constant | None:
    operator, operand = (tree.operator, tree.operand) if isinstance(tree, Test) else ("in", tree)
    if not _is_constant(operand):
        return None
    try:
        value = closure(operand)({ALLOWANCE: Allowance(STEPS_AT_ONCE)})
    except SpentError:
        return None
    if isinstance(value, Span) and value.is_open and operator == "in":  # `(< 5)` is met as `< 5` is
        if value.is_open == "low":
            return Constant("<=" if value.high_included else "<", value.high)
        return Constant(">=" if value.low_included else ">", value.low)
    return Constant(operator, value)


def _is_constant(tree: Tree) -> bool:
    match tree:
        case Literal():
            return True
        case Negate(operand=part):
            return _is_constant(part)
        case Range(low=low, high=high):
            return _is_constant(low) and _is_constant(high)
        case ListOf(items=parts) | Call(arguments=parts):
            return all(_is_constant(part) for part in parts)
        case _:
            return False


def _test(tree: Tree, constant: Constant | None) -> Callable[[object, Context], bool | None]:
    if constant is not None:
        return lambda value, _context: constant.holds(value)
    if isinstance(tree, Test):
        apply, bound = OPERATORS[tree.operator], closure(tree.operand)

        def compare(value: object, context: Context) -> bool | None:
            answer = apply(value, bound(context))
            return answer if isinstance(answer, bool) else None

        return compare
    inner = closure(tree)
    if TESTED in names_in(tree):
        return lambda value, context: _truth(inner({**context, TESTED: value}))
    if isinstance(tree, Logic | Within | Quantified | InstanceOf) or (
        isinstance(tree, Binary) and tree.operator in _ORDERS
    ):
        return lambda _value, context: _truth(inner(context))
    return lambda value, context: meets(value, inner(context))


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
