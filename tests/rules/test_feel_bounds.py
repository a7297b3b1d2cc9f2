"""What would run for ever, or fill the memory, ends soon: with null and a reason, or refused when it is compiled."""

from decimal import Decimal

import pytest

from tradewind.rules.decide.feel import compile_expression, read_expression, read_tests
from tradewind.rules.decide.feel.allowance import ALLOWANCE, MAX_STEPS, Allowance

CONTEXT = {"xs": list(range(10_000)), "ys": list(range(10_000)), "half": "a" * 500_000}


@pytest.mark.parametrize(
    "text",
    [
        "some i in 1..1000000000 satisfies i < 0",
        "every i in 1..1000, j in 1..1000, k in 1..1000 satisfies i + j + k > 0",
        "for i in 1..9000 return xs = ys",
        "for i in 1..9000 return i in xs",
        "for i in 1..9000 return xs.name",
        "for i in 1..9000 return xs[item > i]",
        'for i in 1..9000 return half + "b"',
        "for i in 1..9000 return substring(half, 2)",
        "for i in 1..9000 return i ** 0.123",
        "for i in 1..9000 return exp(i)",
        "for x in xs return index of(xs, x)",
        "sort(for i in 1..9000 return modulo(i * 7919, 10007), function(a, b) sum(xs) > 0 and a < b)",
        "{f: function(n, f) if n = 0 then 1 else f(n - 1, f) + f(n - 1, f), r: f(22, f)}.r",
        'for i in 1..9000 return matches(string join(for j in 1..900 return "aaaaaaaaaa"), "a*a*a*a*b")',
        " or ".join(["not(xs = ys)"] * 200),
    ],
)
def test_work_is_counted_and_ends(text):
    value, problem = compile_expression(text).answer(CONTEXT)

    assert value is None
    assert problem.code == "rules.too_much_work"
    assert f"more than {MAX_STEPS} steps" in problem.message
    assert compile_expression(text).evaluate(CONTEXT) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(function(f) f(f))(function(f) f(f))", "its functions call each other more than 24 deep"),
        ("for i in 1..10001 return i", "a list has at most 10000 items"),
        ("for i in 1..10000, j in 1..10000 return 1", "a list has at most 10000 items"),
    ],
)
def test_depth_and_size_have_bounds_of_their_own(text, reason):
    value, problem = compile_expression(text).answer({})

    assert value is None
    assert problem.message == f"the expression has no value: {reason}"


@pytest.mark.parametrize(
    "text",
    [
        "flatten(for i in 1..60 return [partial[-1], partial[-1]])",
        "string(for i in 1..60 return [partial[-1], partial[-1]])",
        "(for i in 1..60 return [partial[-1], partial[-1]]) = (for i in 1..60 return [partial[-1], partial[-1]])",
        'matches("a", "((a{99}){99}){99}")',
        'matches(string join(for i in 1..9000 return "aaaaaaaaaa"), "a*a*a*b")',
        '(for i in 1..60 return if i = 1 then "ab" else partial[-1] + partial[-1])[-1]',
        "9 ** 9 ** 9 ** 9 ** 9",
    ],
)
def test_what_doubles_has_no_value(text):
    assert compile_expression(text).evaluate({}) is None


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "(a|a)*b", "^(a|aa)+$", "(a*)*b", "(.*)(.*)(.*)(.*)b", "(a?){50}a{50}c"]
)
def test_a_pattern_takes_one_pass_whatever_it_is(pattern):
    text = f'matches("{"a" * 200}!", "{pattern}")'

    assert compile_expression(text).answer({}) == (False, None)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{a:" * 50 + "1" + "}" * 50, "character 121"),
        ("not(" * 50 + "true" + ")" * 50, "character 161"),
        ("x instance of " + "list<" * 50 + "number" + ">" * 50, "character 70"),
        ("a" + "[1]" * 200, None),
        ("a" + ".b" * 200, None),
        ("(function(x) " * 50 + "x" + ")" * 50, None),
    ],
)
def test_what_is_too_deep_is_refused_when_it_is_compiled(text, where):
    problem = read_expression(text)

    assert problem.code in ("rules.expression_too_large", "rules.cannot_read_expression")
    assert where in (None, problem.where)


def test_one_allowance_serves_all_parts_of_an_evaluation():
    allowance = Allowance()
    expression = compile_expression("count(for i in 1..5000 return i * 2)")
    spent = 0
    while not allowance.reason:
        expression.evaluate({ALLOWANCE: allowance})
        spent += 1

    assert 5 < spent < 50
    assert expression.evaluate({ALLOWANCE: allowance}) is None
    assert expression.evaluate({}) == Decimal(5000)


def test_a_cell_that_would_run_for_ever_is_not_met():
    tests = read_tests("some i in 1..1000000000 satisfies i = ?")

    assert tests.matches(Decimal(-1), {}) is False
    assert tests.matches(Decimal(3), {}) is True


def test_costly_constants_are_not_worked_out_when_they_are_compiled():
    tests = read_tests(f'matches("{"a" * 1500}", "a*a*a*b")')

    assert tests.constants is None
    assert compile_expression("count(for i in 1..9000 return i)").constant() == (False, None)
    assert compile_expression("1 + 2").constant() == (True, Decimal(3))
