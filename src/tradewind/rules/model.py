"""Decision models as they are written: decisions, tables and expressions, before anything is compiled."""

from dataclasses import dataclass
from enum import StrEnum

from tradewind.kernel.problem import Problem


class HitPolicy(StrEnum):
    """Which of the rows that match decide."""

    UNIQUE = "UNIQUE"
    ANY = "ANY"
    PRIORITY = "PRIORITY"
    FIRST = "FIRST"
    RULE_ORDER = "RULE ORDER"
    COLLECT = "COLLECT"
    OUTPUT_ORDER = "OUTPUT ORDER"


class Aggregation(StrEnum):
    """What COLLECT makes of the values it collects."""

    SUM = "SUM"
    COUNT = "COUNT"
    MIN = "MIN"
    MAX = "MAX"


@dataclass(frozen=True, slots=True)
class Place:
    """An element of the file: its tag and id; without an id, the nearest element around it that has one."""

    element: str
    id: str
    within: str = ""

    def __str__(self) -> str:
        return f"{self.element} in {self.within} {self.id}" if self.within else f"{self.element} {self.id}".rstrip()


@dataclass(frozen=True, slots=True)
class Text:
    """An expression or a cell, with its place."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Input:
    """A condition column; `allowed` are the tests that its value must meet, if any."""

    expression: Text
    type: str
    allowed: Text | None
    label: str
    place: Place


@dataclass(frozen=True, slots=True)
class Output:
    """A conclusion column; `values` in order of priority."""

    name: str
    type: str
    values: Text | None
    default: Text | None
    label: str
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: a test for each input, an expression for each output, notes for people."""

    tests: tuple[Text, ...]
    outputs: tuple[Text, ...]
    notes: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    hit_policy: HitPolicy
    aggregation: Aggregation | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Literal:
    """An expression in FEEL."""

    text: Text
    type: str
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """A named value of a context, or a bound argument of an invocation."""

    name: str
    type: str
    value: "Boxed | None"


@dataclass(frozen=True, slots=True)
class ContextBox:
    """Named entries, each seeing those above it; with `result` the value is that, otherwise the context."""

    entries: tuple[Entry, ...]
    result: "Boxed | None"
    place: Place


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call of the function that `function` names, with arguments by name."""

    function: Text
    arguments: tuple[Entry, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class ListBox:
    items: tuple["Boxed | None", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Relation:
    """A list of contexts, written as a grid."""

    columns: tuple[str, ...]
    rows: tuple[tuple["Boxed | None", ...], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: "Boxed | None"
    then: "Boxed | None"
    otherwise: "Boxed | None"
    place: Place


Boxed = Table | Literal | ContextBox | Invocation | ListBox | Relation | Conditional


@dataclass(frozen=True, slots=True)
class ItemType:
    """A type that a model defines: another type or named components, perhaps a list of them, with allowed values."""

    name: str
    base: str
    components: tuple["ItemType", ...]
    allowed: Text | None
    is_list: bool
    place: Place


@dataclass(frozen=True, slots=True)
class InputData:
    id: str
    name: str
    type: str
    place: Place


@dataclass(frozen=True, slots=True)
class Decision:
    """`inputs`, `decisions` and `knowledge` are ids of what it requires; `problems` what in it is not understood."""

    id: str
    name: str
    type: str
    inputs: tuple[str, ...]
    decisions: tuple[str, ...]
    knowledge: tuple[str, ...]
    logic: Boxed | None
    problems: tuple[Problem, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A business knowledge model: logic with parameters, called by decisions and by others of its kind."""

    id: str
    name: str
    type: str
    parameters: tuple[Entry, ...]
    knowledge: tuple[str, ...]
    logic: Boxed | None
    problems: tuple[Problem, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Definitions:
    """A file. `problems` are what in it is not understood; the rest of the file stands without that."""

    name: str
    types: tuple[ItemType, ...]
    inputs: tuple[InputData, ...]
    decisions: tuple[Decision, ...]
    knowledge: tuple[Knowledge, ...]
    problems: tuple[Problem, ...]
