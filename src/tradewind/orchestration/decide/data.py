"""Data that is read and that nobody writes: names in expressions against what is known to become a variable."""

from collections.abc import Callable, Iterable, Iterator

from tradewind.orchestration.decide.elements import ELEMENTS
from tradewind.orchestration.model import (
    UNDO_ALL,
    Expression,
    Finding,
    Graph,
    Kind,
    MultiInstance,
    Node,
    Severity,
    StandardLoop,
)

_COUNTERS = frozenset({"loopCounter", "nrOfInstances", "nrOfCompletedInstances", "nrOfActiveInstances"})
_BRINGS_ANYTHING = frozenset({
    Kind.RECEIVE, Kind.CATCH_MESSAGE, Kind.CATCH_SIGNAL, Kind.BOUNDARY_MESSAGE, Kind.BOUNDARY_SIGNAL, Kind.START_MESSAGE,
    Kind.START_SIGNAL, Kind.BOUNDARY_ERROR, Kind.BOUNDARY_ESCALATION, Kind.START_ERROR, Kind.START_ESCALATION,
})  # fmt: skip
Writes = Callable[[str], frozenset[str] | None]
"""The variables that a step (or the form of a task, or the outputs of a decision) writes; None where that is not known."""


def unbound_data(
    graph: Graph,
    *,
    given: Iterable[str],
    steps: Writes,
    forms: Writes = lambda _: None,
    events: Iterable[str] | None = None,
) -> Iterator[Finding]:
    """A warning for every name that an element reads and nothing in the stream writes.

    `given` are the variables an instance begins with; `events` what messages, signals and errors bring. Where anything that
    can come to the reading element writes names that are not known, nothing is said of it: it may be there.
    """
    known = {*given, *_COUNTERS}
    open_ends = False
    for node in graph.nodes.values():
        written = _written(node, steps, forms, events)
        if written is None:
            open_ends = True
        else:
            known |= written
    if open_ends:
        return
    for node in graph.nodes.values():
        if node.id == UNDO_ALL:
            continue
        for what, expression in _read(node):
            for name in sorted(expression.names - known):
                message = f"{what} reads {name!r}, which nothing writes"
                yield Finding(
                    "orchestration.unbound_data", Severity.WARNING, ELEMENTS[node.kind], node.id, message, node.name
                )


def _written(node: Node, steps: Writes, forms: Writes, events: Iterable[str] | None) -> frozenset[str] | None:
    """What the element makes a variable; None where nobody knows."""
    found: set[str] = {node.result} - {""}
    if isinstance(node.many, MultiInstance):
        found |= {node.many.element, node.many.gather, node.many.result} - {""}
    more: frozenset[str] | None = frozenset()
    if node.kind is Kind.SERVICE:
        more = steps(node.step)
    elif node.kind is Kind.DECISION and not node.result:
        more = steps(f"decision:{node.decision}")
    elif node.kind is Kind.USER:
        more = forms(node.form)
    elif node.kind in _BRINGS_ANYTHING:
        more = None if events is None else frozenset(events)
    elif (node.kind is Kind.CALL or node.kind is Kind.SCRIPT) and not node.result:
        more = None
    return None if more is None else more | found


def _read(node: Node) -> Iterator[tuple[str, Expression]]:
    for flow in node.outgoing:
        if flow.condition is not None:
            yield f"the condition of {flow.id}", flow.condition
    for what in ("key", "payload", "due", "timer", "inputs", "script"):
        expression: Expression | None = getattr(node, what)
        if expression is not None:
            yield what, expression
    many, parts = node.many, tuple[tuple[str, Expression | None], ...]()
    if isinstance(many, StandardLoop):
        parts = (("the loop condition", many.condition),)
    elif many is not None:
        parts = (("the collection", many.collection), ("the number of times", many.cardinality), ("until", many.until))
    for what, expression in parts:
        if expression is not None:
            yield what, expression
