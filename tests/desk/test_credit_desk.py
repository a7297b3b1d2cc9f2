"""The credit desk: holds that say why, parts let through, limits for a time, four eyes, conduct, prepayment, terms."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shop import Shop, open_shop
from tradewind.access.model import PERMISSIONS
from tradewind.billing.commands.terms import put_terms
from tradewind.billing.model import DueRule, Terms, TermsPart
from tradewind.credit.model import Policy
from tradewind.desk.bounces import Bounce, bounce_payments
from tradewind.desk.cancel import CancelRequest, LineWish, cancel_orders
from tradewind.desk.cash import Received, record_payments
from tradewind.desk.credit_policy import ErpWord, PromiseWish, change_policy, hear_erp, note_promise
from tradewind.desk.credit_release import PartWish, Through, release_parts
from tradewind.desk.credit_requests import Decision, LimitWish, ReleaseWish, TemporaryWish, decide, propose
from tradewind.desk.holds import HoldRelease, release_holds
from tradewind.desk.limits import LimitChange, change_limits
from tradewind.desk.refunds import Refund, refund_payments
from tradewind.kernel.problem import Problem, Refused
from tradewind.kernel.tx import Actor
from tradewind.views.credit import account_credit, credit_queue

D = Decimal
NODE = "select open_orders, receivables, unapplied from credit_node"
HOLDS = "select code, line_no, released_at is null from order_hold where order_id = %s order by opened_at, line_no"


@pytest.fixture
def shop(owner_url: str) -> Iterator[Shop]:
    opened = open_shop(owner_url, stock={("cup", "north"): "1000", ("tea", "north"): "1000"})
    yield opened
    opened.database.close()


@pytest.fixture
def desk(shop: Shop) -> list[Actor]:
    """Anna and Boris of the credit desk."""
    ids = shop.database.ids.many(2)
    for login, one in zip(("anna", "boris"), ids, strict=True):
        shop.database.write(
            lambda tx, login=login, one=one: tx.run(
                "insert into principal (id, kind, login, name, created_at) values (%s, 'staff', %s, %s, now())",
                [one, login, login],
            )
        )
    return [Actor(one, login, "api") for login, one in zip(("anna", "boris"), ids, strict=True)]


ROLES = frozenset({"credit_desk"})


def limit(shop: Shop, amount: str) -> Any:
    change = LimitChange(shop.id["alma"], D(amount), "reviewed")
    (found,) = shop.database.write(lambda tx: change_limits(tx, [change]))
    shop.turn()
    return found


def part(shop: Shop, order: UUID, *lines: tuple[int, str | None], groups: tuple[int, ...] = ()) -> Through | Problem:
    wanted = tuple((line, None if qty is None else D(qty)) for line, qty in lines)
    (found,) = shop.database.write(lambda tx: release_parts(tx, [PartWish(order, "it fits", wanted, groups)]))
    shop.turn()
    return found


def wish(shop: Shop, what: Any, by: Actor) -> Any:
    found = shop.database.write(lambda tx: propose(tx, what, roles=ROLES), actor=by)
    shop.turn()
    return found


def second(shop: Shop, request: UUID, by: Actor, *, confirm: bool = True) -> Any:
    found = shop.database.write(lambda tx: decide(tx, request, confirm=confirm, reason="seen", roles=ROLES), actor=by)
    shop.turn()
    return found


def policy(shop: Shop, **minds: Any) -> tuple[str, ...]:
    found = shop.database.write(lambda tx: change_policy(tx, shop.id["alma"], Policy(**minds), reason="reviewed"))
    assert isinstance(found, tuple), found
    shop.turn()
    return found


def pay(shop: Shop, amount: str, **more: Any) -> Any:
    (found,) = shop.database.write(lambda tx: record_payments(tx, [Received("ALMA", D(amount), "EUR", **more)]))
    assert not found.problems, found.problems
    shop.turn()
    return found


def terms(shop: Shop, code: str, **said: Any) -> None:
    def store(tx: Any) -> None:
        put_terms(tx, Terms(code, code, said.pop("rule", DueRule()), **said))
        tx.run("update account set terms_code = %s where code = 'ALMA'", [code])

    shop.database.write(store)


def shipped(shop: Shop, *lines: tuple[str, str], **more: Any) -> UUID:
    order = shop.order(*lines, **more)
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    return order


def code(found: Any) -> str:
    assert isinstance(found, Problem), found
    return found.code


# ---- holds that say why ------------------------------------------------------------------------------------------


def test_a_hold_says_limit_invoices_open_orders_and_headroom_as_they_were(shop: Shop) -> None:
    shipped(shop, ("CUP", "10"))  # 39.66
    shop.order(("CUP", "10"))
    limit(shop, "100")

    order = shop.order(("TEA", "10"))  # 21.29

    (detail,) = shop.one("select detail -> 'detail' from order_hold where order_id = %s", [order])
    assert detail["waterfall"] == [
        {
            "account": "ALMA",
            "currency": "EUR",
            "limit": "100",
            "overrides": "0",
            "open_invoices": "39.66",
            "overdue": "0",
            "unapplied": "0",
            "open_orders": "39.66",
            "this_order": "21.29",
            "headroom": "20.68",
            "short_by": "0.61",
        }
    ]
    assert detail["releases"] == [
        {"by": "payment", "account": "ALMA", "amount": "0.61", "currency": "EUR"},
        {"by": "temporary limit", "account": "ALMA", "amount": "0.61", "currency": "EUR"},
        {"by": "partial release", "amount": "20.68", "currency": "EUR"},
    ]


def test_the_waterfall_of_a_tree_goes_from_the_root_down(shop: Shop) -> None:
    tree = """
    insert into account (id, code, name, legal_entity_id, currency, parent_id)
      values (%(new)s, 'ALMA-1', 'Branch', %(entity)s, 'EUR', %(alma)s);
    insert into account_closure values (%(new)s, %(new)s, 0), (%(alma)s, %(new)s, 1);
    insert into credit_node (account_id, currency, credit_limit) values (%(new)s, 'EUR', 50);
    insert into address (id, account_id, code, kind, name, street, country, is_default)
      values (gen_random_uuid(), %(new)s, 'HQ', 'ship_to', 'x', 'y', 'DE', true)
    """
    new = shop.database.ids.new()
    for statement in tree.split(";\n"):
        shop.database.write(lambda tx, text=statement: tx.run(text, {**shop.id, "new": new}))

    order = shop.order(("CUP", "20"), account="ALMA-1")

    (detail,) = shop.one("select detail -> 'detail' from order_hold where order_id = %s", [order])
    assert [(one["account"], one["short_by"]) for one in detail["waterfall"]] == [("ALMA", "0"), ("ALMA-1", "29.33")]
    found = shop.database.read(lambda reader: account_credit(reader, new))
    assert (found["headroom"], [one["account"] for one in found["nodes"]]) == ("50", ["ALMA", "ALMA-1"])


def test_the_queue_is_oldest_first_and_says_what_to_do_next(shop: Shop) -> None:
    limit(shop, "30")
    first = shop.order(("CUP", "10"))
    shop.wait(minutes=1)
    second_ = shop.order(("CUP", "5"), ("TEA", "10"))
    shop.wait(minutes=1)
    shop.order(("TEA", "10"))  # 21.29 fits

    queue = shop.database.read(lambda reader: credit_queue(reader, after=None, limit=10))

    assert [one["id"] for one in queue] == [first, second_]
    assert [(one["amount"], one["headroom"], one["suggested"]) for one in queue] == [
        ("39.66", "8.71", "release in part"),
        ("41.13", "8.71", "release in part"),
    ]
    rest = shop.database.read(lambda reader: credit_queue(reader, after=first, limit=10))
    assert [one["id"] for one in rest] == [second_]


# ---- parts -------------------------------------------------------------------------------------------------------


def test_exactly_what_fits_goes_and_the_rest_follows_when_there_is_room(shop: Shop) -> None:
    limit(shop, "30")
    order = shop.order(("CUP", "10"), ("TEA", "10"))

    found = part(shop, order)

    assert isinstance(found, Through)
    assert (found.released, found.held, found.amount) == ({1: 7, 2: 1}, {1: 3, 2: 9}, D("29.89"))
    assert shop.all("select qty_released, qty_allocated from order_line order by line_no") == [(7, 3), (1, 9)]
    assert shop.one(NODE) == (D("29.89"), 0, 0)
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    assert shop.one(NODE) == (0, D("29.89"), 0)
    shop.verify()

    paid = pay(shop, "29.89")

    assert paid.freed == ()  # 31.06 do not fit under 30
    assert shop.status(order) == "part_shipped"
    limit(shop, "40")
    assert shop.all("select qty_released + qty_shipped from order_line order by line_no") == [(10,), (10,)]
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    assert shop.one("select sum(total) from invoice") == (D("60.95"),)
    shop.verify()


def test_the_desk_says_which_lines_first_and_how_much_of_them(shop: Shop) -> None:
    limit(shop, "30")
    order = shop.order(("CUP", "10"), ("TEA", "10"))

    found = part(shop, order, (2, "4"), (1, None))

    assert isinstance(found, Through)
    assert (found.released, found.amount) == ({2: 4, 1: 5}, D("28.36"))
    again = part(shop, order)
    assert code(again) == "credit.nothing_fits"
    shop.verify()


@pytest.mark.parametrize(
    ("ship_policy", "through"), [("partial", {1: 7, 2: 1}), ("line_complete", {2: 10}), ("ship_complete", None)]
)
def test_a_part_is_no_smaller_than_the_buyer_takes(shop: Shop, ship_policy: str, through: Any) -> None:
    limit(shop, "30")
    order = shop.order(("CUP", "10"), ("TEA", "10"), ship_policy=ship_policy)

    found = part(shop, order)

    if through is None:
        assert code(found) == "credit.nothing_fits"
    else:
        assert isinstance(found, Through)
        assert found.released == through
    shop.verify()


def test_cases_are_not_opened_for_a_part(shop: Shop) -> None:
    limit(shop, "100")
    placed = shop.database.write(lambda tx: tx.run("update product set order_uom = 'CS' where sku = 'CUP'"))
    assert placed
    order = shop.order(("CUP", "5"))  # five cases of twelve: 237.97

    found = part(shop, order)

    assert isinstance(found, Through)
    assert found.released == {1: 24}
    shop.verify()


def test_charges_go_with_the_first_part(shop: Shop) -> None:
    limit(shop, "30")
    order = shop.order(("CUP", "10"), charges=(("FREIGHT", "10.00"),))

    found = part(shop, order)

    assert isinstance(found, Through)
    assert (found.released, found.amount) == ({1: 4}, D("27.76"))  # (13.33 + 10) x 1.19
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    assert shop.one(NODE) == (0, D("27.76"), 0)
    shop.verify()


def test_cutting_what_is_held_takes_nothing_and_cutting_what_goes_gives_back(shop: Shop) -> None:
    limit(shop, "30")
    order = shop.order(("CUP", "10"))
    part(shop, order)
    assert shop.one(NODE) == (D("27.76"), 0, 0)

    shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(order, "less", (LineWish(1, D(3)),))]))
    shop.turn()

    assert shop.one(NODE) == (D("27.76"), 0, 0)
    assert shop.one("select count(*) from order_hold where released_at is null") == (0,)
    shop.verify()


def test_units_held_back_are_not_released_by_hand(shop: Shop) -> None:
    limit(shop, "30")
    order = shop.order(("CUP", "10"))
    part(shop, order)
    (hold,) = shop.one("select id from order_hold where released_at is null")

    (found,) = shop.database.write(
        lambda tx: release_holds(tx, [HoldRelease(order, hold, "please")], permissions=frozenset(PERMISSIONS))
    )

    assert code(found) == "credit.desk_decides"


# ---- limits for a time, four eyes --------------------------------------------------------------------------------


def test_a_temporary_limit_wakes_oldest_first_until_it_is_used_and_ends_by_itself(
    shop: Shop, desk: list[Actor]
) -> None:
    limit(shop, "10")
    orders = []
    for _ in range(3):
        orders.append(shop.order(("CUP", "10")))
        shop.wait(minutes=1)

    found = wish(shop, TemporaryWish(shop.id["alma"], D(80), shop.clock.at + timedelta(days=3), "season"), desk[0])

    assert isinstance(found, Decision)
    assert (found.status, len(found.freed)) == ("confirmed", 2)
    assert [shop.status(order) for order in orders] == ["released", "released", "held"]
    shop.wait(days=4)
    assert [shop.status(order) for order in orders] == ["released", "released", "held"]
    late = shop.order(("TEA", "1"))
    assert shop.status(late) == "held"
    shop.verify()


def test_a_temporary_limit_begins_when_it_says(shop: Shop, desk: list[Actor]) -> None:
    limit(shop, "10")
    begin = shop.clock.at + timedelta(days=2)
    wish(shop, TemporaryWish(shop.id["alma"], D(80), begin + timedelta(days=3), "fair", begin), desk[0])

    assert shop.status(shop.order(("CUP", "10"))) == "held"
    shop.wait(days=3)
    assert shop.status(shop.order(("CUP", "10"))) == "released"


def test_above_the_amount_a_second_person_confirms(shop: Shop, desk: list[Actor]) -> None:
    limit(shop, "10")
    order = shop.order(("CUP", "10"))
    big = TemporaryWish(shop.id["alma"], D(20_000), shop.clock.at + timedelta(days=3), "season")

    found = wish(shop, big, desk[0])

    assert (found.status, found.freed, shop.status(order)) == ("open", (), "held")
    assert code(second(shop, found.request_id, desk[0])) == "credit.same_person"
    done = second(shop, found.request_id, desk[1])
    assert (done.status, len(done.freed), shop.status(order)) == ("confirmed", 1, "released")
    assert code(second(shop, found.request_id, desk[1])) == "credit.request_decided"
    assert shop.all("select requested_by <> approved_by, amount from credit_override") == [(True, D(20_000))]
    events = [row[0] for row in shop.all("select type from event where type like 'credit.%' order by at, seq")]
    assert events[-3:] == ["credit.proposed", "credit.confirmed", "credit.override_granted"]
    shop.verify()


def test_a_declined_request_changes_nothing(shop: Shop, desk: list[Actor]) -> None:
    found = wish(shop, LimitWish(shop.id["alma"], D(900_000), "grown"), desk[0])
    assert found.status == "open"

    done = second(shop, found.request_id, desk[1], confirm=False)

    assert done.status == "declined"
    assert shop.one("select credit_limit from credit_node") == (100_000,)


def test_a_raise_above_what_the_second_person_may_give_is_refused_and_stays_open(shop: Shop, desk: list[Actor]) -> None:
    found = wish(shop, LimitWish(shop.id["alma"], D(900_000), "grown"), desk[0])

    assert code(second(shop, found.request_id, desk[1])) == "credit.above_approver"
    assert shop.one("select status from credit_request") == ("open",)


@pytest.mark.parametrize(("cups", "status"), [("10", "confirmed"), ("2000", "open")])
def test_an_order_above_its_limit_goes_by_decision(shop: Shop, desk: list[Actor], cups: str, status: str) -> None:
    limit(shop, "10")
    order = shop.order(("CUP", cups))

    found = wish(shop, ReleaseWish(order, "their season"), desk[0])

    assert found.status == status
    if status == "open":
        assert shop.status(order) == "held"
        assert code(second(shop, found.request_id, desk[0])) == "credit.same_person"
        assert second(shop, found.request_id, desk[1]).status == "confirmed"
    assert shop.status(order) in ("released", "backordered")
    assert shop.one("select count(*), count(order_id) from credit_override") == (1, 1)
    # it makes no room for others
    assert shop.status(shop.order(("TEA", "1"))) == "held"
    shop.verify()


def test_more_than_was_proposed_needs_a_new_request(shop: Shop, desk: list[Actor]) -> None:
    limit(shop, "9000")
    order = shop.order(("CUP", "4000"))  # 15865.08
    found = wish(shop, ReleaseWish(order, "their season"), desk[0])
    assert found.status == "open"
    shop.order(("CUP", "100"))

    with pytest.raises(Refused) as refused:
        second(shop, found.request_id, desk[1])

    assert [one.code for one in refused.value.problems] == ["credit.figures_changed"]
    assert shop.one("select status from credit_request") == ("open",)
    assert shop.status(order) == "held"


# ---- conduct -----------------------------------------------------------------------------------------------------


def test_late_invoices_stop_new_orders_until_the_money_is_applied(shop: Shop) -> None:
    policy(shop, overdue_days=5)
    shipped(shop, ("CUP", "10"))
    shop.wait(days=34)
    assert shop.status(shop.order(("CUP", "1"))) == "released"  # four days late is borne
    shop.wait(days=2)

    order = shop.order(("CUP", "2"))

    assert shop.all(HOLDS, [order]) == [("credit.blocked", None, True)]
    assert shop.one("select reason from order_hold where order_id = %s", [order]) == ("invoices are overdue by 6 days",)
    assert pay(shop, "20").freed == ()
    assert shop.status(order) == "held"
    paid = pay(shop, "19.66")
    assert len(paid.freed) == 1
    assert shop.status(order) == "released"
    assert shop.one("select release_reason from order_hold") == ("Payments are in order again.",)
    shop.verify()


def test_what_is_borne_is_borne(shop: Shop) -> None:
    policy(shop, overdue_days=0, overdue_tolerated=D("39.66"))
    shipped(shop, ("CUP", "10"))
    shop.wait(days=31)

    assert shop.status(shop.order(("CUP", "1"))) == "released"
    policy(shop, overdue_days=0, overdue_tolerated=D("39.65"))
    assert shop.status(shop.order(("CUP", "1"))) == "held"
    assert len(policy(shop)) == 1


def test_a_returned_payment_blocks_again_also_what_is_not_handed_over(shop: Shop) -> None:
    policy(shop, blocks_returned=True, blocks_release=True)
    shipped(shop, ("CUP", "10"))
    paid = pay(shop, "39.66")
    later = shop.order(("CUP", "5"), requested=shop.clock.at + timedelta(days=20))
    assert shop.status(later) == "confirmed"

    shop.database.write(lambda tx: bounce_payments(tx, [Bounce(paid.payment.number, "no funds")]))
    shop.turn()

    assert shop.all(HOLDS, [later]) == [("credit.blocked", None, True)]
    new = shop.order(("CUP", "1"))
    assert shop.status(new) == "held"
    assert len(pay(shop, "39.66").freed) == 2
    assert (shop.status(later), shop.status(new)) == ("confirmed", "released")
    shop.verify()


def test_a_promise_that_was_not_kept_stops_orders_until_the_money_is_there(shop: Shop) -> None:
    policy(shop, blocks_promises=True)
    shipped(shop, ("CUP", "10"))
    promise = PromiseWish(shop.id["alma"], D("39.66"), shop.clock.at + timedelta(days=3))
    shop.database.write(lambda tx: note_promise(tx, promise, currency="EUR"))

    assert shop.status(shop.order(("CUP", "1"))) == "released"
    shop.wait(days=4)
    order = shop.order(("CUP", "1"))
    assert shop.one("select reason from order_hold where order_id = %s", [order]) == (
        "a promised payment did not come",
    )
    pay(shop, "39.66")
    assert shop.status(order) == "released"
    shop.verify()


def test_an_order_that_conduct_stops_goes_only_by_decision(shop: Shop, desk: list[Actor]) -> None:
    policy(shop, overdue_days=0)
    shipped(shop, ("CUP", "10"))
    shop.wait(days=31)
    order = shop.order(("CUP", "1"))
    (hold,) = shop.one("select id from order_hold")

    (by_hand,) = shop.database.write(
        lambda tx: release_holds(tx, [HoldRelease(order, hold, "please")], permissions=frozenset(PERMISSIONS))
    )

    assert code(by_hand) == "credit.desk_decides"
    assert code(part(shop, order)) == "credit.other_reason"
    assert wish(shop, ReleaseWish(order, "they wired it"), desk[0]).status == "confirmed"
    assert shop.status(order) == "released"
    shop.verify()


# ---- check points ------------------------------------------------------------------------------------------------


def test_a_limit_asked_at_release_lets_orders_come_and_stops_goods(shop: Shop) -> None:
    limit(shop, "50")
    policy(shop, checks_submit=False, checks_release=True)

    first, second_ = shop.order(("CUP", "10")), shop.order(("CUP", "10"))

    assert (shop.status(first), shop.status(second_)) == ("released", "held")
    assert shop.one("select confirmed_at is not null from sales_order where id = %s", [second_]) == (True,)
    assert shop.one("select code, scope, group_no from order_hold") == ("credit.over_limit", "group", 1)
    assert shop.one(NODE) == (D("39.66"), 0, 0)
    for shipment in shop.shipments(first):
        shop.ship(shipment)
    pay(shop, "39.66")
    assert shop.status(second_) == "released"
    shop.verify()


def test_what_was_confirmed_is_asked_again_at_release_where_the_policy_wants_it(shop: Shop, desk: list[Actor]) -> None:
    policy(shop, checks_release=True)
    limit(shop, "10")
    wish(shop, TemporaryWish(shop.id["alma"], D(80), shop.clock.at + timedelta(days=3), "season"), desk[0])
    order = shop.order(("CUP", "10"), requested=shop.clock.at + timedelta(days=20))
    assert shop.status(order) == "confirmed"

    shop.wait(days=21)
    shop.turn()

    assert shop.status(order) == "held"
    assert wish(shop, ReleaseWish(order, "they pay on time"), desk[0]).status == "confirmed"
    assert shop.status(order) == "released"
    shop.verify()


def test_a_year_of_call_offs_counts_only_within_the_horizon(shop: Shop) -> None:
    limit(shop, "50")
    policy(shop, horizon_days=30)

    far = shop.order(("CUP", "100"), requested=shop.clock.at + timedelta(days=200))

    assert (shop.status(far), shop.one(NODE)) == ("confirmed", (0, 0, 0))
    assert shop.status(shop.order(("CUP", "10"))) == "released"
    shop.wait(days=201)
    shop.turn()
    assert shop.status(far) == "held"  # 396.63 do not fit
    limit(shop, "1000")
    assert shop.status(far) == "released"
    assert shop.one(NODE) == (D("436.29"), 0, 0)
    shop.verify()


def test_receivables_of_the_erp_take_the_place_of_ours(shop: Shop) -> None:
    shipped(shop, ("CUP", "10"))
    limit(shop, "100")
    word = ErpWord(shop.id["alma"], D(80), as_of=shop.clock.at)
    shop.database.write(lambda tx: hear_erp(tx, word))

    assert shop.status(shop.order(("CUP", "6"))) == "held"  # 23.80 over 20
    shop.database.write(lambda tx: hear_erp(tx, ErpWord(shop.id["alma"], D(70), as_of=shop.clock.at)))
    shop.turn()
    shipped(shop, ("TEA", "1"))
    found = shop.database.read(lambda reader: account_credit(reader, shop.id["alma"]))
    assert found["nodes"][0]["exposure"] == "95.93"  # 70 + 23.80 on order + 2.13 posted since
    shop.verify()


# ---- terms -------------------------------------------------------------------------------------------------------


def test_paying_early_takes_the_discount_off_also_in_parts_and_only_in_time(shop: Shop) -> None:
    terms(shop, "2/10", rule=DueRule(30), discount_percent=D(2), discount_days=10)
    order = shipped(shop, ("CUP", "100"))  # 333.30 + 63.33 = 396.63, two percent are 7.93

    first = pay(shop, "100.00")
    assert list(first.discounts.values()) == [D("2.04")]
    rest = pay(shop, "300.00")

    assert list(rest.discounts.values()) == [D("5.89")]
    assert shop.status(order) == "closed"
    assert shop.one("select paid, credited from invoice") == (D("388.70"), D("7.93"))
    assert shop.one(NODE) == (0, 0, D("11.30"))
    assert shop.one("select sum(amount) from posting where ledger_account in ('discounts', 'tax')") == (
        D("7.93") - D("63.33"),
    )
    shop.verify()

    late = shipped(shop, ("CUP", "100"))
    shop.wait(days=12)
    slow = pay(shop, "388.70")
    assert (slow.discounts, shop.status(late)) == ({}, "shipped")
    shop.verify()


def test_a_returned_payment_takes_its_discount_back(shop: Shop) -> None:
    terms(shop, "2/10", rule=DueRule(30), discount_percent=D(2), discount_days=10)
    shipped(shop, ("CUP", "100"))
    paid = pay(shop, "388.70")

    shop.database.write(lambda tx: bounce_payments(tx, [Bounce(paid.payment.number, "no funds")]))
    shop.turn()

    assert shop.one("select paid, credited, closed_at from invoice") == (0, 0, None)
    assert shop.one(NODE) == (0, D("396.63"), 0)
    shop.verify()


def test_instalments_fall_due_one_by_one_and_late_ones_stop_orders(shop: Shop) -> None:
    thirds = tuple(
        TermsPart(D(share), DueRule(days)) for share, days in (("33.333", 30), ("33.333", 60), ("33.334", 90))
    )
    terms(shop, "3P", parts=thirds)
    policy(shop, overdue_days=0)
    shipped(shop, ("CUP", "10"))

    parts = shop.all("select amount, due_at::date - date '2026-03-02' from invoice_instalment order by part_no")
    assert parts == [(D("13.22"), 30), (D("13.22"), 60), (D("13.22"), 90)]
    shop.wait(days=31)
    order = shop.order(("CUP", "1"))
    assert shop.status(order) == "held"
    pay(shop, "13.22")
    assert shop.status(order) == "released"
    shop.wait(days=31)
    found = shop.database.read(lambda reader: account_credit(reader, shop.id["alma"]))
    assert found["nodes"][0]["overdue"] == "13.22"
    assert [(one["part"], one["open"]) for one in found["open_items"]] == [(2, "13.22"), (3, "13.22")]
    shop.verify()


def test_an_invoice_is_due_at_the_end_of_the_next_month(shop: Shop) -> None:
    terms(shop, "EOM1", rule=DueRule(0, "first", 1))
    shipped(shop, ("CUP", "1"))

    (due,) = shop.one("select due_at from invoice")
    assert due.date() == date(2026, 4, 30)


# ---- prepayment --------------------------------------------------------------------------------------------------


def test_an_order_on_prepayment_waits_for_its_money_and_the_excess_goes_back(shop: Shop) -> None:
    terms(shop, "PRE", prepay_percent=D(100))
    limit(shop, "0")
    order = shop.order(("CUP", "10"))
    assert shop.all(HOLDS, [order]) == [("credit.prepay_due", None, True)]

    assert pay(shop, "30").freed == ()
    second_ = pay(shop, "20")

    assert len(second_.freed) == 1
    assert shop.status(order) == "released"
    other = shop.order(("CUP", "3"))
    assert shop.status(other) == "held"  # 11.90 of the 10.34 that are left
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    assert shop.status(order) == "closed"
    (early, late) = shop.database.write(
        lambda tx: refund_payments(
            tx, [Refund("PAY-00000001", "not needed"), Refund(second_.payment.number, "not needed")]
        )
    )
    assert code(early) == "billing.not_free"
    assert not isinstance(late, Problem)
    assert late[1] == D("10.34")
    assert shop.one(NODE) == (0, 0, 0)
    shop.verify()


def test_money_that_came_before_the_order_counts(shop: Shop) -> None:
    terms(shop, "PRE", prepay_percent=D(100))
    limit(shop, "0")
    pay(shop, "50")

    first, second_ = shop.order(("CUP", "10")), shop.order(("CUP", "10"))

    assert (shop.status(first), shop.status(second_)) == ("released", "held")
    (kept,) = shop.database.write(lambda tx: refund_payments(tx, [Refund("PAY-00000001", "all of it", D(50))]))
    assert code(kept) == "billing.not_free"
    shop.verify()


def test_a_deposit_lets_an_order_go_whose_rest_is_on_credit(shop: Shop) -> None:
    terms(shop, "DEP", rule=DueRule(30), prepay_percent=D(30))
    limit(shop, "30")
    order = shop.order(("CUP", "10"))

    pay(shop, "11.90")

    assert shop.status(order) == "released"
    for shipment in shop.shipments(order):
        shop.ship(shipment)
    assert shop.one("select paid from invoice") == (D("11.90"),)
    assert shop.one(NODE) == (0, D("27.76"), 0)
    shop.verify()


def test_prepaid_money_that_bounces_stops_what_is_not_handed_over(shop: Shop) -> None:
    terms(shop, "PRE", prepay_percent=D(100))
    paid = pay(shop, "39.66")
    order = shop.order(("CUP", "10"), requested=shop.clock.at + timedelta(days=20))
    assert shop.status(order) == "confirmed"

    shop.database.write(lambda tx: bounce_payments(tx, [Bounce(paid.payment.number, "no funds")]))
    shop.turn()

    assert shop.all(HOLDS, [order]) == [("credit.prepay_due", None, True)]
    pay(shop, "39.66")
    assert shop.status(order) == "confirmed"
    shop.verify()


def test_cancelling_a_prepaid_order_frees_its_money(shop: Shop) -> None:
    terms(shop, "PRE", prepay_percent=D(100))
    limit(shop, "0")
    paid = pay(shop, "39.66")
    order = shop.order(("CUP", "10"), requested=shop.clock.at + timedelta(days=20))

    shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(order, "no need")]))
    (back,) = shop.database.write(lambda tx: refund_payments(tx, [Refund(paid.payment.number, "cancelled")]))

    assert not isinstance(back, Problem)
    assert back[1] == D("39.66")
    shop.verify()
