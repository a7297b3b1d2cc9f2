"""Named sets of prices."""

from typing import NamedTuple

from tradewind.semantics.decide.rows.fields import code, currency, one_of, words
from tradewind.semantics.decide.rows.schema import Kind


class PriceListRow(NamedTuple):
    """One row."""

    row: int
    code: str
    name: str
    currency: str
    layer: str


PRICE_LISTS = Kind(
    name="price_lists",
    sentence="Named sets of prices in one currency on one layer.",
    row=PriceListRow,
    fields=(
        code("code", "what we call it", required=True, aliases=("price_list", "list")),
        words("name", "its name", required=True),
        currency("currency", "the currency of its prices", required=True),
        one_of(
            "layer",
            "where it stands among the layers; the first with a price counts",
            "offer",
            "agreement",
            "account",
            "parent",
            "segment",
            "channel",
            "region",
            "base",
            default="base",
        ),
    ),
    key=("code",),
)
