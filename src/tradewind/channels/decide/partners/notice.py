"""The 856: what left the house, in the buyer's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tradewind.channels.decide.partners.answer import sent_ids, unit_of
from tradewind.channels.decide.partners.model import OrderStanding
from tradewind.channels.decide.partners.said import Said
from tradewind.channels.decide.x12.documents import NoticeItem, NoticeOrder, NoticePack, Party, ShipNotice


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipment that left: units by order line, in the line's unit; `cartons` as (SSCC, {line: units}) where known."""

    number: str
    at: datetime
    lines: tuple[tuple[int, Decimal], ...]
    tracking: str = ""
    carrier: str = ""
    ship_to: dict[str, Any] | None = None
    site: str = ""
    cartons: tuple[tuple[str, dict[int, Decimal]], ...] = ()


def ship_notice(order: OrderStanding, said: Said, shipped: Shipped) -> ShipNotice:
    """The notice of one shipment: a carton each where they are known, else all in one unit."""
    if shipped.cartons:
        packs = tuple(
            NoticePack(sscc, "P", _items(order, said, sorted(inside.items())), tracking=shipped.tracking)
            for sscc, inside in shipped.cartons
        )
    else:
        packs = (NoticePack("", "T", _items(order, said, shipped.lines), tracking=shipped.tracking),)
    return ShipNotice(
        number=shipped.number,
        date=shipped.at.date(),
        time=f"{shipped.at:%H%M}",
        orders=(
            NoticeOrder(order.buyer_po, packs, release=order.release, po_date=said.po_date, our_number=order.number),
        ),
        carrier=shipped.carrier,
        carrier_reference=shipped.tracking,
        packages=len(packs),
        dates=(("011", shipped.at.date()),),
        parties=(*_from(shipped.site), *ship_to_party(shipped.ship_to or order.ship_to)),
    )


def _items(order: OrderStanding, said: Said, lines: Sequence[tuple[int, Decimal]]) -> tuple[NoticeItem, ...]:
    items: list[NoticeItem] = []
    for line_no, qty in lines:
        ours, theirs = order.line(line_no), said.line(order.counted_in(line_no))
        items.append(
            NoticeItem(
                line_no=theirs.line_no if theirs is not None else str(line_no),
                qty=qty,
                uom=unit_of(ours, theirs) if ours is not None else theirs.uom if theirs is not None else "EA",
                ids=sent_ids(ours, theirs),
                ordered=theirs.qty if theirs is not None and not (ours is not None and ours.replaces) else None,
                description=ours.description if ours is not None else "",
            )
        )
    return tuple(items)


def ship_to_party(place: dict[str, Any]) -> tuple[Party, ...]:
    """N1*ST with the place's own code."""
    code = place.get("code") or ""
    return (
        Party(
            "ST",
            place.get("name") or "",
            "92" if code else "",
            code,
            street=(place["street"],) if place.get("street") else (),
            city=place.get("city") or "",
            region=place.get("region") or "",
            postal_code=place.get("postal_code") or "",
            country=place.get("country") or "",
        ),
    )


def _from(site: str) -> tuple[Party, ...]:
    return (Party("SF", site, "91", site),) if site else ()


def day_of(at: datetime | None) -> date | None:
    """The day of an instant."""
    return None if at is None else at.date()
