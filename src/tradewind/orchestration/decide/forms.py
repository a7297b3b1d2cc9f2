"""Forms of tasks: what a person fills in, as fields with types and bounds, and whether an outcome fits. Pure.

A form is data: `{"title": …, "fields": [{"name", "label", "type", "required", "choices", "min", "max", "longest"}, …]}`. What is
filled in becomes variables of the instance, so numbers are exact and a field that nobody knows is refused, not kept.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value
from tradewind.orchestration import errors

MOST_FIELDS = 50
LONGEST_TEXT = 2000
MOST_CHOICES = 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")
_KEYS = frozenset({"name", "label", "type", "required", "choices", "min", "max", "longest", "help"})
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,12})?\Z")


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    CHECK = "check"
    DATE = "date"
    CHOICE = "choice"


@value(frozen=True, slots=True)
class FormField:
    """One thing to fill in. `least` and `most` bound numbers and dates; `longest` bounds a text."""

    name: str
    label: str
    type: FieldType
    required: bool = False
    choices: tuple[str, ...] = ()
    least: Any = None
    most: Any = None
    longest: int = LONGEST_TEXT
    help: str = ""


@value(frozen=True, slots=True)
class Form:
    """What a task asks of a person."""

    title: str
    fields: tuple[FormField, ...]


def read_form(title: str, fields: Sequence[Mapping[str, Any]]) -> Form | list[Problem]:
    """A form of its JSON, or everything that is wrong with it."""
    problems: list[Problem] = []
    found: list[FormField] = []
    if len(fields) > MOST_FIELDS:
        return [errors.bad_form("/fields", f"a form has at most {MOST_FIELDS} fields")]
    for place, one in enumerate(fields):
        field = _field(one)
        if isinstance(field, FormField) and any(field.name == other.name for other in found):
            field = f"{field.name} stands twice"
        if isinstance(field, str):
            problems.append(errors.bad_form(f"/fields/{place}", field))
        else:
            found.append(field)
    return problems or Form(title, tuple(found))


def _field(one: Mapping[str, Any]) -> FormField | str:
    if unknown := sorted(set(one) - _KEYS):
        return f"{', '.join(unknown)} is nothing a field has; there are {', '.join(sorted(_KEYS))}"
    name, kind = str(one.get("name", "")), str(one.get("type", ""))
    if not _NAME.match(name):
        return "a name is small letters, digits and _, at most 60"
    if kind not in set(map(str, FieldType)):
        return f"the type is one of {', '.join(FieldType)}"
    given = one.get("choices") or ()
    if not isinstance(given, list | tuple):
        return "choices are a list"
    choices = tuple(str(choice) for choice in given)
    texts = (str(one.get("label") or ""), str(one.get("help") or ""), *choices)
    if any(len(text) > LONGEST_TEXT for text in texts):
        return f"a label, a help and a choice have at most {LONGEST_TEXT} characters"
    if (kind == FieldType.CHOICE) != bool(choices) or len(choices) > MOST_CHOICES or len(set(choices)) < len(choices):
        return f"a choice, and nothing else, has 1 to {MOST_CHOICES} different choices"
    longest = one.get("longest") or LONGEST_TEXT
    if type(longest) is not int or not 0 < longest <= LONGEST_TEXT:
        return f"the longest text has 1 to {LONGEST_TEXT} characters"
    field = FormField(name, str(one.get("label") or name), FieldType(kind), bool(one.get("required")), choices,
                      longest=longest, help=str(one.get("help") or ""))  # fmt: skip
    least, most = _bound(field, one.get("min")), _bound(field, one.get("max"))
    if isinstance(least, Problem) or isinstance(most, Problem):
        return "min and max are of the field's type, and only numbers and dates have them"
    if least is not None and most is not None and least > most:
        return "min is above max"
    return FormField(name, field.label, field.type, field.required, choices, least, most, longest, field.help)


def _bound(field: FormField, given: Any) -> Any:
    if given is None:
        return None
    if field.type not in (FieldType.NUMBER, FieldType.INTEGER, FieldType.DATE):
        return errors.bad_form("", "no bound")
    return _read(field, given, "")


def check_outcome(form: Form, outcome: Mapping[str, Any], *, where: str = "/outcome") -> dict[str, Any] | list[Problem]:
    """The values of an outcome as variables (every field is there, null where it was left empty), or what is wrong with it."""
    known = {field.name for field in form.fields}
    problems = [
        errors.bad_outcome(f"{where}/{name}", f"The form has no field {name}.") for name in outcome if name not in known
    ]
    values: dict[str, Any] = {}
    for field in form.fields:
        given = outcome.get(field.name)
        place = f"{where}/{field.name}"
        if given is None or (isinstance(given, str) and not given.strip()):
            values[field.name] = False if field.type is FieldType.CHECK else None
            if field.required:
                problems.append(errors.bad_outcome(place, f"{field.label} must be filled in."))
            continue
        read = _read(field, given, place)
        if isinstance(read, Problem):
            problems.append(read)
        elif (field.least is not None and read < field.least) or (field.most is not None and read > field.most):
            problems.append(errors.bad_outcome(place, f"{field.label} must be {_between(field)}."))
        elif field.required and read is False:
            problems.append(errors.bad_outcome(place, f"{field.label} must be ticked."))
        else:
            values[field.name] = read
    return problems or values


def _between(field: FormField) -> str:
    if field.least is None:
        return f"at most {field.most}"
    return f"at least {field.least}" if field.most is None else f"between {field.least} and {field.most}"


def _read(field: FormField, given: Any, where: str) -> Any:
    """A value of the field's type, or a Problem."""
    wrong = errors.bad_outcome(where, f"{field.label} must be {_EXPECTED[field.type]}.")
    if field.type is FieldType.CHECK:
        return given if isinstance(given, bool) else wrong
    if isinstance(given, bool):
        return wrong
    if field.type in (FieldType.NUMBER, FieldType.INTEGER):
        return _number(field, given, wrong)
    if not isinstance(given, str):
        return wrong
    text = given.strip()
    if field.type is FieldType.DATE:
        try:
            found = date.fromisoformat(text)
        except ValueError:
            return wrong
        return wrong if isinstance(found, datetime) else found
    if field.type is FieldType.CHOICE:
        return text if text in field.choices else errors.bad_outcome(
            where, f"{field.label} is one of {', '.join(field.choices[:20])}.")  # fmt: skip
    if len(text) > field.longest:
        return errors.bad_outcome(where, f"{field.label} has at most {field.longest} characters.")
    return text


def _number(field: FormField, given: Any, wrong: Problem) -> Any:
    try:
        found = Decimal(given) if isinstance(given, int | Decimal) or _NUMBER.match(str(given)) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or not _NUMBER.match(f"{found:f}"):
        return wrong
    if field.type is FieldType.INTEGER:
        return int(found) if found == found.to_integral_value() else wrong
    return found


_EXPECTED: Mapping[FieldType, str] = {
    FieldType.TEXT: "a text",
    FieldType.NUMBER: "a number of at most 20 digits and 12 places",
    FieldType.INTEGER: "a whole number",
    FieldType.CHECK: "true or false",
    FieldType.DATE: "a date like 2026-12-31",
    FieldType.CHOICE: "one of the choices",
}


def form_json(form: Form) -> dict[str, Any]:
    """The form as it is stored and shown."""
    return {"title": form.title, "fields": [_field_json(field) for field in form.fields]}


def _field_json(field: FormField) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": field.name,
        "label": field.label,
        "type": field.type.value,
        "required": field.required,
    }
    if field.choices:
        shown["choices"] = list(field.choices)
    if field.least is not None:
        shown["min"] = str(field.least)
    if field.most is not None:
        shown["max"] = str(field.most)
    if field.longest != LONGEST_TEXT:
        shown["longest"] = field.longest
    return {**shown, "help": field.help} if field.help else shown


_SCHEMA_TYPES: Mapping[FieldType, dict[str, Any]] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.NUMBER: {"type": ["number", "string"]},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.CHECK: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.CHOICE: {"type": "string"},
}


def json_schema(form: Form) -> dict[str, Any]:
    """The form as a JSON Schema (2020-12) of its outcome, for tools that draw forms of such."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": form.title,
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in form.fields if field.required],
        "properties": {field.name: _property(field) for field in form.fields},
    }


def _property(field: FormField) -> dict[str, Any]:
    shown = {"title": field.label, **_SCHEMA_TYPES[field.type]}
    if field.help:
        shown["description"] = field.help
    if field.choices:
        shown["enum"] = list(field.choices)
    if field.type is FieldType.TEXT:
        shown["maxLength"] = field.longest
    if field.type is FieldType.INTEGER:
        shown |= {
            key: int(bound) for key, bound in (("minimum", field.least), ("maximum", field.most)) if bound is not None
        }
    return shown
