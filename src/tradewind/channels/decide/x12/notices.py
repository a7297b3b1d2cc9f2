"""856: what left the house, as a tree of shipment, orders, pallets, cartons and items."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from tradewind.channels.decide.x12.build import (
    date_times,
    descriptions,
    made_set,
    pairs,
    party,
    reference,
    segment,
)
from tradewind.channels.decide.x12.documents import NoticeItem, NoticeOrder, NoticePack, ShipNotice
from tradewind.channels.decide.x12.model import Segment, TransactionSet

DEEPEST = 8  # packs inside packs


def write_856(given: ShipNotice, control: str) -> TransactionSet:
    """BSN and the HL tree; CTT counts its nodes and sums the quantities."""
    tree = _Tree()
    tree.shipment(given)
    total = segment("CTT", tree.nodes, tree.shipped)
    head = segment("BSN", given.purpose, given.number, given.date, given.time, given.structure)
    return made_set("856", control, (head, *tree.made, total))


@dataclass(slots=True)
class _Tree:
    """Writes nodes and numbers them as it goes."""

    made: list[Segment] = field(default_factory=list)
    nodes: int = 0
    shipped: Decimal = Decimal(0)

    def node(self, parent: int | None, level: str, *, has_children: bool) -> int:
        self.nodes += 1
        self.made.append(segment("HL", self.nodes, parent, level, int(has_children)))
        return self.nodes

    def shipment(self, given: ShipNotice) -> None:
        top = self.node(None, "S", has_children=bool(given.orders))
        if given.packages is not None or given.weight is not None:
            kind = "G" if given.weight is not None else None
            uom = given.weight_uom if given.weight is not None else None
            self.made.append(
                segment("TD1", given.package_code, given.packages, None, None, None, kind, given.weight, uom)
            )
        if given.scac or given.carrier:
            self.made.append(segment("TD5", None, "2" if given.scac else None, given.scac, given.method, given.carrier))
        if given.bill_of_lading:
            self.made.append(segment("REF", "BM", given.bill_of_lading))
        if given.carrier_reference:
            self.made.append(segment("REF", "CN", given.carrier_reference))
        self.made += map(reference, given.references)
        self.made += date_times(given.dates)
        for one in given.parties:
            self.made += party(one)
        for order in given.orders:
            self.order(order, top)

    def order(self, order: NoticeOrder, parent: int) -> None:
        here = self.node(parent, "O", has_children=bool(order.packs or order.items))
        self.made.append(segment("PRF", order.buyer_po, order.release, None, order.po_date))
        if order.our_number:
            self.made.append(segment("REF", "VN", order.our_number))
        self.made += map(reference, order.references)
        for pack in order.packs:
            self.pack(pack, here, 1)
        for item in order.items:
            self.item(item, here)

    def pack(self, pack: NoticePack, parent: int, depth: int) -> None:
        here = self.node(parent, pack.level, has_children=bool(pack.packs or pack.items))
        if pack.tracking:
            self.made.append(segment("REF", "CN", pack.tracking))
        if pack.sscc:
            self.made.append(segment("MAN", "GM", pack.sscc))
        for inner in pack.packs if depth < DEEPEST else ():
            self.pack(inner, here, depth + 1)
        for item in pack.items:
            self.item(item, here)

    def item(self, item: NoticeItem, parent: int) -> None:
        self.node(parent, "I", has_children=False)
        self.made.append(segment("LIN", item.line_no, *pairs(item.ids)))
        ordered_uom = item.uom if item.ordered is not None else None
        self.made.append(segment("SN1", None, item.qty, item.uom, item.shipped_to_date, item.ordered, ordered_uom))
        self.made += descriptions(item.description)
        self.made += map(reference, item.references)
        self.shipped += item.qty


def packs_of(orders: tuple[NoticeOrder, ...]) -> Iterator[NoticePack]:
    """Every pack of a notice, the outer before the inner."""
    open_packs = [pack for order in orders for pack in order.packs]
    while open_packs:
        pack = open_packs.pop(0)
        yield pack
        open_packs = [*pack.packs, *open_packs]
