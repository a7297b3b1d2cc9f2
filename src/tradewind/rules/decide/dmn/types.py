"""Types of values: what FEEL knows and what a model defines. A value that does not conform is null."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.feel.duration import Duration
from tradewind.rules.decide.feel.unary import UnaryTests, read_tests
from tradewind.rules.decide.feel.values import MAX_LIST, plain
from tradewind.rules.errors import inside, not_understood
from tradewind.rules.model import ItemType, Place

MAX_DEPTH = 50
"""Contexts and lists inside each other; a deeper value does not conform."""


@dataclass(slots=True)
class Type:
    """A type to conform to. `plain_types` are the exact Python types that conform without another look."""

    name: str
    plain_types: frozenset[type] = frozenset()
    base: "Type | None" = None
    components: dict[str, "Type"] = field(default_factory=dict)
    allowed: UnaryTests | None = None
    is_list: bool = False
    is_any: bool = False

    def fits_plainly(self, value: object) -> bool:
        return self.is_any or type(value) in self.plain_types

    def conform(self, value: object, depth: int = 0) -> tuple[bool, object]:
        """Whether a value is of this type, and the value: null where it is not, one item for a list of one and back."""
        if value is None or self.is_any or type(value) in self.plain_types:
            return True, value
        if depth > MAX_DEPTH:
            return False, None
        if self.is_list:
            return self._list(value, depth)
        if isinstance(value, list) and len(value) == 1 and self.takes_no_list():
            return self.conform(plain(value[0]), depth + 1)
        return self._single(value, depth)

    def takes_no_list(self) -> bool:
        kind, seen = self, 0
        while kind.base is not None and not kind.is_list and seen < MAX_DEPTH:
            kind, seen = kind.base, seen + 1
        return not (kind.is_list or kind.is_any or list in kind.plain_types)

    def _list(self, value: object, depth: int) -> tuple[bool, object]:
        items = value if isinstance(value, list) else [value]
        if len(items) > MAX_LIST:
            return False, None
        found = []
        for item in items:
            fits, made = (True, None) if item is None else self._single(plain(item), depth + 1)
            if not fits:
                return False, None
            found.append(made)
        return True, found

    def _single(self, value: object, depth: int) -> tuple[bool, object]:
        if self.base is not None:
            fits, value = self.base.conform(value, depth + 1)
            if not fits:
                return False, None
        elif self.components:
            if isinstance(value, Mapping):
                made = dict(value)
                for name, kind in self.components.items():
                    fits, made[name] = kind.conform(plain(value.get(name)), depth + 1)
                    if not fits:
                        return False, None
                value = made
            elif not hasattr(type(value), "__dataclass_fields__") or isinstance(value, Duration):
                return False, None
        else:
            return False, None
        return (False, None) if self.allowed is not None and not self.allowed.matches(value, {}) else (True, value)


ANY = Type("Any", is_any=True)
_DATE_AND_TIME = Type("date and time", frozenset({datetime}))
BUILT_IN: dict[str, Type] = {
    "": ANY,
    "Any": ANY,
    **dict.fromkeys(("number", "integer", "long", "double"), Type("number", frozenset({Decimal}))),
    "string": Type("string", frozenset({str})),
    "boolean": Type("boolean", frozenset({bool})),
    "date": Type("date", frozenset({date})),
    "time": Type("time", frozenset({time})),
    "date and time": _DATE_AND_TIME,
    "dateTime": _DATE_AND_TIME,
    "days and time duration": Type("days and time duration", frozenset({Duration})),
    "dayTimeDuration": Type("days and time duration", frozenset({Duration})),
    "years and months duration": Type("years and months duration", frozenset({Duration})),
    "yearMonthDuration": Type("years and months duration", frozenset({Duration})),
    "context": Type("context", frozenset({dict})),
    "list": Type("list", frozenset({list})),
    "Null": Type("Null"),
}
"""With the names that other tools write for them."""


def is_bounded(value: object) -> bool:
    """Whether a value has at most as many parts as a list may have, counting a shared part wherever it stands."""
    if not isinstance(value, list | Mapping):
        return True
    pending, seen = [value], 0
    while pending:
        at = pending.pop()
        seen += len(at)
        if seen > MAX_LIST:
            return False
        parts = at.values() if isinstance(at, Mapping) else at
        pending.extend(part for part in parts if isinstance(part, list | Mapping))
    return True


class Types:
    """The types of one model, by name; what is wrong with them goes to `problems`."""

    def __init__(self, defined: Iterable[ItemType], problems: list[Problem]) -> None:
        self.problems = problems
        self.found: dict[str, Type] = {}
        written = list(defined)
        for item in written:
            if item.name in self.found:
                problems.append(not_understood("rules.not_unique", f"a second type {item.name!r}", item.place))
            self.found[item.name] = Type(item.name)
        for item in written:
            self._fill(self.found[item.name], item)
        for item in written:
            self._refuse_circle(self.found[item.name], item.place)

    def of(self, name: str, place: Place) -> Type:
        """The type of that name; Any, and a problem, where there is none."""
        plain_name = name.removeprefix("feel:")
        found = self.found.get(name) or BUILT_IN.get(plain_name)
        if found is None:
            self.problems.append(not_understood("rules.unknown_type", f"there is no type {name!r}", place))
            return ANY
        return found

    def _fill(self, made: Type, item: ItemType) -> None:
        made.is_list = item.is_list
        if item.components:
            made.components = {part.name: self._component(part) for part in item.components}
        else:
            made.base = self.of(item.base, item.place)
        if item.allowed is not None:
            tests = read_tests(item.allowed.text)
            if isinstance(tests, Problem):
                self.problems.append(inside(tests, item.allowed.place))
            else:
                made.allowed = tests

    def _component(self, item: ItemType) -> Type:
        made = Type(item.name)
        self._fill(made, item)
        return made

    def _refuse_circle(self, kind: Type, place: Place) -> None:
        seen: set[int] = set()
        at: Type | None = kind
        while at is not None:
            if id(at) in seen:
                self.problems.append(not_understood("rules.circle", f"type {kind.name!r} is made of itself", place))
                kind.base = ANY
                return
            seen.add(id(at))
            at = at.base
