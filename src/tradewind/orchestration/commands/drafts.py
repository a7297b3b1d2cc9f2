"""Versions that people write: drafted, reviewed by somebody else, published now or for an instant, taken back."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader, Tx, dumps
from tradewind.kernel.value import value
from tradewind.kernel.versions import Act, Lineage, Verb, Version, before, changed, in_force, perform
from tradewind.orchestration import errors, events
from tradewind.orchestration.commands.streams import LOCK_STREAM, lineage_of, note_act, set_periods, store_version
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.settings import read_parameters, read_timeouts
from tradewind.orchestration.model import ExpressionReader, Graph, Kind

MAX_DRAFT = 2 << 20  # bytes of a diagram
_DRAFT = """
insert into stream_draft (stream, version, name, stage, bpmn, parameters, timeouts, authors, reviewer_id, created_at, changed_at)
values (%(stream)s, %(version)s, %(name)s, %(stage)s, %(bpmn)s, %(parameters)s::jsonb, %(timeouts)s::jsonb, %(authors)s::jsonb, null,
  %(now)s, %(now)s)
on conflict (stream, version) do update set name = excluded.name, stage = excluded.stage, bpmn = excluded.bpmn,
  parameters = excluded.parameters, timeouts = excluded.timeouts, authors = excluded.authors, reviewer_id = null,
  changed_at = excluded.changed_at
"""
_STAGE = """
update stream_draft set stage = %(stage)s, reviewer_id = %(reviewer)s, changed_at = %(now)s
where stream = %(stream)s and version = %(version)s
"""
_CONTENT = "select name, bpmn, parameters, timeouts from stream_draft where stream = %s and version = %s"
_STORED_CONTENT = "select name, bpmn, parameters, timeouts from stream_version where stream = %s and version = %s"
_PUBLISHED = "select version from stream_version where stream = %s and (version = %s or sha256 = %s) order by version = %s desc limit 1"


@value(frozen=True, slots=True)
class Content:
    """What a version says: a diagram, the parameters its instances begin with, and how long a message is waited for."""

    name: str
    bpmn: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    timeouts: Mapping[str, str] = field(default_factory=dict)


@value(frozen=True, slots=True)
class Offer:
    """What a diagram of a stream may name: its steps, and the streams it may call."""

    steps: Collection[str]
    streams: Collection[str] = ()
    roles: Collection[str] = ()
    """Whom user tasks may be for; anybody, where none is named."""


def checked_graph(content: Content, offer: Offer, expressions: ExpressionReader) -> Graph | Problem:
    """The graph of what was drafted, or everything that is wrong with it in one refusal."""
    data = content.bpmn.encode()
    if len(data) > MAX_DRAFT:
        return errors.diagram_too_large(len(data), MAX_DRAFT)
    report = compile_bpmn(data, expressions)
    if report.graph is None:
        return errors.cannot_run(
            [one.as_json() for one in report.unsupported], [one.as_json() for one in report.findings]
        )
    for node in report.graph.nodes.values():
        if node.step and node.step not in offer.steps and not node.step.startswith("decision:"):
            return errors.unknown_step(node.step, node.id, sorted(offer.steps))
        if node.kind is Kind.USER and offer.roles and node.role and node.role not in offer.roles:
            return errors.unknown_role(node.role, node.id, sorted(offer.roles))
        if node.called and node.called not in offer.streams:
            return errors.unknown_called(node.called, node.id)
    parameters = read_parameters(content.parameters)
    if isinstance(parameters, Problem):
        return parameters
    timeouts = read_timeouts(report.graph, content.timeouts, expressions)
    return timeouts if isinstance(timeouts, Problem) else report.graph


def draft(
    tx: Tx,
    stream: str,
    content: Content,
    *,
    offer: Offer,
    expressions: ExpressionReader,
    version: int | None = None,
    reason: str = "",
) -> int | Problem:
    """Write a new version, or anew one that was not published; gives its number. What cannot run is refused by name."""
    graph = checked_graph(content, offer, expressions)
    if isinstance(graph, Problem):
        return graph
    tx.run(LOCK_STREAM, ["stream:" + stream])
    lineage = lineage_of(tx, stream)
    no = lineage.next_no if version is None else version
    if version is not None and tx.row(_PUBLISHED, [stream, no, b"", no]):
        return errors.stored_already(no)
    act = Act(Verb.DRAFT if version is None else Verb.EDIT, no, tx.actor.principal_id, tx.now, reason)
    after = perform(lineage, act)
    if isinstance(after, Problem):
        return after
    written = after.version(no)
    assert written is not None
    tx.run(
        _DRAFT,
        {
            "stream": stream, "version": no, "name": content.name, "stage": written.stage.value, "bpmn": content.bpmn,
            "parameters": dumps(dict(content.parameters)), "timeouts": dumps(dict(content.timeouts)),
            "authors": dumps(sorted(map(str, written.authors))), "now": tx.now,
        },
    )  # fmt: skip
    note_act(tx, stream, act)
    return no


def advance(
    tx: Tx,
    stream: str,
    version: int | None,
    verb: Verb,
    *,
    reason: str = "",
    effective: datetime | None = None,
    offer: Offer,
    expressions: ExpressionReader,
) -> Lineage | Problem:
    """Submit, review, send back, publish (now or at `effective`), withdraw, roll back (None: to what was in force before) or end."""
    tx.run(LOCK_STREAM, ["stream:" + stream])
    lineage = lineage_of(tx, stream)
    no = version if version is not None else before(lineage, tx.now)
    if no is None:
        return errors.nothing_before()
    act = Act(verb, no, tx.actor.principal_id, tx.now, reason, effective)
    after = perform(lineage, act)
    if isinstance(after, Problem):
        return after
    if verb is Verb.END:
        return errors.stream_needs_a_version()
    if verb is Verb.PUBLISH and (problem := _store(tx, stream, no, offer, expressions)):
        return problem
    versions, periods = changed(lineage, after)
    for one in versions:
        _write_stage(tx, stream, one)
    set_periods(tx, stream, periods)
    note_act(tx, stream, act)
    holding = in_force(after.periods, tx.now)
    tx.emit(
        events.version_changed(tx.ids.new(), stream=stream, act=act, in_force=None if holding is None else holding.no)
    )
    return after


def _store(tx: Tx, stream: str, no: int, offer: Offer, expressions: ExpressionReader) -> Problem | None:
    """Keep for good what is published; checked again, for a step may have gone since it was drafted."""
    row = tx.row(_CONTENT, [stream, no])
    if row is None:  # shipped by the house: stored already
        return None
    content = Content(*row)
    graph = checked_graph(content, offer, expressions)
    if isinstance(graph, Problem):
        return graph
    digest = digest_of(content)
    stored = tx.row(_PUBLISHED, [stream, no, digest, no])
    if stored is not None:
        return None if stored[0] == no else errors.same_as(stored[0])
    store_version(
        tx, stream, no, name=content.name, bpmn=content.bpmn, digest=digest, parameters=content.parameters,
        timeouts=content.timeouts,
    )  # fmt: skip
    return None


def _write_stage(tx: Tx, stream: str, one: Version) -> None:
    columns = {"stream": stream, "version": one.no, "stage": one.stage.value, "reviewer": one.reviewer, "now": tx.now}
    tx.run(_STAGE, columns)


def digest_of(content: Content) -> bytes:
    """What tells published versions apart; a diagram alone as the house ships it has the digest of its bytes."""
    digest = hashlib.sha256(content.bpmn.encode())
    if content.parameters or content.timeouts:
        digest.update(dumps([sorted(content.parameters.items()), sorted(content.timeouts.items())]).encode())
    return digest.digest()


def stored_content(reader: Reader, stream: str, version: int) -> Content | None:
    """What a published version says."""
    row = reader.row(_STORED_CONTENT, [stream, version])
    return None if row is None else Content(*row)


def drafted(reader: Reader, stream: str, version: int) -> Content | None:
    """What was written of a version; None for one that the house ships."""
    row = reader.row(_CONTENT, [stream, version])
    return None if row is None else Content(*row)
