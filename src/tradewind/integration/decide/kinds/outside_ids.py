"""What other systems call our records."""

from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, one_of
from tradewind.semantics.decide.rows.schema import Kind


class OutsideIdRow(NamedTuple):
    """One row."""

    row: int
    system: str
    noun: str
    outside: str
    our_code: str


OUTSIDE_IDS = Kind(
    name="outside_ids",
    sentence="What other systems call our records.",
    row=OutsideIdRow,
    fields=(
        code("system", "the other system", required=True),
        one_of(
            "noun",
            "what kind of record",
            "account",
            "product",
            "site",
            "legal_entity",
            "price_list",
            "agreement",
            required=True,
        ),
        code(
            "outside",
            "what that system calls it",
            required=True,
            length=200,
            aliases=("outside_id", "external_id", "their_id"),
            repeats=False,
        ),
        code("our_code", "our code or SKU of it", required=True, aliases=("code", "our_id"), repeats=False),
    ),
    key=("system", "noun", "outside"),
    after=("accounts", "products", "sites"),
)
