"""Rules, forms and absences: how tasks are looked after, what they ask, and who is away. Each is written whole by its key."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Event, Reader, Tx, dumps
from tradewind.orchestration import errors
from tradewind.orchestration.decide.forms import Form, form_json, read_form
from tradewind.orchestration.decide.tasks import Absence, TaskRule

_RULES = """
select role, form, calendar, due_minutes, remind_minutes, escalate_minutes, escalate_role, assign from task_rule order by role, form
"""
_PUT_RULE = """
insert into task_rule (role, form, calendar, due_minutes, remind_minutes, escalate_minutes, escalate_role, assign, changed_at, changed_by)
values (%(role)s, %(form)s, %(calendar)s, %(due)s, %(remind)s, %(escalate)s, %(escalate_role)s, %(assign)s, %(now)s, %(by)s)
on conflict (role, form) do update set calendar = excluded.calendar, due_minutes = excluded.due_minutes,
  remind_minutes = excluded.remind_minutes, escalate_minutes = excluded.escalate_minutes, escalate_role = excluded.escalate_role,
  assign = excluded.assign, changed_at = excluded.changed_at, changed_by = excluded.changed_by
"""
_DROP_RULE = "delete from task_rule where role = %(role)s and form = %(form)s"
_FORMS = "select code, title, fields from task_form order by code"
_PUT_FORM = """
insert into task_form (code, title, fields, changed_at, changed_by) values (%(code)s, %(title)s, %(fields)s::jsonb, %(now)s, %(by)s)
on conflict (code) do update set title = excluded.title, fields = excluded.fields, changed_at = excluded.changed_at,
  changed_by = excluded.changed_by
"""
_ABSENCES = """
select id, person_id, substitute_id, begins, ends, reason from task_absence
where withdrawn_at is null and ends > %(now)s order by begins, id limit 1000
"""
_PUT_ABSENCE = """
insert into task_absence (id, person_id, substitute_id, begins, ends, reason, created_at, created_by)
values (%(id)s, %(person)s, %(substitute)s, %(begins)s, %(ends)s, %(reason)s, %(now)s, %(by)s)
"""
_WITHDRAW = """
update task_absence set withdrawn_at = %(now)s where id = %(id)s and withdrawn_at is null
  and (%(person)s::uuid is null or person_id = %(person)s) returning person_id
"""


def task_rules(reader: Reader) -> list[TaskRule]:
    """All of them."""
    return [TaskRule(*row) for row in reader.rows(_RULES)]


def put_rule(tx: Tx, rule: TaskRule) -> Problem | None:
    """Write the rule of a role and form. Tasks that are open keep the dates they have."""
    if rule.escalate_role and rule.escalate_minutes is None:
        return errors.bad_rule("/escalate_minutes", "Say after how many minutes the other role may do it.")
    if rule.remind_minutes and rule.escalate_minutes and rule.remind_minutes >= rule.escalate_minutes:
        return errors.bad_rule("/remind_minutes", "A reminder comes before the escalation.")
    tx.run(_PUT_RULE, {
        "role": rule.role, "form": rule.form, "calendar": rule.calendar, "due": rule.due_minutes, "remind": rule.remind_minutes,
        "escalate": rule.escalate_minutes, "escalate_role": rule.escalate_role, "assign": rule.assign, "now": tx.now,
        "by": tx.actor.principal_id,
    })  # fmt: skip
    _say(tx, "task_rule", "task.rule_changed", {"role": rule.role, "form": rule.form, "calendar": rule.calendar, "assign": rule.assign,
         "minutes": [rule.due_minutes, rule.remind_minutes, rule.escalate_minutes], "escalate_role": rule.escalate_role})  # fmt: skip
    return None


def drop_rule(tx: Tx, role: str, form: str) -> bool:
    """Whether there was one."""
    found = tx.run(_DROP_RULE, {"role": role, "form": form}) > 0
    if found:
        _say(tx, "task_rule", "task.rule_dropped", {"role": role, "form": form})
    return found


def task_forms(reader: Reader) -> dict[str, Form]:
    """Every form by its code."""
    found = {code: read_form(title, fields) for code, title, fields in reader.rows(_FORMS)}
    return {code: form for code, form in found.items() if isinstance(form, Form)}


def put_form(tx: Tx, code: str, title: str, fields: Sequence[Mapping[str, Any]]) -> Form | list[Problem]:
    """Write a form; tasks that are open are asked by the new one."""
    form = read_form(title, fields)
    if isinstance(form, Form):
        shown = form_json(form)
        tx.run(
            _PUT_FORM,
            {
                "code": code,
                "title": title,
                "fields": dumps(shown["fields"]),
                "now": tx.now,
                "by": tx.actor.principal_id,
            },
        )
        _say(tx, "task_form", "task.form_changed", {"code": code, **shown})
    return form


def absences(reader: Reader) -> list[tuple[UUID, Absence, str]]:
    """Absences that are or come, with their ids and reasons, by their beginning."""
    return [(row[0], Absence(*row[1:5]), row[5]) for row in reader.rows(_ABSENCES, {"now": reader.now})]


def put_absence(tx: Tx, absence: Absence, reason: str) -> UUID | Problem:
    """Say that somebody is away; their tasks go to the substitute, or to the pool, when it begins."""
    if absence.ends <= tx.now or absence.begins >= absence.ends:
        return errors.bad_absence("/ends", "An absence ends after it begins, and not in the past.")
    if absence.person == absence.substitute:
        return errors.bad_absence("/substitute", "Nobody stands in for themselves.")
    absence_id = tx.ids.new()
    tx.run(_PUT_ABSENCE, {
        "id": absence_id, "person": absence.person, "substitute": absence.substitute, "begins": absence.begins, "ends": absence.ends,
        "reason": reason, "now": tx.now, "by": tx.actor.principal_id,
    })  # fmt: skip
    _say(tx, "task_absence", "task.absence_set", {"person": str(absence.person), "begins": absence.begins.isoformat(),
         "substitute": absence.substitute and str(absence.substitute), "ends": absence.ends.isoformat()}, subject=absence_id)  # fmt: skip
    return absence_id


def withdraw_absence(tx: Tx, absence_id: UUID, *, person: UUID | None) -> bool:
    """Take an absence back (only one of `person`, where that is given). Tasks that went to others stay there."""
    found = tx.rows(_WITHDRAW, {"id": absence_id, "person": person, "now": tx.now})
    if found:
        _say(tx, "task_absence", "task.absence_withdrawn", {"person": str(found[0][0])}, subject=absence_id)
    return bool(found)


def _say(tx: Tx, subject_type: str, kind: str, payload: dict[str, Any], *, subject: UUID | None = None) -> None:
    tx.emit(Event(kind, subject_type, subject or tx.ids.new(), payload, None))
