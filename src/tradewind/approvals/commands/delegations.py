"""Writes of delegations: given, and revoked; never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.approvals import errors, events
from tradewind.approvals.decide import check_delegation
from tradewind.approvals.model import Delegation
from tradewind.approvals.queries.people import DelegationRow, Someone, delegations_ahead, delegations_of
from tradewind.kernel.arrays import numbers
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx

_LOCK = "select pg_advisory_xact_lock(hashtext('approval_delegation'), 0)"
_INSERT = """
insert into approval_delegation (id, principal_id, delegate_id, order_id, cap, currency, valid_from, valid_to, reason, created_by,
  created_at)
select w.*, %(by)s, %(now)s from unnest(%(id)s::uuid[], %(giver)s::uuid[], %(taker)s::uuid[], %(order)s::uuid[], %(cap)s::numeric[],
  %(currency)s::text[], %(from)s::timestamptz[], %(to)s::timestamptz[], %(reason)s::text[]) as w
"""
_REVOKE = "update approval_delegation set revoked_at = %(now)s where id = any(%(ids)s::uuid[]) and revoked_at is null"


@dataclass(frozen=True, slots=True)
class NewDelegation:
    """Who decides for whom. `giver` None is the actor; `order_id` narrows it to one order (forwarding)."""

    taker: Someone
    valid_to: datetime
    reason: str
    giver: UUID | None = None
    valid_from: datetime | None = None
    cap: Decimal | None = None
    currency: str | None = None
    order_id: UUID | None = None


def give_delegations(tx: Tx, wanted: Sequence[NewDelegation]) -> list[DelegationRow | Problem]:
    """Let others decide in one's place, between two instants and up to an amount; circles and long chains are refused."""
    tx.rows(_LOCK)  # a circle could close between two looks
    ahead = delegations_ahead(tx)
    answers: list[UUID | Problem] = []
    given: list[tuple[Delegation, str]] = []
    for place, one in enumerate(wanted):
        giver = one.giver or tx.actor.principal_id
        assert giver is not None  # an edge has a caller
        new = Delegation(
            tx.ids.new(),
            giver,
            one.taker.id,
            one.valid_from or tx.now,
            one.valid_to,
            one.cap,
            one.currency,
            one.order_id,
        )
        problem = check_delegation(new, ahead, now=tx.now)
        if problem is not None:
            answers.append(problem.at(f"/{place}{problem.where}"))
            continue
        ahead.append(new)
        given.append((new, one.reason))
        cap = None if new.cap is None else f"{plain(new.cap)} {new.currency}"
        tx.emit(events.delegation_given(new.id, new.giver, new.taker, valid_to=new.valid_to.isoformat(), cap=cap))
        answers.append(new.id)
    _insert(tx, given)
    rows = {row.id: row for row in delegations_of(tx, None, ids=[one for one in answers if isinstance(one, UUID)])}
    return [rows[one] if isinstance(one, UUID) else one for one in answers]


def _insert(tx: Tx, given: Sequence[tuple[Delegation, str]]) -> None:
    if given:
        tx.run(
            _INSERT,
            {
                "id": [new.id for new, _ in given],
                "giver": [new.giver for new, _ in given],
                "taker": [new.taker for new, _ in given],
                "order": [new.order_id for new, _ in given],
                "cap": numbers(new.cap for new, _ in given),
                "currency": [new.currency for new, _ in given],
                "from": [new.valid_from for new, _ in given],
                "to": [new.valid_to for new, _ in given],
                "reason": [reason for _, reason in given],
                "by": tx.actor.principal_id,
                "now": tx.now,
            },
        )


def revoke_delegations(tx: Tx, ids: Sequence[UUID], *, of: UUID | None) -> list[DelegationRow | Problem]:
    """End delegations at once; `of` is whose they must be (given by or to them), None for anybody's."""
    known = {row.id: row for row in delegations_of(tx, of, ids=ids)}
    answers = [known.get(one) or errors.unknown_delegation(f"/{place}") for place, one in enumerate(ids)]
    tx.run(_REVOKE, {"ids": list(known), "now": tx.now})
    for row in known.values():
        if row.revoked_at is None:
            tx.emit(events.delegation_revoked(row.id, row.giver_id, row.taker_id))
    after = {row.id: row for row in delegations_of(tx, None, ids=list(known))}
    return [after[one.id] if isinstance(one, DelegationRow) else one for one in answers]
