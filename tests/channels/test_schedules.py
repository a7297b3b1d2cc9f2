"""Lines in parts: which groups they need, which numbers they get, and that nothing is lost."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradewind.channels.decide.schedules import Part, spread_lines
from tradewind.semantics.model import DraftGroup, DraftLine

D = Decimal
LATER = datetime(2026, 4, 1, tzinfo=UTC)


def line(number: int, qty: str = "1") -> DraftLine:
    return DraftLine(number, f"P{number}", D(qty))


def test_an_order_without_parts_stays_as_it_is():
    groups = (DraftGroup(7, "HQ"),)

    assert spread_lines([(line(1), ())], groups) == ((line(1),), groups)
    assert spread_lines([(line(1), ())], ()) == ((line(1),), (DraftGroup(1),))


def test_parts_take_the_group_that_has_their_place_and_time_else_a_new_one():
    given_groups = (DraftGroup(3, "HQ"),)
    parts = [Part(D(2), "HQ"), Part(D(1), "YARD"), Part(D(1), "HQ", LATER)]

    lines, groups = spread_lines([(line(5, "4"), parts)], given_groups)

    assert [(one.line_no, one.group_no, one.qty) for one in lines] == [(5001, 3, 2), (5002, 4, 1), (5003, 5, 1)]
    assert groups == (DraftGroup(3, "HQ"), DraftGroup(4, "YARD"), DraftGroup(5, "HQ", LATER))


def test_lines_without_parts_keep_the_first_group_beside_those_with():
    lines, groups = spread_lines([(line(1), ()), (line(2), [Part(D(1), "YARD")])], ())

    assert [(one.line_no, one.group_no) for one in lines] == [(1, 1), (2, 2)]
    assert [group.ship_to for group in groups] == [None, "YARD"]


parts = st.tuples(
    st.decimals("0.001", "1000", places=3), st.sampled_from([None, "HQ", "YARD"]), st.sampled_from([None, LATER])
).map(lambda values: Part(*values))


@given(st.lists(st.lists(parts, max_size=6), min_size=1, max_size=6))
def test_every_unit_is_in_one_line_of_one_group_and_no_group_is_twice(schedules):
    asked = [
        (line(number, str(sum((one.qty for one in some), D(0)) or 1)), some) for number, some in enumerate(schedules, 1)
    ]

    lines, groups = spread_lines(asked, ())

    assert sum(one.qty for one in lines) == sum(one.qty for one, _ in asked)
    assert len({one.line_no for one in lines}) == len(lines)
    assert {one.group_no for one in lines} <= {group.group_no for group in groups}
    wishes = [(group.ship_to, group.requested_at) for group in groups]
    assert len(set(wishes)) == len(wishes)
