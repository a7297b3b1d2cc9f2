"""What a person may do to a standing instance: skip what it waits for, move a token, put variables. Pure; a `Turn` or a `Problem`.

Tokens get a new id at every resting place, so naming the token says what the person saw: an answer that came meanwhile makes
the id unknown, and nothing happens.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import Board, Stop
from tradewind.orchestration.decide.play import complete, deliver, fire, signal, standing
from tradewind.orchestration.decide.variables import checked
from tradewind.orchestration.model import ROOT, Graph, Run, State, Turn, Wait, WaitKind


def skip(graph: Graph, state: State, token: int, outcome: Mapping[str, Any], *, now: datetime) -> Turn | Problem:
    """Go on as if what the token waits for (a step, a person, a call, a message, a signal, an instant) had come, with `outcome` as its answer."""
    if not any(place.id == token for place in state.tokens):
        return errors.unknown_token(token)
    found = standing(graph, state)
    if isinstance(found, Problem):
        return found
    places: tuple[Run | Wait, ...] = (*found[0], *found[1])
    place = next((one for one in places if one.token == token), None)
    if isinstance(place, Run) or (place is not None and place.kind in (WaitKind.USER, WaitKind.CALL)):
        return complete(graph, state, token, outcome, now=now)
    if place is not None and place.kind is WaitKind.MESSAGE:
        return deliver(graph, state, place.name, place.key, outcome, now=now, token=token)
    if place is not None and place.kind is WaitKind.SIGNAL:
        return signal(graph, state, place.name, outcome, now=now, token=token)
    if place is not None and place.kind is WaitKind.TIMER:
        written = put(graph, state, outcome, now=now, token=token) if outcome else Turn(state)
        if isinstance(written, Problem):
            return written
        return fire(graph, _due_now(written.state, token, now), token, now=now)
    node = next(one.node for one in state.tokens if one.id == token)
    return errors.cannot_skip(token, node)


def put(
    graph: Graph, state: State, variables: Mapping[str, Any], *, now: datetime, token: int | None = None
) -> Turn | Problem:
    """Write variables where the token sees them (None: those of the process). Nothing moves, and nothing that was armed or
    asked before is asked again."""
    try:
        board = Board(graph, state, now)
        scope = ROOT
        if token is not None:
            found = board.tokens.get(token)
            if found is None:
                return errors.unknown_token(token)
            scope = found.scope
        board.write(scope, checked(variables))
        return board.turn()
    except Stop as stop:
        return stop.problem


def _due_now(state: State, token: int, now: datetime) -> State:
    mark = now.isoformat()
    return replace(state, tokens=tuple(one._replace(mark=mark) if one.id == token else one for one in state.tokens))
