"""The working copy of a state during one turn: what rests where, what is visible where, what was opened and closed."""

from collections import deque
from collections.abc import Iterable, Mapping, Set
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.orchestration import errors
from tradewind.orchestration.model import (
    ROOT,
    Delay,
    Done,
    Expression,
    Graph,
    Kind,
    Loop,
    Move,
    Node,
    Raised,
    Run,
    Scope,
    Sent,
    State,
    Token,
    Turn,
    Variables,
    Verb,
    Wait,
    WaitKind,
    Watch,
)

MAX_TOKENS = 10_000
"""Tokens, watches and scopes of one instance."""

MAX_DIGITS = 34
"""Of a number that tells messages apart."""

_WAITS: dict[Kind, WaitKind] = {
    Kind.USER: WaitKind.USER,
    Kind.RECEIVE: WaitKind.MESSAGE,
    Kind.CATCH_MESSAGE: WaitKind.MESSAGE,
    Kind.BOUNDARY_MESSAGE: WaitKind.MESSAGE,
    Kind.CATCH_TIMER: WaitKind.TIMER,
    Kind.BOUNDARY_TIMER: WaitKind.TIMER,
    Kind.START_MESSAGE: WaitKind.MESSAGE,
    Kind.START_TIMER: WaitKind.TIMER,
    Kind.START_SIGNAL: WaitKind.SIGNAL,
    Kind.CATCH_SIGNAL: WaitKind.SIGNAL,
    Kind.BOUNDARY_SIGNAL: WaitKind.SIGNAL,
    Kind.CALL: WaitKind.CALL,
    Kind.SERVICE: WaitKind.USER,
}
"""What is waited for at each kind of node; a service step where its undoing is left to a person."""
TIMERS = frozenset(kind for kind, wait in _WAITS.items() if wait is WaitKind.TIMER)
RUNS = frozenset({Kind.SERVICE, Kind.DECISION})
RESTING = RUNS | frozenset({
    Kind.USER, Kind.CALL, Kind.RECEIVE, Kind.CATCH_MESSAGE, Kind.CATCH_TIMER, Kind.CATCH_SIGNAL,
})  # fmt: skip
UNDOING = frozenset({Kind.THROW_UNDO, Kind.END_UNDO})
JOINS = frozenset({Kind.PARALLEL, Kind.INCLUSIVE})
BY_HAND = "by hand"
"""The mark of a step that undoes and could not: a person does it."""
"""Where a token is a run or a wait of its own, unless it stands for the instances of a loop."""


class Stop(Exception):  # noqa: N818 - carries a refusal out of a turn; the state it began from still stands
    """Caught by the public functions of `play`."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class Board:
    """Mutable only inside one turn; `turn()` freezes it. `live` counts per scope the tokens that rest or are on the move."""

    __slots__ = (
        "caller", "closed", "done", "ended", "error", "escalated", "graph", "joins", "last", "live", "loops", "moving", "nodes", "now",
        "opened", "scopes", "sent", "signals", "tokens", "trail", "variables", "watches",
    )  # fmt: skip

    def __init__(self, graph: Graph, state: State, now: datetime) -> None:
        self.graph, self.nodes, self.now = graph, graph.nodes, now
        self.variables: Variables = state.variables
        self.last = state.last
        self.tokens = {token.id: token for token in state.tokens}
        self.watches = {watch.id: watch for watch in state.watches}
        self.scopes = {scope.id: scope for scope in state.scopes}
        self.loops = {loop.token: loop for loop in state.loops}
        self.live: dict[int, int] = {}
        self.joins: dict[tuple[str, int], list[Token]] = {}
        for token in state.tokens:
            self.live[token.scope] = self.live.get(token.scope, 0) + 1
            node = graph.nodes.get(token.node)
            if node is None:
                raise Stop(errors.unknown_node(token.node))
            if node.kind in JOINS:
                self.joins.setdefault((token.node, token.scope), []).append(token)
        self.done: list[Done] = list(state.done)
        self.caller = state.caller
        self.moving: deque[tuple[str, int, str]] = deque()
        self.ended: list[int] = []
        self.opened: dict[int, None] = {}
        self.closed: list[int] = []
        self.sent: list[Sent] = []
        self.signals: list[Sent] = []
        self.escalated: list[Raised] = []
        self.error: Raised | None = None
        self.trail: list[Move] = []

    # ---- resting and leaving

    def new_id(self, node: str) -> int:
        if len(self.tokens) + len(self.watches) + len(self.scopes) >= MAX_TOKENS:
            raise Stop(errors.too_many_tokens(node, MAX_TOKENS))
        self.last += 1
        return self.last

    def rest(self, node: Node, scope: int, mark: str = "", *, answers: bool) -> Token:
        """Put a token down; `answers` where it is itself a run or a wait."""
        token = Token(self.new_id(node.id), node.id, scope, mark)
        self.tokens[token.id] = token
        self.trail.append(Move(node.id, Verb.ENTERED, token.id))
        if answers:
            self.opened[token.id] = None
        return token

    def watch(self, node: Node, host: int, mark: str) -> None:
        watch = Watch(self.new_id(node.id), node.id, host, mark)
        self.watches[watch.id] = watch
        self.opened[watch.id] = None

    def answers(self, token: Token) -> bool:
        """Whether the token is a run or a wait, and not a join's, a sub-process's or a loop's."""
        node = self.node(token.node)
        return node.kind in RESTING and (node.many is None or self.is_instance(node, token.scope))

    def is_instance(self, node: Node, scope: int) -> bool:
        """Whether `scope` is one instance of the multi-instance activity `node`."""
        return scope != ROOT and self.scopes[scope].node == node.id

    def node(self, node: str) -> Node:
        found = self.nodes.get(node)
        if found is None:
            raise Stop(errors.unknown_node(node))
        return found

    def close(self, identity: int) -> None:
        """A run or wait is gone: forgotten if this turn opened it, else told to the shell."""
        if identity in self.opened:
            del self.opened[identity]
        else:
            self.closed.append(identity)

    def lift(self, token: Token, verb: Verb = Verb.LEFT) -> None:
        """Take a token up, with the boundary events armed on it."""
        del self.tokens[token.id]
        self.trail.append(Move(token.node, verb, token.id))
        if self.answers(token):
            self.close(token.id)
        if self.watches and (self.node(token.node).boundaries or self.nodes[token.node].kind is Kind.EVENTS):
            self.disarm({token.id})

    def disarm(self, hosts: Set[int]) -> None:
        for watch in [watch for watch in self.watches.values() if watch.host in hosts]:
            del self.watches[watch.id]
            self.close(watch.id)

    def cancel_inside(self, roots: Iterable[int]) -> None:
        """Cancel all that rests or moves in these scopes and below; the scopes below are gone, the given ones remain."""
        doomed = set(roots)
        below = [scope for scope in self.scopes.values() if scope.parent in doomed]
        while below:
            doomed.update(scope.id for scope in below)
            fresh = {scope.id for scope in below}
            below = [scope for scope in self.scopes.values() if scope.parent in fresh]
        for token in [token for token in self.tokens.values() if token.scope in doomed]:
            self.lift(token, Verb.CANCELLED)
            self.drop_loop(token)
        if self.watches:
            self.disarm({-scope for scope in doomed})
        self.moving = deque(move for move in self.moving if move[1] not in doomed)
        self.ended = [scope for scope in self.ended if scope not in doomed]
        for place in [place for place in self.joins if place[1] in doomed]:
            del self.joins[place]
        given = set(roots)
        for scope in sorted(doomed, reverse=True):
            self.live[scope] = 0
            if scope not in given:
                self.close_scope(scope)

    def close_scope(self, scope: int, *, forget: bool = False) -> Scope:
        """A scope is over; what was done in it can be undone from the scope around it, unless it is to be forgotten."""
        over = self.scopes.pop(scope)
        if self.watches:
            self.disarm({-scope})
        if self.done:
            kept = [one for one in self.done if one.scope != scope or not forget]
            self.done = [self._outside(one, over) if one.scope == scope else one for one in kept]
        return over

    def _outside(self, one: Done, over: Scope) -> Done:
        local = {**over.variables, **(one.variables or {})} if over.variables else one.variables
        return Done(one.node, over.parent, local, (*one.inside, over.node))

    def record(self, node: Node, scope: int, variables: Variables | None = None) -> None:
        """The activity is done and has one that undoes it."""
        if len(self.done) >= MAX_TOKENS:
            raise Stop(errors.too_many_tokens(node.id, MAX_TOKENS))
        self.done.append(Done(node.id, scope, variables))

    def drop_loop(self, token: Token) -> None:
        """The loop at which the token rested is over; what was still to be undone there stays so."""
        loop = self.loops.pop(token.id, None)
        if loop is not None and loop.rest and self.node(token.node).kind in UNDOING:
            self.done += [Done(node, token.scope, variables) for node, variables in reversed(loop.rest)]

    def cancel_token(self, token: Token) -> None:
        """Cancel one token with all that runs on its behalf; its place in `live` is left to the caller."""
        own = [scope.id for scope in self.scopes.values() if scope.token == token.id]
        if own:
            self.cancel_inside(own)
            for scope in own:
                self.close_scope(scope)
        self.drop_loop(token)
        waiting = self.joins.get((token.node, token.scope))
        if waiting and token in waiting:
            waiting.remove(token)
            if not waiting:
                del self.joins[token.node, token.scope]
        self.lift(token, Verb.CANCELLED)

    # ---- variables and expressions

    def context(self, scope: int) -> Variables:
        """All variables visible in a scope; inner ones hide outer ones."""
        if scope == ROOT:
            return self.variables
        chain: list[Scope] = []
        while scope != ROOT:
            chain.append(self.scopes[scope])
            scope = chain[-1].parent
        seen = dict(self.variables)
        for part in reversed(chain):
            loop = self.loops.get(part.token)
            if loop is not None:
                seen.update(counters(loop))
            if part.variables:
                seen.update(part.variables)
        return seen

    def write(self, scope: int, values: Mapping[str, Any]) -> None:
        """Results belong to the loop instance they arose in, else to the process."""
        if not values:
            return
        while scope != ROOT and self.scopes[scope].variables is None:
            scope = self.scopes[scope].parent
        if scope == ROOT:
            self.variables = {**self.variables, **values}
        else:
            inner = self.scopes[scope]
            self.scopes[scope] = inner._replace(variables={**(inner.variables or {}), **values})

    def instant(self, expression: Expression | None, node: Node, scope: int) -> datetime:
        """When a timer is due, in UTC; a delay counts from now."""
        value: Any = None if expression is None else expression.evaluate(self.context(scope))
        if hasattr(value, "added_to"):
            value = self._later(value, node, scope)
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        raise Stop(errors.no_instant(node.id, "" if expression is None else expression.text))

    def _later(self, delay: Delay, node: Node, scope: int) -> datetime | None:
        """The instant a delay from now, by the node's calendar where it names one."""
        until = delay.added_to(self.now)
        if not node.calendar or until is None:
            return until
        code = node.calendar if node.calendar_of is None else node.calendar_of.evaluate(self.context(scope))
        found = self.graph.calendar_time(code, self.now, until - self.now) if isinstance(code, str) else None
        if found is None:
            raise Stop(errors.no_calendar_time(node.id, str(code)))
        return found

    def key(self, node: Node, scope: int) -> str:
        """What a message is told apart by: text, or a number in its shortest form; "" where the node has no key."""
        if node.key is None:
            return ""
        value = node.key.evaluate(self.context(scope))
        if isinstance(value, str) and value:
            return value
        if isinstance(value, Decimal) and abs(value.adjusted()) < MAX_DIGITS:
            return f"{value.normalize():f}"
        if isinstance(value, date):
            return value.isoformat()
        raise Stop(errors.no_key(node.id, node.key.text))

    # ---- the end of a turn

    def turn(self) -> Turn:
        """Freeze: the new state with what was opened and closed on the way to it."""
        state = State(
            tuple(self.tokens.values()),
            self.variables,
            tuple(self.watches.values()),
            tuple(self.scopes.values()),
            tuple(self.loops.values()),
            self.last,
            tuple(self.done) if self.tokens else (),
            self.caller,
        )
        run, wait = self.standing(self.opened)
        return Turn(
            state, run, wait, tuple(self.closed), tuple(self.sent), tuple(self.trail), tuple(self.signals),
            tuple(self.escalated), self.error,
        )  # fmt: skip

    def standing(self, identities: Iterable[int]) -> tuple[tuple[Run, ...], tuple[Wait, ...]]:
        """The runs and waits behind these ids, rebuilt from what rests."""
        runs: list[Run] = []
        waits: list[Wait] = []
        for identity in identities:
            token = self.tokens.get(identity)
            if token is None:
                watch = self.watches[identity]
                waits.append(_wait(identity, self.node(watch.node), watch.mark, self.context(self.scope_of(watch))))
                continue
            node = self.node(token.node)
            if node.kind in RUNS and token.mark != BY_HAND:
                step = node.step if node.kind is Kind.SERVICE else f"decision:{node.decision}"
                runs.append(Run(identity, node.id, step, self.context(token.scope)))
            elif node.kind is Kind.CALL:
                waits.append(
                    Wait(identity, node.id, WaitKind.CALL, node.called, variables=self.handed(node, token.scope))
                )
            else:
                waits.append(_wait(identity, node, token.mark, self.context(token.scope)))
        return tuple(runs), tuple(waits)

    def scope_of(self, watch: Watch) -> int:
        """Where it is armed."""
        return self.tokens[watch.host].scope if watch.host > 0 else -watch.host

    def handed(self, node: Node, scope: int) -> Variables:
        """What a called stream begins with: its `inputs`, or all that is visible."""
        seen = self.context(scope)
        if node.inputs is None:
            return seen
        given = node.inputs.evaluate(seen)
        if not isinstance(given, Mapping):
            raise Stop(errors.no_context(node.id, node.inputs.text))
        return given


def _wait(identity: int, node: Node, mark: str, variables: Variables) -> Wait:
    kind = _WAITS[node.kind]
    if kind is WaitKind.MESSAGE:
        return Wait(identity, node.id, kind, node.message, mark, variables=variables)
    if kind is WaitKind.SIGNAL:
        return Wait(identity, node.id, kind, node.signal, variables=variables)
    due = due_of(mark) if mark and mark != BY_HAND else None
    if kind is WaitKind.TIMER:
        return Wait(identity, node.id, kind, node.name, due=due, variables=variables)
    return Wait(identity, node.id, kind, node.name, "", due, node.role, node.form, variables)


def due_of(mark: str) -> datetime:
    """The instant in the mark of a timer or task; after a slash may stand how often it still comes."""
    return datetime.fromisoformat(mark.partition("/")[0])


def counters(loop: Loop) -> dict[str, int]:
    """The loop counters that BPMN names; a standard loop only counts its rounds."""
    if loop.total < 0:
        return {"loopCounter": loop.started}
    return {
        "nrOfInstances": loop.total,
        "nrOfCompletedInstances": loop.completed,
        "nrOfActiveInstances": loop.started - loop.completed,
    }
