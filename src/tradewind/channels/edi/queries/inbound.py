"""Reads of what partners sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader

_WORK = """
select d.channel, d.content_type, d.body, d.principal_id from inbound_document d where d.id = %s
"""
_PLACES = "select place from partner_set where interchange_id = %s"
_HELD = "select place from partner_set where interchange_id = %s and outcome = 'held' for update"
_SETS = """
select s.place, s.type, s.group_no, s.group_code, s.set_no, s.verdict, s.outcome, s.ack from partner_set s
where s.interchange_id = %s order by s.place
"""
_HIGHEST = "select max(control_no) from partner_interchange where partner_id = %s and id <> %s and received_at > %s"
_OTHER_BYTES = """
select document_id, received_at from partner_interchange where partner_id = %s and control_no = %s and id <> %s and received_at > %s
order by received_at desc limit 1
"""
_INBOUND = """
select d.id, d.channel, d.received_at, d.content_type, length(d.body), d.outcome, d.results
from inbound_document d
where (%(outcome)s::text is null or d.outcome = %(outcome)s or (%(outcome)s = 'held' and exists (
    select from partner_interchange i join partner_set s on s.interchange_id = i.id and s.outcome = 'held'
    where i.document_id = d.id)))
  and (%(channel)s::text is null or d.channel = %(channel)s) and (%(before)s::timestamptz is null or d.received_at < %(before)s)
  and (%(partner)s::text is null or exists (
    select from partner_interchange i join trading_partner p on p.id = i.partner_id
    where i.document_id = d.id and p.code = %(partner)s))
order by d.received_at desc, d.id desc limit %(limit)s
"""
_INBOUND_ONE = """
select d.id, d.channel, d.received_at, d.content_type, length(d.body), d.outcome, d.results from inbound_document d where d.id = %s
"""
_INBOUND_SETS = """
select i.id, s.place, s.type, s.set_no, s.verdict, s.outcome, s.number, o.number, s.findings, s.answer_due_at, s.answered_at,
  s.answer_code
from partner_interchange i join partner_set s on s.interchange_id = i.id left join sales_order o on o.id = s.order_id
where i.document_id = %(document)s and (%(outcome)s::text is null or s.outcome = %(outcome)s)
order by i.place, s.place limit %(limit)s
"""
_FOUND = "select findings from partner_interchange where id = %s"
_TALLIES = "select outcome, count(*) from partner_set where interchange_id = %s group by outcome order by outcome"


def document_of(reader: Reader, document_id: UUID) -> tuple[str, str, bytes, UUID | None] | None:
    """(channel, content type, bytes, who handed it in) of a document."""
    row = reader.row(_WORK, [document_id])
    return None if row is None else (row[0], row[1], bytes(row[2]), row[3])


def places_done(reader: Reader, interchange_id: UUID) -> set[int]:
    """Which sets of an interchange have their outcome."""
    return {row[0] for row in reader.rows(_PLACES, [interchange_id])}


def outcomes_of(reader: Reader, interchange_id: UUID) -> list[tuple[Any, ...]]:
    """(place, type, group, group code, set, verdict, outcome, ack) of an interchange's sets, in their order."""
    return reader.rows(_SETS, [interchange_id])


def highest_control(reader: Reader, partner_id: UUID, *, but: UUID, since: datetime) -> int | None:
    """The highest control number a partner has used since then."""
    found: int | None = reader.value(_HIGHEST, [partner_id, but, since])
    return found


def other_bytes(
    reader: Reader, partner_id: UUID, control_no: int, *, but: UUID, since: datetime
) -> tuple[UUID, datetime] | None:
    """(document, when) of another interchange that came under the same number since then."""
    row = reader.row(_OTHER_BYTES, [partner_id, control_no, but, since])
    return None if row is None else (row[0], row[1])


def tallies(reader: Reader, interchange_id: UUID) -> tuple[int, dict[str, int]]:
    """How many sets an interchange has, and how many became what."""
    found: dict[str, int] = dict(reader.rows(_TALLIES, [interchange_id]))
    return sum(found.values()), found


def findings_of(reader: Reader, interchange_id: UUID) -> list[dict[str, Any]]:
    """What was said of an interchange as a whole."""
    return list(reader.value(_FOUND, [interchange_id]) or ())


def places_held(reader: Reader, interchange_id: UUID) -> set[int]:
    """Which sets of an interchange wait for a person; locked."""
    return {row[0] for row in reader.rows(_HELD, [interchange_id])}


def inbound_documents(
    reader: Reader,
    *,
    outcome: str | None,
    channel: str | None,
    partner: str | None,
    before: datetime | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Documents that came in, newest first."""
    columns = {"outcome": outcome, "channel": channel, "partner": partner, "before": before, "limit": limit}
    return [_came(row) for row in reader.rows(_INBOUND, columns)]


def inbound_document(reader: Reader, document_id: UUID, *, outcome: str | None, limit: int) -> dict[str, Any] | None:
    """One document with its sets."""
    row = reader.row(_INBOUND_ONE, [document_id])
    if row is None:
        return None
    names = ("interchange", "place", "type", "control", "verdict", "outcome", "number", "order", "findings", "answer_due_at",
             "answered_at", "answer")  # fmt: skip
    sets = reader.rows(_INBOUND_SETS, {"document": document_id, "outcome": outcome, "limit": limit})
    return {**_came(row), "sets": [dict(zip(names, one, strict=True)) for one in sets]}


def _came(row: Sequence[Any]) -> dict[str, Any]:
    names = ("id", "channel", "received_at", "content_type", "bytes", "outcome", "results")
    return dict(zip(names, row, strict=True))
