"""What others call our products."""

from collections.abc import Iterable
from typing import NamedTuple

from tradewind.semantics.decide.rows.codes import is_gtin
from tradewind.semantics.decide.rows.fields import code, one_of
from tradewind.semantics.decide.rows.schema import Fault, Kind


class CrossReferenceRow(NamedTuple):
    """One row."""

    row: int
    kind: str
    number: str
    sku: str
    account: str | None


def _check(row: CrossReferenceRow) -> Iterable[Fault]:
    if row.kind == "customer" and row.account is None:
        yield Fault("account", "import.missing_value", "say whose number it is")
    if row.kind != "customer" and row.account is not None:
        yield Fault("account", "import.value_not_wanted", f"a {row.kind} number is the same for every account")
    if row.kind == "gtin" and not is_gtin(row.number):
        yield Fault(
            "number", "import.bad_gtin", f"{row.number!r} is no GTIN (8, 12, 13 or 14 digits with a check digit)"
        )


CROSS_REFERENCES = Kind(
    name="cross_references",
    sentence="What customers, manufacturers and older catalogues call our products.",
    row=CrossReferenceRow,
    fields=(
        one_of("kind", "whose number it is", "customer", "gtin", "manufacturer", "superseded", required=True),
        code(
            "number",
            "the number, as they write it",
            required=True,
            aliases=("their_number", "customer_part_number", "part_number"),
            repeats=False,
        ),
        code("sku", "our product", required=True, aliases=("product", "item"), repeats=False),
        code("account", "code of the account, for the numbers of a customer", aliases=("customer", "account_code")),
    ),
    key=("kind", "number", "account", "sku"),
    after=("products", "accounts"),
    check=_check,
)
