"""What an approver saw, as a picture that can be kept, told apart, and compared."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

MOST_DIFFERENCES = 200
_KEYS = ("line", "group")  # by which the members of a list are told apart


def digest_of(picture: Mapping[str, Any]) -> str:
    """64 hex characters that stand for exactly this picture."""
    text = json.dumps(picture, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(before: Any, now: Any) -> list[dict[str, Any]]:
    """What is not the same any more: [{at, was, is}], at most 200; a line or group is named by its number."""
    found: list[dict[str, Any]] = []
    for one in _compare(before, now, ""):
        if len(found) == MOST_DIFFERENCES:
            break
        found.append(one)
    return found


def _compare(before: Any, now: Any, at: str) -> Iterator[dict[str, Any]]:
    if before == now:
        return
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in sorted({*before, *now}):
            yield from _compare(before.get(name), now.get(name), f"{at}/{name}")
        return
    old, new = _keyed(before), _keyed(now)
    if old is None or new is None:
        yield {"at": at, "was": before, "is": now}
        return
    for key in sorted({*old, *new}, key=str):
        yield from _compare(old.get(key), new.get(key), f"{at}/{key}")


def _keyed(value: Any) -> dict[Any, Any] | None:
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        return None
    for key in _KEYS:
        if all(key in one for one in value) and value:
            return {one[key]: one for one in value}
    return None if value else {}
