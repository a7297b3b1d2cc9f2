"""Value streams as they stand: their versions, what is in force when, and how busy each element of a diagram is."""

from datetime import timedelta
from typing import Any

from tradewind.kernel.tx import Reader
from tradewind.kernel.versions import in_force, standing
from tradewind.orchestration.commands.streams import graph_of, lineage_of
from tradewind.orchestration.queries.monitor import live_counts, paces, standing_at
from tradewind.streams.language import read_expression

_STREAMS = "select stream from stream_version union select stream from stream_draft order by 1"
_VERSIONS = """
select coalesce(d.version, v.version), coalesce(d.name, v.name), coalesce(d.created_at, v.published_at), d.changed_at, v.published_at,
  p.login, r.login, array(select l.login from principal l where l.id::text in (select jsonb_array_elements_text(d.authors)) order by 1)
from (select * from stream_version where stream = %(stream)s) v
full join (select * from stream_draft where stream = %(stream)s) d on d.version = v.version
left join principal p on p.id = v.published_by left join principal r on r.id = d.reviewer_id order by 1
"""
_VERSION = """
select coalesce(v.bpmn, d.bpmn), coalesce(v.parameters, d.parameters), coalesce(v.timeouts, d.timeouts)
from (select %(stream)s::text as stream, %(version)s::int as version) w
left join stream_version v using (stream, version) left join stream_draft d using (stream, version)
"""
_ACTS = """
select a.version, a.verb, a.at, p.login, a.reason, a.effective from stream_act a left join principal p on p.id = a.by
where a.stream = %(stream)s and (%(version)s::int is null or a.version = %(version)s) order by a.at, a.id limit 500
"""


def streams_json(reader: Reader) -> list[dict[str, Any]]:
    """Every stream with its versions, their standing now, and how many instances run on each."""
    counts = live_counts(reader)
    return [_stream(reader, row[0], counts) for row in reader.rows(_STREAMS)]


def _stream(reader: Reader, stream: str, counts: Any) -> dict[str, Any]:
    lineage = lineage_of(reader, stream)
    holding = in_force(lineage.periods, reader.now)
    versions: list[dict[str, Any]] = []
    for no, name, created, changed, published, publisher, reviewer, authors in reader.rows(
        _VERSIONS, {"stream": stream}
    ):
        now = standing(lineage, no, reader.now)
        running, incidents = counts.get((stream, no), (0, 0))
        versions.append(
            {
                "version": no, "name": name, "standing": now and now.value, "created_at": created, "changed_at": changed,
                "published_at": published, "published_by": publisher, "reviewed_by": reviewer, "authors": authors,
                "running": running, "incidents": incidents,
            }
        )  # fmt: skip
    return {
        "stream": stream,
        "in_force": holding and holding.no,
        "scheduled": [
            {"version": one.no, "since": one.since}
            for one in lineage.periods
            if one.since > reader.now and not one.empty
        ],
        "versions": versions,
    }


def version_json(reader: Reader, stream: str, version: int) -> dict[str, Any] | None:
    """One version with its diagram, parameters, time-outs, periods and what was done to it by whom; None where there is none."""
    bpmn, parameters, timeouts = reader.row(_VERSION, {"stream": stream, "version": version}) or (None, None, None)
    if bpmn is None:
        return None
    lineage = lineage_of(reader, stream)
    now = standing(lineage, version, reader.now)
    return {
        "stream": stream,
        "version": version,
        "standing": now and now.value,
        "bpmn": bpmn,
        "parameters": parameters,
        "timeouts": timeouts,
        "periods": [
            {"since": one.since, "until": one.until} for one in lineage.periods if one.no == version and not one.empty
        ],
        "acts": [
            dict(zip(("version", "verb", "at", "by", "reason", "effective"), row, strict=True))
            for row in reader.rows(_ACTS, {"stream": stream, "version": version})
        ],
    }


def monitor_json(reader: Reader, stream: str, version: int) -> list[dict[str, Any]]:
    """Every element of a version's diagram: what stands there now, and what the newest instances took there (in seconds)."""
    graph = graph_of(reader, stream, version, expressions=read_expression)
    standing_now, past = standing_at(reader, stream, version), paces(reader, stream, version)
    found: list[dict[str, Any]] = []
    for node in graph.nodes.values():
        here, pace = standing_now.get(node.id), past.get(node.id)
        found.append(
            {
                "element": node.id, "name": node.name, "kind": node.kind.value, "in": node.parent,
                "open": here.open if here else 0, "incidents": here.incidents if here else 0, "oldest": here.oldest if here else None,
                "visits": pace.visits if pace else 0, "share": pace.share if pace else 0,
                "p50": pace and _seconds(pace.p50), "p90": pace and _seconds(pace.p90),
            }
        )  # fmt: skip
    return found


def _seconds(milliseconds: int) -> str:
    return f"{timedelta(milliseconds=milliseconds).total_seconds():.3f}"
