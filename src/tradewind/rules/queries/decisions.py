"""Reads of what tables decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader
from tradewind.kernel.value import value
from tradewind.rules.decide.values_json import from_json


@value(frozen=True, slots=True)
class Decided:
    """A decision as it was written down; hits and misses as objects with table, row and number."""

    id: UUID
    at: datetime
    point: str
    rule_set_id: UUID
    code: str
    version: int
    subject_type: str
    subject_id: UUID
    line_no: int | None
    inputs: Mapping[str, Any]
    answers: list[Any]
    hits: list[dict[str, Any]]
    misses: list[dict[str, Any]]
    effect: str


_COLUMNS = """
select d.id, d.decided_at, d.point, d.rule_set_id, s.code, d.version, d.subject_type, d.subject_id, d.line_no, d.inputs::text,
  d.answers::text, d.hits::text, d.misses::text, d.effect
from rule_decision d join rule_set s on s.id = d.rule_set_id
"""
_OF_SUBJECT = f"""
{_COLUMNS} where d.subject_id = %(subject)s and (%(point)s::text is null or d.point = %(point)s)
  and (%(after)s::uuid is null or (d.decided_at, d.id) > (select a.decided_at, a.id from rule_decision a where a.id = %(after)s))
order by d.decided_at, d.id limit %(limit)s
"""  # noqa: S608 - columns are ours
_BY_ID = f"{_COLUMNS} where d.id = %(id)s"


def decisions_of(
    reader: Reader, subject_id: UUID, *, point: str | None = None, after: UUID | None = None, limit: int
) -> list[Decided]:
    """What was decided about a subject, the oldest first; `after` is the last id of the page before."""
    rows = reader.rows(_OF_SUBJECT, {"subject": subject_id, "point": point, "after": after, "limit": limit})
    return [_decided(row) for row in rows]


def decision_by_id(reader: Reader, decision_id: UUID) -> Decided | None:
    """One decision."""
    row = reader.row(_BY_ID, {"id": decision_id})
    return None if row is None else _decided(row)


def _decided(row: tuple[Any, ...]) -> Decided:
    inputs, answers, hits, misses = (from_json(text) for text in row[9:13])
    said: Any = (inputs, answers, hits, misses)
    return Decided(*row[:9], *said, row[13])  # type: ignore[call-arg]  # as the columns stand
