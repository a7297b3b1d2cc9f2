"""What is sold to whom, instead of what, at whose price, and when it is there; from placing to release."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from emitted_sql import RecordingDatabase
from shop import Shop
from tradewind.desk import change as changes
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_orders
from tradewind.desk.change import ChangeRequest, change
from tradewind.desk.holds import HoldRelease, release_holds
from tradewind.desk.place import Placed, place
from tradewind.desk.preview import preview
from tradewind.desk.prices import PriceDecision, decide_prices
from tradewind.desk.resolve import Submission
from tradewind.desk.substitutes import SubstituteAnswer, answer_substitutes
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import SYSTEM
from tradewind.orders.decide.actions import MoveDate
from tradewind.semantics.model import DraftCharge, DraftGroup, DraftLine, OrderDraft
from tradewind.streams.backorders import BackorderCrank

EVERY_WEEKDAY = "insert into calendar_day (calendar_id, day, opens, closes) select %(calendar)s, day, '08:00', '17:00' from unnest(array['mon','tue','wed','thu','fri']) as w(day)"


def run(shop: Shop, *statements: str, **more: Any) -> None:
    def write(tx: Any) -> None:
        for statement in statements:
            tx.connection.execute(statement, {**shop.id, **more})

    shop.database.write(write)


def submit(
    shop: Shop, *lines: DraftLine, groups: tuple[DraftGroup, ...] = (DraftGroup(),), look: bool = False, **more: Any
) -> Placed:
    draft = OrderDraft("ALMA", lines, groups, **more)
    (placed,) = shop.database.write(lambda tx: (preview if look else place)(tx, [Submission(draft, SYSTEM)]))
    if not look:
        shop.turn()
    return placed


def line(item: str, qty: str, **more: Any) -> DraftLine:
    return DraftLine(more.pop("line_no", 1), item, Decimal(qty), **more)


def codes(placed: Placed) -> list[str]:
    assert placed.work is not None, placed.problems
    return [finding.code for finding in placed.work.findings]


def of_line(shop: Shop, placed: Placed, columns: str, line_no: int = 1) -> tuple[Any, ...]:
    return shop.one(
        f"select {columns} from order_line l join product p on p.id = l.product_id where order_id = %s and line_no = %s",  # noqa: S608
        [placed.order_id, line_no],
    )


def open_holds(shop: Shop, order: UUID | None) -> list[tuple[str, str]]:
    return shop.all(
        "select kind, code from order_hold where order_id = %s and released_at is null order by 1, 2", [order]
    )


# who may buy what


def test_what_is_not_on_an_accounts_list_is_held_and_goes_on_when_it_is_listed(shop):
    run(
        shop,
        "insert into assortment (id, scope_key, effect, product_id, valid_from) values (gen_random_uuid(), 'account:' || %(alma)s, 'include', %(tea)s, '2020-01-01')",
    )

    placed = submit(shop, line("CUP", "2"), line("TEA", "2", line_no=2))

    assert codes(placed) == ["catalog.not_entitled"]
    assert open_holds(shop, placed.order_id) == [("data", "catalog.not_entitled")]
    assert placed.work.findings[0].message == "ALMA may not buy CUP: the account's list buys only what is listed for it"
    assert shop.status(shop.order(("CUP", "2"), account="BELA")) == "released"
    shop.verify()


def test_a_licence_lifts_a_restriction_and_its_end_is_named(shop):
    run(
        shop,
        "insert into restriction (code, name, effect, licence) values ('HAZMAT', 'dangerous goods', 'hold', 'ADR')",
        "insert into product_restriction values (%(cup)s, 'HAZMAT')",
        "insert into licence (id, account_id, code, number, valid_from, valid_to) values (gen_random_uuid(), %(alma)s, 'ADR', 'A-1', '2020-01-01', '2026-03-01')",
    )

    placed = submit(shop, line("CUP", "2"))

    assert placed.work.findings[0].message == "CUP needs licence ADR (dangerous goods); A-1 was valid until 2026-03-01"
    assert open_holds(shop, placed.order_id) == [("data", "catalog.licence_missing")]
    run(shop, "update licence set valid_to = null")
    assert shop.status(submit(shop, line("CUP", "2")).order_id) == "released"
    shop.verify()


def test_a_released_licence_hold_opens_again_until_the_licence_is_there(shop):
    run(
        shop,
        "insert into restriction (code, name, effect, licence) values ('HAZMAT', 'dangerous goods', 'hold', 'ADR')",
        "insert into product_restriction values (%(cup)s, 'HAZMAT')",
    )
    order = submit(shop, line("CUP", "2")).order_id

    def release() -> None:
        (hold,) = shop.all("select id from order_hold where order_id = %s and released_at is null", [order])
        wanted = HoldRelease(order, hold[0], "let it go")
        shop.database.write(lambda tx: release_holds(tx, [wanted], permissions={"holds.release.data"}))
        shop.turn()

    release()
    assert open_holds(shop, order) == [("data", "catalog.licence_missing")]

    run(
        shop,
        "insert into licence (id, account_id, code, number, valid_from) values (gen_random_uuid(), %(alma)s, 'ADR', 'A-2', '2026-03-03')",
    )
    release()
    assert open_holds(shop, order) == [("data", "catalog.licence_missing")]  # it is valid from tomorrow
    shop.wait(days=1)
    release()
    assert shop.status(order) == "released"
    shop.verify()


def test_goods_that_are_not_sold_to_a_country_are_refused_at_the_door_and_held_of_a_document(shop):
    run(
        shop,
        "insert into restriction (code, country, name, effect) values ('ARMS', 'DE', 'war weapons', 'refuse')",
        "insert into product_restriction values (%(cup)s, 'ARMS')",
    )

    refused = submit(shop, line("CUP", "2"))
    held = submit(shop, line("CUP", "2"), holds_unknown=True)

    assert [(one.code, one.where, one.status) for one in refused.problems] == [
        ("catalog.not_sold_there", "/lines/0/item", 409)
    ]
    assert open_holds(shop, held.order_id) == [("data", "catalog.not_sold_there")]
    shop.verify()


# instead of what


@pytest.fixture
def replaced(shop: Shop) -> Shop:
    """CUP is gone; a gift stands for three cups."""
    run(
        shop,
        "update product set status = 'discontinued' where id = %(cup)s",
        "update price set tier_price = '{9}' where product_id = %(gift)s",
        "insert into substitute (product_id, substitute_id, numerator, denominator, valid_from) values (%(cup)s, %(gift)s, 1, 3, '2020-01-01')",
        "insert into stock (product_id, site_id, on_hand) values (%(gift)s, %(north)s, 50)",
        "insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type) values (gen_random_uuid(), %(gift)s, %(north)s, 'opening', 50, now(), now(), 'import')",
    )
    return shop


def consent(shop: Shop, consent: str, price: str = "own") -> None:
    run(shop, "insert into substitution_policy values ('all', %(consent)s, %(price)s)", consent=consent, price=price)


def test_who_wants_substitutes_gets_them_at_once_and_reads_what_was_ordered(replaced):
    consent(replaced, "automatic")

    placed = submit(replaced, line("CUP", "12"))

    assert replaced.status(placed.order_id) == "released"
    assert codes(placed) == ["catalog.substituted"]
    assert of_line(replaced, placed, "p.sku, l.buyer_sku, l.qty, l.uom, l.qty_ordered, l.net") == (
        "GIFT",
        "CUP",
        4,
        "EA",
        4,
        36,
    )
    kept = replaced.one(
        "select ordered_qty, ordered_base, substitute_base, numerator, denominator, consent from line_substitution"
    )
    assert kept == (12, 12, 4, 1, 3, "automatic")
    again = submit(replaced, line("CUP", "12"), buyer_po="7")
    assert submit(replaced, line("CUP", "12"), buyer_po="7").order_id == again.order_id
    replaced.verify()


def test_a_substitute_at_the_originals_price_costs_what_was_ordered(replaced):
    consent(replaced, "automatic", "original")

    placed = submit(replaced, line("CUP", "12"))

    assert of_line(replaced, placed, "l.net, l.unit_price, l.price_basis, l.price_uom, l.price_qty") == (
        40,
        Decimal("9.999"),
        1,
        "EA",
        4,
    )
    replaced.verify()


def test_a_case_at_the_originals_price_is_an_exact_ratio(replaced):
    consent(replaced, "automatic", "original")
    run(replaced, "insert into product_unit (product_id, uom, numerator) values (%(gift)s, 'CS', 2)")

    placed = submit(replaced, line("CUP", "5", uom="CS"))

    # five cases of twelve cups are twenty gifts: ten cases of two
    assert of_line(
        replaced,
        placed,
        "p.sku, l.qty, l.uom, l.qty_ordered, l.net, l.price_qty * l.unit_price / l.price_basis - l.allowance",
    ) == ("GIFT", 10, "CS", 20, Decimal("199.98"), Decimal("199.98"))
    replaced.verify()


def test_who_is_asked_accepts_and_the_order_goes_on(replaced):
    placed = submit(replaced, line("CUP", "12"), line("TEA", "1", line_no=2))
    assert open_holds(replaced, placed.order_id) == [("data", "catalog.substitute_offered")]
    assert placed.work.findings[0].message == "CUP is discontinued; 4 EA of GIFT (Gift) can be sent instead"

    (answered,) = replaced.database.write(
        lambda tx: answer_substitutes(tx, [SubstituteAnswer(placed.order_id, 1, True, "fine", "GIFT")])
    )
    replaced.verify()
    replaced.turn()

    assert not isinstance(answered, Problem)
    assert answered.sku == "GIFT"
    assert replaced.status(placed.order_id) == "released"
    assert of_line(replaced, placed, "p.sku, l.buyer_sku, l.qty, l.net, l.qty_released") == ("GIFT", "CUP", 4, 36, 4)
    assert replaced.one("select count(*) from line_substitution where consent = 'ask'") == (1,)
    for shipment in replaced.shipments(placed.order_id):
        replaced.ship(shipment)
    assert replaced.status(placed.order_id) == "shipped"
    replaced.verify()


def test_the_same_document_again_is_the_same_order_after_a_substitute_was_accepted(replaced):
    placed = submit(replaced, line("CUP", "12"), buyer_po="PO 1")
    replaced.database.write(lambda tx: answer_substitutes(tx, [SubstituteAnswer(placed.order_id, 1, True, "fine")]))
    replaced.turn()

    again = submit(replaced, line("CUP", "12"), buyer_po="PO 1")

    assert (again.duplicate, again.order_id) == (True, placed.order_id)


def test_who_declines_loses_the_line_and_keeps_the_rest(replaced):
    placed = submit(replaced, line("CUP", "12"), line("TEA", "1", line_no=2))

    (answered,) = replaced.database.write(
        lambda tx: answer_substitutes(tx, [SubstituteAnswer(placed.order_id, 1, False, "only cups")])
    )
    replaced.turn()

    assert not isinstance(answered, Problem)
    assert of_line(replaced, placed, "p.sku, l.qty_cancelled, l.net") == ("CUP", 12, 0)
    assert replaced.status(placed.order_id) == "released"
    assert of_line(replaced, placed, "l.qty_released", 2) == (1,)
    replaced.verify()


def test_an_offer_that_changed_or_is_not_there_is_a_conflict(replaced):
    placed = submit(replaced, line("CUP", "12"), line("TEA", "1", line_no=2))
    wanted = [
        SubstituteAnswer(placed.order_id, 1, True, "fine", "TEA"),
        SubstituteAnswer(placed.order_id, 2, True, "fine"),
        SubstituteAnswer(placed.order_id, 9, True, "fine"),
        SubstituteAnswer(placed.order_id, 1, True, " "),
        SubstituteAnswer(UUID(int=1), 1, True, "fine"),
    ]

    answers = replaced.database.write(lambda tx: answer_substitutes(tx, wanted))

    assert [answer.code for answer in answers] == [
        "orders.offer_changed", "orders.nothing_offered", "orders.unknown_line", "orders.no_reason", "orders.unknown_order",
    ]  # fmt: skip
    assert open_holds(replaced, placed.order_id) == [("data", "catalog.substitute_offered")]


def test_who_wants_no_substitutes_is_told_that_it_is_not_sold(replaced):
    consent(replaced, "never")

    assert codes(submit(replaced, line("CUP", "12"))) == ["catalog.not_sold"]


def test_nothing_is_sent_instead_that_does_not_come_out_even_or_may_not_be_bought(replaced):
    consent(replaced, "automatic")

    assert codes(submit(replaced, line("CUP", "13"))) == ["catalog.not_sold"]
    run(
        replaced,
        "insert into assortment (id, scope_key, effect, product_id, valid_from) values (gen_random_uuid(), 'all', 'exclude', %(gift)s, '2020-01-01')",
    )
    assert codes(submit(replaced, line("CUP", "12"))) == ["catalog.not_sold"]


# at whose price


def tolerate(shop: Shop, take: str = "ours", **limits: str) -> None:
    names = ["scope_key", "take", *limits]
    values = ", ".join(["'all'", f"'{take}'", *limits.values()])
    run(shop, f"insert into price_tolerance ({', '.join(names)}) values ({values})")  # noqa: S608


def test_a_price_within_the_tolerance_takes_the_agreed_side(shop):
    tolerate(shop, "buyers", line_down_percent="2")

    placed = submit(shop, line("CUP", "100", unit_price=Decimal("3.3")))

    assert shop.status(placed.order_id) == "released"
    assert of_line(shop, placed, "l.unit_price, l.net") == (Decimal("3.3"), 330)
    assert codes(placed) == ["pricing.po_price_differs"]
    shop.verify()


def test_a_price_per_case_and_per_hundred_is_compared_in_the_same_unit(shop):
    tolerate(shop)

    per_case = submit(shop, line("CUP", "24", unit_price=Decimal("39.996"), price_uom="CS"))
    per_hundred = submit(shop, line("CUP", "24", unit_price=Decimal("333.3"), price_basis=Decimal(100)))

    assert codes(per_case) == codes(per_hundred) == []
    assert {shop.status(one.order_id) for one in (per_case, per_hundred)} == {"released"}


def test_beyond_the_tolerance_both_figures_are_held_for_a_person(shop):
    tolerate(shop, "buyers", line_down_percent="2", floor_percent="20")
    placed = submit(shop, line("CUP", "100", unit_price=Decimal("3.00")))

    assert open_holds(shop, placed.order_id) == [("price", "pricing.po_price_differs")]
    (detail,) = shop.one("select detail->'detail' from order_hold where order_id = %s", [placed.order_id])
    assert detail == {
        "stated_price": "3", "basis": "1", "uom": "EA", "our_price": "3.333", "stated_net": "300", "our_net": "333.3",
        "difference": "-33.3", "percent": "-9.99", "actions": ["accept_stated", "bill_ours"],
    }  # fmt: skip
    assert of_line(shop, placed, "l.unit_price") == (Decimal("3.333"),)


@pytest.mark.parametrize(("accept", "unit_price", "total"), [(True, "3", "357"), (False, "3.333", "396.63")])
def test_a_person_decides_whose_price_it_is_and_the_order_goes_on(shop, accept, unit_price, total):
    tolerate(shop, line_down_percent="2")
    placed = submit(shop, line("CUP", "100", unit_price=Decimal("3.00")))

    (decided,) = shop.database.write(
        lambda tx: decide_prices(tx, [PriceDecision(placed.order_id, 1, accept, "agreed")])
    )
    shop.verify()
    shop.turn()

    assert not isinstance(decided, Problem)
    assert shop.status(placed.order_id) == "released"
    assert of_line(shop, placed, "l.unit_price") == (Decimal(unit_price),)
    assert shop.one("select total, credit_taken from sales_order where id = %s", [placed.order_id]) == (
        Decimal(total),
        Decimal(total),
    )
    for shipment in shop.shipments(placed.order_id):
        shop.ship(shipment)
    assert shop.one("select sum(total) from invoice") == (Decimal(total),)
    shop.verify()


def test_nobody_accepts_a_price_below_the_floor(shop):
    tolerate(shop, floor_percent="5")
    placed = submit(shop, line("CUP", "100", unit_price=Decimal("3.00")))

    (refused,) = shop.database.write(lambda tx: decide_prices(tx, [PriceDecision(placed.order_id, 1, True, "agreed")]))

    assert isinstance(refused, Problem)
    assert refused.code == "orders.below_price_floor"
    assert open_holds(shop, placed.order_id) == [("price", "pricing.po_price_differs")]


def test_who_has_no_tolerance_agreed_buys_at_our_prices(shop):
    placed = submit(shop, line("CUP", "100", unit_price=Decimal("1.00")))

    assert codes(placed) == []
    assert of_line(shop, placed, "l.unit_price") == (Decimal("3.333"),)


# when it is there


def calendar(shop: Shop, *uses: str, name: str = "WEEK", days: tuple[str, ...] = ()) -> None:
    (found,) = shop.database.ids.many(1)
    run(
        shop,
        f"insert into calendar (id, code, name, time_zone) values (%(calendar)s, '{name}', '{name}', 'Europe/Berlin')",  # noqa: S608
        EVERY_WEEKDAY,
        *days,
        *uses,
        calendar=found,
    )


SHIPS = "insert into calendar_use (id, use, site_id, calendar_id, cut_off) values (gen_random_uuid(), 'shipping', %(north)s, %(calendar)s, '12:00')"
RECEIVES = "insert into calendar_use (id, use, account_id, calendar_id) values (gen_random_uuid(), 'receiving', %(alma)s, %(calendar)s)"
LANE = "insert into freight_lane (site_id, country, cost, currency, transit_days) values (%(north)s, 'DE', 5, 'EUR', 2)"


def promise(placed: Placed) -> str:
    assert placed.work is not None, placed.problems
    return str(placed.work.lines[0].promised_at)[:16]


def test_a_promise_counts_working_days_from_the_cut_off_on(shop):
    calendar(shop, SHIPS, RECEIVES)
    run(shop, LANE)

    shop.clock.at = datetime(2026, 3, 5, 10, 59, tzinfo=UTC)  # Thursday, 11:59 in Berlin
    before = submit(shop, line("CUP", "1"))
    shop.clock.at = datetime(2026, 3, 5, 11, 30, tzinfo=UTC)
    after = submit(shop, line("CUP", "1"))

    assert promise(before) == "2026-03-09 16:00"  # Monday, 17:00 in Berlin
    assert promise(after) == "2026-03-10 16:00"
    shop.verify()


def test_a_site_with_only_a_cut_off_ships_every_day(shop):
    run(shop, "update site set cut_off = '12:00', time_zone = 'Europe/Berlin' where id = %(north)s", LANE)

    shop.clock.at = datetime(2026, 3, 6, 11, 30, tzinfo=UTC)  # Friday, 12:30 in Berlin

    assert promise(submit(shop, line("CUP", "1"))) == "2026-03-09 11:01"  # Saturday and two days


def test_a_ship_method_has_its_own_cut_off(shop):
    calendar(shop, SHIPS)
    run(
        shop,
        "insert into calendar_use (id, use, site_id, ship_method, cut_off) values (gen_random_uuid(), 'shipping', %(north)s, 'EXPRESS', '16:30')",
        LANE,
    )
    shop.clock.at = datetime(2026, 3, 5, 11, 30, tzinfo=UTC)

    ordinary = submit(shop, line("CUP", "1"))
    express = submit(shop, line("CUP", "1"), groups=(DraftGroup(ship_method="EXPRESS"),))

    assert promise(ordinary)[:10] == "2026-03-10"
    assert promise(express)[:10] == "2026-03-09"


@pytest.mark.parametrize("look", [True, False])
@pytest.mark.parametrize(
    ("wanted", "code", "message", "feasible"),
    [
        ("2026-03-03", "calendars.date_not_feasible", "not everything can be there on 2026-03-03", "2026-03-04, 2026-03-05, 2026-03-06"),
        ("2026-03-01", "calendars.date_past", "2026-03-01 is over", "2026-03-04, 2026-03-05, 2026-03-06"),
        ("2026-03-15", "calendars.date_closed", "nobody receives goods on 2026-03-15 (Sunday)", "2026-03-13, 2026-03-16, 2026-03-17"),
        ("2026-03-19", "calendars.date_closed", "nobody receives goods on 2026-03-19 (Saint Joseph)", "2026-03-17, 2026-03-18, 2026-03-20"),
    ],
)  # fmt: skip
def test_a_date_that_cannot_be_gets_the_nearest_three_that_can(shop, wanted, code, message, feasible, look):
    calendar(
        shop,
        SHIPS,
        RECEIVES,
        days=("insert into calendar_day (calendar_id, day, name) values (%(calendar)s, '2026-03-19', 'Saint Joseph')",),
    )
    run(shop, LANE)
    group = DraftGroup(requested_at=datetime.fromisoformat(f"{wanted}T10:00:00+01:00"))

    placed = submit(shop, line("CUP", "1"), groups=(group,), look=look)

    (finding,) = placed.work.findings
    assert (finding.code, finding.message, finding.suggestion) == (code, message, feasible)
    assert promise(placed)[:10] >= "2026-03-04"


def test_a_date_that_can_be_is_promised_and_released_just_in_time(shop):
    calendar(shop, SHIPS, RECEIVES)
    run(shop, LANE)
    wanted = datetime(2026, 3, 16, 9, tzinfo=UTC)  # a Monday

    placed = submit(shop, line("CUP", "1"), groups=(DraftGroup(requested_at=wanted),))

    assert codes(placed) == []
    assert placed.work.lines[0].promised_at == wanted
    shop.clock.at = datetime(2026, 3, 12, 6, 59, tzinfo=UTC)
    shop.turn()
    assert shop.shipments(placed.order_id) == []
    shop.clock.at = datetime(2026, 3, 12, 7, 1, tzinfo=UTC)  # Thursday, work begins
    shop.turn()
    assert len(shop.shipments(placed.order_id)) == 1


def test_another_date_is_promised_by_the_calendars_too(shop):
    calendar(shop, SHIPS, RECEIVES)
    run(shop, LANE)
    saturday = datetime(2026, 3, 14, 9, tzinfo=UTC)
    placed = submit(shop, line("CUP", "1"), groups=(DraftGroup(requested_at=datetime(2026, 3, 10, 9, tzinfo=UTC)),))

    asked = ChangeRequest(placed.order_id, (MoveDate(saturday),), "later")
    shop.database.write(lambda tx: change(tx, [asked]))

    # nobody receives on a Saturday: as an order that is placed for it
    fresh = submit(shop, line("CUP", "1"), groups=(DraftGroup(requested_at=saturday),))
    assert of_line(shop, placed, "l.promised_at") == of_line(shop, fresh, "l.promised_at")
    assert of_line(shop, placed, "l.promised_at::date::text") == ("2026-03-16",)
    shop.verify()


@pytest.mark.parametrize("look", [True, False])
@pytest.mark.parametrize("line_no", [None, 1])
@pytest.mark.parametrize(
    ("wanted", "code", "feasible"),
    [
        ("2026-03-15", "calendars.date_closed", ["2026-03-13", "2026-03-16", "2026-03-17"]),
        ("2026-03-03", "calendars.date_not_feasible", ["2026-03-04", "2026-03-05", "2026-03-06"]),
        ("2026-03-12", None, None),
    ],
)
def test_a_date_that_a_change_asks_for_gets_the_nearest_three_that_can(shop, wanted, code, feasible, line_no, look):
    calendar(shop, SHIPS, RECEIVES)
    run(shop, LANE)
    first = DraftGroup(requested_at=datetime(2026, 3, 20, 9, tzinfo=UTC))
    placed = submit(shop, line("CUP", "1"), line("TEA", "1", line_no=2), groups=(first,))
    asked = ChangeRequest(
        placed.order_id, (MoveDate(datetime.fromisoformat(f"{wanted}T10:00:00+01:00"), line_no=line_no),), "other"
    )

    (found,) = shop.database.write(lambda tx: (changes.preview if look else change)(tx, [asked]))

    (answer,) = found.answers
    assert answer.verdict == "accepted"
    if code is None:
        assert answer.problem is None
        return
    assert (answer.problem.code, answer.problem.detail["feasible"]) == (code, feasible)
    assert answer.problem.message.endswith(f"it can be {', '.join(feasible)}.")
    if not look:
        (kept,) = shop.one("select answers from order_change")
        assert kept[0]["problem"]["detail_values"]["feasible"] == feasible


def test_what_cannot_arrive_in_its_window_waits_for_the_customer(shop):
    calendar(shop, SHIPS, RECEIVES)
    run(shop, LANE)
    late = DraftGroup(arrive_by=datetime(2026, 3, 3, 17, tzinfo=UTC))
    early = DraftGroup(not_before=datetime(2026, 3, 14, 8, tzinfo=UTC), arrive_by=datetime(2026, 3, 20, tzinfo=UTC))

    held = submit(shop, line("CUP", "1"), groups=(late,))
    fine = submit(shop, line("CUP", "1"), groups=(early,))

    assert open_holds(shop, held.order_id) == [("customer", "calendars.arrives_too_late")]
    assert shop.shipments(held.order_id) == []
    assert open_holds(shop, fine.order_id) == []
    assert promise(fine)[:10] == "2026-03-16"  # a Saturday is no day to receive
    shop.verify()


@pytest.mark.parametrize(
    ("group", "code"),
    [
        (DraftGroup(not_before=datetime(2026, 4, 2, tzinfo=UTC), arrive_by=datetime(2026, 4, 1, tzinfo=UTC)), "orders.window_ends_first"),
        (DraftGroup(requested_at=datetime(2026, 4, 3, tzinfo=UTC), arrive_by=datetime(2026, 4, 1, tzinfo=UTC)), "orders.outside_window"),
        (DraftGroup(requested_at=datetime(9999, 12, 31, tzinfo=UTC)), "orders.bad_date"),
        (DraftGroup(not_before=datetime(1, 1, 1, tzinfo=UTC)), "orders.bad_date"),
        (DraftGroup(arrive_by=datetime(9999, 12, 31, tzinfo=UTC)), "orders.bad_date"),
    ],
)  # fmt: skip
def test_a_window_that_is_none_is_refused(shop, group, code):
    assert [one.code for one in submit(shop, line("CUP", "1"), groups=(group,)).problems] == [code]


# many places


def test_groups_in_two_countries_are_taxed_apart_and_shipped_and_billed_alone(shop):
    run(
        shop,
        "insert into address (id, account_id, code, name, country) values (gen_random_uuid(), %(alma)s, 'WIEN', 'Alma Wien', 'AT')",
        "insert into tax_rate (id, country, tax_class, category, rate, valid_from) values (gen_random_uuid(), 'AT', 'standard', 'S', 20, '2020-01-01')",
        "update account set vat_id = 'ATU12345678', vat_verified = true where id = %(alma)s",
    )
    groups = (DraftGroup(1, "HQ"), DraftGroup(2, "WIEN"))
    charges = (DraftCharge("FREIGHT", Decimal("10"), group_no=2), DraftCharge("FREIGHT", Decimal("5"), group_no=1))

    placed = submit(shop, line("CUP", "10"), line("CUP", "10", line_no=2, group_no=2), groups=groups, charges=charges)

    assert codes(placed) == []
    assert of_line(shop, placed, "l.tax_category, l.tax_rate, l.tax") == ("S", 19, Decimal("6.33"))
    assert of_line(shop, placed, "l.tax_category, l.tax_rate, l.tax", 2) == ("K", 0, 0)
    assert shop.one("select net_total, charge_total, tax_total, total from sales_order") == (
        Decimal("66.66"), 15, Decimal("7.28"), Decimal("88.94"),
    )  # fmt: skip
    first, second = shop.shipments(placed.order_id)
    shop.ship(second)
    assert shop.one("select net_total, charge_total, tax_total from invoice") == (Decimal("33.33"), 10, 0)
    assert shop.status(placed.order_id) == "part_shipped"
    shop.ship(first)
    assert shop.one("select sum(total) from invoice") == (Decimal("88.94"),)
    assert shop.status(placed.order_id) == "shipped"
    shop.verify()


def test_a_cancelled_part_leaves_the_other_place_taxed_as_it_was(shop):
    run(
        shop,
        "insert into address (id, account_id, code, name, country, region) values (gen_random_uuid(), %(alma)s, 'BY', 'Alma Bayern', 'DE', 'BY')",
    )
    cents = [line("GIFT", "1"), line("GIFT", "1", line_no=2, group_no=2), line("TEA", "1", line_no=3)]
    run(
        shop,
        "update price set tier_price = '{0.03}' where product_id = %(gift)s",
        "update product set kind = 'service' where id = %(gift)s",
    )
    later = datetime(2026, 4, 1, tzinfo=UTC)
    placed = submit(shop, *cents, groups=(DraftGroup(1, "HQ", later), DraftGroup(2, "BY", later)))
    assert shop.one("select tax_total from sales_order where id = %s", [placed.order_id]) == (Decimal("0.16"),)

    wish = CancelRequest(placed.order_id, "no need", (LineWish(3),))
    shop.database.write(lambda tx: cancel_orders(tx, [wish]))

    assert shop.one("select tax_total from sales_order where id = %s", [placed.order_id]) == (Decimal("0.02"),)
    shop.verify()


def test_a_service_to_a_business_abroad_is_taxed_there_and_the_goods_beside_it_here(shop):
    run(shop, "update account set vat_id = 'ATU12345678', vat_verified = true where id = %(alma)s")

    placed = submit(shop, line("CUP", "10"), line("ENGRAVE", "1", line_no=2))

    assert of_line(shop, placed, "l.tax_category") == ("S",)
    assert of_line(shop, placed, "l.tax_category", 2) == ("AE",)
    shop.verify()


def test_goods_that_leave_a_site_abroad_are_taxed_by_where_they_leave(shop):
    run(
        shop,
        "update site set country = 'AT' where id = %(south)s",
        "insert into stock (product_id, site_id, on_hand) values (%(gift)s, %(south)s, 5)",
        "insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type) values (gen_random_uuid(), %(gift)s, %(south)s, 'opening', 5, now(), now(), 'import')",
        "update price set tier_price = '{10}' where product_id = %(gift)s",
        "update account set vat_id = 'DE111', vat_verified = true where id = %(alma)s",
    )

    abroad = submit(shop, line("GIFT", "1"))
    here = submit(shop, line("CUP", "1"))

    assert of_line(shop, abroad, "l.tax_category") == ("K",)
    assert of_line(shop, here, "l.tax_category") == ("S",)
    shop.verify()


def test_lane_costs_in_two_currencies_are_compared_as_money(shop):
    run(
        shop,
        LANE,
        "insert into freight_lane (site_id, country, cost, currency, transit_days) values (%(south)s, 'DE', 4, 'CHF', 2)",
        "insert into fx_rate values ('CHF', 'EUR', '2026-01-01', 2, 'bank')",
        "insert into stock (product_id, site_id, on_hand) values (%(cup)s, %(south)s, 100)",
        "insert into stock_move (id, product_id, site_id, kind, qty, at, as_of, reference_type) values (gen_random_uuid(), %(cup)s, %(south)s, 'opening', 100, now(), now(), 'import')",
    )

    assert placed_from(shop) == "N"  # five euro against eight
    run(shop, "update fx_rate set rate = 0.5")
    assert placed_from(shop) == "S"
    run(shop, "delete from fx_rate")
    assert placed_from(shop) == "S"  # compared in francs, and euro have no price in them
    shop.verify()


def placed_from(shop: Shop) -> str:
    order = submit(shop, line("CUP", "1")).order_id
    return str(
        shop.one("select s.code from stock_claim c join site s on s.id = c.site_id where order_id = %s", [order])[0]
    )


_RULES = (
    "assortment",
    "restriction",
    "licence",
    "substitut",
    "price_tolerance",
    "calendar",
    "site_countries",
    "fx_rate",
)


def statements_of_an_order(url: str) -> list[str]:
    """What placing an ordinary order emits once a process has placed one before."""
    database = RecordingDatabase(url, seed=9)
    draft = OrderDraft("ALMA", (line("CUP", "1"), line("TEA", "1", line_no=2)), (DraftGroup(),))
    for _ in range(2):
        database.write(lambda tx: place(tx, [Submission(draft, SYSTEM)]))
    database.close()
    return database.transactions[-1]


def test_ordinary_orders_cost_no_statement_for_rules_that_do_not_touch_them(shop, app_url):
    without = statements_of_an_order(app_url)
    tolerate(shop)
    run(
        shop,
        "insert into restriction (code, name, effect, licence) values ('HAZMAT', 'dangerous goods', 'refuse', 'ADR')",
        "insert into product_restriction values (%(gift)s, 'HAZMAT')",
        "insert into assortment (id, scope_key, effect, product_id, valid_from) values (gen_random_uuid(), 'account:' || %(bela)s, 'exclude', %(tea)s, '2020-01-01')",
        "update site set cut_off = '12:00' where id = %(south)s",
    )

    with_rules = statements_of_an_order(app_url)

    assert len(with_rules) == len(without)
    assert not [one for one in without + with_rules if any(f"from {name}" in one for name in _RULES)]


def test_goods_on_their_way_are_promised_by_the_calendars_and_dated_anew_when_they_slip(shop):
    calendar(shop, SHIPS, RECEIVES)
    run(
        shop,
        LANE,
        "insert into stock (product_id, site_id, on_hand) values (%(gift)s, %(north)s, 0)",
        "insert into inbound_supply (id, reference, product_id, site_id, qty, expected_at) values (gen_random_uuid(), 'PO-1', %(gift)s, %(north)s, 5, '2026-03-06 10:00+00')",
    )

    placed = submit(shop, line("GIFT", "2"))

    assert promise(placed) == "2026-03-10 16:00"  # in on Friday at 11:00, before the cut-off; two working days
    run(shop, "update inbound_supply set expected_at = '2026-03-06 12:00+00'")
    BackorderCrank(shop.database).sweep()
    shop.turn()
    assert str(of_line(shop, placed, "l.promised_at")[0])[:16] == "2026-03-11 16:00"
    shop.verify()


def test_a_change_of_a_rule_is_seen_by_the_next_order(shop):
    assert promise(submit(shop, line("CUP", "1"))) == "2026-03-02 09:00"

    calendar(shop, SHIPS)
    assert promise(submit(shop, line("CUP", "1"))) == "2026-03-02 11:01"
    run(shop, "update calendar_use set cut_off = '09:00'")
    assert promise(submit(shop, line("CUP", "1"))) == "2026-03-03 08:01"
    shop.verify()
