"""Pure decisions about credit."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from tradewind.credit.model import ZERO, Answer, Conduct, CreditDelta, Figures, Need, Node
from tradewind.kernel.money import percent_of, plain
from tradewind.kernel.value import value

K = TypeVar("K")


def grant(
    needs: Iterable[Need], nodes: Mapping[UUID, Node], *, over: Mapping[UUID, Decimal] | None = None
) -> list[Answer]:
    """Give headroom in the order asked; a need that does not fit takes nothing, and a later smaller one may still fit.

    An account without a node above it has no limit to keep. A need in another currency than its node is not guessed at.
    `over`: by how many percent of every limit an order may pass it; by how much it does is in its answer.
    """
    taken: dict[UUID, Decimal] = {}
    answers: list[Answer] = []
    for need in needs:
        answer = _check(need, nodes, taken)
        if over and not answer.granted and need.order_id in over:
            answer = _let_over(need, nodes, taken, over[need.order_id]) or answer
        if answer.granted:
            for node_id in need.nodes:
                taken[node_id] = taken.get(node_id, ZERO) + need.amount
        answers.append(answer)
    return answers


def _let_over(need: Need, nodes: Mapping[UUID, Node], taken: Mapping[UUID, Decimal], percent: Decimal) -> Answer | None:
    """An order above limits, each passed by no more than the percentage of it; None where it does not fit even so."""
    passed: list[tuple[UUID, Decimal]] = []
    for node_id in need.nodes:
        node = nodes[node_id]
        short = need.amount - (node.headroom - taken.get(node_id, ZERO))
        if node.currency != need.currency or short > percent_of(node.limit, percent):
            return None
        if short > 0:
            passed.append((node_id, short))
    return Answer(need.order_id, granted=True, reason=f"up to {plain(percent)} % over the limit", over=tuple(passed))


def _check(need: Need, nodes: Mapping[UUID, Node], taken: Mapping[UUID, Decimal]) -> Answer:
    if need.amount <= ZERO and not need.standing:
        return Answer(need.order_id, granted=True, reason="nothing more is asked")
    for node_id in need.nodes:
        node = nodes[node_id]
        if node.currency != need.currency:
            return Answer(
                need.order_id,
                granted=False,
                reason=f"the limit is kept in {node.currency}, the order is in {need.currency}",
                short_by=need.amount,
                node=node_id,
            )
        room = node.headroom - taken.get(node_id, ZERO)
        if need.amount > room:
            return Answer(
                need.order_id,
                granted=False,
                reason=f"{plain(need.amount)} {need.currency} asked, {plain(max(room, ZERO))} of {plain(node.limit + node.extra)} free",
                short_by=need.amount - room,
                node=node_id,
            )
    return Answer(need.order_id, granted=True, reason="within the limit" if need.nodes else "no limit is set")


def after(node: Node, delta: CreditDelta | None) -> Node:
    """A node with what this transaction adds to it."""
    if delta is None:
        return node
    changes = {name: getattr(node, name) for name in Node.__slots__}
    changes["open_orders"] = node.open_orders + delta.open_orders
    changes["receivables"] = node.receivables + delta.receivables
    changes["unapplied"] = node.unapplied + delta.unapplied
    return Node(**changes)


def room_under(path: Iterable[UUID], nodes: Mapping[UUID, Node], currency: str) -> Decimal | None:
    """The least headroom of the nodes above an account, never below zero; None where it has none above it.

    A node in another currency leaves no room: it is not guessed at.
    """
    rooms = [max(nodes[one].headroom, ZERO) if nodes[one].currency == currency else ZERO for one in path]
    return min(rooms, default=None)


# ---- what is said of a hold --------------------------------------------------------------------------------------


def waterfall(
    path: Iterable[UUID],
    nodes: Mapping[UUID, Node],
    *,
    asked: Decimal,
    overdue: Mapping[UUID, Decimal],
    codes: Mapping[UUID, str],
) -> tuple[Figures, ...]:
    """For each node above an order, root first: limit and overrides, what is open of invoices (of it overdue), open orders,
    this order, what is free, and what is missing."""
    found: list[Figures] = []
    for node_id in path:
        node = nodes[node_id]
        erp = ZERO if node.erp_balance is None else node.erp_balance - node.erp_own
        found.append(
            Figures(
                codes.get(node_id, str(node_id)),
                node.currency,
                node.limit,
                node.extra,
                node.receivables + erp,
                overdue.get(node_id, ZERO) if node.erp_overdue is None else node.erp_overdue,
                node.unapplied,
                node.open_orders,
                asked,
                node.headroom,
                max(asked - node.headroom, ZERO),
            )
        )
    return tuple(found)


def remedies(figures: Sequence[Figures], *, share: Decimal | None = None) -> list[dict[str, str]]:
    """What would let the order go on: money or a higher limit at every node that lacks, or less of the order."""
    found: list[dict[str, str]] = []
    short = [one for one in figures if one.short_by > 0]
    for one in short:
        amount = plain(one.short_by)
        found.append({"by": "payment", "account": one.account, "amount": amount, "currency": one.currency})
        found.append({"by": "temporary limit", "account": one.account, "amount": amount, "currency": one.currency})
    room = min((one.headroom for one in short), default=ZERO) if share is None else share
    if short and room > 0:
        found.append({"by": "partial release", "amount": plain(room), "currency": short[0].currency})
    return found


# ---- conduct -----------------------------------------------------------------------------------------------------


def conduct_stops(node: Node, conduct: Conduct, now: datetime) -> list[str]:
    """Why the way a node's tree pays stops orders; nothing where its policy does not mind. Buyers read it."""
    policy = node.policy
    reasons: list[str] = []
    if policy.overdue_days is not None:
        late = conduct.too_late if node.erp_overdue is None else node.erp_overdue
        if late > policy.overdue_tolerated:
            days = None if conduct.oldest_due is None else (now - conduct.oldest_due).days
            reasons.append("invoices are overdue" if days is None else f"invoices are overdue by {days} days")
    if policy.blocks_returned and conduct.returned > 0:
        reasons.append("a payment was returned")
    if policy.blocks_promises and conduct.broken_promises > 0:
        reasons.append("a promised payment did not come")
    return reasons


# ---- how much of an order counts, and how much of it fits --------------------------------------------------------


def horizon_of(path: Sequence[UUID], nodes: Mapping[UUID, Node]) -> int | None:
    """How many days ahead the orders of an account count: the longest horizon above it; None: all of them."""
    horizons = [nodes[one].policy.horizon_days for one in path]
    if not horizons or None in horizons:
        return None
    return max(days for days in horizons if days is not None)


def within_horizon(at: datetime | None, days: int | None, now: datetime) -> bool:
    """Whether something that is due at an instant counts already; what has no date does."""
    return days is None or at is None or at <= now + timedelta(days=days)


def asked_at_submit(path: Sequence[UUID], nodes: Mapping[UUID, Node]) -> bool:
    """Whether an order asks for headroom when it comes: where any node above it wants that."""
    return not path or any(nodes[one].policy.checks_submit for one in path)


@value(frozen=True, slots=True)
class Slice:
    """Units of an order line that could be let through: at most `most`, in whole `step`s (or all of them)."""

    key: int
    most: Decimal
    step: Decimal


LATER_TRIES = 200  # lines that are tried after the first one that does not fit whole


def fit(
    slices: Sequence[Slice],
    base: Mapping[int, Decimal],
    worth: Callable[[Mapping[int, Decimal]], Decimal],
    room: Decimal,
) -> dict[int, Decimal]:
    """Which units are let through so that their worth stays within `room`: slices in the order given, as many units as fit.

    `base` are the units that are let through already, `worth` what any units by line come to. Gives the units by line, the
    base included: as many whole slices as fit from the front, then of each of the next ones what still fits.
    """
    units = dict(base)
    low, high = 0, len(slices)
    while low < high:
        middle = (low + high + 1) // 2
        if worth(_with(units, slices[:middle])) <= room:
            low = middle
        else:
            high = middle - 1
    units = _with(units, slices[:low])
    for one in slices[low : low + LATER_TRIES]:
        units = _most_of(one, units, worth, room)
    return units


def _with(units: Mapping[int, Decimal], slices: Iterable[Slice]) -> dict[int, Decimal]:
    found = dict(units)
    for one in slices:
        found[one.key] = found.get(one.key, ZERO) + one.most
    return found


def _most_of(
    one: Slice, units: Mapping[int, Decimal], worth: Callable[[Mapping[int, Decimal]], Decimal], room: Decimal
) -> dict[int, Decimal]:
    had = units.get(one.key, ZERO)
    whole = {**units, one.key: had + one.most}
    if worth(whole) <= room:
        return whole
    low, high = 0, int(one.most / one.step)
    while low < high:
        middle = (low + high + 1) // 2
        if worth({**units, one.key: had + middle * one.step}) <= room:
            low = middle
        else:
            high = middle - 1
    return {**units, one.key: had + low * one.step} if low else dict(units)


def second_needed(amount: Decimal, alone_up_to: Decimal) -> bool:
    """Whether a decision over an amount needs a second person."""
    return amount > alone_up_to


def suggestion(codes: Iterable[str], *, amount: Decimal, room: Decimal | None, overdue: Decimal) -> str:
    """What the credit desk would do next with a held order: the first that helps, in words."""
    held = set(codes)
    if "credit.prepay_due" in held:
        return "ask for the payment"
    if "credit.held_by_rule" in held:
        return "decide: a rule of credit holds it"
    if "accounts.not_active" in held:
        return "see why the account is blocked"
    if "credit.blocked" in held:
        return "collect what is overdue" if overdue > 0 else "talk to the account"
    if room is None or amount <= room:
        return "ask again: it fits"
    if overdue > 0:
        return "collect what is overdue"
    if room > 0:
        return "release in part"
    return "ask for a payment or a temporary limit"
