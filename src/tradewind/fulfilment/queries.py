"""Reads of lanes and shipments, and the statement that locks shipments."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.fulfilment.decide import Lane
from tradewind.fulfilment.model import ReleasedLine, Shipment
from tradewind.kernel.kept import book
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader
from tradewind.kernel.value import value

LOCK_SHIPMENTS = LockKind(
    "shipment",
    """
select s.id from unnest(%(keys)s::uuid[]) as w(id) join shipment s on s.id = w.id order by s.id for no key update of s
""",
)
_LANES = """
select s.id, s.code, l.country, l.region, coalesce(l.cost, 0), coalesce(l.transit_days, 0), s.rank, s.country, s.lead_days,
  coalesce(l.currency, e.currency), s.handling_cost, e.currency
from site s left join freight_lane l on l.site_id = s.id join legal_entity e on e.id = s.legal_entity_id where s.closed_at is null
"""
_WORTH = """
select distinct on (w.code) w.code, coalesce(f.rate, 1 / b.rate)
from unnest(%(codes)s::text[]) as w(code)
left join lateral (select rate, at from fx_rate where from_currency = w.code and to_currency = %(into)s and at <= %(now)s
                   order by at desc limit 1) f on true
left join lateral (select rate, at from fx_rate where from_currency = %(into)s and to_currency = w.code and at <= %(now)s
                   order by at desc limit 1) b on f.rate is null
where coalesce(f.rate, b.rate) is not null
"""


@value(frozen=True, slots=True)
class SiteLane:
    """A site and one place it ships to; `country` None where the site has no lanes (it then ships anywhere)."""

    site_id: UUID
    code: str
    country: str | None
    region: str
    cost: Decimal
    transit_days: int
    rank: int
    site_country: str
    lead_days: int
    is_priced: bool = True


def site_lanes(reader: Reader) -> list[SiteLane]:
    """Every open site with its lanes."""
    kept = book(reader, "lane", most=1)
    lanes: list[SiteLane] | None = kept.rows.get("all")
    if lanes is None:
        rows = reader.rows(_LANES)
        worth = _worth(reader, {row[9] for row in rows} | {row[11] for row in rows})
        lanes = [_site_lane(row, worth) for row in rows]
        reader.keep(kept, {"all": lanes})
    return lanes


def _worth(reader: Reader, currencies: set[str]) -> dict[str, Decimal]:
    """What one unit of each currency is worth in one of them; those without an exchange rate are left out."""
    into = min(currencies, default="")
    worth = {into: Decimal(1)}
    if len(currencies) > 1:
        others = sorted(currencies - {into})
        worth.update(reader.rows(_WORTH, {"codes": others, "into": into, "now": reader.now}))
    return worth


def _site_lane(row: tuple[Any, ...], worth: dict[str, Decimal]) -> SiteLane:
    """A lane with all that shipping by it costs, in the one currency costs are compared in."""
    freight, handling = worth.get(row[9]), worth.get(row[11])
    is_priced = (freight is not None or not row[4]) and (handling is not None or not row[10])
    cost = row[4] * (freight or 1) + row[10] * (handling or 1)
    return SiteLane(*(*row[:3], row[3] or "", cost, *row[5:9], is_priced))


def lanes_to(lanes: Iterable[SiteLane], country: str, region: str) -> list[Lane]:
    """The sites that ship to a place: the lane of its region, else of its country, else of a site without lanes."""
    best: dict[UUID, tuple[int, SiteLane]] = {}
    for lane in lanes:
        if lane.country is None:
            fit = 1
        elif lane.country != country or lane.region not in ("", region):
            continue
        else:
            fit = 3 if lane.region else 2
        if lane.site_id not in best or best[lane.site_id][0] < fit:
            best[lane.site_id] = (fit, lane)
    return [
        Lane(
            lane.site_id,
            lane.code,
            lane.cost,
            lane.transit_days + lane.lead_days,
            lane.rank,
            lane.lead_days,
            lane.is_priced,
        )
        for _, lane in best.values()
    ]


_SHIPMENTS = """
select s.id, s.number, s.order_id, s.group_no, s.account_id, s.site_id, t.code, s.status, s.ship_to, s.released_at, s.answered_at,
  s.shipped_at, s.tracking, s.answer
from unnest(%(ids)s::uuid[]) as w(id) join shipment s on s.id = w.id left join site t on t.id = s.site_id order by s.id
"""
_SHIPMENT_LINES = """
select l.shipment_id, l.line_no, l.order_line_no, l.claim_no, o.product_id, p.sku, l.qty_released, l.qty_shipped, l.qty_short
from unnest(%(ids)s::uuid[]) as w(id) join shipment_line l on l.shipment_id = w.id
join order_line o on o.order_id = l.order_id and o.line_no = l.order_line_no join product p on p.id = o.product_id
order by l.shipment_id, l.line_no
"""
_ORDERS_OF = "select distinct s.order_id from unnest(%(ids)s::uuid[]) as w(id) join shipment s on s.id = w.id"
_IDS = "select s.number, s.id from unnest(%(numbers)s::text[]) as w(number) join shipment s on s.number = w.number"
_TURNED_DOWN = """
select l.order_id, l.order_line_no, o.product_id, s.site_id, max(s.answered_at)
from unnest(%(orders)s::uuid[]) as w(order_id)
join shipment s on s.order_id = w.order_id and s.status in ('shipped', 'refused') and s.site_id is not null
join shipment_line l on l.shipment_id = s.id and l.qty_short > 0
join order_line o on o.order_id = l.order_id and o.line_no = l.order_line_no group by 1, 2, 3, 4
"""
_TOLERANCES = """
select a.id, a.over_ship_percent from unnest(%(accounts)s::uuid[]) as w(id) join account a on a.id = w.id
where a.over_ship_percent > 0
"""


def orders_of_shipments(reader: Reader, ids: Iterable[UUID]) -> list[UUID]:
    """The orders behind shipments; what a shipment belongs to never changes, so no lock is needed."""
    return [row[0] for row in reader.rows(_ORDERS_OF, {"ids": list(ids)})]


_ORDER_OF = "select id, order_id from shipment where id = any(%(ids)s::uuid[])"


def order_of_shipment(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """The order of each of these shipments."""
    wanted = list(ids)
    return dict(reader.rows(_ORDER_OF, {"ids": wanted})) if wanted else {}


def shipments_of(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Shipment]:
    """Shipments with their lines, in two statements."""
    wanted = sorted(set(ids))
    lines: dict[UUID, list[ReleasedLine]] = {}
    for row in reader.rows(_SHIPMENT_LINES, {"ids": wanted}):
        lines.setdefault(row[0], []).append(ReleasedLine(*row[1:]))
    rows = reader.rows(_SHIPMENTS, {"ids": wanted})
    return {row[0]: Shipment(*(*row, tuple(lines.get(row[0], ())))) for row in rows}


def shipment_ids(reader: Reader, numbers: Iterable[str]) -> dict[str, UUID]:
    """Ids by shipment number, as far as the reader may see them."""
    return dict(reader.rows(_IDS, {"numbers": sorted(set(numbers))}))


@value(frozen=True, slots=True)
class TurnedDown:
    """A site that answered an order line short, or refused it."""

    order_id: UUID
    line_no: int
    product_id: UUID
    site_id: UUID
    at: datetime


def turned_down(reader: Reader, orders: Iterable[UUID]) -> list[TurnedDown]:
    """The sites that did not ship what they were asked to, by order line, with their last answer."""
    wanted = list(orders)
    return [TurnedDown(*row) for row in reader.rows(_TURNED_DOWN, {"orders": wanted})] if wanted else []


def over_ship_percents(reader: Reader, accounts: Iterable[UUID]) -> dict[UUID, Decimal]:
    """How much more than ordered an account accepts, in per cent; accounts that accept nothing more are left out."""
    return dict(reader.rows(_TOLERANCES, {"accounts": sorted(set(accounts))}))


_RELEASED = """
select s.id, s.number, s.order_id, coalesce(t.code, ''), l.order_line_no, sum(l.qty_released)
from unnest(%(orders)s::uuid[]) as w(id) join shipment s on s.order_id = w.id and s.status = 'released'
join shipment_line l on l.shipment_id = s.id left join site t on t.id = s.site_id
group by 1, 2, 3, 4, 5 order by s.number desc, 5
"""


@value(frozen=True, slots=True)
class AtWarehouse:
    """Units of an order line that a warehouse was asked to ship and has not answered for."""

    shipment_id: UUID
    number: str
    order_id: UUID
    site: str
    line_no: int
    qty: Decimal


def at_warehouses(reader: Reader, orders: Iterable[UUID]) -> list[AtWarehouse]:
    """What warehouses have of these orders, the latest shipment first."""
    wanted = sorted(set(orders))
    return [AtWarehouse(*row) for row in reader.rows(_RELEASED, {"orders": wanted})] if wanted else []


def site_countries(reader: Reader) -> dict[UUID, tuple[str, str]]:
    """Where each site stands, and where its company is at home."""
    rows = reader.rows("select s.id, s.country, e.country from site s join legal_entity e on e.id = s.legal_entity_id")
    return {site: (country, home) for site, country, home in rows}
