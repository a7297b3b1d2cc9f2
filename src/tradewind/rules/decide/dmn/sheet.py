"""A decision table as plain values, as an editor or an API works with it, and back to DMN.

A sheet is what JSON holds, all texts as FEEL writes them:

    {"table": "t1", "decision": "approver", "hit_policy": "FIRST", "aggregation": null,
     "inputs": [{"id": "t1_i1", "expression": "order total", "label": "", "type": "number", "values": ""}],
     "outputs": [{"id": "t1_o1", "name": "approver", "label": "", "type": "string", "values": "", "default": ""}],
     "rows": [{"id": "t1_r1", "conditions": ["> 5000"], "conclusions": ["\\"head of sales\\""], "notes": ["since May"]}]}

`values` are the tests that a value must meet, or the outputs by priority. Ids may be left out when a sheet is given; labels,
types, values, defaults, notes and the aggregation too. An empty condition is `-`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.read import read_definitions
from tradewind.rules.decide.dmn.sheet_read import Sheet, read_sheet
from tradewind.rules.decide.dmn.write import write_model
from tradewind.rules.decide.feel.compiler import read_expression
from tradewind.rules.decide.feel.unary import read_tests
from tradewind.rules.decide.feel.vocabulary import Vocabulary, same_spaces, vocabulary
from tradewind.rules.errors import not_a_model, not_understood
from tradewind.rules.model import (
    Boxed,
    Conditional,
    ContextBox,
    Decision,
    Definitions,
    InputData,
    Invocation,
    Knowledge,
    ListBox,
    Place,
    Relation,
    Table,
)

__all__ = ["rows_as_dmn", "table_as_rows", "tables_of"]


def tables_of(definitions: Definitions) -> Iterator[tuple[str, Table]]:
    """Every table of a model, with the name of the decision or function it stands in."""
    parts: list[Decision | Knowledge] = [*definitions.decisions, *definitions.knowledge]
    for part in parts:
        pending: list[Boxed | None] = [part.logic]
        while pending:
            boxed = pending.pop()
            if isinstance(boxed, Table):
                yield part.name, boxed
            else:
                pending.extend(reversed(list(_inside(boxed))))


def _inside(boxed: Boxed | None) -> Iterator[Boxed | None]:
    match boxed:
        case ContextBox(entries=entries, result=result):
            yield from (entry.value for entry in entries)
            yield result
        case Invocation(arguments=arguments):
            yield from (entry.value for entry in arguments)
        case ListBox(items=items):
            yield from items
        case Relation(rows=rows):
            yield from (cell for row in rows for cell in row)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            yield from (condition, then, otherwise)
        case _:
            return


def table_as_rows(definitions: Definitions, table_id: str = "") -> dict[str, object] | Problem:
    """The sheet of a table; of the first one where no id is said."""
    for name, table in tables_of(definitions):
        if table_id in ("", table.place.id):
            return _sheet(name, table)
    return not_understood("rules.unknown_table", f"there is no table {table_id!r}", Place("decisionTable", table_id))


def _own(place: Place) -> str:
    return "" if place.within else place.id


def _sheet(name: str, table: Table) -> dict[str, object]:
    return {
        "table": table.place.id,
        "decision": name,
        "hit_policy": table.hit_policy.value,
        "aggregation": None if table.aggregation is None else table.aggregation.value,
        "inputs": [
            {
                "id": _own(part.place), "expression": part.expression.text, "label": part.label, "type": part.type,
                "values": "" if part.allowed is None else part.allowed.text,
            }
            for part in table.inputs
        ],
        "outputs": [
            {
                "id": _own(part.place), "name": part.name, "label": part.label, "type": part.type,
                "values": "" if part.values is None else part.values.text,
                "default": "" if part.default is None else part.default.text,
            }
            for part in table.outputs
        ],
        "rows": [
            {
                "id": _own(row.place), "conditions": [cell.text for cell in row.tests],
                "conclusions": [cell.text for cell in row.outputs], "notes": list(row.notes),
            }
            for row in table.rules
        ],
    }  # fmt: skip


def rows_as_dmn(
    rows: object, *, source: bytes | None = None, variables: Mapping[str, str] | None = None
) -> bytes | Problem:
    """The DMN file of a sheet; with `source`, that file with the table of this id replaced and all else kept.

    `variables` are names and types that columns and cells may read besides the columns' own; what they read becomes input
    data of the decision. A `Problem` names the place in the sheet: `/rows/3/conditions/1`.
    """
    sheet = read_sheet(rows)
    if isinstance(sheet, Problem):
        return sheet
    if source is None:
        return write_model(_made(sheet, variables or {}))
    definitions = read_definitions(source)
    if isinstance(definitions, Problem):
        return definitions
    changed = _replaced(definitions, sheet, variables or {})
    return changed if isinstance(changed, Problem) else write_model(changed, source=source)


def _made(sheet: Sheet, variables: Mapping[str, str]) -> Definitions:
    wanted = _variables(sheet, variables, ())
    inputs = tuple(_input(name, kind, at) for at, (name, kind) in enumerate(wanted.items(), 1))
    at = Place("decision", f"decision_{sheet.table.place.id}")
    kind = sheet.table.outputs[0].type if len(sheet.table.outputs) == 1 else ""
    if sheet.table.aggregation is None and sheet.table.hit_policy.value in ("COLLECT", "RULE ORDER", "OUTPUT ORDER"):
        kind = ""
    decision = Decision(at.id, sheet.decision, kind, tuple(part.id for part in inputs), (), (), sheet.table, (), at)
    return Definitions(sheet.decision, (), inputs, (decision,), (), ())


def _input(name: str, kind: str, at: int) -> InputData:
    place = Place("inputData", f"input_{at}")
    return InputData(place.id, name, kind, place)


def _variables(sheet: Sheet, given: Mapping[str, str], known: Sequence[str]) -> dict[str, str]:
    """What a table reads, with the types as far as they are said: its columns, and other names in its cells."""
    columns = {same_spaces(part.expression.text): part.type for part in sheet.table.inputs}
    words = _words({*given, *known})
    found: dict[str, str] = {}
    for text, kind in columns.items():
        if text in given or text in known:
            found[text] = given.get(text, "")
            continue
        read = read_expression(text, words)
        if isinstance(read, Problem):  # a name of several words that nobody said before
            found[text] = kind
        else:
            found |= {name: given.get(name, kind if name == text else "") for name in sorted(read.names)}
    words = _words({*given, *known, *found})
    for row in sheet.table.rules:
        reads = [read_tests(cell.text, words) for cell in row.tests]
        results = [read_expression(cell.text, words) for cell in row.outputs if cell.text not in ("", "-")]
        for made in (*reads, *results):
            if not isinstance(made, Problem):
                found |= {name: given.get(name, "") for name in sorted(made.names) if name not in found}
    return found


def _words(names: set[str]) -> Vocabulary:
    return vocabulary(names, (), {})


def _replaced(definitions: Definitions, sheet: Sheet, variables: Mapping[str, str]) -> Definitions | Problem:
    """The model with the table of the sheet's id replaced, and what it newly reads required."""
    wanted = sheet.table.place.id
    for place, decision in enumerate(definitions.decisions):
        if isinstance(decision.logic, Table) and decision.logic.place.id == wanted:
            decisions = list(definitions.decisions)
            names = {part.id: part.name for part in definitions.inputs}
            names |= {part.id: part.name for part in definitions.decisions}
            functions = {part.name for part in definitions.knowledge}
            inputs = list(definitions.inputs)
            required = list(decision.inputs)
            reachable = {names[at] for at in (*decision.inputs, *decision.decisions) if at in names}
            for name, kind in _variables(sheet, variables, sorted(reachable)).items():
                if name in reachable or name in functions:
                    continue
                there = next((part for part in inputs if part.name == name), None)
                if there is None:
                    there = _free_input(name, kind, {part.id for part in inputs})
                    inputs.append(there)
                required.append(there.id)
            decisions[place] = replace(decision, logic=sheet.table, inputs=tuple(dict.fromkeys(required)))
            return replace(definitions, inputs=tuple(inputs), decisions=tuple(decisions))
    return not_a_model("rules.unknown_table", f"there is no decision with a table {wanted!r}", "/table")


def _free_input(name: str, kind: str, taken: set[str]) -> InputData:
    at = next(number for number in range(1, len(taken) + 2) if f"input_{number}" not in taken)
    return _input(name, kind, at)
