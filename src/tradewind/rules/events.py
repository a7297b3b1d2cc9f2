"""The facts of rule sets: their acts, on the log beside the history."""

from uuid import UUID

from tradewind.kernel.tx import Event
from tradewind.kernel.versions import Act, Verb

DRAFTED = "rule_version.drafted"
EDITED = "rule_version.edited"
SUBMITTED = "rule_version.submitted"
SENT_BACK = "rule_version.sent_back"
REVIEWED = "rule_version.reviewed"
PUBLISHED = "rule_version.published"
WITHDRAWN = "rule_version.withdrawn"
ROLLED_BACK = "rule_version.rolled_back"
ENDED = "rule_version.ended"
_TYPES = {
    Verb.DRAFT: DRAFTED,
    Verb.EDIT: EDITED,
    Verb.SUBMIT: SUBMITTED,
    Verb.SEND_BACK: SENT_BACK,
    Verb.REVIEW: REVIEWED,
    Verb.PUBLISH: PUBLISHED,
    Verb.WITHDRAW: WITHDRAWN,
    Verb.ROLL_BACK: ROLLED_BACK,
    Verb.END: ENDED,
}


def rule_set_created(rule_set_id: UUID, code: str, point: str, scope: tuple[str, ...]) -> Event:
    """`rule_set.created`: a rule set under a code, for a decision point and a scope (segment, category, region, channel)."""
    return Event("rule_set.created", "rule_set", rule_set_id, {"code": code, "point": point, "scope": list(scope)})


def rule_set_named(rule_set_id: UUID, code: str, name: str, owner: str) -> Event:
    """`rule_set.named`: a rule set is called something else, or somebody else owns it."""
    return Event("rule_set.named", "rule_set", rule_set_id, {"code": code, "name": name, "owner": owner})


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
