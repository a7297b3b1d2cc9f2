"""A published table as the house asks it: which one governs, what it answers, and why.

published = published_tables(reader)              # None where nothing is published
table = published.governing("order.validation", Scope(segment="key"), at)
ruling = table.decide({"order total": Decimal(7200)})
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value
from tradewind.rules.decide.dmn.build import read_model
from tradewind.rules.decide.dmn.decide import Model, Plan
from tradewind.rules.decide.dmn.sheet import tables_of
from tradewind.rules.decide.dmn.table import Hit
from tradewind.rules.decide.feel.allowance import ALLOWANCE, Allowance
from tradewind.rules.errors import no_decision, which_decision
from tradewind.rules.model import Definitions, RowHit, RowMiss, Ruling, Scope, Table

MOST_HITS = 100
"""Rows that matched, and rows that nearly did, which a ruling names at most."""
MOST_MISSES = 10
MISS_STEPS = 60_000
"""What finding them may cost beside deciding, which has ten times as many."""


@value(frozen=True, slots=True)
class Compiled:
    """The decision of a file that answers, ready to be asked, and the tables it goes through by their id."""

    model: Model
    decision: str
    plan: Plan
    tables: Mapping[str, Table]
    answer_name: str


@value(frozen=True, slots=True)
class Governing:
    """A version in force: of which rule set, for whom, since when, and what it decides.

    `problems`: why it cannot be read (it was written for another release); it then answers nothing and says so.
    """

    rule_set_id: UUID
    code: str
    version: int
    point: str
    scope: Scope
    since: datetime
    until: datetime | None
    compiled: Compiled | None
    problems: tuple[Problem, ...] = ()

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)

    @property
    def asks(self) -> frozenset[str]:
        """The names of the inputs that it reads."""
        return frozenset() if self.compiled is None else frozenset(self.compiled.plan.inputs)

    def decide(self, inputs: Mapping[str, object]) -> Ruling:
        """What the table says; an input that is missing is null, one it does not ask for is not looked at."""
        of = Ruling(self.rule_set_id, self.code, self.version, self.point, inputs, (), (), (), self.problems)
        return of if self.compiled is None else ask(self.compiled, inputs, of)


class Published:
    """Everything that is published, as one process keeps it: in force now or later."""

    __slots__ = ("_by_code", "_by_point", "points", "tables")

    def __init__(self, tables: Iterable[Governing]) -> None:
        self._by_point: dict[str, list[Governing]] = defaultdict(list)
        self._by_code: dict[str, list[Governing]] = defaultdict(list)
        self.tables = tuple(sorted(tables, key=lambda one: one.scope.rank, reverse=True))
        for table in self.tables:
            self._by_code[table.code].append(table)
            if table.point:
                self._by_point[table.point].append(table)
        self.points = frozenset(self._by_point)

    def governing(self, point: str, scope: Scope, at: datetime) -> Governing | None:
        """The most specific table for a point that is in force at an instant; None where none is."""
        for table in self._by_point.get(point, ()):
            if table.holds(at) and table.scope.covers(scope):
                return table
        return None

    def named(self, code: str, at: datetime) -> Governing | None:
        """The version of a rule set that is in force at an instant; None where none is."""
        return next((table for table in self._by_code.get(code, ()) if table.holds(at)), None)


def compiled(source: bytes, decision: str = "") -> Compiled | list[Problem]:
    """A file with the decision that answers: the one named, else the only one that no other requires."""
    model = read_model(source)
    if isinstance(model, Problem):
        return [model]
    if model.problems:
        return list(model.problems)
    name = _answering(model.definitions, decision)
    if isinstance(name, Problem):
        return [name]
    plan = model.plan(name)
    if isinstance(plan, Problem):
        return [plan]
    tables = {table.place.id: table for _, table in tables_of(model.definitions)}
    return Compiled(model, name, plan, tables, _answer_name(model, name))


def _answering(definitions: Definitions, named: str) -> str | Problem:
    names = [part.name for part in definitions.decisions]
    if named:
        return named if named in names else no_decision(named, names)
    required = {at for part in definitions.decisions for at in part.decisions}
    last = [part.name for part in definitions.decisions if part.id not in required]
    if len(last) != 1:
        return which_decision(last) if last else no_decision("", names)
    return last[0]


def _answer_name(model: Model, name: str) -> str:
    """What an answer of one value is called: as the one output of its table, else as the decision."""
    logic = next(part.logic for part in model.definitions.decisions if part.name == name)
    if isinstance(logic, Table) and len(logic.outputs) == 1 and logic.outputs[0].name:
        return logic.outputs[0].name
    return name


def ask(table: Compiled, inputs: Mapping[str, object], of: Ruling) -> Ruling:
    """What a compiled file answers, said of a rule set and version."""
    outcome = table.plan.decide(inputs)
    asked = {name: inputs.get(name) for name in table.plan.inputs}
    return Ruling(
        of.rule_set_id, of.code, of.version, of.point, asked,
        answers_of(outcome.values[table.decision], table.answer_name),
        _matched(table, outcome.hits), _missed(table, outcome.hits, {**asked, **outcome.values}), outcome.findings,
    )  # fmt: skip


def answers_of(decided: object, name: str) -> tuple[Mapping[str, object], ...]:
    """A decision's value as answers by output name: none for null, several for a list; an answer of nulls alone is none."""
    found = decided if isinstance(decided, list) else [decided]
    answers = [one if isinstance(one, Mapping) else {name: one} for one in found]
    return tuple(one for one in answers if any(part is not None for part in one.values()))


def _matched(table: Compiled, hits: Sequence[Hit]) -> tuple[RowHit, ...]:
    found = [
        RowHit(hit.table, table.tables[hit.table].rules[row - 1].place.id, row)
        for hit in hits
        if hit.table in table.tables
        for row in hit.rows
    ]
    return tuple(found[:MOST_HITS])


def _missed(table: Compiled, hits: Sequence[Hit], context: Mapping[str, object]) -> tuple[RowMiss, ...]:
    """Near misses of the tables that were asked; where saying why would be more work than deciding, those found so far."""
    found: list[RowMiss] = []
    allowance = Allowance(MISS_STEPS)
    context = {**context, ALLOWANCE: allowance}
    for hit in hits:
        written, asked = table.tables.get(hit.table), table.model.tables.get(hit.table)
        if written is None or asked is None or len(hit.inputs) < len(asked.conditions):
            continue  # an input that is not allowed ended the question before the rows were looked at
        near = asked.near_misses(hit.inputs, context, most=MOST_MISSES - len(found))
        if allowance.reason:  # cells that were not answered any more count as missed: nothing can be said of this table
            break
        for miss in near:
            row, column = written.rules[miss.row - 1], written.inputs[miss.input - 1]
            cell = row.tests[miss.input - 1].text
            found.append(RowMiss(hit.table, row.place.id, miss.row, column.expression.text, cell))
        if len(found) >= MOST_MISSES:
            break
    return tuple(found)
