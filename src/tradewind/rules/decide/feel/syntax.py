"""The shape of an expression: a small tree of frozen nodes, each with its place in the text."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    value: object
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Path:
    """`base.member`; over a list, the list of members."""

    base: "Tree"
    member: str
    at: int


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple["Tree", ...]
    at: int


@dataclass(frozen=True, slots=True)
class Range:
    """`[low..high]`; a round or turned bracket leaves that end out."""

    low: "Tree"
    high: "Tree"
    low_included: bool
    high_included: bool
    at: int


@dataclass(frozen=True, slots=True)
class Test:
    """`< 5` on the right of `in`: an operator with one side left open."""

    operator: str
    operand: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Negate:
    operand: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic (`+ - * / **`) and comparison (`= != < <= > >=`)."""

    operator: str
    left: "Tree"
    right: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` over two or more parts, in three-valued logic."""

    operator: str
    parts: tuple["Tree", ...]
    at: int


@dataclass(frozen=True, slots=True)
class Within:
    """`operand in choices`: true where any choice is met."""

    operand: "Tree"
    choices: tuple["Tree", ...]
    at: int


@dataclass(frozen=True, slots=True)
class If:
    condition: "Tree"
    then: "Tree"
    otherwise: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple["Tree", ...]
    at: int


@dataclass(frozen=True, slots=True)
class Invoke:
    """A call of a function that the context holds, such as a business knowledge model."""

    function: str
    arguments: tuple["Tree", ...]
    at: int


Tree = Literal | Name | Path | ListOf | Range | Test | Negate | Binary | Logic | Within | If | Call | Invoke


def children(tree: Tree) -> tuple[Tree, ...]:
    """The parts directly below a node."""
    match tree:
        case Literal() | Name():
            return ()
        case Path(base=part) | Test(operand=part) | Negate(operand=part):
            return (part,)
        case ListOf(items=parts) | Logic(parts=parts) | Call(arguments=parts) | Invoke(arguments=parts):
            return parts
        case Range(low=left, high=right) | Binary(left=left, right=right):
            return (left, right)
        case Within(operand=operand, choices=choices):
            return (operand, *choices)
        case If(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)


def walk(tree: Tree) -> Iterator[tuple[Tree, int]]:
    """Every node with its depth from 1; without recursion, so that depth can be judged before anything recurses."""
    pending = [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending.extend((child, depth + 1) for child in children(node))
