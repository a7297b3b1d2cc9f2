"""Our own companies."""

from typing import NamedTuple

from tradewind.integration.decide.fields import code, country, currency, one_of, words, zone
from tradewind.integration.decide.schema import Kind


class LegalEntityRow(NamedTuple):
    """One row."""

    row: int
    code: str
    name: str
    country: str
    currency: str
    tax_id: str | None
    invoice_prefix: str
    time_zone: str
    tax_rounding: str


LEGAL_ENTITIES = Kind(
    name="legal_entities",
    sentence="Companies of ours that sell and invoice.",
    row=LegalEntityRow,
    fields=(
        code("code", "what we call it", required=True),
        words("name", "its registered name", required=True),
        country("country", "where it is registered", required=True),
        currency("currency", "the currency of its books", required=True),
        code("tax_id", "its VAT or tax number", aliases=("vat_id", "vat_number", "tax_number")),
        code("invoice_prefix", "what its invoice numbers begin with", length=12, default="INV"),
        zone("time_zone", "where its days begin and end"),
        one_of(
            "tax_rounding",
            "whether tax is rounded on each line or once a rate",
            "per_line",
            "per_tax_group",
            default="per_tax_group",
        ),
    ),
    key=("code",),
)
