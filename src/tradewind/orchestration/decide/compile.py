"""BPMN 2.0 XML to a `Graph`. What is not understood is named and refused; nothing is skipped in silence.

`compile_bpmn(data, expressions)` is the one entry; `check(name, data, expressions)` renders its report as JSON values.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from tradewind.orchestration.decide.elements import (
    ATTRIBUTES,
    COLLABORATION_DESCRIPTIVE,
    DESCRIPTIVE,
    EVENT_ELEMENTS,
    EVENTS,
    GATEWAYS,
    ONE_ONLY,
    REFUSED_ATTRIBUTES,
    ROOT_DESCRIPTIVE,
    TASKS,
)
from tradewind.orchestration.decide.findings import structure_findings
from tradewind.orchestration.decide.notes import Notes
from tradewind.orchestration.decide.parts import due_part, loop_part, message_part, timer_part
from tradewind.orchestration.decide.xml import MODEL, TRADEWIND, local, namespace, own, read_definitions, text_of
from tradewind.orchestration.model import (
    ExpressionReader,
    Finding,
    Flow,
    Graph,
    Kind,
    Node,
    Report,
    Severity,
)

MAX_NODES = 2_000
MAX_SCOPES = 20
"""Sub-processes inside each other."""
_MESSAGE_TASKS = frozenset({Kind.SEND, Kind.RECEIVE})
_TIMERS = frozenset({Kind.CATCH_TIMER, Kind.BOUNDARY_TIMER})
_MESSAGES = frozenset({Kind.START_MESSAGE, Kind.CATCH_MESSAGE, Kind.THROW_MESSAGE, Kind.BOUNDARY_MESSAGE})


@dataclass(slots=True)
class _Draft:
    """A process while it is read."""

    element: etree._Element
    nodes: dict[str, Node] = field(default_factory=dict)
    elements: dict[str, etree._Element] = field(default_factory=dict)
    flows: list[tuple[Flow, str, etree._Element]] = field(default_factory=list)
    """Each flow with the scope in which it is drawn."""


def compile_bpmn(data: bytes, expressions: ExpressionReader) -> Report:
    """Read a diagram. The report carries the graph only where nothing is unsupported and no finding is an error."""
    root = read_definitions(data)
    if isinstance(root, Finding):
        return Report(None, (), (root,))
    notes = Notes(expressions)
    _declarations(notes, root)
    drafts = [_process(notes, element) for element in root if local(element) == "process"]
    drawn = [draft for draft in drafts if draft.nodes or draft.flows] or drafts[:1]
    if not drawn:
        notes.error("no_process", root, "the file contains no process")
        return Report(None, tuple(notes.unsupported), tuple(notes.findings))
    for extra in drawn[1:]:
        notes.refuse(extra.element)
    graph = _linked(notes, drawn[0])
    if not notes.unsupported:
        for finding in structure_findings(graph):
            notes.add(finding)
    sound = not notes.unsupported and all(finding.severity is not Severity.ERROR for finding in notes.findings)
    return Report(graph if sound else None, tuple(notes.unsupported), tuple(notes.findings))


def check(name: str, data: bytes, expressions: ExpressionReader) -> dict[str, Any]:
    """The report of one file as plain JSON values: `file`, `ok`, `unsupported`, `findings`."""
    report = compile_bpmn(data, expressions)
    return {
        "file": name,
        "ok": report.ok,
        "unsupported": [item.as_json() for item in report.unsupported],
        "findings": [finding.as_json() for finding in report.findings],
    }


# ---- declarations ------------------------------------------------------------------------------------------------


def _declarations(notes: Notes, root: etree._Element) -> None:
    _ids_and_extensions(notes, root)
    for child in root:
        if namespace(str(child.tag)) != MODEL:
            continue
        kind = local(child)
        if kind == "message":
            notes.messages[child.get("id") or ""] = (child.get("name") or "").strip()
        elif kind == "collaboration":
            for part in child:
                if local(part) not in COLLABORATION_DESCRIPTIVE:
                    notes.refuse(part, child)
        elif kind == "extension":
            if (child.get("mustUnderstand") or "") in ("true", "1"):
                notes.refuse(child)
        elif kind not in ROOT_DESCRIPTIVE and kind != "process":
            notes.refuse(child)


def _ids_and_extensions(notes: Notes, root: etree._Element) -> None:
    foreign: dict[str, etree._Element] = {}
    ids: Counter[str] = Counter()
    for element in root.iter(etree.Element):
        if namespace(str(element.tag)) == MODEL:
            if identity := element.get("id"):
                ids[identity] += 1
                if ids[identity] == 2:
                    notes.error("duplicate_id", element, f"the id {identity!r} is used more than once")
            for attribute in element.attrib:
                _note_foreign(foreign, str(attribute), element)
        else:
            _note_foreign(foreign, str(element.tag), element)
    for uri, element in foreign.items():
        while not element.get("id") and (above := element.getparent()) is not None:
            element = above
        notes.warn("foreign_extension", element, f"additions of {uri} are not read")


def _note_foreign(foreign: dict[str, etree._Element], name: str, element: etree._Element) -> None:
    """Remember one element for each namespace that is neither BPMN's, its drawing's, nor ours."""
    uri = namespace(name)
    if uri in ("", MODEL, TRADEWIND) or uri.startswith(("http://www.omg.org/spec/", "http://www.w3.org/")):
        return
    foreign.setdefault(uri, element)


# ---- a process and what lies in it -------------------------------------------------------------------------------


def _process(notes: Notes, element: etree._Element) -> _Draft:
    draft = _Draft(element)
    _scope(notes, draft, element, parent="", depth=1)
    return draft


def _scope(notes: Notes, draft: _Draft, scope: etree._Element, *, parent: str, depth: int) -> None:
    for child in scope:
        kind = local(child)
        if namespace(str(child.tag)) != MODEL:
            notes.refuse(child, scope)
        elif kind == "sequenceFlow":
            _flow(notes, draft, child, parent)
        elif kind in TASKS or kind in GATEWAYS or kind in EVENT_ELEMENTS:
            _node(notes, draft, child, parent=parent, depth=depth)
        elif kind not in DESCRIPTIVE and not (parent and kind == "multiInstanceLoopCharacteristics"):
            notes.refuse(child, scope)


def _flow(notes: Notes, draft: _Draft, element: etree._Element, parent: str) -> None:
    condition = None
    for child in element:
        if local(child) == "conditionExpression":
            language = (child.get("language") or "").lower()
            text = text_of(child)
            if (language and "feel" not in language) or child.get("evaluatesToTypeRef"):
                notes.refuse(child, element)
            elif text:
                condition = notes.expression(element, "the condition", text)
        elif local(child) not in DESCRIPTIVE:
            notes.refuse(child, element)
    identity = element.get("id") or ""
    if not identity:
        notes.error("element_without_id", element, "every flow needs an id")
    source, target = (element.get("sourceRef") or "").strip(), (element.get("targetRef") or "").strip()
    draft.flows.append((Flow(identity, source, target, condition), parent, element))


def _node(notes: Notes, draft: _Draft, element: etree._Element, *, parent: str, depth: int) -> None:
    identity = element.get("id") or ""
    if not identity:
        notes.error("element_without_id", element, "every element needs an id")
        return
    definitions = [child for child in element if local(child).endswith("EventDefinition")]
    kind = _kind(notes, element, definitions)
    if kind is None:
        return
    if len(draft.nodes) >= MAX_NODES or depth > MAX_SCOPES:
        notes.error("diagram_too_large", element, f"at most {MAX_NODES} elements, {MAX_SCOPES} levels of sub-process")
        return
    _refuse_attributes(notes, element, kind)
    _refuse_children(notes, element, kind)
    node = Node(
        identity,
        kind,
        name=" ".join((element.get("name") or "").split()),
        parent=parent,
        default=element.get("default") or "",
        attached_to=(element.get("attachedToRef") or "").strip(),
        interrupting=(element.get("cancelActivity") or "true").strip() not in ("false", "0"),
        step=own(element, "step"),
        role=own(element, "role"),
        form=own(element, "form"),
        due=due_part(notes, element) if kind is Kind.USER else None,
        timer=timer_part(notes, element, definitions[0]) if kind in _TIMERS else None,
        many=loop_part(notes, element) if local(element) in TASKS else None,
        **(message_part(notes, element, definitions[0] if definitions else element) if _is_message(kind) else {}),
    )
    draft.nodes[identity], draft.elements[identity] = node, element
    if kind is Kind.SUB_PROCESS:
        _scope(notes, draft, element, parent=identity, depth=depth + 1)


def _is_message(kind: Kind) -> bool:
    return kind in _MESSAGES or kind in _MESSAGE_TASKS


def _kind(notes: Notes, element: etree._Element, definitions: list[etree._Element]) -> Kind | None:
    """What the element does; None after it was refused by name."""
    tag = local(element)
    if tag in TASKS:
        return TASKS[tag]
    if tag in GATEWAYS:
        return GATEWAYS[tag]
    if len(definitions) > 1:
        notes.refuse(element)
        return None
    kind = EVENTS.get((tag, local(definitions[0]) if definitions else ""))
    if kind is None:
        notes.refuse(definitions[0] if definitions else element, element)
    return kind


def _refuse_attributes(notes: Notes, element: etree._Element, kind: Kind) -> None:
    for name, values in REFUSED_ATTRIBUTES.items():
        if (element.get(name) or "") in values:
            notes.refuse(element)
    for name in ONE_ONLY:
        if (element.get(name) or "1") != "1":
            notes.refuse(element)
    for attribute in map(str, element.attrib):
        if namespace(attribute) == TRADEWIND and attribute.rpartition("}")[2] not in ATTRIBUTES.get(kind, ()):
            notes.error("unknown_attribute", element, f"tw:{attribute.rpartition('}')[2]} is not known here")


def _refuse_children(notes: Notes, element: etree._Element, kind: Kind) -> None:
    """Everything inside a node that is neither descriptive nor read elsewhere; a sub-process reads its own."""
    if kind is Kind.SUB_PROCESS:
        return
    read = {"multiInstanceLoopCharacteristics"} if local(element) in TASKS else set()
    for child in element:
        tag = local(child)
        if namespace(str(child.tag)) != MODEL or (
            tag not in DESCRIPTIVE and tag not in read and not tag.endswith("EventDefinition")
        ):
            notes.refuse(child, element)


# ---- linking -----------------------------------------------------------------------------------------------------


def _linked(notes: Notes, draft: _Draft) -> Graph:
    """The nodes with their flows, boundary events and starts; what does not fit together becomes a finding."""
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
    boundaries: dict[str, list[str]] = {}
    starts: dict[str, list[Node]] = {}
    for node in draft.nodes.values():
        if node.kind in (Kind.BOUNDARY_TIMER, Kind.BOUNDARY_MESSAGE):
            boundaries.setdefault(node.attached_to, []).append(node.id)
            _check_attachment(notes, draft, node)
        if node.kind in (Kind.START, Kind.START_MESSAGE):
            starts.setdefault(node.parent, []).append(node)
    _check_references(notes, draft)
    nodes = {
        node.id: replace(
            node,
            incoming=tuple(incoming.get(node.id, ())),
            outgoing=tuple(outgoing.get(node.id, ())),
            boundaries=tuple(boundaries.get(node.id, ())),
            start=next((start.id for start in starts.get(node.id, ()) if start.kind is Kind.START), ""),
        )
        for node in draft.nodes.values()
    }
    top = starts.get("", [])
    return Graph(
        draft.element.get("id") or "",
        " ".join((draft.element.get("name") or "").split()),
        nodes,
        next((start.id for start in top if start.kind is Kind.START), ""),
        {start.message: start.id for start in top if start.kind is Kind.START_MESSAGE},
    )


def _check_attachment(notes: Notes, draft: _Draft, node: Node) -> None:
    host = draft.nodes.get(node.attached_to)
    if host is None and notes.unsupported:
        return
    if host is None or host.parent != node.parent or local(draft.elements[host.id]) not in TASKS:
        notes.error(
            "boundary_without_activity", draft.elements[node.id], "a boundary event sits on a task or sub-process"
        )


def _check_references(notes: Notes, draft: _Draft) -> None:
    """`<incoming>` and `<outgoing>` that name no flow, and defaults where they mean nothing."""
    known = {flow.id for flow, _, _ in draft.flows}
    for element in draft.elements.values():
        for child in element:
            if local(child) in ("incoming", "outgoing") and text_of(child) not in known:
                notes.error(
                    "dangling_flow", element, f"{local(child)} names the flow {text_of(child)!r}, which is not there"
                )
        if element.get("default") and local(element) != "exclusiveGateway":
            notes.error("default_without_choice", element, "only an exclusive gateway has a default flow")
