"""What a change of an order voids: only decisions of which a bound part changed for the worse (AP3)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tradewind.approvals.decide import carry_votes, differences, digest_of, uncovered
from tradewind.approvals.model import RequiredTier, Seat, Vote

ANN, BEN = UUID(int=1), UUID(int=2)
BEFORE: dict[str, Any] = {
    "total": "100",
    "items": ["CUP", "TEA"],
    "prices": {"1:CUP": "3", "2:TEA": "2"},
    "terms": "NET30",
    "dates": ["2026-03-09"],
    "ship_to": ["HQ"],
    "lines.net": ["60", "40"],
}


def tier(no: int = 1, *, number: int = 1, version: int = 1, **more: Any) -> RequiredTier:
    values: dict[str, Any] = {"side": "buyer", "tolerance": Decimal(0), "inputs": BEFORE} | more
    return RequiredTier(no, UUID(int=9), "P", version, number, values["side"], "T", 1, (Seat(role="buyer"),), (), (), True, False,
                        "EUR", values["tolerance"], "because", "true", {}, values["inputs"])  # fmt: skip


def after(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**BEFORE, **changes}.items() if value is not None}


@pytest.mark.parametrize(("changes", "more", "voids"), [
    ({},                                        {}, ()),
    ({"total": "99.99"},                        {}, ()),
    ({"total": "100.01"},                       {}, ("total",)),
    ({"total": "105"},                          {"tolerance": Decimal(5)}, ()),
    ({"total": "105.01"},                       {"tolerance": Decimal(5)}, ("total",)),
    ({"items": ["CUP"]},                        {}, ()),
    ({"items": ["CUP", "GUN"]},                 {}, ("items",)),
    ({"prices": {"1:CUP": "2.99"}},             {}, ()),
    ({"prices": {"1:CUP": "3.01"}},             {}, ("prices",)),
    ({"prices": {"1:CUP": "3.01"}},             {"side": "seller"}, ()),
    ({"prices": {"1:CUP": "2.99"}},             {"side": "seller"}, ("prices",)),
    ({"prices": {"3:GUN": "9"}},                {}, ()),  # a new item is told by the items
    ({"terms": "NET60"},                        {}, ("terms",)),
    ({"dates": ["2026-03-10"]},                 {}, ("dates",)),
    ({"dates": None},                           {}, ()),  # no longer bound
    ({"ship_to": ["YARD"]},                     {}, ("ship_to",)),
    ({"lines.net": ["40", "60"]},               {}, ()),
    ({"lines.net": ["61", "39"]},               {}, ("lines.net",)),
    ({"lines.net": ["60", "20", "20"]},         {}, ("lines.net",)),
    ({"channel": "x"},                          {}, ("channel",)),
    ({"total": "101", "terms": "NET60"},        {}, ("terms", "total")),
])  # fmt: skip
def test_a_decision_falls_with_what_it_stands_on(changes, more, voids):
    assert uncovered(tier(**more), tier(**{**more, "inputs": after(**changes)})) == voids


def test_only_the_tiers_a_change_touches_lose_their_approvals():
    amount = tier(1, inputs={"total": "100"})
    when = tier(2, number=2, inputs={"total": "100", "dates": ["2026-03-09"]})
    first, second = Vote(UUID(int=11), ANN, ANN, frozenset({1})), Vote(UUID(int=12), BEN, BEN, frozenset({2}))
    now = [replace(amount), replace(when, inputs={"total": "100", "dates": ["2026-04-01"]})]

    carried, lost = carry_votes([(amount, first), (when, second)], now, total=Decimal(100))

    assert carried == [(first, frozenset({1}))]
    assert lost == {2: ("dates",)}


@pytest.mark.parametrize(("cap", "total", "kept"), [(None, "100", True), ("100", "100", True), ("99", "100", False)])
def test_an_approval_above_what_its_giver_may_approve_now_is_lost(cap, total, kept):
    vote = Vote(UUID(int=11), ANN, ANN, frozenset({1}), None if cap is None else Decimal(cap))

    carried, lost = carry_votes([(tier(), vote)], [tier()], total=Decimal(total))

    assert (bool(carried), lost) == (kept, {} if kept else {1: ("total",)})


def test_another_version_of_a_policy_is_another_question():
    vote = Vote(UUID(int=11), ANN, ANN, frozenset({1}))

    assert carry_votes([(tier(), vote)], [tier(version=2)], total=Decimal(1)) == ([], {})


def test_an_approval_that_was_given_before_and_after_counts_once():
    early, late = Vote(UUID(int=11), ANN, ANN, frozenset({1})), Vote(UUID(int=12), ANN, ANN, frozenset({1}))

    carried, _ = carry_votes([(tier(), early), (tier(), late)], [tier()], total=Decimal(1))

    assert carried == [(late, frozenset({1}))]


def test_what_differs_between_two_pictures_is_named_by_line():
    seen = {"total": "10", "lines": [{"line": 1, "qty": "1"}, {"line": 2, "qty": "4"}]}
    now = {"total": "12", "lines": [{"line": 2, "qty": "5"}, {"line": 3, "qty": "1"}]}

    assert differences(seen, now) == [
        {"at": "/lines/1", "was": {"line": 1, "qty": "1"}, "is": None},
        {"at": "/lines/2/qty", "was": "4", "is": "5"},
        {"at": "/lines/3", "was": None, "is": {"line": 3, "qty": "1"}},
        {"at": "/total", "was": "10", "is": "12"},
    ]
    assert differences(seen, seen) == []
    assert digest_of(seen) == digest_of(dict(reversed(list(seen.items()))))
    assert digest_of(seen) != digest_of(now)
