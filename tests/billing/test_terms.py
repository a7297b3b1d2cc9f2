"""Due days, instalments and discounts: tables a bookkeeper can read, and what always holds."""

from calendar import isleap
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.billing.decide.settle import Till, discount_of, tax_of_discount
from tradewind.billing.decide.terms import (
    add_months,
    check_terms,
    counts_from,
    due_on,
    month_end,
    off_closed_days,
    schedule,
)
from tradewind.billing.model import DueRule, Offer, OpenItem, Terms, TermsPart

D = Decimal
NONE = Decimal(0)
BERLIN = ZoneInfo("Europe/Berlin")
DAYS = st.dates(date(2023, 1, 1), date(2032, 12, 31))
RULES = st.builds(
    DueRule,
    st.integers(0, 120),
    st.sampled_from(("none", "first", "last")),
    st.integers(0, 6),
    st.none() | st.integers(1, 31),
)
AMOUNTS = st.integers(1, 10**7).map(lambda cents: D(cents).scaleb(-2))


def day(text: str) -> date:
    return date.fromisoformat(text)


def weekdays(one: date) -> bool:
    return one.weekday() < 5


# ---- due days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "start", "due"),
    [
        (DueRule(30), "2026-01-31", "2026-03-02"),
        (DueRule(30), "2028-01-31", "2028-03-01"),  # a leap year has a day more
        (DueRule(0), "2026-02-28", "2026-02-28"),
        # the end of the month in which the days end
        (DueRule(0, "last"), "2026-02-01", "2026-02-28"),
        (DueRule(0, "last"), "2028-02-29", "2028-02-29"),
        (DueRule(30, "last"), "2026-01-31", "2026-03-31"),
        (DueRule(30, "last"), "2026-01-29", "2026-02-28"),
        (DueRule(30, "last"), "2028-01-30", "2028-02-29"),
        # days after the end of the month
        (DueRule(30, "first"), "2026-01-05", "2026-03-02"),
        (DueRule(10, "first"), "2026-04-30", "2026-05-10"),
        # the end of the next month, whatever its length
        (DueRule(0, "first", 1), "2026-01-31", "2026-02-28"),
        (DueRule(0, "first", 1), "2028-01-15", "2028-02-29"),
        (DueRule(0, "first", 1), "2026-02-10", "2026-03-31"),
        (DueRule(0, "first", 1), "2026-03-31", "2026-04-30"),
        # whole months, kept within a shorter one
        (DueRule(0, "none", 1), "2026-01-28", "2026-02-28"),
        (DueRule(0, "none", 1), "2026-01-29", "2026-02-28"),
        (DueRule(0, "none", 1), "2028-01-29", "2028-02-29"),
        (DueRule(0, "none", 1), "2026-01-30", "2026-02-28"),
        (DueRule(0, "none", 1), "2026-01-31", "2026-02-28"),
        (DueRule(0, "none", 12), "2028-02-29", "2029-02-28"),
        # the tenth after the end of the month; a 31st where there is one
        (DueRule(0, "last", 0, 10), "2026-01-31", "2026-02-10"),
        (DueRule(0, "last", 0, 10), "2026-12-05", "2027-01-10"),
        (DueRule(0, "none", 0, 15), "2026-03-15", "2026-03-15"),
        (DueRule(0, "none", 0, 15), "2026-03-16", "2026-04-15"),
        (DueRule(0, "none", 0, 31), "2026-02-10", "2026-02-28"),
        (DueRule(0, "none", 0, 31), "2026-04-30", "2026-04-30"),
        (DueRule(0, "none", 0, 30), "2028-02-01", "2028-02-29"),
    ],
)
def test_a_due_day(rule: DueRule, start: str, due: str) -> None:
    assert due_on(rule, day(start)) == day(due)


@pytest.mark.parametrize(
    ("closed_days", "due"), [("keep", "2026-02-28"), ("next", "2026-03-02"), ("previous", "2026-02-27")]
)
def test_a_due_day_moves_off_closed_days(closed_days: str, due: str) -> None:
    assert due_on(DueRule(0, "last"), day("2026-02-03"), closed_days=closed_days, is_open=weekdays) == day(due)


def test_a_calendar_that_never_opens_is_not_followed_for_ever() -> None:
    assert off_closed_days(day("2026-02-28"), "next", lambda _: False) == day("2026-02-28")


@given(RULES, DAYS)
def test_nothing_falls_due_before_it_counts(rule: DueRule, start: date) -> None:
    assert due_on(rule, start) >= start


@given(RULES, DAYS, DAYS)
def test_a_later_start_never_falls_due_earlier(rule: DueRule, one: date, other: date) -> None:
    first, second = sorted((one, other))
    assert due_on(rule, first) <= due_on(rule, second)


@given(DAYS, st.integers(0, 60))
def test_months_keep_the_day_or_end_with_a_shorter_month(start: date, months: int) -> None:
    found = add_months(start, months)

    assert (found.year * 12 + found.month) - (start.year * 12 + start.month) == months
    assert found.day == min(start.day, month_end(found).day)


@given(DAYS)
def test_a_month_ends_before_the_first_of_the_next(one: date) -> None:
    end = month_end(one)
    assert (end + timedelta(days=1)).day == 1
    if end.month == 2:
        assert end.day == (29 if isleap(end.year) else 28)


@given(RULES, DAYS)
def test_moved_off_closed_days_somebody_works(rule: DueRule, start: date) -> None:
    for closed_days in ("next", "previous"):
        found = due_on(rule, start, closed_days=closed_days, is_open=weekdays)
        assert weekdays(found)
        assert abs((found - due_on(rule, start)).days) <= 2


@pytest.mark.parametrize(
    ("starts_from", "not_before", "start"),
    [
        ("invoice", None, "2026-03-02"),
        ("ship", None, "2026-03-01"),
        ("delivery", None, "2026-03-05"),
        ("invoice", "2026-04-01", "2026-04-01"),  # winter goods ordered in summer: seasonal dating
        ("invoice", "2026-01-01", "2026-03-02"),
    ],
)
def test_what_terms_count_from(starts_from: str, not_before: str | None, start: str) -> None:
    terms = Terms("T", "t", DueRule(30), starts_from, None if not_before is None else day(not_before))

    found = counts_from(terms, day("2026-03-02"), shipped=day("2026-03-01"), delivered=day("2026-03-05"))

    assert found == day(start)


# ---- parts -------------------------------------------------------------------------------------------------------


def thirds() -> Terms:
    shares = (("33.333", 30), ("33.333", 60), ("33.334", 90))
    return Terms("T", "t", DueRule(), parts=tuple(TermsPart(D(share), DueRule(days)) for share, days in shares))


@given(AMOUNTS, DAYS, st.lists(st.integers(1, 5000), min_size=1, max_size=12))
def test_instalments_sum_to_the_invoice_and_come_in_order(total: Decimal, start: date, weights: list[int]) -> None:
    parts = tuple(TermsPart(D(weight), DueRule(30 * place)) for place, weight in enumerate(weights))

    found = schedule(Terms("T", "t", DueRule(), parts=parts), total, start, digits=2, zone=BERLIN)

    assert sum(part.amount for part in found) == total
    assert [part.part_no for part in found] == list(range(1, len(weights) + 1))
    assert [part.due_at for part in found] == sorted(part.due_at for part in found)


@pytest.mark.parametrize(
    ("total", "amounts"),
    [
        ("39.66", ["13.22", "13.22", "13.22"]),
        ("0.02", ["0.01", "0.00", "0.01"]),
        ("-10.00", ["-3.33", "-3.33", "-3.34"]),
    ],
)
def test_a_rest_of_cents_goes_to_the_largest_remainder(total: str, amounts: list[str]) -> None:
    found = schedule(thirds(), D(total), day("2026-03-02"), digits=2, zone=BERLIN)
    assert [part.amount for part in found] == [D(one) for one in amounts]


def test_what_is_due_a_day_is_late_when_that_day_is_over_where_the_seller_is() -> None:
    (part,) = schedule(Terms("T", "t", DueRule(0, "last")), D(10), day("2026-03-02"), digits=2, zone=BERLIN)
    assert part.due_at.astimezone(UTC) == datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (thirds(), None),
        (Terms("T", "t", DueRule(), parts=(TermsPart(D(99), DueRule()),)), "billing.parts_not_whole"),
        (
            Terms("T", "t", DueRule(), discount_percent=D(2), parts=(TermsPart(D(100), DueRule()),)),
            "billing.parts_and_discount",
        ),
        (Terms("T", "t", DueRule(), discount_percent=D(2), discount_days=400), "billing.discount_too_late"),
    ],
)
def test_terms_that_do_not_add_up_are_refused(terms: Terms, code: str | None) -> None:
    problem = check_terms(terms)
    assert (None if problem is None else problem.code) == code


# ---- paying early ------------------------------------------------------------------------------------------------

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
IN_TIME, LATE = START + timedelta(days=9), START + timedelta(days=12)
INVOICE = UUID(int=1)


def item(total: Decimal, paid: Decimal = NONE, credited: Decimal = NONE) -> OpenItem:
    return OpenItem(
        INVOICE, "invoice", "INV-1", INVOICE, INVOICE, INVOICE, "EUR", total, paid, credited, START, START, None, None
    )


def offer(total: str, discount: str, **more: Decimal) -> Offer:
    return Offer(START + timedelta(days=10), D(total), D("0"), D(discount), **more)


@pytest.mark.parametrize(
    ("paid", "on", "taken", "left"),
    [
        ("98.00", IN_TIME, "2.00", "0.00"),
        ("49.00", IN_TIME, "1.00", "50.00"),
        ("0.01", IN_TIME, "0.00", "99.99"),
        ("99.00", IN_TIME, "1.00", "0.00"),  # who pays more than is needed takes less off
        ("100.00", IN_TIME, "0.00", "0.00"),
        ("98.00", LATE, "0.00", "2.00"),
        ("98.00", START + timedelta(days=10), "2.00", "0.00"),
    ],
)
def test_a_discount_is_taken_in_time_and_in_proportion(paid: str, on: datetime, taken: str, left: str) -> None:
    till = Till([item(D("100.00"))], {INVOICE: offer("100.00", "2.00")})

    assert till.take(INVOICE, D(paid), on) == D(taken)
    assert till.left[INVOICE] == D(left)


def test_a_credit_note_takes_its_share_of_the_discount_with_it() -> None:
    half = offer("100.00", "2.00", noted=D("50.00"))
    till = Till([item(D("100.00"), credited=D("50.00"))], {INVOICE: half})

    assert discount_of(half, 2) == D("1.00")
    assert till.settles(INVOICE, IN_TIME) == D("49.00")
    assert till.take(INVOICE, D("49.00"), IN_TIME) == D("1.00")


@given(AMOUNTS, st.integers(1, 30), st.lists(st.integers(1, 60), max_size=8))
def test_parts_paid_in_time_earn_the_whole_discount_exactly(total: Decimal, percent: int, shares: list[int]) -> None:
    discount = (total * percent / 100).quantize(D("0.01"), "ROUND_HALF_UP")
    till = Till([item(total)], {INVOICE: offer(str(total), str(discount))})
    taken = D(0)

    for share in shares:
        amount = min((total * share / 100).quantize(D("0.01")), till.settles(INVOICE, IN_TIME))
        if amount > 0:
            taken += till.take(INVOICE, amount, IN_TIME)
    rest = till.settles(INVOICE, IN_TIME)
    if rest > 0:
        taken += till.take(INVOICE, rest, IN_TIME)

    assert (till.left[INVOICE], taken) == (0, discount)


@given(AMOUNTS, st.integers(1, 30), st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=8))
def test_no_mix_of_early_and_late_money_takes_more_than_is_given(
    total: Decimal, percent: int, payments: list[tuple[int, bool]]
) -> None:
    discount = (total * percent / 100).quantize(D("0.01"), "ROUND_HALF_UP")
    till = Till([item(total)], {INVOICE: offer(str(total), str(discount))})
    early = late = taken = D(0)

    for share, in_time in payments:
        on = IN_TIME if in_time else LATE
        amount = min((total * share / 100).quantize(D("0.01")), till.settles(INVOICE, on))
        if amount > 0:
            taken += till.take(INVOICE, amount, on)
            early, late = (early + amount, late) if in_time else (early, late + amount)

    assert 0 <= taken <= discount
    assert early + late + taken + till.left[INVOICE] == total
    assert till.left[INVOICE] >= 0


def test_a_discount_lowers_the_tax_by_its_share() -> None:
    found = Offer(START, D("396.63"), D("63.33"), D("7.93"))
    assert tax_of_discount(found, D("7.93"), 2) == D("1.27")
