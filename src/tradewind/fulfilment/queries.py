"""Reads of lanes and shipments, and the statement that locks shipments."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from tradewind.fulfilment.decide import Lane
from tradewind.kernel.locks import LockKind
from tradewind.kernel.tx import Reader

LOCK_SHIPMENTS = LockKind(
    "shipment",
    """
select s.id from unnest(%(keys)s::uuid[]) as w(id) join shipment s on s.id = w.id order by s.id for no key update of s
""",
)
_LANES = """
select s.id, s.code, l.country, l.region, coalesce(l.cost, 0) + s.handling_cost, coalesce(l.transit_days, 0), s.rank, s.country,
  s.lead_days
from site s left join freight_lane l on l.site_id = s.id where s.closed_at is null
"""


@dataclass(frozen=True, slots=True)
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


def site_lanes(reader: Reader) -> list[SiteLane]:
    """Every open site with its lanes."""
    return [SiteLane(*(*row[:3], row[3] or "", *row[4:])) for row in reader.rows(_LANES)]


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
        Lane(lane.site_id, lane.code, lane.cost, lane.transit_days + lane.lead_days, lane.rank)
        for _, lane in best.values()
    ]
