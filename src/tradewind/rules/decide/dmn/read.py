"""A DMN file to `Definitions`: what it says, and by element and id what in it is not understood."""

import re

from lxml import etree

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn.read_boxed import BoxedReader, name_of
from tradewind.rules.decide.dmn.xml import MODELS, child, children, local, namespace, place_of, read_xml, text_of
from tradewind.rules.errors import not_a_model, not_understood
from tradewind.rules.model import Decision, Definitions, Entry, InputData, ItemType, Knowledge, Text

MAX_WORDS = 100_000
"""Words and signs of all expressions of a file."""
MAX_PARTS = 5_000
"""Decisions, inputs, functions and types of a file."""
_WORD = re.compile(r"\w+|[^\w\s]")
MAX_TYPE_DEPTH = 20
"""Components inside components."""
_IGNORED = frozenset(
    {
        "artifact", "association", "businessContextElement", "description", "elementCollection", "extensionElements",
        "group", "knowledgeSource", "organizationUnit", "organisationUnit", "performanceIndicator", "textAnnotation",
    }
)  # fmt: skip
"""For people alone: they change no decision."""


def read_definitions(data: bytes) -> Definitions | Problem:
    """What a file says; a `Problem` where it is no DMN, too large, or hostile."""
    root = read_xml(data)
    if isinstance(root, Problem):
        return root
    if local(root) != "definitions" or namespace(root) not in MODELS:
        return not_a_model("rules.not_dmn", "the root element is not DMN definitions")
    return _too_many_words(root) or _Reader().definitions(root)


def _too_many_words(root: etree._Element) -> Problem | None:
    """Reading an expression takes a time for each word and sign in it: where the file's together are too many."""
    words = 0
    for element in root.iter(f"{{{namespace(root)}}}text"):
        parent = element.getparent()
        if parent is None or local(parent) == "textAnnotation":
            continue
        words += len(_WORD.findall(text_of(element)))
        if words > MAX_WORDS:
            what = f"the expressions of a file have at most {MAX_WORDS} words and signs"
            return not_understood("rules.model_too_large", what, place_of(parent))
    return None


class _Reader:
    """What was found in one file so far."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.boxed = BoxedReader(self.problems)

    def definitions(self, root: etree._Element) -> Definitions | Problem:
        types: list[ItemType] = []
        inputs: list[InputData] = []
        decisions: list[Decision] = []
        knowledge: list[Knowledge] = []
        for number, element in enumerate(children(root)):
            tag = local(element)
            if number >= MAX_PARTS:
                what = f"a file has at most {MAX_PARTS} decisions, inputs, functions and types"
                return not_understood("rules.model_too_large", what, place_of(element))
            if tag == "itemDefinition":
                types.append(self.item_type(element, 1))
            elif tag == "inputData":
                variable = child(element, "variable")
                inputs.append(InputData(element.get("id", ""), name_of(element), _type_of(variable), place_of(element)))
            elif tag == "decision":
                decisions.append(self.decision(element))
            elif tag == "businessKnowledgeModel":
                knowledge.append(self.knowledge(element))
            elif tag not in _IGNORED:
                self.problems.append(
                    not_understood("rules.element_not_supported", f"{tag} is not supported", place_of(element))
                )
        return Definitions(
            root.get("name", ""), tuple(types), tuple(inputs), tuple(decisions), tuple(knowledge), tuple(self.problems)
        )

    def item_type(self, element: etree._Element, depth: int) -> ItemType:
        place = place_of(element)
        components: list[ItemType] = []
        if depth > MAX_TYPE_DEPTH:
            self.problems.append(
                not_understood("rules.model_too_large", f"types nest at most {MAX_TYPE_DEPTH} deep", place)
            )
        else:
            components = [self.item_type(part, depth + 1) for part in children(element, "itemComponent")]
        if child(element, "functionItem") is not None:
            self.problems.append(not_understood("rules.element_not_supported", "functionItem is not supported", place))
        base, allowed = text_of(child(element, "typeRef")), child(element, "allowedValues")
        return ItemType(
            name_of(element), base, tuple(components), None if allowed is None else _inner(allowed),
            element.get("isCollection") in ("true", "1"), place,
        )  # fmt: skip

    def decision(self, element: etree._Element) -> Decision:
        before = len(self.problems)
        inputs, decisions = self.required(element, "requiredInput"), self.required(element, "requiredDecision")
        logic = self.boxed.only(element, besides=_DECISION_PARTS)
        knowledge = self.required(element, "requiredKnowledge")
        return Decision(
            element.get("id", ""), name_of(element), _type_of(child(element, "variable")), inputs, decisions, knowledge,
            logic, tuple(self.problems[before:]), place_of(element),
        )  # fmt: skip

    def knowledge(self, element: etree._Element) -> Knowledge:
        before = len(self.problems)
        required = self.required(element, "requiredKnowledge")
        encapsulated = child(element, "encapsulatedLogic")
        parameters: tuple[Entry, ...] = ()
        logic = None
        if encapsulated is not None:
            kind = encapsulated.get("kind", "FEEL")
            if kind != "FEEL":
                self.problems.append(
                    not_understood("rules.element_not_supported", f"a function of kind {kind} is not supported",
                                   place_of(encapsulated))
                )  # fmt: skip
            parameters = tuple(
                Entry(name_of(part), part.get("typeRef", ""), None)
                for part in children(encapsulated, "formalParameter")
            )
            if kind == "FEEL":
                logic = self.boxed.only(encapsulated, besides=frozenset({"description", "formalParameter"}))
        return Knowledge(
            element.get("id", ""), name_of(element), _type_of(child(element, "variable")), parameters,
            required, logic, tuple(self.problems[before:]), place_of(element),
        )  # fmt: skip

    def required(self, element: etree._Element, tag: str) -> tuple[str, ...]:
        """Ids that an element requires; those of another file are refused."""
        found: list[str] = []
        for requirement in children(element, "informationRequirement", "knowledgeRequirement"):
            for reference in children(requirement, tag):
                href = reference.get("href", "")
                if href.startswith("#"):
                    found.append(href[1:])
                else:
                    self.problems.append(
                        not_understood("rules.unknown_reference", f"{href!r} is not in this file", place_of(reference))
                    )
        return tuple(dict.fromkeys(found))


_DECISION_PARTS = frozenset(
    {
        "allowedAnswers", "authorityRequirement", "decisionMaker", "decisionOwner", "description", "extensionElements",
        "impactedPerformanceIndicator", "informationRequirement", "knowledgeRequirement", "question",
        "supportedObjective", "usingProcess", "usingTask", "variable",
    }
)  # fmt: skip


def _type_of(variable: etree._Element | None) -> str:
    return "" if variable is None else variable.get("typeRef", "")


def _inner(element: etree._Element) -> Text:
    return Text(text_of(child(element, "text")), place_of(element))
