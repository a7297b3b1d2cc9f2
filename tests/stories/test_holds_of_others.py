"""Assessing an order closes the holds its own checks opened, and no others."""

from tradewind.desk.holds import HoldRelease, release_holds

OPEN = "select kind, code from order_hold where order_id = %s and released_at is null order by code"


def test_a_number_seen_before_holds_the_order_until_somebody_releases_it(shop):
    shop.database.write(lambda tx: tx.run("update account set duplicate_po = 'hold' where code = 'ALMA'"))
    shop.order(("CUP", "1"), buyer_po="A-1")

    second = shop.order(("CUP", "2"), buyer_po="A-1")

    assert shop.status(second) == "held"
    assert shop.all(OPEN, [second]) == [("data", "orders.duplicate_po_held")]
    (hold,) = shop.one("select id from order_hold where order_id = %s", [second])
    release = HoldRelease(second, hold, "they meant two")
    shop.database.write(lambda tx: release_holds(tx, [release], permissions=["holds.release.data"]))
    shop.turn()
    assert shop.status(second) == "released"
    shop.verify()
