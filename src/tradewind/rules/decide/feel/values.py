"""What expressions compute with: decimals, strings, booleans, null, dates, durations, lists, contexts and ranges.

Every function here answers null (None) where FEEL gives no value; none raises.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from tradewind.rules.decide.feel.duration import Duration

DECIMAL = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])
"""DMN's numbers: IEEE 754 decimal128."""
MAX_LIST = 10_000
"""Elements of a list that a function or path looks through."""
MAX_TEXT = 1_000_000
"""Characters of a computed string."""
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A range as a value."""

    low: object
    high: object
    low_included: bool
    high_included: bool


def plain(value: object) -> object:
    """A value from outside as FEEL sees it: any number becomes a decimal; what FEEL does not know stays opaque."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is Decimal:
        return finite(value)  # type: ignore[arg-type]  # `kind` is its exact type
    if kind is int:
        return Decimal(value)  # type: ignore[arg-type]  # `kind` is its exact type
    if kind is float:
        number = Decimal(repr(value))
        return number if number.is_finite() else None
    if kind is tuple:
        return list(value)  # type: ignore[call-overload]
    return value


def member(value: object, name: str) -> object:
    """`value.name`: an entry of a mapping, a field of a dataclass, over a list the list of members; else null."""
    if isinstance(value, Mapping):
        return plain(value.get(name))
    if isinstance(value, list | tuple):
        return [member(item, name) for item in value] if len(value) <= MAX_LIST and not _nested(value) else None
    if name in getattr(type(value), "__dataclass_fields__", ()):
        return plain(getattr(value, name))
    return None


def _nested(items: list[object] | tuple[object, ...]) -> bool:
    return any(isinstance(item, list | tuple) for item in items)


def finite(number: Decimal) -> Decimal | None:
    return number if number.is_finite() else None


def add(left: object, right: object) -> object:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return finite(DECIMAL.add(left, right))
    if isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= MAX_TEXT else None
    if isinstance(right, Duration):
        return _moved(left, right)
    if isinstance(left, Duration):
        return _moved(right, left)
    return None


def subtract(left: object, right: object) -> object:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return finite(DECIMAL.subtract(left, right))
    if isinstance(right, Duration):
        return _moved(left, -right)
    if isinstance(left, date) and isinstance(right, date):
        first, second = instant(left), instant(right)
        if first is None or second is None:
            return None
        return Duration(0, (first - second) // _MICRO)
    return None


def _moved(value: object, span: Duration) -> object:
    """A date, instant or duration, later by `span`."""
    if isinstance(value, Duration):
        months, micros = value.months + span.months, value.micros + span.micros
        return None if months and micros else Duration(months, micros)
    if isinstance(value, datetime):
        return span.added_to(value)
    if isinstance(value, date):
        later = span.added_to(datetime(value.year, value.month, value.day, tzinfo=UTC))
        return None if later is None else later.date()
    return None


def multiply(left: object, right: object) -> object:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return finite(DECIMAL.multiply(left, right))
    if isinstance(left, Duration) and isinstance(right, Decimal):
        return _scaled(left, right)
    if isinstance(right, Duration) and isinstance(left, Decimal):
        return _scaled(right, left)
    return None


def divide(left: object, right: object) -> object:
    if isinstance(right, Decimal) and right:
        if isinstance(left, Decimal):
            return finite(DECIMAL.divide(left, right))
        if isinstance(left, Duration):
            return _scaled(left, DECIMAL.divide(Decimal(1), right))
    return None


def power(left: object, right: object) -> object:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return finite(DECIMAL.power(left, right))
    return None


def _scaled(span: Duration, factor: Decimal) -> Duration | None:
    months, micros = DECIMAL.multiply(Decimal(span.months), factor), DECIMAL.multiply(Decimal(span.micros), factor)
    if not (abs(months) <= 120_000 and abs(micros) <= Decimal(10) ** 18):
        return None
    return Duration(int(months), int(micros))


def negative(value: object) -> object:
    if isinstance(value, Decimal):
        return DECIMAL.minus(value)
    return -value if isinstance(value, Duration) else None


def instant(value: object) -> datetime | None:
    """A date or a date and time as an instant; a date is its midnight, a time without a zone is in UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def order(left: object, right: object) -> int | None:
    """-1, 0 or 1; null where two values have no order."""
    first: Any = left
    second: Any = right
    if isinstance(left, Decimal):
        if not isinstance(right, Decimal):
            return None
    elif isinstance(left, str):
        if not isinstance(right, str):
            return None
    elif isinstance(left, date):
        if not isinstance(right, date) or isinstance(left, datetime) is not isinstance(right, datetime):
            return None
        if isinstance(left, datetime):
            first, second = instant(left), instant(right)
    elif isinstance(left, Duration) and isinstance(right, Duration) and _same_kind(left, right):
        first, second = (left.months, left.micros), (right.months, right.micros)
    else:
        return None
    return int(first > second) - int(first < second)


def _same_kind(left: Duration, right: Duration) -> bool:
    return left.kind == right.kind or "none" in (left.kind, right.kind)


def equal(left: object, right: object) -> bool | None:
    """Null where the values are of different kinds; null equals null alone."""
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right if isinstance(left, bool) and isinstance(right, bool) else None
    compared = order(left, right)
    if compared is not None:
        return compared == 0
    if isinstance(left, list) and isinstance(right, list):
        return _same_items(left, right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left == right
    return None


def _same_items(left: list[object], right: list[object]) -> bool | None:
    if len(left) != len(right) or len(left) > MAX_LIST:
        return False
    if any(isinstance(item, list | tuple) for item in left):
        return left == right
    return all(equal(plain(first), plain(second)) is True for first, second in zip(left, right, strict=True))


def unequal(left: object, right: object) -> bool | None:
    same = equal(left, right)
    return None if same is None else not same


def less(left: object, right: object) -> bool | None:
    compared = order(left, right)
    return None if compared is None else compared < 0


def at_most(left: object, right: object) -> bool | None:
    compared = order(left, right)
    return None if compared is None else compared <= 0


def more(left: object, right: object) -> bool | None:
    compared = order(left, right)
    return None if compared is None else compared > 0


def at_least(left: object, right: object) -> bool | None:
    compared = order(left, right)
    return None if compared is None else compared >= 0


OPERATORS: dict[str, Callable[[object, object], object]] = {
    "+": add, "-": subtract, "*": multiply, "/": divide, "**": power,
    "=": equal, "!=": unequal, "<": less, "<=": at_most, ">": more, ">=": at_least,
}  # fmt: skip


def inside(value: object, span: Span) -> bool | None:
    low = at_least(value, span.low) if span.low_included else more(value, span.low)
    high = at_most(value, span.high) if span.high_included else less(value, span.high)
    if low is False or high is False:
        return False
    return None if low is None or high is None else True


def meets(value: object, choice: object) -> bool | None:
    """One choice behind `in`: inside a range, among a list, or equal."""
    if isinstance(choice, Span):
        return inside(value, choice)
    if isinstance(choice, list | tuple):
        if isinstance(value, list) and equal(value, list(choice)) is True:
            return True
        if len(choice) > MAX_LIST:
            return None
        return any_of(inside(value, item) if isinstance(item, Span) else equal(value, plain(item)) for item in choice)
    return equal(value, choice)


def any_of(answers: Any) -> bool | None:
    """`or` over answers: true if one is true, null if one is null, else false."""
    result: bool | None = False
    for answer in answers:
        if answer is True:
            return True
        if answer is not False:
            result = None
    return result
