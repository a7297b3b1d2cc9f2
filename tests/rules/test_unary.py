"""The condition cells of decision tables: what meets them, and names that are not plain words."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.feel import Callee, read_expression, read_tests, vocabulary

D = Decimal
CONTEXT = {"limit": D(10), "allowed": ["A", "B"], "on": True}


@pytest.mark.parametrize(
    ("cell", "value", "matches"),
    [
        ("-", None, True),
        ("", D(1), True),
        ("5", D("5.0"), True),
        ("5", "5", False),
        ("5", None, False),
        ("null", None, True),
        ("null", D(1), False),
        ('"A", "B"', "B", True),
        ('"A", "B"', "C", False),
        ("true", True, True),
        ("true", False, False),
        (">= 18", D(18), True),
        (">= 18", D(17), False),
        (">= 18", "x", False),
        (">= 18", None, False),
        ("< 12, > 20", D(21), True),
        ("[1..5]", D(5), True),
        ("[1..5)", D(5), False),
        ("]1..5]", D(1), False),
        ("(1..5), 7", D(7), True),
        ("-5", D(-5), True),
        ("not(5)", D(6), True),
        ("not(5)", D(5), False),
        ("not(5)", "x", False),
        ("not(null)", D(5), True),
        ("not(null)", None, False),
        ('not("A", "B")', "C", True),
        ("not(> 5)", D(5), True),
        ("not(on) or ? = 3", D(3), True),
        ("< limit", D(9), True),
        ("limit", D(10), True),
        ("limit * 2", D(20), True),
        ("allowed", "A", True),
        ("limit > 5", "whatever", True),
        ("limit > 50", "whatever", False),
        ("on", True, True),
        ('starts with(?, "SO-")', "SO-7", True),
        ('not(starts with(?, "SO-"))', "SO-7", False),
        ("? > 5 and ? < limit", D(7), True),
        ("? between 1 and 5, 9", D(9), True),
        ('date("2026-01-01")', date(2026, 1, 1), True),
        ('>= date("2026-01-01")', date(2025, 12, 31), False),
        ("unknown", D(1), False),
    ],
)
def test_a_cell_is_met(cell, value, matches):
    tests = read_tests(cell)

    assert not isinstance(tests, Problem)
    assert tests.matches(value, CONTEXT) is matches


@pytest.mark.parametrize(
    ("cell", "is_constant"),
    [("5", True), ("not([1..5], 7)", True), ('>= date("2026-01-01")', True), ("< limit", False), ("? > 5", False)],
)
def test_a_cell_knows_whether_it_depends_on_its_value_alone(cell, is_constant):
    assert (read_tests(cell).constants is not None) is is_constant


def test_a_cell_knows_the_variables_it_reads():
    assert read_tests("< limit, ? > other.total").names == {"limit", "other"}


@pytest.mark.parametrize("cell", ["1,", "not(", "> ", "a b", "not(1) 2", "[1..", "5 ?"])
def test_a_cell_that_cannot_be_read_is_refused_with_its_place(cell):
    problem = read_tests(cell)

    assert isinstance(problem, Problem)
    assert problem.where.startswith("character ")


@given(st.text(max_size=30) | st.lists(st.sampled_from([*"()[],.-<>=?", "not", "1", '"a"', "x"])).map(" ".join))
def test_no_cell_crashes(text):
    tests = read_tests(text)

    if not isinstance(tests, Problem):
        assert tests.matches(D(1), {}) in (True, False)


WORDS = vocabulary(
    ["Monthly Salary", "Approved/Declined", "date and more", "Order"],
    ["ship to", "date and time"],
    {"PMT": ("rate", "amount"), "Late Fee": ("days",)},
)
SPELLED = {
    "Monthly Salary": D(1000),
    "Approved/Declined": "Approved",
    "date and more": D(3),
    "Order": {"ship to": {"zip": "10115"}, "date and time": D(4)},
    "PMT": Callee(lambda given: given),
    "Late Fee": Callee(lambda given: given[0]),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12 * Monthly Salary", D(12000)),
        ("12 * Monthly   Salary / 2", D(6000)),
        ('Approved/Declined = "Approved"', True),
        ("date and more + 1", D(4)),
        ("Order.ship to.zip", "10115"),
        ("Order.date and time + 1", D(5)),
        ("PMT(1, Late Fee(2))", [D(1), D(2)]),
        ("PMT(amount: 1, rate: Late Fee(2))", [D(2), D(1)]),
    ],
)
def test_names_may_have_several_words(text, value):
    assert read_expression(text, WORDS).evaluate(SPELLED) == value


def test_a_function_of_the_context_takes_as_many_arguments_as_it_says():
    problem = read_expression("1 + PMT(1)", WORDS)

    assert (problem.code, problem.where) == ("rules.wrong_arguments", "character 5")


def test_a_function_that_the_context_does_not_hold_has_no_value():
    assert read_expression("PMT(1, 2)", WORDS).evaluate({"PMT": D(1)}) is None
