"""Reading XML from outside: no entities, no network, no document type, bounded."""

from lxml import etree

from tradewind.orchestration.model import Finding, Severity

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
TRADEWIND = "https://tradewind.dev/bpmn"
MAX_BYTES = 4_000_000
MAX_ELEMENTS = 50_000


def read_definitions(data: bytes, *, whole: bool = False) -> etree._Element | Finding:
    """The `definitions` element of a BPMN 2.0 file, or why it is none; `whole` keeps comments and instructions too."""
    if len(data) > MAX_BYTES:
        return _refusal("file_too_large", f"a diagram has at most {MAX_BYTES} bytes")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=not whole, remove_pis=not whole, attribute_defaults=False, strip_cdata=not whole,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        return _refusal("not_xml", f"this is not readable XML: {str(error)[:200]}")
    if root is None:
        return _refusal("not_xml", "the file is empty")
    if root.getroottree().docinfo.internalDTD is not None:
        return _refusal("document_type_refused", "a document type declaration is not accepted")
    if root.tag != f"{{{MODEL}}}definitions":
        return _refusal("not_bpmn", "the root element is not BPMN 2.0 definitions")
    for number, element in enumerate(root.iter(etree.Element)):
        if number == MAX_ELEMENTS:
            message = f"a diagram has at most {MAX_ELEMENTS} elements, and this is the next"
            return Finding(
                "orchestration.file_too_large", Severity.ERROR, local(element), element.get("id") or "", message
            )
    return root


def _refusal(code: str, message: str) -> Finding:
    return Finding(f"orchestration.{code}", Severity.ERROR, "definitions", "", message)


def local(element: etree._Element) -> str:
    """The tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(name: str) -> str:
    """The namespace of a tag or attribute name; empty where it has none."""
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def own(element: etree._Element, name: str) -> str:
    """The attribute `tw:name`, stripped; empty where absent."""
    return (element.get(f"{{{TRADEWIND}}}{name}") or "").strip()


def text_of(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext()).strip()
