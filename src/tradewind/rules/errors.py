"""Refusals of the rules engine."""

from collections.abc import Iterable

from tradewind.kernel.problem import Problem
from tradewind.rules.model import Place


def cannot_read(what: str, text: str, position: int) -> Problem:
    """The text is not an expression; `position` counts characters from 0."""
    return Problem("rules.cannot_read_expression", what, f"character {position + 1}", detail=_shown(text, position))


def too_large(what: str, text: str, position: int, limit: int) -> Problem:
    """The expression passes a bound that keeps evaluation cheap."""
    return Problem(
        "rules.expression_too_large",
        what,
        f"character {position + 1}",
        detail={**_shown(text, position), "limit": limit},
    )


def unknown_function(name: str, text: str, position: int) -> Problem:
    """Only functions of the fixed table can be called."""
    return Problem(
        "rules.unknown_function",
        f"there is no function {name!r}",
        f"character {position + 1}",
        detail={**_shown(text, position), "function": name},
    )


def wrong_arguments(name: str, expected: str, text: str, position: int) -> Problem:
    """A function called with the wrong number of arguments."""
    return Problem(
        "rules.wrong_arguments",
        f"{name} takes {expected}",
        f"character {position + 1}",
        detail={**_shown(text, position), "function": name},
    )


def _shown(text: str, position: int) -> dict[str, object]:
    return {"position": position, "near": text[max(0, position - 10) : position + 20]}


def not_a_model(code: str, what: str, place: str = "definitions", **detail: object) -> Problem:
    """The file as a whole is refused: `rules.not_xml`, `not_dmn`, `document_type_refused` or `model_too_large`."""
    return Problem(code, what, place, detail=detail)


def not_understood(code: str, what: str, place: Place) -> Problem:
    """An element of a decision model that is refused, with its tag and id."""
    return Problem(code, what, str(place), detail={"element": place.element, "id": place.id})


def inside(problem: Problem, place: Place) -> Problem:
    """A refusal of an expression, at the element that holds it."""
    detail = {**problem.detail, "element": place.element, "id": place.id}
    return Problem(problem.code, problem.message, f"{place}, {problem.where}", problem.status, detail)


def no_decision(name: str, known: Iterable[str]) -> Problem:
    """The decision that should answer is not in the file."""
    what = f"there is no decision {name!r}" if name else "there is no decision that no other requires"
    return Problem("rules.unknown_decision", what, "/decision", detail={"known": list(known)[:20]})


def which_decision(names: Iterable[str]) -> Problem:
    """Several decisions could answer, so one must be named."""
    return Problem(
        "rules.which_decision", "say which decision answers", "/decision", detail={"known": list(names)[:20]}
    )
