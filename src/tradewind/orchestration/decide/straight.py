"""The commonest move without setting up a board: the only token goes from one step straight to the next."""

from collections.abc import Mapping
from typing import Any

from tradewind.orchestration.decide.variables import checked
from tradewind.orchestration.model import Graph, Kind, Move, Run, State, Token, Turn, Verb


def straight_on(graph: Graph, state: State, token: int, outcome: Mapping[str, Any]) -> Turn | None:
    """The turn that the token game would give; None where there is anything else to think of.

    It is a third of the time of an instance of automatic steps; that both give the same is a property under test.
    """
    if len(state.tokens) != 1 or state.watches or state.scopes or state.loops:
        return None
    here = state.tokens[0]
    node = graph.nodes.get(here.node)
    if here.id != token or here.mark or node is None or node.kind is not Kind.SERVICE:
        return None
    if node.many is not None or node.undo or len(node.outgoing) != 1:
        return None
    there = graph.nodes[node.outgoing[0].target]
    if there.kind is not Kind.SERVICE or there.many is not None or there.boundaries:
        return None
    values, last = checked(outcome), state.last + 1
    variables = {**state.variables, **values} if values else state.variables
    return Turn(
        State((Token(last, there.id),), variables, (), (), (), last, state.done, state.caller),
        (Run(last, there.id, there.step, variables),),
        (),
        (token,),
        (),
        (Move(node.id, Verb.LEFT, token), Move(there.id, Verb.ENTERED, last)),
    )
