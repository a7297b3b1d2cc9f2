"""A state as JSON text and back: short, versioned, exact. Defaults at the end of a row are left out."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.orchestration import errors
from tradewind.orchestration.model import ROOT, STATE_VERSION, Done, Loop, Scope, State, Token, Watch

# JSON has no decimals, dates and instants: each is a mapping with one of these keys, which no variable may bear.
_READ: dict[str, Callable[[str], object]] = {
    "~n": Decimal,
    "~d": date.fromisoformat,
    "~t": datetime.fromisoformat,
}


def to_json(state: State) -> str:
    """`{"v":2,"n":7,"t":[[7,"approve"]],"x":{…}}`: version, last id, tokens, variables; `w` watches, `s` scopes, `l` loops,
    `d` what can be undone, `c` who called."""
    body: dict[str, Any] = {"v": STATE_VERSION, "n": state.last, "t": [_token(token) for token in state.tokens]}
    if state.variables:
        body["x"] = state.variables
    if state.watches:
        body["w"] = state.watches
    if state.scopes:
        body["s"] = [scope[:4] if scope.variables is None else scope for scope in state.scopes]
    if state.loops:
        body["l"] = state.loops
    if state.done:
        body["d"] = state.done
    if state.caller:
        body["c"] = state.caller
    return _ENCODE(body)


def from_json(stored: str | bytes | Mapping[str, Any]) -> State | Problem:
    """The state behind the text, or behind the mapping that a database driver made of it."""
    try:
        if isinstance(stored, Mapping):
            body = _revived(stored)
        else:
            text = stored if isinstance(stored, str) else stored.decode()
            body = _DECODE(text) if '{"~' in text else json.loads(text)
        if body["v"] != STATE_VERSION:
            upgrade = _UPGRADES.get(body["v"])
            if upgrade is None:
                return errors.unreadable_state(f"state version {body['v']!r} is not known here")
            body = upgrade(body)
        state = State(
            tuple(Token(*row) for row in body["t"]),
            body.get("x", {}),
            tuple(Watch(*row) for row in body.get("w", ())),
            tuple(Scope(*row) for row in body.get("s", ())),
            tuple(_loop(row) for row in body.get("l", ())),
            body["n"],
            tuple(Done(node, scope, variables, tuple(inside)) for node, scope, variables, inside in body.get("d", ())),
            body.get("c", ""),
        )
        wrong = _inconsistency(state)
    except (ValueError, KeyError, TypeError, InvalidOperation, RecursionError) as error:
        return errors.unreadable_state(f"this is no stored state: {type(error).__name__}")
    return errors.unreadable_state(wrong) if wrong else state


def values_to_json(values: Mapping[str, Any]) -> str:
    """Variables alone, exact."""
    return _ENCODE(values)


def values_from_json(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Variables behind the mapping that a database driver made of such text."""
    return {name: _revived(value) for name, value in stored.items()}


def _token(token: Token) -> tuple[object, ...]:
    if token.mark:
        return token
    return token[:2] if token.scope == ROOT else token[:3]


def _loop(row: list[Any]) -> Loop:
    token, total, completed, started, rest, results = row
    return Loop(token, total, completed, started, tuple(rest), results)


def _inconsistency(state: State) -> str:
    """What does not hang together: ids that are used twice or point nowhere."""
    if not isinstance(state.last, int) or not isinstance(state.variables, dict):
        return "the last id or the variables are missing"
    tokens, scopes = {token.id for token in state.tokens}, {scope.id for scope in state.scopes}
    places = len(state.tokens) + len(state.watches) + len(state.scopes)
    if len(tokens | scopes | {watch.id for watch in state.watches}) != places:
        return "an id is used twice"
    scopes.add(ROOT)
    if any(token.scope not in scopes or not isinstance(token.node, str) for token in state.tokens):
        return "a token rests in a scope that is not there"
    if any(scope.parent not in scopes or scope.token not in tokens for scope in state.scopes):
        return "a scope has no place"
    if any(
        (watch.host if watch.host > 0 else -watch.host) not in (tokens if watch.host > 0 else scopes)
        for watch in state.watches
    ):
        return "an armed event belongs to nothing"
    if any(loop.token not in tokens for loop in state.loops) or any(one.scope not in scopes for one in state.done):
        return "a loop or something done belongs to nothing"
    return ""


def values_json(values: Mapping[str, Any]) -> str:
    """Variables as they are kept beside a state, exactly."""
    return _ENCODE(dict(values))


def values_read(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Variables as `values_json` kept them."""
    return {name: _revived(item) for name, item in stored.items()}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return {"~n": str(value)}
    if isinstance(value, datetime):
        return {"~t": value.isoformat()}
    if isinstance(value, date):
        return {"~d": value.isoformat()}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot be stored in a state")


def _read(pairs: dict[str, Any]) -> Any:
    if len(pairs) == 1:
        (key,) = pairs
        if key in _READ:
            return _READ[key](pairs[key])
    return pairs


def _revived(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _read({key: _revived(item) for key, item in value.items()})
    return [_revived(item) for item in value] if isinstance(value, list) else value


# How a state of an earlier version becomes one of this; version 2 only added what can be undone.
_UPGRADES: dict[object, Callable[[dict[str, Any]], dict[str, Any]]] = {1: lambda body: body}
_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False, default=_plain).encode
_DECODE = json.JSONDecoder(object_hook=_read).decode
