"""What each kind of node does with a token, and how scopes and loops end. Everything works on a `Board`."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import Board, Stop, counters
from tradewind.orchestration.decide.variables import checked
from tradewind.orchestration.model import ROOT, Kind, Loop, Move, Node, Scope, Sent, Token, Verb, Watch

MAX_MOVES = 20_000
"""Nodes entered in one turn."""
MAX_INSTANCES = 1_000
"""Instances of one multi-instance activity."""


def drive(board: Board) -> None:
    """Move on until every token rests or is gone."""
    moves = 0
    while board.moving:
        target, scope, flow = board.moving.popleft()
        moves += 1
        if moves > MAX_MOVES:
            raise Stop(errors.endless_loop(target, MAX_MOVES))
        node = board.node(target)
        if node.many is not None and not board.is_instance(node, scope):
            _enter_many(board, node, scope)
        else:
            _ENTER[node.kind](board, node, scope, flow)
    for (node_id, scope), waiting in board.joins.items():
        if waiting and board.live[scope] == sum(
            len(others) for (_, place), others in board.joins.items() if place == scope
        ):
            raise Stop(errors.stuck(node_id))


def start(board: Board, node: str, scope: int) -> None:
    """Put a new token on its way to `node`."""
    board.live[scope] = board.live.get(scope, 0) + 1
    board.moving.append((node, scope, ""))


def leave(board: Board, node: Node, scope: int) -> None:
    """A token goes on from `node`: along every flow, or it ends; an instance of a loop ends with its activity."""
    if node.many is not None and board.is_instance(node, scope):
        _consume(board, scope)
        return
    flows = node.outgoing
    if not flows:
        _consume(board, scope)
        return
    if len(flows) > 1:
        board.live[scope] += len(flows) - 1
    for flow in flows:
        board.moving.append((flow.target, scope, flow.id))


def _consume(board: Board, scope: int) -> None:
    """A token is gone for good; with the last one its scope ends."""
    board.live[scope] -= 1
    if board.live[scope] == 0:
        end_scope(board, scope)


def end_scope(board: Board, scope: int) -> None:
    if scope == ROOT:
        return
    ended = board.scopes.pop(scope)
    host = board.tokens[ended.token]
    loop = board.loops.get(host.id)
    if loop is None:
        finish_host(board, host)
    else:
        _end_instance(board, host, loop, ended)


def finish_host(board: Board, host: Token) -> None:
    """The activity at which `host` rests is done."""
    board.lift(host)
    leave(board, board.node(host.node), host.scope)


def fire_boundary(board: Board, watch: Watch, *, repeats: bool) -> None:
    """A boundary event happens; interrupting, it takes the place of what its host was doing."""
    node, host = board.node(watch.node), board.tokens[watch.host]
    if node.interrupting:
        board.cancel_token(host)
    else:
        board.live[host.scope] += 1
        if not repeats:
            del board.watches[watch.id]
            board.close(watch.id)
    board.trail.append(Move(node.id, Verb.ENTERED, watch.id))
    board.trail.append(Move(node.id, Verb.LEFT, watch.id))
    leave(board, node, host.scope)


# ---- one function for each kind of node --------------------------------------------------------------------------


def _pass(board: Board, node: Node, scope: int, _flow: str) -> None:
    board.trail.append(Move(node.id, Verb.ENTERED))
    board.trail.append(Move(node.id, Verb.LEFT))
    leave(board, node, scope)


def _terminate(board: Board, node: Node, scope: int, _flow: str) -> None:
    board.trail.append(Move(node.id, Verb.ENTERED))
    board.trail.append(Move(node.id, Verb.LEFT))
    board.cancel_inside((scope,))
    end_scope(board, scope)


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


def _parallel(board: Board, node: Node, scope: int, flow: str) -> None:
    """A join takes exactly one token per incoming flow, the oldest; others wait for its next round."""
    if len(node.incoming) < 2:
        _pass(board, node, scope, flow)
        return
    waiting = board.joins.setdefault((node.id, scope), [])
    waiting.append(board.rest(node, scope, flow, answers=False))
    taken: dict[str, Token] = {}
    for token in waiting:
        taken.setdefault(token.mark, token)
    if len(taken) < len(node.incoming):
        return
    for token in taken.values():
        waiting.remove(token)
        board.lift(token)
    if not waiting:
        del board.joins[node.id, scope]
    board.live[scope] -= len(taken) - 1
    leave(board, node, scope)


def _service(board: Board, node: Node, scope: int, _flow: str) -> None:
    _arm(board, node, board.rest(node, scope, answers=True))


def _user(board: Board, node: Node, scope: int, _flow: str) -> None:
    due = "" if node.due is None else board.instant(node.due, node, scope).isoformat()
    _arm(board, node, board.rest(node, scope, due, answers=True))


def _await_message(board: Board, node: Node, scope: int, _flow: str) -> None:
    _arm(board, node, board.rest(node, scope, board.key(node, scope), answers=True))


def _await_instant(board: Board, node: Node, scope: int, _flow: str) -> None:
    board.rest(node, scope, board.instant(node.timer, node, scope).isoformat(), answers=True)


def _send(board: Board, node: Node, scope: int, flow: str) -> None:
    payload: Any = {} if node.payload is None else node.payload.evaluate(board.context(scope))
    if not isinstance(payload, Mapping):
        payload = {} if payload is None else {"value": payload}
    board.sent.append(Sent(node.id, node.message, board.key(node, scope), checked(payload)))
    _pass(board, node, scope, flow)


def _sub_process(board: Board, node: Node, scope: int, _flow: str) -> None:
    host = board.rest(node, scope, answers=False)
    _arm(board, node, host)
    inner = Scope(board.new_id(node.id), scope, host.id, node.id)
    board.scopes[inner.id] = inner
    start(board, node.start, inner.id)


def _arm(board: Board, node: Node, host: Token) -> None:
    """Arm the boundary events of an activity; those of a loop are armed once, on the whole of it."""
    if not node.boundaries or (node.many is not None and board.is_instance(node, host.scope)):
        return
    for name in node.boundaries:
        event = board.node(name)
        if event.kind is Kind.BOUNDARY_TIMER:
            mark = board.instant(event.timer, event, host.scope).isoformat()
        else:
            mark = board.key(event, host.scope)
        board.watch(event, host.id, mark)


# ---- loops -------------------------------------------------------------------------------------------------------


def _enter_many(board: Board, node: Node, scope: int) -> None:
    total, elements = _extent(board, node, scope)
    host = board.rest(node, scope, answers=False)
    _arm(board, node, host)
    if total == 0:
        _end_loop(board, host, Loop(host.id, 0))
        return
    many = node.many
    assert many is not None
    if many.sequential:
        board.loops[host.id] = Loop(host.id, total, rest=elements)
        _start_instance(board, node, host)
        return
    board.loops[host.id] = Loop(host.id, total, rest=elements)
    for _ in range(total):
        _start_instance(board, node, host)


def _extent(board: Board, node: Node, scope: int) -> tuple[int, tuple[Any, ...]]:
    """How often the activity runs, and over which elements (none where only a number is given)."""
    many = node.many
    assert many is not None
    if many.collection is not None:
        found = many.collection.evaluate(board.context(scope))
        if not isinstance(found, list | tuple):
            raise Stop(errors.no_collection(node.id, many.collection.text))
        elements = tuple(checked({node.id: found})[node.id])
        total = len(elements)
    else:
        assert many.cardinality is not None
        count = many.cardinality.evaluate(board.context(scope))
        if not isinstance(count, Decimal) or count != count.to_integral_value() or count < 0:
            raise Stop(errors.no_cardinality(node.id, many.cardinality.text))
        elements, total = (), int(min(count, Decimal(MAX_INSTANCES + 1)))
    if total > MAX_INSTANCES:
        raise Stop(errors.too_many_instances(node.id, MAX_INSTANCES))
    return total, elements


def _start_instance(board: Board, node: Node, host: Token) -> None:
    many, loop = node.many, board.loops[host.id]
    assert many is not None
    variables: dict[str, Any] = {"loopCounter": loop.started + 1}
    if many.collection is not None and many.element:
        variables[many.element] = loop.rest[0]
    board.loops[host.id] = loop._replace(started=loop.started + 1, rest=loop.rest[1:])
    inner = Scope(board.new_id(node.id), host.scope, host.id, node.id, variables)
    board.scopes[inner.id] = inner
    start(board, node.start if node.kind is Kind.SUB_PROCESS else node.id, inner.id)


def _end_instance(board: Board, host: Token, loop: Loop, ended: Scope) -> None:
    node = board.node(host.node)
    many, inner = node.many, ended.variables or {}
    assert many is not None
    results = loop.results
    if many.gather:
        results = {**(results or {}), str(inner.get("loopCounter")): inner.get(many.result)}
    loop = loop._replace(completed=loop.completed + 1, results=results)
    board.loops[host.id] = loop
    enough = False
    if many.until is not None:
        context = {**board.context(host.scope), **inner, **counters(loop)}
        enough = many.until.evaluate(context) is True
    if enough or loop.completed == loop.total:
        _end_loop(board, host, loop)
    elif many.sequential:
        _start_instance(board, node, host)


def _end_loop(board: Board, host: Token, loop: Loop) -> None:
    """Cancel the instances that still run, hand over what was gathered, and go on."""
    node = board.node(host.node)
    running = [scope.id for scope in board.scopes.values() if scope.token == host.id]
    if running:
        board.cancel_inside(running)
        for scope in running:
            del board.scopes[scope]
    board.loops.pop(host.id, None)
    if node.many is not None and node.many.gather:
        results = loop.results or {}
        gathered = [results.get(str(place + 1)) for place in range(loop.total)]
        board.write(host.scope, checked({node.many.gather: gathered}))
    finish_host(board, host)


_ENTER: dict[Kind, Callable[[Board, Node, int, str], None]] = {
    Kind.START: _pass,
    Kind.START_MESSAGE: _pass,
    Kind.END: _pass,
    Kind.TERMINATE: _terminate,
    Kind.SERVICE: _service,
    Kind.USER: _user,
    Kind.SEND: _send,
    Kind.RECEIVE: _await_message,
    Kind.EXCLUSIVE: _exclusive,
    Kind.PARALLEL: _parallel,
    Kind.CATCH_TIMER: _await_instant,
    Kind.CATCH_MESSAGE: _await_message,
    Kind.THROW: _pass,
    Kind.THROW_MESSAGE: _send,
    Kind.SUB_PROCESS: _sub_process,
}
