"""How busy each element of a stream's diagram is, and what instances of the past took there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tradewind.kernel.tx import Reader
from tradewind.orchestration.decide.pace import Pace, Passage, paces_of

SAMPLE = 500  # instances that are looked at
RECENT = 20_000  # among so many of all streams, the newest
_OPEN = """
select t ->> 1 as node, count(*), count(*) filter (where i.status = 'incident'), min(i.moved_at)
from stream_instance i cross join lateral jsonb_array_elements(i.state::jsonb -> 't') t
where i.status in ('running', 'incident') and i.stream = %(stream)s and (%(version)s::int is null or i.version = %(version)s)
group by 1
"""
_PASSED = """
with sampled as (
  select r.id, r.started_at from (
    select id, stream, version, started_at from stream_instance order by id desc limit %(recent)s
  ) r where r.stream = %(stream)s and (%(version)s::int is null or r.version = %(version)s) order by r.id desc limit %(sample)s
)
select s.id, s.started_at, e.at, e.payload -> 'trail'
from sampled s join event_object o on o.object_id = s.id and o.qualifier = 'instance'
join event e on e.xid = o.event_xid and e.seq = o.event_seq and e.type = 'stream.advanced'
order by s.id, e.at, e.xid, e.seq
"""
_COUNTS = """
select stream, version, count(*) filter (where status = 'running'), count(*) filter (where status = 'incident')
from stream_instance where status in ('running', 'incident') group by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Tokens that rest at an element now, those of instances in an incident among them, and the longest rest's beginning."""

    open: int
    incidents: int
    oldest: datetime | None


def standing_at(reader: Reader, stream: str, version: int | None) -> dict[str, Standing]:
    """What rests where, by element."""
    rows = reader.rows(_OPEN, {"stream": stream, "version": version})
    return {row[0]: Standing(row[1], row[2], row[3]) for row in rows}


def paces(reader: Reader, stream: str, version: int | None = None, *, sample: int = SAMPLE) -> dict[str, Pace]:
    """How long the newest instances stayed at each element, by element."""
    params = {"stream": stream, "version": version, "sample": sample, "recent": RECENT}
    passed: dict[UUID, Passage] = {}
    for instance_id, started_at, at, trail in reader.rows(_PASSED, params):
        passed.setdefault(instance_id, Passage(started_at, [])).turns.append((at, trail))
    return paces_of(list(passed.values()))


def live_counts(reader: Reader) -> Mapping[tuple[str, int], Sequence[int]]:
    """Running instances and those in an incident, by stream and version."""
    return {(row[0], row[1]): row[2:] for row in reader.rows(_COUNTS)}
