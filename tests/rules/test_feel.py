"""FEEL: what expressions mean, what is refused, and that nothing crashes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.problem import Problem, Refused
from tradewind.rules.decide.feel import Duration, Expression, compile_expression, read_duration, read_expression
from tradewind.rules.decide.feel.functions import FUNCTIONS


@dataclass(frozen=True, slots=True)
class Address:
    country: str


CONTEXT = {
    "order": {
        "total": Decimal("150.00"),
        "lines": [{"sku": "A", "qty": 2}, {"sku": "B", "qty": 5}],
        "note": None,
        "ship to": 1,
        "placed": datetime(2026, 1, 31, 10, tzinfo=UTC),
    },
    "account": Address("DE"),
    "n": 5,
    "f": 0.1,
    "held": False,
    "tags": ("urgent", "export"),
    "day": date(2026, 1, 31),
    "wait": Duration(micros=7_200_000_000),
}

# One line each: expression => its value, written as an expression again; the right side holds only literals.
MEANINGS = r"""
1 + 2 * 3 => 7
(1 + 2) * 3 => 9
0.1 + 0.2 => 0.3
f + 0.2 => 0.3
1 / 3 * 3 => 0.9999999999999999999999999999999999
10 - 2 - 3 => 5
-n => -5
--n => 5
-(2 - 5) => 3
1 / 0 => null
2 ** 3 => 8
5 + 2 ** 5 + 3 => 40
2 ** 3 ** 2 => 64
-3 ** 2 => 9
10 ** -2 => 0.01
2 * 3 ** 2 => 18
0 ** -1 => null
(-2) ** 0.5 => null
10 ** 9999 => null
2 ** "a" => null
1 + null => null
1 + "a" => null
"a" + "b" => "ab"
"tab\t\"quoted\" \u00e9 \U01F600" => "tab\t\"quoted\" é 😀"
"\d+" = "\\d+" => true
.5 + 1 => 1.5
1.5e3 => 1500
1 /* here */ + 1 => 2

order.total => 150
order.total > 100 => true
order.missing.deeper => null
order.lines.qty => [2, 5]
account.country => "DE"
account.__class__ => null
account.country.upper => null
n.real => null
unknown => null
unknown > 5 => null

1 = 1.0 => true
1 = "1" => null
"a" < "b" => true
"a" < 1 => null
null = null => true
order.note = null => true
order.note != null => false
n != null => true
null < 1 => null
true = true => true
true = 1 => null
[1, 2] = [1, 2] => true
[1, 2] = [2, 1] => false

true and true => true
true and null => null
false and null => false
null and false => false
true and 1 => null
true or null => true
null or true => true
false or null => null
false or false => false
not(true) => false
not(null) => null
not(1) => null
held or n > 3 and order.total > 1000 => false

for x in [1, 2, 3] return x * 2 => [2, 4, 6]
for x in 1..3, y in x..3 return x * y => [1, 2, 3, 4, 6, 9]
for x in 3..1 return x => [3, 2, 1]
for x in [1..4) return x => [1, 2, 3]
for i in 1..5 return if i < 3 then 1 else partial[-1] + partial[-2] => [1, 1, 2, 3, 5]
for line in order.lines return line.qty => [2, 5]
for order line in order.lines return order line.qty => [2, 5]
for x in null return x => null
for x in 1..n return x + n => [6, 7, 8, 9, 10]
count(for d in @"2026-01-01"..@"2026-01-31" return d) => 31
for x in 1.5..3 return x => null
some x in [1, 2] satisfies x > 1 => true
some x in [1, 2] satisfies x > 2 => false
some x in [1, null] satisfies x > 2 => null
every x in [1, 2] satisfies x > 0 => true
every x in [] satisfies x > 0 => true
every x in [1, null] satisfies x > 0 => null
every line in order.lines satisfies line.qty > 1 and line.qty < n => false
some x in [1, 2], y in [2, 3] satisfies x = y => true

order.lines[qty > 3].sku => ["B"]
order.lines[item.qty > 3].sku => ["B"]
order.lines[qty > n - 1].sku => ["B"]
order.lines[1].sku => "A"
order.lines[-1].sku => "B"
order.lines[3] => null
order.lines[count(order.lines)].sku => "B"
[1, 2, 3, 4][item > 2] => [3, 4]
[1, 2, 3, 4][even(item)] => [2, 4]
[{x: 1}, {x: 2}][x = 1] => [{x: 1}]
5[1] => 5
null[item > 1] => []
sum(order.lines[qty > 1].qty) => 7
[[1, 2], [3]][count(item) > 1] => [[1, 2]]
count(tags[starts with(item, "e")]) => 1

{a: 1, b: a + 1}.b => 2
{"two words": 1, b: two words + 1}.b => 2
{a: {b: {c: 5}}}.a.b.c => 5
{}.a => null
{a: 1, b: 2} = {b: 2, a: 1} => true
{double: function(x) x * 2, four: double(2)}.four => 4
{f: function(a, b) a - b, r: f(b: 1, a: 3)}.r => 2
(function(x) x + n)(1) => 6
(function(x) x)(1, 2) => null
{f: function(x: number) x}.f("a") => "a"
{fact: function(n, self) if n < 2 then 1 else n * self(n - 1, self), r: fact(5, fact)}.r => 120

5 instance of number => true
"a" instance of number => false
null instance of Any => false
null instance of Null => true
[1, 2] instance of list<number> => true
[1, "a"] instance of list<number> => false
{a: 1} instance of context<a: number> => true
day instance of date => true
order.placed instance of date and time => true
wait instance of days and time duration => true
@"P1Y" instance of days and time duration => false
[1..2] instance of range<number> => true
(function(x) x) instance of function<number> -> number => true
account instance of context<country: string> => true
n instance of number and true => true

(< 5) = (< 5) => true
3 in (< 5) => true
[1..5] = [1..5] => true
[1..5] = [1..5) => false
n in [[1..5], 7] => true

n in [1..5] => true
n in [1..5) => false
n in (5..9] => false
n in ]1..9[ => true
n in [6..9] => false
n in (1, 5) => true
n in [1, 5] => true
n in (> 3) => true
n in > 5 => false
n in (< 3, >= 5) => true
n in ([1..2], [4..6]) => true
"urgent" in tags => true
"x" in tags => false
null in [1..5] => null
"a" in [1..5] => null
n between 1 and 5 and true => true
n between 6 and 9 or held => false
order.total between 100 and 200 => true
@"2026-01-15" in [date("2026-01-01")..date("2026-01-31")] => true

if n > 3 then "big" else "small" => "big"
if null then 1 else 2 => 2
if held then 1 else if n = 5 then 2 else 3 => 2

count(order.lines) => 2
count([]) => 0
count(null) => 0
sum(order.lines.qty) => 7
sum(1, 2, 3) => 6
sum([]) => null
sum([1, "a"]) => null
min(3, 1, 2) => 1
max(order.lines.qty) => 5
max("a", "b") => "b"
max(1, "b") => null
contains("wholesale", "sale") => true
contains(1, "sale") => null
starts with("SO-1", "SO") => true
ends with("SO-1", "-1") => true
string length("né") => 2
upper case("né") => "NÉ"
lower case("AB") => "ab"
abs(-5) => 5
list contains(tags, "export") => true
get value(order, "ship to") => 1

duration("PT2H") = wait => true
duration("PT120M") = @"PT2H" => true
duration("P1M") > duration("P1D") => null
duration("P1Y") = duration("P12M") => true
duration("nonsense") => null
day + duration("P1M") = date("2026-02-28") => true
order.placed + @"PT2H" = date and time("2026-01-31T12:00:00Z") => true
date and time("2026-01-31T12:00:00+02:00") = order.placed => true
date("2026-03-01") - date("2026-02-28") = duration("P1D") => true
day < date("2026-02-01") => true
date(2026, 1, 31) = day => true
date("2026-02-30") => null
duration("PT1H") * 3 = duration("PT3H") => true
duration("PT1H") / 2 = duration("PT30M") => true
"""


ROWS = [tuple(line.rsplit(" => ", 1)) for line in MEANINGS.splitlines() if line]


@pytest.mark.parametrize(("expression", "meaning"), ROWS)
def test_an_expression_means(expression, meaning):
    value = compile_expression(expression).evaluate(CONTEXT)
    expected = compile_expression(meaning).evaluate({})

    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("", "rules.cannot_read_expression", "character 1"),
        ("1 +", "rules.cannot_read_expression", "character 4"),
        ("answer == 'Yes'", "rules.cannot_read_expression", "character 11"),
        ("a b", "rules.cannot_read_expression", "character 3"),
        ("(1", "rules.cannot_read_expression", "character 3"),
        ("[1..2", "rules.cannot_read_expression", "character 6"),
        ('"open', "rules.cannot_read_expression", "character 1"),
        (r'"\uD800"', "rules.cannot_read_expression", "character 1"),
        ("if a then b", "rules.cannot_read_expression", "character 12"),
        ("a.1", "rules.cannot_read_expression", "character 2"),
        ("a ? b", "rules.cannot_read_expression", "character 3"),
        ("for x in 1 x", "rules.cannot_read_expression", "character 12"),
        ("for x return 1", "rules.cannot_read_expression", "character 14"),
        ("some x in 1 return 1", "rules.cannot_read_expression", "character 13"),
        ("{a: 1, a: 2}", "rules.cannot_read_expression", "character 9"),
        ("{a 1}", "rules.cannot_read_expression", "character 4"),
        ("x instance of tOrder", "rules.cannot_read_expression", "character 15"),
        ("function(x) external {java: {class: 1}}", "rules.cannot_read_expression", "character 13"),
        ("function(x, x) x", "rules.cannot_read_expression", "character 16"),
        ("and", "rules.cannot_read_expression", "character 1"),
        ("__import__('os')", "rules.cannot_read_expression", "character 12"),
        ("eval(1)", "rules.unknown_function", "character 1"),
        ("1 + open(2)", "rules.unknown_function", "character 5"),
        ("not()", "rules.wrong_arguments", "character 1"),
        ("1 + contains(1)", "rules.wrong_arguments", "character 5"),
        ("(" * 41 + "1" + ")" * 41, "rules.expression_too_large", "character 41"),
        ("+".join("1" * 150), "rules.expression_too_large", None),
        ("-" * 3 + "1" + " " * 5000, "rules.expression_too_large", "character 4097"),
        ("[" + "1," * 1000 + "1]", "rules.expression_too_large", None),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text, code, where):
    problem = read_expression(text)

    assert isinstance(problem, Problem)
    assert problem.code == code
    assert where in (None, problem.where)


def test_a_comment_ends_with_its_line():
    assert compile_expression("1 // one\n+ 1").evaluate({}) == 2


def test_compiling_raises_the_same_refusal():
    with pytest.raises(Refused) as refused:
        compile_expression("1 +")

    assert refused.value.problems == (read_expression("1 +"),)


def test_an_expression_knows_the_variables_it_reads():
    expression = compile_expression("order.total > limit and count(lines) > 0 and true")

    assert expression.names == {"order", "limit", "lines"}


def test_long_chains_of_logic_are_one_level():
    text = " or ".join(f"x = {number}" for number in range(300))

    assert compile_expression(text).evaluate({"x": 299}) is True


PIECES = [
    *"()[]..,+-*/=<>@ ", "**", "1", "2.5", '"a"', "x", "x.y", "null", "true", "and", "or", "in", "between", "if", "then", "else",
    "..", "<=", "!=", *FUNCTIONS, "(", ")", '"P1D"', '"2026-01-31"',
]  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.floats()
    | st.text(max_size=5)
    | st.dates()
    | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2),
    max_leaves=6,
)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.text(max_size=60), VALUES)
def test_no_text_and_no_value_crashes(text, value):
    found = read_expression(text)

    if isinstance(found, Expression):
        first = found.evaluate({"x": value})
        second = found.evaluate({"x": value})
        assert repr(first) == repr(second)
    else:
        assert found.code.startswith("rules.")
        assert found.where.startswith("character ")


OPERANDS = [
    "null", "true", "1", "-2.5", '"a"', "[1, 2]", "[]", '@"2026-01-31"', '@"2026-01-31T10:00:00Z"', '@"P1M"', '@"PT9H"', "x",
    "[1..5]", "x.y",
]  # fmt: skip


@given(
    st.sampled_from(OPERANDS),
    st.sampled_from(["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in"]),
    st.sampled_from(OPERANDS),
    VALUES,
)
def test_every_operator_takes_every_pair_of_values(left, operator, right, value):
    compile_expression(f"{left} {operator} {right}").evaluate({"x": value})


@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(st.sampled_from(OPERANDS), max_size=3), VALUES)
def test_every_function_takes_every_value(name, arguments, value):
    found = read_expression(f"{name}({', '.join(arguments)})")

    if isinstance(found, Expression):
        found.evaluate({"x": value})
    else:
        assert found.code == "rules.wrong_arguments"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT2H", Duration(micros=7_200_000_000)),
        ("P3D", Duration(micros=3 * 86_400_000_000)),
        ("P1M", Duration(months=1)),
        ("P1Y6M", Duration(months=18)),
        ("P2W", Duration(micros=14 * 86_400_000_000)),
        ("-PT0.5S", Duration(micros=-500_000)),
        ("PT0S", Duration()),
        ("P1DT1H1M1.000001S", Duration(micros=90_061_000_001)),
    ],
)
def test_a_duration_is_read_and_written_exactly(text, span):
    assert read_duration(text) == span
    assert read_duration(str(span)) == span


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1", "1H", "PT1", "P1MT1H", "P1D ", "p1d", "PT0.0000001S", "P99999Y", "P1.5D"]
)
def test_what_is_no_duration_is_none(text):
    assert read_duration(text) is None


@pytest.mark.parametrize(
    ("moment", "text", "later"),
    [
        ((2026, 1, 31), "P1M", (2026, 2, 28)),
        ((2024, 1, 31), "P1M", (2024, 2, 29)),
        ((2026, 3, 31), "-P1M", (2026, 2, 28)),
        ((2026, 12, 15), "P1Y1M", (2028, 1, 15)),
        ((2026, 2, 28), "P1D", (2026, 3, 1)),
    ],
)
def test_months_follow_the_calendar(moment, text, later):
    span = read_duration(text)

    assert span is not None
    assert span.added_to(datetime(*moment, tzinfo=UTC)) == datetime(*later, tzinfo=UTC)


def test_a_duration_past_the_calendar_has_no_instant():
    assert Duration(months=12 * 9000).added_to(datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert Duration(micros=-(10**18)).added_to(datetime(2026, 1, 1, tzinfo=UTC)) is None


@given(st.integers(-(10**17), 10**17) | st.just(0), st.booleans())
def test_every_duration_survives_its_text(amount, of_months):
    span = Duration(months=amount % 100_000) if of_months else Duration(micros=amount)

    assert read_duration(str(span)) == span
