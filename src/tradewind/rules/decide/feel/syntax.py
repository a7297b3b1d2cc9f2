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
    is_open: str = ""


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


@dataclass(frozen=True, slots=True)
class Local:
    """A name that the expression itself gives a value: of a loop, a parameter, an entry above."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Either:
    """A name inside a filter: a member of the item that is looked at, else a variable."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class ContextOf:
    """`{a: 1, b: a + 1}`: each entry sees those before it."""

    entries: tuple[tuple[str, "Tree"], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Steps:
    """`1..n` behind `in` of a loop: whole numbers or days, up or down."""

    low: "Tree"
    high: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Each:
    """`for … in …, … return …`; a later source sees the names before it."""

    sources: tuple[tuple[str, "Tree"], ...]
    result: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Quantified:
    """`some` or `every … satisfies …`."""

    is_every: bool
    sources: tuple[tuple[str, "Tree"], ...]
    condition: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Filter:
    """`list[condition]` or `list[number]`."""

    base: "Tree"
    condition: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Lambda:
    """`function(a, b) …`."""

    parameters: tuple[str, ...]
    body: "Tree"
    at: int


@dataclass(frozen=True, slots=True)
class Apply:
    """A call of a value; `names` of the arguments, or none where they go by place."""

    function: "Tree"
    arguments: tuple["Tree", ...]
    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class InstanceOf:
    operand: "Tree"
    type: "TypeName"
    at: int


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as `instance of` says it: its name, what stands in its brackets, and by which names (of a context)."""

    name: str
    inner: tuple["TypeName", ...] = ()
    members: tuple[str, ...] = ()


Tree = (
    Literal | Name | Path | ListOf | Range | Test | Negate | Binary | Logic | Within | If | Call | Invoke
    | Local | Either | ContextOf | Steps | Each | Quantified | Filter | Lambda | Apply | InstanceOf
)  # fmt: skip


def children(tree: Tree) -> tuple[Tree, ...]:
    """The parts directly below a node."""
    match tree:
        case Literal() | Name() | Local() | Either():
            return ()
        case Path(base=part) | Test(operand=part) | Negate(operand=part) | Lambda(body=part) | InstanceOf(operand=part):
            return (part,)
        case ListOf(items=parts) | Logic(parts=parts) | Call(arguments=parts) | Invoke(arguments=parts):
            return parts
        case Range(low=left, high=right) | Binary(left=left, right=right) | Steps(low=left, high=right):
            return (left, right)
        case Filter(base=left, condition=right):
            return (left, right)
        case ContextOf(entries=entries):
            return tuple(part for _, part in entries)
        case Each(sources=sources, result=last) | Quantified(sources=sources, condition=last):
            return (*(part for _, part in sources), last)
        case Apply(function=function, arguments=parts):
            return (function, *parts)
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
