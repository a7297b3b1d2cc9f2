"""The 855: what each line of an order is answered, from where it stands (OC2)."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tradewind.channels.decide.partners.model import LineStanding, OrderStanding
from tradewind.channels.decide.partners.said import Said, SaidLine
from tradewind.channels.decide.x12.documents import AnswerLine, Ids, LineAnswer, OrderAnswer
from tradewind.kernel.money import plain

ZERO = Decimal(0)
OURS = "VP"  # element 235: the seller's number
PRICE_PLACES = 6
SCHEDULED = "068"  # element 374: scheduled to ship


def answer_order(
    order: OrderStanding, said: Said, *, on: date, purpose: str = "00", moved: Collection[int] = ()
) -> OrderAnswer:
    """The answer to a purchase order as it stands now; lines of theirs that we do not have are rejected.

    `moved`: lines that were answered with another date before.
    """
    dated = {*moved, *(one.part_of for one in order.lines if one.line_no in moved and one.part_of is not None)}
    theirs = (order.whole(one.line_no) or one for one in order.lines if one.part_of is None)
    lines = _merged(_line(order, one, said.line(one.line_no), dated) for one in theirs)
    known = {one.line_no for one in order.lines}
    lines += [_refused(line, "Not an order line.") for number, line in said.lines.items() if number not in known]
    return OrderAnswer(
        buyer_po=order.buyer_po,
        code=header_code(order, lines),
        answered_on=on,
        lines=tuple(lines),
        purpose=purpose,
        release=order.release,
        po_date=said.po_date,
        our_number=order.number,
        currency=order.currency,
        notes=order.held,
    )


def answer_moved(order: OrderStanding, said: Said, moved: Collection[int], *, on: date) -> OrderAnswer:
    """The answer once more, with the new dates of these lines. The house has said yes before, whatever stops it now."""
    free = replace(order, held=(), lines=tuple(replace(one, held=()) for one in order.lines))
    return answer_order(free, said, on=on, purpose="05", moved=moved)


def answer_waiting(buyer_po: str, said: Said, reasons: Iterable[str], *, on: date, purpose: str = "00") -> OrderAnswer:
    """The answer to a purchase order that waits for a person before it can be an order: every line is on hold."""
    lines = tuple(
        AnswerLine(one.line_no, one.qty, one.uom, one.price, one.ids, answers=(LineAnswer("IH", one.qty, one.uom),))
        for one in said.lines.values()
    )
    return OrderAnswer(
        buyer_po=buyer_po, code="HD", answered_on=on, lines=lines, purpose=purpose, release=said.release,
        po_date=said.po_date, currency=said.currency, notes=tuple(reasons),
    )  # fmt: skip


def header_code(order: OrderStanding, lines: Iterable[AnswerLine]) -> str:
    """BAK02: rejected, on hold, accepted with change, or as it was ordered."""
    codes = {answer.code for line in lines for answer in line.answers}
    if order.status == "cancelled" or codes == {"IR"}:
        return "RD"
    if order.held or "IH" in codes:
        return "HD"
    return "AD" if codes <= {"IA"} else "AC"


def line_answers(
    order: OrderStanding, line: LineStanding, said: SaidLine | None, moved: Collection[int] = ()
) -> tuple[tuple[LineAnswer, ...], str]:
    """The ACKs of a line and why it is not simply accepted. Each quantity counts the line's unit, none is there twice."""
    uom = unit_of(line, said)
    if line.live <= 0:
        return (LineAnswer("IR", ZERO, uom),), "Cancelled."
    if order.held or line.held:
        return (LineAnswer("IH", line.live, uom),), "; ".join(line.held or order.held)
    when, on = (SCHEDULED if line.promised_on else ""), line.promised_on
    waiting = min(line.backordered, line.live)
    ids: Ids = ((OURS, line.sku),) if line.replaces else ()
    if on is not None and line.line_no in moved:
        ready = (LineAnswer("BP", line.live - waiting, uom, ids=ids),) if 0 < waiting < line.live else ()
        return (*ready, LineAnswer("DR", waiting or line.live, uom, when, on, ids=ids)), f"Now {on:%Y-%m-%d}."
    if waiting == line.live:
        return (LineAnswer("IB", line.live, uom, when, on, ids=ids),), _instead(line, "Backordered.")
    if waiting:
        part = LineAnswer("IS" if ids else "BP", line.live - waiting, uom, ids=ids)
        rest = LineAnswer("IB", waiting, uom, when, on, ids=ids)
        return (part, rest), _instead(line, f"{plain(waiting)} backordered.")
    if ids:
        return (LineAnswer("IS", line.live, uom, when, on, ids=ids),), _instead(line)
    if said is not None and said.qty is not None and said.qty != line.live:
        return (LineAnswer("IQ", line.live, uom, when, on),), f"{plain(line.live)} of {plain(said.qty)}."
    if said is not None and None not in (said.price, line.price) and said.price != line.price:
        return (LineAnswer("IP", line.live, uom, when, on),), f"The price is {plain(line.price or ZERO)}."
    if line.promised_on and line.requested_on and line.promised_on > line.requested_on:
        return (LineAnswer("DR", line.live, uom, when, on),), "Later than requested."
    return (LineAnswer("IA", line.live, uom, when, on),), ""


def _instead(line: LineStanding, then: str = "") -> str:
    """What is sent for what, and at which price: the line itself goes on saying what they ordered."""
    if not line.replaces:
        return then
    price = "" if line.price is None else f" at {plain(line.price)}"
    return f"{line.sku}{price} instead of {line.replaces}. {then}".rstrip()


def unit_of(line: LineStanding, said: SaidLine | None) -> str:
    """Their unit of a line; the line's own where another item, in another unit, is sent."""
    return line.uom if said is None or line.other_unit else said.uom


def _line(order: OrderStanding, line: LineStanding, said: SaidLine | None, moved: Collection[int]) -> AnswerLine:
    answers, reason = line_answers(order, line, said, moved)
    ours = line.price is not None and not line.replaces
    return AnswerLine(
        line_no=said.line_no if said is not None else str(line.line_no),
        qty=said.qty if said is not None else line.qty,
        uom=said.uom if said is not None else line.uom,
        price=line.price if ours or said is None else said.price,
        ids=item_ids(line.sku, said),
        description=line.description,
        answers=answers,
        reason=reason,
    )


def _merged(lines: Iterable[AnswerLine]) -> list[AnswerLine]:
    """A line of theirs that became several of ours (places, dates) is answered in one."""
    found: dict[str, AnswerLine] = {}
    for one in lines:
        before = found.get(one.line_no)
        if before is None:
            found[one.line_no] = one
        else:
            qty = None if before.qty is None or one.qty is None else before.qty + one.qty
            reason = "; ".join(dict.fromkeys(filter(None, (before.reason, one.reason))))
            found[one.line_no] = replace(before, qty=qty, answers=(*before.answers, *one.answers), reason=reason)
    return list(found.values())


def _refused(said: SaidLine, reason: str) -> AnswerLine:
    return AnswerLine(
        said.line_no, said.qty, said.uom, said.price, said.ids,
        answers=(LineAnswer("IR", ZERO, said.uom),), reason=reason,
    )  # fmt: skip


def item_ids(sku: str, said: SaidLine | None) -> Ids:
    """The buyer's own ids of an item; ours where they gave none; none where nobody knows what it is."""
    theirs = said.ids if said is not None else ()
    return theirs or (((OURS, sku),) if sku else ())


def sent_ids(line: LineStanding | None, said: SaidLine | None) -> Ids:
    """The ids of what a line sends: theirs, or ours of what is sent instead."""
    if line is None:
        return item_ids("", said)
    return ((OURS, line.sku),) if line.replaces else item_ids(line.sku, said)
