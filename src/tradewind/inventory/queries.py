"""Reads of stock, and the statements that lock it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tradewind.inventory.model import Claim, Inbound, StockRow
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader

_STOCK = """
select s.product_id, s.site_id, s.on_hand, s.reserved, s.allocated, s.shortage, s.safety, s.earmarked
from unnest(%(products)s::uuid[]) as w(product_id) join stock s on s.product_id = w.product_id
"""
LOCK_STOCK = LockKind(
    "stock",
    """
select s.product_id, s.site_id, s.on_hand, s.reserved, s.allocated, s.shortage, s.safety, s.earmarked
from unnest(%(keys)s::uuid[], %(keys_2)s::uuid[]) as w(product_id, site_id)
join stock s on s.product_id = w.product_id and s.site_id = w.site_id
order by s.product_id, s.site_id for no key update of s
""",
    parts=2,
)
LOCK_SUPPLY = LockKind(
    "supply",
    """
select i.id, i.product_id, i.site_id, i.qty - i.received - i.promised, i.expected_at
from unnest(%(keys)s::uuid[]) as w(product_id)
join inbound_supply i on i.product_id = w.product_id and i.status = 'open'
order by i.id for no key update of i
""",
)
_INBOUND = """
select i.id, i.product_id, i.site_id, i.qty - i.received - i.promised, i.expected_at from inbound_supply i
where i.product_id = any(%(products)s::uuid[]) and i.status = 'open'
"""
_CLAIMS = """
select c.order_id, c.line_no, c.claim_no, c.account_id, c.product_id, c.site_id, c.qty, c.state, c.supply_id, c.expires_at
from unnest(%(orders)s::uuid[]) as w(order_id) join stock_claim c on c.order_id = w.order_id
order by c.order_id, c.line_no, c.claim_no
"""
_AVAILABLE = """
select s.product_id, s.site_id, s.on_hand, s.reserved, s.allocated, s.shortage, s.safety, s.earmarked from stock s
join site on site.id = s.site_id
where s.product_id = any(%(products)s::uuid[]) and (%(sites)s::uuid[] is null or s.site_id = any(%(sites)s::uuid[]))
order by s.product_id, site.rank, site.code
"""


def stock_of(reader: Reader, products: Iterable[UUID]) -> list[StockRow]:
    """The counters of these products at every site, without a lock: good for an estimate, never for a commitment."""
    return [StockRow(*row) for row in reader.rows(_STOCK, {"products": list(set(products))})]


def availability(reader: Reader, products: Iterable[UUID], *, sites: Iterable[UUID] | None = None) -> list[StockRow]:
    """The counters of these products, by site rank; for people and buyers' agents."""
    return [
        StockRow(*row)
        for row in reader.rows(
            _AVAILABLE, {"products": list(products), "sites": None if sites is None else list(sites)}
        )
    ]


def claims_of(reader: Reader, orders: Iterable[UUID]) -> list[Claim]:
    """Every claim of these orders, ended ones too (their numbers are used up)."""
    return [Claim(*row) for row in reader.rows(_CLAIMS, {"orders": list(orders)})]


def inbound_of(reader: Reader, products: Iterable[UUID]) -> dict[UUID, list[Inbound]]:
    """Open supplies by product without a lock: good for an estimate."""
    return inbound_rows(reader.rows(_INBOUND, {"products": list(products)}))


def inbound_rows(locked: Iterable[tuple[Any, ...]]) -> dict[UUID, list[Inbound]]:
    """Locked supply rows by product."""
    supplies: dict[UUID, list[Inbound]] = {}
    for row in locked:
        supplies.setdefault(row[1], []).append(Inbound(*row))
    return supplies
