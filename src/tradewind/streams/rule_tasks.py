"""Business rule tasks: a decision that a stream asks by its rule set's code is answered by the version in force, and kept.

Variables are named as FEEL names them in tables, with `_` for every space: `order_total` is the input `order total`, and an answer
`needs review` becomes the variable `needs_review`. One answer becomes variables; several become the list `answers`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tradewind.kernel.problem import refuse
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.steps import Call, KeepDecisions
from tradewind.rules.commands.decisions import record
from tradewind.rules.model import RuleDecision, Ruling
from tradewind.rules.queries.published import published_tables

ANSWERS = "answers"


def ask_rules(tx: Tx, name: str, calls: Sequence[Call]) -> list[dict[str, Any]]:
    """What the version of a rule set that is in force answers each call; refused where none is."""
    return [outcome_of(one) for one in _rulings(tx, name, calls)]


def kept_of(subject_type: str) -> KeepDecisions:
    """Keeps what was answered about such subjects: inputs, version, rows, near misses."""

    def keep(tx: Tx, name: str, calls: Sequence[Call]) -> None:
        rulings = zip(_rulings(tx, name, calls), calls, strict=True)
        record(tx, [RuleDecision(one, subject_type, call.subject_id) for one, call in rulings])

    return keep


def _rulings(tx: Tx, name: str, calls: Sequence[Call]) -> list[Ruling]:
    published = published_tables(tx)
    table = None if published is None else published.named(name, tx.now)
    if table is None:
        raise refuse("streams.no_decision_in_force", f"No version of the rule set {name} is in force.", rule_set=name)
    return [table.decide(inputs_of(table.asks, call.variables)) for call in calls]


def inputs_of(names: frozenset[str], variables: Mapping[str, Any]) -> dict[str, object]:
    """The table's inputs out of an instance's variables; what is not there is null."""
    return {name: variables.get(name, variables.get(name.replace(" ", "_"))) for name in names}


def outcome_of(ruling: Ruling) -> dict[str, Any]:
    """What a ruling leaves as variables; nothing where no row answered."""
    found = [{name.replace(" ", "_"): value for name, value in answer.items()} for answer in ruling.answers]
    return found[0] if len(found) == 1 else {ANSWERS: found} if found else {}
