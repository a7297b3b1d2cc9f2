"""`/api/v1/tasks` and `/api/v1/incidents`: work that waits for people, and what the engine could not do."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.access.queries import account_seen, callers_by_login
from tradewind.desk.approvals import FORM, Decision, decide_orders
from tradewind.desk.task_links import may_do
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.repair import (
    Incident,
    cancel_incidents,
    incidents_by_id,
    open_incidents,
    paused_steps,
    resume_steps,
    retry_incidents,
)
from tradewind.orchestration.commands.tasks import (
    Completion,
    Task,
    claim_tasks,
    complete_tasks,
    forms_of,
    hand_tasks,
    open_tasks,
    tasks_by_id,
)
from tradewind.orchestration.decide.forms import form_json
from tradewind.orchestration.errors import cannot_do, claimed_by_another, not_claimed, unknown_task
from tradewind.semantics.model import task_roles

router = api_router("tasks")
Page = Annotated[int, Query(ge=1, le=PAGE)]
After = Annotated[str, Query(max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class CompleteIn(_Strict):
    """What came of a task. For an approval: `approved` and a reason; `hash` is what was looked at."""

    outcome: Annotated[dict[str, str | bool | int | Decimal | None], Field(max_length=50)] = {}
    approved: bool | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class ClaimIn(_Strict):
    """Why one takes over what somebody else has claimed."""

    take_over: Annotated[str, Field(max_length=500)] = ""


class AssignIn(_Strict):
    """Tasks and to whom they go; without a login they go back to the pool."""

    tasks: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    login: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class ReasonIn(_Strict):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.get("/tasks", openapi_extra=permission("tasks.read"))
def read_tasks(
    edge: CallerEdge,
    after: After = "",
    limit: Page = 100,
    claimed: Annotated[Literal["me", "nobody", "somebody"] | None, Query()] = None,
    late: Annotated[bool | None, Query()] = None,
) -> Response:
    """Open tasks of the caller's roles, oldest first; only those `claimed` by the caller, by nobody or by somebody, and
    those past their due time (`late`) or not yet. `after` is the last `next`."""
    # tasks are not for the buyer role: read as the application, of exactly the caller's accounts
    roles, visible = task_roles(edge.caller.roles), edge.caller.visible
    accounts = None if visible is None else sorted(visible)
    me = edge.caller.principal.id if claimed == "me" else None
    free = None if claimed in (None, "me") else claimed == "nobody"
    found = edge.database.read(
        lambda reader: open_tasks(reader, roles=roles, accounts=accounts, after=_place(after), limit=limit, mine=me, free=free,
                                  late=late)
    )  # fmt: skip
    last = found[-1] if len(found) == limit else None
    return answer({"tasks": [_task(one) for one in found], "next": last and f"{last.opened_at.isoformat()},{last.id}"})


@router.get("/tasks/{task_id}", openapi_extra=permission("tasks.read"))
def read_task(task_id: UUID, edge: CallerEdge) -> Response:
    """One task, done or not, and the form that it asks to be filled in."""
    task = seen_task(edge, task_id)
    form = edge.database.read(lambda reader: forms_of(reader, {task.form} if task.form else ())).get(task.form or "")
    return answer({**_task(task), "fields": None if form is None else form_json(form)["fields"]})


@router.post("/tasks/{task_id}/claim", openapi_extra=permission("tasks.decide"))
def claim_task(task_id: UUID, edge: CallerEdge, body: ClaimIn | None = None) -> Response:
    """Take a task in one's own name; what somebody else has, only with a reason."""
    account_id, roles = seen_task(edge, task_id).account_id, task_roles(edge.caller.roles)
    why = "" if body is None else body.take_over
    (found,) = edge.write(lambda tx: claim_tasks(tx, [task_id], roles=roles, take_over=why), account_id=account_id)
    return answer(_task(_got(found)))


@router.post("/tasks/{task_id}/release", openapi_extra=permission("tasks.decide"))
def release_task(task_id: UUID, body: ReasonIn, edge: CallerEdge) -> Response:
    """Give a task that one has claimed back to the pool."""
    task, roles = seen_task(edge, task_id), task_roles(edge.caller.roles)
    if task.claimed_by != edge.caller.principal.id:
        raise Refused([claimed_by_another() if task.claimed_by else not_claimed()])
    (found,) = edge.write(
        lambda tx: hand_tasks(tx, {task_id: None}, roles=roles, reason=body.reason), account_id=task.account_id
    )
    return answer(_task(_got(found)))


@router.post("/tasks/assign", openapi_extra=permission("tasks.assign"))
def assign_tasks(body: AssignIn, edge: CallerEdge) -> Response:
    """Give tasks to somebody who may do them, or back to the pool; a result or a problem for each, in their order."""

    def hand(tx: Tx) -> list[Task | Problem]:
        caller = callers_by_login(tx, [body.login], channel="web").get(body.login) if body.login else None
        if body.login and caller is None:
            return [cannot_do(body.login, "this kind", "/login")] * len(body.tasks)
        known = tasks_by_id(tx, body.tasks)
        fits = {
            one: known[one]
            for one in dict.fromkeys(body.tasks)
            if one in known and (caller is None or may_do(caller, known[one]))
        }
        person: UUID | None = None if caller is None else caller.principal.id
        roles = {task.role for task in fits.values()} | {task.escalate_role or "" for task in fits.values()}
        handed = dict(
            zip(fits, hand_tasks(tx, {one: person for one in fits}, roles=roles, reason=body.reason), strict=True)
        )
        return [
            handed.get(one) or (cannot_do(body.login or "", known[one].role) if one in known else unknown_task(""))
            for one in body.tasks
        ]

    found = edge.write(hand)
    return answer({"results": [
        {"task": one, "problem": got.at(f"/tasks/{place}").as_json()} if isinstance(got, Problem) else _task(got)
        for place, (one, got) in enumerate(zip(body.tasks, found, strict=True))
    ]})  # fmt: skip


def _got(found: Task | Problem) -> Task:
    if isinstance(found, Problem):
        raise Refused([found])
    return found


@router.post("/tasks/{task_id}/complete", openapi_extra=permission("tasks.decide"))
def complete_task(task_id: UUID, body: CompleteIn, edge: CallerEdge) -> Response:
    """Complete a task; its stream goes on. An approval is decided as at `/orders/{name}/approve`."""
    task, roles = seen_task(edge, task_id), task_roles(edge.caller.roles)

    def complete(tx: Tx) -> Problem | Any:
        if task.form != FORM:
            return complete_tasks(tx, [Completion(task_id, dict(body.outcome))], roles=roles)[0]
        decision = Decision(task.subject_id, bool(body.approved), body.reason, body.hash)
        return decide_orders(tx, [decision], roles=edge.caller.roles | roles)[0]

    if task.form == FORM and body.approved is None:
        raise Refused([Problem("approvals.no_decision", "An approval says whether it is given.", "/approved")])
    found = edge.write(complete, account_id=task.account_id)
    if isinstance(found, Problem):
        raise Refused([found])
    after = edge.database.read(lambda reader: tasks_by_id(reader, [task_id]))[task_id]
    return answer(_task(after))


def seen_task(edge: Edge, task_id: UUID) -> Task:
    """The task, where its account is one the caller may act for."""
    task = edge.database.read(lambda reader: tasks_by_id(reader, [task_id])).get(task_id)
    if task is None:
        raise not_found()
    account_id = task.account_id
    if edge.visible is not None or account_id is not None:
        # the tasks' table is not for the buyer role: whether its account is seen is asked under it
        edge.allow(account_id and edge.read(lambda reader: account_seen(reader, account_id)))
    return task


def _task(one: Task) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "role": one.role,
        "form": one.form,
        "subject": {"type": one.subject_type, "id": one.subject_id},
        "account_id": one.account_id,
        "status": one.status,
        "opened_at": one.opened_at,
        "due_at": one.due_at,
        "claimed_by": one.claimed_by,
        "done_by": one.done_by,
        "done_at": one.done_at,
        "outcome": one.outcome,
        "assigned_by": one.assigned_by,
        "remind_at": one.remind_at,
        "escalate_at": one.escalate_at,
        "escalated_at": one.escalated_at,
        "escalate_role": one.escalate_role,
    }


@router.get("/incidents", openapi_extra=permission("operate.read"))
def read_incidents(edge: CallerEdge, after: After = "", limit: Page = 100) -> Response:
    """Open incidents, oldest first, and the steps that are paused."""
    found = edge.read(lambda reader: open_incidents(reader, after=_place(after), limit=limit))
    paused = edge.read(paused_steps)
    last = found[-1] if len(found) == limit else None
    return answer(
        {
            "incidents": [_incident(one) for one in found],
            "paused_steps": [
                {"step": one.step, "paused_at": one.paused_at, "incident": one.incident_id, "message": one.message}
                for one in paused
            ],
            "next": last and f"{last.opened_at.isoformat()},{last.id}",
        }
    )


@router.get("/incidents/{incident_id}", openapi_extra=permission("operate.read"))
def read_incident(incident_id: UUID, edge: CallerEdge) -> Response:
    """One incident, resolved or not."""
    return answer(_incident(_seen(edge, incident_id)))


@router.post("/incidents/{incident_id}/retry", openapi_extra=permission("operate.repair"))
def retry_incident(incident_id: UUID, body: ReasonIn, edge: CallerEdge) -> Response:
    """Let the instance try again."""
    _seen(edge, incident_id)
    (found,) = edge.write(lambda tx: retry_incidents(tx, [incident_id], reason=body.reason))
    return answer(_incident(_resolved(found)))


@router.post("/incidents/{incident_id}/cancel", openapi_extra=permission("operate.repair"))
def cancel_incident(incident_id: UUID, body: ReasonIn, edge: CallerEdge) -> Response:
    """Give the instance up. What it was about stays as it is: cancel the order itself where that is meant."""
    _seen(edge, incident_id)
    (found,) = edge.write(lambda tx: cancel_incidents(tx, [incident_id], reason=body.reason))
    return answer(_incident(_resolved(found)))


@router.post("/steps/{step}/resume", openapi_extra=permission("operate.repair"))
def resume_step(step: str, body: ReasonIn, edge: CallerEdge) -> Response:
    """Let a paused step run again."""
    (found,) = edge.write(lambda tx: resume_steps(tx, [step], reason=body.reason))
    if isinstance(found, Problem):
        raise Refused([found])
    return answer({"step": found})


def _seen(edge: Edge, incident_id: UUID) -> Incident:
    found = edge.read(lambda reader: incidents_by_id(reader, [incident_id])).get(incident_id)
    if found is None:
        raise not_found()
    return found


def _resolved(found: Incident | Problem) -> Incident:
    if isinstance(found, Problem):
        raise Refused([found])
    return found


def _incident(one: Incident) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "code": one.code,
        "message": one.message,
        "step": one.step,
        "opened_at": one.opened_at,
        "resolved_at": one.resolved_at,
        "resolution": one.resolution,
        "stream": one.stream,
        "instance": one.instance_id,
        "subject": None if one.subject_id is None else {"type": one.subject_type, "id": one.subject_id},
        "attempts": one.attempts,
    }


def _place(text: str) -> tuple[datetime, UUID] | None:
    """Where a page begins, as the page before gave it; the beginning for a text that is none."""
    at, _, one = text.partition(",")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(one)) if moment.tzinfo else None
    except ValueError:
        return None
