"""What a replay keeps while it runs."""

from dataclasses import dataclass, field
from uuid import UUID

from tradewind.kernel.problem import Problem


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the path and how long it worked, in seconds of the wall clock and of the CPU of its process."""

    name: str
    wall: float
    cpu: float


@dataclass(slots=True)
class Replayed:
    """What became of the documents: orders by document number, refusals with their problems, and how fast."""

    orders: dict[str, UUID] = field(default_factory=dict)
    refused: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    held: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    done: list[tuple[float, int]] = field(default_factory=list)  # (seconds since the start, rows done) after each batch
