"""Approvals of orders: a decision binds to exactly what the order says (A1), nobody decides on what they ordered (A2), and an
order goes on when every tier of what it needs is complete."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tradewind.approvals import errors
from tradewind.approvals.commands.requests import (
    DecisionRow,
    Said,
    end_requests,
    fill_seats,
    note_waiting,
    record_decisions,
)
from tradewind.approvals.decide import differences, digest_of, places_for, standing, why_not
from tradewind.approvals.model import Flow, Place, Request, Vote
from tradewind.approvals.queries.requests import flows_of
from tradewind.desk.approval_cases import Question, load_questions
from tradewind.desk.cancel import CancelRequest, cancel_opened
from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.tasks import Completion, Task, finish_tasks, tasks_about
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS, wake_waiting
from tradewind.orders.errors import no_reason, unknown_order
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.streams.approval_need import hash_of
from tradewind.streams.cancel import finish_cancel, lock_held
from tradewind.streams.order_work import OrderWork, OrderWorkset, read_orders
from tradewind.streams.release import group_key

FORM = "order_approval"
_BARS = {
    "over_cap": errors.over_cap,
    "counted_already": errors.counted_already,
    "comes_later": errors.comes_later,
    "complete": errors.complete,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an order may go on, and why. `hash` is what the decider saw of its content, `seen` of its whole picture (both
    hex); another one by now is a conflict. `asks`: it is neither approved nor rejected, only a question is put."""

    order_id: UUID
    approve: bool
    reason: str
    hash: str | None = None
    seen: str | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided; a rejected order is cancelled. `complete`: nobody else needs to approve, else `waits_for` names tiers."""

    order_id: UUID
    approved: bool
    hash: str
    status: str
    complete: bool = True
    waits_for: tuple[str, ...] = ()


@dataclass(slots=True)
class _Batch:
    """What a batch of decisions comes to; written once at its end."""

    tx: Tx
    workset: OrderWorkset
    flows: dict[UUID, Flow]
    tasks: dict[UUID, Task]
    questions: dict[UUID, Question]
    rows: list[DecisionRow] = field(default_factory=list)
    done: list[Completion] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    approved: list[tuple[Request, Sequence[Vote]]] = field(default_factory=list)
    going_on: list[tuple[Request, Sequence[Vote]]] = field(default_factory=list)
    rejected: list[tuple[Request, CancelRequest]] = field(default_factory=list)


def decide_orders(tx: Tx, decisions: Sequence[Decision], *, roles: Collection[str]) -> list[Decided | Problem]:
    """Approve, reject or ask about orders that wait for it; `roles` are the decider's, kinds of tasks among them. An order whose
    tiers are complete goes on by itself; a rejection ends it all and cancels the order in this transaction."""
    batch = _open(tx, {one.order_id for one in decisions}, roles)
    answers = [_decide(batch, one, where=f"/{place}") for place, one in enumerate(decisions)]
    record_decisions(tx, batch.rows)
    end_requests(tx, [(request.id, "approved", "approved") for request, _ in batch.approved])
    end_requests(tx, [(request.id, "rejected", cancel.reason) for request, cancel in batch.rejected])
    fill_seats(tx, batch.approved)
    note_waiting(tx, batch.going_on)
    finish_tasks(tx, batch.done)
    wanted = [cancel for _, cancel in batch.rejected]
    at_hand = lock_held(tx, OrderWorkset({one.order_id: batch.workset.orders[one.order_id] for one in wanted}))
    status = {one.order_id: one.status for one in cancel_opened(tx, at_hand, wanted)}
    _write(tx, batch.workset, set(status))
    finish_cancel(tx, at_hand)
    wake_waiting(tx, batch.messages)
    return [
        Decided(one.order_id, one.approved, one.hash, status[one.order_id])
        if isinstance(one, Decided) and one.order_id in status
        else one
        for one in answers
    ]


def _open(tx: Tx, ids: Collection[UUID], roles: Collection[str]) -> _Batch:
    locked = lock_set(tx, [(LOCK_SUBJECTS, ids), (LOCK_ORDERS, ids)])
    workset = read_orders(tx, [row[0] for row in locked["order"]])
    flows = flows_of(tx, list(workset.orders))
    tasks = {task.subject_id: task for task in tasks_about(tx, workset.orders) if task.form == FORM}
    questions = load_questions(tx, workset, flows, roles=roles)
    return _Batch(tx, workset, flows, tasks, questions)


def _write(tx: Tx, workset: OrderWorkset, cancelled: Collection[UUID]) -> None:
    """The decisions come before what follows from them in the log; rejected orders are written by their cancel."""
    for event, actor in workset.events:
        tx.emit(event, actor)
    workset.events.clear()
    OrderWorkset({key: work for key, work in workset.orders.items() if key not in cancelled}).flush(tx)


def _decide(batch: _Batch, wanted: Decision, *, where: str) -> Decided | Problem:
    work, flow = batch.workset.orders.get(wanted.order_id), batch.flows.get(wanted.order_id)
    if work is None:
        return unknown_order(where)
    if flow is None or flow.request.status != "waiting":
        return errors.not_waiting(work.header.number).at(where)
    question = batch.questions[work.id]
    places = places_for(question.case, question.voices)
    problem = _unwanted(work, question, places, where) or _unsaid(wanted, where)
    # who could decide, but looked at something else, is told that before anything that follows from it
    problem = problem or _stale(batch, work, flow, wanted, where) or _barred(work, question, places, where)
    if problem is not None:
        return problem
    return _keep(batch, work, flow, wanted, places)


def _unwanted(work: OrderWork, question: Question, places: Sequence[Place], where: str) -> Problem | None:
    """Whom nobody asks: who ordered it, and who has no seat at all."""
    bars = set() if places else set(why_not(question.case, question.voices).values())
    if "own_order" in bars:
        return errors.own_order(where)
    return errors.not_waiting(work.header.number).at(where) if bars == {"no_seat"} else None


def _barred(work: OrderWork, question: Question, places: Sequence[Place], where: str) -> Problem | None:
    """Why somebody with a seat cannot decide now."""
    bars = set() if places else set(why_not(question.case, question.voices).values())
    return next((refusal(work.header.number, where) for bar, refusal in _BARS.items() if bar in bars), None)


def _unsaid(wanted: Decision, where: str) -> Problem | None:
    return no_reason(f"{where}/reason") if not wanted.reason.strip() and (wanted.asks or not wanted.approve) else None


def _stale(batch: _Batch, work: OrderWork, flow: Flow, wanted: Decision, where: str) -> Problem | None:
    """What differs between what the decider saw and what there is."""
    digest, picture = hash_of(work).hex(), batch.questions[work.id].picture
    seen = digest_of(picture)
    if wanted.hash in (None, digest) and wanted.seen in (None, seen):
        return None
    place = f"{where}/hash" if wanted.hash not in (None, digest) else f"{where}/seen"
    return errors.changed_since(work.header.number, digest, place, seen=seen, differs=_differs(flow, wanted, picture))


def _differs(flow: Flow, wanted: Decision, picture: Mapping[str, Any]) -> list[dict[str, Any]]:
    """From what the decider looked at: the request whose picture or content they name, else what they were last asked with."""
    asked = (flow.request, *reversed(flow.before))
    looked_at = [one.snapshot for one in asked if wanted.seen is not None and digest_of(one.snapshot) == wanted.seen]
    looked_at += [one.snapshot for one in asked if one.content_hash.hex() == wanted.hash]
    looked_at += [flow.request.snapshot, flow.asked_with]
    return next((found for one in looked_at if (found := differences(one, picture))), [])


def _keep(batch: _Batch, work: OrderWork, flow: Flow, wanted: Decision, places: Sequence[Place]) -> Decided:
    tx, request, person = batch.tx, flow.request, batch.tx.actor.principal_id
    assert person is not None  # who has no name has no place
    caps = [place.cap for place in places if place.cap is not None]
    vote = Vote(
        tx.ids.new(), person, places[0].voice, frozenset(place.tier for place in places), min(caps, default=None)
    )
    said: Said = "asked" if wanted.asks else "approved" if wanted.approve else "rejected"
    batch.rows.append(
        DecisionRow(vote.id, request, said, person, wanted.reason, vote.voice, tuple(sorted(vote.tiers)), vote.cap, None,
                    batch.questions[work.id].picture)
    )  # fmt: skip
    votes = (*flow.votes, vote) if said == "approved" else flow.votes
    now = standing(request.tiers, votes)
    left = tuple(tier.name for tier in request.tiers if tier.no not in now.complete)
    complete = said == "approved" and not left
    if complete:
        batch.approved.append((request, votes))
        _go_on(batch, work)
    elif said == "rejected":
        batch.rejected.append((request, CancelRequest(work.id, wanted.reason)))
    elif said == "approved":
        batch.going_on.append((request, votes))
    batch.flows[work.id] = Flow(
        request if said != "rejected" and not complete else _ended(request), votes, flow.earlier, flow.before
    )
    batch.questions[work.id] = batch.questions[work.id].with_votes(votes)
    _say(batch.workset, work, _event(said, complete=complete), wanted, vote, waits_for=left)
    return Decided(
        work.id,
        said == "approved",
        request.content_hash.hex(),
        work.compute_status(),
        complete or said == "rejected",
        left,
    )


def _ended(request: Request) -> Request:
    """For the rest of the batch: another decision on the same order finds nothing that waits."""
    values = {name: getattr(request, name) for name in Request.__slots__}
    return Request(**{**values, "status": "approved"})


def _go_on(batch: _Batch, work: OrderWork) -> None:
    """Its task is done; an order that was confirmed already (a change asked for more) goes on where its groups wait."""
    task = batch.tasks.get(work.id)
    if task is not None:
        batch.done.append(Completion(task.id, {"approved": True}))
        return
    for hold in [one for one in work.holds if one.kind == "approval" and one.released_at is None]:
        work.close_hold(hold, "Approved.", batch.tx.now)
    token = f"approved:{batch.tx.ids.new()}"
    batch.messages.append(Message("order.cleared", str(work.id), token))
    batch.messages += [
        Message("goods.ready", group_key(work.id, group.group_no), f"{token}:{group.group_no}") for group in work.groups
    ]


def _event(said: str, *, complete: bool) -> str:
    if said == "approved":
        return "order.approved" if complete else "order.approval_given"
    return "order.rejected" if said == "rejected" else "order.approval_asked"


def _say(
    workset: OrderWorkset, work: OrderWork, kind: str, wanted: Decision, vote: Vote, *, waits_for: Sequence[str]
) -> None:
    payload: dict[str, Any] = {
        "number": work.header.number,
        "status": work.compute_status(),
        "hash": hash_of(work).hex(),
        "reason": wanted.reason,
        "tiers": sorted(vote.tiers),
        "waits_for": list(waits_for),
    }
    if vote.voice != vote.person:
        payload["on_behalf_of"] = str(vote.voice)
    workset.say(work, kind, payload)


def answer_questions(tx: Tx, answers: Mapping[UUID, str]) -> list[UUID | Problem]:
    """What those who ordered say to an approver's question, kept with the request."""
    locked = lock_set(tx, [(LOCK_SUBJECTS, answers), (LOCK_ORDERS, answers)])
    workset = read_orders(tx, [row[0] for row in locked["order"]])
    flows = flows_of(tx, list(workset.orders))
    given: list[UUID | Problem] = []
    rows: list[DecisionRow] = []
    for place, (order_id, text) in enumerate(answers.items()):
        work, flow = workset.orders.get(order_id), flows.get(order_id)
        if work is None:
            given.append(unknown_order(f"/{place}"))
        elif flow is None or flow.request.status != "waiting" or tx.actor.principal_id is None:
            given.append(errors.asked_of_none(work.header.number, f"/{place}"))
        else:
            rows.append(DecisionRow(tx.ids.new(), flow.request, "answered", tx.actor.principal_id, text))
            workset.say(work, "order.approval_answered", {"number": work.header.number, "reason": text})
            given.append(order_id)
    record_decisions(tx, rows)
    workset.flush(tx)
    return given


def restart_approvals(tx: Tx, orders: Mapping[UUID, str]) -> list[UUID | Problem]:
    """Ask anew about orders (with why) that wait or waited too long, by the policies of now; what was approved is void."""
    locked = lock_set(tx, [(LOCK_SUBJECTS, orders), (LOCK_ORDERS, orders)])
    workset = read_orders(tx, [row[0] for row in locked["order"]])
    flows = flows_of(tx, list(workset.orders))
    tasks = {task.subject_id: task for task in tasks_about(tx, workset.orders) if task.form == FORM}
    answers: list[UUID | Problem] = []
    ended: list[UUID] = []
    for place, (order_id, reason) in enumerate(orders.items()):
        work, flow = workset.orders.get(order_id), flows.get(order_id)
        if (
            work is None
            or flow is None
            or flow.request.status not in ("waiting", "expired")
            or work.status == "cancelled"
        ):
            number = "" if work is None else work.header.number
            answers.append(unknown_order(f"/{place}") if work is None else errors.nothing_to_restart(number))
            continue
        ended.append(order_id)
        workset.say(work, "order.approval_restarted", {"number": work.header.number, "reason": reason})
        answers.append(order_id)
    end_requests(tx, [(flows[one].request.id, "void", "restarted") for one in ended])
    workset.flush(tx)
    finish_tasks(tx, [Completion(tasks[one].id, {"restarted": True}) for one in ended if one in tasks])
    wake_waiting(
        tx, [Message("order.cleared", str(one), f"restarted:{tx.ids.new()}") for one in ended if one not in tasks]
    )
    return answers
