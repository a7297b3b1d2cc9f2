"""Refusals of the rules engine."""

from collections.abc import Iterable
from datetime import datetime

from tradewind.kernel.problem import Problem
from tradewind.rules.model import Place, RowHit, RowMiss, TableTest


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


def too_much_work(reason: str, text: str) -> Problem:
    """An evaluation that was given up, with the bound that it passed."""
    return Problem("rules.too_much_work", f"the expression has no value: {reason}", detail={"expression": text[:200]})


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


def unknown_word(kind: str, name: str, meant: str, point: str) -> Problem:
    """A table asks or answers what its decision point has no word for; `kind` is `inputs` or `outputs`."""
    hint = f"; did you mean {meant!r}?" if meant else ""
    return Problem("rules.unknown_fact", f"{point} has no {kind.removesuffix('s')} {name!r}{hint}", f"/{kind}",
                   detail={"name": name, "nearest": meant})  # fmt: skip


def wrong_fact_type(name: str, kind: str, wanted: str, point: str) -> Problem:
    """A column takes a fact for something else than it is."""
    return Problem("rules.wrong_fact_type", f"{name!r} of {point} is of type {wanted}, not {kind}", "/inputs",
                   detail={"name": name, "type": wanted})  # fmt: skip


def unknown_answer(name: str, found: str, meant: str, allowed: Iterable[str], place: Place, point: str) -> Problem:
    """A cell concludes what its decision point does not know."""
    hint = f"; did you mean {meant!r}?" if meant else ""
    return Problem("rules.unknown_answer", f"{found!r} is no {name} of {point}{hint}", str(place),
                   detail={"name": name, "allowed": list(allowed), "element": place.element, "id": place.id})  # fmt: skip


def tie_left_open(table: str, rows: Iterable[int], inputs: object, message: str) -> Problem:
    """Rows that match together although the hit policy lets only one decide; `inputs` prove it."""
    return Problem("rules.unresolved_tie", message, f"decisionTable {table}",
                   detail={"rows": list(rows), "inputs": inputs})  # fmt: skip


def row_without_effect(table: str, rows: Iterable[int], inputs: object, message: str) -> Problem:
    """A row that never decides: nobody would notice that it does nothing."""
    return Problem("rules.unreachable_row", message, f"decisionTable {table}",
                   detail={"rows": list(rows), "inputs": inputs})  # fmt: skip


def stranger_in_test(number: int, name: str, stranger: str, meant: str) -> Problem:
    """A test gives what the table never asks: it would prove nothing."""
    hint = f"; did you mean {meant!r}?" if meant else ""
    return Problem("rules.test_names_no_input", f"test {name!r}: the table asks for no {stranger!r}{hint}",
                   f"/tests/{number}/inputs", detail={"test": name, "input": stranger, "nearest": meant})  # fmt: skip


def failed_test(
    number: int, case: TableTest, wanted: str, came: str, hits: Iterable[RowHit], misses: Iterable[RowMiss],
    findings: Iterable[Problem],
) -> Problem:  # fmt: skip
    """A test decided otherwise than it expects; `wanted` and `came` are the answers as JSON."""
    rows = ", ".join(str(hit.number) for hit in hits) or "none"
    return Problem(
        "rules.test_failed",
        f"test {case.name!r}: expected {wanted}, decided {came} (rows that matched: {rows})",
        f"/tests/{number}",
        detail={
            "test": case.name, "inputs": case.inputs, "expected": wanted, "decided": came,
            "nearly": [{"row": miss.number, "column": miss.column, "cell": miss.cell} for miss in misses],
            "findings": [one.message for one in findings],
        },
    )  # fmt: skip


# ---- rule sets ---------------------------------------------------------------------------------------------------------


def unknown_set(code: str) -> Problem:
    """No rule set of that code."""
    return Problem("rules.unknown_set", f"there is no rule set {code!r}", "", 404)


def unknown_version(version: int) -> Problem:
    """No version of that number."""
    return Problem("rules.unknown_version", f"there is no version {version}", "", 404)


def code_taken(code: str) -> Problem:
    """A code is one rule set's for good."""
    return Problem("rules.code_taken", f"{code} is another rule set's code", "/code", 409)


def unknown_point(code: str, meant: str) -> Problem:
    """The house asks no such question."""
    hint = f"; did you mean {meant!r}?" if meant else ""
    return Problem(
        "rules.unknown_point", f"there is no decision point {code!r}{hint}", "/point", detail={"nearest": meant}
    )


def changed_meanwhile(code: str, expected: int | None, revision: int) -> Problem:
    """Somebody did something to the rule set since the caller read it."""
    detail = {"revision": revision, **({} if expected is None else {"expected": expected})}
    return Problem("rules.changed_meanwhile", f"{code} was changed meanwhile: read it again", "", 409, detail)


def say_which(revision: int) -> Problem:
    """Who writes says what they read, so that nobody's work is written over unseen."""
    return Problem("rules.say_which_revision", "say which revision you read, with If-Match", "header:if-match", 428,
                   {"revision": revision})  # fmt: skip


def point_taken(point: str, code: str, since: datetime) -> Problem:
    """Two rule sets for one point and scope at a time: nobody could say which decides."""
    return Problem("rules.point_taken", f"{code} decides {point} for the same scope then", "/effective", 409,
                   {"rule_set": code, "since": since.isoformat()})  # fmt: skip


def nothing_in_force(code: str) -> Problem:
    """Only what is in force can end."""
    return Problem("rules.nothing_in_force", f"no version of {code} is in force then", "", 409)


def nothing_before(code: str) -> Problem:
    """A rollback needs a version that was in force before."""
    return Problem("rules.nothing_before", f"no other version of {code} was in force before", "", 409)


def no_table() -> Problem:
    """The first version of a rule set says what is in it."""
    return Problem("rules.no_table", "say the table: rows, or a DMN file", "/rows")


def too_many(what: str, most: int) -> Problem:
    """A bound on what one rule set holds; `what` is `versions` or `tests`."""
    return Problem("rules.too_many", f"at most {most} {what}", f"/{what}", detail={"limit": most})


def named_twice(number: int, name: str) -> Problem:
    """A failing test is found by its name."""
    return Problem("rules.test_named_twice", f"a second test {name!r}", f"/tests/{number}/name")
