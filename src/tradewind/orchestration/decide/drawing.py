"""The drawn side of a file: shapes and edges follow what is inserted, led elsewhere and removed."""

from lxml import etree

from tradewind.orchestration.decide.document import Document, put_inside, take_out
from tradewind.orchestration.decide.xml import local

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
GAP = 50
"""Free room left and right of a new shape."""
_SIZES = {"Gateway": (50, 50), "Event": (36, 36)}
Box = tuple[float, float, float, float]


def _plane(document: Document) -> etree._Element | None:
    return next(document.root.iter(f"{{{DI}}}BPMNPlane"), None)


def _drawn(document: Document, identity: str) -> etree._Element | None:
    plane = _plane(document)
    if plane is None:
        return None
    return next((one for one in plane if one.get("bpmnElement") == identity), None)


def _box(document: Document, identity: str) -> Box | None:
    shape = _drawn(document, identity)
    bounds = None if shape is None else shape.find(f"{{{DC}}}Bounds")
    if bounds is None:
        return None
    try:
        return (
            float(bounds.get("x") or 0),
            float(bounds.get("y") or 0),
            float(bounds.get("width") or 0),
            float(bounds.get("height") or 0),
        )
    except ValueError:
        return None


def size_of(element: str) -> tuple[int, int]:
    """Width and height that an element of this kind is usually drawn with."""
    return next((size for ending, size in _SIZES.items() if element.endswith(ending)), (100, 80))


def draw_between(document: Document, identity: str, element: str, *, source: str, target: str) -> None:
    """A shape for a new element on the way between two; what lies to the right makes room."""
    before, behind = _box(document, source), _box(document, target)
    if before is None or behind is None:
        return
    width, height = size_of(element)
    left = before[0] + before[2] + GAP
    if behind[0] >= before[0] + before[2] and behind[0] - left < width + GAP:
        _shift(document, behind[0], left + width + GAP - behind[0])
    _draw_shape(document, identity, (left, before[1] + before[3] / 2 - height / 2, width, height))


def draw_below(document: Document, identity: str, element: str, *, of: str = "") -> None:
    """A shape under everything, or on the lower border of the activity `of`."""
    plane = _plane(document)
    if plane is None:
        return
    width, height = size_of(element)
    host = _box(document, of) if of else None
    if host is not None:
        _draw_shape(document, identity, (host[0] + host[2] - width, host[1] + host[3] - height / 2, width, height))
        return
    boxes = [box for one in plane if (box := _box(document, one.get("bpmnElement") or "")) is not None]
    left, low = min((box[0] for box in boxes), default=0.0), max((box[1] + box[3] for box in boxes), default=0.0)
    _draw_shape(document, identity, (left, low + GAP, width, height))


def _draw_shape(document: Document, identity: str, box: Box) -> None:
    plane = _plane(document)
    if plane is None:
        return
    shape = etree.Element(f"{{{DI}}}BPMNShape", id=f"{identity}_di", bpmnElement=identity)
    bounds = {name: f"{number:g}" for name, number in zip(("x", "y", "width", "height"), box, strict=True)}
    etree.SubElement(shape, f"{{{DC}}}Bounds", bounds)
    put_inside(plane, shape)


def draw_flow(document: Document, flow: str, *, source: str, target: str) -> None:
    """The edge of a flow, straight from border to border; an edge that is there is led anew."""
    plane, before, behind = _plane(document), _box(document, source), _box(document, target)
    if plane is None or before is None or behind is None:
        return
    edge = _drawn(document, flow)
    if edge is None:
        edge = etree.Element(f"{{{DI}}}BPMNEdge", id=f"{flow}_di", bpmnElement=flow)
        put_inside(plane, edge)
    for point in [point for point in edge if local(point) == "waypoint"]:
        edge.remove(point)
    ends = ((before[0] + before[2], before[1] + before[3] / 2), (behind[0], behind[1] + behind[3] / 2))
    for place, (x, y) in enumerate(ends):
        edge.insert(place, etree.Element(f"{{{DD}}}waypoint", x=f"{x:g}", y=f"{y:g}"))


def erase(document: Document, identity: str) -> None:
    shape = _drawn(document, identity)
    if shape is not None:
        take_out(shape)


def _shift(document: Document, beyond: float, by: float) -> None:
    """Move everything that lies at or right of `beyond`."""
    plane = _plane(document)
    assert plane is not None
    for part in plane.iter(f"{{{DC}}}Bounds", f"{{{DD}}}waypoint"):
        try:
            x = float(part.get("x") or 0)
        except ValueError:
            continue
        if x >= beyond:
            part.set("x", f"{x + by:g}")
