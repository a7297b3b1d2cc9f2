"""`/api/v1/templates`: value streams ready to be installed, upgraded against local changes, measured, and passed on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from tradewind.access.api.edge import CallerEdge, answer, api_router, permission
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader
from tradewind.library import errors
from tradewind.library.commands import (
    Put,
    Upgrade,
    export,
    import_template,
    install,
    missing,
    templates,
    upgrade,
    upgrade_of,
)
from tradewind.library.decide.files import MOST_BYTES
from tradewind.library.decide.results import differs, meets
from tradewind.library.model import Delta, Kpi, Reached, Template
from tradewind.library.queries import installed, reached

router = api_router("library")
Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
Value = str | bool | int | Decimal | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class InstallIn(_Strict):
    """Parameters that differ from the template's."""

    parameters: Annotated[dict[str, Value], Field(max_length=100)] = {}


class UpgradeIn(_Strict):
    """For elements that were changed here and in the template: whose version is taken. For others too, where one wants that."""

    choices: Annotated[dict[str, Literal["mine", "theirs"]], Field(max_length=2000)] = {}


@router.get("/templates", openapi_extra=permission("streams.read"))
def read_templates(edge: CallerEdge) -> Response:
    """Every template, what is installed of it, and what it would need that is not here."""

    def read(reader: Reader) -> list[dict[str, Any]]:
        here = installed(reader)
        return [
            {**_short(one), "installed": here[code].version if code in here else None, "missing": list(missing(one))}
            for code, one in sorted(templates(reader).items())
        ]

    return answer({"templates": edge.read(read)})


@router.get("/templates/{template}", openapi_extra=permission("streams.read"))
def read_template(template: Code, edge: CallerEdge) -> Response:
    """One template whole: its picture, parameters, measures with targets, needs, samples, and what it does in plain words."""
    found = _found(edge.read(lambda reader: templates(reader).get(template)), template)
    return answer({
        **_short(found),
        "bpmn": found.bpmn.decode(),
        "story": found.story,
        "timeouts": dict(found.timeouts),
        "parameters": [{"name": one.name, "meaning": one.meaning, "default": one.default} for one in found.parameters],
        "needs": {"roles": found.needs.roles, "connectors": found.needs.connectors, "decision_points": found.needs.decision_points},
        "kpis": [_kpi(one) for one in found.kpis],
        "sample": found.sample,
        "missing": list(missing(found)),
    })  # fmt: skip


@router.post("/templates/{template}/install", openapi_extra=permission("streams.publish"))
def install_template(template: Code, body: InstallIn, edge: CallerEdge) -> Response:
    """Install a template: a draft of its stream, to be reviewed and published like any other."""
    return _put(edge.write(lambda tx: install(tx, template, body.parameters)))


@router.get("/templates/{template}/upgrade", openapi_extra=permission("streams.read"))
def read_upgrade(template: Code, edge: CallerEdge) -> Response:
    """Three versions, element by element: as installed, as the template is now, as it is here; and whose doing each difference is."""
    found = _got(edge.read(lambda reader: upgrade_of(reader, template)))
    return answer({
        "template": template, "from": found.since, "to": found.template.version,
        "conflicts": [one.id for one in found.deltas if one.origin == "conflict"],
        "elements": [_delta(one) for one in found.deltas],
    })  # fmt: skip


@router.post("/templates/{template}/upgrade", openapi_extra=permission("streams.publish"))
def upgrade_template(template: Code, body: UpgradeIn, edge: CallerEdge) -> Response:
    """Take what the template changed into what runs here, as a draft; what both changed needs a choice."""
    return _put(edge.write(lambda tx: upgrade(tx, template, body.choices)))


@router.get("/templates/{template}/file", openapi_extra=permission("streams.read"))
def download_template(template: Code, edge: CallerEdge) -> Response:
    """The template with what runs here, as one file for another company."""
    found = edge.read(lambda reader: export(reader, template))
    if isinstance(found, Problem):
        raise Refused([found])
    name = f'attachment; filename="{template}.twstream"'
    return Response(found, media_type="application/zip", headers={"Content-Disposition": name})


@router.post("/templates", openapi_extra=permission("streams.publish"))
async def upload_template(request: Request, edge: CallerEdge) -> Response:
    """Keep a template that came as one file (the body); refused with what it needs and is not here."""
    data = await request.body()
    if len(data) > MOST_BYTES:
        raise Refused([errors.bad_file(f"a file has at most {MOST_BYTES >> 20} MB")])
    found = await run_in_threadpool(edge.write, lambda tx: import_template(tx, data))
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(_short(found), 201)


@router.get("/templates/{template}/results", openapi_extra=permission("analytics.read"))
def read_results(
    template: Code,
    edge: CallerEdge,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
    changed_at: Annotated[AwareDatetime | None, Query()] = None,
) -> Response:
    """The template's measures over the last `days`, beside their targets; with `changed_at` as many days before that instant and
    after it, and whether the two differ beyond chance."""

    def read(reader: Reader) -> dict[str, Any]:
        found = _found(templates(reader).get(template), template)
        span = timedelta(days=days)
        windows = [(reader.now - span, reader.now)]
        if changed_at is not None:
            windows = [(changed_at - span, changed_at), (changed_at, min(changed_at + span, reader.now))]
        return {
            "template": template,
            "stream": found.stream,
            "windows": [{"since": since, "until": until} for since, until in windows],
            "kpis": [_result(reader, found, kpi, windows) for kpi in found.kpis],
        }

    return answer(edge.read(read))


def _result(
    reader: Reader, template: Template, kpi: Kpi, windows: Sequence[tuple[datetime, datetime]]
) -> dict[str, Any]:
    figures = [reached(reader, template.stream, kpi.measure, since=since, until=until) for since, until in windows]
    shown = {**_kpi(kpi), "figures": [_figure(one) for one in figures], "meets": meets(kpi, figures[-1])}
    return {**shown, "differs": differs(*figures)} if len(figures) > 1 else shown


def _figure(one: Reached) -> dict[str, Any]:
    return {"n": one.n, "value": one.value, "low": one.low, "high": one.high}


def _kpi(one: Kpi) -> dict[str, Any]:
    return {
        "code": one.code,
        "title": one.title,
        "measure": one.measure.value,
        "target": one.target,
        "better": one.better,
    }


def _short(one: Template) -> dict[str, Any]:
    return {
        "code": one.code, "version": one.version, "name": one.name, "owner": one.owner, "stream": one.stream,
        "summary": list(one.summary),
    }  # fmt: skip


def _delta(one: Delta) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "origin": one.origin.value, "was": one.was, "theirs": one.theirs, "mine": one.mine,
    }  # fmt: skip


def _found(found: Template | None, code: str) -> Template:
    if found is None:
        raise Refused([errors.unknown_template(code)])
    return found


def _got(found: Upgrade | Problem) -> Upgrade:
    if isinstance(found, Problem):
        raise Refused([found])
    return found


def _put(found: Put | Problem) -> Response:
    if isinstance(found, Problem):
        raise Refused([found])
    return answer(
        {"template": found.template, "version": found.version, "stream": found.stream, "draft": found.draft}, 201
    )
