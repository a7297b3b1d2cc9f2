"""Tax of a document that goes to several places, or has services among its goods."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradewind.pricing.decide import TaxPart, rate_index, tax_lines, tax_parts
from tradewind.pricing.model import TaxPolicy, TaxRate, TaxSituation

AT = datetime(2026, 3, 2, tzinfo=UTC)
FROM = datetime(2020, 1, 1, tzinfo=UTC)
RATES = rate_index(
    TaxRate(place, "standard", "S", Decimal(percent), FROM, None)
    for place, percent in (("DE", "19"), ("AT", "20"), ("US-KY", "6"), ("US-MI", "6"))
)


def going(country: str, region: str = "", *, vat: str = "", start: str = "") -> TaxSituation:
    return TaxSituation(
        at=AT, seller_country="DE", ship_to_country=country, ship_to_region=region, ship_from_country=start,
        buyer_vat_id=vat, vat_id_verified=True if vat else None,
    )  # fmt: skip


def part(net: str, situation: TaxSituation, *, service: bool = False) -> TaxPart:
    place = f"{situation.ship_to_country}-{situation.ship_to_region}"
    return TaxPart(Decimal(net), "standard", place, situation, service)


def taxed(*parts: TaxPart) -> list[tuple[str, str, str]]:
    found = tax_parts(parts, RATES)
    assert found.total == sum((line.tax for line in found.lines), Decimal(0))
    assert found.total == sum((group.tax for _, group in found.groups), Decimal(0))
    return [(line.category, str(line.rate), str(line.tax)) for line in found.lines]


def test_each_place_is_taxed_as_if_it_were_an_order_of_its_own():
    found = tax_parts(
        [part("10.00", going("DE")), part("10.00", going("AT", vat="ATU1")), part("0.03", going("DE"))], RATES
    )

    assert [(line.category, str(line.tax)) for line in found.lines] == [("S", "1.90"), ("K", "0.00"), ("S", "0.01")]
    assert [(place, group.category, str(group.base), str(group.tax)) for place, group in found.groups] == [
        ("DE-", "S", "10.03", "1.91"), ("AT-", "K", "10.00", "0.00"),
    ]  # fmt: skip


def test_the_same_rate_of_two_states_is_rounded_in_each():
    american = going("US", "KY", start="US"), going("US", "MI", start="US")

    assert taxed(part("1.25", american[0]), part("1.25", american[1])) == [("S", "6", "0.08"), ("S", "6", "0.08")]


def test_a_service_to_a_business_is_taxed_where_the_business_is_whatever_the_goods_beside_it():
    situation = going("DE", vat="ATU1")

    assert taxed(part("10.00", situation), part("10.00", situation, service=True)) == [
        ("S", "19", "1.90"),
        ("AE", "0", "0.00"),
    ]


def test_goods_are_taxed_by_the_country_they_leave():
    assert taxed(part("10.00", going("AT", vat="ATU1", start="AT"))) == [("S", "20", "2.00")]
    assert taxed(part("10.00", going("AT", vat="ATU1", start="DE"))) == [("K", "0", "0.00")]


@given(
    st.lists(st.decimals("0", "1000", places=2), min_size=1, max_size=8), st.sampled_from(["per_line", "per_tax_group"])
)
def test_one_place_and_goods_alone_come_to_the_same_as_ever(nets, rounding):
    situation, policy = going("DE"), TaxPolicy(rounding=rounding)

    one = tax_parts([TaxPart(net, "standard", "DE", situation) for net in nets], RATES, policy=policy)
    other = tax_lines([(net, "standard") for net in nets], RATES, situation, policy=policy)

    assert [line.tax for line in one.lines] == [line.tax for line in other.lines]
    assert [group for _, group in one.groups] == list(other.groups)
