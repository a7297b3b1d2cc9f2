"""The calculator of changes: what each action comes to, without a database."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.money import plain
from tradewind.orders.decide.actions import (
    AddLine,
    CancelLine,
    CancelOrder,
    CorrectPo,
    MoveDate,
    MovePlace,
    SetQuantity,
    SwapItem,
)
from tradewind.orders.decide.change import (
    Grow,
    LineState,
    Meaning,
    NewLine,
    Price,
    SetGroup,
    Shrink,
    Verdict,
    grown,
    shrunk,
)
from tradewind.orders.decide.plan import plan_change
from tradewind.orders.decide.restoring import RestorePlace, RestoreQuantity
from tradewind.orders.errors import duplicate_po
from tradewind.orders.model import Group, Line, LinePrice, Quantities
from tradewind.semantics.model import Place

D = Decimal
CUP, TEA = UUID(int=1), UUID(int=2)
HERE, THERE, ABROAD = Place("HQ", "DE", code="HQ"), Place("Depot", "DE", code="DEPOT"), Place("Wien", "AT", code="AT")
LIST = LinePrice(D("2"), D(1), "EA", D("20"), None, "{}", D(10))
RULES = (None, None, 0)
ZERO = D(0)


def line(number: int = 1, *, group: int = 1, unit: int = 1, qty: str = "10") -> Line:
    return Line(number, group, CUP, "CUP", None, None, D(qty), "EA" if unit == 1 else "CS", unit, 1, "standard", True)


def state(
    stood: str, *, number: int = 1, placed: str = "10", unit: int = 1, invoiced: str = "0", asked: str = "0"
) -> LineState:
    """`10: 4 open 6 shipped`, as people write it."""
    ordered, _, rest = stood.partition(": ")
    words = rest.split()
    buckets = {name: D(qty) for qty, name in zip(words[::2], words[1::2], strict=True)}
    units = Quantities(D(ordered), **buckets)
    assert units.adds_up()
    own = line(number, unit=unit, qty=str(D(ordered) / unit))
    return LineState(own, units, D(placed), LIST, D(asked), D(invoiced), None, RULES)


def told(units: Quantities) -> str:
    names = ("open", "reserved", "allocated", "released", "shipped", "cancelled")
    there = " ".join(f"{plain(getattr(units, name))} {name}" for name in names if getattr(units, name))
    return f"{plain(units.ordered)}: {there}"


TABLE = """
10: 10 open                          | 15 | accepted                    | 15: 15 open
10: 10 open                          | 4  | accepted                    | 10: 4 open 6 cancelled
10: 4 open 6 allocated               | 5  | accepted                    | 10: 5 allocated 5 cancelled
10: 2 open 3 reserved 5 allocated    | 1  | accepted                    | 10: 1 allocated 9 cancelled
10: 4 open 6 cancelled               | 10 | accepted                    | 10: 10 open
10: 4 open 6 cancelled               | 12 | accepted                    | 12: 12 open
10: 10 released                      | 7  | changed orders.asked_back   | 10: 10 released
10: 4 open 6 released                | 3  | changed orders.asked_back   | 10: 6 released 4 cancelled
10: 4 open 6 shipped                 | 3  | changed orders.handed_over  | 10: 6 shipped 4 cancelled
10: 10 shipped                       | 3  | rejected orders.handed_over | 10: 10 shipped
10: 10 shipped                       | 12 | accepted                    | 12: 2 open 10 shipped
10: 10 cancelled                     | 10 | accepted                    | 10: 10 open
10: 10 open                          | 10 | accepted                    | 10: 10 open
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_a_quantity_goes_where_it_can(row: str) -> None:
    before, wanted, verdict, after = (part.strip() for part in row.split("|"))

    plan, sheet = plan_change([state(before)], [Group(1, HERE, None, None)], [SetQuantity(1, D(wanted))], Meaning())

    (one,) = plan.outcomes
    assert (f"{one.verdict} {one.problem.code if one.problem else ''}".strip(), told(sheet.lines[1].units)) == (
        verdict,
        after,
    )


def test_a_line_that_a_change_made_longer_is_cut_to_what_was_placed_without_a_trace() -> None:
    longer = state("15: 15 open")

    plan, sheet = plan_change([longer], [Group(1, HERE, None, None)], [SetQuantity(1, D(8))], Meaning())

    assert plan.effects == (Shrink(1, D(7), D(0)),)
    assert told(sheet.lines[1].units) == "10: 8 open 2 cancelled"
    assert sheet.lines[1].line.qty == 10


@pytest.mark.parametrize(
    ("pricing", "invoiced", "effects"),
    [
        ("frozen", "0", (Grow(1, D(5)),)),
        ("whole", "0", (Grow(1, D(5)), Price(1, replace(LIST, unit_price=D(3)), D(15)))),
        ("whole", "4", None),
        ("added", "0", None),
    ],
)
def test_what_is_added_is_priced_by_the_accounts_policy(pricing: str, invoiced: str, effects: object) -> None:
    dearer = replace(LIST, unit_price=D(3))
    meaning = Meaning(prices={0: dearer}, priced_for={0: D(15)}, pricing=pricing)  # type: ignore[arg-type]
    stood = state("10: 4 shipped 6 open" if invoiced != "0" else "10: 10 open", invoiced=invoiced)

    plan, _ = plan_change([stood], [Group(1, HERE, None, None)], [SetQuantity(1, D(15))], meaning)

    if effects is not None:
        assert plan.effects == effects
    else:
        (new,) = plan.effects
        assert isinstance(new, NewLine)
        assert (new.line.line_no, new.units, new.price, new.price_for, new.origin) == (2, D(5), dearer, D(15), 1)


def test_a_case_that_is_not_whole_stays_cancelled() -> None:
    cases = state("24: 24 open", placed="12", unit=12)

    _, sheet = plan_change([cases], [Group(1, HERE, None, None)], [RestoreQuantity(1, D(-7))], Meaning())

    # 17 of 24: a third of a case cannot be said exactly, so the line keeps its two cases
    assert (told(sheet.lines[1].units), sheet.lines[1].line.qty) == ("24: 17 open 7 cancelled", 2)


@pytest.mark.parametrize(
    ("place", "invoiced", "verdict"),
    [(THERE, "0", "accepted"), (THERE, "4", "accepted"), (ABROAD, "0", "accepted"), (ABROAD, "4", "rejected")],
)
def test_what_was_taxed_on_an_invoice_does_not_move_to_another_jurisdiction(
    place: Place, invoiced: str, verdict: Verdict
) -> None:
    stood = state("10: 6 open 4 shipped" if invoiced != "0" else "10: 6 open 4 cancelled", invoiced=invoiced)

    plan, _ = plan_change([stood], [Group(1, HERE, None, None)], [MovePlace("X")], Meaning(places={0: place}))

    assert plan.outcomes[0].verdict == verdict
    assert plan.effects == ((SetGroup(Group(1, place, None, None)),) if verdict == "accepted" else ())


@pytest.mark.parametrize("stood", ["10: 4 open 6 released", "10: 6 open 4 shipped"])
def test_what_is_at_a_warehouse_keeps_its_line_in_the_jurisdiction_it_goes_to(stood: str) -> None:
    here, away = Group(1, HERE, None, None), Group(1, ABROAD, None, None)

    moved, _ = plan_change([state(stood)], [here], [MovePlace("X")], Meaning(places={0: ABROAD}))
    alone, _ = plan_change([state(stood)], [here], [MovePlace("X", line_no=1)], Meaning(places={0: ABROAD}))
    back, _ = plan_change([state(stood)], [away], [RestorePlace(here, away)], Meaning())

    for plan in (moved, alone, back):
        assert plan.effects == ()
        assert [(one.verdict, one.problem and one.problem.code) for one in plan.outcomes] == [
            ("rejected", "orders.handed_over")
        ]


@pytest.mark.parametrize("year", [1, 9999])
def test_a_date_that_nobody_can_mean_is_rejected(year: int) -> None:
    at = datetime(year, 12, 31, tzinfo=UTC)

    plan, _ = plan_change([state("10: 10 open")], [Group(1, HERE, None, None)], [MoveDate(at)], Meaning())

    assert [(one.verdict, one.problem and one.problem.code) for one in plan.outcomes] == [
        ("rejected", "orders.bad_date")
    ]
    assert plan.effects == ()


def test_more_than_there_is_of_a_line_was_not_handed_over() -> None:
    plan, _ = plan_change([state("10: 10 open")], [Group(1, HERE, None, None)], [CancelLine(1, D(100))], Meaning())

    (one,) = plan.outcomes
    assert (one.verdict, one.done, one.problem and one.problem.code) == ("changed", D(10), "orders.not_so_many")


def test_actions_see_what_those_before_them_did() -> None:
    group, item = Group(1, HERE, None, None), replace(line(), product_id=TEA, sku="TEA")
    meaning = Meaning(items={0: item, 1: item, 3: item}, rules={TEA: RULES})
    asked = [SwapItem(9, "TEA"), SwapItem(1, "TEA"), CancelLine(1), AddLine("TEA", D(3)), CancelOrder()]

    plan, sheet = plan_change([state("10: 10 open")], [group], asked, meaning)

    assert [(one.verdict, one.lines) for one in plan.outcomes] == [
        ("rejected", ()), ("accepted", (1, 2)), ("rejected", ()), ("accepted", ()), ("rejected", ()),
    ]  # fmt: skip
    assert {number: told(one.units) for number, one in sheet.lines.items()} == {
        1: "10: 10 cancelled", 2: "10: 10 open", 3: "3: 3 open",
    }  # fmt: skip


def test_a_number_that_is_taken_and_a_date_for_nothing_are_rejected() -> None:
    meaning = Meaning(pos={0: duplicate_po("SO-1", "7")})

    plan, _ = plan_change(
        [state("10: 10 shipped")], [Group(1, HERE, None, None)], [CorrectPo("7"), MoveDate(None)], meaning
    )

    assert [(one.verdict, one.problem and one.problem.code) for one in plan.outcomes] == [
        ("rejected", "orders.duplicate_po"), ("rejected", "orders.nothing_left"),
    ]  # fmt: skip


@st.composite
def standing(draw: st.DrawFn) -> LineState:
    open_, reserved, allocated, released, shipped, cancelled = (D(draw(st.integers(0, 20))) for _ in range(6))
    ordered = open_ + reserved + allocated + released + shipped + cancelled
    units = Quantities(ordered, open_, reserved, allocated, released, shipped, cancelled)
    return LineState(line(qty=str(ordered)), units, ordered, LIST, ZERO, ZERO, None, RULES)


@given(standing(), st.lists(st.integers(0, 60), max_size=8))
def test_buckets_always_add_up_and_nothing_goes_below_what_was_handed_over(
    stood: LineState, targets: list[int]
) -> None:
    now = stood
    for wanted in targets:
        before = now
        plan, sheet = plan_change([now], [Group(1, HERE, None, None)], [SetQuantity(1, D(wanted))], Meaning())
        now = replace(sheet.lines[1], asked=ZERO)

        assert now.units.adds_up()
        assert (now.units.shipped, now.units.released) == (before.units.shipped, before.units.released)
        out = now.units.shipped + now.units.released
        if plan.outcomes[0].verdict == "accepted":
            assert now.alive == wanted
        elif before.alive > wanted:
            assert now.alive == out or plan.outcomes[0].verdict == "rejected"


@given(st.integers(1, 30), st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_the_buckets_are_a_function_of_what_is_wanted(placed: int, targets: list[int]) -> None:
    """However a free line got to a quantity, and back, it stands as if it had gone there at once."""
    first = state(f"{placed}: {placed} open", placed=str(placed))
    now = first
    for wanted in targets:
        more = D(wanted) - now.alive
        if more > 0:
            units, own = grown(now.line, now.units, more)  # type: ignore[misc]
            now = replace(now, units=units, line=own)
        elif more < 0:
            now = shrunk(now, -more)

    last = D(targets[-1])
    expected = (last, ZERO) if last >= placed else (D(placed), placed - last)
    assert (now.units.ordered, now.units.cancelled, now.line.qty) == (*expected, expected[0])
