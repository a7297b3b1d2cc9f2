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
