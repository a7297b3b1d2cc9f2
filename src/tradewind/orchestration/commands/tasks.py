"""User tasks: work that waits for a person. Who may do it is decided by role; done, the instance goes on by itself."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader, Tx, dumps
from tradewind.orchestration import errors, events

_COLUMNS = """t.id, t.instance_id, t.name, t.role, t.form, t.subject_type, t.subject_id, t.account_id, t.status, t.opened_at,
  t.due_at, t.claimed_by, t.done_by, t.done_at, t.outcome"""
_OPEN = f"""
select {_COLUMNS} from user_task t
where t.status = 'open' and (%(roles)s::text[] is null or t.role = any(%(roles)s::text[]))
  and (%(accounts)s::uuid[] is null or t.account_id = any(%(accounts)s::uuid[]))
  and (t.opened_at, t.id) > (%(after_at)s, %(after)s)
order by t.opened_at, t.id limit %(limit)s
"""  # noqa: S608 - columns are ours
_BY_ID = f"select {_COLUMNS} from user_task t where t.id = any(%(ids)s::uuid[])"  # noqa: S608 - columns are ours
_OF_SUBJECTS = f"""
select {_COLUMNS} from user_task t where t.subject_id = any(%(subjects)s::uuid[]) and t.status = 'open' order by t.opened_at, t.id
"""  # noqa: S608 - columns are ours
_LOCK = """
select t.id from user_task t join stream_instance i on i.id = t.instance_id
where t.id = any(%(ids)s::uuid[]) order by i.id for no key update of i, t
"""
_CLAIM = """
update user_task t set claimed_by = %(by)s where t.id = any(%(ids)s::uuid[]) and t.status = 'open'
"""
_DONE = """
with done as (
  update user_task t set status = 'done', done_by = %(by)s, done_at = %(now)s, outcome = w.outcome::jsonb
  from unnest(%(ids)s::uuid[], %(outcome)s::text[]) as w(id, outcome)
  where t.id = w.id and t.status = 'open' returning t.instance_id
)
update stream_instance i set wake_at = %(now)s from done where i.id = done.instance_id and i.status = 'running'
"""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands."""

    id: UUID
    instance_id: UUID
    name: str
    role: str
    form: str | None
    subject_type: str
    subject_id: UUID
    account_id: UUID | None
    status: str
    opened_at: datetime
    due_at: datetime | None
    claimed_by: UUID | None
    done_by: UUID | None
    done_at: datetime | None
    outcome: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Completion:
    """Somebody did a task, and what came of it: variables the stream goes on with."""

    task_id: UUID
    outcome: dict[str, Any]


def open_tasks(
    reader: Reader,
    *,
    roles: Collection[str] | None,
    accounts: Sequence[UUID] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[Task]:
    """Open tasks of these roles about these accounts (None: of all), oldest first."""
    first = after or (datetime.min.replace(tzinfo=reader.now.tzinfo), UUID(int=0))
    params = {
        "roles": None if roles is None else list(roles),
        "accounts": None if accounts is None else list(accounts),
        "after_at": first[0],
        "after": first[1],
        "limit": limit,
    }
    return [Task(*row) for row in reader.rows(_OPEN, params)]


def tasks_by_id(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Task]:
    """Tasks, done ones too."""
    return {row[0]: Task(*row) for row in reader.rows(_BY_ID, {"ids": sorted(set(ids))})}


def tasks_about(reader: Reader, subjects: Iterable[UUID]) -> list[Task]:
    """The open tasks about these subjects."""
    return [Task(*row) for row in reader.rows(_OF_SUBJECTS, {"subjects": sorted(set(subjects))})]


def claim_tasks(tx: Tx, ids: Sequence[UUID], *, roles: Collection[str]) -> list[Task | Problem]:
    """Take tasks in the actor's name, so that others see it; whoever holds the role may still complete them."""
    tx.rows(_LOCK, {"ids": list(ids)})
    known = tasks_by_id(tx, ids)
    answers = [_may(known.get(one), roles, f"/{place}") for place, one in enumerate(ids)]
    taken = [one.id for one in answers if isinstance(one, Task)]
    if taken:
        tx.run(_CLAIM, {"ids": taken, "by": tx.actor.principal_id})
    after = tasks_by_id(tx, taken)
    return [after[one.id] if isinstance(one, Task) else one for one in answers]


def complete_tasks(tx: Tx, completions: Sequence[Completion], *, roles: Collection[str]) -> list[Task | Problem]:
    """Complete tasks of these roles; their instances are due at once."""
    tx.rows(_LOCK, {"ids": [one.task_id for one in completions]})
    known = tasks_by_id(tx, [one.task_id for one in completions])
    answers = [_may(known.get(one.task_id), roles, f"/{place}") for place, one in enumerate(completions)]
    done = [one for one, answer in zip(completions, answers, strict=True) if isinstance(answer, Task)]
    finish_tasks(tx, done)
    after = tasks_by_id(tx, [one.task_id for one in done])
    return [after[one.id] if isinstance(one, Task) else one for one in answers]


def finish_tasks(tx: Tx, completions: Sequence[Completion]) -> None:
    """Store outcomes of open tasks whose instances the caller has locked, and wake the instances."""
    if not completions:
        return
    known = tasks_by_id(tx, [one.task_id for one in completions])
    tx.run(
        _DONE,
        {
            "now": tx.now,
            "by": tx.actor.principal_id,
            "ids": [one.task_id for one in completions],
            "outcome": [dumps(one.outcome) for one in completions],
        },
    )
    for one in completions:
        task = known[one.task_id]
        tx.emit(
            events.task_done(
                task_id=task.id,
                name=task.name,
                subject=(task.subject_type, task.subject_id),
                account_id=task.account_id,
                outcome=one.outcome,
            )
        )


def _may(task: Task | None, roles: Collection[str], where: str) -> Task | Problem:
    if task is None or task.role not in roles:
        return errors.unknown_task(where)
    if task.status != "open":
        return errors.task_over(task.status, where)
    return task
