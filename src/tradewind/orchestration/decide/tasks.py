"""What becomes of a task while it waits: its dates by rule, whom it is given to, who stands in for whom. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tradewind.kernel.value import value

WorkingTime = Callable[[str, datetime, timedelta], datetime | None]
"""The instant at which a calendar (by its code; "" works round the clock) has worked for a span since an instant."""

LONGEST_CHAIN = 3  # who stands in for whom who stands in for whom


@value(frozen=True, slots=True)
class TaskRule:
    """How tasks of a role (and a form; "" is any) are looked after. Minutes are working minutes of `calendar` since the task
    opened. `assign`: `pool` leaves a task to whoever claims it, `load` gives it to who has the fewest."""

    role: str
    form: str = ""
    calendar: str = ""
    due_minutes: int | None = None
    remind_minutes: int | None = None
    escalate_minutes: int | None = None
    escalate_role: str = ""
    assign: str = "pool"


@value(frozen=True, slots=True)
class Dates:
    """When a task is due, when somebody is reminded, and from when others may do it too."""

    due_at: datetime | None = None
    remind_at: datetime | None = None
    escalate_at: datetime | None = None


@value(frozen=True, slots=True)
class Absence:
    """Somebody is away from `begins` until `ends`; `substitute` does their tasks, or the pool where nobody does."""

    person: UUID
    substitute: UUID | None
    begins: datetime
    ends: datetime


def rule_for(rules: Iterable[TaskRule], role: str, form: str | None) -> TaskRule | None:
    """The rule of the role and form, else the one of the role."""
    fitting = [one for one in rules if one.role == role and one.form in ("", form or "")]
    return max(fitting, key=lambda one: one.form != "", default=None)


def dates_by(rule: TaskRule, opened_at: datetime, due_at: datetime | None, after: WorkingTime) -> Dates:
    """The task's dates; a due instant that its stream gave goes before the rule's."""

    def at(minutes: int | None) -> datetime | None:
        return None if minutes is None else after(rule.calendar, opened_at, timedelta(minutes=minutes))

    return Dates(due_at or at(rule.due_minutes), at(rule.remind_minutes), at(rule.escalate_minutes))


def stand_in(person: UUID, absences: Sequence[Absence], at: datetime) -> UUID | None:
    """Who does this person's tasks at an instant: they themselves, or who stands in, at most three follow each other; None where
    nobody is there (nobody named, a circle, or all of them away)."""
    seen: set[UUID] = set()
    here: UUID | None = person
    for _ in range(LONGEST_CHAIN + 1):
        away = next((one for one in absences if one.person == here and one.begins <= at < one.ends), None)
        if away is None:
            return here
        if here is None or away.substitute is None or away.substitute in seen:
            return None
        seen.add(here)
        here = away.substitute
    return None


def by_load(tasks: Sequence[UUID], could: Mapping[UUID, Sequence[UUID]], load: Mapping[UUID, int]) -> dict[UUID, UUID]:
    """Who gets which task: of those who could do it, who has the fewest by then; by id between equals. A task that nobody could
    do is left out."""
    carried = dict(load)
    given: dict[UUID, UUID] = {}
    for task in tasks:
        people = could.get(task, ())
        if people:
            chosen = min(people, key=lambda person: (carried.get(person, 0), person))
            given[task] = chosen
            carried[chosen] = carried.get(chosen, 0) + 1
    return given
