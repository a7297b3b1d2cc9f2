"""Joins: a parallel one takes one token per incoming flow, an inclusive one as soon as no other can still come."""

from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import Board, Stop
from tradewind.orchestration.decide.flow import leave, passed
from tradewind.orchestration.model import Kind, Node, Token


def join_parallel(board: Board, node: Node, scope: int, flow: str) -> None:
    """A join takes exactly one token per incoming flow, the oldest; others wait for its next round."""
    if len(node.incoming) < 2:
        passed(board, node)
        leave(board, node, scope)
        return
    waiting = board.joins.setdefault((node.id, scope), [])
    waiting.append(board.rest(node, scope, flow, answers=False))
    if len({token.mark for token in waiting}) == len(node.incoming):
        _take(board, node, scope)


def join_inclusive(board: Board, node: Node, scope: int, flow: str) -> None:
    """The token waits; whether the join is complete is asked when nothing moves any more."""
    if len(node.incoming) < 2:
        passed(board, node)
        leave(board, node, scope)
        return
    board.joins.setdefault((node.id, scope), []).append(board.rest(node, scope, flow, answers=False))


def release(board: Board) -> bool:
    """Let the first inclusive join go on to which no other token can come; whether there was one.

    Where tokens are left at joins only, none can come: an inclusive one goes on then, and without one the stream is stuck.
    """
    for node_id, scope in board.joins:
        node = board.node(node_id)
        if node.kind is Kind.INCLUSIVE and not _awaited(board, node, scope):
            _take(board, node, scope)
            return True
    at_joins: dict[int, int] = {}
    for (_, scope), waiting in board.joins.items():
        at_joins[scope] = at_joins.get(scope, 0) + len(waiting)
    for node_id, scope in board.joins:
        if board.live[scope] == at_joins[scope]:
            inclusive = [
                name for name, place in board.joins if place == scope and board.nodes[name].kind is Kind.INCLUSIVE
            ]
            if not inclusive:
                raise Stop(errors.stuck(node_id))
            _take(board, board.node(inclusive[0]), scope)
            return True
    return False


def _awaited(board: Board, node: Node, scope: int) -> bool:
    """Whether a token elsewhere can come along a flow that still has none, and along none that has one."""
    marks = {token.mark for token in board.joins[node.id, scope]}
    missing = [reach for flow, reach in zip(node.incoming, node.reach, strict=True) if flow not in marks]
    if not missing:
        return False
    there = [reach for flow, reach in zip(node.incoming, node.reach, strict=True) if flow in marks]
    for place in {token.node for token in board.tokens.values() if token.scope == scope}:
        if place != node.id and any(place in reach for reach in missing) and not any(place in reach for reach in there):
            return True
    return False


def _take(board: Board, node: Node, scope: int) -> None:
    """The oldest token of every flow goes on as one."""
    waiting = board.joins[node.id, scope]
    taken: dict[str, Token] = {}
    for token in waiting:
        taken.setdefault(token.mark, token)
    for token in taken.values():
        waiting.remove(token)
        board.lift(token)
    if not waiting:
        del board.joins[node.id, scope]
    board.live[scope] -= len(taken) - 1
    leave(board, node, scope)
