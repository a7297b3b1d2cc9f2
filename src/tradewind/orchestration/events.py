"""The facts of this capability."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.tx import Event
from tradewind.kernel.versions import Act


def advanced(
    *,
    instance_id: UUID,
    stream: str,
    version: int,
    subject: tuple[str, UUID],
    account_id: UUID | None,
    steps: list[list[str]],
    trail: list[str],
    ended: bool,
) -> Event:
    """`stream.advanced`: what an instance did in one turn; each step with its start and end, so that waiting and working
    time can be told apart."""
    payload: dict[str, Any] = {
        "stream": stream,
        "version": version,
        "instance": str(instance_id),
        "trail": trail,
        "ended": ended,
        "steps": steps,
    }
    return Event(
        "stream.advanced", subject[0], subject[1], payload, account_id, (("stream_instance", instance_id, "instance"),)
    )


def incident_opened(*, incident_id: UUID, instance_id: UUID | None, code: str, message: str) -> Event:
    """`incident.opened`: something the engine could not do."""
    return Event(
        "incident.opened", "incident", incident_id, {"code": code, "message": message, "instance": str(instance_id)}
    )


def task_done(
    *, task_id: UUID, name: str, subject: tuple[str, UUID], account_id: UUID | None, outcome: dict[str, Any]
) -> Event:
    """`task.done`: a person decided."""
    return Event(
        "task.done",
        subject[0],
        subject[1],
        {"task": str(task_id), "name": name, "outcome": outcome},
        account_id,
        (("user_task", task_id, "task"),),
    )


def version_changed(event_id: UUID, *, stream: str, act: Act, in_force: int | None) -> Event:
    """`stream.version_changed`: somebody moved a version on its way; `in_force` is the version that new instances begin with."""
    payload: dict[str, Any] = {
        "stream": stream, "version": act.no, "act": act.verb.value, "reason": act.reason, "in_force": in_force,
        "effective": act.effective and act.effective.isoformat(),
    }  # fmt: skip
    return Event("stream.version_changed", "stream", event_id, payload)


def task_handed(
    task_id: UUID,
    *,
    name: str,
    subject: tuple[str, UUID],
    account_id: UUID | None,
    was: UUID | None,
    now: UUID | None,
    reason: str,
) -> Event:
    """`task.handed`: a task went from one person (or the pool) to another (or back)."""
    payload: dict[str, Any] = {
        "task": str(task_id), "name": name, "from": was and str(was), "to": now and str(now), "reason": reason,
    }  # fmt: skip
    return Event("task.handed", subject[0], subject[1], payload, account_id, (("user_task", task_id, "task"),))


def task_reminded(
    task_id: UUID, *, name: str, subject: tuple[str, UUID], account_id: UUID | None, role: str, person: UUID | None
) -> Event:
    """`task.reminded`: a task has waited so long that whoever does it is reminded."""
    payload: dict[str, Any] = {"task": str(task_id), "name": name, "role": role, "claimed_by": person and str(person)}
    return Event("task.reminded", subject[0], subject[1], payload, account_id, (("user_task", task_id, "task"),))


def task_escalated(
    task_id: UUID, *, name: str, subject: tuple[str, UUID], account_id: UUID | None, role: str, to: str | None
) -> Event:
    """`task.escalated`: a task has waited too long; from now on people of the role `to` may do it as well."""
    payload: dict[str, Any] = {"task": str(task_id), "name": name, "role": role, "to": to}
    return Event("task.escalated", subject[0], subject[1], payload, account_id, (("user_task", task_id, "task"),))


def task_link_made(
    task_id: UUID,
    *,
    link: UUID,
    name: str,
    subject: tuple[str, UUID],
    account_id: UUID | None,
    person: UUID,
    expires_at: datetime,
) -> Event:
    """`task.link_made`: one person can do one task once, by a link."""
    payload: dict[str, Any] = {
        "task": str(task_id), "name": name, "link": str(link), "person": str(person), "expires_at": expires_at.isoformat(),
    }  # fmt: skip
    return Event("task.link_made", subject[0], subject[1], payload, account_id, (("user_task", task_id, "task"),))


def repaired(
    *,
    instance_id: UUID,
    stream: str,
    version: int,
    subject: tuple[str, UUID],
    account_id: UUID | None,
    act: str,
    reason: str,
    **more: Any,
) -> Event:
    """`stream.repaired`: a person changed where an instance stands (retry, skip, move, put, cancel, migrate), and says why."""
    payload: dict[str, Any] = {
        "instance": str(instance_id), "stream": stream, "version": version, "act": act, "reason": reason, **more,
    }  # fmt: skip
    return Event(
        "stream.repaired", subject[0], subject[1], payload, account_id, (("stream_instance", instance_id, "instance"),)
    )


def woken(
    *, instance_id: UUID, stream: str, version: int, subject: tuple[str, UUID], account_id: UUID | None, why: str
) -> Event:
    """`stream.woken`: an instance that stood still by a fault of ours was woken; `why` names what was overlooked."""
    payload = {"instance": str(instance_id), "stream": stream, "version": version, "why": why}
    return Event(
        "stream.woken", subject[0], subject[1], payload, account_id, (("stream_instance", instance_id, "instance"),)
    )


def at_risk(
    *,
    instance_id: UUID,
    stream: str,
    subject: tuple[str, UUID],
    account_id: UUID | None,
    promised_at: datetime,
    expected_at: datetime,
    reasons: list[dict[str, Any]],
) -> Event:
    """`promise.at_risk`: at the pace of the past, what was promised will be late; `reasons` are what takes longest, in seconds."""
    payload = {
        "instance": str(instance_id), "stream": stream, "promised_at": promised_at.isoformat(),
        "expected_at": expected_at.isoformat(), "reasons": reasons,
    }  # fmt: skip
    return Event(
        "promise.at_risk", subject[0], subject[1], payload, account_id, (("stream_instance", instance_id, "instance"),)
    )


def escalation_policy_set(
    event_id: UUID, *, stream: str, pace: str, ahead_minutes: int, role: str, active: bool
) -> Event:
    """`escalation.policy_set`: somebody said anew how a stream is looked ahead, and whose inbox says what will be late."""
    payload = {"stream": stream, "pace": pace, "ahead_minutes": ahead_minutes, "role": role, "active": active}
    return Event("escalation.policy_set", "stream", event_id, payload)
