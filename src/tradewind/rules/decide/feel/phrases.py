"""The constructs that open with a word or a bracket: loops, quantifiers, functions, contexts, lists, ranges, names of types."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tradewind.rules.decide.feel.kinds import SIMPLE, TYPES
from tradewind.rules.decide.feel.lexer import Lexeme
from tradewind.rules.decide.feel.syntax import (
    ContextOf,
    Each,
    Lambda,
    ListOf,
    Literal,
    Quantified,
    Range,
    Steps,
    Tree,
    TypeName,
)

if TYPE_CHECKING:
    from tradewind.rules.decide.feel.parser import Parser

Phrase = Callable[["Parser", int], Tree]
_NO_NAME = frozenset({"and", "between", "in", "instance", "or"})
MAX_TYPE_DEPTH = 10
OPERAND = 4
"""The level above comparison: what stands beside `<` or `between`."""


def opened(parser: "Parser") -> Phrase | None:
    """What is opened here, if anything; the words that open it may also be plain names."""
    if parser.now.kind != "name":
        return None
    word, following = parser.now.value, parser.found[parser.place + 1]
    if word == "function" and following.value == "(" and following.kind == "sign":
        return _function
    if following.kind != "name" or following.value in _NO_NAME:
        return None
    return {"for": _each, "some": _quantified, "every": _quantified}.get(str(word))


def _words(parser: "Parser", *ends: str) -> tuple[str, ...]:
    """The words of a name that is introduced here, up to one of the ends."""
    found: list[str] = []
    while parser.now.kind == "name" and not any(parser.sees(end) for end in ends):
        found.append(str(parser.now.value))
        parser.place += 1
    if not found or not any(parser.sees(end) for end in ends):
        raise parser.stop("expected a name" if not found else f"expected {ends[0]!r}")
    return tuple(found)


def _sources(parser: "Parser") -> tuple[tuple[str, Tree], ...]:
    """`x in xs, y in ys`; the names stay known until the caller takes them back."""
    found: list[tuple[str, Tree]] = []
    while True:
        words = _words(parser, "in")
        parser.expect("in")
        at = parser.now.at
        source = parser.expression()
        if parser.takes(".."):
            source = Steps(source, parser.expression(), at)
        found.append((" ".join(words), source))
        parser.locals.append(words)
        if not parser.takes(","):
            return tuple(found)


def _each(parser: "Parser", at: int) -> Tree:
    parser.place += 1
    known = len(parser.locals)
    sources = _sources(parser)
    parser.expect("return")
    parser.locals.append(("partial",))
    result = parser.expression()
    del parser.locals[known:]
    return Each(sources, result, at)


def _quantified(parser: "Parser", at: int) -> Tree:
    is_every = parser.now.value == "every"
    parser.place += 1
    known = len(parser.locals)
    sources = _sources(parser)
    parser.expect("satisfies")
    condition = parser.expression()
    del parser.locals[known:]
    return Quantified(is_every, sources, condition, at)


def _function(parser: "Parser", at: int) -> Tree:
    parser.place += 1
    parser.expect("(")
    known = len(parser.locals)
    while not parser.takes(")"):
        parser.locals.append(_words(parser, ",", ")", ":"))
        if parser.takes(":"):
            type_name(parser)
        if not parser.sees(")"):
            parser.expect(",")
    parameters = tuple(" ".join(words) for words in parser.locals[known:])
    if len(set(parameters)) < len(parameters):
        raise parser.stop("expected parameters with a name each")
    if parser.sees("external"):
        raise parser.stop("a function from outside (external) is not accepted: expected an expression")
    body = parser.expression()
    del parser.locals[known:]
    return Lambda(parameters, body, at)


def context_of(parser: "Parser", at: int) -> Tree:
    """The entries of `{…}`, behind the opening brace."""
    known = len(parser.locals)
    entries: list[tuple[str, Tree]] = []
    while not parser.takes("}"):
        if entries:
            parser.expect(",")
        if parser.now.kind == "text":
            words = tuple(str(parser.now.value).split())
            name = str(parser.now.value)
            parser.place += 1
        else:
            words = _words(parser, ":")
            name = " ".join(words)
        if name in (key for key, _ in entries):
            raise parser.stop(f"a second entry {name!r}: expected another name")
        parser.expect(":")
        entries.append((name, parser.expression()))
        if name == " ".join(words):
            parser.locals.append(words)
    del parser.locals[known:]
    parser.limited([value for _, value in entries])
    return ContextOf(tuple(entries), at)


def argument_name(parser: "Parser") -> str | None:
    """`start position:` before an argument; None where the argument has no name."""
    at = parser.place
    while parser.found[at].kind == "name":
        at += 1
    if at == parser.place or not _is_colon(parser.found[at]):
        return None
    words = parser.found[parser.place : at]
    parser.place = at + 1
    return " ".join(str(word.value) for word in words)


def _is_colon(lexeme: Lexeme) -> bool:
    return lexeme.kind == "sign" and lexeme.value == ":"


def type_name(parser: "Parser", depth: int = 0) -> TypeName:
    """A type behind `instance of` or of a parameter: `number`, `list<string>`, `context<a: number>`, `function<…>->…`."""
    at = parser.place
    if depth > MAX_TYPE_DEPTH:
        raise parser.stop("expected a type that is less deep")
    for words in TYPES:
        here = parser.found[at : at + len(words)]
        if all(one.kind == "name" for one in here) and tuple(str(one.value) for one in here) == words:
            parser.place += len(words)
            name = " ".join(words)
            return TypeName(name) if name in SIMPLE or not parser.takes("<") else _inner(parser, name, depth)
    raise parser.stop("expected a type")


def _inner(parser: "Parser", name: str, depth: int) -> TypeName:
    """What stands in the angle brackets of a type."""
    members: list[str] = []
    inner: list[TypeName] = []
    while not parser.takes(">"):
        if inner:
            parser.expect(",")
        if name == "context":
            members.append(" ".join(_words(parser, ":")))
            parser.expect(":")
        inner.append(type_name(parser, depth + 1))
    if name == "function":
        parser.expect("-")
        parser.expect(">")
        type_name(parser, depth + 1)
    elif name in ("list", "range") and len(inner) != 1:
        raise parser.stop(f"expected one type in {name}<…>")
    return TypeName(name, tuple(inner), tuple(members))


def open_range(parser: "Parser", at: int) -> Tree:
    """`(< 5)` as a value: a range with one end."""
    operator = str(parser.now.value)
    parser.place += 1
    bound, nothing = parser.operation(OPERAND), Literal(None, at)
    parser.expect(")")
    if operator == "!=":
        raise parser.stop("expected a range")
    if operator == "=":
        return Range(bound, bound, low_included=True, high_included=True, at=at)
    included = operator.endswith("=")
    if operator.startswith("<"):
        return Range(nothing, bound, low_included=False, high_included=included, at=at, is_open="low")
    return Range(bound, nothing, low_included=included, high_included=False, at=at, is_open="high")


def list_or_range(parser: "Parser", at: int) -> Tree:
    if parser.takes("]"):
        return ListOf((), at)
    items = [parser.expression()]
    if parser.takes(".."):
        return range_from(parser, items[0], at, included=True)
    while parser.takes(","):
        items.append(parser.expression())
    parser.expect("]")
    return ListOf(tuple(parser.limited(items)), at)


def range_from(parser: "Parser", low: Tree, at: int, *, included: bool) -> Tree:
    before, parser.end_at = parser.end_at, parser.nesting + 1  # there a bracket ends the range, it opens no filter
    high = parser.expression()
    parser.end_at = before
    if parser.takes("]"):
        return Range(low, high, low_included=included, high_included=True, at=at)
    if parser.takes(")") or parser.takes("["):
        return Range(low, high, low_included=included, high_included=False, at=at)
    raise parser.stop("expected the end of a range")
