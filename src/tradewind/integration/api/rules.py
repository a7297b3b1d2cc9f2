"""`/api/v1/rules/{kind}`: rules of delivery as JSON rows, read back as they would be imported, written, and taken away."""

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.integration.commands.importing import import_rows
from tradewind.integration.commands.rules import remove_rules
from tradewind.integration.decide.kinds import KINDS
from tradewind.integration.model import Applied, Run
from tradewind.integration.queries import RULE_ROWS, rule_rows
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.semantics.decide.rows.model import Findings
from tradewind.semantics.decide.rows.schema import parse_row

router = api_router("rules")
Cell = Annotated[str, Field(max_length=500)] | int | None
Row = Annotated[dict[Annotated[str, Field(max_length=60)], Cell], Field(max_length=30)]


class RulesIn(BaseModel):
    """Rows to write and rows to take away, by the columns of the import kind; of those to take away its key is enough."""

    model_config = ConfigDict(extra="forbid")

    rows: Annotated[list[Row], Field(max_length=PAGE)] = []
    remove: Annotated[list[Row], Field(max_length=PAGE)] = []


@router.get("/rules/{kind}", openapi_extra=permission("rules.read"))
def read_rules(
    kind: str,
    edge: CallerEdge,
    after: Annotated[str, Query(max_length=300)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
) -> Response:
    """Rows of a kind, by key; `after` is the last `next`."""
    if kind not in RULE_ROWS:
        raise not_found()
    rows, last = edge.database.read(lambda reader: rule_rows(reader, kind, after=after, limit=limit))
    return answer({"kind": kind, "rows": rows, "next": last})


@router.put("/rules/{kind}", openapi_extra=permission("masterdata.import"))
def write_rules(kind: str, body: RulesIn, edge: CallerEdge) -> Response:
    """Write rows and take rows away, all of them or none: a row that cannot be is a refusal with its place."""
    if kind not in RULE_ROWS:
        raise not_found()
    rows, present = _parsed(kind, body.rows, "/rows")
    gone, _ = _parsed(kind, body.remove, "/remove", only_key=True)

    def write(tx: Tx) -> tuple[Applied, int]:
        run = Run(tx.ids.new(), present, Findings())
        removed = remove_rules(tx, kind, gone, run) if gone else 0
        applied = import_rows(tx, kind, rows, run) if rows else Applied()
        if applied.refused:
            raise Refused([_placed(problem, row) for row, problem in applied.refused])
        return applied, removed

    applied, removed = edge.write(write)
    return answer(
        {
            "kind": kind, "created": applied.created, "changed": applied.changed, "unchanged": applied.unchanged,
            "removed": removed,
        }
    )  # fmt: skip


def _parsed(
    kind: str, rows: list[dict[str, Any]], where: str, *, only_key: bool = False
) -> tuple[list[Any], frozenset[str]]:
    """Typed rows, numbered from 0, and the columns that are there; everything wrong with them at once."""
    known = {field.name: field for field in KINDS[kind].fields}
    good: list[Any] = []
    problems: list[Problem] = []
    present: set[str] = set()
    for index, row in enumerate(rows):
        strange = row.keys() - known.keys()
        if strange:
            name = min(strange)
            problems.append(Problem("import.unknown_column", f"{kind} have no {name!r}", f"{where}/{index}/{name}"))
            continue
        cells = {name: "" if value is None else str(value) for name, value in row.items()}
        if only_key:  # what must be said of a new row need not be said of one that goes
            cells |= {
                name: _ANY[name]
                for name, field in known.items()
                if name in _ANY and name not in cells and field.required
            }
        present |= cells.keys()
        found = parse_row(KINDS[kind], cells, number=index)
        if isinstance(found, list):
            problems += [_placed(one, index, where) for one in found]
        else:
            good.append(found)
    if problems:
        raise Refused(problems)
    return good, frozenset(present)


_ANY = {"name": "-", "consent": "ask"}


def _placed(problem: Problem, row: int, where: str = "/rows") -> Problem:
    column = problem.detail.get("column", "")
    return Problem(problem.code, problem.message, f"{where}/{row}/{column}", 422, problem.detail)
