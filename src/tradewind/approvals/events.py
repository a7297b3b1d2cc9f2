"""The facts of this capability. What is decided about orders is said as facts of the orders, by who decides it."""

from uuid import UUID

from tradewind.approvals.model import Policy
from tradewind.kernel.tx import Event


def policy_drafted(policy_id: UUID, policy: Policy) -> Event:
    """`approval_policy.drafted`: a version was written; it is not in force."""
    return _of("approval_policy.drafted", policy_id, policy)


def policy_published(policy_id: UUID, policy: Policy) -> Event:
    """`approval_policy.published`: a version is in force from `valid_from` on, and the one before ends there."""
    return _of("approval_policy.published", policy_id, policy)


def policy_ended(policy_id: UUID, policy: Policy) -> Event:
    """`approval_policy.ended`: a version ends at `valid_to` and none follows it."""
    return _of("approval_policy.ended", policy_id, policy)


def _of(kind: str, policy_id: UUID, policy: Policy) -> Event:
    payload = {
        "code": policy.code,
        "version": policy.version,
        "name": policy.name,
        "condition": policy.condition.text,
        "valid_from": policy.valid_from and policy.valid_from.isoformat(),
        "valid_to": policy.valid_to and policy.valid_to.isoformat(),
    }
    return Event(kind, "approval_policy", policy_id, payload, policy.account_id)


def delegation_given(delegation_id: UUID, giver: UUID, taker: UUID, *, valid_to: str, cap: str | None) -> Event:
    """`approval_delegation.given`: somebody decides for somebody else until then, up to that amount."""
    payload = {"giver": str(giver), "taker": str(taker), "valid_to": valid_to, "cap": cap}
    return Event("approval_delegation.given", "approval_delegation", delegation_id, payload)


def delegation_revoked(delegation_id: UUID, giver: UUID, taker: UUID) -> Event:
    """`approval_delegation.revoked`: nobody is stood in for any more."""
    payload = {"giver": str(giver), "taker": str(taker)}
    return Event("approval_delegation.revoked", "approval_delegation", delegation_id, payload)
