"""What the reading of one diagram collects: findings, elements that are not run, and declared messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.xml import local
from tradewind.orchestration.model import Expression, ExpressionReader, Finding, Severity, Unsupported

MAX_NOTES = 1_000
"""Findings and unsupported elements that are listed."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for an expression that was found faulty, so that one fault is not reported twice."""

    text: str
    names: frozenset[str] = frozenset({"unreadable"})

    def evaluate(self, context: Mapping[str, object], /) -> object:  # noqa: ARG002 - the protocol's shape
        return None


@dataclass(slots=True)
class Notes:
    """Grows while a file is read."""

    expressions: ExpressionReader
    messages: dict[str, str] = field(default_factory=dict)
    """Id of a declared message to its name."""
    signals: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    """Id of a declared error or escalation to its code."""
    resources: dict[str, str] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)
    """Id of an element to the name of the lane it lies in."""
    findings: list[Finding] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)

    def refuse(self, element: etree._Element, owner: etree._Element | None = None) -> None:
        """The element is not run; where it has no id of its own, it is named by its owner's."""
        found = element.get("id") or ("" if owner is None else owner.get("id")) or ""
        name = element.get("name") or ("" if owner is None else owner.get("name")) or ""
        if len(self.unsupported) < MAX_NOTES:
            self.unsupported.append(Unsupported(local(element), found, " ".join(name.split())))

    def error(self, code: str, element: etree._Element, message: str) -> None:
        self.add(_finding(code, Severity.ERROR, element, message))

    def warn(self, code: str, element: etree._Element, message: str) -> None:
        self.add(_finding(code, Severity.WARNING, element, message))

    def add(self, finding: Finding) -> None:
        if len(self.findings) < MAX_NOTES:
            self.findings.append(finding)

    def expression(self, owner: etree._Element, what: str, text: str) -> Expression:
        """The compiled text; where it cannot be read, a finding about `owner` and a stand-in that never runs."""
        found = self.expressions(text)
        if isinstance(found, Problem):
            self.error("bad_expression", owner, f"{what} cannot be read: {found.message} ({found.where}): {text[:120]}")
            return Unreadable(text)
        return found


def _finding(code: str, severity: Severity, element: etree._Element, message: str) -> Finding:
    name = " ".join((element.get("name") or "").split())
    return Finding(f"orchestration.{code}", severity, local(element), element.get("id") or "", message, name)
