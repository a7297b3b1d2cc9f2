"""810: an invoice or a credit note, its total exact in cents."""

from collections.abc import Iterator

from tradewind.channels.decide.x12.build import (
    TEXT_CHARS,
    charge,
    date_times,
    descriptions,
    in_cents,
    made_set,
    pairs,
    party,
    reference,
    segment,
    too_fine,
)
from tradewind.channels.decide.x12.documents import InvoiceDocument, InvoiceLine, Tax
from tradewind.channels.decide.x12.model import Segment, TransactionSet
from tradewind.kernel.problem import Problem


def write_810(given: InvoiceDocument, control: str) -> TransactionSet | Problem:
    """BIG, lines as IT1 with TXI and SAC, TDS, CTT. Refused where the total or a charge is finer than a cent."""
    charges = [*given.charges, *(one for line in given.lines for one in line.charges)]
    problem = too_fine("TDS, element 1", [given.total]) or too_fine("SAC, element 5", (one.amount for one in charges))
    return problem or made_set("810", control, _segments(given))


def _segments(given: InvoiceDocument) -> Iterator[Segment]:
    yield segment("BIG", given.date, given.number, given.po_date, given.buyer_po, given.release, None, given.kind)
    if given.currency:
        yield segment("CUR", "SE", given.currency)
    yield from map(reference, given.references)
    for one in given.parties:
        yield from party(one)
    yield from _terms(given)
    yield from date_times(given.dates)
    for line in given.lines:
        yield from _line(line)
    yield segment("TDS", in_cents(given.total))
    yield from map(_tax, given.taxes)
    if given.scac or given.carrier:
        yield segment("CAD", None, None, None, given.scac, given.carrier)
    yield from map(charge, given.charges)
    yield segment("CTT", len(given.lines))


def _terms(given: InvoiceDocument) -> Iterator[Segment]:
    if given.due_on or given.net_days is not None or given.discount_percent is not None or given.terms:
        yield segment("ITD", "01", "3", given.discount_percent, None, given.discount_days, given.due_on, given.net_days,
                      None, None, None, None, given.terms[:TEXT_CHARS])  # fmt: skip


def _line(line: InvoiceLine) -> Iterator[Segment]:
    yield segment("IT1", line.line_no, line.qty, line.uom, line.price, None, *pairs(line.ids))
    yield from map(_tax, line.taxes)
    yield from descriptions(line.description)
    yield from map(reference, line.references)
    yield from map(charge, line.charges)


def _tax(tax: Tax) -> Segment:
    return segment("TXI", tax.code, tax.amount, tax.percent, tax.jurisdiction_qualifier, tax.jurisdiction, tax.exempt)
