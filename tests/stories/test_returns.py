"""Goods that come back, and credit notes on the exact lines."""

from decimal import Decimal
from uuid import UUID

import pytest

from shop import open_shop
from tradewind.billing.model import CreditWish
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.credits import CreditRequest, credit_invoices
from tradewind.desk.return_terms import store_return_policy
from tradewind.desk.returns import WantedLine, WantedReturn, authorise_returns
from tradewind.desk.take_back import CreditReturn, Receipt, credit_returns, receive_returns
from tradewind.returns.model import ReturnPolicy

CREDIT = "select open_orders, receivables, unapplied from credit_node"
STOCK = "select on_hand from stock where product_id = %s and site_id = %s"


def numbers(*values):
    return tuple(Decimal(value) for value in values)


def codes(answer):
    return [problem.code for problem in answer.problems]


def shipped(shop, *lines, **more):
    order = shop.order(*lines, **more)
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    return shop.one("select number from sales_order where id = %s", [order])[0]


def authorise(shop, *lines, account="ALMA", **more):
    wanted = WantedReturn(account, "broken", tuple(lines), **more)
    return shop.database.write(lambda tx: authorise_returns(tx, [wanted]))[0]


def receive(shop, found, *lines):
    answer = shop.database.write(lambda tx: receive_returns(tx, [Receipt(found.id, lines)]))[0]
    shop.turn()
    return answer


def credit(shop, found, lines=None):
    answer = shop.database.write(lambda tx: credit_returns(tx, [CreditReturn(found.id, lines)]))[0]
    shop.turn()
    return answer


def credit_direct(shop, *wishes, invoice="INV-2026-000001"):
    answer = shop.database.write(lambda tx: credit_invoices(tx, [CreditRequest(invoice, wishes)]))[0]
    shop.turn()
    return answer


def test_goods_come_back_into_stock_and_are_credited_at_the_invoices_price_and_tax(shop):
    order = shipped(shop, ("CUP", "10"), ("TEA", "3"))  # 33.33 + 5.97 + 6.33 + 0.42 = 46.05

    back = authorise(shop, WantedLine(Decimal(4), order, 1)).found
    assert (back.number, back.status) == ("RA-00000001", "authorised")
    received = receive(shop, back, (1, Decimal(4), "restock", "N"))
    assert received.found.status == "received"
    assert shop.one(STOCK, [shop.id["cup"], shop.id["north"]]) == numbers(94)
    credited = credit(shop, back)

    # 4 of 10 cups: 13.33 of 33.33; tax 2.53 of 6.33
    assert credited.found.status == "credited"
    assert shop.one(
        "select number, net_total, tax_total, total, closed_at is not null from invoice where kind = 'credit_note'"
    ) == (
        "INVC-2026-000001",
        *numbers("13.33", "2.53", "15.86"),
        True,
    )
    assert shop.one(CREDIT) == numbers(0, "30.19", 0)
    assert shop.one("select qty_returned, qty_invoiced from order_line where line_no = 1") == numbers(4, 10)
    assert shop.one("select payload ->> 'reason' from event where type = 'stock.received'") == ("return",)
    shop.verify()


def test_credits_of_a_whole_invoice_line_by_line_come_to_it_exactly_and_settle_it(shop):
    order = shipped(shop, ("CUP", "7"), ("TEA", "3"), charges=(("FREIGHT", "2.50"),))
    total = shop.one("select total from invoice")[0]

    back = authorise(
        shop,
        WantedLine(Decimal(7), order, 1, disposition="none"),
        WantedLine(Decimal(3), order, 2, disposition="none"),
        WantedLine(Decimal(1), order, charge_no=1),
    ).found
    for lines in (((1, Decimal(2)),), ((1, Decimal(2)), (2, Decimal(1))), ((3, Decimal(1)),), None):
        credit(shop, back, lines)

    assert shop.one("select count(*), sum(total) from invoice where kind = 'credit_note'") == (4, total)
    assert shop.one("select closed_at is not null, credited from invoice where kind = 'invoice'") == (True, total)
    assert shop.one("select status from sales_order") == ("closed",)
    assert shop.one(CREDIT) == numbers(0, 0, 0)
    shop.verify()


def test_a_credit_on_a_paid_invoice_is_free_money(shop):
    order = shipped(shop, ("CUP", "10"))
    shop.database.write(lambda tx: record_payments(tx, [Received("ALMA", Decimal("39.66"), "EUR")]))
    shop.turn()

    credit(shop, authorise(shop, WantedLine(Decimal(10), order, 1, disposition="none")).found)

    assert shop.one(CREDIT) == numbers(0, 0, "39.66")
    assert shop.one("select closed_at is null from invoice where kind = 'credit_note'") == (True,)
    shop.verify()


def test_a_return_over_two_invoices_is_split_and_corrects_both(owner_url):
    shop = open_shop(owner_url, stock={("cup", "north"): "4", ("cup", "south"): "3"})
    order = shipped(shop, ("CUP", "7"))

    back = authorise(shop, WantedLine(Decimal(6), order, 1, disposition="none")).found
    credited = credit(shop, back)

    assert [(line.qty, line.line_no) for line in back.lines] == [(Decimal(4), 1), (Decimal(2), 2)]
    assert len(credited.notes) == 2
    # all of the first invoice (13.33) and 2 of 3 units of the second (10.00)
    assert shop.all("select net_total from invoice where kind = 'credit_note' order by number") == [
        numbers("13.33"),
        numbers("6.67"),
    ]
    shop.verify()
    shop.database.close()


def test_no_more_comes_back_than_was_shipped_whatever_is_under_way(shop):
    order = shipped(shop, ("CUP", "10"))
    first = authorise(shop, WantedLine(Decimal(6), order, 1)).found
    receive(shop, first, (1, Decimal(2), "restock", "N"))

    too_much = authorise(shop, WantedLine(Decimal(5), order, 1))
    exact = authorise(shop, WantedLine(Decimal(3), order, 1), WantedLine(Decimal(1), order, 1))

    assert codes(too_much) == ["returns.more_than_shipped"]
    assert too_much.problems[0].detail == {"left": "4"}
    assert exact.problems == ()
    shop.verify()


@pytest.mark.parametrize(
    ("line", "account", "code"),
    [
        ({"order": "SO-404", "line_no": 1}, "ALMA", "returns.unknown_order_line"),
        ({"line_no": 9}, "ALMA", "returns.not_invoiced"),
        ({"line_no": 1}, "BELA", "returns.unknown_order_line"),
        ({"line_no": 1}, "NOBODY", "returns.unknown_account"),
        ({"line_no": 1, "qty": Decimal(0)}, "ALMA", "returns.bad_quantity"),
        ({}, "ALMA", "returns.unknown_order_line"),
    ],
)
def test_a_line_that_cannot_be_tied_to_an_invoice_is_refused(shop, line, account, code):
    order = shipped(shop, ("CUP", "10"))

    refused = authorise(shop, WantedLine(**{"qty": Decimal(1), "order": order} | line), account=account)

    assert (refused.found, codes(refused)) == (None, [code])


def test_a_return_that_is_kept_is_held_with_its_reasons(shop):
    order = shipped(shop, ("CUP", "10"))

    kept = authorise(
        shop,
        WantedLine(Decimal(1), order, 1),
        WantedLine(Decimal(50), order, 1, description="fifty cups"),
        WantedLine(Decimal(1), description="voucher", problem="no such voucher was sold"),
        keep=True,
        outside_number="C536379",
    )

    assert kept.found.status == "held"
    assert [line.problem for line in kept.found.lines] == [
        None,
        "50 is more than the 9 that can still come back.",
        "no such voucher was sold",
    ]
    assert codes(credit(shop, kept.found)) == ["returns.not_open"]
    shop.verify()


def test_scrapped_goods_come_back_but_are_no_stock(shop):
    order = shipped(shop, ("CUP", "10"))
    back = authorise(shop, WantedLine(Decimal(4), order, 1)).found

    receive(shop, back, (1, Decimal(4), "scrap", None))

    assert shop.one(STOCK, [shop.id["cup"], shop.id["north"]]) == numbers(90)
    assert shop.one("select qty_returned from order_line") == numbers(4)
    shop.verify()


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (((1, Decimal(5), "restock", "N"),), "returns.more_than_authorised"),
        (((1, Decimal(0), "restock", "N"),), "returns.bad_quantity"),
        (((2, Decimal(1), "restock", "N"),), "returns.no_such_line"),
        (((1, Decimal(1), "restock", None),), "returns.needs_site"),
        (((1, Decimal(1), "restock", "S"),), "returns.needs_site"),
        (((1, Decimal(1), "restock", "N"), (1, Decimal(1), "scrap", None)), "returns.other_disposition"),
    ],
)
def test_a_receipt_that_does_not_fit_is_refused_and_changes_nothing(shop, lines, code):
    order = shipped(shop, ("CUP", "10"))
    back = authorise(shop, WantedLine(Decimal(4), order, 1)).found

    assert codes(receive(shop, back, *lines)) == [code]
    assert shop.one(STOCK, [shop.id["cup"], shop.id["north"]]) == numbers(90)
    shop.verify()


def test_nothing_is_credited_before_it_came_back_or_twice(shop):
    order = shipped(shop, ("CUP", "10"))
    back = authorise(shop, WantedLine(Decimal(4), order, 1)).found

    early = credit(shop, back)
    receive(shop, back, (1, Decimal(3), "restock", "N"))
    too_much = credit(shop, back, ((1, Decimal(4)),))
    fits = credit(shop, back)
    again = credit(shop, back)

    assert [codes(one) for one in (early, too_much, fits, again)] == [
        ["returns.nothing_to_credit"],
        ["returns.more_than_authorised"],
        [],
        ["returns.nothing_to_credit"],
    ]
    assert codes(credit(shop, type(back)(UUID(int=1), *[getattr(back, one) for one in back.__slots__[1:]]))) == [
        "returns.unknown_return"
    ]
    shop.verify()


def test_a_price_difference_and_a_charge_are_credited_without_goods(shop):
    shipped(shop, ("CUP", "10"), charges=(("FREIGHT", "5.00"),))  # 33.33 + 5 + 7.28 = 45.61

    difference = credit_direct(shop, CreditWish(1, amount=Decimal("3.33")), CreditWish(2, qty=Decimal(1)))
    rest = credit_direct(shop, CreditWish(1, qty=Decimal(10)))

    assert (difference.note.amounts.net, difference.note.amounts.charges) == numbers("3.33", "5.00")
    assert rest.note.amounts.net == Decimal("30.00")
    assert difference.note.amounts.total + rest.note.amounts.total == Decimal("45.61")
    assert shop.one(STOCK, [shop.id["cup"], shop.id["north"]]) == numbers(90)
    assert shop.one(CREDIT) == numbers(0, 0, 0)
    shop.verify()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (CreditWish(1, amount=Decimal("33.34")), "billing.more_than_invoiced"),
        (CreditWish(1, qty=Decimal(11)), "billing.more_than_invoiced"),
        (CreditWish(9, qty=Decimal(1)), "billing.no_such_line"),
        (CreditWish(1), "billing.qty_or_amount"),
        (CreditWish(1, amount=Decimal("0.001")), "billing.too_fine"),
        (CreditWish(1, qty=Decimal(-1)), "billing.more_than_invoiced"),
    ],
)
def test_nothing_is_credited_above_the_invoice(shop, wish, code):
    shipped(shop, ("CUP", "10"))

    assert codes(credit_direct(shop, wish)) == [code]
    assert codes(credit_direct(shop, CreditWish(1, qty=Decimal(1)), invoice="INV-404")) == ["billing.unknown_invoice"]
    assert shop.one("select count(*) from invoice where kind = 'credit_note'") == (0,)
    shop.verify()


STANDING = "select status from stream_instance where stream = 'return_to_credit' order by started_at, id"


def policy(shop, code, **more):
    wanted = ReturnPolicy(code, 0, code, shop.clock.at, **more)
    return shop.database.write(lambda tx: store_return_policy(tx, wanted))


def test_a_return_is_followed_to_its_credit_note(shop):
    order = shipped(shop, ("CUP", "10"))
    back = authorise(shop, WantedLine(Decimal(4), order, 1)).found
    shop.turn()
    assert shop.all(STANDING) == [("running",)]

    receive(shop, back, (1, Decimal(4), "restock", "N"))
    assert shop.all(STANDING) == [("running",)]
    credit(shop, back)

    assert shop.all(STANDING) == [("done",)]
    assert shop.one("select status from return_authorisation") == ("credited",)
    shop.verify()


def test_goods_that_never_come_end_their_return_and_may_come_back_under_another(shop):
    policy(shop, "QUICK", wait_days=5)
    order = shipped(shop, ("CUP", "10"))
    back = authorise(shop, WantedLine(Decimal(10), order, 1)).found
    shop.turn()

    shop.wait(days=4)
    shop.turn()
    assert shop.one("select status from return_authorisation") == ("authorised",)
    shop.wait(days=1)
    shop.turn()

    assert shop.one("select status from return_authorisation") == ("expired",)
    assert shop.all(STANDING) == [("done",)]
    assert codes(receive(shop, back, (1, Decimal(1), "restock", "N"))) == ["returns.not_open"]
    assert authorise(shop, WantedLine(Decimal(10), order, 1)).problems == ()
    shop.verify()


def test_a_policy_says_what_comes_back_and_until_when_the_nearest_one_first(shop):
    shop.database.write(lambda tx: tx.run("update product set category = 'fresh' where sku = 'TEA'"))
    policy(shop, "ALL", window_days=14)
    policy(shop, "FRESH", category="fresh", returnable=False)
    policy(shop, "ALMA", account_id=shop.id["alma"], window_days=60)
    theirs = shipped(shop, ("CUP", "2"), account="BELA")
    ours = shipped(shop, ("CUP", "10"), ("TEA", "3"))

    shop.wait(days=15)

    refused = authorise(shop, WantedLine(Decimal(1), theirs, 1), account="BELA")
    assert (codes(refused), refused.problems[0].detail) == (["returns.window_over"], {"policy": "ALL", "days": 14})
    assert codes(authorise(shop, WantedLine(Decimal(1), ours, 1))) == []
    assert codes(authorise(shop, WantedLine(Decimal(1), ours, 2))) == []
    policy(shop, "ALMA-FRESH", account_id=shop.id["alma"], category="fresh", returnable=False)
    assert codes(authorise(shop, WantedLine(Decimal(1), ours, 2))) == ["returns.not_returnable"]
    shop.verify()
