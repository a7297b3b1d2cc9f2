from importlib.resources import files
from itertools import combinations, pairwise

import pytest
from lxml import etree

from tradewind.app.layout import drawn
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.library import diagram

STREAMS = sorted(
    file.name.removesuffix(".bpmn") for file in files("tradewind.streams").iterdir() if ".bpmn" in file.name
)


def shapes_and_ways(data):
    root = etree.fromstring(data)
    shapes = {}
    for shape in root.iter("{*}BPMNShape"):
        bounds = [int(shape[0].get(name)) for name in ("x", "y", "width", "height")]
        shapes[shape.get("bpmnElement")] = bounds
    ways = {
        edge.get("bpmnElement"): [(int(point.get("x")), int(point.get("y"))) for point in edge]
        for edge in root.iter("{*}BPMNEdge")
    }
    return root, shapes, ways


def inside(box, x, y):
    return box[0] < x < box[0] + box[2] and box[1] < y < box[1] + box[3]


def overlap(one, other):
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def crosses(box, start, end):
    """Whether a horizontal or vertical line goes through the inside of a box."""
    return overlap(
        box,
        [
            min(start[0], end[0]) - 0.5,
            min(start[1], end[1]) - 0.5,
            abs(start[0] - end[0]) + 1,
            abs(start[1] - end[1]) + 1,
        ],
    )


@pytest.mark.parametrize("code", STREAMS)
def test_every_node_has_a_shape_and_every_flow_a_way(code):
    root, shapes, ways = shapes_and_ways(drawn(diagram(code)))

    nodes = {one.get("id") for one in root.iter() if str(one.tag).endswith(("Event", "Gateway", "Task", "subProcess"))}
    assert set(shapes) == nodes
    assert set(ways) == {one.get("id") for one in root.iter("{*}sequenceFlow")}


@pytest.mark.parametrize("code", STREAMS)
def test_nothing_lies_on_anything_else(code):
    root, shapes, _ = shapes_and_ways(drawn(diagram(code)))

    holders = {one.get("id") for one in root.iter("{*}subProcess")}
    borders = {one.get("id") for one in root.iter("{*}boundaryEvent")}
    plain = {name: box for name, box in shapes.items() if name not in holders | borders}
    assert [pair for pair in combinations(plain, 2) if overlap(plain[pair[0]], plain[pair[1]])] == []


@pytest.mark.parametrize("code", STREAMS)
def test_ways_are_straight_lines_that_go_through_no_shape(code):
    root, shapes, ways = shapes_and_ways(drawn(diagram(code)))

    holders = {one.get("id"): {inner.get("id") for inner in one.iter()} for one in root.iter("{*}subProcess")}
    for name, way in ways.items():
        flow = next(one for one in root.iter("{*}sequenceFlow") if one.get("id") == name)
        for start, end in pairwise(way):
            assert start[0] == end[0] or start[1] == end[1], name
            for other, box in shapes.items():
                own = other in (flow.get("sourceRef"), flow.get("targetRef")) or name in holders.get(other, ())
                border = (root.xpath(f"//*[@id='{flow.get('sourceRef')}']")[0]).get("attachedToRef") == other
                assert own or border or not crosses(box, start, end), (name, other)


@pytest.mark.parametrize("code", STREAMS)
def test_drawing_again_changes_nothing_and_the_stream_still_compiles(code):
    once = drawn(diagram(code))

    assert drawn(once) == once
    assert compile_bpmn(once, read_expression).ok
