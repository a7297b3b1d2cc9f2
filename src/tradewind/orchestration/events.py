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
    steps: list[tuple[str, datetime, datetime]],
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
        "steps": [[name, start.isoformat(), end.isoformat()] for name, start, end in steps],
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
    task_id: UUID, *, link: UUID, name: str, subject: tuple[str, UUID], account_id: UUID | None, person: UUID, expires_at: datetime
) -> Event:
    """`task.link_made`: one person can do one task once, by a link."""
    payload: dict[str, Any] = {
        "task": str(task_id), "name": name, "link": str(link), "person": str(person), "expires_at": expires_at.isoformat(),
    }  # fmt: skip
    return Event("task.link_made", subject[0], subject[1], payload, account_id, (("user_task", task_id, "task"),))
