"""Cancel orders, lines or units of lines: a batch, each with its own answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from tradewind.fulfilment.errors import already_shipped
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import QUANTITY_DIGITS, to_base
from tradewind.kernel.tx import Tx
from tradewind.orders import errors
from tradewind.orders.decide import Cut, plan_cut
from tradewind.streams.cancel import Cancelling, asked_before, cancel_units, finish_cancel, open_for_cancel
from tradewind.streams.order_work import LineWork, OrderWork


@dataclass(frozen=True, slots=True)
class LineWish:
    """Units of a line in its ordered unit; None is all that is left of it."""

    line_no: int
    qty: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """What is to be cancelled of an order; no lines is the whole order."""

    order_id: UUID
    reason: str
    lines: tuple[LineWish, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What became of a request, in base units by line: cancelled at once, asked back from a warehouse; and what was refused."""

    order_id: UUID
    status: str = ""
    total: Decimal = Decimal(0)
    cancelled: dict[int, Decimal] = field(default_factory=dict)
    asked_back: dict[int, Decimal] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def cancel_orders(tx: Tx, requests: Sequence[CancelRequest]) -> list[Cancelled]:
    """Cancel every request as far as it can be; problems name what cannot.

    A named quantity is cancelled whole or refused; a line or an order without one gives what it still can, and a problem for
    each line of which something was shipped.
    """
    at_hand = open_for_cancel(tx, {request.order_id for request in requests})
    answers = cancel_opened(tx, at_hand, requests)
    finish_cancel(tx, at_hand)
    return answers


def cancel_opened(tx: Tx, at_hand: Cancelling, requests: Iterable[CancelRequest]) -> list[Cancelled]:
    """The same on orders that are locked and read already; the caller finishes."""
    return [_cancel(tx, at_hand, request) for request in requests]


def _cancel(tx: Tx, at_hand: Cancelling, request: CancelRequest) -> Cancelled:
    work = at_hand.workset.orders.get(request.order_id)
    if work is None:
        return Cancelled(request.order_id, problems=(errors.unknown_order(),))
    cuts, problems = _cuts(work, request)
    now = {line_no: cut.now for line_no, cut in cuts.items() if cut.now}
    asked = {line_no: cut.asked for line_no, cut in cuts.items() if cut.asked}
    if not now and not asked and not problems:
        problems.append(errors.nothing_to_cancel(work.header.number))
    cancel_units(tx, at_hand, work, cuts, reason=request.reason)
    return Cancelled(work.id, work.compute_status(), work.totals.total, now, asked, tuple(problems))


def _cuts(work: OrderWork, request: CancelRequest) -> tuple[dict[int, Cut], list[Problem]]:
    known = {one.line.line_no: one for one in work.lines}
    wishes = request.lines or tuple(LineWish(line_no) for line_no in known)
    cuts: dict[int, Cut] = {}
    problems: list[Problem] = []
    for place, wish in enumerate(wishes):
        where = f"/lines/{place}"
        one = known.get(wish.line_no)
        if one is None or wish.line_no in cuts:
            problems.append(errors.unknown_line(wish.line_no, where))
            continue
        qty = _base(one, wish, where)
        if isinstance(qty, Problem):
            problems.append(qty)
            continue
        cut = plan_cut(one.quantities, qty, asked_before=asked_before(work, wish.line_no))
        if cut.refused:
            text = plain(cut.refused)
            if one.quantities.shipped:
                problems.append(already_shipped(work.header.number, one.line.sku, text, where))
            else:
                problems.append(errors.not_so_many(one.line.sku, text, where))
            cut = Cut() if wish.qty is not None else cut
        if cut.now or cut.asked:
            cuts[wish.line_no] = cut
    return cuts, problems


def _base(one: LineWork, wish: LineWish, where: str) -> Decimal | Problem | None:
    if wish.qty is None:
        return None
    if wish.qty <= 0:
        return errors.bad_quantity(f"{where}/qty")
    return to_base(wish.qty, (one.line.factor_num, one.line.factor_den), decimals=QUANTITY_DIGITS, where=f"{where}/qty")
