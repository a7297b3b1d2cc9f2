"""Decision models as they are written, before anything is compiled; and what a house says its tables may decide about."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value


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


# ---- what tables govern ------------------------------------------------------------------------------------------------


class Effect(StrEnum):
    """What a decision does to its subject, the mildest first; `mutate` changes something and says so."""

    INFO = "info"
    MUTATE = "mutate"
    WARN = "warn"
    HOLD = "hold"
    REJECT = "reject"

    @property
    def severity(self) -> int:
        """0 for `info` up to 4 for `reject`: of several effects the most severe counts."""
        return list(Effect).index(self)


@value(frozen=True, slots=True)
class Fact:
    """A word of the data dictionary: what a table may ask, or answer.

    `name` as cells write it (`order total`), `type` as FEEL names it (`number`, `string`, `boolean`, `date`, …), `meaning` a
    sentence with the unit, `example` a value of the type. `allowed`: the texts that an answer may be; empty where any may.
    """

    name: str
    type: str
    meaning: str
    example: object
    allowed: tuple[str, ...] = ()


@value(frozen=True, slots=True)
class DecisionPoint:
    """A question that the house asks published tables: what they may ask back, and what they answer."""

    code: str
    title: str
    meaning: str
    inputs: tuple[Fact, ...]
    outputs: tuple[Fact, ...]


@value(frozen=True, slots=True)
class Scope:
    """Whom a table is for, or what is asked about; empty is everybody, or not known."""

    segment: str = ""
    category: str = ""
    region: str = ""
    channel: str = ""

    @property
    def parts(self) -> tuple[str, str, str, str]:
        return self.segment, self.category, self.region, self.channel

    @property
    def rank(self) -> tuple[int, tuple[bool, bool, bool, bool]]:
        """How specific it is: by how many parts are named; of as many, segment before category, region, channel."""
        segment, category, region, channel = (bool(part) for part in self.parts)
        return segment + category + region + channel, (segment, category, region, channel)

    def covers(self, asked: "Scope") -> bool:
        """Whether a table of this scope is for what is asked about."""
        return all(part in ("", other) for part, other in zip(self.parts, asked.parts, strict=True))


@value(frozen=True, slots=True)
class RowHit:
    """A row that decided: the table's and the row's id in the file, its number from 1."""

    table: str
    row: str
    number: int


@value(frozen=True, slots=True)
class RowMiss:
    """A row that one column alone kept from matching: which row, which column (its expression), what the cell wants."""

    table: str
    row: str
    number: int
    column: str
    cell: str


@value(frozen=True, slots=True)
class Ruling:
    """What a published table decided: by which version, what (an answer by output name for each row that counts), and why.

    `findings` say why there is no answer, where a rule of the table was broken.
    """

    rule_set_id: UUID
    code: str
    version: int
    point: str
    inputs: Mapping[str, object]
    answers: tuple[Mapping[str, object], ...]
    hits: tuple[RowHit, ...]
    misses: tuple[RowMiss, ...]
    findings: tuple[Problem, ...] = ()

    @property
    def effect(self) -> Effect | None:
        """The most severe effect of the answers; None where they name none."""
        named = [Effect(str(one["effect"])) for one in self.answers if one.get("effect") in list(Effect)]
        return max(named, key=lambda effect: effect.severity, default=None)


@value(frozen=True, slots=True)
class RuleDecision:
    """A ruling with what it was about: `order`, its id, the number of a line where it was about one."""

    ruling: Ruling
    subject_type: str
    subject_id: UUID
    line_no: int | None = None


@value(frozen=True, slots=True)
class TableTest:
    """A test kept with a table: inputs by name, and the answers expected: one, several in their order, or None for no answer.

    An answer names the outputs that matter; those it leaves out may be anything.
    """

    name: str
    inputs: Mapping[str, object]
    expect: Mapping[str, object] | tuple[Mapping[str, object], ...] | None
