"""Where accounts receive goods and invoices."""

from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, country, flag, gln, one_of, words
from tradewind.semantics.decide.rows.schema import Kind


class AddressRow(NamedTuple):
    """One row."""

    row: int
    account: str
    code: str
    kind: str
    name: str
    street: str | None
    city: str | None
    postal_code: str | None
    region: str | None
    country: str
    gln: str | None
    is_default: bool


ADDRESSES = Kind(
    name="addresses",
    sentence="Where accounts receive goods (ship-to) and invoices (bill-to).",
    row=AddressRow,
    fields=(
        code("account", "code of the account", required=True, aliases=("customer", "account_code")),
        code("code", "what we call the address", required=True, aliases=("address", "address_code")),
        one_of(
            "kind",
            "for goods or for invoices",
            "ship_to",
            "bill_to",
            default="ship_to",
            also={"shipping": "ship_to", "billing": "bill_to"},
        ),
        words("name", "who receives", required=True),
        words("street", "street and number", aliases=("address_line", "address1", "street_address")),
        words("city", "town", aliases=("town",)),
        code("postal_code", "postal code", length=20, aliases=("zip", "postcode", "zip_code")),
        code("region", "state or province, as tax and freight need it", aliases=("state", "province")),
        country("country", "country", required=True),
        gln("gln", "its global location number"),
        flag("is_default", "whether orders that name no address go there", aliases=("default",)),
    ),
    key=("account", "code"),
    after=("accounts",),
)
