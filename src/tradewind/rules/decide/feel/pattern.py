"""Regular expressions whose time is bounded by the text times the pattern, whatever they are.

The dialect is that of XPath, as FEEL asks: characters, classes, groups, alternatives, quantifiers, anchors. What would need going
back in the text (a reference to a group) is refused, so that all possible ways are followed at once, in one pass.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from tradewind.rules.decide.feel.pattern_run import (
    ANY,
    CHAR,
    END,
    JUMP,
    MATCH,
    SAVE,
    SPLIT,
    START,
    Instruction,
    Program,
)

MAX_PATTERN = 500
"""Characters of a pattern."""
MAX_PROGRAM = 1_500
"""Instructions of a pattern; counted repetitions are written out."""
MAX_GROUPS = 30

_Test = Callable[[str], bool]


class _WrongError(ValueError):
    pass


@lru_cache(maxsize=256)
def read_pattern(text: str, flags: str = "") -> Program | None:
    """The program of a pattern; None where it is none, or is too large. Flags are of `s m i x q`."""
    if len(text) > MAX_PATTERN or set(flags) - set("smixq"):
        return None
    if "x" in flags and "q" not in flags:
        text = "".join(text.split())
    try:
        return _Reader(text, flags).program()
    except _WrongError:
        return None


@dataclass(slots=True)
class _Reader:
    """Writes instructions while it reads; a part is a list of them with jumps relative to their own place."""

    text: str
    flags: str
    at: int = 0
    groups: int = 0
    depth: int = 0

    def program(self) -> Program:
        if "q" in self.flags:
            body = [self.one(_is(character, folds=self.folds)) for character in self.text]
        else:
            body = self.alternatives()
            if self.at < len(self.text):
                raise _WrongError
        code = [(SAVE, 0, 0, None), *body, (SAVE, 1, 0, None), (MATCH, 0, 0, None)]
        if len(code) > MAX_PROGRAM:
            raise _WrongError
        return Program(tuple(code), self.groups, "m" in self.flags)

    @property
    def folds(self) -> bool:
        return "i" in self.flags

    def sees(self) -> str:
        return self.text[self.at : self.at + 1]

    def one(self, test: _Test) -> Instruction:
        return (CHAR, 0, 0, test)

    def alternatives(self) -> list[Instruction]:
        self.depth += 1
        if self.depth > MAX_GROUPS:
            raise _WrongError
        found = self.sequence()
        while self.sees() == "|":
            self.at += 1
            other = self.sequence()
            found = [(SPLIT, 1, len(found) + 2, None), *found, (JUMP, len(other) + 1, 0, None), *other]
        self.depth -= 1
        return found

    def sequence(self) -> list[Instruction]:
        found: list[Instruction] = []
        while self.sees() not in ("", "|", ")"):
            found += self.repeated(self.atom())
            if len(found) > MAX_PROGRAM:
                raise _WrongError
        return found

    def atom(self) -> list[Instruction]:
        character = self.sees()
        self.at += 1
        if character == "(":
            return self.group()
        if character == "[":
            return [self.one(self.characters())]
        if character == ".":
            return [(ANY, 0, 0, None) if "s" in self.flags else self.one(lambda one: one not in "\n\r")]
        if character == "^":
            return [(START, 0, 0, None)]
        if character == "$":
            return [(END, 0, 0, None)]
        if character == "\\":
            return [self.one(self.escape())]
        if character in "*+?{}])":
            raise _WrongError
        return [self.one(_is(character, folds=self.folds))]

    def group(self) -> list[Instruction]:
        if self.text.startswith("?:", self.at):
            self.at += 2
            inner, number = self.alternatives(), 0
        else:
            self.groups += 1
            number = self.groups
            if number > MAX_GROUPS:
                raise _WrongError
            inner = self.alternatives()
        if self.sees() != ")":
            raise _WrongError
        self.at += 1
        return [(SAVE, 2 * number, 0, None), *inner, (SAVE, 2 * number + 1, 0, None)] if number else inner

    def repeated(self, part: list[Instruction]) -> list[Instruction]:
        sign = self.sees()
        if sign == "" or sign not in "*+?{":
            return part
        self.at += 1
        least, most = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}.get(sign) or self.counts()
        is_lazy = self.sees() == "?"
        self.at += is_lazy
        copies = least + (1 if most < 0 else most - least)
        if len(part) * copies > MAX_PROGRAM or copies > MAX_PROGRAM:
            raise _WrongError
        found = part * least
        if most < 0:
            return [*found, _split(1, len(part) + 2, is_lazy=is_lazy), *part, (JUMP, -len(part) - 1, 0, None)]
        optional: list[Instruction] = []
        for _ in range(most - least):
            optional = [_split(1, len(part) + len(optional) + 1, is_lazy=is_lazy), *part, *optional]
        return found + optional

    def counts(self) -> tuple[int, int]:
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at : max(end, self.at)].partition(",")
        if not (low.isascii() and low.isdigit()) or len(low) > 4 or len(high) > 4 or (high and not high.isdigit()):
            raise _WrongError
        self.at = end + 1
        least, most = int(low), int(high) if high else -1 if comma else int(low)
        if 0 <= most < least:
            raise _WrongError
        return least, most

    def escape(self) -> _Test:
        character = self.sees()
        self.at += 1
        if character in ("p", "P"):
            return self.category(is_negated=character == "P")
        if character in _CLASSES:
            return _CLASSES[character]
        if character != "" and character.lower() in _CLASSES:
            positive = _CLASSES[character.lower()]
            return lambda one: not positive(one)
        if character in _WRITTEN:
            return _is(_WRITTEN[character], folds=False)
        if character == "" or character.isalnum():  # a reference to a group, or a letter that means nothing
            raise _WrongError
        return _is(character, folds=False)

    def category(self, *, is_negated: bool) -> _Test:
        end = self.text.find("}", self.at)
        name = self.text[self.at + 1 : end]
        if self.sees() != "{" or not 1 <= len(name) <= 2:
            raise _WrongError
        self.at = end + 1
        return lambda one: unicodedata.category(one).startswith(name) is not is_negated

    def characters(self) -> _Test:
        """What stands in square brackets, behind the opening one."""
        self.depth += 1
        is_negated = self.sees() == "^"
        self.at += is_negated
        tests: list[_Test] = []
        without: _Test | None = None
        while self.sees() != "]" or not tests:
            if self.sees() == "" or self.depth > MAX_GROUPS:
                raise _WrongError
            if self.text.startswith("-[", self.at) and tests:
                self.at += 2
                without = self.characters()
                break
            tests.append(self.member())
        if self.sees() != "]":
            raise _WrongError
        self.at += 1
        self.depth -= 1
        met = _any(tests, is_negated=is_negated)
        if without is None:
            return met
        left_out = without
        return lambda one: met(one) and not left_out(one)

    def member(self) -> _Test:
        low = self.sees()
        self.at += 1
        if low == "\\":
            if self.sees() not in _WRITTEN and self.sees().isalpha():
                return self.escape()
            low = _WRITTEN.get(self.sees(), self.sees())
            self.at += 1
        elif low == "[":
            raise _WrongError
        following = self.text[self.at + 1 : self.at + 2]
        if self.sees() != "-" or following in ("", "]", "["):
            return _is(low, folds=self.folds)
        self.at += 1
        high = self.sees()
        self.at += 1
        if high == "\\":
            high = _WRITTEN.get(self.sees(), self.sees())
            self.at += 1
        if not low or not high or low > high:
            raise _WrongError
        if self.folds:
            return lambda one: low <= one <= high or low <= one.lower() <= high or low <= one.upper() <= high
        return lambda one: low <= one <= high


def _split(first: int, second: int, *, is_lazy: bool) -> Instruction:
    return (SPLIT, second, first, None) if is_lazy else (SPLIT, first, second, None)


def _is(wanted: str, *, folds: bool) -> _Test:
    if not wanted:
        raise _WrongError
    if folds:
        lower = wanted.lower()
        return lambda one: one == wanted or one.lower() == lower
    return lambda one: one == wanted


def _any(tests: list[_Test], *, is_negated: bool) -> _Test:
    return lambda one: any(test(one) for test in tests) is not is_negated


_CLASSES: dict[str, _Test] = {
    "d": str.isdecimal,
    "s": lambda one: one in " \t\n\r",
    "w": lambda one: unicodedata.category(one)[0] not in "PZC",
    "i": lambda one: one.isalpha() or one in "_:",
    "c": lambda one: one.isalnum() or one in "_:.-",
}
_WRITTEN = {"n": "\n", "r": "\r", "t": "\t"}
