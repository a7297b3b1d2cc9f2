"""Orders that a limit holds, let through by the credit desk: as much of them as fits, or all of them above the limit.

Locks: the orders' processes, the orders, credit nodes (root first). What is let through takes its headroom on the locked rows, so
that any number of releases at once never pass a limit.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.credit import errors
from tradewind.credit.commands import KEPT_FOR, insert_override
from tradewind.credit.decide import after, room_under
from tradewind.credit.model import CreditDelta, Node
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.quantity import QUANTITY_DIGITS, to_base
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS, wake_waiting
from tradewind.orders.decide import blockers
from tradewind.orders.errors import no_reason, unknown_group, unknown_line, unknown_order
from tradewind.orders.model import Hold
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.semantics.model import ZERO
from tradewind.streams.credit_check import BLOCKED, HELD_BY_RULE, OVER_BECAUSE, OVER_LIMIT, PREPAY_DUE, take_credit
from tradewind.streams.credit_part import covered, hold_rest, let_through, part_holds, plan_part, worth
from tradewind.streams.order_work import OrderWork, OrderWorkset, read_orders
from tradewind.streams.release import group_key


@dataclass(frozen=True, slots=True)
class PartWish:
    """Let through of an order what fits. `lines`: (line, most units in its ordered unit or None) in order of priority;
    none: all, earliest wanted first. `groups`: only these delivery groups."""

    order_id: UUID
    reason: str
    lines: tuple[tuple[int, Decimal | None], ...] = ()
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Through:
    """What of an order is let through now and what stays held, in base units by line, and the headroom that took."""

    order_id: UUID
    number: str
    released: Mapping[int, Decimal]
    held: Mapping[int, Decimal]
    amount: Decimal
    currency: str
    status: str
    goes_on: bool


@dataclass(slots=True)
class Opened:
    """Orders and the nodes above them, locked; `nodes` run along while headroom is given."""

    workset: OrderWorkset
    nodes: dict[UUID, Node]
    messages: list[Message] = field(default_factory=list)

    def path(self, work: OrderWork) -> tuple[UUID, ...]:
        return self.workset.shelves.paths.get(work.account.id, ())

    def take(self, work: OrderWork, amount: Decimal) -> None:
        """Headroom for an order."""
        take_credit(self.workset, work, amount)
        for one in self.path(work):
            self.nodes[one] = after(self.nodes[one], CreditDelta(open_orders=amount))


def open_held(tx: Tx, order_ids: Iterable[UUID], *, nodes: Collection[UUID] = ()) -> Opened:
    """Lock orders with what stands above them (and other nodes with them), and read them."""
    ids = sorted(set(order_ids))
    locked = lock_set(tx, [(LOCK_SUBJECTS, ids), (LOCK_ORDERS, ids)])
    workset = read_orders(tx, [row[0] for row in locked["order"]])
    shelves = workset.shelves
    shelves.paths = credit_paths(tx, {work.account.id for work in workset.orders.values()})
    wanted = {node for path in shelves.paths.values() for node in path} | set(nodes)
    shelves.nodes = nodes_from(tx, lock_set(tx, [(LOCK_CREDIT, wanted)])["credit"])
    return Opened(workset, dict(shelves.nodes))


def finish_held(tx: Tx, opened: Opened) -> None:
    """Write everything, and let the processes go on."""
    opened.workset.flush(tx)
    wake_waiting(tx, opened.messages)


def release_parts(tx: Tx, wishes: Sequence[PartWish]) -> list[Through | Problem]:
    """Let through of each order as much as fits under every limit above it, an answer for each, in the order asked."""
    opened = open_held(tx, [one.order_id for one in wishes])
    answers = [_release_part(tx, opened, wish) for wish in wishes]
    finish_held(tx, opened)
    return answers


def _release_part(tx: Tx, opened: Opened, wish: PartWish) -> Through | Problem:
    work = opened.workset.orders.get(wish.order_id)
    problem = _unreleasable(work, wish)
    if problem is not None or work is None:
        return problem or unknown_order()
    anew = work.confirmed_at is None
    before = {} if anew else let_through(work)
    had = work.credit_taken if anew else worth(work, before)
    room = room_under(opened.path(work), opened.nodes, work.header.currency)
    whole = {one.line.line_no: one.quantities.ordered - one.quantities.cancelled for one in work.lines}
    wanted = _wanted(work, wish)
    units = (
        whole
        if room is None and not wanted
        else plan_part(work, (had if anew else ZERO) + (work.totals.total if room is None else room), wanted, anew=anew)
    )
    more = {line_no: qty - before.get(line_no, ZERO) for line_no, qty in units.items()}
    if not any(qty > 0 for qty in more.values()):
        return errors.nothing_fits(work.header.number, plain(room or ZERO), work.header.currency)
    amount = max(worth(work, units) - had, ZERO)
    opened.take(work, amount)
    _let_go(tx, opened, work, units, reason=wish.reason)
    held = {line_no: qty - units.get(line_no, ZERO) for line_no, qty in whole.items() if qty > units.get(line_no, ZERO)}
    through = {line_no: qty for line_no, qty in more.items() if qty > 0}
    return _say(opened, work, through, held, amount=amount, reason=wish.reason)


def _unreleasable(work: OrderWork | None, wish: PartWish) -> Problem | None:
    if work is None:
        return unknown_order()
    if not wish.reason.strip():
        return no_reason("/reason")
    other = next(
        (hold for hold in work.holds if hold.released_at is None and hold.code in (BLOCKED, PREPAY_DUE, HELD_BY_RULE)),
        None,
    )
    if other is not None:
        return errors.other_reason(work.header.number, other.reason)
    if not _over_limit(work) and not part_holds(work):
        return errors.not_held(work.header.number)
    if work.confirmed_at is not None and _over_limit(work):
        return errors.desk_decides(work.header.number)
    known = {one.line.line_no for one in work.lines}
    for place, (line_no, qty) in enumerate(wish.lines):
        where = f"/lines/{place}"
        if line_no not in known:
            return unknown_line(line_no, where)
        line = work.line(line_no).line
        factor = (line.factor_num, line.factor_den)
        base = None if qty is None else to_base(qty, factor, decimals=QUANTITY_DIGITS, where=f"{where}/qty")
        if isinstance(base, Problem):
            return base
    for place, group_no in enumerate(wish.groups):
        if all(group.group_no != group_no for group in work.groups):
            return unknown_group(group_no, f"/groups/{place}")
    return None


def in_base(work: OrderWork, line_no: int, qty: Decimal) -> Decimal:
    """Units of a line in base units; that it comes out even was checked before."""
    line = work.line(line_no).line
    base = to_base(qty, (line.factor_num, line.factor_den), decimals=QUANTITY_DIGITS)
    assert isinstance(base, Decimal)
    return base


def _over_limit(work: OrderWork) -> list[Hold]:
    return [hold for hold in work.holds if hold.released_at is None and hold.code == OVER_LIMIT]


def _wanted(work: OrderWork, wish: PartWish) -> list[tuple[int, Decimal | None]]:
    """The lines asked for, in order; those of the groups asked for where only these were named."""
    if wish.lines:
        return [(line_no, None if qty is None else in_base(work, line_no, qty)) for line_no, qty in wish.lines]
    if not wish.groups:
        return []
    return [(one.line.line_no, None) for group_no in wish.groups for one in work.lines_of(group_no)]


def _let_go(tx: Tx, opened: Opened, work: OrderWork, units: Mapping[int, Decimal], *, reason: str) -> None:
    """Close what held the order, hold back what is not let through, and wake whoever waits."""
    for hold in held_by_credit(work):
        if hold.code in OVER_BECAUSE:
            work.close_hold(hold, reason, tx.now)
    hold_rest(tx, work, units, opened_because="the credit limit does not reach for all of it", closed_because=reason)
    token = f"credit:{tx.ids.new()}"
    if work.confirmed_at is None:
        if not blockers(work.holds, "confirm"):
            opened.messages.append(Message("order.cleared", str(work.id), token))
        return
    opened.messages += [
        Message("goods.ready", group_key(work.id, group.group_no), f"{token}:{group.group_no}")
        for group in work.groups
        if not blockers(work.holds, "release", group_no=group.group_no, line_no=0)
    ]


def _say(
    opened: Opened,
    work: OrderWork,
    through: Mapping[int, Decimal],
    held: Mapping[int, Decimal],
    *,
    amount: Decimal,
    reason: str,
) -> Through:
    payload: dict[str, Any] = {
        "number": work.header.number,
        "status": work.compute_status(),
        "released": {str(line_no): plain(qty) for line_no, qty in through.items()},
        "held": {str(line_no): plain(qty) for line_no, qty in held.items()},
        "amount": plain(amount),
        "reason": reason,
    }
    opened.workset.say(work, "credit.let_through", payload)
    goes_on = any(str(work.id) in message.key for message in opened.messages)
    status = work.compute_status()
    return Through(work.id, work.header.number, through, held, amount, work.header.currency, status, goes_on)


# ---- above the limit ---------------------------------------------------------------------------------------------


def over_by(opened: Opened, work: OrderWork) -> dict[UUID, Decimal]:
    """By how much each node above an order would be passed if all of it were let through; only those that would be."""
    need = needed(work)
    return {one: need - opened.nodes[one].headroom for one in opened.path(work) if need > opened.nodes[one].headroom}


def needed(work: OrderWork) -> Decimal:
    """The headroom an order lacks to be let through whole."""
    if work.confirmed_at is None:
        return max(work.totals.total - work.credit_taken, ZERO)
    return max(work.totals.total - covered(work), ZERO)


def held_by_credit(work: OrderWork) -> list[Hold]:
    """What of credit holds the order or a part of it."""
    return [hold for hold in work.holds if hold.released_at is None and hold.code in OVER_BECAUSE] + part_holds(work)


def decided_over(opened: Opened, work: OrderWork) -> Decimal:
    """The amount a decision to let the order through is about: by how much it would pass a limit; the whole of what it asks for
    where how its account pays stops it."""
    over = max(over_by(opened, work).values(), default=ZERO)
    if any(hold.code in (BLOCKED, PREPAY_DUE, HELD_BY_RULE) for hold in held_by_credit(work)):
        return max(over, needed(work), worth(work, _not_out(work)))
    return over


def _not_out(work: OrderWork) -> dict[int, Decimal]:
    return {
        one.line.line_no: one.quantities.open + one.quantities.reserved + one.quantities.allocated for one in work.lines
    }


def let_over_limit(
    tx: Tx,
    opened: Opened,
    work: OrderWork,
    *,
    requested_by: UUID,
    approved_by: UUID,
    approver_limit: Decimal,
    alone_up_to: Decimal,
    reason: str,
) -> Through:
    """Let an order through whole, whatever its limits; an override of its own says over how much, and who decided."""
    for node_id, amount in over_by(opened, work).items():
        insert_override(
            tx,
            node_id,
            amount=amount,
            currency=opened.nodes[node_id].currency,
            reason=reason,
            valid=(tx.now, tx.now + KEPT_FOR),
            requested_by=requested_by,
            approved_by=approved_by,
            approver_limit=approver_limit,
            alone_up_to=alone_up_to,
            order_id=work.id,
        )
    whole = {one.line.line_no: one.quantities.ordered - one.quantities.cancelled for one in work.lines}
    before = {} if work.confirmed_at is None else let_through(work)
    amount = needed(work)
    opened.take(work, amount)
    _let_go(tx, opened, work, whole, reason=reason)
    through = {one: qty - before.get(one, ZERO) for one, qty in whole.items() if qty > before.get(one, ZERO)}
    return _say(opened, work, through, {}, amount=amount, reason=reason)
