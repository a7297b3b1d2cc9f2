"""What is asked for when: levels in order, rests, interest by the day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.billing.decide.dunning import balance, dun, interest_on, interest_spans, policy_for
from tradewind.billing.model import DunningLevel, DunningPolicy, Overdue

ONE, TWO = UUID(int=1), UUID(int=2)
DUE = date(2026, 4, 1)
LEVELS = (DunningLevel(1, 5), DunningLevel(2, 15, Decimal("2.50")))
POLICY = DunningPolicy("P", 1, "P", "EUR", LEVELS, datetime(2026, 1, 1, tzinfo=UTC), interest_percent=Decimal("36.5"))


def item(**more):
    known = {
        "account_id": ONE, "legal_entity_id": ONE, "order_id": ONE, "invoice_id": ONE, "number": "INV-1", "part_no": 1,
        "currency": "EUR", "due_day": DUE, "amount": Decimal(100), "before": Decimal(0), "open": Decimal(100),
    }  # fmt: skip
    return Overdue(**(known | more))


def day(count):
    return DUE + timedelta(days=count)


def never(_):
    return False, None


@pytest.mark.parametrize(
    ("state", "on", "levels", "again"),
    [
        ({}, 4, [], 5),
        ({}, 5, [1], 15),
        ({}, 40, [1], 47),
        ({"level": 1, "noticed_day": day(5)}, 14, [], 15),
        ({"level": 1, "noticed_day": day(12)}, 15, [], 19),
        ({"level": 1, "noticed_day": day(12)}, 19, [2], 26),
        ({"level": 2, "noticed_day": day(19)}, 60, [], 67),
        ({"open": Decimal(0)}, 60, [], None),
    ],
)
def test_levels_come_one_by_one_each_in_its_time(state, on, levels, again):
    found = dun(POLICY, [item(**state)], day(on), paused=never)

    assert ([line.level for line in found.lines], found.next_day) == (levels, again and day(again))


def test_on_a_closed_day_nothing_goes_out_and_the_next_open_one_is_looked_at():
    found = dun(POLICY, [item()], day(5), paused=never, is_open=lambda one: one >= day(8))

    assert (found.lines, found.next_day) == ((), day(8))


def test_what_rests_is_looked_at_the_day_after_its_day():
    found = dun(POLICY, [item(), item(invoice_id=TWO)], day(5), paused=lambda one: (one.invoice_id == ONE, day(9)))

    assert ([line.item.invoice_id for line in found.lines], found.next_day) == ([TWO], day(10))


def test_the_second_instalment_is_owed_until_the_first_is_paid_and_more():
    second = item(part_no=2, before=Decimal(60), amount=Decimal(40), settled=((day(3), Decimal(70)),))

    assert (balance(second, day(2)), balance(second, day(3))) == (Decimal(40), Decimal(30))


@given(
    st.lists(st.tuples(st.integers(-5, 40), st.integers(1, 30)), max_size=6), st.integers(1, 30), st.integers(31, 60)
)
def test_interest_of_two_claims_is_that_of_every_day_s_balance(payments, first, second):
    settled = tuple(sorted((day(on), Decimal(amount)) for on, amount in payments))
    one = item(settled=settled)
    rest = item(settled=settled, charged_to=day(first))
    spans = (*interest_spans(one, day(first)), *interest_spans(rest, day(second)))

    by_day = sum((balance(one, day(on)) for on in range(second)), Decimal(0))

    assert sum((span.base * span.days for span in spans), Decimal(0)) == by_day
    assert interest_on(spans, POLICY) == (by_day / 1000).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def test_the_nearest_policy_goes_first():
    own = DunningPolicy("OWN", 1, "", "EUR", LEVELS, POLICY.valid_from, account_id=ONE)
    above = DunningPolicy("ABOVE", 1, "", "EUR", LEVELS, POLICY.valid_from, account_id=TWO)
    gold = DunningPolicy("GOLD", 1, "", "EUR", LEVELS, POLICY.valid_from, segment="gold")
    ended = DunningPolicy("ENDED", 1, "", "EUR", LEVELS, POLICY.valid_from, account_id=ONE, ended=True)

    def code(*held, segment="gold", currency="EUR"):
        found = policy_for(held, ancestors=(ONE, TWO), segment=segment, currency=currency)
        return found and found.code

    assert code(POLICY, gold, above, own, ended) == "OWN"
    assert code(POLICY, gold, above, ended) == "ABOVE"
    assert code(POLICY, gold) == "GOLD"
    assert code(POLICY, gold, segment=None) == "P"
    assert code(POLICY, currency="USD") is None
