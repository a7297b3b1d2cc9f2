"""One lock order for the whole house, in one place.

Two transactions that take their row locks in the same order cannot wait for each other in a circle. `lock_set` takes all
locks of a command or a crank turn at its start, kind by kind in `ORDER`, within a kind in key order. Steps take none.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value

ORDER = ("instance", "order", "shipment", "invoice", "payment", "credit", "agreement", "supply", "stock", "counter")


@value(frozen=True, slots=True)
class LockKind:
    """A kind of row and the statement that locks it: `%(keys)s` (and `%(keys_2)s` for two-part keys), ordered by key."""

    name: str
    sql: str
    parts: int = 1

    @property
    def rank(self) -> int:
        return ORDER.index(self.name)


class LockOrderBroken(Exception):  # noqa: N818
    """A lock was asked for after one that comes later: a bug that could deadlock."""


def lock_set(tx: Tx, wanted: Iterable[tuple[LockKind, Iterable[Any]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Lock every wanted row in the one order; gives the locked rows by kind name.

    May be called again in a transaction only for kinds of a higher rank. Keys may repeat and come in any order.
    """
    locked: dict[str, list[tuple[Any, ...]]] = {}
    for kind, keys in sorted(wanted, key=lambda pair: pair[0].rank):
        unique = sorted(set(keys), key=_place)
        if not unique:
            locked.setdefault(kind.name, [])
            continue
        if tx.locked and kind.rank <= tx.locked[-1]:
            raise LockOrderBroken(f"{kind.name} was asked for after {ORDER[tx.locked[-1]]}")
        tx.locked.append(kind.rank)
        locked[kind.name] = tx.rows(kind.sql, _parameters(kind, unique))
    return locked


def _place(key: Any) -> Any:
    """Where a key comes in the order of its kind: UUIDs by their number, which is how PostgreSQL orders them, too."""
    if isinstance(key, tuple):
        return tuple(_place(part) for part in key)
    return key.int if isinstance(key, UUID) else key


def _parameters(kind: LockKind, keys: Sequence[Any]) -> dict[str, list[Any]]:
    if kind.parts == 1:
        return {"keys": list(keys)}
    return {"keys": [key[0] for key in keys], "keys_2": [key[1] for key in keys]}
