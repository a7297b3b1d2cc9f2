"""What an 860 (or a restated 850) asks of an order, as actions; and the 865 that answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tradewind.channels.decide.partners.answer import item_ids, line_answers
from tradewind.channels.decide.partners.model import OrderStanding
from tradewind.channels.decide.partners.said import Said
from tradewind.channels.decide.x12.documents import AnswerLine, LineAnswer, OrderAnswer, PoLine, PurchaseOrder
from tradewind.channels.decide.x12.drafts import item_of, requested_of
from tradewind.channels.decide.x12.maps import PartnerMap
from tradewind.kernel.money import plain
from tradewind.orders.decide.actions import Action, AddLine, CancelLine, CancelOrder, MoveDate, SetQuantity

# Element 670, what POC asks of a line.
ADD, DELETE = frozenset(("AI", "RA")), frozenset(("DI",))
DATES = frozenset(("CT", "RS"))
BOTH = frozenset(("RQ",))
QUANTITIES = frozenset(("QD", "QI", "QN", "PQ", "PC", "CA", "CE", "RZ", "MU", "OA"))


@dataclass(frozen=True, slots=True)
class Wish:
    """One line of theirs, and the actions it comes to. `line` None: a line of ours that their restated order leaves out."""

    line: PoLine | None
    line_no: int | None
    actions: tuple[Action, ...]
    refused: str = ""


def wishes_of(order: PurchaseOrder, said: Said, standing: OrderStanding, map_: PartnerMap) -> list[Wish]:
    """What an 860 asks, line by line."""
    found = [_wish(line, said, standing, map_) for line in order.lines]
    moved = requested_of(order.dates, map_)
    if moved is not None and moved.date() not in {one.requested_on for one in standing.lines}:
        found.append(Wish(None, None, (MoveDate(moved),)))
    return found


def restated_of(order: PurchaseOrder, said: Said, standing: OrderStanding, map_: PartnerMap) -> list[Wish]:
    """What a whole order said again asks: what it leaves out is not wanted any more."""
    found: list[Wish] = []
    named: set[int] = set()
    for line in order.lines:
        line_no = said.our_line(line.line_no)
        if line_no is None or line_no in named or standing.line(line_no) is None:
            found.append(_added(line, map_))
            continue
        named.add(line_no)
        found.append(_set(line, line_no, said, standing, map_, date_too=True))
    gone = [one for one in standing.lines if not {one.line_no, one.part_of} & named and one.live > 0]
    found += [Wish(None, one.line_no, (CancelLine(one.line_no),)) for one in gone]
    moved = requested_of(order.dates, map_)
    if moved is not None and moved.date() not in {one.requested_on for one in standing.lines}:
        found.append(Wish(None, None, (MoveDate(moved),)))
    return found


def cancelled() -> list[Wish]:
    """Nothing of the order is wanted any more."""
    return [Wish(None, None, (CancelOrder(),))]


def _wish(line: PoLine, said: Said, standing: OrderStanding, map_: PartnerMap) -> Wish:
    line_no = said.our_line(line.line_no)
    if line.action in ADD:
        return _added(line, map_)
    if line_no is None or standing.line(line_no) is None:
        return Wish(line, None, (), f"The order has no line {line.line_no}.")
    if line.action in DELETE:
        return Wish(line, line_no, _cancels(standing, line_no))
    if line.action in DATES:
        moved = requested_of(line.dates, map_)
        if moved is None:
            return Wish(line, line_no, (), "The line names no date to move to.")
        return Wish(line, line_no, (MoveDate(moved, line_no=line_no),))
    if line.action in QUANTITIES | BOTH or not line.action:
        return _set(line, line_no, said, standing, map_, date_too=line.action in BOTH or not line.action)
    return Wish(line, line_no, (), f"We do not know what {line.action} asks for.")


def _added(line: PoLine, map_: PartnerMap) -> Wish:
    if line.qty is None or line.qty <= 0:
        return Wish(line, None, (), f"The quantity is {line.qty_text or 'missing'}.")
    item = item_of(line, map_)
    return Wish(line, None, (AddLine(item, line.qty, map_.unit(line.uom), None, line.price, line.description or None),))


def _cancels(standing: OrderStanding, line_no: int) -> tuple[Action, ...]:
    """Their line goes with what was added to it."""
    added, now = standing.added_to(line_no), standing.line(line_no)
    itself = (CancelLine(line_no),) if not added or (now is not None and now.live > 0) else ()
    return (*itself, *(CancelLine(one.line_no) for one in added))


def _set(line: PoLine, line_no: int, said: Said, standing: OrderStanding, map_: PartnerMap, *, date_too: bool) -> Wish:
    """The line as it shall be; what is as it was asks for nothing."""
    now = standing.whole(line_no)
    assert now is not None
    if line.qty is None:
        return Wish(line, line_no, (), f"The quantity is {line.qty_text or 'missing'}.")
    actions: list[Action] = []
    if line.qty <= 0:
        actions += _cancels(standing, line_no)
    elif now.replaces:  # their quantity counts what they ordered, ours what is sent instead
        before = said.line(line_no)
        if before is None or (line.qty, line.uom or before.uom) != (before.qty, before.uom):
            return Wish(line, line_no, (), f"{now.sku} is sent instead of {now.replaces}: please cancel or order anew.")
    elif line.qty != now.live or (line.price is not None and line.price != now.price):
        actions.append(SetQuantity(line_no, line.qty, line.price))
    moved = requested_of(line.dates, map_) if date_too else None
    if moved is not None and moved.date() != now.requested_on:
        actions.append(MoveDate(moved, line_no=line_no))
    return Wish(line, line_no, tuple(actions))


# ---- the answer --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Granted:
    """What became of a wish: every action done as asked (`accepted`), as far as could be (`changed`), or not."""

    wish: Wish
    verdict: str
    line_no: int | None = None
    reason: str = ""


def answer_change(
    order: PurchaseOrder, said: Said, standing: OrderStanding, granted: Sequence[Granted], *, on: date
) -> OrderAnswer:
    """The 865: each line they asked about, as it stands now; a line of an order that could not change has its reason."""
    verdicts = {one.verdict for one in granted}
    if verdicts <= {"accepted"}:
        code = "AD" if any(one.wish.line is not None for one in granted) else "AT"
    else:
        code = "RD" if verdicts == {"rejected"} else "AC"
    if standing.held and code != "RD":
        code = "HD"
    lines = [_answer_line(said, standing, one) for one in granted if one.wish.line is not None]
    whole = [one for one in granted if one.wish.line is None]
    if whole and not lines:
        code = "RJ" if code == "RD" else code
    return OrderAnswer(
        buyer_po=order.number,
        code=code,
        answered_on=on,
        lines=tuple(lines),
        purpose="00",
        release=order.release,
        change_no=order.change_no,
        po_date=order.date or said.po_date,
        our_number=standing.number,
        currency=standing.currency,
        notes=tuple(dict.fromkeys(one.reason for one in whole if one.reason)),
    )


def _answer_line(said: Said, standing: OrderStanding, granted: Granted) -> AnswerLine:
    asked = granted.wish.line
    assert asked is not None
    line_no = granted.line_no or granted.wish.line_no
    now = None if line_no is None else standing.whole(line_no)
    theirs = None if line_no is None else said.line(line_no)
    answers, reason = _acks(standing, granted, asked)
    return AnswerLine(
        line_no=asked.line_no or (theirs.line_no if theirs is not None else str(line_no or "")),
        qty=asked.qty,
        uom=asked.uom or (theirs.uom if theirs is not None else "EA"),
        price=now.price if now is not None else asked.price,
        ids=asked.ids or item_ids(now.sku if now is not None else "", theirs),
        answers=answers,
        action=asked.action or "CA",
        left_to_receive=asked.left_to_receive,
        reason=granted.reason or reason,
    )


def _acks(standing: OrderStanding, granted: Granted, asked: PoLine) -> tuple[tuple[LineAnswer, ...], str]:
    line_no = granted.line_no or granted.wish.line_no
    now = None if line_no is None else standing.whole(line_no)
    if granted.verdict == "rejected":
        # what they confirmed before still stands: the quantity says so, the code that the change is refused
        return (LineAnswer("IR", now.live if now is not None else Decimal(0), asked.uom),), granted.reason
    if now is None or now.live <= 0:
        return (LineAnswer("ID", Decimal(0), asked.uom),), "Deleted at the buyer's request."
    answers, reason = line_answers(standing, now, None)
    if granted.verdict == "changed":
        first = LineAnswer("IQ", now.live, asked.uom, answers[0].date_qualifier, answers[0].date)
        return (first,), granted.reason or f"{plain(now.live)} of {plain(asked.qty or Decimal(0))}."
    return tuple(
        LineAnswer(one.code, one.qty, asked.uom or one.uom, one.date_qualifier, one.date, one.ids) for one in answers
    ), reason
