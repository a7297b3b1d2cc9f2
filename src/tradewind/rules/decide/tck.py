"""The DMN compatibility kit: its test cases read, and what a model decides compared with what they expect."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lxml import etree

from tradewind.kernel.problem import Problem
from tradewind.rules.decide.dmn import Model
from tradewind.rules.decide.dmn.xml import child, children, local, read_xml
from tradewind.rules.decide.feel.functions import FUNCTIONS
from tradewind.rules.decide.feel.values import equal, plain
from tradewind.rules.decide.feel.vocabulary import same_spaces
from tradewind.rules.errors import not_a_model

TOLERANCE = Decimal("0.00000001")
"""Numbers of the kit are written with some fifteen digits; ours have 34."""
MAX_DEPTH = 50
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a decision must come to; with `is_error` anything that is no value."""

    name: str
    value: object
    is_error: bool


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    inputs: Mapping[str, object]
    results: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of one model, whose file stands beside."""

    model: str
    cases: tuple[Case, ...]


class _NoValueError(ValueError):
    """A value that the kit writes and expressions do not have."""


def read_cases(data: bytes) -> CaseFile | Problem | None:
    """The test cases of a file; None where it is XML of another kind, a `Problem` where it cannot be read."""
    root = read_xml(data)
    if isinstance(root, Problem):
        return root
    if local(root) != "testCases":
        return None
    model = child(root, "modelName")
    try:
        cases = tuple(_case(element) for element in children(root, "testCase"))
    except _NoValueError as wrong:
        return not_a_model("rules.case_not_readable", str(wrong), "testCases")
    return CaseFile("" if model is None else (model.text or "").strip(), cases)


def _case(element: etree._Element) -> Case:
    inputs = {same_spaces(node.get("name", "")): _value(node, 0) for node in children(element, "inputNode")}
    results = []
    for node in children(element, "resultNode"):
        expected = child(node, "expected")
        value = None if expected is None else _value(expected, 0)
        results.append(Expected(same_spaces(node.get("name", "")), value, node.get("errorResult") == "true"))
    return Case(element.get("id", ""), inputs, tuple(results))


def _value(node: etree._Element, depth: int) -> object:
    """The value inside a node: a `value`, a `list` of items, or components by name."""
    if depth > MAX_DEPTH:
        raise _NoValueError(f"values nest at most {MAX_DEPTH} deep")
    components = list(children(node, "component"))
    if components:
        return {same_spaces(part.get("name", "")): _value(part, depth + 1) for part in components}
    found = child(node, "list")
    if found is not None:
        is_nil = found.get(f"{_XSI}nil") == "true"
        return None if is_nil else [_value(item, depth + 1) for item in children(found, "item")]
    written = child(node, "value")
    return None if written is None or written.get(f"{_XSI}nil") == "true" else _scalar(written)


def _scalar(element: etree._Element) -> object:
    kind, text = element.get(f"{_XSI}type", "string").rpartition(":")[2], element.text or ""
    if kind in _KINDS:
        value = _KINDS[kind](text if kind == "string" else text.strip())
        if value is not None:
            return value
    raise _NoValueError(f"{text[:40]!r} of type {kind} is no value here")


def _number(text: str) -> object:
    try:
        return plain(Decimal(text))
    except InvalidOperation:
        return None


def _called(name: str) -> Callable[[str], object]:
    return lambda text: FUNCTIONS[name].apply([text])


_KINDS: dict[str, Callable[[str], object]] = {
    "string": str,
    "boolean": {"true": True, "1": True, "false": False, "0": False}.get,
    **dict.fromkeys(("decimal", "double", "float", "integer", "int", "long", "short"), _number),
    "date": _called("date"),
    "time": _called("time"),
    "dateTime": _called("date and time"),
    "duration": _called("duration"),
    "dayTimeDuration": _called("duration"),
    "yearMonthDuration": _called("duration"),
}


def failures(model: Model, case: Case) -> Iterator[str]:
    """What a model decides otherwise than a case expects, a sentence each; none where the case passes."""
    for expected in case.results:
        plan = model.plan(expected.name)
        if isinstance(plan, Problem):
            yield plan.message
            continue
        outcome = plan.decide(case.inputs)
        value = outcome.values[expected.name]
        if value is not None if expected.is_error else not matches(value, expected.value):
            why = "".join(f"; {finding.where}: {finding.message}" for finding in outcome.findings)
            wanted = "no value" if expected.is_error else shown(expected.value)
            yield f"{expected.name}: expected {wanted}, decided {shown(value)}{why}"
    if not case.results:
        yield "it expects nothing"


def matches(value: object, expected: object) -> bool:
    """Equal; numbers to eight places, contexts with the same names, lists in the same order."""
    if isinstance(value, Decimal) and isinstance(expected, Decimal):
        return abs(value - expected) <= TOLERANCE
    if isinstance(value, Mapping) and isinstance(expected, Mapping):
        return value.keys() == expected.keys() and all(matches(part, expected[name]) for name, part in value.items())
    if isinstance(value, list) and isinstance(expected, list):
        return len(value) == len(expected) and all(map(matches, value, expected))
    return value is expected if value is None or expected is None else equal(value, expected) is True


def shown(value: object) -> str:
    """A value as FEEL would write it, cut where it is long."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{value[:60]}"'
    if isinstance(value, list):
        return f"[{', '.join(shown(item) for item in value[:10])}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {shown(part)}' for name, part in list(value.items())[:10])}}}"
    return str(value)
