"""Values as FEEL writes them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from tradewind.rules.decide.feel.duration import Duration
from tradewind.rules.decide.feel.span import Span
from tradewind.rules.decide.feel.values import MAX_TEXT, plain

MAX_DEPTH = 20
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class _TooLongError(ValueError):
    pass


def as_text(value: object) -> str | None:
    """What `string(value)` gives: a string as it is, all else as it is written. None where it is too long or has no form."""
    return value if isinstance(value, str) else _guarded(value, is_literal=False)


def as_literal(value: object) -> str | None:
    """An expression with this value: strings in quotes, dates behind `@`; None where there is none."""
    return _guarded(value, is_literal=True)


def _guarded(value: object, *, is_literal: bool) -> str | None:
    try:
        return _written(plain(value), [MAX_TEXT], 0, is_literal=is_literal)
    except _TooLongError:
        return None


def _written(value: object, left: list[int], depth: int, *, is_literal: bool) -> str:
    """`left` counts down the characters that may still be written."""
    if depth > MAX_DEPTH:
        raise _TooLongError
    if isinstance(value, list):
        made = f"[{', '.join(_written(plain(one), left, depth + 1, is_literal=is_literal) for one in value)}]"
    elif isinstance(value, Mapping):
        parts = (
            f"{_key(str(name))}: {_written(plain(one), left, depth + 1, is_literal=is_literal)}"
            for name, one in value.items()
        )
        made = f"{{{', '.join(parts)}}}"
    elif isinstance(value, Span):
        made = _span(value, left, depth, is_literal=is_literal)
    else:
        made = _single(value, is_literal=is_literal or depth > 0)
        if is_literal and isinstance(value, date | time | Duration):
            made = f'@"{made}"'
        left[0] -= len(made)
    left[0] -= 2
    if left[0] < 0:
        raise _TooLongError
    return made


def _single(value: object, *, is_literal: bool) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return number_text(value)
        case str():
            return quoted(value) if is_literal else value
        case datetime() | time():
            return _clock(value)
        case date() | Duration():
            return str(value)
        case _:
            raise _TooLongError


def number_text(value: Decimal) -> str:
    """Plain digits; with an exponent where there would be more than a hundred of them."""
    if value.is_zero():
        return "0"
    return f"{value:f}" if -60 < value.adjusted() < 60 else str(value)


def quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(one, one) for one in text) + '"'


def _key(name: str) -> str:
    return name if name and all(word.isidentifier() for word in name.split(" ")) else quoted(name)


def _clock(value: datetime | time) -> str:
    shown = value.replace(tzinfo=None).isoformat()
    if "." in shown:
        shown = shown.rstrip("0")
    if value.tzinfo is UTC:
        return f"{shown}Z"
    if isinstance(value.tzinfo, ZoneInfo):
        return f"{shown}@{value.tzinfo.key}"
    return shown + value.isoformat()[len(value.replace(tzinfo=None).isoformat()) :]


def _span(value: Span, left: list[int], depth: int, *, is_literal: bool) -> str:
    if value.is_open:
        end, included = (value.high, value.high_included) if value.is_open == "low" else (value.low, value.low_included)
        sign = ("<" if value.is_open == "low" else ">") + "=" * included
        return f"({sign} {_written(end, left, depth + 1, is_literal=is_literal)})"
    low = _written(value.low, left, depth + 1, is_literal=is_literal)
    high = _written(value.high, left, depth + 1, is_literal=is_literal)
    return f"{'[' if value.low_included else '('}{low}..{high}{']' if value.high_included else ')'}"
