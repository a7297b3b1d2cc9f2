"""BPMN files: what is understood, what is refused by name, what is found wrong."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from token_games import HEAD, bpmn, drawn, graph_of

from tradewind.orchestration.decide.compile import check, compile_bpmn
from tradewind.orchestration.decide.xml import MAX_BYTES, MAX_ELEMENTS
from tradewind.orchestration.model import Kind, Report
from tradewind.rules.decide.feel import read_expression

SHARED = Path(os.environ.get("TRADEWIND_SHARED") or Path(__file__).parents[2].parent / "shared")
SAMPLES = sorted((SHARED / "samples" / "bpmn").glob("*.bpmn"))

LINE = """
    start s
    step a step=assess
    end e
    s -> a -> e
"""
INSIDE = '<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="x"/><sequenceFlow id="g" sourceRef="x" targetRef="e"/>'
INSIDE += '<endEvent id="e"/>'


def report_of(body: str) -> Report:
    return compile_bpmn(bpmn(body), read_expression)


def around(element: str) -> Report:
    """The report of start → the element with id x → end."""
    return report_of(INSIDE + element)


def found(report: Report) -> list[tuple[str, str, str]]:
    return [
        (finding.code.removeprefix("orchestration."), finding.severity.value, finding.id) for finding in report.findings
    ]


def test_every_supported_element_becomes_a_node():
    graph = graph_of("""
        start s
        start called message=order.received
        step a step=assess name='Assess the order'
        user b role=boss form=approval due=PT4H
        send c message=told key=order.id
        receive d message=shipped key=order.id
        choice x
        both y
        timer t timer=P1M
        timer u at=2026-12-24T12:00:00Z
        timer v timer='if fast then @"PT1H" else @"P1D"'
        catch m message=paid key=order.id
        throw n
        throw o message=said
        sub w
          start ps
          end pe
          ps -> pe
        on q b timer=PT2H
        on r w message=recalled key=order.id keeps
        terminate z
        end e
        s -> a -> b -> c -> d -> x
        called -> a
        x -> y when order.total > 100 and not(order.held)
        x -> t else
        y -> m -> n -> o -> w -> e
        t -> u -> v -> z
        q -> e
        r -> e
    """)

    assert {node.id: node.kind.value for node in graph.nodes.values()} == {
        "s": "start", "called": "start_message", "a": "service", "b": "user", "c": "send", "d": "receive",
        "x": "exclusive", "y": "parallel", "t": "catch_timer", "u": "catch_timer", "v": "catch_timer", "m": "catch_message",
        "n": "throw", "o": "throw_message", "w": "sub_process", "ps": "start", "pe": "end", "q": "boundary_timer",
        "r": "boundary_message", "z": "terminate", "e": "end",
    }  # fmt: skip
    assert (graph.id, graph.start, graph.start_messages) == ("p", "s", {"order.received": "called"})
    assert (graph.nodes["a"].step, graph.nodes["a"].name) == ("assess", "Assess the order")
    assert (graph.nodes["b"].role, graph.nodes["b"].form, graph.nodes["b"].boundaries) == ("boss", "approval", ("q",))
    assert (graph.nodes["x"].default, [flow.target for flow in graph.nodes["x"].outgoing]) == ("x-t", ["y", "t"])
    assert (graph.nodes["w"].start, graph.nodes["ps"].parent) == ("ps", "w")
    assert (graph.nodes["q"].interrupting, graph.nodes["r"].interrupting) == (True, False)
    assert graph.nodes["d"].key is not None
    assert graph.nodes["d"].key.names == {"order"}


def test_a_message_can_be_named_by_its_declaration():
    data = bpmn(INSIDE + '<receiveTask id="x" messageRef="m1"/>').replace(
        b"<process", b'<message id="m1" name="invoice.paid"/><process'
    )

    graph = compile_bpmn(data, read_expression).graph

    assert graph is not None
    assert graph.nodes["x"].message == "invoice.paid"


def test_multi_instance_is_read_from_our_attributes_or_from_the_standard_ones():
    ours = graph_of(
        LINE.replace("step=assess", "step=assess sequential collection=lines element=line gather=all result=one")
    )
    theirs = around(
        '<serviceTask id="x" tw:step="assess"><multiInstanceLoopCharacteristics isSequential="true">'
        "<loopDataInputRef>lines</loopDataInputRef><loopDataOutputRef>all</loopDataOutputRef>"
        '<inputDataItem id="i" name="line"/><outputDataItem id="o" name="one"/>'
        "<completionCondition>nrOfCompletedInstances = 2</completionCondition>"
        "</multiInstanceLoopCharacteristics></serviceTask>"
    ).graph

    assert theirs is not None
    for many in (ours.nodes["a"].many, theirs.nodes["x"].many):
        assert many is not None
        assert many.collection is not None
        assert (many.sequential, many.collection.text, many.element) == (True, "lines", "line")
        assert (many.gather, many.result) == ("all", "one")


@pytest.mark.parametrize(
    ("element", "named"),
    [
        ('<transaction id="x"/>', ("transaction", "x", "")),
        ('<adHocSubProcess id="x" name="Do it"/>', ("adHocSubProcess", "x", "Do it")),
        ('<complexGateway id="x"/>', ("complexGateway", "x", "")),
        ('<intermediateCatchEvent id="x"><conditionalEventDefinition id="d"/></intermediateCatchEvent>', ("conditionalEventDefinition", "d", "")),
        ('<endEvent id="x"><cancelEventDefinition/></endEvent>', ("cancelEventDefinition", "x", "")),
        ('<scriptTask id="x" scriptFormat="python"><script>a = 1</script></scriptTask>', ("script", "x", "")),
        (
            '<intermediateThrowEvent id="x"><compensateEventDefinition waitForCompletion="false"/></intermediateThrowEvent>',
            ("compensateEventDefinition", "x", ""),
        ),
        ('<intermediateCatchEvent id="x"/>', ("intermediateCatchEvent", "x", "")),
        (
            '<intermediateCatchEvent id="x" parallelMultiple="true"><messageEventDefinition/><timerEventDefinition/>'
            "</intermediateCatchEvent>",
            ("intermediateCatchEvent", "x", ""),
        ),
        (
            '<intermediateCatchEvent id="x"><timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition>'
            "</intermediateCatchEvent>",
            ("timeCycle", "x", ""),
        ),
        (
            '<serviceTask id="x" tw:step="a"><standardLoopCharacteristics loopMaximum="2"><x:y/></standardLoopCharacteristics></serviceTask>',
            ("y", "x", ""),
        ),
        (
            '<serviceTask id="x" tw:step="a"><dataInputAssociation id="i"><assignment/></dataInputAssociation></serviceTask>',
            ("assignment", "x", ""),
        ),
        ('<serviceTask id="x" tw:step="a" startQuantity="2"/>', ("serviceTask", "x", "")),
        ('<receiveTask id="x" tw:message="a" instantiate="true"/>', ("receiveTask", "x", "")),
        (
            '<userTask id="x"><potentialOwner id="o"><resourceAssignmentExpression id="r"/></potentialOwner></userTask>',
            ("resourceAssignmentExpression", "r", ""),
        ),
        ('<serviceTask id="x" tw:step="a"/><x:thing id="d"/>', ("thing", "d", "")),
        ('<serviceTask id="x" tw:step="a"><x:thing/></serviceTask>', ("thing", "x", "")),
        (
            '<serviceTask id="x" tw:step="a"><multiInstanceLoopCharacteristics behavior="One" tw:collection="a"/></serviceTask>',
            ("multiInstanceLoopCharacteristics", "x", ""),
        ),
        (
            '<serviceTask id="x" tw:step="a"><multiInstanceLoopCharacteristics tw:collection="a"><complexBehaviorDefinition id="c"/>'
            "</multiInstanceLoopCharacteristics></serviceTask>",
            ("complexBehaviorDefinition", "c", ""),
        ),
        (
            '<serviceTask id="x" tw:step="a"/><sequenceFlow id="h" sourceRef="x" targetRef="e">'
            '<conditionExpression language="urn:python">True</conditionExpression></sequenceFlow>',
            ("conditionExpression", "h", ""),
        ),
    ],
)  # fmt: skip
def test_what_is_not_run_is_refused_by_name(element, named):
    report = around(element)

    assert report.graph is None
    assert named in [(item.element, item.id, item.name) for item in report.unsupported]


def test_an_unsupported_start_or_end_is_refused_too():
    report = report_of(
        '<startEvent id="s"><conditionalEventDefinition id="t"/></startEvent><endEvent id="e"><cancelEventDefinition/></endEvent>'
    )

    assert [(item.element, item.id) for item in report.unsupported] == [
        ("conditionalEventDefinition", "t"),
        ("cancelEventDefinition", "e"),
    ]


def test_a_second_process_is_refused_by_name_and_an_empty_one_is_only_a_name():
    second = bpmn("").replace(b'id="p"', b'id="q" name="Other"').partition(b"<process")[2].partition(b"</process>")[0]
    filled = drawn(LINE).replace(
        b"</definitions>", b'<process id="q" name="Other"><startEvent id="t"/></process></definitions>'
    )
    empty = drawn(LINE).replace(b"</definitions>", b"<process" + second + b"</process></definitions>")

    refused = compile_bpmn(filled, read_expression)

    assert [(item.element, item.id, item.name) for item in refused.unsupported] == [("process", "q", "Other")]
    assert compile_bpmn(empty, read_expression).ok


def test_what_only_describes_is_accepted():
    body = INSIDE + (
        '<documentation>x</documentation><laneSet id="l"><lane id="m"><flowNodeRef>s</flowNodeRef></lane></laneSet>'
        '<textAnnotation id="ta"><text>hello</text></textAnnotation><association id="as" sourceRef="s" targetRef="ta"/>'
        '<group id="gr"/><serviceTask id="x" tw:step="a"><documentation>y</documentation></serviceTask>'
    )
    head = b'<collaboration id="c"><participant id="pp" processRef="p"/><messageFlow id="mf"/></collaboration><process'

    assert compile_bpmn(bpmn(body).replace(b"<process", head), read_expression).findings == ()
    assert compile_bpmn(bpmn(body).replace(b"<process", head), read_expression).ok


@pytest.mark.parametrize(
    ("drawing", "finding"),
    [
        ("start s\nend e\nuser x role=a\ns -> e\nx -> e", ("unreachable", "error", "x")),
        ("start s\nuser x role=a\nend e\ns -> e\ns -> x", ("cannot_end", "error", "x")),
        ("start s\nstart t\nend e\ns -> e\nt -> e", ("several_start_events", "error", "t")),
        ("user x role=a\nend e\nx -> e", ("no_start_event", "error", "p")),
        ("start s\nend e\nsub u\n  end f\ns -> u -> e", ("no_start_event", "error", "u")),
        ("start s\nend e\nsub u\ns -> u -> e", ("no_start_event", "error", "u")),
        (
            "start s\nend e\nsub u\n  start t message=m\n  start v\n  end f\n  t -> f\n  v -> f\ns -> u -> e",
            ("message_start_inside", "error", "t"),
        ),
        ("start s message=m\nstart t message=m\nend e\ns -> e\nt -> e", ("several_start_events", "error", "t")),
        ("start s\nend e\ns -> e\nuser x role=a\ns -> x -> s", ("flow_into_start", "error", "s")),
        ("start s\nend e\nend f\ns -> e -> f", ("flow_out_of_end", "error", "e")),
        ("start s\nend e\nstep x\ns -> x -> e", ("step_without_name", "error", "x")),
        ("start s\nend e\nuser x\ns -> x -> e", ("task_without_role", "warning", "x")),
        ("start s\nend e\nsend x\ns -> x -> e", ("message_without_name", "error", "x")),
        ("start s\nend e\nstep x step=a role=b\ns -> x -> e", ("unknown_attribute", "error", "x")),
        ("start s\nend e\nstep x step=a gather=b\ns -> x -> e", ("attribute_without_effect", "error", "x")),
        ("start s\nend e\nstep x step=a collection=b gather=c\ns -> x -> e", ("loop_result_unclear", "error", "x")),
        ("start s\nend e\nstep x step=a collection=b times=c\ns -> x -> e", ("loop_without_collection", "error", "x")),
        ("start s\nend e\nreceive x message=m key='a b'\ns -> x -> e", ("bad_expression", "error", "x")),
        ("start s\nend e\ntimer x timer='a +'\ns -> x -> e", ("bad_expression", "error", "x")),
        ("start s\nend e\ntimer x timer=PT\ns -> x -> e", ("timer_without_instant", "error", "x")),
        ("start s\nend e\ntimer x timer=P1MT1H\ns -> x -> e", ("timer_without_instant", "error", "x")),
        ("start s\nend e\ntimer x at=2026-02-30\ns -> x -> e", ("timer_without_instant", "error", "x")),
        ("start s\nend e\nuser x role=a due=P1DT\ns -> x -> e", ("timer_without_instant", "error", "x")),
        ("start s\nend e\nuser x role=a\ns -> x\nx -> e when 1 = 1", ("condition_without_choice", "error", "x")),
        ("start s\nend e\nend f\nchoice x\ns -> x\nx -> e when a\nx -> f", ("flow_without_condition", "error", "x")),
        (
            "start s\nend e\nend f\nchoice x\ns -> x\nx -> e when a\nx -> f when b",
            ("choice_without_default", "warning", "x"),
        ),
        ("start s\nend e\nchoice x\nchoice y\ns -> x -> y\ny -> x else\ny -> e when a", ("endless_loop", "error", "x")),
        (
            "start s\nend e\nstep x step=a\non b s timer=PT1H\ns -> x -> e\nb -> e",
            ("boundary_without_activity", "error", "b"),
        ),
        (
            "start s\nend e\nstep x step=a\non b nil timer=PT1H\ns -> x -> e\nb -> e",
            ("boundary_without_activity", "error", "b"),
        ),
        (
            "start s\nend e\nstep x step=a\non b x timer=PT1H\ns -> x -> e\nb -> e\nx -> b",
            ("flow_into_boundary", "error", "b"),
        ),
        ("start s\nend e\ns -> e\ns -> nil", ("dangling_flow", "error", "s-nil")),
        (
            "start s\nend e\nsub u\n  start t\n  end f\n  t -> f\ns -> u -> e\ns -> f",
            ("flow_crosses_scope", "error", "s-f"),
        ),
    ],
)
def test_a_faulty_shape_is_found(drawing, finding):
    report = compile_bpmn(drawn(drawing), read_expression)

    assert finding in found(report)
    assert report.unsupported == ()
    assert report.ok == (finding[1] == "warning")


def test_a_condition_that_is_always_true_needs_no_default():
    report = compile_bpmn(
        drawn("start s\nend e\nend f\nchoice x\ns -> x\nx -> e when a\nx -> f when true"), read_expression
    )

    assert (report.ok, report.findings) == (True, ())


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (INSIDE + '<serviceTask id="x" tw:step="a"/><group id="s"/>', ("duplicate_id", "error", "s")),
        (INSIDE + '<serviceTask id="x" tw:step="a"/><userTask/>', ("element_without_id", "error", "")),
        (INSIDE + '<serviceTask id="x" tw:step="a"><incoming>nil</incoming></serviceTask>', ("dangling_flow", "error", "x")),
        (INSIDE + '<serviceTask id="x" tw:step="a" default="g"/>', ("default_without_choice", "error", "x")),
        (INSIDE + '<exclusiveGateway id="x" default="nil"/>', ("unknown_default", "error", "x")),
        (INSIDE + '<serviceTask id="x" tw:step="a" x:colour="red"/>', ("foreign_extension", "warning", "x")),
        (INSIDE + '<serviceTask id="x" tw:stp="a"/>', ("unknown_attribute", "error", "x")),
        (
            INSIDE + '<intermediateCatchEvent id="x"><timerEventDefinition/></intermediateCatchEvent>',
            ("timer_without_instant", "error", "x"),
        ),
    ],
)  # fmt: skip
def test_a_faulty_element_is_found(body, finding):
    report = report_of(body)

    assert finding in found(report)
    assert report.ok == (finding[1] == "warning")


def test_one_fault_is_reported_once():
    report = compile_bpmn(
        drawn("start s\nend e\nend f\nchoice x\ns -> x\nx -> e when a = 'b'\nx -> f else"), read_expression
    )

    assert found(report) == [("bad_expression", "error", "x-e")]
    assert "character 5" in report.findings[0].message


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_xml"),
        (b"hello", "not_xml"),
        (b"<a>", "not_xml"),
        (b"\xff\xfe\x00", "not_xml"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "not_xml"),
        (b"<a/>", "not_bpmn"),
        (b'<definitions xmlns="http://schema.omg.org/spec/BPMN/2.0"/>', "not_bpmn"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + drawn(LINE), "document_type_refused"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + drawn(LINE), "document_type_refused"),
        (('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a>' + drawn(LINE).decode()).encode("utf-16"), "document_type_refused"),
        (HEAD.encode() + b"</definitions>", "no_process"),
        (b" " * (MAX_BYTES + 1), "file_too_large"),
        (HEAD.encode() + b"<message/>" * MAX_ELEMENTS + b"</definitions>", "file_too_large"),
        (bpmn("<subProcess id='x'>" * 300 + "</subProcess>" * 300), "not_xml"),
        (bpmn("".join(f"<userTask id='x{n}'/>" for n in range(2001))), "diagram_too_large"),
        (bpmn("".join(f"<subProcess id='x{n}'>" for n in range(25)) + "</subProcess>" * 25), "diagram_too_large"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_diagram_is_refused(data, code):
    report = compile_bpmn(data, read_expression)

    assert not report.ok
    assert f"orchestration.{code}" in [finding.code for finding in report.findings]


def test_entities_are_never_expanded():
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )

    report = compile_bpmn((bomb + "]>" + drawn(LINE).decode().replace("assess", "&j;")).encode(), read_expression)

    assert not report.ok


def test_the_report_of_a_file_is_plain_json():
    assert check("a.bpmn", drawn(LINE), read_expression) == {
        "file": "a.bpmn",
        "ok": True,
        "unsupported": [],
        "findings": [],
    }
    assert check("b.bpmn", bpmn(INSIDE + '<complexGateway id="x" name="Do&#10;it"/>'), read_expression) == {
        "file": "b.bpmn",
        "ok": False,
        "unsupported": [{"element": "complexGateway", "id": "x", "name": "Do it"}],
        "findings": [],
    }
    assert check("c.bpmn", b"", read_expression)["findings"][0]["code"] == "orchestration.not_xml"


def test_the_graph_knows_every_flow_from_both_ends():
    graph = graph_of(LINE)

    assert graph.nodes["a"].incoming == ("s-a",)
    assert [flow.id for flow in graph.nodes["a"].outgoing] == ["a-e"]
    assert graph.nodes["e"].kind is Kind.END


TAGS = [
    "startEvent", "endEvent", "serviceTask", "userTask", "receiveTask", "subProcess", "exclusiveGateway", "boundaryEvent",
    "intermediateCatchEvent", "sequenceFlow", "task", "multiInstanceLoopCharacteristics", "timerEventDefinition",
    "timeDuration", "messageEventDefinition", "conditionExpression", "loopCardinality", "extensionElements",
]  # fmt: skip
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        [
            "id",
            "sourceRef",
            "targetRef",
            "attachedToRef",
            "default",
            "tw:step",
            "tw:collection",
            "tw:due",
            "tw:key",
            "x:y",
        ]
    ),
    st.sampled_from(["a", "b", "c", "d", "PT1H", "1 +", ""]),
    max_size=4,
)


def _rendered(tree: tuple) -> str:
    tag, attributes, inner = tree
    spelled = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{spelled}>{inner if isinstance(inner, str) else ''.join(map(_rendered, inner))}</{tag}>"


@given(
    st.recursive(
        st.tuples(st.sampled_from(TAGS), ATTRIBUTES, st.sampled_from(["", "a", "PT1H", "1 +"])),
        lambda inner: st.tuples(st.sampled_from(TAGS), ATTRIBUTES, st.lists(inner, max_size=4)),
        max_leaves=12,
    )
)
def test_no_diagram_crashes_the_compiler(tree):
    report = report_of(_rendered(tree))

    assert report.ok or report.unsupported or any(item.severity.value == "error" for item in report.findings)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_crash_the_compiler(data):
    assert not compile_bpmn(data, read_expression).ok


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES, reason="the shared samples are not here")
@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_a_diagram_of_another_tool_is_understood_or_refused_by_name(file):
    answer = json.loads(json.dumps(check(file.name, file.read_bytes(), read_expression)))

    errors = [finding for finding in answer["findings"] if finding["severity"] == "error"]
    assert answer["ok"] == (not answer["unsupported"] and not errors)
    assert all(item["element"] and item["id"] for item in answer["unsupported"])
    assert all(finding["element"] and finding["id"] and finding["message"] for finding in errors)


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES, reason="the shared samples are not here")
def test_a_timer_drawn_elsewhere_runs_as_it_is():
    report = compile_bpmn((SHARED / "samples" / "bpmn" / "spiff_timer.bpmn").read_bytes(), read_expression)

    assert (report.ok, report.findings) == (True, ())
