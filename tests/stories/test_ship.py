"""From goods handed over to the posted invoice."""

from decimal import Decimal


def test_what_is_shipped_is_invoiced_once_and_turns_headroom_into_a_receivable(shop):
    order = shop.order(("CUP", "10"), ("TEA", "3"), charges=(("FREIGHT", "7.50"),))
    (shipment,) = shop.shipments(order)

    shop.ship(shipment)

    assert shop.status(order) == "shipped"
    # 10 x 3.333 = 33.33, 3 x 1.99 = 5.97, freight 7.50; tax 19 % of 40.83 = 7.76 and 7 % of 5.97 = 0.42
    assert shop.one("select number, net_total, charge_total, tax_total, total from invoice") == (
        "INV-2026-000001",
        Decimal("39.300"),
        Decimal("7.500"),
        Decimal("8.180"),
        Decimal("54.980"),
    )
    assert shop.one("select open_orders, receivables, unapplied from credit_node") == (0, Decimal("54.980"), 0)
    shop.verify()
