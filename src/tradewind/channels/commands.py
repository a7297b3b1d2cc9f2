"""Writes of the doors: raw bytes first."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Tx, dumps
from tradewind.kernel.value import value

_KEEP = """
insert into inbound_document (id, channel, principal_id, received_at, content_type, sha256, body, outcome)
select w.id, w.channel, w.principal_id, %(now)s, w.content_type, sha256(w.body), w.body, 'order'
from unnest(%(id)s::uuid[], %(channel)s::text[], %(principal)s::uuid[], %(type)s::text[], %(body)s::bytea[])
  as w(id, channel, principal_id, content_type, body)
"""
_BECAME = """
update inbound_document d set outcome = w.outcome, results = w.results::jsonb
from unnest(%(id)s::uuid[], %(outcome)s::text[], %(results)s::text[]) as w(id, outcome, results) where d.id = w.id
"""


@value(frozen=True, slots=True)
class Inbound:
    """Something that arrived, byte for byte."""

    id: UUID
    channel: str
    principal_id: UUID | None
    content_type: str
    body: bytes


def take_in(tx: Tx, documents: Sequence[Inbound]) -> None:
    """Keep what arrived before anything is made of it; it commits with what becomes of it, before anybody is answered."""
    if documents:
        tx.run(
            _KEEP,
            {
                "now": tx.now,
                "id": [one.id for one in documents],
                "channel": [one.channel for one in documents],
                "principal": [one.principal_id for one in documents],
                "type": [one.content_type for one in documents],
                "body": [one.body for one in documents],
            },
        )


def note_outcomes(tx: Tx, outcomes: Sequence[tuple[UUID, str, Any]]) -> None:
    """What became of documents, where it is not simply orders: (document, outcome, results)."""
    if outcomes:
        tx.run(
            _BECAME,
            {
                "id": [one for one, _, _ in outcomes],
                "outcome": [outcome for _, outcome, _ in outcomes],
                "results": [dumps(results) for _, _, results in outcomes],
            },
        )
