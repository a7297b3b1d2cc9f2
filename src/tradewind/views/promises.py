"""Customers whose promised dates moved (IN4)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Reader

_MOVES = """
select m.id, o.number, o.buyer_po, a.code, m.line_no, p.sku, m.old_at, m.new_at, m.wished_at, m.breaks_wish, m.why, m.supplies, m.moved_at
from promise_move m join sales_order o on o.id = m.order_id join account a on a.id = m.account_id
join order_line l on l.order_id = m.order_id and l.line_no = m.line_no left join product p on p.id = l.product_id
where (%(account)s::text is null or a.code = %(account)s) and (not %(broken)s or m.breaks_wish)
  and (%(since)s::timestamptz is null or m.moved_at >= %(since)s) and (%(after)s::uuid is null or m.id < %(after)s)
order by m.id desc limit %(limit)s
"""
_FIELDS = (
    "id",
    "order",
    "buyer_po",
    "account",
    "line",
    "sku",
    "from",
    "to",
    "wished",
    "breaks_wish",
    "why",
    "supplies",
    "moved_at",
)


def moved_promises(
    reader: Reader, *, account: str | None, broken: bool, since: datetime | None, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Dates that moved, newest first, as far as the reader may see them; `broken`: only those that are later than wished."""
    columns = {"account": account, "broken": broken, "since": since, "after": after, "limit": limit}
    return [dict(zip(_FIELDS, row, strict=True)) for row in reader.rows(_MOVES, columns)]
