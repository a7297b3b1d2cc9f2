"""A partner's map and separators from their JSON. What is not known is refused by its name, never ignored."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tradewind.channels.decide.x12.maps import UNITS, PartnerMap
from tradewind.channels.decide.x12.model import Separators
from tradewind.kernel.problem import Problem

_TUPLES = frozenset(
    one.name for one in fields(PartnerMap) if one.name not in ("name", "units", "tolerated", "currency")
)
_SEPARATORS = tuple(one.name for one in fields(Separators))


def read_map(code: str, given: Mapping[str, Any]) -> PartnerMap | list[Problem]:
    """The map that `given` describes: lists for qualifiers and codes, `units` beside the common table."""
    problems: list[Problem] = []
    values: dict[str, Any] = {"name": code}
    for name, value in given.items():
        where = f"/map/{name}"
        if name in _TUPLES or name == "tolerated":
            if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
                problems.append(Problem("channels.bad_map", f"{name} is a list of codes.", where))
            else:
                values[name] = frozenset(value) if name == "tolerated" else tuple(value)
        elif name == "units":
            if not isinstance(value, dict) or not all(isinstance(one, str) and one for one in value.values()):
                problems.append(Problem("channels.bad_map", "units has their code and ours for it.", where))
            else:
                values[name] = {**UNITS, **value}
        elif name == "currency":
            if value is not None and not (isinstance(value, str) and len(value) == 3):
                problems.append(Problem("channels.bad_map", "currency is a code of three letters.", where))
            else:
                values[name] = value
        else:
            known = sorted({*_TUPLES, "tolerated", "units", "currency"})
            problems.append(Problem("channels.bad_map", f"A map has no {name}.", where, 422, {"did_you_mean": known}))
    return problems or PartnerMap(**values)


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
