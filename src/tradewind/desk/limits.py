"""Credit limits and their overrides. Orders that wait for headroom are asked again; those that have theirs keep it until their
next transition.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.credit import errors
from tradewind.credit.commands import insert_override, set_limits
from tradewind.credit.model import APPROVER_LIMITS, Node
from tradewind.credit.queries import LOCK_CREDIT, nodes_from
from tradewind.kernel.limits import TREE_ORDERS
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import LARGEST_AMOUNT
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Event, Tx
from tradewind.orchestration.commands.messages import Message
from tradewind.orchestration.commands.waking import LOCK_SUBJECTS, wake_waiting
from tradewind.orders.queries import waiting_for_credit
from tradewind.semantics.model import ZERO


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A new limit of an account that carries one."""

    account_id: UUID
    limit: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class OverrideGrant:
    """A temporary raise. `requested_by` asked for it, the actor approves it."""

    account_id: UUID
    amount: Decimal
    reason: str
    valid_to: datetime
    requested_by: UUID


@dataclass(frozen=True, slots=True)
class Headroom:
    """An account's limit with the overrides in force, and what is taken of it. `asked_again`: orders that were woken."""

    account_id: UUID
    limit: Decimal
    extra: Decimal
    exposure: Decimal
    override_id: UUID | None = None
    asked_again: int = 0


def change_limits(tx: Tx, changes: Sequence[LimitChange]) -> list[Headroom | Problem]:
    """Set limits. One below what is taken stops what comes next, not what was granted. Raises `Refused`
    (`credit.too_many_orders`) where more orders wait below them than one transaction can wake."""
    nodes, waiting = _lock(tx, {one.account_id for one in changes})
    answers: list[Headroom | Problem] = []
    limits: dict[UUID, Decimal] = {}
    for place, wanted in enumerate(changes):
        node = nodes.get(wanted.account_id)
        if node is None:
            answers.append(errors.unknown_node(str(wanted.account_id), f"/{place}"))
        elif not wanted.limit.is_finite() or not 0 <= wanted.limit < LARGEST_AMOUNT:
            answers.append(errors.bad_limit(f"/{place}/limit"))
        else:
            limits[node.account_id] = wanted.limit
            payload = {
                "from": str(node.limit),
                "to": str(wanted.limit),
                "exposure": str(node.exposure),
                "currency": node.currency,
                "reason": wanted.reason,
            }
            tx.emit(Event("credit.limit_changed", "account", node.account_id, payload, node.account_id))
            answers.append(Headroom(node.account_id, wanted.limit, node.extra, node.exposure))
    set_limits(tx, limits)
    woken = _ask_again(tx, waiting, limits)
    return [_with(one, woken) for one in answers]


def grant_overrides(tx: Tx, grants: Sequence[OverrideGrant], *, roles: Collection[str]) -> list[Headroom | Problem]:
    """Raise limits for a time, in the name of the actor, whose roles bound the amount."""
    nodes, waiting = _lock(tx, {one.account_id for one in grants})
    may = max((APPROVER_LIMITS.get(role, ZERO) for role in roles), default=ZERO)
    answers: list[Headroom | Problem] = []
    granted: dict[UUID, Decimal] = {}
    for place, wanted in enumerate(grants):
        node = nodes.get(wanted.account_id)
        problem = _ungrantable(tx, node, wanted, may=may, where=f"/{place}")
        if problem is not None or node is None or tx.actor.principal_id is None:
            answers.append(problem or errors.same_person(f"/{place}"))
            continue
        override_id = insert_override(
            tx,
            node.account_id,
            amount=wanted.amount,
            currency=node.currency,
            reason=wanted.reason,
            valid=(tx.now, wanted.valid_to),
            requested_by=wanted.requested_by,
            approved_by=tx.actor.principal_id,
            approver_limit=may,
        )
        granted[node.account_id] = granted.get(node.account_id, ZERO) + wanted.amount
        payload: dict[str, Any] = {
            "override": str(override_id),
            "amount": str(wanted.amount),
            "currency": node.currency,
            "valid_to": wanted.valid_to.isoformat(),
            "requested_by": str(wanted.requested_by),
            "reason": wanted.reason,
        }
        tx.emit(Event("credit.override_granted", "account", node.account_id, payload, node.account_id))
        extra = node.extra + granted[node.account_id]
        answers.append(Headroom(node.account_id, node.limit, extra, node.exposure, override_id))
    woken = _ask_again(tx, waiting, granted)
    return [_with(one, woken) for one in answers]


def _lock(tx: Tx, account_ids: Collection[UUID]) -> tuple[dict[UUID, Node], dict[UUID, list[UUID]]]:
    """The nodes, locked, and the orders below each that wait for headroom, their instances locked before."""
    waiting = waiting_for_credit(tx, account_ids, limit=TREE_ORDERS + 1)
    if sum(map(len, waiting.values())) > TREE_ORDERS:
        raise Refused([errors.too_many_orders(TREE_ORDERS)])
    orders = {order_id for found in waiting.values() for order_id in found}
    locked = lock_set(tx, [(LOCK_SUBJECTS, orders), (LOCK_CREDIT, account_ids)])
    return nodes_from(tx, locked["credit"]), waiting


def _ungrantable(tx: Tx, node: Node | None, wanted: OverrideGrant, *, may: Decimal, where: str) -> Problem | None:
    if node is None:
        return errors.unknown_node(str(wanted.account_id), where)
    if not wanted.amount.is_finite() or not 0 < wanted.amount < LARGEST_AMOUNT:
        return errors.bad_override("An override is an amount above zero.", f"{where}/amount")
    if wanted.valid_to <= tx.now:
        return errors.bad_override("An override ends in the future.", f"{where}/valid_to")
    if wanted.requested_by == tx.actor.principal_id:
        return errors.same_person(f"{where}/requested_by")
    if wanted.amount > may:
        return errors.above_approver(f"{may.normalize():f}", f"{where}/amount")
    return None


def _ask_again(tx: Tx, waiting: dict[UUID, list[UUID]], changed: Collection[UUID]) -> dict[UUID, int]:
    """Wake the orders below the changed nodes: their next step asks for headroom again and lets go of the hold itself."""
    messages = {
        order_id: Message("order.cleared", str(order_id), f"credit:{tx.ids.new()}")
        for account_id in changed
        for order_id in waiting.get(account_id, ())
    }
    wake_waiting(tx, messages.values())
    return {account_id: len(waiting.get(account_id, ())) for account_id in changed}


def _with(one: Headroom | Problem, woken: dict[UUID, int]) -> Headroom | Problem:
    if isinstance(one, Problem):
        return one
    return Headroom(one.account_id, one.limit, one.extra, one.exposure, one.override_id, woken.get(one.account_id, 0))
