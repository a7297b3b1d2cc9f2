from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from tradewind.rules.decide.dmn.sheet import rows_as_dmn
from tradewind.rules.decide.proof import Proof, prove
from tradewind.rules.model import DecisionPoint, Fact, TableTest

POINT = DecisionPoint(
    "order.check",
    "Checks",
    "What is said of an order.",
    (
        Fact("order total", "number", "in the order's currency", Decimal(1)),
        Fact("placed on", "date", "the day", "2026-01-01"),
    ),
    (
        Fact("effect", "string", "what it does", "warn", ("warn", "hold")),
        Fact("points", "number", "how bad", Decimal(1)),
    ),
)
TOTAL = {"expression": "order total", "type": "number"}
DAY = {"expression": "placed on", "type": "date"}
EFFECT = {"name": "effect", "type": "string", "values": '"hold", "warn"'}
POINTS = {"name": "points", "type": "number"}


def row(*cells: str, outputs: int = 1) -> dict[str, Any]:
    return {"conditions": cells[:-outputs], "conclusions": cells[-outputs:]}


def table(rows: Sequence[dict[str, Any]], **changed: Any) -> bytes:
    sheet = {
        "decision": "check",
        "hit_policy": "UNIQUE",
        "inputs": [TOTAL],
        "outputs": [EFFECT],
        "rows": rows,
        **changed,
    }
    made = rows_as_dmn(sheet, variables={"order total": "number", "placed on": "date"})
    assert isinstance(made, bytes), made
    return made


def proved(source: bytes, *tests: TableTest, point: DecisionPoint | None = POINT, decision: str = "") -> Proof:
    return prove(source, sha256(source).digest(), tests=tests, point=point, decision=decision)


def codes(proof: Proof) -> list[str]:
    return [one.code for one in proof.problems]


GOOD = table([row("> 100", '"hold"'), row("<= 100", '"warn"')])


def test_a_table_without_fault_may_go_live() -> None:
    proof = proved(GOOD)

    assert (proof.problems, proof.seen, proof.untested) == ((), (), (("table", 1), ("table", 2)))


@pytest.mark.parametrize(
    ("policy", "rows", "code"),
    [
        ("UNIQUE", [row("> 100", '"hold"'), row("> 500", '"warn"')], "rules.unresolved_tie"),
        ("ANY", [row("> 100", '"hold"'), row("> 500", '"warn"')], "rules.unresolved_tie"),
        ("ANY", [row("> 100", '"hold"'), row("> 500", '"hold"')], ""),
        ("FIRST", [row("> 100", '"hold"'), row("> 500", '"warn"')], "rules.unreachable_row"),
        ("FIRST", [row("> 500", '"warn"'), row("> 100", '"hold"')], ""),
        ("PRIORITY", [row("> 100", '"hold"'), row("> 50", '"warn"')], ""),
        ("PRIORITY", [row("> 100", '"hold"'), row("> 500", '"warn"')], "rules.unreachable_row"),
        ("COLLECT", [row("> 100", '"hold"'), row("> 500", '"warn"')], ""),
        ("COLLECT", [row("> 100", '"hold"'), row("[10..5]", '"warn"')], "rules.unreachable_row"),
    ],
)
def test_each_hit_policy_refuses_what_it_cannot_decide(policy: str, rows: list[dict[str, Any]], code: str) -> None:
    proof = proved(table(rows, hit_policy=policy))

    assert codes(proof) == ([code] if code else [])
    for problem in proof.problems:
        inputs = problem.detail["inputs"]
        assert inputs is None or Decimal(inputs["order total"]) > 500


def test_rows_of_one_priority_that_conclude_differently_are_a_tie() -> None:
    rows = [row("> 100", '"hold"', "1", outputs=2), row("> 50", '"hold"', "2", outputs=2)]
    source = table(rows, hit_policy="PRIORITY", outputs=[EFFECT, POINTS])

    (problem,) = proved(source).problems

    assert (problem.code, problem.message) == (
        "rules.unresolved_tie",
        "rows 1 and 2 have the same priority and conclude differently",
    )


def test_tests_pass_by_value_whatever_form_numbers_and_dates_have() -> None:
    source = table(
        [row("> 100", "> date(2026, 3, 1)", '"hold"', "order total / 3", outputs=2)],
        inputs=[TOTAL, DAY],
        outputs=[EFFECT, POINTS],
    )
    asked: dict[str, Any] = {"order total": "150.00", "placed on": "2026-03-02"}

    good = proved(
        source,
        TableTest("as text", asked, {"points": "50"}),
        TableTest("as number", {**asked, "order total": 150}, {"points": Decimal("50.0"), "effect": "hold"}),
        TableTest("too early", {**asked, "placed on": "2026-03-01"}, None),
        TableTest("one of a list", asked, ({"effect": "hold"},)),
    )

    assert good.problems == ()
    assert [one.passed for one in good.tried] == [True] * 4
    assert good.untested == ()


def test_a_test_that_fails_says_what_came_out_and_what_nearly_did() -> None:
    (problem,) = proved(GOOD, TableTest("small", {"order total": 100}, {"effect": "hold"})).problems

    assert problem.code == "rules.test_failed"
    assert problem.where == "/tests/0"
    assert problem.message == (
        'test \'small\': expected {"effect": "hold"}, decided [{"effect": "warn"}] (rows that matched: 2)'
    )
    assert problem.detail["nearly"] == [{"row": 1, "column": "order total", "cell": "> 100"}]


def test_a_test_that_gives_what_nobody_asks_proves_nothing() -> None:
    (problem,) = proved(GOOD, TableTest("typo", {"order totl": 100}, None)).problems

    assert (problem.code, problem.detail["nearest"]) == ("rules.test_names_no_input", "order total")


def test_several_answers_are_expected_in_their_order() -> None:
    source = table([row("> 100", '"hold"'), row("> 500", '"warn"')], hit_policy="RULE ORDER")
    both = ({"effect": "hold"}, {"effect": "warn"})

    assert proved(source, TableTest("both", {"order total": 501}, both)).problems == ()
    assert codes(proved(source, TableTest("turned", {"order total": 501}, both[::-1]))) == ["rules.test_failed"]
    assert codes(proved(source, TableTest("one", {"order total": 501}, both[0]))) == ["rules.test_failed"]


def test_a_table_that_governs_nothing_may_use_any_words() -> None:
    source = table([row("> 100", '"anything"')], outputs=[{"name": "colour", "type": "string"}])

    assert codes(proved(source)) == ["rules.unknown_fact"]
    assert codes(proved(source, point=None)) == []


def test_what_is_not_understood_is_told_before_anything_else() -> None:
    assert codes(proved(b"<html/>")) == ["rules.not_dmn"]
    assert codes(proved(GOOD, decision="chek")) == ["rules.unknown_decision"]
    assert codes(proved(table([row("> 1", '"hold')]))) == ["rules.cannot_read_expression"]
