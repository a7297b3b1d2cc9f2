"""A place in the lexemes of an expression."""

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.feel.lexer import Lexeme
from tradewind.rules.decide.feel.syntax import Tree
from tradewind.rules.decide.feel.vocabulary import Vocabulary
from tradewind.rules.errors import cannot_read, too_large

MAX_ITEMS = 1_000
"""Elements of one list, arguments of one call."""


class Stop(Exception):  # noqa: N818 - carries a refusal out of the recursion, caught in `parse`
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class Cursor:
    """What is read, how far, and the names that the expression gave values to up to here."""

    def __init__(self, text: str, found: list[Lexeme], vocabulary: Vocabulary, *, is_test: bool) -> None:
        self.text, self.found, self.vocabulary, self.is_test = text, found, vocabulary, is_test
        self.place = 0
        self.nesting = 0
        self.locals: list[tuple[str, ...]] = []
        self.filters = 0
        self.end_at = 0
        """The nesting at which a bracket ends a range."""

    @property
    def now(self) -> Lexeme:
        return self.found[self.place]

    def sees(self, value: str) -> bool:
        return self.now.value == value and self.now.kind in ("sign", "name")

    def takes(self, value: str) -> bool:
        if self.sees(value):
            self.place += 1
            return True
        return False

    def expect(self, value: str) -> None:
        if not self.takes(value):
            raise self.stop(f"expected {value!r}")

    def expect_end(self) -> None:
        if self.now.kind != "end":
            raise self.stop("expected an operator or the end")

    def stop(self, what: str) -> Stop:
        seen = "the end" if self.now.kind == "end" else repr(str(self.now.value))
        return Stop(cannot_read(f"{what}, not {seen}", self.text, self.now.at))

    def limited(self, items: list[Tree]) -> list[Tree]:
        if len(items) > MAX_ITEMS:
            raise Stop(too_large(f"at most {MAX_ITEMS} items", self.text, items[-1].at, MAX_ITEMS))
        return items
