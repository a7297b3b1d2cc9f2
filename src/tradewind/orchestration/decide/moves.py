"""What each kind of node does with a token, and what ends with a scope. Everything works on a `Board`."""

from collections.abc import Callable, Mapping
from typing import Any

from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import UNDOING, Board, Stop
from tradewind.orchestration.decide.catching import raise_error, raise_escalation
from tradewind.orchestration.decide.flow import arm, end_root, finish_host, leave, mark_of, open_scope, passed
from tradewind.orchestration.decide.joins import join_inclusive, join_parallel, release
from tradewind.orchestration.decide.loops import end_instance, enter_loop
from tradewind.orchestration.decide.undo import next_undo, throw_undo
from tradewind.orchestration.decide.variables import checked
from tradewind.orchestration.model import ROOT, Kind, Move, Node, Sent, Verb

MAX_MOVES = 20_000
"""Nodes entered in one turn."""


def drive(board: Board) -> None:
    """Move on until every token rests or is gone."""
    moves = 0
    moving, ended = board.moving, board.ended
    while True:
        while moving or ended:
            if ended:
                _end_scope(board, ended.pop())
                moving, ended = board.moving, board.ended
                continue
            target, scope, flow = moving.popleft()
            moves += 1
            if moves > MAX_MOVES:
                raise Stop(errors.endless_loop(target, MAX_MOVES))
            node = board.node(target)
            if node.many is not None and not board.is_instance(node, scope):
                enter_loop(board, node, scope)
            else:
                _ENTER[node.kind](board, node, scope, flow)
            moving, ended = board.moving, board.ended
        if not board.joins or not release(board):
            return


def _end_scope(board: Board, scope: int) -> None:
    """The last token of a scope is gone: the activity that waits for it goes on."""
    if scope == ROOT:
        end_root(board)
        return
    host = board.tokens[board.scopes[scope].token]
    node = board.nodes[host.node]
    ended = board.close_scope(scope, forget=bool(node.undo))
    loop = board.loops.get(host.id)
    if loop is None:
        finish_host(board, host)
    elif node.kind in UNDOING:
        next_undo(board, host)
    else:
        end_instance(board, host, loop, ended)


# ---- one function for each kind of node --------------------------------------------------------------------------


def _pass(board: Board, node: Node, scope: int, _flow: str) -> None:
    board.trail.append(Move(node.id, Verb.ENTERED))
    board.trail.append(Move(node.id, Verb.LEFT))
    if node.undo:
        _did(board, node, scope)
    leave(board, node, scope)


def _did(board: Board, node: Node, scope: int) -> None:
    """What passed can be undone; an instance of a loop is noted when its scope ends."""
    if node.many is None or not board.is_instance(node, scope):
        board.record(node, scope)


def _terminate(board: Board, node: Node, scope: int, _flow: str) -> None:
    passed(board, node)
    board.cancel_inside((scope,))
    board.ended.append(scope)


def _exclusive(board: Board, node: Node, scope: int, _flow: str) -> None:
    flows = node.outgoing
    if len(flows) > 1:
        context = board.context(scope)
        default = None
        for flow in flows:
            if flow.id == node.default:
                default = flow
            elif flow.condition is not None and flow.condition.evaluate(context) is True:
                break
        else:
            if default is None:
                raise Stop(errors.no_way_out(node.id))
            flow = default
    elif not flows:
        raise Stop(errors.no_way_out(node.id))
    else:
        flow = flows[0]
        if flow.condition is not None and flow.condition.evaluate(board.context(scope)) is not True:
            raise Stop(errors.no_way_out(node.id))
    board.trail.append(Move(node.id, Verb.ENTERED))
    board.trail.append(Move(node.id, Verb.LEFT))
    board.moving.append((flow.target, scope, flow.id))


def _event_gateway(board: Board, node: Node, scope: int, _flow: str) -> None:
    """The first of the events behind it decides."""
    host = board.rest(node, scope, answers=False)
    for flow in node.outgoing:
        event = board.node(flow.target)
        board.watch(event, host.id, mark_of(board, event, scope))


def _work(board: Board, node: Node, scope: int, _flow: str) -> None:
    """A step, a decision or a called stream."""
    arm(board, node, board.rest(node, scope, answers=True))


def _user(board: Board, node: Node, scope: int, _flow: str) -> None:
    due = "" if node.due is None else board.instant(node.due, node, scope).isoformat()
    arm(board, node, board.rest(node, scope, due, answers=True))


def _await(board: Board, node: Node, scope: int, _flow: str) -> None:
    arm(board, node, board.rest(node, scope, mark_of(board, node, scope), answers=True))


def _send(board: Board, node: Node, scope: int, flow: str) -> None:
    board.sent.append(Sent(node.id, node.message, board.key(node, scope), payload_of(board, node, scope)))
    _pass(board, node, scope, flow)


def _signal(board: Board, node: Node, scope: int, flow: str) -> None:
    board.signals.append(Sent(node.id, node.signal, "", payload_of(board, node, scope)))
    _pass(board, node, scope, flow)


def payload_of(board: Board, node: Node, scope: int) -> dict[str, Any]:
    """What goes along with a message, signal, error or escalation."""
    payload: Any = {} if node.payload is None else node.payload.evaluate(board.context(scope))
    if not isinstance(payload, Mapping):
        payload = {} if payload is None else {"value": payload}
    return checked(payload)


def _script(board: Board, node: Node, scope: int, flow: str) -> None:
    """An expression becomes a variable, or, where none is named, each entry of its context one."""
    assert node.script is not None
    found = node.script.evaluate(board.context(scope))
    if node.result:
        board.write(scope, checked({node.result: found}))
    elif isinstance(found, Mapping):
        board.write(scope, checked(found))
    else:
        raise Stop(errors.no_context(node.id, node.script.text))
    _pass(board, node, scope, flow)


def _error(board: Board, node: Node, scope: int, _flow: str) -> None:
    passed(board, node)
    raise_error(board, node.code, scope, node=node, values=payload_of(board, node, scope))


def _escalation(board: Board, node: Node, scope: int, _flow: str) -> None:
    passed(board, node)
    if not raise_escalation(board, node.code, scope, node=node, values=payload_of(board, node, scope)):
        leave(board, node, scope)


def _sub_process(board: Board, node: Node, scope: int, _flow: str) -> None:
    host = board.rest(node, scope, answers=False)
    arm(board, node, host)
    open_scope(board, host, node.start)


def _nowhere(_board: Board, node: Node, _scope: int, _flow: str) -> None:
    """Nothing leads here but a jump, which `play` refuses."""
    raise Stop(errors.wrong_scope(node.id))


_ENTER: dict[Kind, Callable[[Board, Node, int, str], None]] = {
    Kind.START: _pass,
    Kind.START_MESSAGE: _pass,
    Kind.START_TIMER: _pass,
    Kind.START_SIGNAL: _pass,
    Kind.START_ERROR: _pass,
    Kind.START_ESCALATION: _pass,
    Kind.END: _pass,
    Kind.TERMINATE: _terminate,
    Kind.END_MESSAGE: _send,
    Kind.END_SIGNAL: _signal,
    Kind.END_ERROR: _error,
    Kind.END_ESCALATION: _escalation,
    Kind.END_UNDO: throw_undo,
    Kind.TASK: _pass,
    Kind.SERVICE: _work,
    Kind.DECISION: _work,
    Kind.CALL: _work,
    Kind.USER: _user,
    Kind.SEND: _send,
    Kind.SCRIPT: _script,
    Kind.RECEIVE: _await,
    Kind.EXCLUSIVE: _exclusive,
    Kind.PARALLEL: join_parallel,
    Kind.INCLUSIVE: join_inclusive,
    Kind.EVENTS: _event_gateway,
    Kind.CATCH_TIMER: _await,
    Kind.CATCH_MESSAGE: _await,
    Kind.CATCH_SIGNAL: _await,
    Kind.THROW: _pass,
    Kind.THROW_MESSAGE: _send,
    Kind.THROW_SIGNAL: _signal,
    Kind.THROW_ESCALATION: _escalation,
    Kind.THROW_UNDO: throw_undo,
    Kind.LINK_THROW: _pass,
    Kind.LINK_CATCH: _pass,
    Kind.SUB_PROCESS: _sub_process,
    Kind.EVENT_SUB: _nowhere,
    Kind.BOUNDARY_TIMER: _nowhere,
    Kind.BOUNDARY_MESSAGE: _nowhere,
    Kind.BOUNDARY_SIGNAL: _nowhere,
    Kind.BOUNDARY_ERROR: _nowhere,
    Kind.BOUNDARY_ESCALATION: _nowhere,
    Kind.BOUNDARY_UNDO: _nowhere,
}
