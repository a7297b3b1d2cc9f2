"""API keys: made, shown once, revoked. Only their SHA-256 is kept."""

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tradewind.access import events
from tradewind.access.queries import hash_of
from tradewind.kernel.tx import Tx

_INSERT = """
insert into api_key (id, hash, hint, principal_id, label, created_at, expires_at)
select u.id, u.hash, u.hint, u.principal_id, u.label, %(now)s, u.expires_at
from unnest(%(ids)s::uuid[], %(hashes)s::bytea[], %(hints)s::text[], %(principals)s::uuid[], %(labels)s::text[],
            %(expiries)s::timestamptz[]) as u(id, hash, hint, principal_id, label, expires_at)
"""
_REVOKE = """
update api_key set revoked_at = %(now)s
where id = any(%(ids)s) and revoked_at is null and (%(principal)s::uuid is null or principal_id = %(principal)s)
returning id, principal_id, hint
"""
_HINT = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to make for a principal."""

    principal_id: UUID
    label: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key. `key` is shown to its holder once and kept nowhere."""

    id: UUID
    hint: str
    key: str = field(repr=False)


def create_keys(tx: Tx, wanted: Sequence[NewKey]) -> list[MadeKey]:
    """One key for each wanted; `tw_<hint>_<secret>` with 256 random bits."""
    made = []
    for new in wanted:
        hint = "".join(secrets.choice(_HINT) for _ in range(6))
        made.append(MadeKey(tx.ids.new(), hint, f"tw_{hint}_{secrets.token_urlsafe(32)}"))
        payload = {"hint": hint, "label": new.label, "expires_at": new.expires_at}
        tx.emit(events.of_key(events.KEY_CREATED, made[-1].id, new.principal_id, payload))
    if wanted:
        tx.run(_INSERT, {
            "now": tx.now, "ids": [key.id for key in made], "hashes": [hash_of(key.key) for key in made],
            "hints": [key.hint for key in made], "principals": [new.principal_id for new in wanted],
            "labels": [new.label for new in wanted], "expiries": [new.expires_at for new in wanted],
        })  # fmt: skip
    return made


def revoke_keys(tx: Tx, key_ids: Sequence[UUID], *, principal_id: UUID | None = None) -> list[UUID]:
    """The keys that this revoked, of one principal only where it is named; no use of them is accepted after the commit."""
    rows = tx.rows(_REVOKE, {"now": tx.now, "ids": sorted(set(key_ids)), "principal": principal_id})
    for key_id, holder, hint in rows:
        tx.emit(events.of_key(events.KEY_REVOKED, key_id, holder, {"hint": hint}))
    return [row[0] for row in rows]
