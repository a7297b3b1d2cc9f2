"""`/api/v1/inbox`: what waits for people, oldest first."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.access.model import ROLES
from tradewind.semantics.model import task_roles
from tradewind.views.inbox import BEGINNING, inbox

router = api_router("tasks")
ESCALATED_TO = frozenset(ROLES)
Kind = Annotated[list[str] | None, Query(max_length=20)]


@router.get("/inbox", openapi_extra=permission("tasks.read"))
def read_inbox(
    edge: CallerEdge,
    kind: Kind = None,
    after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Open holds (of these kinds), tasks and escalations of the caller's roles, and incidents, oldest first; `after` is the last `next`.

    Who sees only some accounts sees only what is about those, and no incidents.
    """
    # tasks and incidents are not for the buyer role: read as the application, of exactly the caller's accounts
    visible = edge.caller.visible
    found = edge.database.read(
        lambda reader: inbox(
            reader,
            roles=task_roles(edge.caller.roles),
            accounts=None if visible is None else sorted(visible),
            incidents=visible is None,
            kinds=kind,
            people=ESCALATED_TO if "admin" in edge.caller.roles else edge.caller.roles,
            after=_place(after),
            limit=limit,
        )
    )
    last = found[-1] if len(found) == limit else None
    return answer(
        {"waiting": [asdict(one) for one in found], "next": last and f"{last.opened_at.isoformat()},{last.id}"}
    )


def _place(text: str) -> tuple[datetime, UUID]:
    at, _, one = text.partition(",")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(one)) if moment.tzinfo else BEGINNING
    except ValueError:
        return BEGINNING
