"""Reading XML from outside: no entities, no network, no document type, bounded."""

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from tradewind.kernel.problem import Problem
from tradewind.rules.errors import not_a_model
from tradewind.rules.model import Place

MODELS = (
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
    "https://www.omg.org/spec/DMN/20240513/MODEL/",
)
"""DMN 1.1 to 1.6; tables are written alike in all of them."""
MAX_BYTES = 4_000_000
MAX_ELEMENTS = 50_000


def read_xml(data: bytes) -> etree._Element | Problem:
    """The root element of a bounded, plain XML file, or why it is refused."""
    if len(data) > MAX_BYTES:
        return not_a_model("rules.model_too_large", f"a file has at most {MAX_BYTES} bytes", limit=MAX_BYTES)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, attribute_defaults=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        return not_a_model("rules.not_xml", f"this is not readable XML: {str(error)[:200]}")
    if root is None:
        return not_a_model("rules.not_xml", "the file is empty")
    if root.getroottree().docinfo.internalDTD is not None:
        return not_a_model("rules.document_type_refused", "a document type declaration is not accepted")
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        return not_a_model("rules.model_too_large", f"a file has at most {MAX_ELEMENTS} elements", limit=MAX_ELEMENTS)
    return root


@lru_cache(maxsize=1_000)
def _parted(tag: str) -> tuple[str, str]:
    """Namespace and name of a tag; a file has few of them, many times each."""
    space, _, name = tag.rpartition("}")
    return space.removeprefix("{"), name


def local(element: etree._Element) -> str:
    """The tag without its namespace."""
    return _parted(str(element.tag))[1]


def namespace(element: etree._Element) -> str:
    return _parted(str(element.tag))[0]


def children(element: etree._Element, *tags: str) -> Iterator[etree._Element]:
    """The children of the element's own namespace, all or those with these tags; others are notes of other tools."""
    own = namespace(element)
    for child in element:
        tag = child.tag
        if isinstance(tag, str):
            space, name = _parted(tag)
            if space == own and (not tags or name in tags):
                yield child


def child(element: etree._Element, tag: str) -> etree._Element | None:
    return next(children(element, tag), None)


def text_of(element: etree._Element | None) -> str:
    """The text inside, stripped; empty where there is no element."""
    return "" if element is None else "".join(str(part) for part in element.itertext()).strip()


def place_of(element: etree._Element) -> Place:
    """Tag and id of an element, or of the nearest one around it with an id."""
    named, around = element.get("id"), element
    while named is None:
        parent = around.getparent()
        if parent is None:
            return Place(local(element), "")
        around, named = parent, parent.get("id")
    return Place(local(element), named, "" if around is element else local(around))
