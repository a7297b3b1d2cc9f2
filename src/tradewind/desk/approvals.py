"""Approvals of orders: a decision binds to exactly what the order says (A1), nobody decides on what they ordered (A2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from tradewind.approvals import errors
from tradewind.approvals.commands import record_decision
from tradewind.approvals.queries import ordered_through
from tradewind.desk.cancel import CancelRequest, cancel_opened
from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.tasks import Completion, Task, finish_tasks, tasks_about
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS
from tradewind.orders.decide import approval_hash
from tradewind.orders.errors import no_reason, unknown_order
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.streams.cancel import finish_cancel, lock_held
from tradewind.streams.order_work import OrderWork, OrderWorkset, read_orders

FORM = "order_approval"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an order may go on, and why. `hash` is what the decider saw (hex); another content by now is a conflict."""

    order_id: UUID
    approve: bool
    reason: str
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided; a rejected order is cancelled."""

    order_id: UUID
    approved: bool
    hash: str
    status: str


def decide_orders(tx: Tx, decisions: Sequence[Decision], *, roles: Collection[str]) -> list[Decided | Problem]:
    """Approve or reject orders that wait for it; `roles` are the task roles the decider holds. The stream goes on by itself,
    and is asked again with the decision at hand; a rejection cancels the order in this transaction."""
    ids = {one.order_id for one in decisions}
    locked = lock_set(tx, [(LOCK_SUBJECTS, ids), (LOCK_ORDERS, ids)])
    workset = read_orders(tx, [row[0] for row in locked["order"]])
    tasks = {task.subject_id: task for task in tasks_about(tx, workset.orders) if task.form == FORM}
    through = ordered_through(tx, list(workset.orders))
    answers: list[Decided | Problem] = []
    rejected: list[CancelRequest] = []
    done: list[Completion] = []
    for place, wanted in enumerate(decisions):
        where = f"/{place}"
        work, task = workset.orders.get(wanted.order_id), tasks.pop(wanted.order_id, None)
        found = _decidable(
            tx, work, task, wanted, through=through.get(wanted.order_id, set()), roles=roles, where=where
        )
        if isinstance(found, Problem):
            if task is not None:
                tasks[wanted.order_id] = task
            answers.append(found)
            continue
        assert work is not None
        assert task is not None
        record_decision(
            tx, work.id, account_id=work.account.id, content_hash=found, approved=wanted.approve, reason=wanted.reason
        )
        _say(workset, work, wanted, found)
        if wanted.approve:
            done.append(Completion(task.id, {"approved": True}))
        else:
            rejected.append(CancelRequest(work.id, wanted.reason))
        answers.append(Decided(work.id, wanted.approve, found.hex(), work.compute_status()))
    finish_tasks(tx, done)
    at_hand = lock_held(tx, OrderWorkset({one.order_id: workset.orders[one.order_id] for one in rejected}))
    status = {one.order_id: one.status for one in cancel_opened(tx, at_hand, rejected)}
    _write(tx, workset, set(status))
    finish_cancel(tx, at_hand)
    return [
        Decided(one.order_id, one.approved, one.hash, status[one.order_id])
        if isinstance(one, Decided) and one.order_id in status
        else one
        for one in answers
    ]


def _write(tx: Tx, workset: OrderWorkset, cancelled: Collection[UUID]) -> None:
    """The decisions come before what follows from them in the log; rejected orders are written by their cancel."""
    for event, actor in workset.events:
        tx.emit(event, actor)
    workset.events.clear()
    OrderWorkset({key: work for key, work in workset.orders.items() if key not in cancelled}).flush(tx)


def _decidable(
    tx: Tx,
    work: OrderWork | None,
    task: Task | None,
    wanted: Decision,
    *,
    through: Collection[UUID],
    roles: Collection[str],
    where: str,
) -> bytes | Problem:
    """The hash the decision binds to, or why this person cannot decide this now."""
    if work is None:
        return unknown_order(where)
    if task is None or task.role not in roles:
        return errors.not_waiting(work.header.number).at(where)
    ordered_by = {work.header.principal_id, work.header.on_behalf_of, *through} - {None}
    if tx.actor.principal_id is None or tx.actor.principal_id in ordered_by:
        return errors.own_order(where)
    if not wanted.reason.strip() and not wanted.approve:
        return no_reason(f"{where}/reason")
    digest = approval_hash(work.header.content_hash, prices=work.unit_prices(), terms=work.header.terms_code)
    if wanted.hash is not None and wanted.hash != digest.hex():
        return errors.changed_since(work.header.number, digest.hex(), f"{where}/hash")
    return digest


def _say(workset: OrderWorkset, work: OrderWork, wanted: Decision, digest: bytes) -> None:
    kind = "order.approved" if wanted.approve else "order.rejected"
    payload = {
        "number": work.header.number,
        "status": work.compute_status(),
        "hash": digest.hex(),
        "reason": wanted.reason,
    }
    workset.say(work, kind, payload)
