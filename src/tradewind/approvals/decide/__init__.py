"""Pure decisions about approvals: what an order needs and why, who may decide now, what a change voids."""

from tradewind.approvals.decide.cover import carry_votes, uncovered
from tradewind.approvals.decide.delegate import check_delegation, voices_of
from tradewind.approvals.decide.inputs import read_condition
from tradewind.approvals.decide.need import applies, bound_inputs, implied_policy, require
from tradewind.approvals.decide.picture import differences, digest_of
from tradewind.approvals.decide.policy import check_policy
from tradewind.approvals.decide.record import tier_from_json, tier_json, tiers_of_policy
from tradewind.approvals.decide.votes import places_for, standing, why_not

__all__ = [
    "applies",
    "bound_inputs",
    "carry_votes",
    "check_delegation",
    "check_policy",
    "differences",
    "digest_of",
    "implied_policy",
    "places_for",
    "read_condition",
    "require",
    "standing",
    "tier_from_json",
    "tier_json",
    "tiers_of_policy",
    "uncovered",
    "voices_of",
    "why_not",
]
