"""What a warehouse's answer does, and where an order that came back may be sourced."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.fulfilment.decide import Lane, Shelf, book, read_answer, source
from tradewind.fulfilment.model import SHIPMENT_MOVES, AnswerLine, Booking, Carton, ReleasedLine, WarehouseAnswer
from tradewind.semantics.model import Demand

D = Decimal
LINES = tuple(
    ReleasedLine(no, no, 1, UUID(int=no), f"P{no}", D(qty), D(0), D(0)) for no, qty in ((1, "10"), (2, "2.5"))
)

ONE, TWO = "003400000000000014", "003400000000000021"

BOOKED = [
    # answer, over %, status, (shipped, short) by line
    ({"outcome": "shipped"}, "0", "shipped", [("10", "0"), ("2.5", "0")]),
    ({"outcome": "shipped", "lines": [{"line": 1, "shipped": "7"}]}, "0", "shipped", [("7", "3"), ("2.5", "0")]),
    ({"outcome": "shipped", "lines": [{"line": 1, "short": "3"}]}, "0", "shipped", [("7", "3"), ("2.5", "0")]),
    ({"outcome": "shipped", "lines": [{"line": 2, "shipped": "0", "short": "2.5"}]}, "0", "shipped", [("10", "0"), ("0", "2.5")]),
    ({"outcome": "shipped", "lines": [{"line": 1, "shipped": "11"}]}, "10", "shipped", [("11", "0"), ("2.5", "0")]),
    ({"outcome": "shipped", "lines": [{"line": 1, "shipped": 0}, {"line": 2, "shipped": 0}]}, "0", "refused", [("0", "10"), ("0", "2.5")]),
    ({"outcome": "refused"}, "0", "refused", [("0", "10"), ("0", "2.5")]),
    ({"outcome": "cancelled", "reason": "as asked"}, "0", "cancelled", [("0", "10"), ("0", "2.5")]),
    ({"outcome": "refused", "lines": [{"line": 1, "shipped": "4"}]}, "0", "refused", [("0", "10"), ("0", "2.5")]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "over", "status", "expected"), BOOKED)
def test_every_released_unit_is_shipped_or_goes_back(raw, over, status, expected):
    booking = book(LINES, read_answer(raw), over_percent=D(over))

    assert booking.status == status
    assert [(one.shipped, one.short) for one in booking.lines] == [
        (D(shipped), D(short)) for shipped, short in expected
    ]


def test_a_line_has_its_own_reason_or_that_of_the_answer():
    raw = {
        "outcome": "shipped",
        "reason": "late",
        "lines": [{"line": 1, "short": "1", "reason": "broken"}, {"line": 2, "short": "1"}],
    }

    assert [one.reason for one in book(LINES, read_answer(raw)).lines] == ["broken", "late"]


REFUSED = [
    ({"line": 3, "shipped": "1"}, "0", ["fulfilment.unknown_line"]),
    ({"line": 1, "shipped": "10.01"}, "0", ["fulfilment.over_shipped"]),
    ({"line": 1, "shipped": "11.01"}, "10", ["fulfilment.over_shipped"]),
    ({"line": 1, "shipped": "10.5", "short": "1"}, "10", ["fulfilment.over_shipped"]),
    ({"line": 1, "shipped": "9", "short": "2"}, "0", ["fulfilment.does_not_add_up"]),
    ({"line": 1, "shipped": "9", "short": "0"}, "0", ["fulfilment.does_not_add_up"]),
    ({"line": 1, "short": "11"}, "0", ["fulfilment.does_not_add_up"]),
]


@pytest.mark.parametrize(("line", "over", "codes"), REFUSED)
def test_an_answer_that_does_not_fit_the_release_is_refused(line, over, codes):
    found = book(LINES, read_answer({"outcome": "shipped", "lines": [line]}), over_percent=D(over))

    assert [problem.code for problem in found] == codes


UNREADABLE = [
    ({}, ["/outcome"]),
    ({"outcome": None, "shipped_at": 5}, ["/outcome", "/shipped_at"]),
    ({"outcome": "shipped", "lines": ["x", {"line": True}, {"line": "1"}, {}]}, ["/lines/0", "/lines/1", "/lines/2", "/lines/3"]),
    ({"outcome": "shipped", "lines": [{"line": 1, "shipped": "1e999"}, {"line": 2, "short": "-1"}]}, ["/lines/0/shipped", "/lines/1/short"]),
    ({"outcome": "shipped", "lines": [{"line": 1}, {"line": 1}]}, ["/lines/1"]),
    ({"outcome": "shipped", "cartons": ["x", {"sscc": "003400000000000011", "lines": [{"line": 1, "qty": "1"}]}]}, ["/cartons/0", "/cartons/1"]),
    ({"outcome": "shipped", "cartons": [{"sscc": ONE}, {"sscc": ONE, "lines": []}]}, ["/cartons/0/lines", "/cartons/1"]),
    ({"outcome": "shipped", "cartons": [{"sscc": ONE, "lines": [{"line": 1, "qty": "0"}, {"line": "2"}, {"line": 2, "qty": "x"}]}]}, ["/cartons/0/lines/0/qty", "/cartons/0/lines/1", "/cartons/0/lines/2/qty"]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "places"), UNREADABLE)
def test_everything_unreadable_is_named_with_its_place(raw, places):
    assert [problem.where for problem in read_answer(raw)] == places


@given(
    answer=st.builds(
        WarehouseAnswer,
        st.sampled_from(["shipped", "refused", "cancelled"]),
        st.lists(
            st.builds(
                AnswerLine,
                st.integers(1, 9),
                st.none() | st.decimals(0, 1000, places=3),
                st.none() | st.decimals(0, 1000, places=3),
                st.none() | st.text(max_size=5),
            ),
            max_size=4,
            unique_by=lambda one: one.line_no,
        ).map(lambda lines: tuple(sorted(lines, key=lambda one: one.line_no))),
        st.none() | st.text(min_size=1, max_size=5),
        st.none() | st.text(min_size=1, max_size=5),
        st.none() | st.datetimes(timezones=st.just(UTC)),
    )
)
def test_an_answer_survives_its_message(answer):
    assert read_answer(answer.as_json()) == answer


def packed(*cartons, lines=()):
    named = [{"sscc": sscc, "lines": [{"line": no, "qty": qty} for no, qty in inside]} for sscc, inside in cartons]
    return {"outcome": "shipped", "lines": list(lines), "cartons": named}


def test_cartons_are_kept_in_the_order_of_their_numbers():
    read = read_answer(packed((TWO, [(2, "2.50"), (1, "4")]), (ONE, [(1, "6")])))

    assert read.cartons == (Carton(ONE, ((1, D(6)),)), Carton(TWO, ((1, D(4)), (2, D("2.5")))))
    assert read_answer(read.as_json()) == read
    assert book(LINES, read).status == "shipped"


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        (packed((ONE, [(1, "10")])), ["fulfilment.packed_otherwise"]),
        (packed((ONE, [(1, "11"), (2, "2.5")])), ["fulfilment.packed_otherwise"]),
        (packed((ONE, [(1, "10"), (2, "2.5"), (3, "1")])), ["fulfilment.unknown_line"]),
        (packed((ONE, [(1, "10"), (2, "2.5")]), lines=[{"line": 1, "shipped": "9"}]), ["fulfilment.packed_otherwise"]),
        ({**packed((ONE, [(1, "10")])), "outcome": "refused"}, ["fulfilment.packed_otherwise"]),
        (packed((ONE, [(1, "9"), (2, "2.5")]), lines=[{"line": 1, "shipped": "9"}]), None),
    ],
)
def test_what_is_in_the_cartons_is_what_was_shipped(raw, codes):
    found = book(LINES, read_answer(raw))

    assert (None if isinstance(found, Booking) else [problem.code for problem in found]) == codes


def test_two_answers_that_say_the_same_are_the_same_text():
    one = read_answer({"outcome": "shipped", "lines": [{"line": 2, "short": "0.50"}, {"line": 1, "shipped": D("10")}]})
    two = read_answer({"outcome": "shipped", "lines": [{"line": 1, "shipped": "10.000"}, {"line": 2, "short": ".5"}]})

    assert one.as_json() == two.as_json() == {
        "outcome": "shipped",
        "lines": [{"line": 1, "shipped": "10"}, {"line": 2, "short": "0.5"}],
    }  # fmt: skip


@given(
    shipped=st.lists(st.none() | st.integers(0, 15), min_size=2, max_size=2), over=st.sampled_from(["0", "10", "50"])
)
def test_what_is_booked_always_accounts_for_what_was_released(shipped, over):
    raw = {
        "outcome": "shipped",
        "lines": [{"line": no, "shipped": str(qty)} for no, qty in enumerate(shipped, 1) if qty is not None],
    }

    found = book(LINES, read_answer(raw), over_percent=D(over))

    if isinstance(found, Booking):
        for one in found.lines:
            assert one.shipped + one.short == one.line.qty_released + one.over
            assert one.over <= one.line.qty_released * D(over) / 100
            assert not (one.over and one.short)


def test_only_a_release_is_answered_and_never_twice():
    assert {status for status, moves in SHIPMENT_MOVES.items() if moves} == {"released"}


def test_a_moment_keeps_its_zone():
    raw = {"outcome": "shipped", "shipped_at": "2026-03-02T10:00:00+01:00"}

    assert read_answer(raw).shipped_at == datetime(2026, 3, 2, 9, tzinfo=UTC)


# ---- sourcing again ----------------------------------------------------------------------------------------------

NORTH, SOUTH = (Lane(UUID(int=no), code, D(no), 1, no) for no, code in ((1, "N"), (2, "S")))
CUP = UUID(int=9)

SOURCED = [
    # on the shelves of N and S, sites it may come from, (site, units) taken
    ("9", "9", "NS", [("N", "5")]),
    ("9", "9", "S", [("S", "5")]),
    ("9", "3", "S", [("S", "3")]),
    ("2", "3", "NS", [("S", "3"), ("N", "2")]),
    ("9", "9", "", []),
]


@pytest.mark.parametrize(("north", "south", "sites", "expected"), SOURCED)
def test_a_demand_takes_nothing_from_a_site_that_is_not_its_own(north, south, sites, expected):
    shelf = Shelf({(CUP, NORTH.site_id): D(north), (CUP, SOUTH.site_id): D(south)})
    allowed = tuple(lane.site_id for lane in (NORTH, SOUTH) if lane.code in sites)

    found = source([Demand(UUID(int=1), 1, CUP, D(5), allowed)], [NORTH, SOUTH], shelf)

    codes = {NORTH.site_id: "N", SOUTH.site_id: "S"}
    taken = [(codes[take.site_id], take.qty) for take in found.takes]
    assert sorted(taken) == sorted((site, D(qty)) for site, qty in expected)
    assert sum((one.qty for one in (*found.takes, *found.short)), D(0)) == 5
