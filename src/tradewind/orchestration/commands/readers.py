"""Readers of the log whose place moves in the transaction of what they do: one at a time reads under a name."""

from tradewind.kernel.log import Cursor
from tradewind.kernel.tx import Tx

_OPEN = "insert into log_cursor (reader, moved_at) values (%(name)s, %(now)s) on conflict do nothing"
_CLAIM = "select xid, seq from log_cursor where reader = %s for update skip locked"


def claim_reader(tx: Tx, name: str) -> Cursor | None:
    """How far the reader has come, held until the transaction ends; None while another process reads under this name."""
    found = tx.row(_CLAIM, [name])
    if found is None and tx.run(_OPEN, {"name": name, "now": tx.now}):
        found = tx.row(_CLAIM, [name])
    return None if found is None else Cursor(*found)
