"""Credit looked at once more before goods go to a warehouse, where a policy above the account wants that (CR2), or where an
order was confirmed without headroom under a policy that is another now.

Asked then: the limit again, headroom for what no check took before (orders beyond the horizon, accounts that are only asked
here), and how the account pays. What does not pass is held; the rest of the set goes on.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.billing.queries import invoiced_totals
from tradewind.credit.decide import after, grant
from tradewind.credit.model import Answer, CreditDelta, Need, Node
from tradewind.credit.queries import let_over
from tradewind.kernel.tx import Reader, Tx
from tradewind.kernel.value import value
from tradewind.orders.model import Hold
from tradewind.semantics.model import ZERO
from tradewind.streams.credit_check import BLOCKED, finding_of, read_facts, take_credit, waved
from tradewind.streams.credit_part import worth
from tradewind.streams.order_work import OrderWork, OrderWorkset, Shelves


@value(frozen=True, slots=True)
class Passed:
    """Whether goods may go, and the headroom they need on top of what their order has."""

    answer: Answer
    add: Decimal

    @property
    def granted(self) -> bool:
        return self.answer.granted


@dataclass(slots=True)
class GateFacts:
    """What was invoiced of the orders, which of them somebody let through above a limit, and what the groups before took in this turn; runs along while groups are asked."""

    billed: Mapping[UUID, Decimal]
    waived: Collection[UUID] = frozenset()
    taken: dict[UUID, Decimal] = field(default_factory=dict)
    gone: dict[UUID, dict[int, Decimal]] = field(default_factory=dict)
    nodes: dict[UUID, Node] = field(default_factory=dict)

    def ask(self, shelves: Shelves, work: OrderWork, units: Mapping[int, Decimal]) -> Passed:
        """Whether so many units of the lines may go to their warehouses."""
        path = shelves.paths.get(work.account.id, ())
        self.nodes = self.nodes or dict(shelves.nodes)
        out = {
            one.line.line_no: one.quantities.released
            + one.quantities.shipped
            + self.gone.get(work.id, {}).get(one.line.line_no, ZERO)
            + units.get(one.line.line_no, ZERO)
            for one in work.lines
        }
        had = work.credit_taken + self.taken.get(work.id, ZERO) + self.billed.get(work.id, ZERO)
        add = max(worth(work, out) - had, ZERO)
        answer = self._stop(shelves, work, path) or self._grant(work, path, add)
        if answer.granted:
            self.taken[work.id] = self.taken.get(work.id, ZERO) + add
            gone = self.gone.setdefault(work.id, {})
            for line_no, qty in units.items():
                gone[line_no] = gone.get(line_no, ZERO) + qty
            for one in path:
                self.nodes[one] = after(self.nodes[one], CreditDelta(open_orders=add))
        return Passed(answer, add)

    def _stop(self, shelves: Shelves, work: OrderWork, path: Sequence[UUID]) -> Answer | None:
        for one in () if work.id in self.waived or waved(work, BLOCKED) else path:
            if one in shelves.conduct and self.nodes[one].policy.blocks_release:
                reason = ", ".join(shelves.conduct[one])
                return Answer(work.id, granted=False, reason=reason, node=one, code=BLOCKED)
        return None

    def _grant(self, work: OrderWork, path: tuple[UUID, ...], add: Decimal) -> Answer:
        if work.id in self.waived:
            return Answer(work.id, granted=True, reason="let through above the limit")
        checked = any(self.nodes[one].policy.checks_release for one in path)
        need = Need(work.id, path, add, work.header.currency, standing=checked)
        return grant([need], self.nodes)[0]


def needs_gate(work: OrderWork) -> bool:
    """Whether credit looks at an order once more: its policy wants that, or it was confirmed without headroom for all of it.

    An order that nothing was billed of holds its whole total, so that most orders are told apart by that alone.
    """
    return work.account.credit_gate or work.credit_taken < work.totals.total


def read_gate(reader: Reader, works: Sequence[OrderWork]) -> GateFacts | None:
    """What the gate needs of the orders that have to pass one; None where none has to."""
    gated = [work.id for work in works if needs_gate(work)]
    return GateFacts(invoiced_totals(reader, gated), let_over(reader, gated)) if gated else None


def settle_gate(tx: Tx, workset: OrderWorkset, asked: Sequence[tuple[OrderWork, dict[str, Any]]]) -> None:
    """Take the headroom that passed groups needed; hold those that did not pass, with the figures of this moment."""
    passing = [(work, outcome) for work, outcome in asked if outcome["gate"] is not None]
    denied = {work.account.id for work, outcome in passing if not outcome["gate"].granted}
    facts = read_facts(tx, workset.shelves, denied)
    for work, outcome in passing:
        passed: Passed = outcome["gate"]
        if passed.granted:
            take_credit(workset, work, passed.add)
            continue
        finding = finding_of(work, passed.answer, workset.shelves, asked=passed.add, facts=facts)
        blocked = passed.answer.code == BLOCKED
        hold = Hold(
            tx.ids.new(),
            "order" if blocked else "group",
            "credit",
            finding.code,
            finding.message,
            tx.now,
            group_no=None if blocked else outcome["group_no"],
            detail=finding.as_json(),
        )
        before = len(work.opened)
        work.open_hold(hold)
        if len(work.opened) > before:
            work.touched = True
            said = {"kind": "credit", "code": hold.code, "reason": hold.reason, "line": None}
            payload = {"number": work.header.number, "status": work.compute_status(), "holds": [said]}
            workset.say(work, "order.held", payload)
