"""When invoices fall due."""

from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, whole, words
from tradewind.semantics.decide.rows.schema import Kind


class PaymentTermsRow(NamedTuple):
    """One row."""

    row: int
    code: str
    name: str
    net_days: int


PAYMENT_TERMS = Kind(
    name="payment_terms",
    sentence="When an invoice falls due.",
    row=PaymentTermsRow,
    fields=(
        code("code", "what we call them", required=True, aliases=("terms", "terms_code")),
        words("name", "how they read on an invoice", required=True, aliases=("description",)),
        whole(
            "net_days",
            "days from the invoice to its due date",
            required=True,
            maximum=3_650,
            aliases=("days", "due_days"),
        ),
    ),
    key=("code",),
)
