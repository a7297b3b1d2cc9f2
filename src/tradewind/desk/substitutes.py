"""Somebody answers whether a substitute may be sent (VA5): accepted, the line is served by it; declined, the line is cancelled.
Either way the order goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tradewind.blankets.errors import no_substitute
from tradewind.catalog.model import SubstitutionPolicy
from tradewind.catalog.queries import products_by_id
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_opened
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS
from tradewind.orders import errors
from tradewind.orders.commands import identify_lines, rehash_orders
from tradewind.orders.decide import content_hash
from tradewind.orders.model import Hold, OrderChange
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.streams.cancel import Cancelling, finish_cancel, lock_held
from tradewind.streams.order_work import NO_PRICE, LineWork, OrderWork, read_orders
from tradewind.streams.rest import total_rest
from tradewind.streams.revived import excess_credit
from tradewind.streams.rules_at_hand import HouseRules, house_rules, nearest
from tradewind.streams.substitutes import OFFERED, Offers, look_substitutes, substitute
from tradewind.streams.take import return_credit


@dataclass(frozen=True, slots=True)
class SubstituteAnswer:
    """Whether the offered substitute may be sent for a line. `sku`: the one that was seen; another offer is a conflict."""

    order_id: UUID
    line_no: int
    accept: bool
    reason: str
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class SubstituteAnswered:
    """The item the line is served by (None where it was cancelled), and where its order stands."""

    order_id: UUID
    line_no: int
    sku: str | None
    status: str


def answer_substitutes(tx: Tx, answers: Sequence[SubstituteAnswer]) -> list[SubstituteAnswered | Problem]:
    """Answer offers of substitutes. Accepted lines are priced and taken stock for when their order goes on, in its own turn."""
    ids = {one.order_id for one in answers}
    locked = lock_set(tx, [(LOCK_SUBJECTS, ids), (LOCK_ORDERS, ids)])
    workset = read_orders(tx, [row[0] for row in locked["order"]])
    products = {one.line.product_id for work in workset.orders.values() for one in work.lines}
    workset.products.update(products_by_id(tx, products))
    rules = house_rules(tx)
    offers = look_substitutes(tx, workset, list(workset.orders.values()), rules)
    at_hand = [
        _offered(workset.orders.get(one.order_id), one, offers, where=f"/{place}") for place, one in enumerate(answers)
    ]
    cancelling = lock_held(tx, workset)
    results: list[SubstituteAnswered | Problem] = []
    accepted: dict[UUID, OrderWork] = {}
    for answer, found in zip(answers, at_hand, strict=True):
        if isinstance(found, Problem):
            results.append(found)
            continue
        work, one, hold = found
        if answer.accept and answer.line_no in work.called:
            results.append(no_substitute(one.line.sku, f"/{len(results)}/accept"))
            continue
        work.close_hold(hold, answer.reason, tx.now)
        if answer.accept:
            accepted[work.id] = work
            _accept(cancelling, work, one, offers, rules, answer)
            cancelling.steps.append(_step(tx, work, one, answer))
        else:
            wish = LineWish(answer.line_no)
            cancel_opened(tx, cancelling, [CancelRequest(work.id, answer.reason, (wish,))])
        results.append(
            SubstituteAnswered(work.id, answer.line_no, one.line.sku if answer.accept else None, work.compute_status())
        )
    _write(tx, cancelling, accepted)
    return results


def _offered(
    work: OrderWork | None, answer: SubstituteAnswer, offers: Offers, *, where: str
) -> tuple[OrderWork, LineWork, Hold] | Problem:
    """The line and the hold that asks, or why there is nothing to answer."""
    if work is None:
        return errors.unknown_order(where)
    if not answer.reason.strip():
        return errors.no_reason(f"{where}/reason")
    one = next((one for one in work.lines if one.line.line_no == answer.line_no), None)
    if one is None:
        return errors.unknown_line(answer.line_no, f"{where}/line_no")
    hold = next(
        (
            hold
            for hold in work.holds
            if hold.code == OFFERED and hold.line_no == answer.line_no and hold.released_at is None
        ),
        None,
    )
    offer = offers.get((work.id, answer.line_no))
    if hold is None or (answer.accept and offer is None):
        return errors.nothing_offered(answer.line_no, f"{where}/line_no")
    if answer.accept and offer is not None and answer.sku not in (None, offer.product.sku):
        return errors.offer_changed(answer.line_no, offer.product.sku, f"{where}/sku")
    return work, one, hold


def _accept(
    at_hand: Cancelling,
    work: OrderWork,
    one: LineWork,
    offers: Offers,
    rules: HouseRules | None,
    answer: SubstituteAnswer,
) -> None:
    policy = (rules and nearest(rules.substitution, work.account, work.header.channel)) or SubstitutionPolicy()
    kept = substitute(work, one, offers[work.id, answer.line_no], policy=policy, consent="ask")
    one.price, one.repriced = NO_PRICE, True
    total_rest(work)
    at_hand.repriced.add(work.id)
    return_credit(at_hand.workset, work, excess_credit(work))
    work.version += 1
    work.touched = True
    at_hand.workset.say(
        work,
        "order.substituted",
        {
            "number": work.header.number,
            "status": work.compute_status(),
            "total": plain(work.totals.total),
            "line": kept.line_no,
            "ordered": kept.ordered_sku,
            "sku": one.line.sku,
            "qty": plain(one.line.qty),
            "uom": one.line.uom,
            "reason": answer.reason,
        },
        objects=[("product", kept.substitute_id, "substitute")],
    )


def _step(tx: Tx, work: OrderWork, one: LineWork, answer: SubstituteAnswer) -> OrderChange:
    kept = work.substituted[answer.line_no]
    said = {
        "verb": "accept_substitute",
        "line": answer.line_no,
        "ordered": kept.ordered_sku,
        "sku": one.line.sku,
        "qty": plain(one.line.qty),
    }
    return OrderChange(
        tx.ids.new(), work.id, work.account.id, work.version - 1, work.version, "substitute", [said], [], {}, {}, {},
        answer.reason,
    )  # fmt: skip


def _write(tx: Tx, at_hand: Cancelling, accepted: dict[UUID, OrderWork]) -> None:
    """Store the lines and what the orders say now; they are checked, priced and taken stock for anew."""
    lines = [(work.id, work.line(kept.line_no).line) for work in accepted.values() for kept in work.swapped]
    at_hand.messages += [
        Message("order.cleared", str(work.id), f"substitute:{work.version}") for work in accepted.values()
    ]
    finish_cancel(tx, at_hand)
    identify_lines(tx, lines)
    rehash_orders(tx, [(work.id, _content(work)) for work in accepted.values()])


def _content(work: OrderWork) -> bytes:
    return content_hash(
        work.account.id,
        work.header.currency,
        lines=[one.line for one in work.lines],
        groups=work.groups,
        charges=[charge for charge, _ in work.charges],
    )
