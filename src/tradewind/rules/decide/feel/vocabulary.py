"""Names that are not plain words: `Monthly Salary`, `Approved/Declined`, and the functions that a context holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.feel.lexer import Lexeme, lexemes

_Spelling = tuple[tuple[tuple[str, object], ...], str]
_Index = Mapping[str, tuple[_Spelling, ...]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`functions`: what can be called, with the names of its parameters. Names are as `same_spaces` writes them."""

    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _names: _Index = field(default_factory=dict)
    _members: _Index = field(default_factory=dict)

    def name_at(self, found: list[Lexeme], place: int) -> tuple[str, int] | None:
        """The longest variable or function that is spelled from here, with the number of its lexemes."""
        return _longest(self._names, found, place)

    def member_at(self, found: list[Lexeme], place: int) -> tuple[str, int] | None:
        """As `name_at`, for what stands behind a dot."""
        return _longest(self._members, found, place)


PLAIN = Vocabulary()


def vocabulary(names: Iterable[str], members: Iterable[str], functions: Mapping[str, tuple[str, ...]]) -> Vocabulary:
    """The words of one place in a model."""
    return Vocabulary(functions, _index([*names, *functions], functions), _index(members, {}))


def same_spaces(name: str) -> str:
    """A name with one space where it has any."""
    return " ".join(name.split())


def _index(names: Iterable[str], functions: Mapping[str, tuple[str, ...]]) -> _Index:
    """By first word; plain words need no entry unless they can be called."""
    found: dict[str, list[_Spelling]] = {}
    for name in dict.fromkeys(names):
        words = lexemes(name)
        if isinstance(words, Problem) or words[0].kind != "name" or (len(words) == 2 and name not in functions):
            continue
        spelling = tuple((word.kind, word.value) for word in words[:-1])
        found.setdefault(str(words[0].value), []).append((spelling, name))
    return {first: tuple(sorted(spellings, key=lambda item: -len(item[0]))) for first, spellings in found.items()}


def _longest(index: _Index, found: list[Lexeme], place: int) -> tuple[str, int] | None:
    for spelling, name in index.get(str(found[place].value), ()):
        here = found[place : place + len(spelling)]
        if tuple((word.kind, word.value) for word in here) == spelling:
            return name, len(spelling)
    return None
