"""What differs between two outcomes, as a table."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tradewind.trials.compare import differences, hours_of, merge_sides
from tradewind.trials.model import Difference, HoldSeen, Kind, Outcome, Paces, Stop

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OVER = HoldSeen("credit", "credit.over_limit", None, "over the credit limit")
NO_PRICE = HoldSeen("price", "pricing.no_price", 2, "no price")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (Outcome(), Outcome(), ()),
        (Outcome(holds=(OVER,)), Outcome(), (Difference(Kind.HOLD, "credit.over_limit", "", "over the credit limit"),)),
        (
            Outcome(),
            Outcome(holds=(NO_PRICE,)),
            (Difference(Kind.HOLD, "", "pricing.no_price (line 2)", "no price"),),
        ),
        (
            Outcome(tiers={"A: Boss": "large"}),
            Outcome(tiers={"A: Boss": "larger"}),  # the same people, for a reason that reads otherwise
            (),
        ),
        (
            Outcome(tiers={"A: Boss": "large"}),
            Outcome(),
            (Difference(Kind.APPROVAL, "A: Boss", "", "no longer: large"),),
        ),
        (
            Outcome(total=Decimal(5), prices={1: Decimal(5)}),
            Outcome(total=Decimal("4.5"), prices={1: Decimal("4.5")}),
            (Difference(Kind.PRICE, "5", "4.5", "line 1 priced otherwise", Decimal("-0.5")),),
        ),
        (
            Outcome(routes={(1, "N"): Decimal(5), (2, "N"): Decimal(1)}),
            Outcome(routes={(1, "N"): Decimal(3), (1, "S"): Decimal(2), (2, "N"): Decimal(1)}, sourcing=("N and S",)),
            (Difference(Kind.ROUTE, "N (2 lines)", "N (2 lines), S (1 line)", "N and S"),),
        ),
        (
            Outcome(promises={1: NOW}),
            Outcome(promises={1: NOW + timedelta(days=2)}),
            (
                Difference(
                    Kind.PROMISE,
                    "2026-03-02T09:00+00:00",
                    "2026-03-04T09:00+00:00",
                    "line 1 promised otherwise",
                    Decimal(2),
                ),
            ),
        ),
        (
            Outcome(promises={1: NOW, 2: NOW}),
            Outcome(promises={1: NOW, 2: None}),
            (Difference(Kind.PROMISE, "2026-03-02T09:00+00:00", "no date", "line 2 promised otherwise"),),
        ),
        (
            Outcome(path=("a", "b", "c"), ended="c"),
            Outcome(path=("a", "x"), ended="x"),
            (
                Difference(Kind.PATH, "b c", "x", "now by x; no longer by b, c"),
                Difference(Kind.END, "c", "x", "it ends elsewhere"),
            ),
        ),
    ],
)
def test_what_changes_is_told(before, after, found):
    assert differences(before, after) == found


@pytest.mark.parametrize(
    ("stops", "assumed", "found"),
    [
        ((), None, (Decimal(0), 0)),
        ((Stop("approve", "", "task", ("approver",)),), None, (Decimal(5), 0)),
        ((Stop("else", "", "task", ("approver",)),), None, (Decimal(7), 0)),
        ((Stop("else", "", "task", ("nobody",)),), None, (Decimal(0), 1)),
        ((Stop("else", "", "task", ("nobody",)),), Decimal("1.5"), (Decimal("1.5"), 0)),
        ((Stop("w", "", "holds", ("credit", "price"), ("credit.over_limit", "pricing.no_price")),), None, (Decimal(9), 0)),
        ((Stop("t", "", "timer", until=NOW + timedelta(minutes=90)),), None, (Decimal("1.5"), 0)),
        ((Stop("g", "", "message", ("goods.ready",)),), None, (Decimal(0), 0)),
    ],
)  # fmt: skip
def test_waits_take_the_median_on_record(stops, assumed, found):
    paces = Paces(
        tasks={"approve": (Decimal(5), 3)},
        roles={"approver": (Decimal(7), 3)},
        codes={"credit.over_limit": (Decimal(2), 9)},
        kinds={"price": (Decimal(9), 1)},
    )

    assert hours_of(stops, paces, now=NOW, assumed=assumed) == found


def test_parts_of_a_summary_add_up():
    assert merge_sides({"orders": 2, "waiting_hours": "1.50"}, {"orders": 3, "waiting_hours": "2"}) == {
        "orders": 5,
        "waiting_hours": "3.5",
    }
