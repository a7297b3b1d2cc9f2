"""Published value streams: a version is stored once and never changes; which one new instances begin with is a matter of periods.

The periods of all streams are kept between transactions under marks, so that asking which version is in force costs nothing
on the way of an order; a version scheduled for an instant counts from that instant on, with nobody doing anything then.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from tradewind.kernel.kept import book
from tradewind.kernel.problem import Problem, Refused, refuse
from tradewind.kernel.tx import Reader, Tx, dumps
from tradewind.kernel.value import value
from tradewind.kernel.versions import Act, Lineage, Period, Stage, Verb, Version, changed, in_force, perform
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.settings import read_timeouts
from tradewind.orchestration.model import CalendarTime, Expression, ExpressionReader, Graph

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""From when the first version that the house ships counts: a company's past can be replayed with it."""
LOCK_STREAM = "select pg_advisory_xact_lock(hashtext(%s))"
_STORED = "select 1 from stream_version where stream = %s and sha256 = %s"
STORE = """
insert into stream_version (stream, version, name, bpmn, sha256, published_at, parameters, timeouts, published_by)
values (%(stream)s, %(version)s, %(name)s, %(bpmn)s, %(hash)s, %(now)s, %(parameters)s::jsonb, %(timeouts)s::jsonb, %(by)s)
"""
_PERIODS = "select stream, entry, version, since, until from stream_period where until is null or until > %s order by stream, entry"
_VERSIONS = """
select coalesce(d.version, v.version), coalesce(d.stage, 'published'), coalesce(d.authors, '[]'::jsonb), d.reviewer_id
from (select * from stream_draft where stream = %(stream)s) d
full join (select * from stream_version where stream = %(stream)s) v on v.version = d.version order by 1
"""
_ALL_PERIODS = "select entry, version, since, until from stream_period where stream = %s order by entry"
_SET_PERIODS = """
insert into stream_period (stream, entry, version, since, until)
select %(stream)s, w.* from unnest(%(entry)s::int[], %(version)s::int[], %(since)s::timestamptz[], %(until)s::timestamptz[])
  as w(entry, version, since, until) order by w.until is null, w.entry
on conflict (stream, entry) do update set until = excluded.until
"""
_NOTE = """
insert into stream_act (id, stream, version, verb, by, at, reason, effective)
values (%(id)s, %(stream)s, %(version)s, %(verb)s, %(by)s, %(at)s, %(reason)s, %(effective)s)
"""
_BPMN = "select bpmn, parameters, timeouts from stream_version where stream = %s and version = %s"


@runtime_checkable
class Language(Protocol):
    """Reads expressions, and knows the house's calendars as a transaction finds them."""

    def __call__(self, text: str, /) -> Expression | Problem: ...

    def calendar_time(self, reader: Reader) -> CalendarTime: ...


@value(frozen=True, slots=True)
class Published:
    """A published version as instances run it: its graph, the parameters they begin with, the time-outs of message waits."""

    graph: Graph
    parameters: Mapping[str, Any]
    timeouts: Mapping[str, Expression]


def compiled(bpmn: bytes, expressions: ExpressionReader) -> Graph:
    """The graph of a diagram, or a refusal with everything that is wrong with it."""
    report = compile_bpmn(bpmn, expressions)
    if report.graph is None:
        raise refuse(
            "orchestration.cannot_run",
            "The diagram cannot run.",
            unsupported=[one.as_json() for one in report.unsupported],
            findings=[one.as_json() for one in report.findings],
        )
    return report.graph


def publish(tx: Tx, stream: str, *, name: str, bpmn: bytes, expressions: ExpressionReader) -> bool:
    """Store what the house ships as a new version if it differs from every one before, and put it in force unless people have
    put a version of their own in force; running instances keep theirs."""
    digest = hashlib.sha256(bpmn).digest()
    tx.run(LOCK_STREAM, ["stream:" + stream])
    if tx.value(_STORED, [stream, digest]):
        return False
    compiled(bpmn, expressions)
    lineage = lineage_of(tx, stream)
    no = lineage.next_no
    store_version(tx, stream, no, name=name, bpmn=bpmn.decode(), digest=digest)
    holding = in_force(lineage.periods, tx.now)
    last = None if holding is None else lineage.version(holding.no)
    if last is None or not last.authors:
        ready = replace(lineage, versions=(*lineage.versions, Version(no, Stage.REVIEWED)))
        after = perform(ready, Act(Verb.PUBLISH, no, None, tx.now if lineage.periods else BEGINNING))
        if isinstance(after, Problem):
            raise Refused([after])
        set_periods(tx, stream, changed(ready, after)[1])
        note_act(tx, stream, Act(Verb.PUBLISH, no, None, tx.now, "shipped"))
    return True


def store_version(
    tx: Tx,
    stream: str,
    version: int,
    *,
    name: str,
    bpmn: str,
    digest: bytes,
    parameters: Mapping[str, Any] | None = None,
    timeouts: Mapping[str, str] | None = None,
) -> None:
    """Write a version that instances may run from now on; it never changes."""
    tx.run(
        STORE,
        {
            "stream": stream,
            "version": version,
            "name": name,
            "bpmn": bpmn,
            "hash": digest,
            "now": tx.now,
            "parameters": dumps(parameters or {}),
            "timeouts": dumps(timeouts or {}),
            "by": tx.actor.principal_id,
        },
    )


def lineage_of(reader: Reader, stream: str) -> Lineage:
    """All versions of a stream, drafts too, and all periods."""
    versions = tuple(
        Version(no, Stage(stage), frozenset(map(UUID, authors)), reviewer)
        for no, stage, authors, reviewer in reader.rows(_VERSIONS, {"stream": stream})
    )
    return Lineage(versions, tuple(Period(*row) for row in reader.rows(_ALL_PERIODS, [stream])))


def set_periods(tx: Tx, stream: str, periods: Sequence[Period]) -> None:
    """Write periods that an act made or changed."""
    if periods:
        tx.run(
            _SET_PERIODS,
            {
                "stream": stream,
                "entry": [one.entry for one in periods],
                "version": [one.no for one in periods],
                "since": [one.since for one in periods],
                "until": [one.until for one in periods],
            },
        )


def note_act(tx: Tx, stream: str, act: Act) -> None:
    """Keep who did what to which version, and why."""
    columns = {
        "id": tx.ids.new(),
        "stream": stream,
        "version": act.no,
        "verb": act.verb.value,
        "by": act.by,
        "at": act.at,
    }
    tx.run(_NOTE, {**columns, "reason": act.reason, "effective": act.effective})


def latest_versions(reader: Reader) -> dict[str, int]:
    """The version of every stream that is in force now: what new instances begin with."""
    kept = book(reader, "stream", most=8)
    found: tuple[dict[str, int], datetime, datetime] | None = kept.rows.get("in_force")
    if found is None or not found[1] <= reader.now < found[2]:
        periods: list[tuple[str, Period]] | None = kept.rows.get("periods")
        if periods is None:
            periods = [(row[0], Period(*row[1:])) for row in reader.rows(_PERIODS, [reader.now])]
        found = _in_force(periods, reader.now)
        reader.keep(kept, {"periods": periods, "in_force": found})
    return found[0]


def _in_force(periods: Sequence[tuple[str, Period]], now: datetime) -> tuple[dict[str, int], datetime, datetime]:
    """What is in force now, and between which instants that is so."""
    holding = {stream: one.no for stream, one in periods if one.holds(now)}
    turns = {at for _, one in periods if not one.empty for at in (one.since, one.until) if at is not None}
    since = max((at for at in turns if at <= now), default=now)
    until = min((at for at in turns if at > now), default=datetime.max.replace(tzinfo=now.tzinfo))
    return holding, since, until


def graph_of(reader: Reader, stream: str, version: int, *, expressions: ExpressionReader) -> Graph:
    """The compiled graph of a stored version."""
    return published(reader, stream, version, expressions=expressions).graph


def published(reader: Reader, stream: str, version: int, *, expressions: ExpressionReader) -> Published:
    """A stored version, compiled."""
    # A published version never changes, so it may be kept compiled as long as the database is open.
    key = ("stream", stream, version)
    found: Published | None = reader.kept.get(key)
    if found is None:
        row = reader.row(_BPMN, [stream, version])
        if row is None:
            raise refuse("orchestration.unknown_stream", f"There is no version {version} of {stream}.", status=404)
        graph = compiled(row[0].encode(), expressions)
        timeouts = read_timeouts(graph, row[2], expressions)
        if isinstance(timeouts, Problem):
            raise Refused([timeouts])
        found = reader.kept[key] = Published(graph, row[1], timeouts)
    if found.graph.by_calendar and isinstance(expressions, Language):
        return replace(found, graph=replace(found.graph, calendar_time=expressions.calendar_time(reader)))
    return found
