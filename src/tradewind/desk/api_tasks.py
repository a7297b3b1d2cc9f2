"""`/api/v1/tasks` and `/api/v1/incidents`: work that waits for people, and what the engine could not do."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.access.queries import account_seen
from tradewind.desk.approvals import FORM, Decision, decide_orders
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
    open_tasks,
    tasks_by_id,
)
from tradewind.semantics.model import task_roles

router = api_router("tasks")
Page = Annotated[int, Query(ge=1, le=PAGE)]
After = Annotated[str, Query(max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class CompleteIn(_Strict):
    """What came of a task. For an approval: `approved` and a reason; `hash` is what was looked at."""

    outcome: Annotated[dict[str, str | bool | int | None], Field(max_length=50)] = {}
    approved: bool | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class ReasonIn(_Strict):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.get("/tasks", openapi_extra=permission("tasks.read"))
def read_tasks(edge: CallerEdge, after: After = "", limit: Page = 100) -> Response:
    """Open tasks of the caller's roles, oldest first; `after` is the last `next`."""
    # tasks are not for the buyer role: read as the application, of exactly the caller's accounts
    roles, visible = task_roles(edge.caller.roles), edge.caller.visible
    accounts = None if visible is None else sorted(visible)
    found = edge.database.read(
        lambda reader: open_tasks(reader, roles=roles, accounts=accounts, after=_place(after), limit=limit)
    )
    last = found[-1] if len(found) == limit else None
    return answer({"tasks": [_task(one) for one in found], "next": last and f"{last.opened_at.isoformat()},{last.id}"})


@router.post("/tasks/{task_id}/claim", openapi_extra=permission("tasks.decide"))
def claim_task(task_id: UUID, edge: CallerEdge) -> Response:
    """Take a task in one's own name."""
    account_id, roles = _visible(edge, task_id).account_id, task_roles(edge.caller.roles)
    (found,) = edge.write(lambda tx: claim_tasks(tx, [task_id], roles=roles), account_id=account_id)
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(_task(found))


@router.post("/tasks/{task_id}/complete", openapi_extra=permission("tasks.decide"))
def complete_task(task_id: UUID, body: CompleteIn, edge: CallerEdge) -> Response:
    """Complete a task; its stream goes on. An approval is decided as at `/orders/{name}/approve`."""
    task, roles = _visible(edge, task_id), task_roles(edge.caller.roles)

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


def _visible(edge: Edge, task_id: UUID) -> Task:
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
