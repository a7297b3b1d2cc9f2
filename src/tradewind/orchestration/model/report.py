"""What a check of a diagram finds."""

from enum import StrEnum

from tradewind.kernel.value import value
from tradewind.orchestration.model.diagram import Graph


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@value(frozen=True, slots=True)
class Finding:
    """Something about the element `id` that must (error) or should (warning) be changed before it can run."""

    code: str
    severity: Severity
    element: str
    id: str
    message: str
    name: str = ""

    def as_json(self) -> dict[str, str]:
        return {
            "code": self.code, "severity": self.severity.value, "element": self.element, "id": self.id, "name": self.name,
            "message": self.message,
        }  # fmt: skip


@value(frozen=True, slots=True)
class Unsupported:
    """An element of BPMN that this engine does not run."""

    element: str
    id: str
    name: str = ""

    def as_json(self) -> dict[str, str]:
        return {"element": self.element, "id": self.id, "name": self.name}


@value(frozen=True, slots=True)
class Report:
    """What the compiler says of a file; it runs only where `ok`, and then `graph` is there."""

    graph: Graph | None
    unsupported: tuple[Unsupported, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        return self.graph is not None
