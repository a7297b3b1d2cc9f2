"""Templates are imported, installed and upgraded; what comes of it is a draft, reviewed and published like any other."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Event, Reader, Tx, dumps
from tradewind.kernel.value import value
from tradewind.kernel.versions import in_force
from tradewind.library import errors
from tradewind.library.decide.files import pack, unpack
from tradewind.library.decide.merge import deltas, merged
from tradewind.library.model import Delta, Template
from tradewind.library.queries import base_of, package, packages
from tradewind.library.shipped import shipped
from tradewind.orchestration.commands.drafts import Content, Offer, checked_graph, draft
from tradewind.orchestration.commands.streams import lineage_of
from tradewind.semantics.model import KINDS_OF_TASKS
from tradewind.streams.decision_points import POINTS
from tradewind.streams.language import read_expression
from tradewind.streams.library import STREAMS

CONNECTORS = frozenset({"warehouse", "partner_edi", "webhook"})
"""What a template may say it talks to: the ways out of the house that there are."""

_PUT_PACKAGE = """
insert into template_package (code, version, file, sha256, imported_at, imported_by)
values (%(code)s, %(version)s, %(file)s, %(sha256)s, %(now)s, %(by)s)
"""
_PUT_INSTALL = """
insert into template_install (id, template, template_version, stream, stream_version, bpmn, parameters, installed_at, installed_by)
values (%(id)s, %(template)s, %(version)s, %(stream)s, %(no)s, %(bpmn)s, %(parameters)s::jsonb, %(now)s, %(by)s)
"""
_NOW = "select bpmn, parameters from stream_version where stream = %s and version = %s"
_FIRST = "select bpmn from stream_version where stream = %s and published_by is null order by version limit 1"


@value(frozen=True, slots=True)
class Upgrade:
    """What separates the template from what runs here: three versions, element by element."""

    template: Template
    since: int
    mine: bytes
    deltas: tuple[Delta, ...]
    parameters: dict[str, Any]


@value(frozen=True, slots=True)
class Put:
    """What an installation came to: the draft, or None where that very picture is in force already."""

    template: str
    version: int
    stream: str
    draft: int | None


def templates(reader: Reader) -> dict[str, Template]:
    """The newest version of every template, shipped or imported."""
    found = dict(shipped())
    for data in packages(reader):
        template = unpack(data)
        if isinstance(template, Template) and (
            template.code not in found or found[template.code].version < template.version
        ):
            found[template.code] = template
    return found


def missing(template: Template) -> tuple[str, ...]:
    """What the template needs and this installation has not; its picture included."""
    stream = STREAMS.get(template.stream)
    if stream is None:
        return (f"stream {template.stream}",)
    lacking = [f"role {one}" for one in template.needs.roles if one not in KINDS_OF_TASKS]
    lacking += [f"connector {one}" for one in template.needs.connectors if one not in CONNECTORS]
    lacking += [f"decision point {one}" for one in template.needs.decision_points if one not in POINTS]
    content = Content(template.name, template.bpmn.decode(errors="replace"), {}, template.timeouts)
    graph = checked_graph(content, _offer(template.stream), read_expression)
    return (*lacking, graph.message) if isinstance(graph, Problem) else tuple(lacking)


def _offer(stream: str) -> Offer:
    return Offer(STREAMS[stream].steps.keys(), STREAMS.keys(), KINDS_OF_TASKS)


def import_template(tx: Tx, data: bytes) -> Template | Problem:
    """Keep a template that came as one file, if everything it needs is here. The same file again changes nothing."""
    template = unpack(data)
    if isinstance(template, Problem):
        return template
    if lacking := missing(template):
        return errors.misses(lacking)
    digest = hashlib.sha256(data).digest()
    known = package(tx, template.code, template.version)
    own = shipped().get(template.code)
    if known is not None:
        return template if known[1] == digest else errors.version_known(template.code, template.version)
    if own is not None and own.version >= template.version:
        return template if pack(own) == data else errors.version_known(template.code, template.version)
    tx.run(_PUT_PACKAGE, {"code": template.code, "version": template.version, "file": data, "sha256": digest, "now": tx.now,
                          "by": tx.actor.principal_id})  # fmt: skip
    _say(tx, "library.template_imported", {"template": template.code, "version": template.version})
    return template


def install(tx: Tx, code: str, parameters: Mapping[str, Any]) -> Put | Problem:
    """Install a template as it is: a draft of its picture with these parameters, unless just that is in force."""
    template = templates(tx).get(code)
    if template is None:
        return errors.unknown_template(code)
    if lacking := missing(template):
        return errors.misses(lacking)
    given = _given(template, parameters)
    return given if isinstance(given, Problem) else _put(tx, template, template.bpmn, given)


def _given(template: Template, parameters: Mapping[str, Any]) -> dict[str, Any] | Problem:
    known = {one.name: one.default for one in template.parameters}
    stray = next((name for name in parameters if name not in known), None)
    return errors.unknown_parameter(stray) if stray is not None else {**known, **parameters}


def _put(tx: Tx, template: Template, bpmn: bytes, parameters: Mapping[str, Any]) -> Put | Problem:
    """Write the draft, and keep with what picture of the template it came about."""
    running = _running(tx, template.stream)
    no: int | None = None
    if running is None or running[0].encode() != bpmn or dict(running[1]) != dict(parameters):
        content = Content(template.name, bpmn.decode(), parameters, template.timeouts)
        reason = f"Template {template.code} {template.version}"
        written = draft(
            tx, template.stream, content, offer=_offer(template.stream), expressions=read_expression, reason=reason
        )
        if isinstance(written, Problem):
            return written
        no = written
    tx.run(_PUT_INSTALL, {
        "id": tx.ids.new(), "template": template.code, "version": template.version, "stream": template.stream, "no": no,
        "bpmn": template.bpmn.decode(), "parameters": dumps(dict(parameters)), "now": tx.now, "by": tx.actor.principal_id,
    })  # fmt: skip
    _say(tx, "library.template_installed", {"template": template.code, "version": template.version, "stream": template.stream,
                                            "draft": no})  # fmt: skip
    return Put(template.code, template.version, template.stream, no)


def _running(reader: Reader, stream: str) -> tuple[str, dict[str, Any], int] | None:
    """The picture and parameters in force, and the number of their version."""
    holding = in_force(lineage_of(reader, stream).periods, reader.now)
    row = None if holding is None else reader.row(_NOW, [stream, holding.no])
    return None if row is None or holding is None else (row[0], row[1], holding.no)


def upgrade_of(reader: Reader, code: str) -> Upgrade | Problem:
    """How the newest template differs from what was installed, and that from what runs here."""
    template = templates(reader).get(code)
    if template is None:
        return errors.unknown_template(code)
    running = _running(reader, template.stream)
    if running is None:
        return errors.nothing_new(code)
    was = base_of(reader, code, running[2])
    base = was.bpmn.encode() if was is not None else _first(reader, template)
    found = deltas(base, template.bpmn, running[0].encode())
    if isinstance(found, Problem):
        return found
    return Upgrade(template, 0 if was is None else was.version, running[0].encode(), found, running[1])


def _first(reader: Reader, template: Template) -> bytes:
    """The picture a company began with, where it never installed anything by itself: the one that was shipped first."""
    row = reader.row(_FIRST, [template.stream])
    return template.bpmn if row is None else str(row[0]).encode()


def upgrade(tx: Tx, code: str, choices: Mapping[str, str]) -> Put | Problem:
    """Take what the template changed into what runs here, as a draft. What both changed goes by `choices`."""
    found = upgrade_of(tx, code)
    if isinstance(found, Problem):
        return found
    if all(one.theirs == one.mine for one in found.deltas) and not choices:
        return errors.nothing_new(code)
    bpmn = merged(found.mine, found.template.bpmn, found.deltas, choices)
    if isinstance(bpmn, Problem):
        return bpmn
    known = {one.name: one.default for one in found.template.parameters}
    return _put(tx, found.template, bpmn, {**known, **found.parameters})


def export(reader: Reader, code: str) -> bytes | Problem:
    """The template with the picture and parameters that run here, as the version after the newest: one file for another company."""
    template = templates(reader).get(code)
    if template is None:
        return errors.unknown_template(code)
    running = _running(reader, template.stream)
    if running is None or running[0].encode() == template.bpmn:
        return pack(template)
    parameters = tuple(replace(one, default=running[1].get(one.name, one.default)) for one in template.parameters)
    return pack(replace(template, version=template.version + 1, bpmn=running[0].encode(), parameters=parameters))


def _say(tx: Tx, kind: str, payload: dict[str, Any]) -> None:
    tx.emit(Event(kind, "template", tx.ids.new(), payload, None))
