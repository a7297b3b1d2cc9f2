"""Forms of tasks: what may be asked, and what may be answered."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tradewind.orchestration.decide.forms import Form, check_outcome, form_json, json_schema, read_form

FIELDS: list[dict[str, Any]] = [
    {"name": "found", "label": "Found it", "type": "check"},
    {"name": "qty", "label": "Quantity", "type": "number", "required": True, "min": "0", "max": "99.5"},
    {"name": "boxes", "label": "Boxes", "type": "integer"},
    {"name": "day", "label": "Day", "type": "date", "min": "2026-01-01"},
    {"name": "why", "label": "Why", "type": "choice", "choices": ["lost", "broken"]},
    {"name": "note", "label": "Note", "type": "text", "longest": 5},
]


def form() -> Form:
    read = read_form("Count again", FIELDS)
    assert isinstance(read, Form), read
    return read


def test_what_is_filled_in_becomes_exact_values():
    given = {"found": True, "qty": "12.50", "boxes": 3, "day": "2026-03-02", "why": "lost", "note": " hm "}

    assert check_outcome(form(), given) == {
        "found": True, "qty": Decimal("12.50"), "boxes": 3, "day": date(2026, 3, 2), "why": "lost", "note": "hm",
    }  # fmt: skip


def test_what_is_left_empty_is_null_and_an_unticked_box_is_false():
    assert check_outcome(form(), {"qty": 1, "note": "  "}) == {
        "found": False, "qty": Decimal(1), "boxes": None, "day": None, "why": None, "note": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "where", "message"),
    [
        ({}, "/outcome/qty", "Quantity must be filled in."),
        ({"qty": "x"}, "/outcome/qty", "Quantity must be a number of at most 20 digits and 12 places."),
        ({"qty": True}, "/outcome/qty", "Quantity must be a number of at most 20 digits and 12 places."),
        ({"qty": "NaN"}, "/outcome/qty", "Quantity must be a number of at most 20 digits and 12 places."),
        ({"qty": "1e9"}, "/outcome/qty", "Quantity must be a number of at most 20 digits and 12 places."),
        ({"qty": "99.6"}, "/outcome/qty", "Quantity must be between 0 and 99.5."),
        ({"qty": 1, "boxes": "2.5"}, "/outcome/boxes", "Boxes must be a whole number."),
        ({"qty": 1, "day": "31.12.2026"}, "/outcome/day", "Day must be a date like 2026-12-31."),
        ({"qty": 1, "day": "2025-12-31"}, "/outcome/day", "Day must be at least 2026-01-01."),
        ({"qty": 1, "why": "gone"}, "/outcome/why", "Why is one of lost, broken."),
        ({"qty": 1, "note": "too long"}, "/outcome/note", "Note has at most 5 characters."),
        ({"qty": 1, "found": "yes"}, "/outcome/found", "Found it must be true or false."),
        ({"qty": 1, "colour": "red"}, "/outcome/colour", "The form has no field colour."),
    ],
)
def test_what_does_not_fit_is_named(given, where, message):
    problems = check_outcome(form(), given)

    assert isinstance(problems, list)
    assert [(one.where, one.message) for one in problems] == [(where, message)]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"name": "Big", "type": "text"}, "A name is small letters, digits and _, at most 60."),
        ({"name": "a", "type": "photo"}, "The type is one of text, number, integer, check, date, choice."),
        ({"name": "a", "type": "choice"}, "A choice, and nothing else, has 1 to 200 different choices."),
        ({"name": "a", "type": "number", "min": "2", "max": "1"}, "Min is above max."),
        ({"name": "a", "type": "text", "min": "2"}, "Min and max are of the field's type, and only numbers and dates have them."),
        ({"name": "a", "type": "text", "colour": "red"},
         "Colour is nothing a field has; there are choices, help, label, longest, max, min, name, required, type."),
        ({"name": "qty", "type": "text"}, "Qty stands twice."),
    ],
)  # fmt: skip
def test_a_form_nobody_could_fill_in_is_refused(field, message):
    problems = read_form("x", [*FIELDS[:2], field])

    assert isinstance(problems, list)
    assert [(one.where, one.message) for one in problems] == [("/fields/2", message)]


def test_a_form_is_read_as_it_is_shown():
    shown = form_json(form())

    assert read_form(shown["title"], shown["fields"]) == form()


def test_other_tools_get_a_json_schema():
    schema = json_schema(form())

    assert schema["required"] == ["qty"]
    assert schema["properties"]["why"] == {"title": "Why", "type": "string", "enum": ["lost", "broken"]}
    assert schema["properties"]["day"] == {"title": "Day", "type": "string", "format": "date"}


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"type": "choice", "choices": 5}, "choices are a list"),
        ({"type": "choice", "choices": ["x" * 2001]}, "a label, a help and a choice have at most 2000 characters"),
        ({"type": "text", "label": "x" * 2001}, "a label, a help and a choice have at most 2000 characters"),
    ],
)
def test_what_is_no_list_or_longer_than_anybody_reads_is_no_field(field, message):
    (problem,) = read_form("Rev", [{"name": "a", **field}])

    assert problem.code == "orchestration.bad_form"
    assert message.lower() in problem.message.lower()
