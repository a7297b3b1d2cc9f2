"""Who may decide on which order, what the decision binds to, and what follows from it (A1, A2, AP2)."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shop import Shop
from tradewind.desk.approvals import Decided, Decision, decide_orders
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Actor
from tradewind.orchestration.commands.tasks import Completion, claim_tasks, complete_tasks, open_tasks
from tradewind.semantics.model import DraftLine, OrderDraft

PERSON = "insert into principal (id, kind, login, name, created_at) values (%s, 'staff', %s, 'x', now())"


@pytest.fixture
def people(shop: Shop) -> list[UUID]:
    """Two people; the first one orders."""
    ids = shop.database.ids.many(2)
    for number, one in enumerate(ids):
        shop.database.write(lambda tx, one=one, number=number: tx.run(PERSON, [one, f"person{number}"]))
    shop.database.write(lambda tx: tx.run("update account set approval_above = 20 where code = 'ALMA'"))
    return ids


def order(shop: Shop, by: UUID, qty: str = "10", *, mandate: UUID | None = None) -> UUID:
    draft = OrderDraft("ALMA", (DraftLine(1, "CUP", Decimal(qty)),))
    actor = Actor(by, "x", "api", mandate_id=mandate)
    placed = shop.database.write(lambda tx: place(tx, [Submission(draft, actor)]))[0]
    shop.turn()
    assert placed.order_id is not None
    return placed.order_id


def decide(shop: Shop, of: UUID, by: UUID, approve: bool = True, **more: Any) -> Decided | Problem:
    wanted = Decision(of, approve, more.pop("reason", "seen"), more.pop("hash", None))
    roles = more.pop("roles", {"approver"})
    (answer,) = shop.database.write(lambda tx: decide_orders(tx, [wanted], roles=roles), actor=Actor(by, "x", "api"))
    shop.turn()
    return answer


def code(answer: Any) -> str:
    assert isinstance(answer, Problem), answer
    return answer.code


def test_an_approved_order_is_confirmed_and_the_approval_binds_to_what_it_says(shop, people):
    asked = order(shop, people[0])
    assert shop.status(asked) == "held"

    answer = decide(shop, asked, people[1])

    assert isinstance(answer, Decided)
    assert shop.status(asked) == "released"
    decision, digest, by = shop.one("select decision, content_hash, decided_by from approval")
    assert (decision, bytes(digest).hex(), by) == ("approved", answer.hash, people[1])
    assert shop.one("select status, outcome from user_task") == ("done", {"approved": True})
    assert shop.one("select count(*) from order_hold where released_at is null") == (0,)


def test_a_rejected_order_is_cancelled_in_the_same_transaction(shop, people):
    asked = order(shop, people[0])

    answer = decide(shop, asked, people[1], approve=False, reason="too dear")

    assert isinstance(answer, Decided)
    assert (answer.approved, answer.status, shop.status(asked)) == (False, "cancelled", "cancelled")
    assert shop.one("select reserved, allocated from stock where product_id = %s", [shop.id["cup"]]) == (0, 0)
    assert shop.one("select open_orders from credit_node") == (0,)
    assert shop.one("select decision, reason from approval") == ("rejected", "too dear")
    assert shop.one("select count(*) from stream_instance where status = 'running'") == (0,)
    kinds = [row[0] for row in shop.all("select type from event where subject_id = %s order by subject_seq", [asked])]
    assert kinds.index("order.rejected") < kinds.index("order.cancelled")


def test_nobody_decides_on_what_they_ordered(shop, people):
    asked = order(shop, people[0])

    assert code(decide(shop, asked, people[0])) == "approvals.own_order"
    assert code(decide(shop, asked, people[0], approve=False)) == "approvals.own_order"

    assert (shop.status(asked), shop.one("select count(*) from approval")) == ("held", (0,))


def test_nobody_decides_on_what_their_agent_ordered(shop, people):
    mandate = shop.database.ids.new()
    columns = [mandate, people[1], shop.id["alma"], people[0]]
    shop.database.write(
        lambda tx: tx.run(
            "insert into mandate (id, principal_id, account_id, actions, valid_from, granted_by) "
            "values (%s, %s, %s, '{orders.place}', now(), %s)",
            columns,
        )
    )
    asked = order(shop, people[1], mandate=mandate)

    assert code(decide(shop, asked, people[0])) == "approvals.own_order"


def test_a_decision_needs_the_role_a_waiting_order_and_its_present_content(shop, people):
    asked, small = order(shop, people[0]), order(shop, people[0], "1")

    assert code(decide(shop, asked, people[1], roles={"warehouse"})) == "approvals.not_waiting"
    assert code(decide(shop, small, people[1])) == "approvals.not_waiting"
    assert code(decide(shop, UUID(int=3), people[1])) == "orders.unknown_order"
    assert code(decide(shop, asked, people[1], hash="00")) == "approvals.changed_since"
    assert code(decide(shop, asked, people[1], approve=False, reason=" ")) == "orders.no_reason"

    seen = shop.one("select detail ->> 'hash' from order_hold where kind = 'approval'")[0]
    assert isinstance(decide(shop, asked, people[1], hash=seen), Decided)
    assert code(decide(shop, asked, people[1])) == "approvals.not_waiting"


def test_many_decisions_each_get_their_own_answer(shop, people):
    first, second, small = order(shop, people[0]), order(shop, people[0]), order(shop, people[0], "1")
    wanted = [Decision(first, True, "fine"), Decision(small, True, "fine"), Decision(second, False, "no")]

    answers = shop.database.write(
        lambda tx: decide_orders(tx, wanted, roles={"approver"}), actor=Actor(people[1], "x", "api")
    )
    shop.turn()

    assert [type(answer) for answer in answers] == [Decided, Problem, Decided]
    assert [shop.status(one) for one in (first, small, second)] == ["released", "released", "cancelled"]


def test_an_approved_order_that_lacks_credit_still_waits_for_it(shop, people):
    asked = order(shop, people[0])
    shop.database.write(lambda tx: tx.run("update sales_order set credit_taken = 0"))
    shop.database.write(lambda tx: tx.run("update credit_node set open_orders = 0, credit_limit = 1"))

    decide(shop, asked, people[1])

    assert shop.status(asked) == "held"
    assert shop.all("select kind from order_hold where released_at is null") == [("credit",)]


def test_tasks_are_listed_claimed_and_completed_by_role(shop, people):
    order(shop, people[0])
    (task,) = shop.database.read(lambda reader: open_tasks(reader, roles=["approver"]))
    assert shop.database.read(lambda reader: open_tasks(reader, roles=["warehouse"])) == []
    actor = Actor(people[1], "x", "api")

    (foreign,) = shop.database.write(lambda tx: claim_tasks(tx, [task.id], roles={"warehouse"}), actor=actor)
    assert code(foreign) == "orchestration.unknown_task"
    (claimed,) = shop.database.write(lambda tx: claim_tasks(tx, [task.id], roles={"approver"}), actor=actor)
    assert not isinstance(claimed, Problem)
    assert claimed.claimed_by == people[1]

    done = [Completion(task.id, {"seen": True})]
    (first,) = shop.database.write(lambda tx: complete_tasks(tx, done, roles={"approver"}), actor=actor)
    (again,) = shop.database.write(lambda tx: complete_tasks(tx, done, roles={"approver"}), actor=actor)

    assert not isinstance(first, Problem)
    assert (first.status, first.outcome) == ("done", {"seen": True})
    assert code(again) == "orchestration.task_over"
    shop.turn()
    # completed without a decision: the order is asked again, and a new task opens
    assert shop.all("select status from user_task order by opened_at, id") == [("done",), ("open",)]
