"""How tokens begin, go on along flows, and end; with the last one its scope ends. Everything works on a `Board`."""

from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import Board, Stop
from tradewind.orchestration.model import ROOT, Flow, Kind, Move, Node, Scope, Token, Variables, Verb


def start(board: Board, node: str, scope: int) -> None:
    """Put a new token on its way to `node`."""
    board.live[scope] = board.live.get(scope, 0) + 1
    board.moving.append((node, scope, ""))


def leave(board: Board, node: Node, scope: int) -> None:
    """A token goes on from `node`: along every flow, or it ends; an instance of a loop ends with its activity."""
    if node.many is not None and board.is_instance(node, scope):
        consume(board, scope)
        return
    if node.kind is Kind.INCLUSIVE:
        go(board, chosen(board, node, scope), scope)
    elif node.outgoing:
        go(board, node.outgoing, scope)
    else:
        consume(board, scope)


def go(board: Board, flows: tuple[Flow, ...], scope: int) -> None:
    """One token goes on along each of these flows, at least one."""
    if len(flows) > 1:
        board.live[scope] += len(flows) - 1
    for flow in flows:
        board.moving.append((flow.target, scope, flow.id))


def chosen(board: Board, node: Node, scope: int) -> tuple[Flow, ...]:
    """Every flow of an inclusive gateway whose condition holds, or its default."""
    context = board.context(scope)
    several = len(node.outgoing) > 1
    found = tuple(
        flow
        for flow in node.outgoing
        if flow.id != node.default
        and (flow.condition.evaluate(context) is True if flow.condition is not None else not several)
    )
    found = found or tuple(flow for flow in node.outgoing if flow.id == node.default)
    if not found:
        raise Stop(errors.no_way_out(node.id))
    return found


def consume(board: Board, scope: int) -> None:
    """A token is gone for good; with the last one its scope ends."""
    board.live[scope] -= 1
    if board.live[scope] == 0:
        board.ended.append(scope)


def passed(board: Board, node: Node, token: int = 0) -> None:
    """For the trail: something happened at `node` without a token resting there."""
    board.trail.append(Move(node.id, Verb.ENTERED, token))
    board.trail.append(Move(node.id, Verb.LEFT, token))


def finish_host(board: Board, host: Token) -> None:
    """The activity at which `host` rests is done."""
    node = board.node(host.node)
    board.lift(host)
    if node.undo and node.many is None:
        board.record(node, host.scope)
    leave(board, node, host.scope)


def open_scope(board: Board, host: Token, first: str, variables: Variables | None = None) -> None:
    """Begin inside the activity at which `host` rests, at the node `first`; what its event sub-processes catch is armed."""
    inner = Scope(board.new_id(host.node), host.scope, host.id, host.node, variables)
    board.scopes[inner.id] = inner
    start(board, first, inner.id)
    subs = board.nodes[host.node].event_subs
    if subs:
        arm_subs(board, subs, inner.id)


def arm(board: Board, node: Node, host: Token) -> None:
    """Arm the boundary events of an activity; those of a loop are armed once, on the whole of it."""
    if not node.boundaries or (node.many is not None and board.is_instance(node, host.scope)):
        return
    for name in node.boundaries:
        event = board.node(name)
        if event.kind in (Kind.BOUNDARY_TIMER, Kind.BOUNDARY_MESSAGE, Kind.BOUNDARY_SIGNAL):
            board.watch(event, host.id, mark_of(board, event, host.scope))


def arm_subs(board: Board, subs: tuple[str, ...], scope: int) -> None:
    """Arm the starts of event sub-processes for as long as their scope runs."""
    for name in subs:
        event = board.node(name)
        if event.kind in (Kind.START_TIMER, Kind.START_MESSAGE, Kind.START_SIGNAL):
            board.watch(event, -scope, mark_of(board, event, scope))


def mark_of(board: Board, event: Node, scope: int) -> str:
    """What an armed event is told by: the key of a message, the instant of a timer and how often it comes."""
    if event.timer is not None:
        due = board.instant(event.timer, event, scope).isoformat()
        return due if event.repeat == 1 else f"{due}/{event.repeat}"
    return board.key(event, scope) if event.message else ""


def end_root(board: Board) -> None:
    """Nothing is left at the top: what its event sub-processes would catch is disarmed."""
    if board.watches:
        board.disarm({ROOT})
