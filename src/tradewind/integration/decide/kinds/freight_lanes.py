"""What shipping costs and how long it takes."""

from decimal import Decimal
from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, country, currency, money, whole
from tradewind.semantics.decide.rows.schema import Kind


class FreightLaneRow(NamedTuple):
    """One row."""

    row: int
    site: str
    country: str
    region: str
    cost: Decimal
    currency: str
    transit_days: int


FREIGHT_LANES = Kind(
    name="freight_lanes",
    sentence="What it costs and how long it takes to ship from a site to a country or region.",
    row=FreightLaneRow,
    fields=(
        code("site", "code of the site", required=True, aliases=("warehouse", "site_code")),
        country("country", "where to", required=True),
        code("region", "state or province; empty means the whole country", default="", aliases=("state", "province")),
        money("cost", "cost of one delivery", required=True),
        currency("currency", "its currency", required=True),
        whole("transit_days", "days on the road", maximum=365, required=True, aliases=("days",)),
    ),
    key=("site", "country", "region"),
    after=("sites",),
)
