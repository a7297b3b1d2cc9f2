"""Values of tables as JSON and back: numbers stay exact, dates and durations are their texts."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from tradewind.rules.decide.dmn.types import Type
from tradewind.rules.decide.feel.duration import Duration
from tradewind.rules.decide.feel.functions import FUNCTIONS
from tradewind.rules.decide.feel.values import equal, plain

MAX_DEPTH = 20
"""Lists and objects inside each other; what is deeper is null."""
_NUMBER = re.compile(r"-?[0-9]{1,34}(\.[0-9]{1,34})?", re.ASCII)
_CALLED = {
    "date": "date",
    "date and time": "date and time",
    "days and time duration": "duration",
    "years and months duration": "duration",
}


def to_json(value: object, depth: int = 0) -> str:
    """The JSON text of a value, its decimals digit by digit; what JSON has no form for as its text."""
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else "null"
    if depth > MAX_DEPTH:
        return "null"
    if isinstance(value, Mapping):
        parts = (f"{_quoted(str(name))}: {to_json(part, depth + 1)}" for name, part in value.items())
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(to_json(part, depth + 1) for part in value)}]"
    return _quoted(text_of(value))


def _quoted(text: str) -> str:
    """A JSON string that PostgreSQL takes: it has neither a zero character nor half of a pair."""
    return json.dumps(text.encode("utf-8", "replace").decode().replace("\0", "\ufffd"), ensure_ascii=False)


def text_of(value: object) -> str:
    """The text of a date, an instant, a duration or a string."""
    return value.isoformat() if isinstance(value, date) else str(value)


def jsonable(value: object, depth: int = 0) -> object:
    """A value that JSON has a form for: dates and durations as their texts, decimals as they are."""
    if value is None or isinstance(value, bool | int | Decimal | str):
        return value
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {str(name): jsonable(part, depth + 1) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(part, depth + 1) for part in value]
    return text_of(value)


def from_json(text: str) -> object:
    """A value from JSON text; numbers with a fraction are decimals."""
    value: object = json.loads(text, parse_float=Decimal)
    return value


def given(value: object, kind: Type | None) -> object:
    """A value from JSON as a table takes it: where a number, a date or a duration is asked for, a text may say it."""
    if isinstance(value, Mapping):
        parts = kind.components if kind else {}
        return {str(name): given(part, parts.get(name)) for name, part in value.items()}
    if isinstance(value, list):
        return [given(part, kind) for part in value]
    while kind is not None and kind.base is not None:
        kind = kind.base
    if isinstance(value, str) and kind is not None:
        if kind.name == "number":
            return _number(value)
        if kind.name in _CALLED:
            return FUNCTIONS[_CALLED[kind.name]].apply([value])
    return plain(value)


def _number(text: str) -> object:
    return Decimal(text) if _NUMBER.fullmatch(text) else text  # a text that is none is told by the table


def agrees(decided: object, expected: object) -> bool:
    """Whether what was decided is what a test expects: numbers by value, dates by their text, objects by the names expected."""
    if isinstance(expected, Mapping):
        return isinstance(decided, Mapping) and all(
            name in decided and agrees(decided[name], part) for name, part in expected.items()
        )
    if isinstance(expected, list | tuple):
        return (
            isinstance(decided, Sequence)
            and not isinstance(decided, str)
            and len(decided) == len(expected)
            and all(map(agrees, decided, expected))
        )
    if decided is None or expected is None:
        return decided is expected
    if isinstance(decided, date | datetime | Duration):
        return text_of(decided) == expected
    if isinstance(decided, Decimal) and isinstance(expected, str):
        return _number(expected) == decided
    return equal(plain(decided), plain(expected)) is True
