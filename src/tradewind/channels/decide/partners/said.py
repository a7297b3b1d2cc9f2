"""What of a buyer's document our answers repeat: its line numbers, units, prices and item ids, by our line."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tradewind.channels.decide.x12.documents import Ids, PoLine, PurchaseOrder
from tradewind.semantics.model import OrderDraft


@dataclass(frozen=True, slots=True)
class SaidLine:
    """One line in the buyer's words. `qty` and `price` count their unit `uom`; the price is for one of it."""

    line_no: str
    qty: Decimal | None
    uom: str
    price: Decimal | None
    ids: Ids = ()


@dataclass(frozen=True, slots=True)
class Said:
    """An order in the buyer's words. Lines that we added are not in it."""

    po_date: date | None = None
    release: str = ""
    currency: str = ""
    lines: dict[int, SaidLine] = field(default_factory=dict)

    def line(self, line_no: int) -> SaidLine | None:
        return self.lines.get(line_no)

    def our_line(self, theirs: str) -> int | None:
        """Our number of their line; a line number may come with or without leading zeros."""
        wanted = theirs.lstrip("0")
        for line_no, one in self.lines.items():
            if one.line_no == theirs or (wanted and one.line_no.lstrip("0") == wanted):
                return line_no
        return None

    def words_of(self, line: PoLine, line_no: int) -> SaidLine:
        """A line as a change says it, over what was said of it before."""
        before = self.lines.get(line_no)
        if before is None:
            return SaidLine(line.line_no or str(line_no), line.qty, line.uom, line.price, line.ids)
        return SaidLine(
            before.line_no,
            line.qty if line.qty is not None else before.qty,
            line.uom or before.uom,
            line.price if line.price is not None else before.price,
            before.ids or line.ids,
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "date": None if self.po_date is None else self.po_date.isoformat(),
            "release": self.release,
            "currency": self.currency,
            "lines": {
                line_no: [
                    one.line_no,
                    None if one.qty is None else str(one.qty),
                    one.uom,
                    None if one.price is None else str(one.price),
                    [part for pair in one.ids for part in pair],
                ]
                for line_no, one in self.lines.items()
            },
        }


def said_in(order: PurchaseOrder, draft: OrderDraft, origins: Sequence[int]) -> Said:
    """The words of a purchase order by the lines of its draft; `origins` says from which of its lines each came."""
    return Said(
        order.date,
        order.release,
        order.currency or "",
        {
            one.line_no: SaidLine(
                order.lines[index].line_no, one.qty, order.lines[index].uom, one.unit_price, order.lines[index].ids
            )
            for one, index in zip(draft.lines, origins, strict=True)
        },
    )


def said_unread(order: PurchaseOrder) -> Said:
    """The words of a purchase order that is no draft yet."""
    return Said(
        order.date,
        order.release,
        order.currency or "",
        {
            place: SaidLine(one.line_no or str(place), one.qty, one.uom, one.price, one.ids)
            for place, one in enumerate(order.lines, 1)
        },
    )


def read_said(kept: dict[str, Any] | None) -> Said:
    """The words as they were kept; none where none were."""
    if not kept:
        return Said()
    return Said(
        date.fromisoformat(kept["date"]) if kept["date"] else None,
        kept["release"],
        kept["currency"],
        {int(number): _line(one) for number, one in kept["lines"].items()},
    )


def _line(kept: list[Any]) -> SaidLine:
    line_no, qty, uom, price, ids = kept
    return SaidLine(
        line_no,
        None if qty is None else Decimal(qty),
        uom,
        None if price is None else Decimal(price),
        tuple(zip(ids[::2], ids[1::2], strict=True)),
    )
