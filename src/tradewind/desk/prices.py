"""Somebody decides on a price that differs from the buyer's (VA6): the stated price is accepted, or ours is billed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.catalog.queries import products_by_id
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import minor_digits, plain, round_places
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS
from tradewind.orders import errors
from tradewind.orders.decide import blockers
from tradewind.orders.model import Hold, LinePrice, OrderChange
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.pricing.decide import StatedNet, above_floor, document_price, waterfall_text
from tradewind.pricing.model import PriceRequest
from tradewind.streams.cancel import Cancelling, finish_cancel, lock_held
from tradewind.streams.order_work import LineWork, OrderWork, OrderWorkset, read_orders
from tradewind.streams.rest import total_rest
from tradewind.streams.revived import excess_credit
from tradewind.streams.rules_at_hand import house_rules, nearest
from tradewind.streams.take import return_credit
from tradewind.streams.tolerances import DIFFERS


@dataclass(frozen=True, slots=True)
class PriceDecision:
    """Whose price a held line takes, and why."""

    order_id: UUID
    line_no: int
    accept_stated: bool
    reason: str


@dataclass(frozen=True, slots=True)
class PriceDecided:
    """What the line costs now, and where its order stands. `goes_on`: nothing that is known is in its way any more."""

    order_id: UUID
    line_no: int
    price: LinePrice
    total: Decimal
    status: str
    goes_on: bool


def decide_prices(tx: Tx, decisions: Sequence[PriceDecision]) -> list[PriceDecided | Problem]:
    """Decide on held prices. A stated price is accepted down to the floor of the account's tolerance; credit follows the new
    total when the order goes on, and an approval that was given for other prices is asked for again."""
    ids = {one.order_id for one in decisions}
    locked = lock_set(tx, [(LOCK_SUBJECTS, ids), (LOCK_ORDERS, ids)])
    workset = read_orders(tx, [row[0] for row in locked["order"]])
    products = {one.line.product_id for work in workset.orders.values() for one in work.lines}
    workset.products.update(products_by_id(tx, products))
    rules = house_rules(tx)
    at_hand = lock_held(tx, workset)
    answers: list[PriceDecided | Problem] = []
    for place, wanted in enumerate(decisions):
        work = workset.orders.get(wanted.order_id)
        found = _held(work, wanted, f"/{place}")
        if isinstance(found, Problem) or work is None:
            answers.append(found if isinstance(found, Problem) else errors.unknown_order(f"/{place}"))
            continue
        one, hold = found
        if wanted.accept_stated:
            tolerance = None if rules is None else nearest(rules.tolerances, work.account, work.header.channel)
            figures = _figures(hold)
            net = StatedNet(wanted.line_no, _amount(figures, "our_net"), _amount(figures, "stated_net"))
            if not above_floor(net, tolerance):
                answers.append(errors.below_floor(plain(net.theirs), plain(net.ours), f"/{place}"))
                continue
            problem = _take_stated(at_hand, work, one, figures)
            if problem is not None:
                answers.append(problem.at(f"/{place}"))
                continue
            at_hand.steps.append(_step(tx, work, one, wanted))
        work.close_hold(hold, wanted.reason, tx.now)
        _say(workset, work, one, hold, wanted)
        goes_on = not blockers(work.holds, "confirm")
        if goes_on:
            at_hand.messages.append(Message("order.cleared", str(work.id), f"hold:{hold.id}"))
        total = work.totals.total
        answers.append(PriceDecided(work.id, wanted.line_no, one.price, total, work.compute_status(), goes_on))
    finish_cancel(tx, at_hand)
    return answers


def _held(work: OrderWork | None, wanted: PriceDecision, where: str) -> tuple[LineWork, Hold] | Problem:
    if work is None:
        return errors.unknown_order(where)
    if not wanted.reason.strip():
        return errors.no_reason(f"{where}/reason")
    one = next((one for one in work.lines if one.line.line_no == wanted.line_no), None)
    if one is None:
        return errors.unknown_line(wanted.line_no, f"{where}/line_no")
    for hold in work.holds:
        if hold.code == DIFFERS and hold.line_no == wanted.line_no and hold.released_at is None:
            return one, hold
    return errors.price_not_held(wanted.line_no, f"{where}/line_no")


def _figures(hold: Hold) -> dict[str, Any]:
    """Both prices, as the finding that opened the hold gave them."""
    found: dict[str, Any] = (hold.detail or {}).get("detail", {})
    return found


def _amount(figures: dict[str, Any], name: str) -> Decimal:
    return Decimal(str(figures[name]))


def _take_stated(at_hand: Cancelling, work: OrderWork, one: LineWork, figures: dict[str, Any]) -> Problem | None:
    """The line at the stated price; what was cancelled meanwhile stays cancelled."""
    line = one.line
    if figures["uom"] != line.uom:
        return errors.price_not_held(line.line_no)
    left = one.quantities.ordered - one.quantities.cancelled
    qty = round_places(left * line.factor_den / line.factor_num, 6)
    request = PriceRequest(
        line.line_no, line.product_id, qty, line.uom, left, work.header.price_at, work.header.currency
    )
    found = document_price(
        request,
        _amount(figures, "stated_price"),
        price_basis=_amount(figures, "basis"),
        uom_factor=(line.factor_num, line.factor_den),
        reason="accepted",
    )
    if isinstance(found, Problem):
        return found
    gross = round_places(found.qty * found.unit_price / found.price_basis, minor_digits(work.header.currency))
    one.price = LinePrice(
        found.unit_price,
        found.price_basis,
        found.uom,
        found.net,
        None,
        waterfall_text(found),
        found.qty,
        gross - found.net,
    )
    one.repriced = True
    total_rest(work)
    at_hand.repriced.add(work.id)
    return_credit(at_hand.workset, work, excess_credit(work))
    work.version += 1
    work.touched = True
    return None


def _step(tx: Tx, work: OrderWork, one: LineWork, wanted: PriceDecision) -> OrderChange:
    said = {
        "verb": "accept_price",
        "line": wanted.line_no,
        "unit_price": plain(one.price.unit_price),
        "basis": plain(one.price.basis),
    }
    return OrderChange(
        tx.ids.new(), work.id, work.account.id, work.version - 1, work.version, "price", [said], [], {}, {}, {},
        wanted.reason,
    )  # fmt: skip


def _say(workset: OrderWorkset, work: OrderWork, one: LineWork, hold: Hold, wanted: PriceDecision) -> None:
    workset.say(
        work,
        "order.price_decided",
        {
            "number": work.header.number,
            "status": work.compute_status(),
            "line": wanted.line_no,
            "decision": "accept_stated" if wanted.accept_stated else "bill_ours",
            "reason": wanted.reason,
            "stated_price": _figures(hold).get("stated_price"),
            "our_price": _figures(hold).get("our_price"),
            "net": plain(one.price.net),
            "total": plain(work.totals.total),
        },
    )
