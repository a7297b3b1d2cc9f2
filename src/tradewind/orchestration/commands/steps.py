"""What a step of a stream is: look, load, decide, apply, for a set of subjects on a transaction handed to it.

`look` reads what needs no lock (versioned facts such as prices) before the turn takes its locks; `load` reads under them;
`decide` is pure; `apply` keeps the outcome in the workset, which is written once at the end of the turn. Preview,
simulation and shadow runs use look, load and decide only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol
from uuid import UUID

from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.commands.messages import Message


@value(frozen=True, slots=True)
class Start:
    """An instance to start: the stream, what it is about, and the variables it begins with. `part` is which part of the
    subject, where one stream runs for several parts of it at once."""

    stream: str
    subject_type: str
    subject_id: UUID
    account_id: UUID | None
    variables: Mapping[str, Any]
    wake: bool = False
    part: str = ""
    message: str = ""
    """The message or `signal` whose start event it begins at, or the timer start event `at`; else its plain one."""
    signal: str = ""
    at: str = ""
    caller: str = ""
    """The instance and token of the call activity that waits for its end, as `id:token`."""


@value(frozen=True, slots=True)
class Call:
    """One run of a step: the subject and the variables it sees."""

    subject_id: UUID
    variables: Mapping[str, Any]


class Workset(Protocol):
    """The working copy of a set of subjects; steps change it, `flush` writes it."""

    starts: list[Start]
    messages: list[Message]

    def widen(self) -> None:
        """Ask for every lock that could help; called before the set is turned again after `TurnAgain`."""

    def flush(self, tx: Tx) -> None:
        """Write everything that changed, a statement a table."""


ERROR = "~error"
"""Where a step's outcome says that it answers with a business error; no variable can be called that."""


def business_error(code: str, **values: Any) -> dict[str, Any]:
    """The outcome of a step that did not do it: the stream goes where the diagram catches `code`, `values` become variables."""
    return {**values, ERROR: code}


class TurnAgain(Exception):  # noqa: N818
    """The set must be turned again from the start, with wider locks: what was looked at is not what was locked."""


def nothing(*_: Any) -> None:
    """A step that needs nothing loaded."""


@value(frozen=True, slots=True)
class Step:
    """A named step. `locks` are the kinds of rows (kernel.locks.ORDER) its turn must hold."""

    name: str
    decide: Callable[[Any, Sequence[Call], Any], list[dict[str, Any]]]
    apply: Callable[[Tx, Any, Sequence[Call], list[dict[str, Any]]], list[dict[str, Any]]]
    look: Callable[[Tx, Any, Sequence[Call]], Any] = nothing
    load: Callable[[Tx, Any, Sequence[Call], Any], Any] = nothing
    locks: frozenset[str] = frozenset()


Decisions = Callable[[Tx, str, Sequence[Call]], list[dict[str, Any]]]
"""Asks the decision of this name for each call: its outputs by name. The engine does not know how rules are written."""


KeepDecisions = Callable[[Tx, str, Sequence[Call]], None]
"""Writes down what the decision of this name said of each call; what is only tried is not written down."""


@value(frozen=True, slots=True)
class Stream:
    """A value stream as the engine runs it: its diagram, its steps, and how its subjects are opened and locked."""

    code: str
    name: str
    subject_type: str
    bpmn: bytes
    steps: Mapping[str, Step]
    open: Callable[[Tx, Sequence[UUID]], Workset]
    lock: Callable[[Tx, Any, frozenset[str]], None]
    extra: Mapping[str, Any] = field(default_factory=dict)
    decisions: Decisions | None = None
    keep_decisions: KeepDecisions | None = None
