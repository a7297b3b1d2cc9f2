"""The token game: what is open after each move."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from token_games import NOW, Game, graph_of

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.play import begin, complete, fits, standing
from tradewind.orchestration.decide.state_json import from_json, to_json
from tradewind.orchestration.model import Graph, Kind, Run, Sent, State, Token, Turn, Verb, Wait, WaitKind

STRAIGHT = """
    start s
    step assess step=assess_order
    user approve role=boss form=approval due=PT4H name='Approve it'
    end e
    s -> assess -> approve -> e
"""
CHOICE = """
    start s
    choice size
    user big role=boss
    user small role=clerk
    end e
    s -> size
    size -> big when order.total > 100
    size -> small else
    big -> e
    small -> e
"""
FORK = """
    start s
    both fork
    step a step=a
    step b step=b
    both join
    user last role=x
    end e
    s -> fork
    fork -> a -> join
    fork -> b -> join
    join -> last -> e
"""
WAITS = """
    start s
    receive answer message=shipment.answered key=order
    timer pause timer=P1D
    catch paid message=invoice.paid key='string length(order)'
    end e
    s -> answer -> pause -> paid -> e
"""
BOUNDARY = """
    start s
    user approve role=boss
    on remind approve timer=PT2H keeps
    on expire approve timer=P1D
    on note approve message=order.noted key=order keeps
    on recall approve message=order.recalled key=order
    send nag message=boss.reminded key=order
    user withdrawn role=clerk
    end e
    s -> approve -> e
    remind -> nag -> e
    note -> e
    expire -> withdrawn
    recall -> withdrawn -> e
"""
SUB = """
    start s
    sub pack
      start ps
      both split
      user pick role=w
      user label role=w
      end pe
      terminate stop
      ps -> split
      split -> pick -> pe
      split -> label -> check
      choice check
      check -> stop when broken
      check -> pe else
    on late pack timer=PT8H
    user done role=w
    user chase role=w
    end e
    s -> pack -> done -> e
    late -> chase -> e
"""
MANY = """
    start s
    step each step=ship collection=groups element=group gather=boxes result=box
    user last role=x
    end e
    s -> each -> last -> e
"""
MANY_SUB = """
    start s
    sub each collection=groups element=group
      start is
      user pick role=w
      on slow pick timer=PT1H keeps
      user late role=w
      receive shipped message=shipped key=group.id
      end ie
      is -> pick -> shipped -> ie
      slow -> late -> ie
    on recall each message=recalled
    user last role=x
    user undone role=x
    end e
    s -> each -> last -> e
    recall -> undone -> e
"""

GAMES = {
    "a step runs, then a task waits, then the end": (STRAIGHT, """
        begin order="SO-1"
        open assess
        done assess held=false
        has order="SO-1" held=false
        open approve
        done approve by="kim"
        has by="kim"
        ended
    """),
    "the first condition that holds is taken": (CHOICE, """
        begin order=null
        open small
        done small
        ended
    """),
    "a fork opens both branches and the join waits for both": (FORK, """
        begin
        open a b
        done b
        open a
        done a
        open last
        done last
        ended
    """),
    "messages and timers wait, each for its own": (WAITS, """
        begin order="SO-12"
        open answer
        message shipment.answered SO-13
        refused no_receiver
        message shipment.refused SO-12
        refused no_receiver
        message shipment.answered SO-12 boxes=2
        has boxes=2
        open pause
        fire pause
        refused timer_not_due
        after PT23H59M59S
        fire pause
        refused timer_not_due
        after PT1S
        fire pause
        open paid
        message invoice.paid 5
        ended
    """),
    "a boundary timer that keeps its task branches off once": (BOUNDARY, """
        begin order="SO-1"
        open approve expire note recall remind
        after PT2H
        fire remind
        sent boss.reminded/SO-1
        open approve expire note recall
        done approve
        ended
    """),
    "a boundary timer that interrupts ends its task and all its other events": (BOUNDARY, """
        begin order="SO-1"
        after P1D
        fire expire
        open withdrawn
        done withdrawn
        ended
    """),
    "a boundary message that keeps its task can come again": (BOUNDARY, """
        begin order="SO-1"
        message order.noted SO-1 note="a"
        open approve expire note recall remind
        message order.noted SO-1 note="b"
        has note="b"
        open approve expire note recall remind
        message order.recalled SO-1
        open withdrawn
    """),
    "a sub-process ends when all in it has ended": (SUB, """
        begin
        open late label pick
        done pick
        open late label
        done label broken=false
        open done
        done done
        ended
    """),
    "a terminate end cancels the rest of its sub-process only": (SUB, """
        begin
        done label broken=true
        open done
        done done
        ended
    """),
    "an interrupting boundary event cancels everything inside": (SUB, """
        begin
        after PT8H
        fire late
        open chase
        done chase
        ended
    """),
    "a step runs once for each element, and what each leaves is gathered in order": (MANY, """
        begin groups=["x","y","z"]
        open each each each
        done each#3 box="B3"
        done each#1 box="B1"
        done each#1 other=1
        open last
        has boxes=["B1",null,"B3"]
        done last
        ended
    """),
    "over no element at all a loop is done at once": (MANY, """
        begin groups=[]
        open last
        has boxes=[]
    """),
    "a loop in sequence starts the next when one is done": (MANY.replace("step=ship", "step=ship sequential"), """
        begin groups=["x","y"]
        open each
        done each box="B1"
        open each
        done each box="B2"
        open last
        has boxes=["B1","B2"]
    """),
    "a loop that has enough cancels its other instances": (
        MANY.replace("step=ship", "step=ship until='nrOfCompletedInstances >= 2'"), """
        begin groups=["x","y","z"]
        done each#2
        open each each
        done each
        open last
        has boxes=[null,null,null]
    """),
    "a loop can run a stated number of times": (
        STRAIGHT.replace("step=assess_order", "step=assess_order times=n"), """
        begin n=2
        open assess assess
        done assess
        done assess
        open approve
    """),
    "a loop of messages waits for each": (
        WAITS.replace("message=shipment.answered key=order", "message=shipment.answered key=one collection=all element=one"), """
        begin all=["a","b"] order="SO"
        open answer answer
        message shipment.answered b
        message shipment.answered b
        refused no_receiver
        message shipment.answered a
        open pause
    """),
    "a branch from a boundary keeps its sub-process open": (
        """
        start s
        sub pack
          start ps
          user pick role=w
          on slow pick timer=PT1H keeps
          user late role=w
          end pe
          ps -> pick -> pe
          slow -> late -> pe
        user last role=w
        end e
        s -> pack -> last -> e
        """,
        """
        begin
        after PT1H
        fire slow
        open pick late
        done pick
        open late
        done late
        open last
        """,
    ),
    "a branch from a boundary that ends at once leaves its sub-process open": (
        """
        start s
        sub pack
          start ps
          user pick role=w
          on slow pick timer=PT1H keeps
          send tell message=slow
          end pe
          ps -> pick -> pe
          slow -> tell -> pe
        user last role=w
        end e
        s -> pack -> last -> e
        """,
        """
        begin
        after PT1H
        fire slow
        sent slow/
        open pick
        done pick
        open last
        """,
    ),
    "a terminate end also stops what was about to begin beside it": (
        """
        start s
        sub pack
          start ps
          both fork
          terminate stop
          user pick role=w
          ps -> fork
          fork -> stop
          fork -> pick
          end pe
          pick -> pe
        user last role=w
        end e
        s -> pack -> last -> e
        """,
        """
        begin
        open last
        """,
    ),
    "a terminate end at the top ends the whole process": (
        FORK.replace("step b step=b", "step b step=b\n    terminate now").replace("fork -> b -> join", "fork -> b -> join\n    fork -> now"),
        """
        begin
        ended
        """,
    ),
    "of two that wait for the same message the older goes on": (
        FORK.replace("step a step=a", "receive a message=m").replace("step b step=b", "receive b message=m"),
        """
        begin
        open a b
        message m
        open b
        message m
        open last
        message m
        refused no_receiver
        """,
    ),
    "the boundary events of a loop are armed once, for all of it": (
        MANY.replace("end e", "end e\n    on late each timer=PT1H\n    late -> last"),
        """
        begin groups=["x","y"]
        open each each late
        done each
        open each late
        after PT1H
        fire late
        open last
        """,
    ),
    "a stale or foreign token is refused and nothing changes": (STRAIGHT, """
        begin
        done assess
        done 1
        refused unknown_token
        done 99
        refused unknown_token
        fire approve
        refused wrong_answer
        done approve
        ended
    """),
    "cancelling ends everything": (MANY, """
        begin groups=["x","y"]
        cancel
        ended
    """),
    "stopping one token ends its branch": (SUB, """
        begin
        stop pick
        open late label
        stop label
        open done
    """),
    "a token can be moved back inside its own scope": (STRAIGHT, """
        begin
        done assess
        jump approve assess
        open assess
        jump assess nowhere
        refused unknown_node
    """),
    "a token cannot be moved into a sub-process": (SUB, """
        begin
        done pick
        done label
        jump done pick
        refused wrong_scope
        jump done late
        refused wrong_scope
        jump done pack
        open late label pick
    """),
    "a value that cannot be kept is refused": (STRAIGHT, """
        begin
        done assess ~n=1
        refused bad_variable
        open assess
    """),
}  # fmt: skip


@pytest.mark.parametrize("title", GAMES)
def test_the_table_is_played(title):
    drawing, table = GAMES[title]

    Game(graph_of(drawing)).play(table)


def first(found: Turn | Problem) -> Turn:
    assert isinstance(found, Turn), found
    return found


def test_a_turn_tells_the_shell_everything_it_needs():
    graph = graph_of(STRAIGHT)

    begun = first(begin(graph, {"order": "SO-1"}, now=NOW))
    assessed = first(complete(graph, begun.state, 1, {"held": False}, now=NOW))

    assert begun.run == (Run(1, "assess", "assess_order", {"order": "SO-1"}),)
    assert begun.wait == ()
    assert begun.closed == ()
    assert assessed.run == ()
    assert assessed.wait == (
        Wait(
            2, "approve", WaitKind.USER, "Approve it", "", NOW + timedelta(hours=4), "boss", "approval",
            {"order": "SO-1", "held": False},
        ),
    )  # fmt: skip
    assert assessed.closed == (1,)
    assert [(move.node, move.verb, move.token) for move in assessed.trail] == [
        ("assess", Verb.LEFT, 1),
        ("approve", Verb.ENTERED, 2),
    ]
    assert not assessed.ended


def test_a_wait_names_its_message_and_key_and_a_timer_its_instant():
    game = Game(graph_of(WAITS)).play('begin order="SO-1"')
    message = first(game.last).wait
    timer = first(game.play("message shipment.answered SO-1").last).wait

    assert [(wait.kind, wait.name, wait.key) for wait in message] == [(WaitKind.MESSAGE, "shipment.answered", "SO-1")]
    assert [(wait.kind, wait.due) for wait in timer] == [(WaitKind.TIMER, NOW + timedelta(days=1))]


def test_a_sent_message_carries_what_its_expression_gives():
    drawing = """
        start s
        send tell message=told key=order payload=note
        throw say message=said
        throw milestone
        end e
        s -> tell -> say -> milestone -> e
    """

    turn = first(begin(graph_of(drawing), {"order": Decimal("12.0"), "note": {"text": "hi"}}, now=NOW))

    assert turn.sent == (Sent("tell", "told", "12", {"text": "hi"}), Sent("say", "said", "", {}))
    assert turn.ended


def test_each_instance_sees_its_element_and_the_counters():
    game = Game(graph_of(MANY)).play('begin groups=["x","y"] box="outer"')

    assert [run.variables for run in first(game.last).run] == [
        {
            "groups": ["x", "y"], "box": "outer", "group": element, "loopCounter": number,
            "nrOfInstances": 2, "nrOfCompletedInstances": 0, "nrOfActiveInstances": 2,
        }
        for number, element in ((1, "x"), (2, "y"))
    ]  # fmt: skip


def test_what_an_instance_writes_stays_in_it():
    game = Game(graph_of(MANY)).play('begin groups=["x","y"] box="outer"\ndone each box="inner"')

    assert game.state.variables["box"] == "outer"
    assert [dict(scope.variables or {})["group"] for scope in game.state.scopes] == ["y"]


def test_a_loop_over_sub_processes_keeps_instances_apart():
    groups = {"groups": [{"id": "G1"}, {"id": "G2"}]}
    game = Game(graph_of(MANY_SUB))
    game.take(begin(game.graph, groups, now=NOW))

    game.play("""
        open pick pick slow slow recall
        after PT1H
        fire slow
        open pick pick slow late recall
        done pick#2
        message shipped G1
        refused no_receiver
        message shipped G2
        open pick late recall
        done late
        done pick
        open shipped recall
        message shipped G1
        open last
        done last
        ended
    """)


def test_a_message_at_the_border_of_a_loop_cancels_every_instance():
    groups = {"groups": [{"id": "G1"}, {"id": "G2"}]}
    game = Game(graph_of(MANY_SUB))
    game.take(begin(game.graph, groups, now=NOW))

    game.play("message recalled")

    assert first(game.last).closed == (5, 6, 7, 8, 2)
    assert list(game.open.values()) == ["undone"]
    assert game.state.scopes == ()
    assert game.state.loops == ()


def test_a_process_that_a_message_starts():
    graph = graph_of("""
        start plain
        start called message=order.received
        user a role=x
        user b role=x
        end e
        plain -> a -> e
        called -> b -> e
    """)

    assert Game(graph).play("begin\nopen a").state.tokens[0].node == "a"
    assert Game(graph).play("begin order.received\nopen b").state.tokens[0].node == "b"
    assert Game(graph).play("begin other\nrefused no_start").state == State()


def test_a_join_takes_one_token_per_flow_and_keeps_the_others():
    graph = graph_of("""
        start s
        both fork
        user a role=x
        user b role=x
        user c role=x
        both join
        user last role=x
        end e
        s -> fork
        fork -> a
        fork -> b
        fork -> c
        choice merge
        a -> merge
        b -> merge
        merge -> join
        c -> join
        join -> last -> e
    """)
    game = Game(graph).play("""
        begin
        done a
        open b c
        done b
        open c
        done c
        open last
        done last
        refused join_never_completes
        open last
    """)

    assert [(token.node, token.mark) for token in game.state.tokens] == [("join", "merge-join"), ("last", "")]


def test_no_condition_and_no_default_is_a_refusal_that_names_the_gateway():
    graph = graph_of(CHOICE.replace("size -> small else", "size -> small when order.total < 10"))

    assert first(begin(graph, {"order": {"total": 5}}, now=NOW)).wait[0].node == "small"
    problem = begin(graph, {"order": {"total": 50}}, now=NOW)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.where) == ("orchestration.no_way_out", "size")


@pytest.mark.parametrize(
    ("drawing", "variables", "code"),
    [
        (WAITS, {}, "no_key"),
        (WAITS, {"order": True}, "no_key"),
        (WAITS, {"order": ""}, "no_key"),
        (WAITS, {"order": Decimal("1e99999")}, "no_key"),
        (MANY, {"groups": 5}, "no_collection"),
        (MANY, {}, "no_collection"),
        (MANY, {"groups": ["x"] * 1001}, "too_many_instances"),
        (STRAIGHT.replace("step=assess_order", "step=a times=n"), {"n": Decimal("1.5")}, "no_cardinality"),
        (STRAIGHT.replace("step=assess_order", "step=a times=n"), {"n": -1}, "no_cardinality"),
        (STRAIGHT.replace("step=assess_order", "step=a times=n"), {"n": 10**30}, "too_many_instances"),
        (STRAIGHT.replace("PT4H", "x"), {}, None),
        (STRAIGHT, {"x": 0.5}, "bad_variable"),
        (STRAIGHT, {"x": object()}, "bad_variable"),
        (STRAIGHT, {"x": {1: 2}}, "bad_variable"),
        (STRAIGHT, {"x": datetime(2026, 1, 1)}, "bad_variable"),
        (STRAIGHT, {"x": Decimal("NaN")}, "bad_variable"),
        (STRAIGHT, {"x": 10**40}, "bad_variable"),
        (STRAIGHT, {"x": "a\0b"}, "bad_variable"),
        (STRAIGHT, {"x": "\ud800"}, "bad_variable"),
        (STRAIGHT, {"x": "a" * 100_001}, "bad_variable"),
        (STRAIGHT, {"x": [1] * 10_001}, "bad_variable"),
        (STRAIGHT, {"x": {"~n": "1"}}, "bad_variable"),
        (STRAIGHT, {"": 1}, "bad_variable"),
    ],
)
def test_values_that_do_not_fit_are_refused_by_name(drawing, variables, code):
    found = begin(graph_of(drawing), variables, now=NOW)

    assert (found.code.removeprefix("orchestration.") if isinstance(found, Problem) else None) == code


def test_a_task_whose_due_date_has_no_value_is_refused():
    graph = graph_of(STRAIGHT.replace("PT4H", "promised"))
    begun = first(begin(graph, {}, now=NOW))

    late = complete(graph, begun.state, 1, {}, now=NOW)
    fine = first(complete(graph, begun.state, 1, {"promised": date(2026, 2, 1)}, now=NOW))

    assert isinstance(late, Problem)
    assert (late.code, late.where) == ("orchestration.no_instant", "approve")
    assert fine.wait[0].due == datetime(2026, 2, 1, tzinfo=UTC)


def test_a_circle_without_a_wait_is_stopped():
    graph = graph_of(STRAIGHT)
    nodes = dict(graph.nodes)
    nodes["assess"] = replace(nodes["assess"], kind=Kind.THROW, outgoing=(replace(nodes["s"].outgoing[0]),))

    problem = begin(Graph("p", "", nodes, "s", {}), {}, now=NOW)

    assert isinstance(problem, Problem)
    assert problem.code == "orchestration.endless_loop"


def test_too_many_tokens_at_once_are_stopped():
    drawing = "\n".join(["start s", "both fork", "end e", "s -> fork", *(f"both f{n}" for n in range(5))])
    drawing += "".join(f"\nfork -> f{n}" for n in range(5))
    drawing += "".join(f"\nuser u{n} role=x collection=all\nf{n} -> u{n} -> e" for n in range(5))
    drawing += "\non b u0 timer=PT1H keeps\nb -> e"

    found = begin(graph_of(drawing), {"all": [1] * 1000}, now=NOW)

    assert isinstance(found, Problem)
    assert found.code == "orchestration.too_many_tokens"


def test_a_position_that_the_version_does_not_have_is_named():
    graph = graph_of(STRAIGHT)
    state = State((Token(1, "removed"),), {}, last=1)

    assert [problem.where for problem in fits(graph, state)] == ["removed"]
    for found in (complete(graph, state, 1, {}, now=NOW), standing(graph, state)):
        assert isinstance(found, Problem)
        assert (found.code, found.where) == ("orchestration.unknown_node", "removed")


def test_two_turns_as_one_leave_out_what_came_and_went():
    graph = graph_of(STRAIGHT)
    begun = first(begin(graph, {}, now=NOW))
    assessed = first(complete(graph, begun.state, 1, {}, now=NOW))

    both = begun.followed_by(assessed)

    assert both.run == ()
    assert [wait.node for wait in both.wait] == ["approve"]
    assert both.closed == ()
    assert both.state == assessed.state
    assert [move.node for move in both.trail] == ["s", "s", "assess", "assess", "approve"]


def test_a_state_is_short():
    state = first(begin(graph_of(STRAIGHT), {"order": "SO-1"}, now=NOW)).state

    assert to_json(state) == '{"v":2,"n":1,"t":[[1,"assess"]],"x":{"order":"SO-1"}}'


def test_variables_keep_their_kind_through_json():
    values = {
        "d": Decimal("12.50"), "i": 3, "b": True, "n": None, "t": datetime(2026, 1, 1, tzinfo=UTC), "day": date(2026, 1, 1),
        "deep": [{"d": Decimal("0.1"), "list": [date(2026, 1, 2)]}], "text": '{"~n":"1"}', "u": "é",
    }  # fmt: skip
    state = first(begin(graph_of(STRAIGHT), values, now=NOW)).state

    back = from_json(to_json(state))

    assert isinstance(back, State)
    assert back.variables == values
    assert {name: type(value) for name, value in back.variables.items()} == {
        name: type(value) for name, value in values.items()
    }


def test_ids_become_text_and_tuples_lists():
    state = first(begin(graph_of(STRAIGHT), {"id": UUID(int=1), "t": (1, WaitKind.USER)}, now=NOW)).state

    assert state.variables == {"id": "00000000-0000-0000-0000-000000000001", "t": [1, "user"]}


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", '{"v":3,"n":1,"t":[]}', '{"v":1,"t":[]}', '{"v":1,"n":1,"t":[[1]]}', '{"v":1,"n":1,"t":[1]}',
        '{"v":1,"n":1,"t":[[1,"a",5]]}', '{"v":1,"n":1,"t":[[1,"a"],[1,"b"]]}', '{"v":1,"n":1,"t":[[1,"a"]],"w":[[2,"b",9]]}',
        '{"v":1,"n":1,"t":[[1,"a"]],"s":[[2,0,9,"a"]]}', '{"v":1,"n":1,"t":[],"x":{"a":{"~n":"x"}}}', '{"v":1,"n":1,"t":[],"x":[]}',
        "[" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(text):
    found = from_json(text)

    assert isinstance(found, Problem)
    assert found.code == "orchestration.unreadable_state"
