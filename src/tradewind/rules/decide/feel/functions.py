"""The fixed table of functions an expression can call. Arguments come evaluated; null where there is no value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradewind.rules.decide.feel.duration import Duration, read_duration
from tradewind.rules.decide.feel.values import DECIMAL, MAX_LIST, any_of, equal, finite, instant, less, more, plain

MANY = 1_000
"""Arguments of a function that takes any number."""


@dataclass(frozen=True, slots=True)
class Function:
    """`apply(arguments)`; called with `least` to `most` of them."""

    apply: Callable[[list[object]], object]
    least: int
    most: int

    @property
    def expected(self) -> str:
        if self.least == self.most:
            return f"{self.least} argument{'s' * (self.least != 1)}"
        return f"{self.least} or more arguments" if self.most == MANY else f"{self.least} to {self.most} arguments"


def _items(arguments: list[object]) -> list[object] | None:
    """`sum(a, b)` and `sum([a, b])` mean the same; a single value counts as a list of one."""
    items = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments
    return [plain(item) for item in items] if len(items) <= MAX_LIST else None


def _count(arguments: list[object]) -> object:
    if arguments[0] is None:
        return Decimal(0)
    items = _items(arguments)
    return None if items is None else Decimal(len(items))


def _sum(arguments: list[object]) -> object:
    items = _items(arguments)
    if not items:
        return None
    total = Decimal(0)
    for item in items:
        if not isinstance(item, Decimal):
            return None
        total = DECIMAL.add(total, item)
    return finite(total)


def _best(arguments: list[object], better: Callable[[object, object], bool | None]) -> object:
    items = _items(arguments)
    if not items:
        return None
    best = items[0]
    for item in items:
        if better(item, item) is None:
            return None
        verdict = better(item, best)
        if verdict is None:
            return None
        if verdict:
            best = item
    return best


def _min(arguments: list[object]) -> object:
    return _best(arguments, less)


def _max(arguments: list[object]) -> object:
    return _best(arguments, more)


def _text_test(test: Callable[[str, str], bool]) -> Callable[[list[object]], object]:
    def apply(arguments: list[object]) -> object:
        text, part = arguments
        return test(text, part) if isinstance(text, str) and isinstance(part, str) else None

    return apply


def _string_length(arguments: list[object]) -> object:
    return Decimal(len(arguments[0])) if isinstance(arguments[0], str) else None


def _lower(arguments: list[object]) -> object:
    return arguments[0].lower() if isinstance(arguments[0], str) else None


def _upper(arguments: list[object]) -> object:
    return arguments[0].upper() if isinstance(arguments[0], str) else None


def _not(arguments: list[object]) -> object:
    return not arguments[0] if isinstance(arguments[0], bool) else None


def _abs(arguments: list[object]) -> object:
    value = arguments[0]
    if isinstance(value, Decimal):
        return DECIMAL.abs(value)
    return (-value if value.months < 0 or value.micros < 0 else value) if isinstance(value, Duration) else None


def _list_contains(arguments: list[object]) -> object:
    items, wanted = arguments
    if not isinstance(items, list) or len(items) > MAX_LIST:
        return None
    return any_of(equal(plain(item), wanted) is True for item in items)


def _date(arguments: list[object]) -> object:
    value = arguments[0]
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if len(arguments) == 3:
        return _date_of_parts(arguments)
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def _date_of_parts(arguments: list[object]) -> date | None:
    parts = [int(part) for part in arguments if isinstance(part, Decimal) and abs(part) < 10_000 and part == int(part)]
    try:
        return date(*parts) if len(parts) == 3 else None
    except ValueError:
        return None


def _date_and_time(arguments: list[object]) -> object:
    """A text without a zone is in UTC, as all times inside are."""
    value = arguments[0]
    if isinstance(value, str):
        if not 10 <= len(value) <= 40 or value[4:5] != "-":
            return None
        try:
            return instant(datetime.fromisoformat(value))
        except ValueError:
            return None
    return instant(value)


def _duration(arguments: list[object]) -> object:
    value = arguments[0]
    if isinstance(value, str):
        return read_duration(value)
    return value if isinstance(value, Duration) else None


def _get_value(arguments: list[object]) -> object:
    context, key = arguments
    return plain(context.get(key)) if isinstance(context, Mapping) and isinstance(key, str) else None


FUNCTIONS: dict[str, Function] = {
    "count": Function(_count, 1, 1),
    "sum": Function(_sum, 1, MANY),
    "min": Function(_min, 1, MANY),
    "max": Function(_max, 1, MANY),
    "contains": Function(_text_test(str.__contains__), 2, 2),
    "starts with": Function(_text_test(lambda text, part: text.startswith(part)), 2, 2),
    "ends with": Function(_text_test(lambda text, part: text.endswith(part)), 2, 2),
    "string length": Function(_string_length, 1, 1),
    "lower case": Function(_lower, 1, 1),
    "upper case": Function(_upper, 1, 1),
    "not": Function(_not, 1, 1),
    "abs": Function(_abs, 1, 1),
    "list contains": Function(_list_contains, 2, 2),
    "get value": Function(_get_value, 2, 2),
    "date": Function(_date, 1, 3),
    "date and time": Function(_date_and_time, 1, 1),
    "duration": Function(_duration, 1, 1),
}

LONGEST_NAME = max(len(name.split()) for name in FUNCTIONS)
