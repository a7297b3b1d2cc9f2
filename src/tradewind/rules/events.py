"""The facts of rule sets: their acts, on the log beside the history."""

from uuid import UUID

from tradewind.kernel.tx import Event
from tradewind.kernel.versions import Act, Verb

_TYPES = {
    Verb.DRAFT: "rule_version.drafted",
    Verb.EDIT: "rule_version.edited",
    Verb.SUBMIT: "rule_version.submitted",
    Verb.SEND_BACK: "rule_version.sent_back",
    Verb.REVIEW: "rule_version.reviewed",
    Verb.PUBLISH: "rule_version.published",
    Verb.WITHDRAW: "rule_version.withdrawn",
    Verb.ROLL_BACK: "rule_version.rolled_back",
    Verb.END: "rule_version.ended",
}


def rule_set_created(rule_set_id: UUID, code: str, point: str, scope: tuple[str, ...]) -> Event:
    """`rule_set.created`: a rule set under a code, for a decision point and a scope (segment, category, region, channel)."""
    return Event("rule_set.created", "rule_set", rule_set_id, {"code": code, "point": point, "scope": list(scope)})


def rule_version_acted(rule_set_id: UUID, code: str, act: Act, digest: bytes) -> Event:
    """What somebody did to a version: `rule_version.drafted`, `.published`, …; of a rollback, the version gone back to."""
    payload = {
        "code": code,
        "version": act.no,
        "reason": act.reason,
        "effective": act.effective and act.effective.isoformat(),
        "digest": digest.hex(),
    }
    return Event(_TYPES[act.verb], "rule_set", rule_set_id, payload)
