"""What will miss its promise at the pace of the past is seen, and escalated, before it does; what stands still is mended."""

from datetime import timedelta

import pytest

from shop import Shop
from tradewind.access.model import ROLES
from tradewind.desk.escalations import look_ahead
from tradewind.orchestration.commands.escalations import Policy, set_policy
from tradewind.orchestration.commands.stuck import mend_stuck
from tradewind.orchestration.queries.monitor import paces
from tradewind.orchestration.queries.stuck import stuck_instances
from tradewind.streams.promises import at_risk
from tradewind.views.inbox import inbox


@pytest.fixture
def practised(shop: Shop) -> Shop:
    """A shop whose warehouse took two days for each of ten shipments."""
    orders = [shop.order(("CUP", "1")) for _ in range(10)]
    shop.wait(days=2)
    for order in orders:
        for shipment in shop.shipments(order):
            shop.ship(shipment)
    return shop


def promise(shop: Shop, hours: int) -> str:
    """A shipment whose order was promised in so many hours; its number."""
    order = shop.order(("TEA", "1"))
    at = shop.clock.at + timedelta(hours=hours)
    shop.database.write(lambda tx: tx.run("update order_line set promised_at = %s where order_id = %s", [at, order]))
    return str(shop.one("select number from shipment where order_id = %s", [order])[0])


def risky(shop: Shop, *, hours: int = 0) -> list[str]:
    found = shop.database.read(
        lambda reader: at_risk(reader, "shipment_to_invoice", pace="p50", ahead=timedelta(hours=hours))
    )
    ids = [one.instance.subject_id for one in found]
    names = dict(shop.all("select id, number from shipment"))
    return [names[one] for one in ids]


def test_a_shipment_that_needs_two_days_as_ever_is_at_risk_where_less_is_left(practised):
    ample, scarce, hopeless = (promise(practised, hours) for hours in (100, 40, 3))

    assert risky(practised) == [hopeless, scarce]  # the latest first
    assert risky(practised, hours=72) == [hopeless, scarce, ample]
    worst, _ = practised.database.read(lambda reader: at_risk(reader, "shipment_to_invoice", pace="p50"))
    assert worst.late_by == timedelta(hours=45)
    assert [(one.element, one.milliseconds // 3_600_000) for one in worst.reasons] == [("wait_answer", 48)]
    practised.wait(hours=46)
    assert risky(practised) == [hopeless, scarce]


def test_the_past_tells_each_element_s_pace(practised):
    found = practised.database.read(lambda reader: paces(reader, "shipment_to_invoice"))

    assert (found["wait_answer"].visits, found["wait_answer"].share) == (10, 100)
    assert found["wait_answer"].p50 == found["wait_answer"].p90 == 48 * 3_600_000


def test_a_policy_escalates_once_before_the_breach_and_closes_when_it_is_over(practised):
    scarce = promise(practised, 40)
    shop = practised
    policy = Policy("shipment_to_invoice", "p50", 0, "sales")

    without = shop.database.write(look_ahead)
    shop.database.write(lambda tx: set_policy(tx, policy))
    first, again = shop.database.write(look_ahead), shop.database.write(look_ahead)
    waiting = shop.database.read(lambda reader: inbox(reader, roles=[], accounts=None, people=["sales"]))
    others = shop.database.read(lambda reader: inbox(reader, roles=[], accounts=None, people=ROLES.keys() - {"sales"}))
    shop.ship(shop.one("select id from shipment where number = %s", [scarce])[0])
    last = shop.database.write(look_ahead)

    assert (without, first, again, last) == ((0, 0), (1, 0), (0, 0), (0, 1))
    assert [(one.what, one.kind, one.subject_type) for one in waiting] == [("escalation", "sales", "shipment")]
    assert waiting[0].detail["reasons"][0] == {
        "element": "wait_answer",
        "name": "Wait for the warehouse",
        "seconds": 172800,
    }
    assert others == []
    assert shop.all("select outcome from stream_escalation") == [("ended in time",)]
    assert shop.one("select count(*) from event where type = 'promise.at_risk'") == (1,)


def test_what_was_overlooked_is_woken_and_what_waits_for_nothing_is_an_incident(shop):
    late, lost = shop.order(("CUP", "1")), shop.order(("CUP", "1"))
    overlook = (
        "update stream_instance set wake_at = null where subject_id in (select id from shipment where order_id = %s)"
    )
    lose = "delete from stream_wait where instance_id in (select i.id from stream_instance i join shipment s on s.id = i.subject_id where s.order_id = %s)"
    shop.wait(days=3)
    for sql, order in ((overlook, late), (overlook, lost), (lose, lost)):
        shop.database.write(lambda tx, sql=sql, order=order: tx.run(sql, [order]))

    seen = {one.why for one in shop.database.read(stuck_instances)}
    mended = shop.database.write(mend_stuck)
    again = shop.database.write(mend_stuck)

    assert seen == {"timer_overlooked", "nothing_to_wait_for"}
    assert (mended, again) == ((1, 1), (0, 0))
    assert shop.all("select code, kind from incident") == [("orchestration.stuck", "item")]
    woken = "select count(*) from stream_instance where wake_at <= %s and status = 'running'"
    assert shop.one(woken, [shop.clock.at]) == (1,)


def test_what_is_due_and_not_turned_for_long_is_seen(shop):
    shop.order(("CUP", "1"))
    shop.database.write(lambda tx: tx.run("update stream_instance set wake_at = %s where status = 'running'", [tx.now]))

    shop.wait(minutes=4)
    early = shop.database.read(stuck_instances)
    shop.wait(minutes=1)
    (late,) = shop.database.read(stuck_instances)

    assert early == []
    assert (late.why, late.stream) == ("overdue", "shipment_to_invoice")
