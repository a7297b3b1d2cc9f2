"""Diagrams changed by operations: what was asked for is there, and all else is as it was."""

import os
from pathlib import Path

import pytest
from token_games import bpmn, drawn

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.document import canonical, read_document, write_document
from tradewind.orchestration.decide.edit import edit
from tradewind.orchestration.decide.operations import OPERATIONS, as_row, read_operations
from tradewind.orchestration.model import Graph
from tradewind.rules.decide.feel import read_expression

SHARED = Path(os.environ.get("TRADEWIND_SHARED") or Path(__file__).parents[2].parent / "shared")
SAMPLES = sorted((SHARED / "samples" / "bpmn").glob("*.bpmn"))
SHIPPED = sorted((Path(__file__).parents[2] / "src" / "tradewind" / "streams").glob("*.bpmn"))

PROCESS = drawn("""
    start s
    step check step=check
    choice gate
    user approve role=boss
    timer pause timer=P1D
    end e
    s -> check -> gate
    gate -> approve when total > 100
    gate -> pause else
    approve -> e
    pause -> e
""")


def changed(*rows: dict, data: bytes = PROCESS) -> bytes:
    operations = read_operations(rows)
    assert not isinstance(operations, Problem), operations
    written = edit(data, operations)
    assert not isinstance(written, Problem), written
    return written


def graph(data: bytes) -> Graph:
    report = compile_bpmn(data, read_expression)
    assert report.graph is not None, (report.findings, report.unsupported)
    return report.graph


def refused(*rows: dict) -> tuple[str, str]:
    operations = read_operations(rows)
    problem = operations if isinstance(operations, Problem) else edit(PROCESS, operations)
    assert isinstance(problem, Problem)
    assert problem.code == "orchestration.cannot_edit"
    return problem.where, problem.message


def ways(found: Graph, node: str) -> list[str]:
    return [flow.target for flow in found.nodes[node].outgoing]


def test_a_threshold_is_raised():
    found = graph(
        changed({"do": "set_condition", "flow": "gate-approve", "condition": 'total > 500 and region = "EU"'})
    )

    condition = found.nodes["gate"].outgoing[0].condition
    assert condition is not None
    assert condition.text == 'total > 500 and region = "EU"'


def test_a_name_a_parameter_a_text_and_a_timer_are_changed():
    written = changed(
        {"do": "rename", "id": "approve", "name": "Approve < it"},
        {"do": "set_parameter", "id": "approve", "name": "role", "value": "sales_manager"},
        {"do": "set_parameter", "id": "approve", "name": "due", "value": "PT4H"},
        {"do": "describe", "id": "approve", "text": "By noon."},
        {"do": "set_timer", "id": "pause", "kind": "date", "text": "ready_at"},
    )

    found = graph(written)
    assert (found.nodes["approve"].name, found.nodes["approve"].role) == ("Approve < it", "sales_manager")
    assert found.nodes["approve"].due is not None
    assert found.nodes["pause"].timer is not None
    assert "ready_at" in found.nodes["pause"].timer.names
    assert b"<documentation>By noon.</documentation>" in written


def test_a_step_is_inserted_on_the_way():
    found = graph(changed({
        "do": "insert_after", "after": "gate", "flow": "gate-approve", "id": "screen", "element": "serviceTask",
        "name": "Screen", "parameters": {"step": "screen"},
    }))  # fmt: skip

    assert ways(found, "gate") == ["screen", "pause"]
    assert found.nodes["gate"].outgoing[0].condition is not None
    assert ways(found, "screen") == ["approve"]
    assert (found.nodes["screen"].step, found.nodes["screen"].name) == ("screen", "Screen")


def test_a_region_is_rerouted():
    found = graph(changed(
        {"do": "add", "id": "by_hand", "element": "userTask", "parameters": {"role": "export"}},
        {"do": "connect", "id": "abroad", "source": "gate", "target": "by_hand", "condition": 'region != "EU"'},
        {"do": "connect", "id": "back", "source": "by_hand", "target": "e"},
    ))  # fmt: skip

    assert ways(found, "gate") == ["approve", "pause", "by_hand"]
    assert ways(found, "by_hand") == ["e"]


def test_a_task_gets_a_time_out():
    found = graph(changed(
        {"do": "attach_timer", "host": "approve", "id": "late", "kind": "duration", "text": "PT8H", "target": "pause"}
    ))  # fmt: skip

    assert found.nodes["approve"].boundaries == ("late",)
    assert found.nodes["late"].interrupting
    assert ways(found, "late") == ["pause"]


def test_what_led_to_a_removed_step_leads_on():
    found = graph(changed({"do": "remove", "id": "approve"}, {"do": "remove", "id": "check"}))

    assert ways(found, "s") == ["gate"]
    assert ways(found, "gate") == ["e", "pause"]
    assert "approve" not in found.nodes


def test_a_flow_is_led_elsewhere_and_the_default_set_anew():
    found = graph(changed(
        {"do": "retarget", "flow": "approve-e", "target": "pause"},
        {"do": "set_condition", "flow": "gate-pause", "condition": "true"},
        {"do": "set_default", "gateway": "gate", "flow": ""},
    ))  # fmt: skip

    assert ways(found, "approve") == ["pause"]
    assert found.nodes["gate"].default == ""


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"do": "rename", "id": "nil", "name": "x"}, ("/0", "there is no element 'nil'")),
        ({"do": "dance"}, ("/0/do", f"do is one of {', '.join(OPERATIONS)}")),
        ({"do": "rename", "id": "s"}, ("/0/name", "name is missing")),
        ({"do": "rename", "id": "s", "name": 5}, ("/0/name", "name is not what it should be")),
        ({"do": "rename", "id": "s", "name": "", "x": 1}, ("/0/x", "x is not known here")),
        ({"do": "set_timer", "id": "check", "kind": "date", "text": "x"}, ("/0", "'check' is no timer")),
        ({"do": "set_default", "gateway": "gate", "flow": "s-check"}, ("/0", "'s-check' does not leave 'gate'")),
        (
            {"do": "insert_after", "after": "gate", "id": "n", "element": "task"},
            ("/0", "2 ways lead on from 'gate'; flow must name one"),
        ),
        (
            {"do": "insert_after", "after": "check", "id": "gate", "element": "task"},
            ("/0", "there is an element 'gate' already"),
        ),
        ({"do": "remove", "id": "gate"}, ("/0", "2 ways lead on from 'gate': what should lead to where is not clear")),
        ({"do": "remove", "id": "p"}, ("/0", "a process cannot be taken away")),
        ({"do": "rename", "id": "s", "name": "\0"}, ("/0", None)),
    ],
)
def test_what_cannot_be_changed_is_refused_by_place(row, why):
    where, message = refused(row)

    assert (where, why[1] and message) == why


def test_none_of_the_operations_is_made_where_one_is_refused():
    where, _ = refused({"do": "rename", "id": "s", "name": "x"}, {"do": "rename", "id": "nil", "name": "x"})

    assert where == "/1"


def test_operations_are_read_as_they_are_written():
    rows = [{"do": "rename", "id": "s", "name": "x"}, {"do": "remove", "id": "check"}]

    operations = read_operations(rows)

    assert not isinstance(operations, Problem)
    assert [as_row(one) for one in operations] == rows


def test_what_is_drawn_follows():
    data = next(path for path in SHIPPED if path.stem == "invoice_to_cash").read_bytes()
    flow = next(iter(graph(data).nodes.values())).outgoing[0]

    written = changed(
        {"do": "insert_after", "after": flow.source, "id": "look", "element": "manualTask", "name": "Look"}, data=data
    )
    again = changed({"do": "remove", "id": "look"}, data=written)

    assert b'bpmnElement="look"' in written
    assert f'bpmnElement="look_to_{flow.target}"'.encode() in written
    assert b"look" not in again
    assert {name: node.kind for name, node in graph(again).nodes.items()} == {
        name: node.kind for name, node in graph(data).nodes.items()
    }


def kept(data: bytes) -> None:
    """Read and written, it is the same file; renamed and renamed back, too."""
    document = read_document(data)
    assert not isinstance(document, Problem)
    assert canonical(write_document(document)) == canonical(data)
    assert edit(data, ()) == data
    for identity, name in [(one, element.get("name")) for one, element in document.elements.items()][:5]:
        there = changed({"do": "rename", "id": identity, "name": "something else"}, data=data)
        assert canonical(there) != canonical(data)
        if name:
            back = changed({"do": "rename", "id": identity, "name": name}, data=there)
            assert canonical(back) == canonical(data)


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES, reason="no samples here")
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_samples_are_written_as_they_were_read(path):
    kept(path.read_bytes())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_diagrams_are_written_as_they_were_read(path):
    kept(path.read_bytes())


def test_foreign_additions_stay_where_nobody_touched_them():
    data = bpmn(
        '<startEvent id="s"/><!-- why --><serviceTask id="x" tw:step="a" x:colour="red"><extensionElements><x:form a="1">'
        '<![CDATA[a<b]]></x:form></extensionElements></serviceTask><endEvent id="e"/>'
        '<sequenceFlow id="f" sourceRef="s" targetRef="x"/><sequenceFlow id="g" sourceRef="x" targetRef="e"/>'
    )

    written = changed({"do": "rename", "id": "x", "name": "New"}, data=data)

    assert written.replace(b' name="New"', b"") == data
