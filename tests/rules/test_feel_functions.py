"""FEEL's functions: for each what it gives, and null where its arguments have no answer."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.feel import compile_expression, read_expression
from tradewind.rules.decide.feel.functions import FUNCTIONS

# One line each: expression => its value, written as an expression again; the right side holds only literals.
TEXT = r"""
substring("foobar", 3) => "obar"
substring("foobar", 3, 3) => "oba"
substring("foobar", -2, 1) => "a"
substring("foobar", 0) => null
substring("foobar", -9) => null
substring("😀bar", 2) => "bar"
substring(string: "foobar", start position: 3, length: 1) => "o"
substring before("foobar", "bar") => "foo"
substring before("foobar", "xyz") => ""
substring after("foobar", "ob") => "ar"
substring after("", "a") => ""
string(1.10) => "1.10"
string(100000000000000000000) => "100000000000000000000"
string(true) => "true"
string(null) => null
string("a") => "a"
string(date("2026-01-31")) => "2026-01-31"
string(@"2026-01-31T10:00:00Z") => "2026-01-31T10:00:00Z"
string(@"10:00:00+02:00") => "10:00:00+02:00"
string(@"P1DT2H") => "P1DT2H"
string([1, "a", null]) => "[1, \"a\", null]"
string({a: 1, b c: "x"}) => "{a: 1, b c: \"x\"}"
string([1..5)) => "[1..5)"
string join(["a", "b", null, "c"], ", ") => "a, b, c"
string join(["a", "b"]) => "ab"
string join(["a", 1], ",") => null
string join(["a", "b"], "-", "<", ">") => "<a-b>"
matches("foobar", "^fo*b") => true
matches("SO-12345", "^[A-Z]{2}-\d+$") => true
matches("so-1", "^SO", "i") => true
matches("a\nb", "^b$", "m") => true
matches("x", "(") => null
matches("aa", "(a)\1") => null
matches("a", "a", "z") => null
matches(1, "a") => null
replace("abcd", "(ab)|(a)", "[1=$1][2=$2]") => "[1=ab][2=]cd"
replace("a-b-c", "-", "+") => "a+b+c"
replace("2026-11-23", "(\d+)-(\d+)-(\d+)", "$3.$2.$1") => "23.11.2026"
replace("abc", "x*", "-") => null
replace("abc", "b", "$") => null
replace("a.b", ".", "x", "q") => "axb"
replace("aaa", "a+?", "b") => "bbb"
split("John Doe", "\s") => ["John", "Doe"]
split("a;b;;c;;", ";") => ["a", "b", "", "c", "", ""]
split("abc", "") => null
"""
NUMBERS = r"""
decimal(1/3, 2) => 0.33
decimal(1.5, 0) => 2
decimal(2.5, 0) => 2
decimal(1234, -2) => 1200
decimal(0.0000001, 2) => 0.00
decimal(1, 40) => 1
floor(1.5) => 1
floor(-1.56, 1) => -1.6
ceiling(1.5) => 2
ceiling(-1.56, 1) => -1.5
round up(5.5, 0) => 6
round up(-5.5, 0) => -6
round up(1.121, 2) => 1.13
round down(-5.5, 0) => -5
round half up(5.5, 0) => 6
round half up(-5.5, 0) => -6
round half down(5.5, 0) => 5
round half down(-1.126, 2) => -1.13
round half up(0.5, 7000) => null
round half up(1.005, 2) => 1.01
modulo(12, 5) => 2
modulo(-12, 5) => 3
modulo(12, -5) => -3
modulo(-12, -5) => -2
modulo(10.1, 4.5) => 1.1
modulo(5, 0) => null
sqrt(16) => 4
sqrt(2) => 1.414213562373095048801688724209698
sqrt(-1) => null
log(10) => 2.302585092994045684017991454684364
log(0) => null
exp(5) => 148.4131591025766034211155800405523
exp(100000) => null
odd(5) => true
odd(-2) => false
even(2.5) => null
even(10 ** 40) => true
abs(-1.5) => 1.5
abs(@"-PT5H") = @"PT5H" => true
number("1 000,0", " ", ",") => 1000.0
number("1,000.5", ",", ".") => 1000.5
number("1.000,5", ".", ",") => 1000.5
number("1.5", ",", ",") => null
number("12a", null, ".") => null
number("1.5") => 1.5
number(from: "1,000", grouping separator: ",", decimal separator: ".") => 1000
"""
LISTS = r"""
list contains([1, 2, null], null) => true
mean([1, 2, 3]) => 2
mean(1, 2) => 1.5
mean([]) => null
product([2, 3, 4]) => 24
median([8, 2, 5, 3, 4]) => 4
median(6, 1, 2, 3) => 2.5
median([]) => null
stddev([2, 4, 7, 5]) => 2.081665999466132735282297706979931
stddev(47) => null
stddev(2, 4, 7, "5") => null
mode(6, 3, 9, 6, 6) => [6]
mode([6, 1, 9, 6, 1]) => [1, 6]
mode([]) => []
all([true, false]) => false
all([true, null]) => null
all([]) => true
any([false, true]) => true
any([false, null]) => null
any([]) => false
sublist([4, 5, 6], 1, 2) => [4, 5]
sublist([4, 5, 6], -2) => [5, 6]
sublist([4, 5, 6], 4) => null
append([1], 2, 3) => [1, 2, 3]
concatenate([1, 2], [3]) => [1, 2, 3]
insert before([1, 3], 1, 2) => [2, 1, 3]
insert before([1, 3], 5, 2) => null
remove([1, 2, 3], 2) => [1, 3]
remove([1, 2, 3], -1) => [1, 2]
list replace([2, 4, 7, 8], 3, 6) => [2, 4, 6, 8]
list replace([2, 4, 7, 8], function(item, new) item < new, 5) => [5, 5, 7, 8]
reverse([1, 2, 3]) => [3, 2, 1]
index of([1, 2, 3, 2], 2) => [2, 4]
index of([1, null], null) => [2]
union([1, 2], [2, 3]) => [1, 2, 3]
distinct values([1, 2.0, 3, 2, 1, "1", {a: 1}, {a: 1}]) => [1, 2, 3, "1", {a: 1}]
flatten([[1, 2], [[3]], 4]) => [1, 2, 3, 4]
sort([3, 1, 4, 5, 2], function(x, y) x < y) => [1, 2, 3, 4, 5]
sort(list: [3, 1, 2], precedes: function(x, y) x > y) => [3, 2, 1]
sort([{n: 2}, {n: 1}], function(a, b) a.n < b.n).n => [1, 2]
sort([2, 1]) => [1, 2]
sort([2, "a"]) => null
sort([2, 1], function(x, y) null) => null
"""
MOMENTS = r"""
date(2017, 8, 30) = date("2017-08-30") => true
date("2017-8-30") => null
date("20170830") => null
date(2026, 2, 29) => null
date(year: 2026, month: 1, day: 2) = @"2026-01-02" => true
date(@"2026-01-31T23:30:00-05:00") = @"2026-01-31" => true
time("23:59:00Z") = time(23, 59, 0, @"PT0S") => true
time("24:00:00") => null
time(@"2026-01-31T10:20:30Z") = @"10:20:30Z" => true
time("10:00:00+02:00") = time("08:00:00Z") => true
time("10:00:00") < time("08:00:00Z") => null
time("10:00:00") + @"PT15H" = time("01:00:00") => true
time("10:00:00") - time("08:30:00") = @"PT1H30M" => true
date and time(date("2026-01-31"), time("10:00:00Z")) = @"2026-01-31T10:00:00Z" => true
date and time(2026, 1, 31, 10, 0, 0) = @"2026-01-31T10:00:00Z" => true
date and time("2026-07-01T12:00:00@Europe/Berlin") = @"2026-07-01T10:00:00Z" => true
date and time("2026-07-01T12:00:00@Nowhere/City") => null
date and time(@"2026-07-01T10:00:00Z", "Europe/Berlin").hour => 12
@"2026-03-28T12:00:00@Europe/Berlin" + @"P1D" = @"2026-03-29T11:00:00Z" => true
@"2026-03-01T12:00:00@Europe/Berlin" + @"P1M" = @"2026-04-01T10:00:00Z" => true
@"2026-07-01T00:30:00@Europe/Berlin".day => 1
@"2026-07-01T00:30:00@Europe/Berlin".time offset = @"PT2H" => true
@"2026-07-01T00:30:00@Europe/Berlin".timezone => "Europe/Berlin"
@"2026-11-23".year => 2026
@"2026-11-23".weekday => 1
@"10:20:30.5".second => 30.5
@"P1Y6M".years => 1
@"P1Y6M".months => 6
@"P1Y6M".days => null
@"P3DT4H5M6S".days => 3
@"P3DT4H5M6S".seconds => 6
@"-P3DT4H".hours => -4
years and months duration(date("2017-08-11"), date("2019-05-12")) = @"P1Y9M" => true
years and months duration(date("2019-05-12"), date("2017-08-11")) = @"-P1Y9M" => true
day of week(date(2019, 9, 17)) => "Tuesday"
day of year(date(2019, 9, 17)) => 260
week of year(date(2005, 1, 1)) => 53
month of year(date(2019, 9, 17)) => "September"
day of week("2019-09-17") => null
@"P1D" / @"PT1H" => 24
@"P1Y" / @"P1M" => 12
@"P1Y" / @"PT1H" => null
@"P1D" / 3 = @"PT8H" => true
@"2026-01-02" - @"P1D" = @"2026-01-01" => true
@"2026-03-31" - @"P1M" = @"2026-02-28" => true
@"P1Y" > @"P11M" => true
@"PT25H" between @"P1D" and @"P2D" => true
"""
CONTEXTS = r"""
get value({a: {b: 1}}, ["a", "b"]) => 1
get value({a: 1}, "x") => null
get entries({a: 1, b: 2}) => [{key: "a", value: 1}, {key: "b", value: 2}]
context([{key: "a", value: 1}]) => {a: 1}
context([{key: "a", value: 1}, {key: "a", value: 2}]) => null
context put({a: 1}, "b", 2) => {a: 1, b: 2}
context put({a: {b: 1}}, ["a", "c"], 2) => {a: {b: 1, c: 2}}
context put({a: 1}, ["a", "b"], 2) => null
context merge([{a: 1}, {a: 2, b: 3}]) => {a: 2, b: 3}
is(1, 1.0) => true
is(1, "1") => false
is(null, null) => true
"""
RANGES = r"""
before(1, 10) => true
before(1, [1..10]) => false
before(1, (1..10]) => true
before([1..10], 10) => false
before([1..10), 10) => true
before([1..10], [11..20]) => true
before([1..10), [10..20]) => true
after(12, [1..10]) => true
after([11..20], [1..10]) => true
meets([1..5], [5..10]) => true
meets([1..5), [5..10]) => false
met by([5..10], [1..5]) => true
overlaps([1..5], [3..8]) => true
overlaps([1..5], (5..8]) => false
overlaps before([1..5], [3..8]) => true
overlaps before([1..5), [5..8]) => false
overlaps after([3..8], [1..5]) => true
finishes(10, [1..10]) => true
finishes([5..10], [1..10]) => true
finished by([1..10], [5..10]) => true
includes([1..10], 5) => true
includes((1..10], (1..10)) => true
includes([1..5], [4..6]) => false
during(5, [1..10]) => true
during([1..5], (1..10]) => false
starts(1, [1..10]) => true
starts((1..5], (1..10]) => true
started by([1..10], [1..5]) => true
coincides([1..5], [1..5]) => true
coincides(3, 3) => true
includes((< 5), 4) => true
before((< 5), 5) => true
overlaps((> 5), [1..6]) => true
before("a", 1) => null
meets(1, [1..2]) => null
before([@"2026-01-01"..@"2026-01-31"], @"2026-02-01") => true
range("[1..5)") = [1..5) => true
range("[\"a\"..\"c\"]") = ["a".."c"] => true
range("[@\"2026-01-01\"..date(\"2026-02-01\")]").end = @"2026-02-01" => true
range("[1..\"a\"]") => null
range("5") => null
[1..5).start => 1
[1..5).end included => false
(>= 5).start included => true
(> 5).end => null
4 in range("[1..5)") => true
"""
ROWS = [
    tuple(line.rsplit(" => ", 1))
    for table in (TEXT, NUMBERS, LISTS, MOMENTS, CONTEXTS, RANGES)
    for line in table.splitlines()
    if line
]


@pytest.mark.parametrize(("expression", "meaning"), ROWS)
def test_a_function_gives(expression, meaning):
    value = compile_expression(expression).evaluate({})
    expected = compile_expression(meaning).evaluate({})

    assert value == expected
    assert type(value) is type(expected)


def test_every_function_of_the_table_stands_in_these_lists_or_among_the_meanings():
    told = " ".join(expression for expression, _ in ROWS)
    elsewhere = {
        "abs", "count", "sum", "min", "max", "contains", "starts with", "ends with", "string length", "lower case", "upper case",
        "not", "duration",
    }  # fmt: skip

    assert {name for name in FUNCTIONS if f"{name}(" not in told} <= elsewhere


NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "today"),
    [(NOW, date(2026, 11, 23)), (NOW.astimezone(ZoneInfo("Europe/Berlin")), date(2026, 11, 24)), (None, None)],
)
def test_the_clock_is_a_variable_that_is_handed_in(now, today):
    expression = compile_expression("today()")

    assert expression.names == {"now"}
    assert expression.evaluate({"now": now}) == today
    assert compile_expression("now()").evaluate({"now": now}) == now


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("substring(text: 1, start position: 2)", "rules.wrong_arguments"),
        ("substring(string: 1, string: 2)", "rules.wrong_arguments"),
        ("substring(string: 1, 2)", "rules.cannot_read_expression"),
        ("now(1)", "rules.unknown_function"),
        ("floor()", "rules.wrong_arguments"),
    ],
)
def test_a_wrong_call_is_refused(text, code):
    problem = read_expression(text)

    assert isinstance(problem, Problem)
    assert problem.code == code


def test_numbers_stay_decimals_of_34_digits():
    for text in (
        "sqrt(2)",
        "log(3)",
        "exp(1)",
        "stddev([1, 2, 4])",
        "1 / 7",
        "2 ** 0.5",
        "decimal(2/3, 30)",
        "mean(1, 2, 2)",
    ):
        value = compile_expression(text).evaluate({})

        assert isinstance(value, Decimal)
        assert len(value.as_tuple().digits) in range(30, 35), text
