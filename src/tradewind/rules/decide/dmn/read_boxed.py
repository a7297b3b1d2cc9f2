"""The expressions of a DMN file: tables, texts, contexts, invocations, lists, relations, conditionals."""

from collections.abc import Callable

from lxml import etree

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.xml import child, children, local, place_of, text_of
from tradewind.rules.decide.feel.vocabulary import same_spaces
from tradewind.rules.errors import not_understood
from tradewind.rules.model import (
    Aggregation,
    Boxed,
    Conditional,
    ContextBox,
    Entry,
    HitPolicy,
    Input,
    Invocation,
    ListBox,
    Literal,
    Output,
    Relation,
    Rule,
    Table,
    Text,
)

MAX_DEPTH = 20
"""Expressions inside expressions."""
_NOTES = frozenset({"description", "extensionElements"})
_FEEL = ("", "feel", "FEEL")
_POLICIES = frozenset(policy.value for policy in HitPolicy)
_AGGREGATIONS = frozenset(aggregation.value for aggregation in Aggregation)


def name_of(element: etree._Element) -> str:
    """The name that expressions call it by: its variable's, else its own."""
    variable = child(element, "variable")
    own = element.get("name", "")
    return same_spaces(own if variable is None else variable.get("name", own))


class BoxedReader:
    """Reads expressions; what is not understood goes to `problems` and is None."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        self.depth = 0
        self.kinds: dict[str, Callable[[etree._Element], Boxed]] = {
            "literalExpression": self.literal,
            "decisionTable": self.table,
            "context": self.context,
            "invocation": self.invocation,
            "list": self.list_box,
            "relation": self.relation,
            "conditional": self.conditional,
        }

    def refuse(self, code: str, what: str, element: etree._Element) -> None:
        self.problems.append(not_understood(code, what, place_of(element)))

    def only(self, element: etree._Element, *, besides: frozenset[str] = _NOTES) -> Boxed | None:
        """The one expression inside an element, beside its other parts."""
        found = [part for part in children(element) if local(part) not in besides]
        if len(found) > 1:
            self.refuse("rules.element_not_supported", f"a second expression in {local(element)}", found[1])
        return self.boxed(found[0]) if found else None

    def boxed(self, element: etree._Element) -> Boxed | None:
        read = self.kinds.get(local(element))
        if read is None:
            self.refuse("rules.element_not_supported", f"{local(element)} is not supported", element)
            return None
        if self.depth >= MAX_DEPTH:
            self.refuse("rules.model_too_large", f"expressions nest at most {MAX_DEPTH} deep", element)
            return None
        self.depth += 1
        try:
            return read(element)
        finally:
            self.depth -= 1

    def language(self, element: etree._Element) -> None:
        language = element.get("expressionLanguage", "")
        if language not in _FEEL and not language.rstrip("/").upper().endswith("/FEEL"):
            self.refuse("rules.language_not_supported", f"{language!r} is not FEEL", element)

    def literal(self, element: etree._Element) -> Literal:
        self.language(element)
        if child(element, "importedValues") is not None:
            self.refuse("rules.element_not_supported", "importedValues is not supported", element)
        return Literal(_text(element), element.get("typeRef", ""), place_of(element))

    def entry(self, element: etree._Element) -> Entry:
        variable = child(element, "variable") if local(element) == "contextEntry" else child(element, "parameter")
        name, kind = ("", "") if variable is None else (variable.get("name", ""), variable.get("typeRef", ""))
        return Entry(same_spaces(name), kind, self.only(element, besides=_NOTES | {"variable", "parameter"}))

    def context(self, element: etree._Element) -> ContextBox:
        entries, result = [], None
        for part in children(element, "contextEntry"):
            entry = self.entry(part)
            if entry.name:
                entries.append(entry)
            else:
                result = entry.value
        return ContextBox(tuple(entries), result, place_of(element))

    def invocation(self, element: etree._Element) -> Invocation:
        called = child(element, "literalExpression")
        if called is None:
            self.refuse(
                "rules.element_not_supported", "an invocation names its function in a literalExpression", element
            )
        function = Text("", place_of(element)) if called is None else _text(called)
        return Invocation(function, tuple(self.entry(part) for part in children(element, "binding")), place_of(element))

    def list_box(self, element: etree._Element) -> ListBox:
        items = (self.boxed(part) for part in children(element) if local(part) not in _NOTES)
        return ListBox(tuple(items), place_of(element))

    def relation(self, element: etree._Element) -> Relation:
        columns = tuple(same_spaces(column.get("name", "")) for column in children(element, "column"))
        rows = []
        for row in children(element, "row"):
            cells = tuple(self.boxed(part) for part in children(row) if local(part) not in _NOTES)
            if len(cells) != len(columns):
                self.refuse("rules.row_does_not_fit", f"{len(cells)} cells in {len(columns)} columns", row)
            rows.append(cells)
        return Relation(columns, tuple(rows), place_of(element))

    def conditional(self, element: etree._Element) -> Conditional:
        parts = [child(element, tag) for tag in ("if", "then", "else")]
        read = [None if part is None else self.only(part) for part in parts]
        return Conditional(read[0], read[1], read[2], place_of(element))

    def table(self, element: etree._Element) -> Table:
        inputs = tuple(self.input(part) for part in children(element, "input"))
        outputs = tuple(self.output(part) for part in children(element, "output"))
        policy, aggregation = element.get("hitPolicy", "UNIQUE"), element.get("aggregation")
        if policy not in _POLICIES:
            self.refuse("rules.unknown_hit_policy", f"there is no hit policy {policy!r}", element)
            policy = "UNIQUE"
        if aggregation is not None and aggregation not in _AGGREGATIONS:
            self.refuse("rules.unknown_aggregation", f"there is no aggregation {aggregation!r}", element)
            aggregation = None
        rules = tuple(self.rule(part, len(inputs), len(outputs)) for part in children(element, "rule"))
        return Table(
            HitPolicy(policy), None if aggregation is None else Aggregation(aggregation), inputs, outputs, rules,
            place_of(element),
        )  # fmt: skip

    def input(self, element: etree._Element) -> Input:
        expression, allowed = child(element, "inputExpression"), child(element, "inputValues")
        if expression is None:
            self.refuse("rules.element_not_supported", "a column without an inputExpression", element)
            text, kind = Text("null", place_of(element)), ""
        else:
            self.language(expression)
            text, kind = _text(expression), expression.get("typeRef", "")
        return Input(
            text, kind, None if allowed is None else _text(allowed), element.get("label", ""), place_of(element)
        )

    def output(self, element: etree._Element) -> Output:
        values, default = child(element, "outputValues"), child(element, "defaultOutputEntry")
        return Output(
            same_spaces(element.get("name", "")), element.get("typeRef", ""), None if values is None else _text(values),
            None if default is None else _text(default), element.get("label", ""), place_of(element),
        )  # fmt: skip

    def rule(self, element: etree._Element, inputs: int, outputs: int) -> Rule:
        tests = tuple(_text(part) for part in children(element, "inputEntry"))
        results = tuple(_text(part) for part in children(element, "outputEntry"))
        for part in children(element, "inputEntry", "outputEntry"):
            self.language(part)
        if (len(tests), len(results)) != (inputs, outputs):
            what = f"{len(tests)} conditions and {len(results)} conclusions in {inputs} and {outputs} columns"
            self.refuse("rules.row_does_not_fit", what, element)
        notes = tuple(text_of(part) for part in children(element, "annotationEntry"))
        return Rule(tests, results, notes, place_of(element))


def _text(element: etree._Element) -> Text:
    return Text(text_of(child(element, "text")), place_of(element))
