"""What may happen to a quote in which state, until when an offer is valid, and what an acceptance takes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.kernel.problem import Problem
from tradewind.quotes.decide import (
    after,
    completes,
    differences,
    digest_of,
    end_of,
    staged_from,
    staged_json,
    standing_at,
    take,
    version_from,
    version_json,
)
from tradewind.quotes.model import (
    MOVES,
    Act,
    Choice,
    Partial,
    Quote,
    Staged,
    StagedLine,
    Status,
    Version,
    VersionLine,
)
from tradewind.semantics.model import Place

D = Decimal
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
END = NOW + timedelta(days=5)


def quote(status: Status, *, expires_at: datetime | None = END) -> Quote:
    return Quote(UUID(int=1), "QU-1", UUID(int=2), status, 1, "", "api", 1, 0, NOW, None, None, expires_at, None, None, None, None, None)  # fmt: skip


def line(line_no: int, qty: str = "10", *, price: str = "2.5", **more: object) -> VersionLine:
    amount = D(qty) * D(price)
    made = VersionLine(
        line_no, None, UUID(int=line_no), f"P{line_no}", "", D(qty), "EA", (1, 1), D(0), D(price), D(1), "EA", D(qty), D(0),
        amount.quantize(D("0.01")), None, "{}", None, None,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def version(*lines: VersionLine, partial: Partial = "quantities") -> Version:
    return Version(
        UUID(int=1), 1, UUID(int=2), "EUR", "NET30", None, Place("HQ", "DE", code="HQ"), "2026-03-06", "UTC", END, None, "refuse",
        partial, sum((one.net for one in lines), D(0)), None, NOW, None, b"", lines,
    )  # fmt: skip


# what each act makes of each state; a dash is a refusal
ACTS = (
    "stage",
    "ask",
    "offer",
    "renegotiate",
    "accept_part",
    "accept_rest",
    "ask_late",
    "decline",
    "withdraw",
    "expire",
)
TABLE = """
requested        staged   approving offered -             -               -    -    lost       withdrawn  -
staged           staged   approving offered -             -               -    -    lost       withdrawn  -
approving        -        -         -       -             -               -    -    lost       withdrawn  -
offered          offered  approving offered renegotiating partly_accepted won  late lost       withdrawn  expired
renegotiating    staged   approving offered -             -               -    -    lost       withdrawn  -
partly_accepted  -        -         -       -             partly_accepted won  -    partly_won partly_won partly_won
late             -        -         -       -             partly_won      won  -    lost       withdrawn  -
expired          expired  approving offered -             partly_won      won  late -          -          -
won              -        -         -       -             -               -    -    -          -          -
partly_won       -        -         -       -             -               -    -    -          -          -
lost             -        -         -       -             -               -    -    -          -          -
withdrawn        -        -         -       -             -               -    -    -          -          -
"""


def test_every_act_in_every_state_leads_where_the_table_says() -> None:
    rows = [row.split() for row in TABLE.strip().splitlines()]

    for state, *leads in rows:
        found = [MOVES[state].get(act) or "-" for act in ACTS]  # type: ignore[index, call-overload]
        assert found == leads, state
    assert {row[0] for row in rows} == set(get_args(Status)) == set(MOVES)
    assert {act for moves in MOVES.values() for act in moves} == set(get_args(Act))


@pytest.mark.parametrize("status", get_args(Status))
def test_time_alone_ends_only_what_was_offered(status: Status) -> None:
    over = {"offered": "expired", "partly_accepted": "partly_won"}

    assert standing_at(quote(status), END - timedelta(microseconds=1)) == status
    assert standing_at(quote(status), END) == over.get(status, status)


def test_an_offer_whose_time_is_over_is_not_renegotiated_whether_it_was_marked_or_not() -> None:
    found = after(quote("offered"), "renegotiate", END)

    assert isinstance(found, Problem)
    assert (found.code, found.detail["status"]) == ("quotes.not_now", "expired")


@pytest.mark.parametrize(
    ("until", "zone", "ends"),
    [
        ("2026-03-06", "America/Los_Angeles", "2026-03-07T08:00:00+00:00"),
        ("2026-03-08", "America/Los_Angeles", "2026-03-09T07:00:00+00:00"),  # a day of 23 hours
        ("2026-11-01", "America/Los_Angeles", "2026-11-02T08:00:00+00:00"),  # of 25
        ("2026-03-06", "Pacific/Auckland", "2026-03-06T11:00:00+00:00"),
        ("2026-03-06T17:00", "Europe/Berlin", "2026-03-06T16:00:00.000001+00:00"),
        ("2026-03-06T17:00:00-05:00", "Europe/Berlin", "2026-03-06T22:00:00.000001+00:00"),
    ],
)
def test_an_offer_ends_with_the_last_instant_of_its_day_or_of_its_instant(until: str, zone: str, ends: str) -> None:
    found = end_of(until, zone)

    assert isinstance(found, datetime)
    assert found.astimezone(UTC).isoformat() == ends


@pytest.mark.parametrize(
    ("until", "zone", "code"),
    [
        ("2026-02-30", "UTC", "quotes.bad_validity"),
        ("soon", "UTC", "quotes.bad_validity"),
        ("2026-02-28", "Mars/Base", "quotes.unknown_zone"),
        ("9999-12-31", "UTC", "quotes.bad_validity"),
    ],
)
def test_an_end_that_cannot_be_is_refused(until: str, zone: str, code: str) -> None:
    found = end_of(until, zone)

    assert isinstance(found, Problem)
    assert found.code == code


EITHER = (line(1), line(2, alternative="x"), line(3, alternative="x"), line(4, min_qty=D(3)))


@pytest.mark.parametrize(
    ("partial", "choices", "expected"),
    [
        ("quantities", [(1, "4")], {1: "4"}),
        ("quantities", [(1, None), (2, None)], {1: "10", 2: "10"}),
        ("quantities", [(4, "3")], {4: "3"}),
        ("quantities", [(4, "2")], "quotes.below_minimum"),
        ("quantities", [(1, "11")], "quotes.not_left"),
        ("quantities", [(9, "1")], "quotes.unknown_line"),
        ("quantities", [(1, "1"), (1, "1")], "quotes.line_twice"),
        ("quantities", [(2, "1"), (3, "1")], "quotes.choose_one"),
        ("quantities", None, "quotes.choose_one"),
        ("quantities", [], "quotes.nothing_chosen"),
        ("lines", [(1, None)], {1: "10"}),
        ("lines", [(1, "9")], "quotes.whole_lines_only"),
        ("none", [(1, None), (3, None)], "quotes.whole_only"),
        ("none", [(1, None), (3, None), (4, None)], {1: "10", 3: "10", 4: "10"}),
    ],
)
def test_an_acceptance_takes_what_the_offer_lets_go(
    partial: Partial, choices: list[tuple[int, str | None]] | None, expected: object
) -> None:
    wanted = None if choices is None else [Choice(no, None if qty is None else D(qty)) for no, qty in choices]

    found = take(version(*EITHER, partial=partial), wanted)

    if isinstance(found, list):
        assert found[0].code == expected
    else:
        assert {one.line.line_no: str(one.qty) for one in found} == expected


def test_an_offer_is_used_up_when_nothing_but_the_other_alternatives_is_left() -> None:
    offered = version(*EITHER)
    some, rest = take(offered, [Choice(1), Choice(3)]), take(offered, [Choice(1), Choice(3), Choice(4)])

    assert not isinstance(some, list)
    assert not isinstance(rest, list)
    assert not completes(offered, some)
    assert completes(offered, rest)


@given(
    price=st.decimals("0", "999", places=6),
    qty=st.integers(1, 60),
    allowance=st.decimals("0", "5", places=2),
    cuts=st.lists(st.integers(1, 20), max_size=8),
)
def test_however_a_line_is_accepted_its_parts_cost_together_what_it_was_offered_at(
    price: Decimal, qty: int, allowance: Decimal, cuts: list[int]
) -> None:
    net = (price * qty).quantize(D("0.01"), "ROUND_HALF_UP") - allowance
    now = line(1, str(qty), unit_price=price, allowance=allowance, net=net)
    total, left = D(0), qty

    for cut in [*cuts, left]:
        take_now = min(cut, left) if cut != left else left
        if take_now <= 0:
            continue
        found = take(version(now), [Choice(1, D(take_now))])
        assert not isinstance(found, list)
        (one,) = found
        gross = (one.price_qty * price).quantize(D("0.01"), "ROUND_HALF_UP")
        assert gross - one.allowance == one.net
        total, left = total + one.net, left - take_now
        now = replace(now, accepted=now.accepted + take_now)
    if left:
        (one,) = take(version(now), None)  # type: ignore[misc]
        total += one.net

    assert total == net


def test_a_version_reads_back_as_it_was_and_keeps_its_digest() -> None:
    offered = version(line(1, requested_at=NOW, note="n"), line(2, alternative="x", price="1.234567"))
    offered = replace(offered, digest=digest_of(offered))

    again = version_from(version_json(offered), digest=offered.digest)

    assert again == offered
    assert digest_of(replace(again, offered_at=END)) == offered.digest
    assert digest_of(replace(again, on_late="allow")) != offered.digest


def test_what_is_staged_reads_back_as_it_was() -> None:
    staged = Staged(
        (StagedLine(1, "CUP", D("2.5"), unit_price=D("1.10"), price_reason="x", requested_at=NOW),), "2026-03-06"
    )

    assert staged_from(staged_json(staged)) == staged


def test_versions_differ_by_line_and_by_what_the_offer_says() -> None:
    first = version(line(1), line(2))
    second = replace(version(line(1, price="2.4"), line(3)), version_no=2, on_late="allow")

    found = differences(first, second)

    assert found["offer"] == {"on_late": ["refuse", "allow"], "net": ["50", "49"]}
    assert [(one["line"], one["what"]) for one in found["lines"]] == [(1, "changed"), (2, "gone"), (3, "added")]
    assert found["lines"][0]["from_to"] == {"unit_price": ["2.5", "2.4"], "net": ["25", "24"]}
