"""Lexemes to a tree, by precedence climbing; every refusal names the place."""

from collections.abc import Callable

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.feel import phrases
from tradewind.rules.decide.feel.cursor import Cursor, Stop
from tradewind.rules.decide.feel.functions import FUNCTIONS, LONGEST_NAME, NOW, temporal_kind
from tradewind.rules.decide.feel.lexer import lexemes
from tradewind.rules.decide.feel.phrases import OPERAND
from tradewind.rules.decide.feel.properties import TWO_WORDS
from tradewind.rules.decide.feel.syntax import (
    Apply,
    Binary,
    Call,
    Either,
    Filter,
    If,
    InstanceOf,
    Invoke,
    Lambda,
    Literal,
    Local,
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
from tradewind.rules.decide.feel.vocabulary import PLAIN, Vocabulary
from tradewind.rules.errors import too_large, unknown_function, wrong_arguments

MAX_NESTING = 40
"""Brackets, calls and conditionals inside each other."""
MAX_DEPTH = 100
"""Levels of the finished tree; a chain of 1 + 1 + 1 counts one level a sign."""

_CONSTANTS = {"true": True, "false": False, "null": None}
_RESERVED = frozenset({"and", "or", "in", "between", "then", "else", "if"})
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_LEVEL = {
    "or": 1,
    "and": 2,
    **dict.fromkeys([*_COMPARISONS, "in", "between", "instance"], 3),
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "**": 6,
}


def parse(text: str, vocabulary: Vocabulary = PLAIN) -> Tree | Problem:
    """The tree of a whole expression; `vocabulary` has the names that are not plain words, and what can be called."""
    trees = _read(text, vocabulary, lambda reader: [reader.expression()])
    return trees if isinstance(trees, Problem) else trees[0]


def parse_tests(text: str, vocabulary: Vocabulary = PLAIN) -> tuple[bool, list[Tree]] | Problem:
    """The cell of a decision table: whether it is behind `not`, and its tests, of which one must hold.

    A test is a `Test`, or an expression in which `?` is the tested value. No tests stand for `-`, anything.
    """
    if text.strip() in ("", "-"):
        return False, []
    if text.lstrip().startswith("not"):
        negated = _read(text, vocabulary, lambda reader: reader.negated_tests(), is_test=True)
        if not isinstance(negated, Problem):
            return True, negated
    trees = _read(text, vocabulary, lambda reader: reader.tests(), is_test=True)
    return trees if isinstance(trees, Problem) else (False, trees)


def _read(
    text: str, vocabulary: Vocabulary, read: "Callable[[Parser], list[Tree]]", *, is_test: bool = False
) -> list[Tree] | Problem:
    found = lexemes(text)
    if isinstance(found, Problem):
        return found
    reader = Parser(text, found, vocabulary, is_test=is_test)
    try:
        trees = reader.limited(read(reader))
        reader.expect_end()
    except Stop as stop:
        return stop.problem
    for tree in trees:
        for node, depth in walk(tree):
            if depth > MAX_DEPTH:
                return too_large(f"an expression has at most {MAX_DEPTH} levels", text, node.at, MAX_DEPTH)
    return trees


class Parser(Cursor):
    """A place in the lexemes; methods read one construct each and stand behind it."""

    def expression(self) -> Tree:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise Stop(too_large(f"at most {MAX_NESTING} levels of nesting", self.text, self.now.at, MAX_NESTING))
        at = self.now.at
        phrase = phrases.opened(self)
        if phrase is not None:
            tree: Tree = phrase(self, at)
        elif self.takes("if"):
            condition = self.expression()
            self.expect("then")
            then = self.expression()
            self.expect("else")
            tree = If(condition, then, self.expression(), at)
        else:
            tree = self.operation(1)
        self.nesting -= 1
        return tree

    def operation(self, lowest: int) -> Tree:
        """Operators of level `lowest` and above, left to right."""
        left = self.signed()
        while self.now.kind in ("sign", "name"):
            operator, at = str(self.now.value), self.now.at
            level = _LEVEL.get(operator, 0)
            if level < max(lowest, 1):
                break
            self.place += 1
            left = self.right_of(left, operator, level, at)
        return left

    def right_of(self, left: Tree, operator: str, level: int, at: int) -> Tree:
        if operator == "in":
            return Within(left, self.choices(), at)
        if operator == "instance":
            self.expect("of")
            return InstanceOf(left, phrases.type_name(self), at)
        if operator == "between":
            low = self.operation(OPERAND)
            self.expect("and")
            return Within(
                left, (Range(low, self.operation(OPERAND), low_included=True, high_included=True, at=at),), at
            )
        right = self.operation(level + 1)
        if operator in ("and", "or"):
            if isinstance(left, Logic) and left.operator == operator:
                return Logic(operator, (*left.parts, right), left.at)
            return Logic(operator, (left, right), at)
        return Binary(operator, left, right, at)

    def choices(self) -> tuple[Tree, ...]:
        """What stands behind `in`: one test, or several in brackets."""
        at = self.now.at
        if not self.takes("("):
            return (self.choice(),)
        items = [self.choice()]
        if self.takes(".."):
            return (phrases.range_from(self, items[0], at, included=False),)
        while self.takes(","):
            items.append(self.choice())
        self.expect(")")
        return tuple(self.limited(items))

    def choice(self) -> Tree:
        operator, at = str(self.now.value), self.now.at
        if self.now.kind == "sign" and operator in _COMPARISONS:
            self.place += 1
            return Test(operator, self.operation(OPERAND), at)
        return self.operation(OPERAND)

    def tests(self) -> list[Tree]:
        """Tests in a cell: `< 5`, `[1..5]`, `"a", "b"`, or any condition with `?`."""
        items = [self.test()]
        while self.takes(","):
            items.append(self.test())
        return items

    def negated_tests(self) -> list[Tree]:
        self.expect("not")
        self.expect("(")
        items = self.tests()
        self.expect(")")
        return items

    def test(self) -> Tree:
        opens = self.now.kind == "sign" and self.now.value in _COMPARISONS
        return self.choice() if opens else self.expression()

    def signed(self) -> Tree:
        at, minus = self.now.at, False
        negations = 0
        while self.takes("-"):
            minus = not minus
            negations += 1
        tree = self.with_members(self.primary())
        if not negations:
            return tree
        return Negate(tree, at) if minus else Negate(Negate(tree, at), at)

    def with_members(self, tree: Tree) -> Tree:
        """What stands directly behind a value: members, filters, arguments."""
        while self.now.kind == "sign":
            at = self.now.at
            if self.takes("."):
                tree = self.member_of(tree)
            elif self.sees("[") and self.nesting != self.end_at:
                self.place += 1
                tree = self.filtered(tree, at)
            elif isinstance(tree, Local | Path | Apply | Lambda | Filter) and self.takes("("):
                names, given = self.arguments()
                tree = Apply(tree, tuple(given), names, at)
            else:
                break
        return tree

    def member_of(self, base: Tree) -> Tree:
        if self.now.kind != "name":
            raise self.stop("expected a name after '.'")
        at, spelled = self.now.at, self.vocabulary.member_at(self.found, self.place)
        following = self.found[self.place + 1]
        if spelled is None and (self.now.value, following.value) in TWO_WORDS:
            spelled = f"{self.now.value} {following.value}", 2
        name, words = spelled or (str(self.now.value), 1)
        self.place += words
        return Path(base, name, at)

    def filtered(self, base: Tree, at: int) -> Tree:
        self.filters += 1
        self.locals.append(("item",))
        condition = self.expression()
        self.locals.pop()
        self.filters -= 1
        self.expect("]")
        return Filter(base, condition, at)

    def primary(self) -> Tree:
        kind, value, at = self.now
        if kind in ("number", "text"):
            self.place += 1
            return Literal(value, at)
        if kind == "name":
            return self.named(str(value), at)
        if self.takes("("):
            if self.now.kind == "sign" and self.now.value in _COMPARISONS:
                return phrases.open_range(self, at)
            inner = self.expression()
            if self.takes(".."):
                return phrases.range_from(self, inner, at, included=False)
            self.expect(")")
            return inner
        if self.takes("]"):
            low = self.expression()
            self.expect("..")
            return phrases.range_from(self, low, at, included=False)
        if self.takes("["):
            return phrases.list_or_range(self, at)
        if self.takes("{"):
            return phrases.context_of(self, at)
        if self.takes("@"):
            return self.instant_literal(at)
        if self.is_test and self.takes("?"):
            return Name("?", at)
        raise self.stop("expected a value")

    def named(self, name: str, at: int) -> Tree:
        known, own = self.vocabulary.name_at(self.found, self.place), self.local_words()
        if own and (known is None or own >= known[1]):
            words = self.found[self.place : self.place + own]
            self.place += own
            return Local(" ".join(str(word.value) for word in words), at)
        if known is not None:
            return self.known(*known, at)
        if name in _CONSTANTS:
            self.place += 1
            return Literal(_CONSTANTS[name], at)
        words_of_call = self.function_words()
        if words_of_call:
            return self.call(words_of_call, at)
        if name in _RESERVED:
            raise self.stop("expected a value")
        if self.filters:
            spelled = self.vocabulary.member_at(self.found, self.place)
            if spelled is not None:
                self.place += spelled[1]
                return Either(spelled[0], at)
        self.place += 1
        if self.sees("("):
            if name in NOW and self.found[self.place + 1].value == ")":
                self.place += 2
                return Call(name, (Name("now", at),), at)
            raise Stop(unknown_function(name, self.text, at))
        return Either(name, at) if self.filters else Name(name, at)

    def local_words(self) -> int:
        """How many lexemes from here spell a name that the expression gave a value; the longest such name."""
        found = 0
        for words in self.locals:
            here = self.found[self.place : self.place + len(words)]
            if len(words) > found and [one.value for one in here] == list(words) and here[-1].kind == "name":
                found = len(words)
        return found

    def known(self, name: str, words: int, at: int) -> Tree:
        """A name of the vocabulary: a variable, or a call of what it says can be called."""
        self.place += words
        parameters = self.vocabulary.functions.get(name)
        if parameters is None or not self.takes("("):
            return Either(name, at) if self.filters else Name(name, at)
        names, given = self.arguments()
        expected = f"{len(parameters)} argument{'s' * (len(parameters) != 1)}"
        if len(given) != len(parameters) or (names and sorted(names) != sorted(parameters)):
            raise Stop(wrong_arguments(name, expected, self.text, at))
        if names:
            given = [given[names.index(parameter)] for parameter in parameters]
        return Invoke(name, tuple(given), at)

    def function_words(self) -> int:
        """How many names from here spell a function that is called; FEEL's function names contain spaces."""
        for count in range(LONGEST_NAME, 0, -1):
            words = self.found[self.place : self.place + count + 1]
            if len(words) == count + 1 and words[-1].value == "(" and words[-1].kind == "sign":
                spelled = " ".join(str(word.value) for word in words[:-1])
                if spelled in FUNCTIONS and all(word.kind == "name" for word in words[:-1]):
                    return count
        return 0

    def call(self, words: int, at: int) -> Tree:
        name = " ".join(str(word.value) for word in self.found[self.place : self.place + words])
        self.place += words
        self.expect("(")
        names, arguments = self.arguments()
        function = FUNCTIONS[name]
        if names:
            places = function.places(names)
            if places is None:
                expected = " or ".join(f"({', '.join(signature)})" for signature in function.signatures)
                raise Stop(wrong_arguments(name, expected, self.text, at))
            given = dict(zip(places, arguments, strict=True))
            arguments = [given.get(place, Literal(None, at)) for place in range(max(places) + 1)]
        if not function.least <= len(arguments) <= function.most:
            raise Stop(wrong_arguments(name, function.expected, self.text, at))
        return Call(name, tuple(arguments), at)

    def arguments(self) -> tuple[tuple[str, ...], list[Tree]]:
        """What stands in the brackets of a call, up to the closing one: its names, if it has names, and its values."""
        names: list[str] = []
        found: list[Tree] = []
        if not self.takes(")"):
            while True:
                name = phrases.argument_name(self)
                if (name is None) is bool(names) and found:
                    raise self.stop("expected all arguments with their names, or none")
                names += [] if name is None else [name]
                found.append(self.expression())
                if not self.takes(","):
                    break
            self.expect(")")
        return tuple(names), self.limited(found)

    def instant_literal(self, at: int) -> Tree:
        kind, value, place = self.now
        if kind != "text":
            raise self.stop("expected a string after '@'")
        self.place += 1
        return Call(temporal_kind(str(value)), (Literal(value, place),), at)
