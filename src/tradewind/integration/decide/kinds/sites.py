"""Places that keep stock."""

from decimal import Decimal
from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import clock_time, code, country, money, whole, words, zone
from tradewind.semantics.decide.rows.schema import Kind


class SiteRow(NamedTuple):
    """One row."""

    row: int
    code: str
    name: str
    legal_entity: str
    country: str
    region: str
    time_zone: str
    rank: int
    handling_cost: Decimal
    lead_days: int
    cut_off: str


SITES = Kind(
    name="sites",
    sentence="Warehouses and other places that keep stock.",
    row=SiteRow,
    fields=(
        code("code", "what we call it", required=True, aliases=("site", "warehouse")),
        words("name", "its name", required=True),
        code("legal_entity", "code of the company it belongs to", required=True, aliases=("company",)),
        country("country", "where it stands", required=True),
        code("region", "state or province, as tax and freight need it", default=""),
        zone("time_zone", "where its days begin and end"),
        whole("rank", "lower is asked first when sites tie", default=100),
        money("handling_cost", "cost of picking one delivery there", default="0"),
        whole("lead_days", "working days from release to dispatch", maximum=365, default=0),
        clock_time("cut_off", "orders released later leave a day later", default="23:59"),
    ),
    key=("code",),
    after=("legal_entities",),
)
