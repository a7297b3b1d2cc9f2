"""Laws that hold for all values: three-valued logic, exact decimals, values written and read again, patterns."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.rules.decide.feel import Duration, Span, as_literal, compile_expression
from tradewind.rules.decide.feel.pattern import read_pattern

TRUTHS = st.sampled_from(["true", "false", "null"])


def value(text: str, **context: object) -> object:
    return compile_expression(text).evaluate(context)


@given(TRUTHS, TRUTHS, TRUTHS)
def test_logic_with_an_unknown_keeps_its_laws(a, b, c):
    assert value(f"{a} and {b}") is value(f"{b} and {a}")
    assert value(f"{a} or {b}") is value(f"{b} or {a}")
    assert value(f"({a} and {b}) and {c}") is value(f"{a} and ({b} and {c})")
    assert value(f"({a} or {b}) or {c}") is value(f"{a} or ({b} or {c})")
    assert value(f"{a} and ({b} or {c})") is value(f"({a} and {b}) or ({a} and {c})")
    assert value(f"not({a} and {b})") is value(f"not({a}) or not({b})")
    assert value(f"not(not({a}))") is value(a)
    assert (
        value(f"some x in [{a}, {b}, {c}] satisfies x") is value(f"any({a}, {b}, {c})") is value(f"{a} or {b} or {c}")
    )
    assert (
        value(f"every x in [{a}, {b}, {c}] satisfies x")
        is value(f"all({a}, {b}, {c})")
        is value(f"{a} and {b} and {c}")
    )


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**8), max_value=10**8, places=4)


@given(NUMBERS, NUMBERS)
def test_sums_and_products_are_exact(a, b):
    assert value("a + b", a=a, b=b) == a + b
    assert value("a - b", a=a, b=b) == a - b
    assert value("a * b", a=a, b=b) == a * b
    assert value("sum([a, b])", a=a, b=b) == a + b


@given(NUMBERS, NUMBERS.filter(bool))
def test_what_a_division_leaves_over_adds_up(a, b):
    rest = value("modulo(a, b)", a=a, b=b)

    assert (a - rest) / b == ((a - rest) / b).to_integral_value()
    assert abs(rest) < abs(b)
    assert not rest or (rest < 0) == (b < 0)


@given(NUMBERS, st.integers(-3, 6))
def test_rounding_stays_within_one_unit(a, scale):
    unit = Decimal((0, (1,), -scale))
    for name in ("decimal", "floor", "ceiling", "round up", "round down", "round half up", "round half down"):
        found = value(f"{name}(a, {scale})", a=a)

        assert abs(found - a) < unit
        assert found % unit == 0


ZONES = st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=-5))])
SCALARS = (
    st.none()
    | st.booleans()
    | NUMBERS
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from('\n\t\r"\\'), max_size=8)
    | st.dates()
    | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=ZONES, allow_imaginary=False).map(
        lambda one: one.replace(fold=0)
    )
    | st.times(timezones=st.none() | st.just(UTC))
    | st.builds(Duration, months=st.integers(-5000, 5000))
    | st.builds(Duration, micros=st.integers(-(10**15), 10**15))
)
SPANS = st.builds(Span, st.integers(0, 9).map(Decimal), st.integers(10, 19).map(Decimal), st.booleans(), st.booleans())
KEYS = st.sampled_from(["a", "b c", "d-e", "1f", ""])
VALUES = st.recursive(
    SCALARS | SPANS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_survives_being_written_as_an_expression(one):
    text = as_literal(one)

    assert value(text) == one, text


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (Decimal("1.50"), "1.50"),
        ('a"b\n', '"a\\"b\\n"'),
        (date(2026, 1, 31), '@"2026-01-31"'),
        (time(10, tzinfo=UTC), '@"10:00:00Z"'),
        (datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")), '@"2026-07-01T12:00:00@Europe/Berlin"'),
        ([Duration(months=14), None], '[@"P1Y2M", null]'),
        ({"b c": True, "d-e": 1}, '{b c: true, "d-e": 1}'),
        (Span(Decimal(5), None, low_included=True, high_included=False, is_open="high"), "(>= 5)"),
        (object(), None),
    ],
)
def test_a_value_is_written(one, text):
    assert as_literal(one) == text


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", "(a)", "(a|b)", "(?:ab)", "^", "$"])
QUANTIFIED = st.builds("{}{}".format, ATOMS, st.sampled_from(["", "*", "+", "?", "{2}", "{1,2}", "*?", "+?"]))
PATTERNS = st.lists(QUANTIFIED, max_size=5).map("".join) | st.builds("{}|{}".format, QUANTIFIED, QUANTIFIED)


@given(PATTERNS, st.text("ab1", max_size=8))
def test_a_pattern_finds_what_python_finds(pattern, text):
    if re.search(r"[\^$]\)?[*+?{]", pattern):  # an anchor many times over is told apart differently
        return
    program = read_pattern(pattern)
    expected = re.search(pattern.replace("$", r"\Z"), text)

    found = program.first(text)

    assert (None if found is None else found[:2]) == (None if expected is None else expected.span())


@given(st.text("()[]{}*+?|\\^$-ab1,.pPdwLu:", max_size=20), st.text("ab1-\n", max_size=10))
def test_no_pattern_crashes(pattern, text):
    program = read_pattern(pattern)

    assert program is None or list(program.matches(text)) is not None
