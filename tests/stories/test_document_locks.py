"""Shipping, billing, paying and crediting lock their rows in the one order before they change them."""

from decimal import Decimal

from emitted_sql import RecordingDatabase, assert_locks_before_write
from shop import Shop
from tradewind.billing.model import CreditWish
from tradewind.desk.bounces import Bounce, bounce_payments
from tradewind.desk.cash import Received, Use, apply_free_money, record_payments
from tradewind.desk.credits import CreditRequest, credit_invoices
from tradewind.desk.returns import WantedLine, WantedReturn, authorise_returns
from tradewind.desk.shipping import Given, answer_shipments
from tradewind.desk.take_back import CreditReturn, Receipt, credit_returns, receive_returns

MADE = ("stream_instance", "shipment", "invoice", "payment")  # rows a transaction may have made itself


def test_from_the_answer_to_the_credit_note_every_lock_comes_in_its_turn(shop: Shop) -> None:
    database = RecordingDatabase(shop.url, clock=shop.clock)
    orders = [shop.order(("CUP", "10"), ("TEA", "2")) for _ in range(3)]
    shipments = [one for order in orders for one in shop.shipments(order)]
    numbers = [row[0] for row in shop.all("select number from sales_order order by number")]
    shipped, refused = {"outcome": "shipped"}, {"outcome": "refused"}

    database.write(lambda tx: answer_shipments(tx, [Given(one, shipped) for one in shipments[:2]], inline=True))
    database.write(lambda tx: answer_shipments(tx, [Given(shipments[2], refused)]))
    shop.turn()
    paid = database.write(
        lambda tx: record_payments(tx, [Received("ALMA", Decimal(70), "EUR"), Received("ALMA", Decimal(50), "EUR")])
    )
    notes = database.write(
        lambda tx: credit_invoices(tx, [CreditRequest("INV-2026-000001", (CreditWish(1, amount=Decimal(1)),))])
    )
    assert notes[0].note is not None
    note = notes[0].note.number
    database.write(lambda tx: apply_free_money(tx, [Use("PAY-00000002"), Use(note)]))
    assert paid[0].payment is not None
    number = paid[0].payment.number
    database.write(lambda tx: bounce_payments(tx, [Bounce(number, "no funds")]))
    wanted = [WantedReturn("ALMA", "x", (WantedLine(Decimal(2), one, 1),)) for one in numbers[:2]]
    made = [one.found for one in database.write(lambda tx: authorise_returns(tx, wanted)) if one.found]
    database.write(
        lambda tx: receive_returns(tx, [Receipt(one.id, ((1, Decimal(2), "restock", "N"),)) for one in made])
    )
    database.write(lambda tx: credit_returns(tx, [CreditReturn(one.id) for one in made]))
    shop.turn()

    assert len(database.transactions) == 9
    for statements in database.transactions:
        assert_locks_before_write(statements, inserted=MADE)
    database.close()
    shop.verify()
