"""Definitions to a model that decides; what cannot be compiled is told by element and id."""

from collections.abc import Iterable, Mapping

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.compile import Scope, all_members, compile_boxed, nothing
from tradewind.rules.decide.dmn.decide import Function, Model, Step
from tradewind.rules.decide.dmn.order import circle_in, in_order
from tradewind.rules.decide.dmn.read import read_definitions
from tradewind.rules.decide.dmn.table import CompiledTable
from tradewind.rules.decide.dmn.types import Types
from tradewind.rules.errors import not_understood
from tradewind.rules.model import Decision, Definitions, InputData, Knowledge, Place

MAX_CALLS = 10_000
"""Calls of functions that deciding everything may need at most, known before anything is decided."""
MAX_CALL_DEPTH = 30
"""Functions that call functions."""


def read_model(data: bytes) -> Model | Problem:
    """A DMN file, compiled; a `Problem` where it is none, too large, hostile, or requires in a circle."""
    definitions = read_definitions(data)
    return definitions if isinstance(definitions, Problem) else compile_model(definitions)


def compile_model(definitions: Definitions) -> Model | Problem:
    """As `read_model`, from what was read."""
    refused = _second(definitions) or _circle(definitions)
    return refused or _Builder(definitions).model()


def _second(definitions: Definitions) -> Problem | None:
    """A second element with the id or name of another: nobody could say which is meant."""
    seen: set[tuple[str, str]] = set()
    parts: list[InputData | Decision | Knowledge] = [
        *definitions.inputs, *definitions.decisions, *definitions.knowledge
    ]  # fmt: skip
    for part in parts:
        marks = {(kind, mark) for kind, mark in (("id", part.id), ("name", part.name)) if mark}
        if seen & marks:
            kind, mark = sorted(seen & marks)[0]
            return not_understood("rules.not_unique", f"a second element with the {kind} {mark!r}", part.place)
        seen |= marks
    return None


def _circle(definitions: Definitions) -> Problem | None:
    decisions = {part.id: part for part in definitions.decisions}
    knowledge = {part.id: part for part in definitions.knowledge}
    found = circle_in({at: part.decisions for at, part in decisions.items()})
    named: Mapping[str, Decision | Knowledge] = decisions
    if not found:
        found, named = circle_in({at: part.knowledge for at, part in knowledge.items()}), knowledge
    if not found:
        return None
    shown = " requires ".join(named[at].name for at in found[:10])
    return not_understood("rules.circle", shown, named[found[0]].place)


class _Builder:
    """One model in the making."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.problems: list[Problem] = list(definitions.problems)
        self.types = Types(definitions.types, self.problems)
        self.members = all_members(definitions)
        self.inputs = {part.id: part for part in definitions.inputs}
        self.decisions = {part.id: part for part in definitions.decisions}
        self.knowledge = {part.id: part for part in definitions.knowledge}
        self.tables: dict[str, CompiledTable] = {}
        self.calls: dict[str, int] = {}
        self.depth: dict[str, int] = {}
        self.broken: dict[str, tuple[Problem, ...]] = {}

    def model(self) -> Model | Problem:
        self._check_names()
        functions: dict[str, Function] = {}
        for at in in_order(self.knowledge, lambda at: self._known(self.knowledge[at].knowledge, self.knowledge)):
            part = self.knowledge[at]
            functions[part.name] = self.function(part)
            if self.calls[part.name] > MAX_CALLS or self.depth[part.name] > MAX_CALL_DEPTH:
                return _too_much(part.place)
        steps: dict[str, Step] = {}
        total = 0
        for decision in self.definitions.decisions:
            steps[decision.name], calls = self.step(decision)
            total += calls
            if total > MAX_CALLS:
                return _too_much(decision.place)
        inputs = {part.name: self.types.of(part.type, part.place) for part in self.definitions.inputs}
        return Model(self.definitions, tuple(self.problems), inputs, steps, functions, self.tables)

    def function(self, part: Knowledge) -> Function:
        before = len(self.problems)
        called = self._functions(part.knowledge, part.place)
        names = [parameter.name for parameter in part.parameters]
        scope = Scope(frozenset(names), called, self.types, self.members, self.problems, self.tables)
        parameters = tuple((entry.name, self.types.of(entry.type, part.place)) for entry in part.parameters)
        run = compile_boxed(part.logic, scope)
        self.calls[part.name] = sum(times * (1 + self.calls[name]) for name, times in scope.calls.items())
        self.depth[part.name] = 1 + max((self.depth[name] for name in scope.calls), default=0)
        kind = self.types.of(part.type, part.place)
        self.broken[part.name] = part.problems + tuple(self.problems[before:]) + self._broken(called)
        return Function(part.name, parameters, kind, tuple(called), run)

    def step(self, part: Decision) -> tuple[Step, int]:
        """The decision, and the calls that it needs."""
        before = len(self.problems)
        inputs = [self.inputs[at].name for at in self._found(part.inputs, self.inputs, part.place)]
        decisions = [self.decisions[at].name for at in self._found(part.decisions, self.decisions, part.place)]
        called = self._functions(part.knowledge, part.place)
        scope = Scope(frozenset([*inputs, *decisions]), called, self.types, self.members, self.problems, self.tables)
        if part.logic is None and not part.problems:
            self.problems.append(not_understood("rules.no_logic", f"{part.name} has no logic", part.place))
        run = compile_boxed(part.logic, scope)
        kind = self.types.of(part.type, part.place)
        problems = part.problems + tuple(self.problems[before:]) + self._broken(called)
        step = Step(
            part.name, kind, tuple(inputs), tuple(decisions), tuple(called), nothing if problems else run, problems,
            part.place,
        )  # fmt: skip
        return step, sum(times * (1 + self.calls[name]) for name, times in scope.calls.items())

    def _functions(self, required: Iterable[str], place: Place) -> dict[str, Knowledge]:
        found = (self.knowledge[at] for at in self._found(required, self.knowledge, place))
        return {part.name: part for part in found}

    def _found(self, required: Iterable[str], among: Mapping[str, object], place: Place) -> list[str]:
        """The ids that are there; the others are told."""
        wanted = list(required)
        for at in wanted:
            if at not in among:
                self.problems.append(not_understood("rules.unknown_reference", f"{at!r} is not in this file", place))
        return self._known(wanted, among)

    def _known(self, required: Iterable[str], among: Mapping[str, object]) -> list[str]:
        return [at for at in required if at in among]

    def _broken(self, called: Iterable[str]) -> tuple[Problem, ...]:
        """Why what is called has no value, if so: then neither has the caller."""
        return tuple(problem for name in called for problem in self.broken[name][:1])

    def _check_names(self) -> None:
        parts: list[InputData | Decision | Knowledge] = [
            *self.definitions.inputs, *self.definitions.decisions, *self.definitions.knowledge
        ]  # fmt: skip
        for part in parts:
            if not part.name or not part.id:
                missing = "id" if part.name else "name"
                self.problems.append(not_understood("rules.no_name", f"it has no {missing}", part.place))


def _too_much(place: Place) -> Problem:
    what = f"it would need more than {MAX_CALLS} calls, or calls more than {MAX_CALL_DEPTH} deep"
    return not_understood("rules.too_much_work", what, place)
