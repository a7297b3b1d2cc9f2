"""Looking after tasks that wait: dates by rule, gifts by load, reminders, escalations, absences. Sets, never waiting for a lock.

A task that somebody has in hand is skipped and looked at in the next round.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration import events
from tradewind.orchestration.decide.tasks import Absence, Dates

MOST = 500  # tasks of one round
_NEW = """
select t.id, t.role, t.form, t.opened_at, t.due_at, t.account_id, t.claimed_by from user_task t
where t.status = 'open' and t.cared_at is null order by t.opened_at, t.id limit %(limit)s for no key update skip locked
"""
_DATES = """
update user_task t set cared_at = %(now)s, due_at = w.due, remind_at = w.remind, escalate_at = w.escalate, escalate_role = w.role
from unnest(%(id)s::uuid[], %(due)s::timestamptz[], %(remind)s::timestamptz[], %(escalate)s::timestamptz[], %(role)s::text[])
  as w(id, due, remind, escalate, role) where t.id = w.id
"""
_LOAD = """
select t.claimed_by, count(*) from user_task t
where t.status = 'open' and t.claimed_by = any(%(people)s::uuid[]) group by t.claimed_by
"""
_TAKEN = """
select t.id, t.claimed_by from user_task t where t.status = 'open' and t.claimed_by = any(%(people)s::uuid[])
order by t.id limit %(limit)s for no key update skip locked
"""
_GIVE = """
update user_task t set claimed_by = w.person, assigned_by = null
from unnest(%(id)s::uuid[], %(person)s::uuid[]) as w(id, person)
where t.id = w.id and t.status = 'open' returning t.id, t.name, t.subject_type, t.subject_id, t.account_id, t.claimed_by
"""
_REMIND = """
with late as (
  select t.id from user_task t where t.status = 'open' and t.reminded_at is null and t.remind_at <= %(now)s
  order by t.remind_at limit %(limit)s for no key update skip locked
)
update user_task t set reminded_at = %(now)s from late where t.id = late.id
returning t.id, t.name, t.subject_type, t.subject_id, t.account_id, t.role, t.claimed_by
"""
_ESCALATE = """
with late as (
  select t.id from user_task t where t.status = 'open' and t.escalated_at is null and t.escalate_at <= %(now)s
  order by t.escalate_at limit %(limit)s for no key update skip locked
)
update user_task t set escalated_at = %(now)s from late where t.id = late.id
returning t.id, t.name, t.subject_type, t.subject_id, t.account_id, t.role, t.escalate_role
"""


@value(frozen=True, slots=True)
class NewTask:
    """A task nobody has looked at yet."""

    id: UUID
    role: str
    form: str | None
    opened_at: datetime
    due_at: datetime | None
    account_id: UUID | None
    claimed_by: UUID | None


def new_tasks(tx: Tx) -> list[NewTask]:
    """Tasks that came since the last round, held by this transaction."""
    return [NewTask(*row) for row in tx.rows(_NEW, {"limit": MOST})]


def date_tasks(tx: Tx, dated: Sequence[tuple[UUID, Dates, str]]) -> None:
    """Store the dates of new tasks, and the role each is escalated to."""
    if dated:
        tx.run(_DATES, {
            "now": tx.now, "id": [one for one, _, _ in dated], "due": [dates.due_at for _, dates, _ in dated],
            "remind": [dates.remind_at for _, dates, _ in dated], "escalate": [dates.escalate_at for _, dates, _ in dated],
            "role": [role or None for _, _, role in dated],
        })  # fmt: skip


def loads_of(tx: Tx, people: Iterable[UUID]) -> dict[UUID, int]:
    """How many open tasks each of these people has taken."""
    return dict(tx.rows(_LOAD, {"people": sorted(set(people))}))


def give_tasks(tx: Tx, given: Mapping[UUID, UUID | None], *, was: Mapping[UUID, UUID | None], reason: str) -> int:
    """Give open tasks to people, or back to the pool; the log says why."""
    if not given:
        return 0
    rows = tx.rows(_GIVE, {"id": list(given), "person": list(given.values())})
    for task_id, name, subject_type, subject_id, account_id, now in rows:
        tx.emit(events.task_handed(task_id, name=name, subject=(subject_type, subject_id), account_id=account_id,
                                   was=was.get(task_id), now=now, reason=reason))  # fmt: skip
    return len(rows)


def relieve(tx: Tx, absences: Sequence[Absence], stands_in: Callable[[UUID], UUID | None]) -> int:
    """Tasks of people who are away go to who stands in for them, or to the pool."""
    away = {one.person for one in absences if one.begins <= tx.now < one.ends}
    if not away:
        return 0
    taken: dict[UUID, UUID | None] = dict(tx.rows(_TAKEN, {"people": sorted(away), "limit": MOST}))
    given = {task: stands_in(person) for task, person in taken.items() if person is not None}
    return give_tasks(tx, given, was=taken, reason="Away.")


def remind(tx: Tx) -> int:
    """Say which tasks have waited long enough for a reminder; each once."""
    rows = tx.rows(_REMIND, {"now": tx.now, "limit": MOST})
    for task_id, name, subject_type, subject_id, account_id, role, person in rows:
        tx.emit(events.task_reminded(task_id, name=name, subject=(subject_type, subject_id), account_id=account_id, role=role,
                                     person=person))  # fmt: skip
    return len(rows)


def escalate(tx: Tx) -> int:
    """Open tasks that have waited too long to the role their rule names; each once."""
    rows = tx.rows(_ESCALATE, {"now": tx.now, "limit": MOST})
    for task_id, name, subject_type, subject_id, account_id, role, to in rows:
        tx.emit(events.task_escalated(task_id, name=name, subject=(subject_type, subject_id), account_id=account_id, role=role,
                                      to=to))  # fmt: skip
    return len(rows)
