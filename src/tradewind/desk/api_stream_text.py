"""`/api/v1/streams/{stream}/versions/{version}/text`, `/diff` and `/edits`: a version in words, what differs, and changes by operations."""

from typing import Annotated, Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.desk.api_streams import VersionNo, graph_to_read, offer_of
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader, Tx
from tradewind.orchestration import errors
from tradewind.orchestration.commands.drafts import Content, draft, drafted, stored_content
from tradewind.orchestration.decide.edit import edit
from tradewind.orchestration.decide.operations import read_operations
from tradewind.orchestration.decide.summary import Difference, as_text, diff, summary
from tradewind.streams.language import read_expression

router = api_router("streams")


class EditsIn(BaseModel):
    """Operations, each with `do`: rename, describe, set_parameter, set_script, set_condition, set_default, set_timer, insert_after,
    add, attach_timer, connect, retarget, remove."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    operations: Annotated[list[dict[str, str | bool | dict[str, str]]], Field(min_length=1, max_length=500)]
    name: Annotated[str, Field(max_length=200)] = ""
    reason: Annotated[str, Field(max_length=500)] = ""


@router.get("/streams/{stream}/versions/{version}/text", openapi_extra=permission("streams.read"))
def read_text(stream: str, version: VersionNo, edge: CallerEdge) -> Response:
    """A version in sentences for people, and as lines that compare well: one an element, in the order in which it runs."""
    offer_of(stream)
    graph = edge.read(lambda reader: graph_to_read(reader, stream, version))
    return answer({"stream": stream, "version": version, "sentences": summary(graph), "lines": as_text(graph)})


@router.get("/streams/{stream}/versions/{version}/diff", openapi_extra=permission("streams.read"))
def read_diff(stream: str, version: VersionNo, edge: CallerEdge, since: VersionNo) -> Response:
    """What differs from the version `since`, element by element, each with its line before and after."""
    offer_of(stream)

    def read(reader: Reader) -> tuple[Difference, ...]:
        return diff(graph_to_read(reader, stream, since), graph_to_read(reader, stream, version))

    return answer({"stream": stream, "version": version, "since": since, "elements": [
        {"change": one.change.value, "id": one.id, "name": one.name, "before": one.before, "after": one.after}
        for one in edge.read(read)
    ]})  # fmt: skip


@router.post("/streams/{stream}/versions/{version}/edits", openapi_extra=permission("streams.publish"))
def edit_version(stream: str, version: VersionNo, body: EditsIn, edge: CallerEdge) -> Response:
    """A new draft: this version with these operations, all of them or none. What nobody touched stays as it was drawn."""
    offer = offer_of(stream)
    operations = read_operations(body.operations)
    if isinstance(operations, Problem):
        raise Refused([operations.at(f"/operations{operations.where}")])

    def write(tx: Tx) -> int | Problem:
        content = drafted(tx, stream, version) or stored_content(tx, stream, version)
        if content is None:
            return errors.unknown_version(stream, version)
        bpmn = edit(content.bpmn.encode(), operations)
        if isinstance(bpmn, Problem):
            return bpmn.at(f"/operations{bpmn.where}")
        new = Content(body.name or content.name, bpmn.decode(), content.parameters, content.timeouts)
        return draft(tx, stream, new, offer=offer, expressions=read_expression, reason=body.reason)

    no = edge.write(write)
    if isinstance(no, Problem):
        raise Refused([no])
    shown: dict[str, Any] = {"stream": stream, "version": no, "from": version}
    return answer(shown, 201)
