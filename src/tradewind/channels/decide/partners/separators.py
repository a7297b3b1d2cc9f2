"""A partner's separators from their JSON. What is not known is refused by its name, never ignored."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tradewind.channels.decide.x12.model import Separators
from tradewind.kernel.problem import Problem

_SEPARATORS = tuple(one.name for one in fields(Separators))


def read_separators(given: Mapping[str, Any]) -> Separators | list[Problem]:
    """Separators from their names; every one is a single character and no letter or digit, and no two are the same."""
    problems = [
        Problem("channels.bad_separators", f"There is no separator {name}.", f"/separators/{name}")
        for name in given
        if name not in _SEPARATORS
    ]
    for name in ("element", "component", "segment", "repetition"):
        value = given.get(name)
        empty = value is None or (value == "" and name == "repetition")
        if not empty and (not isinstance(value, str) or len(value) != 1 or value.isalnum() or value == " "):
            problems.append(
                Problem(
                    "channels.bad_separators", f"{name} is one character, no letter or digit.", f"/separators/{name}"
                )
            )
    if problems:
        return problems
    found = Separators(**given)
    used = [one for one in (found.element, found.component, found.segment, found.repetition) if one]
    if len(set(used)) < len(used):
        return [Problem("channels.bad_separators", "Two separators are the same character.", "/separators")]
    return found
