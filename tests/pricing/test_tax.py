"""Who is charged which tax, and that lines, groups and total agree to the cent (VA8)."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.money import round_money
from tradewind.pricing.decide import rate_index, tax_lines
from tradewind.pricing.model import ExemptionCertificate, TaxPolicy, TaxRate, TaxSituation

D = Decimal
NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
START = datetime(2020, 1, 1, tzinfo=UTC)


def rate(jurisdiction: str, tax_class: str, percent: str, category: str = "S", reason: str = "",
         start: datetime = START, end: datetime | None = None) -> TaxRate:  # fmt: skip
    return TaxRate(jurisdiction, tax_class, category, D(percent), start, end, reason)


RATES = rate_index(
    [
        rate("DE", "standard", "16", end=datetime(2021, 1, 1, tzinfo=UTC)),
        rate("DE", "standard", "19", start=datetime(2021, 1, 1, tzinfo=UTC)),
        rate("DE", "books", "7"),
        rate("DE", "scrap", "0", "AE", "Reverse charge by law: scrap metal"),
        rate("DE", "medical", "0", "E", "Exempt by law"),
        rate("DE", "service", "19"),
        rate("DE", "freight", "19"),
        rate("FR", "standard", "20"),
        rate("AT", "standard", "20"),
        rate("GB", "standard", "20"),
        rate("GB", "books", "0", "Z"),
        rate("US-CA", "standard", "7.25"),
        rate("US-OR", "standard", "0", "O", "No sales tax in Oregon"),
        rate("US", "food", "0", "E", "Not taxed"),
    ]
)
POLICY = TaxPolicy(service_classes=frozenset({"service"}))


def at(seller: str, to: str, vat_id: str = "", verified: bool | None = True, goods_from: str = "") -> TaxSituation:
    country, _, region = to.partition("-")
    return TaxSituation(NOW, seller, country, region, goods_from, vat_id, verified)


# seller, ship-to, buyer's VAT number, verified?, goods from → tax class → category and rate
SITUATIONS = {
    "at home the rate of the country": ("DE", "DE", "DE123", True, "", "standard", "S 19"),
    "at home the reduced rate": ("DE", "DE", "", None, "", "books", "S 7"),
    "zero rated is a rate of its own": ("GB", "GB", "", None, "", "books", "Z 0"),
    "exempt by law": ("DE", "DE", "", None, "", "medical", "E 0"),
    "reverse charge by law at home": ("DE", "DE", "DE123", True, "", "scrap", "AE 0"),
    "goods to a business in another member state": ("DE", "FR", "FR123", True, "", "standard", "K 0"),
    "a Greek number begins with EL": ("DE", "GR", "EL123", True, "", "standard", "K 0"),
    "goods to a business registered in a third member state": ("DE", "FR", "AT123", True, "", "standard", "K 0"),
    "goods that start elsewhere, for a business of the seller's own state": (
        "DE",
        "FR",
        "DE123",
        True,
        "AT",
        "standard",
        "K 0",
    ),
    "goods to the Canary Islands": ("DE", "ES-CN", "ES123", True, "", "standard", "G 0"),
    "goods from the mainland to Ceuta": ("ES", "ES-CE", "ES123", True, "", "standard", "G 0"),
    "goods to Monaco are as to France": ("DE", "MC", "FR123", True, "", "standard", "K 0"),
    "a service at home for a business of another member state": ("DE", "DE", "FR123", True, "", "service", "AE 0"),
    "a service abroad for a business at home": ("DE", "FR", "DE123", True, "", "service", "S 19"),
    "a service to a business in another member state": ("DE", "FR", "FR123", True, "", "service", "AE 0"),
    "a number of the seller's own state moves nothing": ("DE", "FR", "DE123", True, "", "standard", "S 19"),
    "a foreign number does not help goods that stay": ("DE", "DE", "FR123", True, "", "standard", "S 19"),
    "a number that failed its check is none": ("DE", "FR", "FR123", False, "", "standard", "S 19"),
    "no number at all": ("DE", "FR", "", None, "", "standard", "S 19"),
    "a British number is no member's": ("DE", "FR", "GB123", True, "", "standard", "S 19"),
    "out of the EU": ("DE", "CH", "", None, "", "standard", "G 0"),
    "to Great Britain": ("DE", "GB", "GB123", True, "", "standard", "G 0"),
    "goods to Northern Ireland are inside": ("DE", "GB-NIR", "XI123", True, "", "standard", "K 0"),
    "services to Northern Ireland are not": ("DE", "GB-NIR", "XI123", True, "", "service", "O 0"),
    "a service out of the EU": ("DE", "US-CA", "", None, "", "service", "O 0"),
    "goods that start outside, for a buyer outside": ("DE", "US-CA", "", None, "US", "standard", "S 7.25"),
    "goods out of a British warehouse": ("DE", "FR", "FR123", True, "GB", "standard", "G 0"),
    "goods that start in the buyer's country": ("DE", "FR", "FR123", True, "FR", "standard", "S 20"),
    "from a site of ours in a third member state": ("DE", "FR", "FR123", True, "AT", "standard", "K 0"),
    "a region's own rate": ("US", "US-CA", "", None, "", "standard", "S 7.25"),
    "a region outside the scope": ("US", "US-OR", "", None, "", "standard", "O 0"),
    "a country's rate where the region has none": ("US", "US-CA", "", None, "", "food", "E 0"),
}


@pytest.mark.parametrize(
    ("seller", "to", "vat_id", "verified", "goods_from", "tax_class", "bears"),
    SITUATIONS.values(),
    ids=SITUATIONS.keys(),
)
def test_VA8(  # noqa: N802 - the row's own name
    seller: str, to: str, vat_id: str, verified: bool | None, goods_from: str, tax_class: str, bears: str
) -> None:
    result = tax_lines([(D("100.00"), tax_class)], RATES, at(seller, to, vat_id, verified, goods_from), policy=POLICY)

    [line] = result.lines
    assert f"{line.category} {line.rate}" == bears
    assert result.findings == ()
    assert result.total == line.tax == round_money(D(bears.split()[1]), "EUR")
    if line.category not in ("S", "Z"):
        assert line.reason


def test_the_reason_of_a_reverse_charge_names_the_article_and_the_buyers_number() -> None:
    goods = tax_lines([(D(1), "standard")], RATES, at("DE", "FR", "FR123"), policy=POLICY)
    service = tax_lines([(D(1), "service")], RATES, at("DE", "FR", "FR123"), policy=POLICY)

    assert goods.lines[0].reason == (
        "Intra-Community supply: exempt (Article 138, Directive 2006/112/EC); buyer FR123"
    )  # fmt: skip
    assert service.lines[0].reason == (
        "Reverse charge: VAT to be accounted for by the recipient (Article 196, Directive 2006/112/EC); buyer FR123"
    )


def test_a_triangular_drop_shipment_is_reverse_charged_and_a_site_of_our_own_is_not() -> None:
    own_site = at("DE", "FR", "FR123", goods_from="AT")

    drop = tax_lines([(D("100.00"), "standard")], RATES, replace(own_site, drop_shipped=True), policy=POLICY)
    own = tax_lines([(D("100.00"), "standard")], RATES, own_site, policy=POLICY)

    assert (drop.lines[0].category, own.lines[0].category) == ("AE", "K")
    assert drop.lines[0].reason == (
        "Reverse charge: triangular transaction (Articles 141 and 197, Directive 2006/112/EC); buyer FR123"
    )


def test_without_a_vat_number_the_destination_may_tax_by_policy() -> None:
    policy = replace(POLICY, no_vat_id="destination")

    result = tax_lines([(D("100.00"), "standard")], RATES, at("DE", "FR"), policy=policy)

    assert (result.lines[0].jurisdiction, result.total) == ("FR", D("20.00"))
    assert tax_lines([(D("100.00"), "service")], RATES, at("DE", "FR"), policy=policy).lines[0].jurisdiction == "DE"


def test_a_vat_number_nobody_could_check_on_a_sunday_is_pointed_out_once_and_tax_is_charged() -> None:
    result = tax_lines([(D("100.00"), "standard"), (D("10.00"), "books")], RATES, at("DE", "FR", "FR123", None))

    assert [finding.code for finding in result.findings] == ["tax.vat_id_unverified"]
    assert result.total == D("19.70")


def test_a_rate_change_switches_at_its_instant() -> None:
    last = replace(at("DE", "DE"), at=datetime(2020, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
    first = replace(last, at=datetime(2021, 1, 1, tzinfo=UTC))

    assert tax_lines([(D(100), "standard")], RATES, last).total == D("16.00")
    assert tax_lines([(D(100), "standard")], RATES, first).total == D("19.00")


def test_a_rate_that_ended_is_no_rate_from_that_instant_on() -> None:
    rates = rate_index([rate("DE", "standard", "19", end=NOW)])

    result = tax_lines([(D(100), "standard")], rates, at("DE", "DE"))

    assert [finding.code for finding in result.findings] == ["tax.no_rate"]


def test_a_taxable_line_without_a_rate_is_a_finding_and_in_no_group() -> None:
    result = tax_lines([(D("5.00"), "standard"), (D("9.00"), "unheard-of")], RATES, at("DE", "DE"))

    assert [(finding.code, finding.where) for finding in result.findings] == [("tax.no_rate", "/lines/1")]
    assert result.findings[0].detail == {"index": 1, "tax_class": "unheard-of", "jurisdiction": "DE"}
    assert (result.lines[1].category, result.lines[1].rate, result.lines[1].tax) == ("", None, D(0))
    assert [(group.category, group.base) for group in result.groups] == [("S", D("5.00"))]


CERTIFICATE = ExemptionCertificate("CA-778", "US-CA", START, datetime(2026, 6, 1, tzinfo=UTC))


def test_an_exempt_buyer_is_exempt_in_the_jurisdiction_of_the_certificate_only() -> None:
    there = tax_lines([(D(100), "standard")], RATES, at("US", "US-CA"), certificates=[CERTIFICATE])
    elsewhere = tax_lines([(D(100), "standard")], RATES, at("DE", "DE"), certificates=[CERTIFICATE])

    assert (there.lines[0].category, there.total) == ("E", D("0.00"))
    assert there.lines[0].reason == "Exempt under the buyer's certificate CA-778"
    assert elsewhere.total == D("19.00")


def test_a_certificate_that_expires_between_order_and_shipment_no_longer_exempts_the_shipment() -> None:
    ordered, shipped = at("US", "US-CA"), replace(at("US", "US-CA"), at=datetime(2026, 6, 1, tzinfo=UTC))

    order = tax_lines([(D(100), "standard")], RATES, ordered, certificates=[CERTIFICATE])
    shipment = tax_lines([(D(100), "standard")], RATES, shipped, certificates=[CERTIFICATE])

    assert (order.total, order.findings) == (D("0.00"), ())
    assert shipment.total == D("7.25")
    assert [(finding.code, finding.detail["expired"]) for finding in shipment.findings] == [
        ("tax.certificate_expired", "2026-06-01"),
    ]


def test_a_renewed_certificate_leaves_nothing_to_point_out() -> None:
    renewed = ExemptionCertificate("CA-801", "US-CA", datetime(2026, 6, 1, tzinfo=UTC))
    situation = replace(at("US", "US-CA"), at=datetime(2026, 6, 2, tzinfo=UTC))

    result = tax_lines([(D(100), "standard")], RATES, situation, certificates=[CERTIFICATE, renewed])

    assert (result.total, result.findings) == (D("0.00"), ())


def test_an_exempt_account_buying_one_taxable_item_pays_for_that_item() -> None:
    tools_only = replace(CERTIFICATE, tax_classes=frozenset({"tools"}))
    rates = rate_index([rate("US-CA", "standard", "7.25"), rate("US-CA", "tools", "7.25")])

    result = tax_lines(
        [(D(100), "tools"), (D(20), "standard")], rates, at("US", "US-CA"), certificates=[tools_only]
    )  # fmt: skip

    assert [(line.category, line.tax) for line in result.lines] == [("E", D("0.00")), ("S", D("1.45"))]


def test_a_country_wide_certificate_covers_its_regions_and_a_zero_rate_stays_what_it_is() -> None:
    everywhere = replace(CERTIFICATE, jurisdiction="US")

    result = tax_lines(
        [(D(100), "standard"), (D(10), "food")], RATES, at("US", "US-CA"), certificates=[everywhere]
    )  # fmt: skip

    assert [(line.category, line.reason) for line in result.lines] == [
        ("E", "Exempt under the buyer's certificate CA-778"),
        ("E", "Not taxed"),
    ]


def test_ship_to_moved_to_another_state_taxes_the_second_part_there() -> None:
    first = tax_lines([(D(100), "standard")], RATES, at("US", "US-CA"))
    second = tax_lines([(D(100), "standard")], RATES, at("US", "US-OR"))

    assert (first.total, second.total) == (D("7.25"), D("0.00"))
    assert second.lines[0].reason == "No sales tax in Oregon"


@pytest.mark.parametrize(
    ("rounding", "taxes", "total"),
    [("per_line", "0.01 0.01 0.01", "0.03"), ("per_tax_group", "0.01 0.01 0.00", "0.02")],
)
def test_rounding_per_line_and_per_group_differ_by_a_cent_and_each_adds_up(
    rounding: Literal["per_line", "per_tax_group"], taxes: str, total: str
) -> None:
    lines = [(D("0.04"), "standard")] * 3

    result = tax_lines(lines, RATES, at("DE", "DE"), policy=TaxPolicy(rounding=rounding))

    assert " ".join(str(line.tax) for line in result.lines) == taxes
    assert result.total == result.groups[0].tax == D(total)


def test_lines_of_both_signs_share_a_group_without_losing_a_cent() -> None:
    result = tax_lines(
        [(D("10.03"), "standard"), (D("-2.07"), "standard"), (D("0.01"), "standard")], RATES, at("DE", "DE")
    )

    assert result.groups[0].base == D("7.97")
    assert result.total == D("1.51") == sum(line.tax for line in result.lines)


def test_a_currency_without_minor_units_is_taxed_in_whole_units() -> None:
    rates = rate_index([rate("JP", "standard", "10")])

    result = tax_lines([(D(1005), "standard")], rates, at("JP", "JP"), digits=0)

    assert str(result.total) == "101"


amounts = st.integers(-1_000_000, 1_000_000).map(lambda units: D(units).scaleb(-2))


@given(
    st.lists(st.tuples(amounts, st.sampled_from(["standard", "books", "medical", "freight"])), max_size=20),
    st.sampled_from(["per_line", "per_tax_group"]),
)
def test_lines_groups_and_total_agree_and_a_group_is_base_times_rate(
    lines: list[tuple[Decimal, str]], rounding: Literal["per_line", "per_tax_group"]
) -> None:
    result = tax_lines(lines, RATES, at("DE", "DE"), policy=TaxPolicy(rounding=rounding))

    assert sum((line.tax for line in result.lines), D(0)) == result.total
    assert sum((group.tax for group in result.groups), D(0)) == result.total
    assert sum((group.base for group in result.groups), D(0)) == sum((net for net, _ in lines), D(0))
    for group in result.groups:
        exact = group.base * group.rate / 100
        if rounding == "per_tax_group":
            assert group.tax == round_money(exact, "EUR")  # BR-CO-17
        else:
            assert abs(group.tax - exact) <= D("0.005") * len(lines)
