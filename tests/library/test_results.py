"""What measures come to, and how sure that is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.library.decide.results import differs, median_ranks, meets, share
from tradewind.library.model import Kpi, Measure, Reached

MORE = Kpi("t", "Touchless", Measure.TOUCHLESS_SHARE, Decimal("0.8"), "more")


@pytest.mark.parametrize(
    ("hits", "n", "value", "low", "high"),
    [
        (9, 10, "0.9", "0.5958", "0.9821"),  # Wilson's interval as tables give it
        (0, 20, "0", "0", "0.1611"),
        (500, 1000, "0.5", "0.4691", "0.5309"),
    ],
)
def test_a_share_has_wilsons_interval(hits, n, value, low, high):
    assert share(Measure.TOUCHLESS_SHARE, hits, n) == Reached(
        Measure.TOUCHLESS_SHARE, n, Decimal(value), Decimal(low), Decimal(high)
    )


def test_of_a_handful_nothing_is_said():
    assert share(Measure.TOUCHLESS_SHARE, 4, 4) == Reached(Measure.TOUCHLESS_SHARE, 4, None, None, None)
    assert meets(MORE, share(Measure.TOUCHLESS_SHARE, 4, 4)) is None


@pytest.mark.parametrize(("n", "ranks"), [(5, (1, 3, 5)), (20, (5, 10, 16)), (101, (40, 51, 62))])
def test_the_median_has_an_interval_of_ranks(n, ranks):
    assert median_ranks(n) == ranks


@given(st.integers(5, 5000))
def test_ranks_are_in_order_and_there(n):
    low, middle, high = median_ranks(n)

    assert 1 <= low <= middle <= high <= n


def test_a_target_is_met_from_its_side():
    assert meets(MORE, share(Measure.TOUCHLESS_SHARE, 8, 10)) is True
    assert meets(MORE, share(Measure.TOUCHLESS_SHARE, 7, 10)) is False


def test_two_windows_differ_where_their_intervals_do_not_touch():
    bad, good, few = (share(Measure.TOUCHLESS_SHARE, hits, n) for hits, n in ((50, 100), (90, 100), (3, 3)))

    assert differs(bad, good) is True
    assert differs(bad, bad) is False
    assert differs(few, good) is None
