"""What a table decides twice, never or not at all, with inputs that prove it."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision_models import compiled, decision, input_data, table
from tradewind.rules.decide.dmn.overlaps import Kind, examine
from tradewind.rules.decide.dmn.table import Trace

D = Decimal


def made(*lines: str, kinds: dict[str, str] | None = None, **options: object):
    names = list(dict.fromkeys(name.strip() for name in lines[0].split("|")))
    parts = [input_data(name, (kinds or {}).get(name, "")) for name in names]
    return compiled(*parts, decision("verdict", table(*lines, **options), inputs=names)).tables["t"]


def found(*lines: str, **options: object) -> list[tuple[object, ...]]:
    return [(one.kind.value, one.rows, one.inputs, one.allowed) for one in examine(made(*lines, **options))]


def test_two_rows_of_a_unique_table_for_one_input_are_a_fault():
    assert found("x", "<= 5 => 1", ">= 5 => 2") == [("overlap", (1, 2), (D(5),), False)]


def test_a_policy_that_provides_for_several_rows_makes_it_a_note():
    for policy in ("FIRST", "COLLECT", "RULE ORDER"):
        assert found("x", "<= 5 => 1", ">= 5 => 2", policy=policy) == [("overlap", (1, 2), (D(5),), True)]


def test_rows_of_an_any_table_may_overlap_where_they_agree():
    assert found("x", "<= 5 => 1", ">= 5 => 1", policy="ANY") == [("overlap", (1, 2), (D(5),), True)]
    assert found("x", "<= 5 => 1", ">= 5 => 2", policy="ANY") == [("overlap", (1, 2), (D(5),), False)]


def test_a_row_behind_others_that_take_all_its_inputs_is_shadowed():
    lines = ("x", "< 5 => 1", "> 3 => 2", "[1..9] => 3", "- => 4")

    assert [one for one in found(*lines, policy="FIRST") if one[0] == "shadowed"] == [
        ("shadowed", (3, 1), (D(1),), False),
        ("shadowed", (4, 1), (D(0),), False),
    ]


def test_of_rows_by_priority_the_weaker_one_inside_is_shadowed():
    lines = ("x", "[4..5] => 1", "[1..9] => 2", "< 1, > 9 => 1")

    shadowed = [
        one.rows for one in examine(made(*lines, policy="PRIORITY", outputs=("o: 2, 1",))) if one.kind == "shadowed"
    ]

    assert shadowed == [(1, 2)]


def test_an_empty_range_or_a_value_that_is_not_allowed_never_matches():
    never = [one for one in examine(made("x | s", "[9..3] | - => 1", '- | "z" => 2')) if one.kind is Kind.NEVER]

    assert [(one.rows, one.column) for one in never] == [((1,), 1)]


def test_gaps_have_an_input_each_and_a_default_makes_them_notes():
    lines = ("x | ok", "< 5 | true => 1", "> 5 | - => 2")

    assert found(*lines, kinds={"ok": "boolean"}) == [
        ("gap", (), (D(4), False), False),
        ("gap", (), (D(5), False), False),
    ]
    assert {one[3] for one in found(*lines, kinds={"ok": "boolean"}, outputs=("o = 7",))} == {True}


def test_days_that_follow_each_other_leave_no_gap():
    lines = ("d", '<= date("2026-01-31") => 1', '>= date("2026-02-01") => 2')

    assert found(*lines) == []


def test_rows_that_read_other_variables_prove_nothing():
    lines = ("x | y", "> y | - => 1", "<= 5 | - => 2")

    assert [one[0] for one in found(*lines)] == []


def test_columns_that_ask_the_same_are_answered_alike():
    assert found("x | x", "< 5 | - => 1", ">= 5 | - => 2") == [("stopped", (), None, True)]


def test_thousands_of_rows_are_searched_and_the_search_says_where_it_stopped():
    rows = [f"[{at}..{at + 15}] | - => {at}" for at in range(0, 30_000, 10)]

    everything = examine(made("x | y", *rows))

    assert sum(one.kind is Kind.OVERLAP for one in everything) == 100
    assert [one.message for one in everything if one.kind is Kind.STOPPED] == [
        "more than 100 pairs of rows overlap; shown up to row 101"
    ]


NUMBERS = st.integers(0, 6)
CELLS = (
    st.just("-")
    | st.builds(
        lambda a, b, low, high: f"{low}{a}..{b}{high}", NUMBERS, NUMBERS, st.sampled_from("[("), st.sampled_from("])")
    )
    | st.builds("{} {}".format, st.sampled_from(["<", ">=", "!="]), NUMBERS)
    | st.builds("not({}, {})".format, NUMBERS, NUMBERS)
)
TABLES = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5)
POINTS = [D(half) / 2 for half in range(-2, 15)]


def hits(compiled_table: object, x: object, y: object) -> tuple[int, ...]:
    trace = Trace()
    compiled_table.evaluate({"x": x, "y": y}, trace)
    return trace.hits[0].rows


@settings(max_examples=60)
@given(TABLES, st.sampled_from(["UNIQUE", "FIRST"]))
def test_what_is_found_is_what_trying_every_input_finds(cells, policy):
    subject = made("x | y", *(f"{x} | {y} => {at}" for at, (x, y) in enumerate(cells)), policy=policy)
    everything = [hits(subject, x, y) for x in POINTS for y in POINTS]
    pairs = {(a, b) for rows in everything for a in rows for b in rows if a < b}
    deciding = {rows[0] for rows in everything if rows}
    ever = {row for rows in everything for row in rows}

    result = examine(subject)

    assert {one.rows for one in result if one.kind is Kind.OVERLAP} == pairs
    assert {one.rows[0] for one in result if one.kind is Kind.NEVER} == set(range(1, len(cells) + 1)) - ever
    assert any(one.kind is Kind.GAP for one in result) is (() in everything)
    if policy == "FIRST":
        assert {one.rows[0] for one in result if one.kind is Kind.SHADOWED} == ever - deciding
    for one in result:
        if one.kind is Kind.OVERLAP:
            assert set(one.rows) <= set(hits(subject, *one.inputs))
        elif one.kind is Kind.GAP:
            assert hits(subject, *(D(0) if value is None else value for value in one.inputs)) == ()
        elif one.kind is Kind.SHADOWED:
            assert one.rows[0] in hits(subject, *(D(0) if value is None else value for value in one.inputs))


@pytest.mark.parametrize("constant", ['"a"', "true", '@"2026-01-31T10:00:00Z"', '@"P1D"', '@"P1M"', "1.5"])
def test_every_kind_of_value_is_proved_by_one_of_its_kind(constant):
    result = found("x", f"{constant} => 1", f"{constant} => 2")

    assert result[0][:2] == ("overlap", (1, 2))
    assert any(one[0] == "gap" for one in result)
