"""A BPMN file as its author wrote it: every element, foreign ones too, its drawing, its comments and its layout.

What nobody touches is written as it was read: canonical XML of the two is the same, and without a change the bytes are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from tradewind.kernel.problem import Problem
from tradewind.orchestration import errors
from tradewind.orchestration.decide.xml import MODEL, TRADEWIND, local, namespace, read_definitions
from tradewind.orchestration.model import Finding

etree.register_namespace("tw", TRADEWIND)
_REFERENCES = ("sourceRef", "targetRef", "attachedToRef", "default", "bpmnElement")
_NAMING = ("flowNodeRef", "incoming", "outgoing", "sourceRef", "targetRef")


@dataclass(slots=True)
class Document:
    """A file in the hands of somebody who changes it."""

    root: etree._Element
    data: bytes
    elements: dict[str, etree._Element]

    def element(self, identity: str) -> etree._Element:
        """The BPMN element with this id; `KeyError` where there is none."""
        return self.elements[identity]

    def flows(self) -> Iterator[etree._Element]:
        for element in self.elements.values():
            if local(element) == "sequenceFlow":
                yield element

    def leaving(self, identity: str) -> list[etree._Element]:
        return [flow for flow in self.flows() if flow.get("sourceRef") == identity]

    def arriving(self, identity: str) -> list[etree._Element]:
        return [flow for flow in self.flows() if flow.get("targetRef") == identity]


def read_document(data: bytes) -> Document | Problem:
    """The file, to be changed and written again; a file that is no diagram is refused with its reason."""
    root = read_definitions(data, whole=True)
    if isinstance(root, Finding):
        return errors.cannot_edit(root.message, root.id)
    found: dict[str, etree._Element] = {}
    for element in root.iter(etree.Element):
        if namespace(str(element.tag)) == MODEL and (identity := element.get("id")):
            found.setdefault(identity, element)
    return Document(root, data, found)


def write_document(document: Document) -> bytes:
    """The file with all that was done to it, in its own encoding."""
    tree = document.root.getroottree()
    declared = document.data.lstrip()[:5] == b"<?xml"
    encoding = tree.docinfo.encoding or "UTF-8"
    spelled = etree.tostring(tree, encoding=encoding if declared else "UTF-8", xml_declaration=declared)
    written = spelled.encode() if isinstance(spelled, str) else spelled
    return written + b"\n" if document.data.endswith(b"\n") and not written.endswith(b"\n") else written


def canonical(data: bytes) -> bytes:
    """Canonical XML: the same for two files that differ in spelling only."""
    root = read_definitions(data, whole=True)
    if isinstance(root, Finding):
        raise ValueError(root.message)
    found: bytes = etree.tostring(root.getroottree(), method="c14n", with_comments=True)
    return found


def model(tag: str) -> str:
    return f"{{{MODEL}}}{tag}"


def put_after(sibling: etree._Element, element: etree._Element) -> None:
    """Insert the element behind its sibling, on a line of its own where its sibling has one."""
    element.tail = sibling.tail
    before = sibling.getprevious()
    parent = sibling.getparent()
    assert parent is not None
    gap = before.tail if before is not None else parent.text
    sibling.tail = gap if gap is not None and not gap.strip() else sibling.tail
    parent.insert(parent.index(sibling) + 1, element)


def put_inside(parent: etree._Element, element: etree._Element) -> None:
    """Append the element as the last child."""
    children = list(parent)
    if children:
        put_after(children[-1], element)
        if len(children) == 1:
            children[-1].tail = parent.text if parent.text and not parent.text.strip() else children[-1].tail
    else:
        parent.append(element)


def take_out(element: etree._Element) -> None:
    """Remove the element with the line it stood on."""
    parent, before = element.getparent(), element.getprevious()
    assert parent is not None
    if before is not None:
        before.tail = element.tail
    else:
        parent.text = element.tail
    element.tail = None
    parent.remove(element)


def references(document: Document, identity: str) -> Iterator[etree._Element]:
    """Everything that names the element: flows, boundary events, shapes, lanes."""
    for element in document.root.iter(etree.Element):
        if any(element.get(name) == identity for name in _REFERENCES) or (
            local(element) in _NAMING and (element.text or "").strip() == identity
        ):
            yield element
