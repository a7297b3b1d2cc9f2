"""What may be sent instead: chains, exact conversions, and that not a unit is lost or won."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.catalog.decide import CHAIN_MAX, circle, find_substitute
from tradewind.catalog.model import Product, SubstituteLink

AT = datetime(2026, 3, 2, tzinfo=UTC)


def product(number: int, status: str = "active", base: str = "EA", **units: int) -> Product:
    factors = {base: (1, 1), **{unit: (size, 1) for unit, size in units.items()}}
    return Product(
        UUID(int=number), f"P{number}", f"P{number}", base, base, status, True, "standard", Decimal(0), Decimal(0), None, factors
    )  # fmt: skip


def link(of: int, to: int, factor: tuple[int, int] = (1, 1), rank: int = 1, **period: datetime) -> SubstituteLink:
    return SubstituteLink(UUID(int=of), UUID(int=to), rank, factor, **period)


def find(
    links: list[SubstituteLink], products: list[Product], *, qty: str = "12", ordered=("12", "EA", (1, 1)), never=()
):
    by_product: dict[UUID, list[SubstituteLink]] = {}
    for one in links:
        by_product.setdefault(one.product_id, []).append(one)
    known = {one.id: one for one in products}
    found = find_substitute(
        product(1, "discontinued"), by_product, known, base_qty=Decimal(qty),
        ordered=(Decimal(ordered[0]), ordered[1], ordered[2]), at=AT, never=never,
    )  # fmt: skip
    return found and (found.product.sku, str(found.base_qty), str(found.qty), found.uom, found.uom_factor)


GONE = product(2, "discontinued")


@pytest.mark.parametrize(
    ("links", "products", "found"),
    [
        ([], [], None),
        ([link(1, 2)], [product(2)], ("P2", "12", "12", "EA", (1, 1))),
        ([link(1, 2, rank=2), link(1, 3)], [product(2), product(3)], ("P3", "12", "12", "EA", (1, 1))),
        ([link(1, 2), link(2, 3)], [GONE, product(3)], ("P3", "12", "12", "EA", (1, 1))),
        ([link(1, 2), link(2, 3, (1, 4))], [GONE, product(3)], ("P3", "3", "3", "EA", (1, 1))),
        ([link(1, 2, (1, 5))], [product(2)], None),  # 12 / 5 is no whole piece
        ([link(1, 2, (1, 5)), link(1, 3, rank=9)], [product(2), product(3)], ("P3", "12", "12", "EA", (1, 1))),
        ([link(1, 2)], [product(2, "blocked")], None),
        ([link(1, 2, valid_to=AT)], [product(2)], None),
        ([link(1, 2), link(2, 1)], [GONE, product(1)], None),  # a circle leads nowhere, and ends
    ],
)
def test_the_best_substitute_is_the_first_that_is_sold_and_comes_out_even(links, products, found):
    assert find(links, products) == found


def test_a_case_stays_a_case_where_it_holds_as_much():
    ordered = ("2", "CS", (12, 1))

    assert find([link(1, 2)], [product(2, CS=12)], qty="24", ordered=ordered) == ("P2", "24", "2", "CS", (12, 1))
    assert find([link(1, 2)], [product(2, CS=6)], qty="24", ordered=ordered) == ("P2", "24", "4", "CS", (6, 1))
    assert find([link(1, 2)], [product(2)], qty="24", ordered=ordered) == ("P2", "24", "24", "EA", (1, 1))


def test_what_the_account_may_not_buy_is_not_sent_instead():
    assert find([link(1, 2), link(1, 3, rank=2)], [product(2), product(3)], never={UUID(int=2)}) == (
        "P3", "12", "12", "EA", (1, 1),
    )  # fmt: skip


def test_a_chain_is_followed_so_far_and_no_further():
    def chain(length: int) -> tuple[list[SubstituteLink], list[Product]]:
        gone = [product(number, "discontinued") for number in range(2, length + 1)]
        return [link(number, number + 1) for number in range(1, length + 1)], [*gone, product(length + 1)]

    assert find(*chain(CHAIN_MAX)) is not None
    assert find(*chain(CHAIN_MAX + 1)) is None


def test_a_circle_is_seen_from_each_of_its_products():
    one, two, three, four = (UUID(int=number) for number in range(1, 5))
    links = {one: {two}, two: {three}, three: {one}, four: {one}}

    assert [circle(links, start) for start in (one, two, three, four)] == [True, True, True, False]


factors = st.tuples(st.integers(1, 60), st.integers(1, 60))


@given(
    st.lists(factors, min_size=1, max_size=CHAIN_MAX), st.integers(1, 10_000), st.integers(1, 48), st.integers(1, 48)
)
def test_a_substitution_stands_for_exactly_what_was_ordered(steps, qty, ordered_pack, other_pack):
    last = len(steps) + 1
    links = {UUID(int=n): [link(n, n + 1, factor)] for n, factor in enumerate(steps, 1)}
    products = {UUID(int=n): product(n, "discontinued") for n in range(2, last)}
    products[UUID(int=last)] = product(last, CS=other_pack)
    base = Decimal(qty * ordered_pack)

    found = find_substitute(
        product(1, "discontinued"),
        links,
        products,
        base_qty=base,
        ordered=(Decimal(qty), "CS", (ordered_pack, 1)),
        at=AT,
    )

    if found is None:
        return
    whole = Fraction(1)
    for top, low in steps:
        whole *= Fraction(top, low)
    assert Fraction(found.base_qty) == Fraction(base) * whole
    assert Fraction(found.qty) * Fraction(*found.uom_factor) == Fraction(found.base_qty)
