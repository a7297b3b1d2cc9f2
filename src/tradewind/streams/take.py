"""Steps `orders.take` and `orders.give_back`: headroom and stock are taken at assessment, firmly where nothing is in the way,
softly and with an expiry where somebody still has to decide, so that a pending approval neither oversells nor sits on stock
for ever. Every path that revives demand comes through here and asks again (C2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from tradewind.calendars.model import Calendars
from tradewind.credit.model import Answer, CreditDelta
from tradewind.fulfilment.decide import Lane, Sourcing
from tradewind.inventory.decide import promise_from_inbound
from tradewind.inventory.model import Claim, Delta
from tradewind.kernel.money import plain
from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.commands.steps import Call, Step
from tradewind.orders.decide import blockers, take_stock
from tradewind.semantics.model import ZERO, Take
from tradewind.streams.approval_need import (
    NEEDED,
    ApprovalPlan,
    Known,
    assess_need,
    deadlines,
    load_needs,
    note_request,
    settle_hold,
)
from tradewind.streams.credit_check import ask, read_facts, settle_credit
from tradewind.streams.credit_part import keep_parts, part_excess
from tradewind.streams.dates import arrival, check_dates, not_sooner
from tradewind.streams.governed_goods import look_sites
from tradewind.streams.governed_take import note_over
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset
from tradewind.streams.revived import excess_credit, make_soft, read_billed, returnable_credit
from tradewind.streams.sources import inbound_with_own, lanes_of, settled_sources


@value(frozen=True, slots=True)
class GroupPlan:
    """What one delivery group gets."""

    group_no: int
    sourcing: Sourcing
    promised: tuple[Take, ...]
    lanes: dict[UUID, Lane]


@value(frozen=True, slots=True)
class Plan:
    """What one order gets: credit or not, who must approve it, and goods from where."""

    credit: Answer
    credit_asked: Decimal
    credit_add: Decimal
    approval: ApprovalPlan | None
    groups: tuple[GroupPlan, ...]


def load(tx: Tx, workset: OrderWorkset, calls: Sequence[Call], looked: Any) -> Known | None:
    """What approvals these orders may need."""
    works = workset.of(call.subject_id for call in calls)
    read_billed(tx, works)
    look_sites(tx, workset, workset.shelves.lanes)
    return load_needs(tx, workset, works)


def decide(workset: OrderWorkset, calls: Sequence[Call], known: Known | None) -> list[dict[str, Any]]:
    """A `Plan` for each order, in the order the orders came; all of them share the shelves."""
    works = workset.of(call.subject_id for call in calls)
    needs, credit = ask(workset, works)
    sources = settled_sources(workset, works)
    short = [demand for work in works for group in work.groups for demand in sources[work.id, group.group_no].short]
    promises: dict[tuple[UUID, int], list[Take]] = {}
    for take in promise_from_inbound(short, inbound_with_own(workset, works)):
        promises.setdefault((take.order_id, take.line_no), []).append(take)
    return [
        {"plan": _plan(workset, work, sources, promises, credit=credit[work.id], wanted=need.amount, known=known)}
        for work, need in zip(works, needs, strict=True)
    ]


def _plan(
    workset: OrderWorkset,
    work: OrderWork,
    sources: dict[tuple[UUID, int], Sourcing],
    promises: dict[tuple[UUID, int], list[Take]],
    *,
    credit: Answer,
    wanted: Decimal,
    known: Known | None,
) -> Plan:
    groups = tuple(
        GroupPlan(
            group.group_no,
            sources[work.id, group.group_no],
            tuple(
                take
                for one in (work.lines_of(group.group_no) if promises else ())
                for take in promises.get((work.id, one.line.line_no), ())
            ),
            {lane.site_id: lane for lane in lanes_of(workset, work, group.group_no)},
        )
        for group in work.groups
    )
    approval = assess_need(workset, work, known, credit=credit, wanted=wanted)
    taken = wanted if credit.granted and not (approval is not None and approval.idle) else ZERO
    return Plan(credit, wanted, taken, approval, groups)


def apply(tx: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take what the plan gives; open and close credit and approval holds; say what stands in the way."""
    answers: list[dict[str, Any]] = []
    dates = workset.shelves.supply_dates()
    denied = [
        workset.orders[call.subject_id]
        for call, one in zip(calls, outcomes, strict=True)
        if not one["plan"].credit.granted
    ]
    facts = read_facts(tx, workset.shelves, {work.account.id for work in denied})
    for call, outcome in zip(calls, outcomes, strict=True):
        work, plan = workset.orders[call.subject_id], outcome["plan"]
        if work.version > 1:
            keep_parts(tx, work)
            return_credit(workset, work, max(excess_credit(work), part_excess(work)))
        settle_credit(tx, workset, work, plan.credit, add=plan.credit_add, asked=plan.credit_asked, facts=facts)
        if plan.credit.over and plan.credit_add:
            note_over(workset, work, plan.credit)
        settle_hold(tx, work, plan.approval)
        held = [hold for hold in work.holds if hold.blocks("confirm")]
        firm = not held
        expires = None if firm else tx.now + timedelta(hours=work.account.reserve_hours)
        for group in () if plan.approval is not None and plan.approval.idle else plan.groups:
            _take_group(workset, work, group, firm=firm, expires=expires, dates=dates, now=tx.now)
        if firm:
            _make_firm(workset, work)
        elif work.version > 1:
            make_soft(workset, work, expires=expires)
        check_dates(tx, workset, work)
        work.decisions["sourcing"] = {str(group.group_no): group.sourcing.reason for group in plan.groups}
        work.decisions["credit"] = plan.credit.reason
        if workset.governed is not None and work.id in workset.governed.risks:
            score, reasons = workset.governed.risks[work.id]
            work.decisions["risk"] = {"score": plain(score), "reasons": reasons}
        nothing_left = bool(work.lines) and all(
            one.quantities.cancelled == one.quantities.ordered for one in work.lines
        )
        approval = any(hold.code == NEEDED for hold in held)
        request = (
            None if plan.approval is None else note_request(tx, workset, work, plan.approval, available=_had(plan))
        )
        if held and not nothing_left:
            workset.say(
                work,
                "order.held",
                {
                    "number": work.header.number,
                    "status": work.compute_status(),
                    "total": str(work.totals.total),
                    "holds": [
                        {"kind": hold.kind, "code": hold.code, "reason": hold.reason, "line": hold.line_no}
                        for hold in held
                    ],
                },
            )
        answers.append(
            {
                "nothing_left": nothing_left,
                "approval_needed": approval,
                "held": bool(held) and not approval,
                "reserved_until": expires,
                **(deadlines(request, tx.now) if approval and request is not None else {}),
            }
        )
    return answers


def _had(plan: Plan) -> dict[UUID, Decimal] | None:
    """What the order would have got of each product, where nothing is taken for it while it waits."""
    if plan.approval is None or not plan.approval.idle:
        return None
    found: dict[UUID, Decimal] = {}
    for group in plan.groups:
        for take in group.sourcing.takes:
            found[take.product_id] = found.get(take.product_id, ZERO) + take.qty
    return found


def _take_group(
    workset: OrderWorkset,
    work: OrderWork,
    plan: GroupPlan,
    *,
    firm: bool,
    expires: datetime | None,
    dates: dict[UUID, datetime],
    now: datetime,
) -> None:
    of_line: dict[int, list[Take]] = {}
    for take in (*plan.sourcing.takes, *plan.promised):
        of_line.setdefault(take.line_no, []).append(take)
    for one in work.lines_of(plan.group_no):
        if one.quantities.open <= 0:
            continue
        if not one.line.stocked:
            if firm:
                one.move(take_stock(one.quantities, one.quantities.open, firm=True, backorder=False))
            continue
        if blockers(work.holds, "allocate", group_no=plan.group_no, line_no=one.line.line_no):
            continue
        free_claims(
            workset,
            work,
            [claim for claim in work.claims_of(one.line.line_no) if claim.state == "promised"],
            backorder=True,
        )
        take_for_line(workset, work, one, of_line.get(one.line.line_no, ()), firm=firm, expires=expires)
        note_promise(work, one, plan.lanes, dates=dates, now=now, calendars=workset.calendars)


def take_for_line(
    workset: OrderWorkset,
    work: OrderWork,
    one: LineWork,
    takes: Sequence[Take],
    *,
    firm: bool,
    expires: datetime | None,
) -> None:
    """Give a line its pieces of stock and of goods on their way; what is still open waits for goods."""
    got = ZERO
    state: Literal["allocated", "reserved"] = "allocated" if firm else "reserved"
    for take in takes:
        is_coming = take.supply_id is not None
        work.add_claim(
            Claim(
                work.id,
                one.line.line_no,
                work.next_claim_no(one.line.line_no),
                work.account.id,
                take.product_id,
                take.site_id,
                take.qty,
                "promised" if is_coming else state,
                take.supply_id,
                None if is_coming else expires,
            )
        )
        if take.supply_id is not None:
            workset.shelves.add_promised(take.supply_id, take.qty)
            continue
        workset.shelves.add_stock(
            take.product_id, take.site_id, Delta(allocated=take.qty) if firm else Delta(reserved=take.qty)
        )
        got += take.qty
    one.move(take_stock(one.quantities, got, firm=firm, backorder=True))


def note_promise(
    work: OrderWork,
    one: LineWork,
    lanes: dict[UUID, Lane],
    *,
    dates: dict[UUID, datetime],
    now: datetime,
    calendars: Calendars | None = None,
) -> None:
    """The dated schedule of a line: each piece with its quantity, its date at the ship-to, and where it comes from."""
    group = work.group(one.line.group_no)
    requested = group.wished_at
    pieces: list[dict[str, Any]] = []
    last: datetime | None = None
    covered, undated = ZERO, False
    for claim in work.claims_of(one.line.line_no):
        if claim.state not in ("reserved", "allocated", "released", "promised"):
            continue
        lane = lanes.get(claim.site_id)
        start = dates.get(claim.supply_id, now) if claim.supply_id else now
        ready: datetime | None = start + timedelta(days=lane.transit_days if lane else 0)
        if calendars is not None and lane is not None:
            ready = arrival(calendars, work, group, lane, start)
            at = ready and not_sooner(calendars, work, group, ready)
        else:
            at = ready if requested is None or ready is None else max(ready, requested)
        piece: dict[str, Any] = {
            "qty": plain(claim.qty),
            "at": at and at.isoformat(),
            "from": "inbound" if claim.supply_id else "stock",
            "site": lane.code if lane else None,
        }
        if claim.supply_id:  # the backorder crank dates a promise anew when its supply has another date than this
            piece |= {"supply": str(claim.supply_id), "due": start.isoformat()}
        pieces.append(piece)
        undated = undated or at is None
        last = at if last is None or at is None else max(last, at)
        covered += claim.qty
    rest = one.quantities.ordered - one.quantities.cancelled - one.quantities.shipped - covered
    if rest > 0 and one.line.stocked:
        pieces.append({"qty": plain(rest), "at": None, "from": "unknown", "site": None})
        last = None
    one.promise_anew(pieces, None if undated else last)


def _make_firm(workset: OrderWorkset, work: OrderWork) -> None:
    """Soft reservations become allocations."""
    for claim in work.open_claims("reserved"):
        one = work.line(claim.line_no)
        firm = replace(
            one.quantities, reserved=one.quantities.reserved - claim.qty, allocated=one.quantities.allocated + claim.qty
        )
        one.move(firm)
        work.change_claim(claim, state="allocated", expires_at=None)
        workset.shelves.add_stock(claim.product_id, claim.site_id, Delta(reserved=-claim.qty, allocated=claim.qty))


def give_back(
    tx: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A reservation is over: stock and credit go back; the order waits on without them."""
    for call in calls:
        work = workset.orders[call.subject_id]
        freed = free_claims(workset, work, work.open_claims("reserved", "promised"), backorder=True)
        return_credit(workset, work, returnable_credit(work))
        workset.say(
            work,
            "order.reservation_over",
            {"number": work.header.number, "products": sorted(map(str, freed))},
            objects=[("product", product, "freed") for product in sorted(freed)],
        )
    return [{} for _ in calls]


def free_claims(workset: OrderWorkset, work: OrderWork, claims: Iterable[Claim], *, backorder: bool) -> set[UUID]:
    """End claims that were not released: their units are open again; gives the products whose stock became free."""
    freed: set[UUID] = set()
    for claim in list(claims):
        one = work.line(claim.line_no)
        work.change_claim(claim, state="ended", expires_at=None)
        if claim.state == "promised":
            assert claim.supply_id is not None
            workset.shelves.add_promised(claim.supply_id, -claim.qty)
            continue
        changes = {
            claim.state: getattr(one.quantities, claim.state) - claim.qty,
            "open": one.quantities.open + claim.qty,
        }
        waiting = one.quantities.backordered + (claim.qty if backorder else ZERO)
        one.move(replace(one.quantities, **changes, backordered=waiting))
        delta = Delta(reserved=-claim.qty) if claim.state == "reserved" else Delta(allocated=-claim.qty)
        workset.shelves.add_stock(claim.product_id, claim.site_id, delta)
        freed.add(claim.product_id)
    return freed


def return_credit(workset: OrderWorkset, work: OrderWork, amount: Decimal) -> None:
    """Headroom goes back to every node above the account."""
    if amount:
        work.credit_taken -= amount
        work.touched = True
        workset.shelves.add_credit(work.account.id, CreditDelta(open_orders=-amount))


def no_decision(workset: OrderWorkset, calls: Sequence[Call], facts: Any) -> list[dict[str, Any]]:
    """A step that does one thing whatever the facts."""
    return [{} for _ in calls]


TAKE = Step(name="orders.take", load=load, decide=decide, apply=apply, locks=frozenset({"credit", "supply", "stock"}))
GIVE_BACK = Step(
    name="orders.give_back", decide=no_decision, apply=give_back, locks=frozenset({"credit", "supply", "stock"})
)
