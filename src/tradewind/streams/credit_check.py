"""What credit says of orders: how much they ask, which of them the conduct of their accounts or a prepayment stops, and the hold
that follows, with the figures of its moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tradewind.credit.decide import (
    asked_at_submit,
    conduct_stops,
    grant,
    horizon_of,
    remedies,
    waterfall,
    within_horizon,
)
from tradewind.credit.model import PLAIN, Answer, CreditDelta, Need, Node
from tradewind.credit.queries import codes_of, conduct_of, prepaid_of
from tradewind.kernel.money import minor_digits, percent_of, plain, round_places
from tradewind.kernel.tx import Reader, Tx
from tradewind.orders.model import HOUSE_REASONS, Hold
from tradewind.semantics.model import ZERO, Finding
from tradewind.streams.credit_part import covered, let_through, worth
from tradewind.streams.order_work import OrderWork, OrderWorkset, Shelves

if TYPE_CHECKING:
    from tradewind.streams.governed import CreditTerms

OVER_LIMIT, BLOCKED, PREPAY_DUE = "credit.over_limit", "credit.blocked", "credit.prepay_due"
HELD_BY_RULE = "credit.held_by_rule"
# What the house writes when a hold of credit is over.
OVER_BECAUSE = {
    OVER_LIMIT: "The limit has room again.",
    BLOCKED: "Payments are in order again.",
    PREPAY_DUE: "The money is there.",
    HELD_BY_RULE: "No rule of credit stops it any more.",
}
# Buyers read these, and the limit may be their parent's: figures are in the detail.
_SAYS = {OVER_LIMIT: "over the credit limit", PREPAY_DUE: "waits for its payment"}


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """What the holds that are opened now say beside the locked rows: what is overdue, and what the nodes are called."""

    overdue: Mapping[UUID, Decimal] = field(default_factory=dict)
    codes: Mapping[UUID, str] = field(default_factory=dict)


def read_conduct(reader: Reader, workset: OrderWorkset) -> None:
    """How the accounts at hand pay, where a policy minds, and what is there for those that pay before. Most turns ask nothing."""
    shelves = workset.shelves
    shelves.at = reader.now
    watching = [node for node in shelves.nodes.values() if node.policy.watches]
    if watching:
        shelves.conduct = stops_of(reader, watching)
    before = {work.account.id for work in workset.orders.values() if work.account.prepay_percent}
    if before:
        shelves.prepaid = prepaid_of(reader, before)


def stops_of(reader: Reader, nodes: Iterable[Node]) -> dict[UUID, tuple[str, ...]]:
    """Why the conduct of each tree stops its orders now; nodes whose trees pay as they should are left out."""
    watching = {node.account_id: node for node in nodes if node.policy.watches}
    found = conduct_of(reader, watching.values()) if watching else {}
    stops = {one: tuple(conduct_stops(watching[one], conduct, reader.now)) for one, conduct in found.items()}
    return {one: reasons for one, reasons in stops.items() if reasons}


def ask(workset: OrderWorkset, works: Sequence[OrderWork]) -> tuple[list[Need], dict[UUID, Answer]]:
    """What each order wants of its limits, and the answer: in the order the orders came."""
    shelves = workset.shelves
    terms = workset.governed.terms if workset.governed is not None else {}
    special = any(node.policy is not PLAIN for node in shelves.nodes.values()) or bool(shelves.prepaid or terms)
    needs: list[Need] = []
    asking: list[Need] = []
    stopped: dict[UUID, Answer] = {}
    prepaid = dict(shelves.prepaid)
    for work in works:
        path = shelves.paths.get(work.account.id, ())
        need = need_of(work, path, shelves) if special or work.holds else _plain_need(work, path)
        stop = stop_of(work, need, shelves, prepaid, terms=terms.get(work.id)) if special else None
        needs.append(need)
        if stop is None:
            asking.append(need)
        else:
            stopped[work.id] = stop
    over = workset.governed.over if workset.governed is not None and terms else None
    answers = {answer.order_id: answer for answer in grant(asking, shelves.nodes, over=over)}
    return needs, answers | stopped


def _plain_need(work: OrderWork, path: tuple[UUID, ...]) -> Need:
    """What the order wants on top of the credit it has taken; an order without anything left wants none."""
    alive = any(one.quantities.cancelled < one.quantities.ordered for one in work.lines) or not work.lines
    wanted = (
        max(work.totals.total - work.billed - work.credit_taken, ZERO) if alive and work.confirmed_at is None else ZERO
    )
    return Need(work.id, path, wanted, work.header.currency)


def need_of(work: OrderWork, path: tuple[UUID, ...], shelves: Shelves) -> Need:
    """The same for orders of which only a part counts: what is let through, and within the horizon; nothing where the limit is
    asked only when goods go to a warehouse."""
    if work.confirmed_at is not None or not asked_at_submit(path, shelves.nodes):
        return Need(work.id, path, ZERO, work.header.currency)
    if not any(one.quantities.cancelled < one.quantities.ordered for one in work.lines) and work.lines:
        return Need(work.id, path, ZERO, work.header.currency)
    asked = _within_horizon(work, path, shelves)
    return Need(work.id, path, max(asked - work.billed - work.credit_taken, ZERO), work.header.currency)


def _within_horizon(work: OrderWork, path: tuple[UUID, ...], shelves: Shelves) -> Decimal:
    days = horizon_of(path, shelves.nodes)
    if days is None or shelves.at is None:
        return covered(work)
    at = shelves.at
    near = {group.group_no for group in work.groups if within_horizon(group.release_at or group.requested_at, days, at)}
    if len(near) == len(work.groups):
        return covered(work)
    units = let_through(work)
    return worth(work, {one.line.line_no: units[one.line.line_no] for one in work.lines if one.line.group_no in near})


def waved(work: OrderWork, code: str) -> bool:
    """Whether somebody let the order through although this stopped it; what the house closed itself may stop it again."""
    return any(
        hold.code == code and hold.released_at is not None and hold.release_reason not in HOUSE_REASONS
        for hold in work.holds
    )


def prepay_share(work: OrderWork) -> Decimal:
    """What of an order is to be there before it goes on."""
    share = percent_of(covered(work), work.account.prepay_percent)
    return round_places(share, minor_digits(work.header.currency))


def stop_of(
    work: OrderWork,
    need: Need,
    shelves: Shelves,
    prepaid: dict[UUID, Decimal],
    *,
    terms: "CreditTerms | None" = None,
) -> Answer | None:
    """Why an order does not even come to ask for headroom; keeps what of prepaid money goes to it. `terms`: what a table says."""
    if work.confirmed_at is not None or not covered(work):
        return None
    if terms is not None and terms.decision == "hold" and not waved(work, HELD_BY_RULE):
        return Answer(work.id, granted=False, reason=terms.text, short_by=need.amount, code=HELD_BY_RULE)
    ignored = waved(work, BLOCKED) or (terms is not None and terms.decision == "ignore conduct")
    for node_id in () if ignored else need.nodes:
        if node_id in shelves.conduct and shelves.nodes[node_id].policy.blocks_orders:
            reasons = ", ".join(shelves.conduct[node_id])
            return Answer(work.id, granted=False, reason=reasons, short_by=need.amount, node=node_id, code=BLOCKED)
    if not work.account.prepay_percent or waved(work, PREPAY_DUE):
        return None
    had = percent_of(work.credit_taken, work.account.prepay_percent)
    due = max(prepay_share(work) - had, ZERO)
    free = prepaid.get(work.account.id, ZERO) if need.nodes else ZERO
    if due > free:
        reason = f"{plain(due)} {need.currency} to be paid before, {plain(max(free, ZERO))} is there"
        if not need.nodes:
            reason = "an account that pays before needs a credit limit, if only of 0"
        return Answer(work.id, granted=False, reason=reason, short_by=due - max(free, ZERO), code=PREPAY_DUE)
    prepaid[work.account.id] = free - due
    return None


# ---- the holds that follow ---------------------------------------------------------------------------------------


def read_facts(reader: Reader, shelves: Shelves, accounts: Iterable[UUID]) -> CreditFacts:
    """For orders that are held now, two statements whatever their number; nothing for none."""
    nodes = {one for account_id in accounts for one in shelves.paths.get(account_id, ())}
    if not nodes:
        return CreditFacts()
    found = conduct_of(reader, [shelves.nodes[one] for one in nodes])
    return CreditFacts({one: conduct.overdue for one, conduct in found.items()}, codes_of(reader, nodes))


def settle_credit(
    tx: Tx,
    workset: OrderWorkset,
    work: OrderWork,
    answer: Answer,
    *,
    add: Decimal,
    asked: Decimal,
    facts: CreditFacts,
    seen: Shelves | None = None,
) -> None:
    """Take the headroom that was given and close the holds it answers, or hold the order with the figures of this moment.

    `seen`: the nodes as they are for this order, where others got something of them before."""
    code = None if answer.granted else answer.code
    open_now = [hold for hold in work.holds if hold.released_at is None and hold.code in OVER_BECAUSE]
    for hold in open_now:
        if hold.code != code:
            work.close_hold(hold, OVER_BECAUSE[hold.code], tx.now)
    if code is None:
        take_credit(workset, work, add)
        return
    if not any(hold.code == code for hold in open_now):
        finding = finding_of(work, answer, seen or workset.shelves, asked=asked, facts=facts)
        work.findings.append(finding)
        work.open_hold(Hold(tx.ids.new(), "order", "credit", code, finding.message, tx.now, detail=finding.as_json()))


def take_credit(workset: OrderWorkset, work: OrderWork, amount: Decimal) -> None:
    """The order counts on every node above its account."""
    if amount:
        work.credit_taken += amount
        work.touched = True
        workset.shelves.add_credit(work.account.id, CreditDelta(open_orders=amount))


def finding_of(work: OrderWork, answer: Answer, shelves: Shelves, *, asked: Decimal, facts: CreditFacts) -> Finding:
    """Why an order is held, in words a buyer may read; the waterfall by node and what would release it are in the detail."""
    figures = waterfall(
        shelves.paths.get(work.account.id, ()), shelves.nodes, asked=asked, overdue=facts.overdue, codes=facts.codes
    )
    detail: dict[str, Any] = {
        "reason": answer.reason,
        "short_by": plain(answer.short_by),
        "need": plain(asked),
        "currency": work.header.currency,
        "waterfall": [one.as_json() for one in figures],
        "releases": _releases(work, answer, remedies(figures)),
    }
    message = _SAYS.get(answer.code) or answer.reason
    return Finding(answer.code, "hold", message, hold_kind="credit", detail=detail)


def _releases(work: OrderWork, answer: Answer, found: list[dict[str, str]]) -> list[dict[str, str]]:
    if answer.code == OVER_LIMIT:
        return found
    if answer.code == HELD_BY_RULE:
        return [{"by": "the credit desk", "account": work.account.code}]
    amount = {"amount": plain(answer.short_by), "currency": work.header.currency}
    if answer.code == PREPAY_DUE:
        return [{"by": "payment", "account": work.account.code, **amount}]
    return [{"by": "payment of what is overdue", "account": work.account.code}]
