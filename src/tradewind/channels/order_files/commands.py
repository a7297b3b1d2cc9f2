"""Writes of order files: what became of their rows, and how their columns were read."""

from typing import Any
from uuid import UUID

from tradewind.channels.decide.sheets import Mapping
from tradewind.kernel.tx import Tx, dumps

_KEEP = """
insert into order_file (document_id, account_id, sha256, name, mode, outcome, rows, accepted, answer, at)
values (%(document)s, %(account)s, sha256(%(data)s), %(name)s, %(mode)s, %(outcome)s, %(rows)s, %(accepted)s, %(answer)s::jsonb, %(now)s)
"""
_REMEMBER = """
insert into order_file_mapping as m (account_id, signature, header, mapping, updated_by, updated_at)
values (%(account)s, %(signature)s, %(header)s::jsonb, %(mapping)s::jsonb, %(by)s, %(now)s)
on conflict (account_id, signature) do update
set mapping = excluded.mapping, version = m.version + 1, updated_by = excluded.updated_by, updated_at = excluded.updated_at
where m.mapping <> excluded.mapping
"""


def keep_order_file(
    tx: Tx,
    document_id: UUID,
    account_id: UUID,
    *,
    data: bytes,
    name: str | None,
    mode: str,
    outcome: str,
    answer: dict[str, Any],
) -> None:
    """Store what became of a file. One that was placed before, for the same account, breaks a unique index."""
    tx.run(
        _KEEP,
        {
            "document": document_id,
            "account": account_id,
            "data": data,
            "name": name,
            "mode": mode,
            "outcome": outcome,
            "rows": answer["counts"]["rows"],
            "accepted": answer["counts"]["accepted"],
            "answer": dumps(answer),
            "now": tx.now,
        },
    )


def remember_mapping(tx: Tx, account_id: UUID, signature: str, *, header: list[str], mapping: Mapping) -> None:
    """Files with these columns are read so from now on; a mapping that says the same is left as it is."""
    tx.run(
        _REMEMBER,
        {
            "account": account_id,
            "signature": signature,
            "header": dumps(header),
            "mapping": dumps(mapping.as_json()),
            "by": tx.actor.principal_id,
            "now": tx.now,
        },
    )
