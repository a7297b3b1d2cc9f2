"""Linking what was read of a process: flows, borders, starts, links, handlers and joins; what does not fit is a finding."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from tradewind.orchestration.decide.elements import BOUNDARIES, STARTS, TASKS
from tradewind.orchestration.decide.notes import Notes
from tradewind.orchestration.decide.xml import local, text_of
from tradewind.orchestration.model import UNDO_ALL, Flow, Graph, Kind, Node

MAX_REACH = 200_000
"""Flows looked at to learn what inclusive joins must wait for."""
_HEARD = frozenset({Kind.CATCH_SIGNAL, Kind.BOUNDARY_SIGNAL, Kind.START_SIGNAL})
_CATCHES = frozenset({Kind.BOUNDARY_ERROR, Kind.BOUNDARY_ESCALATION, Kind.START_ERROR, Kind.START_ESCALATION})


@dataclass(slots=True)
class Draft:
    """A process while it is read."""

    element: etree._Element
    nodes: dict[str, Node] = field(default_factory=dict)
    elements: dict[str, etree._Element] = field(default_factory=dict)
    flows: list[tuple[Flow, str, etree._Element]] = field(default_factory=list)
    """Each flow with the scope in which it is drawn."""
    associations: list[tuple[str, str]] = field(default_factory=list)


def linked(notes: Notes, draft: Draft) -> Graph:
    """The nodes with their flows, boundary events and starts; what does not fit together becomes a finding."""
    incoming, outgoing = _flows(notes, draft)
    boundaries: dict[str, list[str]] = {}
    starts: dict[str, list[Node]] = {}
    for node in draft.nodes.values():
        if node.kind in BOUNDARIES:
            boundaries.setdefault(node.attached_to, []).append(node.id)
            _check_attachment(notes, draft, node)
        if node.kind in STARTS:
            starts.setdefault(node.parent, []).append(node)
    _check_references(notes, draft)
    subs = _event_subs(draft, starts)
    handlers = _handlers(notes, draft)
    nodes = {
        node.id: replace(
            node,
            incoming=tuple(incoming.get(node.id, ())),
            outgoing=tuple(outgoing.get(node.id, ())),
            boundaries=tuple(boundaries.get(node.id, ())),
            start=_first(starts.get(node.id, ()), node),
            event_subs=tuple(subs.get(node.id, ())),
            undo=handlers.get(node.id, ""),
        )
        for node in draft.nodes.values()
    }
    nodes = _with_reach(notes, draft, nodes)
    if handlers:
        nodes[UNDO_ALL] = Node(UNDO_ALL, Kind.END_UNDO, "Undo everything")
    top = starts.get("", [])
    reacts = [node.id for node in nodes.values() if node.kind in _CATCHES]
    return Graph(
        draft.element.get("id") or "",
        " ".join((draft.element.get("name") or "").split()),
        nodes,
        next((start.id for start in top if start.kind is Kind.START), ""),
        {start.message: start.id for start in top if start.kind is Kind.START_MESSAGE},
        {start.signal: start.id for start in top if start.kind is Kind.START_SIGNAL},
        tuple(start.id for start in top if start.kind is Kind.START_TIMER),
        tuple(subs.get("", ())),
        tuple(reacts + sorted(set(handlers.values()))),
        any(node.kind is Kind.CALL for node in nodes.values()),
        any(node.kind in _HEARD for node in nodes.values()),
        any(node.calendar for node in nodes.values()),
    )


def _first(starts: Iterable[Node], node: Node) -> str:
    """Where a sub-process begins: an event one at its only start, whatever it catches."""
    return next((start.id for start in starts if start.kind is Kind.START or node.kind is Kind.EVENT_SUB), "")


def _flows(notes: Notes, draft: Draft) -> tuple[dict[str, list[str]], dict[str, list[Flow]]]:
    """The flows by where they arrive and by where they leave; a link is a flow that is not drawn."""
    incoming: dict[str, list[str]] = {}
    outgoing: dict[str, list[Flow]] = {}
    for flow, parent, element in draft.flows:
        source, target = draft.nodes.get(flow.source), draft.nodes.get(flow.target)
        if source is None or target is None:
            if not notes.unsupported:
                notes.error("dangling_flow", element, "the flow does not lead from one element to another")
        elif source.parent != parent or target.parent != parent:
            notes.error("flow_crosses_scope", element, "a flow cannot cross the border of a sub-process")
        else:
            incoming.setdefault(flow.target, []).append(flow.id)
            outgoing.setdefault(flow.source, []).append(flow)
    caught = {(node.parent, node.link): node for node in draft.nodes.values() if node.kind is Kind.LINK_CATCH}
    thrown = {(node.parent, node.link) for node in draft.nodes.values() if node.kind is Kind.LINK_THROW}
    for node in draft.nodes.values():
        if node.kind is Kind.LINK_THROW:
            goal = caught.get((node.parent, node.link))
            if goal is None:
                notes.error("link_without_end", draft.elements[node.id], f"no link event catches {node.link!r} here")
                continue
            identity = f"{node.id}~{goal.id}"
            incoming.setdefault(goal.id, []).append(identity)
            outgoing.setdefault(node.id, []).append(Flow(identity, node.id, goal.id))
        elif node.kind is Kind.LINK_CATCH and (node.parent, node.link) not in thrown:
            notes.error("link_without_end", draft.elements[node.id], f"no link event throws {node.link!r} here")
    return incoming, outgoing


def _event_subs(draft: Draft, starts: Mapping[str, list[Node]]) -> dict[str, list[str]]:
    """The starts of event sub-processes by the sub-process they lie in."""
    found: dict[str, list[str]] = {}
    for node in draft.nodes.values():
        if node.kind is Kind.EVENT_SUB and starts.get(node.id):
            found.setdefault(node.parent, []).append(starts[node.id][0].id)
    return found


def _handlers(notes: Notes, draft: Draft) -> dict[str, str]:
    """Activity to the activity that undoes it: tied to its compensation event by an association."""
    found: dict[str, str] = {}
    for node in draft.nodes.values():
        if node.kind is not Kind.BOUNDARY_UNDO:
            continue
        tied = [other for source, target in draft.associations for other in _other(node.id, source, target)]
        fitting = [draft.nodes[other] for other in tied if other in draft.nodes and draft.nodes[other].for_undo]
        if len(fitting) != 1 or fitting[0].parent != node.parent:
            message = "an association must tie it to one activity beside it that is for compensation"
            notes.error("undo_without_handler", draft.elements[node.id], message)
        elif node.attached_to in found:
            notes.error("undo_without_handler", draft.elements[node.id], "the activity has another compensation event")
        else:
            found[node.attached_to] = fitting[0].id
    for node in draft.nodes.values():
        if node.undoes and (node.undoes not in draft.nodes or not _undoable(draft, found, node.undoes)):
            notes.error("nothing_to_undo", draft.elements[node.id], f"nothing undoes {node.undoes!r}")
        if node.for_undo and node.id not in found.values():
            notes.error("undo_without_handler", draft.elements[node.id], "no compensation event is tied to it")
    return found


def _other(identity: str, source: str, target: str) -> list[str]:
    return [target] if source == identity else [source] if target == identity else []


def _undoable(draft: Draft, handlers: Mapping[str, str], activity: str) -> bool:
    """Whether the activity, or something inside it, has a handler."""
    for name in handlers:
        place = name
        while place:
            if place == activity:
                return True
            place = draft.nodes[place].parent if place in draft.nodes else ""
    return False


def _with_reach(notes: Notes, draft: Draft, nodes: dict[str, Node]) -> dict[str, Node]:
    """Tell every inclusive join from where tokens can come along each of its flows without passing the join itself."""
    joins = [node for node in nodes.values() if node.kind is Kind.INCLUSIVE and len(node.incoming) > 1]
    if not joins:
        return nodes
    sources = {flow.id: flow.source for node in nodes.values() for flow in node.outgoing}
    before: dict[str, list[str]] = {}
    for node in nodes.values():
        for flow in node.outgoing:
            before.setdefault(flow.target, []).append(node.id)
        if node.attached_to:
            before.setdefault(node.id, []).append(node.attached_to)
    looked = 0
    for join in joins:
        reach: list[frozenset[str]] = []
        for flow_id in join.incoming:
            todo = [] if sources[flow_id] == join.id else [sources[flow_id]]
            found = set(todo)
            while todo:
                ways = before.get(todo.pop(), ())
                looked += len(ways)
                if looked > MAX_REACH:
                    notes.error(
                        "diagram_too_large", draft.elements[join.id], "too many ways lead to inclusive gateways"
                    )
                    return nodes
                for place in ways:
                    if place not in found and place != join.id:
                        found.add(place)
                        todo.append(place)
            reach.append(frozenset(found))
        nodes[join.id] = replace(join, reach=tuple(reach))
    return nodes


def _check_attachment(notes: Notes, draft: Draft, node: Node) -> None:
    host = draft.nodes.get(node.attached_to)
    if host is None and notes.unsupported:
        return
    if host is None or host.parent != node.parent or local(draft.elements[host.id]) not in TASKS or host.for_undo:
        notes.error(
            "boundary_without_activity", draft.elements[node.id], "a boundary event sits on a task or sub-process"
        )


def _check_references(notes: Notes, draft: Draft) -> None:
    """`<incoming>` and `<outgoing>` that name no flow, and defaults where they mean nothing."""
    known = {flow.id for flow, _, _ in draft.flows}
    for element in draft.elements.values():
        for child in element:
            if local(child) in ("incoming", "outgoing") and text_of(child) not in known:
                notes.error(
                    "dangling_flow", element, f"{local(child)} names the flow {text_of(child)!r}, which is not there"
                )
        if element.get("default") and local(element) not in ("exclusiveGateway", "inclusiveGateway"):
            notes.error("default_without_choice", element, "only exclusive and inclusive gateways have a default flow")
