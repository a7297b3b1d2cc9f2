"""Which elements of BPMN 2.0 this engine runs, which only describe, and which attributes it reads."""

from tradewind.orchestration.model import Kind

TASKS: dict[str, Kind] = {
    "serviceTask": Kind.SERVICE,
    "userTask": Kind.USER,
    "sendTask": Kind.SEND,
    "receiveTask": Kind.RECEIVE,
    "subProcess": Kind.SUB_PROCESS,
}

GATEWAYS: dict[str, Kind] = {"exclusiveGateway": Kind.EXCLUSIVE, "parallelGateway": Kind.PARALLEL}

EVENTS: dict[tuple[str, str], Kind] = {
    ("startEvent", ""): Kind.START,
    ("startEvent", "messageEventDefinition"): Kind.START_MESSAGE,
    ("endEvent", ""): Kind.END,
    ("endEvent", "terminateEventDefinition"): Kind.TERMINATE,
    ("intermediateCatchEvent", "timerEventDefinition"): Kind.CATCH_TIMER,
    ("intermediateCatchEvent", "messageEventDefinition"): Kind.CATCH_MESSAGE,
    ("intermediateThrowEvent", ""): Kind.THROW,
    ("intermediateThrowEvent", "messageEventDefinition"): Kind.THROW_MESSAGE,
    ("boundaryEvent", "timerEventDefinition"): Kind.BOUNDARY_TIMER,
    ("boundaryEvent", "messageEventDefinition"): Kind.BOUNDARY_MESSAGE,
}
"""(element, its event definition) to what it does; "" is an event without a definition."""

EVENT_ELEMENTS = frozenset(element for element, _ in EVENTS)

DESCRIPTIVE = frozenset({
    "documentation", "extensionElements", "incoming", "outgoing", "laneSet", "textAnnotation", "association", "group",
    "auditing", "monitoring",
})  # fmt: skip
"""Drawn for people; without effect on how the process runs."""

ROOT_DESCRIPTIVE = frozenset({
    "documentation", "extensionElements", "message", "itemDefinition", "category", "interface", "import", "resource",
    "partnerEntity", "partnerRole", "relationship", "error", "escalation", "signal", "dataStore", "endPoint",
})  # fmt: skip
"""Declarations: they do something only where an element of the process refers to them, and that is judged there."""

COLLABORATION_DESCRIPTIVE = frozenset({
    "documentation", "extensionElements", "participant", "messageFlow", "textAnnotation", "association", "group",
})  # fmt: skip

REFUSED_ATTRIBUTES: dict[str, frozenset[str]] = {
    "isForCompensation": frozenset({"true", "1"}),
    "triggeredByEvent": frozenset({"true", "1"}),
    "parallelMultiple": frozenset({"true", "1"}),
    "instantiate": frozenset({"true", "1"}),
}
"""Attributes which, with these values, turn an element into one that is not run."""

ONE_ONLY = ("startQuantity", "completionQuantity")
"""Attributes whose only supported value is 1."""

_MESSAGE = frozenset({"message", "key"})
_SENT = frozenset({"message", "key", "payload"})
_MANY = frozenset({"collection", "element", "gather", "result"})

ATTRIBUTES: dict[Kind, frozenset[str]] = {
    Kind.SERVICE: _MANY | {"step"},
    Kind.USER: _MANY | {"role", "form", "due"},
    Kind.SEND: _MANY | _SENT,
    Kind.RECEIVE: _MANY | _MESSAGE,
    Kind.SUB_PROCESS: _MANY,
    Kind.START_MESSAGE: frozenset({"message"}),
    Kind.CATCH_MESSAGE: _MESSAGE,
    Kind.THROW_MESSAGE: _SENT,
    Kind.BOUNDARY_MESSAGE: _MESSAGE,
}
"""The `tw:` attributes that an element of each kind may carry; any other is a mistake that would go unnoticed."""

LOOP_ATTRIBUTES = _MANY
