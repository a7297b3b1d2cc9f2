"""Dates that moved are kept, so that who was promised what can be listed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tradewind.kernel.arrays import flags, numbers
from tradewind.kernel.tx import Tx, dumps
from tradewind.kernel.value import value

_INSERT = """
insert into promise_move (id, order_id, line_no, account_id, old_at, new_at, wished_at, breaks_wish, why, supplies, moved_at)
select w.id, w.order_id, w.line_no, w.account_id, w.old_at, w.new_at, w.wished_at, w.breaks, w.why, w.supplies::jsonb, %(now)s
from unnest(%(id)s::uuid[], %(order)s::uuid[], %(line)s::int[], %(account)s::uuid[], %(old)s::timestamptz[], %(new)s::timestamptz[],
  %(wished)s::timestamptz[], %(breaks)s::boolean[], %(why)s::text[], %(supplies)s::text[])
  as w(id, order_id, line_no, account_id, old_at, new_at, wished_at, breaks, why, supplies)
"""


@value(frozen=True, slots=True)
class PromiseMove:
    """A date that moved: None where there is none any more, or was none. `why`: `supply` where goods on their way slipped."""

    order_id: UUID
    line_no: int
    account_id: UUID
    old_at: datetime | None
    new_at: datetime | None
    wished_at: datetime | None
    breaks_wish: bool
    why: str
    supplies: tuple[str, ...]


def keep_moves(tx: Tx, moves: Sequence[PromiseMove]) -> None:
    """Store dates that moved."""
    if not moves:
        return
    tx.run(
        _INSERT,
        {
            "now": tx.now,
            "id": tx.ids.many(len(moves)),
            "order": [one.order_id for one in moves],
            "line": numbers(one.line_no for one in moves),
            "account": [one.account_id for one in moves],
            "old": [one.old_at for one in moves],
            "new": [one.new_at for one in moves],
            "wished": [one.wished_at for one in moves],
            "breaks": flags(one.breaks_wish for one in moves),
            "why": [one.why for one in moves],
            "supplies": [dumps(list(one.supplies)) for one in moves],
        },
    )
