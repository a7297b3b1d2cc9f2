import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.money import (
    CurrencyMismatch,
    Money,
    cumulative_share,
    is_currency,
    less_percent,
    line_gross,
    line_net,
    minor_digits,
    plain,
    read_amount,
    round_money,
    settle,
    spread,
)
from tradewind.kernel.problem import Problem

D = Decimal
SHARED = Path(os.environ.get("TRADEWIND_SHARED", Path(__file__).parents[3] / "shared"))

cents = st.integers(-10_000_000, 10_000_000).map(lambda units: D(units).scaleb(-2))
weights = st.lists(st.decimals(0, 1_000_000, places=4), min_size=1, max_size=30)


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XOF", 0)])
def test_a_currency_has_the_minor_digits_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


def test_an_unknown_currency_is_an_error_and_metals_are_not_money() -> None:
    assert not is_currency("XAU")
    with pytest.raises(ValueError, match="'EURO' is not an ISO 4217 currency"):
        minor_digits("EURO")
    with pytest.raises(ValueError, match="'eur' is not"):
        round_money(D(1), "eur")


@pytest.mark.samples
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared folder is absent")
def test_every_currency_of_the_published_list_is_known_except_those_without_a_minor_unit() -> None:
    text = (SHARED / "standards/peppol-poacc-3/codelist/ISO4217_2015.xml").read_text()
    published = set(re.findall(r"<Id>([A-Z]{3})</Id>", text))

    unknown = {code for code in published if not is_currency(code)}

    # Metals, baskets, units of account and test codes have no minor unit; all of them begin with X.
    assert {code[0] for code in unknown} <= {"X"}


@pytest.mark.parametrize(
    ("value", "currency", "half_up", "half_even"),
    [
        ("2.345", "EUR", "2.35", "2.34"),
        ("2.335", "EUR", "2.34", "2.34"),
        ("-2.345", "EUR", "-2.35", "-2.34"),
        ("1234.5", "JPY", "1235", "1234"),
        ("0.0005", "KWD", "0.001", "0.000"),
        ("7", "EUR", "7.00", "7.00"),
    ],
)
def test_rounding_goes_to_the_minor_unit_and_a_credit_mirrors_its_invoice(
    value: str, currency: str, half_up: str, half_even: str
) -> None:
    assert str(round_money(D(value), currency)) == half_up
    assert str(round_money(D(value), currency, "half_even")) == half_even


def test_money_refuses_floats_and_numbers_that_are_none() -> None:
    with pytest.raises(TypeError):
        Money(1.5, "EUR")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money.of(1.5, "EUR")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money.of("1", "EUR") * 1.5  # type: ignore[operator]
    for text in ("NaN", "Infinity", "ten"):
        with pytest.raises(ValueError):
            Money.of(text, "EUR")


def test_two_currencies_never_meet() -> None:
    euro, dollar = Money.of("1", "EUR"), Money.of("1", "USD")

    for meet in (
        lambda: euro + dollar,
        lambda: euro - dollar,
        lambda: euro < dollar,
        lambda: euro <= dollar,
        lambda: euro > dollar,
        lambda: euro >= dollar,
    ):
        with pytest.raises(CurrencyMismatch):
            meet()
    assert euro != dollar


def test_a_posted_amount_is_a_whole_number_of_minor_units() -> None:
    assert str(Money.posted("12.5", "EUR")) == "12.50 EUR"
    assert Money.of("12.345", "EUR").rounded() == Money.of("12.35", "EUR")
    assert not Money.of("12.345", "EUR").is_postable
    for amount, currency in (("12.345", "EUR"), ("1.5", "JPY"), ("0.0001", "KWD")):
        with pytest.raises(ValueError, match="finer than the minor unit"):
            Money.posted(amount, currency)


def test_money_travels_as_strings() -> None:
    assert Money.of("1E+3", "EUR").as_json() == {"amount": "1000", "currency": "EUR"}


def test_money_adds_subtracts_negates_and_multiplies_exactly() -> None:
    one = Money.of("0.10", "EUR")

    assert one + one + one == Money.of("0.30", "EUR")
    assert one - one == Money.of("0", "EUR")
    assert not one - one
    assert -one < one
    assert one * D("0.333333") == Money.of("0.0333333", "EUR")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (1.5, "money.not_a_decimal"),
        (True, "money.not_a_decimal"),
        (None, "money.not_a_decimal"),
        ("1_000", "money.not_a_decimal"),
        ("1,5", "money.not_a_decimal"),
        ("NaN", "money.not_a_decimal"),
        ("-Infinity", "money.not_a_decimal"),
        ("1E+12", "money.too_large"),
        ("1E+999999999", "money.too_large"),
        ("9" * 65, "money.not_a_decimal"),
        ("0.0000001", "money.too_fine"),
        ("1E-999999999", "money.too_fine"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_place(text: object, code: str) -> None:
    answer = read_amount(text, where="/lines/3/price")

    assert isinstance(answer, Problem)
    assert (answer.code, answer.where) == (code, "/lines/3/price")


def test_an_amount_is_read_from_text_or_a_whole_number() -> None:
    assert read_amount(" 12.50 ") == D("12.50")
    assert read_amount(7) == D(7)
    assert read_amount("-999999999999.999999") == D("-999999999999.999999")


def test_a_price_per_hundred_for_thirty_five() -> None:
    assert line_net(D(35), D("18.40"), D(100), currency="EUR") == D("6.44")


def test_a_catch_weight_line_is_invoiced_by_what_the_scale_says() -> None:
    ordered_pieces = line_net(D(10), D("8.90"), factor=(5, 12), currency="EUR")
    invoiced = line_net(D("24.31"), D("8.90"), currency="EUR")

    assert ordered_pieces == D("213.60")
    assert invoiced == D("216.36")


def test_a_tie_survives_an_inexact_division() -> None:
    # 15.05 / 9 is 1.6722…; less 10 % it is exactly 1.505, which rounds up.
    reduced = less_percent(line_gross(D(1), D("15.05"), D(9)), D(10))

    assert reduced < D("1.505")
    assert round_money(settle(reduced), "EUR") == D("1.51")


def test_an_unrounded_amount_has_at_most_twenty_places() -> None:
    assert line_gross(D(1), D(1), D(3)) == D("0.33333333333333333333")


def test_a_line_is_rounded_once_after_its_discount() -> None:
    assert line_net(D(3), D("0.333333"), currency="EUR") == D("1.00")
    assert line_net(D(3), D("9.995"), discount=D("0.005"), currency="EUR") == D("29.98")


def test_trailing_zeros_are_not_shown() -> None:
    assert [plain(D(text)) for text in ("2.50", "1.2E+3", "100", "0.000", "-0.10")] == [
        "2.5",
        "1200",
        "100",
        "0",
        "-0.1",
    ]


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        ("10.00", "1 1 1", "3.34 3.33 3.33"),
        ("-10.00", "1 1 1", "-3.34 -3.33 -3.33"),
        ("0.02", "1 1 1", "0.01 0.01 0.00"),
        ("5.00", "0 3 0 1", "0.00 3.75 0.00 1.25"),
        ("1.00", "0 0 0", "0.34 0.33 0.33"),
        ("100.00", "19.99 49.50 0.01", "28.76 71.22 0.02"),
        ("0.00", "5 5", "0.00 0.00"),
        ("0.05", "0.3333 0.6667", "0.02 0.03"),
    ],
)
def test_a_total_is_spread_by_largest_remainder_ties_to_the_earlier(total: str, weights: str, parts: str) -> None:
    spread_out = spread(D(total), [D(weight) for weight in weights.split()], 2)

    assert " ".join(map(str, spread_out)) == parts


def test_spreading_refuses_what_it_cannot_do_exactly() -> None:
    assert spread(D(0), [], 2) == []
    for total, over in (("1.005", ["1"]), ("1.00", []), ("1.00", ["1", "-1"])):
        with pytest.raises(ValueError):
            spread(D(total), [D(weight) for weight in over], 2)


@given(cents, weights)
def test_parts_sum_to_the_whole_and_each_is_within_a_cent_of_its_due(total: Decimal, over: list[Decimal]) -> None:
    parts = spread(total, over, 2)

    assert sum(parts) == total
    if any(over):
        assert all(abs(part - total * weight / sum(over)) < D("0.01") for part, weight in zip(parts, over, strict=True))
        assert all(part == 0 for part, weight in zip(parts, over, strict=True) if not weight)


@given(cents, st.lists(st.integers(1, 500), min_size=1, max_size=12))
def test_shares_of_successive_deliveries_sum_to_the_line(total: Decimal, deliveries: list[int]) -> None:
    whole = D(sum(deliveries))

    done, shares = D(0), []
    for delivery in deliveries:
        shares.append(cumulative_share(total, done, D(delivery), whole))
        done += delivery

    assert sum(shares) == total


def test_three_deliveries_of_a_line_of_ten_euro() -> None:
    shares = [cumulative_share(D("10.00"), D(done), D(1), D(3)) for done in range(3)]

    assert shares == [D("3.33"), D("3.34"), D("3.33")]


def test_a_share_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError):
        cumulative_share(D(1), D(0), D(1), D(0))
