"""On which terms goods come back: policies, what they refuse, and the process that follows a return to its credit note."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from tradewind.accounts.model import Account
from tradewind.accounts.queries import accounts_by_id
from tradewind.billing.model import OpenItem
from tradewind.billing.queries import items_of
from tradewind.catalog.queries import categories_of
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message, post_messages
from tradewind.orchestration.commands.steps import Start
from tradewind.orchestration.commands.streams import latest_versions
from tradewind.orchestration.commands.turns import start_instances
from tradewind.orchestration.commands.waits import live_instances, unread_keys
from tradewind.orders.queries import lines_of
from tradewind.returns.commands import put_return_policy
from tradewind.returns.decide import policy_for, refuse_by
from tradewind.returns.model import Return, ReturnLine, ReturnPolicy
from tradewind.returns.queries import last_policy_version, return_policies
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.returns import MOVED, STREAM

WAIT_DAYS = 30  # where no policy says how long goods are waited for


def store_return_policy(tx: Tx, wanted: ReturnPolicy) -> ReturnPolicy:
    """The next version of a policy; it holds for what is asked for from now on."""
    stored = replace(
        wanted, version=last_policy_version(tx, wanted.code) + 1, valid_from=max(wanted.valid_from, tx.now)
    )
    put_return_policy(tx, stored)
    return stored


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides about the lines of a set of returns; empty where there are no policies, and then nothing is read."""

    policies: Sequence[ReturnPolicy] = ()
    accounts: Mapping[UUID, Account] | None = None
    invoices: Mapping[UUID, OpenItem] | None = None
    categories: Mapping[tuple[UUID, int], str | None] | None = None

    def of(self, account_id: UUID, line: ReturnLine) -> ReturnPolicy | None:
        """The policy of a line."""
        if not self.policies or self.accounts is None or self.categories is None:
            return None
        place = (line.order_id, line.order_line_no)
        category = self.categories.get(place) if place[0] and place[1] else None  # type: ignore[arg-type]
        return policy_for(self.policies, ancestors=self.accounts[account_id].ancestors, category=category)

    def refuse(self, tx: Tx, account_id: UUID, lines: Sequence[ReturnLine]) -> list[Problem]:
        """What does not come back, and why."""
        found: list[Problem] = []
        for index, line in enumerate(lines):
            policy = self.of(account_id, line)
            item = (self.invoices or {}).get(line.invoice_id) if line.invoice_id else None
            if policy is not None and item is not None:
                problem = refuse_by(policy, billed_at=item.issued_at, now=tx.now, where=f"/lines/{index}")
                found += [problem] if problem is not None else []
        return found


def read_terms(tx: Tx, *, accounts: Sequence[UUID], orders: Sequence[UUID], invoices: Sequence[UUID]) -> Terms:
    """The policies that hold now with what they ask about; nothing more is read where there are none."""
    policies = return_policies(tx)
    if not policies:
        return Terms()
    rows = [(order_id, row.line) for order_id, found in lines_of(tx, orders).items() for row in found]
    known = categories_of(tx, {line.product_id for _, line in rows if line.product_id is not None})
    categories = {
        (order_id, line.line_no): known.get(line.product_id) if line.product_id is not None else None
        for order_id, line in rows
    }
    return Terms(policies, accounts_by_id(tx, accounts), items_of(tx, invoices), categories)


def follow_returns(tx: Tx, made: Sequence[Return], terms: Terms) -> None:
    """Begin the process of returns that wait for goods or a credit note."""
    starts = [
        Start(STREAM, "return", one.id, one.account_id, {"return": str(one.id), "wait_days": _wait(one, terms)})
        for one in made
        if one.status == "authorised"
    ]
    if starts:
        start_instances(tx, starts, versions=latest_versions(tx), expressions=read_expression)


def _wait(found: Return, terms: Terms) -> int:
    policies = [policy for line in found.lines if (policy := terms.of(found.account_id, line)) is not None]
    return max((policy.wait_days for policy in policies), default=WAIT_DAYS)


def tell_returns(tx: Tx, ids: Sequence[UUID]) -> None:
    """Let the processes of returns see what happened; a word that nobody read yet is enough."""
    live = live_instances(tx, STREAM, ids)
    unread = unread_keys(tx, MOVED, [str(one) for one in live])
    post_messages(tx, [Message(MOVED, str(one), f"{one}:{tx.ids.new()}") for one in live if str(one) not in unread])
