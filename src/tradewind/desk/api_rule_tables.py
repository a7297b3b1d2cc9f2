"""`/api/v1/rule-sets/{rule_set}/versions`: what a version says: as rows, as the DMN file it is, with its tests, and what it would decide."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, edge_of, permission
from tradewind.desk.api_rule_sets import (
    Named,
    Revision,
    Version,
    found_set,
    proof_of,
    revision_of,
    shown_set,
)
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader, Tx
from tradewind.rules import errors
from tradewind.rules.commands.sets import MAX_TESTS, Edit, draft, rewrite
from tradewind.rules.decide.compare import CellChange, compare
from tradewind.rules.decide.dmn.read import read_definitions
from tradewind.rules.decide.dmn.sheet import rows_as_dmn, table_as_rows, tables_of
from tradewind.rules.decide.govern import ask, compiled
from tradewind.rules.decide.proof import Proof, Tried, typed_inputs
from tradewind.rules.decide.values_json import MAX_DEPTH, jsonable
from tradewind.rules.model import Definitions, Ruling, TableTest
from tradewind.rules.queries.sets import Content, RuleSet, content_of, lineages
from tradewind.streams.decision_points import POINTS

router = api_router("rules")
XML = "application/dmn+xml"
_FILE = {"requestBody": {"required": True, "content": {XML: {"schema": {"type": "string", "format": "binary"}}}}}


def _shallow(inputs: dict[str, Any]) -> dict[str, Any]:
    """Refuse what is nested deeper than a decision keeps."""
    level: list[Any] = [inputs]
    for _ in range(MAX_DEPTH):
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return inputs
    raise ValueError(f"at most {MAX_DEPTH} levels of lists and objects are asked about")


Inputs = Annotated[dict[Annotated[str, Field(max_length=200)], Any], Field(max_length=500), AfterValidator(_shallow)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class CaseIn(_Strict):
    """A test: inputs, and the answer expected: the outputs that matter; several answers in their order; null for none."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    inputs: Inputs = {}
    expect: Inputs | Annotated[list[Inputs], Field(max_length=1_000)] | None = None


class VersionIn(_Strict):
    """What a version says; what is left out stays as it is, in a new version as in the newest before it.

    `rows` is a table as `GET …/rows` gives it; `decision` names the one that answers, where a file has several that could.
    """

    rows: dict[str, Any] | None = None
    decision: Annotated[str, Field(max_length=200)] | None = None
    tests: Annotated[list[CaseIn], Field(max_length=MAX_TESTS)] | None = None
    comment: Annotated[str, Field(max_length=2_000)] | None = None


class AskIn(_Strict):
    """Inputs by name."""

    inputs: Inputs = {}


def _content(reader: Reader, code: str, version: int) -> tuple[RuleSet, Content]:
    one = found_set(reader, code)
    content = content_of(reader, one.id, version)
    if content is None:
        raise Refused([errors.unknown_version(version)])
    return one, content


def _edit(edge: Edge, code: str, body: VersionIn, version: int | None) -> Edit:
    """What is written; rows go into the file of the version, or of the newest, in place of its table of that id. A new version
    whose table is in no file yet is a file of its own."""

    def look(reader: Reader) -> tuple[RuleSet, Content | None]:
        one = found_set(reader, code)
        return one, content_of(reader, one.id, version or lineages(reader, [one.id])[one.id].next_no - 1)

    tests = None if body.tests is None else tuple(_test(one) for one in body.tests)
    source = None
    if body.rows is not None:
        one, last = edge.read(look)
        point = POINTS.get(one.point)
        known = {fact.name: fact.type for fact in point.inputs} if point else {}
        made = rows_as_dmn(body.rows, source=last.source if last else None, variables=known)
        if version is None and isinstance(made, Problem) and made.code == "rules.unknown_table":
            made = rows_as_dmn(body.rows, variables=known)
        if isinstance(made, Problem):
            raise Refused([made.at(f"/rows{made.where}" if made.where.startswith("/") else made.where)])
        source = made
    return Edit(source, body.decision, tests, body.comment)


def _test(one: CaseIn) -> TableTest:
    return TableTest(one.name, one.inputs, tuple(one.expect) if isinstance(one.expect, list) else one.expect)


def _expected(edge: Edge, code: str, if_match: str | None) -> int:
    """Who writes anew says what they read."""
    expected = revision_of(if_match)
    if expected is None:
        raise Refused([errors.say_which(edge.read(lambda reader: found_set(reader, code)).revision)])
    return expected


def _drafted(edge: Edge, code: str, edit: Edit, expected: int | None) -> Response:
    made = edge.write(lambda tx: draft(tx, code, edit, expected=expected))
    if isinstance(made, Problem):
        raise Refused([made])
    return shown_set(edge, code, 201)


def _rewritten(edge: Edge, code: str, version: int, edit: Edit, expected: int) -> Response:
    def write(tx: Tx) -> Problem | None:
        return rewrite(tx, code, version, edit, expected=expected)

    problem = edge.write(write)
    if problem is not None:
        raise Refused([problem])
    return shown_set(edge, code)


@router.post("/rule-sets/{rule_set}/versions", status_code=201, openapi_extra=permission("rules.write"))
def post_version(code: Named, body: VersionIn, edge: CallerEdge, if_match: Revision = None) -> Response:
    """A new version as a draft, of rows or as a copy of the newest."""
    return _drafted(edge, code, _edit(edge, code, body, None), revision_of(if_match))


@router.post("/rule-sets/{rule_set}/dmn", status_code=201, openapi_extra={**permission("rules.write"), **_FILE})
async def post_file(code: Named, request: Request, if_match: Revision = None) -> Response:
    """A new version as a draft, of a DMN file; it is kept byte for byte."""
    edit = Edit(source=await request.body())
    return await run_in_threadpool(_drafted, edge_of(request.scope), code, edit, revision_of(if_match))


@router.put("/rule-sets/{rule_set}/versions/{version}", openapi_extra=permission("rules.write"))
def put_version(
    code: Named, version: Version, body: VersionIn, edge: CallerEdge, if_match: Revision = None
) -> Response:
    """Write a version anew that was not published. It is a draft again: a review it had is gone."""
    expected = _expected(edge, code, if_match)
    return _rewritten(edge, code, version, _edit(edge, code, body, version), expected)


@router.put("/rule-sets/{rule_set}/versions/{version}/dmn", openapi_extra={**permission("rules.write"), **_FILE})
async def put_file(code: Named, version: Version, request: Request, if_match: Revision = None) -> Response:
    """Another DMN file for a version that was not published."""
    edge = edge_of(request.scope)
    source = await request.body()
    expected = await run_in_threadpool(_expected, edge, code, if_match)
    return await run_in_threadpool(_rewritten, edge, code, version, Edit(source=source), expected)


@router.get("/rule-sets/{rule_set}/versions/{version}/dmn", openapi_extra=permission("rules.read"))
def read_file(code: Named, version: Version, edge: CallerEdge) -> Response:
    """The DMN file of a version, byte for byte as it was given."""
    _, content = edge.read(lambda reader: _content(reader, code, version))
    name = f'attachment; filename="{code}-{version}.dmn"'
    return Response(content.source, 200, {"content-disposition": name, "x-content-type-options": "nosniff"}, XML)


@router.get("/rule-sets/{rule_set}/versions/{version}/rows", openapi_extra=permission("rules.read"))
def read_rows(
    code: Named, version: Version, edge: CallerEdge, table: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """A table of a version as rows; `table` names one of several, the first where none is named."""
    _, content = edge.read(lambda reader: _content(reader, code, version))
    read = read_definitions(content.source)
    rows = read if isinstance(read, Problem) else table_as_rows(read, table)
    if isinstance(rows, Problem):
        raise Refused([rows])
    return answer(rows)


@router.get("/rule-sets/{rule_set}/versions/{version}", openapi_extra=permission("rules.read"))
def read_version(code: Named, version: Version, edge: CallerEdge) -> Response:
    """A version: which tables it has, its tests, and what was said of it."""
    one, content = edge.read(lambda reader: _content(reader, code, version))
    read = read_definitions(content.source)
    tables = [] if isinstance(read, Problem) else [{"table": table.place.id, "decision": name, "rows": len(table.rules)}
                                                   for name, table in tables_of(read)]  # fmt: skip
    body = {
        "code": code,
        "version": version,
        "decision": content.decision,
        "tables": tables,
        "tests": [{"name": each.name, "inputs": each.inputs, "expect": each.expect} for each in content.tests],
        "comment": content.comment,
        "digest": content.digest.hex(),
        "changed_at": content.changed_at,
        "revision": one.revision,
    }
    return answer(body, headers={"ETag": f'"{one.revision}"'})


# ---- what it would decide ----------------------------------------------------------------------------------------------


@router.get("/rule-sets/{rule_set}/versions/{version}/check", openapi_extra=permission("rules.read"))
def check(code: Named, version: Version, edge: CallerEdge) -> Response:
    """Whether it may go live: words of its point, rows without effect, overlaps and gaps with inputs that show them, tests."""
    one, content = edge.read(lambda reader: _content(reader, code, version))
    return answer(proof_json(proof_of(one, content)))


def proof_json(proof: Proof) -> dict[str, Any]:
    """What was found, as JSON; `problems` refuse the publication, the rest is worth knowing."""
    return {
        "ready": not proof.problems,
        "problems": [one.as_json() for one in proof.problems],
        "seen": [
            {"table": one.table, "kind": one.kind, "rows": one.rows, "inputs": jsonable(one.inputs), "refused": one.refused,
             "message": one.message} for one in proof.seen
        ],
        "tests": [_tried(one) for one in proof.tried],
        "untested": [{"table": table, "row": row} for table, row in proof.untested],
    }  # fmt: skip


def _tried(one: Tried) -> dict[str, Any]:
    return {"name": one.case.name, "passed": one.passed, **_why(one)}


def _why(one: Tried | Ruling) -> dict[str, Any]:
    return {
        "answers": jsonable(one.answers),
        "rows": [{"table": hit.table, "row": hit.row, "number": hit.number} for hit in one.hits],
        "nearly": [
            {"table": miss.table, "row": miss.row, "number": miss.number, "column": miss.column, "cell": miss.cell}
            for miss in one.misses
        ],
        "findings": [each.as_json() for each in one.findings],
    }


@router.post("/rule-sets/{rule_set}/versions/{version}/ask", openapi_extra=permission("rules.read"))
def ask_version(code: Named, version: Version, body: AskIn, edge: CallerEdge) -> Response:
    """What a version would answer, which rows matched and which nearly did. Nothing is written."""
    one, content = edge.read(lambda reader: _content(reader, code, version))
    made = compiled(content.source, content.decision)
    if isinstance(made, list):
        raise Refused(made)
    inputs = typed_inputs(made, body.inputs, POINTS.get(one.point))
    ruling = ask(made, inputs, Ruling(one.id, code, version, one.point, {}, (), (), ()))
    missing = sorted(name for name in made.plan.inputs if name not in inputs)
    return answer({**_why(ruling), "effect": ruling.effect, "inputs": jsonable(ruling.inputs), "missing": missing})


@router.get("/rule-sets/{rule_set}/compare", openapi_extra=permission("rules.read"))
def compare_versions(code: Named, old: Version, new: Version, edge: CallerEdge) -> Response:
    """Two versions side by side: rows added, removed, moved and changed, cell by cell, tests and whatever else differs."""

    def read(reader: Reader) -> tuple[Content, Content]:
        return _content(reader, code, old)[1], _content(reader, code, new)[1]

    contents = edge.read(read)
    definitions: list[Definitions] = []
    for content in contents:
        one = read_definitions(content.source)
        if isinstance(one, Problem):
            raise Refused([one])
        definitions.append(one)
    tables, others = compare(*definitions)
    return answer(
        {
            "code": code,
            "old": old,
            "new": new,
            "same_file": contents[0].digest == contents[1].digest,
            "tables": [
                {
                    "decision": table.decision, "table": table.table, "whole": table.whole or None,
                    "settings": [_cell(one) for one in table.settings],
                    "rows": [{"was": row.was, "now": row.now, "moved": row.moved, "cells": [_cell(one) for one in row.cells]}
                             for row in table.rows],
                } for table in tables
            ],
            "others": [{"what": one.column, "change": one.now} for one in others],
            "tests": _tests_between(contents[0], contents[1]),
        }
    )  # fmt: skip


def _cell(one: CellChange) -> dict[str, str]:
    return {"column": one.column, "was": one.was, "now": one.now}


def _tests_between(old: Content, new: Content) -> list[dict[str, str]]:
    were: Mapping[str, TableTest] = {one.name: one for one in old.tests}
    are: Mapping[str, TableTest] = {one.name: one for one in new.tests}
    found = [(name, "removed" if name not in are else "added" if name not in were else "changed")
             for name in dict.fromkeys((*were, *are)) if were.get(name) != are.get(name)]  # fmt: skip
    return [{"test": name, "change": change} for name, change in found]
