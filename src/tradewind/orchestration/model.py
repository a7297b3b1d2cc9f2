"""The nouns of the stream engine: the compiled graph, where an instance stands in it, what a move asks of the shell.

A `Graph` is made once per stream version by `decide.compile`; `decide.play` moves a `State` over it and answers
with a `Turn`. All of them are values that never change.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value

STATE_VERSION = 1
ROOT = 0
"""The scope of the process itself."""

Variables = Mapping[str, Any]
"""Names to values: None, bool, int, Decimal, str, date, datetime, and lists and mappings of these."""


class Expression(Protocol):
    """A compiled condition, key, instant or collection; the engine does not know in which language it was written."""

    @property
    def text(self) -> str: ...

    @property
    def names(self) -> frozenset[str]:
        """The variables it reads; empty for a constant."""

    def evaluate(self, context: Mapping[str, object], /) -> object:
        """Its value; never raises, null where it has none."""


ExpressionReader = Callable[[str], Expression | Problem]
"""Compiles the text of an expression or refuses it. `tradewind.rules.decide.feel.read_expression` is one."""


class Delay(Protocol):
    """A span of time as expressions give it, exact in the calendar."""

    def added_to(self, moment: datetime, /) -> datetime | None:
        """The instant that much later; None where the calendar ends before."""


class Kind(StrEnum):
    """What a node does when a token reaches it."""

    START = "start"
    START_MESSAGE = "start_message"
    END = "end"
    TERMINATE = "terminate"
    SERVICE = "service"
    USER = "user"
    SEND = "send"
    RECEIVE = "receive"
    EXCLUSIVE = "exclusive"
    PARALLEL = "parallel"
    CATCH_TIMER = "catch_timer"
    CATCH_MESSAGE = "catch_message"
    THROW = "throw"
    THROW_MESSAGE = "throw_message"
    BOUNDARY_TIMER = "boundary_timer"
    BOUNDARY_MESSAGE = "boundary_message"
    SUB_PROCESS = "sub_process"


@value(frozen=True, slots=True)
class Flow:
    """One arrow; `condition` only where it leaves an exclusive gateway."""

    id: str
    source: str
    target: str
    condition: Expression | None = None


@value(frozen=True, slots=True)
class MultiInstance:
    """An activity that runs once per element of a collection, or a stated number of times.

    `element` names the variable that holds the element in each instance. Where `gather` is named, the list of what
    each instance left in its variable `result` is written there, in the order of the collection.
    """

    sequential: bool
    collection: Expression | None = None
    cardinality: Expression | None = None
    element: str = ""
    gather: str = ""
    result: str = ""
    until: Expression | None = None


@value(frozen=True, slots=True)
class Node:
    """One element of the diagram. Which fields mean something follows from `kind`; the others keep their defaults."""

    id: str
    kind: Kind
    name: str = ""
    parent: str = ""
    """The sub-process it lies in; empty at the top."""
    incoming: tuple[str, ...] = ()
    outgoing: tuple[Flow, ...] = ()
    default: str = ""
    boundaries: tuple[str, ...] = ()
    """Boundary events attached to this activity."""
    attached_to: str = ""
    interrupting: bool = True
    step: str = ""
    role: str = ""
    form: str = ""
    due: Expression | None = None
    message: str = ""
    key: Expression | None = None
    payload: Expression | None = None
    timer: Expression | None = None
    many: MultiInstance | None = None
    start: str = ""
    """Where a sub-process begins."""


@value(frozen=True, slots=True)
class Graph:
    """A compiled process. `start` is its plain start event ("" where only messages start it)."""

    id: str
    name: str
    nodes: Mapping[str, Node]
    start: str
    start_messages: Mapping[str, str]
    """Message name to the start event it triggers."""


# ---- where an instance stands ------------------------------------------------------------------------------------


class Token(NamedTuple):
    """A token that rests. Its id is new at every resting place, so that a stale answer cannot hit a later step.

    `mark`: the message key, the due instant of a timer or user task (ISO 8601), or the flow by which it came to a join.
    """

    id: int
    node: str
    scope: int = ROOT
    mark: str = ""


class Watch(NamedTuple):
    """An armed boundary event on the activity where token `host` rests."""

    id: int
    node: str
    host: int
    mark: str = ""


class Scope(NamedTuple):
    """A running sub-process, or one instance of a multi-instance activity; `token` waits for it in scope `parent`.

    Only instances have variables of their own; what is written inside a plain sub-process goes to the scope around it.
    """

    id: int
    parent: int
    token: int
    node: str
    variables: Variables | None = None


class Loop(NamedTuple):
    """The counters of the multi-instance activity at which `token` rests; `rest` are elements not yet started."""

    token: int
    total: int
    completed: int = 0
    started: int = 0
    rest: tuple[Any, ...] = ()
    results: Mapping[str, Any] | None = None


@value(frozen=True, slots=True)
class State:
    """The whole position of one instance: about a hundred bytes of JSON where one token waits."""

    tokens: tuple[Token, ...] = ()
    variables: Variables = field(default_factory=dict)
    watches: tuple[Watch, ...] = ()
    scopes: tuple[Scope, ...] = ()
    loops: tuple[Loop, ...] = ()
    last: int = 0
    """The last id given to a token, watch or scope."""

    @property
    def ended(self) -> bool:
        return not self.tokens


# ---- what a move asks of the shell -------------------------------------------------------------------------------


class WaitKind(StrEnum):
    MESSAGE = "message"
    TIMER = "timer"
    USER = "user"


@value(frozen=True, slots=True)
class Run:
    """A service step that is ready now: run `step` with `variables` (all that are visible there), then `complete`."""

    token: int
    node: str
    step: str
    variables: Variables


@value(frozen=True, slots=True)
class Wait:
    """Something outside must happen before `token` goes on.

    message: `name` and `key`, answered with `deliver`. timer: `due`, answered with `fire`. user: `name` (the label of
    the task), `role`, `form`, `due` or None, answered with `complete`. `variables` are those visible there.
    """

    token: int
    node: str
    kind: WaitKind
    name: str = ""
    key: str = ""
    due: datetime | None = None
    role: str = ""
    form: str = ""
    variables: Variables = field(default_factory=dict)


@value(frozen=True, slots=True)
class Sent:
    """A message that the stream sends out."""

    node: str
    name: str
    key: str
    payload: Variables


class Verb(StrEnum):
    ENTERED = "entered"
    LEFT = "left"
    CANCELLED = "cancelled"


class Move(NamedTuple):
    """One line of the trail, for the log; `token` is 0 where the token passed without resting."""

    node: str
    verb: Verb
    token: int = 0


@value(frozen=True, slots=True)
class Turn:
    """The answer to one move: the new state, and all that the shell must now do or undo.

    `closed` holds the ids of earlier runs and waits that are gone, the one just answered included. A wait that is not
    named there still stands (a boundary message that does not interrupt can come again).
    """

    state: State
    run: tuple[Run, ...] = ()
    wait: tuple[Wait, ...] = ()
    closed: tuple[int, ...] = ()
    sent: tuple[Sent, ...] = ()
    trail: tuple[Move, ...] = ()

    @property
    def ended(self) -> bool:
        return not self.state.tokens

    def followed_by(self, later: "Turn") -> "Turn":
        """Both moves as one; what the first opened and the second closed is left out."""
        gone = frozenset(later.closed)
        opened = {run.token for run in self.run} | {wait.token for wait in self.wait}
        return Turn(
            later.state,
            tuple(run for run in self.run if run.token not in gone) + later.run,
            tuple(wait for wait in self.wait if wait.token not in gone) + later.wait,
            self.closed + tuple(token for token in later.closed if token not in opened),
            self.sent + later.sent,
            self.trail + later.trail,
        )


# ---- what a check of a diagram finds -----------------------------------------------------------------------------


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@value(frozen=True, slots=True)
class Finding:
    """Something about the element `id` that must (error) or should (warning) be changed before it can run."""

    code: str
    severity: Severity
    element: str
    id: str
    message: str

    def as_json(self) -> dict[str, str]:
        return {
            "code": self.code, "severity": self.severity.value, "element": self.element, "id": self.id,
            "message": self.message,
        }  # fmt: skip


@value(frozen=True, slots=True)
class Unsupported:
    """An element of BPMN that this engine does not run."""

    element: str
    id: str
    name: str = ""

    def as_json(self) -> dict[str, str]:
        return {"element": self.element, "id": self.id, "name": self.name}


@value(frozen=True, slots=True)
class Report:
    """What the compiler says of a file; it runs only where `ok`, and then `graph` is there."""

    graph: Graph | None
    unsupported: tuple[Unsupported, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        return self.graph is not None
