"""What is wrong with the shape of a graph whose every element is understood."""

from collections.abc import Iterable, Iterator, Mapping

from tradewind.orchestration.model import Finding, Graph, Kind, Node, Severity

_ELEMENTS = {
    Kind.START: "startEvent", Kind.START_MESSAGE: "startEvent", Kind.END: "endEvent", Kind.TERMINATE: "endEvent",
    Kind.SERVICE: "serviceTask", Kind.USER: "userTask", Kind.SEND: "sendTask", Kind.RECEIVE: "receiveTask",
    Kind.EXCLUSIVE: "exclusiveGateway", Kind.PARALLEL: "parallelGateway",
    Kind.CATCH_TIMER: "intermediateCatchEvent", Kind.CATCH_MESSAGE: "intermediateCatchEvent",
    Kind.THROW: "intermediateThrowEvent", Kind.THROW_MESSAGE: "intermediateThrowEvent",
    Kind.BOUNDARY_TIMER: "boundaryEvent", Kind.BOUNDARY_MESSAGE: "boundaryEvent", Kind.SUB_PROCESS: "subProcess",
}  # fmt: skip
_STARTS = frozenset({Kind.START, Kind.START_MESSAGE})
_ENDS = frozenset({Kind.END, Kind.TERMINATE})
_BOUNDARIES = frozenset({Kind.BOUNDARY_TIMER, Kind.BOUNDARY_MESSAGE})
_PASSING = frozenset({Kind.EXCLUSIVE, Kind.PARALLEL, Kind.THROW, Kind.THROW_MESSAGE, Kind.SEND})
"""Nodes that a token passes without resting and without any variable changing."""


def structure_findings(graph: Graph) -> Iterator[Finding]:
    """Every finding about starts, ends, reach, gateways, steps and loops, in the order of the diagram."""
    scopes: dict[str, list[Node]] = {"": []}
    for node in graph.nodes.values():
        scopes.setdefault(node.parent, []).append(node)
        if node.kind is Kind.SUB_PROCESS:
            scopes.setdefault(node.id, [])
    for parent, nodes in scopes.items():
        yield from _starts(graph, parent, nodes)
        yield from _reach(nodes)
        yield from _endless(graph, nodes)
    for node in graph.nodes.values():
        yield from _single(node)


def _finding(node: Node, code: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(f"orchestration.{code}", severity, _ELEMENTS[node.kind], node.id, message)


def _starts(graph: Graph, parent: str, nodes: list[Node]) -> Iterator[Finding]:
    plain = [node for node in nodes if node.kind is Kind.START]
    by_message = [node for node in nodes if node.kind is Kind.START_MESSAGE]
    element, identity = ("subProcess", parent) if parent else ("process", graph.id)
    if not plain and (parent or not by_message):
        yield Finding("orchestration.no_start_event", Severity.ERROR, element, identity, "there is no start event")
    for node in plain[1:]:
        yield _finding(node, "several_start_events", "only one plain start event can begin here")
    seen: set[str] = set()
    for node in by_message:
        if parent:
            yield _finding(node, "message_start_inside", "a sub-process begins with a plain start event")
        if node.message in seen:
            yield _finding(node, "several_start_events", f"the message {node.message!r} begins at two places")
        seen.add(node.message)


def _edges(nodes: Iterable[Node]) -> dict[str, list[str]]:
    """Where a token can go from each node of one scope; an activity also leads to its boundary events."""
    inside = {node.id for node in nodes}
    return {
        node.id: [flow.target for flow in node.outgoing] + [item for item in node.boundaries if item in inside]
        for node in nodes
    }


def _reached(edges: Mapping[str, list[str]], begin: Iterable[str]) -> set[str]:
    reached, pending = set(begin), list(begin)
    while pending:
        for target in edges.get(pending.pop(), ()):
            if target not in reached:
                reached.add(target)
                pending.append(target)
    return reached


def _reach(nodes: list[Node]) -> Iterator[Finding]:
    edges = _edges(nodes)
    back: dict[str, list[str]] = {}
    for source, targets in edges.items():
        for target in targets:
            back.setdefault(target, []).append(source)
    forward = _reached(edges, [node.id for node in nodes if node.kind in _STARTS])
    ending = _reached(back, [node.id for node in nodes if node.kind in _ENDS])
    for node in nodes:
        if node.id not in forward:
            yield _finding(node, "unreachable", "no token can come here")
        elif node.id not in ending:
            yield _finding(node, "cannot_end", "from here no end event can be reached")


def _endless(graph: Graph, nodes: list[Node]) -> Iterator[Finding]:
    """Circles of nodes that never wait: once in such a circle a token either leaves at once or never."""
    edges = {
        node.id: [flow.target for flow in node.outgoing if graph.nodes[flow.target].kind in _PASSING]
        for node in nodes
        if node.kind in _PASSING
    }
    for node in nodes:
        if node.id in edges and node.id in _reached(edges, edges[node.id]):
            yield _finding(node, "endless_loop", "this lies on a circle in which nothing is done or waited for")
            return


def _single(node: Node) -> Iterator[Finding]:
    if node.kind in _STARTS and node.incoming:
        yield _finding(node, "flow_into_start", "no flow can lead into a start event")
    if node.kind in _BOUNDARIES and node.incoming:
        yield _finding(node, "flow_into_boundary", "no flow can lead into a boundary event")
    if node.kind in _ENDS and node.outgoing:
        yield _finding(node, "flow_out_of_end", "no flow can lead out of an end event")
    if node.kind is Kind.SERVICE and not node.step:
        yield _finding(node, "step_without_name", "tw:step must name the step that a service task runs")
    if node.kind is Kind.USER and not node.role:
        yield _finding(node, "task_without_role", "tw:role should say who does this task", Severity.WARNING)
    if node.kind is Kind.EXCLUSIVE:
        yield from _choice(node)
    else:
        for flow in node.outgoing:
            if flow.condition is not None:
                message = f"the flow {flow.id} has a condition, but only exclusive gateways choose"
                yield _finding(node, "condition_without_choice", message)


def _choice(node: Node) -> Iterator[Finding]:
    flows = node.outgoing
    if node.default and node.default not in {flow.id for flow in flows}:
        yield _finding(node, "unknown_default", f"the default flow {node.default!r} does not leave here")
        return
    open_flows = [flow for flow in flows if flow.condition is None and flow.id != node.default]
    if len(flows) < 2:
        return
    for flow in open_flows:
        yield _finding(
            node, "flow_without_condition", f"the flow {flow.id} has neither a condition nor is it the default"
        )
    always = any(
        flow.condition is not None and not flow.condition.names and flow.condition.evaluate({}) is True
        for flow in flows
    )
    if not node.default and not open_flows and not always:
        message = "there is no default flow: where no condition holds (a missing value satisfies none) the stream stops"
        yield _finding(node, "choice_without_default", message, Severity.WARNING)
