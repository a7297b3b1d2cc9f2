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

from tradewind.approvals.queries import approved_hashes
from tradewind.credit.decide import grant
from tradewind.credit.model import Answer, CreditDelta, Need
from tradewind.fulfilment.decide import Lane, Sourcing
from tradewind.inventory.decide import promise_from_inbound
from tradewind.inventory.model import Claim, Delta
from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.commands.steps import Call, Step
from tradewind.orders.decide import approval_hash, blockers, take_stock
from tradewind.orders.model import Hold
from tradewind.semantics.model import ZERO, Finding, Take
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
    """What one order gets: credit or not, whether somebody must approve it, and goods from where."""

    credit: Answer
    credit_add: Decimal
    approval: bool
    hash: bytes
    groups: tuple[GroupPlan, ...]


def load(tx: Tx, workset: OrderWorkset, calls: Sequence[Call], looked: Any) -> dict[UUID, set[bytes]]:
    """The hashes for which somebody approved these orders."""
    read_billed(tx, workset.of(call.subject_id for call in calls))
    wanted = [
        work.id
        for work in workset.of(call.subject_id for call in calls)
        if work.account.approval_above is not None and not work.fresh
    ]
    return approved_hashes(tx, wanted)


def decide(workset: OrderWorkset, calls: Sequence[Call], approved: dict[UUID, set[bytes]]) -> list[dict[str, Any]]:
    """A `Plan` for each order, in the order the orders came; all of them share the shelves."""
    works = workset.of(call.subject_id for call in calls)
    shelves = workset.shelves
    needs = [_need(work, shelves.paths.get(work.account.id, ())) for work in works]
    credit = {answer.order_id: answer for answer in grant(needs, shelves.nodes)}
    sources = settled_sources(workset, works)
    short = [demand for work in works for group in work.groups for demand in sources[work.id, group.group_no].short]
    promises: dict[tuple[UUID, int], list[Take]] = {}
    for take in promise_from_inbound(short, inbound_with_own(workset, works)):
        promises.setdefault((take.order_id, take.line_no), []).append(take)
    return [
        {"plan": _plan(workset, work, sources, promises, credit=credit[work.id], wanted=need.amount, approved=approved)}
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
    approved: dict[UUID, set[bytes]],
) -> Plan:
    above = work.account.approval_above
    digest = b""
    if above is not None and work.totals.total > above:
        digest = approval_hash(work.header.content_hash, prices=work.unit_prices(), terms=work.header.terms_code)
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
    needed = bool(digest) and digest not in approved.get(work.id, ())
    return Plan(credit, wanted if credit.granted else ZERO, needed, digest, groups)


def _need(work: OrderWork, nodes: tuple[UUID, ...]) -> Need:
    """What the order wants on top of the credit it has taken; an order without anything left wants none."""
    alive = any(one.quantities.cancelled < one.quantities.ordered for one in work.lines) or not work.lines
    wanted = (
        max(work.totals.total - work.billed - work.credit_taken, ZERO) if alive and work.confirmed_at is None else ZERO
    )
    return Need(work.id, nodes, wanted, work.header.currency)


def apply(tx: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take what the plan gives; open and close credit and approval holds; say what stands in the way."""
    answers: list[dict[str, Any]] = []
    dates = workset.shelves.supply_dates()
    for call, outcome in zip(calls, outcomes, strict=True):
        work, plan = workset.orders[call.subject_id], outcome["plan"]
        _settle_credit(tx, workset, work, plan)
        _settle_approval(tx, work, plan)
        held = [hold for hold in work.holds if hold.blocks("confirm")]
        firm = not held
        expires = None if firm else tx.now + timedelta(hours=work.account.reserve_hours)
        for group in plan.groups:
            _take_group(workset, work, group, firm=firm, expires=expires, dates=dates, now=tx.now)
        if firm:
            _make_firm(workset, work)
        elif work.version > 1:
            make_soft(workset, work, expires=expires)
        work.decisions["sourcing"] = {str(group.group_no): group.sourcing.reason for group in plan.groups}
        work.decisions["credit"] = plan.credit.reason
        nothing_left = bool(work.lines) and all(
            one.quantities.cancelled == one.quantities.ordered for one in work.lines
        )
        approval = any(hold.kind == "approval" for hold in held)
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
            }
        )
    return answers


def _settle_credit(tx: Tx, workset: OrderWorkset, work: OrderWork, plan: Plan) -> None:
    open_holds = [
        hold
        for hold in work.holds
        if hold.kind == "credit" and hold.code == "credit.over_limit" and hold.released_at is None
    ]
    if work.version > 1:
        return_credit(workset, work, excess_credit(work))
    if plan.credit.granted:
        for hold in open_holds:
            work.close_hold(hold, "The limit has room again.", tx.now)
        if plan.credit_add:
            work.credit_taken += plan.credit_add
            work.touched = True
            workset.shelves.add_credit(work.account.id, CreditDelta(open_orders=plan.credit_add))
        return
    if not open_holds:
        finding = Finding(
            "credit.over_limit",
            "hold",
            "over the credit limit",  # buyers read it, and the limit may be their parent's: figures are in the detail
            hold_kind="credit",
            detail={"reason": plan.credit.reason, "short_by": str(plan.credit.short_by)},
        )
        work.findings.append(finding)
        work.open_hold(
            Hold(tx.ids.new(), "order", "credit", finding.code, finding.message, tx.now, detail=finding.as_json())
        )


def _settle_approval(tx: Tx, work: OrderWork, plan: Plan) -> None:
    open_holds = [hold for hold in work.holds if hold.kind == "approval" and hold.released_at is None]
    if plan.approval and not open_holds:
        finding = Finding(
            "approvals.needed",
            "hold",
            f"orders above {work.account.approval_above} need an approval",
            hold_kind="approval",
        )
        work.findings.append(finding)
        work.open_hold(
            Hold(
                tx.ids.new(),
                "order",
                "approval",
                finding.code,
                finding.message,
                tx.now,
                detail={"hash": plan.hash.hex()},
            )
        )
    elif not plan.approval:
        for hold in open_holds:
            work.close_hold(hold, "Approved.", tx.now)


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
        note_promise(work, one, plan.lanes, dates=dates, now=now)


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
        base = Claim(
            work.id,
            one.line.line_no,
            work.next_claim_no(one.line.line_no),
            work.account.id,
            take.product_id,
            take.site_id,
            take.qty,
            "promised",
            take.supply_id,
        )
        if take.supply_id is not None:
            work.add_claim(base)
            workset.shelves.add_promised(take.supply_id, take.qty)
            continue
        work.add_claim(replace(base, state=state, expires_at=expires))
        workset.shelves.add_stock(
            take.product_id, take.site_id, Delta(allocated=take.qty) if firm else Delta(reserved=take.qty)
        )
        got += take.qty
    one.move(take_stock(one.quantities, got, firm=firm, backorder=True))


def note_promise(
    work: OrderWork, one: LineWork, lanes: dict[UUID, Lane], *, dates: dict[UUID, datetime], now: datetime
) -> None:
    """The dated schedule of a line: each piece with its quantity, its date at the ship-to, and where it comes from."""
    requested = work.group(one.line.group_no).requested_at
    pieces: list[dict[str, Any]] = []
    last: datetime | None = None
    covered = ZERO
    for claim in work.claims_of(one.line.line_no):
        if claim.state not in ("reserved", "allocated", "released", "promised"):
            continue
        lane = lanes.get(claim.site_id)
        start = dates.get(claim.supply_id, now) if claim.supply_id else now
        ready = start + timedelta(days=lane.transit_days if lane else 0)
        at = max(ready, requested or ready)
        piece = {
            "qty": str(claim.qty),
            "at": at.isoformat(),
            "from": "inbound" if claim.supply_id else "stock",
            "site": lane.code if lane else None,
        }
        if claim.supply_id:  # the backorder crank dates a promise anew when its supply has another date than this
            piece |= {"supply": str(claim.supply_id), "due": start.isoformat()}
        pieces.append(piece)
        last = at if last is None else max(last, at)
        covered += claim.qty
    rest = one.quantities.ordered - one.quantities.cancelled - one.quantities.shipped - covered
    if rest > 0 and one.line.stocked:
        pieces.append({"qty": str(rest), "at": None, "from": "unknown", "site": None})
        last = None
    one.promise_anew(pieces, last)


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
