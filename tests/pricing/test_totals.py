"""What a document comes to (M1), and the exact share of each delivery (M4)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.problem import Problem
from tradewind.pricing.decide import order_totals, rate_index, share
from tradewind.pricing.model import Charge, HeaderDiscount, LineAmount, TaxPolicy, TaxRate, TaxSituation, Totals

D = Decimal
NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
START = datetime(2021, 1, 1, tzinfo=UTC)
RATES = rate_index(
    [
        TaxRate("DE", "standard", "S", D(19), START),
        TaxRate("DE", "books", "S", D(7), START),
        TaxRate("DE", "deposit", "Z", D(0), START),
    ]
)
HERE = TaxSituation(NOW, "DE", "DE")


def lines(*amounts: str) -> list[LineAmount]:
    """Lines written as `10.00`, `10.00/books`, or `10.00/books!` for one that takes no discount."""
    made = []
    for number, text in enumerate(amounts, 1):
        amount, _, tax_class = text.rstrip("!").partition("/")
        made.append(LineAmount(number, D(amount), tax_class or "standard", discountable=not text.endswith("!")))
    return made


def totals(answer: Totals | Problem) -> Totals:
    assert isinstance(answer, Totals), answer
    return answer


def test_an_order_of_lines_freight_discount_and_tax_adds_up() -> None:
    order = totals(
        order_totals(
            lines("19.99", "49.50/books", "0.01"),
            RATES,
            HERE,
            currency="EUR",
            charges=[Charge("FREIGHT", D("7.90"), "standard"), Charge("DEPOSIT", D("3.00"), "deposit")],
            discounts=[HeaderDiscount("WELCOME", "amount", D("10.00"))],
        )
    )

    assert order.line_discounts == (D("2.88"), D("7.12"), D("0.00"))
    assert (order.lines, order.charges, order.discounts) == (D("69.50"), D("10.90"), D("10.00"))
    assert [(group.rate, group.base, group.tax) for group in order.tax.groups] == [
        (D(19), D("25.02"), D("4.75")),
        (D(7), D("42.38"), D("2.97")),
        (D(0), D("3.00"), D("0.00")),
    ]
    assert (order.net, order.tax_total, order.total) == (D("70.40"), D("7.72"), D("78.12"))


def test_freight_is_taxed_by_its_own_class_not_by_the_main_lines() -> None:
    order = totals(
        order_totals(
            lines("100.00/books"), RATES, HERE, currency="EUR", charges=[Charge("FREIGHT", D("10.00"), "standard")]
        )
    )  # fmt: skip

    assert [line.tax for line in order.tax.lines] == [D("7.00"), D("1.90")]


def test_discounts_are_taken_one_after_the_other() -> None:
    order = totals(
        order_totals(
            lines("100.00", "50.00"),
            RATES,
            HERE,
            currency="EUR",
            discounts=[HeaderDiscount("TEN", "percent", D(10)), HeaderDiscount("FIVE", "percent", D(5))],
        )
    )

    assert order.discount_amounts == (D("15.00"), D("6.75"))
    assert order.line_discounts == (D("14.50"), D("7.25"))


def test_a_line_that_takes_no_discount_and_a_returned_line_bear_none() -> None:
    order = totals(
        order_totals(
            lines("100.00!", "50.00", "-20.00"),
            RATES,
            HERE,
            currency="EUR",
            discounts=[HeaderDiscount("TEN", "percent", D(10))],
        )
    )

    assert order.line_discounts == (D("0.00"), D("5.00"), D("0.00"))
    assert order.net == D("125.00")


@pytest.mark.parametrize(
    ("order", "discount", "detail"),
    [
        (lines("10.00", "5.00!"), "10.01", {"discount": "10.01", "lines": "10.00"}),
        (lines("10.00!"), "0.01", {"discount": "0.01", "lines": "0"}),
    ],
)
def test_discounts_beyond_the_lines_are_refused(order: list[LineAmount], discount: str, detail: dict[str, str]) -> None:
    answer = order_totals(
        order, RATES, HERE, currency="EUR", discounts=[HeaderDiscount("BIG", "amount", D(discount))]
    )  # fmt: skip

    assert isinstance(answer, Problem)
    assert (answer.code, answer.detail) == ("pricing.discount_exceeds_lines", detail)


def test_yen_have_no_cents() -> None:
    rates = rate_index([TaxRate("JP", "standard", "S", D(10), START)])

    order = totals(
        order_totals(
            lines("1000", "333"),
            rates,
            TaxSituation(NOW, "JP", "JP"),
            currency="JPY",
            discounts=[HeaderDiscount("TEN", "percent", D("2.5"))],
        )
    )

    assert (order.line_discounts, str(order.total)) == ((D(25), D(8)), "1430")


def test_a_missing_rate_is_a_finding_of_the_totals() -> None:
    order = totals(order_totals(lines("10.00/unheard-of"), RATES, HERE, currency="EUR"))

    assert [finding.code for finding in order.tax.findings] == ["tax.no_rate"]


amounts = st.integers(0, 10_000_00).map(lambda units: D(units).scaleb(-2))


@given(
    st.lists(st.tuples(amounts, st.sampled_from(["standard", "books"]), st.booleans()), min_size=1, max_size=20),
    st.lists(st.tuples(amounts, st.sampled_from(["standard", "deposit"])), max_size=4),
    st.lists(st.integers(0, 10_000).map(lambda units: D(units).scaleb(-2)), max_size=3),
    st.sampled_from(["per_line", "per_tax_group"]),
)
def test_M1_the_total_is_lines_plus_charges_less_discounts_plus_tax(  # noqa: N802 - the invariant's own name
    some: list[tuple[Decimal, str, bool]],
    extra: list[tuple[Decimal, str]],
    percents: list[Decimal],
    rounding: str,
) -> None:
    order = totals(
        order_totals(
            [LineAmount(number, *line) for number, line in enumerate(some)],
            RATES,
            HERE,
            currency="EUR",
            charges=[Charge("X", *charge) for charge in extra],
            discounts=[HeaderDiscount("P", "percent", percent) for percent in percents],
            policy=TaxPolicy(rounding=rounding),  # type: ignore[arg-type]
        )
    )

    assert order.total == order.lines + order.charges - order.discounts + order.tax_total
    assert order.discounts == sum(order.line_discounts, D(0)) == sum(order.discount_amounts, D(0))
    assert all(0 <= off <= line[0] for off, line in zip(order.line_discounts, some, strict=True))
    # EN 16931: BR-CO-10, 13, 14, 15 and the tax bases sum to the amount without tax.
    assert order.lines == sum((line[0] for line in some), D(0))
    assert order.net == sum((group.base for group in order.tax.groups), D(0))
    assert order.tax_total == sum((group.tax for group in order.tax.groups), D(0))
    assert order.total == order.net + order.tax_total


@given(amounts, st.lists(st.integers(1, 40), min_size=1, max_size=15))
def test_successive_shares_sum_to_the_line_and_no_delivery_turns_it_negative(
    net: Decimal, deliveries: list[int]
) -> None:
    whole, done, billed = D(sum(deliveries)), D(0), D(0)

    for delivery in deliveries:
        part = share(net, done, D(delivery), whole)
        assert part >= 0
        done, billed = done + delivery, billed + part

    assert billed == net
