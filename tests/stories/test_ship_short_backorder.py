"""What a warehouse does not ship is found elsewhere, or waits, and is shipped and billed in the end (FU8, FU10)."""

from decimal import Decimal

import pytest

from shop import Shop, open_shop
from tradewind.streams.backorders import BackorderCrank


@pytest.fixture
def shop(owner_url):
    opened = open_shop(owner_url, stock={("cup", "north"): "10", ("cup", "south"): "6"})
    yield opened
    opened.database.close()


def serve(shop: Shop) -> None:
    """Goods that came free go to who waits; then everything runs to its next wait.

    The log is read below the oldest transaction of the whole server, so other tests can hold it back; the sweep does not wait.
    """
    crank = BackorderCrank(shop.database)
    crank.turn_until_idle()
    crank.sweep()
    shop.turn()


def asked(shop: Shop, order) -> list[tuple[str, Decimal]]:
    """What which site is asked to ship now."""
    return shop.all(
        """select t.code, l.qty_released from shipment s join site t on t.id = s.site_id
           join shipment_line l on l.shipment_id = s.id where s.order_id = %s and s.status = 'released' order by 1""",
        [order],
    )


def receive(shop: Shop, product: str, site: str, qty: str) -> None:
    """Goods come in."""
    columns = {"product": shop.id[product], "site": shop.id[site], "qty": Decimal(qty), "now": shop.clock.at}
    shop.database.write(
        lambda tx: tx.run(
            """with moved as (
                 insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type)
                 values (gen_random_uuid(), %(product)s, %(site)s, 'receipt', %(qty)s, %(now)s, %(now)s, 'receipt')
               ) update stock set on_hand = on_hand + %(qty)s where product_id = %(product)s and site_id = %(site)s""",
            columns,
        )
    )
    BackorderCrank(shop.database).sweep()
    shop.turn()


def test_a_refused_group_is_sourced_from_another_site(shop):
    order = shop.order(("CUP", "5"))
    assert asked(shop, order) == [("N", 5)]
    (shipment,) = shop.shipments(order)

    shop.ship(shipment, outcome="refused", reason="site flooded")
    serve(shop)

    assert asked(shop, order) == [("S", 5)]
    shop.ship(shop.shipments(order)[0])
    assert shop.status(order) == "shipped"
    assert shop.one("select net_total from invoice") == (Decimal("16.670"),)
    shop.verify()


def test_short_units_come_from_elsewhere_and_the_site_that_was_short_is_not_asked_again(shop):
    order = shop.order(("CUP", "9"))

    shop.ship(shop.shipments(order)[0], lines=[{"line": 1, "shipped": "2", "reason": "damaged"}])
    serve(shop)

    assert asked(shop, order) == [("S", 6)]
    shop.ship(shop.shipments(order)[0])
    serve(shop)
    assert asked(shop, order) == []
    assert shop.one("select qty_open, qty_backordered from order_line") == (1, 1)
    shop.verify()


def test_a_site_that_was_short_is_asked_again_when_goods_came_in_there(shop):
    order = shop.order(("CUP", "12"))
    for shipment in shop.shipments(order):
        shop.ship(shipment, outcome="refused")
    serve(shop)
    assert asked(shop, order) == []

    shop.wait(hours=1)
    receive(shop, "cup", "north", "20")

    assert asked(shop, order) == [("N", 12)]
    shop.ship(shop.shipments(order)[0])
    assert shop.status(order) == "shipped"
    shop.verify()


def test_an_order_that_was_short_again_and_again_is_billed_to_the_cent(shop):
    order = shop.order(("CUP", "7"))
    sites = []
    for shipped in ("1", "2", "1"):
        for shipment in shop.shipments(order):
            sites += asked(shop, order)
            shop.ship(shipment, lines=[{"line": 1, "shipped": shipped}])
        shop.wait(hours=1)
        receive(shop, "cup", "north", "5")
    for shipment in shop.shipments(order):
        shop.ship(shipment)

    assert shop.status(order) == "shipped"
    assert shop.one("select count(*), sum(net_total) from invoice") == (4, Decimal("23.330"))
    assert shop.one("select count(*) from stream_instance where status <> 'done' and stream <> 'invoice_to_cash'") == (
        0,
    )
    assert shop.one("select open_orders from credit_node") == (Decimal(0),)
    shop.verify()


def test_services_of_a_refused_shipment_wait_for_its_goods(shop):
    order = shop.order(("CUP", "5"), ("ENGRAVE", "1"))

    shop.ship(shop.shipments(order)[0], outcome="refused")
    assert shop.one("select qty_released, qty_allocated from order_line where line_no = 2") == (0, 1)
    serve(shop)

    shop.ship(shop.shipments(order)[0])
    assert shop.status(order) == "shipped"
    assert shop.one("select count(*), sum(net_total) from invoice") == (1, Decimal("28.670"))
    shop.verify()
