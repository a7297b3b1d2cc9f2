"""What is wrong with a price row is said before it prices anything."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tradewind.pricing.decide import check_row
from tradewind.pricing.model import PriceRow

D = Decimal
START = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = PriceRow(
    UUID(int=1), "BASE", "base", 800, "EUR", "EA", (1, 1), D(1), "volume", ((D(1), D(10)), (D(10), D("9.5"))), START
)  # fmt: skip


def test_a_good_row_a_free_one_and_one_that_rises_are_kept() -> None:
    rising = replace(GOOD, tiers=((D(0), D(0)), (D("0.5"), D("9.123456"))))

    assert check_row(GOOD) == []
    assert check_row(rising) == []


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"currency": "EURO"}, "unknown_currency", "/currency"),
        ({"price_basis": D(0)}, "bad_price_basis", "/price_basis"),
        ({"price_basis": D("NaN")}, "bad_price_basis", "/price_basis"),
        ({"uom_factor": (0, 1)}, "bad_unit_size", "/uom"),
        ({"valid_to": START}, "bad_validity", "/valid_to"),
        ({"layer": "offer"}, "offer_without_expiry", "/expires_at"),
        ({"kind": "graduated", "tier_by": "weight"}, "graduated_by_quantity_only", "/tier_by"),
        ({"available": D(-1)}, "bad_maximum", "/available"),
        ({"tiers": ()}, "no_tiers", "/tiers"),
        ({"tiers": tuple((D(at), D(1)) for at in range(51))}, "too_many_tiers", "/tiers"),
        ({"tiers": ((D(1), D(1)), (D(1), D(1)))}, "tiers_not_ascending", "/tiers/1"),
        ({"tiers": ((D(-1), D(1)),)}, "bad_tier_quantity", "/tiers/0"),
        ({"tiers": ((D(1), D("1.0000001")),)}, "bad_unit_price", "/tiers/0"),
        ({"tiers": ((D(1), D(-1)),)}, "bad_unit_price", "/tiers/0"),
        ({"tiers": ((D(1), D("Infinity")),)}, "bad_unit_price", "/tiers/0"),
    ],
)
def test_a_bad_row_is_refused_at_its_place(changes: dict[str, Any], code: str, where: str) -> None:
    found = check_row(replace(GOOD, **changes), where="/rows/4")

    assert [(problem.code, problem.where) for problem in found] == [(f"pricing.{code}", f"/rows/4{where}")]


def test_all_that_is_wrong_is_said_at_once() -> None:
    bad = replace(GOOD, currency="XAU", price_basis=D(-1), tiers=((D("NaN"), D("NaN")), (D(2), D(1))))

    assert [problem.code for problem in check_row(bad)] == [
        "pricing.unknown_currency",
        "pricing.bad_price_basis",
        "pricing.bad_tier_quantity",
        "pricing.bad_unit_price",
    ]
