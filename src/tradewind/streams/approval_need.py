"""Which approvals orders need: asked at assessment, frozen as a request, carried over changes as far as they still count.

A request belongs to one content of an order (its hash). The same content is never asked twice; another content gets a request
of its own, on to which approvals are carried whose bound parts did not change for the worse. Accounts without a policy and
without an amount of their own cost nothing here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from tradewind.approvals.commands.requests import Opening
from tradewind.approvals.decide import applies, carry_votes, implied_policy, require, standing
from tradewind.approvals.model import Flow, Patience, Policy, Request, Requirement, Vote
from tradewind.approvals.queries.policies import policies_in_force
from tradewind.approvals.queries.requests import flows_of, requesters_of
from tradewind.credit.model import Answer, Node
from tradewind.kernel.tx import Reader, Tx
from tradewind.orchestration.model import CalendarTime, no_calendars
from tradewind.orders.decide import approval_hash
from tradewind.orders.model import Hold
from tradewind.semantics.model import ZERO, Finding
from tradewind.streams.approval_facts import Fetched, content_of, facts_of, fetch, live, picture_of
from tradewind.streams.governed_take import approvals_of, look_terms
from tradewind.streams.language import read_expression
from tradewind.streams.order_work import OrderWork, OrderWorkset

NEEDED, EXPIRED = "approvals.needed", "approvals.expired"
CHANGED = "The order was changed."


@dataclass(slots=True)
class Known:
    """What asking needs: the policies that apply to each order, what was asked of it before, and what the policies read."""

    policies: dict[UUID, list[Policy]] = field(default_factory=dict)
    flows: dict[UUID, Flow] = field(default_factory=dict)
    requesters: dict[UUID, set[UUID]] = field(default_factory=dict)
    fetched: Fetched = field(default_factory=Fetched)


@dataclass(frozen=True, slots=True)
class ApprovalPlan:
    """What an order needs now. `current` is the request that stands; without one, `requirement` is asked with the approvals in
    `carried`, and `lost` says by tier what voided the others."""

    content_hash: bytes
    requirement: Requirement
    current: Request | None = None
    request_no: int = 1
    carried: tuple[tuple[Vote, frozenset[int]], ...] = ()
    lost: tuple[tuple[int, tuple[str, ...]], ...] = ()

    @property
    def complete(self) -> bool:
        """Nobody needs to decide."""
        if self.current is not None:
            return self.current.status == "approved"
        votes = [Vote(vote.id, vote.person, vote.voice, tiers) for vote, tiers in self.carried]
        return len(standing(self.requirement.tiers, votes).complete) == len(self.requirement.tiers)

    @property
    def expired(self) -> bool:
        """It was asked in vain; somebody must ask anew."""
        return self.current is not None and self.current.status == "expired"

    @property
    def idle(self) -> bool:
        """Nothing is taken for the order while it waits."""
        pending = self.requirement.pending if self.current is None else self.current.pending
        return self.expired or (not self.complete and pending == "recheck")


def hash_of(work: OrderWork) -> bytes:
    """What approvals of the order as it is bind to: what lives of it, its prices and terms."""
    return _hash(work, [(one.line.line_no, one.quantities.cancelled) for one in work.lines if one.line.qty])


def _hash(work: OrderWork, cut: Iterable[tuple[int, Decimal]]) -> bytes:
    header = work.header
    return approval_hash(header.content_hash, prices=work.unit_prices(), terms=header.terms_code, cut=cut)


def load_needs(reader: Reader, workset: OrderWorkset, works: Sequence[OrderWork]) -> Known | None:
    """What asking about these orders needs; None (and no statement) where no policy can apply to any of them."""
    epoch = max((work.account.approval_epoch for work in works), default=0)
    known, governed = Known(), look_terms(reader, workset, works)
    for work in works:
        account = work.account
        found = []
        if account.approval_epoch:
            book = policies_in_force(reader, epoch)
            found = book.of(account.ancestors, account.legal_entity_id, reader.now)
        if account.approval_above is not None:
            found.append(implied_policy(account.approval_above))
        # what was asked before is looked at again, whatever became of the policies
        ruled = governed is not None and governed.tables("order.approval", work, work.lines)
        if found or ruled or any(hold.kind == "approval" for hold in work.holds):
            known.policies[work.id] = found
    if not known.policies:
        return None
    known.flows = flows_of(reader, [work.id for work in works if work.id in known.policies and not work.fresh])
    asked = {
        order_id: policies
        for order_id, policies in known.policies.items()
        if not _stands(known.flows.get(order_id), workset.orders[order_id])
    }
    known.fetched = fetch(reader, workset, asked)
    known.fetched.risks = governed.risks if governed is not None else {}
    again = [order_id for order_id in asked if order_id in known.flows]
    known.requesters = requesters_of(reader, again)
    if again and isinstance(reader, Tx):
        _note_changers(reader, workset, known.requesters)
    return known


def _note_changers(tx: Tx, workset: OrderWorkset, requesters: dict[UUID, set[UUID]]) -> None:
    """Whoever changes an order in this very transaction does not approve it either: the log does not have it yet."""
    for event, actor in [*tx.events, *((event, actor or tx.actor) for event, actor in workset.events)]:
        if event.type == "order.changed" and actor.principal_id is not None:
            requesters.setdefault(event.subject_id, set()).add(actor.principal_id)


def _stands(flow: Flow | None, work: OrderWork) -> bool:
    """Whether what was asked last is about the order as it is."""
    if flow is None or flow.request.status not in ("waiting", "approved", "expired"):
        return False
    request = flow.request
    # cancelled units make less of the same content: what waits is asked again and may need less, what was approved stands
    if request.status == "waiting" and work.totals.total != Decimal(request.snapshot["total"]):
        return False
    return request.content_hash == hash_of(work) or _is_less(request, work)


def _is_less(request: Request, work: OrderWork) -> bool:
    """Whether the order is what was asked, but for units that were cancelled since."""
    if work.totals.total > Decimal(request.snapshot["total"]) or "lines" not in request.snapshot:
        return False
    asked = {one["line"]: Decimal(one["left"]) for one in request.snapshot["lines"]}
    cut: list[tuple[int, Decimal]] = []
    for one in work.lines:
        if one.line.qty:
            units, then = one.quantities, asked.get(one.line.line_no, ZERO)
            if units.ordered - units.cancelled > then:
                return False
            cut.append((one.line.line_no, max(units.ordered - then, ZERO)))
    # before cancelled units were part of it the hash was that of the order without a cut
    return request.content_hash in (_hash(work, cut), _hash(work, ()))


def assess_need(
    workset: OrderWorkset, work: OrderWork, known: Known | None, *, credit: Answer, wanted: Decimal
) -> ApprovalPlan | None:
    """What the order needs as it is now, and which approvals given before still count; None where nothing was ever needed.

    Pure. `credit` and `wanted`: the answer of the limit and the amount that was asked of it.
    """
    if known is None or work.id not in known.policies or (work.lines and not live(work)):
        return None  # nobody is asked about an order of which nothing is left
    flow, digest = known.flows.get(work.id), hash_of(work)
    if flow is not None and _stands(flow, work):
        return ApprovalPlan(flow.request.content_hash, Requirement(flow.request.tiers), flow.request)
    facts = facts_of(work, known.fetched, credit=credit, wanted=wanted, nodes=_nodes(workset, work))
    policies = [*known.policies[work.id], *approvals_of(workset, work)]
    requirement = require(facts, content_of(work, known.fetched), policies)
    if flow is None:
        return ApprovalPlan(digest, requirement) if requirement.tiers else None
    requesters = known.requesters.get(work.id, set())
    given = [one for one in flow.earlier if one[0].own_orders or not requesters & {one[1].person, one[1].voice}]
    carried, lost = carry_votes(given, requirement.tiers, total=work.totals.total)
    had = {
        (tier.policy, tier.version, tier.tier)
        for tier in flow.request.tiers
        if any(tier.no in vote.tiers for vote in flow.votes)
    }
    lost = {
        tier.no: lost[tier.no]
        for tier in requirement.tiers
        if tier.no in lost and (tier.policy, tier.version, tier.tier) in had
    }
    return ApprovalPlan(
        digest, requirement, None, flow.request.request_no + 1, tuple(carried), tuple(sorted(lost.items()))
    )


def needs_now(
    reader: Reader, workset: OrderWorkset, works: Sequence[OrderWork], *, extra: Sequence[Policy] = ()
) -> dict[UUID, Requirement]:
    """What orders would need if they were asked now, whatever was asked before; policies in `extra` take the place of those of
    the same code. For a look, never for a commitment."""
    epoch = max((work.account.approval_epoch for work in works), default=0)
    book = policies_in_force(reader, epoch)
    codes = {policy.code for policy in extra}
    policies: dict[UUID, list[Policy]] = {}
    for work in works:
        account = work.account
        found = book.of(account.ancestors, account.legal_entity_id, reader.now) if account.approval_epoch else []
        tried = [
            one
            for one in extra
            if applies(
                replace(one, valid_from=None, valid_to=None),
                ancestors=account.ancestors,
                legal_entity_id=account.legal_entity_id,
                now=reader.now,
            )
        ]
        policies[work.id] = [*(one for one in found if one.code not in codes), *tried]
        if work.account.approval_above is not None:
            policies[work.id].append(implied_policy(work.account.approval_above))
    governed = look_terms(reader, workset, works)
    fetched = fetch(reader, workset, policies)
    fetched.risks = governed.risks if governed is not None else {}
    needed: dict[UUID, Requirement] = {}
    for work in works:
        short = any(hold.code == "credit.over_limit" and hold.released_at is None for hold in work.holds)
        wanted = max(work.totals.total - work.credit_taken, ZERO)
        credit = Answer(work.id, granted=not short, reason="as it stands", short_by=wanted if short else ZERO)
        facts = facts_of(work, fetched, credit=credit, wanted=wanted, nodes=_nodes(workset, work))
        wanted_of = [*policies[work.id], *approvals_of(workset, work)]
        needed[work.id] = require(facts, content_of(work, fetched), wanted_of)
    return needed


def _nodes(workset: OrderWorkset, work: OrderWork) -> list[Node]:
    nodes = workset.shelves.nodes
    return [nodes[node] for node in workset.shelves.paths.get(work.account.id, ()) if node in nodes]


def void_affected(tx: Tx, workset: OrderWorkset, works: Sequence[OrderWork]) -> list[ApprovalPlan]:
    """For orders that a change altered without sending them back to assessment: approvals whose bound parts changed are void,
    the others are carried on to the new content; where some are missing now, a hold stops what is not released yet.

    Gives the plans of those that had or need approvals; the rows are written with the working copy.
    """
    known = load_needs(tx, workset, works)
    plans: list[ApprovalPlan] = []
    for work in works:
        credit = Answer(work.id, granted=True, reason="nothing more is asked")
        plan = assess_need(workset, work, known, credit=credit, wanted=ZERO)
        if plan is not None:
            settle_hold(tx, work, plan)
            note_request(tx, workset, work, plan)
            work.touched = True
            plans.append(plan)
    return plans


def settle_hold(tx: Tx, work: OrderWork, plan: ApprovalPlan | None) -> None:
    """Open or close the approval hold as the plan says; another content's hold makes room for this one's."""
    open_holds = [hold for hold in work.holds if hold.kind == "approval" and hold.released_at is None]
    if plan is None or plan.complete:
        for hold in open_holds:
            work.close_hold(hold, "Approved.", tx.now)
        return
    code, detail = (EXPIRED if plan.expired else NEEDED), {"hash": plan.content_hash.hex()}
    if any(hold.code == code and hold.detail == detail for hold in open_holds):
        return
    for hold in open_holds:
        work.close_hold(hold, CHANGED, tx.now)
    finding = Finding(code, "hold", _sentence(plan), hold_kind="approval")
    work.findings.append(finding)
    work.open_hold(Hold(tx.ids.new(), "order", "approval", code, finding.message, tx.now, detail=detail))


def _sentence(plan: ApprovalPlan) -> str:
    """What buyers read: the seller's reasons are not among it."""
    if plan.expired:
        return "no decision came in time"
    tiers = plan.requirement.tiers
    if len(tiers) == 1 and tiers[0].policy_id is None and tiers[0].side == "buyer":
        return tiers[0].reason.partition(" (")[0]
    own = [tier.name for tier in tiers if tier.side == "buyer"]
    names = [*own, *(["the seller"] if len(own) < len(tiers) else [])]
    return f"needs approval: {', '.join(names)}"


def note_request(
    tx: Tx,
    workset: OrderWorkset,
    work: OrderWork,
    plan: ApprovalPlan,
    *,
    available: Mapping[UUID, Decimal] | None = None,
) -> Request:
    """The request that stands for the order: the one there is, or a new one that is written with the working copy.
    `available`: what the order could have had, by product, where nothing is taken for it while it waits."""
    if plan.current is not None:
        return plan.current
    needed, complete = plan.requirement, plan.complete
    request = Request(
        tx.ids.new(),
        work.id,
        work.account.id,
        plan.request_no,
        plan.content_hash,
        "approved" if complete else "waiting",
        needed.tiers,
        picture_of(work, available=available),
        needed.on_expiry,
        needed.pending,
        tx.now,
        *_dates(tx, needed),
        tx.now if complete else None,
        ("still approved" if needed.tiers else "nothing is needed any more") if complete else None,
    )
    carried = tuple(
        (Vote(tx.ids.new(), vote.person, vote.voice, tiers, vote.cap, vote.carried_from or vote.id), "Still counts after a change.")
        for vote, tiers in plan.carried
    )  # fmt: skip
    workset.asked.append(Opening(request, carried))
    work.decisions["approval"] = [tier.reason for tier in needed.tiers]
    if plan.request_no > 1:
        lost = {str(no): list(changed) for no, changed in plan.lost}
        payload = {
            "number": work.header.number,
            "hash": plan.content_hash.hex(),
            "needed": [tier.name for tier in needed.tiers],
            "carried": len(carried),
            "void": lost,
        }
        workset.say(work, "order.approval_reassessed", payload)
    return request


def _dates(tx: Tx, needed: Requirement) -> tuple[datetime | None, datetime | None, datetime]:
    """When somebody is reminded, when others may decide, and when it is over; of several policies what comes first."""
    own = Patience("", needed.expire_hours, needed.remind_hours, needed.escalate_hours)
    clock = read_expression.calendar_time(tx) if needed.patience else no_calendars
    found = [(one, clock) for one in needed.patience or (own,)]
    reminds = [at for one, by in found if (at := _after(tx.now, one.remind_hours, one.calendar, by))]
    escalates = [at for one, by in found if (at := _after(tx.now, one.escalate_hours, one.calendar, by))]
    expires = [at for one, by in found if (at := _after(tx.now, one.expire_hours, one.calendar, by))]
    return min(reminds, default=None), min(escalates, default=None), min(expires)


def _after(now: datetime, hours: int | None, calendar: str, clock: CalendarTime) -> datetime | None:
    """So many hours on; by a calendar 24 of them are a working day. One that is gone, or never works, counts every hour."""
    if hours is None:
        return None
    span = timedelta(hours=hours)
    return (clock(calendar, now, span) if calendar else None) or now + span


def deadlines(request: Request, now: datetime) -> dict[str, datetime]:
    """The instants the stream waits for beside a decision; one that is over or was not set is the last one."""
    end = request.expires_at
    remind, escalate = (
        moment if moment is not None and now < moment < end else end
        for moment in (request.remind_at, request.escalate_at)
    )
    return {"approval_remind_at": remind, "approval_escalate_at": escalate, "approval_expires_at": end}
