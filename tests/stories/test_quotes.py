"""Quotes from the first question to the order: rounds, the last second of validity, races and kills."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from quoting import BUYER, REP, Choice, Quoting, line
from shop import Shop, open_shop
from tradewind.desk.quote_orders import Accepting, accept_offer, decide_late
from tradewind.desk.quotes import decline, expire_quotes, renegotiate, withdraw
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import Database
from tradewind.quotes.model import Quote, Wish

D = Decimal


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    opened = open_shop(owner_url, stock={("cup", "north"): "1000", ("tea", "north"): "1000"})
    yield opened
    opened.database.close()
    opened.verify()


@pytest.fixture
def desk(shop: Shop) -> Quoting:
    made = Quoting(shop)
    made.sell(ONE="10", TWO="20", THREE="30", FOUR="40", FIVE="50")
    return made


def refusal(call: Any) -> str:
    with pytest.raises(Refused) as raised:
        call()
    return raised.value.problems[0].code


def test_three_rounds_end_in_an_order_at_the_last_version_s_prices(desk: Quoting, shop: Shop) -> None:
    quote = desk.ask(("CUP", "100"), ("TEA", "50"), title="Spring")
    assert desk.tasks(quote) == ["quote_request"]

    first = desk.offer(quote, [line(1, "CUP", "100"), line(2, "TEA", "50")])
    assert (first.quote.status, first.version.net, desk.tasks(quote)) == ("offered", D("432.80"), [])
    wish = Wish(1, target_price=D("2.9"), reason="price")
    shop.database.write(lambda tx: renegotiate(tx, quote.id, version_no=1, reason="price", wishes=[wish]), actor=BUYER)
    shop.turn()
    assert desk.tasks(quote) == ["quote_request"]
    own = {"unit_price": D("3.1"), "price_reason": "volume"}
    desk.offer(quote, [line(1, "CUP", "100", **own), line(2, "TEA", "50")])
    shop.database.write(
        lambda tx: renegotiate(tx, quote.id, version_no=2, reason="quantity", wishes=[Wish(2, qty=D(80))]), actor=BUYER
    )
    shop.turn()
    third = desk.offer(quote, [line(1, "CUP", "100", **own), line(2, "TEA", "80")])
    assert refusal(lambda: desk.accept(quote, version=2)) == "quotes.other_version"
    found = desk.accept(quote, version=3, buyer_po="PO-77")

    assert found.work is not None
    assert (found.work.status, found.work.header.buyer_po, found.work.totals.net) == ("confirmed", "PO-77", D("469.20"))
    assert desk.order_lines(found.work.id) == [(1, D(100), D("3.1"), D("310.00")), (2, D(80), D("1.99"), D("159.20"))]
    assert third.version.net == D("469.20")
    assert desk.now(quote).status == "won"
    assert desk.facts(quote) == [
        "requested", "staged", "offered", "renegotiated", "staged", "offered", "renegotiated", "staged", "offered", "accepted",
    ]  # fmt: skip
    assert shop.one("select status from stream_instance where stream = 'quote_to_order'") == ("done",)


def five_lines(desk: Quoting, **more: Any) -> Quote:
    """An offer of five lines, two of which exclude each other, valid on 2026-03-06 in Los Angeles."""
    quote = desk.ask(*((item, "10") for item in ("ONE", "TWO", "THREE", "FOUR", "FIVE")))
    lines = [
        line(1, "ONE", "10"),
        line(2, "TWO", "10", unit_price=D("18.50"), price_reason="campaign"),
        line(3, "THREE", "10"),
        line(4, "FOUR", "10", alternative="large or small"),
        line(5, "FIVE", "10", alternative="large or small"),
    ]
    desk.offer(quote, lines, **{"valid_until": "2026-03-06", "zone": "America/Los_Angeles", **more})
    return quote


LAST_SECOND = datetime(2026, 3, 7, 7, 59, 59, tzinfo=UTC)  # 23:59:59 of the 6th in Los Angeles
AFTER = datetime(2026, 3, 7, 8, 0, 0, tzinfo=UTC)
THREE_OF_FIVE = (Choice(1), Choice(2, D(4)), Choice(5))


@pytest.mark.parametrize("on_late", ["refuse", "allow", "approve", "reprice"])
def test_three_of_five_lines_in_the_last_second_of_the_buyer_s_day_cost_what_was_offered(
    desk: Quoting, shop: Shop, on_late: str
) -> None:
    quote = five_lines(desk, on_late=on_late)

    shop.clock.at = LAST_SECOND
    found = desk.accept(quote, *THREE_OF_FIVE)

    assert found.work is not None
    assert (found.policy, found.quote.status) == ("in_time", "partly_accepted")
    assert desk.order_lines(found.work.id) == [
        (1, D(10), D(10), D(100)), (2, D(4), D("18.5"), D(74)), (5, D(10), D(50), D(500)),
    ]  # fmt: skip
    shop.clock.at = AFTER
    shop.turn()
    assert (desk.now(quote).status, desk.now(quote).end_reason) == ("partly_won", "validity")


def test_one_second_later_an_offer_that_refuses_is_refused(desk: Quoting, shop: Shop) -> None:
    quote = five_lines(desk, on_late="refuse")

    shop.clock.at = AFTER
    assert refusal(lambda: desk.accept(quote, *THREE_OF_FIVE)) == "quotes.expired"

    assert shop.one("select count(*) from sales_order") == (0,)
    shop.turn()
    assert desk.now(quote).status == "expired"


def test_one_second_later_an_offer_that_allows_it_costs_the_same(desk: Quoting, shop: Shop) -> None:
    quote = five_lines(desk, on_late="allow")

    shop.clock.at = AFTER
    shop.turn()  # marked as expired or not makes no difference
    found = desk.accept(quote, *THREE_OF_FIVE)

    assert found.work is not None
    assert (found.policy, found.work.totals.net, desk.now(quote).status) == ("allow", D(674), "partly_won")


@pytest.mark.parametrize("agree", [True, False])
def test_one_second_later_somebody_of_ours_decides_where_the_offer_says_so(
    desk: Quoting, shop: Shop, agree: bool
) -> None:
    quote = five_lines(desk, on_late="approve")

    shop.clock.at = AFTER
    asked = desk.accept(quote, *THREE_OF_FIVE, buyer_po="LATE-1")
    assert (asked.work, asked.quote.status, desk.tasks(quote)) == (None, "late", ["quote_late"])
    found = shop.database.write(lambda tx: decide_late(tx, quote.id, agree=agree, note=None), actor=REP)
    shop.turn()

    assert desk.now(quote).status == ("partly_won" if agree else "expired")
    assert desk.tasks(quote) == []
    if agree:
        assert found.work is not None
        assert (found.work.totals.net, found.work.header.buyer_po) == (D(674), "LATE-1")


def test_one_second_later_an_offer_is_made_anew_at_todays_prices_where_it_says_so(desk: Quoting, shop: Shop) -> None:
    quote = five_lines(desk, on_late="reprice")
    shop.database.write(
        lambda tx: tx.run("update price set tier_price = '{11}' where product_id = %s", [desk.products["ONE"]])
    )

    shop.clock.at = AFTER
    found = desk.accept(quote, *THREE_OF_FIVE)

    assert found.problem is not None
    assert (found.problem.code, found.problem.detail) == (
        "quotes.repriced", {"version": 2, "net": "690", "net_before": "674"},
    )  # fmt: skip
    assert (desk.now(quote).status, shop.one("select count(*) from sales_order")) == ("offered", (0,))
    second = desk.accept(quote, version=2)
    assert second.work is not None
    assert (second.work.totals.net, desk.now(quote).status) == (D(690), "won")


def test_what_is_won_lost_or_done_never_becomes_expired(desk: Quoting, shop: Shop) -> None:
    won, lost, gone = five_lines(desk), five_lines(desk), five_lines(desk)
    desk.accept(won, Choice(1), Choice(2), Choice(3), Choice(4))
    shop.database.write(lambda tx: decline(tx, lost.id, reason="competitor"), actor=BUYER)
    shop.database.write(lambda tx: withdraw(tx, gone.id, reason="other"), actor=REP)

    shop.clock.at = AFTER
    shop.turn()
    marked = shop.database.write(expire_quotes)

    assert marked == 0
    assert [desk.now(one).status for one in (won, lost, gone)] == ["won", "lost", "withdrawn"]
    assert refusal(lambda: desk.accept(lost)) == refusal(lambda: desk.accept(gone)) == "quotes.not_now"
    assert "expired" not in desk.facts(won) + desk.facts(lost) + desk.facts(gone)


def test_the_sweep_marks_what_its_process_did_not(desk: Quoting, shop: Shop) -> None:
    quote = five_lines(desk)

    shop.clock.at = AFTER
    marked = shop.database.write(expire_quotes)

    assert (marked, desk.now(quote).status) == (1, "expired")
    shop.turn()
    assert desk.facts(quote).count("expired") == 1


def test_a_reminder_comes_once_before_the_validity_ends(desk: Quoting, shop: Shop) -> None:
    quote = five_lines(desk, remind_hours=24)

    shop.clock.at = datetime(2026, 3, 6, 7, 59, 59, tzinfo=UTC)
    shop.turn()
    assert "validity_ending" not in desk.facts(quote)
    shop.clock.at = datetime(2026, 3, 6, 8, 0, 0, tzinfo=UTC)
    shop.turn()
    shop.turn()

    assert desk.facts(quote).count("validity_ending") == 1


def test_parts_of_a_line_come_to_the_line_and_keep_its_minimum(desk: Quoting, shop: Shop) -> None:
    shop.database.write(lambda tx: tx.run("update account set discount_percent = 7.5 where code = 'ALMA'"))
    quote = desk.ask(("CUP", "7"))
    offered = desk.offer(quote, [line(1, "CUP", "7", min_qty=D(2))])

    assert refusal(lambda: desk.accept(quote, Choice(1, D(1)))) == "quotes.below_minimum"
    parts = [desk.accept(quote, Choice(1, D(qty)), buyer_po="P-1") for qty in ("2", "3")]
    parts.append(desk.accept(quote, buyer_po="P-1"))

    assert offered.version.net == D("21.58")
    nets = [one.work.totals.net for one in parts if one.work is not None]
    assert (nets, sum(nets)) == ([D("6.17"), D("9.25"), D("6.16")], offered.version.net)
    unit_prices = {row[0] for row in shop.all("select unit_price from order_line")}
    assert (unit_prices, desk.now(quote).status) == ({D("3.333")}, "won")
    assert refusal(lambda: desk.accept(quote)) == "quotes.not_now"


def test_an_offer_keeps_its_prices_units_and_terms_whatever_changes_meanwhile(desk: Quoting, shop: Shop) -> None:
    quote = desk.ask(("CUP", "2"))
    desk.offer(quote, [line(1, "CUP", "2", uom="CS")], terms_code="NET14")

    def change(tx: Any) -> None:
        tx.run("update price set tier_price = '{99}'")
        tx.run("update product_unit set numerator = 10 where uom = 'CS'")

    shop.database.write(change)
    found = desk.accept(quote)

    assert found.work is not None
    row = shop.one(
        "select qty, factor_num, qty_ordered, unit_price, net from order_line where order_id = %s", [found.work.id]
    )
    assert row == (D(2), 12, D(24), D("3.333"), D("79.99"))
    assert found.work.header.terms_code == "NET14"


# ---- at once, and in the middle ----------------------------------------------------------------------------------


def test_sixteen_who_accept_the_same_at_once_order_it_once(desk: Quoting, shop: Shop) -> None:
    quote = five_lines(desk)
    gate = threading.Barrier(16)

    def accept_it(number: int) -> str:
        database = Database(shop.url, clock=shop.clock, seed=100 + number)
        wanted = Accepting(quote.id, 1, (Choice(1), Choice(5)), f"PO-{number}")
        gate.wait()
        try:
            return str(database.write(lambda tx: accept_offer(tx, wanted), actor=BUYER).quote.status)
        except Refused as refused:
            return refused.problems[0].code
        finally:
            database.close()

    with ThreadPoolExecutor(16) as pool:
        answers = sorted(pool.map(accept_it, range(16)))

    assert answers == ["partly_accepted", *["quotes.not_left"] * 15]
    assert shop.all("select line_no, qty_accepted from quote_version_line where qty_accepted > 0 order by 1") == [
        (1, D(10)),
        (5, D(10)),
    ]
    assert shop.one("select count(*) from sales_order") == (1,)
    shop.turn()


def test_sixteen_who_accept_parts_at_once_never_get_more_than_was_offered(desk: Quoting, shop: Shop) -> None:
    quote = five_lines(desk)

    def accept_it(number: int) -> str:
        database = Database(shop.url, clock=shop.clock, seed=200 + number)
        try:
            wanted = Accepting(quote.id, 1, (Choice(3, D(3)),), f"PO-{number}")
            return str(database.write(lambda tx: accept_offer(tx, wanted), actor=BUYER).quote.status)
        except Refused as refused:
            return refused.problems[0].code
        finally:
            database.close()

    with ThreadPoolExecutor(16) as pool:
        answers = sorted(pool.map(accept_it, range(16)))

    assert answers == [*["partly_accepted"] * 3, *["quotes.not_left"] * 13]
    assert shop.one("select qty_accepted from quote_version_line where line_no = 3") == (D(9),)
    assert shop.one("select sum(qty) from order_line") == (D(9),)
    shop.turn()


def test_alternatives_that_are_chosen_at_once_are_never_both_ordered(desk: Quoting, shop: Shop) -> None:
    quote = five_lines(desk)

    def accept_it(number: int) -> str:
        database = Database(shop.url, clock=shop.clock, seed=300 + number)
        try:
            wanted = Accepting(quote.id, 1, (Choice(4 + number % 2, D(1)),), None)
            return str(database.write(lambda tx: accept_offer(tx, wanted), actor=BUYER).quote.status)
        except Refused as refused:
            return refused.problems[0].code
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(accept_it, range(8)))

    assert answers == [*["partly_accepted"] * 4, *["quotes.choose_one"] * 4]
    assert shop.one("select count(distinct line_no) from quote_acceptance_line") == (1,)
    shop.turn()


@pytest.mark.parametrize("when", ["before commit", "after commit"])
def test_a_process_that_dies_while_it_accepts_leaves_all_of_it_or_nothing(desk: Quoting, shop: Shop, when: str) -> None:
    quote = five_lines(desk)
    database = Database(shop.url, clock=shop.clock, seed=9)

    def die(at: str, _: Any) -> None:
        if at == when:
            raise KeyboardInterrupt

    database.at = die
    wanted = Accepting(quote.id, 1, THREE_OF_FIVE, "PO-1")
    with pytest.raises(KeyboardInterrupt):
        database.write(lambda tx: accept_offer(tx, wanted), actor=BUYER)
    database.close()

    done = 1 if when == "after commit" else 0
    counted = shop.one(
        "select (select count(*) from sales_order), (select count(*) from quote_acceptance), (select acceptances from quote)"
    )
    assert counted == (done, done, done)
    if done:
        assert refusal(lambda: desk.accept(quote, *THREE_OF_FIVE, buyer_po="PO-1")) == "quotes.not_left"
    else:
        assert desk.accept(quote, *THREE_OF_FIVE, buyer_po="PO-1").quote.status == "partly_accepted"
    assert shop.one("select count(*) from sales_order") == (1,)
    shop.turn()


def test_accepting_while_the_house_marks_the_end_is_decided_by_the_instant_alone(desk: Quoting, shop: Shop) -> None:
    quotes = [five_lines(desk, on_late="refuse") for _ in range(6)]
    shop.clock.at = AFTER
    databases = [Database(shop.url, clock=shop.clock, seed=400 + number) for number in range(7)]

    def act(number: int) -> str:
        if number == 6:
            return str(databases[number].write(expire_quotes))
        wanted = Accepting(quotes[number].id, 1, THREE_OF_FIVE, None)
        return refusal(lambda: databases[number].write(lambda tx: accept_offer(tx, wanted), actor=BUYER))

    with ThreadPoolExecutor(7) as pool:
        answers = list(pool.map(act, range(7)))
    for one in databases:
        one.close()

    assert set(answers[:6]) == {"quotes.expired"}
    shop.turn()
    assert {desk.now(one).status for one in quotes} == {"expired"}
    assert shop.one("select count(*) from sales_order") == (0,)
