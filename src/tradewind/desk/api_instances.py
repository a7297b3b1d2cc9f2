"""`/api/v1/instances/…/repair` and `/api/v1/instance-repairs`: what operators do to running instances, one or many."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.access.model import ROLES_OF_KIND, Kind
from tradewind.desk.repairs import acts_for, repair_instances
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem, Refused
from tradewind.orchestration.commands.escalations import Policy, set_policy
from tradewind.orchestration.commands.operate import Act, Acted, Verb
from tradewind.orchestration.errors import unknown_stream
from tradewind.orchestration.queries.instances import Filter
from tradewind.streams.library import STREAMS

router = api_router("streams")
STAFF_ROLES = ROLES_OF_KIND[Kind.STAFF]
Id = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Variables = Annotated[dict[str, Any], Field(max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ActIn(_Strict):
    """What to do. skip and move name the `token` that was seen; put, retry and cancel may name the `position`."""

    act: Verb
    token: Annotated[int | None, Field(ge=1)] = None
    to: Id = ""
    variables: Variables = {}
    position: Annotated[int | None, Field(ge=0)] = None

    @model_validator(mode="after")
    def whole(self) -> Self:
        """skip and move need the token, move its target, put something to put."""
        if self.act in (Verb.SKIP, Verb.MOVE) and self.token is None:
            raise ValueError("name the token that you saw")
        if self.act is Verb.MOVE and not self.to:
            raise ValueError("name the element to move to")
        if self.act is Verb.PUT and not self.variables:
            raise ValueError("name the variables to put")
        return self


class RepairIn(ActIn):
    """An act on one instance, and why."""

    reason: Reason


class OneIn(ActIn):
    """An act on a named instance."""

    instance: UUID


class FilterIn(_Strict):
    """Which live instances are meant."""

    stream: Id
    version: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    status: Annotated[str, Field(pattern="^(live|running|incident)$")] = "live"
    element: Id | None = None
    code: Id | None = None
    still_minutes: Annotated[int | None, Field(ge=0, le=5_256_000)] = None
    subjects: Annotated[list[UUID] | None, Field(max_length=PAGE)] = None
    after: UUID | None = None


class BulkIn(_Strict):
    """Acts on named instances, or one act on every instance that a filter finds; at most so many a call."""

    reason: Reason
    acts: Annotated[list[OneIn] | None, Field(min_length=1, max_length=PAGE)] = None
    filter: FilterIn | None = None
    act: Verb | None = None
    to: Id = ""
    variables: Variables = {}
    limit: Annotated[int, Field(ge=1, le=PAGE)] = 100

    @model_validator(mode="after")
    def whole(self) -> Self:
        """Either acts, or a filter with an act; skip and move need the element where the tokens rest."""
        if (self.acts is None) == (self.filter is None):
            raise ValueError("give acts, or a filter and an act")
        if self.filter is not None and self.act is None:
            raise ValueError("name the act")
        if self.filter is not None and self.act in (Verb.SKIP, Verb.MOVE) and not self.filter.element:
            raise ValueError("name the element whose tokens are meant")
        if self.act is Verb.MOVE and not self.to:
            raise ValueError("name the element to move to")
        if self.act is Verb.PUT and not self.variables:
            raise ValueError("name the variables to put")
        return self


@router.post("/instances/{instance_id}/repair", openapi_extra=permission("streams.repair"))
def repair_instance(instance_id: UUID, body: RepairIn, edge: CallerEdge) -> Response:
    """Retry, skip, move, put variables or cancel; refused where the instance has gone on since it was looked at."""
    (found,) = repair_instances(edge, [_act(instance_id, body)], reason=body.reason)
    if isinstance(found, Problem):
        raise Refused([found.at("")])
    return answer(_acted(found))


@router.post("/instance-repairs", openapi_extra=permission("streams.repair"))
def repair_many(body: BulkIn, edge: CallerEdge) -> Response:
    """The same for many: a result or a problem for each, in order; `next` is where a filter goes on."""
    last: UUID | None = None
    if body.acts is not None:
        acts = [_act(one.instance, one) for one in body.acts]
    else:
        wanted, verb = body.filter, body.act
        assert wanted is not None
        assert verb is not None
        acts, last = edge.read(
            lambda reader: acts_for(
                reader,
                Filter(
                    wanted.stream, wanted.version, _STATUS.get(wanted.status, (wanted.status,)), wanted.subjects, wanted.element,
                    wanted.code, None if wanted.still_minutes is None else reader.now - timedelta(minutes=wanted.still_minutes),
                ),
                verb, to=body.to, variables=body.variables, after=wanted.after, limit=body.limit,
            )
        )  # fmt: skip
    results = repair_instances(edge, acts, reason=body.reason) if acts else []
    shown = [
        {"instance": act.instance_id, "token": act.token, "problem": one.as_json()}
        if isinstance(one, Problem)
        else _acted(one)
        for act, one in zip(acts, results, strict=True)
    ]
    return answer({"results": shown, "next": last})


_STATUS = {"live": ("running", "incident")}


def _act(instance_id: UUID, one: ActIn) -> Act:
    return Act(instance_id, one.act, one.token, one.to, one.variables, one.position)


def _acted(one: Acted) -> dict[str, Any]:
    return {
        "instance": one.instance_id,
        "status": one.status,
        "position": one.position,
        "places": [{"token": token, "element": element} for token, element in one.places],
    }


class PolicyIn(_Strict):
    """How a stream is looked ahead."""

    pace: Literal["p50", "p90"] = "p90"
    ahead_minutes: Annotated[int, Field(ge=0, le=43_200)] = 0
    role: Annotated[str, Field(min_length=1, max_length=60)] = "sales"
    active: bool = True


@router.put("/streams/{stream}/escalation-policy", openapi_extra=permission("streams.publish"))
def set_escalation_policy(stream: str, body: PolicyIn, edge: CallerEdge) -> Response:
    """Look ahead in a stream: what will end later than so many minutes before its promise comes into the inbox of a role."""
    if stream not in STREAMS:
        raise Refused([unknown_stream(stream)])
    if body.role not in STAFF_ROLES:
        raise Refused(
            [
                Problem(
                    "desk.unknown_role",
                    "Nobody of the house has this role.",
                    "/role",
                    detail={"roles": sorted(STAFF_ROLES)},
                )
            ]
        )
    policy = Policy(stream, body.pace, body.ahead_minutes, body.role, body.active)
    edge.write(lambda tx: set_policy(tx, policy))
    return answer({"stream": stream, **body.model_dump()})
