"""From one version of a diagram to another: what differs, and where a standing instance would come to rest."""

import pytest
from token_games import NOW, graph_of

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.migrate import compare, plan, wrong_mapping
from tradewind.orchestration.decide.play import begin, complete, deliver, standing
from tradewind.orchestration.model import Graph, State

OLD = """
    start begin
    step check step=check
    user approve role=boss
    on late approve timer=PT2H keeps
    step remind step=remind
    end reminded
    receive goods message=goods.ready key=order
    end done
    begin -> check -> approve -> goods -> done
    late -> remind -> reminded
"""


def at(graph: Graph, *answers: str, **variables: object) -> State:
    """Where an instance stands after these elements were answered."""
    turn = begin(graph, {"order": "SO-1", **variables}, now=NOW)
    assert not isinstance(turn, Problem)
    for element in answers:
        token = next(one.id for one in turn.state.tokens if one.node == element)
        turn = complete(graph, turn.state, token, {}, now=NOW)
        assert not isinstance(turn, Problem)
    return turn.state


def why(text: str, mapping: dict[str, str] | None = None, *answers: str, **variables: object) -> list[tuple[str, str]]:
    old, new = graph_of(OLD), graph_of(text)
    return [
        (one.element, one.code.split(".")[1])
        for one in plan(old, new, at(old, *answers, **variables), mapping or {}).stranded
    ]


def test_versions_are_compared_by_what_their_elements_say():
    new = (
        OLD.replace("role=boss", "role=chief")
        .replace("step remind step=remind", "step nudge step=remind")
        .replace("-> remind ->", "-> nudge ->")
    )

    found = compare(graph_of(OLD), graph_of(new))

    assert (found.added, found.removed, found.changed) == (("nudge",), ("remind",), ("approve", "late"))


@pytest.mark.parametrize(
    ("new", "mapping", "stranded"),
    [
        (OLD, {}, []),
        (OLD.replace("approve", "sign"), {}, [("approve", "element_removed"), ("late", "other_activity")]),
        (OLD.replace("approve", "sign"), {"approve": "sign"}, []),
        (OLD.replace("user approve role=boss", "step approve step=x"), {}, [("approve", "other_kind")]),
        (OLD.replace("late", "slow"), {}, [("late", "element_removed")]),
        (OLD.replace("late", "slow"), {"late": "slow"}, []),
    ],
    ids=["the same", "removed", "renamed", "another kind", "a border event removed", "a border event renamed"],
)
def test_a_token_comes_along_only_to_an_element_that_does_the_same(new, mapping, stranded):
    assert why(new, mapping, "check") == stranded


def test_a_wait_for_another_message_is_another_wait():
    assert why(OLD.replace("goods.ready", "goods.here"), {}, "check", "approve") == [("goods", "other_message")]


def test_what_the_new_version_asks_for_and_nobody_gives_is_missing():
    asks = OLD.replace(
        "check -> approve -> goods -> done",
        "check -> approve -> gate\n    choice gate\n    gate -> goods when rank > 3\n    gate -> done else\n    goods -> done",
    )

    assert why(asks, {}, "check") == [("approve", "variable_missing")]
    assert why(asks, {}, "check", rank=5) == []
    assert why(asks, {}, "check", "approve") == []  # it stands behind the question
    old, new = graph_of(OLD), graph_of(asks)
    assert plan(old, new, at(old, "check"), {}, parameters=["rank"]).stranded == ()


def test_a_moved_instance_waits_at_the_new_element_for_the_same_answer():
    old, new = graph_of(OLD), graph_of(OLD.replace("goods message", "stock message").replace("-> goods", "-> stock"))
    state = at(old, "check", "approve")

    moved = plan(old, new, state, {"goods": "stock"})

    (token,) = state.tokens
    assert moved.moved == ((token.id, "goods", "stock"),)
    found = standing(new, moved.state)
    assert not isinstance(found, Problem)
    assert [(one.node, one.name, one.key) for one in found[1]] == [("stock", "goods.ready", "SO-1")]
    turn = deliver(new, moved.state, "goods.ready", "SO-1", now=NOW)
    assert not isinstance(turn, Problem)
    assert turn.ended


def test_events_that_the_new_version_arms_are_named():
    new = OLD.replace("end done", "on tired goods timer=P1D keeps\n    end slept\n    tired -> slept\n    end done")
    old = graph_of(OLD)

    assert plan(old, graph_of(new), at(old, "check", "approve"), {}).unarmed == ("tired",)


def test_a_token_at_a_join_comes_along_with_its_flow():
    split = """
        start begin
        both fork
        user left role=a
        user right role=b
        both join
        end done
        begin -> fork -> left -> join -> done
        fork -> right -> join
    """
    old, new = graph_of(split), graph_of(split.replace("left", "west"))
    state = at(old, "left")

    assert [one.code for one in plan(old, new, state, {}).stranded] == ["orchestration.flow_removed"]
    moved = plan(old, new, state, {"left-join": "west-join"})
    right = next(token.id for token in moved.state.tokens if token.node == "right")
    turn = complete(new, moved.state, right, {}, now=NOW)
    assert not isinstance(turn, Problem)
    assert turn.ended


def test_a_mapping_names_what_is_there():
    old, new = graph_of(OLD), graph_of(OLD.replace("approve", "sign"))

    assert list(wrong_mapping(old, new, {"approve": "sign"})) == []
    assert [place for place, _ in wrong_mapping(old, new, {"moon": "sign", "approve": "moon"})] == ["moon", "approve"]
