"""Draws value streams: gives a BPMN file the shapes and edges (diagram interchange) that any viewer shows it with.

Left to right; what happens when nothing is in the way lies on one line, every branch below it, every way back below all.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from lxml import etree

MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
HEAD = """
  <bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
                      xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
                      xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="{id}_diagram">
    <bpmndi:BPMNPlane id="{id}_plane" bpmnElement="{id}">
"""
FOOT = """    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
"""
_DRAWING = re.compile(rb"\n*[ \t]*<bpmndi:BPMNDiagram.*?</bpmndi:BPMNDiagram>\n?", re.DOTALL)
COLUMN_GAP, ROW_GAP, LANE_GAP, PADDING, LABEL = 60, 40, 16, 30, 20
BORDER_GAP = 42
EVENT, GATEWAY, TASK = (36, 36), (50, 50), (120, 80)


class Point(NamedTuple):
    """A place on the drawing, in its units."""

    x: int
    y: int


@dataclass(slots=True)
class Box:
    """A node: its size, the cell it lies in, and where it is drawn (upper left corner)."""

    id: str
    width: int
    height: int
    inner: "Scope | None" = None
    is_gateway: bool = False
    column: int = 0
    row: int = -1
    x: int = 0
    y: int = 0

    @property
    def middle(self) -> Point:
        return Point(self.x + self.width // 2, self.y + self.height // 2)


class Flow(NamedTuple):
    """A sequence flow."""

    id: str
    source: str
    target: str
    is_default: bool


@dataclass(slots=True)
class Scope:
    """A process or sub-process while it is laid out: its nodes, the events on their borders, and its flows."""

    boxes: dict[str, Box] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    back: set[str] = field(default_factory=set)
    ways: dict[str, list[Point]] = field(default_factory=dict)
    width: int = 0
    height: int = 0

    def start_of(self, flow: Flow) -> str:
        """The node in whose cell a flow starts: an event on a border lies with its host."""
        return self.hosts.get(flow.source, flow.source)

    def is_free(self, column: int, rows: Iterable[int]) -> bool:
        wanted = set(rows)
        return not any(box.column == column and box.row in wanted for box in self.placed())

    def placed(self) -> list[Box]:
        return [box for box in self.boxes.values() if box.id not in self.hosts and box.row >= 0]


def drawn(diagram: bytes) -> bytes:
    """The same file with its drawing made anew; drawing twice gives the same bytes."""
    bare = _DRAWING.sub(b"\n", diagram)
    root = etree.fromstring(bare, etree.XMLParser(resolve_entities=False, no_network=True))
    process = next(element for element in root if element.tag == f"{MODEL}process")
    scope = _read(process)
    _lay_out(scope, Point(160, 80))
    identity = process.get("id") or "process"
    body = "".join([HEAD.format(id=identity).lstrip("\n"), *_written(scope), FOOT])
    return bare.replace(b"</definitions>", body.encode() + b"</definitions>")


def _read(element: etree._Element) -> Scope:
    scope = Scope()
    defaults = {child.get("default") for child in element}
    for child in element.iterchildren(etree.Element):
        tag, identity = str(child.tag).removeprefix(MODEL), child.get("id") or ""
        if tag == "sequenceFlow":
            ends = child.get("sourceRef") or "", child.get("targetRef") or ""
            scope.flows.append(Flow(identity, *ends, identity in defaults))
        elif tag == "subProcess":
            scope.boxes[identity] = Box(identity, 0, 0, _read(child))
        elif tag.endswith("Event"):
            scope.boxes[identity] = Box(identity, *EVENT)
            if tag == "boundaryEvent":
                scope.hosts[identity] = child.get("attachedToRef") or ""
        elif tag.endswith("Gateway"):
            scope.boxes[identity] = Box(identity, *GATEWAY, is_gateway=True)
        elif tag.lower().endswith("task"):
            scope.boxes[identity] = Box(identity, *TASK)
    for host in set(scope.hosts.values()):
        many = sum(other == host for other in scope.hosts.values())
        scope.boxes[host].width = max(scope.boxes[host].width, many * BORDER_GAP + 2 * LABEL)
    return scope


# ---- cells -------------------------------------------------------------------------------------------------------


def _lay_out(scope: Scope, corner: Point) -> None:
    """Cells, then coordinates, then ways; sub-processes first, because their size is that of what is in them."""
    for box in scope.boxes.values():
        if box.inner is not None:
            _lay_out(box.inner, Point(0, 0))
            box.width, box.height = box.inner.width + 2 * PADDING, box.inner.height + 2 * PADDING + LABEL
    entered = {flow.target for flow in scope.flows}
    starts = [name for name in scope.boxes if name not in entered and name not in scope.hosts]
    for start in starts:
        _find_ways_back(scope, start, [])
    _choose_columns(scope)
    for start in starts:
        _choose_rows(scope, start, _next_row(scope, 0))
    _place(scope, corner)
    bottom = max(box.y + box.height for box in scope.placed()) + ROW_GAP // 2
    lanes = 0
    for flow in sorted(scope.flows, key=lambda one: one.id in scope.back):
        lanes += _route(scope, flow, lanes=lanes, lane=bottom + lanes * LANE_GAP)
    xs = [box.x + box.width for box in scope.placed()]
    scope.width = max([*xs, *(point.x for way in scope.ways.values() for point in way)]) - corner.x
    scope.height = (bottom + max(0, lanes - 1) * LANE_GAP if lanes else bottom - ROW_GAP // 2) - corner.y
    for box in scope.boxes.values():
        if box.inner is not None:
            _move(box.inner, box.x + PADDING, box.y + PADDING + LABEL)


def _after(scope: Scope, node: str) -> list[Flow]:
    """Flows out of a node, the one that leads furthest first, those of the events on its border last."""
    own = [flow for flow in scope.flows if flow.source == node]
    border = [flow for flow in scope.flows if flow.source != node and scope.start_of(flow) == node]
    return sorted(own, key=lambda flow: (-_length(scope, flow), not flow.is_default)) + border


def _length(scope: Scope, flow: Flow) -> int:
    """How many nodes follow, ways back and events on borders left aside."""
    if flow.id in scope.back:
        return 0
    return 1 + max((_length(scope, after) for after in scope.flows if after.source == flow.target), default=0)


def _find_ways_back(scope: Scope, node: str, path: list[str]) -> None:
    for flow in scope.flows:
        if scope.start_of(flow) != node:
            continue
        if flow.target in (*path, node):
            scope.back.add(flow.id)
        else:
            _find_ways_back(scope, flow.target, [*path, node])


def _choose_columns(scope: Scope) -> None:
    """A node lies right of all that lead to it."""
    changed = True
    while changed:
        changed = False
        for flow in scope.flows:
            if flow.id in scope.back:
                continue
            source, target = scope.boxes[scope.start_of(flow)], scope.boxes[flow.target]
            if target.column <= source.column:
                target.column, changed = source.column + 1, True


def _choose_rows(scope: Scope, node: str, row: int) -> None:
    box = scope.boxes[node]
    box.row = row
    for place, flow in enumerate(_after(scope, node)):
        target = scope.boxes[flow.target]
        if target.row >= 0 or flow.id in scope.back:
            continue
        straight = place == 0 and flow.source == node
        free = all(scope.is_free(column, [row]) for column in range(box.column + 1, target.column + 1))
        _choose_rows(scope, flow.target, row if straight and free else _next_row(scope, box.column))


def _next_row(scope: Scope, column: int) -> int:
    return max((box.row for box in scope.placed() if box.column >= column), default=-1) + 1


def _place(scope: Scope, corner: Point) -> None:
    boxes = scope.placed()
    widths = [max((box.width for box in boxes if box.column == at), default=0) for at in range(_count(boxes, "column"))]
    heights = [max((box.height for box in boxes if box.row == at), default=0) for at in range(_count(boxes, "row"))]
    for box in boxes:
        left = corner.x + sum(widths[: box.column]) + COLUMN_GAP * box.column
        top = corner.y + sum(heights[: box.row]) + ROW_GAP * box.row
        box.x = left + (widths[box.column] - box.width) // 2
        box.y = top + (heights[box.row] - box.height) // 2
    seen: dict[str, int] = {}
    for border, host in scope.hosts.items():
        box, at = scope.boxes[border], scope.boxes[host]
        seen[host] = seen.get(host, 0) + 1  # side by side, from the right
        box.x, box.y = at.x + at.width - 1 - seen[host] * BORDER_GAP, at.y + at.height - 18
        box.column, box.row = at.column, at.row


def _count(boxes: list[Box], name: str) -> int:
    return 1 + max(int(getattr(box, name)) for box in boxes)


# ---- ways --------------------------------------------------------------------------------------------------------


def _route(scope: Scope, flow: Flow, *, lanes: int, lane: int) -> int:
    """Choose the way of a flow; gives how many lanes below everything it took (0 or 1)."""
    source, target = scope.boxes[flow.source], scope.boxes[flow.target]
    right, left = Point(source.x + source.width, source.middle.y), Point(target.x, target.middle.y)
    between = range(source.column + 1, target.column)
    if flow.id not in scope.back:
        if source.row == target.row and all(scope.is_free(column, [source.row]) for column in between):
            if flow.source not in scope.hosts:
                scope.ways[flow.id] = [right, left]
                return 0
        elif _can_turn_first(scope, source, target, on_border=flow.source in scope.hosts):
            bottom = Point(source.middle.x, source.y + source.height)
            scope.ways[flow.id] = [bottom, Point(bottom.x, left.y), left]
            return 0
        elif all(scope.is_free(column, [source.row]) for column in between):
            turn = target.x - COLUMN_GAP // 2
            scope.ways[flow.id] = [right, Point(turn, right.y), Point(turn, left.y), left]
            return 0
    below = range(source.row + 1, 1 + max(box.row for box in scope.placed()))
    aside = right.x + 12 + 6 * lanes
    if scope.is_free(source.column, below):
        way = [Point(source.middle.x, source.y + source.height), Point(source.middle.x, lane)]
    else:
        way = [right, Point(aside, right.y), Point(aside, lane)]
    end = Point(target.middle.x, target.y + target.height)
    scope.ways[flow.id] = [*way, Point(end.x, lane), end]
    return 1


def _can_turn_first(scope: Scope, source: Box, target: Box, *, on_border: bool) -> bool:
    """Whether a flow may go down at its source and right from there."""
    rows = range(source.row + 1, target.row + 1)
    columns = range(source.column + 1, target.column)
    free = scope.is_free(source.column, rows) and all(scope.is_free(column, [target.row]) for column in columns)
    return (source.is_gateway or on_border) and target.row > source.row and free


def _move(scope: Scope, by_x: int, by_y: int) -> None:
    for box in scope.boxes.values():
        box.x, box.y = box.x + by_x, box.y + by_y
        if box.inner is not None:
            _move(box.inner, by_x, by_y)
    scope.ways = {name: [Point(x + by_x, y + by_y) for x, y in way] for name, way in scope.ways.items()}


# ---- text --------------------------------------------------------------------------------------------------------


def _written(scope: Scope) -> list[str]:
    lines = []
    for box in scope.boxes.values():
        expanded = ' isExpanded="true"' if box.inner is not None else ""
        marker = ' isMarkerVisible="true"' if box.is_gateway else ""
        lines.append(
            f'      <bpmndi:BPMNShape id="{box.id}_shape" bpmnElement="{box.id}"{expanded}{marker}>'
            f'<dc:Bounds x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"/></bpmndi:BPMNShape>\n'
        )
        if box.inner is not None:
            lines += _written(box.inner)
    for flow in scope.flows:
        points = "".join(f'<di:waypoint x="{x}" y="{y}"/>' for x, y in _without_repeats(scope.ways[flow.id]))
        lines.append(f'      <bpmndi:BPMNEdge id="{flow.id}_edge" bpmnElement="{flow.id}">{points}</bpmndi:BPMNEdge>\n')
    return lines


def _without_repeats(way: list[Point]) -> list[Point]:
    return [way[0], *(after for before, after in pairwise(way) if before != after)]
