"""A decision model, compiled: which decisions there are, what they require, and what they decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.compile import Run
from tradewind.rules.decide.dmn.order import in_order
from tradewind.rules.decide.dmn.table import CompiledTable, Hit, Trace
from tradewind.rules.decide.dmn.types import Type, is_bounded
from tradewind.rules.decide.feel.allowance import ALLOWANCE, SpentError
from tradewind.rules.decide.feel.functions import Callee
from tradewind.rules.decide.feel.values import MAX_LIST, plain
from tradewind.rules.errors import not_understood
from tradewind.rules.model import Definitions, Place

STEPS_OF_A_CALL = 20
"""What the call of a business knowledge model takes of the work that deciding may do."""


@dataclass(frozen=True, slots=True)
class Function:
    """A business knowledge model: what it is called with, and what it calls itself."""

    name: str
    parameters: tuple[tuple[str, Type], ...]
    type: Type
    functions: tuple[str, ...]
    run: Run


@dataclass(frozen=True, slots=True)
class Step:
    """A decision with what it reads. `problems` are why it has no value, if it has none."""

    name: str
    type: Type
    inputs: tuple[str, ...]
    decisions: tuple[str, ...]
    functions: tuple[str, ...]
    run: Run
    problems: tuple[Problem, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Outcome:
    """The values by decision, the rows that tables hit, and why values are null where a rule was broken."""

    values: Mapping[str, object]
    hits: tuple[Hit, ...]
    findings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The decisions asked for, and before them all that they require."""

    inputs: Mapping[str, Type]
    steps: tuple[Step, ...]
    functions: Mapping[str, Function]

    def decide(self, given: Mapping[str, object]) -> Outcome:
        """Values in, values with their reasons out. Inputs by name; a missing one is null, others are not looked at."""
        trace = Trace()
        values: dict[str, object] = {}
        for name, kind in self.inputs.items():
            fits, values[name] = kind.conform(plain(given.get(name)))
            if not fits:
                what = f"{name} is no {kind.name}"
                trace.findings.append(not_understood("rules.wrong_type", what, Place("inputData", name)))
        callees = {name: self.callee(function, trace) for name, function in self.functions.items()}
        decided: dict[str, object] = {}
        context = {**values, **callees, ALLOWANCE: trace.allowance}
        for step in self.steps:
            decided[step.name] = context[step.name] = self._value(step, context, trace)
        return Outcome(decided, tuple(trace.hits), tuple(trace.findings))

    def _value(self, step: Step, context: Mapping[str, object], trace: Trace) -> object:
        if step.problems:
            trace.findings.extend(step.problems)
            return None
        try:
            value = plain(step.run(context, trace))
        except SpentError:
            value = None
        if trace.allowance.reason:
            what = f"{step.name} has no value: {trace.allowance.reason}"
            trace.findings.append(not_understood("rules.too_much_work", what, step.place))
            return None
        if not is_bounded(value):
            what = f"what {step.name} decides has more than {MAX_LIST} values"
            trace.findings.append(not_understood("rules.value_too_large", what, step.place))
            return None
        fits, value = step.type.conform(value)
        if not fits:
            what = f"what {step.name} decides is no {step.type.name}"
            trace.findings.append(not_understood("rules.wrong_type", what, step.place))
        return value

    def callee(self, function: Function, trace: Trace) -> Callee:
        return Callee(partial(self._call, function, trace), tuple(name for name, _ in function.parameters))

    def _call(self, function: Function, trace: Trace, given: list[object]) -> object:
        if len(given) != len(function.parameters):
            return None
        trace.allowance.take(STEPS_OF_A_CALL)
        context: dict[str, object] = {
            name: self.callee(self.functions[name], trace) for name in function.functions if name in self.functions
        }
        context[ALLOWANCE] = trace.allowance
        for (name, kind), value in zip(function.parameters, given, strict=True):
            context[name] = kind.conform(plain(value))[1]
        value = plain(function.run(context, trace))
        return function.type.conform(value)[1] if is_bounded(value) else None


@dataclass(frozen=True, slots=True)
class Model:
    """A compiled file. A decision with `problems` decides null; a model is fit to be published where there are none.

    `tables` are by their id, as hits name them.
    """

    definitions: Definitions
    problems: tuple[Problem, ...]
    inputs: Mapping[str, Type]
    decisions: Mapping[str, Step]
    functions: Mapping[str, Function]
    tables: Mapping[str, CompiledTable]

    def plan(self, *names: str) -> Plan | Problem:
        """How to decide these decisions, or all where none is named; a `Problem` for a name that is none."""
        wanted = names or tuple(self.decisions)
        unknown = [name for name in wanted if name not in self.decisions]
        if unknown:
            return not_understood(
                "rules.unknown_decision", f"there is no decision {unknown[0]!r}", Place("decision", "")
            )
        steps = [self.decisions[name] for name in in_order(wanted, lambda name: self.decisions[name].decisions)]
        inputs = {name: self.inputs[name] for step in steps for name in step.inputs}
        called = in_order(
            [name for step in steps for name in step.functions], lambda name: self.functions[name].functions
        )
        return Plan(inputs, tuple(steps), {name: self.functions[name] for name in called})
