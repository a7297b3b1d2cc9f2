"""The parts of a flow node that carry meaning: messages, timers, user tasks, multi-instance."""

import re
from typing import TypedDict

from lxml import etree

from tradewind.orchestration.decide.elements import LOOP_ATTRIBUTES
from tradewind.orchestration.decide.notes import Notes, Unreadable
from tradewind.orchestration.decide.xml import MODEL, TRADEWIND, local, namespace, own, text_of
from tradewind.orchestration.model import Expression, MultiInstance

_ISO_DURATION = re.compile(r"-?P[0-9YMWDTHS.]+")
_ISO_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[-+]\d{2}:?\d{2})?)?")
_TIMERS = {"timeDuration": "duration", "timeDate": "date and time"}
_LOOP_PARTS = frozenset({
    "loopCardinality", "loopDataInputRef", "inputDataItem", "loopDataOutputRef", "outputDataItem",
    "completionCondition", "documentation", "extensionElements",
})  # fmt: skip


class MessagePart(TypedDict, total=False):
    message: str
    key: Expression | None
    payload: Expression | None


def message_part(notes: Notes, node: etree._Element, reference: etree._Element) -> MessagePart:
    """Name, key and payload: `tw:message`, or else the name of the message that `reference` refers to."""
    name = own(node, "message") or notes.messages.get((reference.get("messageRef") or "").strip(), "")
    if not name:
        notes.error("message_without_name", node, "neither tw:message nor a declared message names what is meant")
    return {
        "message": name,
        "key": _optional(notes, node, "key"),
        "payload": _optional(notes, node, "payload"),
    }


def _optional(notes: Notes, node: etree._Element, attribute: str) -> Expression | None:
    text = own(node, attribute)
    return notes.expression(node, f"tw:{attribute}", text) if text else None


def timer_part(notes: Notes, node: etree._Element, definition: etree._Element) -> Expression | None:
    """The instant (timeDate) or delay (timeDuration), as ISO 8601 text or an expression."""
    children = [child for child in definition if local(child) not in ("documentation", "extensionElements")]
    for child in children:
        if local(child) not in _TIMERS or namespace(str(child.tag)) != MODEL:
            notes.refuse(child, node)
            return None
    if len(children) != 1:
        notes.error("timer_without_instant", node, "a timer has one timeDate or one timeDuration")
        return None
    text = text_of(children[0])
    if not text:
        notes.error("timer_without_instant", node, f"{local(children[0])} is empty")
        return None
    return span_expression(notes, node, text, function=_TIMERS[local(children[0])])


def span_expression(notes: Notes, node: etree._Element, text: str, *, function: str) -> Expression | None:
    """An expression that gives an instant or delay: ISO text is quoted, anything else converted by `function`."""
    if _ISO_DURATION.fullmatch(text) or _ISO_INSTANT.fullmatch(text):
        text = f'"{text}"'
    elif isinstance(notes.expression(node, "the time", text), Unreadable):
        return None
    found = notes.expression(node, "the time", f"{function}({text})")
    if not found.names and found.evaluate({}) is None:
        notes.error("timer_without_instant", node, f"this is no {function}: {text}")
        return None
    return found


def due_part(notes: Notes, node: etree._Element) -> Expression | None:
    """`tw:due` of a user task: ISO text, or an expression that gives an instant or a delay."""
    text = own(node, "due")
    if not text:
        return None
    if _ISO_DURATION.fullmatch(text):
        return span_expression(notes, node, text, function="duration")
    if _ISO_INSTANT.fullmatch(text):
        return span_expression(notes, node, text, function="date and time")
    return notes.expression(node, "tw:due", text)


def loop_part(notes: Notes, node: etree._Element) -> MultiInstance | None:
    """The multi-instance marker of an activity; a plain loop marker is not run."""
    loops = [child for child in node if local(child) == "multiInstanceLoopCharacteristics"]
    stray = [name for name in sorted(LOOP_ATTRIBUTES) if own(node, name)]
    if not loops:
        if stray:
            notes.error("attribute_without_effect", node, f"tw:{stray[0]} needs a multi-instance marker")
        return None
    loop = loops[0]
    _refuse_loop_parts(notes, node, loop)
    texts = {local(child): text_of(child) or (child.get("name") or "") for child in loop}
    given = {name: own(loop, name) or own(node, name) for name in LOOP_ATTRIBUTES}
    collection = given["collection"] or texts.get("loopDataInputRef", "")
    cardinality, until = texts.get("loopCardinality", ""), texts.get("completionCondition", "")
    if bool(collection) == bool(cardinality):
        notes.error("loop_without_collection", node, "multi-instance needs tw:collection or loopCardinality, not both")
        return None
    many = MultiInstance(
        sequential=(loop.get("isSequential") or "").strip() in ("true", "1"),
        collection=notes.expression(node, "the collection", collection) if collection else None,
        cardinality=notes.expression(node, "loopCardinality", cardinality) if cardinality else None,
        element=given["element"] or texts.get("inputDataItem", ""),
        gather=given["gather"] or texts.get("loopDataOutputRef", ""),
        result=given["result"] or texts.get("outputDataItem", ""),
        until=notes.expression(node, "completionCondition", until) if until else None,
    )
    if bool(many.gather) != bool(many.result):
        notes.error("loop_result_unclear", node, "gathering results needs both the list's name and the variable's")
    return many


def _refuse_loop_parts(notes: Notes, node: etree._Element, loop: etree._Element) -> None:
    for child in loop:
        if local(child) not in _LOOP_PARTS or namespace(str(child.tag)) != MODEL:
            notes.refuse(child, node)
    if (loop.get("behavior") or "All") != "All":
        notes.refuse(loop, node)
    for attribute in loop.attrib:
        name = str(attribute)
        if namespace(name) == TRADEWIND and name.rpartition("}")[2] not in LOOP_ATTRIBUTES:
            notes.error("unknown_attribute", node, f"tw:{name.rpartition('}')[2]} is not known here")
