"""`/api/v1/task-links`: one task for one person, once, without a login."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.access.model import PUBLIC, Kind
from tradewind.desk.api_tasks import seen_task
from tradewind.desk.task_links import Answer, answer_link, look, make_task_link
from tradewind.kernel.problem import Problem, Refused
from tradewind.orchestration.commands.task_links import revoke_links
from tradewind.orchestration.errors import link_for_another

router = api_router("tasks")
Token = Annotated[str, Field(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class LinkIn(_Strict):
    """For whom, and for how long."""

    login: Annotated[str, Field(min_length=1, max_length=200)]
    hours: Annotated[int, Field(ge=1, le=336)] = 72


class AnswerIn(_Strict):
    """What the person says. `seen` is the digest that `GET` gave; `outcome` is what the form asks."""

    seen: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    approved: bool | None = None
    reason: Annotated[str, Field(max_length=500)] = ""
    outcome: Annotated[dict[str, str | bool | int | Decimal | None], Field(max_length=50)] = {}


@router.post("/tasks/{task_id}/links", openapi_extra=permission("tasks.link"))
def create_link(task_id: UUID, body: LinkIn, edge: CallerEdge) -> Response:
    """A link by which one person does one task once. The secret is shown here and kept nowhere: to the person it is for, or to the
    system that sends it to them; no colleague sees it."""
    task = seen_task(edge, task_id)
    if edge.caller.principal.kind is not Kind.SYSTEM and body.login != edge.caller.principal.login:
        raise Refused([link_for_another()])
    made = edge.write(
        lambda tx: make_task_link(tx, task, body.login, expires_at=tx.now + timedelta(hours=body.hours)),
        account_id=task.account_id,
    )
    if isinstance(made, Problem):
        raise Refused([made])
    return answer({"id": made.id, "path": f"/api/v1/task-links/{made.token}", "expires_at": made.expires_at}, 201)


@router.delete("/tasks/{task_id}/links", openapi_extra=permission("tasks.assign"))
def delete_links(task_id: UUID, edge: CallerEdge) -> Response:
    """Take back every unused link to a task."""
    task = seen_task(edge, task_id)
    return answer({"revoked": edge.write(lambda tx: revoke_links(tx, task.id), account_id=task.account_id)})


@router.get("/task-links/{token}", openapi_extra=permission(PUBLIC))
def read_link(token: Token, request: Request) -> Response:
    """The task as it is now: the order with price, stock and credit of this moment, and what is asked."""
    found = look(request.app.state.database, token)
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(found, headers={"Cache-Control": "no-store"})


@router.post("/task-links/{token}", openapi_extra=permission(PUBLIC))
def use_link(token: Token, body: AnswerIn, request: Request) -> Response:
    """Do the task. Where something changed since `seen`, nothing is done and the answer says what."""
    given = Answer(body.seen, body.outcome, body.approved, body.reason)
    found = answer_link(request.app.state.database, token, given)
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(found)
