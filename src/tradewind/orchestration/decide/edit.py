"""Changing a diagram by operations: the file keeps all else, ids, drawing and foreign extensions, as it was.

`edit(data, operations)` is the one entry. The result is a file again, to be compiled before it runs: an edit keeps the file
well formed, the compiler says whether it makes sense.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from lxml import etree

from tradewind.kernel.problem import Problem
from tradewind.orchestration import errors
from tradewind.orchestration.decide.document import (
    Document,
    model,
    put_after,
    put_inside,
    read_document,
    references,
    take_out,
    write_document,
)
from tradewind.orchestration.decide.drawing import draw_below, draw_between, draw_flow, erase
from tradewind.orchestration.decide.operations import (
    Add,
    AttachTimer,
    Connect,
    Describe,
    InsertAfter,
    Operation,
    Remove,
    Rename,
    Retarget,
    SetCondition,
    SetDefault,
    SetParameter,
    SetScript,
    SetTimer,
)
from tradewind.orchestration.decide.xml import TRADEWIND, local

_ID = re.compile(r"[A-Za-z_][\w.-]{0,99}")
_TIMES = {"duration": "timeDuration", "date": "timeDate", "cycle": "timeCycle"}
NEW_ELEMENTS = frozenset({
    "task", "manualTask", "serviceTask", "userTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask",
    "callActivity", "exclusiveGateway", "parallelGateway", "inclusiveGateway", "endEvent", "intermediateThrowEvent",
})  # fmt: skip
"""What can be inserted or added."""


class _Refused(Exception):  # noqa: N818 - carries a refusal out of an operation
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def edit(data: bytes, operations: Sequence[Operation]) -> bytes | Problem:
    """The file after all operations in order; the first that cannot be made is refused by its place, and none is made."""
    if not operations:
        return data
    document = read_document(data)
    if isinstance(document, Problem):
        return document
    for place, operation in enumerate(operations):
        try:
            _MAKE[type(operation)](document, operation)
        except _Refused as refused:
            problem = refused.problem
            return Problem(problem.code, problem.message, f"/{place}", problem.status, problem.detail)
        except ValueError as failure:  # text that XML cannot hold
            return errors.cannot_edit(str(failure), f"/{place}")
    return write_document(document)


def _refuse(why: str) -> _Refused:
    return _Refused(errors.cannot_edit(why))


def _found(document: Document, identity: str, *tags: str) -> etree._Element:
    element = document.elements.get(identity)
    if element is None:
        raise _refuse(f"there is no element {identity!r}")
    if tags and local(element) not in tags:
        raise _refuse(f"{identity!r} is a {local(element)}, not a {' or '.join(tags)}")
    return element


def _fresh(document: Document, identity: str) -> str:
    if not _ID.fullmatch(identity):
        raise _refuse(f"{identity!r} is no id: letters, digits, _ . - and a letter first")
    if identity in document.elements:
        raise _refuse(f"there is an element {identity!r} already")
    return identity


# ---- what an element says ----------------------------------------------------------------------------------------


def _rename(document: Document, wanted: Rename) -> None:
    _found(document, wanted.id).set("name", wanted.name)


def _describe(document: Document, wanted: Describe) -> None:
    element = _found(document, wanted.id)
    found = element.find(model("documentation"))
    if found is not None:
        take_out(found)
    if wanted.text:
        text = etree.Element(model("documentation"))
        text.text = wanted.text
        text.tail = element.text
        element.insert(0, text)


def _set_parameter(document: Document, wanted: SetParameter) -> None:
    element = _found(document, wanted.id)
    if not _ID.fullmatch(wanted.name):
        raise _refuse(f"{wanted.name!r} is no name of a parameter")
    _attribute(element, f"{{{TRADEWIND}}}{wanted.name}", wanted.value)


def _attribute(element: etree._Element, name: str, text: str) -> None:
    if text:
        element.set(name, text)
    elif name in element.attrib:
        del element.attrib[name]


def _child_text(element: etree._Element, tag: str, text: str) -> None:
    """The text of a child that is made where it is missing, and removed where the text is empty."""
    child = element.find(model(tag))
    if child is None and text:
        child = etree.SubElement(element, model(tag))
    if child is not None:
        if text:
            for inner in list(child):
                child.remove(inner)
            child.text = text
        else:
            take_out(child)


def _set_script(document: Document, wanted: SetScript) -> None:
    element = _found(document, wanted.id, "scriptTask")
    _child_text(element, "script", wanted.script)
    _attribute(element, f"{{{TRADEWIND}}}result", wanted.result)


def _set_condition(document: Document, wanted: SetCondition) -> None:
    _child_text(_found(document, wanted.flow, "sequenceFlow"), "conditionExpression", wanted.condition)


def _set_default(document: Document, wanted: SetDefault) -> None:
    gateway = _found(document, wanted.gateway, "exclusiveGateway", "inclusiveGateway")
    if wanted.flow and _found(document, wanted.flow, "sequenceFlow").get("sourceRef") != wanted.gateway:
        raise _refuse(f"{wanted.flow!r} does not leave {wanted.gateway!r}")
    _attribute(gateway, "default", wanted.flow)


def _set_timer(document: Document, wanted: SetTimer) -> None:
    timer = _found(document, wanted.id).find(model("timerEventDefinition"))
    if timer is None:
        raise _refuse(f"{wanted.id!r} is no timer")
    _time(timer, wanted.kind, wanted.text)


def _time(timer: etree._Element, kind: str, text: str) -> None:
    if kind not in _TIMES or not text.strip():
        raise _refuse(f"a timer is one of {', '.join(_TIMES)} with a text")
    for other in _TIMES.values():
        if other != _TIMES[kind]:
            _child_text(timer, other, "")
    _child_text(timer, _TIMES[kind], text)


# ---- elements and flows ------------------------------------------------------------------------------------------


def _element(document: Document, wanted: InsertAfter | Add) -> etree._Element:
    if wanted.element not in NEW_ELEMENTS:
        raise _refuse(f"an element is one of {', '.join(sorted(NEW_ELEMENTS))}")
    element = etree.Element(model(wanted.element), id=_fresh(document, wanted.id))
    _attribute(element, "name", wanted.name)
    for name, text in wanted.parameters.items():
        if not _ID.fullmatch(name):
            raise _refuse(f"{name!r} is no name of a parameter")
        if name == "script":
            _child_text(element, "script", text)
        else:
            _attribute(element, "calledElement" if name == "called" else f"{{{TRADEWIND}}}{name}", text)
    document.elements[wanted.id] = element
    return element


def _insert_after(document: Document, wanted: InsertAfter) -> None:
    after = _found(document, wanted.after)
    ways = document.leaving(wanted.after)
    if wanted.flow:
        ways = [flow for flow in ways if flow.get("id") == wanted.flow]
    if len(ways) != 1:
        raise _refuse(f"{len(ways)} ways lead on from {wanted.after!r}; flow must name one")
    flow = ways[0]
    target = _found(document, flow.get("targetRef") or "")
    put_after(after, _element(document, wanted))
    goal = target.get("id") or ""
    draw_between(document, wanted.id, wanted.element, source=wanted.after, target=goal)
    _lead(document, flow, wanted.id)
    new = _free(document, f"{wanted.id}_to_{goal}")
    put_after(flow, _flow(document, new, wanted.id, goal))
    draw_flow(document, new, source=wanted.id, target=goal)


def _add(document: Document, wanted: Add) -> None:
    if wanted.parent:
        parent = _found(document, wanted.parent, "subProcess")
    else:
        drawn = [one for one in document.elements.values() if local(one) == "process" and len(one)]
        if not drawn:
            raise _refuse("the file has no process")
        parent = drawn[0]
    put_inside(parent, _element(document, wanted))
    draw_below(document, wanted.id, wanted.element)


def _attach_timer(document: Document, wanted: AttachTimer) -> None:
    host, _ = _found(document, wanted.host), _found(document, wanted.target)
    event = etree.Element(model("boundaryEvent"), id=_fresh(document, wanted.id), attachedToRef=wanted.host)
    event.set("cancelActivity", "true" if wanted.interrupting else "false")
    _attribute(event, "name", wanted.name)
    _time(etree.SubElement(event, model("timerEventDefinition")), wanted.kind, wanted.text)
    document.elements[wanted.id] = event
    put_after(host, event)
    draw_below(document, wanted.id, "boundaryEvent", of=wanted.host)
    flow = _free(document, f"{wanted.id}_to_{wanted.target}")
    put_after(event, _flow(document, flow, wanted.id, wanted.target))
    draw_flow(document, flow, source=wanted.id, target=wanted.target)


def _connect(document: Document, wanted: Connect) -> None:
    source, target = _found(document, wanted.source), _found(document, wanted.target)
    if source.getparent() is not target.getparent():
        raise _refuse("a flow stays inside its sub-process")
    flow = _flow(document, _fresh(document, wanted.id), wanted.source, wanted.target)
    _attribute(flow, "name", wanted.name)
    _child_text(flow, "conditionExpression", wanted.condition)
    parent = source.getparent()
    assert parent is not None
    put_inside(parent, flow)
    draw_flow(document, wanted.id, source=wanted.source, target=wanted.target)


def _retarget(document: Document, wanted: Retarget) -> None:
    flow, target = _found(document, wanted.flow, "sequenceFlow"), _found(document, wanted.target)
    if flow.getparent() is not target.getparent():
        raise _refuse("a flow stays inside its sub-process")
    _lead(document, flow, wanted.target)


def _free(document: Document, wished: str) -> str:
    number, found = 1, wished
    while found in document.elements:
        number += 1
        found = f"{wished}_{number}"
    return found


def _flow(document: Document, identity: str, source: str, target: str) -> etree._Element:
    flow = etree.Element(model("sequenceFlow"), id=identity, sourceRef=source, targetRef=target)
    document.elements[identity] = flow
    _note(document, source, "outgoing", identity)
    _note(document, target, "incoming", identity)
    return flow


def _lead(document: Document, flow: etree._Element, target: str) -> None:
    identity, source = flow.get("id") or "", flow.get("sourceRef") or ""
    _unnote(document, flow.get("targetRef") or "", "incoming", identity)
    flow.set("targetRef", target)
    _note(document, target, "incoming", identity)
    draw_flow(document, identity, source=source, target=target)


def _note(document: Document, node: str, tag: str, flow: str) -> None:
    """`<incoming>` and `<outgoing>`, in files that have them."""
    if document.root.find(f".//{model(tag)}") is None:
        return
    element = document.elements[node]
    known = [child for child in element if local(child) in ("documentation", "extensionElements", "incoming", tag)]
    note = etree.Element(model(tag))
    note.text = flow
    note.tail = known[-1].tail if known else element.text
    element.insert(element.index(known[-1]) + 1 if known else 0, note)


def _unnote(document: Document, node: str, tag: str, flow: str) -> None:
    element = document.elements.get(node)
    for child in [] if element is None else element.findall(model(tag)):
        if (child.text or "").strip() == flow:
            take_out(child)


def _remove(document: Document, wanted: Remove) -> None:
    element = _found(document, wanted.id)
    if local(element) == "sequenceFlow":
        _remove_flow(document, element)
        return
    if local(element) in ("process", "definitions", "collaboration", "participant"):
        raise _refuse(f"a {local(element)} cannot be taken away")
    ways = document.leaving(wanted.id)
    comes = [flow for flow in document.arriving(wanted.id) if flow.get("sourceRef") != wanted.id]
    ways = [flow for flow in ways if flow.get("targetRef") != wanted.id]
    if comes and len(ways) != 1 and not local(element).startswith(("endEvent", "boundary")):
        raise _refuse(f"{len(ways)} ways lead on from {wanted.id!r}: what should lead to where is not clear")
    goal = ways[0].get("targetRef") or "" if ways else ""
    for flow in comes:
        if goal:
            _lead(document, flow, goal)
        else:
            _remove_flow(document, flow)
    for flow in document.leaving(wanted.id) + document.arriving(wanted.id):
        _remove_flow(document, flow)
    for event in [one for one in document.elements.values() if one.get("attachedToRef") == wanted.id]:
        _remove(document, Remove(event.get("id") or ""))
    _drop(document, element)


def _remove_flow(document: Document, flow: etree._Element) -> None:
    identity = flow.get("id") or ""
    _unnote(document, flow.get("sourceRef") or "", "outgoing", identity)
    _unnote(document, flow.get("targetRef") or "", "incoming", identity)
    source = document.elements.get(flow.get("sourceRef") or "")
    if source is not None and source.get("default") == identity:
        del source.attrib["default"]
    _drop(document, flow)


def _drop(document: Document, element: etree._Element) -> None:
    """Take it out with all inside it, and with what names it."""
    gone = [inner.get("id") or "" for inner in element.iter(etree.Element) if inner.get("id")]
    take_out(element)
    for identity in gone:
        document.elements.pop(identity, None)
        erase(document, identity)
        for other in list(references(document, identity)):
            if local(other) in ("flowNodeRef", "association", "messageFlow"):
                document.elements.pop(other.get("id") or "", None)
                erase(document, other.get("id") or "")
                take_out(other)


_MAKE: dict[type, Callable[[Document, Any], None]] = {
    Rename: _rename,
    Describe: _describe,
    SetParameter: _set_parameter,
    SetScript: _set_script,
    SetCondition: _set_condition,
    SetDefault: _set_default,
    SetTimer: _set_timer,
    InsertAfter: _insert_after,
    Add: _add,
    AttachTimer: _attach_timer,
    Connect: _connect,
    Retarget: _retarget,
    Remove: _remove,
}
