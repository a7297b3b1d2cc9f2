"""The index of a condition column answers as a test of every row does."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradewind.rules.decide.dmn.index import column_of
from tradewind.rules.decide.feel import Duration, read_tests

CONSTANTS = st.sampled_from(
    ["1", "2", "2.0", "3.5", "-1", '"a"', '"b"', '""', "true", "false", "null", "[1, 2]", '["a", null]',
     'date("2026-01-01")', 'date("2026-02-01")', '@"P1D"', '@"2026-01-31T10:00:00Z"', "[[1], 2]"]
)  # fmt: skip
RANGES = st.builds("{}{}..{}{}".format, st.sampled_from("[(]"), CONSTANTS, CONSTANTS, st.sampled_from("])["))
TESTS = (
    CONSTANTS
    | RANGES
    | st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), CONSTANTS)
    | st.sampled_from(["x", "> x", "? = x"])
)
CELLS = st.just("-") | st.builds(
    lambda tests, negated: f"not({', '.join(tests)})" if negated else ", ".join(tests),
    st.lists(TESTS, min_size=1, max_size=3),
    st.booleans(),
)
VALUES = st.sampled_from(
    [None, True, False, *map(Decimal, ("-2", "-1", "0", "1", "1.5", "2", "3", "3.5", "4")), "", "a", "aa", "b", "c",
     date(2025, 1, 1), date(2026, 1, 1), date(2026, 1, 15), datetime(2026, 1, 31, 10, tzinfo=UTC),
     Duration(micros=86_400_000_000), [Decimal(1), Decimal(2)], {"a": 1}]
)  # fmt: skip


@given(st.lists(CELLS, max_size=6), VALUES)
def test_the_index_finds_the_rows_that_match(cells, value):
    tests = [read_tests(cell) for cell in cells]
    column = column_of(tests)
    context = {"x": Decimal(2)}

    found = column.rows(value, context)

    for row, test in enumerate(tests):
        if test.constants is None:
            assert column.open_rows >> row & 1
            assert found >> row & 1
        else:
            assert bool(found >> row & 1) is test.matches(value, context), test.text
