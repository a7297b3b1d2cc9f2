"""`/api/v1/streams/{stream}/versions`: how people change a value stream, and move running instances to another version."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, permission
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader, Tx
from tradewind.kernel.versions import Verb, in_force, standing
from tradewind.orchestration import errors
from tradewind.orchestration.commands.drafts import Content, Offer, advance, checked_graph, draft, drafted
from tradewind.orchestration.commands.migrate import Migration, Outcome, migrate, rehearse
from tradewind.orchestration.commands.streams import graph_of, lineage_of
from tradewind.orchestration.decide.migrate import compare
from tradewind.orchestration.model import Graph
from tradewind.orchestration.queries.instances import Filter, find_instances
from tradewind.orchestration.queries.monitor import standing_at
from tradewind.semantics.model import KINDS_OF_TASKS
from tradewind.streams.language import read_expression
from tradewind.streams.library import STREAMS

router = api_router("streams")
Text = Annotated[str, Field(max_length=500)]
VersionNo = Annotated[int, Field(ge=1, le=1_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class DraftIn(_Strict):
    """A version: its diagram as BPMN 2.0 XML, parameters its instances begin with, and time-outs by element (`P3D`)."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    bpmn: Annotated[str, Field(min_length=1, max_length=2 << 20)]
    parameters: Annotated[dict[str, Any], Field(max_length=100)] = {}
    timeouts: Annotated[dict[str, Annotated[str, Field(max_length=40)]], Field(max_length=200)] = {}
    reason: Text = ""


class ActIn(_Strict):
    """What to do with a version. publish: now, or from `effective` on. The acts that take away need a reason."""

    act: Literal["submit", "send_back", "review", "publish", "withdraw"]
    reason: Text = ""
    effective: AwareDatetime | None = None


class RollbackIn(_Strict):
    """Back to a version (the one that was in force before, where none is named), at once."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    version: VersionNo | None = None


class MigrationIn(_Strict):
    """Which instances to move to which version. `mapping`: the new element for each old one that is not the same."""

    target: VersionNo
    mapping: Annotated[dict[str, Annotated[str, Field(max_length=200)]], Field(max_length=2000)] = {}
    instances: Annotated[list[UUID] | None, Field(min_length=1, max_length=PAGE)] = None
    element: Annotated[str | None, Field(max_length=200)] = None
    after: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE)] = 100
    dry_run: bool = True
    reason: Text = ""


def offer_of(stream: str) -> Offer:
    """What a diagram of the stream may name; refused where there is no such stream."""
    found = STREAMS.get(stream)
    if found is None:
        raise Refused([errors.unknown_stream(stream)])
    return Offer(found.steps.keys(), STREAMS.keys(), KINDS_OF_TASKS)


@router.post("/streams/{stream}/versions", openapi_extra=permission("streams.publish"))
def write_draft(stream: str, body: DraftIn, edge: CallerEdge) -> Response:
    """Draft a new version; what the engine does not run is refused by name. Answers how it differs from what is in force."""
    return _write(edge, stream, body, None)


@router.put("/streams/{stream}/versions/{version}", openapi_extra=permission("streams.publish"))
def rewrite_draft(stream: str, version: VersionNo, body: DraftIn, edge: CallerEdge) -> Response:
    """Write a version anew that was not published; a review it had is gone."""
    return _write(edge, stream, body, version)


def _write(edge: Edge, stream: str, body: DraftIn, version: int | None) -> Response:
    offer, content = offer_of(stream), Content(body.name, body.bpmn, body.parameters, body.timeouts)

    def write(tx: Tx) -> int | Problem:
        return draft(tx, stream, content, offer=offer, expressions=read_expression, version=version, reason=body.reason)

    no = edge.write(write)
    if isinstance(no, Problem):
        raise Refused([no])
    return answer(edge.read(lambda reader: _changes(reader, stream, no)), 201 if version is None else 200)


@router.get("/streams/{stream}/versions/{version}/changes", openapi_extra=permission("streams.read"))
def read_changes(stream: str, version: VersionNo, edge: CallerEdge) -> Response:
    """How a version differs from the one in force: elements that came, went or say something else; what stands on those that
    went, and would be stranded if it were moved without a mapping."""
    offer_of(stream)
    return answer(edge.read(lambda reader: _changes(reader, stream, version)))


@router.post("/streams/{stream}/versions/{version}/acts", openapi_extra=permission("streams.publish"))
def act_on_version(stream: str, version: VersionNo, body: ActIn, edge: CallerEdge) -> Response:
    """Submit for review, send back, review (by somebody who wrote nothing of it), publish now or at an instant, withdraw."""
    return _advance(edge, stream, version, Verb(body.act), reason=body.reason, effective=body.effective)


@router.post("/streams/{stream}/rollback", openapi_extra=permission("streams.publish"))
def roll_back(stream: str, body: RollbackIn, edge: CallerEdge) -> Response:
    """An earlier version is in force again at once, for new instances; those that run keep theirs."""
    return _advance(edge, stream, body.version, Verb.ROLL_BACK, reason=body.reason)


def _advance(
    edge: Edge, stream: str, version: int | None, verb: Verb, *, reason: str, effective: datetime | None = None
) -> Response:
    offer = offer_of(stream)

    def write(tx: Tx) -> dict[str, Any] | Problem:
        after = advance(
            tx, stream, version, verb, reason=reason, effective=effective, offer=offer, expressions=read_expression
        )
        if isinstance(after, Problem):
            return after
        holding = in_force(after.periods, tx.now)
        holds = None if holding is None else holding.no
        no = holds if version is None else version
        now = None if no is None else standing(after, no, tx.now)
        coming = [one for one in after.periods if one.since > tx.now and not one.empty]
        return {
            "stream": stream,
            "version": no,
            "standing": now and now.value,
            "in_force": holds,
            "scheduled": [{"version": one.no, "since": one.since} for one in coming],
        }

    found = edge.write(write)
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(found)


def _changes(reader: Reader, stream: str, version: int) -> dict[str, Any]:
    lineage = lineage_of(reader, stream)
    now, holding = standing(lineage, version, reader.now), in_force(lineage.periods, reader.now)
    if now is None:
        raise Refused([errors.unknown_version(stream, version)])
    shown: dict[str, Any] = {"stream": stream, "version": version, "standing": now.value}
    if holding is None:
        return shown
    old = graph_of(reader, stream, holding.no, expressions=read_expression)
    differ = compare(old, graph_to_read(reader, stream, version))
    stands = standing_at(reader, stream, None)
    return {
        **shown,
        "compared_with": holding.no,
        "added": differ.added,
        "removed": [{"element": one, "open": stands[one].open if one in stands else 0} for one in differ.removed],
        "changed": differ.changed,
    }


def graph_to_read(reader: Reader, stream: str, version: int) -> Graph:
    """The graph of a version, a draft too."""
    content = drafted(reader, stream, version)
    if content is None:
        return graph_of(reader, stream, version, expressions=read_expression)
    graph = checked_graph(content, offer_of(stream), read_expression)
    if isinstance(graph, Problem):
        raise Refused([graph])
    return graph


@router.post("/streams/{stream}/versions/{version}/migrations", openapi_extra=permission("streams.repair"))
def migrate_instances(stream: str, version: VersionNo, body: MigrationIn, edge: CallerEdge) -> Response:
    """Move live instances of a version to another. A dry run lists for each what would move, and what is stranded and why; the
    real one moves those of which nothing is stranded, and needs a reason."""
    offer_of(stream)
    wanted = Migration(stream, version, body.target, body.mapping)
    ids, last = edge.read(lambda reader: _chosen(reader, wanted, body))
    if body.dry_run:
        found = edge.read(lambda reader: rehearse(reader, wanted, ids, expressions=read_expression))
    elif not body.reason:
        raise Refused([errors.no_reason()])
    else:
        found = edge.write(lambda tx: migrate(tx, wanted, ids, reason=body.reason, expressions=read_expression))
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(
        {
            "dry_run": body.dry_run,
            "moved": sum(one.passes for one in found),
            "stranded": sum(not one.passes for one in found),
            "instances": [_outcome(one) for one in found],
            "next": last,
        }
    )


def _chosen(reader: Reader, wanted: Migration, body: MigrationIn) -> tuple[Sequence[UUID], UUID | None]:
    if body.instances is not None:
        return list(dict.fromkeys(body.instances)), None
    asked = Filter(wanted.stream, wanted.source, node=body.element)
    ids = [one.id for one in find_instances(reader, asked, after=body.after, limit=body.limit)]
    return ids, ids[-1] if len(ids) == body.limit else None


def _outcome(one: Outcome) -> Mapping[str, Any]:
    if one.plan is None:
        assert one.problem is not None
        return {"instance": one.instance_id, "passes": False, "problem": one.problem.as_json()}
    return {
        "instance": one.instance_id,
        "passes": one.passes,
        "moves": [{"token": place, "from": here, "to": there} for place, here, there in one.plan.moved],
        "stranded": [
            {"token": bad.place, "element": bad.element, "code": bad.code, "message": bad.message}
            for bad in one.plan.stranded
        ],
        "armed_at_the_next_visit": one.plan.unarmed,
    }
