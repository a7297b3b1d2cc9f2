"""Incidents that are about a message with the outside world: opened and closed by the one who knows of it, under an id of theirs."""

from collections.abc import Sequence
from uuid import UUID

from tradewind.kernel.tx import Tx

_OPEN = """
insert into incident (id, kind, code, message, opened_at)
select w.id, 'message', w.code, w.message, %(now)s
from unnest(%(id)s::uuid[], %(code)s::text[], %(message)s::text[]) as w(id, code, message)
on conflict (id) do update set code = excluded.code, message = excluded.message, opened_at = excluded.opened_at,
  resolved_at = null, resolved_by = null, resolution = null where incident.resolved_at is not null
"""
_CLOSE = """
update incident set resolved_at = %(now)s, resolution = %(how)s where id = any(%(ids)s::uuid[]) and resolved_at is null
"""


def open_incidents(tx: Tx, incidents: Sequence[tuple[UUID, str, str]]) -> None:
    """(id, code, message) of what a person must look at; one that is open stays as it is."""
    if incidents:
        tx.run(
            _OPEN,
            {
                "now": tx.now,
                "id": [one for one, _, _ in incidents],
                "code": [code for _, code, _ in incidents],
                "message": [message[:1000] for _, _, message in incidents],
            },
        )


def close_incidents(tx: Tx, ids: Sequence[UUID], how: str) -> int:
    """What they asked for has come about; gives how many were open."""
    return tx.run(_CLOSE, {"now": tx.now, "ids": list(ids), "how": how}) if ids else 0
