"""What approvals cost those who have none: nothing, not a statement (the hot path stays as it is)."""

from decimal import Decimal
from uuid import UUID

from emitted_sql import RecordingDatabase
from shop import Shop
from tradewind.approvals.commands.policies import draft_policy, publish_policy
from tradewind.approvals.decide import read_condition
from tradewind.approvals.model import Condition, Policy, Seat, Tier
from tradewind.approvals.queries.policies import PolicyRow
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.kernel.tx import SYSTEM, Tx
from tradewind.semantics.model import DraftLine, OrderDraft


def statements(shop: Shop, account: str, *, times: int = 1) -> list[list[str]]:
    """The statements that placing a ten-line order emits, each time."""
    database = RecordingDatabase(shop.url, clock=shop.clock)
    lines = tuple(DraftLine(number, "TEA", Decimal(1)) for number in range(1, 11))
    emitted: list[list[str]] = []
    for _ in range(times):
        database.transactions.clear()
        database.write(lambda tx: place(tx, [Submission(OrderDraft(account, lines), SYSTEM)]))
        emitted.append([one for statements in database.transactions for one in statements])
    database.close()
    return emitted


def about_approvals(emitted: list[str]) -> list[str]:
    return [one for one in emitted if "approval_policy" in one or "approval_request" in one or " approval " in one]


def rule_for(shop: Shop, account_id: UUID) -> None:
    read = read_condition("total > 100000")
    assert isinstance(read, Condition)
    policy = Policy(None, "P", 0, "P", "buyer", read, (Tier("T", 1, (Seat(role="buyer"),)),), account_id=account_id)

    def publish(tx: Tx) -> None:
        made = draft_policy(tx, policy, "total > 100000")
        assert isinstance(made, PolicyRow)
        assert made.policy.id is not None
        publish_policy(tx, made.policy.id, alone=True)

    shop.database.write(publish)


def test_without_a_policy_no_statement_asks_about_approvals(shop):
    (emitted,) = statements(shop, "ALMA")

    assert about_approvals(emitted) == []


def test_policies_of_others_are_read_once_and_add_no_statement_after_that(shop):
    before = statements(shop, "ALMA", times=2)[1]
    rule_for(shop, shop.id["bela"])

    first, second = statements(shop, "ALMA", times=2)

    assert len(about_approvals(first)) == 1
    assert about_approvals(second) == []
    assert len(second) == len(before)


def test_an_own_policy_that_is_not_met_adds_no_statement_either(shop):
    rule_for(shop, shop.id["alma"])

    _, second = statements(shop, "ALMA", times=2)

    assert about_approvals(second) == []
    assert shop.one("select count(*) from approval_request") == (0,)


def test_a_legal_entity_that_is_new_has_the_rules_there_are(shop):
    rule_for(shop, shop.id["alma"])
    shop.database.write(lambda tx: tx.run(
        "with e as (insert into legal_entity (id, code, name, country, currency) values (gen_random_uuid(), 'AT01', 'New', 'AT', 'EUR') "
        "returning id) update account set legal_entity_id = e.id from e where code = 'ALMA'"
    ))  # fmt: skip

    first, _ = statements(shop, "ALMA", times=2)

    assert len(about_approvals(first)) == 1
