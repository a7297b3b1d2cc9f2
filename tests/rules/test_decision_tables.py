"""Decision tables: what each hit policy decides, what is traced, what is refused."""

from decimal import Decimal

import pytest

from decision_models import compiled, decided, decision, dmn, input_data, table
from tradewind.rules.decide.dmn import Hit, NearMiss, read_model

D = Decimal
ROWS = (
    "x | y",
    "> 0 | - => 1",
    '> 5 | "a" => 2',
    '> 5 | "a", "b" => 3',
    "null | - => 9",
)


def asked(
    x: object, y: object, *rows: str, policy: str = "UNIQUE", aggregation: str = "", outputs: tuple[str, ...] = ("",)
):
    made = table(*(rows or ROWS), policy=policy, aggregation=aggregation, outputs=outputs)
    model = compiled(input_data("x"), input_data("y"), decision("d", made, inputs=["x", "y"]))
    assert model.problems == ()
    return decided(model, "d", x=x, y=y)


@pytest.mark.parametrize(
    ("policy", "aggregation", "x", "y", "value"),
    [
        ("UNIQUE", "", 3, "a", D(1)),
        ("UNIQUE", "", 0, "a", None),
        ("UNIQUE", "", None, "a", D(9)),
        ("FIRST", "", 6, "a", D(1)),
        ("FIRST", "", 0, "a", None),
        ("RULE ORDER", "", 6, "a", [D(1), D(2), D(3)]),
        ("RULE ORDER", "", 6, "b", [D(1), D(3)]),
        ("COLLECT", "", 6, "b", [D(1), D(3)]),
        ("COLLECT", "", 0, "b", None),
        ("COLLECT", "SUM", 6, "a", D(6)),
        ("COLLECT", "SUM", 0, "a", None),
        ("COLLECT", "COUNT", 6, "a", D(3)),
        ("COLLECT", "COUNT", 0, "a", D(0)),
        ("COLLECT", "MIN", 6, "a", D(1)),
        ("COLLECT", "MAX", 6, "a", D(3)),
        ("ANY", "", 3, "a", D(1)),
    ],
)
def test_a_hit_policy_decides(policy, aggregation, x, y, value):
    outcome = asked(x, y, policy=policy, aggregation=aggregation)

    assert outcome.values == {"d": value}
    assert outcome.findings == ()


@pytest.mark.parametrize(
    ("policy", "value"), [("PRIORITY", "high"), ("OUTPUT ORDER", ["high", "mid", "low", "other"]), ("FIRST", "low")]
)
def test_values_are_ranked_in_the_order_of_the_output_values(policy, value):
    rows = ("x", '- => "low"', '- => "other"', '- => "high"', '- => "mid"')

    assert asked(1, 1, *rows, policy=policy, outputs=(': "high", "mid", "low"',)).values["d"] == value


def test_several_outputs_are_ranked_from_the_first_on():
    rows = ("x", '- => "b" | 1', '- => "a" | 2', '- => "a" | 1')

    outcome = asked(1, 1, *rows, policy="OUTPUT ORDER", outputs=('letter: "a", "b"', "number: 1, 2"))

    assert outcome.values["d"] == [
        {"letter": "a", "number": D(1)}, {"letter": "a", "number": D(2)}, {"letter": "b", "number": D(1)}
    ]  # fmt: skip


def test_two_rows_of_a_unique_table_decide_nothing_and_are_named():
    outcome = asked(6, "a")

    assert outcome.values == {"d": None}
    assert outcome.hits == (Hit("t", (D(6), "a"), (1, 2, 3)),)
    assert [(found.code, found.where) for found in outcome.findings] == [
        ("rules.several_rows_match", "decisionTable t")
    ]
    assert outcome.findings[0].message == "only one row may match: rows 1, 2, 3"


def test_rows_of_an_any_table_must_agree():
    agreeing = asked(6, "a", "x | y", '- | "a" => 1', "> 5 | - => 1.0", policy="ANY")
    disagreeing = asked(6, "a", "x | y", '- | "a" => 1', "> 5 | - => 2", policy="ANY")

    assert agreeing.values == {"d": D(1)}
    assert disagreeing.values == {"d": None}
    assert disagreeing.findings[0].code == "rules.rows_disagree"


@pytest.mark.parametrize(
    ("policy", "value"),
    [("UNIQUE", D(7)), ("FIRST", D(7)), ("PRIORITY", D(7)), ("COLLECT", [D(7)]), ("RULE ORDER", [D(7)])],
)
def test_without_a_row_the_default_decides(policy, value):
    assert asked(-1, "z", policy=policy, outputs=(": 1, 2 = 7",)).values["d"] == value


def test_several_outputs_make_a_context():
    outcome = asked(1, "a", "x", "> 0 => x + 1 | y", outputs=("next", "same one"))

    assert outcome.values["d"] == {"next": D(2), "same one": "a"}


def test_cells_may_read_other_variables():
    rows = ("x | y", "> y | - => 1", "<= y | ? > x => 2", "= y | - => 3")

    assert asked(2, 1, *rows, policy="COLLECT").values["d"] == [D(1)]
    assert asked(1, 2, *rows, policy="COLLECT").values["d"] == [D(2)]
    assert asked(1, 1, *rows, policy="COLLECT").values["d"] == [D(3)]


def test_a_value_outside_the_allowed_ones_decides_nothing_and_is_named():
    made = table("x", '"A" => 1', "- => 2", policy="FIRST")
    made = made.replace("</input>", '<inputValues id="v"><text>"A", "B"</text></inputValues></input>', 1)
    model = compiled(input_data("x"), decision("d", made, inputs=["x"]))

    good, bad = decided(model, x="B"), decided(model, x="C")

    assert (good.values["d"], good.findings) == (D(2), ())
    assert bad.values["d"] is None
    assert [(found.code, found.where) for found in bad.findings] == [("rules.input_not_allowed", "input c1")]


def test_near_misses_are_rows_that_one_input_kept_from_matching():
    made = table("x | y", '> 5 | "a" => 1', '> 5 | "b" => 2', "> 9 | - => 3", '> 9 | "b" => 4')
    model = compiled(input_data("x"), input_data("y"), decision("d", made, inputs=["x", "y"]))
    outcome = decided(model, x=6, y="a")

    table_of = model.tables["t"]

    assert outcome.values["d"] == D(1)
    assert table_of.near_misses(outcome.hits[0].inputs, {}) == (NearMiss(2, 2), NearMiss(3, 1))


@pytest.mark.parametrize(
    ("made", "code", "where"),
    [
        (table("x", "> => 1"), "rules.cannot_read_expression", "inputEntry r1c1, character 2"),
        (table("x", "> 1 => 1 +"), "rules.cannot_read_expression", "outputEntry r1o1, character 4"),
        (table("x", "> 1 => open(1)"), "rules.unknown_function", "outputEntry r1o1, character 1"),
        (table("x", "> z => 1"), "rules.unknown_name", "inputEntry r1c1"),
        (table("z", "> 1 => 1"), "rules.unknown_name", "inputExpression in input c1"),
        (table("x", "> 1 => 1 | 2"), "rules.row_does_not_fit", "rule r1"),
        (table("x", "> 1 => 1", policy="BEST"), "rules.unknown_hit_policy", "decisionTable t"),
        (table("x", "> 1 => 1", policy="PRIORITY"), "rules.no_priorities", "decisionTable t"),
        (table("x", "> 1 => 1", policy="COLLECT", aggregation="AVG"), "rules.unknown_aggregation", "decisionTable t"),
        (table("x", "> 1 => 1", aggregation="SUM"), "rules.aggregation_without_collect", "decisionTable t"),
        (
            table("x", "> 1 => 1 | 2", policy="COLLECT", aggregation="SUM", outputs=("a", "b")),
            "rules.several_outputs",
            "decisionTable t",
        ),
        (table("x", "> 1 => 1 | 2", outputs=("a", "a")), "rules.not_unique", "decisionTable t"),
        (table("x", outputs=()), "rules.no_output", "decisionTable t"),
        (
            table("x", "> 1 => 1", outputs=(": 1 +",)),
            "rules.cannot_read_expression",
            "outputValues in output o1, character 4",
        ),
    ],
)
def test_what_is_wrong_in_a_table_is_named_with_element_and_id(made, code, where):
    model = read_model(dmn(input_data("x"), decision("d", made, inputs=["x"])))

    assert [(problem.code, problem.where) for problem in model.problems] == [(code, where)]
    assert decided(model, x=2).values == {"d": None}
