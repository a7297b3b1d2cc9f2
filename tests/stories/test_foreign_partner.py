"""A trading partner that none of us wrote: mock-edi orders from us over HTTP and checks whatever we answer."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foreign_partner import ForeignPartner, foreign_partner
from live_server import Client, LiveServer, within
from shop import Shop, open_shop
from tradewind.app.credentials import create_key
from tradewind.app.settings import read_settings
from tradewind.desk.change import STAFF_ONLY, ChangeRequest, change
from tradewind.kernel.clock import system_clock
from tradewind.kernel.tx import Database
from tradewind.orders.decide.actions import MoveDate

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

    def incidents(self) -> list[str]:
        return [row[0] for row in self.shop.all("select code from incident where resolved_at is null")]

    def comes(self, po_number: str, *documents: str) -> bool:
        """Whether these documents of ours reach the partner for an order, in this order."""
        return within(PATIENCE, lambda: self.taken(po_number) == list(documents))

    def have_come(self, po_number: str, *documents: str) -> bool:
        """The same in whatever order."""
        return within(PATIENCE, lambda: sorted(self.taken(po_number)) == list(documents))

    def taken(self, po_number: str) -> list[str]:
        """What the partner took of ours for an order, in its order."""
        sql = """
        select s.type from partner_message_set s join delivery d on d.effect_key = 'edi:' || s.message_id and d.status = 'sent'
        left join invoice i on i.id = s.subject_id left join shipment h on h.id = s.subject_id
        join sales_order o on o.id = coalesce(i.order_id, h.order_id, s.subject_id) where o.buyer_po = %s order by s.serial
        """
        return [row[0] for row in self.shop.all(sql, [po_number])]

    def release_now(self, po_number: str) -> None:
        """Our sales desk moves an order to as soon as possible."""
        (order_id,) = self.shop.one("select id from sales_order where buyer_po = %s", [po_number])
        request = ChangeRequest(order_id, (MoveDate(None),), "The goods are there.", may=frozenset(STAFF_ONLY))
        changed = self.shop.database.write(lambda tx: change(tx, [request]))[0]
        assert changed.change_id is not None, changed

    def ship(self, po_number: str, **more: Any) -> None:
        """The warehouse ships everything that is released of an order, if nothing else is said."""
        sql = """
        select s.number from shipment s join sales_order o on o.id = s.order_id where o.buyer_po = %s and s.status = 'released'
        """
        assert within(PATIENCE, lambda: self.shop.all(sql, [po_number]))
        for (number,) in self.shop.all(sql, [po_number]):
            said = {"outcome": "shipped", "tracking": "T-1", **more}
            done = self.client.insist("POST", f"/api/v1/shipments/{number}/answer", said)
            assert done.status == 200, done.body


@pytest.fixture
def house(owner_url: str, fresh_home: Path, tmp_path: Path) -> Iterator[House]:
    shop = open_shop(owner_url)
    database = Database(owner_url, clock=system_clock, role="tradewind_app")
    key = create_key(database, "boss", kind="staff", roles=["admin"], account_codes=[], label="test", days=None)
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
    assert [(one["confirmed"], one["shipped"], one["invoiced"]) for one in found["lines"]] == [
        ("5", "5", "5"),
        ("20", "20", "20"),
    ]
    assert house.shop.one("select count(*) from partner_message_set where verdict = 'rejected'") == (0,)


def test_an_order_sent_twice_is_one_order(house: House) -> None:
    house.trade("duplicate-order")

    house.partner.buy("4500001002", ("CUP", "5", "3.333"))
    assert house.comes("4500001002", "855")
    house.partner.advance(5)  # the second one is a moment behind

    found = "select outcome from partner_set where number = '4500001002' order by at"
    assert within(PATIENCE, lambda: house.shop.all(found) == [("order",), ("duplicate",)])
    house.ship("4500001002")
    assert house.comes("4500001002", "855", "856", "810")
    assert house.orders() == [("4500001002", "shipped")]
    assert house.partner.disagreements() == []


def test_a_change_after_our_answer_is_answered_and_only_what_is_left_is_shipped_and_billed(house: House) -> None:
    house.trade("change-after-confirm")

    house.partner.buy(
        "4500001003", ("CUP", "10", "3.333"), requested_on=f"{system_clock() + timedelta(days=30):%Y-%m-%d}"
    )
    house.partner.advance(5)
    assert house.comes("4500001003", "855", "865")
    house.release_now("4500001003")
    house.ship("4500001003")

    assert house.comes("4500001003", "855", "865", "856", "810")
    (line,) = house.partner.order("4500001003")["lines"]
    assert (line["quantity"], line["confirmed"], line["shipped"], line["invoiced"]) == ("5", "5", "5", "5")
    assert house.partner.disagreements() == []


def test_a_change_of_what_is_at_the_warehouse_is_refused_and_asked_back(house: House) -> None:
    house.trade("change-after-confirm")

    house.partner.buy("4500001007", ("CUP", "10", "3.333"))
    released = "select 1 from shipment where status = 'released'"
    assert within(PATIENCE, lambda: house.shop.all(released))
    house.partner.advance(5)
    assert house.comes("4500001007", "855", "865")
    house.ship("4500001007", lines=[{"line": 1, "shipped": "5", "short": "5", "reason": "asked back"}])

    assert house.have_come("4500001007", "810", "855", "855", "856", "865")  # the second 855: five are off
    (line,) = house.partner.order("4500001007")["lines"]
    assert (line["quantity"], line["confirmed"], line["shipped"], line["invoiced"]) == ("5", "5", "5", "5")
    # the 865 said what was confirmed, until the warehouse had answered
    assert [(one["rule"], one["code"]) for one in house.partner.disagreements()] == [("confirmed-more", "865")]


def test_a_cancel_after_the_goods_left_is_refused(house: House) -> None:
    house.trade("cancel-late")

    house.partner.buy("4500001004", ("CUP", "4", "3.333"))
    assert house.comes("4500001004", "855")
    house.ship("4500001004")
    assert within(PATIENCE, lambda: house.shop.all("select 1 from partner_message_set where type = '865'") != [])

    assert house.orders() == [("4500001004", "shipped")]
    (body,) = house.shop.one("select m.body from partner_message m where m.type = '865'")
    assert b"BCA*00*RJ*4500001004" in bytes(body)
    assert house.shop.one("select outcome from partner_set where type = '860'") == ("change",)


def test_an_answer_that_nobody_acknowledges_is_noticed(house: House) -> None:
    house.trade("no-ack", ack_minutes=1)

    house.partner.buy("4500001005", ("CUP", "1", "3.333"))
    assert house.comes("4500001005", "855")
    house.shop.database.write(lambda tx: tx.run("update partner_message set ack_due_at = now() where type = '855'"))

    assert within(PATIENCE, lambda: house.incidents() == ["channels.no_acknowledgement"])


def test_an_acknowledgement_that_comes_late_ends_the_matter(house: House) -> None:
    house.trade("late", ack_minutes=1)

    house.partner.buy("4500001006", ("CUP", "1", "3.333"))
    house.partner.advance(3_700)
    assert house.comes("4500001006", "855")
    house.shop.database.write(lambda tx: tx.run("update partner_message set ack_due_at = now() where type = '855'"))
    assert within(PATIENCE, lambda: house.incidents() == ["channels.no_acknowledgement"])
    house.partner.advance(3_700)

    assert within(PATIENCE, lambda: house.incidents() == [])
    assert house.shop.one("select verdict from partner_message_set where type = '855'") == ("accepted",)
    assert house.partner.disagreements() == []
