"""Text to lexemes: numbers, strings, names, signs."""

import re
from decimal import Decimal
from typing import NamedTuple

from tradewind.kernel.problem import Problem
from tradewind.rules.errors import cannot_read, too_large

MAX_LENGTH = 4_096
"""Characters of one expression."""

_LEXEME = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?)
      | (?P<text>"(?:[^"\\\n]|\\.)*")
      | (?P<name>[^\W\d]\w*)
      | (?P<sign>\.\.|\*\*|<=|>=|!=|[-+*/=<>()\[\],.{}:@?])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{6}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}


class Lexeme(NamedTuple):
    """`kind` is number, text, name, sign or end; `value` a Decimal for numbers, the unescaped text for strings."""

    kind: str
    value: str | Decimal
    at: int


def lexemes(text: str) -> list[Lexeme] | Problem:
    """All lexemes of an expression, closed by one of kind `end`."""
    if len(text) > MAX_LENGTH:
        return too_large(f"an expression has at most {MAX_LENGTH} characters", text, MAX_LENGTH, MAX_LENGTH)
    found: list[Lexeme] = []
    place = 0
    while place < len(text):
        match = _LEXEME.match(text, place)
        if match is None:
            return cannot_read(f"unexpected character {text[place]!r}", text, place)
        kind, value = str(match.lastgroup), match.group()
        if kind == "number":
            found.append(Lexeme(kind, Decimal(value), place))
        elif kind == "text":
            plain = _unescaped(value[1:-1])
            if plain is None:
                return cannot_read("unknown escape in this string", text, place)
            found.append(Lexeme(kind, plain, place))
        elif kind != "space":
            found.append(Lexeme(kind, value, place))
        place = match.end()
    found.append(Lexeme("end", "", place))
    return found


def _unescaped(text: str) -> str | None:
    if "\\" not in text:
        return text
    wrong = False

    def plain(match: re.Match[str]) -> str:
        nonlocal wrong
        code = match.group(1)
        if len(code) == 1:
            return _SIMPLE.get(code, match.group())  # of anything else, as in "\d+", the backslash stays
        point = int(code[1:], 16)
        if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
            wrong = True
            return ""
        return chr(point)

    result = _ESCAPE.sub(plain, text)
    return None if wrong else result
