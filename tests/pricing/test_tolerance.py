"""The buyer's price against ours, as a table a sales manager can read."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.pricing.decide import StatedNet, Tolerance, above_floor, compare_prices

NOTHING = (None, None)


def dec(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def tolerance(take: str = "ours", **limits: tuple[str | None, str | None]) -> Tolerance:
    return Tolerance(take, **{name: (dec(percent), dec(amount)) for name, (percent, amount) in limits.items()})


def results(lines: list[tuple[str, str]], rule: Tolerance) -> list[str]:
    stated = [StatedNet(number, Decimal(ours), Decimal(theirs)) for number, (ours, theirs) in enumerate(lines, 1)]
    return [verdict.result for verdict in compare_prices(stated, rule)]


@pytest.mark.parametrize(
    ("rule", "theirs", "result"),
    [
        (tolerance(), "100.00", "same"),
        (tolerance(), "100.01", "held"),
        (tolerance(line_up=("2", None)), "102.00", "ours"),
        (tolerance(line_up=("2", None)), "102.01", "held"),
        (tolerance(line_up=("2", None)), "99.99", "held"),  # nothing is agreed below
        (tolerance(line_down=(None, "5")), "95.00", "ours"),
        (tolerance(line_down=(None, "5")), "94.99", "held"),
        (tolerance(line_up=("10", "3")), "103.00", "ours"),
        (tolerance(line_up=("10", "3")), "104.00", "held"),  # both must be kept
        (tolerance("buyers", line_up=("10", None)), "105.00", "buyers"),
        (tolerance("lower", line_up=("10", None), line_down=("10", None)), "105.00", "ours"),
        (tolerance("lower", line_up=("10", None), line_down=("10", None)), "95.00", "buyers"),
    ],
)
def test_a_line_of_a_hundred_takes_ours_or_theirs_or_is_held(rule, theirs, result):
    assert results([("100.00", theirs)], rule) == [result]


def test_small_differences_that_add_up_are_held_by_the_limit_of_the_order():
    rule = tolerance("buyers", line_up=("5", None), line_down=("5", None), order_down=("2", None))

    assert results([("100.00", "98.00"), ("100.00", "98.00")], rule) == ["buyers", "buyers"]
    assert results([("100.00", "97.00"), ("100.00", "98.00"), ("1.00", "1.00")], rule) == ["held", "held", "same"]
    assert results([("100.00", "97.00"), ("100.00", "103.00")], rule) == ["buyers", "buyers"]  # they cancel out


def test_a_free_item_has_no_percent_but_an_amount():
    assert results([("0.00", "1.00")], tolerance(line_up=("50", None))) == ["held"]
    assert results([("0.00", "1.00")], tolerance(line_up=(None, "1"))) == ["ours"]


def test_the_reason_says_both_distances():
    (verdict,) = compare_prices([StatedNet(1, Decimal("200.00"), Decimal("190.00"))], tolerance(line_down=("2", None)))

    assert verdict.reason == "10 (5 %) below ours, the tolerance is 2 %"


@pytest.mark.parametrize(("floor", "theirs", "may"), [(None, "1", True), ("10", "90.00", True), ("10", "89.99", False)])
def test_nobody_accepts_a_price_below_the_floor(floor, theirs, may):
    rule = Tolerance("ours", floor_percent=dec(floor))

    assert above_floor(StatedNet(1, Decimal("100.00"), Decimal(theirs)), rule) is may


money = st.decimals("0", "10000", places=2)
limits = st.tuples(st.none() | st.decimals("0", "50", places=1), st.none() | st.decimals("0", "500", places=2))


@given(st.lists(st.tuples(money, money), min_size=1, max_size=8), limits, limits, limits, limits)
def test_wider_limits_never_hold_more(lines, line_up, line_down, order_up, order_down):
    stated = [StatedNet(number, *line) for number, line in enumerate(lines, 1)]
    rule = Tolerance("ours", line_up, line_down, order_up, order_down)
    wide = Tolerance("ours", (None, Decimal(10**9)), (None, Decimal(10**9)))

    held = {one.line_no for one in compare_prices(stated, rule) if one.result == "held"}

    assert not [one for one in compare_prices(stated, wide) if one.result == "held"]
    assert all(ours != theirs for number, (ours, theirs) in enumerate(lines, 1) if number in held)
