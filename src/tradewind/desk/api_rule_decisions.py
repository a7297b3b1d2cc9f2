"""`/api/v1/decision-points`, `…/rule-decisions`: what tables may be asked about, and what they decided and why."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader
from tradewind.orders.queries import order_ids
from tradewind.rules.decide.dmn.read import read_definitions
from tradewind.rules.decide.dmn.sheet import tables_of
from tradewind.rules.decide.values_json import jsonable
from tradewind.rules.model import DecisionPoint, Fact
from tradewind.rules.queries.decisions import Decided, decision_by_id, decisions_of
from tradewind.rules.queries.sets import Content, content_of
from tradewind.streams.decision_points import POINTS

router = api_router("rules")


@router.get("/decision-points", openapi_extra=permission("rules.read"))
def read_points() -> Response:
    """The data dictionary: where the house asks tables, what they may ask back, and what they may answer."""
    return answer({"decision_points": [_point(one) for one in POINTS.values()]})


def _point(one: DecisionPoint) -> dict[str, Any]:
    return {
        "code": one.code,
        "title": one.title,
        "meaning": one.meaning,
        "inputs": [_fact(fact) for fact in one.inputs],
        "outputs": [{**_fact(fact), "allowed": fact.allowed} for fact in one.outputs],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {"name": fact.name, "type": fact.type, "meaning": fact.meaning, "example": jsonable(fact.example)}


@router.get("/rule-decisions", openapi_extra=permission("rules.read"))
def read_decisions(
    edge: CallerEdge,
    order: Annotated[str, Query(min_length=1, max_length=100)],
    point: Annotated[str | None, Query(max_length=100)] = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
) -> Response:
    """What tables decided about an order (its number or id), the oldest first; `after` is the last `next`."""

    def read(reader: Reader) -> list[Decided]:
        found = order_ids(reader, [order]).get(order) or _id(order)
        return [] if found is None else decisions_of(reader, found, point=point, after=after, limit=limit)

    made = edge.read(read)
    last = made[-1].id if len(made) == limit else None
    return answer({"decisions": [_decided(one) for one in made], "next": last})


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@router.get("/rule-decisions/{decision_id}", openapi_extra=permission("rules.read"))
def read_decision(decision_id: UUID, edge: CallerEdge) -> Response:
    """One decision, its rows in the words of the version that decided."""

    def read(reader: Reader) -> tuple[Decided, Content | None] | None:
        found = decision_by_id(reader, decision_id)
        return None if found is None else (found, content_of(reader, found.rule_set_id, found.version))

    found = edge.read(read)
    if found is None:
        raise not_found()
    one, content = found
    rows = _rows(content) if content else {}
    said = {
        "hits": [{**hit, "says": rows.get((hit["table"], hit["number"]))} for hit in one.hits],
        "misses": [{**miss, "says": rows.get((miss["table"], miss["number"]))} for miss in one.misses],
    }
    return answer({**_decided(one), **said})


def _decided(one: Decided) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at,
        "point": one.point,
        "rule_set": one.code,
        "version": one.version,
        "subject": {"type": one.subject_type, "id": one.subject_id, "line": one.line_no},
        "effect": one.effect or None,
        "inputs": one.inputs,
        "answers": one.answers,
        "hits": one.hits,
        "misses": one.misses,
    }


def _rows(content: Content) -> dict[tuple[str, int], dict[str, Any]]:
    """Every row of a version's tables as people read it: conditions by column, conclusions by output, notes."""
    read = read_definitions(content.source)
    if isinstance(read, Problem):
        return {}
    return {
        (table.place.id, number): {
            "when": {
                column.expression.text: cell.text
                for column, cell in zip(table.inputs, row.tests, strict=False)
                if cell.text != "-"
            },
            "then": {output.name or name: cell.text for output, cell in zip(table.outputs, row.outputs, strict=False)},
            "notes": [note for note in row.notes if note],
        }
        for name, table in tables_of(read)
        for number, row in enumerate(table.rules, 1)
    }
