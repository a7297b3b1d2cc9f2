"""A trading partner for tests: its rows, the X12 it writes, and what we wrote to it."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shop import Shop
from tradewind.channels.decide.x12.model import PartnerId, TransactionSet
from tradewind.channels.decide.x12.read import read_interchanges
from tradewind.channels.edi.commands import save_names, save_partner
from tradewind.channels.edi.model import Partner
from tradewind.channels.edi.outbound import READER, serve_partners
from tradewind.channels.edi.queries.partners import partner_of
from tradewind.channels.edi.work import How, keep_document, work_on
from tradewind.kernel.log import cursor_of, end_of_log
from tradewind.kernel.tx import Actor, Database


def serve_to_the_end(database: Database) -> dict[str, int]:
    """What partners are owed by all that is on the log now. It is read below the oldest transaction of the whole server, so
    other tests can hold it back for a while."""
    total: Counter[str] = Counter()
    end = database.read(end_of_log)
    for _ in range(1_500):
        total.update(serve_partners(database))
        if database.read(lambda reader: cursor_of(reader, READER)) >= end:
            return dict(total)
        time.sleep(0.02)
    raise AssertionError("the log was held back for half a minute")


DOOR = Actor(principal_id=None, name="partner", channel="edi")


def x12_850(
    number: str,
    *lines: tuple[str, str, str],
    control: str = "0001",
    purpose: str = "00",
    ship_to: str = "HQ",
    requested: str = "",
    type_: str = "850",
) -> list[str]:
    """The segments of an order set; lines are (item, quantity, price)."""
    body = [f"BEG*{purpose}*SA*{number}**20260302", f"N1*ST**92*{ship_to}" if ship_to else ""]
    body += [f"DTM*002*{requested}" if requested else ""]
    body += [
        f"PO1*{place}*{qty}*EA*{price}*PE*VP*{item}" if price else f"PO1*{place}*{qty}*EA***VP*{item}"
        for place, (item, qty, price) in enumerate(lines, 1)
    ]
    body = [one for one in [*body, f"CTT*{len(lines)}"] if one]
    return [f"ST*{type_}*{control}", *body, f"SE*{len(body) + 2}*{control}"]


def x12_860(number: str, *lines: str, control: str = "0001", purpose: str = "04", change: str = "1") -> list[str]:
    """The segments of a change set; lines are whole POC segments."""
    body = [f"BCH*{purpose}*SA*{number}**{change}*20260302", *lines]
    return [f"ST*860*{control}", *body, f"SE*{len(body) + 2}*{control}"]


def interchange(
    *sets: list[str],
    control: int = 1,
    group: str = "PO",
    usage: str = "P",
    sender: str = "BUYER",
    receiver: str = "HOUSE",
) -> bytes:
    """One interchange with one group."""
    head = (
        f"ISA*00*{' ' * 10}*00*{' ' * 10}*ZZ*{sender:15}*ZZ*{receiver:15}*260302*0900*U*00401*{control:09}*0*{usage}*>"
    )
    gs = f"GS*{group}*{sender}*{receiver}*20260302*0900*{control}*X*004010"
    segments = [
        head,
        gs,
        *(segment for one in sets for segment in one),
        f"GE*{len(sets)}*{control}",
        f"IEA*1*{control:09}",
    ]
    return ("~\n".join(segments) + "~\n").encode()


@dataclass
class Trading:
    """A partner of a shop, with what one can do to it."""

    shop: Shop
    partner: Partner = field(init=False)
    seen: int = 0

    def open(
        self, account: str | None = "alma", *, names: tuple[tuple[str, str, UUID], ...] = (), **more: Any
    ) -> "Trading":
        """Make the partner BUYER, or change it."""
        ids = self.shop.id
        values: dict[str, Any] = {
            "id": self.shop.database.ids.new(),
            "code": "BUYER",
            "name": "A buyer",
            "ours": PartnerId("ZZ", "HOUSE"),
            "theirs": PartnerId("ZZ", "BUYER"),
            "account_id": ids[account] if account else None,
            **more,
        }
        self.shop.database.write(lambda tx: save_partner(tx, Partner(**values), separators=more.pop("marks", {})))
        self.shop.database.write(lambda tx: save_names(tx, "edi:BUYER", names))
        found = self.shop.database.read(lambda reader: partner_of(reader, "BUYER"))
        assert found is not None
        self.partner = found
        return self

    def receive(self, body: bytes, **how: Any) -> dict[str, Any]:
        """An interchange comes in; what became of it."""
        document_id = keep_document(self.shop.database, body, actor=DOOR)
        return work_on(self.shop.database, document_id, actor=DOOR, how=How(**how))

    def again(self, document_id: str, **how: Any) -> dict[str, Any]:
        """A person has a document tried again."""
        return work_on(self.shop.database, UUID(document_id), actor=DOOR, how=How(mending=True, **how))

    def serve(self) -> dict[str, int]:
        """One round of what partners are owed."""
        self.shop.crank.turn_until_idle(rounds=50)
        return serve_to_the_end(self.shop.database)

    def sets(self) -> list[TransactionSet]:
        """The sets written since the last look, in order."""
        rows = self.shop.all("select serial, body from partner_message where serial > %s order by serial", [self.seen])
        self.seen = rows[-1][0] if rows else self.seen
        read = [read_interchanges(bytes(body)) for _, body in rows]
        assert not any(one.all_faults for one in read), [one.all_faults for one in read]
        return [one for found in read for whole in found.interchanges for group in whole.groups for one in group.sets]

    def orders(self) -> list[tuple[str, str, str]]:
        """(buyer's number, status, account) of all orders, oldest first."""
        return [
            (row[0], row[1], row[2])
            for row in self.shop.all(
                "select o.buyer_po, o.status, a.code from sales_order o join account a on a.id = o.account_id order by o.number"
            )
        ]

    def incidents(self) -> list[str]:
        return [row[0] for row in self.shop.all("select code from incident where resolved_at is null order by code")]


def segments_of(one: TransactionSet, name: str) -> list[tuple[str, ...]]:
    """The segments with a name."""
    return [segment for segment in one.segments if segment[0] == name]
