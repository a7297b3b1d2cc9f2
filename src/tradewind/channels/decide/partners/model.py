"""What answers are made of, as they stand in the house: an order with its lines, a shipment, an invoice."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LineStanding:
    """A line as it stands, in its own unit. `price` is per that unit; None while it has none. `replaces`: the item that was
    ordered, where `sku` is sent instead of it, counted in another unit than theirs where `other_unit`. `part_of`: the line of
    theirs that a change added it to, at another price."""

    line_no: int
    sku: str
    uom: str
    qty: Decimal
    cancelled: Decimal
    backordered: Decimal
    price: Decimal | None
    requested_on: date | None
    promised_on: date | None
    held: tuple[str, ...] = ()
    description: str = ""
    replaces: str = ""
    other_unit: bool = False
    part_of: int | None = None

    @property
    def live(self) -> Decimal:
        """What is not cancelled."""
        return self.qty - self.cancelled


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """An order as it stands. `confirmed`: the house has said yes to it once."""

    id: UUID
    number: str
    buyer_po: str
    release: str
    currency: str
    status: str
    version: int
    confirmed: bool
    account_id: UUID
    lines: tuple[LineStanding, ...]
    ship_to: dict[str, Any]
    held: tuple[str, ...] = ()

    def line(self, line_no: int) -> LineStanding | None:
        return next((one for one in self.lines if one.line_no == line_no), None)

    def added_to(self, line_no: int) -> list[LineStanding]:
        """What changes added to a line at another price, as far as it is not cancelled."""
        return [one for one in self.lines if one.part_of == line_no and one.live > 0]

    def counted_in(self, line_no: int) -> int:
        """The line that the buyer counts a line in."""
        line = self.line(line_no)
        return line_no if line is None or line.part_of is None else line.part_of

    def whole(self, line_no: int) -> LineStanding | None:
        """A line as the buyer counts it: with what was added to it."""
        line, added = self.line(line_no), self.added_to(line_no)
        if line is None or not added:
            return line
        every = [one for one in (line, *added) if one.live > 0]
        dates = [one.promised_on for one in every if one.promised_on is not None]
        return replace(
            line,
            qty=line.qty + sum(one.qty for one in added),
            cancelled=line.cancelled + sum(one.cancelled for one in added),
            backordered=sum((one.backordered for one in every), Decimal(0)),
            promised_on=max(dates) if len(dates) == len(every) else None,
            held=tuple(dict.fromkeys(reason for one in every for reason in one.held)),
        )
