"""What steps with effects outside their working copy leave in it: a trial does that part alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.steps import Call
from tradewind.orders.decide import move
from tradewind.streams.approval_need import Known
from tradewind.streams.credit_gate import GateFacts, settle_gate
from tradewind.streams.order_work import OrderWork, OrderWorkset
from tradewind.streams.release import Parcel, left_to_deliver

Outcomes = list[dict[str, Any]]
Carry = Callable[[Tx, OrderWorkset, Sequence[Call], Outcomes], Outcomes]


def release(tx: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: Outcomes) -> Outcomes:
    """Parcels are handed over in the working copy; there is no shipment, no number is used up and no warehouse hears of it."""
    settle_gate(
        tx, workset, [(workset.orders[call.subject_id], one) for call, one in zip(calls, outcomes, strict=True)]
    )
    for call, outcome in zip(calls, outcomes, strict=True):
        for parcel in outcome["parcels"]:
            _hand_over(workset.orders[call.subject_id], parcel)
    return [
        {"left": left_to_deliver(workset.orders[call.subject_id], outcome["group_no"])}
        for call, outcome in zip(calls, outcomes, strict=True)
    ]


def _hand_over(work: OrderWork, parcel: Parcel) -> None:
    for claim in parcel.claims:
        one = work.line(claim.line_no)
        one.move(move(one.quantities, claim.qty, source="allocated", target="released"))
        kept = next(each for each in work.claims_of(claim.line_no) if each.claim_no == claim.claim_no)
        work.change_claim(kept, state="released", qty=claim.qty)
        if kept.qty > claim.qty:
            work.add_claim(replace(kept, claim_no=work.next_claim_no(claim.line_no), qty=kept.qty - claim.qty))
    for one, qty in parcel.services:
        one.move(move(one.quantities, qty, source=parcel.source, target="released"))


def quietly(_: Tx, workset: OrderWorkset, calls: Sequence[Call], outcomes: Outcomes) -> Outcomes:
    """A reminder, or the end of what nobody decided: a trial takes waits as answered, so neither comes."""
    return [{} for call, _ in zip(calls, outcomes, strict=True) if call.subject_id in workset.orders]


CARRIED: Mapping[str, Carry] = {
    "orders.release": release,
    "approvals.remind": quietly,
    "approvals.expire": quietly,
}


def facts_alone(facts: Any, *, is_cleared: bool) -> Any:
    """Facts as one order by itself finds them. What runs along while a set is decided begins anew: nothing was invoiced, nobody went
    before. Of an order on which everybody has decided nothing is asked any more."""
    if isinstance(facts, GateFacts):
        return GateFacts({}, facts.waived)
    return None if is_cleared and isinstance(facts, Known) else facts
