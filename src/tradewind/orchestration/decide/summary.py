"""A stream in words: sentences for people, lines that compare well, and what differs between two versions.

The words come from the names in the diagram, so a diagram with good names reads well; without a name the id stands in.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

from tradewind.kernel.value import value
from tradewind.orchestration.decide.elements import BOUNDARIES, ELEMENTS, ENDS, STARTS
from tradewind.orchestration.model import (
    UNDO_ALL,
    Expression,
    Flow,
    Graph,
    Kind,
    MultiInstance,
    Node,
    StandardLoop,
)

_CONVERTED = re.compile(r"(?:date and time|duration)\((.*)\)", re.DOTALL)
_BEGINS = {
    Kind.START: "It begins: {name}.",
    Kind.START_MESSAGE: "It begins when the message {message} comes: {name}.",
    Kind.START_TIMER: "It begins at {timer}: {name}.",
    Kind.START_SIGNAL: "It begins when the signal {signal} is given: {name}.",
    Kind.START_ERROR: "It begins when {code} goes wrong: {name}.",
    Kind.START_ESCALATION: "It begins when {code} is escalated: {name}.",
}
_DOES = {
    Kind.TASK: "{name} (nothing is done by the system).",
    Kind.SERVICE: "{name} (the system does it).",
    Kind.USER: "{role} does: {name}.",
    Kind.SEND: "{name}: the message {message} is sent.",
    Kind.RECEIVE: "{name}: it waits for the message {message}.",
    Kind.SCRIPT: "{name}: {result} is worked out as {script}.",
    Kind.DECISION: "{name}: the rules {decision} decide.",
    Kind.CALL: "{name}: the stream {called} runs.",
    Kind.SUB_PROCESS: "{name}: this has steps of its own.",
    Kind.EVENT_SUB: "At any time in between: {name}.",
    Kind.EXCLUSIVE: "{name}: one way is taken.",
    Kind.PARALLEL: "{name}: all ways are gone at once.",
    Kind.INCLUSIVE: "{name}: every way that applies is gone.",
    Kind.EVENTS: "{name}: what comes first decides.",
    Kind.CATCH_TIMER: "{name}: it waits until {timer}.",
    Kind.CATCH_MESSAGE: "{name}: it waits for the message {message}.",
    Kind.CATCH_SIGNAL: "{name}: it waits for the signal {signal}.",
    Kind.THROW: "{name} is reached.",
    Kind.THROW_MESSAGE: "{name}: the message {message} is sent.",
    Kind.THROW_SIGNAL: "{name}: the signal {signal} is given.",
    Kind.THROW_ESCALATION: "{name}: {code} is escalated.",
    Kind.THROW_UNDO: "{name}: {undone} is undone, the last first.",
    Kind.LINK_THROW: "It goes on at {link}.",
    Kind.LINK_CATCH: "At {link} it goes on.",
    Kind.END: "It ends: {name}.",
    Kind.TERMINATE: "It ends with everything that still runs: {name}.",
    Kind.END_MESSAGE: "It ends with the message {message}: {name}.",
    Kind.END_SIGNAL: "It ends with the signal {signal}: {name}.",
    Kind.END_ERROR: "It ends because {code} went wrong: {name}.",
    Kind.END_ESCALATION: "It ends and {code} is escalated: {name}.",
    Kind.END_UNDO: "It ends, and {undone} is undone, the last first: {name}.",
}
_ON_BORDER = {
    Kind.BOUNDARY_TIMER: "If {host} takes until {timer}: {name}, {how}.",
    Kind.BOUNDARY_MESSAGE: "If the message {message} comes during {host}: {name}, {how}.",
    Kind.BOUNDARY_SIGNAL: "If the signal {signal} is given during {host}: {name}, {how}.",
    Kind.BOUNDARY_ERROR: "If {code} goes wrong in {host}: {name}.",
    Kind.BOUNDARY_ESCALATION: "If {code} is escalated in {host}: {name}, {how}.",
    Kind.BOUNDARY_UNDO: "{host} is undone by {handler}.",
}
_GATEWAYS = frozenset({Kind.EXCLUSIVE, Kind.INCLUSIVE, Kind.PARALLEL, Kind.EVENTS})


def summary(graph: Graph) -> tuple[str, ...]:
    """The stream as sentences, in the order in which it runs; gateways that only bring ways together are left out."""
    said = [f"{graph.name or graph.id}:"]
    for node, depth in in_order(graph):
        joins = node.kind in _GATEWAYS and len(node.outgoing) < 2
        if not joins:
            said += ["  " * depth + line for line in _sentences(graph, node)]
    return tuple(said)


def _sentences(graph: Graph, node: Node) -> Iterator[str]:
    if node.for_undo:
        return
    template = {**_BEGINS, **_DOES, **_ON_BORDER}[node.kind]
    line = template.format_map(_words(graph, node))
    yield (line[:1].upper() + line[1:]).replace("?:", "?") + _how_often(node)
    if node.kind in (Kind.EXCLUSIVE, Kind.INCLUSIVE):
        for flow in node.outgoing:
            yield f"- {_when(node, flow)}: {called(graph.nodes[flow.target])}"
    elif node.kind in BOUNDARIES and node.outgoing:
        yield f"- then: {called(graph.nodes[node.outgoing[0].target])}"


def _words(graph: Graph, node: Node) -> dict[str, str]:
    undone = graph.nodes.get(node.undoes)
    host = graph.nodes.get(node.attached_to)
    handler = graph.nodes.get(host.undo) if host is not None else None
    return {
        "name": called(node),
        "message": node.message,
        "signal": node.signal,
        "code": node.code or "anything",
        "timer": _moment(_text(node.timer)) + ("" if node.repeat == 1 else ", again and again"),
        "role": node.role or "Somebody",
        "result": node.result or "what follows from it",
        "script": _text(node.script),
        "decision": node.decision,
        "called": node.called,
        "link": node.link,
        "undone": called(undone) if undone is not None else "what was done",
        "host": called(host) if host is not None else "",
        "handler": called(handler) if handler is not None else "",
        "how": "and it stops" if node.interrupting else "while it goes on",
    }


def _how_often(node: Node) -> str:
    many = node.many
    if isinstance(many, StandardLoop):
        while_ = f" while {_text(many.condition)}" if many.condition is not None else ""
        return f" Again and again{while_}{f', at most {many.most} times' if many.most is not None else ''}."
    if isinstance(many, MultiInstance):
        what = (
            f"For each {many.element or 'element'} of {_text(many.collection)}" if many.collection is not None else ""
        )
        what = what or f"{_text(many.cardinality)} times"
        return f" {what}, {'one after the other' if many.sequential else 'all at once'}."
    return ""


def _when(node: Node, flow: Flow) -> str:
    if flow.id == node.default:
        return "otherwise"
    return f"where {_text(flow.condition)}" if flow.condition is not None else "always"


def _moment(text: str) -> str:
    """An instant or delay without the conversion that the compiler puts around it."""
    inner = _CONVERTED.fullmatch(text)
    return inner[1].strip('"') if inner else text


def called(node: Node) -> str:
    """What people call it."""
    return node.name or node.id


def _text(expression: Expression | None) -> str:
    return "" if expression is None else expression.text


# ---- lines -------------------------------------------------------------------------------------------------------


def as_text(graph: Graph) -> tuple[str, ...]:
    """One line an element, in the order in which it runs and indented by sub-process; the same graph gives the same lines."""
    return tuple("  " * depth + line_of(node) for node, depth in in_order(graph))


def line_of(node: Node) -> str:
    """`serviceTask assess "Check everything" step=orders.assess -> take`: all that makes it run as it does."""
    parts = [ELEMENTS[node.kind], node.id]
    if node.name:
        parts.append('"' + node.name.replace('"', "'") + '"')
    parts += [f"{name}={text}" for name, text in _properties(node) if text]
    parts += [f"-> {flow.target}{_condition(node, flow)}" for flow in node.outgoing]
    return " ".join(parts)


def _condition(node: Node, flow: Flow) -> str:
    if flow.id == node.default:
        return " else"
    return f" when [{flow.condition.text}]" if flow.condition is not None else ""


def _properties(node: Node) -> Iterator[tuple[str, str]]:
    for name in (
        "step",
        "role",
        "form",
        "message",
        "signal",
        "code",
        "decision",
        "called",
        "result",
        "undo",
        "undoes",
        "link",
    ):
        yield name, getattr(node, name)
    for name in ("key", "payload", "due", "timer", "inputs", "outputs", "script"):
        expression: Expression | None = getattr(node, name)
        yield name, f"[{expression.text}]" if expression is not None else ""
    yield "calendar", node.calendar
    yield "repeat", str(node.repeat) if node.repeat != 1 else ""
    yield "on", node.attached_to
    if node.kind in BOUNDARIES | STARTS:
        yield "interrupts", "" if node.interrupting else "no"
    many = node.many
    if isinstance(many, StandardLoop):
        yield "loop", f"[{_text(many.condition)}]" + (" before" if many.before else "") + f" most {many.most or '-'}"
    elif many is not None:
        yield (
            "each",
            f"[{_text(many.collection) or _text(many.cardinality)}]" + (" in sequence" if many.sequential else ""),
        )
        yield "element", many.element
        yield "gather", f"{many.gather} of {many.result}" if many.gather else ""
        yield "until", f"[{_text(many.until)}]" if many.until is not None else ""


def in_order(graph: Graph) -> Iterator[tuple[Node, int]]:
    """Every element as it comes, from the starts along the flows, with how deep it lies; what nothing leads to comes last."""
    inside: dict[str, list[Node]] = {}
    for node in graph.nodes.values():
        if node.id != UNDO_ALL:
            inside.setdefault(node.parent, []).append(node)
    todo: list[tuple[Iterator[Node], int]] = [(iter(_sorted(graph, inside.get("", []))), 0)]
    while todo:
        nodes, depth = todo[-1]
        found = next(nodes, None)
        if found is None:
            todo.pop()
            continue
        yield found, depth
        if found.id in inside:
            todo.append((iter(_sorted(graph, inside[found.id])), depth + 1))


def _sorted(graph: Graph, nodes: list[Node]) -> list[Node]:
    """One scope by flow: depth first, the ends of ways as they come."""
    begins = [node for node in nodes if node.kind in STARTS]
    aside = [node for node in nodes if node.kind is Kind.EVENT_SUB or node.for_undo]
    found: dict[str, Node] = {}
    for first in [*begins, *aside, *nodes]:
        todo = [first]
        while todo:
            node = todo.pop()
            if node.id in found:
                continue
            found[node.id] = node
            after = [graph.nodes[flow.target] for flow in node.outgoing]
            todo += [one for one in reversed(after) if one.kind in ENDS]
            todo += [one for one in reversed(after) if one.kind not in ENDS]
            todo += [graph.nodes[name] for name in reversed(node.boundaries)]
    return list(found.values())


# ---- two versions ------------------------------------------------------------------------------------------------


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@value(frozen=True, slots=True)
class Difference:
    """What is otherwise about one element; `before` and `after` are its lines, "" where it is not there."""

    change: Change
    id: str
    name: str
    before: str
    after: str


def diff(old: Graph, new: Graph) -> tuple[Difference, ...]:
    """What differs between two versions, element by element, in the order of the new one, then what is gone."""
    before = {node.id: node for node, _ in in_order(old)}
    found: list[Difference] = []
    for node, _ in in_order(new):
        was = before.pop(node.id, None)
        if was is None:
            found.append(Difference(Change.ADDED, node.id, node.name, "", line_of(node)))
        elif line_of(was) != line_of(node) or was.parent != node.parent:
            found.append(Difference(Change.CHANGED, node.id, node.name, line_of(was), line_of(node)))
    found += [Difference(Change.REMOVED, node.id, node.name, line_of(node), "") for node in before.values()]
    return tuple(found)
