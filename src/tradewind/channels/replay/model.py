"""What a replay is told, what its stages hand to each other, and what came of it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tradewind.kernel.problem import Problem


@dataclass(frozen=True, slots=True)
class Handover:
    """A batch on its way from stage to stage: its time, the orders to look at, and how many rows of the file it stands for."""

    no: int
    at: datetime
    orders: tuple[UUID, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the path and how long it worked, in seconds of the wall clock and of the CPU of its process."""

    name: str
    wall: float
    cpu: float


@dataclass(slots=True)
class Replayed:
    """What became of the documents: orders by document number, refusals with their problems, and how fast.

    `done`: after each batch the monotonic time and its rows, from raw row to invoiced.
    """

    orders: dict[str, UUID] = field(default_factory=dict)
    refused: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    held: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    done: list[tuple[float, int]] = field(default_factory=list)
