"""What is published, kept in the process: asked in the hot path, where a statement would be one too many."""

from typing import Any

from tradewind.kernel.kept import book
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader
from tradewind.rules.decide.govern import Compiled, Governing, Published, compiled
from tradewind.rules.model import Scope

KIND = "rule_table"
MOST_COMPILED = 2_000
"""Files a process keeps compiled."""
_IN_FORCE = """
select s.id, s.code, p.version, s.point, s.segment, s.category, s.region, s.channel, p.since, p.until, v.digest, v.decision
from rule_period p join rule_set s on s.id = p.rule_set_id
join rule_version v on v.rule_set_id = p.rule_set_id and v.version = p.version
where (p.until is null or p.until > %(now)s) and p.since is distinct from p.until
order by s.code, p.entry
"""
_SOURCES = """
select distinct on (v.digest) v.digest, v.source from rule_version v
where v.digest = any(%(digests)s::bytea[]) order by v.digest
"""


def published_tables(reader: Reader) -> Published | None:
    """Every table in force now or later; None, without a statement, where nothing is published.

    It rides on the marks that a transaction reads once: where something was published since, it is read and compiled again,
    a file that is known by its digest not even that.
    """
    kept = book(reader, KIND, most=1)
    if not kept.mark:
        return None
    if "" not in kept.rows:
        found = _read(reader)
        reader.keep(kept, {"": found})
        return found
    known: Published | None = kept.rows[""]
    return known


def _read(reader: Reader) -> Published | None:
    rows = reader.rows(_IN_FORCE, {"now": reader.now})
    if not rows:
        return None
    files = _files(reader, rows)
    return Published(_governing(row, files[row[10], row[11]]) for row in rows)


def _governing(row: tuple[Any, ...], made: Compiled | tuple[Problem, ...]) -> Governing:
    scope = Scope(*row[4:8])
    if isinstance(made, tuple):
        return Governing(row[0], row[1], row[2], row[3], scope, row[8], row[9], None, made)
    return Governing(row[0], row[1], row[2], row[3], scope, row[8], row[9], made)


def _files(reader: Reader, rows: list[tuple[Any, ...]]) -> dict[tuple[bytes, str], Compiled | tuple[Problem, ...]]:
    """The files compiled, by digest and the decision that answers; a file never changes under its digest."""
    known: dict[tuple[bytes, str], Compiled | tuple[Problem, ...]] = reader.kept.setdefault("rule_files", {})
    wanted = {(row[10], row[11]) for row in rows}
    if len(known) + len(wanted) > MOST_COMPILED:
        known.clear()
    missing = wanted - known.keys()
    if missing:
        sources: dict[bytes, bytes] = dict(
            reader.rows(_SOURCES, {"digests": sorted({digest for digest, _ in missing})})
        )
        for digest, decision in missing:
            made = compiled(sources[digest], decision)
            known[digest, decision] = tuple(made) if isinstance(made, list) else made
    return {key: known[key] for key in wanted}
