"""What partners are told after their first 855: holds that go, items sent instead, dates that move; each once."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shop import START, Shop, open_shop
from tradewind.channels.decide.x12.model import TransactionSet
from tradewind.channels.edi.outbound import answer_due, follow_log
from tradewind.desk.limits import LimitChange, change_limits
from tradewind.desk.prices import PriceDecision, decide_prices
from tradewind.desk.substitutes import SubstituteAnswer, answer_substitutes
from tradewind.desk.supply import Expectation, expect_supply
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Tx
from tradewind.streams.backorders import BackorderCrank
from trading import Trading, interchange, segments_of, serve_to_the_end, x12_850, x12_860


@pytest.fixture
def shop(app_url: str) -> Shop:
    return open_shop(app_url)


@pytest.fixture
def trading(shop: Shop) -> Trading:
    return Trading(shop).open(answer_minutes=60)


def run(shop: Shop, *statements: str, **more: Any) -> None:
    def store(tx: Tx) -> None:
        for statement in statements:
            tx.connection.execute(statement, {**shop.id, **more})

    shop.database.write(store)


def limit(shop: Shop, amount: str) -> None:
    change = LimitChange(shop.id["alma"], Decimal(amount), "reviewed")
    (answer,) = shop.database.write(lambda tx: change_limits(tx, [change]))
    assert not isinstance(answer, Problem), answer


def order_of(shop: Shop) -> Any:
    return shop.one("select id from sales_order")[0]


def said(trading: Trading) -> list[tuple[str, str, list[tuple[str, ...]]]]:
    """(purpose, code, ACKs) of the 855s since the last look; nothing more follows them."""
    trading.serve()
    found = [one for one in trading.sets() if one.type == "855"]
    trading.shop.wait(hours=2)
    trading.serve()
    assert [one for one in trading.sets() if one.type == "855"] == []
    return [(*segments_of(one, "BAK")[0][1:3], acks(one)) for one in found]


def acks(one: TransactionSet) -> list[tuple[str, ...]]:
    return [segment[1:4] for segment in segments_of(one, "ACK")]


def notes(one: TransactionSet) -> list[str]:
    return [segment[3] for segment in segments_of(one, "REF") if segment[1] == "ZZ"]


# a hold that goes


def test_a_credit_hold_that_is_released_after_the_first_855_leads_to_the_second_once(
    trading: Trading, shop: Shop
) -> None:
    limit(shop, "1")
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", "3.333"), ("TEA", "150", "1.99"))))
    shop.wait(hours=1)
    assert said(trading) == [("00", "HD", [("IH", "5", "EA"), ("IH", "150", "EA")])]

    limit(shop, "100000")

    assert said(trading) == [("05", "AC", [("IA", "5", "EA"), ("BP", "100", "EA"), ("IB", "50", "EA")])]
    assert trading.orders() == [("PO-1", "released", "ALMA")]


@pytest.mark.parametrize(
    ("accept", "expected"), [(True, ("05", "AD", [("IA", "9", "EA")])), (False, ("05", "AC", [("IP", "9", "EA")]))]
)
def test_a_price_hold_that_is_decided_after_the_first_855_leads_to_the_second_once(
    trading: Trading, shop: Shop, *, accept: bool, expected: Any
) -> None:
    run(shop, "insert into price_tolerance (scope_key, line_down_percent) values ('all', 2)")
    trading.receive(interchange(x12_850("PO-1", ("CUP", "9", "3"))))
    shop.wait(hours=1)
    assert said(trading) == [("00", "HD", [("IH", "9", "EA")])]

    shop.database.write(lambda tx: decide_prices(tx, [PriceDecision(order_of(shop), 1, accept, "agreed")]))

    assert said(trading) == [expected]


def test_a_hold_that_goes_before_the_deadline_is_never_told(trading: Trading, shop: Shop) -> None:
    limit(shop, "1")
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", "3.333"))))
    trading.serve()
    assert [one.type for one in trading.sets()] == ["997"]

    limit(shop, "100000")

    assert said(trading) == [("00", "AD", [("IA", "5", "EA")])]


def test_a_change_that_is_held_opens_the_answer_again(trading: Trading, shop: Shop) -> None:
    april = "20260420"
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", "3.333"), requested=april), control=1))
    assert [one[:2] for one in said(trading)] == [("00", "AD")]
    limit(shop, "30")
    trading.receive(interchange(x12_860("PO-1", "POC*1*QI*50**EA*3.333**VP*CUP"), group="PC", control=2))
    (held,) = [one for one in trading.sets() if one.type == "865"]
    assert (segments_of(held, "BCA")[0][2], acks(held)) == ("HD", [("IH", "50", "EA")])

    limit(shop, "100000")

    assert said(trading) == [("05", "AD", [("IA", "50", "EA")])]


def test_the_deadline_and_the_confirmation_at_the_same_moment_are_one_answer(trading: Trading, shop: Shop) -> None:
    limit(shop, "1")
    trading.receive(interchange(x12_850("PO-1", ("CUP", "5", "3.333"))))
    limit(shop, "100000")
    shop.turn()
    shop.wait(hours=1)

    def both(tx: Tx) -> threading.Thread:
        assert answer_due(tx) == 1
        other = threading.Thread(target=lambda: shop.database.write(follow_log))
        other.start()
        other.join(0.5)  # it waits for what is being answered here
        return other

    shop.database.write(both).join()
    serve_to_the_end(shop.database)

    assert [one.type for one in trading.sets()] == ["997", "855"]


# something else instead


@pytest.fixture
def replaced(shop: Shop) -> Shop:
    """CUP is gone; a gift of nine stands for three cups."""
    run(
        shop,
        "update product set status = 'discontinued' where id = %(cup)s",
        "update price set tier_price = '{9}' where product_id = %(gift)s",
        "insert into substitute (product_id, substitute_id, numerator, denominator, valid_from) values (%(cup)s, %(gift)s, 1, 3, '2020-01-01')",
        "insert into stock (product_id, site_id, on_hand) values (%(gift)s, %(north)s, 4)",
        "insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type) values (gen_random_uuid(), %(gift)s, %(north)s, 'opening', 4, now(), now(), 'import')",
    )
    return shop


def test_a_substitute_is_told_by_its_own_number_and_quantity(trading: Trading, replaced: Shop) -> None:
    run(replaced, "insert into substitution_policy values ('all', 'automatic', 'own')")
    trading.receive(interchange(x12_850("PO-1", ("CUP", "12", "3.333"), ("TEA", "1", "1.99"))))
    trading.serve()
    (answer,) = [one for one in trading.sets() if one.type == "855"]

    assert segments_of(answer, "BAK")[0][2] == "AC"
    first, second = segments_of(answer, "ACK")
    assert (first[1:4], first[-2:]) == (("IS", "4", "EA"), ("VP", "GIFT"))
    assert second[1] == "IA"
    # the line goes on saying what they ordered
    assert segments_of(answer, "PO1")[0] == ("PO1", "1", "12", "EA", "3.333", "PE", "VP", "CUP")
    assert notes(answer) == ["GIFT at 9 instead of CUP."]


def test_a_substitute_that_was_agreed_later_is_in_the_second_855_and_in_notice_and_invoice(
    trading: Trading, replaced: Shop
) -> None:
    trading.receive(interchange(x12_850("PO-1", ("CUP", "15", "3.333"))))
    replaced.wait(hours=1)
    assert [one[:2] for one in said(trading)] == [("00", "HD")]
    order = order_of(replaced)

    agreed = [SubstituteAnswer(order, 1, True, "fine", "GIFT")]
    replaced.database.write(lambda tx: answer_substitutes(tx, agreed))

    assert said(trading) == [("05", "AC", [("IS", "4", "EA"), ("IB", "1", "EA")])]
    for shipment in replaced.shipments(order):
        replaced.ship(shipment)
    trading.serve()
    notice, invoice = trading.sets()
    assert [one[2:4] for one in segments_of(notice, "LIN")] == [("VP", "GIFT")]
    assert [one[2:4] for one in segments_of(notice, "SN1")] == [("4", "EA")]
    assert segments_of(invoice, "IT1")[0][1:8] == ("1", "4", "EA", "9", "", "VP", "GIFT")


def test_an_order_said_again_as_it_was_changes_nothing_of_a_substitute(trading: Trading, replaced: Shop) -> None:
    run(replaced, "insert into substitution_policy values ('all', 'automatic', 'own')")
    trading.receive(interchange(x12_850("PO-1", ("CUP", "12", "3.333"), requested="20260420"), control=1))
    again = x12_850("PO-1", ("CUP", "12", "3.333"), requested="20260420", purpose="05")
    more = x12_850("PO-1", ("CUP", "24", "3.333"), requested="20260420", purpose="05")

    trading.receive(interchange(again, control=2))
    trading.receive(interchange(more, control=3))

    same, other = [one for one in trading.sets() if one.type == "865"]
    assert acks(same) == [("IS", "4", "EA")]
    assert acks(other) == [("IR", "4", "EA")]
    assert replaced.one("select trim_scale(qty_ordered), trim_scale(qty_cancelled) from order_line") == (4, 0)


# dates that move


@pytest.fixture
def promised(app_url: str) -> Trading:
    """PO-1 of six cups that come on the 7th, and of a tea that is here; answered."""
    shop = open_shop(app_url, stock={("cup", "north"): "0", ("tea", "north"): "9"})
    trading = Trading(shop).open(answer_minutes=60)
    expect(shop, days=5)
    trading.receive(interchange(x12_850("PO-1", ("CUP", "6", "3.333"), ("TEA", "1", "1.99"))))
    trading.serve()
    (first,) = [one for one in trading.sets() if one.type == "855"]
    assert dates(first) == [("IB", "20260307"), ("IA", "20260302")]
    return trading


def expect(shop: Shop, *, days: int, hours: int = 0) -> None:
    at = START + timedelta(days=days, hours=hours)
    wanted = Expectation("S-1", "N", "CUP", Decimal(10), at)
    (answer,) = shop.database.write(lambda tx: expect_supply(tx, [wanted]))
    assert not isinstance(answer, Problem), answer
    BackorderCrank(shop.database).turn_until_idle()
    shop.turn()


def dates(one: TransactionSet) -> list[tuple[str, str]]:
    return [(segment[1], segment[5] if len(segment) > 5 else "") for segment in segments_of(one, "ACK")]


def test_a_supply_that_slips_is_told_by_another_855_for_the_lines_whose_date_moved(promised: Trading) -> None:
    expect(promised.shop, days=9)

    promised.serve()
    (second,) = promised.sets()
    assert segments_of(second, "BAK")[0][1:4] == ("05", "AC", "PO-1")
    assert dates(second) == [("DR", "20260311"), ("IA", "20260302")]
    assert notes(second) == ["Now 2026-03-11."]
    assert said(promised) == []

    expect(promised.shop, days=8)
    promised.serve()
    assert [dates(one)[0] for one in promised.sets()] == [("DR", "20260310")]


def test_another_hour_of_the_same_day_is_no_news(promised: Trading) -> None:
    expect(promised.shop, days=5, hours=3)

    assert said(promised) == []


def test_who_does_not_want_new_dates_gets_none(promised: Trading) -> None:
    promised.open(answer_minutes=60, mapping={"new_dates": False})

    expect(promised.shop, days=9)

    assert said(promised) == []


def test_a_date_that_moves_while_an_order_is_on_hold_is_in_its_answer(promised: Trading) -> None:
    shop = promised.shop
    limit(shop, "1")
    promised.receive(interchange(x12_850("PO-2", ("CUP", "2", "3.333")), control=2))
    shop.wait(hours=1)
    promised.serve()
    promised.sets()

    expect(shop, days=9)
    promised.serve()
    assert [segments_of(one, "BAK")[0][3] for one in promised.sets()] == ["PO-1"]
    limit(shop, "100000")
    promised.serve()

    (second,) = promised.sets()
    assert (segments_of(second, "BAK")[0][1:4], dates(second)) == (("05", "AC", "PO-2"), [("IB", "20260311")])
