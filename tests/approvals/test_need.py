"""What an order needs and why: conditions on facts, as tables a sales manager can read (AP1, AP7)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tradewind.approvals.decide import (
    applies,
    check_policy,
    implied_policy,
    read_condition,
    require,
    tier_from_json,
    tier_json,
)
from tradewind.approvals.model import Condition, Policy, Seat, Tier
from tradewind.kernel.problem import Problem

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROOT, BRANCH, OTHER, ENTITY, ABROAD = (UUID(int=number) for number in range(1, 6))
ONE = (Tier("Manager", 1, (Seat(role="buyer_approver"),)),)
FACTS: dict[str, Any] = {
    "total": Decimal("1200"),
    "net": Decimal("1000"),
    "terms": "NET60",
    "net_days": 60,
    "lines": [
        {"sku": "CUP", "category": "kitchen", "net": Decimal(700), "qty": Decimal(70)},
        {"sku": "GUN", "category": None, "net": Decimal(300), "qty": Decimal(1)},
    ],
    "ship_to": ["HQ", "YARD"],
    "ship_to_countries": ["DE", "AT"],
    "first_order": True,
    "below_floor": False,
    "floor_percent": Decimal(0),
    "credit_used_percent": None,
    "requester_roles": ["buyer"],
    "segment": None,
}
CONTENT = {"total": "1200", "items": ["CUP", "GUN"], "prices": {"1:CUP": "10"}, "terms": "NET60", "dates": [None],
           "ship_to": ["a", "b"], "lines.net": ["700", "300"]}  # fmt: skip


def policy(condition: str = "true", tiers: tuple[Tier, ...] = ONE, **more: Any) -> Policy:
    read = read_condition(condition)
    assert isinstance(read, Condition), read
    return Policy(more.pop("id", UUID(int=9)), more.pop("code", "P"), 1, more.pop("name", "Rule"), more.pop("side", "buyer"),
                  read, tiers, **more)  # fmt: skip


@pytest.mark.parametrize(("condition", "needed"), [
    ("total > 1000",                                   True),
    ("total > 1200",                                   False),
    ("total > 1000 and terms = \"NET30\"",             False),
    ("net_days > 30",                                  True),
    ("max(lines.net) >= 700",                          True),
    ("list contains(lines.category, \"kitchen\")",     True),
    ("list contains(lines.sku, \"TEA\")",              False),
    ("list contains(ship_to_countries, \"AT\")",       True),
    ("first_order",                                    True),
    ("below_floor or floor_percent > 5",               False),
    ("list contains(requester_roles, \"agent\")",      False),
    ("credit_used_percent > 80",                       True),  # nobody knows: a person looks
    ("segment = \"retail\"",                           False),
])  # fmt: skip
def test_a_policy_is_needed_where_its_condition_holds_or_cannot_be_judged(condition, needed):
    assert bool(require(FACTS, CONTENT, [policy(condition)]).tiers) is needed


def test_every_policy_that_holds_must_finish_and_says_why_with_its_version_and_values():
    several = [
        policy(
            "total > 1000", (Tier("Budget", 1, (Seat(role="buyer_approver"),)), Tier("Board", 2, (Seat(role="buyer"),)))
        ),
        policy("total > 9000", code="BIG"),
        policy("first_order", code="NEW", name="First order", side="seller", in_sequence=False),
    ]

    needed = require(FACTS, CONTENT, several)

    assert [(tier.no, tier.policy, tier.tier, tier.name, tier.need, tier.after) for tier in needed.tiers] == [
        (1, "P", 1, "Budget", 1, ()),
        (2, "P", 2, "Board", 2, (1,)),
        (3, "NEW", 1, "Manager", 1, ()),
    ]
    assert needed.tiers[0].reason == "Rule (P v1): total > 1000, with total = 1200"
    assert needed.tiers[2].reason == "First order (NEW v1): first_order, with first_order = true"
    assert needed.tiers[2].side == "seller"


def test_the_strictest_of_the_policies_that_hold_says_how_long_it_waits_and_what_happens_then():
    needed = require(FACTS, CONTENT, [
        policy(expire_hours=100, remind_hours=50),
        policy(code="Q", expire_hours=72, escalate_hours=24, on_expiry="cancel", pending="recheck"),
        policy("false", code="R", expire_hours=1),
    ])  # fmt: skip

    assert (needed.expire_hours, needed.remind_hours, needed.escalate_hours) == (72, 50, 24)
    assert (needed.on_expiry, needed.pending) == ("cancel", "recheck")


def test_a_decision_binds_the_total_what_the_condition_reads_and_what_the_policy_adds():
    (tier,) = require(FACTS, CONTENT, [policy("max(lines.net) > 1", binds=("dates",))]).tiers

    assert dict(tier.inputs) == {"total": "1200", "lines.net": ["700", "300"], "dates": [None]}
    assert dict(tier.reads) == {"lines.net": [Decimal(700), Decimal(300)]}


def test_what_is_kept_in_a_row_reads_back_the_same():
    tiers = require(FACTS, CONTENT, [policy("total > 1", (Tier("A", 2, (Seat(person=OTHER, name="Ann", up_to=Decimal("5000")),), (Seat(role="buyer"),)),), currency="EUR", tolerance=Decimal("2.5"))]).tiers  # fmt: skip

    again = [tier_from_json(tier_json(tier)) for tier in tiers]

    assert [tier_json(tier) for tier in again] == [tier_json(tier) for tier in tiers]
    assert (again[0].seats, again[0].fallback, again[0].tolerance) == (
        tiers[0].seats,
        tiers[0].fallback,
        Decimal("2.5"),
    )


@pytest.mark.parametrize(("more", "account", "entity", "there"), [
    ({},                                               BRANCH, ENTITY, True),
    ({"account_id": ROOT},                             BRANCH, ENTITY, True),
    ({"account_id": ROOT, "whole_tree": False},        BRANCH, ENTITY, False),
    ({"account_id": BRANCH, "whole_tree": False},      BRANCH, ENTITY, True),
    ({"account_id": BRANCH},                           ROOT,   ENTITY, False),
    ({"account_id": OTHER},                            BRANCH, ENTITY, False),
    ({"legal_entity_id": ENTITY},                      BRANCH, ENTITY, True),
    ({"legal_entity_id": ENTITY},                      BRANCH, ABROAD, False),
    ({"valid_from": NOW + timedelta(seconds=1)},       BRANCH, ENTITY, False),
    ({"valid_from": NOW},                              BRANCH, ENTITY, True),
    ({"valid_to": NOW},                                BRANCH, ENTITY, False),
])  # fmt: skip
def test_a_policy_applies_to_its_accounts_and_entity_while_it_is_in_force(more, account, entity, there):
    ancestors = (BRANCH, ROOT) if account == BRANCH else (ROOT,)

    assert applies(policy(**more), ancestors=ancestors, legal_entity_id=entity, now=NOW) is there


def test_the_amount_an_account_carries_is_a_policy_like_any_other():
    implied = implied_policy(Decimal("500.00"))

    assert (implied.condition.text, implied.code, implied.version) == ("total > 500", "approval_above", 0)
    assert require(FACTS, CONTENT, [implied]).tiers[0].seats == (Seat(role="approver", name="approver"),)


@pytest.mark.parametrize(("text", "code"), [
    ("total >",                  "rules.cannot_read_expression"),
    ("colour = \"red\"",         "approvals.unknown_input"),
    ("lines.colour = \"red\"",   "approvals.unknown_input"),
    ("total.amount > 1",         "approvals.unknown_input"),
    ("explode(total)",           "rules.unknown_function"),
])  # fmt: skip
def test_a_condition_that_an_order_cannot_answer_is_refused(text, code):
    found = read_condition(text)

    assert isinstance(found, Problem)
    assert (found.code, found.where) == (code, "/condition")


TWO = (Seat(person=ROOT), Seat(person=ROOT))


@pytest.mark.parametrize(("tiers", "more", "codes"), [
    ((),                                                        {}, ["approvals.tier_count"]),
    ((Tier("A", 2, (Seat(person=ROOT),)),),                     {}, ["approvals.too_few_seats"]),
    ((Tier("A", 2, TWO),),                                      {}, ["approvals.too_few_seats"]),
    ((Tier("A", 2, (Seat(role="buyer"),)),),                    {}, []),
    ((Tier("A", 1, ()),),                                       {}, ["approvals.seat_count", "approvals.too_few_seats"]),
    ((Tier("A", 1, (Seat(),)),),                                {}, ["approvals.seat_names_one"]),
    ((Tier("A", 1, (Seat(role="sales"),)),),                    {}, ["approvals.unknown_role"]),
    ((Tier("A", 1, (Seat(role="sales"),)),),                    {"side": "seller"}, []),
    ((Tier("A", 1, (Seat(role="buyer", up_to=Decimal(1)),)),),  {}, ["approvals.cap_without_currency"]),
    ((Tier("A", 1, (Seat(role="buyer", up_to=Decimal(1)),)),),  {"currency": "EUR"}, []),
    (ONE,                                                       {"binds": ("weather",)}, ["approvals.unknown_bind"]),
    (ONE,                                                       {"hours": (24, 24, None)}, ["approvals.reminder_too_late"]),
    (ONE,                                                       {"hours": (24, 1, 23)}, []),
])  # fmt: skip
def test_everything_wrong_with_a_policy_is_said_at_once(tiers, more, codes):
    given = {"side": "buyer", "currency": None, "binds": (), "hours": (720, None, None)} | more

    assert [one.code for one in check_policy("true", tiers, **given)] == codes
