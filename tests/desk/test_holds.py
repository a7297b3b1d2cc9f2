"""Holds opened and released by people, limits and overrides, and what a release asks again (VA2, C2)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shop import Shop
from tradewind.access.model import PERMISSIONS
from tradewind.desk.cancel import CancelRequest, cancel_orders
from tradewind.desk.holds import HoldAnswer, HoldRelease, NewHold, open_holds, release_holds
from tradewind.desk.limits import Headroom, LimitChange, OverrideGrant, ask_waiting, change_limits, grant_overrides
from tradewind.kernel.problem import Problem
from tradewind.kernel.tx import Actor
from tradewind.orders.model import HOLD_BLOCKS
from tradewind.views.inbox import inbox

EVERYTHING = frozenset(PERMISSIONS)


def hold_of(shop: Shop, order: UUID, kind: str) -> UUID:
    found = shop.one(
        "select id from order_hold where order_id = %s and kind = %s and released_at is null", [order, kind]
    )
    return UUID(str(found[0]))


def release(
    shop: Shop, order: UUID, hold: UUID, *, reason: str = "checked", permissions: Any = EVERYTHING
) -> HoldAnswer | Problem:
    wanted = [HoldRelease(order, hold, reason)]
    (answer,) = shop.database.write(lambda tx: release_holds(tx, wanted, permissions=permissions))
    shop.turn()
    return answer


def put(shop: Shop, order: UUID, kind: str, **where: int) -> HoldAnswer | Problem:
    (answer,) = shop.database.write(lambda tx: open_holds(tx, [NewHold(order, kind, "look at it", **where)]))
    return answer


def limit(shop: Shop, amount: str) -> Headroom | Problem:
    change = LimitChange(shop.id["alma"], Decimal(amount), "reviewed")
    (answer,) = shop.database.write(lambda tx: change_limits(tx, [change]))
    shop.turn()
    return answer


def people(shop: Shop) -> list[UUID]:
    ids = shop.database.ids.many(2)
    shop.database.write(
        lambda tx: [
            tx.run(
                "insert into principal (id, kind, login, name, created_at) values (%s, 'staff', %s, 'x', now())",
                [one, f"person{number}"],
            )
            for number, one in enumerate(ids)
        ]
    )
    return ids


def code(answer: Any) -> str:
    assert isinstance(answer, Problem), answer
    return answer.code


_COLUMNS = "id, list_id, product_id, uom, kind, tier_from, tier_price, price_basis, valid_from"


def test_nobody_waves_a_missing_price_through_and_with_one_the_last_release_lets_the_order_go_on(shop):
    taken = shop.database.write(
        lambda tx: tx.rows(f"delete from price where product_id = %s returning {_COLUMNS}", [shop.id["cup"]])  # noqa: S608
    )
    order = shop.order(("CUP", "1"))
    first = hold_of(shop, order, "price")

    release(shop, order, first)
    assert shop.status(order) == "held"
    second = hold_of(shop, order, "price")
    assert second != first

    shop.database.write(
        lambda tx: [tx.run(f"insert into price ({_COLUMNS}) values ({', '.join(['%s'] * 9)})", row) for row in taken]  # noqa: S608
    )
    answer = release(shop, order, second)

    assert isinstance(answer, HoldAnswer)
    assert answer.goes_on
    assert shop.status(order) == "released"
    said = shop.one("select payload from event where type = 'order.hold_released' order by seq desc limit 1")[0]
    assert (said["kind"], said["reason"], said["status"]) == ("price", "checked", "waiting")


def test_a_release_of_a_hold_that_is_not_there_creates_nothing(shop):
    order = shop.order(("CUP", "1"))

    assert code(release(shop, order, UUID(int=1))) == "orders.no_such_hold"
    assert code(release(shop, UUID(int=2), UUID(int=1))) == "orders.unknown_order"

    assert shop.one("select count(*) from order_hold") == (0,)
    assert shop.one("select count(*) from event where type like 'order.hold%%'") == (0,)


def test_a_release_needs_the_permission_of_its_kind_and_a_reason(shop):
    order = shop.order(("CUP", "1"), requested=shop.clock.at + timedelta(days=2))
    put(shop, order, "fraud")
    hold = hold_of(shop, order, "fraud")

    assert code(release(shop, order, hold, permissions=EVERYTHING - {"holds.release.fraud"})) == "access.forbidden"
    assert code(release(shop, order, hold, reason=" ")) == "orders.no_reason"
    assert isinstance(release(shop, order, hold), HoldAnswer)
    assert code(release(shop, order, hold)) == "orders.no_such_hold"


def test_a_released_credit_hold_without_headroom_is_held_again(shop):
    limit(shop, "10")
    order = shop.order(("CUP", "10"))

    release(shop, order, hold_of(shop, order, "credit"))

    assert shop.status(order) == "held"
    assert shop.one("select count(*), count(released_at) from order_hold where kind = 'credit'") == (2, 1)
    assert shop.one("select open_orders from credit_node") == (0,)


def test_a_raised_limit_asks_the_orders_that_wait_for_it_again(shop):
    limit(shop, "10")
    waits, too_large = shop.order(("CUP", "10")), shop.order(("CUP", "80"))

    answer = limit(shop, "50")

    assert isinstance(answer, Headroom)
    assert (answer.limit, answer.asked_again) == (50, 2)
    assert (shop.status(waits), shop.status(too_large)) == ("released", "held")


def test_headroom_that_nobody_asked_with_lets_the_oldest_order_go_that_fits(shop):
    limit(shop, "50")
    first = shop.order(("CUP", "10"), requested=shop.clock.at + timedelta(days=1))
    waits, too_large = shop.order(("CUP", "9")), shop.order(("CUP", "80"))
    events = "select count(*) from event"
    before = shop.one(events)
    assert shop.database.write(ask_waiting) == ()
    assert shop.one(events) == before

    shop.database.write(lambda tx: cancel_orders(tx, [CancelRequest(first, reason="no need")]))
    freed = shop.database.write(ask_waiting)
    shop.turn()

    assert freed == shop.one("select number from sales_order where id = %s", [waits])
    assert (shop.status(waits), shop.status(too_large)) == ("released", "held")
    assert shop.database.write(ask_waiting) == ()


def test_a_limit_below_what_is_taken_stops_what_comes_next_only(shop):
    first = shop.order(("CUP", "10"), requested=shop.clock.at + timedelta(days=1))

    limit(shop, "1")
    second = shop.order(("CUP", "1"))

    assert (shop.status(first), shop.status(second)) == ("confirmed", "held")


def test_an_override_needs_two_people_and_an_approver_who_may(shop):
    limit(shop, "10")
    order = shop.order(("CUP", "10"))
    asker, approver = people(shop)
    until = shop.clock.at + timedelta(days=7)

    def grant(amount: str, *, by: UUID, asked_by: UUID = asker, to: Any = until) -> Any:
        wanted = OverrideGrant(shop.id["alma"], Decimal(amount), "season", to, asked_by)
        (answer,) = shop.database.write(
            lambda tx: grant_overrides(tx, [wanted], roles={"credit_desk"}), actor=Actor(by, "x", "api")
        )
        shop.turn()
        return answer

    assert code(grant("100", by=asker)) == "credit.same_person"
    assert code(grant("50001", by=approver)) == "credit.above_approver"
    assert code(grant("100", by=approver, to=shop.clock.at)) == "credit.bad_override"
    assert shop.status(order) == "held"

    assert grant("100", by=approver).asked_again == 1
    assert shop.status(order) == "released"


def test_a_hold_opened_on_a_confirmed_order_stops_its_release_until_it_is_lifted(shop):
    order = shop.order(("CUP", "1"), requested=shop.clock.at + timedelta(days=2))
    put(shop, order, "customer")
    assert shop.status(order) == "confirmed"  # it stops the release, not the confirmation

    shop.wait(days=3)
    shop.turn()
    assert shop.shipments(order) == []

    answer = release(shop, order, hold_of(shop, order, "customer"))
    assert isinstance(answer, HoldAnswer)
    assert len(shop.shipments(order)) == 1


def test_a_hold_on_one_line_lets_the_others_go(shop):
    order = shop.order(("CUP", "1"), ("TEA", "1"), requested=shop.clock.at + timedelta(days=2))
    put(shop, order, "address", line_no=2)

    shop.wait(days=3)
    shop.turn()
    assert shop.one("select count(*) from shipment_line") == (1,)

    release(shop, order, hold_of(shop, order, "address"))
    assert shop.one("select count(*) from shipment_line") == (2,)


def test_a_dispute_stops_nothing(shop):
    order = shop.order(("CUP", "1"), requested=shop.clock.at + timedelta(days=2))
    put(shop, order, "dispute")

    shop.wait(days=3)
    shop.turn()

    assert HOLD_BLOCKS["dispute"] == ()
    assert shop.status(order) == "released"


@pytest.mark.parametrize(
    ("hold", "expected"),
    [
        ({"kind": "credit"}, "orders.not_by_hand"),
        ({"kind": "approval"}, "orders.not_by_hand"),
        ({"kind": "fraud", "line_no": 9}, "orders.unknown_line"),
        ({"kind": "fraud", "group_no": 9}, "orders.unknown_group"),
        ({"kind": "fraud", "reason": ""}, "orders.no_reason"),
    ],
)
def test_a_hold_that_cannot_be_is_refused(shop, hold, expected):
    order = shop.order(("CUP", "1"))
    wanted = NewHold(order, **{"reason": "look", **hold})

    (answer,) = shop.database.write(lambda tx: open_holds(tx, [wanted]))

    assert code(answer) == expected
    assert shop.one("select count(*) from order_hold") == (0,)


def test_a_hold_opened_twice_for_the_same_reason_is_one(shop):
    order = shop.order(("CUP", "1"), requested=shop.clock.at + timedelta(days=2))

    first, second = put(shop, order, "fraud"), put(shop, order, "fraud")

    assert isinstance(first, HoldAnswer)
    assert isinstance(second, HoldAnswer)
    assert first.hold_id == second.hold_id
    assert shop.one("select count(*) from event where type = 'order.hold_opened'") == (1,)


def test_the_inbox_shows_what_waits_for_people_oldest_first(shop):
    limit(shop, "1")
    held = shop.order(("CUP", "10"))
    shop.wait(hours=1)
    shop.database.write(lambda tx: tx.run("update account set approval_above = 1 where code = 'BELA'"))
    asked = shop.order(("CUP", "1"), account="BELA")

    rows = shop.database.read(lambda reader: inbox(reader, roles=["approver"], accounts=None))
    assert [(one.what, one.kind, one.account, one.subject_id) for one in rows] == [
        ("hold", "credit", "ALMA", held),
        ("hold", "approval", "BELA", asked),
        ("task", "approver", "BELA", asked),
    ]

    only_bela = shop.database.read(lambda reader: inbox(reader, roles=["approver"], accounts=[shop.id["bela"]]))
    assert {one.account for one in only_bela} == {"BELA"}
    rest = shop.database.read(
        lambda reader: inbox(reader, roles=[], accounts=None, after=(rows[0].opened_at, rows[0].id))
    )
    assert [one.what for one in rest] == ["hold"]
