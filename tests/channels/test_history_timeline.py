"""Batches in the order of time, the orders made of documents, and credit notes as what comes back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tradewind.channels.decide.history import (
    Document,
    DocumentKind,
    batches,
    draft_of,
    match_returns,
    places_of,
    sent_back,
)
from tradewind.channels.decide.history.model import ChargeKind, DocumentCharge, DocumentLine

LONDON = ZoneInfo("Europe/London")
NOON = datetime(2011, 7, 1, 12, 0, tzinfo=UTC)


def line(row: int, sku: str, qty: int, price: str = "1.00") -> DocumentLine:
    return DocumentLine(row, sku, f"name of {sku}", Decimal(qty), Decimal(price), Decimal(qty) * Decimal(price))


def freight(row: int, qty: int, price: str) -> DocumentCharge:
    amount = Decimal(qty) * Decimal(price)
    return DocumentCharge(row, "POST", ChargeKind.FREIGHT, "Postage", Decimal(qty), Decimal(price), amount)


def document(number: str, at: datetime, *lines: DocumentLine, charges: tuple[DocumentCharge, ...] = ()) -> Document:
    kind = DocumentKind.RETURN if number.startswith("C") else DocumentKind.ORDER
    row = min((one.row for one in (*lines, *charges)), default=2)
    return Document(kind, number, row, at, "17", "GB", lines, charges)


def test_a_batch_ends_with_the_day_of_the_files_zone():
    late = datetime(2011, 7, 1, 22, 30, tzinfo=UTC)  # half past eleven in London
    next_day = datetime(2011, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight there

    found = list(batches([document("2", next_day), document("1", late)], zone=LONDON))

    assert [(batch.no, batch.at, [one.number for one in batch.orders]) for batch in found] == [
        (1, late, ["1"]),
        (2, next_day, ["2"]),
    ]


def test_a_batch_is_cut_where_something_happens_between_two_documents():
    found = batches(
        [document("1", NOON), document("2", NOON + timedelta(hours=2)), document("3", NOON + timedelta(hours=3))],
        zone=LONDON,
        cuts=[NOON + timedelta(hours=1)],
    )

    assert [[one.number for one in batch.orders] for batch in found] == [["1"], ["2", "3"]]


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 9)), max_size=40), st.integers(1, 8), st.integers(1, 20))
def test_every_document_is_in_one_batch_in_time_and_within_the_bounds(given_documents, max_orders, max_lines):
    documents = [
        document(str(number), NOON + timedelta(hours=hours), *(line(10 * number + n, "A", 1) for n in range(lines)))
        for number, (hours, lines) in enumerate(given_documents)
    ]

    found = list(batches(documents, zone=LONDON, max_orders=max_orders, max_lines=max_lines))

    placed = [one for batch in found for one in batch.orders]
    assert sorted(one.number for one in placed) == sorted(one.number for one in documents)
    assert all(before.at <= after.at for before, after in pairwise(placed))
    assert all(len(batch.orders) <= max_orders for batch in found)
    assert all(batch.rows <= max_lines or len(batch.orders) == 1 for batch in found)
    assert all(len({one.at.astimezone(LONDON).date() for one in batch.orders}) == 1 for batch in found)


def test_a_draft_says_what_the_document_says():
    draft = draft_of(document("536", NOON, line(2, "A", 5, "2.50"), line(3, "A", 1), charges=(freight(4, 2, "18.00"),)))

    assert (draft.buyer_po, draft.account, draft.placed_at, draft.groups[0].ship_to) == ("536", "17", NOON, "GB")
    assert [(one.line_no, one.item, one.qty, one.unit_price) for one in draft.lines] == [
        (1, "A", 5, Decimal("2.50")),
        (2, "A", 1, Decimal("1.00")),
    ]
    assert [(one.code, one.amount, one.description) for one in draft.charges] == [("POST", Decimal("36.00"), "Postage")]


def test_a_credit_note_that_matches_names_the_order_lines_and_charges_it_returns():
    sale = document("1", NOON, line(2, "A", 5), line(3, "A", 2), charges=(freight(4, 2, "18.00"),))
    back = document("C2", NOON + timedelta(days=1), line(9, "A", -6), charges=(freight(10, -2, "18.00"),))
    (match,) = match_returns([back], [sale])

    found = sent_back(back, match, places_of([sale]))

    assert [(one.sale, one.line_no, one.charge_no, one.qty, one.problem) for one in found] == [
        ("1", 2, None, 2, None),
        ("1", 1, None, 4, None),
        ("1", None, 1, 1, None),
    ]


def test_a_credit_note_that_is_held_takes_nothing_and_says_why_for_every_line():
    sale = document("1", NOON, line(2, "A", 5))
    back = document("C2", NOON + timedelta(days=1), line(9, "A", -1), line(10, "B", -1))
    (match,) = match_returns([back], [sale])

    found = sent_back(back, match, places_of([sale]))

    assert [(one.sale, one.qty, one.problem) for one in found] == [
        (None, 1, "other lines of this credit note have no sale"),
        (None, 1, "no earlier sale of B to 17"),
    ]
