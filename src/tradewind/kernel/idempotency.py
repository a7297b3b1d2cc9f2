"""A key, what it was used for, and the ids it answered with, in the transaction of the effect.

The key is inserted first: two transactions with the same key meet on its primary key, so there is no check before the
insert that could be raced. A replay finds the ids; the current state is read from them anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx, dumps
from tradewind.kernel.value import value

NOBODY = UUID(int=0)

_RESERVE = """
insert into idempotency (principal_id, key, fingerprint, created_at)
select w.principal_id, w.key, w.fingerprint, %(now)s
from unnest(%(principal)s::uuid[], %(key)s::text[], %(fingerprint)s::bytea[]) as w(principal_id, key, fingerprint)
order by w.principal_id, w.key
on conflict do nothing returning principal_id, key
"""
_KNOWN = """
select i.principal_id, i.key, i.fingerprint, i.answer
from unnest(%(principal)s::uuid[], %(key)s::text[]) as w(principal_id, key)
join idempotency i on i.principal_id = w.principal_id and i.key = w.key
"""
_ANSWER = """
update idempotency i set answer = w.answer::jsonb
from unnest(%(principal)s::uuid[], %(key)s::text[], %(answer)s::text[]) as w(principal_id, key, answer)
where i.principal_id = w.principal_id and i.key = w.key
"""


@value(frozen=True, slots=True)
class Key:
    """Who used which key for what: the fingerprint is a hash of the input."""

    principal_id: UUID
    key: str
    fingerprint: bytes

    @property
    def name(self) -> tuple[UUID, str]:
        return (self.principal_id, self.key)


def key_reused(key: str) -> Problem:
    """The key was used before for something else."""
    return Problem(
        "request.idempotency_key_reused",
        "This Idempotency-Key was used for another request.",
        "Idempotency-Key",
        422,
        {"key": key},
    )


def reserve_keys(tx: Tx, keys: Sequence[Key]) -> dict[tuple[UUID, str], Any | Problem]:
    """Take keys; for those that were taken before, the stored answer, or a problem where the input differs."""
    if not keys:
        return {}
    columns = {
        "now": tx.now,
        "principal": [key.principal_id for key in keys],
        "key": [key.key for key in keys],
        "fingerprint": [key.fingerprint for key in keys],
    }
    taken = {(principal, key) for principal, key in tx.rows(_RESERVE, columns)}
    old = [key for key in keys if key.name not in taken]
    if not old:
        return {}
    known = {
        (row[0], row[1]): (bytes(row[2]), row[3])
        for row in tx.rows(_KNOWN, {"principal": [key.principal_id for key in old], "key": [key.key for key in old]})
    }
    return {
        key.name: known[key.name][1] if known[key.name][0] == key.fingerprint else key_reused(key.key) for key in old
    }


def store_answers(tx: Tx, answers: Mapping[tuple[UUID, str], Any]) -> None:
    """Keep what each key was answered with."""
    if answers:
        tx.run(
            _ANSWER,
            {
                "principal": [principal for principal, _ in answers],
                "key": [key for _, key in answers],
                "answer": [dumps(answer) for answer in answers.values()],
            },
        )
