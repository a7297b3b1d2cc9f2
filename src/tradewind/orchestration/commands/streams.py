"""Published value streams: a version is stored once and never changes; compiled graphs are kept per version."""

import hashlib

from tradewind.kernel.kept import book
from tradewind.kernel.problem import refuse
from tradewind.kernel.tx import Reader, Tx
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.model import ExpressionReader, Graph

_PUBLISH = """
insert into stream_version (stream, version, name, bpmn, sha256, published_at)
select %(stream)s, coalesce((select max(version) from stream_version where stream = %(stream)s), 0) + 1, %(name)s, %(bpmn)s,
  %(hash)s, %(now)s
on conflict (stream, sha256) do nothing
"""
_LATEST = "select stream, max(version) from stream_version group by stream"
_BPMN = "select bpmn from stream_version where stream = %s and version = %s"


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
    """Store a new version if the diagram differs from every one before; running instances keep theirs."""
    compiled(bpmn, expressions)
    tx.run("select pg_advisory_xact_lock(hashtext(%s))", ["stream:" + stream])
    digest = hashlib.sha256(bpmn).digest()
    return tx.run(_PUBLISH, {"stream": stream, "name": name, "bpmn": bpmn.decode(), "hash": digest, "now": tx.now}) == 1


def latest_versions(reader: Reader) -> dict[str, int]:
    """The newest version of every stream."""
    kept = book(reader, "stream", most=1)
    found: dict[str, int] | None = kept.rows.get("latest")
    if found is None:
        found = dict(reader.rows(_LATEST))
        reader.keep(kept, {"latest": found})
    return found


def graph_of(reader: Reader, stream: str, version: int, *, expressions: ExpressionReader) -> Graph:
    """The compiled graph of a stored version."""
    # A published version never changes, so its compiled graph may be kept as long as the database is open.
    key = ("stream", stream, version)
    graph: Graph | None = reader.kept.get(key)
    if graph is None:
        stored = reader.value(_BPMN, [stream, version])
        if stored is None:
            raise refuse("orchestration.unknown_stream", f"There is no version {version} of {stream}.", status=404)
        graph = reader.kept[key] = compiled(stored.encode(), expressions)
    return graph
