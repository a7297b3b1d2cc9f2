"""Three versions of a picture: as it was installed, as the template is now, as it is here. What differs, whose doing it is, and
the picture that takes both. Pure.

Elements are compared by id, each by what it says itself: its tag, attributes and content, without the elements it contains and
without its drawing.
"""

from collections.abc import Mapping
from copy import deepcopy

from lxml import etree

from tradewind.kernel.problem import Problem
from tradewind.library import errors
from tradewind.library.model import Delta, Origin
from tradewind.orchestration.decide.document import (
    Document,
    model,
    put_inside,
    read_document,
    take_out,
    write_document,
)
from tradewind.orchestration.decide.drawing import erase
from tradewind.orchestration.decide.xml import local

_CONTAINERS = ("process", "subProcess", "transaction", "adHocSubProcess")
_LINKS = (model("incoming"), model("outgoing"))


def deltas(was: bytes, theirs: bytes, mine: bytes) -> tuple[Delta, ...] | Problem:
    """Every element that the new template or somebody here has added, removed or changed since it was installed, by id."""
    read = [read_document(data) for data in (was, theirs, mine)]
    documents = [one for one in read if isinstance(one, Document)]
    if len(documents) < len(read):
        return next(one for one in read if isinstance(one, Problem))
    said = [{key: _said(element) for key, element in _compared(one).items()} for one in documents]
    found = []
    for key in sorted(set().union(*said)):
        before, there, here = (one.get(key) for one in said)
        if there == before == here:
            continue
        name = next((one.elements[key].get("name") or "" for one in reversed(documents) if key in one.elements), "")
        found.append(Delta(key, name, _origin(before, there, here), before, there, here))
    return tuple(found)


def _origin(was: str | None, theirs: str | None, mine: str | None) -> Origin:
    if theirs == mine:
        return Origin.BOTH_ALIKE
    if theirs == was:
        return Origin.HERE
    return Origin.TEMPLATE if mine == was else Origin.CONFLICT


def _compared(document: Document) -> dict[str, etree._Element]:
    """The elements that people and streams know by id: the process, what lies in it or in its sub-processes, and what they name."""
    found = {}
    for key, element in document.elements.items():
        parent = element.getparent()
        if parent is not None and (local(parent) in _CONTAINERS or local(parent) == "definitions"):
            found[key] = element
    return found


def _said(element: etree._Element) -> str:
    own = _bare(element)
    for part in own.iter(etree.Element):
        part.text = (part.text or "").strip() or None
        part.tail = None
    written: bytes = etree.tostring(own, method="c14n", exclusive=True)
    return written.decode()


def _bare(element: etree._Element) -> etree._Element:
    """A copy without the elements it contains and without the arrows it repeats."""
    own = deepcopy(element)
    own.tail = None
    for child in list(own):
        if child.tag in _LINKS or not isinstance(child.tag, str) or (local(element) in _CONTAINERS and _is_part(child)):
            own.remove(child)
    return own


def _is_part(child: etree._Element) -> bool:
    return child.get("id") is not None and local(child) not in (
        "multiInstanceLoopCharacteristics",
        "standardLoopCharacteristics",
    )


def merged(mine: bytes, theirs: bytes, found: tuple[Delta, ...], choices: Mapping[str, str]) -> bytes | Problem:
    """The picture that is here, with what the template changed; where both did, as `choices` say (`mine` or `theirs` by id)."""
    undecided = [
        one.id for one in found if one.origin is Origin.CONFLICT and choices.get(one.id) not in ("mine", "theirs")
    ]
    if undecided:
        return errors.undecided(undecided)
    here, there = read_document(mine), read_document(theirs)
    if isinstance(here, Problem) or isinstance(there, Problem):
        return here if isinstance(here, Problem) else there if isinstance(there, Problem) else errors.cannot_merge("")
    taken = [
        one for one in found
        if choices.get(one.id, "theirs" if one.origin is Origin.TEMPLATE else "mine") == "theirs" and one.theirs != one.mine
    ]  # fmt: skip
    if not taken:
        return mine
    gone = [one for one in taken if one.theirs is None]
    for one in sorted((one for one in taken if one.theirs is not None), key=lambda one: _depth(there.elements[one.id])):
        problem = _take(here, there, one.id)
        if problem is not None:
            return problem
    for one in gone:
        element = here.elements.pop(one.id, None)
        if element is not None and element.getparent() is not None:
            take_out(element)
            erase(here, one.id)
    return write_document(here)


def _depth(element: etree._Element) -> int:
    return sum(1 for _ in element.iterancestors())


def _take(here: Document, there: Document, key: str) -> Problem | None:
    """Put the template's element in the place of the own one, or where it belongs."""
    new = _bare(there.elements[key])
    old = here.elements.get(key)
    if old is None:
        parent = there.elements[key].getparent()
        inside = (
            here.root if parent is None or local(parent) == "definitions" else here.elements.get(parent.get("id", ""))
        )
        if inside is None:
            return errors.cannot_merge(
                f"{key} belongs into {parent.get('id') if parent is not None else ''}, which is gone here"
            )
        put_inside(inside, new)
        here.elements[key] = new
    else:
        kept = [child for child in old if isinstance(child.tag, str) and local(old) in _CONTAINERS and _is_part(child)]
        new.tail, new.text = old.tail, old.text if kept else new.text
        for child in kept:
            new.append(child)
        place = old.getparent()
        assert place is not None
        place.replace(old, new)
        here.elements[key] = new
    _draw(here, there, key, known=old is not None)
    return None


def _draw(here: Document, there: Document, key: str, *, known: bool) -> None:
    """The drawing of what is new; of an arrow that was led elsewhere the new course."""
    new = _drawn(there, key)
    if new is None or (known and local(there.elements[key]) != "sequenceFlow"):
        return
    old = _drawn(here, key)
    copy = deepcopy(new)
    if old is not None:
        copy.tail = old.tail
        place = old.getparent()
        assert place is not None
        place.replace(old, copy)
        return
    plane = next((one for one in here.root.iter(etree.Element) if local(one) == "BPMNPlane"), None)
    if plane is not None:
        copy.tail = None
        put_inside(plane, copy)


def _drawn(document: Document, key: str) -> etree._Element | None:
    return next(
        (one for one in document.root.iter(etree.Element)
         if one.get("bpmnElement") == key and local(one) in ("BPMNShape", "BPMNEdge")),
        None,
    )  # fmt: skip
