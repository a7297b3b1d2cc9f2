"""Change placed orders: a batch of lists of actions, each action with its own answer; preview and confirm are this one function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.billing.queries import documents_of_orders
from tradewind.desk.change_answer import Answer, Changed, action_json, answer_json, answers_of, told_before, with_dates
from tradewind.desk.change_record import Picture, consequences, picture, printed, stand, undo
from tradewind.desk.change_words import read_words
from tradewind.desk.change_write import Back, reenter, write_structure
from tradewind.inventory.queries import site_codes
from tradewind.kernel.deliveries import Delivery
from tradewind.kernel.limits import ORDER_LINES
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.reenter import Live, live_of
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS
from tradewind.orders import errors
from tradewind.orders.decide.actions import Action
from tradewind.orders.decide.change import Plan, Sheet, Shrink
from tradewind.orders.decide.plan import plan_change
from tradewind.orders.decide.restoring import Restoring
from tradewind.orders.model import ChangeKind, OrderChange
from tradewind.orders.queries import LOCK_ORDERS, changes_by_id, changes_by_source, reverted_by
from tradewind.streams.approval_need import void_affected
from tradewind.streams.cancel import Cancelling, finish_cancel, read_at_hand, settle_cut, wake_order
from tradewind.streams.change import Touched, agrees, apply_plan, line_states, lock_goods, see_freed
from tradewind.streams.check_holds import check_again
from tradewind.streams.credit_part import covered
from tradewind.streams.invoices import close_order, may_close
from tradewind.streams.language import read_expression
from tradewind.streams.order_work import OrderWork, read_orders

STAFF_ONLY = frozenset({"price", "site"})
"""What only our own people may say of a placed order: its prices, and where the goods come from."""
_OVER = ("closed", "cancelled")
_STAFF_VERBS = {"override_price": "price", "pin_site": "site"}

__all__ = ["Answer", "ChangeRequest", "Changed", "RevertRequest", "change", "preview", "revert"]


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What is asked of one order. `source` names the message that asks (an 860's control numbers, say): the same source is
    answered again and done once. `may`: what of `STAFF_ONLY` the requester may; a buyer nothing."""

    order_id: UUID
    actions: tuple[Action, ...]
    reason: str
    expected_version: int | None = None
    source: str | None = None
    document_id: UUID | None = None
    may: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RevertRequest:
    """Undo a change of an order, as far as it can be undone."""

    order_id: UUID
    change_id: UUID
    reason: str
    expected_version: int | None = None
    source: str | None = None
    document_id: UUID | None = None
    may: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Job:
    """A request that is worked off."""

    request: ChangeRequest | RevertRequest
    work: OrderWork
    actions: Sequence[Action | Restoring]
    reverts: OrderChange | None = None
    plan: Plan = field(default_factory=lambda: Plan((), ()))
    sheet: Sheet | None = None
    touched: Touched = field(default_factory=Touched)
    before: Picture = field(default_factory=dict)
    stood: Picture = field(default_factory=dict)
    event: dict[str, Any] = field(default_factory=dict)
    told: Picture = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()


def change(tx: Tx, requests: Sequence[ChangeRequest]) -> list[Changed]:
    """Change each order as far as it can be changed. An order comes once in a batch.

    Locks instances, orders, credit, supplies and stock; the caller commits, or rolls back for a preview.
    """
    return _work_off(tx, requests)


def revert(tx: Tx, requests: Sequence[RevertRequest]) -> list[Changed]:
    """Undo changes: a new change whose actions restore what the old one found; what cannot be restored is answered so."""
    return _work_off(tx, requests)


def _work_off(tx: Tx, requests: Sequence[ChangeRequest | RevertRequest]) -> list[Changed]:
    ids = sorted({one.order_id for one in requests})
    locked = lock_set(tx, [(LOCK_SUBJECTS, ids), (LOCK_ORDERS, ids)])
    at_hand = read_at_hand(tx, read_orders(tx, [row[0] for row in locked["order"]]))
    live = live_of(tx, ids, read_expression)
    answers, jobs = _admit(tx, requests, at_hand.workset.orders, live)
    _plan_jobs(tx, at_hand, list(jobs.values()))
    acting = [job for job in jobs.values() if job.plan.effects]
    if acting:
        _carry_out(tx, at_hand, acting, live)
    for place, job in jobs.items():
        answers[place] = _answer(job)
    return [answers[place] for place in range(len(requests))]


# ---- who may ---------------------------------------------------------------------------------------------------------


def _admit(
    tx: Tx, requests: Sequence[ChangeRequest | RevertRequest], works: Mapping[UUID, OrderWork], live: Live
) -> tuple[dict[int, Changed], dict[int, _Job]]:
    """Answers for what is refused as a whole or was done before, and a job for the rest, both by place."""
    known = changes_by_source(tx, [(one.order_id, one.source) for one in requests if one.source is not None])
    wanted = [one.change_id for one in requests if isinstance(one, RevertRequest)]
    changes = changes_by_id(tx, wanted) if wanted else {}
    undone = reverted_by(tx, wanted) if wanted else frozenset()
    answers: dict[int, Changed] = {}
    jobs: dict[int, _Job] = {}
    seen: set[UUID] = set()
    for place, request in enumerate(requests):
        work = works.get(request.order_id)
        before = known.get((request.order_id, request.source or ""))
        if work is not None and before is not None:
            answers[place] = told_before(before, work)
            continue
        problem = errors.unknown_order() if work is None else _refusal(request, work, live)
        reverts = changes.get(request.change_id) if isinstance(request, RevertRequest) else None
        if problem is None and isinstance(request, RevertRequest):
            problem = _revert_refusal(request, reverts, undone)
        if problem is None and request.order_id in seen:
            problem = errors.named_twice()
        if problem is not None or work is None:
            answers[place] = _refused(request, work, problem or errors.unknown_order())
            continue
        seen.add(work.id)
        actions = request.actions if isinstance(request, ChangeRequest) else undo(reverts, work) if reverts else ()
        jobs[place] = _Job(request, work, actions, reverts)
    return answers, jobs


def _refusal(request: ChangeRequest | RevertRequest, work: OrderWork, live: Live) -> Problem | None:
    number = work.header.number
    if isinstance(request, ChangeRequest) and not request.actions:
        return errors.no_actions("/actions")
    if isinstance(request, ChangeRequest) and len(request.actions) > ORDER_LINES:
        return errors.too_many_actions(ORDER_LINES, "/actions")
    if not request.reason.strip():
        return errors.no_reason("/reason")
    if request.expected_version is not None and request.expected_version != work.version:
        return errors.changed_since(number, work.version, "/expected_version")
    if work.status in _OVER:
        return errors.order_over(number, work.status)
    return errors.stands_in_incident(number) if work.id in live.broken else None


def _revert_refusal(request: RevertRequest, reverts: OrderChange | None, undone: frozenset[UUID]) -> Problem | None:
    if reverts is None or reverts.order_id != request.order_id:
        return errors.unknown_change()
    if reverts.kind not in ("change", "revert"):
        return errors.not_revertible(reverts.kind)
    if reverts.id in undone:
        return errors.reverted_already()
    staff = {_STAFF_VERBS[one["verb"]] for one in reverts.actions if one["verb"] in _STAFF_VERBS}
    return errors.staff_only("What our people said") if staff - request.may else None


def _refused(request: ChangeRequest | RevertRequest, work: OrderWork | None, problem: Problem) -> Changed:
    if work is None:
        return Changed(request.order_id, problems=(problem,))
    version = work.version
    return Changed(
        work.id, None, work.header.number, work.status, version, version,
        problems=(problem,), total=work.totals.total, currency=work.header.currency,
    )  # fmt: skip


# ---- what it comes to ------------------------------------------------------------------------------------------------


def _plan_jobs(tx: Tx, at_hand: Cancelling, jobs: Sequence[_Job]) -> None:
    if not jobs:
        return
    works = {job.work.id: job.work for job in jobs}
    words = read_words(tx, works, {job.work.id: job.actions for job in jobs})
    at_hand.workset.products.update(words.products)
    at_hand.units.update({product.id: product.units for product in words.products.values()})
    for job in jobs:
        meaning = words.of(job.work, job.request.may)
        states = line_states(at_hand, job.work, meaning.rules)
        job.plan, job.sheet = plan_change(states, job.work.groups, job.actions, meaning)
        job.answers = answers_of(job.actions, job.plan.outcomes, job.sheet)


def _carry_out(tx: Tx, at_hand: Cancelling, jobs: Sequence[_Job], live: Live) -> None:
    """Everything from the locks to the rows; all jobs of a batch share each statement."""
    workset = at_hand.workset
    documents = documents_of_orders(tx, [job.work.id for job in jobs])
    lock_goods(tx, workset, {job.work.id: job.sheet for job in jobs if job.sheet is not None})
    totals: dict[UUID, Decimal] = {}
    sites = _sites(tx, jobs)
    for job in jobs:
        work = job.work
        totals[work.id] = covered(work)
        job.before, job.stood = picture(work, sites), stand(work, _all_of(work))
        job.touched = apply_plan(tx, at_hand, work, job.plan, reason=job.request.reason)
        assert job.sheet is not None
        assert agrees(work, job.sheet)
        work.version += 1
        _say(at_hand, job)
    see_freed(workset)
    again: list[_Job] = []
    for job in jobs:
        if _goes_back(job):
            again.append(job)
        elif job.touched.resized:
            settle_cut(tx, at_hand, job.work, before=totals[job.work.id])
    instances = reenter(tx, workset, [(job.work, job.touched) for job in again], live)
    back = {job.work.id for job in again}
    check_again(tx, workset, [job.work for job in jobs if job.work.id not in back])
    sites = _sites(tx, jobs)
    for job in jobs:
        _record(tx, at_hand, job, documents.get(job.work.id, ()), sites)
    write_structure(tx, [(job.work, job.touched) for job in jobs])
    _finish(tx, at_hand, jobs, again, instances)


def _goes_back(job: _Job) -> bool:
    """Whether the order is assessed again: what it asks for changed, or it was not confirmed yet and asks for less."""
    alive = any(one.quantities.ordered > one.quantities.cancelled for one in job.work.lines)
    asks_less = bool(job.touched.resized) and job.work.confirmed_at is None
    return alive and (job.touched.demand or asks_less)


def _all_of(work: OrderWork) -> Touched:
    return Touched(lines={one.line.line_no for one in work.lines}, groups={group.group_no for group in work.groups})


def _sites(tx: Tx, jobs: Sequence[_Job]) -> dict[UUID, str]:
    """The codes of the sites that the orders have to do with."""
    ids = {claim.site_id for job in jobs for claim in job.work.claims}
    ids |= {one.mark.site_id for job in jobs for one in job.work.lines if one.mark is not None and one.mark.site_id}
    return site_codes(tx, ids)


def _say(at_hand: Cancelling, job: _Job) -> None:
    """The fact, before what follows from it; its totals are filled in when they are known."""
    work = job.work
    job.event = {
        "number": work.header.number,
        "version": work.version,
        "reverts": job.reverts and str(job.reverts.id),
        "reason": job.request.reason,
        "answers": [answer_json(one) for one in job.answers],
        "products": sorted(map(str, job.touched.freed)),
    }
    objects = [("product", product, "freed") for product in sorted(job.touched.freed)]
    at_hand.workset.say(work, "order.changed", job.event, objects=objects)
    asked = {str(one.line_no): plain(one.asked) for one in job.plan.effects if isinstance(one, Shrink) and one.asked}
    if asked:
        payload = {"number": work.header.number, "quantities": asked, "reason": job.request.reason}
        at_hand.workset.say(work, "order.cancel_requested", payload)


# ---- what is written -------------------------------------------------------------------------------------------------


def _record(
    tx: Tx, at_hand: Cancelling, job: _Job, documents: Sequence[tuple[Any, ...]], sites: Mapping[UUID, str]
) -> None:
    work, request = job.work, job.request
    job.answers = with_dates(job.answers, work)
    job.event["answers"] = [answer_json(one) for one in job.answers]
    after = picture(work, sites)
    issued = [(kind, number, printed(total, work.header.currency)) for _, kind, number, total, _ in documents]
    job.told = consequences(job.before, after, issued)
    parts = stand(work, job.touched)
    before = {
        "buyer_po": job.stood["buyer_po"],
        "lines": {key: job.stood["lines"][key] for key in parts["lines"] if key in job.stood["lines"]},
        "groups": {key: job.stood["groups"][key] for key in parts["groups"] if key in job.stood["groups"]},
    }
    kind: ChangeKind = "change" if job.reverts is None else "revert"
    row = OrderChange(
        tx.ids.new(), work.id, work.account.id, work.version - 1, work.version, kind,
        [action_json(one) for one in job.actions], job.event["answers"], job.told, before, parts, request.reason,
        document_id=request.document_id, source=request.source, reverts=None if job.reverts is None else job.reverts.id,
    )  # fmt: skip
    at_hand.steps.append(row)
    job.event |= {"total": after["total"], "total_before": job.before["total"], "change": str(row.id)}


def _finish(tx: Tx, at_hand: Cancelling, jobs: Sequence[_Job], again: Sequence[_Job], instances: Back) -> None:
    back = {job.work.id for job in again}
    for job in jobs:
        work = job.work
        at_hand.repriced.add(work.id)
        job.event["status"] = work.compute_status()
        if work.account.delivery_url:
            body = {**job.event, "buyer_po": work.header.buyer_po}
            key = f"order.changed:{work.id}:{work.version}"
            at_hand.deliveries.append(
                Delivery(key, work.account.delivery_url, "order.changed", work.account.id, "sales_order", work.id, body)
            )
        if work.id not in back:
            if may_close(work, at_hand.billed, at_hand.open_invoices):
                close_order(tx, at_hand.workset, work)
            wake_order(tx, at_hand, work)
    void_affected(tx, at_hand.workset, [job.work for job in jobs if job.work.id not in back])
    instances.finish(tx, at_hand.workset)
    finish_cancel(tx, at_hand)


def _answer(job: _Job) -> Changed:
    work = job.work
    number, status, total = work.header.number, work.compute_status(), work.totals.total
    change_id, before = (UUID(job.event["change"]), work.version - 1) if job.plan.effects else (None, work.version)
    return Changed(
        work.id, change_id, number, status, before, work.version, job.answers, job.told or None,
        total=total, currency=work.header.currency,
    )  # fmt: skip


def preview(tx: Tx, requests: Sequence[ChangeRequest | RevertRequest]) -> list[Changed]:
    """What a change or a revert would do: it is done, under the same locks, and taken back. Nothing of it stays."""
    with tx.connection.transaction(force_rollback=True):
        answers = _work_off(tx, requests)
    tx.events.clear()
    return answers
