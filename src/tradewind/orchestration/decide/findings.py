"""What is wrong with the shape of a graph whose every element is understood."""

from collections.abc import Iterable, Iterator, Mapping

from tradewind.orchestration.decide.elements import BOUNDARIES, ELEMENTS, ENDS, STARTS
from tradewind.orchestration.model import UNDO_ALL, Finding, Graph, Kind, MultiInstance, Node, Severity

_PASSING = frozenset({
    Kind.EXCLUSIVE, Kind.PARALLEL, Kind.INCLUSIVE, Kind.THROW, Kind.THROW_MESSAGE, Kind.THROW_SIGNAL, Kind.THROW_ESCALATION,
    Kind.LINK_THROW, Kind.LINK_CATCH, Kind.SEND, Kind.TASK,
})  # fmt: skip
"""Nodes that a token passes without resting and without any variable changing."""
_COMPUTING = _PASSING | {Kind.SCRIPT}
_CHOICES = frozenset({Kind.EXCLUSIVE, Kind.INCLUSIVE})
_SUB_STARTS = frozenset({
    Kind.START_MESSAGE, Kind.START_TIMER, Kind.START_SIGNAL, Kind.START_ERROR, Kind.START_ESCALATION,
})  # fmt: skip
_TOP_STARTS = frozenset({Kind.START, Kind.START_MESSAGE, Kind.START_TIMER, Kind.START_SIGNAL})
_AFTER_EVENTS = frozenset({Kind.CATCH_MESSAGE, Kind.CATCH_TIMER, Kind.CATCH_SIGNAL, Kind.RECEIVE})
_BUSY = frozenset({Kind.TASK, Kind.SEND, Kind.SCRIPT})


def structure_findings(graph: Graph) -> Iterator[Finding]:
    """Every finding about starts, ends, reach, gateways, steps and loops, in the order of the diagram."""
    scopes: dict[str, list[Node]] = {"": []}
    for node in graph.nodes.values():
        if node.id == UNDO_ALL:
            continue
        scopes.setdefault(node.parent, []).append(node)
        if node.kind in (Kind.SUB_PROCESS, Kind.EVENT_SUB):
            scopes.setdefault(node.id, [])
    for parent, nodes in scopes.items():
        yield from _starts(graph, parent, nodes)
        yield from _endless(nodes)
        yield from _reach(nodes)
    for nodes in scopes.values():
        for node in nodes:
            yield from _single(node)
            if node.kind is Kind.EVENTS:
                yield from _after_events(graph, node)


def _finding(node: Node, code: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(f"orchestration.{code}", severity, ELEMENTS[node.kind], node.id, message, node.name)


def _starts(graph: Graph, parent: str, nodes: list[Node]) -> Iterator[Finding]:
    begins = [node for node in nodes if node.kind in STARTS]
    plain = [node for node in begins if node.kind is Kind.START]
    around = graph.nodes[parent].kind if parent else None
    element, identity, name = (
        ("subProcess", parent, graph.nodes[parent].name) if parent else ("process", graph.id, graph.name)
    )
    if around is Kind.EVENT_SUB:
        if not any(node.kind in _SUB_STARTS for node in begins):
            message = "an event sub-process begins with an event: message, timer, signal, error or escalation"
            yield Finding("orchestration.no_start_event", Severity.ERROR, element, identity, message, name)
        for node in begins:
            if node.kind not in _SUB_STARTS or len(begins) > 1:
                yield _finding(node, "several_start_events", "an event sub-process has one start event, and it catches")
        return
    if not plain and (parent or not any(node.kind in _TOP_STARTS for node in begins)):
        yield Finding(
            "orchestration.no_start_event", Severity.ERROR, element, identity, "there is no start event", name
        )
    for node in plain[1:]:
        yield _finding(node, "several_start_events", "only one plain start event can begin here")
    seen: set[tuple[Kind, str]] = set()
    for node in begins:
        if parent and node.kind is not Kind.START:
            code = "message_start_inside" if node.kind is Kind.START_MESSAGE else "event_start_inside"
            yield _finding(node, code, "a sub-process begins with a plain start event")
        elif node.kind not in _TOP_STARTS:
            yield _finding(node, "event_start_inside", "only an event sub-process begins with this")
        trigger = (node.kind, node.message or node.signal)
        if trigger[1] and trigger in seen:
            yield _finding(node, "several_start_events", f"{trigger[1]!r} begins at two places")
        seen.add(trigger)


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
    forward = _reached(edges, [node.id for node in nodes if node.kind in STARTS])
    ending = _reached(back, [node.id for node in nodes if node.kind in ENDS])
    for node in nodes:
        if node.kind is Kind.EVENT_SUB or node.for_undo or node.kind is Kind.BOUNDARY_UNDO:
            if node.incoming or node.outgoing:
                yield _finding(node, "flow_to_aside", "no flow leads to or from something that stands beside the flow")
        elif node.id not in forward:
            yield _finding(node, "unreachable", "no token can come here")
        elif node.id not in ending:
            yield _finding(node, "cannot_end", "from here no end event can be reached")


def _endless(nodes: list[Node]) -> Iterator[Finding]:
    """Circles of nodes that never wait: once in such a circle a token either leaves at once or never.

    One in which something is computed may end by what it computes; that is only said.
    """
    found = _on_circle(nodes, _PASSING)
    if found is not None:
        yield _finding(found, "endless_loop", "this lies on a circle in which nothing is done or waited for")
        return
    found = _on_circle(nodes, _COMPUTING)
    if found is not None:
        message = "this lies on a circle without a wait: it is stopped where what is computed does not end it"
        yield _finding(found, "circle_without_wait", message, Severity.WARNING)


def _on_circle(nodes: list[Node], kinds: frozenset[Kind]) -> Node | None:
    """The first node on a circle of such nodes: what is left when all that nothing leads to, or that leads nowhere, is gone."""
    left = {node.id: node for node in nodes if node.kind in kinds and not isinstance(node.many, MultiInstance)}
    after = {name: [flow.target for flow in node.outgoing if flow.target in left] for name, node in left.items()}
    for _ in range(2):
        before: dict[str, list[str]] = {name: [] for name in after}
        for source, targets in after.items():
            for target in targets:
                before[target].append(source)
        count = {name: len(targets) for name, targets in after.items()}
        todo = [name for name, number in count.items() if number == 0]
        gone = set(todo)
        while todo:
            for source in before[todo.pop()]:
                count[source] -= 1
                if count[source] == 0 and source not in gone:
                    gone.add(source)
                    todo.append(source)
        after = {
            name: [source for source in sources if source not in gone]
            for name, sources in before.items()
            if name not in gone
        }
    return next((left[name] for name in left if name in after), None)


def _single(node: Node) -> Iterator[Finding]:
    if node.kind in STARTS and node.incoming:
        yield _finding(node, "flow_into_start", "no flow can lead into a start event")
    if node.kind in BOUNDARIES and node.incoming:
        yield _finding(node, "flow_into_boundary", "no flow can lead into a boundary event")
    if node.kind in ENDS and node.outgoing:
        yield _finding(node, "flow_out_of_end", "no flow can lead out of an end event")
    if node.kind is Kind.SERVICE and not node.step:
        yield _finding(node, "step_without_name", "tw:step must name the step that a service task runs")
    if node.kind is Kind.DECISION and not node.decision:
        yield _finding(node, "decision_without_name", "tw:decision must name the decision that is asked")
    if node.kind is Kind.CALL and not node.called:
        yield _finding(node, "call_without_name", "calledElement must name the stream that is called")
    if node.kind is Kind.USER and not node.role:
        yield _finding(node, "task_without_role", "tw:role should say who does this task", Severity.WARNING)
    if node.kind is Kind.TASK:
        yield _finding(node, "nothing_done", "nothing is done here: a token passes at once", Severity.WARNING)
    if node.kind in _BUSY and node.boundaries:
        yield _finding(
            node, "event_never_comes", "nothing waits here, so what is on its border never comes", Severity.WARNING
        )
    if node.kind in _CHOICES:
        yield from _choice(node)
    else:
        for flow in node.outgoing:
            if flow.condition is not None:
                message = f"the flow {flow.id} has a condition, but only exclusive and inclusive gateways choose"
                yield _finding(node, "condition_without_choice", message)


def _after_events(graph: Graph, node: Node) -> Iterator[Finding]:
    for flow in node.outgoing:
        target = graph.nodes[flow.target]
        if target.kind not in _AFTER_EVENTS or target.boundaries or len(target.incoming) > 1 or target.many is not None:
            message = (
                f"{target.id!r} must be an event that is waited for (or a plain receive task), behind this gateway only"
            )
            yield _finding(node, "no_event_behind", message)


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
