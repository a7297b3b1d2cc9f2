"""Credit notes tied to the exact sale lines they return.

A returned line matches sale lines of the same customer, item and unit price that stand earlier in time and still have
something to return; it may be split over several. The latest sale comes first: goods that come back are most likely
those that went out last, and they are the ones whose return period still runs; older sales stay open for later
credit notes. A returned charge matches one earlier charge of the same code and the same amount, as a whole.

A credit note is credited when every one of its lines matches. Otherwise it is held as a whole, with the reason per
line, and takes nothing from the sales, so that what a person decides later finds them untouched.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tradewind.channels.decide.history.model import ChargeKind, Document, DocumentCharge, DocumentLine
from tradewind.kernel.problem import Problem

Moment = tuple[datetime, int]
Taken = dict[tuple[str, int], Decimal]

UNCHARGED: dict[ChargeKind, Problem] = {
    ChargeKind.MANUAL: Problem("channels.manual_amount_without_invoice_line", "manual amount has no invoice line"),
    ChargeKind.DISCOUNT: Problem(
        "channels.discount_without_invoice_line", "discount given afterwards has no invoice line"
    ),
    ChargeKind.FREIGHT: Problem(
        "channels.freight_without_invoice_line", "carriage of this amount was not charged to this customer"
    ),
    ChargeKind.FEE: Problem("channels.fee_without_invoice_line", "fee of this amount was not charged to this customer"),
    ChargeKind.SAMPLES: Problem("channels.samples_without_invoice_line", "samples have no invoice line"),
    ChargeKind.VOUCHER: Problem(
        "channels.voucher_without_invoice_line", "voucher of this amount was not sold to this customer"
    ),
    ChargeKind.DONATION: Problem(
        "channels.donation_without_invoice_line", "donation of this amount was not charged to this customer"
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """`qty` (positive) of the sale line at file row `row` of document `sale` comes back."""

    sale: str
    row: int
    qty: Decimal


@dataclass(frozen=True, slots=True)
class LineMatch:
    """One line or charge of a credit note (file row `row`): its parts sum to `qty`, or `problem` says why not."""

    row: int
    code: str
    qty: Decimal
    parts: tuple[Part, ...]
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class ReturnMatch:
    """What became of one credit note; its lines in the order of the file."""

    document: str
    row: int
    customer: str
    lines: tuple[LineMatch, ...]

    @property
    def credited(self) -> bool:
        """Every line found its sale."""
        return all(line.problem is None for line in self.lines)


@dataclass(slots=True)
class _Open:
    """A sale line and how much of it has not come back yet."""

    moment: Moment
    sale: str
    row: int
    unit_price: Decimal
    left: Decimal


@dataclass(slots=True)
class _Book:
    """Everything sold: goods by (customer, sku), charges by (customer, code, amount); in the order of time."""

    goods: defaultdict[tuple[str, str], list[_Open]] = field(default_factory=lambda: defaultdict(list))
    charges: defaultdict[tuple[str, str, Decimal], list[_Open]] = field(default_factory=lambda: defaultdict(list))


def match_returns(returns: Iterable[Document], sales: Iterable[Document]) -> tuple[ReturnMatch, ...]:
    """Each credit note matched or held, in the order of time (the file's row decides within one moment)."""
    book = _Book()
    for sale in sorted(sales, key=_moment):
        moment = _moment(sale)
        for line in sale.lines:
            book.goods[sale.customer, line.sku].append(_Open(moment, sale.number, line.row, line.unit_price, line.qty))
        for charge in sale.charges:
            book.charges[sale.customer, charge.code, charge.amount].append(
                _Open(moment, sale.number, charge.row, charge.unit_price, charge.qty)
            )
    return tuple(_match(document, book) for document in sorted(returns, key=_moment))


def _moment(document: Document) -> Moment:
    return document.at, document.row


def _match(document: Document, book: _Book) -> ReturnMatch:
    taken: Taken = {}
    moment = _moment(document)
    found: list[LineMatch] = []
    used: list[tuple[_Open, Decimal]] = []
    entries: list[DocumentLine | DocumentCharge] = [*document.lines, *document.charges]
    for entry in sorted(entries, key=lambda entry: entry.row):
        if isinstance(entry, DocumentLine):
            code, matched = entry.sku, _match_goods(entry, document.customer, book, moment=moment, taken=taken)
        else:
            code, matched = entry.code, _match_charge(entry, document.customer, book, moment=moment, taken=taken)
        if isinstance(matched, Problem):
            found.append(LineMatch(entry.row, code, -entry.qty, (), matched.at(f"row {entry.row}")))
            continue
        for opened, qty in matched:
            taken[opened.sale, opened.row] = taken.get((opened.sale, opened.row), Decimal()) + qty
        used += matched
        parts = tuple(Part(opened.sale, opened.row, qty) for opened, qty in matched)
        found.append(LineMatch(entry.row, code, -entry.qty, parts, None))
    result = ReturnMatch(document.number, document.row, document.customer, tuple(found))
    if result.credited:
        for opened, qty in used:
            opened.left -= qty
    return result


def _match_goods(
    line: DocumentLine,
    customer: str,
    book: _Book,
    *,
    moment: Moment,
    taken: Taken,
) -> list[tuple[_Open, Decimal]] | Problem:
    sold = book.goods.get((customer, line.sku), [])
    earlier = [opened for opened in sold if opened.moment < moment]
    same_price = [opened for opened in earlier if opened.unit_price == line.unit_price]
    wanted = -line.qty
    parts: list[tuple[_Open, Decimal]] = []
    for opened in reversed(same_price):
        free = min(wanted, opened.left - taken.get((opened.sale, opened.row), Decimal()))
        if free > 0:
            parts.append((opened, free))
            wanted -= free
        if not wanted:
            return parts
    return _why_not(line, customer, sold=sold, earlier=earlier, same_price=same_price)


def _why_not(
    line: DocumentLine,
    customer: str,
    *,
    sold: Sequence[_Open],
    earlier: Sequence[_Open],
    same_price: Sequence[_Open],
) -> Problem:
    if same_price:
        left = sum((opened.left for opened in same_price), Decimal())
        return Problem(
            "channels.more_than_was_sold",
            f"more than was sold: {-line.qty} come back, {left} sold to "
            f"{customer} at {line.unit_price} had not come back before",
        )
    if earlier:
        prices = ", ".join(map(str, sorted({opened.unit_price for opened in earlier})))
        return Problem(
            "channels.sold_at_another_price",
            f"sold at another price: {line.sku} went to {customer} at {prices}, not at {line.unit_price}",
        )
    if sold:
        return Problem(
            "channels.sold_after_the_return", f"{line.sku} was sold to {customer} only after this credit note"
        )
    return Problem("channels.no_earlier_sale", f"no earlier sale of {line.sku} to {customer}")


def _match_charge(
    charge: DocumentCharge,
    customer: str,
    book: _Book,
    *,
    moment: Moment,
    taken: Taken,
) -> list[tuple[_Open, Decimal]] | Problem:
    for opened in reversed(book.charges.get((customer, charge.code, -charge.amount), [])):
        if opened.moment < moment and opened.left > taken.get((opened.sale, opened.row), Decimal()):
            return [(opened, opened.left)]
    return UNCHARGED[charge.kind]
