"""What a verification is made of, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

CheckKind = Literal["rows", "aged", "catalogue"]


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: its code, its sentence, and a query that returns only rows that break it, with what names them.

    `rows` checks compare rows with rows; `aged` ones find what waited too long, by the time of the last event;
    `catalogue` ones look at the schema itself.
    """

    code: str
    sentence: str
    sql: str
    kind: CheckKind = "rows"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found: how many rows break it, the first of them, and how long it took in milliseconds."""

    check: Check
    count: int
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    ms: float


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of one snapshot and the time of the whole run in milliseconds."""

    outcomes: tuple[Outcome, ...]
    ms: float

    @property
    def violations(self) -> int:
        """Rows that break an invariant, over all checks."""
        return sum(outcome.count for outcome in self.outcomes)

    @property
    def broken(self) -> tuple[Outcome, ...]:
        """The outcomes that found something."""
        return tuple(outcome for outcome in self.outcomes if outcome.count)
