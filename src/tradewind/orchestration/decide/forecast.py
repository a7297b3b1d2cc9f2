"""When an instance will come to its end at the pace of the past, and whether that is too late. Pure.

What lies ahead of a token is the longest way over elements that enough instances took: those that half of them came to, at the
median pace; those that one of ten came to, at the pace of the slowest tenth. A circle is gone round once at most, and left where
it leads on; an exception is not ahead.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from tradewind.kernel.value import value
from tradewind.orchestration.decide.pace import Pace
from tradewind.orchestration.model import Graph, Kind

SHARES = {"p50": 50, "p90": 10}
"""Per pace, how many of a hundred instances must have come to an element for it to lie ahead."""
FEW = 5
"""Fewer visits than that say nothing of an element."""


@value(frozen=True, slots=True)
class Place:
    """Where a token waits: since when, and a timer's instant."""

    element: str
    since: datetime
    due_at: datetime | None = None


@value(frozen=True, slots=True)
class Reason:
    """What of the time ahead falls to an element, in milliseconds."""

    element: str
    name: str
    milliseconds: int


@value(frozen=True, slots=True)
class Forecast:
    """When the last token will have come to the end, and what takes longest, longest first."""

    expected_at: datetime
    reasons: tuple[Reason, ...]


class Ahead:
    """A diagram with the paces of its past; asked for many instances, it looks each element's way up once."""

    def __init__(self, graph: Graph, paces: Mapping[str, Pace], pace: str = "p90") -> None:
        self.graph, self.paces, self.pace = graph, paces, pace
        self._ways: dict[str, dict[str, int]] = {}

    def way(self, element: str) -> dict[str, int]:
        """What lies ahead of an element, in milliseconds by element."""
        found = self._ways.get(element)
        if found is None:
            found = self._ways[element] = _longest(self.graph, self.paces, element, self.pace)
        return found


def forecast(ahead: Ahead, places: Sequence[Place], *, now: datetime) -> Forecast:
    """The end of an instance whose tokens wait at `places`; `now` where the past says nothing of what lies ahead."""
    latest, why = now, dict[str, int]()
    for place in places:
        rest = _rest(ahead.paces.get(place.element), place, now, ahead.pace)
        way = {**ahead.way(place.element), place.element: rest}
        end = now + timedelta(milliseconds=sum(way.values()))
        if end > latest:
            latest, why = end, way
    named = [(element, spent, ahead.graph.nodes.get(element)) for element, spent in why.items() if spent]
    reasons = [Reason(element, node.name if node else "", spent) for element, spent, node in named]
    return Forecast(latest, tuple(sorted(reasons, key=lambda one: -one.milliseconds)))


def _of(pace: Pace, which: str) -> int:
    return pace.p90 if which == "p90" else pace.p50


def _rest(pace: Pace | None, place: Place, now: datetime, which: str) -> int:
    """What is left of a stay: a timer's rest is known; else the usual stay less what has passed, at least a tenth of it."""
    if place.due_at is not None:
        return max(round((place.due_at - now).total_seconds() * 1000), 0)
    if pace is None or pace.visits < FEW:
        return 0
    usual = _of(pace, which)
    return max(usual - round((now - place.since).total_seconds() * 1000), usual // 10)


def _longest(graph: Graph, paces: Mapping[str, Pace], start: str, which: str) -> dict[str, int]:
    """The way ahead of `start` that takes longest: milliseconds by element, without `start` itself."""
    after = {element: _next(graph, element) for element in _from_the_end(start, lambda one: _next(graph, one))}
    best: dict[str, dict[str, int]] = {}

    def through(target: str) -> dict[str, int] | None:
        taken = _taken(paces.get(target), which)
        if taken is None and graph.nodes[target].kind not in _PASSING:
            return None
        return {**best[target], target: taken or 0}

    for circle in _circles(after, start):
        inside = set(circle)
        out = _longer(through(target) for one in circle for target in after[one] if target not in inside)
        for element in circle:
            best[element] = out
        if len(circle) == 1:
            continue
        entries = {target for one in after if one not in inside for target in after[one] if target in inside}
        for entry in entries | ({start} & inside):
            best[entry] = {**out, **_inside(paces, graph, after, inside, entry, which)}
    return best[start]


def _inside(
    paces: Mapping[str, Pace], graph: Graph, after: Mapping[str, list[str]], inside: set[str], entry: str, which: str
) -> dict[str, int]:
    """The longest way within a circle from where it is entered, without coming back to any of its elements."""
    best: dict[str, dict[str, int]] = {}
    for element in _from_the_end(entry, lambda one: [target for target in after[one] if target in inside]):
        ways: list[dict[str, int] | None] = []
        for target in after[element]:
            taken = _taken(paces.get(target), which)
            if target in best and (taken is not None or graph.nodes[target].kind in _PASSING):
                ways.append({**best[target], target: taken or 0})
        best[element] = _longer(ways)
    return best[entry]


def _longer(ways: Iterable[dict[str, int] | None]) -> dict[str, int]:
    return max((way for way in ways if way is not None), key=lambda way: sum(way.values()), default={})


def _taken(pace: Pace | None, which: str) -> int | None:
    """How long an element takes; None where too few came there for it to lie ahead."""
    if pace is None or pace.visits < FEW or pace.share < SHARES[which]:
        return None
    return _of(pace, which)


def _circles(after: Mapping[str, list[str]], start: str) -> list[list[str]]:
    """Elements that lead to each other, together; what comes last comes first."""
    before: dict[str, list[str]] = {element: [] for element in after}
    for element, targets in after.items():
        for target in targets:
            before[target].append(element)
    found: list[list[str]] = []
    seen: set[str] = set()
    for element in reversed(_from_the_end(start, lambda one: after[one])):
        if element in seen:
            continue
        circle, todo = [], [element]
        seen.add(element)
        while todo:
            circle.append(todo.pop())
            fresh = [one for one in before[circle[-1]] if one not in seen]
            seen.update(fresh)
            todo += fresh
        found.append(circle)
    return found[::-1]


def _from_the_end(start: str, leads_to: Callable[[str], list[str]]) -> list[str]:
    """Every element that can come after `start`, each after all that come after it; a way back is not followed."""
    done: list[str] = []
    seen = {start}
    todo = [(start, iter(leads_to(start)))]
    while todo:
        element, targets = todo[-1]
        target = next(targets, None)
        if target is None:
            done.append(element)
            todo.pop()
        elif target not in seen:
            seen.add(target)
            todo.append((target, iter(leads_to(target))))
    return done


_PASSING = frozenset({Kind.EXCLUSIVE, Kind.PARALLEL, Kind.THROW, Kind.END})


def _next(graph: Graph, element: str) -> list[str]:
    """Where a token goes from an element; out of a sub-process where it ends."""
    node = graph.nodes.get(element)
    if node is None:
        return []
    if node.outgoing:
        return [flow.target for flow in node.outgoing]
    parent = graph.nodes.get(node.parent) if node.parent else None
    return [] if parent is None else [flow.target for flow in parent.outgoing]
