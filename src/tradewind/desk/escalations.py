"""Looking ahead: what will be late at the pace of the past is escalated before it is, where a policy says so."""

from datetime import timedelta
from typing import Any

from tradewind.kernel.tx import Tx
from tradewind.orchestration.commands.escalations import Escalation, escalate, escalation_policies
from tradewind.streams.promises import Risk, at_risk


def reasons_of(risk: Risk) -> list[dict[str, Any]]:
    """What takes longest until the end of an instance, longest first, in seconds."""
    return [
        {"element": one.element, "name": one.name, "seconds": one.milliseconds // 1000} for one in risk.reasons[:10]
    ]


def look_ahead(tx: Tx) -> tuple[int, int]:
    """Escalate what will be late, stream by stream, and close what is over. Gives (opened, closed)."""
    opened = closed = 0
    for policy in escalation_policies(tx):
        found = (
            at_risk(tx, policy.stream, pace=policy.pace, ahead=timedelta(minutes=policy.ahead_minutes))
            if policy.active
            else []
        )
        late = [Escalation(one.instance, one.promised_at, one.expected_at, reasons_of(one)) for one in found]
        came, went = escalate(tx, policy, late)
        opened, closed = opened + came, closed + went
    return opened, closed
