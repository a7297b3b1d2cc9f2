"""`/api/v1/approval-policies` and `…/approval-delegations`: when orders need approval, and who stands in for whom."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, Edge, answer, api_router, not_found, permission
from tradewind.access.errors import forbidden
from tradewind.access.queries import account_seen
from tradewind.accounts.queries import account_ids
from tradewind.approvals import errors
from tradewind.approvals.commands.delegations import NewDelegation, give_delegations, revoke_delegations
from tradewind.approvals.commands.policies import draft_policy, end_policy, publish_policy
from tradewind.approvals.decide import read_condition
from tradewind.approvals.decide.record import policy_tier_json
from tradewind.approvals.model import BINDS, DEFAULT_BINDS, INPUTS, Condition, Policy, Seat, Tier
from tradewind.approvals.queries.people import DelegationRow, Someone, delegations_of, people
from tradewind.approvals.queries.policies import PolicyRow, entity_ids, policies_after, policies_by_id
from tradewind.approvals.queries.requests import order_of
from tradewind.kernel.limits import PAGE
from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Reader

router = api_router("approvals")
Page = Annotated[int, Query(ge=1, le=PAGE)]
Code = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Words = Annotated[str, Field(min_length=1, max_length=200)]
Amount = Annotated[Decimal, Field(gt=0, max_digits=15, decimal_places=3)]
Hours = Annotated[int, Field(ge=1, le=24 * 366)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class SeatIn(_Strict):
    """Holders of a role, or one person by login; `up_to` caps the order's total, in the policy's currency."""

    role: Annotated[str, Field(max_length=50)] | None = None
    login: Annotated[str, Field(max_length=200)] | None = None
    up_to: Amount | None = None


class TierIn(_Strict):
    """`need` people out of any of these; `fallback` opens when they cannot, or do not in time."""

    name: Words
    need: Annotated[int, Field(ge=1, le=50)] = 1
    any_of: Annotated[list[SeatIn], Field(min_length=1, max_length=50)]
    fallback: Annotated[list[SeatIn], Field(max_length=50)] = []


class PolicyIn(_Strict):
    """A version of a policy: whom it is for, when it applies (FEEL), who approves, and what happens in between."""

    code: Code
    name: Words
    side: Literal["buyer", "seller"] = "buyer"
    account: Annotated[str, Field(max_length=100)] | None = None
    whole_tree: bool = True
    legal_entity: Annotated[str, Field(max_length=100)] | None = None
    condition: Annotated[str, Field(min_length=1, max_length=2_000)]
    tiers: Annotated[list[TierIn], Field(min_length=1, max_length=10)]
    tier_order: Literal["sequence", "parallel"] = "sequence"
    distinct_people: bool = True
    own_orders: bool = False
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    tolerance_percent: Annotated[Decimal, Field(ge=0, le=100, max_digits=6, decimal_places=3)] = Decimal(0)
    binds: Annotated[list[str], Field(max_length=len(BINDS))] = list(DEFAULT_BINDS)
    expire_hours: Hours = 720
    remind_hours: Hours | None = None
    escalate_hours: Hours | None = None
    on_expiry: Literal["hold", "cancel"] = "hold"
    pending: Literal["hold", "recheck"] = "hold"
    calendar: Annotated[str, Field(max_length=60)] = ""


class FromIn(_Strict):
    """From when; now, where nothing is said."""

    valid_from: AwareDatetime | None = None


class UntilIn(_Strict):
    """Until when; now, where nothing is said."""

    valid_to: AwareDatetime | None = None


class DelegationIn(_Strict):
    """Who decides in one's place, until when, up to which amount; for one order where one is named. `giver` is for those who
    manage people: on behalf of somebody who is away."""

    delegate: Words
    valid_to: AwareDatetime
    valid_from: AwareDatetime | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    up_to: Amount | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    order: Annotated[str, Field(max_length=100)] | None = None
    giver: Annotated[str, Field(max_length=200)] | None = None


@router.get("/approval-inputs", openapi_extra=permission("approvals.read"))
def read_inputs() -> Response:
    """What a condition may read of an order, and what a policy can bind decisions to."""
    return answer({"inputs": {name: sentence for name, (sentence, _) in INPUTS.items()}, "binds": list(BINDS)})


@router.get("/approval-policies", openapi_extra=permission("approvals.read"))
def read_policies(
    edge: CallerEdge,
    side: Literal["buyer", "seller"] | None = None,
    status: Literal["draft", "published"] | None = None,
    after: Annotated[str, Query(max_length=120)] = "",
    limit: Page = 100,
) -> Response:
    """Policies by code and version; a buying company sees those made for its own accounts. `after` is the last `next`."""
    code, _, version = after.rpartition(",")
    place = (code, int(version)) if version.isdigit() and len(version) < 10 else ("", 0)
    visible = edge.visible
    accounts = None if visible is None else sorted(visible)
    mine = side if visible is None else "buyer"
    # the policies' table is not for the buyer role: read as the application, of exactly the caller's accounts
    found = edge.database.read(
        lambda reader: policies_after(reader, accounts=accounts, side=mine, status=status, after=place, limit=limit)
    )
    last = found[-1].policy if len(found) == limit else None
    return answer({"policies": [_policy(one) for one in found], "next": last and f"{last.code},{last.version}"})


@router.get("/approval-policies/{policy_id}", openapi_extra=permission("approvals.read"))
def read_policy(policy_id: UUID, edge: CallerEdge) -> Response:
    """One version of a policy."""
    return answer(_policy(_seen(edge, policy_id)))


@router.post("/approval-policies", status_code=201, openapi_extra=permission("approvals.manage"))
def post_policy(body: PolicyIn, edge: CallerEdge) -> Response:
    """Write a new version as a draft; a draft there is already is rewritten. Nothing is in force before it is published."""
    account_id = None if body.account is None else _account(edge, body.account)
    if edge.visible is not None and (account_id is None or body.side != "buyer"):
        raise Refused([errors.house_side()])
    entity_id = None if body.legal_entity is None else _entity(edge, body.legal_entity)
    condition = read_condition("true")
    assert isinstance(condition, Condition)
    policy = Policy(
        None,
        body.code,
        0,
        body.name,
        body.side,
        condition,
        _tiers(edge, body, account_id),
        account_id,
        body.whole_tree,
        entity_id,
        body.tier_order == "sequence",
        body.distinct_people,
        body.own_orders,
        body.currency,
        body.tolerance_percent,
        tuple(dict.fromkeys(body.binds)),
        body.expire_hours,
        body.remind_hours,
        body.escalate_hours,
        body.on_expiry,
        body.pending,
        calendar=body.calendar,
    )
    found = edge.write(lambda tx: draft_policy(tx, policy, body.condition), account_id=account_id)
    if isinstance(found, list):
        raise Refused(found)
    return answer(_policy(found), 201)


@router.post("/approval-policies/{policy_id}/publish", openapi_extra=permission("approvals.manage"))
def publish(policy_id: UUID, body: FromIn, edge: CallerEdge) -> Response:
    """Put a draft in force; the version before ends where it begins. Whoever wrote it does not publish it."""
    account_id = _seen(edge, policy_id).policy.account_id
    alone = "access.manage" in edge.caller.permissions
    found = edge.write(
        lambda tx: publish_policy(tx, policy_id, valid_from=body.valid_from, alone=alone), account_id=account_id
    )
    return answer(_policy(_good(found)))


@router.post("/approval-policies/{policy_id}/end", openapi_extra=permission("approvals.manage"))
def end(policy_id: UUID, body: UntilIn, edge: CallerEdge) -> Response:
    """End what is in force without a version after it. Whoever published it does not end it."""
    account_id = _seen(edge, policy_id).policy.account_id
    alone = "access.manage" in edge.caller.permissions
    found = edge.write(lambda tx: end_policy(tx, policy_id, valid_to=body.valid_to, alone=alone), account_id=account_id)
    return answer(_policy(_good(found)))


def _account(edge: Edge, code: str) -> UUID:
    account_id = edge.read(lambda reader: account_ids(reader, [code])).get(code)
    if account_id is None:
        raise not_found()
    edge.allow(account_id)
    return account_id


def _entity(edge: Edge, code: str) -> UUID:
    found = edge.read(lambda reader: entity_ids(reader, [code])).get(code)
    if found is None:
        raise not_found()
    return found


def _seen(edge: Edge, policy_id: UUID) -> PolicyRow:
    """The policy, where it is the house's own and the caller staff, or of an account the caller may act for."""
    row = edge.database.read(lambda reader: policies_by_id(reader, [policy_id])).get(policy_id)
    if row is None:
        raise not_found()
    account_id = row.policy.account_id
    if edge.visible is not None:
        if row.policy.side != "buyer":
            raise not_found()
        edge.allow(account_id and edge.read(lambda reader: account_seen(reader, account_id)))
    return row


def _tiers(edge: Edge, body: PolicyIn, account_id: UUID | None) -> tuple[Tier, ...]:
    logins = {seat.login for tier in body.tiers for seat in (*tier.any_of, *tier.fallback) if seat.login}
    accounts = () if account_id is None else (account_id,)
    known = edge.database.read(lambda reader: people(reader, accounts=accounts, logins=logins)) if logins else {}
    by_login = {one.login: one for one in known.values() if _may_sit(one, body.side, account_id)}
    problems: list[Problem] = []

    def seats(given: Sequence[SeatIn], where: str) -> tuple[Seat, ...]:
        made: list[Seat] = []
        for place, seat in enumerate(given):
            person = by_login.get(seat.login) if seat.login else None
            if seat.login and person is None:
                problems.append(errors.unknown_person(f"{where}/{place}/login"))
            made.append(
                Seat(seat.role, person.id if person else None, person.name if person else seat.role or "", seat.up_to)
            )
        return tuple(made)

    tiers = tuple(
        Tier(tier.name, tier.need, seats(tier.any_of, f"/tiers/{place}/any_of"), seats(tier.fallback, f"/tiers/{place}/fallback"))
        for place, tier in enumerate(body.tiers)
    )  # fmt: skip
    if problems:
        raise Refused(problems)
    return tiers


def _may_sit(one: Someone, side: str, account_id: UUID | None) -> bool:
    if not one.active:
        return False
    if side == "seller":
        return one.kind == "staff"
    return one.kind == "buyer" and (account_id is None or one.at(account_id).sees)


def _policy(row: PolicyRow) -> dict[str, Any]:
    one = row.policy
    return {
        "id": one.id,
        "code": one.code,
        "version": one.version,
        "name": one.name,
        "status": row.status,
        "side": one.side,
        "account_id": one.account_id,
        "whole_tree": one.whole_tree,
        "legal_entity_id": one.legal_entity_id,
        "condition": one.condition.text,
        "inputs": list(one.condition.inputs),
        "tiers": [policy_tier_json(tier) for tier in one.tiers],
        "tier_order": "sequence" if one.in_sequence else "parallel",
        "distinct_people": one.distinct_people,
        "own_orders": one.own_orders,
        "currency": one.currency,
        "tolerance_percent": plain(one.tolerance),
        "binds": list(one.binds),
        "expire_hours": one.expire_hours,
        "remind_hours": one.remind_hours,
        "escalate_hours": one.escalate_hours,
        "on_expiry": one.on_expiry,
        "pending": one.pending,
        "calendar": one.calendar,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "created_at": row.created_at,
        "published_at": row.published_at,
    }


@router.get("/approval-delegations", openapi_extra=permission("tasks.decide"))
def read_delegations(edge: CallerEdge, after: UUID | None = None, limit: Page = 100) -> Response:
    """Delegations one gave or was given; who manages people sees everybody's."""
    whose = None if "access.manage" in edge.caller.permissions else edge.caller.principal.id
    found = edge.database.read(lambda reader: delegations_of(reader, whose, after=after, limit=limit))
    last = found[-1].id if len(found) == limit else None
    return answer({"delegations": [_delegation(one) for one in found], "next": last})


@router.post("/approval-delegations", status_code=201, openapi_extra=permission("tasks.decide"))
def post_delegation(body: DelegationIn, edge: CallerEdge) -> Response:
    """Let somebody decide in one's place. Whoever stands in needs a role that decides, and decides nothing they ordered."""
    if body.giver is not None and "access.manage" not in edge.caller.permissions:
        raise Refused([forbidden("access.manage")])
    if (body.up_to is None) != (body.currency is None):
        raise Refused([errors.cap_without_currency("")])
    visible = edge.visible
    logins = {body.delegate, *([body.giver] if body.giver else [])}

    def look(reader: Reader) -> dict[str, Someone]:
        found = people(reader, accounts=visible or (), ids=[edge.caller.principal.id], logins=logins)
        return {one.login: one for one in found.values() if one.active}

    known = edge.database.read(look)
    giver = known.get(body.giver or edge.caller.principal.login)
    taker = known.get(body.delegate)
    if giver is None:
        raise Refused([errors.unknown_person("/giver")])
    if taker is None or taker.kind != giver.kind or (visible is not None and not taker.accounts):
        raise Refused([errors.unknown_person("/delegate")])
    order_id = None
    if body.order is not None:
        name = body.order
        seen = edge.read(lambda reader: order_of(reader, name))
        edge.allow(seen and seen[1])
        order_id = seen[0] if seen else None
    new = NewDelegation(
        taker, body.valid_to, body.reason, giver.id, body.valid_from, body.up_to, body.currency, order_id
    )
    (made,) = edge.write(lambda tx: give_delegations(tx, [new]))
    if isinstance(made, Problem):
        raise Refused([made.at(made.where.removeprefix("/0"))])
    return answer(_delegation(made), 201)


@router.delete("/approval-delegations/{delegation_id}", openapi_extra=permission("tasks.decide"))
def delete_delegation(delegation_id: UUID, edge: CallerEdge) -> Response:
    """End a delegation that one gave or was given."""
    whose = None if "access.manage" in edge.caller.permissions else edge.caller.principal.id
    (found,) = edge.write(lambda tx: revoke_delegations(tx, [delegation_id], of=whose))
    if isinstance(found, Problem):
        raise not_found()
    return answer(_delegation(found))


def _delegation(one: DelegationRow) -> dict[str, Any]:
    return {
        "id": one.id,
        "giver": one.giver,
        "delegate": one.taker,
        "order": one.order,
        "up_to": plain(one.cap) if isinstance(one.cap, Decimal) else None,
        "currency": one.currency,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "reason": one.reason,
        "revoked_at": one.revoked_at,
    }


def _good(found: PolicyRow | Problem) -> PolicyRow:
    if isinstance(found, Problem):
        raise Refused([found])
    return found
