"""Who owns which attribute."""

from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, one_of
from tradewind.semantics.decide.rows.schema import Kind


class RecordOwnerRow(NamedTuple):
    """One row."""

    row: int
    noun: str
    attribute: str
    system: str


RECORD_OWNERS = Kind(
    name="record_owners",
    sentence="The system of record of an attribute: imports from other systems leave it alone.",
    row=RecordOwnerRow,
    fields=(
        one_of(
            "noun",
            "what kind of record",
            "account",
            "address",
            "contact",
            "product",
            "site",
            "legal_entity",
            "price_list",
            required=True,
        ),
        code("attribute", "the column, as in the import of that kind", required=True),
        code("system", "the system that owns it", required=True, aliases=("owner",)),
    ),
    key=("noun", "attribute"),
)
