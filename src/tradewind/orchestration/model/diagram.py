"""The compiled graph, made once per stream version by `decide.compile`."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value

ROOT = 0
"""The scope of the process itself."""
UNDO_ALL = "~undo"
"""The place that no diagram draws: where a whole instance is undone."""

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


CalendarTime = Callable[[str, datetime, timedelta], datetime | None]
"""The instant that lies so many working days, and then so much working time, after another one by the calendar with this code;
None where there is no such calendar, or it never works."""


def no_calendars(_code: str, _at: datetime, _span: timedelta) -> datetime | None:
    """Where nobody keeps calendars, none is known."""
    return None


class Kind(StrEnum):
    """What a node does when a token reaches it."""

    START = "start"
    START_MESSAGE = "start_message"
    START_TIMER = "start_timer"
    START_SIGNAL = "start_signal"
    START_ERROR = "start_error"
    START_ESCALATION = "start_escalation"
    END = "end"
    TERMINATE = "terminate"
    END_MESSAGE = "end_message"
    END_SIGNAL = "end_signal"
    END_ERROR = "end_error"
    END_ESCALATION = "end_escalation"
    END_UNDO = "end_compensation"
    TASK = "task"
    SERVICE = "service"
    USER = "user"
    SEND = "send"
    RECEIVE = "receive"
    SCRIPT = "script"
    DECISION = "decision"
    CALL = "call"
    EXCLUSIVE = "exclusive"
    PARALLEL = "parallel"
    INCLUSIVE = "inclusive"
    EVENTS = "event_based"
    CATCH_TIMER = "catch_timer"
    CATCH_MESSAGE = "catch_message"
    CATCH_SIGNAL = "catch_signal"
    THROW = "throw"
    THROW_MESSAGE = "throw_message"
    THROW_SIGNAL = "throw_signal"
    THROW_ESCALATION = "throw_escalation"
    THROW_UNDO = "throw_compensation"
    LINK_THROW = "throw_link"
    LINK_CATCH = "catch_link"
    BOUNDARY_TIMER = "boundary_timer"
    BOUNDARY_MESSAGE = "boundary_message"
    BOUNDARY_SIGNAL = "boundary_signal"
    BOUNDARY_ERROR = "boundary_error"
    BOUNDARY_ESCALATION = "boundary_escalation"
    BOUNDARY_UNDO = "boundary_compensation"
    SUB_PROCESS = "sub_process"
    EVENT_SUB = "event_sub_process"


@value(frozen=True, slots=True)
class Flow:
    """One arrow; `condition` only where it leaves an exclusive or inclusive gateway."""

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
class StandardLoop:
    """An activity that is repeated while `condition` holds (None: always), at most `most` times.

    `before`: the condition is asked before the first round too.
    """

    condition: Expression | None
    before: bool = False
    most: int | None = None


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
    calendar: str = ""
    """The calendar by whose working time a delay counts; `= …` is an expression that gives its code."""
    calendar_of: Expression | None = None
    many: MultiInstance | StandardLoop | None = None
    start: str = ""
    """Where a sub-process begins."""
    signal: str = ""
    code: str = ""
    """Of an error or escalation; one that catches and has none catches all."""
    result: str = ""
    """The variable that takes what a script, a decision or a call gives, or the code that was caught."""
    decision: str = ""
    called: str = ""
    """The stream that a call activity starts."""
    inputs: Expression | None = None
    outputs: Expression | None = None
    script: Expression | None = None
    repeat: int = 1
    """How often a timer comes; 0 for ever."""
    undo: str = ""
    """The activity that undoes this one."""
    for_undo: bool = False
    undoes: str = ""
    """The one activity that a compensation event undoes; "" for all of its scope."""
    link: str = ""
    event_subs: tuple[str, ...] = ()
    """Start events of the event sub-processes that lie directly in this sub-process."""
    reach: tuple[frozenset[str], ...] = ()
    """Of an inclusive join: for each incoming flow the nodes from which a token can still come along it."""


@value(frozen=True, slots=True)
class Graph:
    """A compiled process. `start` is its plain start event ("" where only messages start it)."""

    id: str
    name: str
    nodes: Mapping[str, Node]
    start: str
    start_messages: Mapping[str, str]
    """Message name to the start event it triggers."""
    start_signals: Mapping[str, str] = field(default_factory=dict)
    start_timers: tuple[str, ...] = ()
    event_subs: tuple[str, ...] = ()
    """Start events of the event sub-processes at the top."""
    reacts: tuple[str, ...] = ()
    """Where a token can come without a flow or a wait: what catches errors and escalations, and what undoes."""
    calls: bool = False
    """Whether it starts other streams and waits for them."""
    hears: bool = False
    """Whether it waits for signals."""
    by_calendar: bool = False
    """Whether some of its delays count working time."""
    calendar_time: CalendarTime = no_calendars
