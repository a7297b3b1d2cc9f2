"""The nouns of the stream engine: the compiled graph, where an instance stands in it, what a move asks of the shell.

A `Graph` is made once per stream version by `decide.compile`; `decide.play` moves a `State` over it and answers
with a `Turn`. All of them are values that never change.
"""

from tradewind.orchestration.model.diagram import (
    ROOT,
    UNDO_ALL,
    CalendarTime,
    Delay,
    Expression,
    ExpressionReader,
    Flow,
    Graph,
    Kind,
    MultiInstance,
    Node,
    StandardLoop,
    Variables,
    no_calendars,
)
from tradewind.orchestration.model.position import (
    STATE_VERSION,
    Done,
    Loop,
    Scope,
    State,
    Token,
    Watch,
)
from tradewind.orchestration.model.report import (
    Finding,
    Report,
    Severity,
    Unsupported,
)
from tradewind.orchestration.model.turn import (
    Move,
    Raised,
    Run,
    Sent,
    Turn,
    Verb,
    Wait,
    WaitKind,
)

__all__ = [
    "ROOT",
    "STATE_VERSION",
    "UNDO_ALL",
    "CalendarTime",
    "Delay",
    "Done",
    "Expression",
    "ExpressionReader",
    "Finding",
    "Flow",
    "Graph",
    "Kind",
    "Loop",
    "Move",
    "MultiInstance",
    "Node",
    "Raised",
    "Report",
    "Run",
    "Scope",
    "Sent",
    "Severity",
    "StandardLoop",
    "State",
    "Token",
    "Turn",
    "Unsupported",
    "Variables",
    "Verb",
    "Wait",
    "WaitKind",
    "Watch",
    "no_calendars",
]
