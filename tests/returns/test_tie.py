"""Which invoice lines a return comes from, and what a receipt does."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.returns.decide import receive, status_after, tie
from tradewind.returns.model import Billed, ReceiptLine, Return, Returnable, ReturnLine

D = Decimal
SITE, PRODUCT = UUID(int=8), UUID(int=9)


def returnable(left: str, *lines: str) -> Returnable:
    return Returnable(D(left), tuple(Billed(UUID(int=no), 1, D(qty)) for no, qty in enumerate(lines, 1)))


TIED = [
    ("3", ("10", "10"), [(1, "3")]),
    ("10", ("10", "4", "6"), [(1, "4"), (2, "6")]),
    ("5", ("10", "0", "6"), [(2, "5")]),
]


@pytest.mark.parametrize(("qty", "lines", "expected"), TIED)
def test_units_come_from_the_oldest_invoice_first(qty, lines, expected):
    rest, parts = tie(D(qty), returnable(*lines))

    assert [(billed.invoice_id.int, part) for billed, part in parts] == [(no, D(part)) for no, part in expected]
    assert rest.qty_left == D(lines[0]) - D(qty)


UNTIED = [
    ("0", ("10", "10"), "returns.bad_quantity"),
    ("-1", ("10", "10"), "returns.bad_quantity"),
    ("1", ("10",), "returns.not_invoiced"),
    ("11", ("10", "20"), "returns.more_than_shipped"),
    ("11", ("20", "10"), "returns.more_than_shipped"),
    ("1", ("-2", "10"), "returns.more_than_shipped"),
]


@pytest.mark.parametrize(("qty", "lines", "code"), UNTIED)
def test_what_cannot_come_back_is_refused(qty, lines, code):
    assert tie(D(qty), returnable(*lines)).code == code


@given(lines=st.lists(st.integers(0, 20), min_size=1, max_size=5), asked=st.lists(st.integers(1, 20), max_size=8))
def test_any_sequence_of_returns_stays_within_what_was_billed(lines, asked):
    left = returnable(str(sum(lines)), *map(str, lines))
    came = D(0)

    for qty in asked:
        found = tie(D(qty), left)
        if isinstance(found, tuple):
            left, parts = found
            came += sum(part for _, part in parts)

    assert came <= sum(lines)
    assert all(one.qty_left >= 0 for one in left.billed)


def line(no=1, *, qty="4", received="0", credited="0", disposition="restock", site=None, product=PRODUCT) -> ReturnLine:
    return ReturnLine(
        no, UUID(int=1), no, UUID(int=2), no, None, D(qty), disposition, None, D(received), D(credited), site, product
    )  # fmt: skip


def found(*lines: ReturnLine, status="authorised") -> Return:
    return Return(UUID(int=3), "RA-1", UUID(int=4), status, "broken", None, lines)


def receipt(no=1, qty="1", disposition="restock", site=SITE) -> ReceiptLine:
    return ReceiptLine(no, D(qty), disposition, site)


def test_a_receipt_adds_to_what_came_in_and_says_where_it_lies():
    (changed,) = receive(found(line()), [receipt(qty="3")])

    assert (changed.qty_received, changed.disposition, changed.site_id) == (D(3), "restock", SITE)


def test_two_parts_of_a_line_in_one_receipt_add_up():
    (changed,) = receive(found(line()), [receipt(qty="3"), receipt(qty="1")])

    assert changed.qty_received == D(4)


WRONG = [
    (line(), receipt(qty="5"), "returns.more_than_authorised"),
    (line(received="4", site=SITE), receipt(), "returns.more_than_authorised"),
    (line(), receipt(qty="0"), "returns.bad_quantity"),
    (line(), receipt(no=7), "returns.no_such_line"),
    (line(), receipt(site=None), "returns.needs_site"),
    (line(product=None), receipt(), "returns.needs_site"),
    (line(received="1", site=SITE), receipt(disposition="scrap", site=None), "returns.other_disposition"),
    (line(received="1", site=UUID(int=7)), receipt(), "returns.other_disposition"),
]


@pytest.mark.parametrize(("known", "came", "code"), WRONG)
def test_a_receipt_that_does_not_fit_is_refused(known, came, code):
    assert [problem.code for problem in receive(found(known), [came])] == [code]


@pytest.mark.parametrize("status", ["held", "refused", "credited"])
def test_goods_come_in_only_for_an_open_return(status):
    assert [problem.code for problem in receive(found(line(), status=status), [receipt()])] == ["returns.not_open"]


STATUSES = [
    ([line()], "authorised"),
    ([line(received="4"), line(2)], "authorised"),
    ([line(received="4"), line(2, received="4", credited="4")], "received"),
    ([line(received="4"), line(2, disposition="none")], "received"),
    ([line(received="4", credited="4"), line(2, disposition="none", credited="4")], "credited"),
]


@pytest.mark.parametrize(("lines", "status"), STATUSES)
def test_the_status_follows_from_the_lines(lines, status):
    assert status_after(lines) == status


CREDITABLE = [("4", "3", "1", "restock", "2"), ("4", "0", "0", "restock", "0"), ("4", "0", "1", "none", "3")]


@pytest.mark.parametrize(("qty", "received", "credited", "disposition", "left"), CREDITABLE)
def test_what_came_back_is_creditable_once(qty, received, credited, disposition, left):
    assert line(qty=qty, received=received, credited=credited, disposition=disposition).creditable == D(left)
