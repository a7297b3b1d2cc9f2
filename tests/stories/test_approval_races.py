"""Approvers, buyers who change and buyers who cancel, all at once: never an order past its approval without all of it (A1)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from live_server import together
from shop import Shop
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.approvals.commands.policies import draft_policy, publish_policy
from tradewind.approvals.decide import read_condition
from tradewind.approvals.model import Condition, Policy, Seat, Tier
from tradewind.approvals.queries.policies import PolicyRow
from tradewind.desk.approvals import Decided, Decision, decide_orders
from tradewind.desk.cancel import CancelRequest, cancel_orders
from tradewind.desk.change import ChangeRequest, change
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Actor, Tx
from tradewind.orders.decide.actions import SetQuantity

ROLES = {"buyer_approver"}
ROUNDS = 8


@pytest.fixture
def people(shop: Shop) -> list[UUID]:
    """Three approvers of Alma."""
    wanted = [
        NewPrincipal(Kind.BUYER, name, name, frozenset(ROLES), frozenset({shop.id["alma"]}))
        for name in ("ann", "ben", "cem")
    ]
    return [one for one in shop.database.write(lambda tx: create_principals(tx, wanted)) if isinstance(one, UUID)]


def rule(shop: Shop, need: int) -> None:
    """So many approvers for every order of Alma."""
    read = read_condition("true")
    assert isinstance(read, Condition)
    tier = Tier("Approvers", need, (Seat(role="buyer_approver"),))
    policy = Policy(None, "ALL", 0, "All", "buyer", read, (tier,), account_id=shop.id["alma"])

    def publish(tx: Tx) -> None:
        made = draft_policy(tx, policy, "true")
        assert isinstance(made, PolicyRow)
        assert made.policy.id is not None
        assert isinstance(publish_policy(tx, made.policy.id, alone=True), PolicyRow)

    shop.database.write(publish)


def approving(shop: Shop, order: UUID, by: UUID) -> Callable[[], Decided | Problem]:
    wanted = [Decision(order, approve=True, reason="fine")]
    return lambda: shop.database.write(lambda tx: decide_orders(tx, wanted, roles=ROLES), actor=Actor(by, "x", "api"))[
        0
    ]


def said(answers: list[Any]) -> list[str]:
    return sorted(
        "complete" if isinstance(one, Decided) and one.complete else "counts" if isinstance(one, Decided) else one.code
        for one in answers
    )


def test_two_approvers_at_once_both_count_where_two_are_needed(shop: Shop, people: list[UUID]) -> None:
    rule(shop, 2)

    for _ in range(ROUNDS):
        order = shop.order(("CUP", "1"))
        answers = together(*(approving(shop, order, one) for one in people))
        shop.turn()

        assert said(answers) == ["approvals.not_waiting", "complete", "counts"]
        assert shop.status(order) == "released"
    assert shop.one("select count(*), count(distinct approval_id) from approval_seat") == (2 * ROUNDS, 2 * ROUNDS)
    shop.verify()


def test_two_approvers_at_once_count_once_where_one_is_needed(shop: Shop, people: list[UUID]) -> None:
    rule(shop, 1)

    for _ in range(ROUNDS):
        order = shop.order(("CUP", "1"))
        answers = together(*(approving(shop, order, one) for one in people[:2]))
        shop.turn()

        assert said(answers) == ["approvals.not_waiting", "complete"]
    assert shop.one("select count(*) from approval") == (ROUNDS,)
    shop.verify()


def test_the_same_approver_twice_at_once_counts_once(shop: Shop, people: list[UUID]) -> None:
    rule(shop, 2)
    order = shop.order(("CUP", "1"))

    answers = together(*(approving(shop, order, people[0]) for _ in range(3)))
    shop.turn()

    assert said(answers) == ["approvals.counted_already", "approvals.counted_already", "counts"]
    assert shop.status(order) == "held"
    shop.verify()


@pytest.mark.parametrize("need", [1, 2])
def test_approve_change_and_cancel_at_once_leave_an_order_that_adds_up(
    shop: Shop, people: list[UUID], need: int
) -> None:
    rule(shop, need)
    changing = Actor(people[2], "cem", "api")
    ends: set[str] = set()

    for number in range(ROUNDS):
        order = shop.order(("CUP", "2"))
        more = [ChangeRequest(order, (SetQuantity(1, Decimal(3)),), "more")]
        less = [CancelRequest(order, "no more")]
        works: list[Callable[[], Any]] = [approving(shop, order, one) for one in people[:need]]
        works.append(lambda wanted=more: shop.database.write(lambda tx: change(tx, wanted), actor=changing))
        if number % 2:
            works.append(lambda wanted=less: shop.database.write(lambda tx: cancel_orders(tx, wanted)))
        together(*works)
        shop.turn()

        status = shop.status(order)
        ends.add(status)
        newest = shop.one(
            "select status, content_hash from approval_request where order_id = %s order by request_no desc limit 1",
            [order],
        )
        waiting = shop.one("select count(*) from approval_request where order_id = %s and status = 'waiting'", [order])
        assert (status == "held") == (newest[0] == "waiting") == (waiting == (1,))
        assert number % 2 == 0 or status in ("cancelled", "released", "held")
        shop.verify()
    assert ends <= {"held", "released", "cancelled"}
