"""Exemptions of accounts."""

from datetime import datetime
from typing import NamedTuple

from tradewind.integration.decide.kinds.period import period
from tradewind.semantics.decide.rows.fields import code, country, moment
from tradewind.semantics.decide.rows.schema import Kind


class TaxCertificateRow(NamedTuple):
    """One row."""

    row: int
    account: str
    country: str
    region: str
    number: str
    valid_from: datetime | None
    valid_to: datetime | None


TAX_CERTIFICATES = Kind(
    name="tax_certificates",
    sentence="Exemptions from tax in a jurisdiction, with their period.",
    row=TaxCertificateRow,
    fields=(
        code("account", "code of the account", required=True, aliases=("customer", "account_code")),
        country("country", "where it is exempt", required=True),
        code("region", "state or province; empty means the whole country", default="", aliases=("state", "province")),
        code("number", "the certificate's number", required=True, aliases=("certificate", "certificate_number")),
        moment("valid_from", "from when; empty means always", aliases=("from", "start", "start_date")),
        moment(
            "valid_to",
            "until when; a bare date is included, empty means without end",
            last_day=True,
            aliases=("to", "end", "end_date", "expires"),
        ),
    ),
    key=("account", "country", "region", "number"),
    after=("accounts",),
    check=period,
)
