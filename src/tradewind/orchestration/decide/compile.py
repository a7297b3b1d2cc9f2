"""BPMN 2.0 XML to a `Graph`. What is not understood is named and refused; nothing is skipped in silence.

`compile_bpmn(data, expressions)` is the one entry; `check(name, data, expressions)` renders its report as JSON values.
"""

from collections import Counter
from typing import Any

from lxml import etree

from tradewind.orchestration.decide.elements import (
    ATTRIBUTES,
    COLLABORATION_DESCRIPTIVE,
    COMPUTED_DATA,
    DESCRIPTIVE,
    DRAWN_DATA,
    EVENT_ELEMENTS,
    EVENTS,
    GATEWAYS,
    INSIDE,
    LINKS,
    LOOPS,
    ONE_ONLY,
    REFUSED_ATTRIBUTES,
    ROOT_DESCRIPTIVE,
    TASKS,
    TIMED,
    UNDOES,
)
from tradewind.orchestration.decide.findings import structure_findings
from tradewind.orchestration.decide.link import Draft, linked
from tradewind.orchestration.decide.notes import Notes
from tradewind.orchestration.decide.parts import (
    calendar_part,
    due_part,
    event_part,
    loop_part,
    optional,
    role_part,
    script_part,
    timer_part,
)
from tradewind.orchestration.decide.xml import MODEL, TRADEWIND, local, namespace, own, read_definitions, text_of
from tradewind.orchestration.model import (
    ExpressionReader,
    Finding,
    Flow,
    Kind,
    Node,
    Report,
    Severity,
)

MAX_NODES = 2_000
MAX_FLOWS = 5_000
MAX_SCOPES = 20
"""Sub-processes inside each other."""
_CYCLES = frozenset({Kind.BOUNDARY_TIMER, Kind.START_TIMER})
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


def compile_bpmn(data: bytes, expressions: ExpressionReader, *, process: str = "") -> Report:
    """Read a diagram. The report carries the graph only where nothing is unsupported and no finding is an error.

    Of several pools `process` names the one to run; without it a second process is refused by name.
    """
    root = read_definitions(data)
    if isinstance(root, Finding):
        return Report(None, (), (root,))
    notes = Notes(expressions)
    _declarations(notes, root)
    elements = [element for element in root if local(element) == "process"]
    if process:
        for other in elements:
            if other.get("id") != process:
                notes.warn("other_process", other, "this process of the file is not the one that was asked for")
        elements = [element for element in elements if element.get("id") == process]
    drafts = [_process(notes, element) for element in elements]
    drawn = [draft for draft in drafts if draft.nodes or draft.flows] or drafts[:1]
    if not drawn:
        notes.error("no_process", root, f"the file contains no process {process}".strip())
        return Report(None, tuple(notes.unsupported), tuple(notes.findings))
    for extra in drawn[1:]:
        notes.refuse(extra.element)
    graph = linked(notes, drawn[0])
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
        elif kind == "signal":
            notes.signals[child.get("id") or ""] = (child.get("name") or "").strip()
        elif kind in ("error", "escalation"):
            notes.codes[child.get("id") or ""] = (child.get(f"{kind}Code") or child.get("name") or "").strip()
        elif kind == "resource":
            notes.resources[child.get("id") or ""] = (child.get("name") or "").strip()
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


def _process(notes: Notes, element: etree._Element) -> Draft:
    draft = Draft(element)
    for lane in element.iter(f"{{{MODEL}}}lane"):
        for node in lane:
            if local(node) == "flowNodeRef":
                notes.lanes[text_of(node)] = " ".join((lane.get("name") or "").split())
    _scope(notes, draft, element, parent="", depth=1)
    return draft


def _scope(notes: Notes, draft: Draft, scope: etree._Element, *, parent: str, depth: int) -> None:
    for child in scope:
        kind = local(child)
        if namespace(str(child.tag)) != MODEL:
            notes.refuse(child, scope)
        elif kind == "sequenceFlow":
            _flow(notes, draft, child, parent)
        elif kind in TASKS or kind in GATEWAYS or kind in EVENT_ELEMENTS:
            _node(notes, draft, child, parent=parent, depth=depth)
        elif kind == "association":
            draft.associations.append((child.get("sourceRef") or "", child.get("targetRef") or ""))
        elif kind in DRAWN_DATA:
            _drawn_data(notes, child, scope)
        elif kind not in DESCRIPTIVE and not (parent and kind in LOOPS):
            notes.refuse(child, scope)


def _drawn_data(notes: Notes, element: etree._Element, owner: etree._Element) -> None:
    """Data in a drawing says nothing to the engine, and that is said; what it computes is refused."""
    for inner in element.iter(etree.Element):
        if local(inner) in COMPUTED_DATA:
            notes.refuse(inner, owner)
            return
    named = element if element.get("id") else owner
    notes.warn("data_only_drawn", named, f"{local(element)} is only drawn: what a step reads and writes are variables")


def _flow(notes: Notes, draft: Draft, element: etree._Element, parent: str) -> None:
    if len(draft.flows) >= MAX_FLOWS:
        notes.error("diagram_too_large", element, f"at most {MAX_FLOWS} flows")
        return
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


def _node(notes: Notes, draft: Draft, element: etree._Element, *, parent: str, depth: int) -> None:
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
    reference = definitions[0] if definitions else element
    timer, repeat = timer_part(notes, element, reference, cycles=kind in _CYCLES) if kind in TIMED else (None, 1)
    interrupts = (element.get("cancelActivity") or element.get("isInterrupting") or "true").strip() not in _FALSE
    calendar, calendar_of = calendar_part(notes, element)
    part = event_part(notes, element, kind, reference)
    part["result"] = own(element, "result")
    if repeat != 1 and interrupts and (parent or element.get("attachedToRef")):
        notes.error("cycle_interrupts", element, "a timer that comes again cannot interrupt")
    draft.elements[identity] = element
    draft.nodes[identity] = Node(
        identity,
        kind,
        name=" ".join((element.get("name") or "").split()),
        parent=parent,
        default=element.get("default") or "",
        attached_to=(element.get("attachedToRef") or "").strip(),
        interrupting=interrupts or kind in (Kind.BOUNDARY_ERROR, Kind.START_ERROR),
        step=own(element, "step"),
        role=role_part(notes, element) if kind is Kind.USER else own(element, "role"),
        form=own(element, "form"),
        due=due_part(notes, element) if kind is Kind.USER else None,
        timer=timer,
        calendar=calendar,
        calendar_of=calendar_of,
        repeat=repeat,
        many=loop_part(notes, element, kind) if local(element) in TASKS else None,
        decision=own(element, "decision") or (element.get("decisionRef") or "").strip(),
        called=(element.get("calledElement") or "").strip() if kind is Kind.CALL else "",
        inputs=optional(notes, element, "inputs"),
        outputs=optional(notes, element, "outputs"),
        script=script_part(notes, element) if kind is Kind.SCRIPT else None,
        for_undo=(element.get("isForCompensation") or "") in _TRUE and local(element) in TASKS,
        undoes=_undoes(notes, element, reference) if kind in UNDOES else "",
        link=" ".join((reference.get("name") or "").split()) if kind in LINKS else "",
        **part,
    )
    if kind in (Kind.SUB_PROCESS, Kind.EVENT_SUB):
        _scope(notes, draft, element, parent=identity, depth=depth + 1)


def _undoes(notes: Notes, element: etree._Element, definition: etree._Element) -> str:
    if (definition.get("waitForCompletion") or "true") not in _TRUE:
        notes.refuse(definition, element)
    return (definition.get("activityRef") or "").strip()


def _kind(notes: Notes, element: etree._Element, definitions: list[etree._Element]) -> Kind | None:
    """What the element does; None after it was refused by name."""
    tag = local(element)
    if tag == "subProcess" and (element.get("triggeredByEvent") or "") in _TRUE:
        return Kind.EVENT_SUB
    if tag == "manualTask" and own(element, "role"):
        return Kind.USER
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
    if kind is Kind.SERVICE and own(element, "role") and (element.get("isForCompensation") or "") not in _TRUE:
        notes.error("unknown_attribute", element, "tw:role says who undoes by hand; this step does not undo")
    for attribute in map(str, element.attrib):
        if namespace(attribute) == TRADEWIND and attribute.rpartition("}")[2] not in ATTRIBUTES.get(kind, ()):
            notes.error("unknown_attribute", element, f"tw:{attribute.rpartition('}')[2]} is not known here")


def _refuse_children(notes: Notes, element: etree._Element, kind: Kind) -> None:
    """Everything inside a node that is neither descriptive nor read elsewhere; a sub-process reads its own."""
    if kind in (Kind.SUB_PROCESS, Kind.EVENT_SUB):
        return
    read = INSIDE.get(kind, frozenset()) | (LOOPS if local(element) in TASKS else frozenset())
    for child in element:
        tag = local(child)
        if namespace(str(child.tag)) != MODEL:
            notes.refuse(child, element)
        elif tag in DRAWN_DATA:
            _drawn_data(notes, child, element)
        elif tag not in DESCRIPTIVE and tag not in read and not tag.endswith("EventDefinition"):
            notes.refuse(child, element)
