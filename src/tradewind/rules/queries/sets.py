"""Reads of rule sets: what there is, its versions, when which is in force, and who did what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader
from tradewind.kernel.value import value
from tradewind.kernel.versions import Act, Lineage, Period, Stage, Verb, Version
from tradewind.rules.decide.values_json import from_json
from tradewind.rules.model import Scope, TableTest


@value(frozen=True, slots=True)
class RuleSet:
    """A rule set; `revision` counts its acts, `governs` is what only one may govern at a time."""

    id: UUID
    code: str
    name: str
    point: str
    owner: str
    scope: Scope
    governs: str
    revision: int
    created_at: datetime


@value(frozen=True, slots=True)
class Content:
    """What a version says: the file as it was given, which decision of it answers, its tests, a word about it."""

    source: bytes
    decision: str
    tests: tuple[TableTest, ...]
    comment: str
    digest: bytes = b""
    changed_at: datetime | None = None


_SET = "s.id, s.code, s.name, s.point, s.owner, s.segment, s.category, s.region, s.channel, s.governs, s.revision, s.created_at"
_BY_CODES = f"select {_SET} from rule_set s where s.code = any(%(codes)s::text[])"  # noqa: S608 - columns are ours
LOCK = f"{_BY_CODES} order by s.id for no key update"
_AFTER = f"""
select {_SET} from rule_set s
where s.code > %(after)s and (%(point)s::text is null or s.point = %(point)s) order by s.code limit %(limit)s
"""  # noqa: S608 - columns are ours
_VERSIONS = """
select rule_set_id, version, stage, authors, reviewer from rule_version
where rule_set_id = any(%(ids)s::uuid[]) order by rule_set_id, version
"""
_PERIODS = """
select rule_set_id, entry, version, since, until from rule_period
where rule_set_id = any(%(ids)s::uuid[]) order by rule_set_id, entry
"""
_CONTENT = """
select source, decision, tests::text, comment, digest, changed_at from rule_version
where rule_set_id = %(id)s and version = %(version)s
"""
_ACTS = """
select act_no, verb, version, by, at, reason, effective, digest from rule_act
where rule_set_id = %(id)s and act_no > %(after)s order by act_no limit %(limit)s
"""
_NAMES = "select id, name from principal where id = any(%(ids)s::uuid[])"
_TAKEN = """
select s.code, p.since from rule_period p join rule_set s on s.id = p.rule_set_id
where p.governs = %(governs)s and p.rule_set_id <> %(id)s
  and tstzrange(p.since, p.until) && any(
    select tstzrange(w.since, w.until) from unnest(%(since)s::timestamptz[], %(until)s::timestamptz[]) as w(since, until))
order by p.since limit 1
"""


def rule_set(row: tuple[Any, ...]) -> RuleSet:
    return RuleSet(row[0], row[1], row[2], row[3], row[4], Scope(*row[5:9]), row[9], row[10], row[11])


def sets_by_code(reader: Reader, codes: Sequence[str]) -> dict[str, RuleSet]:
    """Rule sets by code; unknown codes are left out."""
    return {row[1]: rule_set(row) for row in reader.rows(_BY_CODES, {"codes": list(codes)})}


def sets_after(reader: Reader, *, point: str | None, after: str, limit: int) -> list[RuleSet]:
    """A page of rule sets by code."""
    return [rule_set(row) for row in reader.rows(_AFTER, {"after": after, "point": point, "limit": limit})]


def lineages(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Lineage]:
    """The versions and periods of rule sets; one without versions has an empty lineage."""
    versions: dict[UUID, list[Version]] = {one: [] for one in ids}
    periods: dict[UUID, list[Period]] = {one: [] for one in ids}
    for owner, no, stage, authors, reviewer in reader.rows(_VERSIONS, {"ids": list(ids)}):
        versions[owner].append(Version(no, Stage(stage), frozenset(authors), reviewer))
    for owner, *rest in reader.rows(_PERIODS, {"ids": list(ids)}):
        periods[owner].append(Period(*rest))
    return {one: Lineage(tuple(versions[one]), tuple(periods[one])) for one in ids}


def content_of(reader: Reader, rule_set_id: UUID, version: int) -> Content | None:
    """What a version says; None where there is no such version."""
    row = reader.row(_CONTENT, {"id": rule_set_id, "version": version})
    return None if row is None else Content(row[0], row[1], tests_from(row[2]), row[3], row[4], row[5])


def tests_from(text: str) -> tuple[TableTest, ...]:
    """Tests as they are stored, numbers exact."""
    found: Any = from_json(text)
    return tuple(
        TableTest(
            one["name"], one["inputs"], tuple(one["expect"]) if isinstance(one["expect"], list) else one["expect"]
        )
        for one in found
    )


def acts_of(reader: Reader, rule_set_id: UUID, *, after: int = 0, limit: int) -> list[tuple[int, Act, bytes]]:
    """The history from an act on: its number, what was done, and the digest of the file then."""
    rows = reader.rows(_ACTS, {"id": rule_set_id, "after": after, "limit": limit})
    return [(row[0], Act(Verb(row[1]), *row[2:7]), row[7]) for row in rows]


def names_of(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What principals are called."""
    return dict(reader.rows(_NAMES, {"ids": list(ids)}))


def taken_by(reader: Reader, owner: RuleSet, periods: Sequence[Period]) -> tuple[str, datetime] | None:
    """Another rule set that governs the same for the same, and from when, in any of these periods."""
    wanted = [one for one in periods if not one.empty]
    row = reader.row(
        _TAKEN,
        {
            "governs": owner.governs,
            "id": owner.id,
            "since": [one.since for one in wanted],
            "until": [one.until for one in wanted],
        },
    )
    return None if row is None else (row[0], row[1])
