"""What is said of a version beside its diagram: parameters its instances begin with, and how long a message is waited for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.orchestration import errors
from tradewind.orchestration.decide.board import Stop
from tradewind.orchestration.decide.variables import checked
from tradewind.orchestration.model import Expression, ExpressionReader, Graph, Kind

AWAITING = frozenset({Kind.RECEIVE, Kind.CATCH_MESSAGE})
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def read_parameters(values: Mapping[str, Any]) -> dict[str, Any] | Problem:
    """The parameters as they are kept; a value that cannot be is refused by name."""
    try:
        return checked(values)
    except Stop as stop:
        return stop.problem.at(f"/parameters{stop.problem.where}")


def read_timeouts(
    graph: Graph, texts: Mapping[str, str], expressions: ExpressionReader
) -> dict[str, Expression] | Problem:
    """How long each of these elements waits for its message: an ISO 8601 duration such as `P3D` by the element's id."""
    found: dict[str, Expression] = {}
    for element, text in texts.items():
        where = f"/timeouts/{element}"
        node = graph.nodes.get(element)
        if node is None or node.kind not in AWAITING:
            return errors.no_message_wait(element, where)
        span = expressions('duration("' + text.replace('"', "") + '")')
        value: Any = None if isinstance(span, Problem) else span.evaluate({})
        end = value.added_to(_SOME_DAY) if hasattr(value, "added_to") else None
        if isinstance(span, Problem) or end is None or end <= _SOME_DAY:
            return errors.no_timeout(element, text, where)
        found[element] = span
    return found


def expiry(timeouts: Mapping[str, Expression], element: str, now: datetime) -> datetime | None:
    """When the wait at an element that begins now has lasted too long; None where nothing is said."""
    span = timeouts.get(element)
    value: Any = None if span is None else span.evaluate({})
    found: datetime | None = None if value is None else value.added_to(now)
    return found
