"""Activities that run several times: over a collection, a stated number of times, or while a condition holds."""

from decimal import Decimal
from typing import Any

from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import Board, Stop, counters
from tradewind.orchestration.decide.flow import arm, finish_host, open_scope
from tradewind.orchestration.decide.variables import checked
from tradewind.orchestration.model import Kind, Loop, MultiInstance, Node, Scope, StandardLoop, Token

MAX_INSTANCES = 1_000
"""Instances of one multi-instance activity, and rounds of a standard loop."""


def enter_loop(board: Board, node: Node, scope: int) -> None:
    """A token comes to an activity that runs several times; it waits there for all of them."""
    many = node.many
    if isinstance(many, StandardLoop):
        host = board.rest(node, scope, answers=False)
        arm(board, node, host)
        board.loops[host.id] = Loop(host.id, -1)
        if many.before and not _again(board, many, board.loops[host.id], host.scope):
            _end_loop(board, host, board.loops[host.id])
        else:
            _start_instance(board, node, host)
        return
    assert many is not None
    total, elements = _extent(board, node, many, scope)
    host = board.rest(node, scope, answers=False)
    arm(board, node, host)
    board.loops[host.id] = Loop(host.id, total, rest=elements)
    if total == 0:
        _end_loop(board, host, board.loops[host.id])
        return
    for _ in range(1 if many.sequential else total):
        _start_instance(board, node, host)


def _extent(board: Board, node: Node, many: MultiInstance, scope: int) -> tuple[int, tuple[Any, ...]]:
    """How often the activity runs, and over which elements (none where only a number is given)."""
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


def _again(board: Board, many: StandardLoop, loop: Loop, scope: int) -> bool:
    """Whether a standard loop goes another round."""
    if many.most is not None and loop.started >= many.most:
        return False
    return many.condition is None or many.condition.evaluate({**board.context(scope), **counters(loop)}) is True


def _start_instance(board: Board, node: Node, host: Token) -> None:
    many, loop = node.many, board.loops[host.id]
    first = node.start if node.kind is Kind.SUB_PROCESS else node.id
    if isinstance(many, StandardLoop):
        if loop.started >= MAX_INSTANCES:
            raise Stop(errors.too_many_instances(node.id, MAX_INSTANCES))
        board.loops[host.id] = loop._replace(started=loop.started + 1)
        open_scope(board, host, first)
        return
    assert many is not None
    variables: dict[str, Any] = {"loopCounter": loop.started + 1}
    if many.collection is not None and many.element:
        variables[many.element] = loop.rest[0]
    board.loops[host.id] = loop._replace(started=loop.started + 1, rest=loop.rest[1:])
    open_scope(board, host, first, variables)


def end_instance(board: Board, host: Token, loop: Loop, ended: Scope) -> None:
    """One of the instances for which `host` waits is done."""
    node = board.node(host.node)
    many, inner = node.many, ended.variables or {}
    assert many is not None
    if node.undo:
        board.record(node, host.scope, ended.variables)
    loop = loop._replace(completed=loop.completed + 1)
    if isinstance(many, StandardLoop):
        board.loops[host.id] = loop
        if _again(board, many, loop, host.scope):
            _start_instance(board, node, host)
        else:
            _end_loop(board, host, loop)
        return
    if many.gather:
        results = {**(loop.results or {}), str(inner.get("loopCounter")): inner.get(many.result)}
        loop = loop._replace(results=results)
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
            board.close_scope(scope)
    board.loops.pop(host.id, None)
    if isinstance(node.many, MultiInstance) and node.many.gather:
        results = loop.results or {}
        gathered = [results.get(str(place + 1)) for place in range(loop.total)]
        board.write(host.scope, checked({node.many.gather: gathered}))
    finish_host(board, host)
