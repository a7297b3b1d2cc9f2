"""Percent of tax."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tradewind.integration.decide.kinds.period import period
from tradewind.semantics.decide.rows.fields import code, country, moment, number, one_of
from tradewind.semantics.decide.rows.schema import Fault, Kind


class TaxRateRow(NamedTuple):
    """One row."""

    row: int
    country: str
    region: str
    tax_class: str
    category: str
    rate: Decimal
    valid_from: datetime | None
    valid_to: datetime | None


def _check(row: TaxRateRow) -> Iterable[Fault]:
    yield from period(row)
    if 0 < row.rate < 1:
        yield Fault(
            "rate",
            "import.percent_below_one",
            f"read as {row.rate} %; if {row.rate * 100} % is meant, write that",
            is_warning=True,
        )
    if row.category != "S" and row.rate:
        yield Fault("rate", "import.rate_without_tax", f"category {row.category} bears no tax, so the rate must be 0")


TAX_RATES = Kind(
    name="tax_rates",
    sentence="Percent of tax for a class of goods in a jurisdiction over a period.",
    row=TaxRateRow,
    fields=(
        country("country", "country", required=True),
        code("region", "state or province; empty means the whole country", default="", aliases=("state", "province")),
        code("tax_class", "the class of goods, as on products", required=True),
        one_of("category", "the tax category of EN 16931", "S", "Z", "E", "AE", "K", "G", "O", default="S"),
        number("rate", "percent: 19 means 19 %", required=True, maximum="100", aliases=("percent", "tax_rate")),
        moment("valid_from", "from when; empty means always", aliases=("from", "start", "start_date")),
        moment(
            "valid_to",
            "until when; a bare date is included, empty means without end",
            last_day=True,
            aliases=("to", "end", "end_date", "expires"),
        ),
    ),
    key=("country", "region", "tax_class", "valid_from"),
    check=_check,
)
