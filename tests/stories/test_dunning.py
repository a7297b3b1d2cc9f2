"""Dunning: levels in order, disputes and promises rest, interest to the day, and a letter for a debtor."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from tradewind.billing.model import DunningLevel, DunningPolicy
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.dunning import PauseWish, end_policy, pause_dunning, resume_dunning, start_dunning, store_policy

STEADY = DunningPolicy(
    code="HOUSE", version=0, name="House", currency="EUR", valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    levels=(DunningLevel(1, 5), DunningLevel(2, 15, Decimal("2.50")), DunningLevel(3, 30, Decimal("10"))),
    interest_percent=Decimal(9), gap_days=7,
)  # fmt: skip
NOTICES = "select number, level, language, day, open_total, fee, interest, total from dunning_notice order by number"
CLAIMS = "select kind, amount, to_day, status from dunning_claim order by claimed_at, kind, id"


def owe(shop, *lines, account="ALMA", **more):
    """An order that was shipped and billed; 30 days later it is due."""
    order = shop.order(*lines, account=account, **more)
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    return shop.one("select id, number from invoice where order_id = %s", [order])


def policy(shop, **more):
    return shop.database.write(lambda tx: store_policy(tx, replace(STEADY, **more)))


def dun(shop, **span):
    """Let time pass, sweep, and turn the streams."""
    shop.wait(**span)
    begun = shop.database.write(start_dunning)
    shop.turn()
    return begun


def pay(shop, amount, account="ALMA", **more):
    shop.database.write(lambda tx: record_payments(tx, [Received(account, Decimal(amount), "EUR", **more)]))
    shop.turn()


def pause(shop, kind, **more):
    wish = PauseWish(shop.id["alma"], kind, "because", **more)
    return shop.database.write(lambda tx: pause_dunning(tx, wish))


def test_a_debt_goes_up_the_levels_in_order_and_each_notice_claims_fee_and_interest(shop):
    policy(shop)
    owe(shop, ("CUP", "10"))  # 39.66, due on 2026-04-01

    assert dun(shop, days=29) == 0
    assert dun(shop, days=2) == 1
    assert shop.all(NOTICES) == []
    dun(shop, days=4)
    dun(shop, days=10)
    dun(shop, days=15)
    dun(shop, days=60)

    # 39.66 * 9 % : 5 days 0.0489, 10 days 0.0978, 16 days 0.1565
    assert shop.all(NOTICES) == [
        ("DN-00000001", 1, "en", date(2026, 4, 6), Decimal("39.66"), 0, Decimal("0.05"), Decimal("39.71")),
        (
            "DN-00000002",
            2,
            "en",
            date(2026, 4, 16),
            Decimal("39.66"),
            Decimal("2.5"),
            Decimal("0.10"),
            Decimal("42.26"),
        ),
        ("DN-00000003", 3, "en", date(2026, 5, 1), Decimal("39.66"), Decimal(10), Decimal("0.15"), Decimal("49.81")),
    ]
    assert shop.one("select count(*) from event where type = 'dunning.noticed'") == (3,)
    shop.verify()


def test_a_dispute_a_promise_and_a_stop_let_dunning_rest_and_it_goes_on_after_them(shop):
    policy(shop)
    invoice_id, number = owe(shop, ("CUP", "10"))
    stop = pause(shop, "stop", invoice_id=invoice_id)

    dun(shop, days=40)
    assert shop.all(NOTICES) == []
    shop.database.write(lambda tx: resume_dunning(tx, shop.id["alma"], stop.id, reason="settled"))
    shop.turn()
    assert shop.one("select level from dunning_notice") == (1,)

    promise = pause(shop, "promise", until_day=date(2026, 5, 10), amount=Decimal("39.66"))
    assert promise.until_day == date(2026, 5, 10)
    dun(shop, days=29)  # 2026-05-10: the day that was promised is not over
    assert shop.one("select count(*) from dunning_notice") == (1,)
    dun(shop, days=1)
    assert shop.one("select count(*), max(level) from dunning_notice") == (2, 2)

    order = shop.one("select order_id from invoice where number = %s", [number])[0]
    shop.database.write(
        lambda tx: tx.run(
            "insert into order_hold (id, order_id, account_id, scope, kind, code, reason, blocks, opened_at) values "
            "(%s, %s, %s, 'order', 'dispute', 'orders.held', 'broken', '{}', %s)",
            [tx.ids.new(), order, shop.id["alma"], tx.now],
        )
    )
    dun(shop, days=60)
    assert shop.one("select count(*) from dunning_notice") == (2,)
    shop.verify()


def test_interest_goes_on_until_the_day_of_payment_and_stays_claimable_after_it(shop):
    policy(shop, interest_percent=Decimal("36.5"))  # a thousandth a day
    owe(shop, ("CUP", "100"))  # 333.30 + 19 % = 396.63, due on 2026-04-01

    dun(shop, days=35)  # the first notice, 5 days late
    pay(shop, "96.63", received_at=shop.clock.at)
    shop.wait(days=4)
    pay(shop, "300.00", received_at=shop.clock.at)
    dun(shop, days=10)

    # 396.63 for 5 days; then 300.00 for the 4 days until it was paid
    assert shop.all(CLAIMS) == [
        ("interest", Decimal("1.98"), date(2026, 4, 6), "open"),
        ("interest", Decimal("1.20"), date(2026, 4, 20), "open"),
    ]
    assert shop.all("select from_day, to_day, days, base from dunning_span order by from_day") == [
        (date(2026, 4, 1), date(2026, 4, 6), 5, Decimal("396.63")),
        (date(2026, 4, 6), date(2026, 4, 10), 4, Decimal("300.00")),
    ]
    assert shop.one("select count(*) from stream_instance where stream = 'dunning' and status = 'running'") == (0,)
    assert shop.one("select closed_at is not null from invoice") == (True,)
    shop.verify()


def test_a_debtor_gets_one_letter_for_everything_and_a_delivery_with_it(shop):
    shop.database.write(lambda tx: tx.run("update account set delivery_url = 'https://alma.example', language = 'de'"))
    policy(shop)
    policy(
        shop, code="ALMA", account_id=shop.id["alma"], fee_per="instalment", levels=(DunningLevel(1, 3, Decimal(1)),)
    )
    owe(shop, ("CUP", "10"))
    owe(shop, ("TEA", "10"))
    owe(shop, ("TEA", "1"), account="BELA")

    dun(shop, days=34)

    assert shop.all(
        "select a.code, n.policy_code, n.language, n.fee, n.open_total from dunning_notice n join account a on a.id = n.account_id"
    ) == [("ALMA", "ALMA", "de", Decimal(2), Decimal("60.95"))]
    assert shop.one("select count(*) from dunning_line") == (2,)
    assert shop.all("select kind, payload ->> 'total' from delivery where kind like 'dunning%%'") == [
        ("dunning.noticed", "63.01")
    ]
    dun(shop, days=2)
    assert shop.one("select count(*) from delivery where kind = 'dunning.noticed'") == (2,)
    shop.verify()


def test_a_policy_that_ended_asks_for_nothing_more(shop):
    policy(shop)
    owe(shop, ("CUP", "10"))
    dun(shop, days=35)
    shop.database.write(lambda tx: end_policy(tx, "HOUSE"))

    dun(shop, days=100)

    assert shop.one("select count(*), max(level) from dunning_notice") == (1, 1)
    assert shop.database.write(start_dunning) == 0
    shop.verify()
