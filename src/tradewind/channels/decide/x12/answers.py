"""855 and 865: our answer to an order or a change, line by line."""

from collections.abc import Iterator

from tradewind.channels.decide.x12.build import (
    TEXT_CHARS,
    charge,
    date_times,
    descriptions,
    made_set,
    notes,
    pairs,
    party,
    reference,
    segment,
    too_fine,
)
from tradewind.channels.decide.x12.documents import AnswerLine, OrderAnswer
from tradewind.channels.decide.x12.model import Segment, TransactionSet
from tradewind.kernel.problem import Problem


def write_855(given: OrderAnswer, control: str) -> TransactionSet | Problem:
    """BAK with our number, PO1 and ACK for each line, the total if there is one. Charges must be in whole cents."""
    bak = segment("BAK", given.purpose, given.code, given.buyer_po, given.po_date, given.release, None, None,
                  given.our_number, given.answered_on)  # fmt: skip
    return _written("855", control, given, bak)


def write_865(given: OrderAnswer, control: str) -> TransactionSet | Problem:
    """BCA with the number of the change, POC and ACK for each line."""
    bca = segment("BCA", given.purpose, given.code, given.buyer_po, given.release, given.change_no, given.po_date, None,
                  None, given.our_number, given.answered_on)  # fmt: skip
    return _written("865", control, given, bca)


def _written(type_: str, control: str, given: OrderAnswer, head: Segment) -> TransactionSet | Problem:
    problem = too_fine("SAC, element 5", (one.amount for one in given.charges))
    return problem or made_set(type_, control, _segments(type_, given, head))


def _segments(type_: str, given: OrderAnswer, head: Segment) -> Iterator[Segment]:
    yield head
    if given.currency:
        yield segment("CUR", "SE", given.currency)
    yield from map(reference, given.references)
    yield from map(charge, given.charges)
    yield from date_times(given.dates)
    yield from notes(given.notes)
    for one in given.parties:
        yield from party(one)
    for line in given.lines:
        yield from _line(type_, line)
    yield segment("CTT", len(given.lines))
    if given.total is not None:
        yield segment("AMT", "TT", given.total)


def _line(type_: str, line: AnswerLine) -> Iterator[Segment]:
    if type_ == "855":
        basis = None if line.price is None else "PE"
        yield segment("PO1", line.line_no, line.qty, line.uom, line.price, basis, *pairs(line.ids))
    else:
        yield segment("POC", line.line_no, line.action, line.qty, line.left_to_receive, line.uom, line.price, None,
                      *pairs(line.ids))  # fmt: skip
    yield from descriptions(line.description)
    yield from map(reference, line.references)
    if line.reason:
        yield segment("REF", "ZZ", None, line.reason[:TEXT_CHARS])
    for answer in line.answers:
        yield segment("ACK", answer.code, answer.qty, answer.uom if answer.qty is not None else None,
                      answer.date_qualifier if answer.date else None, answer.date, None, *pairs(answer.ids))  # fmt: skip
