"""Plain values to a table, with every refusal at its place in them."""

from collections.abc import Mapping
from typing import cast

from tradewind.kernel.problem import Problem
from tradewind.kernel.value import value
from tradewind.rules.decide.feel.vocabulary import same_spaces
from tradewind.rules.errors import not_a_model
from tradewind.rules.model import Aggregation, HitPolicy, Input, Output, Place, Rule, Table, Text

MAX_ROWS = 5_000
MAX_COLUMNS = 100
MAX_TEXT = 4_096
"""Characters of one cell."""


@value(frozen=True, slots=True)
class Sheet:
    """A table and the name of its decision."""

    decision: str
    table: Table


class _WrongError(ValueError):
    """Carries a refusal out of the reading."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(what)
        self.problem = not_a_model("rules.wrong_sheet", what, where or "/")


def read_sheet(rows: object) -> Sheet | Problem:
    """The table that a sheet holds, or what is wrong with it."""
    try:
        return _Reader(_mapping(rows, "")).sheet()
    except _WrongError as wrong:
        return wrong.problem


def _mapping(given: object, where: str) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        raise _WrongError(where, "expected an object")
    return cast(Mapping[str, object], given)


def _list(given: object, where: str, most: int) -> list[object]:
    if not isinstance(given, list | tuple):
        raise _WrongError(where, "expected a list")
    if len(given) > most:
        raise _WrongError(where, f"at most {most} items")
    return list(given)


def _text(given: object, where: str) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise _WrongError(where, "expected a text")
    if len(given) > MAX_TEXT:
        raise _WrongError(where, f"at most {MAX_TEXT} characters")
    if any((ord(character) < 32 and character not in "\t\r\n") or character in "\ufffe\uffff" for character in given):
        raise _WrongError(where, "a control character has no form in XML")
    return given.replace("\r\n", "\n").replace("\r", "\n").strip()


class _Reader:
    """One sheet; ids that were not said are made from the table's."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self.given = given
        self.table = _text(given.get("table"), "/table") or "table"
        self.taken: set[str] = {self.table}

    def sheet(self) -> Sheet:
        policy = _text(self.given.get("hit_policy"), "/hit_policy") or "UNIQUE"
        if policy not in {one.value for one in HitPolicy}:
            raise _WrongError("/hit_policy", f"there is no hit policy {policy!r}")
        aggregation = _text(self.given.get("aggregation"), "/aggregation")
        if aggregation and aggregation not in {one.value for one in Aggregation}:
            raise _WrongError("/aggregation", f"there is no aggregation {aggregation!r}")
        listed = {name: _list(self.given.get(name, []), f"/{name}", MAX_COLUMNS) for name in ("inputs", "outputs")}
        rows = _list(self.given.get("rows", []), "/rows", MAX_ROWS)
        self._take_said([*listed["inputs"], *listed["outputs"], *rows])
        inputs = tuple(self.input(part, at) for at, part in enumerate(listed["inputs"]))
        outputs = tuple(self.output(part, at) for at, part in enumerate(listed["outputs"]))
        if not outputs:
            raise _WrongError("/outputs", "a table has at least one output")
        table = Table(
            HitPolicy(policy), Aggregation(aggregation) if aggregation else None, inputs, outputs,
            tuple(self.row(part, at, len(inputs), len(outputs)) for at, part in enumerate(rows)),
            Place("decisionTable", self.table),
        )  # fmt: skip
        return Sheet(same_spaces(_text(self.given.get("decision"), "/decision")) or self.table, table)

    def _take_said(self, parts: list[object]) -> None:
        """Ids that the sheet says, so that none is made a second time."""
        said = [part["id"] for part in parts if isinstance(part, Mapping) and isinstance(part.get("id"), str)]
        self.taken.update(said)

    def place(self, tag: str, part: Mapping[str, object], where: str, letter: str, at: int) -> Place:
        said = _text(part.get("id"), f"{where}/id")
        while not said:
            made = f"{self.table}_{letter}{at + 1}"
            if made not in self.taken:
                self.taken.add(made)
                said = made
            at += 10_000
        return Place(tag, said)

    def within(self, tag: str, place: Place, text: str) -> Text:
        return Text(text, Place(tag, place.id, place.element))

    def input(self, given: object, at: int) -> Input:
        where = f"/inputs/{at}"
        part = _mapping(given, where)
        place = self.place("input", part, where, "i", at)
        expression = _text(part.get("expression"), f"{where}/expression")
        if not expression:
            raise _WrongError(f"{where}/expression", "a column says what it asks")
        values = _text(part.get("values"), f"{where}/values")
        return Input(
            self.within("inputExpression", place, expression), _text(part.get("type"), f"{where}/type"),
            self.within("inputValues", place, values) if values else None, _text(part.get("label"), f"{where}/label"),
            place,
        )  # fmt: skip

    def output(self, given: object, at: int) -> Output:
        where = f"/outputs/{at}"
        part = _mapping(given, where)
        place = self.place("output", part, where, "o", at)
        values, default = _text(part.get("values"), f"{where}/values"), _text(part.get("default"), f"{where}/default")
        return Output(
            same_spaces(_text(part.get("name"), f"{where}/name")), _text(part.get("type"), f"{where}/type"),
            self.within("outputValues", place, values) if values else None,
            self.within("defaultOutputEntry", place, default) if default else None,
            _text(part.get("label"), f"{where}/label"), place,
        )  # fmt: skip

    def row(self, given: object, at: int, inputs: int, outputs: int) -> Rule:
        where = f"/rows/{at}"
        part = _mapping(given, where)
        place = self.place("rule", part, where, "r", at)
        tests = self.cells(part, "conditions", where, inputs)
        results = self.cells(part, "conclusions", where, outputs)
        notes = _list(part.get("notes") or [], f"{where}/notes", MAX_COLUMNS)
        return Rule(
            tuple(self.within("inputEntry", place, text or "-") for text in tests),
            tuple(self.within("outputEntry", place, text) for text in results),
            tuple(_text(note, f"{where}/notes/{number}") for number, note in enumerate(notes)), place,
        )  # fmt: skip

    def cells(self, part: Mapping[str, object], name: str, where: str, wanted: int) -> list[str]:
        found = _list(part.get(name, []), f"{where}/{name}", MAX_COLUMNS)
        if len(found) != wanted:
            raise _WrongError(f"{where}/{name}", f"{len(found)} cells in {wanted} columns")
        return [_text(cell, f"{where}/{name}/{at}") for at, cell in enumerate(found)]
