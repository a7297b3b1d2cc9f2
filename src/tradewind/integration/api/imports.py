"""`/api/v1/imports`: master data by CSV or XLSX, with the same report as the command line."""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from tradewind.access.api.edge import Edge, answer, api_router, edge_of, permission
from tradewind.integration.commands.importing import ImportOptions, import_file
from tradewind.integration.decide.describe import describe
from tradewind.integration.decide.kinds import KINDS
from tradewind.integration.model import ImportResult
from tradewind.kernel.problem import refuse
from tradewind.semantics.decide.rows.model import Declared

router = api_router("imports")

_BODY = {"requestBody": {"required": True, "content": {
    "text/csv": {"schema": {"type": "string"}},
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {"schema": {"type": "string", "format": "binary"}},
}}}  # fmt: skip


def report(result: ImportResult) -> dict[str, Any]:
    """An import's result for an answer: counts, what was refused with row and column, and what was noticed."""
    return {
        "kind": result.kind, "run": str(result.run_id), "dry_run": result.is_dry, "rows": result.rows,
        "created": result.created, "changed": result.changed, "unchanged": result.unchanged, "refused": result.refused,
        "problems": [problem.as_json() for problem in result.problems],
        "findings": [{"code": one.code, "severity": one.severity, "where": one.where, "message": one.message,
                      "count": one.count} for one in result.findings],
        "stopped": result.stopped.as_json() if result.stopped else None,
    }  # fmt: skip


@router.get("/imports", openapi_extra=permission("masterdata.import"))
def read_kinds() -> Response:
    """The kinds that can be imported, in the order in which they build on each other, each with its columns."""
    return answer({"kinds": [{"kind": name, "columns": describe(kind)} for name, kind in KINDS.items()]})


@router.post("/imports/{kind}", openapi_extra={**permission("masterdata.import"), **_BODY})
async def import_kind(
    request: Request,
    kind: str,
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    delimiter: Annotated[str | None, Query(max_length=1)] = None,
    encoding: Annotated[str | None, Query(max_length=20)] = None,
    sheet: Annotated[str | None, Query(max_length=100)] = None,
    decimal_mark: Annotated[str | None, Query(pattern="^[.,]$")] = None,
    column: Annotated[list[str] | None, Query(max_length=60)] = None,
) -> Response:
    """Import the file in the body. Bad rows are refused with row and column; the rest of the file goes on.

    `column=our=Theirs` names a column of the file for one of ours; it may come several times.
    """
    if kind not in KINDS:
        raise refuse(
            "import.unknown_kind", f"There is no import kind {kind}.", where="kind", status=404, kinds=list(KINDS)
        )
    body = await request.body()
    declared = {"delimiter": delimiter, "encoding": encoding, "sheet": sheet, "decimal_mark": decimal_mark}
    options = ImportOptions(
        columns=_columns(column or []), declared=Declared(**{name: value for name, value in declared.items() if value}),  # type: ignore[arg-type]
        is_dry=dry_run, actor=edge_of(request.scope).actor(),
    )  # fmt: skip
    return answer(report(await run_in_threadpool(_import, edge_of(request.scope), body, kind, options)))


def _import(edge: Edge, body: bytes, kind: str, options: ImportOptions) -> ImportResult:
    return import_file(edge.database, body, kind, options=options)


def _columns(pairs: list[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for pair in pairs:
        ours, sign, theirs = pair.partition("=")
        if not sign or not ours or not theirs:
            raise refuse("import.bad_column", f"A column is named as our=Theirs, not {pair}.", where="query:column")
        columns[ours] = theirs
    return columns
