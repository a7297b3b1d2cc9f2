"""What a change is answered with, as values and as the plain JSON of its row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from tradewind.kernel.money import plain
from tradewind.kernel.problem import Problem
from tradewind.orders.decide.actions import Action
from tradewind.orders.decide.change import Outcome, Sheet, in_line_unit
from tradewind.orders.decide.plan import verb_of
from tradewind.orders.decide.restoring import Restoring
from tradewind.orders.model import OrderChange
from tradewind.semantics.model import Finding
from tradewind.streams.dates import WRONG_DATES
from tradewind.streams.order_work import OrderWork

Verdict = Literal["accepted", "changed", "rejected"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one action: done as asked, done as far as it could be, or not.

    `line_no` is the line it was about, or the one it made; `lines` are all it concerned. `done` and `asked_back` count the
    line's unit: what changed at once, and what a warehouse was asked for (its answer comes later). `problem` says why it was
    changed or rejected; of an accepted date, why goods cannot be there then.
    """

    place: int
    verb: str
    verdict: Verdict
    line_no: int | None = None
    done: Decimal | None = None
    asked_back: Decimal | None = None
    problem: Problem | None = None
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a request. Nothing changed where `change_id` is None: `problems` or the answers say why.

    `consequences` is what the change does to the order, as it is stored and shown: quantities, stock, price, tax, credit,
    approval, holds, promise, documents issued before.
    """

    order_id: UUID
    change_id: UUID | None = None
    number: str = ""
    status: str = ""
    from_version: int = 0
    to_version: int = 0
    answers: tuple[Answer, ...] = ()
    consequences: dict[str, Any] | None = None
    duplicate: bool = False
    problems: tuple[Problem, ...] = ()
    total: Decimal = Decimal(0)
    currency: str = ""


def answers_of(actions: Sequence[Action | Restoring], outcomes: Sequence[Outcome], sheet: Sheet) -> tuple[Answer, ...]:
    """The outcomes in the lines' own units."""
    return tuple(
        _answer(place, action, outcome, sheet)
        for place, (action, outcome) in enumerate(zip(actions, outcomes, strict=True))
    )


def _answer(place: int, action: Action | Restoring, outcome: Outcome, sheet: Sheet) -> Answer:
    state = sheet.lines.get(outcome.line_no) if outcome.line_no is not None else None
    done, asked = (
        None if units is None or state is None else Decimal(plain(in_line_unit(state, units)))
        for units in (outcome.done, outcome.asked or None)
    )
    lines = outcome.lines or (() if outcome.line_no is None else (outcome.line_no,))
    return Answer(place, verb_of(action), outcome.verdict, outcome.line_no, done, asked, outcome.problem, lines)


def with_dates(answers: Sequence[Answer], work: OrderWork) -> tuple[Answer, ...]:
    """A date that cannot be stays as it was asked for, and its answer names the nearest ones that can, as placing does."""
    said = {(one.detail or {}).get("group"): one for one in work.findings if one.code in WRONG_DATES}
    if not said:
        return tuple(answers)
    return tuple(_dated(one, work, said) if one.verb == "move_date" else one for one in answers)


def _dated(one: Answer, work: OrderWork, said: Mapping[int | None, Finding]) -> Answer:
    groups = sorted({work.line(number).line.group_no for number in one.lines} & said.keys())
    if one.verdict == "rejected" or not groups:
        return one
    texts = dict.fromkeys(_offer(said[group]) for group in groups)
    first, known = said[groups[0]], one.problem
    told = " ".join([*([] if known is None else [known.message]), *texts])
    detail = {**({} if known is None else known.detail), **(first.detail or {})}
    if len(groups) > 1:
        detail["groups"] = [said[group].detail for group in groups]
    where = f"/actions/{one.place}/requested_at"
    problem = Problem(first.code, told, where, 409, detail)
    return replace(one, problem=problem if known is None else replace(known, message=told, detail=detail))


def _offer(finding: Finding) -> str:
    text = finding.message[:1].upper() + finding.message[1:]
    return f"{text}; it can be {finding.suggestion}." if finding.suggestion else f"{text}."


def answer_json(one: Answer) -> dict[str, Any]:
    """Without its empty members."""
    said = {
        "action": one.place,
        "verb": one.verb,
        "verdict": one.verdict,
        "line": one.line_no,
        "lines": list(one.lines) if len(one.lines) > 1 else None,
        "done": None if one.done is None else plain(one.done),
        "asked_back": None if not one.asked_back else plain(one.asked_back),
        "problem": None if one.problem is None else one.problem.as_json(),
    }
    return {name: value for name, value in said.items() if value is not None}


def action_json(action: Action | Restoring) -> dict[str, Any]:
    """An action for its row; what it carries from another row is left there."""
    said: dict[str, Any] = {"verb": verb_of(action)}
    for one in fields(action):
        value = getattr(action, one.name)
        name = one.name.removesuffix("_no")
        if isinstance(value, Decimal):
            said[name] = plain(value)
        elif isinstance(value, datetime):
            said[name] = value.isoformat()
        elif isinstance(value, str | int | UUID):
            said[name] = str(value) if isinstance(value, UUID) else value
        elif isinstance(value, tuple) and value:
            said[name] = [list(pair) for pair in value]
    return said


def told_before(row: OrderChange, work: OrderWork) -> Changed:
    """What was answered when the same source came first; the order's status is today's."""
    return Changed(
        row.order_id, row.id, work.header.number, work.status, row.from_version, row.to_version,
        tuple(_read(one) for one in row.answers), row.consequences, duplicate=True,
        total=work.totals.total, currency=work.header.currency,
    )  # fmt: skip


def _read(said: dict[str, Any]) -> Answer:
    problem, line = said.get("problem"), said.get("line")
    done, asked = (None if said.get(name) is None else Decimal(said[name]) for name in ("done", "asked_back"))
    return Answer(
        said["action"], said["verb"], said["verdict"], line, done, asked,
        None if problem is None
        else Problem(problem["code"], problem["title"], problem.get("pointer", ""), problem["status"], problem.get("detail_values", {})),
        tuple(said.get("lines") or (() if line is None else (line,))),
    )  # fmt: skip
