"""What a blanket order bears, as a sales manager would count it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.blankets.decide import (
    bearable,
    missing,
    nearly_used,
    price_at,
    release_problem,
    terms_problems,
    with_tolerance,
)
from tradewind.blankets.model import Blanket, BlanketLine, PriceStep
from tradewind.kernel.money import line_gross, round_money

START = datetime(2026, 1, 1, tzinfo=UTC)
ID = UUID(int=1)
D = Decimal


def line(
    qty: str | None = "100", value: str | None = None, *, called: str = "0", used: str = "0", **more: Decimal
) -> BlanketLine:
    limits = (None if qty is None else D(qty), None if value is None else D(value))
    return BlanketLine(
        ID, ID, 1, ID, ID, "EA", (PriceStep(START, D(2)), PriceStep(START + timedelta(days=10), D(3))), D(1),
        limits[0], limits[0], limits[1], limits[1], called_off=D(called), called_value=D(used), **more,
    )  # fmt: skip


def bears(one: BlanketLine, wanted: str, *, price: str = "2", pack: int = 1, decimals: int = 0) -> Decimal:
    return bearable(one, D(wanted), price=D(price), basis=D(1), factor=(pack, 1), currency="EUR", decimals=decimals)


@pytest.mark.parametrize(
    ("of", "wanted", "price", "pack", "fits"),
    [
        (line("100"), "100", "2", 1, "100"),
        (line("100", called="40"), "100", "2", 1, "60"),
        (line("100", called="100"), "1", "2", 1, "0"),
        (line("0"), "1", "2", 1, "0"),  # a ceiling of nothing is a ceiling
        (line(None), "1000000", "2", 1, "1000000"),
        (line("100"), "9", "24", 12, "8"),  # no case is opened for the last four
        (line(None, "10.00"), "9", "2", 1, "5"),
        (line(None, "10.00", used="9.00"), "9", "2", 1, "0"),
        (line(None, "10.00"), "9", "0", 1, "9"),  # what costs nothing takes nothing of a value
        (line(None, "10.00"), "3", "3.335", 1, "2"),  # three are 10.005, which is 10.01
        (line("4", "10.00"), "9", "2", 1, "4"),
    ],
)
def test_so_many_fit(of: BlanketLine, wanted: str, price: str, pack: int, fits: str) -> None:
    assert bears(of, wanted, price=price, pack=pack) == D(fits)


AMOUNTS = st.decimals("0", "5000", places=2)


@given(
    st.none() | AMOUNTS,
    st.none() | AMOUNTS,
    AMOUNTS,
    st.decimals("0.001", "99", places=3),
    st.integers(1, 24),
    st.integers(1, 3000),
)
def test_no_limit_is_ever_passed_and_nothing_that_fits_is_turned_down(
    qty: Decimal | None, value: Decimal | None, called: Decimal, price: Decimal, pack: int, wanted: int
) -> None:
    called = min(called, qty) if qty is not None else called
    of = line(None if qty is None else str(qty), None if value is None else str(value), called=str(called))

    fits = bears(of, str(wanted), price=str(price), pack=pack)

    def within(units: Decimal) -> bool:
        amount = line_gross(units, price)
        costs = max(amount, round_money(amount, "EUR"))  # half a cent that is rounded away buys nothing more
        return (qty is None or called + units * pack <= qty) and (value is None or costs <= value)

    assert 0 <= fits <= wanted
    assert fits == 0 or within(fits)
    assert fits == wanted or not within(fits + 1)


def test_the_price_is_the_latest_that_began() -> None:
    steps = line().prices

    assert price_at(steps, START - timedelta(seconds=1)) is None
    assert price_at(steps, START) == 2
    assert price_at(steps, START + timedelta(days=10)) == 3


def test_the_tolerance_is_on_top_and_never_rounded_up() -> None:
    assert with_tolerance(D(100), D(10), digits=6) == 110
    assert with_tolerance(D("0.01"), D(50), digits=3) == D("0.015")
    assert with_tolerance(D("0.001"), D(50), digits=3) == D("0.001")
    assert with_tolerance(D(0), D(100), digits=6) == 0
    assert with_tolerance(None, D(10), digits=6) is None


def test_a_call_off_has_a_least_and_a_most() -> None:
    of = line(min_release=D(10), max_release=D(20))

    said = [problem and problem.message for problem in (release_problem(of, D(qty), "CUP") for qty in (9, 10, 20, 21))]
    assert said == ["A call-off of CUP takes at least 10.", None, None, "A call-off of CUP takes at most 20."]


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (line("100", called="79"), False),
        (line("100", called="80"), True),
        (line(None, "50", used="40"), True),
        (line("0"), False),
        (line(None), False),
    ],
)
def test_four_fifths_are_nearly_all(of: BlanketLine, told: bool) -> None:
    assert nearly_used(of) is told


def test_what_is_missing_costs_the_last_price_or_the_value_that_is_left() -> None:
    blanket = Blanket(
        ID,
        "BL-1",
        ID,
        None,
        "",
        "EUR",
        "open",
        START,
        START + timedelta(days=99),
        START,
        "named",
        "hold",
        (),
        D(0),
        None,
        1,
        START,
    )

    def lacks(of: BlanketLine) -> Decimal:
        return missing(blanket, of, at=blanket.valid_to, factor=(1, 1))

    assert lacks(line("100", called="60")) == 120
    assert lacks(line(None, "500", used="450")) == 50
    assert lacks(line(None)) == 0
    assert lacks(line("100", called="100")) == 0


def test_terms_that_cannot_be_are_all_said() -> None:
    late = PriceStep(START + timedelta(days=1), D(1))

    found = terms_problems(valid_from=START, valid_to=START, prices=[(), (late, late), (late,)])

    assert [(one.message, one.where) for one in found] == [
        ("A blanket order ends after it begins.", "/valid_to"),
        ("A line has a price.", "/lines/0/prices"),
        ("Two prices begin at the same time.", "/lines/1/prices"),
        ("The first price holds from the beginning.", "/lines/2/prices"),
    ]
