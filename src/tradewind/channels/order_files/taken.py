"""The nouns of taking an order file in."""

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from tradewind.access.model import Caller
from tradewind.channels.decide.sheets import Mapping, SheetFile, SheetOrder
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Actor

Mode = Literal["accept-valid", "all-or-nothing"]
MODES: tuple[Mode, ...] = ("accept-valid", "all-or-nothing")


@dataclass(frozen=True, slots=True)
class FileRequest:
    """A file that somebody sends for an account. `visible`: the accounts they see, None for all; `caller` None is the house."""

    caller: Caller | None
    actor: Actor
    account_id: UUID
    account: str
    data: bytes
    content_type: str
    mode: Mode = "accept-valid"
    visible: tuple[UUID, ...] | None = None
    given: Mapping | None = None
    buyer_po: str | None = None
    name: str | None = None
    channel: str = "csv"


@dataclass(slots=True)
class Outcome:
    """What became of a row. `order`: its order's place in the answer; `picture`: the line as it was priced and promised."""

    row: int
    outcome: str
    order: int | None = None
    line_no: int | None = None
    problems: tuple[Problem, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    picture: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Taken:
    """A file in hand: what it says, the outcome of each row and order so far."""

    file: SheetFile
    orders: list[SheetOrder]
    rows: dict[int, Outcome]
    order_outcomes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return sum(1 for one in self.rows.values() if one.outcome in ("accepted", "held"))
