"""A trading partner that none of us wrote: mock-edi orders from us over HTTP and checks whatever we answer."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foreign_partner import ForeignPartner, foreign_partner
from live_server import Client, LiveServer, within
from shop import Shop, open_shop
from tradewind.app.credentials import create_key
from tradewind.app.settings import read_settings
from tradewind.kernel.clock import system_clock
from tradewind.kernel.tx import Database

PATIENCE = 30.0
pytestmark = pytest.mark.slow


@dataclass
class House:
    """Our side: a served shop, and somebody who answers for its warehouse."""

    shop: Shop
    live: LiveServer
    client: Client
    partner: ForeignPartner

    def trade(self, behaviour: str, **more: Any) -> None:
        """Make the foreign customer a partner of ours, and ours its supplier."""
        told = {
            "name": "A customer none of us wrote",
            "account": "ALMA",
            "ours": {"qualifier": "ZZ", "id": "NORTHWIND"},
            "theirs": {"qualifier": "ZZ", "id": "MOCKCO"},
            "send_by": "http",
            "send_to": f"http://127.0.0.1:{self.partner.port}/edi",
            "ack_minutes": 60,
            "names": {"ship_tos": {"MOCKCO": "HQ"}},
            **more,
        }
        assert self.client.insist("PUT", "/api/v1/partners/MOCK", told).status == 200
        door = self.client.insist("POST", "/api/v1/partners/MOCK/door").body["address"]
        self.partner.behave(behaviour, deliver_to=f"http://127.0.0.1:{self.live.port}{door}")

    def orders(self) -> list[tuple[str, str]]:
        return [(row[0], row[1]) for row in self.shop.all("select buyer_po, status from sales_order order by number")]

    def comes(self, po_number: str, *documents: str) -> bool:
        """Whether these documents of ours reach the partner for an order."""
        sql = """
        select s.type from partner_message_set s join delivery d on d.effect_key = 'edi:' || s.message_id and d.status = 'sent'
        left join invoice i on i.id = s.subject_id left join shipment h on h.id = s.subject_id
        join sales_order o on o.id = coalesce(i.order_id, h.order_id, s.subject_id) where o.buyer_po = %s order by s.serial
        """
        return within(PATIENCE, lambda: [row[0] for row in self.shop.all(sql, [po_number])] == list(documents))

    def ship(self, po_number: str) -> None:
        """The warehouse ships everything that is released of an order."""
        sql = """
        select s.number from shipment s join sales_order o on o.id = s.order_id where o.buyer_po = %s and s.status = 'released'
        """
        assert within(PATIENCE, lambda: self.shop.all(sql, [po_number]))
        for (number,) in self.shop.all(sql, [po_number]):
            done = self.client.insist("POST", f"/api/v1/shipments/{number}/answer", {"outcome": "shipped", "tracking": "T-1"})
            assert done.status == 200, done.body


@pytest.fixture
def house(owner_url: str, fresh_home: Path, tmp_path: Path) -> Iterator[House]:
    shop = open_shop(owner_url)
    database = Database(owner_url, clock=system_clock, role="tradewind_app")
    key = create_key(
        database, "boss", kind="staff", roles=["admin"], account_codes=[], label="test", days=None
    )
    database.close()
    settings = read_settings({"TRADEWIND_HOME": str(fresh_home)})
    live = LiveServer(settings, owner_url, processes=1, more={"TRADEWIND_OUTBOUND_SCHEMES": "http,https"})
    live.start()
    try:
        with foreign_partner(tmp_path / "partner.log") as partner, closing(Client(live.port, key)) as client:
            yield House(shop, live, client, partner)
        live.stop()
    finally:
        live.abandon()
        shop.database.close()


def test_a_straight_order_runs_to_its_invoice_without_a_disagreement(house: House) -> None:
    house.trade("accept")

    house.partner.buy("4500001001", ("CUP", "5", "3.333"), ("TEA", "20", "1.99"))
    assert house.comes("4500001001", "855")
    house.ship("4500001001")

    assert house.comes("4500001001", "855", "856", "810")
    assert house.partner.disagreements() == []
    found = house.partner.order("4500001001")
    assert [(one["confirmed"], one["shipped"], one["invoiced"]) for one in found["lines"]] == [("5", "5", "5"), ("20", "20", "20")]
    assert house.shop.one("select count(*) from partner_message_set where verdict = 'rejected'") == (0,)
