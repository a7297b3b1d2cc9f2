"""What `tradewind read` says of a file: documents and findings, whatever the format. Readers are found by content.

A reader is a function from the open file to a `FileReading`; it never raises for what the file says. `READERS` in
`channels.decide.formats` lists them with how each is recognised.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line: every number as the document writes it, None where it says none. `ids`: kind of number and number."""

    line: str | None
    sku: str | None
    ids: Mapping[str, str]
    qty: str | None
    uom: str | None
    price: str | None

    def as_json(self) -> dict[str, Any]:
        return {"line": self.line, "sku": self.sku, "ids": dict(self.ids), "qty": self.qty, "uom": self.uom,
                "price": self.price}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document: `kind` in our words (order, invoice, ship_notice …), `type` in the format's (850, ORDERS …)."""

    kind: str
    type: str
    number: str | None = None
    buyer_po: str | None = None
    currency: str | None = None
    total: str | None = None
    lines: tuple[ReadLine, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "type": self.type, "number": self.number, "buyer_po": self.buyer_po,
                "currency": self.currency, "total": self.total, "lines": [line.as_json() for line in self.lines]}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadFinding:
    """One thing that is wrong, or worth knowing; `where` is a place of the file."""

    code: str
    severity: Severity
    where: str
    message: str

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "severity": self.severity, "where": self.where, "message": self.message}


@dataclass(frozen=True, slots=True)
class FileReading:
    """A file. `format` is None where nobody knows it."""

    format: str | None
    documents: tuple[ReadDocument, ...] = ()
    findings: tuple[ReadFinding, ...] = field(default=())

    @property
    def is_wrong(self) -> bool:
        """A finding is an error."""
        return any(finding.severity == "error" for finding in self.findings)

    def as_json(self, file: str) -> dict[str, Any]:
        return {"file": file, "format": self.format, "documents": [one.as_json() for one in self.documents],
                "findings": [one.as_json() for one in self.findings]}  # fmt: skip
