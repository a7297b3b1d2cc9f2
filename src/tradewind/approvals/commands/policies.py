"""Writes of policies: drafts may be rewritten, what was published is superseded, never edited."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.approvals import errors, events
from tradewind.approvals.decide import check_policy, read_condition
from tradewind.approvals.decide.record import policy_tier_json
from tradewind.approvals.model import Condition, Policy, Tier
from tradewind.approvals.queries.policies import PolicyRow, policies_by_id, versions_of
from tradewind.calendars.queries import calendars_by_code
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx, dumps

_LOCK = "select pg_advisory_xact_lock(hashtext('approval_policy'), hashtext(code)) from unnest(%(codes)s::text[]) code order by code"
_INSERT = """
insert into approval_policy (id, code, version, name, side, account_id, whole_tree, legal_entity_id, condition, tiers, tier_order,
  distinct_people, own_orders, currency, tolerance_percent, binds, expire_hours, remind_hours, escalate_hours, on_expiry, pending,
  status, created_by, created_at, calendar)
values (%(id)s, %(code)s, %(version)s, %(name)s, %(side)s, %(account)s, %(tree)s, %(entity)s, %(condition)s, %(tiers)s::jsonb,
  %(order)s, %(distinct)s, %(own)s, %(currency)s, %(tolerance)s, %(binds)s::text[], %(expire)s, %(remind)s, %(escalate)s,
  %(on_expiry)s, %(pending)s, 'draft', %(by)s, %(now)s, %(calendar)s)
"""
_REWRITE = """
update approval_policy set name = %(name)s, condition = %(condition)s, tiers = %(tiers)s::jsonb, tier_order = %(order)s,
  distinct_people = %(distinct)s, own_orders = %(own)s, currency = %(currency)s, tolerance_percent = %(tolerance)s,
  binds = %(binds)s::text[], expire_hours = %(expire)s, remind_hours = %(remind)s, escalate_hours = %(escalate)s,
  on_expiry = %(on_expiry)s, pending = %(pending)s, created_by = %(by)s, created_at = %(now)s, calendar = %(calendar)s
where id = %(id)s and status = 'draft'
"""
_END_EARLIER = """
update approval_policy set valid_to = %(at)s
where code = %(code)s and status = 'published' and (valid_to is null or valid_to > %(at)s)
"""
_PUBLISH = """
update approval_policy set status = 'published', valid_from = %(at)s, valid_to = null, published_by = %(by)s, published_at = %(now)s
where id = %(id)s and status = 'draft'
"""
_END = "update approval_policy set valid_to = %(at)s where id = %(id)s and status = 'published'"
# Processes keep what is in force under the highest number they have seen; every change of it makes a higher one.
_NEXT = "update legal_entity set approval_epoch = approval_epoch + 1"


def draft_policy(tx: Tx, policy: Policy, condition: str) -> PolicyRow | list[Problem]:
    """Write a new version of a policy under its code; a draft there is already is rewritten. `condition` is the text to read;
    id, version and condition of `policy` are filled in. Scope and side belong to the code for good."""
    tx.rows(_LOCK, {"codes": [policy.code]})
    versions = versions_of(tx, [policy.code]).get(policy.code, [])
    problems = _problems(policy, condition, versions)
    if policy.calendar and policy.calendar not in calendars_by_code(tx):
        problems.append(errors.unknown_calendar(policy.calendar))
    if problems:
        return problems
    read = read_condition(condition)
    assert isinstance(read, Condition)
    last = versions[-1] if versions else None
    again = last is not None and last.status == "draft"
    number = 1 if last is None else last.policy.version + (0 if again else 1)
    policy_id = last.policy.id if last is not None and again else tx.ids.new()
    assert policy_id is not None
    policy = replace(policy, id=policy_id, version=number, condition=read)
    tx.run(_REWRITE if again else _INSERT, _columns(tx, policy))
    tx.emit(events.policy_drafted(policy_id, policy))
    return policies_by_id(tx, [policy_id])[policy_id]


def _problems(policy: Policy, condition: str, versions: Sequence[PolicyRow]) -> list[Problem]:
    found = check_policy(
        condition,
        policy.tiers,
        side=policy.side,
        currency=policy.currency,
        binds=policy.binds,
        hours=(policy.expire_hours, policy.remind_hours, policy.escalate_hours),
    )
    if versions and _scope(versions[0].policy) != _scope(policy):
        found.append(errors.code_taken(policy.code))
    return found


def _scope(policy: Policy) -> tuple[Any, ...]:
    return policy.side, policy.account_id, policy.whole_tree, policy.legal_entity_id


def _columns(tx: Tx, policy: Policy) -> dict[str, Any]:
    tiers: tuple[Tier, ...] = policy.tiers
    return {
        "id": policy.id,
        "code": policy.code,
        "version": policy.version,
        "name": policy.name,
        "side": policy.side,
        "account": policy.account_id,
        "tree": policy.whole_tree,
        "entity": policy.legal_entity_id,
        "condition": policy.condition.text,
        "tiers": dumps([policy_tier_json(tier) for tier in tiers]),
        "order": "sequence" if policy.in_sequence else "parallel",
        "distinct": policy.distinct_people,
        "own": policy.own_orders,
        "currency": policy.currency,
        "tolerance": policy.tolerance,
        "binds": list(policy.binds),
        "expire": policy.expire_hours,
        "remind": policy.remind_hours,
        "escalate": policy.escalate_hours,
        "on_expiry": policy.on_expiry,
        "pending": policy.pending,
        "calendar": policy.calendar,
        "by": tx.actor.principal_id,
        "now": tx.now,
    }


def publish_policy(
    tx: Tx, policy_id: UUID, *, valid_from: datetime | None = None, alone: bool = False
) -> PolicyRow | Problem:
    """Put a draft in force from an instant on (now, where none is said); the version before ends there. What was asked before
    stays as it was asked. Whoever wrote it does not publish it, unless they may act `alone`."""
    row = policies_by_id(tx, [policy_id]).get(policy_id)
    if row is None:
        return errors.unknown_policy()
    tx.rows(_LOCK, {"codes": [row.policy.code]})
    row = policies_by_id(tx, [policy_id])[policy_id]
    if row.status != "draft":
        return errors.published(row.policy.code, row.policy.version)
    if not alone and row.created_by == tx.actor.principal_id:
        return errors.own_policy(row.policy.code, row.policy.version)
    at = valid_from or tx.now
    if at < tx.now:
        return errors.from_the_past()
    others = versions_of(tx, [row.policy.code])[row.policy.code]
    if any(one.policy.valid_from is not None and one.policy.valid_from >= at for one in others):
        return errors.later_version(row.policy.code)
    tx.run(_END_EARLIER, {"at": at, "code": row.policy.code})
    tx.run(_PUBLISH, {"id": policy_id, "at": at, "by": tx.actor.principal_id, "now": tx.now})
    tx.run(_NEXT)
    found = policies_by_id(tx, [policy_id])[policy_id]
    tx.emit(events.policy_published(policy_id, found.policy))
    return found


def end_policy(
    tx: Tx, policy_id: UUID, *, valid_to: datetime | None = None, alone: bool = False
) -> PolicyRow | Problem:
    """End what is in force, at an instant (now, where none is said); orders that wait already go on waiting. Whoever published
    it does not end it, unless they may act `alone`."""
    row = policies_by_id(tx, [policy_id]).get(policy_id)
    if row is None:
        return errors.unknown_policy()
    tx.rows(_LOCK, {"codes": [row.policy.code]})
    row = policies_by_id(tx, [policy_id])[policy_id]
    at = valid_to or tx.now
    if row.status != "published" or (row.policy.valid_to is not None and row.policy.valid_to <= tx.now):
        return errors.not_published(row.policy.code, row.policy.version)
    if not alone and row.published_by == tx.actor.principal_id:
        return errors.own_policy(row.policy.code, row.policy.version)
    if at < tx.now:
        return errors.from_the_past("/valid_to")
    assert row.policy.valid_from is not None
    tx.run(_END, {"id": policy_id, "at": max(at, row.policy.valid_from)})
    tx.run(_NEXT)
    found = policies_by_id(tx, [policy_id])[policy_id]
    tx.emit(events.policy_ended(policy_id, found.policy))
    return found
