"""Who may buy what, and what restricts it, as tables a sales manager can read."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tradewind.catalog.decide import barred, entitled, why_barred
from tradewind.catalog.model import AssortmentRow, Restriction

AT = datetime(2026, 3, 2, tzinfo=UTC)
LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
SCOPES = ["account:me", "account:parent", "segment:trade", "channel:api", "all"]


def row(
    scope: str, effect: str, target: str = "product", *, start: datetime = LONG_AGO, end: datetime | None = None
) -> AssortmentRow:
    return AssortmentRow(scope, effect, target, start, end)


@pytest.mark.parametrize(
    ("rows", "closed_by", "allowed"),
    [
        ([], None, True),
        ([], "account:me", False),
        ([row("all", "exclude")], None, False),
        ([row("all", "exclude"), row("account:me", "include")], None, True),
        ([row("account:parent", "include", "category"), row("all", "exclude")], "account:parent", True),
        ([row("account:me", "exclude", "category"), row("account:me", "include")], "account:me", True),
        ([row("account:me", "exclude"), row("account:me", "include")], "account:me", False),
        ([row("segment:trade", "exclude", "everything"), row("segment:trade", "include", "category")], None, True),
        ([row("account:other", "exclude")], None, True),
        ([row("all", "exclude", end=AT)], None, True),
        ([row("all", "exclude", start=LATER)], None, True),
        ([row("account:me", "include", start=LATER)], "account:parent", False),
    ],
)
def test_the_nearest_list_decides_and_a_closed_one_lets_only_its_own_through(rows, closed_by, allowed):
    assert entitled(rows, SCOPES, closed_by=closed_by, at=AT).allowed is allowed


@dataclass(frozen=True)
class Paper:
    code: str
    number: str
    country: str
    valid_from: datetime
    valid_to: datetime | None = None


HAZMAT = Restriction("HAZMAT", "", "dangerous goods", "hold", "ADR")
RULES = {
    ("HAZMAT", ""): HAZMAT,
    ("HAZMAT", "CH"): Restriction("HAZMAT", "CH", "dangerous goods", "refuse"),
    ("DUAL", ""): Restriction("DUAL", "", "dual use", "refuse", "EXPORT"),
    ("DUAL", "DE"): Restriction("DUAL", "DE", "dual use", "allow"),
}


@pytest.mark.parametrize(
    ("codes", "country", "papers", "said"),
    [
        (["HAZMAT"], "DE", [], ["X needs licence ADR (dangerous goods)"]),
        (["HAZMAT"], "DE", [Paper("ADR", "A-1", "", LONG_AGO)], []),
        (["HAZMAT"], "DE", [Paper("ADR", "A-1", "DE", LONG_AGO, LATER)], []),
        (["HAZMAT"], "DE", [Paper("ADR", "A-1", "AT", LONG_AGO)], ["X needs licence ADR (dangerous goods)"]),
        (["HAZMAT"], "DE", [Paper("ADR", "A-1", "", LONG_AGO, AT)], ["X needs licence ADR (dangerous goods); A-1 was valid until 2026-03-02"]),
        (["HAZMAT"], "DE", [Paper("ADR", "A-2", "", LATER)], ["X needs licence ADR (dangerous goods); A-2 is valid from 2026-06-01"]),
        (["HAZMAT"], "CH", [Paper("ADR", "A-1", "", LONG_AGO)], ["X is not sold to CH (dangerous goods)"]),
        (["DUAL"], "DE", [], []),
        (["DUAL", "HAZMAT"], "US", [], ["X needs licence EXPORT (dual use)", "X needs licence ADR (dangerous goods)"]),
        (["UNKNOWN"], "US", [], []),
    ],
)  # fmt: skip
def test_a_restriction_is_lifted_by_a_licence_that_holds_there_and_then(codes, country, papers, said):
    found = barred(codes, RULES, papers, country=country, at=AT)

    assert [why_barred(one, "X") for one in found] == said
