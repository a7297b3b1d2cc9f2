"""Our own companies."""

from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, country, currency, mail_address, one_of, words, zone
from tradewind.semantics.decide.rows.schema import Kind


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
    street: str | None
    city: str | None
    postal_code: str | None
    region: str | None
    registration: str | None
    phone: str | None
    email: str | None
    website: str | None
    bank_name: str | None
    iban: str | None
    bic: str | None
    language: str


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
        words("street", "street and number on its letterhead"),
        words("city", "its town"),
        words("postal_code", "its postal code", length=20, aliases=("zip", "postcode")),
        words("region", "its state or region"),
        words("registration", "where and under which number it is registered", aliases=("company_number",)),
        words("phone", "telephone number", length=60, aliases=("telephone",)),
        mail_address("email", "e-mail address for questions about its papers"),
        words("website", "its website"),
        words("bank_name", "the bank that payments go to", aliases=("bank",)),
        words("iban", "the account that payments go to", length=34),
        words("bic", "the bank's code", length=11, aliases=("swift",)),
        one_of("language", "what its papers are written in where the customer chose nothing", "en", "de", default="en"),
    ),
    key=("code",),
)
