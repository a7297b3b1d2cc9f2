"""From the posted invoice to the settled one, and back when a payment bounces."""

from decimal import Decimal

import pytest

from tradewind.desk.bounces import Bounce, bounce_payments
from tradewind.desk.cash import Received, Use, apply_free_money, record_payments

CREDIT = "select open_orders, receivables, unapplied from credit_node"


def numbers(*values):
    return tuple(Decimal(value) for value in values)


def codes(answer):
    return [problem.code for problem in answer.problems]


def shipped(shop, *lines, **more):
    order = shop.order(*lines, **more)
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    return order


def received(shop, *payments):
    answers = shop.database.write(lambda tx: record_payments(tx, payments))
    shop.turn()
    return answers


def money(amount, **more):
    return Received("ALMA", Decimal(amount), "EUR", **more)


def bounced(shop, *numbers):
    answers = shop.database.write(lambda tx: bounce_payments(tx, [Bounce(number, "no funds") for number in numbers]))
    shop.turn()
    return answers


def test_the_last_cent_closes_the_invoice_and_the_order(shop):
    order = shipped(shop, ("CUP", "10"))  # 33.33 + 6.33 tax

    (first,) = received(shop, money("30.00"))
    assert (shop.status(order), shop.one(CREDIT)) == ("shipped", numbers(0, "9.66", 0))
    (second,) = received(shop, money("9.66", reference="thanks for INV-2026-000001"))

    assert [first.payment.number, second.payment.number] == ["PAY-00000001", "PAY-00000002"]
    assert shop.status(order) == "closed"
    assert shop.one("select paid, credited, closed_at is not null from invoice") == (*numbers("39.66", 0), True)
    assert shop.one(CREDIT) == numbers(0, 0, 0)
    assert shop.all("select type from event where type in ('invoice.paid', 'order.closed') order by type") == [
        ("invoice.paid",),
        ("order.closed",),
    ]
    shop.verify()


def test_money_goes_to_the_oldest_invoice_unless_its_reference_names_one(shop):
    for _ in range(3):
        shipped(shop, ("CUP", "1"))  # 3.33 + 0.63 = 3.96
        shop.wait(days=1)

    (named,) = received(shop, money("3.96", reference="invoice inv-2026-000003"))
    (oldest,) = received(shop, money("5.00"))

    assert [(item.number, amount) for item, amount in named.applied] == [("INV-2026-000003", Decimal("3.96"))]
    assert [(item.number, amount) for item, amount in oldest.applied] == [
        ("INV-2026-000001", Decimal("3.960")),
        ("INV-2026-000002", Decimal("1.040")),
    ]
    shop.verify()


def test_money_for_nothing_waits_unapplied_lowers_exposure_and_settles_a_later_invoice(shop):
    (paid,) = received(shop, money("10.00"))
    assert shop.one(CREDIT) == numbers(0, 0, 10)
    order = shipped(shop, ("CUP", "1"))

    (used,) = shop.database.write(lambda tx: apply_free_money(tx, [Use(paid.payment.number)]))
    shop.turn()

    assert [(item.number, amount) for item, amount in used.applied] == [("INV-2026-000001", Decimal("3.960"))]
    assert shop.one(CREDIT) == numbers(0, 0, "6.04")
    assert shop.status(order) == "closed"
    shop.verify()


def test_several_payments_at_once_share_what_is_open(shop):
    shipped(shop, ("CUP", "10"))

    answers = received(shop, money("30"), money("30"), Received("NOBODY", Decimal(1), "EUR"))

    assert [sum(amount for _, amount in one.applied) for one in answers] == [30, Decimal("9.66"), 0]
    assert codes(answers[2]) == ["billing.unknown_account"]
    assert shop.one(CREDIT) == numbers(0, 0, "20.34")
    shop.verify()


@pytest.mark.parametrize(
    ("applications", "codes_"),
    [
        ((("INV-2026-000001", "40.00"),), ["billing.more_than_open"]),
        ((("INV-2026-000001", "20.00"), ("INV-2026-000001", "20.00")), ["billing.more_than_open"]),
        ((("INV-2026-000009", "1.00"),), ["billing.unknown_invoice"]),
        ((("INV-2026-000001", "0.001"),), ["billing.bad_amount"]),
        ((("INV-2026-000001", "-1.00"),), ["billing.bad_amount"]),
        ((("INV-2026-000002", "35.00"), ("INV-2026-000001", "6.00")), ["billing.unknown_invoice"]),
    ],
)
def test_a_payment_that_cannot_be_applied_as_it_says_is_not_recorded(shop, applications, codes_):
    shipped(shop, ("CUP", "10"))
    shipped(shop, ("CUP", "10"), account="BELA")
    wanted = tuple((number, Decimal(amount)) for number, amount in applications)

    (refused,) = received(shop, money("40.00", applications=wanted))

    assert codes(refused) == codes_
    assert shop.one("select count(*) from payment") == (0,)
    shop.verify()


@pytest.mark.parametrize("amount", ["0", "-5", "1.001"])
def test_an_amount_that_cannot_be_received_is_refused(shop, amount):
    assert codes(received(shop, money(amount))[0]) == ["billing.bad_amount"]


def test_the_same_key_is_recorded_once_and_never_for_another_payment(shop):
    shipped(shop, ("CUP", "10"))
    (first,) = received(shop, money("5", key="bank-1"))

    (same, other) = received(shop, money("5", key="bank-1"), money("6", key="bank-1"))

    assert (same.replay, same.payment.id) == (True, first.payment.id)
    assert codes(other) == ["billing.key_reused"]
    assert shop.one("select count(*), sum(amount) from payment") == (1, Decimal(5))
    shop.verify()


def test_the_same_key_twice_in_one_batch_is_recorded_once(shop):
    first, same = received(shop, money("5", key="bank-1"), money("5", key="bank-1"))

    assert (first.replay, same.replay, same.payment.number) == (False, True, first.payment.number)
    assert shop.one(CREDIT) == numbers(0, 0, 5)
    shop.verify()


def test_a_bounce_opens_the_invoice_again_and_raises_exposure(shop):
    order = shipped(shop, ("CUP", "10"))
    (paid,) = received(shop, money("50.00"))
    assert shop.status(order) == "closed"

    (back,) = bounced(shop, paid.payment.number)

    assert back.reopened == ("INV-2026-000001",)
    assert shop.one("select paid, closed_at is null from invoice") == (Decimal(0), True)
    assert shop.one(CREDIT) == numbers(0, "39.66", 0)
    shop.verify()
    received(shop, money("39.66"))
    assert shop.one(CREDIT) == numbers(0, 0, 0)
    assert shop.all("select status from stream_instance where stream = 'invoice_to_cash'") == [("done",), ("done",)]
    shop.verify()


def test_a_payment_bounces_once(shop):
    (paid,) = received(shop, money("50.00"))
    bounced(shop, paid.payment.number)

    again, unknown = bounced(shop, paid.payment.number, "PAY-99999999")

    assert codes(again) == ["billing.already_bounced"]
    assert codes(unknown) == ["billing.unknown_payment"]
    assert codes(shop.database.write(lambda tx: apply_free_money(tx, [Use(paid.payment.number)]))[0]) == [
        "billing.unknown_payment"
    ]
    shop.verify()


def test_a_bounce_that_lifts_exposure_over_the_limit_stops_what_is_not_handed_over(shop):
    shop.database.write(lambda tx: tx.run("update credit_node set credit_limit = 40"))
    shipped(shop, ("CUP", "10"))
    (paid,) = received(shop, money("39.66"))
    waiting = shop.order(("CUP", "5"), ship_policy="ship_complete", requested=shop.clock.at.replace(day=20))

    (back,) = bounced(shop, paid.payment.number)

    assert back.stopped == tuple(row[0] for row in shop.all("select number from sales_order where id = %s", [waiting]))
    assert shop.all(
        "select kind, code, reason, detail - 'waterfall' - 'releases' from order_hold where order_id = %s", [waiting]
    ) == [
        (
            "credit",
            "credit.over_limit",
            "a payment was returned",
            {
                "over_by": "19.5",
                "short_by": "19.5",
                "need": "0",
                "currency": "EUR",
                "reason": "19.5 EUR over the limit",
            },
        )
    ]
    assert shop.status(waiting) == "held"
    shop.verify()


def test_an_invoice_is_overdue_once_its_date_has_passed_with_something_open(shop):
    shipped(shop, ("CUP", "10"))
    received(shop, money("30"))

    shop.wait(days=31)
    shop.turn()
    received(shop, money("5"))
    shop.turn()

    assert shop.one("select overdue_at is not null from invoice") == (True,)
    assert shop.all("select payload ->> 'open' from event where type = 'invoice.overdue'") == [("9.660",)]
    shop.verify()


def test_a_parent_pays_the_invoice_of_its_branch(shop):
    both = {"branch": shop.id["bela"], "parent": shop.id["alma"]}
    shop.database.write(lambda tx: tx.run("update account set parent_id = %(parent)s where id = %(branch)s", both))
    shop.database.write(lambda tx: tx.run("insert into account_closure values (%(parent)s, %(branch)s, 1)", both))
    shipped(shop, ("CUP", "10"), account="BELA")

    (paid,) = received(shop, money("39.66", applications=(("INV-2026-000001", Decimal("39.66")),)))

    assert paid.problems == ()
    assert shop.one(CREDIT) == numbers(0, 0, 0)
    shop.verify()
