"""What a move asks of the shell: steps to run, waits to open and close, what is sent."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tradewind.kernel.value import value
from tradewind.orchestration.model.diagram import Variables
from tradewind.orchestration.model.position import State


class WaitKind(StrEnum):
    MESSAGE = "message"
    TIMER = "timer"
    USER = "user"
    SIGNAL = "signal"
    CALL = "call"


@value(frozen=True, slots=True)
class Run:
    """A step that is ready now: run `step` with `variables` (all that are visible there), then `complete` or `fail`.

    A business rule task is the step `decision:` and the name of its decision.
    """

    token: int
    node: str
    step: str
    variables: Variables


@value(frozen=True, slots=True)
class Wait:
    """Something outside must happen before `token` goes on.

    message: `name` and `key`, answered with `deliver`. timer: `due`, answered with `fire`. signal: `name`, answered with
    `signal`. user: `name` (the label of the task), `role`, `form`, `due` or None, answered with `complete`. call: another
    instance of the stream `name` runs with `variables`; answered with `complete`, `fail` or `escalate`. Otherwise
    `variables` are those visible there.
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
class Raised:
    """An error or escalation that nothing in the instance catches."""

    node: str
    code: str
    variables: Variables = field(default_factory=dict)


@value(frozen=True, slots=True)
class Sent:
    """A message, or (without a key) a signal, that the stream sends out."""

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
    signals: tuple[Sent, ...] = ()
    escalated: tuple[Raised, ...] = ()
    """Escalations for whoever called this instance; it goes on."""
    error: Raised | None = None
    """The instance ended with this error: for its caller to catch, else for a person."""

    @property
    def ended(self) -> bool:
        return not self.state.tokens

    def followed_by(self, later: "Turn") -> "Turn":
        """Both moves as one; what the first opened and the second closed is left out."""
        run, wait, closed = self.run, self.wait, self.closed
        if len(run) == 1 and not wait and later.closed == (run[0].token,):
            run = ()  # by far the commonest: one step is done
        elif later.closed:
            gone = frozenset(later.closed)
            opened = {one.token for one in run}
            if wait:
                opened.update(one.token for one in wait)
                wait = tuple(one for one in wait if one.token not in gone)
            run = tuple(one for one in run if one.token not in gone)
            closed += tuple(token for token in later.closed if token not in opened)
        return Turn(
            later.state,
            run + later.run,
            wait + later.wait,
            closed,
            self.sent + later.sent,
            self.trail + later.trail,
            self.signals + later.signals,
            self.escalated + later.escalated,
            later.error,
        )
