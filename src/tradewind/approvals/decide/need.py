"""Which tiers an order needs, and why: the policies that apply, their conditions on the order's facts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from tradewind.approvals.decide.inputs import read_condition
from tradewind.approvals.model import Condition, Patience, Policy, RequiredTier, Requirement, Seat, Tier
from tradewind.kernel.money import plain

LONGEST_VALUE = 120


def applies(policy: Policy, *, ancestors: Sequence[UUID], legal_entity_id: UUID, now: datetime) -> bool:
    """Whether a policy is in force for an account (`ancestors` starts with itself) of a legal entity."""
    if policy.valid_from is not None and policy.valid_from > now:
        return False
    if policy.valid_to is not None and policy.valid_to <= now:
        return False
    if policy.legal_entity_id is not None and policy.legal_entity_id != legal_entity_id:
        return False
    if policy.account_id is None:
        return True
    return policy.account_id in ancestors if policy.whole_tree else policy.account_id == ancestors[0]


@lru_cache(maxsize=4_096)
def implied_policy(above: Decimal) -> Policy:
    """The rule an account carries itself: orders above an amount need one approver. It keeps the account's own time."""
    condition = read_condition(f"total > {plain(above)}")
    assert isinstance(condition, Condition)
    tier = Tier("Approval", 1, (Seat(role="approver", name="approver"),))
    return Policy(
        None, "approval_above", 0, f"orders above {plain(above)} need an approval", "buyer", condition, (tier,)
    )


def require(facts: Mapping[str, Any], content: Mapping[str, Any], policies: Iterable[Policy]) -> Requirement:
    """Every tier of every policy whose condition holds. `facts` are what conditions read, `content` what decisions bind to.

    A condition without a value (a fact that is missing) counts as met: what cannot be judged is looked at by a person.
    """
    met = [policy for policy in policies if policy.condition.expression.evaluate(facts) is not False]
    tiers: list[RequiredTier] = []
    for policy in met:
        first = len(tiers) + 1
        reads = {name: _value(facts, name) for name in policy.condition.inputs}
        inputs = bound_inputs(policy, content)
        for number, tier in enumerate(policy.tiers, 1):
            no = first + number - 1
            tiers.append(
                RequiredTier(
                    no,
                    policy.id,
                    policy.code,
                    policy.version,
                    number,
                    policy.side,
                    tier.name,
                    tier.need,
                    tier.seats,
                    tier.fallback,
                    tuple(range(first, no)) if policy.in_sequence else (),
                    policy.distinct_people,
                    policy.own_orders,
                    policy.currency,
                    policy.tolerance,
                    _reason(policy, reads),
                    policy.condition.text,
                    reads,
                    inputs,
                )
            )
    if not met:
        return Requirement()
    return Requirement(
        tuple(tiers),
        min(policy.expire_hours for policy in met),
        min((policy.remind_hours for policy in met if policy.remind_hours is not None), default=None),
        min((policy.escalate_hours for policy in met if policy.escalate_hours is not None), default=None),
        "cancel" if any(policy.on_expiry == "cancel" for policy in met) else "hold",
        "recheck" if any(policy.pending == "recheck" for policy in met) else "hold",
        tuple(_patience(policy) for policy in met) if any(policy.calendar for policy in met) else (),
    )


def _patience(policy: Policy) -> Patience:
    return Patience(policy.calendar, policy.expire_hours, policy.remind_hours, policy.escalate_hours)


def bound_inputs(policy: Policy, content: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of the content that decisions under a policy stand or fall with: always the total, what it binds, and what
    its condition reads."""
    names = {"total", *policy.binds, *policy.condition.reads}
    return {name: content[name] for name in sorted(names) if name in content}


def _value(facts: Mapping[str, Any], name: str) -> Any:
    base, _, member = name.partition(".")
    found = facts.get(base)
    return [one.get(member) for one in found] if member and isinstance(found, list) else found


def _reason(policy: Policy, reads: Mapping[str, Any]) -> str:
    seen = ", ".join(f"{name} = {_shown(value)}" for name, value in reads.items())
    return f"{policy.name} ({policy.label}): {policy.condition.text}" + (f", with {seen}" if seen else "")


def _shown(value: Any) -> str:
    text = plain(value) if isinstance(value, Decimal) else "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)  # fmt: skip
    if isinstance(value, list):
        text = f"[{', '.join(_shown(one) for one in value)}]"
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
