"""Paces of the past, and when an instance will come to its end at them."""

from datetime import UTC, datetime, timedelta

import pytest
from token_games import graph_of

from tradewind.orchestration.decide.forecast import Ahead, Place, forecast
from tradewind.orchestration.decide.pace import Pace, Passage, paces_of, quantile

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = 3_600_000
LINE = """
    start begin
    step check step=x
    choice which
    user approve name="Approve it" role=boss
    step pack step=x
    receive ship message=shipped key=note
    end done
    begin -> check -> which
    which -> approve when large
    which -> pack else
    approve -> which
    pack -> ship -> done
"""


def pace(p50: int, p90: int, *, visits: int = 100, share: int = 100) -> Pace:
    return Pace(visits, share, p50 * HOUR, p90 * HOUR)


def passage(*turns: tuple[int, str]) -> Passage:
    """Turns at so many hours past noon, each with its trail."""
    return Passage(NOON, [(NOON + timedelta(hours=hour), trail.split()) for hour, trail in turns])


def test_stays_are_from_entering_to_leaving_and_a_begun_one_entered_at_its_start():
    found = paces_of([
        passage((1, "l:check e:pack"), (3, "l:pack e:ship"), (9, "l:ship")),
        passage((0, "e:check l:check e:pack"), (4, "l:pack e:ship"), (5, "c:ship")),
    ])  # fmt: skip

    assert found["check"] == Pace(2, 100, 0, HOUR)
    assert found["pack"] == Pace(2, 100, 2 * HOUR, 4 * HOUR)
    assert found["ship"] == Pace(
        1, 100, 6 * HOUR, 6 * HOUR
    )  # one that was taken away says nothing of how long it takes


def test_a_second_visit_is_a_stay_of_its_own():
    found = paces_of([passage((0, "e:pack"), (1, "l:pack"), (2, "e:pack"), (5, "l:pack"))])

    assert found["pack"] == Pace(2, 100, HOUR, 3 * HOUR)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 90, 0), ([7], 50, 7), ([1, 2, 3, 4], 50, 2), (list(range(1, 11)), 90, 9), ([3, 1, 2], 100, 3)],
)
def test_quantiles(values, percent, expected):
    assert quantile(values, percent) == expected


# ---- ahead -------------------------------------------------------------------------------------------------------


PACES = {
    "check": pace(1, 2), "which": pace(0, 0), "approve": pace(10, 30, share=20), "pack": pace(2, 4), "ship": pace(5, 20),
    "done": pace(0, 0),
}  # fmt: skip


@pytest.mark.parametrize(
    ("element", "waited", "at", "hours", "longest"),
    [
        ("check", 0, "p50", 1 + 2 + 5, "ship"),  # half of them are never approved
        ("check", 0, "p90", 2 + 30 + 4 + 20, "approve"),  # but one of ten is
        ("approve", 4, "p90", 26 + 4 + 20, "approve"),
        ("approve", 40, "p90", 3 + 4 + 20, "ship"),  # it has lasted longer than nine of ten: a tenth of that at least
        ("ship", 1, "p50", 4, "ship"),
    ],
)
def test_what_lies_ahead_is_the_longest_way_that_enough_of_the_past_took(element, waited, at, hours, longest):
    graph = graph_of(LINE)

    found = forecast(Ahead(graph, PACES, at), [Place(element, NOON - timedelta(hours=waited))], now=NOON)

    assert found.expected_at == NOON + timedelta(hours=hours)
    assert found.reasons[0].element == longest


def test_a_timer_s_instant_is_known_and_the_last_token_counts():
    graph = graph_of(LINE)
    timed = Place("check", NOON, due_at=NOON + timedelta(hours=9))

    found = forecast(Ahead(graph, PACES, "p50"), [timed, Place("ship", NOON)], now=NOON)

    assert found.expected_at == NOON + timedelta(hours=9 + 2 + 5)
    assert [(one.element, one.milliseconds // HOUR) for one in found.reasons] == [
        ("check", 9),
        ("ship", 5),
        ("pack", 2),
    ]


def test_few_visits_say_nothing():
    found = forecast(Ahead(graph_of(LINE), {"ship": pace(5, 5, visits=4)}), [Place("pack", NOON)], now=NOON)

    assert (found.expected_at, found.reasons) == (NOON, ())


def test_a_long_line_is_no_deep_recursion():
    steps = [f"s{number}" for number in range(1900)]
    drawing = "\n".join(
        ["start b", *(f"step {name} step=x" for name in steps), "end e", " -> ".join(["b", *steps, "e"])]
    )

    found = forecast(Ahead(graph_of(drawing), {name: pace(1, 1) for name in steps}), [Place("s0", NOON)], now=NOON)

    assert found.expected_at == NOON + timedelta(hours=1900)
