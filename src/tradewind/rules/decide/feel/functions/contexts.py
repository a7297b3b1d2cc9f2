"""Contexts: their entries, and contexts made of others. None is changed; a new one is made."""

from collections.abc import Mapping

from tradewind.rules.decide.feel.functions.lists import listed
from tradewind.rules.decide.feel.functions.signature import Arguments, Function, function
from tradewind.rules.decide.feel.values import MAX_LIST, member, plain

MAX_DEPTH = 20


def _keys(given: object) -> list[str] | None:
    keys = listed(given)
    texts = [key for key in keys or () if isinstance(key, str)]
    return texts if keys and len(texts) == len(keys) <= MAX_DEPTH else None


def _get_value(arguments: Arguments) -> object:
    value, keys = arguments[0], _keys(arguments[1])
    if keys is None:
        return None
    for key in keys:
        value = (
            plain(value.get(key)) if isinstance(value, Mapping) else member(value, key) if _is_record(value) else None
        )
    return value


def _is_record(value: object) -> bool:
    return hasattr(type(value), "__dataclass_fields__")


def _get_entries(arguments: Arguments) -> object:
    value = arguments[0]
    if not isinstance(value, Mapping) or len(value) > MAX_LIST:
        return None
    return [{"key": key, "value": plain(one)} for key, one in value.items() if isinstance(key, str)]


def _put(arguments: Arguments) -> object:
    keys = _keys(arguments[1])
    return None if keys is None else _with(arguments[0], keys, arguments[2])


def _with(value: object, keys: list[str], new: object) -> dict[str, object] | None:
    if value is not None and not isinstance(value, Mapping):
        return None
    made = dict(value or {})
    if len(keys) == 1:
        made[keys[0]] = new
    else:
        below = _with(made.get(keys[0]), keys[1:], new)
        if below is None:
            return None
        made[keys[0]] = below
    return made if len(made) <= MAX_LIST else None


def _merge(arguments: Arguments) -> object:
    contexts = listed(arguments[0])
    made: dict[str, object] = {}
    for one in contexts or ():
        if not isinstance(one, Mapping):
            return None
        made |= one
    return None if contexts is None or len(made) > MAX_LIST else made


def _context(arguments: Arguments) -> object:
    """From a list of `{key: …, value: …}`; null where a key comes twice."""
    entries = listed(arguments[0])
    made: dict[str, object] = {}
    for one in entries or ():
        key = one.get("key") if isinstance(one, Mapping) and "value" in one else None
        if not isinstance(one, Mapping) or not isinstance(key, str) or key in made:
            return None
        made[key] = plain(one["value"])
    return None if entries is None else made


CONTEXTS: dict[str, Function] = {
    "get value": function(_get_value, "context, key", "context, keys"),
    "get entries": function(_get_entries, "m"),
    "context put": function(_put, "context, key, value", "context, keys, value"),
    "context merge": function(_merge, "contexts"),
    "context": function(_context, "entries"),
}
