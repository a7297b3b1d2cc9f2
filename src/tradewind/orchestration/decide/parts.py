"""The parts of a flow node that carry meaning: messages, timers, user tasks, multi-instance."""

import re
from typing import TypedDict

from lxml import etree

from tradewind.orchestration.decide.elements import CODED, LOOP_ATTRIBUTES, LOOPS, MESSAGES, SIGNALS
from tradewind.orchestration.decide.notes import Notes, Unreadable
from tradewind.orchestration.decide.xml import MODEL, TRADEWIND, local, namespace, own, text_of
from tradewind.orchestration.model import Expression, Kind, MultiInstance, StandardLoop

_ISO_DURATION = re.compile(r"-?P[0-9YMWDTHS.]+")
_ISO_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[-+]\d{2}:?\d{2})?)?")
_CYCLE = re.compile(r"R(\d*)/(.+)")
_TIMERS = {"timeDuration": "duration", "timeDate": "date and time", "timeCycle": "duration"}
MAX_REPEATS = 10_000
_NAMES_OWN_RESULT = frozenset({Kind.SCRIPT, Kind.DECISION, Kind.CALL})
_LOOP_ROUNDS = frozenset({"loopCondition", "documentation", "extensionElements"})
_LOOP_PARTS = frozenset({
    "loopCardinality", "loopDataInputRef", "inputDataItem", "loopDataOutputRef", "outputDataItem",
    "completionCondition", "documentation", "extensionElements",
})  # fmt: skip


class EventPart(TypedDict, total=False):
    message: str
    key: Expression | None
    payload: Expression | None
    signal: str
    code: str
    result: str


def event_part(notes: Notes, node: etree._Element, kind: Kind, reference: etree._Element) -> EventPart:
    """What an event or task catches or throws; `reference` is its event definition, or the task itself."""
    if kind in MESSAGES:
        return _message_part(notes, node, reference)
    if kind in SIGNALS:
        name = own(node, "signal") or notes.signals.get((reference.get("signalRef") or "").strip(), "")
        if not name:
            notes.error("signal_without_name", node, "neither tw:signal nor a declared signal names what is meant")
        return {"signal": name, "payload": optional(notes, node, "payload")}
    if kind in CODED:
        named = (reference.get("errorRef") or reference.get("escalationRef") or "").strip()
        code = own(node, "code") or notes.codes.get(named, "")
        throws = kind in (Kind.END_ERROR, Kind.END_ESCALATION, Kind.THROW_ESCALATION)
        if not code and (throws or named):
            notes.error("code_missing", node, "neither tw:code nor a declared error or escalation gives the code")
        return {"code": code, "payload": optional(notes, node, "payload")}
    return {}


def _message_part(notes: Notes, node: etree._Element, reference: etree._Element) -> EventPart:
    """Name, key and payload: `tw:message`, or else the name of the message that `reference` refers to."""
    name = own(node, "message") or notes.messages.get((reference.get("messageRef") or "").strip(), "")
    if not name:
        notes.error("message_without_name", node, "neither tw:message nor a declared message names what is meant")
    return {
        "message": name,
        "key": optional(notes, node, "key"),
        "payload": optional(notes, node, "payload"),
    }


def optional(notes: Notes, node: etree._Element, attribute: str) -> Expression | None:
    text = own(node, attribute)
    return notes.expression(node, f"tw:{attribute}", text) if text else None


def timer_part(
    notes: Notes, node: etree._Element, definition: etree._Element, *, cycles: bool
) -> tuple[Expression | None, int]:
    """The instant (timeDate), delay (timeDuration) or, where it may, cycle (timeCycle), and how often it comes (0 for ever)."""
    children = [child for child in definition if local(child) not in ("documentation", "extensionElements")]
    for child in children:
        tag = local(child)
        if tag not in _TIMERS or namespace(str(child.tag)) != MODEL or (tag == "timeCycle" and not cycles):
            notes.refuse(child, node)
            return None, 1
    if len(children) != 1:
        notes.error("timer_without_instant", node, "a timer has one timeDate, timeDuration or timeCycle")
        return None, 1
    tag, text = local(children[0]), text_of(children[0])
    if not text:
        notes.error("timer_without_instant", node, f"{tag} is empty")
        return None, 1
    repeat = 1
    if tag == "timeCycle":
        cycle = _CYCLE.fullmatch(text)
        if cycle is None or not _ISO_DURATION.fullmatch(cycle[2]) or int(cycle[1] or 0) > MAX_REPEATS:
            notes.error("timer_without_instant", node, f"a cycle is written as R3/PT1H or R/P1D, not as {text[:80]}")
            return None, 1
        repeat, text = int(cycle[1] or 0), cycle[2]
    return span_expression(notes, node, text, function=_TIMERS[tag]), repeat


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


def calendar_part(notes: Notes, node: etree._Element) -> tuple[str, Expression | None]:
    """`tw:calendar`: the code of a calendar, or `= …` for an expression that gives it."""
    text = own(node, "calendar")
    return text, notes.expression(node, "tw:calendar", text[1:]) if text.startswith("=") else None


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


def script_part(notes: Notes, node: etree._Element) -> Expression | None:
    """The expression of a script task; another language than FEEL is refused."""
    language = (node.get("scriptFormat") or "").lower()
    script = next((child for child in node if local(child) == "script"), None)
    if script is None or not text_of(script):
        notes.error("script_missing", node, "a script task needs an expression in its script")
        return None
    if language and "feel" not in language:
        notes.refuse(script, node)
        return None
    return notes.expression(node, "the script", text_of(script))


def role_part(notes: Notes, node: etree._Element) -> str:
    """Who does a task: `tw:role`, else the resource that its potential owner names, else the lane it lies in."""
    if found := own(node, "role"):
        return found
    for owner in node:
        if local(owner) == "potentialOwner":
            for part in owner:
                if local(part) == "resourceRef":
                    reference = text_of(part)
                    return notes.resources.get(reference.rpartition(":")[2], reference)
                if local(part) not in ("documentation", "extensionElements"):
                    notes.refuse(part, owner)
    return notes.lanes.get(node.get("id") or "", "")


def loop_part(notes: Notes, node: etree._Element, kind: Kind) -> MultiInstance | StandardLoop | None:
    """The multi-instance or loop marker of an activity."""
    loops = [child for child in node if local(child) in LOOPS]
    known = LOOP_ATTRIBUTES - {"result"} if kind in _NAMES_OWN_RESULT else LOOP_ATTRIBUTES
    stray = [name for name in sorted(known) if own(node, name)]
    if stray and (not loops or local(loops[0]) == "standardLoopCharacteristics"):
        notes.error("attribute_without_effect", node, f"tw:{stray[0]} needs a multi-instance marker")
    if not loops:
        return None
    if len(loops) > 1:
        notes.refuse(loops[1], node)
    if local(loops[0]) == "standardLoopCharacteristics":
        return _standard_loop(notes, node, loops[0])
    return _multi_instance(notes, node, loops[0])


def _standard_loop(notes: Notes, node: etree._Element, loop: etree._Element) -> StandardLoop | None:
    for child in loop:
        if local(child) not in _LOOP_ROUNDS or namespace(str(child.tag)) != MODEL:
            notes.refuse(child, node)
    condition = next((text_of(child) for child in loop if local(child) == "loopCondition"), "")
    most = (loop.get("loopMaximum") or "").strip()
    if most and not (most.isascii() and most.isdigit() and len(most) < 6):
        notes.error("loop_maximum_unclear", node, f"loopMaximum is a number of rounds, not {most[:40]}")
        return None
    if not condition and not most:
        notes.error("loop_without_end", node, "a loop needs a loopCondition or a loopMaximum")
        return None
    return StandardLoop(
        notes.expression(node, "the loopCondition", condition) if condition else None,
        before=(loop.get("testBefore") or "").strip() in ("true", "1"),
        most=int(most) if most else None,
    )


def _multi_instance(notes: Notes, node: etree._Element, loop: etree._Element) -> MultiInstance | None:
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
