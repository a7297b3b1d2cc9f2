"""Lists: counting, choosing, changing, ordering. A single value counts as a list of one."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import cmp_to_key

from tradewind.rules.decide.feel.duration import Duration
from tradewind.rules.decide.feel.functions.callee import Callee
from tradewind.rules.decide.feel.functions.signature import Arguments, Function, function
from tradewind.rules.decide.feel.functions.text import whole
from tradewind.rules.decide.feel.values import (
    DECIMAL,
    MAX_LIST,
    any_of,
    clock,
    equal,
    finite,
    instant,
    less,
    more,
    order,
    plain,
)

MAX_COMPOUND = 300
"""Lists and contexts in a list that are compared with each other."""


def items_of(arguments: Arguments) -> list[object] | None:
    """`sum(a, b)` and `sum([a, b])` mean the same."""
    items = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments
    return [plain(item) for item in items] if len(items) <= MAX_LIST else None


def listed(value: object) -> list[object] | None:
    """A list, or a single value as a list of one; null has no items that could be changed."""
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    return [plain(item) for item in items] if len(items) <= MAX_LIST else None


def _fitting(items: list[object]) -> list[object] | None:
    return items if len(items) <= MAX_LIST else None


def _count(arguments: Arguments) -> object:
    if arguments[0] is None:
        return Decimal(0)
    items = items_of(arguments)
    return None if items is None else Decimal(len(items))


def _best(better: Callable[[object, object], bool | None]) -> Callable[[Arguments], object]:
    def apply(arguments: Arguments) -> object:
        items = items_of(arguments)
        if not items:
            return None
        best = items[0]
        for item in items:
            verdict = better(item, best) if better(item, item) is not None else None
            if verdict is None:
                return None
            if verdict:
                best = item
        return best

    return apply


def _truth(*, decisive: bool) -> Callable[[Arguments], object]:
    """`any` and `all`: as `or` and `and` over the items."""

    def apply(arguments: Arguments) -> object:
        items = items_of(arguments)
        if items is None:
            return None
        if any(item is decisive for item in items):
            return decisive
        return None if any(item is not (not decisive) for item in items) else not decisive

    return apply


def _not(arguments: Arguments) -> object:
    return not arguments[0] if isinstance(arguments[0], bool) else None


def _list_contains(arguments: Arguments) -> object:
    items = listed(arguments[0])
    return None if items is None else any_of(equal(item, arguments[1]) is True for item in items)


def _sublist(arguments: Arguments) -> object:
    items, start = listed(arguments[0]), whole(arguments[1])
    length = whole(arguments[2]) if len(arguments) == 3 else MAX_LIST
    if items is None or not start or length is None or length < 0 or abs(start) > len(items):
        return None
    begin = start - 1 if start > 0 else len(items) + start
    return items[begin : begin + length]


def _append(arguments: Arguments) -> object:
    items = [] if arguments[0] is None else listed(arguments[0])
    return None if items is None else _fitting([*items, *arguments[1:]])


def _concatenate(arguments: Arguments) -> object:
    found: list[object] = []
    for argument in arguments:
        items = listed(argument)
        if items is None or len(found) + len(items) > MAX_LIST:
            return None
        found += items
    return found


def _place(items: list[object], position: object) -> int | None:
    at = whole(position)
    return None if not at or abs(at) > len(items) else at - 1 if at > 0 else len(items) + at


def _insert_before(arguments: Arguments) -> object:
    items = listed(arguments[0])
    at = None if items is None else _place(items, arguments[1])
    return None if items is None or at is None else _fitting([*items[:at], arguments[2], *items[at:]])


def _remove(arguments: Arguments) -> object:
    items = listed(arguments[0])
    at = None if items is None else _place(items, arguments[1])
    return None if items is None or at is None else [*items[:at], *items[at + 1 :]]


def _list_replace(arguments: Arguments) -> object:
    items, chosen, new = listed(arguments[0]), arguments[1], arguments[2]
    if items is None:
        return None
    if isinstance(chosen, Callee):
        verdicts = [chosen.apply([item, new]) for item in items]
        if not all(isinstance(verdict, bool) for verdict in verdicts):
            return None
        return [new if verdict else item for item, verdict in zip(items, verdicts, strict=True)]
    at = _place(items, chosen)
    return None if at is None else [*items[:at], new, *items[at + 1 :]]


def _reverse(arguments: Arguments) -> object:
    items = listed(arguments[0])
    return None if items is None else items[::-1]


def _index_of(arguments: Arguments) -> object:
    items = listed(arguments[0])
    if items is None:
        return None
    return [Decimal(at) for at, item in enumerate(items, 1) if equal(item, arguments[1]) is True]


def _key(value: object) -> object:
    """What equal values share; None for those that must be compared one by one."""
    match value:
        case bool() | str() | None:
            return type(value), value
        case Decimal():
            return Decimal, value
        case datetime():
            return datetime, instant(value)
        case date():
            return date, value
        case time():
            return time, clock(value)
        case Duration():
            return Duration, value.months, value.micros
        case _:
            return None


def distinct(items: Iterable[object]) -> list[object] | None:
    """Each value once, where it comes first; None where too many lists or contexts would be compared."""
    keys: set[object] = set()
    compound: list[object] = []
    found: list[object] = []
    for item in items:
        key = _key(item)
        if key is not None:
            if key in keys:
                continue
            keys.add(key)
        else:
            if any(equal(item, other) is True for other in compound):
                continue
            compound.append(item)
            if len(compound) > MAX_COMPOUND:
                return None
        found.append(item)
    return found


def _distinct_values(arguments: Arguments) -> object:
    items = listed(arguments[0])
    return None if items is None else distinct(items)


def _union(arguments: Arguments) -> object:
    items = _concatenate(arguments)
    return distinct(items) if isinstance(items, list) else None


def _distinct_steps(arguments: Arguments) -> int:
    items = [item for one in arguments for item in (one if isinstance(one, list) else [one])]
    compound = min(sum(isinstance(item, list | Mapping) for item in items[:MAX_LIST]), MAX_COMPOUND)
    return len(items) + compound * compound * 4


def _flatten(arguments: Arguments) -> object:
    """All that is in lists within lists, in its order."""
    if arguments[0] is None:
        return None
    found: list[object] = []
    pending = [iter(arguments[0] if isinstance(arguments[0], list) else [arguments[0]])]
    seen = 0
    while pending:
        for item in pending[-1]:
            seen += 1
            if seen > MAX_LIST:
                return None
            if isinstance(item, list | tuple):
                pending.append(iter(item))
                break
            found.append(plain(item))
        else:
            pending.pop()
    return found


class _UnorderedError(ValueError):
    """Two items that have no order, or a function that does not say one."""


def _sort(arguments: Arguments) -> object:
    """By a function that says whether the first goes before the second; without one, numbers, strings or dates upwards."""
    items = listed(arguments[0])
    if items is None:
        return None
    by = arguments[1] if len(arguments) == 2 else None
    if len(arguments) == 2 and not isinstance(by, Callee):
        return None

    def compare(left: object, right: object) -> int:
        if isinstance(by, Callee):
            goes_first = by.apply([left, right])
            if not isinstance(goes_first, bool):
                raise _UnorderedError
            return -1 if goes_first else 1
        found = order(left, right)
        if found is None:
            raise _UnorderedError
        return found

    try:
        return sorted(items, key=cmp_to_key(compare))
    except _UnorderedError:
        return None


def _numbers(arguments: Arguments) -> list[Decimal] | None:
    items = items_of(arguments)
    if items is None:
        return None
    found = [item for item in items if isinstance(item, Decimal)]
    return found if len(found) == len(items) else None


def _sum(arguments: Arguments) -> object:
    items = items_of(arguments)
    if not items:
        return None
    total = Decimal(0)
    for item in items:
        if not isinstance(item, Decimal):
            return None
        total = DECIMAL.add(total, item)
    return finite(total)


def _product(arguments: Arguments) -> object:
    numbers = _numbers(arguments)
    if not numbers:
        return None
    total = Decimal(1)
    for number in numbers:
        total = DECIMAL.multiply(total, number)
    return finite(total)


def _mean(arguments: Arguments) -> object:
    total, items = _sum(arguments), items_of(arguments)
    return finite(DECIMAL.divide(total, Decimal(len(items)))) if isinstance(total, Decimal) and items else None


def _median(arguments: Arguments) -> object:
    numbers = _numbers(arguments)
    if not numbers:
        return None
    numbers.sort()
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    return finite(DECIMAL.divide(DECIMAL.add(numbers[middle - 1], numbers[middle]), Decimal(2)))


def _stddev(arguments: Arguments) -> object:
    """Of a sample: what two or more numbers deviate from their mean."""
    numbers, mean = _numbers(arguments), _mean(arguments)
    if numbers is None or len(numbers) < 2 or not isinstance(mean, Decimal):
        return None
    total = Decimal(0)
    for number in numbers:
        apart = DECIMAL.subtract(number, mean)
        total = DECIMAL.add(total, DECIMAL.multiply(apart, apart))
    return finite(DECIMAL.sqrt(DECIMAL.divide(total, Decimal(len(numbers) - 1))))


def _mode(arguments: Arguments) -> object:
    """The numbers that are there most often, upwards."""
    numbers = _numbers(arguments)
    if numbers is None:
        return None
    counts: dict[Decimal, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    most = max(counts.values(), default=0)
    found: list[object] = [*sorted(number for number, count in counts.items() if count == most)]
    return found


LISTS: dict[str, Function] = {
    "not": function(_not, "negand"),
    "count": function(_count, "list"),
    "sum": function(_sum, "list..."),
    "min": function(_best(less), "list..."),
    "max": function(_best(more), "list..."),
    "mean": function(_mean, "list..."),
    "product": function(_product, "list..."),
    "median": function(_median, "list..."),
    "stddev": function(_stddev, "list..."),
    "mode": function(_mode, "list..."),
    "all": function(_truth(decisive=False), "list..."),
    "any": function(_truth(decisive=True), "list..."),
    "list contains": function(_list_contains, "list, element"),
    "sublist": function(_sublist, "list, start position, length?"),
    "append": function(_append, "list, item..."),
    "concatenate": function(_concatenate, "list..."),
    "union": function(_union, "list...", steps=_distinct_steps),
    "insert before": function(_insert_before, "list, position, newItem"),
    "remove": function(_remove, "list, position"),
    "list replace": function(_list_replace, "list, position, newItem", "list, match, newItem"),
    "reverse": function(_reverse, "list"),
    "index of": function(_index_of, "list, match"),
    "distinct values": function(_distinct_values, "list", steps=_distinct_steps),
    "flatten": function(_flatten, "list"),
    "sort": function(_sort, "list, precedes?"),
}
