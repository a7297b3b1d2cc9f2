"""Rows of an order file as orders: one a purchase order number and release, its places and dates as delivery groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tradewind.channels.decide.sheets.model import SheetRow
from tradewind.semantics.decide.rows.model import Findings, Severity, place
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft

_NOTE_MAX = 2_000
_TYPED = {"sku": "sku", "customer_item": "customer", "gtin": "gtin", "manufacturer_item": "manufacturer"}


@dataclass(frozen=True, slots=True)
class SheetOrder:
    """An order of a file. `rows` are the file's rows of its lines, `group_rows` the first row of each delivery group."""

    draft: OrderDraft
    rows: tuple[int, ...]
    group_rows: tuple[int, ...]


def orders_of(
    rows: Sequence[SheetRow], *, account: str, channel: str, buyer_po: str | None = None, findings: Findings
) -> list[SheetOrder]:
    """Orders in the order in which their numbers first stand in the file. `buyer_po` is for rows of a file without such a
    column; where the column is there, an empty cell means the number above it, which is said."""
    named: dict[tuple[str | None, str, int], list[SheetRow]] = {}
    above: tuple[str | None, str, int] = (buyer_po, "", 0)
    for row in rows:
        key = (row.buyer_po or buyer_po, row.release_no or "", row.po_part)
        if row.buyer_po is None and above[0] is not None and buyer_po is None:
            key = (above[0], row.release_no or above[1], row.po_part or above[2])
            findings.add(
                "channels.number_from_above", "rows without an order number belong to the one above them",
                where=place(row.row), severity=Severity.INFO,
            )  # fmt: skip
        above = key
        named.setdefault(key, []).append(row)
    return [
        _order(several, account=account, channel=channel, buyer_po=po, release_no=release, po_part=part)
        for (po, release, part), several in named.items()
    ]


def _order(
    rows: Sequence[SheetRow], *, account: str, channel: str, buyer_po: str | None, release_no: str, po_part: int
) -> SheetOrder:
    groups: dict[tuple[str | None, datetime | None], int] = {}
    group_rows: list[int] = []
    lines = []
    for line_no, row in enumerate(rows, 1):
        where = (row.ship_to, row.requested_at)
        if where not in groups:
            groups[where] = len(groups) + 1
            group_rows.append(row.row)
        lines.append(_line(row, line_no=line_no, group_no=groups[where]))
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    draft = OrderDraft(
        account=account,
        lines=tuple(lines),
        groups=tuple(DraftGroup(number, *where) for where, number in groups.items()),
        buyer_po=buyer_po,
        release_no=release_no,
        duplicate_no=po_part,
        channel=channel,
        note="; ".join(notes)[:_NOTE_MAX] or None,
    )
    return SheetOrder(draft, tuple(row.row for row in rows), tuple(group_rows))


def _line(row: SheetRow, *, line_no: int, group_no: int) -> DraftLine:
    ids = tuple((kind, number) for name, kind in _TYPED.items() if (number := getattr(row, name)))
    item = row.customer_item or row.item or row.sku or row.gtin or row.manufacturer_item
    if row.item and ids:
        ids = (("sku", row.item), *ids)
    elif len(ids) == 1 and ids[0][0] == "sku":  # people call many a number so
        ids = ()
    return DraftLine(line_no, item or "", row.qty, row.uom, row.unit_price, row.description, group_no, ids)
