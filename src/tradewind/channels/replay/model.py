"""What a replay is told, what its stages hand to each other, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tradewind.channels.decide.history import SentBack
from tradewind.desk.returns import WantedReturn
from tradewind.desk.stock import Receipt
from tradewind.kernel.problem import Problem


@dataclass(frozen=True, slots=True)
class Story:
    """What a replay needs beside the documents: where each item stands, what each credit note sends back, what comes in
    while the story goes on (by time), and whether invoices are paid as they are issued."""

    sites: Mapping[str, str]
    returns: Mapping[str, tuple[SentBack, ...]] = field(default_factory=dict)
    receipts: tuple[tuple[datetime, Receipt], ...] = ()
    pay: bool = False


@dataclass(frozen=True, slots=True)
class Handover:
    """A batch on its way from stage to stage: its time, the orders to look at, the returns that came, and how many rows of
    the file it stands for. `restock`: the site for each item that comes back."""

    no: int
    at: datetime
    orders: tuple[UUID, ...]
    rows: int
    returns: tuple[WantedReturn, ...] = ()
    sites: tuple[tuple[str, ...], ...] = ()
    pay: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the path and how long it worked, in seconds of the wall clock and of the CPU of its process."""

    name: str
    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Done:
    """A batch is through: when (monotonic), how many rows it stood for, and the problems of what could not be done."""

    at: float
    rows: int
    problems: tuple[tuple[str, Problem], ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a stage before the last could not do."""

    problems: tuple[tuple[str, Problem], ...]


@dataclass(frozen=True, slots=True)
class Shortage:
    """A line that found too little when it was placed: `missing` of it waited, and the date it was promised, if any."""

    order_id: UUID
    line_no: int
    at: datetime
    missing: Decimal
    promised_at: datetime | None


@dataclass(slots=True)
class Replayed:
    """What became of the documents: orders by document number (id and our number) with the unit prices of their lines,
    refusals with their problems, holds, shortages, and how fast it went."""

    orders: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    prices: dict[str, tuple[Decimal, ...]] = field(default_factory=dict)
    short: list[Shortage] = field(default_factory=list)
    adjusted: list[str] = field(default_factory=list)
    refused: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    held: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    problems: list[tuple[str, Problem]] = field(default_factory=list)
