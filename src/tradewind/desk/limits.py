"""Credit limits and their overrides. Orders that wait for headroom are asked again; those that have theirs keep it until their
next transition.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tradewind.credit import errors
from tradewind.credit.commands import insert_override, set_limits
from tradewind.credit.model import APPROVER_LIMITS, Node
from tradewind.credit.queries import LOCK_CREDIT, credit_paths, nodes_from, nodes_of
from tradewind.kernel.limits import TREE_ORDERS
from tradewind.kernel.locks import lock_set
from tradewind.kernel.money import LARGEST_AMOUNT
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Event, Tx
from tradewind.orchestration.commands.waits import LOCK_INSTANCES, instances_about
from tradewind.orders.queries import LOCK_ORDERS, short_of_credit
from tradewind.semantics.model import ZERO
from tradewind.streams.credit_check import OVER_LIMIT
from tradewind.streams.held import Held, free_held, look_for_held
from tradewind.streams.order_work import Shelves


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
    """An account's limit with the overrides in force, and what is taken of it. `asked_again`: orders below it that waited for
    credit; `freed`: the numbers of those that go on, oldest first."""

    account_id: UUID
    limit: Decimal
    extra: Decimal
    exposure: Decimal
    override_id: UUID | None = None
    asked_again: int = 0
    freed: tuple[str, ...] = ()


def change_limits(tx: Tx, changes: Sequence[LimitChange]) -> list[Headroom | Problem]:
    """Set limits. One below what is taken stops what comes next, not what was granted. Raises `Refused`
    (`credit.too_many_orders`) where more orders wait below them than one transaction can wake."""
    shelves, held = lock_limits(tx, {one.account_id for one in changes})
    nodes = shelves.nodes
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
    shelves.nodes = {one: node_with(node, limit=limits.get(one)) for one, node in nodes.items()}
    freed = free_held(tx, held, shelves) if limits else ()
    return [_with(one, held, freed) for one in answers]


def grant_overrides(tx: Tx, grants: Sequence[OverrideGrant], *, roles: Collection[str]) -> list[Headroom | Problem]:
    """Raise limits for a time, in the name of the actor, whose roles bound the amount."""
    shelves, held = lock_limits(tx, {one.account_id for one in grants})
    nodes = shelves.nodes
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
    shelves.nodes = {one: node_with(node, extra=granted.get(one, ZERO)) for one, node in nodes.items()}
    freed = free_held(tx, held, shelves) if granted else ()
    return [_with(one, held, freed) for one in answers]


def lock_limits(tx: Tx, account_ids: Collection[UUID], *, orders: Collection[UUID] = ()) -> tuple[Shelves, Held]:
    """The nodes, locked, and the orders below them that wait for credit, their processes locked before. Raises `Refused` where
    those are more than one transaction can ask again. `orders`: others to be locked with them."""
    held = look_for_held(tx, account_ids, limit=TREE_ORDERS + 1)
    if len(held.order_ids) > TREE_ORDERS:
        raise Refused([errors.too_many_orders(TREE_ORDERS)])
    more = instances_about(tx, sorted(orders))
    locked = lock_set(
        tx,
        [
            (LOCK_INSTANCES, {*held.instances, *more}),
            (LOCK_ORDERS, {*held.order_ids, *orders}),
            (LOCK_CREDIT, {*account_ids, *held.nodes}),
        ],
    )
    return Shelves(paths=dict(held.paths), nodes=nodes_from(tx, locked["credit"])), held


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


def node_with(node: Node, *, limit: Decimal | None = None, extra: Decimal = ZERO) -> Node:
    """A node under another limit, or with an override more."""
    return replace(node, limit=node.limit if limit is None else limit, extra=node.extra + extra)


def _with(one: Headroom | Problem, held: Held, freed: tuple[str, ...]) -> Headroom | Problem:
    """`asked_again`: the orders below this account that waited."""
    if isinstance(one, Problem):
        return one
    below = sum(one.account_id in path for path in held.order_paths)
    return replace(one, asked_again=below, freed=freed)


def ask_waiting(tx: Tx, *, accounts: int = 200, orders: int = 1_000) -> tuple[str, ...]:
    """Let go on what waits for headroom that came without anybody asking: from a cancelled order, a reservation that was over,
    or in the moment between an order's look at its limit and its commit. Gives the numbers; nothing is written where none fits."""
    short = short_of_credit(tx, OVER_LIMIT, limit=accounts)
    paths = credit_paths(tx, [account_id for account_id, _, _ in short])
    nodes = nodes_of(tx, {node for path in paths.values() for node in path})
    fitting: set[UUID] = set()
    for account_id, least, count in short:
        room = min((nodes[one].headroom for one in paths.get(account_id, ())), default=None)
        if room is not None and least <= room and count <= orders:
            fitting.add(account_id)
            orders -= count
    if not fitting:
        return ()
    shelves, held = lock_limits(tx, fitting)
    return free_held(tx, held, shelves)
