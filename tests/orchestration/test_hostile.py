"""Files made to do harm: refused in under a second, with the place named."""

import time

import pytest
from token_games import HEAD, NOW, bpmn, drawn

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.edit import edit
from tradewind.orchestration.decide.operations import Rename
from tradewind.orchestration.decide.play import begin
from tradewind.orchestration.decide.summary import as_text, summary
from tradewind.orchestration.model import Report
from tradewind.rules.decide.feel import read_expression

LIMIT_SECONDS = 1.0
START = '<startEvent id="s"/><endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="x"/>'
BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


def chain(count: int, tag: str = "serviceTask", rest: str = ' tw:step="a"') -> str:
    nodes = "".join(f'<{tag} id="n{n}"{rest}/>' for n in range(count))
    flows = "".join(f'<sequenceFlow id="f{n}" sourceRef="n{n}" targetRef="n{n + 1}"/>' for n in range(count - 1))
    return nodes + flows


def circles(count: int) -> bytes:
    """Every gateway leads to every other."""
    nodes = "".join(f'<exclusiveGateway id="x{n}"/>' for n in range(count))
    flows = "".join(
        f'<sequenceFlow id="f{n}_{m}" sourceRef="x{n}" targetRef="x{m}"/>'
        for n in range(count)
        for m in range(count)
        if n != m
    )
    return bpmn(START.replace('"x"', '"x0"') + nodes + flows)


def long_circle(count: int) -> bytes:
    flows = '<sequenceFlow id="back" sourceRef="n0" targetRef="n0"/>'
    return bpmn(
        START.replace('"x"', '"n0"')
        + chain(count, "exclusiveGateway", "")
        + flows.replace('"n0" targetRef', f'"n{count - 1}" targetRef')
    )


def many_joins(count: int) -> bytes:
    nodes = "".join(f'<inclusiveGateway id="x{n}"/>' for n in range(count))
    flows = "".join(
        f'<sequenceFlow id="f{n}_{m}" sourceRef="x{n}" targetRef="x{m}"><conditionExpression>a</conditionExpression></sequenceFlow>'
        for n in range(count)
        for m in range(count)
        if n != m
    )
    return bpmn(START.replace('"x"', '"x0"') + nodes + flows)


def condition(text: str) -> bytes:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return bpmn(
        START
        + '<exclusiveGateway id="x"/><endEvent id="g"/><sequenceFlow id="h" sourceRef="x" targetRef="e">'
        + f'<conditionExpression>{escaped}</conditionExpression></sequenceFlow><sequenceFlow id="i" sourceRef="x" targetRef="g"/>'
    )


FILES = {
    "an entity bomb": ((BOMB + drawn("start s\nend e\ns -> e").decode()).encode(), "document_type_refused", None),
    "a hundred thousand nodes": (bpmn("".join(f'<task id="{n}"/>' for n in range(100_000))), "file_too_large", "49998"),
    "more nodes than a stream may have": (bpmn(START + chain(9_000)), "diagram_too_large", "n1998"),
    "elements inside each other for ever": (
        bpmn('<subProcess id="x">' * 5_000 + "</subProcess>" * 5_000),
        "not_xml",
        None,
    ),
    "sub-processes inside each other": (
        bpmn("".join(f'<subProcess id="x{n}">' for n in range(60)) + "</subProcess>" * 60),
        "diagram_too_large",
        "x20",
    ),
    "a circle of gateways": (long_circle(1_900), "endless_loop", "n0"),
    "gateways that all lead to each other": (circles(60), "endless_loop", "x0"),
    "inclusive joins that all wait for each other": (many_joins(60), "diagram_too_large", "x0"),
    "more flows than a stream may have": (many_joins(110), "diagram_too_large", "f45_95"),
    "an attribute of a million characters": (
        bpmn(f'<serviceTask id="x" tw:step="{"a" * 1_000_000}"/>'),
        "no_start_event",
        "p",
    ),
    "ten thousand attributes": (
        bpmn("<serviceTask id='x' " + " ".join(f'a{n}="1"' for n in range(10_000)) + "/>"),
        "no_start_event",
        "p",
    ),
    "an expression in brackets": (condition("(" * 20_000 + "1" + ")" * 20_000), "bad_expression", "h"),
    "an expression of many words": (condition("a + " * 50_000 + "a"), "bad_expression", "h"),
    "an expression that would run for ever": (
        condition("count(for a in 1..1000000000, b in 1..1000000000 return a) > 0"),
        None,
        None,
    ),
    "a power tower": (condition("9**9**9**9**9**9 > 1"), None, None),
    "a timer that never comes": (
        drawn("start s\ntimer t timer=P99999999999Y\nend e\ns -> t -> e"),
        "timer_without_instant",
        "t",
    ),
    "a file that ends in the middle": ((HEAD + '<process id="p"><startEvent id="s"').encode(), "not_xml", None),
    "nulls": (b"\0" * 100_000, "not_xml", None),
}


@pytest.mark.parametrize("name", FILES)
def test_(name):
    data, code, place = FILES[name]

    begun = time.process_time()
    report = compile_bpmn(data, read_expression)
    took = time.process_time() - begun

    assert took < LIMIT_SECONDS
    if code is not None:
        assert not report.ok
        assert (code, place) in named(report) if place is not None else code in dict(named(report))
    else:
        assert_bounded(report)


def named(report: Report) -> list[tuple[str, str]]:
    return [(one.code.removeprefix("orchestration."), one.id) for one in report.findings]


def assert_bounded(report: Report) -> None:
    """A file that is refused names why; one that is taken runs to an end or is stopped, within the limit."""
    if report.graph is None:
        assert report.findings or report.unsupported
        return
    begun = time.process_time()
    begin(report.graph, {}, now=NOW)
    assert time.process_time() - begun < LIMIT_SECONDS


def test_a_circle_that_computes_is_stopped_while_it_runs():
    data = drawn("start s\nscript t set='{n: n + 1}'\nchoice g\nend e\ns -> t -> g\ng -> t when n > 0\ng -> e else")
    graph = compile_bpmn(data, read_expression).graph
    assert graph is not None

    begun = time.process_time()
    found = begin(graph, {"n": 1}, now=NOW)

    assert time.process_time() - begun < LIMIT_SECONDS
    assert isinstance(found, Problem)
    assert (found.code, found.where) == ("orchestration.endless_loop", "g")


def test_the_largest_stream_is_told_and_changed_in_time():
    data = bpmn(START.replace('"x"', '"n0"') + chain(1_900) + '<sequenceFlow id="l" sourceRef="n1899" targetRef="e"/>')
    graph = compile_bpmn(data, read_expression).graph
    assert graph is not None

    begun = time.process_time()
    told = summary(graph)
    lines = as_text(graph)
    changed = edit(data, [Rename("n5", "Five")])

    assert time.process_time() - begun < LIMIT_SECONDS
    assert (len(told), len(lines)) == (1_903, 1_902)
    assert isinstance(changed, bytes)


@pytest.mark.parametrize("name", FILES)
def test_no_file_breaks_an_edit(name):
    begun = time.process_time()
    found = edit(FILES[name][0], [Rename("x", "New")])

    assert time.process_time() - begun < LIMIT_SECONDS
    assert isinstance(found, bytes | Problem)
