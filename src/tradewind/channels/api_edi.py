"""`/api/v1/edi`: interchanges of partners come in; `/api/v1/inbound`: what came in, what became of it, and mending what is held."""

import asyncio
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from tradewind.access.api.edge import CallerEdge, answer, api_router, edge_of, not_found, permission, raw
from tradewind.access.model import PUBLIC
from tradewind.channels.edi.commands import put_to_do
from tradewind.channels.edi.queries.inbound import document_of, inbound_document, inbound_documents
from tradewind.channels.edi.queries.partners import partner_at_door
from tradewind.channels.edi.work import CHANNEL, How, keep_document, work_on
from tradewind.kernel.problem import refuse
from tradewind.kernel.tx import Actor, Database, Tx

router = api_router("edi")
WAIT_SECONDS = 10.0
WORKED_AT_ONCE = 1 << 20  # bytes; a larger document is answered 202 and worked on by the worker
X12 = "application/edi-x12"
_BODY = {"requestBody": {"required": True, "content": {X12: {"schema": {"type": "string", "format": "binary"}}}}}


class MendIn(BaseModel):
    """How what is held is tried again."""

    model_config = ConfigDict(extra="forbid")
    forced: bool = False
    as_new: bool = False


@router.post("/edi", openapi_extra={**permission("documents.submit"), **_BODY})
@raw
async def take_interchanges(request: Request) -> Response:
    """Take in a file of interchanges: 200 with what became of each, 202 where that takes longer. The bytes are kept first."""
    edge = edge_of(request.scope)
    return await _taken(edge.database, await request.body(), edge.actor(), How())


@router.post("/edi/{door}", openapi_extra={**permission(PUBLIC), **_BODY})
async def take_at_door(door: str, request: Request) -> Response:
    """The same at a partner's own address: only that partner's interchanges are taken, others are held."""
    database: Database = request.app.state.database
    hashed = sha256(door.encode()).digest()
    partner = await run_in_threadpool(database.read, lambda reader: partner_at_door(reader, hashed))
    if partner is None:
        raise not_found()
    actor = Actor(principal_id=None, name=partner.code, channel=CHANNEL)
    return await _taken(database, await request.body(), actor, How(only=partner.id))


async def _taken(database: Database, body: bytes, actor: Actor, how: How) -> Response:
    if not body.strip():
        raise refuse("channels.empty_document", "There is nothing in the body.")
    at_once = len(body) <= WORKED_AT_ONCE
    document = await run_in_threadpool(keep_document, database, body, actor=actor, leased=at_once)
    place = {"Location": f"/api/v1/inbound/{document}"}
    if at_once:
        work = asyncio.ensure_future(run_in_threadpool(work_on, database, document, actor=actor, how=how))
        done, _ = await asyncio.wait([work], timeout=WAIT_SECONDS)
        if done:
            return answer(work.result(), 200, place)
    return answer({"document": document, "outcome": "in_progress"}, 202, place)


@router.get("/inbound", openapi_extra=permission("documents.read"))
def read_inbound(
    edge: CallerEdge,
    outcome: Annotated[str | None, Query(max_length=20)] = None,
    channel: Annotated[str | None, Query(max_length=20)] = None,
    partner: Annotated[str | None, Query(max_length=40)] = None,
    before: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Documents that came in, newest first; `outcome=held` also finds those of which only a part is held."""
    if before is not None and before.tzinfo is None:
        raise refuse("request.time_without_zone", "A time needs its zone.", where="query:before")
    page = edge.read(
        lambda reader: inbound_documents(
            reader, outcome=outcome, channel=channel, partner=partner, before=before, limit=limit
        )
    )
    return answer({"documents": page, "next": page[-1]["received_at"] if len(page) == limit else None})


@router.get("/inbound/{document}", openapi_extra=permission("documents.read"))
def read_inbound_document(
    document: UUID,
    edge: CallerEdge,
    outcome: Annotated[str | None, Query(max_length=20)] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Response:
    """One document: its interchanges, and of their sets what each became and why."""
    found = edge.read(lambda reader: inbound_document(reader, document, outcome=outcome, limit=limit))
    if found is None:
        raise not_found()
    return answer(found)


@router.get("/inbound/{document}/content", openapi_extra=permission("documents.read"))
def read_inbound_content(document: UUID, edge: CallerEdge) -> Response:
    """The bytes as they came."""
    found = edge.read(lambda reader: document_of(reader, document))
    if found is None:
        raise not_found()
    # never shown as what it claims to be: it is somebody else's content
    headers = {"Content-Disposition": f'attachment; filename="{document}.bin"', "X-Content-Type-Options": "nosniff"}
    return Response(found[2], 200, headers, "application/octet-stream")


@router.post("/inbound/{document}/reprocess", openapi_extra=permission("documents.submit"))
def reprocess(document: UUID, edge: CallerEdge, given: MendIn | None = None) -> Response:
    """Try what is held of a document again, after whatever it lacked was mended.

    `forced`: an interchange whose control number was used for other bytes is meant. `as_new`: a change or replacement of
    something we never had is to be an order.
    """
    found = edge.read(lambda reader: document_of(reader, document))
    if found is None:
        raise not_found()
    if found[0] != CHANNEL:
        raise refuse("channels.not_mendable", f"Documents of {found[0]} are mended where they came from.", status=409)
    wanted = given or MendIn()

    def begin(tx: Tx) -> None:
        put_to_do(tx, document, leased=True)

    edge.write(begin)
    how = How(mending=True, forced=wanted.forced, as_new=wanted.as_new)
    report: dict[str, Any] = work_on(edge.database, document, actor=edge.actor(), how=how)
    return answer(report)
