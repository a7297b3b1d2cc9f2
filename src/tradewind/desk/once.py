"""The same request sent twice is done once: the key, what it was used for and the answer are kept in its transaction."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

from tradewind.kernel.idempotency import Key, reserve_keys, store_answers
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx


def once(tx: Tx, work: Callable[[Tx], Any], *, principal_id: UUID, key: str | None, said: bytes) -> Any:
    """What `work` answers (plain JSON values), or what it answered when the key came first. Without a key it is done.

    `Refused` where the key was used for something else than `said`.
    """
    if key is None:
        return work(tx)
    name = Key(principal_id, key, hashlib.sha256(said).digest())
    known = reserve_keys(tx, [name])
    if name.name in known:
        answer = known[name.name]
        if isinstance(answer, Problem):
            raise Refused([answer])
        return answer
    answer = work(tx)
    store_answers(tx, {name.name: answer})
    return answer
