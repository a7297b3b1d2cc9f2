"""Decision models to DMN XML: made anew, or put into the file they came from, of which all else is kept.

`write_model(definitions)` writes a file; with `source`, the file that was read, only what differs is written anew, and
diagrams, ids, notes and the extensions of other tools stay where they stand.
"""

from collections.abc import Iterator
from copy import deepcopy

from lxml import etree

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.read import read_definitions
from tradewind.rules.decide.dmn.write_boxed import Writer
from tradewind.rules.decide.dmn.xml import children, local, namespace
from tradewind.rules.errors import not_a_model, not_understood
from tradewind.rules.model import Decision, Definitions, InputData, ItemType, Knowledge, Place

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"
"""DMN 1.5, in which a file is written that was not read from another."""
Part = ItemType | InputData | Decision | Knowledge

_OWNED = frozenset({"id", "name", "label", "typeRef", "hitPolicy", "aggregation", "isCollection", "href"})
"""Attributes that a model knows; all others of an element are kept."""
_WRITTEN = frozenset(
    {
        "allowedValues", "annotationEntry", "binding", "column", "conditional", "context", "contextEntry", "decisionTable",
        "defaultOutputEntry", "else", "encapsulatedLogic", "formalParameter", "if", "informationRequirement", "input",
        "inputEntry", "inputExpression", "inputValues", "invocation", "itemComponent", "knowledgeRequirement", "list",
        "literalExpression", "output", "outputEntry", "outputValues", "parameter", "relation", "requiredDecision",
        "requiredInput", "requiredKnowledge", "row", "rule", "text", "then", "typeRef", "variable",
    }
)  # fmt: skip
"""Elements that a model knows; all others inside an element are kept."""
_SEQUENCE = (
    "description", "extensionElements", "question", "allowedAnswers", "variable", "typeRef", "allowedValues",
    "typeConstraint", "itemComponent", "functionItem", "formalParameter", "encapsulatedLogic",
    "informationRequirement", "knowledgeRequirement", "authorityRequirement", "supportedObjective",
    "impactedPerformanceIndicator", "decisionMaker", "decisionOwner", "usingProcess", "usingTask", "inputExpression",
    "inputValues", "outputValues", "defaultOutputEntry", "input", "output", "annotation", "inputEntry", "outputEntry",
    "annotationEntry", "rule",
)  # fmt: skip
_RANK = {tag: rank for rank, tag in enumerate(_SEQUENCE)}
"""The order that the schema asks for; expressions stand last, in their own order."""
_TAGS: dict[type[Part], str] = {
    ItemType: "itemDefinition", InputData: "inputData", Decision: "decision", Knowledge: "businessKnowledgeModel",
}  # fmt: skip
_BEHIND = frozenset({"artifact", "association", "elementCollection", "group", "organizationUnit", "textAnnotation", "DMNDI"})  # fmt: skip
"""What stands behind decisions in a file."""


def write_model(definitions: Definitions, *, source: bytes | None = None) -> bytes | Problem:
    """The file of a model; a `Problem` where something in it would be lost, or has no form in XML."""
    try:
        if source is None:
            if definitions.problems:
                lost = definitions.problems[0]
                return not_a_model("rules.would_be_lost", f"it can only be written into its own file: {lost.message}")
            return _bytes(_made(definitions))
        written = read_definitions(source)
        if isinstance(written, Problem):
            return written
        return _bytes(_edited(definitions, written, source))
    except ValueError:  # lxml: a control character
        return not_understood("rules.no_form", "a character in it has no form in XML", Place("definitions", ""))


def _bytes(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"))


def _parts(definitions: Definitions) -> Iterator[Part]:
    yield from definitions.types
    yield from definitions.inputs
    yield from definitions.decisions
    yield from definitions.knowledge


def _key(part: Part) -> tuple[str, str]:
    return _TAGS[type(part)], part.name if isinstance(part, ItemType) else part.id or part.name


def _made(definitions: Definitions) -> etree._Element:
    root = etree.fromstring(f'<definitions xmlns="{NAMESPACE}"/>')
    around = [part.place.id for part in _parts(definitions) if part.place.within == "definitions"]
    if around:
        root.set("id", around[0])
    root.set("name", definitions.name)
    root.set("namespace", "urn:tradewind:rules")
    writer = _PartWriter(NAMESPACE)
    root.extend([writer.part(part) for part in _parts(definitions)])
    etree.indent(root)
    return root


def _edited(definitions: Definitions, written: Definitions, source: bytes) -> etree._Element:
    """The tree of the source with what differs in it written anew."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(source, parser)
    writer = _PartWriter(namespace(root))
    root.set("name", definitions.name)
    placed: dict[str, list[etree._Element]] = {tag: list(children(root, tag)) for tag in _TAGS.values()}
    old: dict[tuple[str, str], tuple[Part, etree._Element]] = {}
    for part in reversed(list(_parts(written))):
        old[_key(part)] = (part, placed[_TAGS[type(part)]].pop())
    for part in _parts(definitions):
        before = old.pop(_key(part), None)
        if before is None:
            _insert(root, writer.part(part))
        elif before[0] != part:
            made = writer.part(part)
            _carry(made, before[1])
            made.tail = before[1].tail
            root.replace(before[1], made)
            etree.indent(made, level=1)
    _remove(root, [element for _, element in old.values()])
    return root


def _insert(root: etree._Element, made: etree._Element) -> None:
    """Behind the last of its kind; types before all, the rest before notes and diagrams."""
    same = list(children(root, local(made)))
    if same:
        at = root.index(same[-1]) + 1
    elif local(made) == "itemDefinition":
        at = sum(1 for _ in children(root, "description", "extensionElements", "import"))
    else:
        behind = (place for place, part in enumerate(root) if isinstance(part.tag, str) and local(part) in _BEHIND)
        at = next(behind, len(root))
    root.insert(at, made)
    etree.indent(made, level=1)
    made.tail = "\n  "


def _remove(root: etree._Element, gone: list[etree._Element]) -> None:
    """Elements that the model has no more, and their shapes in diagrams."""
    ids = {element.get("id") for element in gone}
    for element in gone:
        ids |= {part.get("id") for part in element.iter() if isinstance(part.tag, str)}
        root.remove(element)
    ids.discard(None)
    for shape in [part for part in root.iter() if isinstance(part.tag, str) and part.get("dmnElementRef") in ids]:
        parent = shape.getparent()
        if parent is not None:
            parent.remove(shape)


def _carry(made: etree._Element, old: etree._Element) -> None:
    """Takes over from the old element, and the parts in it, what the model does not know."""
    for name, value in old.attrib.items():
        if name not in _OWNED or (name == "id" and made.get("id") is None):
            made.set(name, value)
    counterparts = _marked(made)
    for mark, part in _marked(old).items():
        if mark in counterparts:
            _carry(counterparts[mark], part)
    own = namespace(old)
    kept = [
        deepcopy(part)
        for part in old
        if isinstance(part.tag, str) and not (namespace(part) == own and local(part) in _WRITTEN)
    ]
    parts = [*made, *kept]
    parts.sort(key=lambda part: _RANK.get(local(part), len(_RANK)))
    made[:] = parts


def _marked(element: etree._Element) -> dict[tuple[str, str], etree._Element]:
    """The parts that a model knows, by tag and id, what they refer to, or their place."""
    found: dict[tuple[str, str], etree._Element] = {}
    places: dict[str, int] = {}
    for part in children(element):
        tag = local(part)
        if tag not in _WRITTEN:
            continue
        places[tag] = places.get(tag, 0) + 1
        refers = next((below.get("href") for below in part if below.get("href")), None)
        mark = refers or (part.get("name") if tag in ("itemComponent", "formalParameter") else None) or part.get("id")
        found[(tag, mark or f"#{places[tag]}")] = part
        if mark is not None:
            found.setdefault((tag, f"#{places[tag]}"), part)
    return found


class _PartWriter(Writer):
    """What stands at the top of a file."""

    def part(self, part: Part) -> etree._Element:
        match part:
            case ItemType():
                return self.item_type(part, "itemDefinition")
            case InputData():
                made = self.element("inputData", Place("inputData", part.id), name=part.name)
                return self.put(made, [self.variable(part.name, part.type)])
            case Decision():
                return self.decision(part)
            case Knowledge():
                return self.knowledge(part)

    def variable(self, name: str, kind: str) -> etree._Element:
        return self.element("variable", name=name, typeRef=kind)

    def item_type(self, part: ItemType, tag: str) -> etree._Element:
        made = self.element(tag, part.place, name=part.name, isCollection="true" if part.is_list else "")
        if part.base:
            etree.SubElement(made, f"{{{self.namespace}}}typeRef").text = part.base
        self.put(made, self.texts("allowedValues", part.allowed))
        return self.put(made, (self.item_type(below, "itemComponent") for below in part.components))

    def decision(self, part: Decision) -> etree._Element:
        made = self.element("decision", Place("decision", part.id), name=part.name)
        made.append(self.variable(part.name, part.type))
        self.required(made, "informationRequirement", "requiredInput", part.inputs)
        self.required(made, "informationRequirement", "requiredDecision", part.decisions)
        self.required(made, "knowledgeRequirement", "requiredKnowledge", part.knowledge)
        return self.put(made, self.boxed(part.logic))

    def knowledge(self, part: Knowledge) -> etree._Element:
        made = self.element("businessKnowledgeModel", Place("businessKnowledgeModel", part.id), name=part.name)
        made.append(self.variable(part.name, part.type))
        if part.logic is not None or part.parameters:
            logic = self.element("encapsulatedLogic")
            self.put(logic, (self.element("formalParameter", name=at.name, typeRef=at.type) for at in part.parameters))
            made.append(self.put(logic, self.boxed(part.logic)))
        self.required(made, "knowledgeRequirement", "requiredKnowledge", part.knowledge)
        return made

    def required(self, made: etree._Element, tag: str, reference: str, ids: tuple[str, ...]) -> None:
        for at in ids:
            made.append(self.put(self.element(tag), [self.element(reference, href=f"#{at}")]))
