"""`/api/v1/task-rules`, `/task-forms` and `/task-absences`: how tasks are looked after, what they ask, and who is away."""

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.access.api.edge import CallerEdge, answer, api_router, not_found, permission
from tradewind.access.model import Caller
from tradewind.access.queries import callers_by_login, logins_of
from tradewind.calendars.queries import calendars_by_code
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Tx
from tradewind.orchestration import errors
from tradewind.orchestration.commands.task_rules import (
    absences,
    drop_rule,
    put_absence,
    put_form,
    put_rule,
    task_forms,
    task_rules,
    withdraw_absence,
)
from tradewind.orchestration.decide.forms import form_json, json_schema
from tradewind.orchestration.decide.tasks import Absence, TaskRule

router = api_router("tasks")
Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
Minutes = Annotated[int, Field(ge=1, le=525_600)]
Login = Annotated[str, Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class RuleIn(_Strict):
    """Minutes are working minutes of the calendar since the task opened; without a calendar it is worked round the clock."""

    form: Annotated[str, Field(max_length=60)] = ""
    calendar: Annotated[str, Field(max_length=60)] = ""
    due_minutes: Minutes | None = None
    remind_minutes: Minutes | None = None
    escalate_minutes: Minutes | None = None
    escalate_role: Annotated[str, Field(max_length=60)] = ""
    assign: Literal["pool", "load"] = "pool"


class FormIn(_Strict):
    """What a task asks. A field: name, label, type (text, number, integer, check, date, choice), required, choices, min, max,
    longest, help."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    fields: Annotated[list[dict[str, str | bool | int | Decimal | list[str] | None]], Field(max_length=50)]


class AbsenceIn(_Strict):
    """Who is away (the caller, where nobody is named), and who does their tasks meanwhile."""

    person: Login | None = None
    substitute: Login | None = None
    begins: AwareDatetime
    ends: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=500)]


@router.get("/task-rules", openapi_extra=permission("tasks.read"))
def read_rules(edge: CallerEdge) -> Response:
    """How tasks of each role (and form) are looked after."""
    return answer({"rules": [_rule(one) for one in edge.database.read(task_rules)]})


@router.put("/task-rules/{task_role}", openapi_extra=permission("tasks.manage"))
def write_rule(task_role: Code, body: RuleIn, edge: CallerEdge) -> Response:
    """Write the rule of a role, or of one of its forms. Open tasks keep the dates they have."""
    rule = TaskRule(task_role, body.form, body.calendar, body.due_minutes, body.remind_minutes, body.escalate_minutes,
                    body.escalate_role, body.assign)  # fmt: skip

    def write(tx: Tx) -> Problem | None:
        if rule.calendar and rule.calendar not in calendars_by_code(tx):
            return errors.unknown_calendar(rule.calendar)
        return put_rule(tx, rule)

    if problem := edge.write(write):
        raise Refused([problem])
    return answer(_rule(rule))


@router.delete("/task-rules/{task_role}", openapi_extra=permission("tasks.manage"))
def delete_rule(task_role: Code, edge: CallerEdge, form: Annotated[str, Query(max_length=60)] = "") -> Response:
    """Drop a rule; what is open keeps its dates."""
    if not edge.write(lambda tx: drop_rule(tx, task_role, form)):
        raise not_found()
    return answer({"role": task_role, "form": form})


@router.get("/task-forms", openapi_extra=permission("tasks.read"))
def read_forms(edge: CallerEdge) -> Response:
    """What tasks ask, as fields and as JSON Schema."""
    found = edge.database.read(task_forms)
    return answer(
        {"forms": [{"code": code, **form_json(form), "schema": json_schema(form)} for code, form in found.items()]}
    )


@router.put("/task-forms/{form}", openapi_extra=permission("tasks.manage"))
def write_form(form: Code, body: FormIn, edge: CallerEdge) -> Response:
    """Write a form; tasks that are open are asked by the new one."""
    found = edge.write(lambda tx: put_form(tx, form, body.title, body.fields))
    if isinstance(found, list):
        raise Refused(found)
    return answer({"code": form, **form_json(found), "schema": json_schema(found)})


@router.get("/task-absences", openapi_extra=permission("tasks.read"))
def read_absences(edge: CallerEdge) -> Response:
    """Who is away now or will be; people outside the house see their own."""
    found = edge.database.read(absences)
    mine = [one for one in found if edge.caller.visible is None or one[1].person == edge.caller.principal.id]
    ids = {person for _, one, _ in mine for person in (one.person, one.substitute) if person is not None}
    names = edge.database.read(lambda reader: logins_of(reader, ids))
    return answer({"absences": [_absence(*one, names) for one in mine]})


@router.post("/task-absences", openapi_extra=permission("tasks.decide"))
def create_absence(body: AbsenceIn, edge: CallerEdge) -> Response:
    """Say that one is away; of somebody else only who may assign tasks says that."""
    if body.person is not None and body.person != edge.caller.principal.login:
        edge.allow(action="tasks.assign")

    def write(tx: Tx) -> UUID | Problem:
        known = callers_by_login(tx, [one for one in (body.person, body.substitute) if one], channel="web")
        person = edge.caller if body.person is None else known.get(body.person)
        substitute = known.get(body.substitute) if body.substitute else None
        if substitute is not None and not _together(edge.caller, substitute):
            substitute = None  # of strangers nothing is said, not even that there are such
        missing = body.person if person is None else body.substitute if body.substitute and substitute is None else None
        if missing is not None or person is None:
            return errors.bad_absence(
                "/substitute" if person else "/person", f"There is nobody active called {missing}."
            )
        if substitute is not None and substitute.principal.kind is not person.principal.kind:
            return errors.bad_absence("/substitute", "Who stands in belongs to the same side.")
        away = Absence(
            person.principal.id, None if substitute is None else substitute.principal.id, body.begins, body.ends
        )
        return put_absence(tx, away, body.reason)

    found = edge.write(write)
    if isinstance(found, Problem):
        raise Refused([found])
    return answer({"id": found}, 201)


@router.delete("/task-absences/{absence_id}", openapi_extra=permission("tasks.decide"))
def delete_absence(absence_id: UUID, edge: CallerEdge) -> Response:
    """Take an absence back; tasks that went to others stay there."""
    everybodys = "tasks.assign" in edge.caller.permissions
    person = None if everybodys else edge.caller.principal.id
    if not edge.write(lambda tx: withdraw_absence(tx, absence_id, person=person)):
        raise not_found()
    return answer({"id": absence_id})


def _together(caller: Caller, other: Caller) -> bool:
    """Whether somebody outside the house may know of another: who sees an account that they see."""
    return caller.visible is None or (other.visible is not None and not caller.visible.isdisjoint(other.visible))


def _rule(one: TaskRule) -> dict[str, Any]:
    return {
        "role": one.role, "form": one.form, "calendar": one.calendar, "due_minutes": one.due_minutes, "assign": one.assign,
        "remind_minutes": one.remind_minutes, "escalate_minutes": one.escalate_minutes, "escalate_role": one.escalate_role,
    }  # fmt: skip


def _absence(absence_id: UUID, one: Absence, reason: str, names: dict[UUID, tuple[str, str]]) -> dict[str, Any]:
    return {
        "id": absence_id, "person": names[one.person][0], "substitute": names[one.substitute][0] if one.substitute else None,
        "begins": one.begins, "ends": one.ends, "reason": reason,
    }  # fmt: skip
