"""What a person may change in a diagram, one small operation at a time, and how such operations are written as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, field, fields
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value
from tradewind.orchestration import errors

MAX_OPERATIONS = 200
MAX_TEXT = 10_000


@value(frozen=True, slots=True)
class Rename:
    """Give the element (a step, an event, a gateway, a flow, the process) the name that people read."""

    id: str
    name: str


@value(frozen=True, slots=True)
class Describe:
    """Put the text into the element's documentation; "" takes it away."""

    id: str
    text: str


@value(frozen=True, slots=True)
class SetParameter:
    """Set the `tw:` attribute `name` of the element (step, role, form, due, message, key, decision, …); "" takes it away."""

    id: str
    name: str
    value: str


@value(frozen=True, slots=True)
class SetScript:
    """The expression of a script task, and the variable that takes its value ("": its entries become variables)."""

    id: str
    script: str
    result: str = ""


@value(frozen=True, slots=True)
class SetCondition:
    """The condition of a flow that leaves a gateway; "" takes it away."""

    flow: str
    condition: str


@value(frozen=True, slots=True)
class SetDefault:
    """The flow that is taken where no condition holds; "" for none."""

    gateway: str
    flow: str


@value(frozen=True, slots=True)
class SetTimer:
    """When a timer comes: `kind` is duration, date or cycle, `text` ISO 8601 or an expression."""

    id: str
    kind: str
    text: str


@value(frozen=True, slots=True)
class InsertAfter:
    """A new element between `after` and what follows it; `flow` says on which way where several leave."""

    after: str
    id: str
    element: str
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    flow: str = ""


@value(frozen=True, slots=True)
class Add:
    """A new element into which nothing leads yet, in the sub-process `parent` ("" is the top)."""

    id: str
    element: str
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""


@value(frozen=True, slots=True)
class AttachTimer:
    """A timer on the border of an activity that leads to `target`; it interrupts the activity or branches off."""

    host: str
    id: str
    target: str
    kind: str
    text: str
    interrupting: bool = True
    name: str = ""


@value(frozen=True, slots=True)
class Connect:
    """A new flow between two elements of the same scope."""

    id: str
    source: str
    target: str
    condition: str = ""
    name: str = ""


@value(frozen=True, slots=True)
class Retarget:
    """Let a flow lead somewhere else."""

    flow: str
    target: str


@value(frozen=True, slots=True)
class Remove:
    """Take an element away: what led to it leads to what followed it; a flow is just taken away."""

    id: str


Operation = (
    Rename | Describe | SetParameter | SetScript | SetCondition | SetDefault | SetTimer | InsertAfter | Add | AttachTimer
    | Connect | Retarget | Remove
)  # fmt: skip
OPERATIONS: dict[str, type[Operation]] = {
    "rename": Rename,
    "describe": Describe,
    "set_parameter": SetParameter,
    "set_script": SetScript,
    "set_condition": SetCondition,
    "set_default": SetDefault,
    "set_timer": SetTimer,
    "insert_after": InsertAfter,
    "add": Add,
    "attach_timer": AttachTimer,
    "connect": Connect,
    "retarget": Retarget,
    "remove": Remove,
}


def read_operations(rows: Sequence[Mapping[str, Any]]) -> tuple[Operation, ...] | Problem:
    """`[{"do": "rename", "id": "approve", "name": "Approve it"}, …]` as operations; the first faulty one is refused by place."""
    if len(rows) > MAX_OPERATIONS:
        return errors.cannot_edit(f"at most {MAX_OPERATIONS} operations are made at once", f"/{MAX_OPERATIONS}")
    found: list[Operation] = []
    for place, row in enumerate(rows):
        kind = OPERATIONS.get(str(row.get("do")))
        if kind is None:
            return errors.cannot_edit(f"do is one of {', '.join(OPERATIONS)}", f"/{place}/do")
        given: dict[str, Any] = {}
        for one in fields(kind):
            if one.name not in row:
                if one.default is MISSING and one.default_factory is MISSING:
                    return errors.cannot_edit(f"{one.name} is missing", f"/{place}/{one.name}")
                continue
            entry = row[one.name]
            if not _fits(one.name, entry):
                return errors.cannot_edit(f"{one.name} is not what it should be", f"/{place}/{one.name}")
            given[one.name] = dict(entry) if one.name == "parameters" else entry
        if unknown := set(row) - {"do", *(one.name for one in fields(kind))}:
            return errors.cannot_edit(f"{min(unknown)} is not known here", f"/{place}/{min(unknown)}")
        found.append(kind(**given))
    return tuple(found)


def _fits(name: str, entry: object) -> bool:
    if name == "interrupting":
        return isinstance(entry, bool)
    if name == "parameters":
        return isinstance(entry, Mapping) and all(_fits("", key) and _fits("", text) for key, text in entry.items())
    return isinstance(entry, str) and len(entry) <= MAX_TEXT


def as_row(operation: Operation) -> dict[str, Any]:
    """The operation as JSON values, as `read_operations` reads it."""
    name = next(name for name, kind in OPERATIONS.items() if type(operation) is kind)
    return {"do": name, **{one.name: getattr(operation, one.name) for one in fields(operation)}}
