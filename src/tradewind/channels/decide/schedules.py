"""Lines to be delivered in parts (OC10): each date and place becomes a delivery group, each part a line of its own."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tradewind.semantics.model import DraftGroup, DraftLine

PARTS_MAX = 999
"""Parts of one line. Part 2 of line 7 is line 7002, so that everybody sees which line it is of."""
SCHEDULED_LINE_MAX = 999


class Part(NamedTuple):
    """So many of a line at one place and date."""

    qty: Decimal
    ship_to: str | None = None
    requested_at: datetime | None = None
    not_before: datetime | None = None
    arrive_by: datetime | None = None
    ship_method: str = ""


def spread_lines(
    lines: Sequence[tuple[DraftLine, Sequence[Part]]], groups: Sequence[DraftGroup]
) -> tuple[tuple[DraftLine, ...], tuple[DraftGroup, ...]]:
    """Lines and groups of an order some of whose lines come in parts.

    Parts that go to one place at one time share a group: one that was given with that place and time, else a new one. A line in
    one part keeps its number. Where every line comes in parts only the groups they need are left.
    """
    known = list(groups)
    numbers = {_key(group): group.group_no for group in reversed(known)}
    following = max((group.group_no for group in known), default=0)
    needs_first = not known and any(not parts for _, parts in lines)
    if needs_first:
        known.append(DraftGroup())
        numbers[_key(known[0])] = following = 1
    spread: list[DraftLine] = []
    for line, parts in lines:
        if not parts:
            spread.append(line)
            continue
        for place, part in enumerate(parts, 1):
            key = part[1:]
            if key not in numbers:
                following += 1
                numbers[key] = following
                known.append(DraftGroup(following, *key))
            line_no = line.line_no * 1_000 + place if len(parts) > 1 else line.line_no
            spread.append(_part(line, line_no, part.qty, numbers[key]))
    used = {line.group_no for line in spread}
    return tuple(spread), tuple(group for group in known if group.group_no in used or group in groups) or (
        DraftGroup(),
    )


def _key(group: DraftGroup) -> tuple[str | None, datetime | None, datetime | None, datetime | None, str]:
    return group.ship_to, group.requested_at, group.not_before, group.arrive_by, group.ship_method


def _part(line: DraftLine, line_no: int, qty: Decimal, group_no: int) -> DraftLine:
    return DraftLine(
        line_no,
        line.item,
        qty,
        line.uom,
        line.unit_price,
        line.description,
        group_no,
        line.ids,
        line.price_basis,
        line.price_uom,
    )
