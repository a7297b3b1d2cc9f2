"""Drop-ship, end to end: a vendor ships straight to the buyer, and exactly the units it names move."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from emitted_sql import RecordingDatabase
from shop import START, Shop
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_orders
from tradewind.desk.drop_ship import Heard, hear_vendor, margins
from tradewind.desk.stock import Receipt, receive_goods
from tradewind.orchestration.commands.crank import Crank
from tradewind.purchasing.commands import put_offer, put_vendor
from tradewind.purchasing.model import Offer, Vendor, VendorAnswer
from tradewind.rules.decide.feel import read_expression
from tradewind.streams.backorders import BackorderCrank
from tradewind.streams.library import STREAMS

D = Decimal


@pytest.fixture
def shop(shop: Shop) -> Iterator[Shop]:
    yield shop
    shop.verify()


def offer(shop: Shop, item: str = "gift", *, vendor: str = "ACME", scope: str = "all", **more: Any) -> UUID:
    """A vendor that ships an item for us at 2 euros; its id."""

    def write(tx: Any) -> UUID:
        vendor_id = put_vendor(tx, Vendor(tx.ids.new(), vendor, vendor.title(), None))
        said = {"cost": D(2), "currency": "EUR", "lead_days": 3, "pack": D(1), "use_when": "short", "rank": 100} | more
        known = Vendor(vendor_id, vendor, vendor.title(), None)
        put_offer(tx, Offer(known, shop.id[item], scope, f"{vendor}-7", **said))
        return vendor_id

    return shop.database.write(write)


def supplier_orders(shop: Shop) -> list[tuple[Any, ...]]:
    """(vendor, order line, asked, shipped, refused, cancelled, status), in the order they were sent."""
    return shop.all(
        "select v.code, l.order_line_no, l.qty, l.qty_shipped, l.qty_refused, l.qty_cancelled, o.status from supplier_order o "
        "join vendor v on v.id = o.vendor_id join supplier_order_line l on l.supplier_order_id = o.id order by o.number, l.line_no"
    )


def units(shop: Shop, order: UUID, line_no: int = 1) -> dict[str, Decimal]:
    """Where the units of a line stand; empty buckets are left out."""
    names = ("open", "allocated", "released", "shipped", "cancelled")
    row = shop.one(
        f"select {', '.join(f'qty_{name}' for name in names)} from order_line where order_id = %s and line_no = %s",  # noqa: S608
        [order, line_no],
    )
    return {name: qty for name, qty in zip(names, row, strict=True) if qty}


def hear(
    shop: Shop, reference: str, outcome: str, *lines: tuple[int, str], number: str | None = None, turn: bool = True
) -> Heard:
    """A vendor says something about the last supplier order."""
    found = shop.one(
        "select id from supplier_order where %(number)s::text is null or number = %(number)s order by number desc limit 1",
        {"number": number},
    )[0]
    said = VendorAnswer(reference, outcome, tuple((no, D(qty)) for no, qty in lines))  # type: ignore[arg-type]
    heard = shop.database.write(lambda tx: hear_vendor(tx, found, said))
    if turn:
        shop.turn()
    return heard


def codes(heard: Heard) -> list[str]:
    return [problem.code for problem in heard.problems]


def run_backorders(shop: Shop) -> None:
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()


def test_a_line_without_stock_is_shipped_by_its_vendor_in_parts_billed_as_they_come_and_the_rest_waits(
    shop: Shop,
) -> None:
    offer(shop, "cup")
    order = shop.order(("CUP", "130"))  # 100 are ours

    assert units(shop, order) == {"released": D(130)}
    assert supplier_orders(shop) == [("ACME", 1, D(30), 0, 0, 0, "open")]
    shop.ship(
        *[one for one in shop.shipments(order) if shop.one("select site_id from shipment where id = %s", [one])[0]]
    )
    assert units(shop, order) == {"released": D(30), "shipped": D(100)}

    hear(shop, "ASN-1", "shipped", (1, "12"))

    assert units(shop, order) == {"released": D(18), "shipped": D(112)}
    assert shop.all("select qty from invoice_line order by qty") == [(D(12),), (D(100),)]

    hear(shop, "NO-1", "refused")

    assert units(shop, order) == {"open": D(18), "shipped": D(112)}
    assert shop.one("select qty_backordered from order_line") == (D(18),)
    assert supplier_orders(shop) == [("ACME", 1, D(30), D(12), D(18), 0, "closed")]
    shop.verify()

    shop.database.write(lambda tx: receive_goods(tx, [Receipt("N", "CUP", D(50))]))
    run_backorders(shop)

    assert units(shop, order) == {"released": D(18), "shipped": D(112)}
    assert len(supplier_orders(shop)) == 1  # the vendor that refused is not asked again
    shop.ship(*shop.shipments(order))
    assert units(shop, order) == {"shipped": D(130)}
    assert shop.one("select sum(net_invoiced) = sum(net), sum(qty_invoiced) from order_line") == (True, D(130))


def test_what_is_sent_is_blind_to_both_sides(shop: Shop) -> None:
    offer(shop, "cup", use_when="always")
    order = shop.order(("CUP", "10"), buyer_po="SECRET-1")

    (sent,) = shop.all("select destination, account_id, payload from delivery where kind = 'supplier_order.sent'")
    number = shop.one("select number from supplier_order")[0]

    assert sent[:2] == ("vendor:ACME", None)
    assert sent[2]["lines"] == [
        {"line": 1, "item": "ACME-7", "qty": "10", "cost": "2", "description": sent[2]["lines"][0]["description"]}
    ]
    assert sent[2]["supplier_order"] == number == "PU-00000001"
    text = json.dumps(sent[2])
    assert not [word for word in ("3.33", "SECRET-1", "SO-") if word in text]
    hear(shop, "ASN-1", "shipped")
    seen = shop.all(
        "select payload::text from event where account_id is not null union all select reason from shipment"
    )
    assert not [row for row in seen if "ACME" in row[0] or "PU-" in row[0]]
    assert units(shop, order) == {"shipped": D(10)}


def test_always_takes_no_stock_and_a_scope_decides_who_is_served_so(shop: Shop) -> None:
    offer(shop, "cup", use_when="always", scope=f"account:{shop.id['alma']}")

    theirs, others = shop.order(("CUP", "10")), shop.order(("CUP", "10"), account="BELA")

    assert [(row[0], row[2]) for row in supplier_orders(shop)] == [("ACME", D(10))]
    assert shop.all("select order_id, site_id is null from shipment order by number") == [
        (theirs, True),
        (others, False),
    ]
    assert shop.one("select allocated from stock where product_id = %s", [shop.id["cup"]]) == (D(10),)


def test_only_whole_packs_are_asked_for_and_a_second_vendor_comes_after_the_first_refused(shop: Shop) -> None:
    offer(shop, pack=D(6), rank=1)
    offer(shop, vendor="BOLT", rank=2)
    order = shop.order(("GIFT", "10"))

    assert [(row[0], row[2]) for row in supplier_orders(shop)] == [("ACME", D(6))]
    hear(shop, "NO", "refused")
    shop.database.write(lambda tx: receive_goods(tx, [Receipt("N", "GIFT", D(1))]))
    run_backorders(shop)

    assert [(row[0], row[2]) for row in supplier_orders(shop)] == [("ACME", D(6)), ("BOLT", D(9))]
    assert units(shop, order) == {"released": D(10)}


def test_an_answer_counts_once_and_never_for_more_than_was_asked(shop: Shop) -> None:
    offer(shop)
    order = shop.order(("GIFT", "10"))

    first = hear(shop, "ASN-1", "shipped", (1, "4"))
    again = hear(shop, "ASN-1", "shipped", (1, "4"))
    other = hear(shop, "ASN-1", "shipped", (1, "5"))
    over = hear(shop, "ASN-2", "shipped", (1, "7"))
    unknown = hear(shop, "ASN-3", "shipped", (2, "1"))
    noted = hear(shop, "ACK", "acknowledged")

    assert (first.units, again.replay, again.units) == ({1: D(4)}, True, {})
    assert [codes(one) for one in (other, over, unknown, noted)] == [
        ["purchasing.other_answer"], ["purchasing.too_many"], ["purchasing.unknown_line"], [],
    ]  # fmt: skip
    assert units(shop, order) == {"released": D(6), "shipped": D(4)}
    hear(shop, "ASN-4", "shipped", (1, "6"))
    assert units(shop, order) == {"shipped": D(10)}
    assert codes(hear(shop, "ASN-5", "shipped")) == ["purchasing.already_closed"]


def test_a_shipment_of_a_vendor_is_answered_on_its_supplier_order_alone(shop: Shop) -> None:
    offer(shop)
    order = shop.order(("GIFT", "10"))

    answered = shop.ship(*shop.shipments(order))

    assert [problem.code for problem in answered.problems] == ["purchasing.vendor_answers"]
    assert units(shop, order) == {"released": D(10)}


def cancel(shop: Shop, order: UUID, qty: str | None = None) -> Any:
    lines = () if qty is None else (LineWish(1, D(qty)),)
    return shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(order, "no need", lines)]))[0]


def test_a_cancel_after_the_vendor_was_asked_is_a_request_that_its_answer_decides(shop: Shop) -> None:
    offer(shop)
    order = shop.order(("GIFT", "10"))

    asked = cancel(shop, order, "6")

    assert (asked.cancelled, asked.asked_back) == ({}, {1: D(6)})
    assert shop.all("select destination, payload from delivery where kind like '%%cancel_requested'") == [
        ("vendor:ACME", {"supplier_order": "PU-00000001", "line": 1, "item": "ACME-7", "qty": "6", "reason": "no need"})
    ]
    hear(shop, "OK", "cancelled", (1, "6"))
    run_backorders(shop)

    assert units(shop, order) == {"released": D(4), "cancelled": D(6)}
    assert shop.all("select code from order_hold where released_at is null") == []
    hear(shop, "ASN", "shipped")
    assert units(shop, order) == {"shipped": D(4), "cancelled": D(6)}
    assert supplier_orders(shop) == [("ACME", 1, D(10), D(4), 0, D(6), "closed")]


@pytest.mark.parametrize("booked", [True, False])
def test_what_the_vendor_shipped_first_is_not_cancelled(shop: Shop, booked: bool) -> None:
    offer(shop)
    order = shop.order(("GIFT", "10"))

    hear(shop, "ASN", "shipped", turn=booked)
    lost = cancel(shop, order)
    shop.turn()
    run_backorders(shop)

    assert units(shop, order) == {"shipped": D(10)}
    assert lost.cancelled == {}
    if booked:
        assert [problem.code for problem in lost.problems] == ["fulfilment.already_shipped"]
    else:
        said = shop.one("select payload ->> 'code' from event where type = 'order.cancel_refused'")
        assert said == ("fulfilment.already_shipped",)


def test_cost_and_margin_are_those_of_the_vendors_units(shop: Shop) -> None:
    offer(shop, "cup")
    order = shop.order(("CUP", "130"))

    (found,) = shop.database.read(lambda reader: margins(reader, order, "EUR"))

    net = shop.one("select net from order_line")[0]
    assert (found.units, found.shipped, found.cost, found.cost_shipped) == (D(30), 0, D(60), 0)
    assert found.sales == (net * 30 / 130).quantize(D("0.000001"))
    assert found.margin == found.sales - 60


def test_an_answer_that_was_interrupted_left_nothing_and_comes_again(shop: Shop) -> None:
    offer(shop)
    order = shop.order(("GIFT", "10"))
    found = shop.one("select id from supplier_order")[0]
    with shop.trying() as tx:
        hear_vendor(tx, found, VendorAnswer("ASN", "shipped", ((1, D(4)),)))
    shop.turn()

    assert units(shop, order) == {"released": D(10)}
    shop.verify()

    hear(shop, "ASN", "shipped", (1, "4"), turn=False)
    shop.verify()  # kept, and not yet booked
    shop.turn()
    assert units(shop, order) == {"released": D(6), "shipped": D(4)}


def test_a_vendor_that_says_nothing_becomes_a_task(shop: Shop) -> None:
    offer(shop)
    shop.order(("GIFT", "10"))

    shop.wait(days=4)
    shop.turn()
    assert shop.all("select 1 from user_task where status = 'open'") == []

    shop.clock.at = START + timedelta(days=6)
    shop.turn()
    assert len(shop.all("select 1 from user_task where status = 'open'")) == 1


def test_a_house_without_vendors_asks_nothing_about_them(shop: Shop) -> None:
    recorder = RecordingDatabase(shop.url, clock=shop.clock, seed=11)
    with closing(recorder):
        crank, shop.database = shop.database, recorder
        shop.crank = Crank(recorder, STREAMS, read_expression)
        order = shop.order(("CUP", "3"), ("GIFT", "2"))
        shop.database = crank

    said = " ".join(statement for each in recorder.transactions for statement in each).lower()
    assert "insert into shipment" in said
    assert "vendor" not in said
    assert "supplier" not in said
    assert units(shop, order, 2) == {"open": D(2)}
