"""From a purchase order to the neutral draft: which item is meant, which unit, where to and by when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal

from tradewind.channels.decide.x12.documents import Dated, Party, PoLine, PurchaseOrder
from tradewind.channels.decide.x12.maps import DEFAULT, PartnerMap
from tradewind.kernel.money import plain
from tradewind.semantics.model import DraftGroup, DraftLine, Finding, OrderDraft

# What a person should look at before the order goes on: it was read, but it may not be what the buyer meant.
HOLDING = frozenset(
    ("channels.total_differs", "channels.hash_total_differs", "channels.schedule_differs", "channels.date_unreadable",
     "channels.item_missing", "channels.purpose_unknown", "channels.line_count_differs", "channels.price_unreadable",
     "channels.quantity_missing", "channels.quantity_unreadable", "channels.quantity_not_positive",
     "channels.segment_count_differs")
)  # fmt: skip
PRICE_PER = {"HP": Decimal(100), "TP": Decimal(1000)}  # element 639: per hundred, per thousand
TEXT_CHARS, LARGEST_LINE_NO = 200, 1_000_000

Key = tuple[str | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Drafted:
    """The draft, what a person should know, and for each line of the draft the index of the line it came from (a line with
    schedules or destinations comes out as several)."""

    draft: OrderDraft
    findings: tuple[Finding, ...] = ()
    origins: tuple[int, ...] = ()


def to_order_draft(
    order: PurchaseOrder, map_: PartnerMap = DEFAULT, *, account: str, placed_at: datetime | None = None,
    client_ref: str | None = None,
) -> Drafted:  # fmt: skip
    """One draft of the whole order. Lines without a quantity are left out and said in a finding.

    Each place and requested date is a delivery group; dates are midnight UTC. Prices per hundred or thousand are brought
    down to one. A ship-to with an address but no number is a finding, because the draft can only name it.
    """
    findings = [*_noted(order), *_places(order, map_)]
    groups: dict[Key, int] = {}
    lines: list[DraftLine] = []
    origins: list[int] = []
    parts = [(index, line, part) for index, line in enumerate(order.lines) for part in _parts(order, line, map_)]
    numbers = _line_numbers(order, split=len(parts) != len(order.lines))
    for index, line, (qty, uom, key) in parts:
        if qty is None or qty <= 0:
            findings.append(_left_out(line, index))
            continue
        price = line.price
        if price is not None and line.price_basis in PRICE_PER:
            price = price / PRICE_PER[line.price_basis]
        number = numbers[index] if numbers else len(lines) + 1
        group_no = groups.setdefault(key, len(groups) + 1)
        lines.append(DraftLine(number, item_of(line, map_)[:TEXT_CHARS], qty, map_.unit(uom), price,
                               line.description[:500] or None, group_no))  # fmt: skip
        origins.append(index)
    draft = OrderDraft(
        account, tuple(lines),
        tuple(DraftGroup(number, *key) for key, number in groups.items()) or (DraftGroup(1, *_header_key(order, map_)),),
        buyer_po=order.number or None, release_no=release_of(order, map_), currency=order.currency, channel="x12",
        placed_at=placed_at, note="\n".join(order.notes)[:2_000] or None, client_ref=client_ref,
    )  # fmt: skip
    return Drafted(draft, tuple(findings), tuple(origins))


def item_of(line: PoLine, map_: PartnerMap = DEFAULT) -> str:
    """The number the line's product is looked up by: by the map's order of trust, else the first there is, else ""."""
    found = dict(reversed(line.ids))
    for kind in map_.items:
        for qualifier in getattr(map_, kind):
            if qualifier in found:
                return found[qualifier]
    return line.ids[0][1] if line.ids else ""


def release_of(order: PurchaseOrder, map_: PartnerMap = DEFAULT) -> str:
    """The release number, from where this partner says it; "" where there is none."""
    for place in map_.release:
        qualifier = place.removeprefix("REF*")
        found = order.release if place == "BEG04" else next(
            (one.value for one in order.references if one.qualifier == qualifier), "")  # fmt: skip
        if found:
            return found[:TEXT_CHARS]
    return ""


def ship_to_of(order: PurchaseOrder, map_: PartnerMap = DEFAULT) -> Party | None:
    """The header's ship-to."""
    return order.party(*map_.ship_to)


def requested_of(dates: tuple[Dated, ...], map_: PartnerMap = DEFAULT) -> datetime | None:
    """The requested date by the map's order of qualifiers."""
    for qualifier in map_.requested:
        for one in dates:
            if one.qualifier == qualifier and one.date is not None:
                return datetime.combine(one.date, time(), UTC)
    return None


def _header_key(order: PurchaseOrder, map_: PartnerMap) -> Key:
    return _place_no(ship_to_of(order, map_), map_), requested_of(order.dates, map_)


def _place_no(party: Party | None, map_: PartnerMap) -> str | None:
    if party is None or not party.id:
        return None
    allowed = map_.ship_to_qualifiers
    return party.id if not allowed or party.id_qualifier in allowed else None


def _parts(order: PurchaseOrder, line: PoLine, map_: PartnerMap) -> Iterator[tuple[Decimal | None, str, Key]]:
    """Quantity, unit, place and date of each delivery of a line."""
    header_place, header_date = _header_key(order, map_)
    own = next((party for code in map_.ship_to for party in line.parties if party.code == code), None)
    place = _place_no(own, map_) or header_place
    date = requested_of(line.dates, map_) or header_date
    if line.destinations:
        for one in line.destinations:
            yield one.qty, one.uom or line.uom, (one.location, date)
    elif line.schedules:
        for of_line in line.schedules:
            wanted = requested_of(of_line.dates, map_) or _only_date(of_line.dates) or date
            yield of_line.qty, of_line.uom or line.uom, (place, wanted)
    else:
        yield line.qty, line.uom, (place, date)


def _only_date(dates: tuple[Dated, ...]) -> datetime | None:
    """A schedule with one date means that one, whatever it is called."""
    return datetime.combine(dates[0].date, time(), UTC) if len(dates) == 1 and dates[0].date else None


def _line_numbers(order: PurchaseOrder, *, split: bool) -> list[int] | None:
    """The buyer's own line numbers where they are numbers, all different, and no line is split; else None."""
    if split:
        return None
    texts = [line.line_no for line in order.lines]
    if not all(text.isascii() and text.isdecimal() and len(text) < 8 for text in texts):
        return None
    numbers = [int(text) for text in texts]
    fit = len(set(numbers)) == len(numbers) and all(0 < number <= LARGEST_LINE_NO for number in numbers)
    return numbers if fit else None


def _noted(order: PurchaseOrder) -> Iterator[Finding]:
    """The faults of the order as findings; those that leave its meaning in doubt hold it."""
    for fault in order.faults:
        holds = fault.code in HOLDING
        yield Finding(fault.code, "hold" if holds else "warning", fault.message, place=fault.where,
                      hold_kind="data" if holds else None)  # fmt: skip
    charges = [one for one in order.charges if one.indicator in "AC" and one.amount is not None]
    for one in charges:
        kind = "an allowance" if one.indicator == "A" else "a charge"
        yield Finding("channels.charge_stated", "info", f"The order states {kind} {one.code} of {plain(one.amount or Decimal(0))}.",
                      detail={"code": one.code, "indicator": one.indicator, "amount": plain(one.amount or Decimal(0))})  # fmt: skip


def _places(order: PurchaseOrder, map_: PartnerMap) -> Iterator[Finding]:
    """Ship-tos that only have an address."""
    seen: set[Party] = set()
    for party in (*order.parties, *(one for line in order.lines for one in line.parties)):
        if party.code in map_.ship_to and _place_no(party, map_) is None and party not in seen:
            seen.add(party)
            address = ", ".join(filter(None, (party.name, *party.street, party.postal_code, party.city, party.country)))
            yield Finding("channels.ship_to_by_address", "hold", f"The ship-to has no number we know it by: {address}.",
                          place="N1", hold_kind="address", detail={"address": address})  # fmt: skip


def _left_out(line: PoLine, index: int) -> Finding:
    what = f"Line {line.line_no or index + 1} cannot be ordered: its quantity is {line.qty_text or 'missing'}."
    return Finding("channels.line_left_out", "hold", what, place=f"segment {line.segment_no}", hold_kind="data")
