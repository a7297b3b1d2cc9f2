"""Holds by hand: opened by a person with a reason, released by a person with the permission for their kind and a reason (VA2).

A release never creates a hold that is not there. What is released is asked again where a rule stands behind it: an order
without headroom is held anew when it goes on (C2).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

from tradewind.access.errors import forbidden
from tradewind.credit.errors import desk_decides
from tradewind.kernel.locks import lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS, wake_waiting
from tradewind.orders import errors
from tradewind.orders.decide import blockers
from tradewind.orders.model import HOLD_BLOCKS, PART_HELD, Hold
from tradewind.orders.queries import LOCK_ORDERS
from tradewind.streams.credit_check import OVER_BECAUSE, OVER_LIMIT
from tradewind.streams.order_work import OrderWork, OrderWorkset, read_orders
from tradewind.streams.release import group_key

BY_HAND = ("price", "stock", "address", "fraud", "data", "customer", "dispute")
_OVER = ("closed", "cancelled")
# Released by hand these would let goods go above a limit; an order that only comes is asked again by its own step.
_CREDIT_DESK = (*OVER_BECAUSE, PART_HELD)


@dataclass(frozen=True, slots=True)
class HoldRelease:
    """Which hold is released, and why."""

    order_id: UUID
    hold_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class NewHold:
    """A hold on an order, or on a group or line of it."""

    order_id: UUID
    kind: str
    reason: str
    group_no: int | None = None
    line_no: int | None = None


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    """The hold, and where its order stands now. `goes_on`: nothing is in its way any more and it was woken."""

    order_id: UUID
    hold_id: UUID
    status: str
    goes_on: bool = False


def release_holds(
    tx: Tx, releases: Sequence[HoldRelease], *, permissions: Collection[str]
) -> list[HoldAnswer | Problem]:
    """Release holds; closing the last one in the way lets the order go on, in this transaction."""
    workset = _open(tx, {one.order_id for one in releases})
    messages: list[Message] = []
    answers: list[HoldAnswer | Problem] = []
    for place, wanted in enumerate(releases):
        work = workset.orders.get(wanted.order_id)
        found = _releasable(work, wanted, permissions, f"/{place}")
        if isinstance(found, Problem) or work is None:
            answers.append(found if isinstance(found, Problem) else errors.no_such_hold(f"/{place}"))
            continue
        work.close_hold(found, wanted.reason, tx.now)
        _say(workset, work, "order.hold_released", found, wanted.reason)
        woken = _woken(work, found)
        messages += woken
        answers.append(HoldAnswer(work.id, found.id, work.compute_status(), bool(woken)))
    workset.flush(tx)
    wake_waiting(tx, messages)
    return answers


def open_holds(tx: Tx, holds: Sequence[NewHold]) -> list[HoldAnswer | Problem]:
    """Open holds; they stop what they block at the next transition. One that is open for the same reason is left as it is."""
    workset = _open(tx, {one.order_id for one in holds})
    answers: list[HoldAnswer | Problem] = []
    for place, wanted in enumerate(holds):
        where = f"/{place}"
        work = workset.orders.get(wanted.order_id)
        problem = _unholdable(work, wanted, where)
        if problem is not None or work is None:
            answers.append(problem or errors.unknown_order(where))
            continue
        hold = _hold(tx, wanted)
        work.open_hold(hold)
        if hold in work.opened:
            work.touched = True
            _say(workset, work, "order.hold_opened", hold, wanted.reason)
        same = next(
            one
            for one in work.holds
            if one.released_at is None
            and (one.kind, one.code, one.group_no, one.line_no) == (hold.kind, hold.code, hold.group_no, hold.line_no)
        )
        answers.append(HoldAnswer(work.id, same.id, work.compute_status()))
    workset.flush(tx)
    return answers


def _open(tx: Tx, order_ids: Collection[UUID]) -> OrderWorkset:
    locked = lock_set(tx, [(LOCK_SUBJECTS, order_ids), (LOCK_ORDERS, order_ids)])
    return read_orders(tx, [row[0] for row in locked["order"]])


def _releasable(
    work: OrderWork | None, wanted: HoldRelease, permissions: Collection[str], where: str
) -> Hold | Problem:
    if work is None:
        return errors.unknown_order(where)
    hold = next((one for one in work.holds if one.id == wanted.hold_id and one.released_at is None), None)
    if hold is None:
        return errors.no_such_hold(f"{where}/hold_id")
    needed = f"holds.release.{hold.kind}"
    if needed not in permissions:
        return forbidden(needed)
    if hold.kind == "approval":
        return errors.decided_not_released(f"{where}/hold_id")
    if hold.code in _CREDIT_DESK and (hold.code != OVER_LIMIT or work.confirmed_at is not None):
        return desk_decides(work.header.number, f"{where}/hold_id")
    if not wanted.reason.strip():
        return errors.no_reason(f"{where}/reason")
    return hold


def _unholdable(work: OrderWork | None, wanted: NewHold, where: str) -> Problem | None:
    if work is None:
        return errors.unknown_order(where)
    if wanted.kind not in BY_HAND:
        return errors.not_by_hand(wanted.kind, f"{where}/kind")
    if not wanted.reason.strip():
        return errors.no_reason(f"{where}/reason")
    if work.status in _OVER:
        return errors.order_over(work.header.number, work.status, where)
    if wanted.group_no is not None and all(group.group_no != wanted.group_no for group in work.groups):
        return errors.unknown_group(wanted.group_no, f"{where}/group_no")
    if wanted.line_no is not None and all(one.line.line_no != wanted.line_no for one in work.lines):
        return errors.unknown_line(wanted.line_no, f"{where}/line_no")
    return None


def _hold(tx: Tx, wanted: NewHold) -> Hold:
    scope = "line" if wanted.line_no is not None else "group" if wanted.group_no is not None else "order"
    return Hold(
        tx.ids.new(),
        cast(Literal["order", "group", "line"], scope),
        wanted.kind,
        "orders.held_by_hand",
        wanted.reason,
        tx.now,
        group_no=wanted.group_no if wanted.line_no is None else None,
        line_no=wanted.line_no,
    )


def _say(workset: OrderWorkset, work: OrderWork, kind: str, hold: Hold, reason: str) -> None:
    payload: dict[str, Any] = {
        "number": work.header.number,
        "status": work.compute_status(),
        "hold": str(hold.id),
        "kind": hold.kind,
        "code": hold.code,
        "line": hold.line_no,
        "group": hold.group_no,
        "reason": reason,
    }
    if kind == "order.hold_released" and "allocate" in HOLD_BLOCKS[hold.kind]:
        payload["products"] = sorted({str(one.line.product_id) for one in work.lines if one.quantities.backordered})
    workset.say(work, kind, payload)


def _woken(work: OrderWork, released: Hold) -> list[Message]:
    """Who may go on now: the order where nothing stops its confirmation, its groups where nothing stops their release."""
    token = f"hold:{released.id}"
    stopped = HOLD_BLOCKS[released.kind]
    messages: list[Message] = []
    if "confirm" in stopped and work.confirmed_at is None and not blockers(work.holds, "confirm"):
        messages.append(Message("order.cleared", str(work.id), token))
    if "release" in stopped and work.confirmed_at is not None:
        messages += [
            Message("goods.ready", group_key(work.id, group.group_no), f"{token}:{group.group_no}")
            for group in work.groups
            if not blockers(work.holds, "release", group_no=group.group_no, line_no=0)
        ]
    return messages
