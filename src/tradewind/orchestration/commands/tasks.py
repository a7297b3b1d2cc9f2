"""User tasks: work that waits for a person. Who may do it is decided by role; done, the instance goes on by itself."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tradewind.kernel.limits import PAGE
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Reader, Tx
from tradewind.orchestration import errors, events
from tradewind.orchestration.decide.forms import Form, check_outcome, read_form
from tradewind.orchestration.decide.state_json import values_json, values_read

_COLUMNS = """t.id, t.instance_id, t.name, t.role, t.form, t.subject_type, t.subject_id, t.account_id, t.status, t.opened_at,
  t.due_at, t.claimed_by, t.done_by, t.done_at, t.outcome, t.assigned_by, t.remind_at, t.escalate_at, t.escalated_at,
  t.escalate_role"""
_OPEN = f"""
select {_COLUMNS} from user_task t
where t.status = 'open' and (%(roles)s::text[] is null or t.role = any(%(roles)s::text[])
  or t.escalated_at is not null and t.escalate_role = any(%(roles)s::text[]))
  and (%(mine)s::uuid is null or t.claimed_by = %(mine)s) and (%(free)s::bool is null or (t.claimed_by is null) = %(free)s)
  and (%(late)s::bool is null or (coalesce(t.due_at <= %(now)s, false)) = %(late)s)
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
_HAND = """
update user_task t set claimed_by = w.person, assigned_by = %(by)s
from unnest(%(ids)s::uuid[], %(people)s::uuid[]) as w(id, person) where t.id = w.id and t.status = 'open'
"""
_FORMS = "select code, title, fields from task_form where code = any(%(codes)s::text[])"
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
    assigned_by: UUID | None = None
    remind_at: datetime | None = None
    escalate_at: datetime | None = None
    escalated_at: datetime | None = None
    escalate_role: str | None = None

    def is_for(self, roles: Collection[str]) -> bool:
        """Whether it is a task of one of these roles: its own, or the one that it was escalated to."""
        return self.role in roles or (self.escalated_at is not None and self.escalate_role in roles)


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
    mine: UUID | None = None,
    free: bool | None = None,
    late: bool | None = None,
) -> list[Task]:
    """Open tasks of these roles about these accounts (None: of all), oldest first; only those that `mine` has claimed, that are
    `free` (or taken), or `late` (or not yet), where one asks for that."""
    first = after or (datetime.min.replace(tzinfo=reader.now.tzinfo), UUID(int=0))
    params = {
        "roles": None if roles is None else list(roles),
        "accounts": None if accounts is None else list(accounts),
        "after_at": first[0],
        "after": first[1],
        "limit": limit,
        "mine": mine,
        "free": free,
        "late": late,
        "now": reader.now,
    }
    return [_task(row) for row in reader.rows(_OPEN, params)]


def tasks_by_id(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Task]:
    """Tasks, done ones too."""
    return {row[0]: _task(row) for row in reader.rows(_BY_ID, {"ids": sorted(set(ids))})}


def tasks_about(reader: Reader, subjects: Iterable[UUID]) -> list[Task]:
    """The open tasks about these subjects."""
    return [_task(row) for row in reader.rows(_OF_SUBJECTS, {"subjects": sorted(set(subjects))})]


def _task(row: tuple[Any, ...]) -> Task:
    task = Task(*row)
    return task if task.outcome is None else replace(task, outcome=values_read(task.outcome))


def claim_tasks(tx: Tx, ids: Sequence[UUID], *, roles: Collection[str], take_over: str = "") -> list[Task | Problem]:
    """Take tasks in the actor's name, so that others see it. What somebody else has taken is taken over only with a reason."""
    tx.rows(_LOCK, {"ids": list(ids)})
    known = tasks_by_id(tx, ids)
    answers = [_claimable(tx, known.get(one), roles, take_over, f"/{place}") for place, one in enumerate(ids)]
    wanted = [one for one in answers if isinstance(one, Task)]
    return _handed(tx, answers, {one.id: tx.actor.principal_id for one in wanted}, reason=take_over)


def _claimable(tx: Tx, task: Task | None, roles: Collection[str], take_over: str, where: str) -> Task | Problem:
    found = _may(task, roles, where)
    if isinstance(found, Task) and found.claimed_by not in (None, tx.actor.principal_id) and not take_over.strip():
        return errors.claimed_by_another(where)
    return found


def hand_tasks(
    tx: Tx, wanted: Mapping[UUID, UUID | None], *, roles: Collection[str], reason: str
) -> list[Task | Problem]:
    """Give open tasks of these roles to people, or (None) back to the pool. Whether a person may do a task is the caller's to
    ask."""
    tx.rows(_LOCK, {"ids": list(wanted)})
    known = tasks_by_id(tx, wanted)
    answers = [_may(known.get(one), roles, f"/{place}") for place, one in enumerate(wanted)]
    return _handed(tx, answers, wanted, reason=reason)


def _handed(
    tx: Tx, answers: Sequence[Task | Problem], wanted: Mapping[UUID, UUID | None], *, reason: str
) -> list[Task | Problem]:
    moved = [one for one in answers if isinstance(one, Task) and one.claimed_by != wanted[one.id]]
    if moved:
        tx.run(
            _HAND,
            {
                "ids": [one.id for one in moved],
                "people": [wanted[one.id] for one in moved],
                "by": tx.actor.principal_id,
            },
        )
    for one in moved:
        tx.emit(events.task_handed(one.id, name=one.name, subject=(one.subject_type, one.subject_id),
                                   account_id=one.account_id, was=one.claimed_by, now=wanted[one.id], reason=reason))  # fmt: skip
    after = tasks_by_id(tx, [one.id for one in moved])
    return [after.get(one.id, one) if isinstance(one, Task) else one for one in answers]


def complete_tasks(tx: Tx, completions: Sequence[Completion], *, roles: Collection[str]) -> list[Task | Problem]:
    """Complete tasks of these roles; their instances are due at once. What was filled in must fit the task's form."""
    tx.rows(_LOCK, {"ids": [one.task_id for one in completions]})
    known = tasks_by_id(tx, [one.task_id for one in completions])
    forms = forms_of(tx, {task.form for task in known.values() if task.form})
    answers: list[Task | Problem] = []
    done: list[Completion] = []
    for place, one in enumerate(completions):
        answer = _claimable(tx, known.get(one.task_id), roles, "", f"/{place}")
        if isinstance(answer, Task):
            filled = _filled(forms.get(answer.form or ""), one)
            if isinstance(filled, Completion):
                done.append(filled)
            else:
                answer = filled[0]
        answers.append(answer)
    finish_tasks(tx, done)
    after = tasks_by_id(tx, [one.task_id for one in done])
    return [after[one.id] if isinstance(one, Task) else one for one in answers]


def forms_of(reader: Reader, codes: Collection[str]) -> dict[str, Form]:
    """Forms by code; those that nobody wrote are left out."""
    found: dict[str, Form] = {}
    for code, title, fields in reader.rows(_FORMS, {"codes": sorted(codes)}) if codes else []:
        form = read_form(title, fields)
        if isinstance(form, Form):
            found[code] = form
    return found


def _filled(form: Form | None, one: Completion) -> Completion | list[Problem]:
    if form is None:
        return one
    values = check_outcome(form, one.outcome)
    return values if isinstance(values, list) else Completion(one.task_id, values)


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
            "outcome": [values_json(one.outcome) for one in completions],
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
    if task is None or not task.is_for(roles):
        return errors.unknown_task(where)
    if task.status != "open":
        return errors.task_over(task.status, where)
    return task
