"""What a person may do to a standing instance: skip what it waits for, and put variables."""

from datetime import timedelta
from decimal import Decimal

import pytest
from token_games import NOW, graph_of

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.play import begin
from tradewind.orchestration.decide.repair import put, skip
from tradewind.orchestration.model import State, Turn

WAITS = """
    start begin
    both fork
    step work step=work
    user approve role=boss
    receive goods message=goods.ready key=order
    catch strike signal=strike.over
    call other called=other_stream
    timer rest timer=P3D
    timer again timer=P1D
    both join
    end done
    begin -> fork -> work -> join -> done
    fork -> approve -> join
    fork -> goods -> join
    fork -> strike -> join
    fork -> other -> join
    fork -> rest -> again -> join
"""
GRAPH = graph_of(WAITS)


def begun() -> State:
    turn = begin(GRAPH, {"order": "SO-1"}, now=NOW)
    assert isinstance(turn, Turn)
    return turn.state


def token(state: State, element: str) -> int:
    return next(one.id for one in state.tokens if one.node == element)


@pytest.mark.parametrize("element", ["work", "approve", "goods", "strike", "other"])
def test_whatever_is_waited_for_is_answered_with_what_the_person_says(element):
    state = begun()

    turn = skip(GRAPH, state, token(state, element), {"price": Decimal("1.50")}, now=NOW)

    assert isinstance(turn, Turn)
    assert element not in {one.node for one in turn.state.tokens}
    assert turn.state.variables["price"] == Decimal("1.50")
    assert turn.closed == (token(state, element),)


def test_a_skipped_timer_is_over_now_and_the_next_counts_from_now():
    state = begun()

    turn = skip(GRAPH, state, token(state, "rest"), {"why": "late"}, now=NOW + timedelta(hours=1))

    assert isinstance(turn, Turn)
    (wait,) = turn.wait
    assert (wait.node, wait.due) == ("again", NOW + timedelta(days=1, hours=1))
    assert turn.state.variables["why"] == "late"


def test_a_token_at_a_join_waits_for_nothing_that_could_be_skipped():
    turn = skip(GRAPH, begun(), token(begun(), "work"), {}, now=NOW)
    assert isinstance(turn, Turn)

    refused = skip(GRAPH, turn.state, token(turn.state, "join"), {}, now=NOW)
    unknown = skip(GRAPH, turn.state, 999, {}, now=NOW)

    assert isinstance(refused, Problem)
    assert refused.code == "orchestration.cannot_skip"
    assert isinstance(unknown, Problem)
    assert unknown.code == "orchestration.unknown_token"


def test_variables_are_put_without_anything_moving():
    state = begun()

    turn = put(GRAPH, state, {"order": "SO-2"}, now=NOW)
    refused = put(GRAPH, state, {"share": 0.5}, now=NOW)

    assert isinstance(turn, Turn)
    assert (turn.state.tokens, turn.state.variables["order"], turn.trail) == (state.tokens, "SO-2", ())
    assert isinstance(refused, Problem)
    assert refused.code == "orchestration.bad_variable"
