"""The token game: one answer from outside moves an instance to its next waits. Pure, total, bounded.

Every function returns a `Turn`, or a `Problem` and then nothing has changed. `now` is the instant of the move, with zone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import Board, Stop
from tradewind.orchestration.decide.moves import drive, fire_boundary, leave, start
from tradewind.orchestration.decide.variables import checked
from tradewind.orchestration.model import ROOT, Graph, Kind, Node, Run, State, Token, Turn, Verb, Wait, Watch

_NEW = State()
_NEVER = datetime.min.replace(tzinfo=UTC)
_BY_COMPLETE = frozenset({Kind.SERVICE, Kind.USER})
_BY_DELIVER = frozenset({Kind.RECEIVE, Kind.CATCH_MESSAGE, Kind.BOUNDARY_MESSAGE})
_BY_FIRE = frozenset({Kind.CATCH_TIMER, Kind.BOUNDARY_TIMER})


def begin(graph: Graph, variables: Mapping[str, Any], *, now: datetime, message: str = "") -> Turn | Problem:
    """Start an instance at its start event, or at the one that `message` triggers."""
    first = graph.start_messages.get(message, "") if message else graph.start
    if not first:
        return errors.no_start(message)
    try:
        board = Board(graph, _NEW, now)
        board.variables = checked(variables)
        start(board, first, ROOT)
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def complete(graph: Graph, state: State, token: int, outcome: Mapping[str, Any], *, now: datetime) -> Turn | Problem:
    """A service step or a user task is done; `outcome` becomes variables."""
    try:
        board = Board(graph, state, now)
        found = _waiting(board, token, _BY_COMPLETE, "complete")
        assert isinstance(found, Token)
        return _answered(board, found, outcome)
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
        board.write(board.tokens[found.host].scope, checked(payload or {}))
        fire_boundary(board, found, repeats=True)
        drive(board)
        return board.turn()
    except Stop as stop:
        return stop.problem


def fire(graph: Graph, state: State, token: int, *, now: datetime) -> Turn | Problem:
    """A timer is due: an intermediate one goes on, one on a boundary interrupts or branches off."""
    try:
        board = Board(graph, state, now)
        found = _waiting(board, token, _BY_FIRE, "fire")
        if datetime.fromisoformat(found.mark) > now:
            return errors.not_due(token, found.node, found.mark)
        if isinstance(found, Token):
            return _answered(board, found, {})
        fire_boundary(board, found, repeats=False)
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
        if here.parent != there.parent or there.attached_to or board.is_instance(here, found.scope):
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
    places |= {scope.node for scope in state.scopes}
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
    for way, kinds in (("complete", _BY_COMPLETE), ("deliver", _BY_DELIVER), ("fire", _BY_FIRE)):
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
    node = board.node(token.node)
    board.write(token.scope, checked(values))
    board.lift(token, Verb.LEFT)
    leave(board, node, token.scope)
    drive(board)
    return board.turn()
