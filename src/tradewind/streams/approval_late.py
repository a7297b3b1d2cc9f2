"""Steps `approvals.remind` and `approvals.expire`: what happens to orders while, and when, nobody decides on them in time.

A reminder says for whom the order waits; an escalation opens the fallback seats, by time alone. At the end stock and credit go
back, and the order stays held until somebody asks anew, or is cancelled, as its policies say.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tradewind.approvals.commands.requests import end_requests
from tradewind.approvals.decide import standing
from tradewind.approvals.model import Flow
from tradewind.approvals.queries.requests import flows_of
from tradewind.kernel.deliveries import put_deliveries
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.steps import Call, Step
from tradewind.orchestration.commands.waking import wake_waiting
from tradewind.orders.commands import insert_changes, reprice_charges
from tradewind.orders.decide import plan_cut
from tradewind.orders.model import Hold
from tradewind.streams.approval_need import EXPIRED
from tradewind.streams.cancel import cancel_units, read_at_hand
from tradewind.streams.order_work import OrderWork, OrderWorkset
from tradewind.streams.take import give_back

TOO_LATE = "No decision came in time."


def load(tx: Tx, workset: OrderWorkset, calls: Sequence[Call], looked: Any) -> dict[UUID, Flow]:
    """What waits for a decision about these orders."""
    flows = flows_of(tx, [call.subject_id for call in calls])
    return {order_id: flow for order_id, flow in flows.items() if flow.request.status == "waiting"}


def decide(workset: OrderWorkset, calls: Sequence[Call], flows: dict[UUID, Flow]) -> list[dict[str, Any]]:
    """The flow each order waits in, None where it waits no more."""
    return [{"flow": flows.get(call.subject_id)} for call in calls]


def remind(
    tx: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Say for whom the order waits; at the very end there is nothing to remind of."""
    for call, outcome in zip(calls, outcomes, strict=True):
        flow: Flow | None = outcome["flow"]
        if flow is None or tx.now >= flow.request.expires_at:
            continue
        late = flow.request.escalate_at is not None and tx.now >= flow.request.escalate_at
        now = standing(flow.request.tiers, flow.votes)
        tiers = [tier for tier in flow.request.tiers if tier.no in now.open]
        seats = [seat for tier in tiers for seat in (*tier.seats, *(tier.fallback if late else ()))]
        work = workset.orders[call.subject_id]
        payload = {
            "number": work.header.number,
            "waits_for": [tier.name for tier in tiers],
            "roles": sorted({seat.role for seat in seats if seat.role is not None}),
            "people": sorted({str(seat.person) for seat in seats if seat.person is not None}),
            "expires_at": flow.request.expires_at.isoformat(),
        }
        workset.say(work, "order.approval_escalated" if late else "order.approval_reminded", payload)
    return [{} for _ in calls]


def expire(
    tx: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """End what waits; stock and credit go back; the order is cancelled or stays held under a name of its own."""
    flows: dict[UUID, Flow] = {
        call.subject_id: outcome["flow"]
        for call, outcome in zip(calls, outcomes, strict=True)
        if outcome["flow"] is not None
    }
    end_requests(tx, [(flow.request.id, "expired", TOO_LATE) for flow in flows.values()])
    over = [order_id for order_id, flow in flows.items() if flow.request.on_expiry == "cancel"]
    kept = [call for call in calls if call.subject_id in flows and call.subject_id not in over]
    give_back(tx, workset, kept, [{} for _ in kept])
    for call in kept:
        work = workset.orders[call.subject_id]
        _hold_anew(tx, work, flows[work.id])
    for order_id, flow in flows.items():
        work = workset.orders[order_id]
        payload = {
            "number": work.header.number,
            "status": work.compute_status(),
            "reason": TOO_LATE,
            "on_expiry": flow.request.on_expiry,
            "hash": flow.request.content_hash.hex(),
        }
        workset.say(work, "order.approval_expired", payload)
    _cancel(tx, workset, [workset.orders[order_id] for order_id in over])
    return [{"approval_over": call.subject_id in over} for call in calls]


def _hold_anew(tx: Tx, work: OrderWork, flow: Flow) -> None:
    for hold in [one for one in work.holds if one.kind == "approval" and one.released_at is None]:
        work.close_hold(hold, TOO_LATE, tx.now)
    detail = {"hash": flow.request.content_hash.hex()}
    work.open_hold(Hold(tx.ids.new(), "order", "approval", EXPIRED, "no decision came in time", tx.now, detail=detail))


def _cancel(tx: Tx, workset: OrderWorkset, works: Sequence[OrderWork]) -> None:
    """Cancel what can be cancelled of these orders within the turn that holds them."""
    if not works:
        return
    at_hand = read_at_hand(tx, workset)
    for work in works:
        cuts = {one.line.line_no: plan_cut(one.quantities, None) for one in work.lines}
        cancel_units(tx, at_hand, work, cuts, reason=TOO_LATE)
    reprice_charges(tx, [(work.id, *one) for work in works if work.id in at_hand.repriced for one in work.charges])
    insert_changes(tx, at_hand.steps)
    put_deliveries(tx, at_hand.deliveries)
    for fact in at_hand.facts:
        tx.emit(fact)
    wake_waiting(tx, at_hand.messages)


_LOCKS = frozenset({"credit", "supply", "stock"})
REMIND = Step(name="approvals.remind", load=load, decide=decide, apply=remind)
EXPIRE = Step(name="approvals.expire", load=load, decide=decide, apply=expire, locks=_LOCKS)
