"""The nouns of an import: one run, what a set of rows did, and the report of it all."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tradewind.kernel.problem import Problem
from tradewind.semantics.decide.rows.model import Finding, Findings, place


@dataclass(slots=True)
class Applied:
    """What a set of rows did to the database. `waiting`: rows that refer to a record of the same kind not seen yet."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, Problem]] = field(default_factory=list)
    waiting: list[Any] = field(default_factory=list)

    def plus(self, other: "Applied") -> "Applied":
        """What two sets did together."""
        return Applied(
            self.created + other.created,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.refused + other.refused,
            self.waiting + other.waiting,
        )

    def refuse(self, row: int, column: str, code: str, message: str, **detail: Any) -> None:
        """Leave a row out."""
        where = place(row, column)
        self.refused.append(
            (row, Problem(code, f"{column}: {message}", where, detail={"row": row, "column": column, **detail}))
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One import: its id, the fields its file has, who it comes from, and what earlier chunks of a dry run would have made."""

    id: UUID
    present: frozenset[str]
    findings: Findings
    system: str = "import"
    is_dry: bool = False
    would_exist: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ImportResult:
    """The report of an import. `problems` are the first of the refused rows'; all of them are in the CSV of refused rows."""

    kind: str
    run_id: UUID
    is_dry: bool
    rows: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    stopped: Problem | None = None

    @property
    def is_clean(self) -> bool:
        """Every row was taken."""
        return self.refused == 0 and self.stopped is None
