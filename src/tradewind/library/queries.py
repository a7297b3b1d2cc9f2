"""Reads of the library: packages, installations, and what streams came to."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from tradewind.kernel.money import round_places
from tradewind.kernel.tx import Reader
from tradewind.kernel.value import value
from tradewind.library.decide.results import FEWEST, median_ranks, share
from tradewind.library.model import Measure, Reached

_PACKAGES = "select distinct on (code) file from template_package order by code, version desc"
_PACKAGE = "select file, sha256 from template_package where code = %s and version = %s"
_INSTALLED = """
select distinct on (template) template, template_version, stream, stream_version, bpmn, parameters, installed_at
from template_install where %(code)s::text is null or template = %(code)s order by template, installed_at desc, id desc
"""
_BASE = """
select template, template_version, stream, stream_version, bpmn, parameters, installed_at from template_install i
where template = %(code)s and (stream_version is null or stream_version <= %(running)s and exists (
  select from stream_version v where v.stream = i.stream and v.version = i.stream_version))
order by installed_at desc, id desc limit 1
"""
_CYCLES = """
select extract(epoch from i.ended_at - i.started_at)::numeric / 3600 from stream_instance i
where i.stream = %(stream)s and i.ended_at >= %(since)s and i.ended_at < %(until)s order by 1
"""
_SHARES = {
    Measure.TOUCHLESS_SHARE: """
select count(*) filter (where not exists (select from user_task t where t.instance_id = i.id)
  and not exists (select from incident n where n.instance_id = i.id)), count(*)
from stream_instance i where i.stream = %(stream)s and i.ended_at >= %(since)s and i.ended_at < %(until)s
""",
    Measure.INCIDENT_SHARE: """
select count(*) filter (where exists (select from incident n where n.instance_id = i.id)), count(*)
from stream_instance i where i.stream = %(stream)s and i.started_at >= %(since)s and i.started_at < %(until)s
""",
    Measure.TASKS_ON_TIME_SHARE: """
select count(*) filter (where t.done_at <= t.due_at), count(*)
from user_task t join stream_instance i on i.id = t.instance_id
where i.stream = %(stream)s and t.due_at is not null and t.status = 'done' and t.done_at >= %(since)s and t.done_at < %(until)s
""",
}


@value(frozen=True, slots=True)
class Installed:
    """What was last installed of a template."""

    template: str
    version: int
    stream: str
    stream_version: int | None
    bpmn: str
    parameters: dict[str, Any]
    at: datetime


def packages(reader: Reader) -> list[bytes]:
    """The newest file of every template that was imported."""
    return [bytes(row[0]) for row in reader.rows(_PACKAGES)]


def package(reader: Reader, code: str, version: int) -> tuple[bytes, bytes] | None:
    """A file that was imported, and its SHA-256."""
    row = reader.row(_PACKAGE, [code, version])
    return None if row is None else (bytes(row[0]), bytes(row[1]))


def installed(reader: Reader, code: str | None = None) -> dict[str, Installed]:
    """What was last installed, of one template or of all."""
    return {row[0]: Installed(*row) for row in reader.rows(_INSTALLED, {"code": code})}


def base_of(reader: Reader, code: str, running: int) -> Installed | None:
    """The last installation that version `running` of the stream can stand on: a draft that never went live, or one that was
    rolled back behind, is none."""
    row = reader.row(_BASE, {"code": code, "running": running})
    return None if row is None else Installed(*row)


def reached(reader: Reader, stream: str, measure: Measure, *, since: datetime, until: datetime) -> Reached:
    """What a measure of a stream came to in a window of time."""
    window = {"stream": stream, "since": since, "until": until}
    if measure is not Measure.CYCLE_HOURS:
        row = reader.row(_SHARES[measure], window)
        return share(measure, *(row or (0, 0)))
    hours = [Decimal(row[0]) for row in reader.rows(_CYCLES, window)]
    if len(hours) < FEWEST:
        return Reached(measure, len(hours), None, None, None)
    low, middle, high = (round_places(hours[rank - 1], 2) for rank in median_ranks(len(hours)))
    return Reached(measure, len(hours), middle, low, high)
