"""Expressions of a decision model to XML elements: tables, texts, contexts, invocations, lists, relations, conditionals."""

from collections.abc import Iterable

from lxml import etree

from tradewind.rules.model import (
    Boxed,
    Conditional,
    ContextBox,
    Entry,
    Input,
    Invocation,
    ListBox,
    Literal,
    Output,
    Place,
    Relation,
    Rule,
    Table,
    Text,
)

ANYWHERE = Place("", "")
"""The place of an element that has no id of its own."""


class Writer:
    """Makes elements of one namespace."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def element(self, tag: str, place: Place = ANYWHERE, **attributes: str) -> etree._Element:
        """An element with its own id, if it has one, and the attributes that are not empty."""
        made = etree.Element(f"{{{self.namespace}}}{tag}")
        if place.element == tag and place.id and not place.within:
            made.set("id", place.id)
        for name, value in attributes.items():
            if value:
                made.set(name, value)
        return made

    def put(self, parent: etree._Element, parts: Iterable[etree._Element]) -> etree._Element:
        parent.extend(list(parts))
        return parent

    def text(self, tag: str, text: Text, **attributes: str) -> etree._Element:
        made = self.element(tag, text.place, **attributes)
        etree.SubElement(made, f"{{{self.namespace}}}text").text = text.text
        return made

    def texts(self, tag: str, text: Text | None) -> list[etree._Element]:
        return [] if text is None else [self.text(tag, text)]

    def boxed(self, boxed: Boxed | None) -> list[etree._Element]:
        """The element of an expression; none where there is no expression."""
        match boxed:
            case None:
                return []
            case Table():
                return [self.table(boxed)]
            case Literal(text=text, type=kind):
                return [self.text("literalExpression", text, typeRef=kind)]
            case ContextBox():
                return [self.context(boxed)]
            case Invocation():
                return [self.invocation(boxed)]
            case ListBox(items=items, place=place):
                return [self.put(self.element("list", place), (part for item in items for part in self.boxed(item)))]
            case Relation():
                return [self.relation(boxed)]
            case Conditional():
                return [self.conditional(boxed)]

    def context(self, boxed: ContextBox) -> etree._Element:
        made = self.element("context", boxed.place)
        for entry in boxed.entries:
            made.append(self.bound("contextEntry", "variable", entry))
        if boxed.result is not None:
            made.append(self.put(self.element("contextEntry"), self.boxed(boxed.result)))
        return made

    def bound(self, tag: str, naming: str, entry: Entry) -> etree._Element:
        made = self.element(tag)
        made.append(self.element(naming, name=entry.name, typeRef=entry.type))
        return self.put(made, self.boxed(entry.value))

    def invocation(self, boxed: Invocation) -> etree._Element:
        made = self.element("invocation", boxed.place)
        made.append(self.text("literalExpression", boxed.function))
        return self.put(made, (self.bound("binding", "parameter", entry) for entry in boxed.arguments))

    def relation(self, boxed: Relation) -> etree._Element:
        made = self.element("relation", boxed.place)
        self.put(made, (self.element("column", name=name) for name in boxed.columns))
        for row in boxed.rows:
            made.append(self.put(self.element("row"), (part for cell in row for part in self.boxed(cell))))
        return made

    def conditional(self, boxed: Conditional) -> etree._Element:
        made = self.element("conditional", boxed.place)
        for tag, part in (("if", boxed.condition), ("then", boxed.then), ("else", boxed.otherwise)):
            if part is not None:
                made.append(self.put(self.element(tag), self.boxed(part)))
        return made

    def table(self, table: Table) -> etree._Element:
        aggregation = "" if table.aggregation is None else table.aggregation.value
        made = self.element("decisionTable", table.place, hitPolicy=table.hit_policy.value, aggregation=aggregation)
        self.put(made, (self.input(part) for part in table.inputs))
        self.put(made, (self.output(part) for part in table.outputs))
        return self.put(made, (self.rule(part) for part in table.rules))

    def input(self, part: Input) -> etree._Element:
        made = self.element("input", part.place, label=part.label)
        made.append(self.text("inputExpression", part.expression, typeRef=part.type))
        return self.put(made, self.texts("inputValues", part.allowed))

    def output(self, part: Output) -> etree._Element:
        made = self.element("output", part.place, label=part.label, name=part.name, typeRef=part.type)
        self.put(made, self.texts("outputValues", part.values))
        return self.put(made, self.texts("defaultOutputEntry", part.default))

    def rule(self, part: Rule) -> etree._Element:
        made = self.element("rule", part.place)
        self.put(made, (self.text("inputEntry", cell) for cell in part.tests))
        self.put(made, (self.text("outputEntry", cell) for cell in part.outputs))
        return self.put(made, (self.text("annotationEntry", Text(note, ANYWHERE)) for note in part.notes))
