"""What an instance may remember: plain values, exact, bounded, and the same after a round trip through JSON."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import Stop

MAX_VALUES = 10_000
"""Values of one answer, counted through lists and mappings."""
MAX_NESTING = 16
MAX_TEXT = 100_000
"""Characters of one text."""
MAX_BITS = 128
"""Size of a whole number."""


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept (tuples become lists, UUIDs become text); a float or an object is refused by name."""
    left = [MAX_VALUES]
    return {
        (name if type(name) is str and _usable(name) else _name(name, name)): _kept(name, value, 1, left)
        for name, value in values.items()
    }


@lru_cache(maxsize=4096)
def _usable(name: str) -> bool:
    """Whether it is a plain name; the same few come all the time."""
    return name != "" and name[0] != "~" and name.isascii() and "\0" not in name and len(name) < 200


def _name(name: str, key: object) -> str:
    if type(key) is not str or key[:1] == "~" or not key:
        raise Stop(errors.bad_variable(str(name), "names are text, not empty, and do not begin with '~'"))
    return _text(name, key)


def _text(name: str, value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Stop(errors.bad_variable(name, "the text is not valid Unicode")) from None
    if "\0" in value or len(value) > MAX_TEXT:
        raise Stop(errors.bad_variable(name, f"a text has at most {MAX_TEXT} characters and no zero byte"))
    return value


def _kept(name: str, value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise Stop(errors.bad_variable(name, f"at most {MAX_VALUES} values are kept of one answer"))
    kind = type(value)
    if kind is str:
        return _text(name, value)
    if value is None or kind is bool or (kind is int and value.bit_length() <= MAX_BITS):
        return value
    if depth > MAX_NESTING:
        raise Stop(errors.bad_variable(name, f"at most {MAX_NESTING} levels of lists and mappings are kept"))
    if isinstance(value, list | tuple):
        return [_kept(name, item, depth + 1, left) for item in value]
    if isinstance(value, Mapping):
        return {_name(name, key): _kept(name, item, depth + 1, left) for key, item in value.items()}
    return _exact(name, value)


def _exact(name: str, value: Any) -> Any:
    """Decimals, dates, instants and ids."""
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise Stop(errors.bad_variable(name, "an instant needs a zone"))
        return value
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return _text(name, str.__str__(value))
    if isinstance(value, UUID):
        return str(value)
    raise Stop(
        errors.bad_variable(name, f"a {type(value).__name__} like this cannot be kept; numbers are int or Decimal")
    )
