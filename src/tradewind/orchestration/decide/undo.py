"""Compensation: what was done is undone in reverse, one after the other, by the activity that belongs to it."""

from tradewind.orchestration.decide.board import Board
from tradewind.orchestration.decide.flow import finish_host, leave, open_scope, passed
from tradewind.orchestration.model import ROOT, Kind, Loop, Node, Token


def throw_undo(board: Board, node: Node, scope: int, _flow: str) -> None:
    """The event waits until all is undone that was done in its scope (or by the one activity that it names).

    In an event sub-process it means the scope that this sub-process handles.
    """
    place = scope
    if scope != ROOT and board.node(board.scopes[scope].node).kind is Kind.EVENT_SUB:
        place = board.scopes[scope].parent
    found = [
        one
        for one in board.done
        if one.scope in (scope, place) and (not node.undoes or one.node == node.undoes or node.undoes in one.inside)
    ]
    if not found:
        passed(board, node)
        leave(board, node, scope)
        return
    gone = {id(one) for one in found}
    board.done = [one for one in board.done if id(one) not in gone]
    host = board.rest(node, scope, answers=False)
    rest = tuple([one.node, one.variables] for one in reversed(found))
    board.loops[host.id] = Loop(host.id, len(rest), rest=rest)
    next_undo(board, host)


def next_undo(board: Board, host: Token) -> None:
    """Undo the next, or go on where nothing is left."""
    loop = board.loops[host.id]
    if not loop.rest:
        del board.loops[host.id]
        finish_host(board, host)
        return
    name, variables = loop.rest[0]
    board.loops[host.id] = loop._replace(started=loop.started + 1, completed=loop.started, rest=loop.rest[1:])
    open_scope(board, host, board.node(name).undo, variables)
