"""Decisions of the credit desk with four eyes: raises of limits, temporary limits, orders let through above a limit.

Up to the amount of `credit_authority` one person decides alone, and it takes effect at once; above it the same words are a
request that a second person confirms or declines. Who confirms did not propose it, and may decide over so much.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.credit import errors
from tradewind.credit.commands import decide_request, insert_override, insert_request, set_limits
from tradewind.credit.decide import second_needed, waterfall
from tradewind.credit.model import APPROVER_LIMITS, CreditRequest, Node
from tradewind.credit.queries import authority, codes_of, conduct_of, requests_of
from tradewind.desk.credit_release import (
    decided_over,
    finish_held,
    held_by_credit,
    let_over_limit,
    needed,
    open_held,
)
from tradewind.desk.limits import lock_limits, node_with
from tradewind.kernel.money import LARGEST_AMOUNT, plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Event, Tx
from tradewind.orders.errors import no_reason, unknown_order
from tradewind.semantics.model import ZERO
from tradewind.streams.held import free_held


@dataclass(frozen=True, slots=True)
class LimitWish:
    """A new limit for good."""

    account_id: UUID
    limit: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class TemporaryWish:
    """More room between two instants; `valid_from` None is now."""

    account_id: UUID
    amount: Decimal
    valid_to: datetime
    reason: str
    valid_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReleaseWish:
    """An order let through whole although a limit, or how its account pays, holds it."""

    order_id: UUID
    reason: str


Wish = LimitWish | TemporaryWish | ReleaseWish


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a wish or a request. `status` open: it waits for a second person; `freed`: orders that go on."""

    request_id: UUID
    status: str
    amount: Decimal
    currency: str
    alone_up_to: Decimal
    freed: tuple[str, ...] = ()


def propose(tx: Tx, wish: Wish, *, roles: Collection[str]) -> Decision | Problem:
    """Decide in the name of the actor where one person may, else keep it for a second one. `roles` bound the amount."""
    if tx.actor.principal_id is None:
        return errors.nobody()
    if not wish.reason.strip():
        return no_reason("/reason")
    if isinstance(wish, ReleaseWish):
        return _propose_release(tx, wish, roles=roles)
    shelves, held = lock_limits(tx, {wish.account_id})
    node = shelves.nodes.get(wish.account_id)
    if node is None:
        return errors.unknown_node(str(wish.account_id))
    problem = _bad_limit(wish, node) if isinstance(wish, LimitWish) else _bad_temporary(tx, wish)
    if problem is not None:
        return problem
    request = _request(tx, wish, node)
    decided = _alone(tx, request, roles)
    if isinstance(decided, Problem):
        return decided
    insert_request(tx, decided)
    _say(tx, decided)
    if decided.status == "open":
        return _decision(decided)
    shelves.nodes = {**shelves.nodes, node.account_id: _raise(tx, decided, node, _may(roles))}
    return _decision(decided, free_held(tx, held, shelves))


def _bad_limit(wish: LimitWish, node: Node) -> Problem | None:
    if not wish.limit.is_finite() or not 0 <= wish.limit < LARGEST_AMOUNT or wish.limit <= node.limit:
        return errors.bad_limit("/limit")
    return None


def _bad_temporary(tx: Tx, wish: TemporaryWish) -> Problem | None:
    if not wish.amount.is_finite() or not 0 < wish.amount < LARGEST_AMOUNT:
        return errors.bad_override("A temporary limit is an amount above zero.", "/amount")
    if wish.valid_to <= max(tx.now, wish.valid_from or tx.now):
        return errors.bad_override("A temporary limit ends after it begins, and in the future.", "/valid_to")
    return None


def _request(tx: Tx, wish: LimitWish | TemporaryWish, node: Node) -> CreditRequest:
    kind, amount = ("limit", wish.limit - node.limit) if isinstance(wish, LimitWish) else ("temporary", wish.amount)
    return CreditRequest(
        tx.ids.new(),
        node.account_id,
        None,
        kind,
        amount,
        node.currency,
        wish.limit if isinstance(wish, LimitWish) else None,
        None if isinstance(wish, LimitWish) else wish.valid_from or tx.now,
        None if isinstance(wish, LimitWish) else wish.valid_to,
        wish.reason,
        "open",
        authority(tx).get(kind, ZERO),
        _figures(tx, {node.account_id: node}, (node.account_id,), asked=ZERO),
        _actor(tx),
        tx.now,
    )


def _figures(tx: Tx, nodes: Mapping[UUID, Node], path: tuple[UUID, ...], *, asked: Decimal) -> list[dict[str, str]]:
    conduct = conduct_of(tx, [nodes[one] for one in path])
    overdue = {one: found.overdue for one, found in conduct.items()}
    return [one.as_json() for one in waterfall(path, nodes, asked=asked, overdue=overdue, codes=codes_of(tx, path))]


def _actor(tx: Tx) -> UUID:
    assert tx.actor.principal_id is not None
    return tx.actor.principal_id


def _may(roles: Collection[str]) -> Decimal:
    return max((APPROVER_LIMITS.get(role, ZERO) for role in roles), default=ZERO)


def _alone(tx: Tx, request: CreditRequest, roles: Collection[str]) -> CreditRequest | Problem:
    """The request, decided where one person may do so."""
    if second_needed(request.amount, request.alone_up_to):
        return request
    may = _may(roles)
    if request.amount > may:
        return errors.above_approver(plain(may))
    changes = {name: getattr(request, name) for name in CreditRequest.__slots__}
    decided = {"status": "confirmed", "decided_by": _actor(tx), "decided_at": tx.now, "decision_reason": request.reason}
    return CreditRequest(**{**changes, **decided})


def _raise(tx: Tx, request: CreditRequest, node: Node, may: Decimal, *, decided_by: UUID | None = None) -> Node:
    """Write the raise that was decided; gives the node with it, as far as it is in force now."""
    if request.kind == "limit":
        limit = request.new_limit if request.new_limit is not None else node.limit
        set_limits(tx, {node.account_id: limit})
        payload = {
            "from": str(node.limit),
            "to": str(limit),
            "exposure": str(node.exposure),
            "currency": node.currency,
            "reason": request.reason,
        }
        tx.emit(Event("credit.limit_changed", "account", node.account_id, payload, node.account_id))
        return node_with(node, limit=limit)
    assert request.valid_from is not None
    assert request.valid_to is not None
    override_id = insert_override(
        tx,
        node.account_id,
        amount=request.amount,
        currency=node.currency,
        reason=request.reason,
        valid=(request.valid_from, request.valid_to),
        requested_by=request.proposed_by,
        approved_by=decided_by or request.proposed_by,
        approver_limit=may,
        alone_up_to=request.alone_up_to,
    )
    payload = {
        "override": str(override_id),
        "amount": str(request.amount),
        "currency": node.currency,
        "valid_to": request.valid_to.isoformat(),
        "requested_by": str(request.proposed_by),
        "reason": request.reason,
    }
    tx.emit(Event("credit.override_granted", "account", node.account_id, payload, node.account_id))
    return node_with(node, extra=request.amount if request.valid_from <= tx.now else ZERO)


def _say(tx: Tx, request: CreditRequest, reason: str = "") -> None:
    """What was proposed or decided, on the log."""
    kind = "proposed" if request.status == "open" else request.status
    payload = {
        "request": str(request.id),
        "kind": request.kind,
        "amount": str(request.amount),
        "currency": request.currency,
        "proposed_by": str(request.proposed_by),
        "reason": reason or request.reason,
    }
    objects = () if request.order_id is None else (("sales_order", request.order_id, "about"),)
    tx.emit(Event(f"credit.{kind}", "account", request.account_id, payload, request.account_id, objects))


def _decision(request: CreditRequest, freed: tuple[str, ...] = ()) -> Decision:
    return Decision(request.id, request.status, request.amount, request.currency, request.alone_up_to, freed)


# ---- orders above the limit --------------------------------------------------------------------------------------


def _propose_release(tx: Tx, wish: ReleaseWish, *, roles: Collection[str]) -> Decision | Problem:
    opened = open_held(tx, [wish.order_id])
    work = opened.workset.orders.get(wish.order_id)
    if work is None:
        return unknown_order()
    if not held_by_credit(work):
        return errors.not_held(work.header.number)
    path = opened.path(work)
    amount = decided_over(opened, work)
    if amount <= 0:
        return errors.not_held(work.header.number)
    request = CreditRequest(
        tx.ids.new(),
        path[0] if path else work.account.id,
        work.id,
        "release",
        amount,
        work.header.currency,
        None,
        None,
        None,
        wish.reason,
        "open",
        authority(tx).get("release", ZERO),
        _figures(tx, opened.nodes, path, asked=needed(work)),
        _actor(tx),
        tx.now,
    )
    decided = _alone(tx, request, roles)
    if isinstance(decided, Problem):
        return decided
    insert_request(tx, decided)
    _say(tx, decided)
    if decided.status == "open":
        return _decision(decided)
    let_over_limit(
        tx,
        opened,
        work,
        requested_by=decided.proposed_by,
        approved_by=_actor(tx),
        approver_limit=_may(roles),
        alone_up_to=decided.alone_up_to,
        reason=wish.reason,
    )
    finish_held(tx, opened)
    return _decision(decided, (work.header.number,))


# ---- the second person -------------------------------------------------------------------------------------------


def decide(tx: Tx, request_id: UUID, *, confirm: bool, reason: str, roles: Collection[str]) -> Decision | Problem:
    """Confirm or decline a request in the name of the actor, who did not propose it. What is confirmed takes effect at once;
    raises `Refused` where it cannot any more, and the request stays as it was."""
    if tx.actor.principal_id is None:
        return errors.nobody()
    request = requests_of(tx, [request_id]).get(request_id)
    if request is None:
        return errors.unknown_request()
    if confirm and request.proposed_by == tx.actor.principal_id:
        return errors.same_person()
    may = _may(roles)
    if confirm and request.amount > may:
        return errors.above_approver(plain(may))
    status = "confirmed" if confirm else "declined"
    # the request first: two people who decide at once meet here, before either holds anything else
    if not decide_request(tx, request_id, status=status, reason=reason):
        return errors.request_decided()
    changes = {name: getattr(request, name) for name in CreditRequest.__slots__}
    decided = CreditRequest(
        **{**changes, "status": status, "decided_by": _actor(tx), "decided_at": tx.now, "decision_reason": reason}
    )
    _say(tx, decided, reason)
    if not confirm:
        return _decision(decided)
    found = _effect_release(tx, decided, may) if decided.order_id is not None else _effect_raise(tx, decided, may)
    if isinstance(found, Problem):
        raise Refused([found])  # and the request stays open
    return found


def _effect_raise(tx: Tx, request: CreditRequest, may: Decimal) -> Decision | Problem:
    shelves, held = lock_limits(tx, {request.account_id})
    node = shelves.nodes[request.account_id]
    if request.new_limit is not None and request.new_limit - node.limit > request.amount:
        return errors.figures_changed(plain(request.amount), plain(request.new_limit - node.limit))
    if request.valid_to is not None and request.valid_to <= tx.now:
        return errors.bad_override("The time it was proposed for is over.")
    shelves.nodes = {**shelves.nodes, node.account_id: _raise(tx, request, node, may, decided_by=_actor(tx))}
    return _decision(request, free_held(tx, held, shelves))


def _effect_release(tx: Tx, request: CreditRequest, may: Decimal) -> Decision | Problem:
    assert request.order_id is not None
    opened = open_held(tx, [request.order_id])
    work = opened.workset.orders[request.order_id]
    if not held_by_credit(work):
        return errors.not_held(work.header.number)
    over = decided_over(opened, work)
    if over > request.amount:
        return errors.figures_changed(plain(request.amount), plain(over))
    let_over_limit(
        tx,
        opened,
        work,
        requested_by=request.proposed_by,
        approved_by=_actor(tx),
        approver_limit=may,
        alone_up_to=request.alone_up_to,
        reason=request.reason,
    )
    finish_held(tx, opened)
    return _decision(request, (work.header.number,))
