"""The kinds of values, as `instance of` asks for them."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal

from tradewind.rules.decide.feel.duration import Duration
from tradewind.rules.decide.feel.functions.callee import Callee
from tradewind.rules.decide.feel.span import Span
from tradewind.rules.decide.feel.syntax import TypeName
from tradewind.rules.decide.feel.values import has_field, member, plain

SIMPLE = frozenset(
    {"Any", "Null", "number", "string", "boolean", "date", "time", "date and time", "days and time duration",
     "years and months duration"}
)  # fmt: skip
TYPES = tuple(sorted((tuple(name.split()) for name in (*SIMPLE, "list", "context", "range", "function")), key=lambda words: -len(words)))  # fmt: skip
"""By their words, the longest first."""


def is_instance(value: object, kind: TypeName) -> bool:
    """Whether a value is of a type; null is an instance of Null alone."""
    if value is None:
        return kind.name == "Null"
    match kind.name:
        case "Any":
            return True
        case "number":
            return isinstance(value, Decimal)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "date and time":
            return isinstance(value, datetime)
        case "date":
            return isinstance(value, date) and not isinstance(value, datetime)
        case "time":
            return isinstance(value, time)
        case "days and time duration":
            return isinstance(value, Duration) and value.kind != "months"
        case "years and months duration":
            return isinstance(value, Duration) and value.kind != "time"
        case "function":
            return isinstance(value, Callee) and (not kind.inner or len(kind.inner) == len(value.parameters))
        case _:
            return _is_compound(value, kind)


def _is_compound(value: object, kind: TypeName) -> bool:
    if kind.name == "list":
        return isinstance(value, list) and all(_fits(plain(item), kind.inner[0]) for item in value if kind.inner)
    if kind.name == "range":
        ends = (value.low, value.high) if isinstance(value, Span) else ()
        return isinstance(value, Span) and all(_fits(end, one) for one in kind.inner for end in ends)
    if kind.name != "context":
        return False
    is_record = not isinstance(value, Duration | Span | Callee) and hasattr(type(value), "__dataclass_fields__")
    if not (isinstance(value, Mapping) or is_record):
        return False
    has = value.__contains__ if isinstance(value, Mapping) else lambda name: has_field(value, name)
    return all(
        has(name) and _fits(member(value, name), one) for name, one in zip(kind.members, kind.inner, strict=True)
    )


def _fits(value: object, kind: TypeName) -> bool:
    return value is None or is_instance(value, kind)
