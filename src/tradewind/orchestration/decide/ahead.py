"""What may still run in this turn: the service steps that lie ahead of a place before the next wait."""

from collections.abc import Iterable

from tradewind.orchestration.model import Graph, Kind

_WAITS = frozenset({
    Kind.USER, Kind.RECEIVE, Kind.CATCH_TIMER, Kind.CATCH_MESSAGE, Kind.CATCH_SIGNAL, Kind.CALL, Kind.EVENTS,
})  # fmt: skip
_ENDS = frozenset({Kind.END, Kind.TERMINATE, Kind.END_MESSAGE, Kind.END_SIGNAL, Kind.END_ESCALATION, Kind.END_UNDO})


def steps_ahead(graph: Graph, places: Iterable[str]) -> frozenset[str]:
    """Names of service steps that a token at one of `places` can reach without waiting, those places included.

    A turn takes all its locks at its start, so it must know what might run; too many is harmless, too few is a bug. So whatever
    can catch an error or an escalation, and whatever undoes, counts as reached.
    """
    found: set[str] = set()
    seen: set[str] = set()
    asked = frozenset(places)
    todo = [*asked, *graph.reacts] if asked else []
    while todo:
        place = todo.pop()
        if place in seen or place not in graph.nodes:
            continue
        seen.add(place)
        node = graph.nodes[place]
        if node.kind is Kind.SERVICE:
            found.add(node.step)
        if node.kind is Kind.SUB_PROCESS and node.start:
            todo.append(node.start)
        if node.kind in _ENDS and node.parent:
            around = graph.nodes[node.parent]
            todo.extend(flow.target for flow in around.outgoing)
            if around.many is not None:  # the next round
                todo.append(around.start)
        if node.kind not in _WAITS or place in asked:
            todo.extend(flow.target for flow in node.outgoing)
    return frozenset(found)
