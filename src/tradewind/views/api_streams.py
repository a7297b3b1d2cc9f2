"""`/api/v1/streams` and `/api/v1/instances`: what operators and process owners see of the engine."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path, Query, Response

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Reader
from tradewind.orchestration import errors
from tradewind.orchestration.commands.escalations import escalation_policies
from tradewind.orchestration.queries.instances import LIVE, Filter, find_instances
from tradewind.orchestration.queries.stuck import OVERDUE, stuck_instances
from tradewind.streams.library import STREAMS
from tradewind.streams.promises import at_risk
from tradewind.views import instances as seen
from tradewind.views import streams

router = api_router("streams")
VersionNo = Annotated[int, Path(ge=1, le=1_000_000)]
Page = Annotated[int, Query(ge=1, le=PAGE)]
Text = Annotated[str | None, Query(max_length=200)]
Minutes = Annotated[int | None, Query(ge=0, le=5_256_000)]
Status = Literal["live", "running", "incident", "done", "cancelled", "all"]
_STATUS = {"live": LIVE, "all": ("running", "incident", "done", "cancelled")}


@router.get("/streams", openapi_extra=permission("streams.read"))
def read_streams(edge: CallerEdge) -> Response:
    """Every value stream: its versions, which is in force, what is scheduled, how many instances run on each."""
    return answer({"streams": edge.read(streams.streams_json)})


@router.get("/stream-steps", openapi_extra=permission("streams.read"))
def read_steps(_: CallerEdge) -> Response:
    """The steps that a diagram of each stream may name (`tw:step`)."""
    return answer(
        {"streams": [{"stream": one.code, "name": one.name, "steps": sorted(one.steps)} for one in STREAMS.values()]}
    )


@router.get("/streams/{stream}/versions/{version}", openapi_extra=permission("streams.read"))
def read_version(stream: str, version: VersionNo, edge: CallerEdge) -> Response:
    """One version: its diagram (BPMN 2.0 XML), parameters, time-outs, when it was in force, and who did what to it."""
    found = edge.read(lambda reader: streams.version_json(reader, stream, version))
    if found is None:
        raise not_found()
    return answer(found)


@router.get("/streams/{stream}/versions/{version}/monitor", openapi_extra=permission("streams.read"))
def read_monitor(stream: str, version: VersionNo, edge: CallerEdge) -> Response:
    """Every element of the diagram with what stands there now, and the median and ninth-tenth of past stays in seconds."""
    return answer({"elements": edge.read(lambda reader: streams.monitor_json(reader, stream, version))})


@router.get("/instances", openapi_extra=permission("streams.read"))
def read_instances(
    edge: CallerEdge,
    stream: Text = None,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    status: Status = "live",
    element: Text = None,
    code: Text = None,
    find: Text = None,
    still_minutes: Minutes = None,
    age_minutes: Minutes = None,
    after: UUID | None = None,
    limit: Page = 100,
) -> Response:
    """Instances in the order they began. `element`: a token rests there. `code`: of the incident. `find`: the number or id of
    what it is about. `still_minutes`: not moved for so long. `age_minutes`: begun so long ago. `after`: the last `next`."""

    def found(reader: Reader) -> tuple[list[dict[str, Any]], UUID | None]:
        wanted = Filter(
            stream, version, _STATUS.get(status, (status,)), None if find is None else seen.subjects_named(reader, find),
            element, code, None if still_minutes is None else reader.now - timedelta(minutes=still_minutes),
            None if age_minutes is None else reader.now - timedelta(minutes=age_minutes),
        )  # fmt: skip
        page = find_instances(reader, wanted, after=after, limit=limit)
        return seen.instances_json(reader, page), page[-1].id if len(page) == limit else None

    page, last = edge.read(found)
    return answer({"instances": page, "next": last})


@router.get("/instances/{instance_id}", openapi_extra=permission("streams.read"))
def read_instance(instance_id: UUID, edge: CallerEdge) -> Response:
    """One instance: its tokens, waits with keys and due times, what is armed, variables, incidents, messages, and the other
    instances about the same thing."""
    found = edge.read(lambda reader: seen.instance_json(reader, instance_id))
    if found is None:
        raise not_found()
    return answer(found)


@router.get("/instances/{instance_id}/history", openapi_extra=permission("streams.read"))
def read_history(instance_id: UUID, edge: CallerEdge) -> Response:
    """What happened to an instance, oldest first, with who did it and why where a person did."""
    found = edge.read(lambda reader: seen.history_json(reader, instance_id))
    if not found and edge.read(lambda reader: seen.instance_json(reader, instance_id)) is None:
        raise not_found()
    return answer({"history": found})


@router.get("/stuck-instances", openapi_extra=permission("operate.read"))
def read_stuck(edge: CallerEdge, overdue_minutes: Minutes = None, limit: Page = 100) -> Response:
    """Instances that do not move: nothing to wait for, a timer overlooked, an answer not taken, or due for longer than
    `overdue_minutes` (5) without being turned."""
    overdue = OVERDUE if overdue_minutes is None else timedelta(minutes=overdue_minutes)
    found = edge.read(lambda reader: seen.stuck_json(reader, stuck_instances(reader, overdue=overdue, limit=limit)))
    return answer({"stuck": found})


@router.get("/streams/{stream}/promises-at-risk", openapi_extra=permission("streams.read"))
def read_risks(
    stream: str, edge: CallerEdge, pace: Literal["p50", "p90"] = "p90", ahead_minutes: Minutes = 0, limit: Page = 100
) -> Response:
    """Running instances that will come to their end later than so long before the promise, at the pace of the past: the latest
    first, with what takes longest until then."""
    if stream not in STREAMS:
        raise Refused([errors.unknown_stream(stream)])
    ahead = timedelta(minutes=ahead_minutes or 0)
    found = edge.read(lambda reader: seen.risks_json(reader, at_risk(reader, stream, pace=pace, ahead=ahead)[:limit]))
    return answer({"at_risk": found})


@router.get("/escalation-policies", openapi_extra=permission("streams.read"))
def read_policies(edge: CallerEdge) -> Response:
    """Which streams are looked ahead, at which pace, how long before the promise, and whose inbox says so."""
    return answer({"policies": edge.read(escalation_policies)})
