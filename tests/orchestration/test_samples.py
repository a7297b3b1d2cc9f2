"""BPMN files that no one here wrote: each imports, or is refused by name; those that run end where their authors say.

Their conditions and scripts are Python. Where a file is played, an expression reader for that dialect is handed in: the engine
does not depend on the language.
"""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from token_games import NOW, Game

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.play import begin, complete, deliver, fire
from tradewind.orchestration.model import Expression, Graph, Severity, Turn
from tradewind.rules.decide.feel import read_expression

SHARED = Path(os.environ.get("TRADEWIND_SHARED") or Path(__file__).parents[2].parent / "shared")
SAMPLES = sorted((SHARED / "samples" / "bpmn").glob("*.bpmn"))
pytestmark = [pytest.mark.samples, pytest.mark.skipif(not SAMPLES, reason="no samples here")]

REFUSED = {
    "miwg_A.2.0": "flow_without_condition",
    "miwg_A.2.1": "conditionExpression",
    "miwg_A.3.0": "message_without_name",
    "miwg_A.4.0": "process",
    "miwg_A.4.1": "process",
    "miwg_B.1.0": "globalTask",
    "miwg_B.2.0": "conditionalEventDefinition",
    "miwg_C.1.0": "process",
    "miwg_C.1.1": "bad_expression",
    "miwg_C.2.0": "process",
    "miwg_C.3.0": "userTask",
    "miwg_C.4.0": "process",
    "spiff_call_activity_with_error": "bad_expression",
    "spiff_collaboration": "correlationProperty",
    "spiff_service_task": "step_without_name",
    # these run as soon as their expressions are read in the language they are written in
    "spiff_boundary": "bad_expression",
    "spiff_inclusive_gateway": "bad_expression",
    "spiff_lanes": "bad_expression",
    "spiff_standard_loop": "bad_expression",
    "spiff_timer-non-interrupt-boundary": "bad_expression",
}
"""What at least is named in a file that is refused."""


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_file_imports_or_is_refused_by_name(path):
    report = compile_bpmn(path.read_bytes(), read_expression)

    named = {item.element for item in report.unsupported}
    named |= {one.code.removeprefix("orchestration.") for one in report.findings if one.severity is Severity.ERROR}
    assert report.ok == (path.stem not in REFUSED)
    assert report.ok or REFUSED[path.stem] in named
    assert all(item.id for item in report.unsupported)
    assert all(one.id for one in report.findings)


@pytest.mark.parametrize(
    ("name", "process"),
    [("miwg_A.4.0", "WFP-6-2"), ("miwg_A.4.1", "sid-54D696FD-DEDC-45F3-99DB-1404DA433FC4")],
)
def test_one_of_several_pools_can_be_chosen(name, process):
    report = compile_bpmn(sample(name), read_expression, process=process)

    assert report.unsupported == ()
    assert "other_process" in {one.code.removeprefix("orchestration.") for one in report.findings}


# ---- played ------------------------------------------------------------------------------------------------------


def sample(name: str) -> bytes:
    return next(path for path in SAMPLES if path.stem == name).read_bytes()


def python(text: str) -> Expression | Problem:
    """The few forms of Python in these files, as FEEL."""
    changed = re.fullmatch(r"(\w+) \+= (\w+)", text)
    if changed:
        text = f"{{{changed[1]}: {changed[1]} + {changed[2]}}}"
    text = re.sub(r"^not (\w+)$", r"\1 != true", text)
    return read_expression(text.replace("==", "=").replace("'", '"'))


def played(name: str) -> Game:
    report = compile_bpmn(sample(name), python)
    assert report.graph is not None, (report.unsupported, report.findings)
    return Game(report.graph)


def test_tasks_in_parallel_are_all_done():
    game = played("spiff_ParallelOrder").play("begin\nended")

    assert passed(game) >= {
        "Activity_0wjwnuk",
        "Activity_1aj4dg6",
        "Activity_1spu8el",
        "Activity_0x0i4s3",
        "Event_0l2ep9d",
    }


def passed(game: Game) -> set[str]:
    assert isinstance(game.last, Turn)
    return {move.node for move in game.last.trail}


def test_the_child_asks_until_yes_and_the_car_stops():
    played("spiff_boundary").play("""
        begin
        done Activity_09c27ms
        open Activity_Pester_Dad Event_0iiih8g
        done Activity_Pester_Dad answer="No"
        open Activity_Pester_Dad Event_0iiih8g
        done Activity_Pester_Dad answer="Yes"
        ended
    """)


def test_the_father_is_fed_up_before():
    game = played("spiff_boundary").play("begin\ndone Activity_09c27ms\nafter PT1S\nfire Event_0iiih8g\nended")

    assert {"Activity_1ya1db2", "StopCar", "Event_000aj7r"} <= passed(game)


@pytest.mark.parametrize(
    ("move", "end"),
    [
        ("message message_1 ''", "message_1_end"),
        ("message message_2 ''", "message_2_end"),
        ("after PT1S\nfire timer_event", "timer"),
    ],
)
def test_the_first_event_decides(move, end):
    game = played("spiff_event-gateway").play("begin\nopen message_1_event message_2_event timer_event")

    game.play(f"{move}\nended")

    assert end in passed(game)


def test_without_a_default_a_value_that_fits_no_condition_is_refused():
    played("spiff_exclusive_gateway_no_default").play("begin x=1\nrefused no_way_out")
    greater = played("spiff_exclusive_gateway_no_default").play("begin x=2\nended")
    less = played("spiff_exclusive_gateway_no_default").play("begin x=0\nended")

    assert "Activity_Greater" in passed(greater)
    assert "Activity_Less" in passed(less)


def test_inclusive_ways_change_the_data_as_their_author_says():
    default = played("spiff_inclusive_gateway").play("begin\ndone set_data v=-1 u=-1 w=-1\nended")
    both = played("spiff_inclusive_gateway").play("begin\ndone set_data v=0 u=1 w=1\nended")
    neither = played("spiff_inclusive_gateway").play("begin\ndone set_data v=0 u=-1 w=-1\nrefused no_way_out")

    assert default.state.variables == {"v": 0, "u": -1, "w": -1}
    assert both.state.variables == {"v": 0, "u": 1, "w": 1}
    assert neither.state.variables == {}


def test_lanes_give_the_tasks_their_people():
    game = played("spiff_lanes")
    roles = {node.id: node.role for node in game.graph.nodes.values() if node.role}

    game.play("""
        begin
        open Activity_A1
        done Activity_A1
        done Activity_B1 NeedClarification="Yes"
        open Activity_A2
        done Activity_A2
        ended
    """)

    assert roles == {"Activity_A1": "A", "Activity_A2": "A", "Activity_B1": "B"}


def test_a_loop_runs_three_times_or_until_done():
    three, none = played("spiff_standard_loop").play("begin\nended"), played("spiff_standard_loop")
    none.play("begin done=true\nended")

    assert isinstance(three.last, Turn)
    assert isinstance(none.last, Turn)
    rounds = [
        sum(move.node == "any_task" and move.token == 0 for move in game.last.trail) // 2 for game in (three, none)
    ]
    assert rounds == [3, 0]


def test_a_task_is_done_as_often_as_the_number_says():
    game = played("spiff_parallel_multiinstance_cardinality").play("begin\nended")

    assert game.state.variables == {"output_data": [None, None, None]}


def test_data_objects_are_variables():
    game = played("spiff_data_object")
    game.play("""
        begin
        done generate_data obj_1="hello"
        done task_1
        has obj_1="hello"
        done read_data
        has obj_1="hello"
        ended
    """)


def test_a_delay_reason_is_asked_beside_the_work():
    game = played("spiff_timer-non-interrupt-boundary").play("""
        begin
        open Activity_Work Event_0jyy8ao
        after PT1S
        fire Event_0jyy8ao
        open Activity_Work GetReason
        done GetReason delay_reason="tired"
        done Activity_Work work_done="No"
        open Activity_Work
        done Activity_Work work_done="Yes"
        ended
    """)

    assert game.state.variables["delay_reason"] == "tired"


def test_a_timer_waits():
    played("spiff_timer").play("begin\nopen Event_0bxivgz\nafter PT1S\nfire Event_0bxivgz\nended")


def test_an_escalation_that_nobody_catches_harms_nothing():
    played("spiff_uncaught_escalation").play("begin\ntold escalation-1\nended")


# ---- foreign diagrams, made to run -------------------------------------------------------------------------------


def test_the_reference_model_of_three_tasks_runs():
    played("miwg_A.1.0").play("begin\nended")


@pytest.mark.parametrize(
    ("values", "end"), [({"approved": True}, True), ({"approved": False, "clarified": "no"}, True)]
)
def test_the_invoice_handling_runs_once_its_conditions_are_read(values, end):
    """They are XPath over data objects, which are variables here."""

    def xpath(text: str) -> Expression | Problem:
        return read_expression(re.sub(r"bpmn:getDataObject\('(\w+)'\)", r"\1", text).replace("'", '"'))

    data = sample("miwg_C.1.1").replace(
        b"<serviceTask ", b'<serviceTask xmlns:tw="https://tradewind.dev/bpmn" tw:step="archive" '
    )
    report = compile_bpmn(data, xpath)
    assert report.graph is not None, [one for one in report.findings if one.severity is Severity.ERROR]

    assert run_to_end(report.graph, values) == end


def run_to_end(graph: Graph, values: dict[str, object]) -> bool:
    """Do what is open until nothing is."""
    game, moves = Game(graph), 0
    game.take(begin(graph, values, now=NOW))
    while game.open and moves < 50:
        moves += 1
        token, node = min(game.open.items())
        one = graph.nodes[node]
        if one.timer is not None:
            game.now += timedelta(days=400)
            game.take(fire(graph, game.state, token, now=game.now))
        elif one.message:
            game.take(deliver(graph, game.state, one.message, now=game.now, token=token))
        else:
            game.take(complete(graph, game.state, token, values, now=game.now))
        assert isinstance(game.last, Turn), game.last
    return game.state.ended
