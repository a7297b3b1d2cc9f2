"""Which elements of BPMN 2.0 this engine runs, which only describe, and which attributes it reads."""

from tradewind.orchestration.model import Kind

TASKS: dict[str, Kind] = {
    "task": Kind.TASK,
    "manualTask": Kind.TASK,
    "serviceTask": Kind.SERVICE,
    "userTask": Kind.USER,
    "sendTask": Kind.SEND,
    "receiveTask": Kind.RECEIVE,
    "scriptTask": Kind.SCRIPT,
    "businessRuleTask": Kind.DECISION,
    "callActivity": Kind.CALL,
    "subProcess": Kind.SUB_PROCESS,
}

GATEWAYS: dict[str, Kind] = {
    "exclusiveGateway": Kind.EXCLUSIVE,
    "parallelGateway": Kind.PARALLEL,
    "inclusiveGateway": Kind.INCLUSIVE,
    "eventBasedGateway": Kind.EVENTS,
}

EVENTS: dict[tuple[str, str], Kind] = {
    ("startEvent", ""): Kind.START,
    ("startEvent", "messageEventDefinition"): Kind.START_MESSAGE,
    ("startEvent", "timerEventDefinition"): Kind.START_TIMER,
    ("startEvent", "signalEventDefinition"): Kind.START_SIGNAL,
    ("startEvent", "errorEventDefinition"): Kind.START_ERROR,
    ("startEvent", "escalationEventDefinition"): Kind.START_ESCALATION,
    ("endEvent", ""): Kind.END,
    ("endEvent", "terminateEventDefinition"): Kind.TERMINATE,
    ("endEvent", "messageEventDefinition"): Kind.END_MESSAGE,
    ("endEvent", "signalEventDefinition"): Kind.END_SIGNAL,
    ("endEvent", "errorEventDefinition"): Kind.END_ERROR,
    ("endEvent", "escalationEventDefinition"): Kind.END_ESCALATION,
    ("endEvent", "compensateEventDefinition"): Kind.END_UNDO,
    ("intermediateCatchEvent", "timerEventDefinition"): Kind.CATCH_TIMER,
    ("intermediateCatchEvent", "messageEventDefinition"): Kind.CATCH_MESSAGE,
    ("intermediateCatchEvent", "signalEventDefinition"): Kind.CATCH_SIGNAL,
    ("intermediateCatchEvent", "linkEventDefinition"): Kind.LINK_CATCH,
    ("intermediateThrowEvent", ""): Kind.THROW,
    ("intermediateThrowEvent", "messageEventDefinition"): Kind.THROW_MESSAGE,
    ("intermediateThrowEvent", "signalEventDefinition"): Kind.THROW_SIGNAL,
    ("intermediateThrowEvent", "escalationEventDefinition"): Kind.THROW_ESCALATION,
    ("intermediateThrowEvent", "compensateEventDefinition"): Kind.THROW_UNDO,
    ("intermediateThrowEvent", "linkEventDefinition"): Kind.LINK_THROW,
    ("boundaryEvent", "timerEventDefinition"): Kind.BOUNDARY_TIMER,
    ("boundaryEvent", "messageEventDefinition"): Kind.BOUNDARY_MESSAGE,
    ("boundaryEvent", "signalEventDefinition"): Kind.BOUNDARY_SIGNAL,
    ("boundaryEvent", "errorEventDefinition"): Kind.BOUNDARY_ERROR,
    ("boundaryEvent", "escalationEventDefinition"): Kind.BOUNDARY_ESCALATION,
    ("boundaryEvent", "compensateEventDefinition"): Kind.BOUNDARY_UNDO,
}
"""(element, its event definition) to what it does; "" is an event without a definition."""

EVENT_ELEMENTS = frozenset(element for element, _ in EVENTS)
STARTS = frozenset(kind for (element, _), kind in EVENTS.items() if element == "startEvent")
ENDS = frozenset(kind for (element, _), kind in EVENTS.items() if element == "endEvent")
BOUNDARIES = frozenset(kind for (element, _), kind in EVENTS.items() if element == "boundaryEvent")
TIMED = frozenset(kind for (_, event), kind in EVENTS.items() if event == "timerEventDefinition")
MESSAGES = frozenset(kind for (_, event), kind in EVENTS.items() if event == "messageEventDefinition") | {
    Kind.SEND, Kind.RECEIVE,
}  # fmt: skip
SIGNALS = frozenset(kind for (_, event), kind in EVENTS.items() if event == "signalEventDefinition")
CODED = frozenset(
    kind for (_, event), kind in EVENTS.items() if event in ("errorEventDefinition", "escalationEventDefinition")
)
LINKS = frozenset({Kind.LINK_THROW, Kind.LINK_CATCH})
UNDOES = frozenset({Kind.END_UNDO, Kind.THROW_UNDO})

ELEMENTS: dict[Kind, str] = {
    **{kind: tag for tag, kind in reversed(TASKS.items())},
    **{kind: tag for tag, kind in GATEWAYS.items()},
    **{kind: tag for (tag, _), kind in EVENTS.items()},
    Kind.EVENT_SUB: "subProcess",
}
"""What each kind is called in a file."""

DESCRIPTIVE = frozenset({
    "documentation", "extensionElements", "incoming", "outgoing", "laneSet", "textAnnotation", "association", "group",
    "auditing", "monitoring",
})  # fmt: skip
"""Drawn for people; without effect on how the process runs."""

DRAWN_DATA = frozenset({
    "dataObject", "dataObjectReference", "dataStoreReference", "ioSpecification", "dataInputAssociation",
    "dataOutputAssociation", "property",
})  # fmt: skip
"""Data as a drawing shows it; what a step reads and writes are variables. Noted, unless something is computed in it."""
COMPUTED_DATA = frozenset({"transformation", "assignment"})

ROOT_DESCRIPTIVE = frozenset({
    "documentation", "extensionElements", "message", "itemDefinition", "category", "interface", "import", "resource",
    "partnerEntity", "partnerRole", "relationship", "error", "escalation", "signal", "dataStore", "endPoint",
})  # fmt: skip
"""Declarations: they do something only where an element of the process refers to them, and that is judged there."""

COLLABORATION_DESCRIPTIVE = frozenset({
    "documentation", "extensionElements", "participant", "messageFlow", "textAnnotation", "association", "group",
})  # fmt: skip

REFUSED_ATTRIBUTES: dict[str, frozenset[str]] = {
    "parallelMultiple": frozenset({"true", "1"}),
    "instantiate": frozenset({"true", "1"}),
}
"""Attributes which, with these values, turn an element into one that is not run."""

ONE_ONLY = ("startQuantity", "completionQuantity")
"""Attributes whose only supported value is 1."""

LOOPS = frozenset({"multiInstanceLoopCharacteristics", "standardLoopCharacteristics"})
INSIDE: dict[Kind, frozenset[str]] = {
    Kind.SCRIPT: frozenset({"script"}),
    Kind.USER: frozenset({"potentialOwner"}),
}
"""Children that are read beside event definitions and loops."""

_MESSAGE = frozenset({"message", "key"})
_SENT = frozenset({"message", "key", "payload"})
_MANY = frozenset({"collection", "element", "gather", "result"})
_SIGNAL = frozenset({"signal"})
_CAUGHT = frozenset({"code", "result"})
_THROWN = frozenset({"code", "payload"})
_TIMED = frozenset({"calendar"})

ATTRIBUTES: dict[Kind, frozenset[str]] = {
    Kind.TASK: _MANY,
    Kind.SERVICE: _MANY | {"step", "role"},
    Kind.USER: _MANY | {"role", "form", "due", "calendar"},
    Kind.SEND: _MANY | _SENT,
    Kind.RECEIVE: _MANY | _MESSAGE,
    Kind.SCRIPT: _MANY,
    Kind.DECISION: _MANY | {"decision"},
    Kind.CALL: _MANY | {"inputs", "outputs"},
    Kind.SUB_PROCESS: _MANY,
    Kind.START_TIMER: _TIMED,
    Kind.CATCH_TIMER: _TIMED,
    Kind.BOUNDARY_TIMER: _TIMED,
    Kind.START_MESSAGE: _MESSAGE,
    Kind.CATCH_MESSAGE: _MESSAGE,
    Kind.THROW_MESSAGE: _SENT,
    Kind.END_MESSAGE: _SENT,
    Kind.BOUNDARY_MESSAGE: _MESSAGE,
    Kind.START_SIGNAL: _SIGNAL,
    Kind.CATCH_SIGNAL: _SIGNAL,
    Kind.BOUNDARY_SIGNAL: _SIGNAL,
    Kind.THROW_SIGNAL: _SIGNAL | {"payload"},
    Kind.END_SIGNAL: _SIGNAL | {"payload"},
    Kind.START_ERROR: _CAUGHT,
    Kind.START_ESCALATION: _CAUGHT,
    Kind.BOUNDARY_ERROR: _CAUGHT,
    Kind.BOUNDARY_ESCALATION: _CAUGHT,
    Kind.END_ERROR: _THROWN,
    Kind.END_ESCALATION: _THROWN,
    Kind.THROW_ESCALATION: _THROWN,
}
"""The `tw:` attributes that an element of each kind may carry; any other is a mistake that would go unnoticed."""

LOOP_ATTRIBUTES = _MANY
