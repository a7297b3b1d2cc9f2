"""How the sites of a delivery group are chosen by a strategy."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.fulfilment.decide import Lane, Shelf, SiteChoice, source
from tradewind.semantics.model import Demand

D = Decimal
ORDER, CUP, TEA = UUID(int=9), UUID(int=1), UUID(int=2)
NEAR, CHEAP, FAR = (UUID(int=10 + number) for number in range(3))
LANES = [
    Lane(NEAR, "NEAR", D(9), 1, 3),
    Lane(CHEAP, "CHEAP", D(2), 3, 2),
    Lane(FAR, "FAR", D(5), 7, 1),
]
NAMES = {lane.site_id: lane.code for lane in LANES}


def given_by(
    choice: SiteChoice | None, stock: dict[tuple[UUID, UUID], str], *asked: tuple[UUID, str]
) -> list[tuple[str, str]]:
    shelf = Shelf({key: D(qty) for key, qty in stock.items()})
    demands = [
        Demand(ORDER, number, product, D(qty), (NEAR, CHEAP, FAR)) for number, (product, qty) in enumerate(asked, 1)
    ]
    found = source(demands, LANES, shelf, choice=choice)
    return [(NAMES[take.site_id], str(take.qty)) for take in found.takes]


EVERYWHERE = {(product, site): "10" for product in (CUP, TEA) for site in (NEAR, CHEAP, FAR)}
APART = {(CUP, NEAR): "10", (CUP, CHEAP): "4", (TEA, FAR): "10", (CUP, FAR): "10", (TEA, CHEAP): "3"}


@pytest.mark.parametrize(
    ("choice", "stock", "asked", "sites"),
    [
        (None, EVERYWHERE, "5", [("CHEAP", "5"), ("CHEAP", "5")]),
        (SiteChoice("nearest"), EVERYWHERE, "5", [("NEAR", "5"), ("NEAR", "5")]),
        (SiteChoice(prefer=("FAR",)), EVERYWHERE, "5", [("FAR", "5"), ("FAR", "5")]),
        (SiteChoice(avoid=("CHEAP",)), EVERYWHERE, "5", [("FAR", "5"), ("FAR", "5")]),
        (SiteChoice("nearest", avoid=("NEAR",)), EVERYWHERE, "5", [("CHEAP", "5"), ("CHEAP", "5")]),
        (SiteChoice("fewest"), APART, "5", [("FAR", "5"), ("FAR", "5")]),
        (SiteChoice("cheapest"), APART, "5", [("CHEAP", "4"), ("FAR", "1"), ("CHEAP", "3"), ("FAR", "2")]),
        (SiteChoice("one site", prefer=("NEAR",)), {(CUP, NEAR): "3"}, "5", [("NEAR", "3")]),
    ],
)  # fmt: skip
def test_sites_by_strategy(
    choice: SiteChoice | None, stock: dict[tuple[UUID, UUID], str], asked: str, sites: list[tuple[str, str]]
) -> None:
    assert given_by(choice, stock, (CUP, asked), (TEA, asked)) == sites


@given(
    st.sampled_from(("fewest", "nearest", "cheapest", "one site")),
    st.lists(st.sampled_from(("NEAR", "CHEAP", "FAR")), unique=True),
    st.dictionaries(
        st.tuples(st.sampled_from((CUP, TEA)), st.sampled_from((NEAR, CHEAP, FAR))), st.integers(0, 8).map(str)
    ),
    st.integers(1, 12),
)
def test_nothing_is_given_that_is_not_there_and_nothing_is_left_that_another_choice_would_give(
    strategy: str, prefer: list[str], stock: dict[tuple[UUID, UUID], str], qty: int
) -> None:
    choice = SiteChoice(strategy, tuple(prefer))  # type: ignore[arg-type]

    takes = given_by(choice, stock, (CUP, str(qty)), (TEA, str(qty)))

    there = {product: sum(D(count) for (of, _), count in stock.items() if of == product) for product in (CUP, TEA)}
    total = sum(D(count) for _, count in takes)
    assert total <= sum(min(D(qty), left) for left in there.values())
    if strategy == "one site":
        assert len({site for site, _ in takes}) <= 1
    else:
        assert total == sum(min(D(qty), left) for left in there.values())
