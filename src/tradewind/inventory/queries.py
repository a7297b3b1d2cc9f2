"""Reads of stock, and the statements that lock it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.inventory.model import Claim, Inbound, StockRow, Supply
from tradewind.kernel.arrays import numbers
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader
from tradewind.kernel.value import value

_STOCK = """
select s.product_id, s.site_id, s.on_hand, s.reserved, s.allocated, s.shortage, s.safety, s.earmarked
from unnest(%(products)s::uuid[]) as w(product_id) join stock s on s.product_id = w.product_id
"""
_FREE = """
select s.product_id, s.site_id,
  greatest(greatest(s.on_hand - s.safety, 0) - s.reserved - s.allocated - s.earmarked, 0)
from unnest(%(products)s::uuid[]) as w(product_id) join stock s on s.product_id = w.product_id
"""
LOCK_STOCK = LockKind(
    "stock",
    """
select s.product_id, s.site_id, s.on_hand, s.reserved, s.allocated, s.shortage, s.safety, s.earmarked, s.observed_as_of
from unnest(%(keys)s::uuid[], %(keys_2)s::uuid[]) as w(product_id, site_id)
join stock s on s.product_id = w.product_id and s.site_id = w.site_id
order by s.product_id, s.site_id for no key update of s
""",
    parts=2,
)
LOCK_SUPPLY = LockKind(
    "supply",
    """
select i.id, i.product_id, i.site_id, coalesce(i.target_qty, i.qty) - i.received - i.promised, i.expected_at
from unnest(%(keys)s::uuid[]) as w(product_id)
join inbound_supply i on i.product_id = w.product_id and i.status = 'open'
order by i.id for no key update of i
""",
)
_INBOUND = """
select i.id, i.product_id, i.site_id, coalesce(i.target_qty, i.qty) - i.received - i.promised, i.expected_at from inbound_supply i
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


def free_stock(reader: Reader, products: Iterable[UUID]) -> dict[tuple[UUID, UUID], Decimal]:
    """`StockRow.available` of these products by (product, site), without a lock: good for an estimate, never for a commitment."""
    return {(row[0], row[1]): row[2] for row in reader.rows(_FREE, {"products": list(set(products))})}


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


_SITES = "select s.code, s.id from unnest(%(codes)s::text[]) as w(code) join site s on s.code = w.code"
_SUPPLIES = """
select w.ord::int, i.id, i.reference, i.product_id, i.site_id, i.qty, i.received, i.promised, i.expected_at, i.status
from unnest(%(reference)s::text[], %(product)s::uuid[], %(site)s::uuid[]) with ordinality as w(reference, product_id, site_id, ord)
join inbound_supply i on i.reference = w.reference and i.product_id = w.product_id and i.site_id = w.site_id
"""
_PROMISED_TO = """
select c.supply_id, o.number, c.line_no, a.code, l.promised_at, sum(c.qty)
from unnest(%(supplies)s::uuid[]) as w(id) join inbound_supply i on i.id = w.id
join stock_claim c on c.product_id = i.product_id and c.site_id = i.site_id and c.state = 'promised' and c.supply_id = i.id
join sales_order o on o.id = c.order_id join account a on a.id = o.account_id
join order_line l on l.order_id = c.order_id and l.line_no = c.line_no
group by 1, 2, 3, 4, 5 order by o.number, c.line_no limit %(limit)s
"""
_SINCE = """
select w.ord::int, s.observed_as_of,
  coalesce((select sum(m.qty) from stock_move m
            where m.product_id = w.product_id and m.site_id = w.site_id and m.as_of > w.as_of), 0),
  coalesce((select true from stock_observation o where o.product_id = w.product_id and o.site_id = w.site_id
            and o.as_of = w.as_of and o.qty = w.qty and o.source = w.source limit 1), false)
from unnest(%(product)s::uuid[], %(site)s::uuid[], %(as_of)s::timestamptz[], %(qty)s::numeric[], %(source)s::text[])
     with ordinality as w(product_id, site_id, as_of, qty, source, ord)
join stock s on s.product_id = w.product_id and s.site_id = w.site_id
order by w.ord
"""


@value(frozen=True, slots=True)
class Promised:
    """An order line that waits for goods of an inbound supply."""

    supply_id: UUID
    order: str
    line_no: int
    account: str
    promised_at: datetime | None
    qty: Decimal


def site_ids(reader: Reader, codes: Iterable[str]) -> dict[str, UUID]:
    """Ids of sites by code."""
    return dict(reader.rows(_SITES, {"codes": sorted(set(codes))}))


def supplies_named(reader: Reader, keys: Sequence[tuple[str, UUID, UUID]]) -> dict[int, Supply]:
    """The inbound supplies of (reference, product, site), by place from 0; those that are not there are left out."""
    rows = reader.rows(
        _SUPPLIES,
        {
            "reference": [key[0] for key in keys],
            "product": [key[1] for key in keys],
            "site": [key[2] for key in keys],
        },
    )
    return {row[0] - 1: Supply(*row[1:]) for row in rows}


def promised_to(reader: Reader, supplies: Iterable[UUID], *, limit: int) -> list[Promised]:
    """The order lines that wait for goods of these supplies, by order number, at most `limit`."""
    return [Promised(*row) for row in reader.rows(_PROMISED_TO, {"supplies": sorted(set(supplies)), "limit": limit})]


def moved_since(
    reader: Reader, counts: Sequence[tuple[UUID, UUID, datetime, Decimal, str]]
) -> list[tuple[datetime | None, Decimal, bool]]:
    """For counts as (product, site, as of, quantity, source), in order: until when the stock was counted before, what moved
    after the count's time, and whether this very count was taken in before. Their stock rows exist."""
    rows = reader.rows(
        _SINCE,
        {
            "product": [one[0] for one in counts],
            "site": [one[1] for one in counts],
            "as_of": [one[2] for one in counts],
            "qty": numbers(one[3] for one in counts),
            "source": [one[4] for one in counts],
        },
    )
    return [(row[1], row[2], row[3]) for row in rows]


_STALE = """
select distinct c.order_id from inbound_supply i
join stock_claim c on c.product_id = i.product_id and c.site_id = i.site_id and c.state = 'promised' and c.supply_id = i.id
join order_line l on l.order_id = c.order_id and l.line_no = c.line_no
where i.status = 'open' and i.promised > 0
  and not exists (select from jsonb_array_elements(l.promise::jsonb) p
                  where p ->> 'supply' = i.id::text and (p ->> 'due')::timestamptz = i.expected_at)
order by c.order_id limit %(limit)s
"""
_TO_SERVE = """
select w.product_id from (
  select product_id from order_line where qty_backordered > 0 and product_id > %(after)s
  union select product_id from stock where earmarked > 0 and product_id > %(after)s
) w
cross join lateral (
  (select from stock s where s.product_id = w.product_id
     and (s.earmarked > 0 or greatest(s.on_hand - s.safety, 0) > s.reserved + s.allocated) limit 1)
  union all
  (select from inbound_supply i where i.product_id = w.product_id and i.status = 'open'
     and coalesce(i.target_qty, i.qty) < i.received + i.promised limit 1)
  union all
  (select from inbound_supply i
     join order_line l on l.product_id = i.product_id and l.qty_backordered > 0 and l.promised_at is null
     where i.product_id = w.product_id and i.status = 'open' and i.qty > i.received + i.promised limit 1)
  limit 1
) found
order by w.product_id limit %(limit)s
"""


def stale_promises(reader: Reader, *, limit: int) -> list[UUID]:
    """Orders promised for another date than their supply has now."""
    return [row[0] for row in reader.rows(_STALE, {"limit": limit})]


def products_to_serve(reader: Reader, *, after: UUID, limit: int) -> list[UUID]:
    """Products that orders wait for and that are there or on their way, and those kept for nobody, by id."""
    return [row[0] for row in reader.rows(_TO_SERVE, {"after": after, "limit": limit})]


_EARMARKED = """
select s.product_id, sum(s.earmarked) from stock s
where s.product_id = any(%(products)s::uuid[]) and s.earmarked > 0 group by 1
"""


def earmarked_of(reader: Reader, products: Iterable[UUID]) -> dict[UUID, Decimal]:
    """How much of each product is kept for waiting orders, at all sites."""
    return dict(reader.rows(_EARMARKED, {"products": sorted(set(products))}))


_CAME_SINCE = """
select distinct w.ord::int from unnest(%(product)s::uuid[], %(site)s::uuid[], %(at)s::timestamptz[])
  with ordinality as w(product_id, site_id, at, ord)
where exists (select from stock_move m where m.product_id = w.product_id and m.site_id = w.site_id and m.at > w.at
                and m.qty > 0 and m.kind <> 'opening')
   or exists (select from stock_observation s where s.product_id = w.product_id and s.site_id = w.site_id
                and s.taken_in_at > w.at)
"""


def counted_since(reader: Reader, wanted: Sequence[tuple[UUID, UUID, datetime]]) -> set[int]:
    """The places of those (product, site, instant) where goods came in or somebody counted after the instant."""
    if not wanted:
        return set()
    columns = {
        "product": [one[0] for one in wanted],
        "site": [one[1] for one in wanted],
        "at": [one[2] for one in wanted],
    }
    return {row[0] - 1 for row in reader.rows(_CAME_SINCE, columns)}


_EXPECTED = """
select i.product_id, i.site_id, i.reference, coalesce(i.target_qty, i.qty) - i.received - i.promised, i.expected_at
from inbound_supply i
where i.product_id = any(%(products)s::uuid[]) and i.status = 'open' and coalesce(i.target_qty, i.qty) > i.received + i.promised
order by i.product_id, i.expected_at, i.id
"""


@value(frozen=True, slots=True)
class ToCome:
    """Goods on their way that nobody was promised yet."""

    product_id: UUID
    site_id: UUID
    reference: str
    free: Decimal
    expected_at: datetime


def expected_goods(reader: Reader, products: Iterable[UUID]) -> list[ToCome]:
    """What is on its way and free of each product, earliest first."""
    return [ToCome(*row) for row in reader.rows(_EXPECTED, {"products": sorted(set(products))})]


def site_codes(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Codes of sites by id."""
    return dict(reader.rows("select id, code from site where id = any(%s::uuid[])", [sorted(set(ids))]))


_REFERENCES = "select i.id, i.reference from unnest(%(ids)s::uuid[]) as w(id) join inbound_supply i on i.id = w.id"


def references_of(reader: Reader, supplies: Iterable[UUID]) -> dict[UUID, str]:
    """What supplies are called, by id."""
    return dict(reader.rows(_REFERENCES, {"ids": sorted(set(supplies))}))
