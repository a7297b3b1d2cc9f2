"""What interrupts: boundary events, event sub-processes, errors and escalations on their way up to whoever catches them."""

from collections.abc import Iterable, Mapping
from typing import Any

from tradewind.orchestration.decide.board import Board
from tradewind.orchestration.decide.flow import leave, open_scope, passed
from tradewind.orchestration.model import ROOT, Kind, Node, Raised, Token, Watch


def fire_watch(board: Board, watch: Watch, *, timer: bool) -> None:
    """An armed event happens. One that interrupts takes the place of what ran there; a timer that does not, comes again
    as often as it says; anything else that does not stays armed."""
    node = board.node(watch.node)
    if watch.host <= 0:
        if timer and not node.interrupting:
            _rewind(board, node, watch)
        begin_sub(board, node, -watch.host)
        return
    host = board.tokens[watch.host]
    if board.node(host.node).kind is Kind.EVENTS:
        board.lift(host)
    elif node.interrupting:
        board.cancel_token(host)
    else:
        board.live[host.scope] += 1
        if timer:
            _rewind(board, node, watch)
    passed(board, node, watch.id)
    leave(board, node, host.scope)


def _rewind(board: Board, node: Node, watch: Watch) -> None:
    """The timer is spent, or armed once more from now."""
    del board.watches[watch.id]
    board.close(watch.id)
    left = int(watch.mark.partition("/")[2] or 1)
    if left == 1:
        return
    due = board.instant(node.timer, node, board.tokens[watch.host].scope if watch.host > 0 else -watch.host)
    board.watch(node, watch.host, due.isoformat() + ("" if left == 2 else f"/{max(left - 1, 0)}"))


def begin_sub(board: Board, event: Node, scope: int) -> None:
    """An event sub-process begins in `scope`: instead of all that runs there, or beside it."""
    if event.interrupting:
        board.cancel_inside((scope,))
        board.live[scope] = 1
    else:
        board.live[scope] += 1
    host = board.rest(board.node(event.parent), scope, answers=False)
    open_scope(board, host, event.id)


def raise_error(
    board: Board, code: str, scope: int, *, node: Node, values: Mapping[str, Any], token: Token | None = None
) -> None:
    """An error at `node` (of the activity of `token`, or of an end event) ends all up to the nearest that catches it.

    Where nothing does, the instance is over, and its turn says with what.
    """
    found = _at_activity(board, Kind.BOUNDARY_ERROR, code, token)
    if found is not None and token is not None:
        _write(board, found, code, scope, values)
        board.cancel_token(token)
        passed(board, found)
        leave(board, found, scope)
        return
    own = False
    while True:
        event = None if own else match(board, _subs(board, scope), Kind.START_ERROR, code)
        if event is not None:
            _write(board, event, code, scope, values)
            begin_sub(board, event, scope)
            return
        if scope == ROOT:
            break
        host = board.tokens[board.scopes[scope].token]
        around = board.node(host.node)
        scope = host.scope
        event = match(board, around.boundaries, Kind.BOUNDARY_ERROR, code)
        if event is not None:
            _write(board, event, code, scope, values)
            board.cancel_token(host)
            passed(board, event)
            leave(board, event, scope)
            return
        own = around.kind is Kind.EVENT_SUB
    board.cancel_inside((ROOT,))
    board.error = Raised(node.id, code, values)


def raise_escalation(
    board: Board, code: str, scope: int, *, node: Node, values: Mapping[str, Any], token: Token | None = None
) -> bool:
    """An escalation goes up to the nearest that catches it, else to the caller; whether it ended what it came from."""
    found = _at_activity(board, Kind.BOUNDARY_ESCALATION, code, token)
    if found is not None and token is not None:
        return _branch(board, found, code, token, values)
    own = False
    while True:
        event = None if own else match(board, _subs(board, scope), Kind.START_ESCALATION, code)
        if event is not None:
            _write(board, event, code, scope, values)
            begin_sub(board, event, scope)
            return event.interrupting
        if scope == ROOT:
            break
        host = board.tokens[board.scopes[scope].token]
        around = board.node(host.node)
        event = match(board, around.boundaries, Kind.BOUNDARY_ESCALATION, code)
        if event is not None:
            return _branch(board, event, code, host, values)
        own, scope = around.kind is Kind.EVENT_SUB, host.scope
    board.escalated.append(Raised(node.id, code, values))
    return False


def _branch(board: Board, event: Node, code: str, host: Token, values: Mapping[str, Any]) -> bool:
    _write(board, event, code, host.scope, values)
    if event.interrupting:
        board.cancel_token(host)
    else:
        board.live[host.scope] += 1
    passed(board, event)
    leave(board, event, host.scope)
    return event.interrupting


def _at_activity(board: Board, kind: Kind, code: str, token: Token | None) -> Node | None:
    """What catches on the border of the activity itself; of a loop that border is around all its instances."""
    if token is None:
        return None
    node = board.node(token.node)
    if node.many is not None and board.is_instance(node, token.scope):
        return None
    return match(board, node.boundaries, kind, code)


def _subs(board: Board, scope: int) -> tuple[str, ...]:
    return board.graph.event_subs if scope == ROOT else board.node(board.scopes[scope].node).event_subs


def match(board: Board, events: Iterable[str], kind: Kind, code: str) -> Node | None:
    """The event of this kind that names the code, else the one that catches all."""
    fitting = [node for node in (board.node(name) for name in events) if node.kind is kind and node.code in (code, "")]
    return max(fitting, key=lambda node: node.code != "", default=None)


def _write(board: Board, event: Node, code: str, scope: int, values: Mapping[str, Any]) -> None:
    board.write(scope, {**values, event.result: code} if event.result else values)
