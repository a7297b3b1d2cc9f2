"""Blanket orders, end to end: goods are called off up to their ceilings and never beyond, whoever asks and however many at once."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest

from changing import ask
from edge_client import EdgeClient
from shop import START, Shop
from tradewind.access.commands.keys import NewKey, create_keys
from tradewind.access.commands.principals import NewPrincipal, create_principals
from tradewind.access.model import Kind
from tradewind.app.http import create_app
from tradewind.app.settings import read_settings
from tradewind.blankets.model import PriceStep
from tradewind.channels.intake import start_combiner
from tradewind.desk.blanket_notices import sweep_blankets
from tradewind.desk.blankets import (
    Change,
    LineChange,
    LineTerms,
    Terms,
    call_off,
    change_blanket,
    close_blanket,
    create_blanket,
)
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_orders
from tradewind.desk.change import ChangeRequest, RevertRequest, change, revert
from tradewind.desk.holds import HoldRelease, release_holds
from tradewind.desk.place import place
from tradewind.desk.preview import preview
from tradewind.desk.resolve import Submission
from tradewind.desk.stock import Receipt, receive_goods
from tradewind.kernel.problem import Refused
from tradewind.kernel.tx import SYSTEM, Database, Tx
from tradewind.orders.decide.actions import RepriceLine, SetQuantity
from tradewind.semantics.model import DraftLine, OrderDraft
from tradewind.streams.backorders import BackorderCrank
from tradewind.streams.sources import StockMoved

YEAR = timedelta(days=365)
D = Decimal


@pytest.fixture
def shop(shop: Shop) -> Iterator[Shop]:
    yield shop
    shop.verify()


@pytest.fixture
def deadlocks(owner_url: str) -> Iterator[None]:
    """Fails where PostgreSQL had to break a circle of waiting transactions."""
    yield
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("select pg_stat_force_next_flush()")
        found = owner.execute("select deadlocks from pg_stat_database where datname = current_database()").fetchone()
    assert found == (0,)


def agree(
    shop: Shop,
    qty: str | None = "100",
    *,
    value: str | None = None,
    price: str = "2.50",
    item: str = "CUP",
    **more: Any,
) -> str:
    """A blanket order of Alma over cups; its number."""
    prices = more.pop("prices", (PriceStep(START, D(price)),))
    line_more = {name: more.pop(name) for name in ("min_release", "max_release", "uom") if name in more}
    line = LineTerms(item, prices, None if qty is None else D(qty), None if value is None else D(value), **line_more)
    terms = Terms(shop.id[more.pop("account", "alma")], "Cups of the year", START, START + YEAR, (line,), **more)
    return shop.database.write(lambda tx: create_blanket(tx, terms))[0].number


def draft(number: str | None, *lines: tuple[str, str], **more: Any) -> OrderDraft:
    ordered = tuple(DraftLine(no, item, D(qty)) for no, (item, qty) in enumerate(lines, 1))
    return OrderDraft("ALMA", ordered, blanket=number, **more)


def called_off(shop: Shop) -> tuple[Decimal, Decimal]:
    qty, value = shop.one("select called_off, called_value from blanket_line")
    return qty, value


def release(shop: Shop, number: str, qty: str) -> UUID:
    """Call cups off, and let the order go on; its id."""
    placed = shop.database.write(lambda tx: call_off(tx, Submission(draft(number, ("CUP", qty)), SYSTEM)))
    assert placed.order_id is not None
    shop.turn()
    return placed.order_id


def refused(shop: Shop, work: Callable[[Tx], Any]) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as found:
        shop.database.write(work)
    return [(problem.code, problem.message) for problem in found.value.problems]


def test_a_call_off_costs_what_was_agreed_and_counts_until_it_is_cancelled(shop: Shop) -> None:
    number = agree(shop)

    order = release(shop, number, "40")

    assert shop.one("select unit_price, net from order_line where order_id = %s", [order]) == (D("2.5"), D("100"))
    assert called_off(shop) == (D(40), D(100))
    assert shop.one("select payload ->> 'blanket' from event where type = 'order.called_off'") == (number,)

    shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(order, "too many", (LineWish(1, D(10)),))]))

    (shipment,) = shop.shipments(order)
    assert shipment  # at a warehouse already: it is asked back, and counts until the answer
    assert called_off(shop) == (D(40), D(100))

    shop.ship(shipment, lines=[{"line_no": 1, "qty_shipped": "25"}])

    assert called_off(shop)[0] in (D(30), D(40))


def test_what_is_more_than_the_ceiling_is_refused_with_what_is_left_and_nothing_is_placed(shop: Shop) -> None:
    number = agree(shop)
    release(shop, number, "70")

    problems = refused(shop, lambda tx: call_off(tx, Submission(draft(number, ("CUP", "31")), SYSTEM)))

    assert problems == [("blankets.ceiling_passed", f"Line 1 of blanket order {number} has 30 left, not 31.")]
    assert shop.one("select count(*) from sales_order") == (1,)
    assert called_off(shop) == (D(70), D(175))


def test_a_ceiling_of_nothing_is_a_ceiling_and_an_open_quantity_has_none(shop: Shop) -> None:
    nothing = agree(shop, "0", buyer_po="NOTHING")

    assert (
        refused(shop, lambda tx: call_off(tx, Submission(draft(nothing, ("CUP", "1")), SYSTEM)))[0][0]
        == "blankets.ceiling_passed"
    )

    anything = agree(shop, None, item="TEA", buyer_po="ANYTHING")
    placed = shop.database.write(lambda tx: call_off(tx, Submission(draft("ANYTHING", ("TEA", "5000")), SYSTEM)))

    assert placed.work is not None
    assert shop.one(
        "select called_off from blanket_line l join blanket b on b.id = l.blanket_id where b.number = %s", [anything]
    ) == (D(5000),)


def test_a_value_is_a_ceiling_too_to_the_last_cent(shop: Shop) -> None:
    number = agree(shop, None, value="10.00", price="3.335")

    problems = refused(
        shop, lambda tx: call_off(tx, Submission(draft(number, ("CUP", "3")), SYSTEM))
    )  # 10.005 is 10.01

    assert problems[0][0] == "blankets.ceiling_passed"
    release(shop, number, "2")
    assert called_off(shop) == (D(2), D("6.67"))


def test_an_ordinary_order_takes_from_a_blanket_order_that_takes_it_in_and_the_rest_costs_the_standard_price(
    shop: Shop,
) -> None:
    agree(shop, "30", consumption="automatic", overflow="standard")

    order = shop.order(("CUP", "50"))

    lines = shop.all("select line_no, qty, unit_price from order_line where order_id = %s order by line_no", [order])
    assert lines == [(1, D(30), D("2.5")), (2, D(20), D("3.333"))]
    assert called_off(shop) == (D(30), D(75))
    assert shop.all("select automatic, qty from call_off") == [(True, D(30))]
    assert shop.status(order) == "released"

    again = shop.order(("CUP", "5"))

    assert shop.all("select line_no, unit_price from order_line where order_id = %s", [again]) == [(1, D("3.333"))]


def test_the_rest_is_held_where_that_was_agreed_until_somebody_lets_it_go_at_the_standard_price(shop: Shop) -> None:
    number = agree(shop, "30", consumption="automatic", overflow="hold")

    order = shop.order(("CUP", "50"))

    ((hold, code, line, reason),) = shop.all(
        "select id, code, line_no, reason from order_hold where order_id = %s", [order]
    )
    assert (code, line) == ("blankets.over_ceiling", 2)
    assert (
        reason
        == f"20 of 50 are more than blanket order {number} has left; release them at the standard price, or cancel them"
    )
    assert shop.status(order) == "held"

    given = HoldRelease(order, hold, "agreed by phone")
    shop.database.write(lambda tx: release_holds(tx, [given], permissions=frozenset({"holds.release.price"})))
    shop.turn()

    assert shop.status(order) == "released"
    assert called_off(shop) == (D(30), D(75))


def test_cancelling_what_is_beyond_ends_its_hold(shop: Shop) -> None:
    agree(shop, "30", consumption="automatic", overflow="hold")
    order = shop.order(("CUP", "50"))

    shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(order, "not at that price", (LineWish(2),))]))
    shop.turn()

    assert shop.all("select code from order_hold where released_at is null") == []
    assert shop.status(order) == "released"


def test_orders_of_others_and_of_other_goods_cost_what_they_cost(shop: Shop) -> None:
    agree(shop, "30", consumption="automatic")

    other, tea = shop.order(("CUP", "1"), account="BELA"), shop.order(("TEA", "1"))

    assert shop.all(
        "select unit_price from order_line where order_id = any(%s) order by unit_price", [[other, tea]]
    ) == [
        (D("1.99"),),
        (D("3.333"),),
    ]
    assert called_off(shop) == (D(0), D(0))


def test_a_release_under_the_buyers_number_takes_from_its_blanket_order_by_whatever_door(shop: Shop) -> None:
    agree(shop, "30", buyer_po="FRAME-7")

    first = shop.order(("CUP", "10"), ("TEA", "1"), buyer_po="FRAME-7", release_no="1", channel="x12")
    ordinary = shop.order(("CUP", "10"), buyer_po="4711", release_no="1")
    no_release = shop.order(("CUP", "10"), buyer_po="FRAME-7")

    prices = "select unit_price from order_line where order_id = %s order by line_no"
    assert shop.all(prices, [first]) == [(D("2.5"),), (D("1.99"),)]
    assert shop.all(prices, [ordinary]) == shop.all(prices, [no_release]) == [(D("3.333"),)]
    assert shop.all("select order_id, automatic, qty from call_off") == [(first, False, D(10))]


def test_of_two_blanket_orders_the_earlier_one_is_used_first(shop: Shop) -> None:
    later = agree(shop, "30", consumption="automatic", price="2", priority_at=START)
    earlier = agree(shop, "30", consumption="automatic", price="1", priority_at=START - timedelta(days=1))

    shop.order(("CUP", "10"))

    found = dict(shop.all("select b.number, l.called_off from blanket b join blanket_line l on l.blanket_id = b.id"))
    assert found == {later: D(0), earlier: D(10)}


def test_a_held_order_counts_and_gives_back_when_it_is_cancelled(shop: Shop) -> None:
    number = agree(shop)
    shop.database.write(lambda tx: tx.run("update account set approval_above = 10 where code = 'ALMA'"))
    order = release(shop, number, "60")

    assert shop.status(order) == "held"
    assert called_off(shop) == (D(60), D(150))

    shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(order, "no need")]))

    assert called_off(shop) == (D(0), D(0))
    release(shop, number, "100")


def test_what_a_change_takes_away_and_a_revert_brings_back_moves_the_counter_and_never_passes_the_ceiling(
    shop: Shop,
) -> None:
    number = agree(shop, "50")
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    order = release(shop, number, "50")

    ask(shop, order, SetQuantity(1, D(20)))

    assert called_off(shop) == (D(20), D(50))

    release(shop, number, "30")

    assert called_off(shop) == (D(50), D(125))


def test_a_call_off_says_everything_that_is_wrong_with_it(shop: Shop) -> None:
    number = agree(shop, ship_tos=("HQ",), min_release=D(5), max_release=D(20))

    def tried(*lines: tuple[str, str], name: str | None = number, **more: Any) -> list[tuple[str, str]]:
        return refused(shop, lambda tx: call_off(tx, Submission(draft(name, *lines, **more), SYSTEM)))

    assert tried(("CUP", "4")) == [("blankets.release_size", "A call-off of CUP takes at least 5.")]
    assert tried(("CUP", "12"), ("CUP", "9")) == [("blankets.release_size", "A call-off of CUP takes at most 20.")] * 2
    assert tried(("TEA", "5")) == [("blankets.not_on_blanket", f"TEA is not on blanket order {number}.")]
    assert tried(("CUP", "5"), name="BL-404") == [("blankets.unknown", "There is no blanket order BL-404.")]
    shop.wait(days=366)
    assert tried(("CUP", "5")) == [("blankets.not_open", f"Blanket order {number} is over.")]
    assert called_off(shop) == (D(0), D(0))


def test_prices_follow_their_schedule_and_the_unit_that_is_ordered(shop: Shop) -> None:
    later = START + timedelta(days=30)
    number = agree(shop, "1000", uom="EA", prices=(PriceStep(START, D(2)), PriceStep(later, D(3))))

    first = release(shop, number, "1")
    shop.wait(days=31)
    cases = OrderDraft("ALMA", (DraftLine(1, "CUP", D(2), "CS"),), blanket=number)
    second = shop.database.write(lambda tx: call_off(tx, Submission(cases, SYSTEM))).order_id

    assert shop.one("select unit_price, net from order_line where order_id = %s", [first]) == (D(2), D(2))
    assert shop.one("select unit_price, uom, net from order_line where order_id = %s", [second]) == (D(36), "CS", D(72))
    assert called_off(shop) == (D(25), D(74))


def test_a_preview_says_the_agreed_price_and_counts_nothing(shop: Shop) -> None:
    number = agree(shop, "30")

    (found,) = shop.database.write(lambda tx: preview(tx, [Submission(draft(number, ("CUP", "10")), SYSTEM)]))

    assert found.work is not None
    assert [one.price.unit_price for one in found.work.lines] == [D("2.50")]
    assert called_off(shop) == (D(0), D(0))


def test_commitments_grow_and_shrink_but_never_below_what_was_called_off(shop: Shop) -> None:
    number = agree(shop, "50", tolerance_percent=D(10))
    release(shop, number, "55")

    less = Change("less", lines=(LineChange(1, committed_qty=D(49)),))
    assert refused(shop, lambda tx: change_blanket(tx, number, less)) == [
        ("blankets.below_called_off", "55 of line 1 were called off already.")
    ]

    more = Change("more", lines=(LineChange(1, committed_qty=D(60)),))
    shop.database.write(lambda tx: change_blanket(tx, number, more))
    release(shop, number, "11")

    assert shop.one("select committed_qty, qty_limit, called_off from blanket_line") == (D(60), D(66), D(66))


def test_it_is_said_once_that_one_is_nearly_used_ends_soon_and_is_over(shop: Shop) -> None:
    shop.database.write(
        lambda tx: tx.run("update account set delivery_url = 'https://alma.example' where code = 'ALMA'")
    )
    number = agree(shop)
    release(shop, number, "80")

    def said() -> list[str]:
        shop.database.write(sweep_blankets)
        shop.database.write(sweep_blankets)
        found = shop.all(
            "select type from event where type like 'blanket.%%' and type <> 'blanket.agreed' order by at, seq", []
        )
        letters = shop.all("select kind from delivery where kind like 'blanket.%%' order by created_at, kind", [])
        assert found == letters
        return [row[0] for row in found]

    assert said() == ["blanket.nearly_used"]
    shop.wait(days=335)
    assert said() == ["blanket.nearly_used", "blanket.ends_soon"]
    shop.wait(days=30)
    assert said() == ["blanket.nearly_used", "blanket.ends_soon", "blanket.expired"]


def test_at_its_end_what_is_missing_is_billed_or_dropped_or_the_end_moves(shop: Shop) -> None:
    number = agree(shop)
    release(shop, number, "60")

    def shortfall(tx: Tx) -> Any:
        return close_blanket(tx, number, decision="shortfall", reason="they took less")

    assert refused(shop, shortfall)[0][0] == "blankets.not_over"
    shop.wait(days=366)
    shop.database.write(sweep_blankets)

    closed, _ = shop.database.write(shortfall)
    shop.turn()

    assert closed.status == "closed"
    charge = shop.one(
        "select code, amount, description from order_charge where order_id = %s", [closed.shortfall_order_id]
    )
    assert charge == ("SHORTFALL", D(100), f"Shortfall of CUP, blanket order {number}")
    assert shop.one("select total from invoice where order_id = %s", [closed.shortfall_order_id]) == (D(119),)
    assert refused(shop, shortfall) == [("blankets.closed", f"Blanket order {number} is closed.")]

    other = agree(shop, item="TEA")
    longer = Change("a good year", valid_to=START + 3 * YEAR)
    shop.database.write(lambda tx: change_blanket(tx, other, longer))
    placed = shop.database.write(lambda tx: call_off(tx, Submission(draft(other, ("TEA", "1")), SYSTEM)))
    assert placed.order_id is not None


def test_what_comes_back_after_it_was_shipped_stays_called_off_and_deliveries_and_invoices_roll_up(shop: Shop) -> None:
    number = agree(shop)
    order = release(shop, number, "10")

    shop.ship(shop.shipments(order)[0])

    assert called_off(shop) == (D(10), D(25))
    assert shop.one(
        "select l.qty_shipped, l.qty_invoiced, l.net_invoiced from call_off c join order_line l using (order_id, line_no)"
    ) == (D(10), D(10), D(25))


def test_who_has_no_blanket_order_pays_no_statement_for_them(shop: Shop) -> None:
    agree(shop, consumption="automatic", account="bela")
    one = Submission(draft(None, ("CUP", "1")), SYSTEM)
    shop.database.write(lambda tx: place(tx, [one]))

    asked: list[str] = []
    with shop.trying() as tx:
        run = tx.connection.execute

        class Watching:
            def __getattr__(self, name: str) -> Any:
                return getattr(tx_connection, name)

            def execute(self, sql: Any, *more: Any, **named: Any) -> Any:
                asked.append(str(sql))
                return run(sql, *more, **named)

        tx_connection = tx.connection
        tx.connection = Watching()  # type: ignore[assignment]
        place(tx, [one])

    assert asked
    assert [sql for sql in asked if "blanket" in sql or "call_off" in sql] == []


def test_thirty_two_at_once_never_pass_the_ceiling(shop: Shop, deadlocks: None) -> None:
    number = agree(shop, "100")

    def alone(_: int) -> str:
        database = Database(shop.url, shop.clock)
        one = Submission(draft(number, ("CUP", "7")), SYSTEM)
        try:
            for wide in (False, True):
                try:
                    placed = database.write(lambda tx, wide=wide: call_off(tx, one, lock_all_sites=wide))  # type: ignore[misc]
                    return "placed" if placed.order_id else "?"
                except StockMoved:
                    continue
            return "moved"
        except Refused as reason:
            return reason.problems[0].code
        finally:
            database.close()

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(alone, range(32)))

    assert sorted(set(answers)) == ["blankets.ceiling_passed", "placed"]
    assert answers.count("placed") == 14  # 14 x 7 = 98; the fifteenth has 2 left
    assert called_off(shop) == (D(98), D(245))
    assert shop.one("select count(*), sum(qty_ordered) from order_line") == (14, D(98))


@pytest.fixture
def client(shop: Shop) -> Iterator[EdgeClient]:
    combiner = start_combiner(shop.database)
    with EdgeClient(create_app(shop.database, read_settings({}), combiner)) as made:
        yield made
    combiner.close()


def key_of(shop: Shop, role: str, *, account: str | None = None) -> str:
    kind = Kind.STAFF if account is None else Kind.BUYER
    seen = frozenset() if account is None else frozenset({shop.id[account]})

    def make(tx: Tx) -> str:
        (one,) = create_principals(tx, [NewPrincipal(kind, f"{role}-{account}", role, frozenset({role}), seen)])
        assert isinstance(one, UUID)
        return create_keys(tx, [NewKey(one, "test")])[0].key

    return shop.database.write(make)


def test_by_http_thirty_two_call_offs_at_once_are_each_answered_and_none_passes_the_ceiling(
    shop: Shop, client: EdgeClient
) -> None:
    sales, buyer = key_of(shop, "sales"), key_of(shop, "buyer", account="alma")
    stranger = key_of(shop, "buyer", account="bela")
    terms = {
        "account": "ALMA", "name": "Cups", "valid_from": START.isoformat(), "valid_to": (START + YEAR).isoformat(),
        "lines": [{"item": "CUP", "prices": [{"price": "2.50"}], "quantity": "capped", "committed_qty": "50"}],
    }  # fmt: skip

    assert client.post("/api/v1/blankets", json=terms, key=buyer).status_code == 403
    made = client.post("/api/v1/blankets", json=terms, key=sales)
    assert made.status_code == 201, made.text
    name = made.json()["number"]
    assert made.json()["lines"][0]["left_qty"] == "50"

    path = f"/api/v1/blankets/{name}/call-offs"
    body = {"lines": [{"item": "CUP", "qty": "3"}]}
    answers = client.requests([("POST", path, {"json": body, "key": buyer}) for _ in range(32)])

    codes = sorted(one.status_code for one in answers)
    assert codes == [201] * 16 + [409] * 16
    left = [one.json()["detail_values"] for one in answers if one.status_code == 409]
    assert {json.dumps(one["left"]) for one in left} == {'"2"'}
    assert client.get(f"/api/v1/blankets/{name}", key=buyer).json()["lines"][0]["called_off"] == "48"
    assert len(client.get(path, key=buyer, params={"limit": 50}).json()["call_offs"]) == 16
    assert client.get(f"/api/v1/blankets/{name}/consumption", key=buyer).json()["lines"][0]["orders"] == 16

    for method, where in (("GET", f"/api/v1/blankets/{name}"), ("GET", path), ("POST", path)):
        foreign = client.request(method, where, key=stranger, **({"json": body} if method == "POST" else {}))
        unknown = client.request(
            method, where.replace(name, "BL-404"), key=stranger, **({"json": body} if method == "POST" else {})
        )
        assert (foreign.status_code, foreign.text) == (404, unknown.text)
    once = {"Idempotency-Key": "k1"}
    two = {"lines": [{"item": "CUP", "qty": "1"}]}
    first = client.post(path, json=two, key=buyer, headers=once)
    again = client.post(path, json=two, key=buyer, headers=once)
    assert (first.status_code, first.json()) == (201, again.json())
    assert called_off(shop)[0] == D(49)
    order = client.post(
        "/api/v1/orders", json={"account": "ALMA", "blanket": name, "lines": [{"item": "CUP", "qty": "4"}]}, key=buyer
    )
    assert order.status_code == 201
    assert [hold["code"] for hold in order.json()["holds"]] == ["blankets.over_ceiling"]
    counted = [{"line_no": 1, "blanket": name, "blanket_line": 1, "units": "1"}]
    assert order.json()["call_offs"] == counted
    assert client.get(f"/api/v1/orders/{order.json()['id']}", key=buyer).json()["call_offs"] == counted
    assert called_off(shop)[0] == D(50)


def test_a_call_off_waits_for_goods_where_its_blanket_order_stands_in_the_queue(shop: Shop) -> None:
    number = agree(shop, "500", item="TEA", priority_at=START - timedelta(days=90))
    shop.order(("TEA", "100"))  # all there is
    early = shop.order(("TEA", "10"))
    shop.wait(days=1)
    late = shop.database.write(lambda tx: call_off(tx, Submission(draft(number, ("TEA", "10")), SYSTEM))).order_id
    shop.turn()

    shop.database.write(lambda tx: receive_goods(tx, [Receipt("N", "TEA", D(10))]))
    crank = BackorderCrank(shop.database)
    while crank.turn_once().events:
        pass

    assert shop.one("select qty_backordered from order_line where order_id = %s", [late]) == (D(0),)
    assert shop.one("select qty_backordered from order_line where order_id = %s", [early]) == (D(10),)


def test_a_revert_that_would_pass_the_ceiling_is_refused_and_changes_nothing(shop: Shop) -> None:
    number = agree(shop, "50")
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    order = release(shop, number, "50")
    cut = ask(shop, order, SetQuantity(1, D(20)))
    release(shop, number, "30")
    assert cut.change_id is not None

    problems = refused(shop, lambda tx: revert(tx, [RevertRequest(order, cut.change_id, "back")]))

    assert problems[0][0] == "blankets.ceiling_passed"
    assert called_off(shop) == (D(50), D(125))
    assert shop.one("select qty_ordered - qty_cancelled from order_line where order_id = %s", [order]) == (D(20),)


def test_what_is_added_to_a_call_off_is_a_line_at_the_standard_price(shop: Shop) -> None:
    number = agree(shop, "50")
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    order = release(shop, number, "20")

    ask(shop, order, SetQuantity(1, D(30)))

    assert shop.all("select qty, unit_price from order_line where order_id = %s order by line_no", [order]) == [
        (D(20), D("2.5")),
        (D(10), D("3.333")),
    ]
    assert called_off(shop) == (D(20), D(50))


def test_a_call_off_that_is_priced_anew_costs_what_its_blanket_order_says_by_then(shop: Shop) -> None:
    number = agree(shop, prices=(PriceStep(START, D(2)), PriceStep(START + timedelta(days=30), D(3))))
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    order = release(shop, number, "10")
    shop.wait(days=31)

    ask(shop, order, RepriceLine(1))

    assert shop.one("select unit_price, net from order_line where order_id = %s", [order]) == (D(3), D(30))
    assert called_off(shop) == (D(10), D(30))


@pytest.mark.slow
def test_calling_off_cancelling_changing_and_reverting_at_once_keeps_the_count(shop: Shop, deadlocks: None) -> None:
    number = agree(shop, "120")
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'ALMA'"))
    started = [release(shop, number, "5") for _ in range(8)]

    def alone(which: int) -> str:
        database, rng = Database(shop.url, shop.clock), Random(which)
        done = "nothing"
        try:
            for _ in range(6):
                order = rng.choice(started)
                work: Callable[[Tx], Any] = rng.choice([
                    lambda tx: call_off(tx, Submission(draft(number, ("CUP", str(rng.randint(1, 30)))), SYSTEM), lock_all_sites=True),
                    lambda tx, order=order: cancel_orders(tx, [CancelRequest(order, "x", (LineWish(1, D(rng.randint(1, 3))),))]),
                    lambda tx, order=order: change(tx, [ChangeRequest(order, (SetQuantity(1, D(rng.randint(1, 9))),), "x")]),
                ])  # fmt: skip
                try:
                    database.write(work)
                    done = "something"
                except (Refused, StockMoved):
                    continue
        finally:
            database.close()
        return done

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(alone, range(16)))

    assert "something" in answers
    assert called_off(shop)[0] <= D(120)
    assert shop.one("select sum(qty), sum(value) from call_off") == called_off(shop)
