"""Credit as decisions: who gets headroom, what of an order fits, what a hold says, which conduct stops orders."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.credit.decide import (
    Slice,
    asked_at_submit,
    conduct_stops,
    fit,
    grant,
    horizon_of,
    remedies,
    room_under,
    suggestion,
    waterfall,
    within_horizon,
)
from tradewind.credit.model import Conduct, Need, Node, Policy

D = Decimal
ROOT, BRANCH = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def node(limit: str, *, open_orders: str = "0", at: UUID = ROOT, currency: str = "EUR", **more: object) -> Node:
    return Node(at, currency, D(limit), D(open_orders), D(0), D(0), **more)  # type: ignore[arg-type]


def need(number: int, amount: str, *path: UUID, standing: bool = False) -> Need:
    return Need(UUID(int=number), path or (ROOT,), D(amount), "EUR", standing)


@pytest.mark.parametrize(
    ("limit", "taken", "asked", "granted"),
    [
        ("100", "0", ["60", "60", "40"], [True, False, True]),
        ("100", "100", ["0", "0.01"], [True, False]),
        ("100", "120", ["0"], [True]),
        ("0", "0", ["0.01"], [False]),
    ],
)
def test_headroom_goes_in_the_order_asked(limit: str, taken: str, asked: list[str], granted: list[bool]) -> None:
    needs = [need(number, amount) for number, amount in enumerate(asked)]
    assert [one.granted for one in grant(needs, {ROOT: node(limit, open_orders=taken)})] == granted


@pytest.mark.parametrize(("taken", "granted"), [("100", True), ("100.01", False)])
def test_who_stands_asks_for_nothing_more_but_to_be_within_the_limit(taken: str, granted: bool) -> None:
    (found,) = grant([need(1, "0", standing=True)], {ROOT: node("100", open_orders=taken)})
    assert found.granted is granted


def test_every_node_above_has_to_have_room() -> None:
    nodes = {ROOT: node("100"), BRANCH: node("30", at=BRANCH)}
    assert [one.node for one in grant([need(1, "40", ROOT, BRANCH), need(2, "30", ROOT, BRANCH)], nodes)] == [
        BRANCH,
        None,
    ]
    assert room_under((ROOT, BRANCH), nodes, "EUR") == 30
    assert room_under((), nodes, "EUR") is None
    assert room_under((ROOT,), {ROOT: node("100", currency="USD")}, "EUR") == 0


def test_what_the_erp_says_takes_the_place_of_our_receivables() -> None:
    own = Node(ROOT, "EUR", D(100), D(10), D(50), D(5), erp_balance=D(30), erp_own=D(40))
    assert own.exposure == 10 + 30 + (50 - 5 - 40)


# ---- what fits ---------------------------------------------------------------------------------------------------


def prices(*each: str) -> dict[int, Decimal]:
    return dict(enumerate((D(one) for one in each), 1))


def worth_at(costs: Mapping[int, Decimal]):
    return lambda units: sum((qty * costs[key] for key, qty in units.items()), D(0))


@pytest.mark.parametrize(
    ("slices", "costs", "room", "units"),
    [
        ([Slice(1, D(10), D(1))], prices("3"), "30", {1: 10}),
        ([Slice(1, D(10), D(1))], prices("3"), "29.99", {1: 9}),
        ([Slice(1, D(10), D(1)), Slice(2, D(10), D(1))], prices("3", "2"), "35", {1: 10, 2: 2}),
        ([Slice(2, D(10), D(1)), Slice(1, D(10), D(1))], prices("3", "2"), "35", {2: 10, 1: 5}),
        ([Slice(1, D(60), D(12))], prices("1"), "35", {1: 24}),
        ([Slice(1, D("2.5"), D(1))], prices("10"), "25", {1: D("2.5")}),
        ([Slice(1, D("2.5"), D(1))], prices("10"), "24", {1: 2}),
        ([Slice(1, D(10), D(10)), Slice(2, D(1), D(1))], prices("3", "2"), "29", {2: 1}),
        ([Slice(1, D(10), D(1))], prices("3"), "2", {}),
    ],
)
def test_as_many_units_go_as_fit(
    slices: list[Slice], costs: dict[int, Decimal], room: str, units: dict[int, Decimal]
) -> None:
    assert fit(slices, {}, worth_at(costs), D(room)) == units


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 12), st.integers(1, 999)), min_size=1, max_size=12),
    st.integers(0, 20_000),
)
def test_what_goes_fits_and_not_one_step_more_would(lines: list[tuple[int, int, int]], room: int) -> None:
    slices = [Slice(key, D(most), D(min(step, most))) for key, (most, step, _) in enumerate(lines, 1)]
    worth = worth_at({key: D(price) for key, (_, _, price) in enumerate(lines, 1)})

    units = fit(slices, {}, worth, D(room))

    assert worth(units) <= room
    for one in slices:
        had = units.get(one.key, D(0))
        more = min(one.step, one.most - had)
        if more == one.step:
            assert worth({**units, one.key: had + more}) > room
        assert had <= one.most


# ---- what is said ------------------------------------------------------------------------------------------------


def test_the_waterfall_goes_from_the_root_down_and_names_what_lacks() -> None:
    nodes = {ROOT: node("100", open_orders="90", extra=D(20)), BRANCH: node("50", at=BRANCH)}

    figures = waterfall((ROOT, BRANCH), nodes, asked=D(40), overdue={ROOT: D(7)}, codes={ROOT: "A", BRANCH: "A-1"})

    assert [(one.account, one.headroom, one.overdue, one.short_by) for one in figures] == [
        ("A", 30, 7, 10),
        ("A-1", 50, 0, 0),
    ]
    assert remedies(figures) == [
        {"by": "payment", "account": "A", "amount": "10", "currency": "EUR"},
        {"by": "temporary limit", "account": "A", "amount": "10", "currency": "EUR"},
        {"by": "partial release", "amount": "30", "currency": "EUR"},
    ]


@pytest.mark.parametrize(
    ("codes", "amount", "room", "overdue", "says"),
    [
        (["credit.over_limit"], "50", "60", "0", "ask again: it fits"),
        (["credit.over_limit"], "50", None, "0", "ask again: it fits"),
        (["credit.over_limit"], "50", "40", "0", "release in part"),
        (["credit.over_limit"], "50", "40", "9", "collect what is overdue"),
        (["credit.over_limit"], "50", "0", "0", "ask for a payment or a temporary limit"),
        (["credit.blocked"], "50", "60", "9", "collect what is overdue"),
        (["credit.blocked"], "50", "60", "0", "talk to the account"),
        (["credit.prepay_due"], "50", "60", "9", "ask for the payment"),
        (["accounts.not_active"], "50", "60", "0", "see why the account is blocked"),
    ],
)
def test_what_the_desk_would_do_next(codes: list[str], amount: str, room: str | None, overdue: str, says: str) -> None:
    found = suggestion(codes, amount=D(amount), room=None if room is None else D(room), overdue=D(overdue))
    assert found == says


# ---- conduct and check points ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "conduct", "stops"),
    [
        (Policy(), Conduct(D(9), D(9), NOW - timedelta(days=9), D(9), D(9)), []),
        (Policy(overdue_days=5), Conduct(D(9), D(9), NOW - timedelta(days=9)), ["invoices are overdue by 9 days"]),
        (Policy(overdue_days=5), Conduct(D(9)), []),
        (Policy(overdue_days=5, overdue_tolerated=D(9)), Conduct(D(9), D(9), NOW - timedelta(days=9)), []),
        (Policy(blocks_returned=True), Conduct(returned=D("0.01")), ["a payment was returned"]),
        (Policy(blocks_promises=True), Conduct(broken_promises=D(1)), ["a promised payment did not come"]),
        (
            Policy(overdue_days=0, blocks_returned=True, blocks_promises=True),
            Conduct(D(1), D(1), NOW - timedelta(days=1), D(1), D(1)),
            ["invoices are overdue by 1 days", "a payment was returned", "a promised payment did not come"],
        ),
    ],
)
def test_which_conduct_stops_orders(policy: Policy, conduct: Conduct, stops: list[str]) -> None:
    assert conduct_stops(node("100", policy=policy), conduct, NOW) == stops


@pytest.mark.parametrize(
    ("horizons", "days"), [([], None), ([None], None), ([30], 30), ([30, 90], 90), ([30, None], None)]
)
def test_the_longest_horizon_counts(horizons: list[int | None], days: int | None) -> None:
    ids = [UUID(int=number) for number in range(len(horizons))]
    nodes = {one: node("1", at=one, policy=Policy(horizon_days=days)) for one, days in zip(ids, horizons, strict=True)}
    assert horizon_of(ids, nodes) == days


@pytest.mark.parametrize(
    ("at", "days", "counts"),
    [
        (NOW + timedelta(days=30), 30, True),
        (NOW + timedelta(days=30, seconds=1), 30, False),
        (None, 30, True),
        (NOW + timedelta(days=300), None, True),
    ],
)
def test_what_is_due_beyond_the_horizon_does_not_count(at: datetime | None, days: int | None, counts: bool) -> None:
    assert within_horizon(at, days, NOW) is counts


@pytest.mark.parametrize(("checks", "asked"), [([], True), ([True], True), ([False], False), ([False, True], True)])
def test_a_limit_is_asked_at_submit_where_any_node_wants_it(checks: list[bool], asked: bool) -> None:
    ids = [UUID(int=number) for number in range(len(checks))]
    nodes = {
        one: node("1", at=one, policy=Policy(checks_submit=check, checks_release=True))
        for one, check in zip(ids, checks, strict=True)
    }
    assert asked_at_submit(ids, nodes) is asked
