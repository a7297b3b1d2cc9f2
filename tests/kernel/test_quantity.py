import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import (
    UNITS,
    PackFit,
    PackPolicy,
    check_quantity,
    factor_between,
    factor_of,
    fit_to_packs,
    from_base,
    inverse,
    is_multiple,
    rounded_up_to,
    to_base,
)

D = Decimal
SHARED = Path(os.environ.get("TRADEWIND_SHARED", Path(__file__).parents[3] / "shared"))


def test_nine_hundred_ninety_nine_a_pack_times_1004_stays_1004_packs() -> None:
    each = to_base(D(1004), (999, 1), decimals=0)

    assert each == D(1002996)
    assert from_base(D(1002996), (999, 1)) == D(1004)


def test_62_23_metres_in_packs_of_1_27_are_49_packs() -> None:
    assert from_base(D("62.23"), factor_of("1.27")) == D(49)
    assert to_base(D(49), factor_of("1.27")) == D("62.23")


def test_seven_each_of_a_six_pack_are_refused_or_rounded_as_the_policy_says() -> None:
    refused = from_base(D(7), (6, 1), where="/lines/1/qty")

    assert isinstance(refused, Problem)
    assert (refused.code, refused.where) == ("quantity.inexact", "/lines/1/qty")
    assert refused.detail == {"down": "1", "up": "2"}
    assert from_base(D(7), (6, 1), policy="up") == D(2)
    assert from_base(D(7), (6, 1), policy="nearest") == D(1)
    assert from_base(D(9), (6, 1), policy="nearest") == D(2)


@pytest.mark.parametrize(
    ("policy", "answer"),
    [("down", PackFit(D(6), 1, D(0))), ("up", PackFit(D(12), 2, D(0))), ("break", PackFit(D(7), 1, D(1)))],
)
def test_seven_each_of_a_six_pack_are_six_or_twelve_or_break_a_pack_for_a_fee(
    policy: PackPolicy, answer: PackFit
) -> None:
    fit = fit_to_packs(D(7), D(6), policy=policy)

    assert fit == answer
    assert isinstance(fit, PackFit)
    assert fit.breaks_a_pack == (policy == "break")


def test_seven_each_of_a_six_pack_refused_names_both_choices() -> None:
    refused = fit_to_packs(D(7), D(6))

    assert isinstance(refused, Problem)
    assert refused.detail == {"suggested": "12", "choices": ["6", "12"]}
    assert fit_to_packs(D(12), D(6)) == PackFit(D(12), 2, D(0))


def test_less_than_one_pack_cannot_be_rounded_down() -> None:
    refused = fit_to_packs(D(4), D(6), policy="down")

    assert isinstance(refused, Problem)
    assert refused.detail == {"suggested": "6", "choices": ["6"]}


@pytest.mark.parametrize(
    ("qty", "factor", "decimals", "policy", "answer"),
    [
        ("2.5", (12, 1), 0, "reject", "30"),
        ("1", (1, 3), 6, "up", "0.333334"),
        ("1", (1, 3), 6, "nearest", "0.333333"),
        ("2", (1, 3), 6, "nearest", "0.666667"),
        ("-7", (1, 6), 0, "up", "-2"),
        ("0", (1, 6), 0, "reject", "0"),
        ("1", (1, 2), 0, "nearest", "1"),
        ("1.5", (1, 1), 0, "nearest", "2"),
        ("1.000", (1, 1), 0, "reject", "1"),
    ],
)
def test_an_inexact_conversion_follows_the_stated_policy(
    qty: str, factor: tuple[int, int], decimals: int, policy: str, answer: str
) -> None:
    assert to_base(D(qty), factor, decimals=decimals, policy=policy) == D(answer)  # type: ignore[arg-type]


def test_half_an_each_is_never_rounded_in_silence() -> None:
    refused = to_base(D("1.5"), (1, 1), decimals=0)

    assert isinstance(refused, Problem)
    assert refused.detail == {"down": "1", "up": "2"}


factors = st.tuples(st.integers(1, 10_000), st.integers(1, 10_000))


@given(st.integers(-1_000_000, 1_000_000), factors)
def test_an_exact_conversion_comes_back_as_it_went(units: int, factor: tuple[int, int]) -> None:
    qty = D(units).scaleb(-3)

    base = to_base(qty, factor)

    if not isinstance(base, Problem):
        assert from_base(base, factor, decimals=3) == qty


@given(st.integers(1, 1_000_000), factors)
def test_a_conversion_by_policy_lies_next_to_the_exact_value(units: int, factor: tuple[int, int]) -> None:
    num, den = factor

    up = to_base(D(units), factor, decimals=0, policy="up")
    nearest = to_base(D(units), factor, decimals=0, policy="nearest")

    assert isinstance(up, Decimal)
    assert isinstance(nearest, Decimal)
    assert 0 <= up * den - units * num < den
    assert abs(nearest * den - units * num) * 2 <= den


def test_factors_are_kept_in_lowest_terms() -> None:
    assert factor_of("0.5") == (1, 2)
    assert factor_of(12) == (12, 1)
    assert factor_of("2.54", "0.01") == (254, 1)
    assert inverse((127, 100)) == (100, 127)
    for size in ("0", "-1"):
        with pytest.raises(ValueError):
            factor_of(size)


@pytest.mark.parametrize(
    ("unit", "base", "factor"),
    [
        ("DZN", "EA", (12, 1)),
        ("EA", "DZN", (1, 12)),
        ("TNE", "KGM", (1000, 1)),
        ("LBR", "GRM", (45359237, 100_000)),
        ("FOT", "INH", (12, 1)),
        ("SMI", "YRD", (1760, 1)),
        ("YDK", "FTK", (9, 1)),
        ("FTK", "INK", (144, 1)),
        ("LTN", "LBR", (2240, 1)),
        ("STN", "LBR", (2000, 1)),
        ("LBR", "ONZ", (16, 1)),
        ("GLL", "QTL", (4, 1)),
        ("QTL", "PTL", (2, 1)),
        ("PTL", "OZA", (16, 1)),
        ("GLI", "PTI", (8, 1)),
        ("GLI", "QTI", (4, 1)),
        ("MTQ", "LTR", (1000, 1)),
        ("WEE", "MIN", (10080, 1)),
        ("XCS", "XCS", (1, 1)),
    ],
)
def test_units_of_fixed_size_convert_exactly(unit: str, base: str, factor: tuple[int, int]) -> None:
    assert factor_between(unit, base) == factor


@pytest.mark.parametrize(("unit", "base"), [("XCS", "EA"), ("KGM", "LTR"), ("SET", "EA"), ("??", "EA")])
def test_a_case_or_another_measure_has_no_fixed_factor(unit: str, base: str) -> None:
    assert factor_between(unit, base) is None


@pytest.mark.samples
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared folder is absent")
def test_every_unit_is_in_the_published_lists() -> None:
    lists = SHARED / "standards/peppol-poacc-3/codelist"

    def codes(name: str) -> set[str]:
        return set(re.findall(r"<Id>(\w+)</Id>", (lists / name).read_text()))

    published = codes("UNECERec20-11e.xml") | {f"X{code}" for code in codes("UNECERec21-9e.xml")}

    assert set(UNITS) <= published


@pytest.mark.parametrize(
    ("qty", "minimum", "multiple", "maximum", "broken", "suggested"),
    [
        ("12", None, "6", None, "", None),
        ("7", None, "6", None, "not_a_multiple", "12"),
        ("7", "10", "6", None, "below_minimum not_a_multiple", "12"),
        ("6", "10", "6", None, "below_minimum", "12"),
        ("5", "10", None, None, "below_minimum", "10"),
        ("1.5", None, None, None, "too_fine", "2"),
        ("0.5", None, "0.25", None, "too_fine", None),
        ("100", None, "6", "50", "not_a_multiple above_maximum", "48"),
        ("7", "10", "6", "11", "below_minimum not_a_multiple", None),
        ("0", "10", "6", None, "not_positive", None),
        ("-6", None, "6", None, "not_positive", None),
        ("NaN", None, "6", None, "not_positive", None),
        ("1E+12", None, "6", None, "too_large", None),
    ],
)
def test_every_broken_rule_is_named_with_the_nearest_quantity_that_keeps_all(
    qty: str, minimum: str | None, multiple: str | None, maximum: str | None, broken: str, suggested: str | None
) -> None:
    found = check_quantity(
        D(qty),
        minimum=D(minimum) if minimum else None,
        multiple=D(multiple) if multiple else None,
        maximum=D(maximum) if maximum else None,
        decimals=0,
        where="/lines/1/qty",
    )

    assert [problem.code for problem in found] == [f"quantity.{name}" for name in broken.split()]
    assert {problem.detail.get("suggested") for problem in found} <= {suggested}


def test_a_pallet_layer_of_thirteen_cases_rounds_up_to_whole_layers() -> None:
    found = check_quantity(D(40), multiple=D(13), decimals=0)

    assert [(problem.code, problem.detail) for problem in found] == [
        ("quantity.not_a_multiple", {"suggested": "52"}),
    ]


@given(st.decimals("0.001", 100_000, places=3), st.decimals("0.001", 1000, places=3))
def test_rounding_up_to_a_multiple_is_the_least_that_covers(qty: Decimal, multiple: Decimal) -> None:
    rounded = rounded_up_to(qty, multiple)

    assert is_multiple(rounded, multiple)
    assert 0 <= rounded - qty < multiple


@given(
    st.integers(1, 10_000),
    st.none() | st.integers(1, 500).map(D),
    st.none() | st.integers(1, 60).map(D),
    st.none() | st.integers(1, 5000).map(D),
)
def test_a_suggested_quantity_keeps_every_rule(
    qty: int, minimum: Decimal | None, multiple: Decimal | None, maximum: Decimal | None
) -> None:
    found = check_quantity(D(qty), minimum=minimum, multiple=multiple, maximum=maximum, decimals=0)

    for suggested in {problem.detail["suggested"] for problem in found if "suggested" in problem.detail}:
        again = check_quantity(D(suggested), minimum=minimum, multiple=multiple, maximum=maximum, decimals=0)
        assert again == []
