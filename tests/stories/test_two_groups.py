"""Orders that go to several places, each on its own."""

from decimal import Decimal
from uuid import UUID

from shop import Shop
from tradewind.desk.place import place
from tradewind.desk.resolve import Submission
from tradewind.kernel.tx import SYSTEM
from tradewind.semantics.model import DraftGroup, DraftLine, OrderDraft
from tradewind.streams.backorders import BackorderCrank


def order_for_two_places(shop: Shop) -> UUID:
    lines = (DraftLine(1, "CUP", Decimal(5)), DraftLine(2, "TEA", Decimal(5), group_no=2))
    draft = OrderDraft("ALMA", lines, (DraftGroup(1), DraftGroup(2)))
    placed = shop.database.write(lambda tx: place(tx, [Submission(draft, SYSTEM)]))[0]
    shop.turn()
    assert placed.order_id is not None
    return placed.order_id


def test_goods_refused_for_two_places_are_sent_again_to_both(shop):
    order = order_for_two_places(shop)
    for shipment in shop.shipments(order):
        shop.ship(shipment, outcome="refused")

    waiting = shop.all("select part, status from stream_instance where stream = 'goods_to_release' order by part")
    assert waiting == [("1", "running"), ("2", "running")]

    shop.wait(hours=1)
    for product in ("cup", "tea"):  # somebody looked: it is there after all
        shop.database.write(
            lambda tx, product=product: tx.run(
                "insert into stock_observation (id, product_id, site_id, qty, as_of, taken_in_at, source) "
                "values (gen_random_uuid(), %s, %s, 100, %s, %s, 'count')",
                [shop.id[product], shop.id["north"], shop.clock.at, shop.clock.at],
            )
        )
    BackorderCrank(shop.database).sweep()
    shop.turn()

    assert len(shop.shipments(order)) == 2
    assert shop.one("select count(*) from stream_instance where subject_id = %s and status = 'running'", [order]) == (
        0,
    )
    shop.verify()
