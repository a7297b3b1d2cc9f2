"""What expressions compute with: decimals, strings, booleans, null, dates, times, durations, lists, contexts and ranges.

Every function here answers null (None) where FEEL gives no value; none raises.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from tradewind.rules.decide.feel.duration import MICROS, Duration
from tradewind.rules.decide.feel.properties import offset_of, property_of
from tradewind.rules.decide.feel.span import Span

DECIMAL = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[])
"""DMN's numbers: IEEE 754 decimal128."""
MAX_LIST = 10_000
"""Elements of a list that a function or path looks through."""
MAX_TEXT = 1_000_000
"""Characters of a computed string."""
MAX_PARTS = 10_000
"""Parts of two values that are compared; of those that have more it is not known whether they are equal."""
_MICRO = timedelta(microseconds=1)
_DAY = 86_400 * MICROS


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
    if isinstance(value, Duration | Span | date | time):
        return property_of(value, name)
    if has_field(value, name):
        return plain(getattr(value, name))
    return None


def has_field(value: object, name: str) -> bool:
    """Whether a value from outside is a record with a field of this name."""
    return name in getattr(type(value), "__dataclass_fields__", ()) and not name.startswith("_")


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
    if isinstance(left, time) and isinstance(right, time):
        earlier, later = clock(right), clock(left)
        return (
            None if earlier is None or later is None or earlier[0] != later[0] else Duration(0, later[1] - earlier[1])
        )
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
    if isinstance(value, time):
        if span.months:
            return None
        micros = (_micros(value) + span.micros) % _DAY
        hours, micros = divmod(micros, 3600 * MICROS)
        minutes, micros = divmod(micros, 60 * MICROS)
        return time(hours, minutes, micros // MICROS, micros % MICROS, value.tzinfo)
    if isinstance(value, datetime):
        if value.tzinfo is None or value.tzinfo is UTC or span.months:
            return span.added_to(value)
        moment = instant(value)
        later = None if moment is None else span.added_to(moment)
        return None if later is None else local_time(later, value.tzinfo)
    if isinstance(value, date):
        later = span.added_to(datetime(value.year, value.month, value.day, tzinfo=UTC))
        return None if later is None else later.date()
    return None


def _micros(value: time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * MICROS + value.microsecond


def clock(value: time) -> tuple[str, int] | None:
    """Microseconds of the day, in UTC where the value says its offset; first how it is told, so that like meets like."""
    offset = offset_of(value)
    if offset is not None:
        return "offset", _micros(value) - offset.micros
    return "" if value.tzinfo is None else str(value.tzinfo), _micros(value)


def local_time(moment: datetime, zone: tzinfo) -> datetime | None:
    """An instant on the clock of a zone; None outside years 1 to 9999."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
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
            return _parted(left, right)
    if isinstance(left, Duration) and isinstance(right, Duration) and right.kind != "none" and _same_kind(left, right):
        if right.months:
            return DECIMAL.divide(Decimal(left.months), Decimal(right.months))
        return DECIMAL.divide(Decimal(left.micros), Decimal(right.micros))
    return None


def _parted(span: Duration, by: Decimal) -> Duration | None:
    months, micros = DECIMAL.divide(Decimal(span.months), by), DECIMAL.divide(Decimal(span.micros), by)
    return _bounded(months, micros)


def power(left: object, right: object) -> object:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return finite(DECIMAL.power(left, right))
    return None


def _scaled(span: Duration, factor: Decimal) -> Duration | None:
    months, micros = DECIMAL.multiply(Decimal(span.months), factor), DECIMAL.multiply(Decimal(span.micros), factor)
    return _bounded(months, micros)


def _bounded(months: Decimal, micros: Decimal) -> Duration | None:
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
        if value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else local_time(value, UTC)
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
            if first is None or second is None:
                return None
    elif isinstance(left, time):
        first, second = clock(left), clock(right) if isinstance(right, time) else None
        if first is None or second is None or first[0] != second[0]:
            return None
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
    if isinstance(left, list | Mapping) or isinstance(right, list | Mapping):
        return _same_parts(left, right)
    if isinstance(left, Span) and isinstance(right, Span):
        ends = (left.low_included, left.high_included, left.is_open) == (right.low_included, right.high_included, right.is_open)  # fmt: skip
        return ends and equal(left.low, right.low) is True and equal(left.high, right.high) is True
    return None


def _same_parts(left: object, right: object) -> bool | None:
    """Lists item by item, contexts entry by entry; what is inside them equal or not, never unknown."""
    if not (isinstance(left, list) and isinstance(right, list)) and not (
        isinstance(left, Mapping) and isinstance(right, Mapping)
    ):
        return None
    pending: list[tuple[object, object]] = [(left, right)]
    seen = 0
    while pending:
        one, other = pending.pop()
        seen += 1
        if seen + len(pending) > 2 * MAX_PARTS:
            return None
        if isinstance(one, list | tuple) and isinstance(other, list | tuple):
            if len(one) != len(other):
                return False
            pending.extend(zip(one, other, strict=True) if len(one) <= MAX_PARTS else [(1, 2)])
        elif isinstance(one, Mapping) and isinstance(other, Mapping):
            if one.keys() != other.keys():
                return False
            pending.extend((one[name], other[name]) for name in one)
        elif equal(plain(one), plain(other)) is not True:
            return False
    return True


def parts_of(value: object) -> int:
    """How many parts a list or context has, counted to `MAX_PARTS`, each wherever it stands."""
    pending, seen = [value], 0
    while pending and seen < MAX_PARTS:
        at = pending.pop()
        if isinstance(at, list | tuple | Mapping):
            seen += len(at)
            if seen < MAX_PARTS:
                pending.extend(at.values() if isinstance(at, Mapping) else at)
    return seen


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
    if span.is_open:
        if span.is_open == "low":
            return at_most(value, span.high) if span.high_included else less(value, span.high)
        return at_least(value, span.low) if span.low_included else more(value, span.low)
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
