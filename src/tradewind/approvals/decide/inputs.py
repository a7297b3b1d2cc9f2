"""Conditions: FEEL over the facts of an order, with what of them it reads told from its text."""

from functools import lru_cache

from tradewind.approvals import errors
from tradewind.approvals.model import INPUTS, Condition
from tradewind.kernel.problem import Problem
from tradewind.rules.decide.feel import compile_expression
from tradewind.rules.decide.feel.parser import parse
from tradewind.rules.decide.feel.syntax import Name, Path, walk


@lru_cache(maxsize=4_096)
def read_condition(text: str) -> Condition | Problem:
    """A condition, or what is wrong with it: it cannot be read, or reads what an order does not have."""
    tree = parse(text)
    if isinstance(tree, Problem):
        return tree.at("/condition")
    nodes = [node for node, _ in walk(tree)]
    members = {(node.base.name, node.base.at): node.member for node in nodes if isinstance(node, Path) and isinstance(node.base, Name)}  # fmt: skip
    inputs: set[str] = set()
    for node in nodes:
        if isinstance(node, Name):
            member = members.get((node.name, node.at))
            name = node.name if member is None else f"{node.name}.{member}"
            if name not in INPUTS:
                return errors.unknown_input(name)
            inputs.add(name)
    return Condition(text, compile_expression(text), tuple(sorted(inputs)))
