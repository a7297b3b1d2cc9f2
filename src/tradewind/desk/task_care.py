"""Tasks that wait are looked after: dates on business calendars, gifts by load, reminders, escalations, who is away."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tradewind.access.queries import Worker, workers_with
from tradewind.calendars.decide import working_time_after
from tradewind.calendars.model import Calendar
from tradewind.calendars.queries import calendars_by_code
from tradewind.kernel.tx import Tx
from tradewind.kernel.value import value
from tradewind.orchestration.commands.task_care import (
    NewTask,
    date_tasks,
    escalate,
    give_tasks,
    loads_of,
    new_tasks,
    relieve,
    remind,
)
from tradewind.orchestration.commands.task_rules import absences, task_rules
from tradewind.orchestration.decide.tasks import (
    Absence,
    Dates,
    TaskRule,
    WorkingTime,
    by_load,
    dates_by,
    rule_for,
    stand_in,
)
from tradewind.semantics.model import roles_doing


@value(frozen=True, slots=True)
class Cared:
    """What one round did, in tasks."""

    dated: int = 0
    given: int = 0
    relieved: int = 0
    reminded: int = 0
    escalated: int = 0


def look_after_tasks(tx: Tx) -> Cared:
    """One round: new tasks get their dates and, by rule, a person; what is late is reminded of and escalated, each once; tasks of
    people who are away go on to who stands in for them."""
    away = [one for _, one, _ in absences(tx)]
    fresh = new_tasks(tx)
    given = _begin(tx, fresh, away) if fresh else 0
    return Cared(
        len(fresh), given, relieve(tx, away, lambda person: stand_in(person, away, tx.now)), remind(tx), escalate(tx)
    )


def _begin(tx: Tx, fresh: Sequence[NewTask], away: Sequence[Absence]) -> int:
    rules = task_rules(tx)
    found = {one.id: rule_for(rules, one.role, one.form) for one in fresh}
    after = working_time({} if not any(rule and rule.calendar for rule in found.values()) else calendars_by_code(tx))
    dated = [(one.id, *_dates(one, found[one.id], after)) for one in fresh]
    date_tasks(tx, dated)
    wanted = [one for one in fresh if one.claimed_by is None and (rule := found[one.id]) and rule.assign == "load"]
    return _give(tx, wanted, away) if wanted else 0


def _dates(task: NewTask, rule: TaskRule | None, after: WorkingTime) -> tuple[Dates, str]:
    if rule is None:
        return Dates(task.due_at), ""
    return dates_by(rule, task.opened_at, task.due_at, after), rule.escalate_role


def working_time(calendars: Mapping[str, Calendar]) -> WorkingTime:
    """Spans of working time by these calendars; where one is gone, or none is named, it is worked round the clock."""

    def after(code: str, at: datetime, span: timedelta) -> datetime | None:
        calendar = calendars.get(code)
        return at + span if calendar is None else working_time_after(calendar, at, span)

    return after


def _give(tx: Tx, tasks: Sequence[NewTask], away: Sequence[Absence]) -> int:
    """Each task goes to who does such tasks, sees what it is about, is there, and has the fewest."""
    roles = {role for one in tasks for role in roles_doing(one.role)}
    there = [one for one in workers_with(tx, roles) if stand_in(one.id, away, tx.now) == one.id]
    could = {task.id: [one.id for one in there if _could(one, task)] for task in tasks}
    chosen = by_load([task.id for task in tasks], could, loads_of(tx, [one.id for one in there]))
    return give_tasks(tx, dict(chosen), was={}, reason="Fewest tasks.")


def _could(worker: Worker, task: NewTask) -> bool:
    return not worker.roles.isdisjoint(roles_doing(task.role))
