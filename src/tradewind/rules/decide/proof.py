"""Whether a version may go live: it can be read, speaks its point's words, leaves no row without effect and no tie open, and its
tests pass. What is only worth knowing (overlaps that the hit policy provides for, gaps, rows that no test reaches) is told beside it."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value
from tradewind.rules.decide.dictionary import foreign_words, nearest
from tradewind.rules.decide.dmn.overlaps import Examined, Kind, examine
from tradewind.rules.decide.dmn.table import CompiledTable
from tradewind.rules.decide.dmn.types import ANY, Type
from tradewind.rules.decide.govern import Compiled, ask, compiled
from tradewind.rules.decide.values_json import agrees, given, jsonable, to_json
from tradewind.rules.errors import failed_test, row_without_effect, stranger_in_test, tie_left_open
from tradewind.rules.model import DecisionPoint, HitPolicy, RowHit, RowMiss, Ruling, TableTest

_NOBODY = Ruling(UUID(int=0), "", 0, "", {}, (), (), ())


@value(frozen=True, slots=True)
class Tried:
    """A test and what came out."""

    case: TableTest
    passed: bool
    answers: tuple[Mapping[str, object], ...]
    hits: tuple[RowHit, ...]
    misses: tuple[RowMiss, ...]
    findings: tuple[Problem, ...]


@value(frozen=True, slots=True)
class Seen:
    """What an examination found in a table: with a value by column that shows it, where there is one."""

    table: str
    kind: str
    rows: tuple[int, ...]
    inputs: Mapping[str, object] | None
    refused: bool
    message: str


@value(frozen=True, slots=True)
class Proof:
    """Everything that was looked at. A version goes live only where `problems` is empty; `digest` and `tests` say of what."""

    digest: bytes
    tests: tuple[TableTest, ...]
    problems: tuple[Problem, ...]
    seen: tuple[Seen, ...] = ()
    tried: tuple[Tried, ...] = ()
    untested: tuple[tuple[str, int], ...] = ()


def prove(
    source: bytes,
    digest: bytes,
    *,
    decision: str = "",
    tests: Sequence[TableTest] = (),
    point: DecisionPoint | None = None,
) -> Proof:
    """Look at a version from all sides. `point` is the dictionary it must keep to, None where it governs nothing."""
    tests = tuple(tests)
    made = compiled(source, decision)
    if isinstance(made, list):
        return Proof(digest, tests, tuple(made))
    problems = [] if point is None else list(foreign_words(made, point))
    seen: list[Seen] = []
    for table_id in made.tables:
        table = made.model.tables.get(table_id)
        if table is not None:
            seen += _seen(made, table_id, table)
    problems += [_refusal(one) for one in seen if one.refused]
    tried = tuple(_tried_until_spent(made, tests, point))
    problems += [problem for number, one in enumerate(tried) for problem in _failure(made, one, number)]
    return Proof(digest, tests, tuple(problems), tuple(seen), tried, tuple(_untested(made, tried)))


def _seen(made: Compiled, table_id: str, table: CompiledTable) -> Iterator[Seen]:
    columns = [part.expression.text for part in made.tables[table_id].inputs]
    for one in examine(table):
        inputs = None if one.inputs is None else dict(zip(columns, one.inputs, strict=True))
        tie = one.kind is Kind.OVERLAP and one.allowed and _is_open_tie(table, one)
        message = (
            f"rows {one.rows[0]} and {one.rows[1]} have the same priority and conclude differently"
            if tie
            else one.message
        )
        refused = tie or (not one.allowed and one.kind in (Kind.OVERLAP, Kind.SHADOWED, Kind.NEVER))
        yield Seen(table_id, one.kind.value, one.rows, inputs, refused, message)


def _is_open_tie(table: CompiledTable, one: Examined) -> bool:
    """Two rows of one priority that conclude differently: which decides would be an accident of their order."""
    if table.policy is not HitPolicy.PRIORITY or one.inputs is None:
        return False
    inputs = {at.name: value for at, value in zip(table.conditions, one.inputs, strict=True) if at.name}
    first, second = (table.value(row - 1, inputs) for row in one.rows[:2])
    return table.ranks(first) == table.ranks(second) and first != second


def _refusal(one: Seen) -> Problem:
    if one.kind == Kind.OVERLAP.value:
        return tie_left_open(one.table, one.rows, jsonable(one.inputs), one.message)
    return row_without_effect(one.table, one.rows, jsonable(one.inputs), one.message)


# ---- tests -------------------------------------------------------------------------------------------------------------


def _tried_until_spent(made: Compiled, tests: Sequence[TableTest], point: DecisionPoint | None) -> Iterator[Tried]:
    """Each test; after one that needs too much work none, since every other could need as much: it fails, and says so."""
    for case in tests:
        one = _tried(made, case, point)
        yield one
        if any(problem.code == "rules.too_much_work" for problem in one.findings):
            return


def _tried(made: Compiled, case: TableTest, point: DecisionPoint | None) -> Tried:
    ruling = ask(made, typed_inputs(made, case.inputs, point), _NOBODY)
    expected = case.expect if isinstance(case.expect, tuple) else (case.expect,) if case.expect is not None else ()
    spent = any(problem.code == "rules.too_much_work" for problem in ruling.findings)
    passed = not spent and agrees(ruling.answers, expected)
    return Tried(case, passed, ruling.answers, ruling.hits, ruling.misses, ruling.findings)


def typed_inputs(made: Compiled, inputs: Mapping[str, object], point: DecisionPoint | None = None) -> dict[str, object]:
    """Inputs from JSON as a table takes them, by the types that it or the dictionary says."""
    said = {fact.name: Type(fact.type) for fact in point.inputs} if point else {}
    kinds = {name: said.get(name, kind) if kind is ANY else kind for name, kind in made.plan.inputs.items()}
    return {name: given(one, kinds.get(name)) for name, one in inputs.items()}


def _failure(made: Compiled, one: Tried, number: int) -> Iterator[Problem]:
    strangers = [name for name in one.case.inputs if name not in made.plan.inputs]
    if strangers:
        yield stranger_in_test(number, one.case.name, strangers[0], nearest(strangers[0], made.plan.inputs))
    elif not one.passed:
        yield failed_test(
            number, one.case, to_json(one.case.expect), to_json(one.answers), one.hits, one.misses, one.findings
        )


def _untested(made: Compiled, tried: Sequence[Tried]) -> Iterator[tuple[str, int]]:
    reached = {(hit.table, hit.number) for one in tried for hit in one.hits}
    for table_id, table in made.tables.items():
        for number in range(1, len(table.rules) + 1):
            if (table_id, number) not in reached:
                yield table_id, number
