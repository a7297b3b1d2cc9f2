"""860s and restated 850s change an order that is there; an 865 answers every line with its reason."""

import pytest

from shop import Shop, open_shop
from tradewind.channels.decide.x12.model import TransactionSet
from trading import Trading, interchange, segments_of, x12_850, x12_860


@pytest.fixture
def shop(app_url: str) -> Shop:
    return open_shop(app_url)


@pytest.fixture
def trading(shop: Shop) -> Trading:
    """PO-1 of ten cups and four teas for April: confirmed, and not yet at the warehouse."""
    opened = Trading(shop).open(answer_minutes=0)
    opened.receive(
        interchange(x12_850("PO-1", ("CUP", "10", "3.333"), ("TEA", "4", "1.99"), requested="20260420"), control=1)
    )
    opened.serve()
    opened.sets()
    return opened


def answered(trading: Trading, body: bytes) -> TransactionSet:
    """The 865 to a change."""
    trading.receive(body)
    return next(one for one in trading.sets() if one.type == "865")


def acks(one: TransactionSet) -> list[tuple[str, ...]]:
    return [segment[1:4] for segment in segments_of(one, "ACK")]


def quantities(trading: Trading) -> list[tuple[int, str, str]]:
    rows = trading.shop.all(
        "select line_no, trim_scale(qty_ordered), trim_scale(qty_cancelled) from order_line order by 1"
    )
    return [(row[0], str(row[1]), str(row[2])) for row in rows]


def test_less_of_one_line_none_of_another_and_a_new_one(trading: Trading) -> None:
    body = x12_860("PO-1", "POC*1*QD*6**EA*3.333**VP*CUP", "POC*2*DI*4**EA*1.99**VP*TEA", "POC*3*AI*2**EA***VP*GIFT")

    answer = answered(trading, interchange(body, group="PC", control=2))

    assert segments_of(answer, "BCA")[0][:4] == ("BCA", "00", "AD", "PO-1")
    assert [one[0] for one in acks(answer)[:2]] == ["IA", "ID"]
    assert quantities(trading) == [(1, "10", "4"), (2, "4", "4"), (3, "2", "0")]
    assert trading.shop.all("select outcome from partner_set where type = '860'") == [("change",)]


def test_a_line_that_the_order_does_not_have_is_refused_with_its_reason_and_the_rest_is_done(trading: Trading) -> None:
    body = x12_860("PO-1", "POC*9*QD*1**EA", "POC*1*QI*12**EA")

    answer = answered(trading, interchange(body, group="PC", control=2))

    assert [one[0] for one in acks(answer)] == ["IR", "IA"]
    assert segments_of(answer, "REF")[-1][3] == "The order has no line 9."
    assert quantities(trading)[0] == (1, "12", "0")


def dearer(shop: Shop) -> None:
    """From an hour from now on a cup costs 3.50."""
    shop.wait(hours=1)
    ids = {"now": shop.clock.at, **shop.id}
    ended = "update price set valid_to = %(now)s where product_id = %(cup)s and valid_to is null"
    shop.database.write(lambda tx: tx.run(ended, ids))
    new = """
    insert into price (id, list_id, product_id, uom, tier_from, tier_price, valid_from)
    values (gen_random_uuid(), %(list)s, %(cup)s, 'EA', '{1}', '{3.5}', %(now)s)
    """
    shop.database.write(lambda tx: tx.run(new, ids))


def test_the_same_quantity_asked_twice_at_another_price_is_there_once(trading: Trading, shop: Shop) -> None:
    dearer(shop)
    first = answered(trading, interchange(x12_860("PO-1", "POC*1*QI*15**EA"), group="PC", control=2))
    assert quantities(trading) == [(1, "10", "0"), (2, "4", "0"), (3, "5", "0")]
    assert [one[:2] for one in acks(first)] == [("IQ", "15")]

    second = answered(trading, interchange(x12_860("PO-1", "POC*1*QI*15**EA", change="2"), group="PC", control=3))
    assert quantities(trading) == [(1, "10", "0"), (2, "4", "0"), (3, "5", "0")]
    assert [one[:2] for one in acks(second)] == [("IA", "15")]

    less = answered(trading, interchange(x12_860("PO-1", "POC*1*QD*8**EA", change="3"), group="PC", control=4))
    assert quantities(trading) == [(1, "10", "2"), (2, "4", "0"), (3, "0", "0")]
    assert [one[:2] for one in acks(less)] == [("IA", "8")]


@pytest.mark.parametrize("asked", ["POC*1*DI*15**EA", "POC*1*QD*0**EA"])
def test_a_line_that_goes_takes_along_what_was_added_to_it(trading: Trading, shop: Shop, asked: str) -> None:
    dearer(shop)
    answered(trading, interchange(x12_860("PO-1", "POC*1*QI*15**EA"), group="PC", control=2))

    gone = answered(trading, interchange(x12_860("PO-1", asked, change="2"), group="PC", control=3))

    assert quantities(trading) == [(1, "10", "10"), (2, "4", "0"), (3, "0", "0")]
    assert [one[0] for one in acks(gone)] == ["ID"]


def test_an_order_said_again_keeps_what_was_added_to_its_lines(trading: Trading, shop: Shop) -> None:
    dearer(shop)
    answered(trading, interchange(x12_860("PO-1", "POC*1*QI*15**EA"), group="PC", control=2))
    body = x12_850("PO-1", ("CUP", "15", "3.333"), ("TEA", "4", "1.99"), purpose="05", requested="20260420")

    answer = answered(trading, interchange(body, control=3))

    assert acks(answer) == [("IA", "15", "EA"), ("IA", "4", "EA")]
    assert quantities(trading) == [(1, "10", "0"), (2, "4", "0"), (3, "5", "0")]


def test_a_cancel_ends_an_order_that_is_still_here(trading: Trading) -> None:
    answer = answered(trading, interchange(x12_860("PO-1", purpose="01"), group="PC", control=2))

    assert segments_of(answer, "BCA")[0][2] == "AT"
    assert trading.orders() == [("PO-1", "cancelled", "ALMA")]
    trading.serve()
    assert [one.type for one in trading.sets()] == []


def test_a_replacement_says_the_whole_order_anew(trading: Trading) -> None:
    body = x12_850("PO-1", ("CUP", "3", "3.333"), purpose="05", requested="20260420")

    answer = answered(trading, interchange(body, control=2))

    assert acks(answer) == [("IA", "3", "EA")]
    assert quantities(trading) == [(1, "10", "7"), (2, "4", "4")]
    assert len(trading.orders()) == 1


def test_a_change_of_an_order_that_nobody_has_is_held(trading: Trading) -> None:
    report = trading.receive(interchange(x12_860("PO-77", "POC*1*QD*1**EA"), group="PC", control=2))

    assert report["outcome"] == "held"
    assert (
        trading.shop.one("select findings from partner_set where type = '860'")[0][0]["code"]
        == "channels.change_without_order"
    )
    assert [one.type for one in trading.sets()] == ["997"]


def test_an_order_and_its_change_in_one_interchange_come_in_their_order(trading: Trading) -> None:
    order = x12_850("PO-2", ("CUP", "5", ""), requested="20260420")
    change = x12_850("PO-2", ("CUP", "4", ""), requested="20260420", purpose="05", control="0002")

    trading.receive(interchange(order, change, control=2))

    assert trading.shop.all("select outcome from partner_set order by at, place") == [
        ("order",),
        ("order",),
        ("change",),
    ]
    rows = trading.shop.all("select trim_scale(qty_ordered - qty_cancelled)::text from order_line l join sales_order o on o.id = l.order_id "
                            "where o.buyer_po = 'PO-2'")  # fmt: skip
    assert rows == [("4",)]


def test_the_same_change_again_is_answered_again_and_done_once(trading: Trading) -> None:
    body = interchange(x12_860("PO-1", "POC*1*QD*6**EA"), group="PC", control=2)
    answered(trading, body)

    report = trading.receive(body)

    assert report["outcome"] == "duplicate"
    assert quantities(trading)[0] == (1, "10", "4")


def test_what_was_shipped_is_advised_and_billed_as_it_stands_after_the_change(trading: Trading, shop: Shop) -> None:
    answered(trading, interchange(x12_860("PO-1", "POC*1*QD*6**EA"), group="PC", control=2))
    shop.wait(days=60)
    shop.turn()
    (order_id,) = shop.one("select id from sales_order")

    for shipment in shop.shipments(order_id):
        shop.ship(shipment)
    trading.serve()

    notice, bill = trading.sets()
    assert [(one[1], one[2]) for one in segments_of(notice, "SN1")] == [("", "6"), ("", "4")]
    assert [one[1:5] for one in segments_of(bill, "IT1")] == [("1", "6", "EA", "3.333"), ("2", "4", "EA", "1.99")]
    assert segments_of(bill, "TDS") == [("TDS", "3232")]  # 27.96 and 4.36 of tax


def test_what_was_added_to_a_line_is_advised_and_billed_under_its_number(trading: Trading, shop: Shop) -> None:
    dearer(shop)
    answered(trading, interchange(x12_860("PO-1", "POC*1*QI*15**EA"), group="PC", control=2))
    shop.wait(days=60)
    shop.turn()
    (order_id,) = shop.one("select id from sales_order")

    for shipment in shop.shipments(order_id):
        shop.ship(shipment)
    trading.serve()

    notice, bill = trading.sets()
    assert [(one[1], one[2]) for one in segments_of(notice, "SN1")] == [("", "10"), ("", "4"), ("", "5")]
    assert [one[1] for one in segments_of(notice, "LIN")] == ["1", "2", "1"]
    assert [one[1:5] for one in segments_of(bill, "IT1")] == [
        ("1", "10", "EA", "3.333"), ("2", "4", "EA", "1.99"), ("1", "5", "EA", "3.5"),
    ]  # fmt: skip
