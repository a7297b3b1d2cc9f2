"""Whether a table speaks in the words of its decision point."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.types import Type
from tradewind.rules.decide.govern import Compiled
from tradewind.rules.errors import unknown_answer, unknown_word, wrong_fact_type
from tradewind.rules.model import ContextBox, DecisionPoint, Fact, Table, Text


def foreign_words(table: Compiled, point: DecisionPoint) -> Iterator[Problem]:
    """Inputs and outputs that are not in the dictionary of the point, each with the nearest that is; types that differ, and
    answers that the point does not know."""
    asked = {fact.name: fact for fact in point.inputs}
    for name in table.plan.inputs:
        if name not in asked:
            yield unknown_word("inputs", name, nearest(name, asked), point.code)
    for name, kind in _types(table):
        if name in asked and kind not in ("Any", asked[name].type):
            yield wrong_fact_type(name, kind, asked[name].type, point.code)
    given = {fact.name: fact for fact in point.outputs}
    for name, cells in _outputs(table):
        if name not in given:
            yield unknown_word("outputs", name, nearest(name, given), point.code)
        else:
            yield from _foreign_answers(given[name], cells, point.code)


def nearest(name: str, known: Iterable[str]) -> str:
    """The name that was probably meant; empty where none is near."""
    return next(iter(get_close_matches(name, sorted(known), 1, 0.6)), "")


def _types(table: Compiled) -> Iterator[tuple[str, str]]:
    """What the file takes its inputs for, where it says so: as input data, and as columns of tables; each once."""
    found = [(name, _base(kind)) for name, kind in table.plan.inputs.items()]
    for one in table.model.tables.values():
        found += [(column.name, _base(column.type)) for column in one.conditions]
    yield from dict.fromkeys((name, kind) for name, kind in found if name in table.plan.inputs)


def _base(kind: Type) -> str:
    while kind.base is not None:
        kind = kind.base
    return "list" if kind.is_list else kind.name


def _outputs(table: Compiled) -> Iterator[tuple[str, tuple[Text, ...]]]:
    """What the answering decision is called to give, with the cells that say it."""
    part = next(one for one in table.model.definitions.decisions if one.name == table.decision)
    logic = part.logic
    if isinstance(logic, Table) and len(logic.outputs) > 1:
        for place, output in enumerate(logic.outputs):
            cells = [row.outputs[place] for row in logic.rules]
            yield output.name, (*cells, *([output.default] if output.default else []))
    elif isinstance(logic, Table):
        default = logic.outputs[0].default
        yield table.answer_name, (*(row.outputs[0] for row in logic.rules), *([default] if default else []))
    elif isinstance(logic, ContextBox) and logic.result is None:
        yield from ((entry.name, ()) for entry in logic.entries)
    elif components := _components(table.model.decisions[table.decision].type):
        yield from ((name, ()) for name in components)
    else:
        yield table.answer_name, ()


def _components(kind: Type) -> Mapping[str, Type]:
    while kind.base is not None:
        kind = kind.base
    return kind.components


def _foreign_answers(fact: Fact, cells: Iterable[Text], point: str) -> Iterator[Problem]:
    if not fact.allowed:
        return
    for cell in cells:
        text = cell.text.strip()
        if len(text) > 1 and text[0] == text[-1] == '"' and text[1:-1] not in fact.allowed:
            found = text[1:-1]
            yield unknown_answer(fact.name, found, nearest(found, fact.allowed), fact.allowed, cell.place, point)
