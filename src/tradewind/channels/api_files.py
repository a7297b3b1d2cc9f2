"""`/api/v1/order-files`: orders as CSV or XLSX files, and how an account's columns are read."""

import json
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, edge_of, not_found, permission
from tradewind.accounts.queries import account_ids
from tradewind.channels.decide.sheets import Mapping, missing_columns, read_mapping
from tradewind.channels.order_files.commands import remember_mapping
from tradewind.channels.order_files.queries import mappings_of, order_file, order_files
from tradewind.channels.order_files.submit import keep_unreadable, preview_file, read_request, remembered, submit_file
from tradewind.channels.order_files.taken import FileRequest, Mode
from tradewind.kernel.problem import Problem, Refused, problem_body, refuse
from tradewind.semantics.decide.rows.model import Declared

router = api_router("order files")
PROBLEM = "application/problem+json"
_BODY = {"requestBody": {"required": True, "content": {
    "text/csv": {"schema": {"type": "string"}},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {"schema": {"type": "string", "format": "binary"}},
}}}  # fmt: skip
Signature = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


class MappingIn(BaseModel):
    """Fields of ours to names of the file's columns; null where there is none and none is to be guessed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    columns: dict[str, str | None]
    decimal_mark: Literal[".", ","] | None = None
    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    header: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=200)] = []


@router.post("/order-files", openapi_extra={**permission("orders.place"), **_BODY})
async def post_order_file(
    request: Request,
    account: Annotated[str, Query(min_length=1, max_length=200)],
    mode: Mode = "accept-valid",
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    mapping: Annotated[str | None, Query(max_length=8_000)] = None,
    buyer_po: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    name: Annotated[str | None, Query(max_length=200)] = None,
    sheet: Annotated[str | None, Query(max_length=100)] = None,
    encoding: Annotated[str | None, Query(max_length=20)] = None,
    delimiter: Annotated[str | None, Query(max_length=1)] = None,
) -> Response:
    """Order what stands in the file. Every row has its outcome: accepted, held, refused with what would be right, duplicate.

    `mode`: rows that are right are ordered without the others, or nothing is where one is wrong. `dry_run` gives price and
    promise for each row and keeps nothing. `mapping`: JSON like `{"columns": {"item": "Artikel", "qty": "Menge"}}`.
    """
    body = await request.body()
    declared = Declared(sheet=sheet, encoding=encoding, delimiter=delimiter)
    edge = edge_of(request.scope)
    return await run_in_threadpool(
        _post, edge, account, body, request.headers.get("content-type", ""), mode=mode, dry_run=dry_run,
        given=None if mapping is None else _mapping(mapping), buyer_po=buyer_po, name=name, declared=declared,
    )  # fmt: skip


def _mapping(text: str) -> Mapping:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise refuse("request.malformed_json", "The mapping is not JSON.", where="query:mapping") from None
    if not isinstance(found, dict):
        raise refuse("channels.unknown_mapping", "A mapping is an object.", where="query:mapping")
    return read_mapping(found if "columns" in found else {"columns": found})


def _post(
    edge: Edge,
    account: str,
    body: bytes,
    content_type: str,
    *,
    mode: Mode,
    dry_run: bool,
    given: Mapping | None,
    buyer_po: str | None,
    name: str | None,
    declared: Declared,
) -> Response:
    account_id, known = _account(edge, account)
    request = FileRequest(
        caller=edge.caller, actor=edge.actor(account_id), account_id=account_id, account=account, data=body,
        content_type=content_type or "application/octet-stream", mode=mode, given=given, buyer_po=buyer_po, name=name,
        visible=None if edge.visible is None else tuple(sorted(edge.visible)),
    )  # fmt: skip
    try:
        file = read_request(request, known, declared=declared)
    except Refused as refused:
        if not dry_run:
            keep_unreadable(edge.database, request, refused.problems)
        raise
    if dry_run:
        return answer(preview_file(edge.database, request, file))
    if file.unsure:
        keep_unreadable(edge.database, request, file.unsure)
        raise Refused(file.unsure)
    return _answered(submit_file(lambda work: edge.write(work, account_id=account_id), request, file))


def _answered(found: dict[str, Any]) -> Response:
    if found["outcome"] == "refused":
        problem = Problem("channels.nothing_placed", "No row of the file was ordered.", "", 422)
        refused = answer({**problem_body([problem]), **found}, 422)
        refused.headers["content-type"] = PROBLEM
        return refused
    is_new = found["outcome"] == "placed" and not found.get("repeated")
    headers = {"Location": f"/api/v1/order-files/{found['document']}"}
    return answer(found, 201 if is_new else 200, headers)


def _account(edge: Edge, code: str) -> tuple[UUID, dict[str, Mapping]]:
    """The account as far as the caller sees it and may act on it, and how its files were read before."""

    def read(reader: Any) -> tuple[UUID | None, dict[str, Mapping]]:
        found = account_ids(reader, [code]).get(code)
        return found, {} if found is None else remembered(reader, found)

    account_id, known = edge.read(read)
    if account_id is None:
        raise not_found()
    edge.allow(account_id)
    return account_id, known


@router.get("/order-files", openapi_extra=permission("orders.read"))
def read_order_files(
    edge: CallerEdge,
    account: str | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """A page of order files, newest first."""
    page = edge.read(lambda reader: order_files(reader, account=account, after=after, limit=limit))
    return answer({"order_files": page, "next": page[-1]["document"] if len(page) == limit else None})


@router.get("/order-files/{document}", openapi_extra=permission("orders.read"))
def read_order_file(document: UUID, edge: CallerEdge) -> Response:
    """An order file with what was answered: the outcome of every row."""
    found = edge.read(lambda reader: order_file(reader, document))
    if found is None:
        raise not_found()
    return answer(found)


@router.get("/accounts/{code}/order-file-mappings", openapi_extra=permission("orders.read"))
def read_mappings(code: str, edge: CallerEdge) -> Response:
    """How the account's order files are read, by the names of their columns."""

    def read(reader: Any) -> list[dict[str, Any]] | None:
        found = account_ids(reader, [code]).get(code)
        return None if found is None else mappings_of(reader, found)

    found = edge.read(read)
    if found is None:
        raise not_found()
    return answer({"mappings": found})


@router.put("/accounts/{code}/order-file-mappings/{signature}", openapi_extra=permission("orders.place"))
def put_mapping(code: str, signature: Signature, body: MappingIn, edge: CallerEdge) -> Response:
    """Say which column is what in files with these columns (the signature stands in the answer to a dry run)."""
    account_id, known = _account(edge, code)
    given = body.model_dump(exclude={"header"}, exclude_none=False)
    mapping = read_mapping({name: value for name, value in given.items() if value is not None})
    problems = missing_columns(name for name, column in mapping.columns.items() if column)
    if problems:
        raise Refused(problems)
    header = body.header or [column for column in mapping.columns.values() if column]
    edge.write(
        lambda tx: remember_mapping(tx, account_id, signature, header=header, mapping=mapping), account_id=account_id
    )
    return answer({"signature": signature, "mapping": mapping.as_json(), "was_known": signature in known})
