"""Prices a document or a person gives, and what an edit does to a price already agreed (PR6)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.problem import Problem
from tradewind.pricing.decide import document_price, is_stale, reprice_policy, waterfall_text
from tradewind.pricing.model import LockedPrice, Part, PricedLine, PriceRequest, PriceRow, Repriced, Step

D = Decimal
NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
WIDGET = UUID(int=1)
LADDER = ((D(1), D("10.00")), (D(10), D("9.50")), (D(100), D("9.00")))
BASE = PriceRow(UUID(int=2), "BASE", "base", 800, "EUR", "EA", (1, 1), D(1), "volume", LADDER, NOW - timedelta(days=90))


def ask(qty: str, currency: str = "EUR") -> PriceRequest:
    return PriceRequest(1, WIDGET, D(qty), "EA", D(qty), NOW, currency)


def test_priced_as_the_document_says_with_our_price_as_the_loser() -> None:
    line = document_price(ask("12"), D("9.25"), rows=[BASE])

    assert isinstance(line, PricedLine)
    assert (line.unit_price, line.net, line.list_code, line.layer) == (D("9.25"), D("111.00"), "DOCUMENT", "document")
    assert line.waterfall[0] == Step(
        "list", "DOCUMENT", 0, D("9.25"), None, D("111.00"), D("111.00"), "document_price"
    )  # fmt: skip
    assert [(loser.list_code, loser.unit_price, loser.amount) for loser in line.losers] == [
        ("BASE", D("9.50"), D("114.00")),
    ]


def test_a_document_price_needs_no_list_and_may_be_zero_or_for_a_return() -> None:
    free = document_price(ask("3"), D(0))
    returned = document_price(ask("-3"), D("2.55"))

    assert isinstance(free, PricedLine)
    assert isinstance(returned, PricedLine)
    assert (free.net, free.losers) == (D("0.00"), ())
    assert returned.net == D("-7.65")
    assert '"document_price"' in waterfall_text(free)


def test_our_price_is_no_loser_where_we_have_none() -> None:
    line = document_price(ask("12", currency="GBP"), D("9.25"), rows=[BASE])

    assert isinstance(line, PricedLine)
    assert line.losers == ()


def test_a_document_price_per_hundred_of_a_case_of_twelve() -> None:
    request = PriceRequest(1, WIDGET, D(5), "XCS", D(60), NOW, "EUR")

    line = document_price(request, D("1200"), price_basis=D(100), uom_factor=(12, 1))

    assert isinstance(line, PricedLine)
    assert (line.net, line.qty, line.uom) == (D("60.00"), D(5), "XCS")


def test_a_document_price_beyond_all_bounds_is_refused() -> None:
    answer = document_price(ask("1E+11"), D(100))

    assert isinstance(answer, Problem)
    assert answer.code == "pricing.amount_too_large"


def locked(qty: str, price: str, tier: str | None = "1", done: str = "0") -> LockedPrice:
    net = (D(qty) * D(price)).quantize(D("0.01"))
    return LockedPrice(D(qty), "EA", D(price), D(1), D(tier) if tier else None, net, "ACME", "EUR", D(done))


def fresh(qty: str, price: str, tier: str) -> PricedLine:
    net = (D(qty) * D(price)).quantize(D("0.01"))
    return PricedLine(1, "EUR", D(qty), "EA", D(price), D(1), D(tier), net, net, None, "BASE", "base", 1, NOW, ())


# locked quantity, price, tier, done → new quantity, fresh price and tier, asked for all?, on a tier lost → parts, delta
EDITS = {
    "an unchanged quantity keeps its price": (
        locked("12", "9.10", "10"), "12", ("9.80", "10"), False, "keep", "12@9.10", "0.00", "price_kept"),
    "an increase prices only what was added": (
        locked("10", "9.10", "10"), "15", ("9.80", "10"), False, "keep", "10@9.10 5@9.80", "49.00",
        "added_quantity_priced"),
    "an increase into the next tier leaves the old quantity alone": (
        locked("90", "9.50", "10"), "110", ("9.00", "100"), False, "keep", "90@9.50 20@9.00", "180.00",
        "added_quantity_priced"),
    "asked for, the whole line takes the new price": (
        locked("90", "9.50", "10"), "110", ("9.00", "100"), True, "keep", "110@9.00", "135.00", "repriced_as_asked"),
    "asked for, what is shipped keeps its price": (
        locked("90", "9.50", "10", done="40"), "110", ("9.00", "100"), True, "keep", "40@9.50 70@9.00", "155.00",
        "repriced_as_asked"),
    "a cut inside the tier keeps the price": (
        locked("20", "9.50", "10"), "15", ("9.80", "10"), False, "lose", "15@9.50", "-47.50", "price_kept"),
    "a cut below the tier keeps it by policy": (
        locked("12", "9.50", "10"), "8", ("10.00", "1"), False, "keep", "8@9.50", "-38.00", "tier_kept"),
    "a cut below the tier loses it by policy": (
        locked("12", "9.50", "10"), "8", ("10.00", "1"), False, "lose", "8@10.00", "-34.00", "tier_lost"),
    "a cut below the break already invoiced moves only what is not": (
        locked("12", "9.50", "10", done="5"), "8", ("10.00", "1"), False, "lose", "5@9.50 3@10.00", "-36.50",
        "tier_lost"),
    "a cut to what is shipped leaves nothing to lose": (
        locked("12", "9.50", "10", done="8"), "8", ("10.00", "1"), False, "lose", "8@9.50", "-38.00", "tier_lost"),
    "a rep's price without a tier stays with its quantity when more is ordered": (
        locked("10", "8.00", None), "12", ("9.50", "10"), False, "lose", "10@8.00 2@9.50", "19.00",
        "added_quantity_priced"),
    "a rep's price without a tier survives a cut": (
        locked("10", "8.00", None), "4", ("10.00", "1"), False, "lose", "4@8.00", "-48.00", "price_kept"),
    "a cut below one unit loses no tier": (
        locked("2", "4.00", "1"), "0.5", ("5.00", "1"), False, "lose", "0.5@4.00", "-6.00", "price_kept"),
    "a cut to nothing is worth nothing": (
        locked("12", "9.50", "10"), "0", ("10.00", "1"), False, "keep", "", "-114.00", "tier_kept"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "qty", "today", "whole", "tier_loss", "parts", "delta", "reason"), EDITS.values(), ids=EDITS.keys()
)
def test_PR6(  # noqa: N802 - the row's own name
    before: LockedPrice,
    qty: str,
    today: tuple[str, str],
    whole: bool,
    tier_loss: Literal["keep", "lose"],
    parts: str,
    delta: str,
    reason: str,
) -> None:
    after = reprice_policy(before, D(qty), fresh=fresh(qty, *today), whole=whole, tier_loss=tier_loss)

    assert isinstance(after, Repriced)
    assert " ".join(f"{part.qty}@{part.unit_price}" for part in after.parts) == parts
    assert (after.delta, after.reason) == (D(delta), reason)
    assert after.net == before.net + after.delta


def test_shipped_quantity_cannot_be_cut_away() -> None:
    answer = reprice_policy(locked("12", "9.50", "10", done="5"), D(4))

    assert isinstance(answer, Problem)
    assert (answer.code, answer.status) == ("pricing.below_done", 409)
    assert answer.detail == {"done": "5", "asked": "4"}


@pytest.mark.parametrize(("qty", "whole"), [("13", False), ("12", True)])
def test_an_added_quantity_without_a_price_today_is_refused(qty: str, whole: bool) -> None:
    answer = reprice_policy(locked("12", "9.50", "10"), D(qty), whole=whole)

    assert isinstance(answer, Problem)
    assert answer.code == "pricing.no_fresh_price"


def test_a_cut_that_keeps_its_price_needs_no_fresh_one() -> None:
    after = reprice_policy(locked("12", "9.50", "10"), D(11))

    assert isinstance(after, Repriced)
    assert after.parts == (Part(D(11), "EA", D("9.50"), D(1), "ACME"),)


def test_an_increase_priced_today_by_the_case_takes_its_share_of_the_cases() -> None:
    by_case = PricedLine(
        1, "EUR", D("1.25"), "XCS", D("96.00"), D(1), D(1), D("120.00"), D("120.00"), None, "BASE", "base", 1, NOW, ()
    )  # fmt: skip

    after = reprice_policy(locked("12", "9.50", "10"), D(15), fresh=by_case)

    assert isinstance(after, Repriced)
    assert after.parts == (Part(D(12), "EA", D("9.50"), D(1), "ACME"), Part(D("0.25"), "XCS", D(96), D(1), "BASE"))
    assert after.delta == D("24.00")


@given(st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 1000), st.booleans())
def test_parts_of_an_edit_are_the_new_quantity_and_the_shipped_part_never_moves(
    qty: int, new_qty: int, done: int, whole: bool
) -> None:
    before = locked(str(qty), "9.50", "10", done=str(min(done, qty, new_qty)))

    after = reprice_policy(before, D(new_qty), fresh=fresh(str(new_qty), "9.00", "1"), whole=whole, tier_loss="lose")

    assert isinstance(after, Repriced)
    assert sum(part.qty for part in after.parts) == new_qty
    assert sum(part.qty for part in after.parts if part.unit_price == D("9.50")) >= before.done


def test_drafts_refresh_after_their_time_and_submitted_prices_are_frozen() -> None:
    limit = timedelta(hours=24)

    assert not is_stale(NOW, NOW + timedelta(hours=23, minutes=59), draft=True, refresh_after=limit)
    assert is_stale(NOW, NOW + limit, draft=True, refresh_after=limit)
    assert not is_stale(NOW, NOW + timedelta(days=400), draft=False, refresh_after=limit)
