"""Repair: incidents retried or given up, paused steps resumed; by a person, with a reason, on the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.limits import PAGE
from tradewind.kernel.locks import LockKind, lock_set
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Event, Reader, Tx
from tradewind.orchestration import errors

_COLUMNS = """n.id, n.instance_id, n.step, n.kind, n.code, n.message, n.opened_at, n.resolved_at, n.resolution, i.stream,
  i.subject_type, i.subject_id, i.account_id, i.attempts"""
_OPEN = f"""
select {_COLUMNS} from incident n left join stream_instance i on i.id = n.instance_id
where n.resolved_at is null and (n.opened_at, n.id) > (%(after_at)s, %(after)s)
order by n.opened_at, n.id limit %(limit)s
"""  # noqa: S608 - columns are ours
_BY_ID = f"""
select {_COLUMNS} from incident n left join stream_instance i on i.id = n.instance_id where n.id = any(%(ids)s::uuid[])
"""  # noqa: S608 - columns are ours
_INSTANCES = "select distinct instance_id from incident where id = any(%(ids)s::uuid[]) and instance_id is not null"
LOCK_INSTANCES = LockKind(
    "instance",
    "select i.id from unnest(%(keys)s::uuid[]) as w(id) join stream_instance i on i.id = w.id order by i.id for no key update of i",
)
_RESOLVE = """
update incident n set resolved_at = %(now)s, resolved_by = %(by)s, resolution = %(how)s
where (n.id = any(%(ids)s::uuid[]) or n.instance_id = any(%(instances)s::uuid[])) and n.resolved_at is null
"""
_RESOLVE_OF = """
update incident n set resolved_at = %(now)s, resolved_by = %(by)s, resolution = w.how
from unnest(%(instances)s::uuid[], %(how)s::text[]) as w(id, how)
where n.instance_id = w.id and n.resolved_at is null returning n.id, n.instance_id, n.step, n.code
"""
_RETRY = """
update stream_instance i set status = 'running', wake_at = %(now)s where i.id = any(%(ids)s::uuid[]) and i.status = 'incident'
"""
WAIT_ANEW = """
update stream_wait set since = %(now)s, expires_at = %(now)s + (expires_at - since)
where instance_id = any(%(ids)s::uuid[]) and expires_at <= %(now)s
"""
_GIVE_UP = """
with gone as (
  update stream_instance i set status = 'cancelled', wake_at = null, moved_at = %(now)s, ended_at = %(now)s
  where i.id = any(%(ids)s::uuid[]) and i.status in ('incident', 'running') returning i.id
), waits as (
  delete from stream_wait w using gone where w.instance_id = gone.id
)
update user_task t set status = 'cancelled', done_at = %(now)s from gone where t.instance_id = gone.id and t.status = 'open'
"""
_PAUSED = """
select p.step, p.paused_at, p.incident_id, n.message from step_pause p join incident n on n.id = p.incident_id order by p.step
"""
_RESUME = "delete from step_pause where step = any(%(steps)s::text[]) returning step, incident_id"


@dataclass(frozen=True, slots=True)
class Incident:
    """What the engine could not do. `stream` and subject are those of the instance, where it is about one."""

    id: UUID
    instance_id: UUID | None
    step: str | None
    kind: str
    code: str
    message: str
    opened_at: datetime
    resolved_at: datetime | None
    resolution: str | None
    stream: str | None
    subject_type: str | None
    subject_id: UUID | None
    account_id: UUID | None
    attempts: int | None


@dataclass(frozen=True, slots=True)
class Pause:
    """A step that is paused, since when and why."""

    step: str
    paused_at: datetime
    incident_id: UUID
    message: str


def open_incidents(reader: Reader, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE) -> list[Incident]:
    """Open incidents, oldest first."""
    first = after or (datetime.min.replace(tzinfo=reader.now.tzinfo), UUID(int=0))
    params = {"after_at": first[0], "after": first[1], "limit": limit}
    return [Incident(*row) for row in reader.rows(_OPEN, params)]


def incidents_by_id(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Incident]:
    """Incidents, resolved ones too."""
    return {row[0]: Incident(*row) for row in reader.rows(_BY_ID, {"ids": list(ids)})}


def paused_steps(reader: Reader) -> list[Pause]:
    """The steps the crank leaves alone."""
    return [Pause(*row) for row in reader.rows(_PAUSED)]


def retry_incidents(tx: Tx, ids: Sequence[UUID], *, reason: str) -> list[Incident | Problem]:
    """Let the instances behind incidents try again; an incident without an instance is only noted as seen."""
    return _end(tx, ids, reason=reason, verb="retried", sql=_RETRY)


def cancel_incidents(tx: Tx, ids: Sequence[UUID], *, reason: str) -> list[Incident | Problem]:
    """Give up the instances behind incidents: they end without reaching their end. The subject stays as it is."""
    return _end(tx, ids, reason=reason, verb="cancelled", sql=_GIVE_UP)


def _end(tx: Tx, ids: Sequence[UUID], *, reason: str, verb: str, sql: str) -> list[Incident | Problem]:
    instances = [row[0] for row in tx.rows(_INSTANCES, {"ids": list(ids)})]
    lock_set(tx, [(LOCK_INSTANCES, instances)])
    known = incidents_by_id(tx, ids)
    answers = [_may(known.get(one), f"/{place}") for place, one in enumerate(ids)]
    good = [one for one in answers if isinstance(one, Incident)]
    chosen = [one.instance_id for one in good if one.instance_id is not None]
    tx.run(sql, {"now": tx.now, "ids": chosen})
    if sql is _RETRY:
        tx.run(WAIT_ANEW, {"now": tx.now, "ids": chosen})
    how = {"now": tx.now, "by": tx.actor.principal_id, "how": f"{verb}: {reason}"}
    tx.run(_RESOLVE, {**how, "ids": [one.id for one in good], "instances": chosen})
    for one in good:
        tx.emit(_resolved(one, verb=verb, reason=reason))
    after = incidents_by_id(tx, [one.id for one in good])
    return [after[one.id] if isinstance(one, Incident) else one for one in answers]


def resolve_of_instances(tx: Tx, instances: Mapping[UUID, str], *, reason: str) -> None:
    """The open incidents of instances are resolved by what was done to them (a verb); the caller holds the instances."""
    if not instances:
        return
    columns = {"instances": list(instances), "how": [f"{verb}: {reason}" for verb in instances.values()]}
    for incident_id, instance_id, step, code in tx.rows(
        _RESOLVE_OF, {"now": tx.now, "by": tx.actor.principal_id, **columns}
    ):
        payload = {"code": code, "resolution": instances[instance_id], "reason": reason, "step": step}
        objects = (("stream_instance", instance_id, "instance"),)
        tx.emit(Event("incident.resolved", "incident", incident_id, payload, None, objects))


def resume_steps(tx: Tx, steps: Sequence[str], *, reason: str) -> list[str | Problem]:
    """Let paused steps run again; their incidents are resolved with the reason."""
    resumed: dict[str, UUID] = dict(tx.rows(_RESUME, {"steps": list(steps)}))
    how: dict[str, Any] = {"now": tx.now, "by": tx.actor.principal_id, "how": f"resumed: {reason}"}
    tx.run(_RESOLVE, {**how, "ids": list(resumed.values()), "instances": []})
    for step, incident_id in resumed.items():
        payload = {"step": step, "reason": reason, "resolution": "resumed"}
        tx.emit(Event("incident.resolved", "incident", incident_id, payload))
    return [step if step in resumed else errors.not_paused(step, f"/{place}") for place, step in enumerate(steps)]


def _may(found: Incident | None, where: str) -> Incident | Problem:
    if found is None:
        return errors.unknown_incident(where)
    if found.resolved_at is not None:
        return errors.incident_over(found.resolution or "", where)
    return found


def _resolved(one: Incident, *, verb: str, reason: str) -> Event:
    objects = () if one.instance_id is None else (("stream_instance", one.instance_id, "instance"),)
    payload = {"code": one.code, "resolution": verb, "reason": reason, "step": one.step}
    return Event("incident.resolved", "incident", one.id, payload, one.account_id, objects)
