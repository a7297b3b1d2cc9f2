"""Where an instance stands in its graph."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, NamedTuple

from tradewind.kernel.value import value
from tradewind.orchestration.model.diagram import ROOT, Variables

STATE_VERSION = 2


class Token(NamedTuple):
    """A token that rests. Its id is new at every resting place, so that a stale answer cannot hit a later step.

    `mark`: the message key, the due instant of a timer or user task (ISO 8601), or the flow by which it came to a join.
    """

    id: int
    node: str
    scope: int = ROOT
    mark: str = ""


class Watch(NamedTuple):
    """An armed event: on the border of the activity where token `host` rests, one of several after the event-based gateway
    where it rests, or, where `host` is not above zero, the start of an event sub-process in scope `-host`."""

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


class Done(NamedTuple):
    """An activity that was completed in `scope` and can be undone. `variables` are those that only it could see; `inside`
    names the sub-processes that it was in and that are over."""

    node: str
    scope: int
    variables: Variables | None = None
    inside: tuple[str, ...] = ()


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
    done: tuple[Done, ...] = ()
    """What can be undone, in the order in which it was done."""
    caller: str = ""
    """Who is told when it ends: the instance and token of a call, as `id:token`."""

    @property
    def ended(self) -> bool:
        return not self.tokens
