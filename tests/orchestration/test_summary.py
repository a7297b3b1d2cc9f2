"""A stream in words, as lines, and what differs between two versions; data that nobody writes."""

from pathlib import Path

import pytest
from token_games import graph_of

from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.data import unbound_data
from tradewind.orchestration.decide.summary import as_text, diff, summary
from tradewind.rules.decide.feel import read_expression

SHIPPED = sorted((Path(__file__).parents[2] / "src" / "tradewind" / "streams").glob("*.bpmn"))
STREAM = """
    start s name='Order received'
    step check step=check name='Check everything'
    choice gate name='Large?'
    user approve role=boss name='Approve it'
    on late approve timer=PT4H keeps name='Nobody answers'
    send remind message=boss.reminded name='Remind the boss'
    sub ship collection=groups element=group name='Ship each group'
      start gs name='Group begins'
      step release step=release name='Release it'
      end ge name='Group done'
      gs -> release -> ge
    end e name='All shipped'
    s -> check -> gate
    gate -> approve when total > 100
    gate -> ship else
    approve -> ship
    late -> remind -> e
    ship -> e
"""


def test_a_stream_is_told_in_sentences():
    assert summary(graph_of(STREAM)) == (
        "p:",
        "It begins: Order received.",
        "Check everything (the system does it).",
        "Large? one way is taken.",
        "- where total > 100: Approve it",
        "- otherwise: Ship each group",
        "Boss does: Approve it.",
        "If Approve it takes until PT4H: Nobody answers, while it goes on.",
        "- then: Remind the boss",
        "Remind the boss: the message boss.reminded is sent.",
        "It ends: All shipped.",
        "Ship each group: this has steps of its own. For each group of groups, all at once.",
        "  It begins: Group begins.",
        "  Release it (the system does it).",
        "  It ends: Group done.",
    )


def test_a_stream_is_lines_that_compare_well():
    assert as_text(graph_of(STREAM))[:6] == (
        'startEvent s "Order received" -> check',
        'serviceTask check "Check everything" step=check -> gate',
        'exclusiveGateway gate "Large?" -> approve when [total > 100] -> ship else',
        'userTask approve "Approve it" role=boss -> ship',
        'boundaryEvent late "Nobody answers" timer=[duration("PT4H")] on=approve interrupts=no -> remind',
        'sendTask remind "Remind the boss" message=boss.reminded -> e',
    )


def test_a_changed_threshold_is_one_line():
    (found,) = diff(graph_of(STREAM), graph_of(STREAM.replace("total > 100", "total > 500")))

    assert (found.change, found.id, found.name) == ("changed", "gate", "Large?")
    assert found.before == 'exclusiveGateway gate "Large?" -> approve when [total > 100] -> ship else'
    assert found.after == 'exclusiveGateway gate "Large?" -> approve when [total > 500] -> ship else'


def test_a_new_step_and_a_removed_one_are_named():
    other = STREAM.replace("step check step=check name='Check everything'", "step screen step=screen").replace(
        "s -> check -> gate", "s -> screen -> gate"
    )

    found = diff(graph_of(STREAM), graph_of(other))

    assert [(one.change, one.id) for one in found] == [("changed", "s"), ("added", "screen"), ("removed", "check")]


def test_where_an_element_stands_in_the_file_makes_no_difference():
    lines = STREAM.strip("\n").splitlines()
    moved = [*lines[1:4], lines[0], *lines[4:]]

    assert diff(graph_of(STREAM), graph_of("\n".join(moved))) == ()
    assert as_text(graph_of(STREAM)) == as_text(graph_of("\n".join(moved)))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_streams_can_be_told(path):
    graph = compile_bpmn(path.read_bytes(), read_expression).graph
    assert graph is not None

    assert len(summary(graph)) > 5
    assert len(as_text(graph)) == len(graph.nodes)


def test_data_that_nobody_writes_is_found():
    graph = graph_of(STREAM)
    written = {"check": frozenset({"total"}), "release": frozenset[str]()}

    found = list(unbound_data(graph, given=["order"], steps=written.get, forms=lambda _: frozenset()))

    assert [(one.code, one.severity, one.id, one.message) for one in found] == [
        ("orchestration.unbound_data", "warning", "ship", "the collection reads 'groups', which nothing writes")
    ]
    assert list(unbound_data(graph, given=["order", "groups"], steps=written.get, forms=lambda _: frozenset())) == []


def test_nothing_is_said_where_a_step_may_write_anything():
    assert list(unbound_data(graph_of(STREAM), given=[], steps=lambda _: None, forms=lambda _: frozenset())) == []
