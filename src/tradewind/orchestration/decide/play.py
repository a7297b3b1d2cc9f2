"""The token game: one answer from outside moves an instance to its next waits. Pure, total, bounded.

Every function returns a `Turn`, or a `Problem` and then nothing has changed. `now` is the instant of the move, with zone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import BY_HAND, TIMERS, Board, Stop, due_of
from tradewind.orchestration.decide.catching import fire_watch, raise_error, raise_escalation
from tradewind.orchestration.decide.flow import arm_subs, leave, start
from tradewind.orchestration.decide.moves import drive
from tradewind.orchestration.decide.straight import straight_on
from tradewind.orchestration.decide.variables import checked
from tradewind.orchestration.model import (
    ROOT,
    UNDO_ALL,
    Graph,
    Kind,
    Node,
    Run,
    State,
    Token,
    Turn,
    Verb,
    Wait,
    Watch,
)

_NEW = State()
_NEVER = datetime.min.replace(tzinfo=UTC)
_BY_COMPLETE = frozenset({Kind.SERVICE, Kind.USER, Kind.DECISION, Kind.CALL})
_BY_DELIVER = frozenset({Kind.RECEIVE, Kind.CATCH_MESSAGE, Kind.BOUNDARY_MESSAGE, Kind.START_MESSAGE})
_BY_FIRE = TIMERS
_BY_SIGNAL = frozenset({Kind.CATCH_SIGNAL, Kind.BOUNDARY_SIGNAL, Kind.START_SIGNAL})
_NO_TARGET = frozenset({Kind.EVENT_SUB, Kind.START_ERROR, Kind.START_ESCALATION})


def begin(
    graph: Graph, variables: Mapping[str, Any], *, now: datetime, message: str = "", signal: str = "", at: str = "",
    caller: str = "",
) -> Turn | Problem:  # fmt: skip
    """Start an instance at its plain start event, at the one that `message` or `signal` triggers, or at the start event `at`.

    `caller` names the instance and token that wait for its end.
    """
    first = graph.start
    if message:
        first = graph.start_messages.get(message, "")
    elif signal:
        first = graph.start_signals.get(signal, "")
    elif at:
        first = at if at in graph.start_timers or at == graph.start else ""
    if not first:
        return errors.no_start(message or signal or at)
    try:
        board = Board(graph, _NEW, now)
        board.variables, board.caller = checked(variables), caller
        start(board, first, ROOT)
        if graph.event_subs:
            arm_subs(board, graph.event_subs, ROOT)
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def complete(graph: Graph, state: State, token: int, outcome: Mapping[str, Any], *, now: datetime) -> Turn | Problem:
    """A step, a user task or a called stream is done; `outcome` becomes variables.

    Of a decision they are its outputs, of a call the last variables of the called stream: the element says what of them is
    taken over, and under which name.
    """
    try:
        straight = straight_on(graph, state, token, outcome)
        if straight is not None:
            return straight
        board = Board(graph, state, now)
        found = _waiting(board, token, _BY_COMPLETE, "complete")
        assert isinstance(found, Token)
        return _answered(board, found, _taken_over(board.node(found.node), outcome))
    except Stop as stop:
        return stop.problem


def fail(
    graph: Graph, state: State, token: int, code: str, outcome: Mapping[str, Any] | None = None, *, now: datetime
) -> Turn | Problem:
    """A step, a user task or a called stream answers with the business error `code`: whatever catches it goes on.

    Where nothing does, the instance is over and `Turn.error` is set. Something that undoes and could not, is left to a
    person of its role.
    """
    try:
        board = Board(graph, state, now)
        found = _waiting(board, token, _BY_COMPLETE, "complete")
        assert isinstance(found, Token)
        node, values = board.node(found.node), checked(outcome or {})
        if node.kind is Kind.SERVICE and node.for_undo and node.role and found.mark != BY_HAND:
            board.write(found.scope, values)
            board.lift(found)
            board.rest(node, found.scope, BY_HAND, answers=True)
            return board.turn()
        raise_error(board, code, found.scope, node=node, values=values, token=found)
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def escalate(
    graph: Graph, state: State, token: int, code: str, values: Mapping[str, Any] | None = None, *, now: datetime
) -> Turn | Problem:
    """A step, a user task or a called stream escalates and goes on, unless what catches it interrupts."""
    try:
        board = Board(graph, state, now)
        found = _waiting(board, token, _BY_COMPLETE, "complete")
        assert isinstance(found, Token)
        raise_escalation(
            board, code, found.scope, node=board.node(found.node), values=checked(values or {}), token=found
        )
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def deliver(
    graph: Graph, state: State, name: str, key: str = "", payload: Mapping[str, Any] | None = None,
    *, now: datetime, token: int | None = None,
) -> Turn | Problem:  # fmt: skip
    """A message arrives: the wait with this name and key goes on (the oldest, or the one named by `token`)."""
    try:
        board = Board(graph, state, now)
        if token is not None:
            _waiting(board, token, _BY_DELIVER, "deliver")
        found = _receiver(board, name, key, token)
        if found is None:
            return errors.no_receiver(name, key)
        if isinstance(found, Token):
            return _answered(board, found, payload or {})
        board.write(board.scope_of(found), checked(payload or {}))
        fire_watch(board, found, timer=False)
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def fire(graph: Graph, state: State, token: int, *, now: datetime) -> Turn | Problem:
    """A timer is due: an intermediate one goes on, one on a boundary interrupts or branches off."""
    try:
        board = Board(graph, state, now)
        found = _waiting(board, token, _BY_FIRE, "fire")
        if due_of(found.mark) > now:
            return errors.not_due(token, found.node, found.mark)
        if isinstance(found, Token):
            return _answered(board, found, {})
        fire_watch(board, found, timer=True)
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def signal(
    graph: Graph, state: State, name: str, payload: Mapping[str, Any] | None = None,
    *, now: datetime, token: int | None = None,
) -> Turn | Problem:  # fmt: skip
    """A signal is broadcast: everything in this instance that waits for it goes on (or only what waits under `token`)."""
    try:
        board = Board(graph, state, now)
        if token is not None:
            _waiting(board, token, _BY_SIGNAL, "signal")
        values = checked(payload or {})
        places: list[Token | Watch] = [*board.tokens.values(), *board.watches.values()]
        hit = [
            place.id
            for place in sorted(places, key=lambda place: place.id)
            if token in (None, place.id) and board.node(place.node).kind in _BY_SIGNAL
            and board.node(place.node).signal == name
        ]  # fmt: skip
        if not hit:
            return errors.no_receiver(name, "")
        for identity in hit:
            watch, resting = board.watches.get(identity), board.tokens.get(identity)
            if watch is not None:
                board.write(board.scope_of(watch), values)
                fire_watch(board, watch, timer=False)
            elif resting is not None and board.answers(resting):
                _go_on(board, resting, values)
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def undo(graph: Graph, state: State, *, now: datetime) -> Turn | Problem:
    """End everything, and undo in reverse what was done and can be undone; the instance is over when that is."""
    try:
        board = Board(graph, state, now)
        board.cancel_inside((ROOT,))
        if UNDO_ALL in graph.nodes:
            start(board, UNDO_ALL, ROOT)
            drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def cancel(graph: Graph, state: State, *, now: datetime, token: int | None = None) -> Turn | Problem:
    """End everything; or only what one token does, as if its branch had ended there."""
    try:
        board = Board(graph, state, now)
        if token is None:
            board.cancel_inside((ROOT,))
            return board.turn()
        found = board.tokens.get(token)
        if found is None:
            return errors.unknown_token(token)
        board.cancel_token(found)
        leave(board, Node("", Kind.END), found.scope)
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def jump(graph: Graph, state: State, token: int, node: str, *, now: datetime) -> Turn | Problem:
    """Take a token from where it rests, with all it does there, and let it enter `node` in the same scope."""
    try:
        board = Board(graph, state, now)
        found = board.tokens.get(token)
        if found is None:
            return errors.unknown_token(token)
        here, there = board.node(found.node), board.node(node)
        if (
            here.parent != there.parent
            or there.attached_to
            or there.for_undo
            or there.kind in _NO_TARGET
            or board.is_instance(here, found.scope)
        ):
            return errors.wrong_scope(node)
        board.cancel_token(found)
        board.moving.append((node, found.scope, there.incoming[0] if there.incoming else ""))
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def standing(graph: Graph, state: State) -> tuple[tuple[Run, ...], tuple[Wait, ...]] | Problem:
    """All runs and waits of a stored state, as the turns that opened them told; for repair and inspection."""
    try:
        board = Board(graph, state, _NEVER)
        open_now = [token.id for token in state.tokens if board.answers(token)]
        return board.standing(sorted([*open_now, *board.watches]))
    except Stop as stop:
        return stop.problem


def fits(graph: Graph, state: State) -> tuple[Problem, ...]:
    """Every resting place that this version of the stream no longer has; empty where the instance can go on with it."""
    places = {token.node for token in state.tokens} | {watch.node for watch in state.watches}
    places |= {scope.node for scope in state.scopes} | {one.node for one in state.done}
    return tuple(errors.unknown_node(place) for place in sorted(places) if place not in graph.nodes)


def _waiting(board: Board, identity: int, kinds: frozenset[Kind], called: str) -> Token | Watch:
    """The token or watch with this id, if it waits to be answered in this way."""
    found: Token | Watch | None = board.tokens.get(identity) or board.watches.get(identity)
    if found is None:
        raise Stop(errors.unknown_token(identity))
    node = board.node(found.node)
    if node.kind not in kinds or (isinstance(found, Token) and not board.answers(found)):
        raise Stop(errors.wrong_answer(identity, node.id, _expected(node, called)))
    return found


def _expected(node: Node, called: str) -> str:
    ways = (("complete", _BY_COMPLETE), ("deliver", _BY_DELIVER), ("fire", _BY_FIRE), ("signal", _BY_SIGNAL))
    for way, kinds in ways:
        if node.kind in kinds and way != called:
            return way
    return "what runs inside it"


def _receiver(board: Board, name: str, key: str, wanted: int | None) -> Token | Watch | None:
    """The oldest wait for the message."""
    places: list[Token | Watch] = [*board.tokens.values(), *board.watches.values()]
    fitting = [place for place in places if place.mark == key and (wanted is None or place.id == wanted)]
    for place in sorted(fitting, key=lambda place: place.id):
        node = board.node(place.node)
        if node.kind in _BY_DELIVER and node.message == name and (isinstance(place, Watch) or board.answers(place)):
            return place
    return None


def _answered(board: Board, token: Token, values: Mapping[str, Any]) -> Turn:
    """The token leaves its resting place with new variables, and the game goes on."""
    _go_on(board, token, checked(values))
    drive(board)
    return board.turn()


def _go_on(board: Board, token: Token, values: Mapping[str, Any]) -> None:
    node = board.node(token.node)
    board.write(token.scope, values)
    board.lift(token, Verb.LEFT)
    if node.undo and (node.many is None or not board.is_instance(node, token.scope)):
        board.record(node, token.scope)
    leave(board, node, token.scope)


def _taken_over(node: Node, outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of an outcome becomes variables."""
    if node.kind is Kind.CALL and node.outputs is not None:
        found = node.outputs.evaluate(outcome)
        if not isinstance(found, Mapping):
            raise Stop(errors.no_context(node.id, node.outputs.text))
        outcome = found
    if node.result and node.kind is Kind.DECISION:
        return {node.result: next(iter(outcome.values())) if len(outcome) == 1 else dict(outcome)}
    return {node.result: dict(outcome)} if node.result and node.kind is Kind.CALL else outcome
