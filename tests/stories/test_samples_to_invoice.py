"""Published 850s run to their invoice in a test sandbox; replacements and tests are handled as said."""

from decimal import Decimal
from pathlib import Path

import pytest

from sample_partner import UNPRICED, open_sandbox, orders_in
from shop import Shop
from tradewind.desk.holds import HoldRelease, release_holds
from trading import Trading, segments_of
from x12_documents import SAMPLES, needs_samples

FILES = (
    "x12/850_Example1_PGWGlass.x12",
    "x12/850_Example2_Adobe_TLP.x12",
    "x12/850_From_aojuk.x12",
    "x12/ednet_x12.850.edi",
    "x12/ednet_x12.850.issue135.edi",
    "x12/staedi_invoice810_po850_dual.edi",
    "x12/875_AmasoftExample1.x12",
    "x12-doctor/clean/850_seed1234_lines1.edi",
    "x12-doctor/clean/850_seed7_lines3.edi",
    "x12-doctor/flows/clean/850_po.edi",
)
pytestmark = [pytest.mark.samples, needs_samples]


def release_all(trading: Trading) -> None:
    """A person has looked at what the reader was not sure of."""
    held = trading.shop.all("select order_id, id from order_hold where released_at is null and kind = 'data'")
    releases = [HoldRelease(order_id, hold_id, "Looked at.") for order_id, hold_id in held]
    trading.shop.database.write(lambda tx: release_holds(tx, releases, permissions={"holds.release.data"}))


@pytest.mark.parametrize("name", FILES)
def test_the_orders_of_a_sample_run_to_their_invoices(shop: Shop, name: str) -> None:
    body = Path(SAMPLES / name).read_bytes()
    _, orders = orders_in(body)
    trading = open_sandbox(shop, body)

    report = trading.receive(body)
    replaces = sum(order.purpose == "05" for order in orders)
    assert report["interchanges"][0]["outcomes"].get("held", 0) == replaces
    if replaces:  # a replacement without an original waits for a person, who takes it as new
        trading.again(report["document"], as_new=True)
    release_all(trading)
    trading.serve()
    for (order_id,) in shop.all("select id from sales_order order by number"):
        shop.wait(days=4000)  # published dates lie in the past, promised ones may lie ahead
        shop.turn()
        for shipment in shop.shipments(order_id):
            shop.ship(shipment)
    trading.serve()

    assert [one[0] for one in trading.orders()] == [order.number for order in orders]
    assert {one[2] for one in trading.orders()} == {"SANDBOX"}
    wanted = {
        order.number: sum(
            (line.qty or Decimal(0)) * (UNPRICED if line.price is None else line.price) for line in order.lines
        )
        for order in orders
    }
    net = dict(
        shop.all(
            "select o.buyer_po, sum(i.net_total) from invoice i join sales_order o on o.id = i.order_id group by 1"
        )
    )
    assert {number: amount.quantize(Decimal("0.01")) for number, amount in wanted.items()} == net
    sent = trading.sets()
    bills = [one for one in sent if one.type == "810"]
    assert {segments_of(one, "BIG")[0][4] for one in bills} == set(wanted)
    assert {segments_of(one, "PRF")[0][1] for one in sent if one.type == "856"} == set(wanted)
    assert {segments_of(one, "BAK")[0][3] for one in sent if one.type == "855"} == set(wanted)
    billed = sum(int(segments_of(one, "TDS")[0][1]) for one in bills)
    assert shop.one("select (sum(total) * 100)::bigint from invoice") == (billed,)
    assert shop.all("select distinct is_test from partner_message") == [(True,)]
