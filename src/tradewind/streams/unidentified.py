"""Lines of which nobody knows yet what they are: checking an order finds them anew each time, until a person says it."""

from tradewind.catalog.model import UNIDENTIFIED
from tradewind.semantics.model import Finding
from tradewind.streams.order_work import OrderWork

# Why a line could not be identified. Such a line is never waved through: a person chooses its product.
UNCLEAR = frozenset({"catalog.unknown_item", "catalog.ambiguous_item", "catalog.unknown_unit", "quantity.inexact"})


def unidentified_lines(work: OrderWork) -> list[Finding]:
    """A finding for each such line with anything left; the hold that was opened when it came says why, and stays."""
    found = []
    for one in work.lines:
        if one.line.product_id != UNIDENTIFIED or one.quantities.ordered == one.quantities.cancelled:
            continue
        line_no = one.line.line_no
        why = [hold for hold in work.holds if hold.line_no == line_no and hold.code in UNCLEAR]
        told = (why[-1].detail or {}) if why else {}
        found.append(
            Finding(
                why[-1].code if why else "catalog.unknown_item",
                "hold",
                why[-1].reason if why else f"There is no item {one.line.buyer_sku}.",
                line_no,
                told.get("field", "item"),
                told.get("suggestion"),
                "data",
                told.get("detail", {}),
            )
        )
    return found
