"""The documents of a company's past in the order of time, cut into batches that one transaction holds.

A batch never crosses a day of the file's zone: what is booked in it bears the day its documents bear.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tradewind.channels.decide.history.model import Document, DocumentKind
from tradewind.kernel.limits import BATCH_LINES, BATCH_ORDERS
from tradewind.semantics.model import DraftCharge, DraftGroup, DraftLine, OrderDraft


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents that follow each other, booked at the time of the last one. `rows` are rows of the file."""

    no: int
    at: datetime
    orders: tuple[Document, ...]
    adjustments: tuple[Document, ...]
    returns: tuple[Document, ...]

    @property
    def rows(self) -> int:
        return sum(document.rows for kind in (self.orders, self.adjustments, self.returns) for document in kind)


def in_time(documents: Iterable[Document]) -> list[Document]:
    """The documents by time; those of one moment as the file has them."""
    return sorted(documents, key=lambda document: (document.at, document.row))


def batches(
    documents: Iterable[Document],
    *,
    zone: ZoneInfo,
    max_orders: int = BATCH_ORDERS,
    max_lines: int = BATCH_LINES,
    cuts: Iterable[datetime] = (),
) -> Iterator[Batch]:
    """Documents in time as batches of at most so many documents and rows (a longer document stands alone), one day each.

    At each of `cuts` a new batch begins, so that what happens between two documents (a receipt) finds its place.
    """
    waiting = sorted(cuts)
    pile: list[Document] = []
    rows, no, day = 0, 0, None
    for document in in_time(documents):
        its_day = document.at.astimezone(zone).date()
        cut = bool(waiting) and document.at >= waiting[0]
        while waiting and document.at >= waiting[0]:
            waiting.pop(0)
        full = len(pile) >= max_orders or rows + document.rows > max_lines
        if pile and (full or cut or its_day != day):
            no += 1
            yield _batch(no, pile)
            pile, rows = [], 0
        pile.append(document)
        rows += document.rows
        day = its_day
    if pile:
        yield _batch(no + 1, pile)


def _batch(no: int, pile: list[Document]) -> Batch:
    of = {kind: tuple(document for document in pile if document.kind is kind) for kind in DocumentKind}
    return Batch(no, pile[-1].at, of[DocumentKind.ORDER], of[DocumentKind.ADJUSTMENT], of[DocumentKind.RETURN])


def draft_of(document: Document) -> OrderDraft:
    """The order a historic document stands for; its number is the buyer's, its lines count from 1 as the file has them.

    Prices are stated on every line; whether they count is the account's price policy.
    """
    return OrderDraft(
        account=document.customer,
        lines=tuple(
            DraftLine(line_no, line.sku, line.qty, unit_price=line.unit_price)
            for line_no, line in enumerate(document.lines, 1)
        ),
        groups=(DraftGroup(1, document.country),),
        charges=tuple(DraftCharge(charge.code, charge.amount, charge.description) for charge in document.charges),
        buyer_po=document.number,
        channel="replay",
        placed_at=document.at,
        client_ref=document.number,
    )
